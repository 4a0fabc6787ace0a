"""Why a scan stopped, or what it would have rounded: by file and line."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from helpers.errors import CompanionError, DataError
from helpers.sources.ipums.codebook import Variable, whole, written
from helpers.sources.ipums.lines import check
from helpers.sources.ipums.raw import LARGEST, MAX_DIGITS, PEEK

if TYPE_CHECKING:
    import ibis


def kinds_of(table: ibis.Table, wanted: Sequence[Variable], implied: bool) -> dict[str, str]:
    """Type of each numeric variable: what the codebook says, unless the first records differ."""
    kinds = {v.name: "float64" if v.decimals else "int64" for v in wanted if v.numeric}
    first = table.limit(PEEK)
    asked = {}
    for v in wanted:
        if not v.numeric or v.decimals:
            continue
        field = first[v.name]
        kind = field.type()
        if kind.is_unsigned_integer() and kind.nbytes == 8:
            kinds[v.name] = str(kind).strip("!")
        elif kind.is_floating():
            asked[f"f_{v.name}"] = (~field.isnan() & (field % 1 != 0)).any()
        elif kind.is_decimal() or kind.is_string():
            text = field.cast("string").strip()
            value = text.try_cast("float64")
            asked[f"f_{v.name}"] = (value % 1 != 0).any()
            if v.width > MAX_DIGITS or not implied:
                long = text.re_search("[0-9]{19}").ifelse(text.try_cast("decimal(38, 0)"), None)
                asked[f"l_{v.name}"] = (long.abs() > LARGEST).any()
    if not asked:
        return kinds
    if implied and not any(name.startswith("l_") for name in asked):
        plain = first.aggregate(plain=first.ok.all()).execute()["plain"].iloc[0]
        if plain is not None and bool(plain):
            return kinds
    found = first.aggregate(**asked).execute().iloc[0]
    for name, value in found.items():
        if value is not None and not pd.isna(value) and bool(value):
            kinds[name[2:]] = "float64" if name.startswith("f_") else "decimal(38, 0)"
    return kinds


def value_of(field: ibis.Value, v: Variable, kind: str, implied: bool) -> ibis.Value:
    """A numeric field in its type."""
    given = field.type()
    text = given.is_string()
    if kind == "float64":
        if not text:
            wide = field.cast("float64")
            return wide.isnan().ifelse(None, wide) if given.is_floating() else wide
        if implied and v.width <= MAX_DIGITS:
            bare = field.strip().nullif("")
            digits = bare.try_cast("int64") / 10**v.decimals if v.decimals else bare.try_cast(kind)
            return bare.re_search("[.eE]").ifelse(bare.try_cast(kind), digits)
        return written(field, v, implied=implied).try_cast(kind)
    if given.is_integer():
        return field.cast(kind)
    stands = written(field, v, implied=implied)
    if kind == "int64":
        return whole(stands) if text or given.is_decimal() else field.try_cast(kind)
    return stands.try_cast(kind)


_READING = (
    "execute", "to_pandas", "to_pandas_batches", "to_pyarrow", "to_pyarrow_batches", "to_polars",
    "to_parquet", "to_csv", "to_json", "to_delta", "create_table", "insert",
)  # fmt: skip


def watch(con: ibis.BaseBackend) -> None:
    """Let a connection name what is wrong with a file, where its engine says something else."""
    if hasattr(con, "_companion_files"):
        return
    con._companion_files = {}
    for name in _READING:
        method = getattr(con, name, None)
        if method is not None:
            setattr(con, name, explaining(con, method))


def explaining(con: ibis.BaseBackend, method: Callable) -> Callable:
    @functools.wraps(method)
    def read(*arguments, **options):
        try:
            return method(*arguments, **options)
        except CompanionError:
            raise
        except Exception as problem:
            fault = _fault(con, [*arguments, *options.values()], problem)
            if fault is None:
                raise
            raise fault from None

    return read


def _fault(con: ibis.BaseBackend, arguments: list, problem: Exception) -> DataError | None:
    """What is wrong with the files that an expression reads; None where nothing is."""
    import ibis
    import ibis.expr.operations as ops

    for expression in arguments:
        if not isinstance(expression, ibis.Expr):
            continue
        for op in expression.op().find(ops.DatabaseTable):
            read = con._companion_files.get(op.name)
            if read is None:
                continue
            try:
                check(read.path, read.book, read.names, _integers=read.integers)
            except DataError as found:
                return found
            if str(read.path) in str(problem):
                said = (str(problem).splitlines() or [""])[0]
                return DataError(f"{read.path}: cannot be read ({said}); fetch it again")
    return None
