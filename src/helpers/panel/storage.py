"""Panels on disk: exchanged in one step, and nothing else removed."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError

TABLES = ("cells", "cities", "exposures", "shifts", "coordinates")
ABOUT = "about.json"
_FILES = frozenset({ABOUT, *(f"{name}.parquet" for name in TABLES)})
MARK = {"source": "", "provenance": {}}
NEEDED = (ABOUT, "cells.parquet", "cities.parquet")


def is_saved(folder: Path, *, whole: bool = True) -> bool:
    """Whether a folder is what :meth:`Panel.save` wrote, or a part of it, and nothing else."""
    names = {entry.name for entry in folder.iterdir()}
    if not names <= _FILES or (whole and not set(NEEDED) <= names):
        return False
    try:
        marked = all(
            b"companion" in (parquet.read_schema(folder / name).metadata or {})
            for name in names - {ABOUT}
        )
        about = json.loads((folder / ABOUT).read_text()) if ABOUT in names else MARK
    except (OSError, ValueError, arrow.ArrowException):
        return False
    return marked and isinstance(about, dict) and set(about) == set(MARK)


def name_aside(folder: Path) -> Path:
    """Where an old panel waits while a new one takes its place, where no exchange exists."""
    return folder.parent / f".{folder.name}.was"


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step of the operating system, where it has one.

    Linux has ``renameat2`` and macOS ``renamex_np``; both leave either state, none between.
    """
    libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        failed = libc.renameat2(here, first, here, second, exchange)
    elif sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(first, second, 2)  # RENAME_SWAP
    else:
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
        return False  # a kernel or a file system without it
    raise OSError(number, os.strerror(number), str(other))


def discard(folder: Path) -> None:
    """Remove the files of a saved or half-written panel, by name, and the folder if bare."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def recover(folder: Path) -> None:
    """Put back, or clear, an old panel that a save killed without an exchange left aside."""
    aside = name_aside(folder)
    if not aside.is_dir():
        return
    if folder.exists() and is_saved(aside, whole=False):
        discard(aside)
    elif not folder.exists() and is_saved(aside):
        aside.rename(folder)


def install(draft: Path, folder: Path) -> None:
    """Put a draft in the place of nothing, an empty folder or a saved panel."""
    if not folder.exists() or not any(folder.iterdir()):
        if os.name == "nt" and folder.exists():
            folder.rmdir()
        draft.rename(folder)
    elif not exchange(draft, folder):
        aside = name_aside(folder)
        folder.rename(aside)
        draft.rename(folder)
        discard(aside)


def check_target(folder: Path | str) -> Path:
    """Where a panel may be saved: a folder that is not there, is empty or is a saved panel.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Path
        The folder, links followed.

    Raises
    ------
    DataError
        If it is a file, or holds anything that :meth:`Panel.save` did not write: nothing of a
        reader's is ever removed.

    Examples
    --------
    A folder with something of a reader's in it is left alone:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "letters.txt").write_text("of a reader")
    ...     try:
    ...         check_target(folder)
    ...     except DataError as problem:
    ...         print("refused")
    refused
    """
    try:
        folder = Path(folder).expanduser().resolve()
        if folder.exists() and not folder.is_dir():
            raise DataError(
                f"{folder}: expected a folder for the panel, found a file; name another place"
            )
        if folder.is_dir() and any(folder.iterdir()) and not is_saved(folder):
            foreign = sorted(e.name for e in folder.iterdir() if e.name not in _FILES)
            what = f"holds {foreign[0]}" if foreign else "is no whole panel"
            raise DataError(
                f"{folder}: {what}, and only an empty folder or a saved panel is written over; "
                "nothing was removed: name another folder, such as acs-panel"
            )
    except OSError as problem:
        raise DataError(cannot(folder, "written", problem)) from None
    return folder


def cannot(folder: Path | str, done: str, problem: OSError) -> str:
    why = problem.strerror or type(problem).__name__
    return f"{folder}: cannot be {done} ({why}); name a folder that you may use, with space left"


def jsonable(value: object) -> object:
    """Numpy's numbers and arrays, paths and sets as JSON holds them."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


def read_saved(folder: Path | str) -> tuple[dict[str, pd.DataFrame], str, Mapping]:
    """Tables, source and provenance of a saved panel, or of one that waits aside.

    Raises
    ------
    DataError
        If a table lacks or cannot be read.
    """
    folder = Path(folder).expanduser()
    if not folder.exists() and name_aside(folder).is_dir():
        folder = name_aside(folder)
    for name in NEEDED:
        if not (folder / name).is_file():
            raise DataError(
                f"{folder}: expected a built panel, found no {name}; name the folder that "
                "Panel.save or helpers.build wrote"
            )
    try:
        tables = {
            name: pd.read_parquet(folder / f"{name}.parquet")
            for name in TABLES
            if (folder / f"{name}.parquet").is_file()
        }
        about = json.loads((folder / ABOUT).read_text())
        source, provenance = about["source"], about["provenance"]
    except (OSError, ValueError, KeyError, TypeError, arrow.ArrowException) as problem:
        raise DataError(
            f"{folder}: not a built panel that can be read ({type(problem).__name__}); "
            "save it again"
        ) from None
    return tables, source, provenance
