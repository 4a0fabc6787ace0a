"""The whole book as one PDF, by headless Chromium from the built pages: ``make pdf``."""

from __future__ import annotations

import io
import sys

from pypdf import PdfReader, PdfWriter

from browser import chromium, pages, ready, served
from helpers import files
from helpers.book import stage

TARGET = files.BUILD / "correlated-migration.pdf"
# everything that a click would open is open on paper
OPEN = """
() => {
  for (const box of document.querySelectorAll("details:not(.hide)")) box.open = true;
  const hidden = document.querySelectorAll(".toggle-hidden");
  for (const box of hidden) box.classList.remove("toggle-hidden");
}
"""
FOOTER = (
    '<div style="font-size:8px;width:100%;text-align:center;color:#555">'
    '<span class="title"></span> · <span class="pageNumber"></span></div>'
)


def main() -> int:
    """Print every page in order and bind them, with an outline."""
    book = PdfWriter()
    with chromium() as browser, served() as site:
        tab = browser.new_page(viewport={"width": 900, "height": 1200}, color_scheme="light")
        for page in pages():
            tab.goto(site + page)
            ready(tab)
            tab.evaluate(OPEN)
            title = tab.locator("main h1").first.evaluate("h => h.firstChild.textContent.trim()")
            printed = tab.pdf(
                format="A4",
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
                margin={"top": "15mm", "bottom": "18mm", "left": "15mm", "right": "15mm"},
            )
            first = len(book.pages)
            book.append(PdfReader(io.BytesIO(printed)), import_outline=False)
            book.add_outline_item(title=title, page_number=first)
    book.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
    book.add_metadata(
        {
            "/Title": "Correlated Migration: an executable companion",
            "/Site": stage.site_digest(),  # by which the archive knows that it is this book's
        }
    )
    with files.whole(TARGET) as beside:
        book.write(beside)
    size = TARGET.stat().st_size / 1e6
    print(f"{TARGET.relative_to(files.ROOT)}: {len(book.pages)} pages, {size:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
