"""From lines to numbers: expressions that cut a record into its variables."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import RecordError
from helpers.sources.ipums import stata
from helpers.sources.ipums.codebook import (
    Codebook,
    Variable,
    check_present,
    is_fixed,
    text_encoding,
)
from helpers.sources.ipums.lines import check_first_line, check_header, field_of, header_of
from helpers.sources.ipums.raw import (
    DELIMITED,
    FIXED,
    STATA,
    check_file,
    ending_of,
    is_gzip,
    read_parquet,
)

if TYPE_CHECKING:
    import ibis
_SPAN, _FIELDS = 900, 60  # columns and fields that one regular expression may cover


def literal(path: Path, spark: bool) -> str:
    """A path whose ``*``, ``?`` and brackets stand for themselves, as an engine spells it."""
    text = str(path.resolve())
    if spark:
        return re.sub(r"([*?\[\]{}\\])", r"\\\1", text)
    return re.sub(r"([*?\[\]])", r"[\1]", text)


def view(path: Path, *more: object) -> str:
    """A name of its own for each way of reading a file."""
    return "records_" + hashlib.sha1(repr((str(path.resolve()), *more)).encode()).hexdigest()[:16]


def lines_of(con: ibis.BaseBackend, path: Path, encoding: str) -> ibis.Table:
    """One row a line, in a column ``line``; a byte is a character unless the text is UTF-8."""
    name = view(path, encoding)
    bytewise = not encoding.startswith("utf-8")
    if con.name == "duckdb":
        # a delimiter that no text has, and no quotes: nothing is split or unquoted
        return con.read_csv(
            literal(path, spark=False),
            table_name=name,
            columns={"line": "VARCHAR"},
            header=False,
            delim="\x01",
            quote="",
            escape="",
            auto_detect=False,
            null_padding=False,
            hive_partitioning=False,
            compression="gzip" if is_gzip(path) else "none",
            encoding="latin-1" if bytewise else "utf-8",
        )
    read = con._session.read.text(literal(path, spark=True))
    line = "decode(cast(value AS binary), 'ISO-8859-1')" if bytewise else "value"
    read.selectExpr(f"{line} AS line").createOrReplaceTempView(name)
    return con.table(name)


def texts_of(con: ibis.BaseBackend, path: Path, encoding: str, header: list[str]) -> ibis.Table:
    """Read a delimited file with every column as text."""
    name = view(path, encoding, *header)
    bytewise = not encoding.startswith("utf-8")
    if con.name == "duckdb":
        return con.read_csv(
            literal(path, spark=False),
            table_name=name,
            columns=dict.fromkeys(header, "VARCHAR"),
            header=True,
            delim=",",
            quote='"',
            escape='"',
            auto_detect=False,
            null_padding=False,
            hive_partitioning=False,
            compression="gzip" if is_gzip(path) else "none",
            encoding="latin-1" if bytewise else "utf-8",
        )
    read = con._session.read.csv(
        literal(path, spark=True),
        header=True,
        inferSchema=False,
        multiLine=True,
        quote='"',
        escape='"',
        encoding="ISO-8859-1" if bytewise else "UTF-8",
    )
    read.toDF(*header).createOrReplaceTempView(name)
    return con.table(name)


def _decoded(text: ibis.Value, encoding: str) -> ibis.Value:
    """Text that was cut bytewise, in the characters of its encoding."""
    if encoding.startswith("utf-8") or encoding in ("iso8859-1", "ascii"):
        return text
    bytewise = [chr(code) for code in range(128, 256)]
    right = [bytes([code]).decode(encoding, "replace") for code in range(128, 256)]
    changed = [(b, r) for b, r in zip(bytewise, right, strict=True) if b != r]
    return text.translate("".join(b for b, _ in changed), "".join(r for _, r in changed))


def columns_of(data: Path | str, codebook: Codebook) -> list[str]:
    """Variables that both the codebook and the file have, in the codebook's order."""
    path, known = Path(data), list(codebook.variables)
    check_file(path)
    if is_fixed(path):
        return known
    if ending_of(path) in STATA:
        there = set(stata.names_in(path))
    elif ending_of(path) == ".parquet":
        there = {name.upper() for name in read_parquet(path).schema_arrow.names}
    else:
        there = {name.upper() for name in header_of(path, text_encoding(path, codebook))}
    return [name for name in known if name in there]


def fields(
    data: Path | str,
    codebook: Codebook,
    names: Sequence[str] | None,
    con: ibis.BaseBackend,
    numeric: Sequence[str] | None = None,
) -> ibis.Table:
    """Fields as they stand, one column a variable, with what can be said of each record.

    ``ok`` says that a record has the codebook's length and that the numeric variables asked for
    hold plain numbers, without a written point where decimals are implied, or blanks; ``sound``
    that they hold any number, such as ``12.5``, ``+3`` or ``1e5``. What is ok is sound. Parquet
    is passed through with its own types. Where ``numeric`` is given, these variables alone are
    looked at.
    """
    path = Path(data)
    check_file(path)
    wanted = codebook.find(names)
    if numeric is not None:
        wanted = [replace(v, numeric=v.numeric and v.name in numeric) for v in wanted]
    kind = ending_of(path)
    if kind in FIXED:
        encoding = text_encoding(path, codebook)
        check_first_line(path, codebook)
        line = lines_of(con, path, encoding).line
        cut = {v.name: line.substr(v.start, v.width) for v in wanted}
        shapes = [cut[v.name].re_search(field_of(implied=True)) for v in wanted if v.numeric]
        sound = all_of([line.length() == codebook.width, *shapes])
        text = {
            v.name: cut[v.name] if v.numeric else _decoded(cut[v.name], encoding) for v in wanted
        }
        return line.as_table().select(
            **text,
            ok=_plain_line(line, codebook, wanted).fill_null(False),
            sound=sound.fill_null(False),
        )
    if kind in DELIMITED:
        encoding = text_encoding(path, codebook)
        header = header_of(path, encoding)
        check_header(path, wanted, codebook)
        texts = texts_of(con, path, encoding, header)
        by_name = {column.upper(): column for column in texts.columns}
        first = texts[by_name[wanted[0].name]]
        plain = shapes = [first.isnull() | first.notnull()]
        for v in wanted:
            if v.numeric:
                column = texts[by_name[v.name]].fill_null("")
                plain = [*plain, column.re_search(_plain_text(v))]
                shapes = [*shapes, column.re_search(field_of(implied=False))]
        ok, sound = all_of(plain), all_of(shapes)
        text = {v.name: texts[by_name[v.name]] for v in wanted}
        text = {v.name: text[v.name] if v.numeric else _decoded(text[v.name], encoding)
                for v in wanted}  # fmt: skip
        return texts.select(**text, ok=ok, sound=sound)
    check_present(path, [v.name for v in wanted], columns_of(path, codebook))
    if kind in STATA:
        path = stata.kept_copy(path, [v.name for v in wanted], {v.name: v.decimals for v in wanted})
    spark = con.name != "duckdb"
    options = {} if spark else {"hive_partitioning": False}
    table = con.read_parquet(literal(path, spark), table_name=view(path), **options)
    by_name = {column.upper(): column for column in table.columns}
    first = table[by_name[wanted[0].name]]
    ok = sound = first.isnull() | first.notnull()
    for v in wanted:
        column = table[by_name[v.name]]
        kind = column.type()
        if v.numeric and kind.is_string():
            ok &= column.fill_null("").re_search(_plain_text(v))
            sound &= column.fill_null("").re_search(field_of(implied=False))
        elif v.numeric and kind.is_floating():
            wide = column.cast("float64")
            missing = column.isnull() | wide.isnan()
            units = wide * float(10**v.decimals)
            plain = (units % 1 == 0) & (units.abs() < 2.0**53)
            ok &= (missing | (plain & (units / float(10**v.decimals) == wide))).fill_null(True)
            sound &= (missing | (wide.abs() < math.inf)).fill_null(True)
        elif v.numeric and not kind.is_numeric():
            raise RecordError(
                f"{path}: {v.name} is a column of {kind}, expected numbers; write it as numbers"
            )
        elif v.numeric and kind.is_decimal():
            ok &= (column.isnull() | (column.cast("float64").abs() < 0)).fill_null(True)
    return table.select(**{v.name: table[by_name[v.name]] for v in wanted}, ok=ok, sound=sound)


def _plain_line(line: ibis.Value, book: Codebook, wanted: Sequence[Variable]) -> ibis.Value:
    """Whether a line has the right length and its numeric fields are right-aligned digits.

    One regular expression reads a whole line of the usual width. A longer one is read in pieces,
    since an expression may not count to more than a thousand.
    """
    numeric = sorted((v for v in wanted if v.numeric), key=lambda v: v.start)
    if book.width <= _SPAN and len(numeric) <= _FIELDS and not _overlap(numeric):
        return line.re_search(f"^{_run(numeric, 0, book.width)}$")
    fine, group = line.length() == book.width, []
    for v in [*numeric, None]:
        full = v is None or (
            group
            and (
                v.start + v.width - group[0].start > _SPAN
                or len(group) == _FIELDS
                or v.start < group[-1].start + group[-1].width
            )
        )
        if full and group:
            start, end = group[0].start, group[-1].start + group[-1].width
            fine &= line.substr(start, end - start).re_search(f"^{_run(group, start, end)}$")
            group = []
        group = [*group, v]
    return fine


def _overlap(numeric: Sequence[Variable]) -> bool:
    return any(b.start < a.start + a.width for a, b in itertools.pairwise(numeric))


def _run(numeric: Sequence[Variable], start: int, end: int) -> str:
    """Match columns ``start`` to ``end``, with plain numbers or blanks in the numeric fields."""
    parts, at = [], start
    for v in numeric:
        if v.start > at:
            parts.append(f".{{{v.start - at}}}")
        digits = (f" {{{blank}}}[0-9]{{{v.width - blank}}}" for blank in range(v.width + 1))
        signed = (f" {{{blank}}}-[0-9]{{{v.width - blank - 1}}}" for blank in range(v.width - 1))
        parts.append(f"(?:{'|'.join([*digits, *signed])})")
        at = v.start + v.width
    if end > at:
        parts.append(f".{{{end - at}}}")
    return "".join(parts)


def _plain_text(v: Variable) -> str:
    """Match a number of a delimited file that whole smallest units hold exactly."""
    return rf"^\s*(?:[-+]?[0-9]{{1,{15 - v.decimals}}}(?:\.[0-9]{{0,{v.decimals}}}0*)?)?\s*$"


def number(field: ibis.Value, variable: Variable, *, implied: bool) -> ibis.Value:
    """A field that is ok as a whole number of its smallest units (hundredths, say).

    Whole numbers add up to the same total in any order and on any backend. ``implied`` says
    whether the decimal point is left out of the text, as in fixed-width files.
    """
    import ibis

    units = 10**variable.decimals
    kind = field.type()
    if kind.is_string():
        field = field.try_cast("int64" if implied else "float64")
        if implied:
            return field
    elif kind.is_integer():
        return field.cast("int64") * units
    elif kind.is_floating():
        field = field.cast("float64")
        field = field.isnan().ifelse(None, field)
    scaled = field.cast("float64") * ibis.literal(float(units))
    return (scaled.abs() < 2.0**53).ifelse(scaled, None).round().cast("int64")  # or not ok


def all_of(conditions: Sequence[ibis.Value]) -> ibis.Value:
    """Conditions joined by halves: an extract may have a thousand variables."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return all_of(conditions[:half]) & all_of(conditions[half:])
