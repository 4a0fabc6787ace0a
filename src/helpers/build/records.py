"""From survey records to sums by city, occupation, industry and year."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.errors import CompanionError, DataError, RecordError, SampleError
from helpers.sources import ipums
from helpers.sources.ipums import cut, lines
from helpers.sources.ipums.codebook import decimal_places, units, whole, written

if TYPE_CHECKING:
    import ibis

WEIGHTS = ("HHWT", "PERWT")
NO_WAGE = (999_998, 999_999)
NO_METRO = 0
GROUP_QUARTERS = (3, 4)
_MOST_DIGITS = 35  # that sums of decimals may have on every engine
_MOST = 1e12  # that a weight or a wage may be
_YEARS = (1850, 2100)
OUTSIDE = ""  # of every group


COLUMNS = (
    "step", "reason", "rows_dropped", "weight_dropped", "cells_dropped", "cities_dropped",
    "rows_left", "weight_left", "cells_left", "cities_left",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
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


def _sums(plan: Plan, con: ibis.BaseBackend) -> ibis.Table:
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


def _read(plan: Plan, con: ibis.BaseBackend) -> ibis.Table:
    """Fields as they stand: those that are used, and those that only mark a record."""
    names = list(dict.fromkeys([*plan.needed, *sorted(plan.has)]))
    return cut.fields(plan.data, plan.book, names, con, numeric=plan.needed)


def _amount(plan: Plan, field: ibis.Value, name: str) -> ibis.Value:
    """A number of a record: whole units, or a decimal where records write their digits out."""
    variable, implied = plan.book.variables[name], ipums.is_fixed(plan.data)
    if not plan.as_written:
        return cut.number(field, variable, implied=implied)
    text = written(field, variable, implied=implied)
    if name == plan.weight:
        return units(text, plan.weight_places)
    if name == "INCWAGE":
        return units(text, plan.wage_places).try_cast("int64")
    return whole(text)


def _is_sound(plan: Plan, text: ibis.Table, value: dict[str, ibis.Value]) -> ibis.Value:
    """Whether a record's numbers, written in any way, are ones that can be added up."""
    fine, implied = text.sound, ipums.is_fixed(plan.data)
    for name, found in value.items():
        blank = written(text[name], plan.book.variables[name], implied=implied).isnull()
        fine &= blank | found.notnull()
    return fine


def _is_code_of(field: ibis.Value, codes: Sequence[int], width: int) -> ibis.Value:
    """Whether a field holds one of some codes, padded as extracts pad them."""
    if not field.type().is_string():
        return field.isin(list(codes)).fill_null(False)
    ways = {way for c in map(str, codes) for way in (c, f"{c}.0", c.zfill(width), c.rjust(width))}
    return field.isin(sorted(ways)).fill_null(False)


def _as_written(plan: Plan, con: ibis.BaseBackend) -> Plan:
    """The plan for records that write their decimals out: how many digits sums have to hold."""
    import ibis

    text, implied = _read(plan, con), ipums.is_fixed(plan.data)
    asked = {"n": text.count()}
    for key, name in (("weight", plan.weight), ("wage", "INCWAGE")):
        field = written(text[name], plan.book.variables[name], implied=implied)
        size = field.try_cast("float64").abs()
        asked[f"{key}_places"] = text.sound.ifelse(decimal_places(field), 0).max()
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


def _explain(plan: Plan, problem: str) -> DataError:
    """Find the first bad record of a file whose scan went wrong, and name it."""
    try:
        ipums.check(plan.data, plan.book, plan.needed)
        _check_values(plan)
    except DataError as found:
        return found
    return DataError(f"{plan.data}: cannot be read ({problem}); fetch the extract again")


def _check_values(plan: Plan) -> None:
    """Refuse the first record whose year, weight or codes cannot be."""
    codes = [name for name in plan.needed if name not in (plan.weight, "INDNAICS")]
    wanted = plan.book.find((plan.weight, *codes))
    known = plan.book.years or range(_YEARS[0], _YEARS[1] + 1)
    span = ", ".join(map(str, plan.book.years)) or f"{_YEARS[0]} to {_YEARS[1]}"
    implied = ipums.is_fixed(plan.data)
    mend = "; mend the record, or order the extract again"
    for place, (amount, *others) in lines.records(plan.data, plan.book, wanted):
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


def scan_sums(
    plan: Plan, backend: str | ibis.BaseBackend, progress: bool | None
) -> tuple[pd.DataFrame, Plan, str]:
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


def is_code(value: object) -> bool:
    return str(value).lstrip("-").isdigit()


def years_in(name: str) -> list[int]:
    return [int(year) for year in re.findall(r"\b(?:1[89]|20)\d\d\b", name)]


def tidy(sums: pd.DataFrame, plan: Plan, sectors: pd.DataFrame) -> pd.DataFrame:
    """Sums by occupation and sector in natural units, with marks for what is in no group."""
    names = dict(enumerate(plan.occupations["occupation"]))
    sector_of = dict(zip(sectors["prefix"], sectors["sector"], strict=True))
    table = sums.assign(
        occupation=sums["group"].map(names).fillna(OUTSIDE),
        sector=sums["prefix"].map(sector_of).fillna(OUTSIDE),
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
