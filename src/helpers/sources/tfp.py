"""Total factor productivity by sector, from the Bureau of Labor Statistics (paper, 4.1).

The workbook of major industries has one row an industry and measure, and one column a year:
Industry, NAICS, Basis, Measure, Units, 1987, 1988, ..., or a long sheet for machines with Year and
Value. The same columns as .csv are read too, and a long table ``naics, industry, year`` with one
column of values.

Not every vintage has a row for every two-digit sector. Where there is none, the sector is the
geometric mean of its industries, each counted once; which rows were read, and which parts of a
sector no row covers, is part of the result.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import DataUnavailableError, TfpError
from helpers.sources.groups import sector_table

ADDRESS = (
    "https://www.bls.gov/productivity/tables/major-industry-total-factor-productivity-klems.xlsx"
)
MEASURE, UNITS = "total factor productivity", "index"
_KEYS = ("naics", "measure", "units")
_SUBSECTORS = {
    "11": ("111-115",),
    "21": ("211-213",),
    "22": ("221",),
    "23": ("236-238",),
    "31-33": ("311-316,321-327,331-337,339",),
    "42": ("423-425",),
    "44-45": ("441-448,451-454", "441,444,445,449,455-459"),
    "48-49": ("481-488,491-493",),
    "51": ("511,512,515,517-519", "512,513,516-519"),
    "52": ("521-525",),
    "53": ("531-533",),
    "54": ("541",),
    "55": ("551",),
    "56": ("561,562",),
    "61": ("611",),
    "62": ("621-624",),
    "71": ("711-713",),
    "72": ("721,722",),
    "81": ("811-814",),
}
"""Three-digit parts of each sector; where NAICS redrew them, the older list and the newer."""
_GROUPS = {"541": range(5411, 5420), "336": (*range(3361, 3367), 3369)}


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
    missing : dict of str to tuple of str
        NAICS codes of parts that no row covers, for the sectors that have some.
    basis : str
        Basis of measurement that was chosen by name; empty where none had to be.
    """

    shifts: pd.DataFrame
    rows: dict[str, tuple[str, ...]]
    file: str
    units: str
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    basis: str = ""

    def about(self) -> dict:
        """What a panel keeps of it: units, and by sector the rows averaged and the parts missed."""
        return {
            "file": self.file,
            "units": self.units,
            "basis": self.basis,
            "rows": {sector: list(codes) for sector, codes in self.rows.items()},
            "parts without a row": {sector: list(codes) for sector, codes in self.missing.items()},
        }


def fetch(folder: Path | str) -> Path:
    """Download the workbook of major industries from its publisher.

    It is revised every year, so that no hash can be fixed; the panel records what it read.

    Raises
    ------
    DataUnavailableError
        If it cannot be had.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of bars of progress that a kernel cannot draw
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
            f"{path}: not a workbook that can be read ({type(problem).__name__}); save the "
            "workbook of major industries again, or give a .csv"
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
        f"{', '.join(map(str, sheets))}; give the workbook of major industries"
    )


def _long(path: Path, table: pd.DataFrame, basis: str | None) -> tuple[pd.DataFrame, str]:
    """Values by code and year, from any of the layouts, and the units."""
    table = table.rename(columns=lambda name: re.sub(r"\.0$", "", str(name).strip().lower()))
    if set(_KEYS) <= set(table):
        rows = _chosen(path, table, basis)
        years = [name for name in table if re.fullmatch(r"\d{4}", name)]
        long = rows if {"year", "value"} <= set(table) else None
        if long is None and not years:
            raise TfpError(
                f"{path}: found neither a column a year nor the columns Year and Value; give the "
                "workbook of major industries as it was published"
            )
        if long is None:
            long = rows.melt(["naics", "units"], years, var_name="year", value_name="value")
        units = str(rows["units"].iloc[0]).strip()
    elif {"naics", "year"} <= set(table):
        values = [name for name in table if name not in ("naics", "year", "industry")]
        if len(values) != 1:
            raise TfpError(
                f"{path}: expected one column of values, found {', '.join(values) or 'none'}; "
                "drop the others"
            )
        if basis is not None:
            raise TfpError(f"{path}: has no column Basis to choose {basis!r} by; leave it out")
        long, units = table.rename(columns={values[0]: "value"}), values[0]
    else:
        raise TfpError(
            f"{path}: expected the columns Industry, NAICS, Measure, Units and years, or naics, "
            f"year and a value; found {', '.join(map(str, table.columns[:8]))}; rename them"
        )
    long = long.assign(
        naics=long["naics"].map(_code),
        year=pd.to_numeric(long["year"], errors="coerce"),
        value=pd.to_numeric(long["value"], errors="coerce"),
    ).dropna(subset=["year"])
    long = long[long["year"] % 1 == 0].astype({"year": int})
    twice = long[long.duplicated(["naics", "year"], keep=False)]
    if len(twice):
        first = twice.iloc[0]
        n = int(((twice["naics"] == first["naics"]) & (twice["year"] == first["year"])).sum())
        raise TfpError(
            f"{path}: NAICS {first['naics']} has {n} rows for {int(first['year'])}; keep one"
        )
    return long, units


def _chosen(path: Path, table: pd.DataFrame, basis: str | None) -> pd.DataFrame:
    """Rows of the index of total factor productivity, on one basis and in one unit."""

    def words(name: str) -> pd.Series:
        return table[name].astype(str).str.strip()

    measure = words("measure").str.lower() == MEASURE
    rows = table[measure & words("units").str.lower().str.startswith(UNITS)]
    if rows.empty:
        found = ", ".join(sorted(set(words("measure")))[:5])
        raise TfpError(
            f"{path}: no row has the measure 'Total factor productivity' as an index; found "
            f"{found}; give the workbook of major industries"
        )
    if basis is not None:
        known = sorted(set(words("basis")[rows.index])) if "basis" in table else []
        rows = rows[[str(b).strip().casefold() == basis.strip().casefold() for b in
                     words("basis")[rows.index]]] if known else rows.iloc[:0]  # fmt: skip
        if rows.empty:
            raise TfpError(
                f"{path}: no row has the basis {basis!r}; found {', '.join(known) or 'no bases'}: "
                "name one of these"
            )
    keys = ["naics", *(["year"] if "year" in rows else [])]
    codes = rows.assign(naics=rows["naics"].map(_code))
    twice = codes[codes.duplicated(keys, keep=False)]
    if len(twice):
        code = twice["naics"].iloc[0]
        same = twice[twice["naics"] == code]
        name = "name one with basis= (tfp_basis= or --tfp-basis when building)"
        for column, said, do in (
            ("basis", "on several bases", name),
            ("units", "in several units", "keep one"),
        ):
            kinds = sorted(set(same[column].astype(str).str.strip())) if column in same else []
            if len(kinds) > 1:
                raise TfpError(f"{path}: NAICS {code} has rows {said}: {'; '.join(kinds)}; {do}")
        raise TfpError(f"{path}: NAICS {code} has {len(same)} rows; keep one")
    kinds = sorted(set(rows["units"].astype(str).str.strip()))
    if len(kinds) > 1:
        raise TfpError(
            f"{path}: rows are in different units, {'; '.join(kinds)}; keep those of one, since "
            "sectors are added up"
        )
    return rows


def _prefixes(code: str) -> set[str]:
    """Two-digit prefixes of the industries that a code such as 5412-5414,5416 covers."""
    return {number[:2] for number in re.findall(r"\d+", code)}


def _covered(codes: Iterable[str]) -> set[str]:
    """Three-digit industries, and four-digit ones where they are told apart, that codes cover."""
    found: set[str] = set()
    for code in codes:
        for part in re.split(r"[,;/]", code):
            ends = re.findall(r"\d+", part)
            if not ends:
                continue
            first, last = ends[0], ends[-1] if "-" in part else ends[0]
            last = first[: len(first) - len(last)] + last  # 5412-4 stands for 5412-5414
            for number in range(int(first), int(last) + 1):
                found.add(str(number)[:4])
    return found


def _uncovered(sector: str, codes: Iterable[str]) -> tuple[str, ...]:
    """Parts of a sector that none of the codes covers, by the list of parts that fits best."""
    there, best = _covered(codes), None
    for listed in _SUBSECTORS.get(sector, ()):
        lacking = []
        for part in sorted(_covered([listed])):
            groups = [str(group) for group in _GROUPS.get(part, ())]
            if part in there:
                continue
            if any(group in there for group in groups):
                lacking += [group for group in groups if group not in there]
            elif not any(code.startswith(part) for code in there):
                lacking.append(part)
        if best is None or len(lacking) < len(best):
            best = lacking
    return tuple(best or ())


def load(path: Path | str, years: Iterable[int], basis: str | None = None) -> Productivity:
    """Read sector productivity for the years of a panel.

    Parameters
    ----------
    path : path
        ``.xlsx`` or ``.csv``.
    years : iterable of int
    basis : str, optional
        Which basis of measurement to read, such as ``"Sectoral output"``, where industries have
        rows on several.

    Returns
    -------
    Productivity

    Raises
    ------
    TfpError
        If the layout is another, an industry has two rows, a sector has no row, or a year has no
        value; the message says which.
    """
    path = Path(path)
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        raise TfpError(f"{path}: {kind}; name the workbook (.xlsx) or a .csv")
    years = sorted({int(year) for year in years})
    if path.suffix.lower() == ".csv":
        try:
            raw = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
        except (ValueError, UnicodeDecodeError, OSError) as problem:
            raise TfpError(
                f"{path}: not a table ({type(problem).__name__}); save it as .csv in UTF-8"
            ) from None
    else:
        raw = _workbook(path)
    long, units = _long(path, raw, basis)
    by_code = long.pivot(index="naics", columns="year", values="value")
    sectors = sector_table()
    shifts, used, missing = [], {}, {}
    for sector, rows in sectors[sectors["tfp"] != ""].groupby("sector", sort=False):
        named = [code for code in rows["tfp"].iloc[0].split() if code in by_code.index]
        own = set(rows["prefix"])
        within = [code for code in by_code.index if _prefixes(code) and _prefixes(code) <= own]
        used[sector] = tuple(named[:1] or within)
        if not used[sector]:
            raise TfpError(
                f"{path}: no row for sector {sector} ({rows['name'].iloc[0]}); give a vintage that "
                "has one, or a table of sectors without it"
            )
        lacking = () if named else _uncovered(sector, used[sector])
        if lacking:
            missing[sector] = lacking
        values = by_code.loc[list(used[sector])].reindex(columns=years)
        bad = ~((values > 0) & np.isfinite(values))
        if bad.to_numpy().any():
            code, year = bad.stack()[lambda flag: flag].index[0]
            raise TfpError(
                f"{path}: sector {sector} (NAICS {code}) has no value for {year}, expected an "
                "index above 0; give a vintage that covers the panel's years"
            )
        log_tfp = np.log(values).mean(axis=0)
        shifts.append(
            pd.DataFrame({"sector": sector, "year": years, "log_tfp": log_tfp.to_numpy()})
        )
    return Productivity(
        pd.concat(shifts, ignore_index=True), used, path.name, units, missing, basis or ""
    )
