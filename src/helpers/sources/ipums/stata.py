"""Stata files as parquet, a block of records at a time: codes as they stand, or their labels."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
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
            _copy(reader, target, digits)
    except (OSError, ValueError, KeyError, EOFError, UnicodeError, arrow.ArrowException) as problem:
        said = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise DataError(
            f"{source}: not a Stata file that can be read ({said}); fetch the extract again"
        ) from None
    finally:
        if plain != source:
            plain.unlink(missing_ok=True)
    return target


def _copy(reader: pd.io.stata.StataReader, target: Path, digits: Mapping[str, int]) -> None:
    writer = None
    try:
        while (block := _next(reader)) is not None:
            table = arrow.table({name: _column(block[name], digits) for name in block})
            if writer is None:
                writer = parquet.ParquetWriter(target, table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ValueError("no record")


def _next(reader: pd.io.stata.StataReader) -> pd.DataFrame | None:
    """The next block; None at the end."""
    try:
        block = reader.read(_BLOCK)
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
