"""The built book, and a browser to open it with."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from helpers import files

sys.path.insert(0, str(files.ROOT / "tools"))
from browser import BROWSERS, FLAGS

ON_A_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def pages() -> list[str]:
    """Every page of the built book, relative to its root."""
    if not files.HTML.is_dir():
        return []
    found = sorted(files.HTML.rglob("*.html"))
    inside = [page.relative_to(files.HTML) for page in found]
    return [str(page) for page in inside if page.parts[0] not in ("_static", "scenarios", "sweeps")]


def pytest_collection_modifyitems(items):
    """With ``--dist loadgroup``: what builds, and looks at what it leaves alone, stays together."""
    for item in items:
        if item.path.stem in ("test_scenario", "test_documents"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_generate_tests(metafunc):
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages() or ["no book was built"])


@pytest.fixture(scope="session")
def html() -> Path:
    """Root of the built book; these tests need one."""
    assert (files.HTML / "index.html").is_file(), "no book in _build/html: run make book"
    return files.HTML


@pytest.fixture(scope="session")
def run() -> dict:
    """What the book was made with."""
    return json.loads((files.BUILD / "runs" / "paper" / "parameters.json").read_text())


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; where there is none the test is skipped, but not in CI."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    found = found or (str(ON_A_MAC) if ON_A_MAC.exists() else None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium or Chrome, which CI has to have")
        pytest.skip("no Chromium or Chrome on this machine")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(html) -> str:
    """Address of the book, served from this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(html))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
