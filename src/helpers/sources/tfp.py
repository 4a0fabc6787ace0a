"""Total factor productivity by sector, from the Bureau of Labor Statistics (paper, 4.1).

The workbook of major industries has one row an industry and measure, and one column a year:
Industry, NAICS, Basis, Measure, Units, 1987, 1988, ... The same columns as .csv are read too,
and a long table ``naics, industry, year`` with one column of values.

Not every vintage has a row for every two-digit sector. Where there is none, the sector is the
geometric mean of its industries, each counted once; which rows were read is part of the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import DataUnavailableError, TfpError
from helpers.sources.groups import sector_table

ADDRESS = (
    "https://www.bls.gov/productivity/tables/major-industry-total-factor-productivity-klems.xlsx"
)
MEASURE, UNITS = "total factor productivity", "index"
_KEYS = ("industry", "naics", "measure", "units")


@dataclass(frozen=True, eq=False)
class Productivity:
    """Sector productivity and where it was read.

    Attributes
    ----------
    shifts : DataFrame
        ``sector``, ``year``, ``log_tfp``: the log of an index.
    rows : dict of str to tuple of str
        NAICS codes of the rows that make up each sector.
    file, units : str
        Name of the file, and the index's base as it states it.
    """

    shifts: pd.DataFrame
    rows: dict[str, tuple[str, ...]]
    file: str
    units: str

    def about(self) -> dict:
        """What a panel keeps of it: units and, by sector, the rows read and averaged."""
        return {"units": self.units, "rows": {k: list(v) for k, v in self.rows.items()}}


def fetch(folder: Path | str) -> Path:
    """Download the workbook of major industries from its publisher.

    It is revised every year, so that no hash can be fixed; the panel records what it read.

    Raises
    ------
    DataUnavailableError
        If it cannot be had.
    """
    import pooch

    try:
        return Path(
            pooch.retrieve(ADDRESS, known_hash=None, path=folder, fname=ADDRESS.rsplit("/", 1)[-1])
        )
    except Exception as problem:
        raise DataUnavailableError(
            f"{ADDRESS}: could not be fetched ({type(problem).__name__}); save it by hand and "
            "give its path"
        ) from None


def _code(value: object) -> str:
    """A NAICS cell as text: 11.0 is 11, dashes are hyphens, no spaces."""
    text = re.sub(r"[\u2010-\u2015]", "-", str(value)).replace(" ", "")
    return re.sub(r"^(\d+)\.0$", r"\1", text)


def _workbook(path: Path) -> pd.DataFrame:
    """Find the sheet and row whose cells are the columns' names."""
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object)
    except Exception as problem:
        raise TfpError(
            f"{path}: not a workbook that can be read ({type(problem).__name__})"
        ) from None
    for sheet in sheets.values():
        for position in range(min(10, len(sheet))):
            names = [str(cell).strip().lower() for cell in sheet.iloc[position]]
            if set(_KEYS) <= set(names):
                table = sheet.iloc[position + 1 :].copy()
                table.columns = [re.sub(r"\.0$", "", name) for name in names]
                return table
    raise TfpError(
        f"{path}: no sheet has the columns Industry, NAICS, Measure and Units; found sheets "
        f"{', '.join(map(str, sheets))}"
    )


def _long(path: Path, table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Values by code and year, from either layout, and the units."""
    table = table.rename(columns=lambda name: str(name).strip().lower())
    if {"naics", "year"} <= set(table) and "measure" not in table:
        values = [name for name in table if name not in ("naics", "year", "industry")]
        if len(values) != 1:
            raise TfpError(
                f"{path}: expected one column of values, found {', '.join(values) or 'none'}"
            )
        long, units = table.rename(columns={values[0]: "value"}), values[0]
    elif set(_KEYS) <= set(table):
        measure = table["measure"].astype(str).str.strip().str.lower() == MEASURE
        index = table["units"].astype(str).str.strip().str.lower().str.startswith(UNITS)
        rows = table[measure & index]
        if rows.empty:
            raise TfpError(
                f"{path}: no row has the measure 'Total factor productivity' as an index"
            )
        years = [name for name in table if re.fullmatch(r"\d{4}", name)]
        units = str(rows["units"].iloc[0]).strip()
        long = rows.melt(["naics"], years, var_name="year", value_name="value")
    else:
        raise TfpError(
            f"{path}: expected the columns Industry, NAICS, Measure, Units and years, or naics, "
            f"year and a value; found {', '.join(map(str, table.columns[:8]))}"
        )
    long = long.assign(
        naics=long["naics"].map(_code),
        year=pd.to_numeric(long["year"], errors="coerce"),
        value=pd.to_numeric(long["value"], errors="coerce"),
    ).dropna(subset=["year"])
    return long.astype({"year": int}), units


def _prefixes(code: str) -> set[str]:
    """Two-digit prefixes of the industries that a code such as 5412-5414,5416 covers."""
    return {number[:2] for number in re.findall(r"\d+", code)}


def load(path: Path | str, years: Iterable[int]) -> Productivity:
    """Read sector productivity for the years of a panel.

    Parameters
    ----------
    path : path
        ``.xlsx`` or ``.csv``.
    years : iterable of int

    Returns
    -------
    Productivity

    Raises
    ------
    TfpError
        If the layout is another, a sector has no row, or a year has no value; the message says
        which.
    """
    path = Path(path)
    if not path.is_file():
        raise TfpError(f"{path}: no such file")
    years = sorted({int(year) for year in years})
    if path.suffix.lower() == ".csv":
        try:
            raw = pd.read_csv(path, dtype=str)
        except (ValueError, UnicodeDecodeError) as problem:
            raise TfpError(f"{path}: not a table ({type(problem).__name__})") from None
    else:
        raw = _workbook(path)
    long, units = _long(path, raw)
    by_code = long.pivot_table(index="naics", columns="year", values="value", aggfunc="first")
    sectors = sector_table()
    shifts, used = [], {}
    for sector, rows in sectors[sectors["tfp"] != ""].groupby("sector", sort=False):
        named = [code for code in rows["tfp"].iloc[0].split() if code in by_code.index]
        own = set(rows["prefix"])
        within = [code for code in by_code.index if _prefixes(code) and _prefixes(code) <= own]
        used[sector] = tuple(named[:1] or within)
        if not used[sector]:
            raise TfpError(f"{path}: no row for sector {sector} ({rows['name'].iloc[0]})")
        values = by_code.loc[list(used[sector])].reindex(columns=years)
        bad = ~(values > 0)
        if bad.to_numpy().any():
            code, year = bad.stack()[lambda flag: flag].index[0]
            raise TfpError(f"{path}: sector {sector} (NAICS {code}) has no value for {year}")
        log_tfp = np.log(values).mean(axis=0)
        shifts.append(
            pd.DataFrame({"sector": sector, "year": years, "log_tfp": log_tfp.to_numpy()})
        )
    return Productivity(pd.concat(shifts, ignore_index=True), used, path.name, units)
