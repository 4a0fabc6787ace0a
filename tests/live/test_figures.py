"""Live figures as a reader meets them: by hand, by keyboard, on a phone, in the dark, on paper."""

import base64
import html
import re

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

from helpers import counterfactuals, model
from helpers.errors import ParameterError, UnknownNameError
from helpers.exhibits import live
from helpers.exhibits.data import MIME, frame
from helpers.exhibits.live import figure as parts
from helpers.exhibits.live import projection, world
from helpers.model import Shares
from helpers.names import NEW_YORK

RHO = 0.64
REFERENCES = {1.0: "a slope of one", 2.78: "another slope"}
INTERVALS = pd.DataFrame(
    [
        ("city", "t", 2.8, 1.2, 4.4),
        ("city", "weak", 2.8, 1.5, np.inf),
        ("occupation", "t", 2.8, 0.4, 5.2),
        ("occupation", "weak", 2.8, -np.inf, np.inf),
        ("both", "t", 2.8, 0.9, 5.4),
        ("both", "weak", 2.8, -np.inf, -9.0),
        ("both", "weak", 2.8, 1.1, np.inf),
        ("none", "t", np.nan, np.nan, np.nan),
    ],
    columns=["label", "method", "estimate", "low", "high"],
)
SET = """
async ([at, wanted]) => {
  const root = document.querySelectorAll(".live")[at];
  const drawn = new Promise((done) => root.addEventListener("live-drawn", done, { once: true }));
  root.live.change(wanted);
  await drawn;
  return root.live.figure.rows ? root.live.figure.rows() : null;
}
"""
SENTENCE = "document.querySelector('.live-sentence').textContent"


@pytest.fixture(scope="module")
def shares(truth):
    return truth.panel().shares(2019)


@pytest.fixture(scope="module")
def figures(shares):
    return {
        "density": live.frechet_draws(),
        "choice": live.frechet_draws("choice"),
        "correlation": live.frechet_draws("correlation"),
        "towns": live.red_and_blue(),
        "scatter": live.spillover_scatter(shares, RHO),
        "map": live.gain_map(shares, RHO),
        "forest": live.interval_forest(INTERVALS, references=REFERENCES),
    }


KINDS = ("density", "choice", "correlation", "towns", "scatter", "map", "forest")


# ------------------------------------------------------------------------------ without a browser
def test_paper_and_programs_get_the_same_figure(figures):
    for made in figures.values():
        bundle = made._repr_mimebundle_()
        assert bundle["text/html"] == made._repr_html_()
        assert bundle["image/svg+xml"].startswith("<?xml")
        assert bundle["text/plain"] == repr(made)
        back = frame(bundle[MIME])
        assert len(back) == len(made.data)
        assert made.alt
        assert f'alt="{html.escape(made.alt)}"' in made.html()
        assert "NaN" not in made.html()


def test_a_figure_is_the_same_when_it_is_made_again(shares):
    assert live.gain_map(shares, RHO).html() == live.gain_map(shares, RHO).html()
    assert live.red_and_blue().html() == live.red_and_blue().html()


def test_what_is_written_on_an_axis_is_not_rounded_with_the_places(figures, shares):
    """Ticks a thousandth apart stay apart in the drawing inside the page."""
    small = live.spillover_scatter(shares, 0.5, 3.0, shares.cities[0], 1.01)
    for figure in (*figures.values(), small):
        written = re.findall(r">([^<>\n]+)</text>", figure.static.svg())
        drawing = re.search(r"base64,([^\"]+)\"", figure.html())[1]
        inside = re.findall(r">([^<>\n]+)</text>", base64.b64decode(drawing).decode())
        assert inside == written


def test_a_page_stays_small(figures):
    for name, made in figures.items():
        assert len(made.html()) < 230_000, name


def test_tables_are_the_model_s(figures, shares):
    city = NEW_YORK
    new = counterfactuals.shock(shares, RHO, 3.0, city={city: 0.95})
    for name in ("scatter", "map"):
        data = figures[name].data.set_index("city")
        assert city not in data.index
        expected = pd.Series(new.pi_c / shares.pi_c - 1, shares.cities).drop(city)
        np.testing.assert_allclose(data["gain"], expected[data.index], rtol=1e-12)
        # independence of irrelevant alternatives
        assert np.ptp(data["gain_independent"]) < 1e-12
    drawn = figures["towns"].data
    built = model.shares(np.array([[4, 1], [4, 1], [1, 4.0]]), np.ones(2), np.ones(3), RHO)
    np.testing.assert_allclose(drawn.query("mark == 'share'")["x"], built.pi_c)
    to = counterfactuals.diversion(built, RHO)[0, 1:]
    np.testing.assert_allclose(drawn.query("mark == 'diversion'")["x"], to)
    households = figures["correlation"].data
    assert (households["in_first"] == (households["first"] >= households["second"])).all()


def test_the_map_agrees_with_another_implementation():
    """Places that d3-geo's own tests have its albersUsa at, scaled and moved as ours."""
    places = {
        "San Francisco": ((-122.4194, 37.7749), (107.4, 214.1)),
        "New York": ((-74.0059, 40.7128), (794.6, 176.5)),
        "Honolulu": ((-157.8583, 21.3069), (298.5, 451.0)),
        "Anchorage": ((-149.9003, 61.2181), (171.2, 446.9)),
    }
    degrees, theirs = (np.array(pair) for pair in zip(*places.values(), strict=True))
    # theirs is 1070 units to ours 1300, around (480, 250), and written to a tenth
    expected = (theirs - (480, 250)) * 1300 / 1070 + (487.5, 305)
    np.testing.assert_allclose(projection.albers_usa(*degrees.T), expected, atol=0.07)
    # Alaska and Hawaii are on the map, Puerto Rico and an unknown place are not
    inside = projection.albers_usa([-149.9, -157.9, -66.1, np.nan], [61.2, 21.3, 18.4, 40.0])
    assert np.isfinite(inside).all(axis=1).tolist() == [True, True, False, False]


def test_states_are_drawn_where_their_cities_lie():
    from matplotlib.path import Path

    rings = [Path(ring) for ring in projection.outlines()]
    cities = projection.albers_usa([-104.99, -84.39, -93.27, -112.07], [39.74, 33.75, 44.98, 33.45])
    for city in cities:
        assert sum(ring.contains_point(city) for ring in rings) == 1
    assert sum(ring.contains_point((20.0, 20.0)) for ring in rings) == 0
    assert len(projection.outline_path()) < 40_000


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda s: live.spillover_scatter(s, 1.0), "rho"),
        (lambda s: live.spillover_scatter(s, 0.99), "rho"),
        (lambda s: live.gain_map(s, RHO, hat=0.2), "hat"),
        (lambda s: live.gain_map(s, RHO, hat=-1), "hat"),
        (lambda s: live.gain_map(s, RHO, theta=0), "theta"),
        (lambda s: live.red_and_blue(0.99), "rho"),
        (lambda s: live.red_and_blue(tilt=0), "tilt"),
        (lambda s: live.frechet_draws("histogram"), "show"),
        (lambda s: live.frechet_draws(theta=50), "theta"),
        (lambda s: live.frechet_draws("choice", pull=9), "pull"),
        (lambda s: live.frechet_draws("choice", n=2), "n:"),
        (lambda s: live.interval_forest(INTERVALS.drop(columns="low")), "table"),
        (lambda s: live.interval_forest(INTERVALS.iloc[:0]), "table"),
        (lambda s: live.interval_forest(INTERVALS.assign(low=9.0)), r"row 0 \(city\)"),
        (lambda s: live.interval_forest(INTERVALS, reach=0), "reach"),
    ],
)
def test_what_the_page_cannot_show_is_refused_by_name(shares, call, named):
    with pytest.raises(ParameterError, match=named):
        call(shares)


def test_an_unknown_city_is_refused_with_the_nearest(shares):
    with pytest.raises(UnknownNameError, match="New York"):
        live.gain_map(shares, RHO, city="New York")


def test_short_names_stay_apart():
    names = ("Portland-Vancouver-Hillsboro, OR-WA", "Portland-South Portland, ME", "Nowhere")
    assert parts.short_names(names) == ["Portland, OR", "Portland, ME", "Nowhere"]
    twice = ("Springfield, MA-CT", "Springfield-West, MA")
    assert parts.short_names(twice) == list(twice)


def test_text_of_the_reader_s_own_data_cannot_leave_its_place(browser, show):
    """Names with markup are shown as they are written."""
    bad = "</script><img src=x onerror=alert(1)>"
    pi_ck = np.array([[0.5, 0.2], [0.3, 0.2], [0.2, 0.6]])
    shares = Shares(pi_ck, np.ones(2) / 2, (bad, "B, ST", "C"), ("<b>", "k"))
    table = pd.DataFrame({"label": [bad], "estimate": 1.0, "low": 0.5, "high": 2})
    with show(
        live.spillover_scatter(shares, 0.5, city="B, ST"),
        live.gain_map(shares, 0.5, city="B, ST"),
        live.interval_forest(table),
    ) as tab:
        for box in tab.locator(".live-panel[tabindex]").all():
            if box.is_visible():
                box.focus()
                tab.keyboard.press("ArrowRight")
        assert tab.locator(".live img:not(.live-static)").count() == 0
        assert tab.locator(".live svg b, .live-tip img").count() == 0


# --------------------------------------------------------------------------------- in a browser
pytest_browser = pytest.mark.browser


@pytest_browser
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_opens_as_the_drawing_for_paper_says(show, figures, kind):
    """From a file: nothing on the console, and the same sentence as Python's."""
    with show(figures[kind]) as tab:
        assert tab.evaluate(SENTENCE) == figures[kind].text()
        assert not tab.locator(".live-static").is_visible()
        assert tab.locator(".live svg").first.is_visible()


@pytest_browser
@pytest.mark.parametrize("kind", ["scatter", "map"])
def test_what_is_drawn_after_any_movement_is_python_s(show, figures, shares, kind):
    """Random settings and corners: gains and similarity of every city, to 1e-9."""
    rng = np.random.default_rng(13)
    cases = [
        (
            str(rng.choice(shares.cities)),
            round(rng.uniform(-0.5, 0.5), 3),
            round(rng.uniform(0, 0.95), 3),
        )
        for _ in range(30)
    ]
    cases += [(shares.cities[0], change, rho) for change in (-0.5, 0.0, 0.5) for rho in (0.0, 0.95)]
    with show(figures[kind]) as tab:
        for number, (city, change, rho) in enumerate(cases):
            rows = tab.evaluate(SET, [0, {"city": city, "change": change, "rho": rho}])
            expected = world.gains(shares, rho, 3.0, city, 1 + change)
            assert [row["city"] for row in rows] == expected["city"].tolist()
            for column in ("pi_c", "similarity", "gain", "gain_independent"):
                found = [row[column] for row in rows]
                np.testing.assert_allclose(found, expected[column], rtol=1e-9, atol=1e-12)
            maker = live.spillover_scatter if kind == "scatter" else live.gain_map
            if number < 5 or not rho:
                sentence = maker(shares, rho, city=city, hat=1 + change).values  # noqa: PD011
                shown = tab.evaluate(
                    "Object.fromEntries([...document.querySelectorAll('[data-value]')]"
                    ".map((e) => [e.dataset.value, e.textContent]))"
                )
                assert shown == sentence


@pytest_browser
def test_without_correlation_there_is_one_line_and_no_ranking_of_noise(show, figures):
    with show(figures["scatter"], figures["map"]) as tab:
        for at in (0, 1):
            tab.evaluate(SET, [at, {"rho": 0}])
        levels = tab.evaluate(
            "[...document.querySelectorAll('.live')[0].querySelectorAll('circle.spot')]"
            ".filter((e) => e.style.display !== 'none').map((e) => e.getAttribute('cy'))"
        )
        assert len(set(levels)) == 1
        texts = tab.locator(".live").nth(0).locator("svg text").all_text_contents()
        assert any(text.startswith("all other cities +") for text in texts)
        colours = tab.evaluate(
            "[...document.querySelectorAll('circle.bubble')].map((e) => e.getAttribute('fill'))"
        )
        assert len(set(colours)) == 1
        assert "whatever its occupations" in tab.locator(".live-sentence").nth(1).inner_text()


@pytest_browser
def test_one_slider_for_rho_moves_shares_moves_and_rank_correlation(show):
    """At every rho the page says what Python's figure says."""
    with show(live.red_and_blue()) as tab:
        for rho in (0.0, 0.3, 0.98):
            tab.locator("input[type=range]").fill(str(rho))
            tab.wait_for_function(
                "v => document.querySelector('[data-number=rho]').ariaValueNow === v",
                arg=f"{rho:g}",
            )
            tab.evaluate("new Promise(requestAnimationFrame)")
            assert tab.evaluate(SENTENCE) == live.red_and_blue(rho).text()


@pytest_browser
@pytest.mark.parametrize(("show_what", "rho"), [("choice", None), ("correlation", 0.3)])
def test_households_go_where_they_draw_more(show, show_what, rho):
    made = live.frechet_draws(show_what, **({} if rho is None else {"rho": rho}))
    with show(made, reduced_motion="reduce") as tab:
        shown = tab.evaluate("document.querySelector('.live').live.figure.shown()")
        assert [1 - c for c in shown["choice"]] == made.data["in_first"].tolist()
        drawn = np.exp(np.reshape(shown["log_Z"], (-1, 2)))
        np.testing.assert_allclose(drawn, made.data[["first", "second"]], rtol=1e-9)
        again = live.frechet_draws(show_what, seed=2, **({} if rho is None else {"rho": rho}))
        tab.get_by_role("button", name="Let new households draw").click()
        # with reduced motion all are there at once
        tab.evaluate("new Promise(requestAnimationFrame)")
        after = tab.evaluate("document.querySelector('.live').live.figure.shown()")
        assert after["arrived"] == len(made.data)
        assert after["log_Z"] != shown["log_Z"]
        assert tab.evaluate(SENTENCE) == again.text()


@pytest_browser
def test_households_fly_and_arrive(show):
    with show(live.frechet_draws("choice", n=60)) as tab:
        tab.get_by_role("button", name="Let new households draw").click()
        tab.wait_for_function("document.querySelector('.live').live.figure.shown().arrived < 50")
        tab.wait_for_function("document.querySelector('.live').live.figure.shown().arrived === 60")
        # each dot comes to rest in the frame of its town
        tab.wait_for_function(
            """() => {
              const { choice } = document.querySelector('.live').live.figure.shown();
              const frames = [...document.querySelectorAll('.frame')];
              const dots = [...document.querySelectorAll('.dots circle')];
              return frames.length === 2 && dots.every((dot, i) => {
                const frame = frames[choice[i]];
                const x = Number(dot.getAttribute('cx')) - Number(frame.getAttribute('x'));
                return x > 0 && x < Number(frame.getAttribute('width'));
              });
            }"""
        )


@pytest_browser
def test_a_number_in_the_sentence_is_dragged_and_moved_by_keys(show, figures):
    with show(figures["scatter"]) as tab:
        number = tab.locator("[data-number=change]")
        assert number.inner_text() == "5%"
        assert number.get_attribute("role") == "slider"
        number.focus()
        tab.keyboard.press("ArrowLeft")
        assert number.inner_text() == "6%"
        assert number.get_attribute("aria-valuenow") == "-0.06"
        tab.keyboard.press("End")
        assert (number.inner_text(), number.get_attribute("aria-valuetext")) == ("50%", "+50%")
        tab.evaluate("new Promise(requestAnimationFrame)")
        assert "rises by 50%" in tab.evaluate(SENTENCE)
        assert tab.locator("input[name=change]").input_value() == "0.5"
        tab.keyboard.press("PageDown")
        assert number.inner_text() == "40%"
        box = tab.locator("[data-number=rho]").bounding_box()
        tab.mouse.move(box["x"] + 4, box["y"] + 4)
        tab.mouse.down()
        tab.mouse.move(box["x"] - 60, box["y"] + 4)
        tab.mouse.up()
        after = float(tab.locator("[data-number=rho]").get_attribute("aria-valuenow"))
        assert 0.3 < after < RHO
        tab.mouse.move(box["x"] + 200, box["y"])
        assert float(tab.locator("[data-number=rho]").get_attribute("aria-valuenow")) == after


@pytest_browser
def test_a_city_is_found_by_part_of_its_name_and_chosen(show, figures, shares):
    with show(figures["scatter"]) as tab:
        find = tab.get_by_label("Find a city")
        find.fill("ithaca")
        tab.keyboard.press("Enter")
        tab.wait_for_function("document.querySelectorAll('.spot.found').length === 1")
        assert tab.locator("svg text", has_text="Ithaca, NY").count() >= 1
        # nonsense is said to be so, and changes nothing
        find.fill("zzz")
        tab.keyboard.press("Enter")
        assert find.get_attribute("aria-invalid") == "true"
        assert "zzz" in tab.locator(".live-told").inner_text()
        assert tab.locator(".spot.found").count() == 1
        find.fill("")
        tab.keyboard.press("Enter")
        tab.wait_for_function("document.querySelectorAll('.spot.found').length === 0")
        city = tab.get_by_role("combobox", name="City that changes")
        city.fill("detroit")
        tab.keyboard.press("Enter")
        tab.wait_for_function(f"{SENTENCE}.startsWith('Productivity in Detroit, MI falls by 5%')")


@pytest_browser
def test_a_bubble_is_named_on_hover_and_chosen_by_click(show, figures, shares):
    chicago = next(c for c in shares.cities if c.startswith("Chicago"))
    with show(figures["map"]) as tab:
        at = tab.evaluate(
            """(city) => {
              const ui = document.querySelector('.live').live;
              const scale = ui.panels[0].width / companion.outline.width;
              const place = ui.payload.places[ui.payload.cities.indexOf(city)];
              return place.map((v) => v * scale);
            }""",
            chicago,
        )
        box = tab.locator(".live-panel svg").bounding_box()
        place = box["x"] + at[0], box["y"] + at[1]
        tab.mouse.move(*place)
        tip = tab.locator(".live-tip")
        assert chicago in tip.inner_text()
        row = figures["map"].data.set_index("city").loc[chicago]
        assert parts.percent(row["gain"], sign=True) in tip.inner_text()
        tab.mouse.click(*place)
        tab.wait_for_function(f"{SENTENCE}.startsWith('Productivity in Chicago, IL falls')")
        assert tab.get_by_role("combobox", name="City that changes").input_value() == "Chicago, IL"
        tab.mouse.move(2, 2)
        assert tip.is_hidden()


@pytest_browser
def test_a_tap_names_a_bubble_and_a_second_one_chooses_it(show, figures):
    with show(figures["map"], width=390, has_touch=True, is_mobile=True) as tab:
        at = tab.evaluate(
            """() => {
              const ui = document.querySelector('.live').live;
              const scale = ui.panels[0].width / companion.outline.width;
              const i = ui.payload.short.indexOf('Denver, CO');
              return ui.payload.places[i].map((v) => v * scale);
            }"""
        )
        tab.locator(".live-panel svg").scroll_into_view_if_needed()
        box = tab.locator(".live-panel svg").bounding_box()
        place = box["x"] + at[0], box["y"] + at[1]
        tab.touchscreen.tap(*place)
        assert "Denver" in tab.locator(".live-tip").inner_text()
        assert "New York" in tab.evaluate(SENTENCE)
        tab.touchscreen.tap(*place)
        tab.wait_for_function(f"{SENTENCE}.startsWith('Productivity in Denver, CO')")


@pytest_browser
@pytest.mark.parametrize("kind", ["correlation", "scatter", "map", "forest"])
def test_a_keyboard_goes_from_mark_to_mark(show, figures, kind):
    with show(figures[kind]) as tab:
        box = tab.locator(".live-panel[tabindex]")
        assert box.get_attribute("aria-label")
        box.focus()
        tab.keyboard.press("ArrowRight")
        first = tab.locator(".live-tip").inner_text()
        assert first
        tab.keyboard.press("ArrowRight")
        second = tab.locator(".live-tip").inner_text()
        assert second != first
        # it is said as well as shown
        assert tab.locator(".live-told").inner_text()
        tab.keyboard.press("ArrowLeft")
        assert tab.locator(".live-tip").inner_text() == first
        if kind == "map":
            tab.keyboard.press("Enter")
            tab.wait_for_function(f"!{SENTENCE}.includes('New York, NY falls')")
        tab.keyboard.press("Escape")
        assert tab.locator(".live-tip").is_hidden()


@pytest_browser
def test_open_ends_are_arrows_and_come_into_sight_as_the_axis_grows(show, figures):
    with show(figures["forest"]) as tab:
        ends = "[...document.querySelectorAll('[data-end]')].map((e) => e.dataset.end).sort()"
        tab.locator("input[name=reach]").fill("14")
        tab.evaluate("new Promise(requestAnimationFrame)")
        # open ends stay open however wide the axis
        assert tab.evaluate(ends) == ["left", "left", "right", "right", "right"]
        assert tab.locator("svg text", has_text="empty").count() == 1
        tab.get_by_label("Intervals", exact=True).select_option("t")
        tab.evaluate("new Promise(requestAnimationFrame)")
        assert tab.evaluate(ends) == []


@pytest_browser
def test_the_key_of_a_forest_takes_as_many_lines_as_it_needs(show):
    """On a phone three long words for methods stand one under the other, none cut off."""
    words = ("scores under the null", "residuals of the unrestricted fit", "wild bootstrap")
    table = pd.DataFrame(
        [("city", method, 2.0, 1.0, 3.0) for method in words],
        columns=["label", "method", "estimate", "low", "high"],
    )
    for width, lines in ((1300, 1), (400, 2)):
        with show(live.interval_forest(table), width=width) as tab:
            key = [tab.locator("svg text", has_text=one).bounding_box() for one in words]
            assert all(box["x"] + box["width"] <= width for box in key)
            assert len({round(box["y"]) for box in key}) >= lines
            frame = tab.locator(".live svg").first.bounding_box()
            assert all(box["y"] + box["height"] <= frame["y"] + frame["height"] + 1 for box in key)


def test_the_forest_counts_what_sets_leave_out():
    """A set of two parts is one set; an empty one leaves everything out."""
    made = live.interval_forest(INTERVALS, references=REFERENCES)
    assert made.text() == (
        "Of 7 intervals of the same slope, 4 leave out a slope of one and 1 leaves out another "
        "slope."
    )
    assert made.data["open"].tolist() == [
        "no", "right", "no", "both", "no", "left", "right", "empty",
    ]  # fmt: skip


@pytest_browser
@pytest.mark.parametrize(
    ("width", "theme"), [(1300, "light"), (1300, "dark"), (400, "light"), (400, "dark")]
)
def test_everything_fits_and_can_be_read(show, figures, width, theme):
    """All figures on one page, wide and on a phone, light and dark; axe finds nothing serious."""
    with show(*figures.values(), width=width, theme=theme) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(tab, options={"preload": False}).response["violations"]
        bad = [
            f"{problem['id']}: {problem['nodes'][0]['html'][:200]}"
            for problem in found
            if problem["impact"] in ("serious", "critical")
        ]
        assert not bad
        cut = tab.evaluate(
            """(width) => [...document.querySelectorAll(".live svg text")].filter((text) => {
              const box = text.getBoundingClientRect();
              const frame = text.ownerSVGElement.getBoundingClientRect();
              const out = box.left < -1 || box.right > width + 1 || box.bottom > frame.bottom + 1;
              return box.width > 0 && (out || box.top < frame.top - 1);
            }).map((text) => text.textContent)""",
            width,
        )
        assert not cut
        for control in tab.locator(".live-bar :is(input, select, button)").all():
            box = control.bounding_box()
            assert box["height"] >= 24
            assert box["x"] + box["width"] <= width
        if width == 400:  # what moves the figure stands below it
            order = tab.evaluate(
                "[...document.querySelectorAll('.live')].every((e) => "
                "e.querySelector('.live-bar').getBoundingClientRect().top >= "
                "e.querySelector('.live-stage').getBoundingClientRect().bottom - 1)"
            )
            assert order


@pytest_browser
def test_another_theme_and_another_width_are_drawn_anew(show, figures):
    with show(figures["map"]) as tab:
        fill = "document.querySelector('circle.bubble').getAttribute('fill')"
        before = tab.evaluate(fill)
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        tab.wait_for_function(f"{fill} !== '{before}'")
        tab.set_viewport_size({"width": 420, "height": 800})
        tab.wait_for_function("document.querySelector('.live svg').getAttribute('width') < 420")


@pytest_browser
def test_where_scripts_are_off_the_drawing_and_the_sentence_stay(show, figures):
    with show(*figures.values(), java_script_enabled=False) as tab:
        assert tab.locator(".live-static").count() == len(figures)
        for picture in tab.locator(".live-static").all():
            assert picture.is_visible()
            assert picture.bounding_box()["height"] > 100
        texts = tab.locator(".live-sentence").all_inner_texts()
        assert texts == [made.text() for made in figures.values()]


@pytest_browser
def test_where_the_shared_files_are_missing_the_drawing_stays(browser, tmp_path, figures):
    """As in a downloaded notebook: Jupyter has the page's HTML and none of its files."""
    page = tmp_path / "alone.html"
    page.write_text(f"<!doctype html><meta charset=utf-8>{figures['map'].html()}", encoding="utf-8")
    tab = browser.new_page()
    tab.goto(page.as_uri())
    assert tab.locator(".live-static").is_visible()
    assert tab.locator(".live-sentence").inner_text() == figures["map"].text()
    tab.close()


@pytest_browser
def test_a_figure_that_cannot_be_drawn_leaves_the_drawing_and_its_words(browser, folder, figures):
    page = folder / "notebooks" / "broken.html"
    html = figures["scatter"].html().replace('"omega_k":[', '"omega_k":[0.1,', 1)
    page.write_text(f"<!doctype html><meta charset=utf-8>{html}", encoding="utf-8")
    tab = browser.new_page()
    said = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(page.as_uri())
    tab.wait_for_selector(".live[data-ready=failed]")
    assert tab.locator(".live-static").is_visible()
    assert tab.evaluate(SENTENCE) == figures["scatter"].text()
    assert any("spillover_scatter" in text for text in said)
    tab.close()
