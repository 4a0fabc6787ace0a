"""The book as a reader sees it: every page, wide and narrow, light and dark."""

import pytest

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
    finally:
        context.close()


def test_search_finds_a_city(browser, site):
    tab = browser.new_page()
    tab.goto(site + "search.html?q=diversion")
    tab.wait_for_selector("#search-results li", timeout=15_000)
    assert tab.locator("#search-results li").count() >= 1
    tab.close()
