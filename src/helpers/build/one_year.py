"""Shares of one year of a saved panel, without the rest of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as arrow
from pyarrow import parquet

from helpers.build.dense import column_sums
from helpers.errors import DataError, PanelError, find_name
from helpers.model import Shares
from helpers.panel.contract import ADDING_UP
from helpers.panel.storage import name_aside


def read_shares(folder: Path | str, year: int) -> Shares:
    """Shares of one year of a saved panel, without the rest of it in memory.

    Parameters
    ----------
    folder : path
        What :func:`build_table` or :meth:`helpers.panel.Panel.save` wrote, with households.
    year : int

    Returns
    -------
    Shares
        As :meth:`helpers.panel.Panel.shares` of the year gives them.

    Raises
    ------
    DataError
        If the folder holds no panel, or one without households.
    UnknownNameError
        For a year that it does not have, with those it has.
    PanelError
        If a place lacks a group, or shares do not add up.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from helpers.panel import Panel
    >>> table = pd.DataFrame({"zone": ["A", "A", "B", "B"], "skill": ["low", "high"] * 2,
    ...                       "people": [30, 10, 20, 40]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_shares(Panel.from_table(table).save(folder + "/panel"), 2000).pi_c
    array([0.4, 0.6])
    """
    folder = Path(folder).expanduser()
    if not folder.exists() and name_aside(folder).is_dir():
        folder = name_aside(folder)
    path = folder / "cells.parquet"
    if not path.is_file():
        raise DataError(
            f"{folder}: expected a built panel, found no cells.parquet; name the folder that "
            "build_table, Panel.save or helpers.build wrote"
        )
    try:
        with parquet.ParquetFile(path) as file:
            if "households" not in file.schema_arrow.names:
                raise DataError(
                    f"{folder}: the panel has shares without households; read it whole, "
                    "Panel.read(folder).shares(year)"
                )
            years, parts = set(), []
            for at in range(file.num_row_groups):
                one = file.read_row_group(at, columns=["year"])["year"].to_numpy()
                years |= set(np.unique(one).tolist())
                if (one == year).any():
                    parts.append(_rows(file, at, one == year))
    except (OSError, arrow.ArrowException) as problem:
        raise DataError(
            f"{folder}: not a built panel that can be read ({type(problem).__name__}); save it "
            "again"
        ) from None
    find_name("year", year, tuple(sorted(int(one) for one in years)))
    return _shares_of(folder, year, parts)


def _rows(file: parquet.ParquetFile, at: int, here: np.ndarray) -> tuple:
    """Places, groups, log shares and households of the rows of a year in a row group."""
    block = file.read_row_group(at, columns=["city", "occupation", "log_share", "households"])
    if not here.all():
        block = block.filter(arrow.array(here))
    names = [block[name].combine_chunks().dictionary_encode() for name in ("city", "occupation")]
    return (
        *((part.dictionary.to_pylist(), part.indices.to_numpy()) for part in names),
        block["log_share"].to_numpy(),
        block["households"].to_numpy(),
    )


def _shares_of(folder: Path, year: int, parts: list[tuple]) -> Shares:
    """Arrays from the rows of a year, sorted by place and group as a panel is."""
    groups: list[str] = []
    for _, (names, _), *_ in parts:
        groups += [name for name in names if name not in groups]
    places: list[str] = []
    for (names, _), *_ in parts:
        places += names[1:] if places and names[0] == places[-1] else names
    counts = np.concatenate([part[3] for part in parts])
    if len(counts) != len(places) * len(groups) or len(set(places)) != len(places):
        raise PanelError(
            f"{folder}: {year} has {len(counts):,} rows for {len(set(places)):,} places and "
            f"{len(groups)} groups, expected one for each pair, sorted; save the panel again"
        )
    pi_ck = np.exp(np.concatenate([part[2] for part in parts])).reshape(len(places), -1)
    omega_k = column_sums(counts.reshape(pi_ck.shape))
    gap = np.abs(column_sums(pi_ck) - 1).max()
    if gap > ADDING_UP:
        raise PanelError(f"{folder}: shares of {year} miss one by {gap:.2g}; save the panel again")
    return Shares(pi_ck, omega_k / omega_k.sum(), tuple(places), tuple(groups))
