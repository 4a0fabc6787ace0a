"""Put executed notebooks, prose pages and configuration where the book is built."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from html import escape
from pathlib import Path

import yaml

from helpers.book import (
    differences,
    equations,
    exhibit_links,
    fold,
    reference,
    reproducibility,
    run_box,
    worked_scenarios,
)
from helpers.book.pages import numbered, titles
from helpers.book.run import Run
from helpers.exhibits import data
from helpers.files import (
    BOOK,
    HTML,
    MARK,
    ROOT,
    SCENARIOS,
    digest,
    discard,
    package_files,
    replace,
    sha256,
)
from helpers.runs import compare

LAUNCH = r'<div class="dropdown dropdown-launch-buttons">.*?</ul>\s*</div>\s*'


def banner(run: Run) -> str:
    """HTML that stands on every page when the book is not the paper's on the author's data."""
    parts = []
    if run.own:
        return (
            f"This book is about <strong>{escape(run.title)}</strong>: all numbers come from the "
            "reader's own data. Sentences without a number were written about another country."
        )
    if run.source == "synthetic":
        why = f" ({run.reason})" if run.reason else ""
        parts.append(
            "Every number on this page comes from a <strong>synthetic economy</strong> with "
            f"known parameters, not from the author's data{why}."
        )
    if run.changes:
        changed = ", ".join(
            escape(f"{key}: {', '.join(value)}" if isinstance(value, dict) else f"{key} = {value}")
            for key, value in run.changes.items()
        )
        parts.append(f"Scenario <strong>{escape(run.title)}</strong>: {changed}.")
    return " ".join(parts)


def offer_launch(config: dict, address: str) -> None:
    """Put buttons for Binder and Colab, and a link to the repository, into the configuration.

    Parameters
    ----------
    config : dict
        Of the book; changed.
    address : str
        Of the repository, as :func:`helpers.book.run.repository` returns it; empty for no buttons.
    """
    if not address:
        return
    config["repository"] = {"url": address, "branch": "main", "path_to_book": ""}
    config["html"]["use_repository_button"] = True
    config["launch_buttons"] |= {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    }


def configuration(run: Run) -> dict:
    """The page builder's configuration for a run: banner and launch buttons put in."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    if text := banner(run):
        config["sphinx"]["config"]["html_theme_options"]["announcement"] = text
    offer_launch(config, run.repository)
    if run.own:
        config["title"] = run.title
    return config


def made_from() -> dict[str, str]:
    """SHA-256 of every file that the book is made from, by its path in the project."""
    package = package_files()
    book = (path for path in BOOK.rglob("*") if path.is_file())
    layout = (ROOT / name for name in ("_config.yml", "_toc.yml", "requirements.lock"))
    tests = (ROOT / "tests").rglob("test_*.py")  # which the page of equations names
    files = {*numbered(), *package, *book, *layout, *tests, *SCENARIOS.glob("*.yml")}
    return {path.relative_to(ROOT).as_posix(): sha256(path) for path in sorted(files)}


def site_digest() -> str:
    """One hash of all pages of the default book, for what is made from them."""
    pages = [
        sha256(page)
        for page in sorted(HTML.rglob("*.html"))
        if page.relative_to(HTML).parts[0] not in ("scenarios", "sweeps")
    ]
    return hashlib.sha256("".join(pages).encode()).hexdigest()


def without_data(notebook: dict) -> dict:
    """Leave out what only programs read: the page builder does not know it."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(data.MIME, None)
    return notebook


def stage(folder: Path, executed: Path, run: Run, baseline: Path | None = None) -> None:
    """Lay out everything that the book is built from in one folder.

    Parameters
    ----------
    folder : Path
        Emptied first, where it is this package's; refused where it is not.
    executed : Path
        Folder of executed notebooks.
    run : Run
    baseline : Path, optional
        Executed notebooks of the default book; a page then says what differs from them.
    """
    before = _contents(folder)
    discard(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text(json.dumps(made_from(), indent=1), "utf-8")
    text = yaml.safe_dump(configuration(run), sort_keys=False)
    (folder / "_config.yml").write_text(text, "utf-8")
    _lay_out_prose(folder, run)
    (folder / "notebooks").mkdir(exist_ok=True)
    for source in run.pages():
        place = folder / source.relative_to(run.texts if run.own else ROOT).parent
        (place / source.name).unlink(missing_ok=True)
        notebook = json.loads((executed / f"{source.stem}.ipynb").read_text("utf-8"))
        fold.fold(notebook)
        run_box.add(notebook, source, run.repository)
        exhibit_links.write(notebook, source.stem, folder / "_static" / "exhibits")
        text = json.dumps(without_data(notebook), indent=1, ensure_ascii=False)
        (place / f"{source.stem}.ipynb").write_text(text + "\n", "utf-8")
    text = reproducibility.page(run, executed, titles())
    (folder / "book" / "reproducibility.md").write_text(text, encoding="utf-8")
    for name, made in (("equations", equations), ("reference", reference)):
        target = folder / "book" / f"{name}.md"
        if target.is_file() and not run.own:
            target.write_text(_of_code(made.page, run, executed, name), encoding="utf-8")
    if run.own:
        pass  # nothing in it is to be held against the default book
    elif baseline is not None:
        found = compare.compare(baseline, executed)
        text = differences.page(found, run, titles(), folder, "../../")
        (folder / "differences.md").write_text(text, encoding="utf-8")
        toc = yaml.safe_load((folder / "_toc.yml").read_text("utf-8"))
        part = {"caption": "This scenario", "chapters": [{"file": "differences"}]}
        toc["parts"].insert(0, part)
        (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), "utf-8")
    else:
        text = worked_scenarios.page((BOOK / "scenarios.md").read_text("utf-8"))
        (folder / "book" / "scenarios.md").write_text(text, encoding="utf-8")
    _keep_times(folder, before)


def _of_code(page: Callable[[Run, Path], str], run: Run, executed: Path, name: str) -> str:
    """A page that is made from code and the ledger; that of the last time where neither changed."""
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    key = digest([*package_files(), *tests, executed / "ledger.ipynb"]) + run.repository
    kept = run.folder / "made" / f"{name}.md"
    if kept.is_file():
        made_from, _, text = kept.read_text(encoding="utf-8").partition("\n")
        if made_from == key:
            return text
    text = page(run, executed)
    replace(kept, f"{key}\n{text}")
    return text


def _lay_out_prose(folder: Path, run: Run) -> None:
    """Put contents, prose and shared files where the book is built."""
    shutil.copytree(BOOK / "_static", folder / "_static")
    if not run.own:
        shutil.copy(ROOT / "_toc.yml", folder)
        shutil.copytree(BOOK, folder / "book", ignore=shutil.ignore_patterns("_static"))
        return
    shutil.copytree(run.texts, folder, dirs_exist_ok=True)
    shutil.copy(BOOK / "references.bib", folder / "book")


def _contents(folder: Path) -> dict[Path, tuple[str, int]]:
    """Hash and time of every file of a folder; none where it is not there."""
    return {
        path.relative_to(folder): (sha256(path), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def _keep_times(folder: Path, before: dict[Path, tuple[str, int]]) -> None:
    """Give files that are what they were their old time, and all others this moment's.

    The page builder reads a page again when its time is later than that of its last reading.
    """
    now = time.time_ns()
    for name, (content, _) in _contents(folder).items():
        old, at = before.get(name, ("", now))
        at = at if old == content else now
        os.utime(folder / name, ns=(at, at))
