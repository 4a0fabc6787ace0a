"""From survey records to sums by city, occupation, industry and year."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.build.faults import explain
from helpers.build.plan import (
    GROUP_QUARTERS,
    MOST,
    MOST_DIGITS,
    NO_METRO,
    NO_WAGE,
    OUTSIDE,
    WAGE,
    YEARS,
    Plan,
)
from helpers.errors import CompanionError, SampleError
from helpers.sources import ipums
from helpers.sources.ipums import cut
from helpers.sources.ipums.codebook import decimal_places, units, whole, written

if TYPE_CHECKING:
    import ibis

_FEW = 40  # codes that are compared one by one


def _sums(plan: Plan, con: ibis.BaseBackend) -> ibis.Table:
    """The one pass: whole-number sums by year, area, range of occupations and industry.

    Industry, as the first two characters of INDNAICS, is kept apart in the base year alone,
    where the exposures come from: fewer groups make a faster pass.
    """
    import ibis

    book, weight = plan.book, plan.weight
    implied = ipums.is_fixed(plan.data)
    text = _read(plan, con)
    numbers = [name for name in plan.needed if name not in plan.texts]
    value = {name: _amount(plan, text[name], name) for name in numbers}
    prefix = text[plan.industry].cast("string") if plan.industry else ibis.literal("")
    code = value.get(plan.occupation)
    if code is None:
        code = text[plan.occupation].cast("string").strip().upper()
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
        city=_place(plan, value),
        code=code,
        # cut where it is needed: an engine leaves the rest alone
        prefix=(value["YEAR"] == plan.base_year).ifelse(
            (prefix if implied else prefix.strip()).substr(0, 2), ""
        ),
        weight=value[weight],
        wage=value[WAGE],
        **{name: value[name] for name in plan.replicates},
        ok=_is_sound(plan, text, value) if plan.as_written else text.ok,
        **marks,
    )
    records, group = _grouped(records, plan.occupations)
    unit = 10**plan.wage_places
    known = records.wage.notnull() & records.wage.notin([code * unit for code in NO_WAGE])
    years = book.years or range(*YEARS)
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
        **{name: records[name] for name in plan.replicates},
    )
    # small whole numbers: a 64-bit sum holds them, and is read at once
    kind = "decimal(38, 0)" if plan.as_written else "int64"
    return marked.group_by(["year", "city", "group", "prefix", "sample", "head"]).agg(
        n=marked.count(),
        weight=marked.weight.sum(),
        paid=marked.paid.sum(),
        paid_wage=(marked.paid * marked.wage).sum(),
        n_bad=marked.bad.sum(),
        n_no_wage=marked.no_wage.sum(),
        n_first=marked.one.sum(),
        n_quarters=marked.inside.sum(),
        **{name: marked[name].sum().cast(kind) for name in plan.replicates},
    )


def _place(plan: Plan, value: dict[str, ibis.Value]) -> ibis.Value:
    """The code of a record's place: its variables' digits one behind the other.

    Zero where the last of them is: a state whose county or area is not identified is no place.
    """
    *wider, last = plan.places
    narrow = value[last].fill_null(NO_METRO)
    code, shift = narrow, plan.book.variables[last].width
    for name in reversed(wider):
        code = code + value[name].fill_null(0) * 10**shift
        shift += plan.book.variables[name].width
    return code if not wider else (narrow == NO_METRO).ifelse(NO_METRO, code)


def _grouped(records: ibis.Table, groups: pd.DataFrame) -> tuple[ibis.Table, ibis.Value]:
    """Records, and the position of each one's range of codes; -1 where it is in none.

    A few ranges are looked at one by one; a long list of codes is joined as a table.
    """
    import ibis

    plain = [
        (int(row.first), int(row.last)) if not isinstance(row.first, str) else (row.first, row.last)
        for row in groups.itertuples()
    ]
    alone = [at for at, (first, last) in enumerate(plain) if first == last]
    alone = alone if len(alone) > _FEW else []
    single = set(alone)
    if not alone:
        found = [(records.code.between(*ends), at) for at, ends in enumerate(plain)]
        return records, ibis.cases(*found, else_=-1)
    listed = ibis.memtable(
        pd.DataFrame({"listed": [plain[at][0] for at in alone], "position": alone})
    )
    joined = records.left_join(listed, records.code == listed.listed)
    ranges = [(joined.code.between(*ends), at) for at, ends in enumerate(plain) if at not in single]
    rest = ibis.cases(*ranges, else_=-1) if ranges else ibis.literal(-1)
    return joined, ibis.coalesce(joined.position, rest)


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
    if name in plan.weights:
        return units(text, plan.weight_places)
    if name == WAGE:
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
    for name in (*plan.weights, WAGE):
        field = written(text[name], plan.book.variables[name], implied=implied)
        size = field.try_cast("float64").abs()
        asked[f"{name}_places"] = text.sound.ifelse(decimal_places(field), 0).max()
        asked[f"{name}_size"] = text.sound.ifelse(size, ibis.literal(0.0)).max()
    each = text.aggregate(**asked).execute().iloc[0]
    found = {"wage_places": each[f"{WAGE}_places"], "wage_size": each[f"{WAGE}_size"]}
    for what in ("places", "size"):
        sizes = each[[f"{name}_{what}" for name in plan.weights]]
        found[f"weight_{what}"] = pd.to_numeric(sizes, errors="coerce").max()
    room, after = MOST_DIGITS - len(str(int(each["n"]))), []
    for key in ("weight", "wage"):
        size = found[f"{key}_size"]
        size = 0.0 if pd.isna(size) else min(float(size), MOST)
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
            raise explain(plan, why) from None
        sound.result()
    if sums.empty:
        raise SampleError(f"{data}: the extract has no record; order it again")
    if sums["n_bad"].sum():
        raise explain(plan, f"{int(sums['n_bad'].sum())} bad records")
    return sums, plan, f"{con.name} {con.version}"


def tidy(
    sums: pd.DataFrame, plan: Plan, sectors: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Sums by occupation and sector, still of whole numbers, and the digits after their point."""
    names = dict(enumerate(plan.occupations["occupation"]))
    sector_of = dict(zip(sectors["prefix"], sectors["sector"], strict=True))
    table = sums.assign(
        occupation=sums["group"].map(names).fillna(OUTSIDE),
        sector=sums["prefix"].map(sector_of).fillna(OUTSIDE),
    )
    both = plan.weight_places + plan.wage_places
    after = {"weight": plan.weight_places, "paid": plan.weight_places, "paid_wage": both}
    after |= {name: plan.digits(name) for name in plan.replicates}
    counts = ["n", "n_no_wage", "n_first", "n_quarters"]
    for name in [*counts, *after]:
        if table[name].dtype != np.int64:
            # exact: an engine may use decimals
            table[name] = [int(value) for value in table[name]]
    table = table.astype({"year": int, "city": int, "head": int})
    summed = table.groupby(["year", "city", "occupation", "sector", "head"], as_index=False)[
        [*counts, *after]
    ].sum()
    return summed, after


def in_units(table: pd.DataFrame, after: dict[str, int]) -> pd.DataFrame:
    """Sums of whole numbers in natural units, each divided once, so rounded once."""
    return table.assign(**{name: _divided(table[name], scale) for name, scale in after.items()})


def _divided(sums: pd.Series, scale: int) -> pd.Series | list[float]:
    small = sums.dtype != object and float(sums.abs().max()) < 2.0**53
    if small or sums.dtype == np.float64:
        return sums.astype(float) / 10.0**scale
    return [int(value) / 10**scale for value in sums]
