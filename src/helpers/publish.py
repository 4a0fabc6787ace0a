"""From notebooks to a static book: execute, stage, build, swap in (all or nothing)."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from html import escape
from importlib.util import find_spec
from pathlib import Path

import psutil  # jupyter's kernel brings it
import yaml

from helpers import (
    difference,
    exhibit_files,
    locks,
    machine,
    parameters,
    paths,
    portable,
    reproducibility,
    scenario,
    worked,
)
from helpers.errors import CompanionError
from helpers.prose import typed_results

_WIDGET = "application/vnd.jupyter.widget-view+json"
REPOSITORY_VARIABLE = "COMPANION_REPOSITORY"
_MATHJAX = ("tex-chtml.js", "output/chtml/fonts")
# what the theme brings along and no page loads
_UNUSED = ("_static/locales", "_static/**/*.map", "_static/sphinx-thebe.*")
_THEBE = (
    r"\s*<script>const THEBE_JS_URL.*?</script>",
    r"\s*<script[^>]*sphinx-thebe\.js[^>]*></script>",
    r"\s*<link[^>]*sphinx-thebe\.css[^>]*/>",
)
_LAUNCH = r'<div class="dropdown dropdown-launch-buttons">.*?</ul>\s*</div>\s*'


class BookError(CompanionError):
    """The book could not be built; the message says which page and why."""


def numbered() -> list[Path]:
    """Return the notebooks, in order."""
    return sorted(paths.NOTEBOOKS.glob("[0-9][0-9]_*.md"))


def notebooks() -> list[Path]:
    """Return the sources that are executed: the notebooks, then the book's pages with code."""
    return [
        *numbered(),
        *(page for page in _prose() if "```{code-cell}" in page.read_text("utf-8")),
    ]


def pages() -> list[Path]:
    """Return every page of the book that people write: notebooks and prose."""
    return list(dict.fromkeys([*notebooks(), *_prose()]))


def _prose() -> list[Path]:
    return sorted(paths.BOOK.glob("*.md"))


def clear_leftovers(run: str) -> None:
    """Remove what an interrupted build left beside its outputs; outputs themselves are whole.

    Called by whoever holds the lock of the build; a sweep that publishes at the same time is
    known by the number of its process, and let be.
    """
    executed = paths.BUILD / "runs" / run / "executed"
    for leftover in executed.glob(".[0-9]*-*"):
        paths.discard(leftover)
    for leftover in paths.BUILD.glob(".site-*"):
        owner = leftover.name.split("-")[1]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            paths.discard(leftover)


def check_prose(files: list[Path] | None = None) -> None:
    """Refuse a page that holds a result as a typed number.

    Raises
    ------
    BookError
        Naming each page, line and number.
    """
    found = [
        f"{page.relative_to(paths.ROOT)}:{hit}"
        for page in files or pages()
        for hit in typed_results(page.read_text(encoding="utf-8"))
    ]
    if found:
        raise BookError(
            "results are typed in the prose; record them and refer by name:\n" + "\n".join(found)
        )


def declared_parameters(source: str) -> list[str]:
    """Names that a notebook's parameters cell assigns."""
    return parameters.declared(source)


def execute(source: Path, output: Path, values: dict) -> None:
    """Execute a notebook with papermill; the output appears only when all of it ran.

    Parameters
    ----------
    source : Path
        MyST Markdown.
    output : Path
        Executed notebook to write.
    values : dict
        Values for the parameters cell, written into it before it runs; those it does not
        declare are left out.
    """
    import jupytext
    import papermill
    from traitlets.config import Config

    text = parameters.with_values(source.read_text(encoding="utf-8"), values)
    output.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=f".{source.stem}-", dir=output.parent) as folder:
        before, after = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        jupytext.write(jupytext.reads(text, fmt="md:myst"), before)
        papermill.execute_notebook(
            before,
            after,
            kernel_name="python3",
            progress_bar=False,
            cwd=paths.ROOT,
            # what goes to and from a kernel is nobody else's; it warns where it is not encrypted
            config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        )
        executed = json.loads(after.read_text(encoding="utf-8"))
        _tidy(executed, source.stem, time.perf_counter() - started)
        after.write_text(json.dumps(executed, indent=1, ensure_ascii=False) + "\n", "utf-8")
        os.replace(after, output)


def _tidy(notebook: dict, name: str, seconds: float) -> None:
    """Drop paths, times and bars of progress from an executed notebook.

    A database shows a bar where a query takes seconds, as on a busy machine; in a page it says
    nothing, and its script would be loaded from another host.
    """
    for key in ("papermill", "widgets"):
        notebook["metadata"].pop(key, None)
    notebook["metadata"]["companion"] = {
        "notebook": name,
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
    }
    for cell in notebook["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
        if "outputs" in cell:
            cell["outputs"] = [o for o in cell["outputs"] if _WIDGET not in o.get("data", {})]
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise BookError(f"{name}: a cell warns:\n{''.join(output['text'])}")


def titles() -> dict[str, str]:
    """First heading of every page that is executed."""
    found = {}
    for source in notebooks():
        heading = re.search(r"^# (.+)$", source.read_text("utf-8"), re.M)
        found[source.stem] = heading.group(1) if heading else source.stem
    return found


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
    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text(encoding="utf-8"))
    if text := banner(run):
        config["sphinx"]["config"]["html_theme_options"]["announcement"] = text
    offer_launch(config, run.get("repository", ""))
    return config


def made_from() -> dict[str, str]:
    """SHA-256 of every file that the book is made from, by its path in the project."""
    kinds = {".py", ".csv", ".json", ".html", ".css", ".js"}
    package = (path for path in (paths.ROOT / "src").rglob("*") if path.suffix in kinds)
    book = (path for path in paths.BOOK.rglob("*") if path.is_file())
    layout = (paths.ROOT / name for name in ("_config.yml", "_toc.yml", "requirements.lock"))
    files = {*numbered(), *package, *book, *layout, *paths.SCENARIOS.glob("*.yml")}
    return {
        path.relative_to(paths.ROOT).as_posix(): reproducibility.sha256(path)
        for path in sorted(files)
    }


def site_digest() -> str:
    """One hash of all pages of the default book, for what is made from them."""
    pages = [
        reproducibility.sha256(page)
        for page in sorted(paths.HTML.rglob("*.html"))
        if page.relative_to(paths.HTML).parts[0] not in ("scenarios", "sweeps")
    ]
    return hashlib.sha256("".join(pages).encode()).hexdigest()


def without_data(notebook: dict) -> dict:
    """Leave out what only programs read: the page builder does not know it."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(machine.MIME, None)
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
    paths.discard(folder)
    folder.mkdir(parents=True)
    (folder / paths.MARK).write_text(json.dumps(made_from(), indent=1), "utf-8")
    text = yaml.safe_dump(configuration(run), sort_keys=False)
    (folder / "_config.yml").write_text(text, "utf-8")
    shutil.copy(paths.ROOT / "_toc.yml", folder)
    shutil.copytree(paths.BOOK, folder / "book", ignore=shutil.ignore_patterns("_static"))
    shutil.copytree(paths.BOOK / "_static", folder / "_static")
    (folder / "notebooks").mkdir()
    for source in notebooks():
        place = folder / source.relative_to(paths.ROOT).parent
        (place / source.name).unlink(missing_ok=True)
        notebook = json.loads((executed / f"{source.stem}.ipynb").read_text("utf-8"))
        exhibit_files.write(notebook, source.stem, folder / "_static" / "exhibits")
        text = json.dumps(without_data(notebook), indent=1, ensure_ascii=False)
        (place / f"{source.stem}.ipynb").write_text(text + "\n", "utf-8")
    text = reproducibility.page(run, executed, titles())
    (folder / "book" / "reproducibility.md").write_text(text, encoding="utf-8")
    if baseline is not None:
        found = difference.compare(baseline, executed)
        text = difference.page(found, run, titles(), folder, "../../")
        (folder / "differences.md").write_text(text, encoding="utf-8")
        toc = yaml.safe_load((folder / "_toc.yml").read_text("utf-8"))
        part = {"caption": "This scenario", "chapters": [{"file": "differences"}]}
        toc["parts"].insert(0, part)
        (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), "utf-8")
    else:
        text = worked.page((paths.BOOK / "scenarios.md").read_text("utf-8"))
        (folder / "book" / "scenarios.md").write_text(text, encoding="utf-8")


def scenarios() -> list[Path]:
    """Scenario files that ship, without the paper's own, sweeps and what cannot be read."""
    return scenario.files()[0]


def _add_mathjax(site: Path) -> None:
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


def _drop_thebe(site: Path) -> None:
    """Take the live-code loader out of every page: it names another host, and twice."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for pattern in _THEBE:
            text = re.sub(pattern, "", text)
        page.write_text(text, encoding="utf-8")


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


def _make_readable(site: Path) -> None:
    """Mend what screen readers and keyboards cannot use."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for pattern, better in _READABLE:
            text = re.sub(pattern, better, text, flags=re.S)
        page.write_text(text, encoding="utf-8")


def _mark_redirect(index: Path) -> None:
    """Give the page that forwards to the first one its icon and language."""
    text = index.read_text(encoding="utf-8")
    if "<html" not in text:
        icon = '<link rel="icon" href="_static/favicon.svg">'
        index.write_text(
            f'<!doctype html>\n<html lang="en"><head><title>Correlated Migration</title>'
            f"{icon}{text.strip()}</head></html>\n",
            encoding="utf-8",
        )


def _add_downloads(site: Path, executed: Path) -> None:
    """Offer every executed page as a notebook that Jupyter can show, and as its source."""
    known = portable.labels(pages())
    cited = portable.authors((paths.BOOK / "references.bib").read_text("utf-8"))
    for source in notebooks():
        inside = source.relative_to(paths.ROOT).with_suffix("")
        target = site / "_sources" / inside
        plain = without_data(json.loads((executed / f"{source.stem}.ipynb").read_text("utf-8")))
        text = json.dumps(portable.notebook(plain, known, cited), indent=1, ensure_ascii=False)
        target.with_suffix(".ipynb").write_text(text + "\n", "utf-8")
        myst, ran = source.read_text("utf-8"), parameters.shown(plain)
        myst = myst if ran is None else parameters.with_cell(myst, ran)
        target.with_suffix(".md").write_text(myst, "utf-8")
        page = site / inside.with_suffix(".html")
        text = page.read_text("utf-8")
        if source.parent != paths.NOTEBOOKS:  # no notebook of it is in the repository
            text = re.sub(_LAUNCH, "", text, flags=re.S)
            page.write_text(text, "utf-8")
        entry = re.search(r'<li><a href="[^"]*_sources/[^"]*\.ipynb".*?</li>', text, re.S)
        if entry:
            other = entry.group().replace(".ipynb", ".md")
            page.write_text(text[: entry.end()] + other + text[entry.end() :], "utf-8")


def build(staged: Path, html: Path, executed: Path | None = None) -> None:
    """Build the staged book with warnings as errors, then swap it in.

    Parameters
    ----------
    staged : Path
        As :func:`stage` left it.
    html : Path
        Where the site stands in the end.
    executed : Path, optional
        Executed notebooks, to be offered for download.

    Raises
    ------
    BookError
        With what the builder said; the book that was there before stays as it was.
    """
    paths.check_ours(html)
    beside = paths.BUILD if html.is_relative_to(paths.BUILD) else html.parent
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".site-{os.getpid()}-", dir=beside) as folder:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("jupyter-book")),
                *("build", str(staged), "--path-output", folder),
                *("--warningiserror", "--keep-going", "--nitpick", "--quiet"),
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        site = Path(folder) / "_build" / "html"
        if done.returncode or not (site / "index.html").is_file():
            raise BookError(f"jupyter-book failed:\n{done.stdout}\n{done.stderr}")
        _add_mathjax(site)
        _drop_thebe(site)
        _make_readable(site)
        _mark_redirect(site / "index.html")
        if executed is not None:
            exhibit_files.write_code(site / "_static" / "code")
            _add_downloads(site, executed)
        for pattern in _UNUSED:
            for unused in site.glob(pattern):
                shutil.rmtree(unused) if unused.is_dir() else unused.unlink()
        mark = staged / paths.MARK
        (site / paths.MARK).write_text(mark.read_text("utf-8") if mark.is_file() else "{}", "utf-8")
        # a sweep may be published while a book is
        with locks.held(beside, "puts a site into place"):
            _swap(site, html, Path(folder) / "old")


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
