"""From notebooks to a static book: execute, stage, build, swap in (all or nothing)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.book import exhibit_links, locks, search
from helpers.book.decorate import (
    UNUSED,
    add_downloads,
    add_mathjax,
    drop_unused_images,
    finish_pages,
    keep_used_icons,
    mark_redirect,
)
from helpers.book.execute import BookError
from helpers.exhibits.live.figure import FOLDER, write_static
from helpers.files import BUILD, MARK, ROOT, check_ours, digest, discard

# stands in a folder of pages that were read while all that was read is right
_WHOLE = "whole"
_EXTENSIONS = ("bibliography", "outdated")  # of the page builder's


def build(
    staged: Path,
    html: Path,
    executed: Path | None = None,
    kept: Path | None = None,
    texts: Path | None = None,
) -> None:
    """Build the staged book with warnings as errors, then swap it in.

    Parameters
    ----------
    staged : Path
        As :func:`stage` left it.
    html : Path
        Where the site stands in the end.
    executed : Path, optional
        Executed notebooks, to be offered for download.
    kept : Path, optional
        Folder in which pages that were read and written stay for the next time, when only
        those that changed are made again, and all where a title or a label did
        (:mod:`helpers.book.outdated`).
    texts : Path, optional
        Sources of a book that has its own, such as one on a reader's data.

    Raises
    ------
    BookError
        With what the builder said; the book that was there before stays as it was.
    """
    check_ours(html)
    beside = BUILD if html.is_relative_to(BUILD) else html.parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".site-{os.getpid()}-", dir=beside) as folder:
        place = _made_ready(kept, staged) if kept else Path(folder)
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("jupyter-book")),
                *("build", str(staged), "--path-output", str(place)),
                *("--warningiserror", "--keep-going", "--nitpick", "--quiet"),
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        site = place / "_build" / "html"
        if done.returncode or not (site / "index.html").is_file():
            raise BookError(f"jupyter-book failed:\n{done.stdout}\n{done.stderr}")
        if kept:
            (kept / _WHOLE).write_text(_settings(staged), "utf-8")
            site = _taken(site, staged, Path(folder) / "html")
        add_mathjax(site)
        write_static(site / FOLDER)
        finish_pages(site, kept / "finished" if kept else None)
        search.plain_words(site)
        keep_used_icons(site)
        drop_unused_images(site)
        mark_redirect(site / "index.html")
        if executed is not None:
            exhibit_links.write_code(site / "_static" / "code", exhibit_links.chapters(site))
            add_downloads(site, executed, texts)
        for pattern in UNUSED:
            for unused in site.glob(pattern):
                shutil.rmtree(unused) if unused.is_dir() else unused.unlink()
        mark = staged / MARK
        (site / MARK).write_text(mark.read_text("utf-8") if mark.is_file() else "{}", "utf-8")
        # a sweep may be published while a book is
        with locks.held(beside, "puts a site into place"):
            _swap(site, html, Path(folder) / "old")


def _made_ready(kept: Path, staged: Path) -> Path:
    """Folder with the pages that were read, emptied where they cannot be relied on.

    What a build that failed or was stopped has read is thrown away, since a page that is not
    read again does not warn again; so is what was read with other settings or other libraries,
    and what was written with other styles, whose hashes stand on each page.
    """
    mark = kept / _WHOLE
    if not mark.is_file() or mark.read_text("utf-8") != _settings(staged):
        discard(kept)
    kept.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    return kept


def _taken(written: Path, staged: Path, place: Path) -> Path:
    """A copy of the pages that the builder wrote, to be finished; it keeps its own for the next.

    Of the files that pages show it has those of earlier times too: they are taken from where
    they were laid out.
    """
    shutil.copytree(written, place)
    static = staged / "_static"
    if static.is_dir():
        for folder in filter(Path.is_dir, static.iterdir()):
            shutil.rmtree(place / "_static" / folder.name, ignore_errors=True)
        shutil.copytree(static, place / "_static", dirs_exist_ok=True)
    return place


def _settings(staged: Path) -> str:
    """What pages are made with: configuration, order, bibliography, styles, libraries."""
    names = ("_config.yml", "_toc.yml", "book/references.bib")
    there = [path for path in map(staged.joinpath, names) if path.is_file()]
    styles = sorted(path for path in (staged / "_static").glob("*") if path.is_file())
    extensions = (ROOT / "src" / "helpers" / "book" / f"{name}.py" for name in _EXTENSIONS)
    return digest([*there, *styles, *extensions, ROOT / "requirements.lock"])


def _swap(site: Path, html: Path, old: Path) -> None:
    """Put a site into its place; what was there goes, or comes back where that fails."""
    # scenarios and sweeps live in folders of the default book: they outlast its rebuild
    for name in ("scenarios", "sweeps"):
        kept = html / name
        if kept.is_dir() and not (site / name).exists():
            # as links: an interruption leaves both
            shutil.copytree(kept, site / name, copy_function=_link)
    html.parent.mkdir(parents=True, exist_ok=True)
    if html.exists():
        html.rename(old)
    try:
        site.rename(html)
    except OSError:
        if old.exists():
            old.rename(html)
        raise


def _link(source: str, target: str) -> None:
    """A second name for a file, or a copy where the disk knows no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
