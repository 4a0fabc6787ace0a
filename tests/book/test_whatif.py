"""The what-if page: moved by hand and by keyboard, its numbers are Python's."""

import json
import random
from urllib.parse import parse_qs, urlencode, urlparse

import numpy as np
import pytest

from helpers import counterfactuals, equilibrium, sources
from helpers.exhibits import whatif

pytestmark = [pytest.mark.book, pytest.mark.browser]

PAGE = "notebooks/16_what_if.html"
# every control to an end of its range, alone and together
CORNERS = [
    {"rho": 0.0, "theta": 0.5},
    {"rho": 0.95, "theta": 10.0, "city_hat": 1.5},
    {"rho": 0.95, "theta": 10.0, "city_hat": 0.5},
    {"rho": 0.95, "theta": 10.0, "city_hat": 0.5, "occupation_hat": 1.5, "cell_hat": 1.5},
    {"rho": 0.95, "theta": 0.5, "city_hat": 1.0, "occupation_hat": 0.5, "cell_hat": 0.5},
    {"rho": 0.0, "theta": 10.0, "city_hat": 1.0, "occupation_hat": 1.0, "cell_hat": 1.0},
]
MOVE = """
async (wanted) => {
  const root = document.getElementById("what-if-panel");
  const live = root.querySelector(".live");
  const drawn = new Promise((r) => live.addEventListener("live-drawn", r, { once: true }));
  for (const [name, value] of Object.entries(wanted)) {
    const control = root.querySelector(`.what-if-advanced [name="${name}"]`);
    if (!control) { root.whatIf.set({ [name]: value }); continue; }
    control.value = value;
    control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input"));
  }
  await drawn;
  const cells = (row) => [...row.querySelectorAll("data")].map((d) => Number(d.value));
  return {
    rows: root.whatIf.rows().map((r) => [r.city, r.old, r.new, r.change, r.similarity]),
    table: [...root.querySelectorAll(".what-if-cities tbody tr")]
      .map((r) => [r.cells[0].textContent, ...cells(r)]),
    occupations: root.whatIf.occupations()
      .map((r) => [r.old, r.new, r.change, r.mix_old, r.mix_new]),
    rents: root.whatIf.rents(),
    stands: root.whatIf.setting(),
  };
}
"""
LATENCY = """
async () => {
  const root = document.getElementById("what-if-panel");
  const slider = root.querySelector('[data-slider="city_hat"]');
  const times = [];
  for (let i = 0; i < 25; i++) {
    const live = root.querySelector(".live");
    const drawn = new Promise((r) => live.addEventListener("live-drawn", r, { once: true }));
    const started = performance.now();
    slider.value = -30 + 2 * i;
    slider.dispatchEvent(new Event("input"));
    await drawn;
    await new Promise(requestAnimationFrame);
    await new Promise((r) => setTimeout(r, 0));
    times.push(performance.now() - started);
  }
  return times;
}
"""


@pytest.fixture(scope="module")
def shares(run):
    return sources.load(run["parameters"]["source"]).shares(2019)


@pytest.fixture(scope="module")
def wages(run):
    return equilibrium.panel_wages(sources.load(run["parameters"]["source"]), 2019)


@pytest.fixture
def tab(browser, site):
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(site + PAGE)
    page.wait_for_selector('#what-if-panel[data-ready="true"]', timeout=20_000)
    yield page
    page.close()


def _expected(shares, setting: dict):
    return counterfactuals.shock(shares, setting["rho"], setting["theta"], **_hats(setting))


def _hats(setting: dict) -> dict:
    return {
        "city": {setting["city"]: setting["city_hat"]},
        "occupation": {setting["occupation"]: setting["occupation_hat"]},
        "city_occupation": {(setting["city"], setting["occupation"]): setting["cell_hat"]},
    }


def _random(shares, draw: random.Random) -> dict:
    return {
        "city": draw.choice(shares.cities),
        "occupation": draw.choice(shares.occupations),
        "rho": round(draw.uniform(0, 0.95), draw.choice([2, 6])),
        "theta": round(draw.uniform(0.5, 10), draw.choice([1, 6])),
        "city_hat": round(draw.uniform(0.5, 1.5), draw.choice([2, 6])),
        "occupation_hat": round(draw.uniform(0.5, 1.5), 3),
        "cell_hat": draw.choice([1.0, round(draw.uniform(0.5, 1.5), 3)]),
    }


def test_numbers_are_those_of_shock(tab, shares):
    """Sixty random settings and the corners: every city's share and the table, to 1e-9."""
    from helpers.model import similarity

    draw = random.Random(64)
    cases = [_random(shares, draw) for _ in range(60)]
    cases += [{**_random(shares, draw), **corner} for corner in CORNERS]
    for setting in cases:
        shown = tab.evaluate(MOVE, setting)
        new = _expected(shares, setting)
        order = {city: i for i, city in enumerate(shares.cities)}
        place = [order[row[0]] for row in shown["rows"]]
        assert sorted(place) == list(range(len(shares.cities)))
        numbers = np.array([row[1:] for row in shown["rows"]])
        change = new.pi_c / shares.pi_c
        np.testing.assert_allclose(numbers[:, 0], shares.pi_c[place], rtol=1e-9)
        np.testing.assert_allclose(numbers[:, 1], new.pi_c[place], rtol=1e-9)
        np.testing.assert_allclose(numbers[:, 2], change[place], rtol=1e-9)
        alike = similarity(shares, setting["city"])
        np.testing.assert_allclose(numbers[:, 3], alike[place], atol=1e-9)
        np.testing.assert_allclose(
            shown["occupations"],
            np.column_stack(
                [
                    shares.omega_k,
                    new.omega_k,
                    new.omega_k / shares.omega_k,
                    shares.phi_ck[order[setting["city"]]],
                    new.phi_ck[order[setting["city"]]],
                ]
            ),
            rtol=1e-9,
        )
        # the table: ten highest and ten lowest, as Python ranks them
        assert len(shown["table"]) == 20
        seen = sorted(row[1] for row in shown["table"])
        ranked = np.sort(change)
        np.testing.assert_allclose(seen, [*ranked[:10], *ranked[-10:]], rtol=1e-9)
        for row in shown["table"]:
            i = order[row[0]]
            np.testing.assert_allclose(
                row[1:], [change[i], shares.pi_c[i], new.pi_c[i], alike[i]], rtol=1e-9, atol=1e-9
            )


def test_prices_that_answer_are_those_of_solve(tab, shares, wages):
    """Random shocks and closures: shares and rents of every city, to 1e-8."""
    draw = random.Random(15)
    for case in range(12):
        setting = {**_random(shares, draw), "rho": round(draw.uniform(0, 0.8), 4)}
        closure = {
            "housing_share": round(draw.uniform(0, 0.6), 3),
            "supply_elasticity": round(draw.uniform(0, 5), 3),
            "substitution": draw.choice([1.0, round(draw.uniform(0.4, 5), 3)]),
            "demand_elasticity": round(draw.uniform(1, 10), 3),
            "agglomeration": round(draw.uniform(0, 0.08), 3),
            "wage_exponent": round(draw.uniform(0.5, 2), 3),
        }
        if case == 0:
            closure = {name: getattr(equilibrium.STANDARD, name) for name in closure}
        shown = tab.evaluate(MOVE, {**setting, **closure, "prices": "answer"})
        new = equilibrium.solve(
            shares, setting["rho"], setting["theta"], equilibrium.Closure(**closure),
            wages=wages, **_hats(setting),
        )  # fmt: skip
        found = np.array([row[2] for row in shown["rows"]])
        np.testing.assert_allclose(found, new.shares.pi_c, rtol=1e-8)
        np.testing.assert_allclose(shown["rents"], new.rent_hat, rtol=1e-8)
        assert "Prices answer:" in tab.inner_text("#what-if-panel .live-sentence")


def test_agglomeration_that_is_too_strong_is_said_in_words(tab):
    tab.evaluate(MOVE, {"prices": "answer", "agglomeration": 1.0, "rho": 0.9})
    assert "agglomeration" in tab.inner_text("#what-if-panel .what-if-alert")
    tab.evaluate(MOVE, {"agglomeration": 0.05, "rho": 0.5})
    assert tab.locator("#what-if-panel .what-if-alert").is_hidden()


def test_without_correlation_all_others_are_one_line(tab, shares):
    """Rounding noise is not ranked: the sentence, the scatter and the table say one number."""
    shown = tab.evaluate(MOVE, {"rho": 0.0, "city": shares.cities[5], "city_hat": 0.9})
    gain = _expected(shares, {**shown["stands"]}).pi_c / shares.pi_c - 1
    each = f"{100 * np.median(np.delete(gain, 5)):.2f}%"
    words = tab.inner_text("#what-if-panel .live-sentence")
    assert f"Every other city gains {each}" in words
    for picture in tab.locator("#what-if-panel .live-panel svg").all():
        assert f"all other cities +{each}" in picture.text_content()
    sizes = [row[2] for row in shown["table"] if row[0] != shares.cities[5]]
    assert sizes == sorted(sizes, reverse=True)
    heights = tab.evaluate(
        "[...document.querySelectorAll('#what-if-panel circle.spot')].filter(s => !s.style.display)"
        ".map(s => s.getAttribute('cy'))"
    )
    assert len(set(heights)) == 1


def test_what_is_shown_in_twelve_digits_is_right(tab, shares):
    tab.locator("#what-if-panel summary").click()
    tab.select_option('#what-if-panel [name="digits"]', "12")
    setting = {"city": shares.cities[3], "rho": 0.4, "theta": 2.0, "city_hat": 1.2}
    tab.evaluate(MOVE, setting)
    setting |= {"occupation": "management", "occupation_hat": 1.0, "cell_hat": 1.0}
    gain = _expected(shares, setting).pi_c / shares.pi_c - 1
    for row in tab.locator("#what-if-panel .what-if-cities tbody tr").all():
        city = row.locator("th").inner_text()
        shown = float(row.locator("td").nth(1).inner_text().rstrip("%").replace("\u2212", "-"))
        assert shown == pytest.approx(100 * gain[shares.city_index(city)], abs=1e-10)


def test_after_many_movements_the_last_one_is_shown(tab):
    """How fast is a benchmark's business; that nothing stale stays on the page is this test's."""
    assert len(tab.evaluate(LATENCY)) == 25
    shown = tab.evaluate("document.getElementById('what-if-panel').whatIf.setting().city_hat")
    assert shown == pytest.approx(1.18)
    assert tab.input_value('#what-if-panel [data-field="city_hat"]') == "18"
    assert "rises by 18%" in tab.inner_text("#what-if-panel .live-sentence")


def test_a_bubble_chooses_its_city(tab, shares):
    tab.locator("#what-if-panel .live-panel").first.scroll_into_view_if_needed()
    place = tab.evaluate(
        "(() => { const b = document.querySelectorAll('#what-if-panel circle.bubble')[2]"
        ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    before = tab.evaluate("document.getElementById('what-if-panel').whatIf.setting().city")
    tab.mouse.move(*place)
    tab.mouse.click(*place)
    after = tab.evaluate("document.getElementById('what-if-panel').whatIf.setting().city")
    assert after != before
    assert after in shares.cities
    assert (
        tab.input_value('#what-if-panel [name="city"]')
        == after.split("-")[0] + "," + (after.split(",")[1].split("-")[0])
    )


def test_a_preset_brings_its_setting(tab):
    button = tab.locator("#what-if-panel [data-preset]").first
    button.click()
    payload = json.loads(tab.inner_text("#what-if-spec") or tab.text_content("#what-if-spec"))
    wanted = payload["presets"][0]["setting"]
    stands = tab.evaluate("document.getElementById('what-if-panel').whatIf.setting()")
    assert {name: stands[name] for name in wanted} == wanted


def test_a_keyboard_is_enough(tab):
    slider = tab.locator('[data-slider="rho"]')
    slider.focus()
    before = float(tab.input_value('#what-if-panel [data-field="rho"]'))
    tab.keyboard.press("ArrowRight")
    after = float(tab.input_value('#what-if-panel [data-field="rho"]'))
    assert after == pytest.approx(before, abs=0.011)
    assert after != before
    tab.locator("#what-if-panel thead button", has_text="imilarity").focus()
    tab.keyboard.press("Enter")
    last = ".what-if-cities tbody td:last-child data"
    alike = [float(d.get_attribute("value")) for d in tab.locator(last).all()]
    assert alike == sorted(alike, reverse=True)
    assert tab.locator('th[aria-sort="descending"]').inner_text().startswith("Similarity")
    tab.keyboard.press("Enter")
    alike = [float(d.get_attribute("value")) for d in tab.locator(last).all()]
    assert alike == sorted(alike)


def test_a_link_holds_the_setting(tab, browser, site, shares):
    setting = {"city": shares.cities[7], "occupation": "trades", "rho": 0.33, "city_hat": 1.07}
    tab.evaluate(MOVE, {**setting, "prices": "answer", "housing_share": 0.31})
    tab.wait_for_function("window.location.search.includes('0.31')")
    asked = parse_qs(urlparse(tab.url).query)
    assert asked["city"] == [shares.cities[7]]
    other = browser.new_page()
    other.goto(tab.url)
    other.wait_for_selector('#what-if-panel[data-ready="true"]')
    stands = other.evaluate("document.getElementById('what-if-panel').whatIf.setting()")
    setting |= {"prices": "answer", "housing_share": 0.31}
    assert {name: stands[name] for name in setting} == setting
    rows = "document.getElementById('what-if-panel').whatIf.rows().map(r => r.new)"
    assert other.evaluate(rows) == tab.evaluate(rows)
    # nonsense in an address is kept within bounds
    bad = urlencode({"city": "Nowhere", "rho": "7", "theta": "x", "city_hat": "-3"})
    other.goto(f"{site}{PAGE}?{bad}")
    other.wait_for_selector('#what-if-panel[data-ready="true"]')
    stands = other.evaluate("document.getElementById('what-if-panel').whatIf.setting()")
    assert stands["rho"] == whatif.CONTROLS["rho"][2]
    assert stands["city_hat"] == whatif.CONTROLS["city_hat"][1]
    assert stands["theta"] == 3
    assert stands["city"] in shares.cities
    other.close()


def test_a_number_outside_its_range_changes_nothing(tab):
    before = tab.locator("#what-if-panel .live-sentence").inner_text()
    field = '#what-if-panel [data-field="rho"]'
    tab.fill(field, "1.5")
    assert tab.get_attribute(field, "aria-invalid") == "true"
    assert tab.locator("#what-if-panel .live-sentence").inner_text() == before
    tab.keyboard.press("Tab")
    assert float(tab.input_value(field)) < 1


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (390, "light"), (1300, "dark")])
def test_on_a_phone_and_in_the_dark_everything_fits_and_can_be_read(browser, site, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(site + PAGE)
    page.wait_for_selector('#what-if-panel[data-ready="true"]')
    drawn = page.locator("#what-if-panel .live-panel svg").first.bounding_box()
    assert drawn["width"] <= page.locator("#what-if-panel").bounding_box()["width"] + 1
    label = "document.querySelector('#what-if-panel .live-panel svg text')"
    ink = page.evaluate(f"getComputedStyle({label}).fill")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = [sum(map(float, c[c.index("(") + 1 : -1].split(",")[:3])) / 3 for c in (ink, ground)]
    assert abs(light[0] - light[1]) > 100
    for control in page.locator(
        "#what-if-panel :is(.what-if-bar, .live-buttons) :is(select, input, button)"
    ).all():
        box = control.bounding_box()
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= width
    context.close()


@pytest.mark.parametrize("width", [390, 1300])
def test_without_scripts_the_default_is_a_picture_with_its_sentence(browser, site, shares, width):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 844}
    )
    page = context.new_page()
    page.goto(site + PAGE)
    panel = page.locator("#what-if-panel")
    picture = panel.locator("img.live-static")
    box = picture.bounding_box()
    assert box["width"] > 0.6 * panel.bounding_box()["width"]
    assert box["x"] + box["width"] <= width
    sentence = panel.locator(".live-sentence").inner_text()
    assert "falls by 5%" in sentence
    assert sentence.split(".")[0] in picture.get_attribute("alt")
    for control in panel.locator("select, input, button").all():
        assert not control.is_visible()  # what does nothing is not offered
    context.close()


def test_a_finger_chooses_a_city(browser, site, shares):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(site + PAGE)
    page.wait_for_selector('#what-if-panel[data-ready="true"]')
    page.locator("#what-if-panel .live-panel").first.scroll_into_view_if_needed()
    setting = "document.getElementById('what-if-panel').whatIf.setting().city"
    before = page.evaluate(setting)
    place = page.evaluate(
        "(() => { const b = document.querySelectorAll('#what-if-panel circle.bubble')[2]"
        ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    page.touchscreen.tap(*place)
    page.wait_for_function(f"{setting} !== {json.dumps(before)}")
    assert page.evaluate(setting) in shares.cities
    context.close()
