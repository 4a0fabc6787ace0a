"""From sums to cells: which cities stay, and what is dropped on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import instrument
from helpers.build.plan import NO_METRO, OUTSIDE
from helpers.errors import SampleError
from helpers.panel import OCCUPATIONS

ZERO_CELLS = ("drop", "pool")
PERSONS = ("all", "heads")
ENTRANTS = ("drop", "keep")
WAGELESS = ("keep", "drop")
POOLED = "Other metropolitan areas"


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
        cells = table[(table["city"] != NO_METRO) & (table["occupation"] != OUTSIDE)]
        return {
            "rows": round(table["n"].sum()),
            "weight": float(table["weight"].sum()),
            "cells": len(cells[["year", "city", "occupation"]].drop_duplicates()),
            "cities": int(cells["city"].nunique()),
        }


def keep_cities(
    table: pd.DataFrame, base_year: int, zero_cells: str, entrants: str, heads: bool,
    ledger: Ledger, paid_only: bool = False, *, groups: Sequence[str] = OCCUPATIONS,
    variables: tuple[str, str] = ("MET2013", "OCC1990"),
) -> pd.DataFrame:  # fmt: skip
    """Drop or pool what cannot be part of a full table of cities and occupations."""
    place, occupation = variables
    many = f"the {'eight' if len(groups) == 8 else len(groups)}"
    if heads:
        everybody, table = table, table[table["head"] == 1]
        reason = "not the first person of its household: PERNUM is not 1"
        ledger.add("household heads", reason, everybody, table)
    in_metro = table[table["city"] != NO_METRO]
    ledger.add("metropolitan area", f"{place} is 0: not identified", table, in_metro)
    in_group = in_metro[in_metro["occupation"] != OUTSIDE]
    ledger.add("occupation", f"{occupation} is in none of {many} groups", in_metro, in_group)
    settled = in_group
    if zero_cells == "pool":
        lacking = _lacking(in_group, groups)
        short = set(lacking[lacking].index.get_level_values("city"))
        settled = in_group.assign(city=in_group["city"].where(~in_group["city"].isin(short), -1))
        reason = f"{len(short)} cities that lack an occupation in some year, pooled into one"
        ledger.add("pooled cities", reason, in_group, settled)
    lacking = _lacking(settled, groups)
    full = ~lacking.reindex(pd.MultiIndex.from_frame(settled[["year", "city"]])).to_numpy()
    kept = settled[full]
    reason = f"a city lacks one of {many} occupations that year"
    ledger.add("empty cells", reason, settled, kept)
    if paid_only:
        unpaid = _lacking(kept, groups, "paid_wage")
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


def _lacking(table: pd.DataFrame, groups: Sequence[str], amount: str = "weight") -> pd.Series:
    """By year and city: whether some occupation has nobody.

    A cell whose records weigh nothing is as empty as one without records.
    """
    cells = table.groupby(["year", "city", "occupation"])[amount].sum().unstack("occupation")
    return ~(cells.reindex(columns=list(groups)) > 0).all(axis=1)


def tabulate(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
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


def exposures_of(
    data: Path,
    table: pd.DataFrame,
    base_year: int,
    with_tfp: list[str],
    ledger: Ledger,
    industry: str = "INDNAICS",
) -> pd.DataFrame:
    """Base-year exposures gamma_ks kappa_cs; sectors without productivity have none."""
    base = table[table["year"] == base_year]
    known = base[base["sector"] != OUTSIDE]
    ledger.add(f"sector, {base_year} only", f"{industry} is in no sector", base, known)
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
            f"there are no exposures; {industry} is blank or 0 where nobody is asked for an "
            f"industry: order {industry} for people who work, choose another base year, or build "
            "without sectors (industry=None, --industry none)"
        )
    gamma_ks = by_sector[sectors] / by_sector[sectors].sum(axis=0)
    kappa_cs = by_city.div(by_city.sum(axis=1), axis=0)[sectors]
    return instrument.exposures(gamma_ks, kappa_cs)
