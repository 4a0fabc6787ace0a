"""The archive and the PDF of the book that was built."""

import subprocess
import sys
import zipfile

import pytest

from helpers import files
from helpers.book import locks, stage

pytestmark = pytest.mark.book
PDF = files.BUILD / "correlated-migration.pdf"


def _run(tool: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, f"tools/{tool}.py"], cwd=files.ROOT, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def pdf(html) -> subprocess.CompletedProcess | None:
    """Bind the book, once for all who ask; an older book's PDF is not this one's."""
    from pypdf import PdfReader

    with locks.held(files.BUILD / "pdf.lock", "binds the book"):
        if PDF.is_file() and (PdfReader(PDF).metadata or {}).get("/Site") == stage.site_digest():
            return None
        PDF.unlink(missing_ok=True)
        return _run("pdf")


@pytest.mark.browser
def test_the_book_binds_into_a_pdf_that_shows_its_pages(browser, html, pdf):
    """Every chapter in the outline, ink on every page, nothing raw in the text."""
    import numpy as np
    import pypdfium2
    from pypdf import PdfReader

    assert pdf is None or pdf.returncode == 0, pdf.stdout + pdf.stderr
    file = PDF
    assert file.stat().st_size < 20e6
    book = PdfReader(file)
    titles = [item.title for item in book.outline]
    assert {"The model", "City shocks", "What if?", "Policy, in numbers"} <= set(titles)
    assert len(book.pages) > 100
    drawn = pypdfium2.PdfDocument(file)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in drawn)
    assert "Prerequisites" in text
    assert "\\frac" not in text
    assert "Skip to main content" not in text
    for number in range(0, len(drawn), 7):
        picture = np.asarray(drawn[number].render(scale=0.4).to_numpy())[..., :3]
        dark = (picture < 200).mean()
        assert 0.0005 < dark < 0.6, f"page {number + 1}"


def test_the_archive_holds_code_notebooks_and_site(html, pdf):
    done = _run("archive")
    assert done.returncode == 0, done.stdout + done.stderr
    file = files.BUILD / "correlated-migration.zip"
    first = file.read_bytes()
    assert _run("archive").returncode == 0
    assert file.read_bytes() == first
    with zipfile.ZipFile(file) as archive:
        names = {name.removeprefix("correlated-migration/") for name in archive.namelist()}
        script = archive.getinfo("correlated-migration/binder/postBuild")
        assert script.external_attr >> 16 & 0o100
    assert {
        *(
            "README.md",
            "LICENSE",
            "requirements.lock",
            "reproduce.sh",
            "src/helpers/model/choice.py",
        ),
        *("MANIFEST.sha256", ".github/page.png", "binder/postBuild"),
        *("executed/07_city_shocks.ipynb", "site/index.html", "site/notebooks/17_policy.html"),
    } <= names
    assert not [name for name in names if "scenarios/" in name and name.startswith("site/")]


def test_a_pdf_of_another_book_stops_the_archive(html, monkeypatch, tmp_path):
    from pypdf import PdfWriter

    sys.path.insert(0, str(files.ROOT / "tools"))
    import archive

    old = tmp_path / "book.pdf"
    book = PdfWriter()
    book.add_blank_page(100, 100)
    book.add_metadata({"/Site": stage.site_digest()})
    book.write(old)
    monkeypatch.setattr(archive, "PDF", old)
    archive.check_fresh()
    book.add_metadata({"/Site": "another"})
    book.write(old)
    with pytest.raises(archive.ArchiveError, match="of another site; run make pdf"):
        archive.check_fresh()
