"""A headless browser on the built book, for the tools that look at it."""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from helpers import files

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pages() -> list[str]:
    """Pages of the book in the order of its contents."""
    toc = yaml.safe_load((files.ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [f"{name}.html" for name in (toc["root"], *chapters)]


@contextmanager
def served() -> Iterator[str]:
    """Address of the book, served from this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(files.HTML))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@contextmanager
def chromium():
    """A running browser, or a message that there is none."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit("no Chromium or Chrome on this machine")
    if not (files.HTML / "index.html").is_file():
        sys.exit("no book in _build/html: run make book")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield running
        finally:
            running.close()


def ready(tab) -> None:
    """Wait until mathematics, pictures, live figures and the what-if page have drawn themselves."""
    # a picture that waits for its reader is an empty band on one of the whole page
    lazy = "document.querySelectorAll('img[loading=lazy]')"
    tab.evaluate(f"() => {lazy}.forEach(i => {{ i.loading = 'eager'; }})")
    shown = "[...document.images].filter(i => i.checkVisibility())"
    tab.wait_for_function(f"() => {shown}.every(i => i.complete)")
    formulas = tab.locator(".math").count()
    tab.wait_for_function(
        "n => document.querySelectorAll('mjx-container').length >= n", arg=formulas
    )
    if tab.locator("#what-if-panel").count():
        tab.wait_for_selector('#what-if-panel[data-ready="true"]')
    tab.wait_for_function(
        "() => [...document.querySelectorAll('.live')].every(f => f.dataset.ready === 'yes')"
    )
