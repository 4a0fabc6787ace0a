"""A browser, and pages of live figures as files: nothing is served, nothing is fetched."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager

import pytest

from helpers import files
from helpers.exhibits import live

sys.path.insert(0, str(files.ROOT / "tools"))
from browser import BROWSERS, FLAGS

HEAD = (
    '<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>figures</title>'
    "<style>body {{ margin: 0 auto; max-width: 760px; padding: 12px; background: #fff; "
    "color: #222 }} html[data-theme=dark] body {{ background: #14181e; color: #e6e8ea }}</style>"
    "</head><body><main><h1>figures</h1>{figures}</main></body></html>"
)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; where there is none the test is skipped, but not in CI."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium or Chrome, which CI has to have")
        pytest.skip("no Chromium or Chrome on this machine")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A site with the shared files and pages one folder below its root, as in the book."""
    site = tmp_path_factory.mktemp("site with a space")
    live.write_static(site / "_static" / "companion")
    (site / "notebooks").mkdir()
    return site


@pytest.fixture
def show(browser, folder):
    """Open figures as a page from a file, and hold it to: no word on the console, no request."""

    @contextmanager
    def opened(*figures, theme="light", width=1300, **context):
        page = folder / "notebooks" / "page.html"
        html = "".join(figure.html() for figure in figures)
        page.write_text(HEAD.format(theme=theme, figures=html), encoding="utf-8")
        here = browser.new_context(viewport={"width": width, "height": 900}, **context)
        here.set_default_timeout(10_000)
        tab = here.new_page()
        said, asked = [], []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda problem: said.append(str(problem)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        if context.get("java_script_enabled", True):
            tab.wait_for_function(
                "n => document.querySelectorAll('.live[data-ready=yes]').length === n",
                arg=len(figures),
            )
        yield tab
        here.close()
        assert not said
        # a data: address is the drawing for paper
        assert all(url.startswith(("file:", "data:")) for url in asked)

    return opened
