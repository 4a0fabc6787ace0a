"""Where things are: every path of the project in one place."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = ROOT / "notebooks"
SCENARIOS = ROOT / "scenarios"
BUILD = ROOT / "_build"
HTML = BUILD / "html"
DATA_VARIABLE = "COMPANION_DATA"
# the file by which a folder outside the build folder is known to be this package's
MARK = ".companion"


def given_data() -> Path | None:
    """Folder that the reader's ``COMPANION_DATA`` names, None where it is unset or empty."""
    named = os.environ.get(DATA_VARIABLE, "").strip()
    return Path(named).expanduser() if named else None


def is_ours(folder: Path) -> bool:
    """Whether this package wrote a folder: it lies in the build folder, is empty or marked."""
    folder = folder.resolve()
    if folder == BUILD.resolve():
        return False  # of its parts only: make clean empties the whole
    if folder.is_relative_to(BUILD.resolve()):
        return True
    return folder.is_dir() and ((folder / MARK).is_file() or not any(folder.iterdir()))


def check_ours(folder: Path) -> None:
    """Refuse to put something in the place of what this package did not write.

    Raises
    ------
    DataError
        If the folder is there, and neither empty nor written by this package.
    """
    if (folder.exists() or folder.is_symlink()) and not is_ours(folder):
        raise DataError(
            f"{folder}: holds files that this package did not write, and nothing was touched; "
            "name an empty folder or one that is not there yet"
        )


def discard(folder: Path) -> None:
    """Remove a folder that this package wrote; one that is not there is no fault.

    Raises
    ------
    DataError
        If it holds something else.
    """
    check_ours(folder)
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def inside(path: Path) -> str:
    """A path as pages and messages show it: relative to the project, else its last part."""
    path = path.resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_whole(table: arrow.Table, path: Path) -> None:
    """Write a parquet file that appears only when all of it is there."""
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink)
    replace(path, sink.getvalue())


def replace(path: Path, content) -> None:
    """Write bytes beside a file, and put them in its place."""
    beside = path.with_suffix(f".{os.getpid()}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(content)
    beside.replace(path)
