"""Pictures of every page, wide and narrow, light and dark: ``make screenshots``."""

from __future__ import annotations

import sys

from browser import chromium, pages, ready, served
from helpers import files

FOLDER = files.BUILD / "screenshots"


def main() -> int:
    """Write a PNG a page, width and scheme."""
    with chromium() as browser, served() as site:
        files.discard(FOLDER)
        FOLDER.mkdir(parents=True)
        for width in (1300, 400):
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": 900},
                    color_scheme=scheme,
                    reduced_motion="reduce",  # nothing is caught half-way
                )
                tab = context.new_page()
                for page in pages():
                    tab.goto(site + page)
                    ready(tab)
                    name = page.removesuffix(".html").replace("/", "-")
                    tab.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
                context.close()
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER.relative_to(files.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
