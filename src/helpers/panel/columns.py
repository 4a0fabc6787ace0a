"""What the columns of a reader's table mean, and their values row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import DataError, nearest
from helpers.panel.reading import as_numbers, find_decimal

MEANINGS = {
    "place": "city, zone or region",
    "group": "occupation, skill or any group of households",
    "households": "households (or people) of the group in the place",
    "share": "share of all households of the year, or of the group's, in the place",
    "wage": "mean yearly wage, in any one currency",
    "year": "year, a whole number",
    "instrument": "instrument of the log wage",
}
USUAL = {
    "place": ("place", "city", "zone", "region", "metro", "area", "commuting_zone", "location"),
    "group": ("group", "occupation", "occ", "skill", "education", "industry"),
    "households": ("households", "people", "persons", "count", "n", "workers", "population"),
    "share": ("share", "pi", "fraction"),
    "wage": ("wage", "income", "earnings", "pay", "salary"),
    "year": ("year", "period"),
    "instrument": ("instrument", "iv", "bartik", "sim_wage"),
}
NO_YEAR = 2000
"""The year of a table without years."""


@dataclass(frozen=True)
class Understood:
    """What was understood of a table, for the reader to confirm.

    Attributes
    ----------
    columns : {meaning: column}
    notes : tuple of str
        Sentences: sizes, decimal sign, what was filled and what was added up.
    """

    columns: dict[str, str]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        named = [f"{meaning}: {column!r}" for meaning, column in self.columns.items()]
        return "\n".join(["columns  " + ", ".join(named), *(f"- {note}" for note in self.notes)])


def find_columns(table: pd.DataFrame, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Column of each meaning: as the reader says, else by usual names.

    Raises
    ------
    DataError
        If a column that the reader names is not there, or none is found for what is needed.
    """
    named = dict(columns or {})
    for meaning, column in named.items():
        if meaning not in MEANINGS:
            hint = ", ".join(nearest(str(meaning), tuple(MEANINGS))) or ", ".join(MEANINGS)
            raise DataError(f"columns: {meaning!r} is no meaning; nearest: {hint}")
        if column not in table:
            near = nearest(str(column), [str(c) for c in table]) or [str(c) for c in table]
            raise DataError(
                f"columns: {meaning}: the table has no column {column!r}; "
                f"nearest: {', '.join(near)}"
            )
    lower = {str(column).strip().casefold(): column for column in table}
    for meaning, usual in USUAL.items():
        if meaning not in named:
            hit = next((lower[name] for name in usual if name in lower), None)
            if hit is not None and hit not in named.values():
                named[meaning] = hit
    if columns and "share" in columns:
        named.pop("households", None) if "households" not in columns else None
    for needed in ("place", "group"):
        if needed not in named:
            raise DataError(
                f"columns: which column is the {needed} ({MEANINGS[needed]})? found "
                f"{', '.join(map(str, table.columns))}; give columns={{'{needed}': ...}}"
            )
    if "households" not in named and "share" not in named:
        raise DataError(
            f"columns: which column counts households, or is their share? found "
            f"{', '.join(map(str, table.columns))}; give columns={{'households': ...}}"
        )
    return {meaning: named[meaning] for meaning in MEANINGS if meaning in named}


def names(table: pd.DataFrame, column: str) -> pd.Series:
    """A column of names; a missing one is refused with its row."""
    found = table[column]
    if found.isna().any():
        at = int(np.flatnonzero(found.isna())[0])
        raise DataError(f"row {at + 1}: {column} is empty, expected a name; mend or drop the row")
    whole = found.map(lambda v: int(v) if isinstance(v, float) and v == int(v) else v)
    return whole.astype(str).str.strip()


def whole_years(table: pd.DataFrame, column: str | None) -> pd.Series:
    if column is None:
        return pd.Series(NO_YEAR, index=table.index)
    values = pd.to_numeric(table[column], errors="coerce")
    bad = values.isna() | (values % 1 != 0) | ~values.between(1850, 2100)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"row {at + 1}: {column} is {table[column].iloc[at]!r}, expected a whole year from "
            "1850 to 2100; mend or drop the row"
        )
    return values.astype(int)


def _values(table: pd.DataFrame, column: str, meaning: str, decimal: str) -> pd.Series:
    """Numbers of a column; what is none is refused with its row."""
    values = as_numbers(table[column], decimal)
    bad = values.isna() & table[column].notna()
    expected = "a number"
    if meaning in ("households", "share"):
        bad |= values.isna() | (values < 0) | ~np.isfinite(values.fillna(0))
        expected = "a number of at least 0"
    elif meaning == "wage":
        bad |= (values <= 0) | (values == np.inf)
        expected = "a number above 0, or nothing where it is not known"
    else:
        bad |= values.abs() == np.inf
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        found = table[column].iloc[at]
        raise DataError(
            f"row {at + 1}: {column} is {'empty' if pd.isna(found) else repr(found)}, expected "
            f"{expected}; mend or drop the row"
        )
    return values


def tidy(
    table: pd.DataFrame, columns: Mapping[str, str] | None, decimal: str | None, add_up: bool
) -> tuple[pd.DataFrame, Understood]:
    """One row per place, group and year, named as the panel names them."""
    if table.empty:
        raise DataError("the table has no rows; expected one for each place, group and year")
    named = find_columns(table, columns)
    numeric = [m for m in ("households", "share", "wage", "instrument") if m in named]
    text = [table[named[m]] for m in numeric if not pd.api.types.is_numeric_dtype(table[named[m]])]
    decimal = decimal or (find_decimal(text) if text else ".")
    out = pd.DataFrame(
        {
            "city": names(table, named["place"]),
            "occupation": names(table, named["group"]),
            "year": whole_years(table, named.get("year")),
        }
    )
    for meaning in numeric:
        out[meaning] = _values(table, named[meaning], meaning, decimal)
    notes = [f"{len(out):,} rows; numbers with a decimal {'comma' if decimal == ',' else 'point'}"]
    if "year" not in named:
        notes.append(f"no column of years: all rows are of one, called {NO_YEAR}")
    keys = ["year", "city", "occupation"]
    twice = out.duplicated(keys)
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        first = int(np.flatnonzero((out[keys] == out.loc[at, keys]).all(axis=1))[0])
        row = out.loc[at]
        if not add_up or "households" not in named:
            raise DataError(
                f"row {at + 1}: {row['city']}, {row['occupation']}, {row['year']} stands in row "
                f"{first + 1} already; drop one, or add_up=True adds their households up"
            )
        out = _added(out, keys)
        notes.append(f"{int(twice.sum()):,} rows were added to others of the same cell")
    return out, Understood(named, tuple(notes))


def _added(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows of the same cell added up; wages and instruments are means over households."""
    weighted = rows.assign(
        **{name: rows[name] * rows["households"] for name in ("wage", "instrument") if name in rows}
    )
    sums = weighted.groupby(keys, sort=False).sum(min_count=1)
    for name in ("wage", "instrument"):
        if name in rows:
            known = (
                rows["households"]
                .where(rows[name].notna())
                .groupby([rows[key] for key in keys], sort=False)
            )
            sums[name] = sums[name] / known.sum().where(lambda n: n > 0)
    return sums.reset_index()
