"""The what-if page: moved by hand and by keyboard, its numbers are Python's."""

import json
import random
from urllib.parse import parse_qs, urlencode, urlparse

import numpy as np
import pytest

from helpers import counterfactuals, sources
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
  for (const [name, value] of Object.entries(wanted)) {
    const control = root.querySelector(`[name="${name}"]`);
    control.value = value;
    control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input"));
  }
  const same = () => Object.entries(wanted).every(([n, v]) => root.whatIf.view.signal(n) === v);
  for (let wait = 0; wait < 200; wait++) {
    await new Promise((done) => setTimeout(done, 5));
    if (same()) break;
  }
  await root.whatIf.view.runAsync();
  await new Promise((done) => setTimeout(done, 10));
  const cells = (row) => [...row.querySelectorAll("data")].map((d) => Number(d.value));
  return {
    rows: root.whatIf.rows().map((r) => [r.city, r.old, r.new, r.change, r.similarity]),
    table: [...root.querySelectorAll("tbody tr")].map((r) => [r.cells[0].textContent, ...cells(r)]),
  };
}
"""
LATENCY = """
async () => {
  const root = document.getElementById("what-if-panel");
  const slider = root.querySelector('[data-slider="city_hat"]');
  const times = [];
  for (let i = 0; i < 25; i++) {
    const drawn = new Promise((r) => root.addEventListener("what-if-drawn", r, { once: true }));
    const started = performance.now();
    slider.value = 0.7 + 0.02 * i;
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


@pytest.fixture
def tab(browser, site):
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(site + PAGE)
    page.wait_for_selector('#what-if-panel[data-ready="true"]', timeout=20_000)
    yield page
    page.close()


def _expected(shares, setting: dict):
    return counterfactuals.shock(
        shares,
        setting["rho"],
        setting["theta"],
        city={setting["city"]: setting["city_hat"]},
        occupation={setting["occupation"]: setting["occupation_hat"]},
        city_occupation={(setting["city"], setting["occupation"]): setting["cell_hat"]},
    )


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


def test_what_is_shown_in_twelve_digits_is_right(tab, shares):
    tab.select_option('#what-if-panel [name="digits"]', "12")
    setting = {"city": shares.cities[3], "rho": 0.4, "theta": 2.0, "city_hat": 1.2}
    tab.evaluate(MOVE, setting)
    setting |= {"occupation": "management", "occupation_hat": 1.0, "cell_hat": 1.0}
    change = _expected(shares, setting).pi_c / shares.pi_c
    for row in tab.locator("#what-if-panel tbody tr").all():
        city = row.locator("th").inner_text()
        shown = float(row.locator("td").nth(1).inner_text())
        assert shown == pytest.approx(change[shares.city_index(city)], abs=1e-11)


def test_after_many_movements_the_last_one_is_shown(tab):
    """How fast is a benchmark's business; that nothing stale stays on the page is this test's."""
    assert len(tab.evaluate(LATENCY)) == 25
    shown = tab.evaluate("document.getElementById('what-if-panel').whatIf.setting().city_hat")
    assert tab.input_value('#what-if-panel [name="city_hat"]') == str(shown)
    assert tab.evaluate(
        "document.getElementById('what-if-panel').whatIf.view.signal('city_hat')"
    ) == pytest.approx(shown)


def test_a_keyboard_is_enough(tab):
    slider = tab.locator('[data-slider="rho"]')
    slider.focus()
    before = float(tab.input_value('#what-if-panel [name="rho"]'))
    tab.keyboard.press("ArrowRight")
    after = float(tab.input_value('#what-if-panel [name="rho"]'))
    assert after == pytest.approx(before, abs=0.011)
    assert after != before
    tab.locator("#what-if-panel thead button", has_text="similarity").focus()
    tab.keyboard.press("Enter")
    alike = [float(d.get_attribute("value")) for d in tab.locator("tbody td:last-child data").all()]
    assert alike == sorted(alike, reverse=True)
    assert tab.locator('th[aria-sort="descending"]').inner_text().startswith("similarity")
    tab.keyboard.press("Enter")
    alike = [float(d.get_attribute("value")) for d in tab.locator("tbody td:last-child data").all()]
    assert alike == sorted(alike)


def test_a_link_holds_the_setting(tab, browser, site, shares):
    setting = {"city": shares.cities[7], "occupation": "trades", "rho": 0.33, "city_hat": 1.07}
    tab.evaluate(MOVE, setting)
    tab.wait_for_function("window.location.search.includes('0.33')")
    asked = parse_qs(urlparse(tab.url).query)
    assert asked["city"] == [shares.cities[7]]
    other = browser.new_page()
    other.goto(tab.url)
    other.wait_for_selector('#what-if-panel[data-ready="true"]')
    for name, value in setting.items():
        assert other.input_value(f'#what-if-panel [name="{name}"]') == str(value)
    rows = "document.getElementById('what-if-panel').whatIf.rows().map(r => r.new)"
    assert other.evaluate(rows) == tab.evaluate(rows)
    # nonsense in an address is kept within bounds
    bad = urlencode({"city": "Nowhere", "rho": "7", "theta": "x", "city_hat": "-3"})
    other.goto(f"{site}{PAGE}?{bad}")
    other.wait_for_selector('#what-if-panel[data-ready="true"]')
    stands = json.loads(
        other.evaluate("JSON.stringify(document.getElementById('what-if-panel').whatIf.setting())")
    )
    assert stands["rho"] == whatif.CONTROLS["rho"][2]
    assert stands["city_hat"] == whatif.CONTROLS["city_hat"][1]
    assert stands["theta"] == 3
    assert stands["city"] in shares.cities
    other.close()


def test_a_number_outside_its_range_changes_nothing(tab):
    before = tab.locator(".what-if-summary").inner_text()
    tab.fill('#what-if-panel [name="rho"]', "1.5")
    assert tab.get_attribute('#what-if-panel [name="rho"]', "aria-invalid") == "true"
    assert tab.locator(".what-if-summary").inner_text() == before
    tab.keyboard.press("Tab")
    assert float(tab.input_value('#what-if-panel [name="rho"]')) < 1


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (390, "light"), (1300, "dark")])
def test_on_a_phone_and_in_the_dark_everything_fits_and_can_be_read(browser, site, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(site + PAGE)
    page.wait_for_selector('#what-if-panel[data-ready="true"]')
    drawn = page.locator("#what-if-panel .what-if-chart svg").bounding_box()
    assert drawn["width"] <= page.locator("#what-if-panel").bounding_box()["width"] + 1
    label = "document.querySelector('#what-if-panel .what-if-chart svg text')"
    ink = page.evaluate(f"getComputedStyle({label}).fill")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = [sum(map(float, c[c.index("(") + 1 : -1].split(",")[:3])) / 3 for c in (ink, ground)]
    assert abs(light[0] - light[1]) > 100
    for control in page.locator(
        "#what-if-panel :is(form, .what-if-buttons) :is(select, input, button)"
    ).all():
        box = control.bounding_box()
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= width
    context.close()
