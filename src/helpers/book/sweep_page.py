"""The page of a sweep: its summary, executed, as a small site of its own."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import yaml

from helpers import files
from helpers.book import execute, stage, worked_scenarios
from helpers.book.run import Run
from helpers.book.site import build
from helpers.runs import grid, scenario, sweep
from helpers.sources import Resolution


def write(wanted: grid.Sweep, results: Path, resolved: Resolution) -> Path:
    """Execute the summary and publish it.

    The table stands in the site as a second name of the same file; one that is too large for a
    site is named on the page.

    Parameters
    ----------
    wanted : Sweep
    results : Path
        Its table; the folder ``page`` beside it is made anew.
    resolved : Resolution
        Where the data come from.

    Returns
    -------
    Path
        First page of the site.
    """
    work = results.parent / "page"
    files.discard(work)
    work.mkdir()
    size = results.stat().st_size
    run = Run(wanted.name, wanted.title, {"source": resolved.source}, reason=resolved.reason)
    execute.execute(
        files.NOTEBOOKS / "sweep_summary.md",
        work / "index.ipynb",
        {
            "results": str(results.relative_to(files.ROOT)),
            "title": scenario.plain(wanted.title),
            "notebooks": bool(wanted.notebooks),
            "linked": size <= sweep.SMALL,
        },
    )
    config = stage.configuration(run)
    config.pop("bibtex_bibfiles")
    config["sphinx"]["config"].pop("bibtex_reference_style")
    (work / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    (work / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf-8")
    notebook = stage.without_data(json.loads((work / "index.ipynb").read_text("utf-8")))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            cell["source"] = text.replace("# A sweep", f"# {scenario.plain(wanted.title)}")
    (work / "index.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    shutil.copytree(files.BOOK / "_static", work / "_static")
    site = files.HTML / "sweeps" / wanted.name
    build(work, site)
    if size <= sweep.SMALL:
        _link(results, site / "results.parquet")
    worked_scenarios.refresh(files.HTML)
    return site / "index.html"


def _link(file: Path, name: Path) -> None:
    """Give a file a second name; a copy where a file system has no such thing."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)
