"""A panel from a table of any length: read by an engine, kept as numbers, written in blocks.

:meth:`helpers.panel.Panel.from_table` holds a table in memory with its names. Here an engine
reads the file and turns names into positions; what is held is one number a cell for each year at
work, and the panel's folder is written a block of places at a time. The checks, the messages and
what is written are the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyarrow import parquet

from helpers.build import dense
from helpers.build.rows import Rows, check_file, check_rows, names_of, read, understood
from helpers.errors import DataError, ParameterError, arguments
from helpers.panel.columns import NO_YEAR
from helpers.panel.contract import PAPERS
from helpers.panel.own import check_options
from helpers.panel.storage import check_target
from helpers.sources import ipums

if TYPE_CHECKING:
    import ibis

_BATCH = 1_000_000
_AT_ONCE = 2**29  # bytes of the cells of the years that are filled together


def build_table(
    path: Path | str,
    folder: Path | str,
    columns: Mapping[str, str] | None = None,
    *,
    backend: str | ibis.BaseBackend = "duckdb",
    decimal: str | None = None,
    add_up: bool = False,
    encoding: str | None = None,
    name: str = "own",
    memory: str = "1GB",
) -> Path:
    r"""A panel's folder from a long table that need not fit in memory.

    Writes what :meth:`helpers.panel.Panel.save` writes of the panel that
    :meth:`helpers.panel.Panel.from_table` would make, by the same rules: a cell without a row
    counts as zero households, a place without households in a year is left out of it, a group
    without households is refused.

    Parameters
    ----------
    path : path
        A row for each place, group and year: csv, tsv, txt, csv.gz, parquet or dta.
    folder : path
        Where the panel goes: new, empty, or a saved panel.
    columns : {meaning: column}, optional
        As in :meth:`~helpers.panel.Panel.from_table`.
    backend : {"duckdb", "pyspark"} or Ibis connection
    decimal, add_up, encoding, name
        As in :meth:`~helpers.panel.Panel.from_table`.
    memory : str
        How much DuckDB may hold before it uses the disk. Beside it, eight bytes a number for the
        cells of a year.

    Returns
    -------
    Path
        The folder. :func:`read_shares` reads a year of it.

    Raises
    ------
    DataError
        For a file or a column that is not there, and a value that will not do, with its row
        (counted from 1, without the header); nothing is written then.
    MemoryLimitError
        If the cells of one year would not fit in memory.

    Examples
    --------
    >>> import tempfile
    >>> from helpers.build import read_shares
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = Path(place) / "zones.csv"
    ...     _ = file.write_text("zone,skill,people\nA,low,30\nA,high,10\nB,low,20\nB,high,40")
    ...     folder = build_table(file, Path(place) / "panel")
    ...     read_shares(folder, 2000).pi_c
    array([0.4, 0.6])
    """
    check_options(decimal)
    if name in PAPERS:
        raise ParameterError(f"name: {name!r} is the name of a source; choose another")
    path, target = Path(path).expanduser(), check_target(folder)
    check_file(path)
    con = ipums.connect(backend)
    if isinstance(backend, str) and con.name == "duckdb":
        con.raw_sql(f"SET memory_limit = '{memory}'")
    with tempfile.TemporaryDirectory(prefix="companion-table-") as beside:
        if con.name == "duckdb" and isinstance(backend, str):
            con.raw_sql(f"SET temp_directory = '{beside}'")
        raw = read(con, path, encoding, Path(beside))
        table, sign = understood(raw, columns, decimal)
        count = check_rows(raw, table, sign)
        places, groups, years = names_of(table, raw, sign)
        said = [f"{count:,} rows; numbers with a decimal {'comma' if sign == ',' else 'point'}"]
        if "year" not in table.named:
            said.append(f"no column of years: all rows are of one, called {NO_YEAR}")
        cube = dense.Cube(places, groups, years, table.numbers, add_up)
        arguments.fits(
            "build_table",
            (len(table.numbers) + 2, len(places), len(groups)),
            "leave out small places, or take groups together",
        )
        keyed = _keyed(table, cube, con, Path(beside) / "cells.parquet")
        filled = _years_filled(table, cube, raw, sign, keyed)
        dense.write(target, cube, filled, name, table.named, said)
    return target


def _keyed(table: Rows, cube: dense.Cube, con: ibis.BaseBackend, target: Path) -> Path:
    """The rows with positions in place of names, on disk."""
    import ibis

    rows = table.rows
    known = [
        ibis.memtable(pd.DataFrame({f"{key}_name": names, f"{key}_at": np.arange(len(names))}))
        for key, names in (("place", cube.places), ("group", cube.groups))
    ]
    rows = rows.inner_join(known[0], rows.city == known[0].place_name)
    rows = rows.inner_join(known[1], rows.occupation == known[1].group_name)
    wanted = rows.select(
        year=rows.year.cast("int64"),
        place=rows.place_at.cast("int64"),
        group=rows.group_at.cast("int64"),
        **{meaning: rows[meaning] for meaning in table.numbers},
    )
    con.to_parquet(wanted, target)
    return target


def _batches(keyed: Path, years: list[int]) -> Iterator[list[np.ndarray]]:
    """Positions of year, place and group, and the numbers, a block of rows at a time."""
    # one engine writes a file, a cluster a folder of them
    for part in sorted(keyed.glob("*.parquet")) if keyed.is_dir() else [keyed]:
        with parquet.ParquetFile(part) as file:
            for batch in file.iter_batches(_BATCH):
                columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
                here = np.isin(columns[0], years)
                if here.any():
                    yield columns if here.all() else [column[here] for column in columns]


def _years_filled(
    table: Rows, cube: dense.Cube, raw: ibis.Table, sign: str, keyed: Path
) -> Iterator[tuple[int, dense.Slab]]:
    """Cells of each year, several years at a time where they fit."""
    step = max(1, int(_AT_ONCE // (8 * cube.cells * (len(table.numbers) + 1))))
    for start in range(0, len(cube.years), step):
        years = cube.years[start : start + step]
        slabs = {year: cube.slab() for year in years}
        for year, place, group, *numbers in _batches(keyed, years):
            for one in years:
                here = slice(None) if len(years) == 1 else year == one
                values = dict(zip(table.numbers, (n[here] for n in numbers), strict=True))
                twice = slabs[one].add(place[here], group[here], values)
                if twice is not None:
                    raise _twice(table, raw, sign, one, twice)
        for year in years:
            yield year, slabs.pop(year)


def _twice(table: Rows, raw: ibis.Table, sign: str, year: int, cell: tuple[str, str]) -> DataError:
    """Which rows are of one cell."""
    rows = understood(raw, table.named, sign, numbered=True)[0].rows
    same = rows.filter(
        (rows.city == cell[0]) & (rows.occupation == cell[1]) & (rows.year == float(year))
    )
    found = sorted(int(row) + 1 for row in same.select("row").execute()["row"])
    return DataError(
        f"row {found[1]}: {cell[0]}, {cell[1]}, {year} stands in row {found[0]} already; drop one, "
        "or add_up=True adds their households up"
    )
