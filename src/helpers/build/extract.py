"""From an extract to the cities that stay: the one pass, and every step that drops something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from helpers.build import options as asked
from helpers.build import zones as zones_room
from helpers.build.cells import Ledger, keep_cities
from helpers.build.plan import Plan
from helpers.build.records import in_units, scan_sums, tidy
from helpers.build.samples import check_population, choose_samples, plan_of
from helpers.errors import SampleError
from helpers.sources.groups import read_crosswalk, sector_table

if TYPE_CHECKING:
    import ibis

_WORDS = {8: "eight"}


@dataclass(frozen=True)
class Made:
    """The cities of an extract that stay, before they become a panel."""

    plan: Plan
    table: pd.DataFrame
    kept: pd.DataFrame
    ledger: Ledger
    groups: tuple[str, ...]
    sector_of: pd.DataFrame
    names: dict[int, str]
    options: dict
    used: list[str]
    engine: str


def settle(
    data: Path | str,
    codebook: Path | str | None,
    *,
    weight: str,
    base_year: int | str,
    backend: str | ibis.BaseBackend,
    zero_cells: str,
    entrants: str,
    persons: str,
    wageless: str,
    samples: int | str | Sequence[int | str] | None,
    occupation: str,
    occupations: pd.DataFrame | Path | str | None,
    place: str | Sequence[str],
    crosswalk: pd.DataFrame | Path | str | None,
    industry: str | None,
    sectors: pd.DataFrame | None,
    progress: bool | None,
    replicates: bool = False,
) -> Made:
    """Read an extract once and keep the cities that a panel can have; as :func:`build_panel`."""
    data = Path(data)
    options = {
        "weight": weight,
        "base_year": base_year,
        "zero_cells": zero_cells,
        "entrants": entrants,
        "persons": persons,
        "wageless": wageless,
    }
    asked.check_words(options)
    sector_of = sector_table() if sectors is None else sectors
    asked.check_sectors(sector_of)
    zones_of = None if crosswalk is None else read_crosswalk(crosswalk)
    book = asked.find_codebook(data, codebook)
    options["weight"] = weight = asked.check_weight(book, weight)
    occupation, group_of = asked.group_table(book, occupation, occupations)
    plan = plan_of(
        data, book, weight, base_year, group_of, persons == "heads", samples,
        occupation=occupation, places=asked.check_places(book, place), industry=industry,
        replicates=asked.replicate_names(book, weight) if replicates else (),
    )  # fmt: skip
    options["base_year"] = plan.base_year
    sums, plan, engine = scan_sums(plan, backend, progress)
    everything = sums
    sums, used = choose_samples(plan, sums)
    check_population(plan, sums)
    whole, after = tidy(sums, plan, sector_of)
    table = in_units(whole, after)
    ledger = Ledger()
    if len(sums) < len(everything):
        before = in_units(*tidy(everything, plan, sector_of))
        ledger.add("all records", "", before, before)
        ledger.add("samples", f"SAMPLE is not {' or '.join(used)}", before, table)
    else:
        ledger.add("all records", "", table, table)
    _say_recipe(plan, table, ledger)
    groups = tuple(dict.fromkeys(group_of["occupation"]))
    moved, zones = table, ()
    if zones_of is not None:
        variable = " and ".join(plan.places)
        spread, after, zones = zones_room.spread(whole, after, zones_of, variable)
        codes = sorted(set(table["city"]) - set(zones_of["from"]) - {0})
        moved = zones_room.drop_unknown(table, in_units(spread, after), codes, variable, ledger)
    kept = _cities(moved, plan, options, groups, ledger)
    names = asked.place_names(book, plan.places, kept["city"].unique(), zones)
    given = {"occupations": occupations, "sectors": sectors, "crosswalk": crosswalk}
    options["own tables"] = [name for name, own in given.items() if own is not None]
    recipe = {"occupation": occupation, "place": list(plan.places), "industry": industry}
    usual = {"occupation": "OCC1990", "place": ["MET2013"], "industry": "INDNAICS"}
    options |= {name: said for name, said in recipe.items() if said != usual[name]}
    return Made(plan, table, kept, ledger, groups, sector_of, names, options, used, engine)


def _say_recipe(plan: Plan, table: pd.DataFrame, ledger: Ledger) -> None:
    """Lines of the ledger for choices that drop nobody: another weight, and no sectors."""
    if plan.weight != "HHWT":
        nobody = int(table.loc[table["weight"] == 0, "n"].sum())
        label = f"; {nobody:,} records in cells that weigh nothing" if nobody else ""
        ledger.add("weight", f"sums are of {plan.weight}, not of HHWT{label}", table, table)
    if not plan.industry:
        ledger.add("sectors", "no variable of industries: no exposures", table, table)


def _cities(
    table: pd.DataFrame, plan: Plan, options: dict, groups: tuple[str, ...], ledger: Ledger
) -> pd.DataFrame:
    """Sums of the cities that stay, with the ledger of those that do not; refused below two."""
    data, base_year = plan.data, plan.base_year
    years = sorted(int(year) for year in table["year"].unique())
    if base_year not in years:
        raise SampleError(
            f"{data}: no record of the base year {base_year}, found {', '.join(map(str, years))}; "
            "choose one of these as the base year"
        )
    kept = keep_cities(
        table,
        base_year,
        options["zero_cells"],
        options["entrants"],
        plan.heads,
        ledger,
        options["wageless"] == "drop",
        groups=groups,
        variables=(" and ".join(plan.places), plan.occupation),
    )
    if kept["city"].nunique() < 2 or base_year not in set(kept["year"]):
        many = _WORDS.get(len(groups), len(groups))
        raise SampleError(
            f"{data}: {kept['city'].nunique()} cities have all {many} occupations in {base_year}, "
            "at least 2 are needed; order larger samples or more areas, or pool the cities that "
            "lack an occupation (zero_cells='pool')"
        )
    return kept
