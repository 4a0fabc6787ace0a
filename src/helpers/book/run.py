"""A run of the book: what it is made with, and where its files are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from helpers import files
from helpers.book import pages
from helpers.book.execute import BookError
from helpers.errors import DataError

DEFAULT = "paper"
RUNS_VARIABLE = "COMPANION_RUNS"
REPOSITORY_VARIABLE = "COMPANION_REPOSITORY"
_FILE = "parameters.json"


@dataclass(frozen=True)
class Run:
    """What one book is made with: the default's, a scenario's, or a sweep's page.

    Attributes
    ----------
    name : str
        Of its folder in ``_build/runs`` and of its address below the default book.
    title : str
        What the book is called, as its scenario has it.
    parameters : mapping
        Every parameter of the scenario by name, with ``source`` settled: ``replication``,
        ``synthetic``, or a folder relative to the project.
    changes : mapping
        Parameters that differ from the paper's, as pages show them; empty for the default book.
    reason : str
        Why the author's files are not used; empty where they are, or were not asked for.
    data : mapping
        SHA-256 of every file that the source reads, by name; empty for the synthetic economy.
    repository : str
        Address on GitHub for the buttons of Binder and Colab; empty for none.
    chapters : sequence of str
        Stems of the chapters of a book on a reader's own data; empty where all chapters run.
    """

    name: str
    title: str
    parameters: Mapping[str, object]
    changes: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    repository: str = ""
    chapters: Sequence[str] = field(default_factory=list)

    @property
    def own(self) -> bool:
        """Whether the book is about a reader's own data, and has chapters of its own."""
        return bool(self.chapters)

    @property
    def texts(self) -> Path:
        """Folder of the texts of a book on own data."""
        return self.folder / "texts"

    def pages(self) -> list[Path]:
        """Sources of the pages that are executed for it."""
        if not self.own:
            return pages.notebooks()
        return [self.texts / "notebooks" / f"{stem}.md" for stem in self.chapters]

    @property
    def source(self) -> str:
        """Where its data come from."""
        return str(self.parameters["source"])

    @property
    def is_default(self) -> bool:
        """Whether it is the book itself, beside which the others stand."""
        return self.name == DEFAULT

    @property
    def folder(self) -> Path:
        """Everything that is written on the way to its book."""
        return files.BUILD / "runs" / self.name

    def of(self, source: Path) -> Path:
        """Executed notebook of a page's source."""
        return self.executed / f"{source.stem}.ipynb"

    @property
    def file(self) -> Path:
        """Where the run itself is written down."""
        return self.folder / _FILE

    @property
    def executed(self) -> Path:
        """Folder of its executed notebooks."""
        return self.folder / "executed"

    @property
    def staged(self) -> Path:
        """Folder that its book is built from."""
        return self.folder / "stage"

    @property
    def kept(self) -> Path:
        """Folder of the page builder's, with the pages that it has read."""
        return self.folder / "read"

    @property
    def site(self) -> Path:
        """Where its book stands in the end."""
        return files.HTML if self.is_default else files.HTML / "scenarios" / self.name

    def parameters_of(self, notebook: str) -> Path:
        """File with the parameters that a notebook, named by its stem, declares."""
        return self.folder / "parameters" / f"{notebook}.json"

    def write(self) -> None:
        """Write the run down; the file is left alone where nothing changed: tasks depend on it."""
        files.write_changed(self.file, json.dumps(asdict(self), indent=1))

    def write_parameters_of(self, notebook: str, declared: list[str]) -> None:
        """Write down what one notebook runs with, and the data that it reads."""
        own = {name: self.parameters[name] for name in declared if name in self.parameters}
        content = {"parameters": own, "data": self.data if "source" in own else {}}
        files.write_changed(self.parameters_of(notebook), json.dumps(content, indent=1))

    @classmethod
    def read(cls, file: Path) -> Run:
        """Read a run from the file that :meth:`write` wrote.

        Parameters
        ----------
        file : Path

        Raises
        ------
        DataError
            If the file holds something else.
        """
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            known = {each.name for each in fields(cls)}
            if set(content) != known:
                raise ValueError(f"found {sorted(content)}, expected {sorted(known)}")
            return cls(**content)
        except (ValueError, TypeError) as problem:
            raise DataError(f"{files.inside(file)}: no run ({problem}); run make book") from None

    @classmethod
    def asked(cls) -> list[Run]:
        """Runs that tasks are about: the default one, then those that the tool asks for."""
        names = os.environ.get(RUNS_VARIABLE, "").split(",")
        return [cls.named(name) for name in (DEFAULT, *names) if name]

    @classmethod
    def named(cls, name: str) -> Run:
        """Read a run by its name.

        Raises
        ------
        DataError
            If its file holds something else.
        """
        return cls.read(files.BUILD / "runs" / name / _FILE)


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


def clear_leftovers(run: Run) -> None:
    """Remove what an interrupted build left beside its outputs; outputs themselves are whole.

    Called by whoever holds the lock of the build; a sweep that publishes at the same time is
    known by the number of its process, and let be.
    """
    for leftover in run.executed.glob(".[0-9]*-*"):
        files.discard(leftover)
    for leftover in files.BUILD.glob(".site-*"):
        owner = leftover.name.split("-")[1]
        if not (owner.isdigit() and _is_there(int(owner))):
            files.discard(leftover)


def _is_there(process: int) -> bool:
    import psutil

    return psutil.pid_exists(process)
