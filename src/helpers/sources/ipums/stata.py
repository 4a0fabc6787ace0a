"""Stata files as parquet, a block of records at a time: codes as they stand, or their labels."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError
from helpers.sources.ipums.raw import is_gzip, open_records

_BLOCK = 250_000
"""Records that are in memory at a time."""


def to_parquet(
    source: Path,
    target: Path,
    *,
    labels: bool = False,
    decimals: Mapping[str, int] | None = None,
    names: Sequence[str] | None = None,
) -> Path:
    """Copy a Stata file to parquet without holding it in memory.

    Parameters
    ----------
    source : path
        ``.dta`` or ``.dta.gz``.
    target : path
        Of the parquet file.
    labels : bool
        Whether labelled codes become their labels; they stay numbers otherwise.
    decimals : {NAME: digits}, optional
        Digits after the point of variables, by upper-case name: numbers that Stata holds in
        single precision are rounded to them.
    names : sequence of str, optional
        Upper-case names of the variables to copy; all by default.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    DataError
        If the file is no Stata file, or is damaged.
    """
    plain, digits = source, decimals or {}
    if is_gzip(source):
        plain = target.with_suffix(".dta")
        with open_records(source) as packed, plain.open("wb") as copy:
            shutil.copyfileobj(packed, copy, 1 << 20)
    try:
        with (
            warnings.catch_warnings(),
            pd.read_stata(plain, convert_categoricals=labels, iterator=True) as reader,
        ):
            warnings.simplefilter("ignore")  # labels that are not unique stay codes
            _copy(reader, target, digits, names)
    except DataError:
        raise
    except Exception as problem:  # whatever bytes that are none make of a header
        said = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise DataError(
            f"{source}: not a Stata file that can be read ({said}); fetch the extract again"
        ) from None
    finally:
        if plain != source:
            plain.unlink(missing_ok=True)
    return target


def _copy(
    reader: pd.io.stata.StataReader,
    target: Path,
    digits: Mapping[str, int],
    names: Sequence[str] | None,
) -> None:
    wanted = None if names is None else [v for v in variables(reader) if v.upper() in names]
    writer = None
    try:
        while (block := _next(reader, wanted)) is not None:
            table = arrow.table({name: _column(block[name], digits) for name in block})
            if writer is None:
                writer = parquet.ParquetWriter(target, table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ValueError("no record")


def variables(reader: pd.io.stata.StataReader) -> list[str]:
    """Names of the variables of an open file, as it writes them."""
    return list(reader.variable_labels())


def names_in(source: Path) -> list[str]:
    """Upper-case names of the variables of a Stata file.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        with open_records(source) as stream, pd.read_stata(stream, iterator=True) as reader:
            return [name.upper() for name in variables(reader)]
    except DataError:
        raise
    except Exception as problem:
        said = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise DataError(
            f"{source}: not a Stata file that can be read ({said}); fetch the extract again"
        ) from None


_KEPT = None


def kept_copy(source: Path, names: Sequence[str], decimals: Mapping[str, int]) -> Path:
    """Some variables of a Stata file as parquet, in a folder that goes with the process.

    A file that has not changed is copied once for each choice of variables.

    Raises
    ------
    DataError
        As :func:`to_parquet`.
    """
    global _KEPT
    if _KEPT is None:
        _KEPT = tempfile.TemporaryDirectory(prefix="companion-stata-")
    state = source.stat()
    what = repr((str(source.resolve()), state.st_mtime_ns, state.st_size, sorted(names)))
    target = Path(_KEPT.name) / f"{hashlib.sha1(what.encode()).hexdigest()[:16]}.parquet"
    if not target.is_file():
        to_parquet(source, target, decimals=decimals, names=names)
    return target


def _next(reader: pd.io.stata.StataReader, wanted: Sequence[str] | None) -> pd.DataFrame | None:
    """The next block; None at the end."""
    try:
        block = reader.read(_BLOCK, columns=wanted)
    except StopIteration:
        return None
    return block if len(block) else None


def _column(values: pd.Series, digits: Mapping[str, int]) -> arrow.Array:
    """A column in the widest of its kind, so that blocks agree: text or double precision."""
    if pd.api.types.is_numeric_dtype(values):
        wide = values.to_numpy(dtype=np.float64, na_value=np.nan)
        if values.dtype == np.float32:
            wide = np.round(wide, digits.get(str(values.name).upper(), 0) or 6)
        return arrow.array(wide, from_pandas=True)
    text = values.astype("object").map(lambda v: None if pd.isna(v) else str(v))
    return arrow.array(text, arrow.string())
