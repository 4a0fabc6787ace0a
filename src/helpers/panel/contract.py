"""What the tables of a panel have to be, and what is said where they are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from helpers.errors import PanelError
from helpers.names import OCCUPATIONS

ADDING_UP = 1e-8
_COARSE = 1e-5  # what single precision may miss

_year = pa.Column(int, pa.Check.in_range(1850, 2100), coerce=True)
_city = pa.Column(str, pa.Check.str_length(min_value=1), coerce=True)
_log_share = pa.Column(float, pa.Check.le(1e-9))  # finite but where nobody is
_name = pa.Column(str, pa.Check.str_length(min_value=1), coerce=True)
_log_wage = pa.Column(float, pa.Check(np.isfinite, name="finite"), nullable=True)
_households = pa.Column(float, pa.Check.ge(0), required=False, coerce=True)

CELLS = pa.DataFrameSchema(
    {
        "year": _year,
        "city": _city,
        "occupation": _name,
        "log_share": _log_share,
        "log_wage": _log_wage,
        "instrument": pa.Column(float, pa.Check(np.isfinite, name="finite"), nullable=True),
        "households": _households,
    },
    unique=["year", "city", "occupation"],
    strict=True,
    name="cells",
)
CITIES = pa.DataFrameSchema(
    {
        "year": _year,
        "city": _city,
        "log_city_share": _log_share,
        "log_city_wage": _log_wage,
        "households": _households,
    },
    unique=["year", "city"],
    strict=True,
    name="cities",
)
EXPOSURES = pa.DataFrameSchema(
    {
        "city": _city,
        "occupation": _name,
        "sector": pa.Column(str, coerce=True),
        "exposure": pa.Column(float, [pa.Check.ge(0), pa.Check(np.isfinite, name="finite")]),
    },
    unique=["city", "occupation", "sector"],
    strict=True,
    name="exposures",
)
COORDINATES = pa.DataFrameSchema(
    {
        "city": _city,
        "latitude": pa.Column(float, pa.Check.in_range(-90, 90), nullable=True),
        "longitude": pa.Column(float, pa.Check.in_range(-180, 180), nullable=True),
    },
    unique=["city"],
    strict=True,
    name="coordinates",
)
SHIFTS = pa.DataFrameSchema(
    {
        "sector": pa.Column(str, coerce=True),
        "year": _year,
        "log_tfp": pa.Column(float, pa.Check(np.isfinite, name="finite")),
    },
    unique=["sector", "year"],
    strict=True,
    name="shifts",
)


_NUMBERS = {
    "log_share": "a finite number, at most 0 (the log of a share)",
    "log_city_share": "a finite number, at most 0 (the log of a share)",
    "log_wage": "a finite number, or missing",
    "log_city_wage": "a finite number, or missing",
    "instrument": "a finite number, or missing",
    "households": "a finite number of at least 0",
    "exposure": "a finite number of at least 0",
    "log_tfp": "a finite number",
    "latitude": "degrees from -90 to 90, or missing",
    "longitude": "degrees from -180 to 180, or missing",
}
_NULLABLE = ("log_wage", "log_city_wage", "instrument", "latitude", "longitude")
PAPERS = ("replication", "synthetic", "ipums")
"""Sources with the paper's eight occupations, in none of whose cells nobody lives."""


def is_own(source: str, cells: pd.DataFrame) -> bool:
    """Whether a table is a reader's own, with groups of any name.

    One that has no other name and some of the paper's occupations is taken for the paper's, so
    that a misspelt one is found.
    """
    if source in PAPERS:
        return False
    names = cells.get("occupation") if isinstance(cells, pd.DataFrame) else None
    return source != "unnamed" or names is None or not names.isin(OCCUPATIONS).any()


def plain(value: object) -> str:
    """A value as a message prints it: 2013 and not np.int64(2013)."""
    value = value.item() if isinstance(value, np.generic) else value
    return repr(value) if isinstance(value, str) else str(value)


def _row(table: pd.DataFrame, position: int) -> str:
    """Where a bad value stands: row, and the names that the row carries."""
    row = table.iloc[position]
    names = [
        f"{key} {plain(row[key])}"
        for key in ("city", "occupation", "sector", "year")
        if key in table and not pd.isna(row[key])
    ]
    return f"row {position} ({', '.join(names)})" if names else f"row {position}"


def _numbers(name: str, table: pd.DataFrame, column: str, own: bool) -> pd.Series:
    """A column as double precision; the first value that will not do is named with its row."""
    given = table[column]
    values = pd.to_numeric(given, errors="coerce").astype(float)
    bad = ~np.isfinite(values) & ~(given.isna() & (column in _NULLABLE))
    if column == "log_share" and own:
        nobody = table["households"].eq(0) if "households" in table else True
        bad &= ~((values == -np.inf) & nobody)
    if column in ("log_share", "log_city_share"):
        bad |= values > 1e-9
    elif column in ("households", "exposure"):
        bad |= values < 0
    elif column in ("latitude", "longitude"):
        bad |= values.abs() > {"latitude": 90, "longitude": 180}[column]
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise PanelError(
            f"{name}, {_row(table, at)}: {column} is {plain(given.iloc[at])}, expected "
            f"{_NUMBERS[column]}; mend or drop the row"
        )
    return values


def _years(name: str, table: pd.DataFrame) -> pd.Series:
    """The column of years as whole numbers; 2019.5 is refused and not cut."""
    values = pd.to_numeric(table["year"], errors="coerce")
    bad = ~(values.between(1850, 2100) & (values % 1 == 0)).fillna(False).astype(bool)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise PanelError(
            f"{name}, {_row(table.drop(columns='year'), at)}: year is "
            f"{plain(table['year'].iloc[at])}, expected a whole year from 1850 to 2100"
        )
    return values.astype(int)


def validate(schema: pa.DataFrameSchema, table: pd.DataFrame, own: bool = False) -> pd.DataFrame:
    """Return the validated table, or raise :class:`PanelError` with the first failure.

    ``own``: a reader's, in which occupations have any names and cells may be empty.
    """
    if not isinstance(table, pd.DataFrame):
        raise PanelError(
            f"{schema.name}: expected a data frame, found {type(table).__name__}; build one "
            f"with the columns {', '.join(schema.columns)}"
        )
    if table.empty:
        raise PanelError(f"{schema.name}: the table is empty; expected a row for each entry")
    table = table.reset_index(drop=True)
    lacking = [c for c, spec in schema.columns.items() if spec.required and c not in table]
    extra = [str(c) for c in table.columns if c not in schema.columns]
    if lacking or extra or table.columns.has_duplicates:
        what = [f"no column {', '.join(lacking)}"] if lacking else []
        what += [f"unknown column {', '.join(extra)}"] if extra else []
        raise PanelError(
            f"{schema.name}: {' and '.join(what) or 'a column twice'}; expected "
            f"{', '.join(schema.columns)}: rename or drop"
        )
    known = {}
    for column in table:
        if column == "year":
            known[column] = _years(schema.name, table)
        elif column in _NUMBERS:
            known[column] = _numbers(schema.name, table, column, own)
        elif table[column].isna().any():
            at = int(np.flatnonzero(table[column].isna())[0])
            raise PanelError(
                f"{schema.name}, {_row(table, at)}: {column} is missing, expected a name; "
                "mend or drop the row"
            )
    table = table.assign(**known)
    if not own and "occupation" in table and not table["occupation"].isin(OCCUPATIONS).all():
        at = int(np.flatnonzero(~table["occupation"].isin(OCCUPATIONS))[0])
        raise PanelError(
            f"{schema.name}, {_row(table, at)}: occupation is "
            f"{plain(table['occupation'].iloc[at])}, expected one of {', '.join(OCCUPATIONS)}"
        )
    try:
        return schema.validate(table)
    except (pa.errors.SchemaError, pa.errors.SchemaErrors) as problem:
        first = getattr(problem, "schema_errors", [problem])[0]
        raise PanelError(_explain(schema, table, first)) from None


def _explain(schema: pa.DataFrameSchema, table: pd.DataFrame, problem: Exception) -> str:
    """What a failed check found, with its row."""
    twice = table.duplicated(schema.unique)
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        keys = ", ".join(schema.unique)
        return f"{schema.name}, {_row(table, at)}: a duplicate; expected one row for each {keys}"
    return f"{schema.name}: {problem}"


def refine(cells: pd.DataFrame, cities: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares that were given in single precision, made to add up in double precision.

    Single precision leaves sums that miss one by a ten-millionth; shares that miss it by more
    than a thousandth of a per cent are left for the check to refuse.
    """

    def settled(table: pd.DataFrame, column: str, by: list[str]) -> pd.Series:
        sums = np.exp(table[column]).groupby([table[key] for key in by]).transform("sum")
        return table[column] - np.log(sums.where((sums - 1).abs() < _COARSE, 1.0))

    cells = cells.assign(log_share=settled(cells, "log_share", ["year", "occupation"]))
    cities = cities.assign(log_city_share=settled(cities, "log_city_share", ["year"]))
    wide = np.exp(cells["log_share"]).groupby([cells["year"], cells["city"], cells["occupation"]])
    wide = wide.sum().unstack("occupation")
    for year, rows in cities.groupby("year"):
        if year not in wide.index or set(wide.loc[year].index) != set(rows["city"]):
            continue  # what does not match is named by the check
        pi_ck = wide.loc[year].loc[list(rows["city"])].to_numpy()
        pi_c = np.exp(rows["log_city_share"].to_numpy())
        if "households" in cells:
            counts = cells[cells["year"] == year].groupby("occupation")["households"].sum()
            omega_k = (counts / counts.sum()).reindex(wide.columns).to_numpy()
        else:
            omega_k = np.linalg.lstsq(pi_ck, pi_c, rcond=None)[0]
        fitted = pi_ck @ omega_k
        if np.isfinite(fitted).all() and np.abs(fitted - pi_c).max() < _COARSE:
            cities.loc[rows.index, "log_city_share"] = np.log(fitted / fitted.sum())
    return cells, cities


def check_rectangles(cells: pd.DataFrame, cities: pd.DataFrame) -> None:
    """Every year: the same cities in both tables, all occupations, sums of one."""
    for year, rows in cells.groupby("year"):
        here = set(rows["city"])
        n_occupations = rows["occupation"].nunique()
        if len(rows) != len(here) * n_occupations:
            short = rows.groupby("city").size().idxmin()
            raise PanelError(
                f"cells: {year} has {len(rows)} rows for {len(here)} cities and "
                f"{n_occupations} occupations; {short!r} lacks one: give every city all of "
                "them, or drop it that year"
            )
        others = set(cities.loc[cities["year"] == year, "city"])
        if here != others:
            odd = sorted(here ^ others)[0]
            raise PanelError(
                f"cities: {year} and {odd!r} is not in both tables; drop it or give both"
            )
        sums = np.exp(rows["log_share"]).groupby(rows["occupation"]).sum()
        worst = (sums - 1).abs().idxmax()
        if abs(sums[worst] - 1) > ADDING_UP:
            raise PanelError(
                f"cells: shares of {worst} in {year} sum to {sums[worst]:.10g}, expected 1: "
                "divide by their sum"
            )
    missing = set(cities["year"]) - set(cells["year"])
    if missing:
        raise PanelError(
            f"cells: no row for {min(missing)}, which cities has; drop the year or give both"
        )
