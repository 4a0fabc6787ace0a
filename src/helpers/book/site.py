"""From notebooks to a static book: execute, stage, build, swap in (all or nothing)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.book import exhibit_links, locks
from helpers.book.decorate import (
    UNUSED,
    add_downloads,
    add_mathjax,
    drop_thebe,
    keep_used_icons,
    make_readable,
    mark_redirect,
    restyle,
)
from helpers.book.execute import BookError
from helpers.exhibits.live.figure import FOLDER, write_static
from helpers.files import BUILD, MARK, ROOT, check_ours, digest, discard

# stands in a folder of pages that were read while all that was read is right
_WHOLE = "whole"


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
        Folder in which pages that were read stay for the next time, when only those that
        changed are read again. Every page is written anew: titles of others stand on it.
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
            site = site.rename(Path(folder) / "html")
            (kept / _WHOLE).write_text(_settings(staged), "utf-8")
        add_mathjax(site)
        write_static(site / FOLDER)
        drop_thebe(site)
        make_readable(site)
        restyle(site)
        keep_used_icons(site)
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
    read again does not warn again; so is what was read with other settings or other libraries.
    """
    mark = kept / _WHOLE
    if not mark.is_file() or mark.read_text("utf-8") != _settings(staged):
        discard(kept)
    kept.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    discard(kept / "_build" / "html")
    return kept


def _settings(staged: Path) -> str:
    """What pages are read with: configuration, order of the pages, bibliography, libraries."""
    names = ("_config.yml", "_toc.yml", "book/references.bib")
    there = [path for path in map(staged.joinpath, names) if path.is_file()]
    return digest([*there, ROOT / "requirements.lock"])


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
