"""One folded box in each chapter that says how to run it."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.files import BOOK, NOTEBOOKS, ROOT

ARCHIVE = "correlated-migration.zip"


def text(source: Path, repository: str) -> str:
    """Markdown of the box.

    Parameters
    ----------
    source : Path
        Of the chapter.
    repository : str
        Address of the repository, or nothing where none is configured.
    """
    inside = source.relative_to(ROOT).as_posix()
    notebook = Path(inside).with_suffix(".ipynb").as_posix()
    lines = ["```{admonition} Run this chapter", ":class: dropdown run-this"]
    start = f"jupyter lab {notebook}" if source.parent == NOTEBOOKS else "make book"
    if repository:
        name = repository.rsplit("/", 1)[-1]
        lines += [
            "Clone the repository, install what the book was made with, and open the chapter:",
            "",
            "~~~sh",
            f"git clone {repository} && cd {name}",
            "make env",
            f".venv/bin/{start}" if start != "make book" else start,
            "~~~",
            "",
        ]
        if source.parent == NOTEBOOKS:
            owner = repository.removeprefix("https://github.com/")
            lines += [
                "Or without installing anything: "
                f"[Binder](https://mybinder.org/v2/gh/{owner}/main?urlpath=lab/tree/{notebook}), "
                "which may need minutes to start, or "
                f"[Colab](https://colab.research.google.com/github/{owner}/blob/main/{notebook}), "
                "where the first cell says how to install the package.",
                "",
            ]
    else:
        lines += [
            f"Unpack the archive of this book, `{ARCHIVE}` (`make archive` writes it), and run "
            "two commands in its folder:",
            "",
            "~~~sh",
            "make env",
            f".venv/bin/{start}" if start != "make book" else start,
            "~~~",
            "",
        ]
    lines.append("Without the author's files the chapter runs on a synthetic economy and says so.")
    if (BOOK / "rerun.md").is_file():
        lines.append("{doc}`/book/rerun` tells how to change a parameter for the whole book.")
    lines.append("```")
    return "\n".join(lines)


def add(notebook: dict, source: Path, repository: str) -> None:
    """Put the box below the first words of a chapter.

    Parameters
    ----------
    notebook : dict
        Executed; changed. A notebook that begins without a heading is left alone.
    source : Path
    repository : str
    """
    first = notebook["cells"][0] if notebook["cells"] else {"cell_type": "", "source": ""}
    words = "".join(first["source"])
    if first["cell_type"] != "markdown" or not re.search(r"^# ", words, re.M):
        return
    if source.parent != NOTEBOOKS:
        return
    box = {"cell_type": "markdown", "id": "run-this-chapter", "metadata": {},
           "source": text(source, repository)}  # fmt: skip
    notebook["cells"].insert(1, box)
