"""From survey records to the panel: groups, shares, wages, exposures (paper, 4.1).

One pass over the records adds up weights and wages by year, metropolitan area, occupation group
and sector; it is an Ibis expression, so that DuckDB or a Spark cluster can run it. Sums are of
whole numbers (hundredths of a weight), so they are the same on every backend and in any order.
Where records write their decimals out, a second pass adds up as many digits as they write.
What is left is small, and every step that drops something says what and why.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import __version__, instrument
from helpers.errors import (
    CompanionError,
    DataError,
    MissingVariableError,
    ParameterError,
    RecordError,
    SampleError,
    WrongCollectionError,
)
from helpers.panel import OCCUPATIONS, Panel, check_target
from helpers.sources import ipums
from helpers.sources import tfp as productivity
from helpers.sources.groups import occupation_table, sector_table
from helpers.sources.replication import sha256

if TYPE_CHECKING:
    import ibis

WEIGHTS = ("HHWT", "PERWT")
ZERO_CELLS = ("drop", "pool")
PERSONS = ("all", "heads")
ENTRANTS = ("drop", "keep")
WAGELESS = ("keep", "drop")
POOLED = "Other metropolitan areas"
NO_WAGE = (999_998, 999_999)
"""INCWAGE: missing, and not applicable."""
NO_METRO = 0
GROUP_QUARTERS = (3, 4)
"""GQ: institutions, and other group quarters."""
OCCUPATION_BREAKS = (2010, 2012, 2018)
"""Years from which the survey codes occupations by another list."""
AREA_BREAKS = (2012,)
"""Years from which the public-use areas, that metropolitan areas are made of, are others."""
_MOST_DIGITS = 35  # that sums of decimals may have on every engine
_MOST = 1e12  # that a weight or a wage may be
_YEARS = (1850, 2100)
_OUTSIDE = ""  # of every group


COLUMNS = (
    "step", "reason", "rows_dropped", "weight_dropped", "cells_dropped", "cities_dropped",
    "rows_left", "weight_left", "cells_left", "cities_left",
)  # fmt: skip
"""Of :func:`attrition`."""


@dataclass(frozen=True)
class _Plan:
    """What is read, and how its numbers are added up.

    ``weight_places`` and ``wage_places`` are the digits after the point that sums keep; with
    ``as_written`` numbers may have points and exponents of their own.
    """

    data: Path
    book: ipums.Codebook
    weight: str
    base_year: int
    occupations: pd.DataFrame
    heads: bool
    has: frozenset[str]
    samples: tuple[int, ...] | None
    weight_places: int
    wage_places: int
    as_written: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """Variables whose numbers are used, and so have to be numbers."""
        more = ("PERNUM",) if self.heads else ()
        return ("YEAR", self.weight, "MET2013", "OCC1990", "INDNAICS", "INCWAGE", *more)


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
        raise ParameterError(
            f"attrition: the panel {panel.source!r} was not built from records; give one that "
            "build_panel made"
        )
    steps = pd.DataFrame(panel.provenance["attrition"])
    return steps[[name for name in COLUMNS if name in steps]]


def cities_by_year(panel: Panel) -> pd.DataFrame:
    """How many cities each year of a panel has, and how many the year before had and this has not.

    Returns
    -------
    DataFrame
        ``year``, ``cities``, ``entered``, ``left``: the last two against the year before.
    """
    at = {year: set(panel.year(year)["city"]) for year in panel.years}
    rows, before = [], None
    for year, cities in at.items():
        seen = cities if before is None else before
        rows.append((year, len(cities), len(cities - seen), len(seen - cities)))
        before = cities
    return pd.DataFrame(rows, columns=["year", "cities", "entered", "left"])


def notes(panel: Panel) -> list[str]:
    """What to know about a panel that :func:`build_panel` made, before it is used.

    Who is counted, breaks in the codes of occupations and in the areas, top codes, cells without
    a wage: one sentence or two each, with this panel's numbers.

    Raises
    ------
    ParameterError
        If the panel was not built from records.
    """
    if "notes" not in panel.provenance:
        raise ParameterError(
            f"notes: the panel {panel.source!r} was not built from records; give one that "
            "build_panel made"
        )
    return list(panel.provenance["notes"])


def _check_tables(occupations: pd.DataFrame, sectors: pd.DataFrame) -> None:
    """Refuse tables of groups that a reader gave and that cannot be used."""
    for name, table, wanted in (
        ("occupations", occupations, {"first", "last", "occupation"}),
        ("sectors", sectors, {"prefix", "sector"}),
    ):
        if not isinstance(table, pd.DataFrame):
            raise ParameterError(
                f"{name}: expected a table such as helpers.sources.groups gives, found "
                f"{type(table).__name__}"
            )
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


def _sums(plan: _Plan, con: ibis.BaseBackend) -> ibis.Table:
    """The one pass: whole-number sums by year, area, range of occupations and industry.

    Industry, as the first two characters of INDNAICS, is kept apart in the base year alone,
    where the exposures come from: fewer groups make a faster pass.
    """
    import ibis

    book, weight = plan.book, plan.weight
    implied = ipums.is_fixed(plan.data)
    text = _read(plan, con)
    value = {name: _amount(plan, text[name], name) for name in plan.needed if name != "INDNAICS"}
    prefix = text.INDNAICS.cast("string")
    marks = {
        # cheap to tell and not worth a refusal: who is first in the household, what sample it is
        "sample": text.SAMPLE.cast("string").strip() if "SAMPLE" in plan.has else ibis.literal(""),
        "first": _is_code_of(text.PERNUM, (1,), book.variables["PERNUM"].width)
        if "PERNUM" in plan.has
        else ibis.literal(True),
        "quarters": _is_code_of(text.GQ, GROUP_QUARTERS, book.variables["GQ"].width)
        if "GQ" in plan.has
        else ibis.literal(False),
    }
    records = text.select(
        year=value["YEAR"],
        city=value["MET2013"].fill_null(NO_METRO),
        code=value["OCC1990"],
        # cut where it is needed: an engine leaves the rest alone
        prefix=(value["YEAR"] == plan.base_year).ifelse(
            (prefix if implied else prefix.strip()).substr(0, 2), ""
        ),
        weight=value[weight],
        wage=value["INCWAGE"],
        ok=_is_sound(plan, text, value) if plan.as_written else text.ok,
        **marks,
    )
    group = ibis.cases(
        *(
            (records.code.between(int(row.first), int(row.last)), position)
            for position, row in enumerate(plan.occupations.itertuples())
        ),
        else_=-1,
    )
    unit = 10**plan.wage_places
    known = records.wage.notnull() & records.wage.notin([code * unit for code in NO_WAGE])
    years = book.years or range(*_YEARS)
    fine = records.ok & records.year.between(min(years), max(years)) & (records.weight >= 0)
    zero = ibis.literal(0)
    marked = records.select(
        "year",
        "city",
        "weight",
        "prefix",
        "sample",
        group=group,
        head=records["first"].ifelse(1, 0) if plan.heads else zero,
        paid=known.ifelse(records.weight, zero),
        wage=known.ifelse(records.wage, zero),
        bad=fine.fill_null(False).ifelse(0, 1),
        no_wage=known.fill_null(False).ifelse(0, 1),
        one=records["first"].ifelse(1, 0),
        inside=records["quarters"].ifelse(1, 0),
    )
    return marked.group_by(["year", "city", "group", "prefix", "sample", "head"]).agg(
        n=marked.count(),
        weight=marked.weight.sum(),
        paid=marked.paid.sum(),
        paid_wage=(marked.paid * marked.wage).sum(),
        n_bad=marked.bad.sum(),
        n_no_wage=marked.no_wage.sum(),
        n_first=marked.one.sum(),
        n_quarters=marked.inside.sum(),
    )


def _read(plan: _Plan, con: ibis.BaseBackend) -> ibis.Table:
    """Fields as they stand: those that are used, and those that only mark a record."""
    names = list(dict.fromkeys([*plan.needed, *sorted(plan.has)]))
    return ipums.fields(plan.data, plan.book, names, con, numeric=plan.needed)


def _amount(plan: _Plan, field: ibis.Value, name: str) -> ibis.Value:
    """A number of a record: whole units, or a decimal where records write their digits out."""
    variable, implied = plan.book.variables[name], ipums.is_fixed(plan.data)
    if not plan.as_written:
        return ipums.number(field, variable, implied=implied)
    text = ipums.written(field, variable, implied=implied)
    if name == plan.weight:
        return ipums.units(text, plan.weight_places)
    if name == "INCWAGE":
        return ipums.units(text, plan.wage_places).try_cast("int64")
    return ipums.whole(text)


def _is_sound(plan: _Plan, text: ibis.Table, value: dict[str, ibis.Value]) -> ibis.Value:
    """Whether a record's numbers, written in any way, are ones that can be added up."""
    fine, implied = text.sound, ipums.is_fixed(plan.data)
    for name, found in value.items():
        blank = ipums.written(text[name], plan.book.variables[name], implied=implied).isnull()
        fine &= blank | found.notnull()
    return fine


def _is_code_of(field: ibis.Value, codes: Sequence[int], width: int) -> ibis.Value:
    """Whether a field holds one of some codes, padded as extracts pad them."""
    if not field.type().is_string():
        return field.isin(list(codes)).fill_null(False)
    ways = {way for c in map(str, codes) for way in (c, f"{c}.0", c.zfill(width), c.rjust(width))}
    return field.isin(sorted(ways)).fill_null(False)


def _as_written(plan: _Plan, con: ibis.BaseBackend) -> _Plan:
    """The plan for records that write their decimals out: how many digits sums have to hold."""
    import ibis

    text, implied = _read(plan, con), ipums.is_fixed(plan.data)
    asked = {"n": text.count()}
    for key, name in (("weight", plan.weight), ("wage", "INCWAGE")):
        field = ipums.written(text[name], plan.book.variables[name], implied=implied)
        size = field.try_cast("float64").abs()
        asked[f"{key}_places"] = text.sound.ifelse(ipums.places(field), 0).max()
        asked[f"{key}_size"] = text.sound.ifelse(size, ibis.literal(0.0)).max()
    found = text.aggregate(**asked).execute().iloc[0]
    room, after = _MOST_DIGITS - len(str(int(found["n"]))), []
    for key in ("weight", "wage"):
        size = found[f"{key}_size"]
        size = 0.0 if pd.isna(size) else min(float(size), _MOST)
        room -= len(str(int(size))) + 1
    for key, most in (("wage", 6), ("weight", 20)):
        places = found[f"{key}_places"]
        places = 0 if pd.isna(places) else int(np.clip(places, 0, min(most, max(room, 0))))
        room -= places
        after.append(places)
    return replace(plan, as_written=True, wage_places=after[0], weight_places=after[1])


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


def _explain(plan: _Plan, problem: str) -> DataError:
    """Find the first bad record of a file whose scan went wrong, and name it."""
    try:
        ipums.check(plan.data, plan.book, plan.needed)
        _check_values(plan)
    except DataError as found:
        return found
    return DataError(f"{plan.data}: cannot be read ({problem}); fetch the extract again")


def _check_values(plan: _Plan) -> None:
    """Refuse the first record whose year, weight or codes cannot be."""
    codes = [name for name in plan.needed if name not in (plan.weight, "INDNAICS")]
    wanted = plan.book.find((plan.weight, *codes))
    known = plan.book.years or range(_YEARS[0], _YEARS[1] + 1)
    span = ", ".join(map(str, plan.book.years)) or f"{_YEARS[0]} to {_YEARS[1]}"
    implied = ipums.is_fixed(plan.data)
    mend = "; mend the record, or order the extract again"
    for place, (amount, *others) in ipums.records(plan.data, plan.book, wanted):
        if not amount or not 0 <= float(amount) <= _MOST:
            raise RecordError(
                f"{plan.data}, {place}: {plan.weight} is {amount or 'blank'}, expected 0 or more"
                f"{mend}"
            )
        for variable, text in zip(wanted[1:], others, strict=True):
            value = float(text or "nan") / (10**variable.decimals if implied else 1)
            if variable.name == "YEAR" and value not in known:
                raise RecordError(
                    f"{plan.data}, {place}: YEAR is {text or 'blank'}, expected {span}{mend}"
                )
            if variable.name == "INCWAGE":
                fine, what = abs(value) <= _MOST, "a wage"
            else:
                fine, what = value % 1 == 0 and abs(value) < 1e18, "a whole code"
            if text and not fine:
                raise RecordError(
                    f"{plan.data}, {place}: {variable.name} is {text}, expected {what}{mend}"
                )


def _scan(
    plan: _Plan, backend: str | ibis.BaseBackend, progress: bool | None
) -> tuple[pd.DataFrame, _Plan, str]:
    """Sums by group, with every record accounted for; the plan and the engine that made them."""
    con = ipums.connect(backend)
    data = plan.data
    with ThreadPoolExecutor(1) as beside:
        sound = beside.submit(ipums.verify, data)
        try:
            with _bar(con, progress):
                sums = _sums(plan, con).execute()
                if sums["n_bad"].sum():  # decimals that are written out, or a fault
                    plan = _as_written(plan, con)
                    sums = _sums(plan, con).execute()
        except CompanionError:
            raise
        except Exception as problem:
            sound.result()
            said = str(problem).splitlines()
            why = said[0] if said else type(problem).__name__
            raise _explain(plan, why) from None
        sound.result()
    if sums.empty:
        raise SampleError(f"{data}: the extract has no record; order it again")
    if sums["n_bad"].sum():
        raise _explain(plan, f"{int(sums['n_bad'].sum())} bad records")
    return sums, plan, f"{con.name} {con.version}"


def _choose_samples(plan: _Plan, sums: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep the samples that are asked for by name, and refuse two of one year that are not.

    Returns the sums that are kept and the names of their samples.
    """
    data, book = plan.data, plan.book
    asked = plan.samples
    if "SAMPLE" not in plan.has:
        last = [max(found) for found in (_years_in(name) for name in book.samples) if found]
        twice = sorted({year for year in last if last.count(year) > 1})
        if asked is not None:
            raise MissingVariableError(
                f"samples: {data} has no variable SAMPLE to choose by; order it with SAMPLE"
            )
        if twice:
            names = [name for name in book.samples if twice[0] in _years_in(name)]
            raise SampleError(
                f"{book.path}: lists {len(names)} samples of {twice[0]} "
                f"({'; '.join(map(_short, names))}), which would count everybody "
                f"{len(names)} times; order one sample a year, or the variable SAMPLE to choose by"
            )
        return sums, [_short(name) for name in book.samples]
    codes = pd.to_numeric(sums["sample"], errors="coerce")
    labels = {int(k): v for k, v in book.variables["SAMPLE"].labels.items() if _is_code(k)}

    def called(code: float) -> str:
        return "a sample without a number" if pd.isna(code) else (
            f"{int(code)} ({labels[int(code)]})" if int(code) in labels else f"{int(code)}"
        )  # fmt: skip

    there = sorted({int(code) for code in codes.dropna()})
    if asked is not None:
        unknown = [code for code in asked if code not in there]
        if unknown:
            raise SampleError(
                f"samples: {unknown[0]} is not in {data}; it has "
                f"{', '.join(map(called, there))}: name one of these"
            )
        return sums[codes.isin(asked)], [called(code) for code in asked]
    pairs = sums.assign(sample=codes)[["year", "sample"]].drop_duplicates()
    twice = pairs[pairs.duplicated("year", keep=False)].sort_values(["year", "sample"])
    if len(twice):
        year = int(twice["year"].iloc[0])
        names = [called(code) for code in twice.loc[twice["year"] == year, "sample"]]
        first = twice.groupby("year")["sample"].min()
        others = pairs.loc[~pairs["year"].isin(first.index), "sample"]
        chosen = [*first.dropna(), *others.dropna()]
        example = " ".join(str(int(code)) for code in sorted(chosen)[:3])
        raise SampleError(
            f"{data}: {year} has {len(names)} samples, {' and '.join(names)}; samples of one "
            "population added up would count everybody twice. Name those to use, "
            f"samples=[...] or --samples {example}{' ...' if len(chosen) > 3 else ''}; to add "
            "samples that do not overlap, name them all"
        )
    return sums, [called(code) for code in there]


def _is_code(value: object) -> bool:
    return str(value).lstrip("-").isdigit()


def _years_in(name: str) -> list[int]:
    return [int(year) for year in re.findall(r"\b(?:1[89]|20)\d\d\b", name)]


def _short(name: str) -> str:
    return name.rsplit(":", 1)[-1].strip()


def _tidy(sums: pd.DataFrame, plan: _Plan, sectors: pd.DataFrame) -> pd.DataFrame:
    """Sums by occupation and sector in natural units, with marks for what is in no group."""
    names = dict(enumerate(plan.occupations["occupation"]))
    sector_of = dict(zip(sectors["prefix"], sectors["sector"], strict=True))
    table = sums.assign(
        occupation=sums["group"].map(names).fillna(_OUTSIDE),
        sector=sums["prefix"].map(sector_of).fillna(_OUTSIDE),
    )
    both = plan.weight_places + plan.wage_places
    after = {"weight": plan.weight_places, "paid": plan.weight_places, "paid_wage": both}
    counts = ["n", "n_no_wage", "n_first", "n_quarters"]
    for name in [*counts, *after]:
        table[name] = [int(value) for value in table[name]]  # exact: an engine may use decimals
    keys = ["year", "city", "occupation", "sector", "head"]
    table = table.astype({"year": int, "city": int, "head": int})
    table = table.groupby(keys, as_index=False)[[*counts, *after]].sum()
    return table.assign(
        **{name: [value / 10**scale for value in table[name]] for name, scale in after.items()}
    )


def _keep_cities(
    table: pd.DataFrame, base_year: int, zero_cells: str, entrants: str, heads: bool,
    ledger: Ledger, paid_only: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Drop or pool what cannot be part of a full table of cities and occupations."""
    if heads:
        everybody, table = table, table[table["head"] == 1]
        reason = "not the first person of its household: PERNUM is not 1"
        ledger.add("household heads", reason, everybody, table)
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
    if paid_only:
        unpaid = _lacking(kept, "paid_wage")
        full = ~unpaid.reindex(pd.MultiIndex.from_frame(kept[["year", "city"]])).to_numpy()
        paid = kept[full]
        ledger.add("wages", "a city has a cell in which nobody has a wage that year", kept, paid)
        kept = paid
    if entrants == "drop":
        first = set(kept.loc[kept["year"] == base_year, "city"])
        stayed = kept[kept["city"].isin(first)]
        ledger.add("base year", f"the city has no full row of cells in {base_year}", kept, stayed)
        return stayed
    return kept


def _lacking(table: pd.DataFrame, amount: str = "weight") -> pd.Series:
    """By year and city: whether some occupation has nobody.

    A cell whose records weigh nothing is as empty as one without records.
    """
    cells = table.groupby(["year", "city", "occupation"])[amount].sum().unstack("occupation")
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
    data: Path, table: pd.DataFrame, base_year: int, with_tfp: list[str], ledger: Ledger
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
    if not sectors:
        raise SampleError(
            f"{data}: no record of {base_year} has an industry in a sector with productivity, so "
            "there are no exposures; INDNAICS is blank or 0 where nobody is asked for an "
            "industry: order INDNAICS for people who work, or choose another base year"
        )
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
    persons: str = "all",
    wageless: str = "keep",
    samples: int | str | Sequence[int | str] | None = None,
    tfp_basis: str | None = None,
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
    persons : {"all", "heads"}
        Every record counts, as in the paper's files, or the first person of each household
        alone (``PERNUM`` is 1). ``HHWT`` is a household's weight that each of its members
        carries: over all records it counts people, over heads it counts households.
    wageless : {"keep", "drop"}
        A city with a cell in which nobody has a wage stays in the shares, with the wage of the
        cell and of the city missing, or is dropped for that year, as one without the cell is.
    samples : int, str or sequence, optional
        Values of ``SAMPLE``, or their labels, to keep. Two samples of one year are refused
        unless they are named, since adding them up counts a population twice.
    tfp_basis : str, optional
        Which basis of measurement of productivity to read, where the workbook has several.
    occupations, sectors : DataFrame, optional
        In place of :func:`occupation_table` and :func:`sector_table`.
    progress : bool, optional
        Show a bar; by default where standard error is a terminal.

    Returns
    -------
    Panel
        With ``households``, exposures, shifts where ``tfp`` is given, and in ``provenance`` the
        hashes of the inputs, options, versions, rows of productivity that were averaged, the
        attrition ledger (:func:`attrition`) and what to know of it (:func:`notes`).

    Raises
    ------
    CodebookError, WrongCollectionError, MissingVariableError
        If the codebook is not that of an IPUMS USA extract with the variables needed.
    RecordError, TruncatedFileError
        For the first record that cannot be read, by line and variable.
    SampleError
        If fewer than two cities, no record or no base year is left, if nobody lives in a
        household or has an industry, or if a year has two samples.
    TfpError
        If productivity lacks a sector or a year.
    """
    data = Path(data)
    for name, value, known in (
        ("weight", weight, WEIGHTS),
        ("zero_cells", zero_cells, ZERO_CELLS),
        ("entrants", entrants, ENTRANTS),
        ("persons", persons, PERSONS),
        ("wageless", wageless, WAGELESS),
    ):
        if value not in known:
            raise ParameterError(f"{name}: expected one of {', '.join(known)}, found {value!r}")
    if isinstance(base_year, bool) or not isinstance(base_year, (int, np.integer)):
        raise ParameterError(f"base_year: expected a year such as 2010, found {base_year!r}")
    base_year = int(base_year)
    sector_of = sector_table() if sectors is None else sectors
    group_of = occupation_table() if occupations is None else occupations
    _check_tables(group_of, sector_of)
    book = ipums.read_codebook(codebook or _beside(data))
    if book.collection != "usa":
        raise WrongCollectionError(
            f"{book.path}: an extract of IPUMS {book.collection.upper()}, expected IPUMS USA; "
            "order one of the American Community Survey there"
        )
    ipums.check_file(data)
    if not data.stat().st_size:
        raise SampleError(f"{data}: the file is empty; fetch the extract again")
    plan = _plan(data, book, weight, base_year, group_of, persons == "heads", samples)
    sums, plan, engine = _scan(plan, backend, progress)
    sums, used = _choose_samples(plan, sums)
    _check_population(plan, sums)
    table = _tidy(sums, plan, sector_of)
    years = sorted(int(year) for year in table["year"].unique())
    if base_year not in years:
        raise SampleError(
            f"{data}: no record of the base year {base_year}, found {', '.join(map(str, years))}; "
            "choose one of these as the base year"
        )
    ledger = Ledger()
    ledger.add("all records", "", table, table)
    kept = _keep_cities(
        table, base_year, zero_cells, entrants, plan.heads, ledger, wageless == "drop"
    )
    if kept["city"].nunique() < 2 or base_year not in set(kept["year"]):
        raise SampleError(
            f"{data}: {kept['city'].nunique()} cities have all eight occupations in {base_year}, "
            "at least 2 are needed; order larger samples or more areas, or pool the cities that "
            "lack an occupation (zero_cells='pool')"
        )
    cells, cities = _cells(kept)
    years_kept = sorted(int(year) for year in kept["year"].unique())
    shifts, tfp_from = _shifts(tfp, tfp_basis, years_kept)
    exposures = _exposures(data, kept, base_year, _with_tfp(shifts, sector_of), ledger)
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
            "sha256": {path.name: sha256(path) for path in (data, book.path)}
            | tfp_from.pop("sha256", {}),
            "options": {
                "weight": weight,
                "base_year": base_year,
                "zero_cells": zero_cells,
                "entrants": entrants,
                "persons": persons,
                "wageless": wageless,
                "own tables": [
                    name
                    for name, given in (("occupations", occupations), ("sectors", sectors))
                    if given is not None
                ],
            },
            "samples": used,
            "versions": {
                "correlated-migration": __version__,
                "engine": engine,
                **{name: version(name) for name in ("ibis-framework", "ipumspy")},
            },
            "records": int(table["n"].sum()),
            "records without a wage": int(kept["n_no_wage"].sum()),
            "digits after the point": {"weight": plan.weight_places, "wage": plan.wage_places},
            **({"productivity": tfp_from} if tfp_from else {}),
            "attrition": ledger.rows,
            "notes": [*_notes(plan, table, kept, cells), *_about_productivity(tfp_from)],
        },
    )


def _plan(
    data: Path, book: ipums.Codebook, weight: str, base_year: int, occupations: pd.DataFrame,
    heads: bool, samples: int | str | Sequence[int | str] | None,
) -> _Plan:  # fmt: skip
    """What is read, with every missing variable named at once."""
    plan = _Plan(data, book, weight, base_year, occupations, heads, frozenset(), None, 0, 0)
    ipums.check_present(book.path, plan.needed, list(book.variables))
    there = ipums.columns_of(data, book)
    ipums.check_present(data, plan.needed, there)
    has = frozenset({"SAMPLE", "PERNUM", "GQ"} & set(there))
    return replace(
        plan,
        has=has,
        samples=_sample_codes(samples, book),
        weight_places=book.variables[weight].decimals,
        wage_places=book.variables["INCWAGE"].decimals,
    )


def _sample_codes(
    samples: int | str | Sequence[int | str] | None, book: ipums.Codebook
) -> tuple[int, ...] | None:
    """Samples that a reader names, by code or label, as codes."""
    if samples is None:
        return None
    asked = [samples] if isinstance(samples, (int, str, np.integer)) else list(samples)
    labels = book.variables["SAMPLE"].labels if "SAMPLE" in book.variables else {}
    by_label = {
        str(label).casefold(): int(code) for code, label in labels.items() if _is_code(code)
    }
    codes = []
    for name in asked:
        if _is_code(name):
            codes.append(int(name))
        elif str(name).casefold() in by_label:
            codes.append(by_label[str(name).casefold()])
        else:
            known = ", ".join(f"{code} ({label})" for code, label in labels.items())
            raise ParameterError(
                f"samples: expected values of SAMPLE such as {_example(labels)}, found {name!r}"
                + (f"; the codebook has {known}" if known else "; name a code")
            )
    if not codes:
        raise ParameterError("samples: expected at least one value of SAMPLE, found none; name one")
    return tuple(codes)


def _example(labels: Mapping) -> object:
    """The first sample that a codebook lists, or one of the survey's."""
    return next(iter(labels), 201001)


def _check_population(plan: _Plan, sums: pd.DataFrame) -> None:
    """Say so where nobody lives in a household, or nobody weighs anything."""
    count = int(sums["n"].sum())
    if count and int(sums["n_quarters"].sum()) == count:
        raise SampleError(
            f"{plan.data}: all {count:,} records are of people in group quarters (GQ is 3 or 4); "
            "the panel is of households: order the extract again without that selection"
        )
    if not any(int(value) for value in sums["weight"]):
        raise SampleError(
            f"{plan.data}: {plan.weight} is 0 in all {count:,} records, as household weights are "
            "for people in group quarters; order households as well, or build with "
            "weight='PERWT'"
        )


def _notes(plan: _Plan, table: pd.DataFrame, kept: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """What users of these surveys are warned of, with this panel's numbers."""
    years = sorted(int(year) for year in kept["year"].unique())
    found = [_who_counts(plan, table)]
    breaks = [year for year in OCCUPATION_BREAKS if years[0] < year <= years[-1]]
    if breaks:
        found.append(
            "Occupations: OCC1990 is carried over from lists of occupations that the survey "
            f"replaced in {_series(breaks)}; a step in an occupation's share or wage from the "
            "year before may be the list and not the people."
        )
    found.append(
        "Top codes: INCWAGE above a state's threshold of the year is replaced by a value that "
        "IPUMS documents for that state and year; mean wages of well-paid occupations move with "
        "the threshold."
    )
    per_year = kept.groupby("year")["city"].nunique()
    counts = ", ".join(f"{int(year)} {int(n)}" for year, n in per_year.items())
    areas = [year for year in AREA_BREAKS if years[0] < year <= years[-1]]
    redrawn = (
        f" The public-use areas that they are made of were redrawn in {_series(areas)}: areas "
        "enter and leave, and one that stays need not cover the same ground."
        if areas
        else ""
    )
    found.append(
        "Areas: MET2013 names an area where its public-use areas identify it, which leaves parts "
        f"of some out.{redrawn} Cities by year: {counts}."
    )
    lacking = cells[cells["log_wage"].isna()]
    if len(lacking):
        first = "; ".join(
            f"{row.city}, {row.occupation}, {int(row.year)}" for row in lacking.head(5).itertuples()
        )
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        found.append(
            f"Wages: {len(lacking)} of {len(cells)} cells have nobody with a wage above zero, so "
            f"that their wage and their city's wage of the year are missing: {first}{more}."
        )
    return found


def _about_productivity(tfp_from: dict) -> list[str]:
    """Which sectors' productivity is a mean of industries, and of which parts nothing is known."""
    if not tfp_from:
        return []
    means = [sector for sector, codes in tfp_from["rows"].items() if len(codes) > 1]
    said = f"Productivity: {tfp_from['file']}, {tfp_from['units']}"
    said += f"; the mean of its industries in {', '.join(means)}" if means else ""
    lacking = [
        f"{', '.join(codes)} of {sector}"
        for sector, codes in tfp_from["parts without a row"].items()
    ]
    return [f"{said}; no row covers {'; '.join(lacking)}." if lacking else f"{said}."]


def _series(years: list[int]) -> str:
    """Years as a sentence has them."""
    *first, last = map(str, years)
    return f"{', '.join(first)} and {last}" if first else last


def _who_counts(plan: _Plan, table: pd.DataFrame) -> str:
    """Whether sums of the weight are of persons or of households, and the other convention."""
    records = int(table["n"].sum())
    unit = "household" if plan.weight == "HHWT" else "person"
    if plan.heads:
        return (
            f"Who counts: the first person of each household, {int(table['n_first'].sum()):,} of "
            f"{records:,} records, by {plan.weight}"
            + (
                "; sums are of households."
                if plan.weight == "HHWT"
                else ", a person's weight; sums are of the people whom household heads stand for."
            )
        )
    if "PERNUM" not in plan.has:
        return (
            f"Who counts: every record, by {plan.weight}, the weight of a {unit}; the extract has "
            "no PERNUM, so nothing says how many records a household has. HHWT over several "
            "persons of a household counts persons."
        )
    others = records - int(table["n_first"].sum())
    if plan.weight == "HHWT" and others:
        return (
            f"Who counts: every record, by HHWT, and {others:,} of {records:,} records are not "
            "the first person of their household: sums count persons, each by the household's "
            "weight. To count households build with persons='heads' (--persons heads); to count "
            "persons by their own weight, with weight='PERWT'."
        )
    if plan.weight == "HHWT":
        return (
            "Who counts: every record, by HHWT, and each is the first person of its household: "
            "sums are of households."
        )
    return "Who counts: every record, by PERWT: sums are of persons."


def _beside(data: Path) -> Path:
    """Codebook that IPUMS puts beside its data: the same name, .xml."""
    name = data.name
    for ending in (".gz", ".dat", ".csv", ".parquet"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    upper = data.with_name(name + ".XML")
    return upper if upper.is_file() else data.with_name(name + ".xml")


def _with_tfp(shifts: pd.DataFrame | None, sectors: pd.DataFrame) -> list[str]:
    """Sectors that can carry a shift, in the order of the table."""
    listed = list(dict.fromkeys(sectors["sector"]))
    if shifts is not None:
        return [name for name in listed if name in set(shifts["sector"])]
    return list(dict.fromkeys(sectors.loc[sectors.get("tfp", "x") != "", "sector"]))


def _shifts(
    tfp: Path | str | pd.DataFrame | None, basis: str | None, years: list[int]
) -> tuple[pd.DataFrame | None, dict]:
    """Sector shifts for the years of the panel, and where they came from."""
    if tfp is None:
        return None, {}
    if isinstance(tfp, pd.DataFrame):
        lacking = sorted({"sector", "year", "log_tfp"} - set(tfp))
        if lacking:
            raise ParameterError(
                f"tfp: no column {', '.join(lacking)}; expected sector, year, log_tfp"
            )
        return tfp[tfp["year"].isin(years)].reset_index(drop=True), {}
    read = productivity.load(tfp, years, basis)
    return read.shifts, {"sha256": {Path(tfp).name: sha256(Path(tfp))}, **read.about()}


def _city_names(book: ipums.Codebook, codes: np.ndarray) -> dict[int, str]:
    """Names of metropolitan areas from the codebook's labels, or the code where it has none."""
    labels = {int(code): label for code, label in book.variables["MET2013"].labels.items()}
    names = {int(code): labels.get(int(code), f"MET2013 {int(code):05d}") for code in codes}
    if -1 in names:
        names[-1] = POOLED
    return names


class _Parser(argparse.ArgumentParser):
    """Messages that end in what to do."""

    def error(self, message: str) -> None:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def _samples(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def main(arguments: list[str] | None = None) -> int:
    """Build a panel from the command line: ``python -m helpers.build DATA FOLDER --tfp FILE``."""
    parser = _Parser(prog="python -m helpers.build", description=__doc__)
    parser.add_argument("data", help="the extract, .dat.gz or .csv.gz")
    parser.add_argument("folder", help="where the panel goes: new, empty, or a saved panel")
    parser.add_argument("--codebook", help="by default the .xml beside the data")
    parser.add_argument("--tfp", help="productivity by sector, .xlsx or .csv")
    parser.add_argument("--tfp-basis", help="which basis, where the workbook has several")
    parser.add_argument("--weight", default="HHWT", choices=WEIGHTS)
    parser.add_argument("--base-year", type=int, default=2010)
    parser.add_argument("--backend", default="duckdb", choices=("duckdb", "pyspark"))
    parser.add_argument("--zero-cells", default="drop", choices=ZERO_CELLS)
    parser.add_argument("--entrants", default="drop", choices=ENTRANTS)
    parser.add_argument("--wageless", default="keep", choices=WAGELESS)
    parser.add_argument("--persons", default="all", choices=PERSONS, help="who counts")
    parser.add_argument(
        "--samples", nargs="+", type=_samples, help="values of SAMPLE, where a year has several"
    )
    wanted = vars(parser.parse_args(arguments))
    data, folder = wanted.pop("data"), wanted.pop("folder")
    try:
        target = check_target(folder)  # before an hour of reading, not after
        panel = build_panel(data, **wanted)
        panel.save(target)
    except CompanionError as problem:
        return _say(f"{type(problem).__name__}: {problem}")
    except KeyboardInterrupt:
        return _say("stopped; nothing was written: run the same command again", 130)
    except (OSError, MemoryError) as problem:
        why = getattr(problem, "strerror", None) or type(problem).__name__
        where = getattr(problem, "filename", None) or data
        return _say(f"{where}: {why}; nothing was written: mend that and run the command again")
    except Exception as problem:
        said = (str(problem).splitlines() or [""])[0]
        return _say(
            f"{type(problem).__name__}: {said}; nothing was written. This is a fault of the "
            "package: please report it with the command and the codebook"
        )
    try:
        print(attrition(panel).to_string(index=False))
        print(f"\n{cities_by_year(panel).to_string(index=False)}\n")
        print("\n".join(f"- {note}" for note in notes(panel)))
        print(f"saved in {folder}")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _say(message: str, code: int = 2) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
