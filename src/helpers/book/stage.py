"""Put executed notebooks, prose pages and configuration where the book is built."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from html import escape
from pathlib import Path

import yaml

from helpers.book import (
    differences,
    exhibit_links,
    fold,
    reproducibility,
    run_box,
    worked_scenarios,
)
from helpers.book.execute import BookError
from helpers.book.pages import notebooks, numbered, titles
from helpers.exhibits import data
from helpers.files import BOOK, HTML, MARK, ROOT, SCENARIOS, discard
from helpers.runs import compare

REPOSITORY_VARIABLE = "COMPANION_REPOSITORY"
LAUNCH = r'<div class="dropdown dropdown-launch-buttons">.*?</ul>\s*</div>\s*'


def banner(run: dict) -> str:
    """HTML that stands on every page when the book is not the paper's on the author's data."""
    parts = []
    if run["parameters"]["source"] == "synthetic":
        why = f" ({run['reason']})" if run["reason"] else ""
        parts.append(
            "Every number on this page comes from a <strong>synthetic economy</strong> with "
            f"known parameters, not from the author's data{why}."
        )
    if run["changes"]:
        changed = ", ".join(
            escape(f"{key}: {', '.join(value)}" if isinstance(value, dict) else f"{key} = {value}")
            for key, value in run["changes"].items()
        )
        parts.append(f"Scenario <strong>{escape(run['title'])}</strong>: {changed}.")
    return " ".join(parts)


def repository() -> str:
    """Address of the repository that the reader's ``COMPANION_REPOSITORY`` names, or nothing.

    Raises
    ------
    BookError
        If it is no address of a repository on GitHub.
    """
    found = os.environ.get(REPOSITORY_VARIABLE, "").strip().removesuffix("/")
    if found and not re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+", found):
        raise BookError(
            f"{REPOSITORY_VARIABLE}: expected https://github.com/owner/name, found {found!r}; "
            "unset it for a book without buttons for Binder and Colab"
        )
    return found


def offer_launch(config: dict, address: str) -> None:
    """Put buttons for Binder and Colab, and a link to the repository, into the configuration.

    Parameters
    ----------
    config : dict
        Of the book; changed.
    address : str
        Of the repository, as :func:`repository` returns it; empty for no buttons.
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


def configuration(run: dict) -> dict:
    """The page builder's configuration for a run: banner and launch buttons put in.

    Parameters
    ----------
    run : dict
        What the run was made with; ``repository`` where buttons are wanted.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    if text := banner(run):
        config["sphinx"]["config"]["html_theme_options"]["announcement"] = text
    offer_launch(config, run.get("repository", ""))
    return config


def made_from() -> dict[str, str]:
    """SHA-256 of every file that the book is made from, by its path in the project."""
    kinds = {".py", ".csv", ".json", ".html", ".css", ".js"}
    package = (path for path in (ROOT / "src").rglob("*") if path.suffix in kinds)
    book = (path for path in BOOK.rglob("*") if path.is_file())
    layout = (ROOT / name for name in ("_config.yml", "_toc.yml", "requirements.lock"))
    files = {*numbered(), *package, *book, *layout, *SCENARIOS.glob("*.yml")}
    return {
        path.relative_to(ROOT).as_posix(): reproducibility.sha256(path) for path in sorted(files)
    }


def site_digest() -> str:
    """One hash of all pages of the default book, for what is made from them."""
    pages = [
        reproducibility.sha256(page)
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


def stage(folder: Path, executed: Path, run: dict, baseline: Path | None = None) -> None:
    """Lay out everything that the book is built from in one folder.

    Parameters
    ----------
    folder : Path
        Emptied first, where it is this package's; refused where it is not.
    executed : Path
        Folder of executed notebooks.
    run : dict
        What the run was made with.
    baseline : Path, optional
        Executed notebooks of the default book; a page then says what differs from them.
    """
    discard(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text(json.dumps(made_from(), indent=1), "utf-8")
    text = yaml.safe_dump(configuration(run), sort_keys=False)
    (folder / "_config.yml").write_text(text, "utf-8")
    shutil.copy(ROOT / "_toc.yml", folder)
    shutil.copytree(BOOK, folder / "book", ignore=shutil.ignore_patterns("_static"))
    shutil.copytree(BOOK / "_static", folder / "_static")
    (folder / "notebooks").mkdir()
    for source in notebooks():
        place = folder / source.relative_to(ROOT).parent
        (place / source.name).unlink(missing_ok=True)
        notebook = json.loads((executed / f"{source.stem}.ipynb").read_text("utf-8"))
        fold.fold(notebook)
        run_box.add(notebook, source, run.get("repository", ""))
        exhibit_links.write(notebook, source.stem, folder / "_static" / "exhibits")
        text = json.dumps(without_data(notebook), indent=1, ensure_ascii=False)
        (place / f"{source.stem}.ipynb").write_text(text + "\n", "utf-8")
    text = reproducibility.page(run, executed, titles())
    (folder / "book" / "reproducibility.md").write_text(text, encoding="utf-8")
    if baseline is not None:
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
