"""The files of an extract: their endings, opening them, and the bounds of what is read."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isal import igzip, isal_zlib

from helpers.errors import DataError, TruncatedFileError

FIXED, DELIMITED = (".dat", ".dat.gz"), (".csv", ".csv.gz")
STATA = (".dta", ".dta.gz")
ENDINGS = (*FIXED, *DELIMITED, *STATA, ".parquet")
MAX_DIGITS = 18  # that a 64-bit integer always holds
LARGEST = 2**63 - 1
PEEK = 100_000  # records that settle whether a variable has fractions
YEARS = (1600, 2100)  # of any collection
DIGITS = r"[-+]?[0-9]+"
WRITTEN = r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?|[0-9]+[eE][-+]?[0-9]{1,3})"


def ending_of(path: Path) -> str:
    """The file's ending in lower case, such as .dat.gz."""
    name = path.name.lower()
    return next((e for e in ENDINGS if name.endswith(e)), path.suffix.lower())


def is_gzip(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def check_file(path: Path) -> None:
    """Refuse what is no file, or has another ending than an extract."""
    if ending_of(path) not in ENDINGS:
        found = path.suffix or "none"
        raise DataError(
            f"{path}: expected {', '.join(ENDINGS[:-1])} or .parquet, found {found}; name the "
            "extract's data file"
        )
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"{path}: {kind}; name the extract's data file")


def read_parquet(path: Path):
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (OSError, arrow.ArrowException) as problem:
        raise DataError(
            f"{path}: not a parquet file that can be read ({type(problem).__name__}); make it again"
        ) from None


@contextmanager
def open_records(path: Path) -> Iterator[io.BufferedReader]:
    """Bytes of a file, decompressed; damage raises :class:`TruncatedFileError`."""
    try:
        with igzip.open(path, "rb") if is_gzip(path) else path.open("rb") as stream:
            yield stream
    except (EOFError, isal_zlib.error, gzip.BadGzipFile, struct.error) as problem:
        raise TruncatedFileError(
            f"{path}: the compressed file ends early or is damaged ({problem}); fetch it again"
        ) from None
    except OSError as problem:
        raise DataError(
            f"{path}: cannot be read ({problem.strerror or problem}); change its permissions or "
            "fetch it again"
        ) from None
