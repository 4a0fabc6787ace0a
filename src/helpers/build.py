"""From survey records to the panel: groups, shares, wages, exposures (paper, 4.1).

One pass over the records adds up weights and wages by year, metropolitan area, occupation group
and sector; it is an Ibis expression, so that DuckDB or a Spark cluster can run it. Sums are of
whole numbers (hundredths of a weight), so they are the same on every backend and in any order.
What is left is small, and every step that drops something says what and why.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import __version__, instrument
from helpers.errors import (
    CompanionError,
    DataError,
    ParameterError,
    RecordError,
    SampleError,
    WrongCollectionError,
)
from helpers.panel import OCCUPATIONS, Panel
from helpers.sources import ipums
from helpers.sources import tfp as productivity
from helpers.sources.groups import occupation_table, sector_table
from helpers.sources.replication import sha256

if TYPE_CHECKING:
    import ibis

WEIGHTS = ("HHWT", "PERWT")
ZERO_CELLS = ("drop", "pool")
POOLED = "Other metropolitan areas"
NO_WAGE = (999_998, 999_999)
"""INCWAGE: missing, and not applicable."""
NO_METRO = 0
_YEARS = (1850, 2100)
_OUTSIDE = ""  # of every group


@dataclass
class Ledger:
    """What each step dropped, why, and what was left."""

    rows: list[dict] = field(default_factory=list)

    def add(self, step: str, reason: str, before: pd.DataFrame, after: pd.DataFrame) -> None:
        """Record a step from the tables before and after it."""
        was, left = self._size(before), self._size(after)
        self.rows.append(
            {
                "step": step,
                "reason": reason,
                **{f"{key}_dropped": was[key] - left[key] for key in was},
                **{f"{key}_left": left[key] for key in left},
            }
        )

    @staticmethod
    def _size(table: pd.DataFrame) -> dict[str, float | int]:
        cells = table[(table["city"] != NO_METRO) & (table["occupation"] != _OUTSIDE)]
        return {
            "rows": int(table["n"].sum()),
            "weight": float(table["weight"].sum()),
            "cells": len(cells[["year", "city", "occupation"]].drop_duplicates()),
            "cities": int(cells["city"].nunique()),
        }


def attrition(panel: Panel) -> pd.DataFrame:
    """What was dropped on the way to a panel that :func:`build_panel` made.

    Returns
    -------
    DataFrame
        One row a step: ``step``, ``reason``, and rows, weight (households or persons), cells
        (city x occupation x year) and cities that it dropped and left.

    Raises
    ------
    ParameterError
        If the panel was not built from records.
    """
    if "attrition" not in panel.provenance:
        raise ParameterError(f"attrition: the panel {panel.source!r} was not built from records")
    return pd.DataFrame(panel.provenance["attrition"])


def _check_tables(occupations: pd.DataFrame, sectors: pd.DataFrame) -> None:
    """Refuse tables of groups that a reader gave and that cannot be used."""
    for name, table, wanted in (
        ("occupations", occupations, {"first", "last", "occupation"}),
        ("sectors", sectors, {"prefix", "sector"}),
    ):
        if not wanted <= set(table):
            raise ParameterError(
                f"{name}: expected the columns {', '.join(sorted(wanted))}, found "
                f"{', '.join(map(str, table.columns))}"
            )
    unknown = set(occupations["occupation"]) - set(OCCUPATIONS)
    if unknown:
        raise ParameterError(f"occupations: {sorted(unknown)[0]!r} is not one of the eight groups")
    ranges = occupations.sort_values("first")
    overlap = ranges["first"].to_numpy()[1:] <= ranges["last"].to_numpy()[:-1]
    if overlap.any():
        code = ranges["first"].to_numpy()[1:][overlap][0]
        raise ParameterError(f"occupations: code {code} is in two ranges")


def _sums(
    data: Path, book: ipums.Codebook, weight: str, base_year: int, con: ibis.BaseBackend,
    occupations: pd.DataFrame,
) -> ibis.Table:  # fmt: skip
    """The one pass: whole-number sums by year, area, range of occupations and industry.

    Industry, as the first two characters of INDNAICS, is kept apart in the base year alone,
    where the exposures come from: fewer groups make a faster pass.
    """
    import ibis

    names = _needed(weight)
    variables = {v.name: v for v in book.find(names)}
    text = ipums.fields(data, book, names, con)
    implied = ipums.is_fixed(data)
    value = {
        name: ipums.number(text[name], variables[name], implied=implied)
        for name in names
        if name != "INDNAICS"
    }
    prefix = text.INDNAICS.cast("string")
    records = text.select(
        year=value["YEAR"],
        city=value["MET2013"].fill_null(NO_METRO),
        code=value["OCC1990"],
        # cut where it is needed: an engine leaves the rest alone
        prefix=(value["YEAR"] == base_year).ifelse(
            (prefix if implied else prefix.strip()).substr(0, 2), ""
        ),
        weight=value[weight],
        wage=value["INCWAGE"],
        ok=text.ok,
    )
    group = ibis.cases(
        *(
            (records.code.between(int(row.first), int(row.last)), position)
            for position, row in enumerate(occupations.itertuples())
        ),
        else_=-1,
    )
    known = records.wage.notnull() & records.wage.notin(NO_WAGE)
    years = book.years or range(*_YEARS)
    fine = records.ok & records.year.between(min(years), max(years)) & (records.weight >= 0)
    marked = records.select(
        "year",
        "city",
        "weight",
        "prefix",
        group=group,
        paid=known.ifelse(records.weight, 0),
        wage=known.ifelse(records.wage, 0),
        bad=fine.fill_null(False).ifelse(0, 1),
        no_wage=known.ifelse(0, 1),
    )
    return marked.group_by(["year", "city", "group", "prefix"]).agg(
        n=marked.count(),
        weight=marked.weight.sum(),
        paid=marked.paid.sum(),
        paid_wage=(marked.paid * marked.wage).sum(),
        n_bad=marked.bad.sum(),
        n_no_wage=marked.no_wage.sum(),
    )


def _needed(weight: str) -> tuple[str, ...]:
    return ("YEAR", weight, "MET2013", "OCC1990", "INDNAICS", "INCWAGE")


@contextmanager
def _bar(con: ibis.BaseBackend, show: bool | None) -> Iterator[None]:
    """A progress bar while DuckDB scans; by default only where someone watches."""
    if con.name != "duckdb" or not (sys.stderr.isatty() if show is None else show):
        yield
        return
    from tqdm import tqdm

    done = threading.Event()
    with tqdm(total=100, desc="records", unit="%", bar_format="{l_bar}{bar}| {elapsed}") as bar:

        def watch() -> None:
            while not done.wait(0.2):
                bar.update(max(0.0, con.con.query_progress() - bar.n))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
            bar.update(100 - bar.n)
        finally:
            done.set()
            watcher.join()


def _explain(data: Path, book: ipums.Codebook, weight: str, problem: str) -> DataError:
    """Find the first bad record of a file whose scan went wrong, and name it."""
    names = _needed(weight)
    if not str(data).endswith(".parquet"):
        try:
            ipums.check(data, book, names)
            _check_values(data, book, weight)
        except DataError as found:
            return found
    return DataError(f"{data}: cannot be read ({problem})")


def _check_values(data: Path, book: ipums.Codebook, weight: str) -> None:
    """Refuse the first record with a negative or missing weight, or a year that cannot be."""
    wanted = book.find(("YEAR", weight))
    with ipums._open(data) as stream:
        for line, (year, amount) in ipums._records(data, stream, book, wanted):
            if not amount or float(amount) < 0:
                raise RecordError(
                    f"{data}, line {line}: {weight} is {amount or 'blank'}, expected 0 or more"
                )
            known = book.years or range(_YEARS[0], _YEARS[1] + 1)
            if not year or int(year) not in known:
                span = ", ".join(map(str, book.years)) or f"{_YEARS[0]} to {_YEARS[1]}"
                raise RecordError(
                    f"{data}, line {line}: YEAR is {year or 'blank'}, expected {span}"
                )


def _scan(
    data: Path, book: ipums.Codebook, weight: str, base_year: int,
    backend: str | ibis.BaseBackend, occupations: pd.DataFrame, progress: bool | None,
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    """Sums by group, with every record accounted for, and the engine's name and version."""
    con = ipums.connect(backend)
    if data.is_file() and not data.stat().st_size:
        raise SampleError(f"{data}: the file is empty")
    expression = _sums(data, book, weight, base_year, con, occupations)
    with ThreadPoolExecutor(1) as beside:
        sound = beside.submit(ipums.verify, data)
        try:
            with _bar(con, progress):
                sums = expression.execute()
        except Exception as problem:
            sound.result()
            said = str(problem).splitlines()
            why = said[0] if said else type(problem).__name__
            raise _explain(data, book, weight, why) from None
        sound.result()
    if sums.empty:
        raise SampleError(f"{data}: the extract has no record")
    if sums["n_bad"].sum():
        raise _explain(data, book, weight, f"{int(sums['n_bad'].sum())} bad records")
    return sums, f"{con.name} {con.version}"


def _tidy(
    sums: pd.DataFrame, decimals: int, occupations: pd.DataFrame, sectors: pd.DataFrame
) -> pd.DataFrame:
    """Sums by occupation and sector in natural units, with marks for what is in no group."""
    names = dict(enumerate(occupations["occupation"]))
    sector_of = dict(zip(sectors["prefix"], sectors["sector"], strict=True))
    table = sums.assign(
        occupation=sums["group"].map(names).fillna(_OUTSIDE),
        sector=sums["prefix"].map(sector_of).fillna(_OUTSIDE),
    )
    whole = ["n", "weight", "paid", "paid_wage", "n_no_wage"]
    for name in whole:
        table[name] = [int(value) for value in table[name]]  # exact: an engine may use decimals
    keys = ["year", "city", "occupation", "sector"]
    table = table.astype({"year": int, "city": int}).groupby(keys, as_index=False)[whole].sum()
    amounts = ["weight", "paid", "paid_wage"]
    return table.assign(**{name: table[name].astype(float) / 10**decimals for name in amounts})


def _keep_cities(
    table: pd.DataFrame, base_year: int, zero_cells: str, entrants: str, ledger: Ledger
) -> pd.DataFrame:
    """Drop or pool what cannot be part of a full table of cities and occupations."""
    in_metro = table[table["city"] != NO_METRO]
    ledger.add("metropolitan area", "MET2013 is 0: not identified", table, in_metro)
    in_group = in_metro[in_metro["occupation"] != _OUTSIDE]
    ledger.add("occupation", "OCC1990 is in none of the eight groups", in_metro, in_group)
    settled = in_group
    if zero_cells == "pool":
        lacking = _lacking(in_group)
        short = set(lacking[lacking].index.get_level_values("city"))
        settled = in_group.assign(city=in_group["city"].where(~in_group["city"].isin(short), -1))
        reason = f"{len(short)} cities that lack an occupation in some year, pooled into one"
        ledger.add("pooled cities", reason, in_group, settled)
    lacking = _lacking(settled)
    full = ~lacking.reindex(pd.MultiIndex.from_frame(settled[["year", "city"]])).to_numpy()
    kept = settled[full]
    reason = "a city lacks one of the eight occupations that year"
    ledger.add("empty cells", reason, settled, kept)
    if entrants == "drop":
        first = set(kept.loc[kept["year"] == base_year, "city"])
        stayed = kept[kept["city"].isin(first)]
        ledger.add("base year", f"the city has no full row of cells in {base_year}", kept, stayed)
        return stayed
    return kept


def _lacking(table: pd.DataFrame) -> pd.Series:
    """By year and city: whether some occupation has nobody.

    A cell whose records weigh nothing is as empty as one without records.
    """
    cells = table.groupby(["year", "city", "occupation"])["weight"].sum().unstack("occupation")
    return ~(cells.reindex(columns=OCCUPATIONS) > 0).all(axis=1)


def _cells(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares and mean wages of cells and cities."""
    by_cell = table.groupby(["year", "city", "occupation"])[["weight", "paid", "paid_wage"]].sum()
    cells = by_cell.reset_index()
    of_occupation = cells.groupby(["year", "occupation"])["weight"].transform("sum")
    wage = (cells["paid_wage"] / cells["paid"].where(cells["paid"] > 0)).where(lambda w: w > 0)
    cells = cells.assign(
        log_share=np.log(cells["weight"] / of_occupation),
        log_wage=np.log(wage),
        wage=wage,
        households=cells["weight"],
    )
    cities = cells.groupby(["year", "city"], as_index=False).agg(
        households=("households", "sum"), wages=("wage", lambda w: w.sum(skipna=False))
    )
    total = cities.groupby("year")["households"].transform("sum")
    cities = cities.assign(
        log_city_share=np.log(cities["households"] / total), log_city_wage=np.log(cities["wages"])
    ).drop(columns="wages")
    return cells.drop(columns=["weight", "paid", "paid_wage", "wage"]), cities


def _exposures(
    table: pd.DataFrame, base_year: int, with_tfp: list[str], ledger: Ledger
) -> pd.DataFrame:
    """Base-year exposures gamma_ks kappa_cs; sectors without productivity have none."""
    base = table[table["year"] == base_year]
    known = base[base["sector"] != _OUTSIDE]
    ledger.add(f"sector, {base_year} only", "INDNAICS is in no sector", base, known)
    by_sector = known.pivot_table(
        index="occupation", columns="sector", values="weight", aggfunc="sum", fill_value=0.0
    )
    by_city = known.pivot_table(
        index="city", columns="sector", values="weight", aggfunc="sum", fill_value=0.0
    )
    sectors = [name for name in with_tfp if name in by_sector and by_sector[name].sum() > 0]
    gamma_ks = by_sector[sectors] / by_sector[sectors].sum(axis=0)
    kappa_cs = by_city.div(by_city.sum(axis=1), axis=0)[sectors]
    return instrument.exposures(gamma_ks, kappa_cs)


def build_panel(
    data: Path | str,
    codebook: Path | str | None = None,
    tfp: Path | str | pd.DataFrame | None = None,
    *,
    weight: str = "HHWT",
    base_year: int = 2010,
    backend: str | ibis.BaseBackend = "duckdb",
    zero_cells: str = "drop",
    entrants: str = "drop",
    occupations: pd.DataFrame | None = None,
    sectors: pd.DataFrame | None = None,
    progress: bool | None = None,
) -> Panel:
    """Build the paper's panel from an IPUMS USA extract (paper, 4.1).

    Parameters
    ----------
    data : path
        The extract: ``.dat.gz``, ``.csv.gz`` or parquet (see :func:`helpers.sources.ipums.scan`).
    codebook : path, optional
        Its DDI codebook; by default the ``.xml`` beside the data.
    tfp : path or DataFrame, optional
        Productivity by sector (:mod:`helpers.sources.tfp`), or a table ``sector, year,
        log_tfp``. Without it the panel has no instrument.
    weight : {"HHWT", "PERWT"}
        Household weight, the paper's, or person weight.
    base_year : int
        Year of the exposures.
    backend : {"duckdb", "pyspark"} or Ibis connection
    zero_cells : {"drop", "pool"}
        A city without anyone in some occupation has no log share: it is dropped for that year,
        or all such cities are pooled into one, in every year.
    entrants : {"drop", "keep"}
        Cities without a base-year cell are dropped, or kept in the shares without an
        instrument, as in the author's published files.
    occupations, sectors : DataFrame, optional
        In place of :func:`occupation_table` and :func:`sector_table`.
    progress : bool, optional
        Show a bar; by default where standard error is a terminal.

    Returns
    -------
    Panel
        With ``households``, exposures, shifts where ``tfp`` is given, and in ``provenance`` the
        hashes of the inputs, options, versions and the attrition ledger (:func:`attrition`).

    Raises
    ------
    CodebookError, WrongCollectionError, MissingVariableError
        If the codebook is not that of an IPUMS USA extract with the variables needed.
    RecordError, TruncatedFileError
        For the first record that cannot be read, by line and variable.
    SampleError
        If fewer than two cities, no record or no base year is left.
    TfpError
        If productivity lacks a sector or a year.
    """
    data = Path(data)
    for name, value, known in (
        ("weight", weight, WEIGHTS),
        ("zero_cells", zero_cells, ZERO_CELLS),
        ("entrants", entrants, ("drop", "keep")),
    ):
        if value not in known:
            raise ParameterError(f"{name}: expected one of {', '.join(known)}, found {value!r}")
    book = ipums.read_codebook(codebook or _beside(data))
    if book.collection != "usa":
        raise WrongCollectionError(
            f"{book.path}: an extract of IPUMS {book.collection.upper()}, expected IPUMS USA"
        )
    sector_of = sector_table() if sectors is None else sectors
    group_of = occupation_table() if occupations is None else occupations
    _check_tables(group_of, sector_of)
    sums, engine = _scan(data, book, weight, base_year, backend, group_of, progress)
    table = _tidy(sums, book.variables[weight].decimals, group_of, sector_of)
    years = sorted(table["year"].unique())
    if base_year not in years:
        raise SampleError(f"{data}: no record of the base year {base_year}, found {years}")
    ledger = Ledger()
    ledger.add("all records", "", table, table)
    kept = _keep_cities(table, base_year, zero_cells, entrants, ledger)
    if kept["city"].nunique() < 2 or base_year not in set(kept["year"]):
        raise SampleError(
            f"{data}: {kept['city'].nunique()} cities have all eight occupations in {base_year}, "
            "at least 2 are needed"
        )
    cells, cities = _cells(kept)
    no_wage = int(kept["n_no_wage"].sum())
    shifts, tfp_from = _shifts(tfp, sorted(kept["year"].unique()), sector_of)
    exposures = _exposures(kept, base_year, _with_tfp(shifts, sector_of), ledger)
    if shifts is None:
        cells = cells.assign(instrument=np.nan)
    else:
        shifts = shifts[shifts["sector"].isin(exposures["sector"])]
        predicted = instrument.shift_share(exposures, shifts)
        cells = cells.merge(predicted, on=["year", "city", "occupation"], how="left")
    names = _city_names(book, kept["city"].unique())
    for frame in (cells, cities, exposures):
        frame["city"] = frame["city"].map(names)
    return Panel(
        cells=cells,
        cities=cities,
        exposures=exposures,
        shifts=shifts,
        source="ipums",
        provenance={
            "sha256": {path.name: sha256(path) for path in (data, book.path)} | tfp_from,
            "options": {
                "weight": weight,
                "base_year": base_year,
                "zero_cells": zero_cells,
                "entrants": entrants,
                "own tables": [
                    name
                    for name, given in (("occupations", occupations), ("sectors", sectors))
                    if given is not None
                ],
            },
            "versions": {
                "correlated-migration": __version__,
                "engine": engine,
                **{name: version(name) for name in ("ibis-framework", "ipumspy")},
            },
            "records": int(table["n"].sum()),
            "records without a wage": no_wage,
            "attrition": ledger.rows,
        },
    )


def _beside(data: Path) -> Path:
    """Codebook that IPUMS puts beside its data: the same name, .xml."""
    return data.with_name(data.name.split(".")[0] + ".xml")


def _with_tfp(shifts: pd.DataFrame | None, sectors: pd.DataFrame) -> list[str]:
    """Sectors that can carry a shift, in the order of the table."""
    listed = list(dict.fromkeys(sectors["sector"]))
    if shifts is not None:
        return [name for name in listed if name in set(shifts["sector"])]
    return list(dict.fromkeys(sectors.loc[sectors.get("tfp", "x") != "", "sector"]))


def _shifts(
    tfp: Path | str | pd.DataFrame | None, years: list[int], sectors: pd.DataFrame
) -> tuple[pd.DataFrame | None, dict[str, str]]:
    """Sector shifts for the years of the panel, and the hash of the file they came from."""
    if tfp is None:
        return None, {}
    if isinstance(tfp, pd.DataFrame):
        return tfp[tfp["year"].isin(years)].reset_index(drop=True), {}
    read = productivity.load(tfp, years)
    return read.shifts, {Path(tfp).name: sha256(Path(tfp))}


def _city_names(book: ipums.Codebook, codes: np.ndarray) -> dict[int, str]:
    """Names of metropolitan areas from the codebook's labels, or the code where it has none."""
    labels = {int(code): label for code, label in book.variables["MET2013"].labels.items()}
    names = {int(code): labels.get(int(code), f"MET2013 {int(code):05d}") for code in codes}
    if -1 in names:
        names[-1] = POOLED
    return names


def main(arguments: list[str] | None = None) -> int:
    """Build a panel from the command line: ``python -m helpers.build DATA FOLDER --tfp FILE``."""
    parser = argparse.ArgumentParser(prog="python -m helpers.build", description=__doc__)
    parser.add_argument("data", help="the extract, .dat.gz or .csv.gz")
    parser.add_argument("folder", help="where the panel goes")
    parser.add_argument("--codebook", help="by default the .xml beside the data")
    parser.add_argument("--tfp", help="productivity by sector, .xlsx or .csv")
    parser.add_argument("--weight", default="HHWT", choices=WEIGHTS)
    parser.add_argument("--base-year", type=int, default=2010)
    parser.add_argument("--backend", default="duckdb", choices=("duckdb", "pyspark"))
    parser.add_argument("--zero-cells", default="drop", choices=ZERO_CELLS)
    parser.add_argument("--entrants", default="drop", choices=("drop", "keep"))
    wanted = vars(parser.parse_args(arguments))
    data, folder = wanted.pop("data"), wanted.pop("folder")
    try:
        panel = build_panel(data, **wanted)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    panel.save(folder)
    print(attrition(panel).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
