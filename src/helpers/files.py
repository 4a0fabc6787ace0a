"""Where things are, and how a file appears whole: paths, hashes and kinds in one place."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import DataError

if TYPE_CHECKING:
    import pyarrow as arrow

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = ROOT / "notebooks"
SCENARIOS = ROOT / "scenarios"
BUILD = ROOT / "_build"
HTML = BUILD / "html"
DATA_VARIABLE = "COMPANION_DATA"
# the file by which a folder outside the build folder is known to be this package's
MARK = ".companion"
# what the package is made of: code, and the data and parts of pages that it reads
KINDS = frozenset({".py", ".csv", ".json", ".html", ".css", ".js"})


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


def package_files(root: Path = ROOT / "src") -> list[Path]:
    """Every file that the package is made of, in order; what is compiled from it is left out.

    Parameters
    ----------
    root : Path
        Folder that is looked through.
    """
    return sorted(path for path in root.rglob("*") if path.suffix in KINDS)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name beside a file; what is written there takes the file's place when all went well.

    A reader sees the old file or the new one, and after a failure the old one alone.

    Parameters
    ----------
    path : Path
        File that is to appear; its folder is made where it is not there.

    Yields
    ------
    Path
        Where to write, in the same folder under a name that ends in ``.new``.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole(place) as beside:
    ...     _ = beside.write_text("all of it")
    ...     place.exists()
    False
    >>> place.read_text()
    'all of it'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.new")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def digest(paths: Iterable[Path]) -> str:
    """One SHA-256 for many files: of their places in the project and their bytes, in order."""
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{inside(path)} {sha256(path)}\n".encode())
    return found.hexdigest()


def write_whole(table: arrow.Table, path: Path) -> None:
    """Write a parquet file that appears only when all of it is there."""
    from pyarrow import parquet

    with whole(path) as beside:
        parquet.write_table(table, beside)


def replace(path: Path, content: bytes | str) -> None:
    """Write bytes, or words as UTF-8, beside a file, and put them in its place."""
    with whole(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


def write_changed(path: Path, content: str) -> bool:
    """Write words to a file, or leave it alone where it holds them; whether it was written.

    What is made from a file depends on its bytes and on its time: both stay where nothing is new.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == content:
        return False
    replace(path, content)
    return True
