"""Extracts as IPUMS ships them: a codebook, and one record a line, scanned and never loaded.

The codebook (DDI, .xml) is read by ipumspy. The data are read by Ibis on the backend of choice:
fixed-width text (.dat, .dat.gz) is cut by position, .csv and .csv.gz by name, and parquet
as it is. Blank fields are missing. A number that is written with a point or an exponent is taken
as it stands; decimals that the codebook implies are applied to the others.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import ParameterError
from helpers.sources.ipums.codebook import Codebook, is_fixed, read_codebook, written
from helpers.sources.ipums.cut import all_of, fields
from helpers.sources.ipums.explain import kinds_of, value_of, watch
from helpers.sources.ipums.raw import MAX_DIGITS, YEARS

if TYPE_CHECKING:
    import ibis
"""Samples of the American Community Survey that the paper uses."""
"""What the panel is built from."""
"""A number with its decimal point or its exponent written out."""
"""Variables of an extract that come nearest to one that it lacks; none serves in its place."""


def connect(backend: str | ibis.BaseBackend) -> ibis.BaseBackend:
    """Ibis connection of a backend by name, ``duckdb`` or ``pyspark``; others pass through."""
    import ibis

    if not isinstance(backend, str):
        return backend
    if backend == "duckdb":
        from duckdb import InvalidInputException

        engine = ibis.duckdb.connect()
        # a bar is drawn when an engine is slow, so that a page would show how busy a machine was
        with contextlib.suppress(InvalidInputException):  # where none can be drawn, none is
            engine.raw_sql("SET enable_progress_bar = false")
        return engine
    if backend == "pyspark":
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise ParameterError(
                "backend: pyspark is not installed; install it, or leave the backend at duckdb"
            ) from None
        session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        return ibis.pyspark.connect(session)
    raise ParameterError(
        f"backend: expected duckdb, pyspark or an Ibis connection, found {backend!r}"
    )


def scan(
    data: Path | str,
    codebook: Path | str | Codebook,
    variables: Sequence[str] | None = None,
    backend: str | ibis.BaseBackend = "duckdb",
) -> ibis.Table:
    """Typed table of a rectangular IPUMS extract, read when the expression is executed.

    Parameters
    ----------
    data : path
        ``.dat``, ``.dat.gz``, ``.csv``, ``.csv.gz`` or ``.parquet``. Values of the last three
        have their decimal point written out, as IPUMS ships them.
    codebook : path or Codebook
        The extract's DDI codebook.
    variables : sequence of str, optional
        All by default.
    backend : {"duckdb", "pyspark"} or Ibis connection

    Returns
    -------
    Ibis table
        One column a variable, upper case: ``int64``, or ``float64`` where the codebook implies
        decimals or the first records have fractions, or a whole ``decimal`` where 64 bits do not
        hold an identifier, or ``string``, trimmed. Blank fields are missing.

    Raises
    ------
    CodebookError, HierarchicalExtractError, MissingVariableError
        If the codebook cannot be used or lacks a variable.
    RecordError, TruncatedFileError
        For the first record that is not as the codebook says, by file and line: of the first
        records at once, of later ones when the expression is executed.
    """
    book = codebook if isinstance(codebook, Codebook) else read_codebook(codebook)
    path, con, wanted = Path(data), connect(backend), book.find(variables)
    implied = is_fixed(path)
    table = fields(path, book, variables, con)
    watch(con)
    con._companion_files[_view_of(table)] = _Scanned(path, book, tuple(v.name for v in wanted), ())
    kinds = kinds_of(table, wanted, implied)
    columns, always, unless_plain = {}, [], [table.sound]
    for v in wanted:
        field = table[v.name]
        if not v.numeric:
            columns[v.name] = field.cast("string").strip().nullif("")
            continue
        value = value_of(field, v, kinds[v.name], implied)
        columns[v.name] = value
        known = written(field, v, implied=implied).isnull() | value.notnull()
        if kinds[v.name] == "float64":
            known &= value.isnull() | (value.abs() < math.inf)
        # plain digits fit in 64 bits, unless there are too many
        (always if implied and v.width > MAX_DIGITS else unless_plain).append(known)
        if v.name == "YEAR":
            always.append(value.isnull() | value.between(*YEARS))
    fine = all_of([table.ok | all_of(unless_plain), *always]).fill_null(False)
    integers = tuple(name for name, kind in kinds.items() if kind != "float64")
    con._companion_files[_view_of(table)] = _Scanned(
        path, book, tuple(v.name for v in wanted), integers
    )
    stop = _stop(con, f"{path}: a record is not as its codebook says")
    read = table.select(**columns, _fine=fine)
    # the filter holds for a count as well; the columns for what a reader's own filter lets by
    guarded = {
        name: read._fine.ifelse(read[name], stop.cast(read[name].type())) for name in columns
    }
    return (
        read.select(**guarded, _fine=read._fine.ifelse(True, stop.cast("boolean")))
        .filter(lambda t: t._fine)
        .drop("_fine")
    )


@dataclass(frozen=True)
class _Scanned:
    """What an engine reads under a view, so that its failures can be explained."""

    path: Path
    book: Codebook
    names: tuple[str, ...]
    integers: tuple[str, ...]


def _view_of(table: ibis.Table) -> str:
    import ibis.expr.operations as ops

    return next(op.name for op in table.op().find(ops.DatabaseTable))


def _stop(con: ibis.BaseBackend, message: str) -> ibis.Value:
    """An expression that ends the reading where it is evaluated."""
    import ibis

    @ibis.udf.scalar.builtin(name="error" if con.name == "duckdb" else "raise_error")
    def stop(message: str) -> str: ...

    return stop(message)
