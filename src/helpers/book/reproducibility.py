"""What a run was made with, recorded by the run itself: the book's page on reproducibility."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from helpers import files
from helpers.book.run import Run


def machine() -> dict[str, str]:
    """Processor, cores, memory and system, as the run sees them."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = f"{size / 2**30:.0f} GB"
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or ""),
        "memory": memory,
        "Python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Installed versions of every direct requirement."""
    project = tomllib.loads((files.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["book"]]
    found = {}
    for requirement in sorted(asked, key=str.casefold):
        name = re.split(r"[<>=!~\[; ]", requirement)[0]
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def times(executed: Path) -> dict[str, dict]:
    """What each executed notebook recorded of its run: seconds and date.

    Parameters
    ----------
    executed : Path
        Folder of executed notebooks.
    """
    return {
        path.stem: json.loads(path.read_text("utf-8"))["metadata"]["companion"]
        for path in sorted(executed.glob("*.ipynb"))
    }


def page(run: Run, executed: Path, titles: dict[str, str]) -> str:
    """The page, in MyST Markdown.

    Parameters
    ----------
    run : Run
    executed : Path
        Folder of executed notebooks.
    titles : {stem: title}
    """
    recorded = times(executed)
    dates = sorted({about.get("date", "") for about in recorded.values()} - {""})
    span = " to ".join(dict.fromkeys([dates[0], dates[-1]])) if dates else "unknown"
    source = run.source
    lock = files.sha256(files.ROOT / "requirements.lock")
    lines = [
        "(page-reproducibility)=",
        "# Reproducibility",
        "",
        "What made this book: when, from which files, with which values and which versions of "
        "everything.",
        "Whoever has the same gets the same numbers; whoever does not finds here what differs.",
        "Written by the run itself.",
        "",
        "## Run",
        "",
        *_table(
            ("what", "value"),
            [
                ("notebooks executed (UTC)", span),
                ("source of the data", source if source in ("replication", "synthetic") else "own"),
                *machine().items(),
                ("requirements.lock (SHA-256)", f"`{lock}`"),
            ],
        ),
        "",
        "## Inputs",
        "",
    ]
    if run.data:
        rows = [(f"`{name}`", f"`{digest}`") for name, digest in run.data.items()]
        lines += _table(("file", "SHA-256"), rows)
    else:
        lines.append("The synthetic economy is code and a seed; it reads no file.")
    parameters = [
        (f"`{key}`", _value(key, value)) for key, value in run.parameters.items() if key != "source"
    ]
    lines += ["", "## Parameters", "", *_table(("parameter", "value"), parameters)]
    total = sum(about["seconds"] for about in recorded.values())
    rows = [
        (titles.get(name, name), f"{about['seconds']:.1f}", about.get("date", ""))
        for name, about in recorded.items()
    ]
    rows.append(("all", f"{total:.0f}", ""))
    lines += ["", "## Time of each notebook", ""]
    lines += _table(("notebook", "seconds", "executed (UTC)"), rows)
    lines += ["", "## Versions", "", *_table(("package", "version"), versions().items())]
    lines += [
        "",
        f"Interpreter: {sys.implementation.name}. Everything else is in `requirements.lock`, "
        "with the hash of every file.",
        "",
    ]
    return "\n".join(lines)


def _value(name: str, value: object) -> str:
    """A parameter's value; one that is left to the chapters in words."""
    if value is None:
        return {"rho": "the estimate", "years": "all of the panel"}.get(name, "none")
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _table(head: tuple, rows) -> list[str]:
    def row(cells) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return [row(head), row("---" for _ in head), *(row(cells) for cells in rows)]
