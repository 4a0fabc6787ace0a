"""A reader's own table of places, groups and years as a panel.

A long table has a row for each place, group and year. What its columns are called is said once;
what is in them is checked row by row, and a message names the row as the file has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import DataError, PanelError, ParameterError
from helpers.instrument import shift_share
from helpers.panel.columns import USUAL, Understood, names, tidy, whole_years
from helpers.panel.reading import as_numbers, find_decimal, read_table


def counts_from_shares(rows: pd.DataFrame, places: pd.DataFrame | None) -> tuple[pd.DataFrame, str]:
    """Households in units of all households, from shares of the year or of the group."""
    by_year = rows.groupby("year")["share"].sum()
    by_group = rows.groupby(["year", "occupation"])["share"].sum()
    if np.allclose(by_year, 1, atol=1e-6):
        return rows.assign(households=rows["share"]), "shares are of all households of a year"
    if not np.allclose(by_group, 1, atol=1e-6):
        worst = (by_group - 1).abs().idxmax()
        raise DataError(
            f"shares: those of {worst[1]} in {worst[0]} sum to {by_group[worst]:.6g} and all of "
            f"{worst[0]} to {by_year[worst[0]]:.6g}; expected 1 in one of the two ways: divide "
            "by the sum, or give households"
        )
    if places is None or "share" not in places:
        raise DataError(
            "shares: they are of each group, which does not say how large groups are; give "
            "cities=, a table with the share of all households in each place, or households"
        )
    parts = []
    for year, part in rows.groupby("year", sort=False):
        wide = part.pivot(index="city", columns="occupation", values="share").fillna(0.0)
        of_year = places[places["year"] == year].set_index("city")["share"].reindex(wide.index)
        if of_year.isna().any():
            raise DataError(f"cities: no share of {of_year.index[of_year.isna()][0]!r} in {year}")
        omega, *_ = np.linalg.lstsq(wide.to_numpy(), of_year.to_numpy(), rcond=None)
        gap = np.abs(wide.to_numpy() @ omega - of_year.to_numpy()).max()
        if gap > 1e-6 or (omega <= 0).any():
            raise PanelError(
                f"cities: no sizes of groups in {year} turn the shares of groups into those of "
                f"places (largest gap {gap:.2g}); give households"
            )
        size = pd.Series(omega, wide.columns)
        parts.append(part.assign(households=part["share"] * part["occupation"].map(size)))
    return pd.concat(parts), "shares are of each group; sizes of groups follow from the places'"


def rectangle(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Every group in every place of a year, zero where the table has no row."""
    notes, parts = [], []
    groups = list(dict.fromkeys(rows["occupation"]))
    for year, part in rows.groupby("year"):
        total = part.groupby("city")["households"].sum()
        empty = total.index[total == 0]
        if len(empty):
            notes.append(
                f"{year}: {len(empty)} places without households left out, "
                f"{empty[0]!r} the first of them"
            )
            part = part[~part["city"].isin(empty)]
        sizes = part.groupby("occupation")["households"].sum().reindex(groups).fillna(0)
        if (sizes == 0).any():
            raise DataError(
                f"{year}: nobody is in the group {sizes.index[sizes == 0][0]!r}; leave it out of "
                "all years, or give its households"
            )
        full = pd.MultiIndex.from_product(
            [sorted(part["city"].unique()), groups], names=["city", "occupation"]
        )
        filled = part.set_index(["city", "occupation"]).reindex(full)
        gaps = int(filled["households"].isna().sum())
        if gaps:
            first = filled.index[filled["households"].isna()][0]
            notes.append(
                f"{year}: {gaps:,} of {len(full):,} cells have no row and count as zero, "
                f"{first[0]} and {first[1]} the first of them"
            )
        filled["households"] = filled["households"].fillna(0.0)
        parts.append(filled.reset_index().assign(year=year))
    return pd.concat(parts, ignore_index=True), notes


def place_table(
    source: pd.DataFrame | Path | str | None, columns: Mapping[str, str], what: str
) -> pd.DataFrame | None:
    """A table of places (wages, shares, coordinates) with the panel's names."""
    if source is None:
        return None
    table = read_table(source, what)
    place = columns.get("place", "place")
    usual = {"city": (place, *USUAL["place"]), "year": (columns.get("year", "year"), "year"),
             "share": ("share",), "households": USUAL["households"], "wage": USUAL["wage"],
             "latitude": ("latitude", "lat", "y"), "longitude": ("longitude", "lon", "lng", "long"),
             "occupation": (columns.get("group", "group"), *USUAL["group"]),
             "sector": ("sector", "industry", "naics"), "exposure": ("exposure", "weight"),
             "log_tfp": ("log_tfp", "shift", "value")}  # fmt: skip
    lower = {str(column).strip().casefold(): column for column in table}
    out = {}
    for name, candidates in usual.items():
        hit = next((lower[c.casefold()] for c in candidates if c.casefold() in lower), None)
        if hit is not None and hit not in [column for column, _ in out.values()]:
            out[name] = (hit, table[hit])
    found = pd.DataFrame({name: column for name, (_, column) in out.items()})
    numbers = [n for n in ("share", "households", "wage", "latitude", "longitude", "exposure",
                           "log_tfp") if n in found]  # fmt: skip
    text = [found[n] for n in numbers if not pd.api.types.is_numeric_dtype(found[n])]
    decimal = find_decimal(text) if text else "."
    for name in numbers:
        found[name] = as_numbers(found[name], decimal)
    for name in ("city", "occupation", "sector"):
        if name in found:
            found[name] = names(found, name)
    if "year" in found:
        found["year"] = whole_years(found, "year")
    return found


def _required(table: pd.DataFrame, needed: tuple[str, ...], what: str) -> pd.DataFrame:
    lacking = [name for name in needed if name not in table]
    if lacking:
        raise DataError(f"{what}: no column for {', '.join(lacking)}; expected {', '.join(needed)}")
    return table[list(needed)]


def tables(
    source: pd.DataFrame | Path | str,
    columns: Mapping[str, str] | None,
    cities: pd.DataFrame | Path | str | None,
    exposures: pd.DataFrame | Path | str | None,
    shifts: pd.DataFrame | Path | str | None,
    coordinates: pd.DataFrame | Path | str | None,
    *,
    decimal: str | None = None,
    add_up: bool = False,
    encoding: str | None = None,
) -> tuple[dict[str, pd.DataFrame | None], Understood]:
    """The tables of a panel from a reader's, and what was understood of them."""
    rows, understood = tidy(read_table(source, encoding=encoding), columns, decimal, add_up)
    notes = list(understood.notes)
    places = place_table(cities, understood.columns, "cities")
    if places is not None:
        places = places.assign(year=places.get("year", rows["year"].iloc[0]))
    if "households" not in rows:
        rows, said = counts_from_shares(rows, places)
        notes.append(said)
    rows, said = rectangle(rows)
    notes += said
    given = {
        name: None if table is None else place_table(table, understood.columns, name)
        for name, table in (("exposures", exposures), ("shifts", shifts), ("places", coordinates))
    }
    if given["exposures"] is not None:
        given["exposures"] = _required(
            given["exposures"], ("city", "occupation", "sector", "exposure"), "exposures"
        )
    if given["shifts"] is not None:
        given["shifts"] = _required(given["shifts"], ("sector", "year", "log_tfp"), "shifts")
    if given["places"] is not None:
        given["places"] = _required(
            given["places"], ("city", "latitude", "longitude"), "coordinates"
        )
    if "instrument" not in rows and given["exposures"] is not None and given["shifts"] is not None:
        rows = rows.merge(
            shift_share(given["exposures"], given["shifts"]),
            how="left",
            on=["year", "city", "occupation"],
        )
        notes.append("the instrument is built from exposures and shifts")
    sizes = ", ".join(
        f"{rows[name].nunique():,} {word}"
        for name, word in (("city", "places"), ("occupation", "groups"), ("year", "years"))
    )
    notes.insert(0, sizes)
    return {
        "cells": _cells(rows),
        "cities": _cities(rows, places),
        "exposures": given["exposures"],
        "shifts": given["shifts"],
        "coordinates": given["places"],
    }, Understood(understood.columns, tuple(notes))


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    total = rows.groupby(["year", "occupation"])["households"].transform("sum")
    missing = pd.Series(np.nan, rows.index)
    with np.errstate(divide="ignore"):
        log_share = np.log(rows["households"] / total)
    return pd.DataFrame(
        {
            "year": rows["year"],
            "city": rows["city"],
            "occupation": rows["occupation"],
            "log_share": log_share,
            "log_wage": np.log(rows["wage"]) if "wage" in rows else missing,
            "instrument": rows.get("instrument", missing),
            "households": rows["households"],
        }
    )


def _cities(rows: pd.DataFrame, places: pd.DataFrame | None) -> pd.DataFrame:
    """City shares from the cells' households; wages are the reader's, else means over cells."""
    keys = ["year", "city"]
    sums = rows.groupby(keys, as_index=False)["households"].sum()
    total = sums.groupby("year")["households"].transform("sum")
    out = sums.assign(log_city_share=np.log(sums["households"] / total), log_city_wage=np.nan)
    if places is not None and "wage" in places:
        known = out[keys].merge(places[[*keys, "wage"]], how="left", on=keys)["wage"]
        if (known <= 0).any():
            bad = out.loc[(known <= 0).to_numpy()].iloc[0]
            raise DataError(f"cities: the wage of {bad['city']} in {bad['year']} is not above 0")
        out["log_city_wage"] = np.log(known.to_numpy())
    elif "wage" in rows:
        paid = (rows["wage"] * rows["households"]).where(rows["wage"].notna())
        heads = rows["households"].where(rows["wage"].notna())
        by = [rows[key] for key in keys]
        mean = (paid.groupby(by).sum() / heads.groupby(by).sum()).reset_index(name="wage")
        wage = out[keys].merge(mean, how="left", on=keys)["wage"].to_numpy()
        out["log_city_wage"] = np.log(np.where(wage > 0, wage, np.nan))
    return out[["year", "city", "log_city_share", "log_city_wage", "households"]]


def check_options(decimal: str | None) -> None:
    """Refuse a decimal sign that is none."""
    if decimal not in (None, ".", ","):
        raise ParameterError(f"decimal: expected '.' or ',', found {decimal!r}; leave it out")
