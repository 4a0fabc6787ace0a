"""The book as a reader sees it: every page, wide and narrow, light and dark."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from matplotlib import image

pytestmark = [pytest.mark.book, pytest.mark.browser]
# all rules; of what passes axe need not say where it stands, which takes as long as to find out
ASKED = {"resultTypes": ["violations"], "xpath": False, "ancestry": False}


@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), (400, "dark")])
def test_a_page_opens_cleanly(browser, site, page, width, scheme):
    """No console error, nothing from another host, mathematics rendered, nothing cut off."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        tab = context.new_page()
        said, elsewhere, failed = [], [], []
        tab.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda problem: said.append(str(problem)))
        tab.on(
            "request",
            lambda r: elsewhere.append(r.url) if not r.url.startswith((site, "data:")) else None,
        )
        # leaving a page for another aborts what it was loading; that is no failure
        tab.on(
            "requestfailed",
            lambda r: failed.append(r.url) if r.failure != "net::ERR_ABORTED" else None,
        )
        tab.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
        tab.goto(site + page, wait_until="load")
        if page == "index.html":
            tab.wait_for_url("**/book/intro.html")
        formulas = tab.locator(".math").count()
        if formulas:
            tab.wait_for_function(
                "n => document.querySelectorAll('mjx-container').length >= n", arg=formulas
            )
        assert tab.locator("mjx-merror").count() == 0
        assert not said
        assert not elsewhere
        assert not failed
        overflow = tab.evaluate("document.documentElement.scrollWidth") - width
        assert overflow <= 0, f"{page} is {overflow} px too wide"
        assert tab.locator("main h1:visible").count() == 1
        bad = [
            f"{problem['impact']} {problem['id']}: {problem['nodes'][0]['html'][:200]}"
            for problem in Axe().run(tab, options=ASKED).response["violations"]
            if problem["impact"] in ("serious", "critical") or problem["id"] == "heading-order"
        ]
        assert not bad, f"{page}, {scheme}: {bad}"
        if formulas:  # what a screen reader is given in place of the drawing
            assert tab.locator("mjx-assistive-mml math").count() >= formulas
    finally:
        context.close()


def test_search_finds_a_city(browser, site):
    tab = browser.new_page()
    tab.goto(site + "search.html?q=diversion")
    tab.wait_for_selector("#search-results li", timeout=15_000)
    assert tab.locator("#search-results li").count() >= 1
    tab.close()


def test_a_keyboard_reaches_search_contents_and_text(browser, site):
    """Tab from the top: a way to skip to the text comes first; search opens and closes by keys."""
    tab = browser.new_page(viewport={"width": 1300, "height": 900})
    tab.goto(site + "notebooks/07_city_shocks.html")
    tab.keyboard.press("Tab")
    first = tab.evaluate("document.activeElement.textContent.trim()")
    assert "Skip to main content" in first
    seen = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        seen.add(tab.evaluate("document.activeElement.tagName"))
    assert {"A", "BUTTON"} <= seen
    tab.keyboard.press("Control+k")
    tab.wait_for_function("document.activeElement.matches('input[type=search]')")
    tab.keyboard.type("diversion")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=diversion*")
    tab.close()


@pytest.mark.parametrize("number", ["03_derivations", "07_city_shocks"])
def test_contents_follow_the_reader_through_long_sections(browser, site, number):
    tab = browser.new_page(viewport={"width": 1300, "height": 900})
    tab.goto(f"{site}notebooks/{number}.html")
    for name in tab.locator("article section > section").evaluate_all("all => all.map(s => s.id)"):
        # its beginning, its middle and its end a third down the window
        for part in ("s.top - 295", "s.top + s.height / 2 - 300", "s.bottom - 305"):
            tab.evaluate(
                f"""name => {{ const s = document.getElementById(name).getBoundingClientRect();
                window.scrollTo({{top: window.scrollY + {part}, behavior: "instant"}}); }}""",
                name,
            )
            shown = tab.evaluate(
                "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r("
                "[...document.querySelectorAll('.page-toc a.active[aria-current]')]"
                ".map(a => a.hash.slice(1))))))"
            )
            assert len(shown) == 1, (name, part)
            ended = tab.evaluate(
                "innerHeight + scrollY >= document.documentElement.scrollHeight - 2"
            )
            assert ended or shown == [name], (name, part)
    tab.close()


def test_the_first_page_shows_question_size_and_where_to_click_before_scrolling(browser, site):
    for width, height in ((1300, 900), (400, 800)):
        tab = browser.new_page(viewport={"width": width, "height": height})
        tab.goto(site + "book/intro.html")
        buttons = tab.locator(".first-steps a")
        assert buttons.count() == 3
        boxes = [button.bounding_box() for button in buttons.all()]
        assert all(box["y"] + box["height"] < height for box in boxes), boxes
        assert len({round(box["y"]) for box in boxes}) == 1  # side by side
        words = tab.locator("article p").evaluate_all(
            f"all => all.filter(p => p.getBoundingClientRect().bottom < {height})"
            ".map(p => p.textContent).join(' ')"
        )
        assert "?" in words
        assert words.count("%") >= 2
        tab.close()


@pytest.mark.parametrize("number", ["02_model", "07_city_shocks", "16_what_if"])
def test_previous_next_and_downloads_are_there(browser, site, number):
    tab = browser.new_page()
    tab.goto(f"{site}notebooks/{number}.html")
    assert tab.locator("a.left-prev, a.right-next").count() == 2
    for kind in ("ipynb", "md"):
        address = tab.locator(f'a[href$="_sources/notebooks/{number}.{kind}"]').get_attribute(
            "href"
        )
        assert tab.request.get(f"{site}notebooks/{address}").ok
    tab.close()


def test_setup_is_folded_and_one_switch_opens_all_code_and_is_remembered(browser, site):
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    tab = context.new_page()
    tab.goto(site + "notebooks/07_city_shocks.html")
    folds = tab.locator("details.code-fold")
    assert folds.count() >= 3
    assert tab.locator("details.code-fold[open]").count() == 0
    assert tab.locator("summary", has_text="Setup").count() >= 1
    assert tab.locator("div.cell_input:visible").count() >= 1  # the lesson is shown
    switch = tab.locator(".code-switch")
    switch.focus()
    tab.keyboard.press("Enter")
    assert switch.get_attribute("aria-pressed") == "true"
    assert tab.locator("details.code-fold[open]").count() == folds.count()
    tab.goto(site + "notebooks/08_occupation_shocks.html")
    tab.wait_for_selector('.code-switch[aria-pressed="true"]')
    assert tab.locator("details.code-fold:not([open])").count() == 0
    context.close()


def test_every_page_has_the_switch_and_folds_open_without_scripts(browser, html, page):
    if page in ("index.html", "genindex.html", "search.html"):
        return
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((html / page).as_uri())
    folds = tab.locator(
        "article > section details.code-fold > summary, details.code-fold > summary"
    )
    if folds.count() and folds.first.is_visible():
        folds.first.click()
        assert tab.locator("details.code-fold[open]").count() == 1
    context.close()
    tab = browser.new_page()
    tab.goto((html / page).as_uri())  # from the disk, too
    assert tab.locator(".code-switch").count() == 1
    tab.close()


def test_an_answer_is_judged_on_the_page_and_does_not_stand_in_it(browser, html):
    """From the disk: right, close, not yet, and what is no number."""
    file = html / "notebooks" / "06_shifters.html"
    tab = browser.new_page()
    tab.goto(file.as_uri())
    form = tab.locator(".exercise-answer form").first
    theta = 3.0  # the exercise asks for 1/theta
    for typed, said in (
        (f"{1 / theta:.4f}", "right"),
        ("1/3", "right"),
        ("0,3333", "right"),
        ("33.33 %", "right"),
        ("0.34", "close"),
        ("0.9", "not yet"),
        ("many", "not read as a number"),
        ("", "no answer yet"),
    ):
        form.locator("input").fill(typed)
        form.locator("input").press("Enter")
        assert said in form.locator("output").inner_text(), typed
    sealed = tab.locator(".exercise-answer[data-sealed]").first.get_attribute("data-sealed")
    assert "0.33" not in sealed
    tab.close()


def test_the_page_and_the_notebook_hash_and_judge_alike(browser, html):
    import hashlib
    import json

    import numpy as np

    from helpers.notebook import answers

    tab = browser.new_page()
    tab.goto((html / "notebooks" / "06_shifters.html").as_uri())
    for text in ("", "abc", "é" * 70, "x" * 119):
        found = tab.evaluate("text => companionAnswers.sha256(text)", text)
        assert found == hashlib.sha256(text.encode()).hexdigest()
    draw = np.random.default_rng(3)
    for truth in (0.64, -12.5, 0.0, 3.1e-5, 4321.0, 117):
        tolerance = 0 if truth == 117 else 1e-3 if truth else 0.06
        part = answers.seal("x", truth, tolerance)
        sealed = json.loads(BeautifulSoup(part.html(""), "html.parser").div["data-sealed"])
        reach = tolerance * (abs(truth) or 1)
        for away in (0, *draw.uniform(-0.8, 0.8, 5)):  # edges are a bucket wide
            state = tab.evaluate(
                "([s, t]) => companionAnswers.judge(s, t)[0]",
                [sealed, repr(float(truth + away * reach))],
            )
            assert state == "right", (truth, away)
        for away in (-1.7, 1.7):
            wrong = truth + (away * reach or away)
            state = tab.evaluate(
                "([s, t]) => companionAnswers.judge(s, t)[0]", [sealed, repr(float(wrong))]
            )
            assert state != "right", (truth, away)
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_gets_drawings_of_its_own_in_its_scheme(browser, site, scheme):
    context = browser.new_context(viewport={"width": 400, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto(site + "notebooks/07_city_shocks.html")
    drawing = tab.locator(f"picture.on-{scheme} img").first
    drawing.scroll_into_view_if_needed()
    tab.wait_for_function("i => i.complete && i.naturalWidth > 0", arg=drawing.element_handle())
    shown = drawing.evaluate("i => i.currentSrc")
    assert shown.endswith("-narrow.svg")
    # the corner of the drawing is its ground: white, or the dark page's
    seen = image.imread(io.BytesIO(drawing.screenshot()))[3, 3, :3].mean()
    assert seen > 0.95 if scheme == "light" else seen < 0.15
    box = drawing.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    other = "dark" if scheme == "light" else "light"
    assert not tab.locator(f"picture.on-{other}").first.is_visible()
    context.close()


@pytest.mark.parametrize("typed", ["Frechet", "Fréchet"])
def test_search_finds_an_accent_and_shows_words(browser, site, typed):
    tab = browser.new_page()
    tab.goto(f"{site}search.html?q={typed}")
    tab.wait_for_selector("#search-results li", timeout=15_000)
    tab.wait_for_function("document.querySelectorAll('#search-results p.context').length >= 1")
    shown = tab.locator("#search-results p.context").all_inner_texts()
    assert any("échet" in words for words in shown)
    assert not any("\\(" in words or "import " in words for words in shown)
    tab.close()
