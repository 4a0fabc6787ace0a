"""The book as a reader sees it: every page, wide and narrow, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.book, pytest.mark.browser]


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
            for problem in Axe().run(tab).response["violations"]
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
