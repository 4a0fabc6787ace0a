"""Which survey codes make up an occupation group, a sector or a zone: small tables (4.1)."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError
from helpers.names import OCCUPATIONS
from helpers.panel.reading import read_table

_AFTER_ALL = "~"  # sorts behind every letter and digit
_MOST_PLACES = 15  # digits of an allocation factor
_NEAR_ONE = Decimal("0.001")  # what factors that were rounded may miss


def occupation_table() -> pd.DataFrame:
    """Which ranges of OCC1990 make up the paper's eight groups.

    ``first``, ``last``, ``occupation``, ``what``. The paper does not print its choice. Left out
    are administrative support (303-389), operators and transport (703-889), the armed forces
    and the unemployed.
    """
    with files("helpers.sources").joinpath("occupations.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def sector_table() -> pd.DataFrame:
    """Which NAICS prefixes make up a sector, and its code in the productivity tables.

    ``prefix``, ``sector``, ``name``, ``tfp``; a sector without productivity has an empty
    ``tfp``. 3M and 4M stand for IPUMS's "not specified" codes.
    """
    with files("helpers.sources").joinpath("sectors.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


def read_groups(
    source: pd.DataFrame | Path | str, *, numeric: bool = True, variable: str = "OCC1990"
) -> pd.DataFrame:
    """A reader's table of groups: which codes of an occupation variable make up each.

    Parameters
    ----------
    source : DataFrame or path
        ``code, group``, or ``first, last, group``, a row for each code or range of codes. A code
        is a number, ``15``, or a range, ``3-22``; where the variable is text, as OCCSOC is,
        ``11-1021`` is the code 111021, ``11*`` all that begin so and ``111000-113999`` a range.
        ``occupation`` in place of ``group`` says that groups are the paper's.
    numeric : bool
        Whether the codebook has the variable as a number.
    variable : str
        Its name, for messages.

    Returns
    -------
    DataFrame
        ``first``, ``last``, ``occupation``, in the order of the table.

    Raises
    ------
    ParameterError, DataError
        For a column that is not there, a code that is none, a group without a name, and codes
        in two rows, each with its row.
    """
    table = read_table(source, "occupations")
    table = table.rename(columns=lambda column: str(column).strip().lower())
    name = "group" if "group" in table else "occupation"
    by_range = {"first", "last"} <= set(table)
    if name not in table or not (by_range or "code" in table):
        raise ParameterError(
            "occupations: expected the columns first, last, occupation, or code, group, found "
            f"{', '.join(map(str, table.columns))}; rename them"
        )
    rows = []
    for at, row in enumerate(table.itertuples(index=False), 1):
        group = getattr(row, name)
        if pd.isna(group) or not str(group).strip():
            raise DataError(
                f"occupations, row {at}: {name} is empty, expected a name; name the group, or drop "
                "the row: codes that are not in the table are left out"
            )
        if by_range:
            ends = [_code(part, numeric, variable, at) for part in (row.first, row.last)]
            first, last = ends[0][0], ends[1][1]
        else:
            first, last = _code(row.code, numeric, variable, at)
        if last < first:
            raise DataError(
                f"occupations, row {at}: the range ends at {last}, before {first}; exchange them"
            )
        rows.append((first, last, str(group).strip()))
    if not rows:
        raise DataError("occupations: the table has no rows; expected one for each code or range")
    if name == "occupation":
        unknown = sorted({group for _, _, group in rows} - set(OCCUPATIONS))
        if unknown:
            raise ParameterError(
                f"occupations: {unknown[0]!r} is not one of the eight groups; correct it, or call "
                "the column group to use groups of your own"
            )
    ordered = sorted(range(len(rows)), key=lambda at: rows[at][0])
    for before, at in itertools.pairwise(ordered):
        if rows[at][0] <= rows[before][1]:
            raise ParameterError(
                f"occupations: code {rows[at][0]} is in two ranges, in row {before + 1} "
                f"({rows[before][2]}) and row {at + 1} ({rows[at][2]}); keep one"
            )
    return pd.DataFrame(rows, columns=["first", "last", "occupation"])


def _code(value: object, numeric: bool, variable: str, at: int) -> tuple:
    """First and last code of an entry."""
    if isinstance(value, float) and value == int(value) if not pd.isna(value) else False:
        value = int(value)
    text = "" if pd.isna(value) else re.sub(r"\s*[-\u2013]\s*", "-", str(value).strip())
    if numeric:
        found = re.fullmatch(r"(\d{1,15})(?:-(\d{1,15}))?", text)
        if found:
            return int(found[1]), int(found[2] or found[1])
        expected = f"a number or a range such as 3-22, since {variable} is a number"
    else:
        text = text.upper()
        if re.fullmatch(r"\d\d-[0-9A-Z]{4}", text):
            text = text.replace("-", "")  # as the classification writes it
        found = re.fullmatch(r"([0-9A-Z]+)(?:-([0-9A-Z]+)|(\*))?", text)
        if found and found[2]:
            return found[1], found[2]
        if found:
            return found[1], found[1] + (_AFTER_ALL if found[3] else "")
        expected = "a code such as 11-1021, a beginning such as 11*, or a range 111000-113999"
    found = repr(text) if text else "empty"
    raise DataError(f"occupations, row {at}: the code is {found}, expected {expected}")


def read_crosswalk(source: pd.DataFrame | Path | str) -> pd.DataFrame:
    """A reader's table from places of the survey to zones: PUMA to commuting zone, say.

    Parameters
    ----------
    source : DataFrame or path
        ``from, to, share``: the code of a place, the zone and the part of the place's people who
        live in it. Parts of a place sum to one; without ``share`` each place is in one zone.
        With a column ``year`` a row holds for records of that year alone.

    Returns
    -------
    DataFrame
        ``from`` (int), ``to``, ``share`` (Decimal), and ``year`` where there is one. Parts sum
        to one exactly: what rounding left over goes to the largest.

    Raises
    ------
    DataError
        For a column that is not there, a row that will not do, one that is there twice, and a
        place whose parts do not sum to one.
    """
    table = read_table(source, "crosswalk")
    table = table.rename(columns=lambda column: str(column).strip().lower())
    lacking = [name for name in ("from", "to") if name not in table]
    if lacking:
        raise DataError(
            f"crosswalk: no column {' and '.join(lacking)}, found {', '.join(table.columns)}; "
            "expected from, to, share"
        )
    rows = []
    for at, row in enumerate(table.to_dict("records"), 1):
        share = _decimal(row.get("share", 1), at)
        code = re.sub(r"\.0$", "", "" if pd.isna(row["from"]) else str(row["from"]).strip())
        if not re.fullmatch(r"\d{1,15}", code):
            raise DataError(
                f"crosswalk, row {at}: from is {code!r}, expected the number of a place; where "
                "several variables name it, write their digits one behind the other"
            )
        zone = "" if pd.isna(row["to"]) else re.sub(r"\.0$", "", str(row["to"]).strip())
        if not zone:
            raise DataError(
                f"crosswalk, row {at}: to is empty, expected the name of a zone; drop the row to "
                "leave the place out"
            )
        year = row.get("year")
        if "year" in table and not re.fullmatch(r"\d{4}(\.0)?", str(year).strip()):
            raise DataError(f"crosswalk, row {at}: year is {year!r}, expected one such as 2012")
        rows.append((int(code), zone, share, int(float(year)) if "year" in table else 0))
    if not rows:
        raise DataError("crosswalk: the table has no rows; expected from, to, share")
    found = pd.DataFrame(rows, columns=["from", "to", "share", "year"])
    twice = found.duplicated(["from", "to", "year"])
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        raise DataError(
            f"crosswalk, row {at + 1}: {rows[at][0]} to {rows[at][1]} is there already; add the "
            "shares up"
        )
    for (code, _), part in found.groupby(["from", "year"]):
        total = sum(part["share"], Decimal(0))
        if abs(total - 1) > _NEAR_ONE:
            raise DataError(
                f"crosswalk: the shares of {code} sum to {total}, expected 1; give every zone that "
                "the place is in, or divide by the sum"
            )
        if total != 1:
            largest = max(part.index, key=lambda row: found.at[row, "share"])
            found.at[largest, "share"] += 1 - total
    return found if "year" in table else found.drop(columns="year")


def _decimal(value: object, at: int) -> Decimal:
    """An allocation factor, with the digits that the table writes."""
    try:
        share = Decimal(str(value).strip()).quantize(Decimal(1).scaleb(-_MOST_PLACES)).normalize()
        if not 0 <= share <= 1:
            raise InvalidOperation
    except InvalidOperation:
        raise DataError(
            f"crosswalk, row {at}: share is {value!r}, expected a number from 0 to 1, with a "
            "decimal point"
        ) from None
    return share
