"""What is added to built pages and taken out of them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from bs4 import BeautifulSoup

from helpers.book import drawings, fold, plain_notebook, tables
from helpers.book.execute import BookError
from helpers.book.myst import labels
from helpers.book.pages import notebooks, pages
from helpers.book.run import repository
from helpers.book.stage import LAUNCH, without_data
from helpers.files import BOOK, NOTEBOOKS, ROOT, digest, package_files, replace
from helpers.notebook import parameters

_MATHJAX = ("tex-chtml.js", "output/chtml/fonts")
# what the theme brings along and no page loads
UNUSED = (
    "_static/locales",
    "_static/**/*.map",
    "_static/sphinx-thebe.*",
    "_static/vendor/**/*.ttf",  # every browser of this age takes the woff2 beside it
)
_THEBE = (
    r"\s*<script>const THEBE_JS_URL.*?</script>",
    r"\s*<script[^>]*sphinx-thebe\.js[^>]*></script>",
    r"\s*<link[^>]*sphinx-thebe\.css[^>]*/>",
)


def add_mathjax(site: Path) -> None:
    """Put the renderer of mathematics into the site: the files that a page loads, no more."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise BookError("sphinx-mathjax-offline is not installed: run make env")
    renderer = Path(spec.origin).parent / "static" / "mathjax"
    for part in _MATHJAX:
        target = site / "_static" / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (renderer / part).is_dir():
            shutil.copytree(renderer / part, target)
        else:
            shutil.copy(renderer / part, target)


# what the builder writes that assistive technology stumbles over, and what it should read
_READABLE = (
    (r'<img alt="\w+ logo" src', '<img alt="" src'),  # the button's words stand beside it
    (r'<div role="list" class="citation-list">', '<div class="citation-list">'),
    (r' role="doc-biblioentry"', ""),
    (
        r'<div id="pst-primary-sidebar"([^>]*)>',
        r'<div id="pst-primary-sidebar"\1 role="complementary" aria-label="Contents of the book">',
    ),
)


# styles of extensions, which the builder gives a hash only where they were there before
_HASHED = re.compile(r"((?:mystnb\.[0-9a-f]{64}|proof|exercise)\.css)\?v=[0-9a-f]+")
# a number below zero in a sentence has a minus, not a hyphen that a line may break behind
_NEGATIVE = re.compile(r'(<span class="pasted-text">)-(?=\d)')
_SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.S)
_WORD = re.compile(r'<span class="pre">(.*?)</span>')


def finish_pages(site: Path, finished: Path | None = None) -> None:
    """Mend every page for eyes, screen readers and keyboards; each that changed, once.

    Parameters
    ----------
    site : Path
        As the page builder wrote it.
    finished : Path, optional
        Folder in which finished pages wait under the hash of what they are made from, for the
        next time; those that this site does not use leave it.
    """
    code = digest(package_files())
    drawn = sorted(path.name for path in (site / "_static" / "exhibits").glob("*.svg"))
    used = set()
    for page in sorted(site.rglob("*.html")):
        inside = page.relative_to(site)
        if inside.parts[0] == "_static":
            continue
        text = page.read_text(encoding="utf-8")
        made_from = json.dumps([code, inside.as_posix(), drawn, text])
        key = hashlib.sha256(made_from.encode()).hexdigest()
        waiting = finished / key if finished else None
        if waiting is not None and waiting.is_file():
            better = waiting.read_text("utf-8")
        else:
            better = _finished(text, page, site)
            if waiting is not None:
                replace(waiting, better.encode())
        used.add(key)
        page.write_text(better, encoding="utf-8")
    for old in finished.iterdir() if finished and finished.is_dir() else ():
        if old.name not in used:
            old.unlink()


def _finished(text: str, page: Path, site: Path) -> str:
    """A page without the live-code loader, readable, its code folded and its tables in style."""
    for pattern in _THEBE:  # it names another host, and twice
        text = re.sub(pattern, "", text)
    for pattern, better in _READABLE:
        text = re.sub(pattern, better, text, flags=re.S)
    text = _HASHED.sub(r"\1", text)
    text = _NEGATIVE.sub(r"\1−", text)
    text = _SIGNATURE.sub(lambda hit: _WORD.sub(r"\1", hit.group()), text)
    if page.relative_to(site).parts[0] in ("genindex.html", "search.html"):
        return text
    soup = BeautifulSoup(text, "html.parser")
    if soup.main is None:
        return text
    fold.join(soup)
    fold.quiet_checks(soup)
    tables.tidy(soup)
    drawings.choose(soup, page, site)
    return str(soup)


_ICON = re.compile(
    r'"?(?P<name>[\w-]+)"?:\[\d+,\d+,\[(?P<also>[^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)


def keep_used_icons(site: Path) -> None:
    """Leave the icons that some page or script names: of two thousand a dozen."""
    script = site / "_static" / "scripts" / "fontawesome.js"
    if not script.is_file():
        return
    used: set[str] = set()
    for file in (*site.rglob("*.html"), *site.rglob("*.js")):  # styles name every icon
        if file != script:
            used |= set(re.findall(r"\bfa-([a-z0-9-]+)", file.read_text("utf-8", "replace")))

    def kept(icon: re.Match) -> str:
        names = {icon["name"], *re.findall(r"[\w-]+", icon["also"])}
        return icon.group() if names & used else ""

    script.write_text(_ICON.sub(kept, script.read_text("utf-8")), "utf-8")


def drop_unused_images(site: Path) -> None:
    """Take out pictures that no page shows: drawings of which it shows the form with two looks."""
    shown: set[str] = set()
    for page in site.rglob("*.html"):
        shown |= set(re.findall(r"_images/([\w.-]+)", page.read_text("utf-8")))
    for picture in (site / "_images").glob("*"):
        if picture.name not in shown:
            picture.unlink()


def mark_redirect(index: Path) -> None:
    """Give the page that forwards to the first one its icon and language."""
    text = index.read_text(encoding="utf-8")
    if "<html" not in text:
        icon = '<link rel="icon" href="_static/favicon.svg">'
        index.write_text(
            f'<!doctype html>\n<html lang="en"><head><title>Correlated Migration</title>'
            f"{icon}{text.strip()}</head></html>\n",
            encoding="utf-8",
        )


def add_downloads(site: Path, executed: Path, texts: Path | None = None) -> None:
    """Offer every executed page as a notebook that Jupyter can show, and as its source.

    Parameters
    ----------
    site : Path
    executed : Path
        Folder of executed notebooks.
    texts : Path, optional
        Folder of the texts of a book that has its own.
    """
    known = labels(pages())
    address = repository()
    cited = plain_notebook.authors((BOOK / "references.bib").read_text("utf-8"))
    own = sorted((texts / "notebooks").glob("*.md")) if texts else None
    for source in notebooks() if own is None else own:
        inside = source.relative_to(texts or ROOT).with_suffix("")
        target = site / "_sources" / inside
        plain = without_data(json.loads((executed / f"{source.stem}.ipynb").read_text("utf-8")))
        text = json.dumps(
            plain_notebook.notebook(plain, known, cited, address), indent=1, ensure_ascii=False
        )
        target.with_suffix(".ipynb").write_text(text + "\n", "utf-8")
        myst, ran = source.read_text("utf-8"), parameters.shown(plain)
        myst = myst if ran is None else parameters.with_cell(myst, ran)
        target.with_suffix(".md").write_text(myst, "utf-8")
        page = site / inside.with_suffix(".html")
        text = page.read_text("utf-8")
        if source.parent != NOTEBOOKS and own is None:  # no notebook of it is in the repository
            text = re.sub(LAUNCH, "", text, flags=re.S)
            page.write_text(text, "utf-8")
        entry = re.search(r'<li><a\b[^>]*href="[^"]*_sources/[^"]*\.ipynb".*?</li>', text, re.S)
        if entry:
            other = entry.group().replace(".ipynb", ".md")
            page.write_text(text[: entry.end()] + other + text[entry.end() :], "utf-8")
