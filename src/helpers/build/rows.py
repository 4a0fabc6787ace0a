"""Rows of a reader's table as an engine sees them: named, turned into numbers and checked."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pandas as pd

from helpers.errors import DataError
from helpers.panel.columns import NO_YEAR, find_columns
from helpers.panel.contract import OCCUPATIONS, plain
from helpers.panel.reading import ENDINGS, find_delimiter, find_encoding
from helpers.sources.ipums import cut, stata

if TYPE_CHECKING:
    import ibis

_MISSING = ("", ".", "NA", "N/A", "NaN", "nan", "null", "NULL", "#N/A", "-")
_SPACES = "[\\s\u00a0\u202f']"
_COMMA = r"^[-+]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+),[0-9]+$"
_POINT = r"^[-+]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)?\.[0-9]+([eE][-+]?[0-9]+)?$"
_NUMBERS = ("households", "share", "wage", "instrument")
_EXPECTED = {
    "households": "a number of at least 0",
    "share": "a number of at least 0",
    "wage": "a number above 0, or nothing where it is not known",
    "instrument": "a number",
}


@dataclass(frozen=True)
class Rows:
    """Rows as the panel names them, with what is wrong with each."""

    rows: ibis.Table
    named: dict[str, str]
    numbers: tuple[str, ...]


def check_file(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"table: {path} is not there; name a file")
    if not path.name.lower().endswith(ENDINGS):
        raise DataError(
            f"table: {path.name}: expected a file that ends in {', '.join(ENDINGS)}; "
            "save it as one of them"
        )


def read(con: ibis.BaseBackend, path: Path, encoding: str | None, beside: Path) -> ibis.Table:
    """The file as a table; columns of text files are text."""
    lower = path.name.lower()
    try:
        if lower.endswith(".dta"):
            path = stata.to_parquet(path, beside / "table.parquet", labels=True)
            lower = path.name
        if lower.endswith(".parquet"):
            spark = con.name != "duckdb"
            options = {} if spark else {"hive_partitioning": False}
            return con.read_parquet(cut.literal(path, spark), **options)
        return _read_text(con, path, encoding or find_encoding(path), beside)
    except DataError:
        raise
    except Exception as problem:
        said = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise DataError(f"table: {path.name} cannot be read ({said}); save it again") from None


def _read_text(con: ibis.BaseBackend, path: Path, encoding: str, beside: Path) -> ibis.Table:
    kind = codecs.lookup(encoding).name
    if kind not in ("utf-8", "utf-8-sig", "ascii"):
        path = _recoded(path, encoding, beside / "table.csv")
    gz = path.name.lower().endswith(".gz")
    with _text(path) as stream:
        lines = [line for _, line in zip(range(50), stream, strict=False)]
    if not lines:
        raise DataError(f"table: {path.name} is empty; expected a header and a row for each entry")
    sign = find_delimiter(lines)
    header = [part.strip() for part in next(csv.reader(lines, delimiter=sign))]
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise DataError(f"table: the column {twice[0]!r} is in the header twice; rename one")
    if con.name == "duckdb":
        return con.read_csv(
            cut.literal(path, spark=False), columns=dict.fromkeys(header, "VARCHAR"), header=True,
            delim=sign, quote='"', escape='"', auto_detect=False, hive_partitioning=False,
            compression="gzip" if gz else "none",
        )  # fmt: skip
    read = con._session.read.csv(
        cut.literal(path, spark=True), header=True, inferSchema=False, sep=sign, quote='"',
        escape='"', multiLine=True,
    )  # fmt: skip
    name = cut.view(path, "table")
    read.toDF(*header).createOrReplaceTempView(name)
    return con.table(name)


def _text(path: Path, encoding: str = "utf-8-sig") -> TextIO:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    return opener(path, "rt", encoding=encoding, newline="")


def _recoded(path: Path, encoding: str, target: Path) -> Path:
    """A copy in UTF-8, a block at a time."""
    with _text(path, encoding) as source, target.open("w", encoding="utf-8") as copy:
        while block := source.read(1 << 20):
            copy.write(block)
    return target


def _given(column: ibis.Value) -> ibis.Value:
    """A column with what stands for nothing as nothing."""
    kind = column.type()
    if kind.is_string():
        text = column.strip()
        return text.isin(_MISSING).ifelse(None, text)
    if kind.is_floating():
        return column.isnan().ifelse(None, column)
    return column


def _name(column: ibis.Value) -> ibis.Value:
    given = _given(column)
    if given.type().is_floating():
        whole = given.cast("int64").cast("string")
        return (given == given.floor()).ifelse(whole, given.cast("string"))
    return given.cast("string").strip().nullif("")


def _number(column: ibis.Value, decimal: str) -> ibis.Value:
    given = _given(column)
    if not given.type().is_string():
        return given.cast("float64")
    other = "." if decimal == "," else ","
    text = given.re_replace(_SPACES, "").replace(other, "").replace(decimal, ".")
    return text.try_cast("float64")


def _sign(raw: ibis.Table, columns: list[str]) -> str:
    """Decimal sign of columns of text: a comma where some number can be read in no other way."""
    asked = {}
    for at, column in enumerate(columns):
        text = _given(raw[column]).re_replace(_SPACES, "")
        comma = text.re_search(_COMMA) & ~text.re_search(r"^[-+]?[0-9]{1,3}(,[0-9]{3})+$")
        point = text.re_search(_POINT) & ~text.re_search(r"^[-+]?[0-9]{1,3}(\.[0-9]{3})+$")
        asked[f"comma_{at}"] = comma.ifelse(text, None).max()
        asked[f"point_{at}"] = point.ifelse(text, None).max()
    found = raw.aggregate(**asked).execute().iloc[0].dropna()
    comma = [found[key] for key in found.index if key.startswith("comma")]
    point = [found[key] for key in found.index if key.startswith("point")]
    if comma and point:
        raise DataError(
            f"numbers: {comma[0]!r} has a decimal comma and {point[0]!r} a point; write them all "
            "one way"
        )
    return "," if comma else "."


def understood(
    raw: ibis.Table,
    columns: Mapping[str, str] | None,
    decimal: str | None,
    *,
    numbered: bool = False,
) -> tuple[Rows, str]:
    """The table as the panel names it."""
    import ibis

    named = find_columns(pd.DataFrame(columns=list(raw.columns)), columns)
    numbers = tuple(meaning for meaning in _NUMBERS if meaning in named)
    text = [named[meaning] for meaning in numbers if raw[named[meaning]].type().is_string()]
    sign = decimal or (_sign(raw, text) if text else ".")
    year = ibis.literal(float(NO_YEAR))
    if "year" in named:
        year = _number(raw[named["year"]], ".")
    rows = raw.select(
        city=_name(raw[named["place"]]),
        occupation=_name(raw[named["group"]]),
        year=year,
        **{meaning: _number(raw[named[meaning]], sign) for meaning in numbers},
        **{f"given_{meaning}": _given(raw[named[meaning]]).notnull() for meaning in numbers},
        **({"row": ibis.row_number()} if numbered else {}),
        **({f"raw_{key}": raw[column] for key, column in named.items()} if numbered else {}),
    )
    return Rows(rows, named, numbers), sign


def _faults(table: Rows) -> dict[str, ibis.Value]:
    """By meaning: whether a row's value will not do."""
    rows = table.rows
    wrong = {
        "place": rows.city.isnull(),
        "group": rows.occupation.isnull(),
        "year": rows.year.isnull() | (rows.year % 1 != 0) | ~rows.year.between(1850, 2100),
    }
    for meaning in table.numbers:
        value, given = rows[meaning], rows[f"given_{meaning}"]
        beyond = (value.abs() == float("inf")).fill_null(False)
        if meaning in ("households", "share"):
            wrong[meaning] = value.isnull() | (value < 0).fill_null(False) | beyond
        else:
            wrong[meaning] = (given & value.isnull()) | beyond
            if meaning == "wage":
                wrong[meaning] |= (value <= 0).fill_null(False)
    return wrong


def check_rows(raw: ibis.Table, table: Rows, sign: str) -> int:
    """How many rows there are; the first value that will not do is refused with its row."""
    wrong = _faults(table)
    rows = table.rows
    asked = {key: fault.ifelse(1, 0).sum() for key, fault in wrong.items()}
    found = rows.aggregate(n=rows.count(), **asked).execute().iloc[0]
    if not found["n"]:
        raise DataError("the table has no rows; expected one for each place, group and year")
    for key in wrong:
        if found[key]:
            column = table.named[key]
            at, value = _first(raw, table, sign, key)
            said = "empty" if pd.isna(value) else plain(value)
            expected = _EXPECTED.get(key, "a name")
            if key == "year":
                expected = "a whole year from 1850 to 2100"
            raise DataError(
                f"row {at}: {column} is {said}, expected {expected}; mend or drop the row"
            )
    return int(found["n"])


def _first(raw: ibis.Table, table: Rows, sign: str, key: str) -> tuple[int, object]:
    """Row, counted from one, and value of the first fault of a kind."""
    again, _ = understood(raw, table.named, sign, numbered=True)
    found = (
        again.rows.filter(_faults(again)[key])
        .order_by("row")
        .select("row", value=again.rows[f"raw_{key}"])
        .limit(1)
        .execute()
    )
    return int(found["row"].iloc[0]) + 1, found["value"].iloc[0]


def names_of(table: Rows, raw: ibis.Table, sign: str) -> tuple[list[str], list[str], list[int]]:
    """Places sorted, groups as the table has them first (or the paper's order), years."""
    rows = table.rows
    places = rows.select("city").distinct().execute()["city"]
    years = rows.select("year").distinct().execute()["year"]
    numbered = understood(raw, table.named, sign, numbered=True)[0].rows
    first = numbered.group_by("occupation").aggregate(row=numbered.row.min()).execute()
    groups = first.sort_values("row")["occupation"].tolist()
    if set(groups) <= set(OCCUPATIONS):
        groups = [name for name in OCCUPATIONS if name in groups]
    return sorted(places), groups, sorted(int(year) for year in years)
