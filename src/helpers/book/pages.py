"""Which pages the book has, and what they are called."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.files import BOOK, NOTEBOOKS
from helpers.notebook import parameters
from helpers.runs import reading


def numbered() -> list[Path]:
    """Return the notebooks, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.md"))


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
    return sorted(BOOK.glob("*.md"))


def declared_parameters(source: str) -> list[str]:
    """Names that a notebook's parameters cell assigns."""
    return parameters.declared(source)


def titles() -> dict[str, str]:
    """First heading of every page that is executed."""
    found = {}
    for source in notebooks():
        heading = re.search(r"^# (.+)$", source.read_text("utf-8"), re.M)
        found[source.stem] = heading.group(1) if heading else source.stem
    return found


def scenarios() -> list[Path]:
    """Scenario files that ship, without the paper's own, sweeps and what cannot be read."""
    return reading.files()[0]
