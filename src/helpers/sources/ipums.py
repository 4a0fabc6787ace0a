"""Extracts as IPUMS ships them: a codebook, and one record a line, scanned and never loaded.

The codebook (DDI, .xml) is read by ipumspy. The data are read by Ibis on the backend of choice:
fixed-width text (.dat, .dat.gz) is cut by position, .csv and .csv.gz by name, and parquet
as it is. Blank fields are missing. A number that is written with a point or an exponent is taken
as it stands; decimals that the codebook implies are applied to the others.
"""

from __future__ import annotations

import codecs
import csv
import functools
import gzip
import hashlib
import io
import itertools
import math
import os
import re
import struct
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from isal import igzip, isal_zlib

from helpers.errors import (
    CodebookError,
    CompanionError,
    DataError,
    ExtractRequestError,
    HierarchicalExtractError,
    MissingVariableError,
    ParameterError,
    RecordError,
    TruncatedFileError,
    nearest,
)

if TYPE_CHECKING:
    import ibis

SAMPLES = tuple(f"us{year}a" for year in range(2010, 2020))
"""Samples of the American Community Survey that the paper uses."""
VARIABLES = ("YEAR", "HHWT", "PERWT", "MET2013", "OCC1990", "INDNAICS", "INCWAGE")
"""What the panel is built from."""
KEY_VARIABLE = "IPUMS_API_KEY"
_FIXED, _DELIMITED = (".dat", ".dat.gz"), (".csv", ".csv.gz")
_ENDINGS = (*_FIXED, *_DELIMITED, ".parquet")
_MAX_DIGITS = 18  # that a 64-bit integer always holds
_LARGEST = 2**63 - 1
_PEEK = 100_000  # records that settle whether a variable has fractions
_SPAN, _FIELDS = 900, 60  # columns and fields that one regular expression may cover
_YEARS = (1600, 2100)  # of any collection
_DIGITS = r"[-+]?[0-9]+"
_WRITTEN = r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?|[0-9]+[eE][-+]?[0-9]{1,3})"
"""A number with its decimal point or its exponent written out."""
STAND_INS = {
    "YEAR": ("SAMPLE", "MULTYEAR", "DATANUM"),
    "HHWT": ("PERWT", "ASECWTH", "HWTFINL", "SLWT"),
    "PERWT": ("HHWT", "ASECWT", "WTFINL", "SLWT"),
    "MET2013": ("METAREA", "METFIPS", "MET2003", "MET2023", "COUNTYFIP", "PUMA"),
    "OCC1990": ("OCC", "OCC2010", "OCC1950", "OCCSOC", "OCC1990DD"),
    "INDNAICS": ("IND", "IND1990", "IND1950"),
    "INCWAGE": ("INCEARN", "INCTOT", "INCWELFR"),
    "PERNUM": ("RELATE", "RELATED"),
}
"""Variables of an extract that come nearest to one that it lacks; none serves in its place."""


@dataclass(frozen=True)
class Variable:
    """A variable of an extract.

    Attributes
    ----------
    name : str
    start, width : int
        First column, counted from zero, and number of columns; fixed-width only.
    decimals : int
        Digits after the implied point; 0 where there is none.
    numeric : bool
    labels : dict
        Meaning of each code, as the codebook lists them.
    """

    name: str
    start: int
    width: int
    decimals: int
    numeric: bool
    labels: dict[int | str, str]


@dataclass(frozen=True)
class Codebook:
    """What a DDI codebook says of an extract.

    Attributes
    ----------
    path : Path
    collection : str
        IPUMS collection, such as ``usa``.
    variables : dict of str to Variable
        By upper-case name.
    years : tuple of int
        Years of the samples that it lists; empty if it lists none.
    encoding : str
        Of the data's text, as Python names it.
    samples : tuple of str
        Names of the samples that it lists.
    """

    path: Path
    collection: str
    variables: dict[str, Variable]
    years: tuple[int, ...]
    encoding: str = "iso8859-1"
    samples: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Columns of a record."""
        return max(v.start + v.width for v in self.variables.values())

    def find(self, names: Sequence[str] | None) -> list[Variable]:
        """Variables by name, all where no name is given; a missing one is refused."""
        if names is None:
            return list(self.variables.values())
        names = [names] if isinstance(names, str) else list(names)
        check_present(self.path, [name.upper() for name in names], self.variables)
        return [self.variables[name.upper()] for name in names]


def check_present(path: Path, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse an extract that lacks variables: all that are missing at once, with the nearest.

    Raises
    ------
    MissingVariableError
        Naming each missing variable, and what the extract has in its stead.
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in known]
    if not missing:
        return
    said = []
    for name in missing:
        near = [other for other in STAND_INS.get(name, ()) if other in known]
        near = near or [other for other in nearest(name, known) if other in known]
        has = f" (the extract has {', '.join(near)})" if near else ""
        said.append(f"{name} is not in the {_kind_of(path)}{has}")
    which = "it" if len(missing) == 1 else f"these {len(missing)}"
    raise MissingVariableError(
        f"{path}: {'; '.join(said)}. Codes differ from one variable to another, so none stands "
        f"in: order the extract once more with {which} added: {', '.join(missing)}"
    )


def _kind_of(path: Path) -> str:
    ending = _ending(path)
    return "header" if ending in _DELIMITED else "file" if ending in _ENDINGS else "codebook"


def read_codebook(path: Path | str) -> Codebook:
    """Read a DDI codebook.

    Raises
    ------
    CodebookError
        If the file is missing or is no DDI codebook of an extract.
    HierarchicalExtractError
        If records are of several types.
    """
    from ipumspy import readers

    path = Path(path)
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such codebook"
        raise CodebookError(
            f"{path}: {kind}; name the .xml that IPUMS puts beside the data (DDI codebook)"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a reminder to cite, which the book does
            ddi = readers.read_ipums_ddi(path)
        structure = ddi.file_description.structure
        described = ddi.data_description
        variables = {
            v.name.upper(): Variable(
                name=v.name.upper(),
                start=v.start,
                width=v.end - v.start,
                decimals=v.shift or 0,
                numeric=v.vartype in ("numeric", "integer"),
                labels={code: label for label, code in v.codes.items()},
            )
            for v in described
        }
    except Exception as problem:
        raise CodebookError(
            f"{path}: not a DDI codebook of an IPUMS extract ({type(problem).__name__}: "
            f"{problem}); download the extract's .xml again"
        ) from None
    if structure and structure.lower() != "rectangular":
        kinds = ", ".join(ddi.file_description.rectypes) or "several"
        raise HierarchicalExtractError(
            f"{path}: the extract is {structure} (record types {kinds}); expected a rectangular "
            "one: choose 'rectangular' under 'data structure' when ordering it"
        )
    if not variables:
        raise CodebookError(f"{path}: describes no variable; download the extract's .xml again")
    named = tuple(" ".join(note.split("Note:")[0].split()) for note in ddi.samples_description)
    years = {int(year) for note in named for year in re.findall(_A_YEAR, note)}
    encoding = _encoding(path, ddi.file_description.encoding)
    return Codebook(path, ddi.ipums_collection, variables, tuple(sorted(years)), encoding, named)


_A_YEAR = r"\b(?:1[89]|20)\d\d\b"


def _encoding(path: Path, declared: str | None) -> str:
    """Python's name of the encoding that a codebook declares; ISO-8859-1 where it is silent."""
    name = (declared or "").strip() or "ISO-8859-1"
    try:
        found = codecs.lookup(name).name
        single = len(bytes(range(256)).decode(found, "replace")) == 256
    except (LookupError, UnicodeError, TypeError):
        found, single = "", False
    if found not in ("utf-8", "utf-8-sig") and not single:
        raise CodebookError(
            f"{path}: the data's encoding is {name!r}, expected ISO-8859-1, UTF-8 or another in "
            "which columns can be counted; correct charset= under fileType"
        )
    return "utf-8" if found == "utf-8-sig" else found


def _ending(path: Path) -> str:
    """The file's ending in lower case, such as .dat.gz."""
    name = path.name.lower()
    return next((e for e in _ENDINGS if name.endswith(e)), path.suffix.lower())


def _is_gzip(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _text_encoding(path: Path, book: Codebook) -> str:
    """The codebook's encoding, unless the file says by a byte-order mark that it is UTF-8."""
    with _open(path) as stream:
        marked = stream.read(3) == codecs.BOM_UTF8
    return "utf-8-sig" if marked else book.encoding


def connect(backend: str | ibis.BaseBackend) -> ibis.BaseBackend:
    """Ibis connection of a backend by name, ``duckdb`` or ``pyspark``; others pass through."""
    import ibis

    if not isinstance(backend, str):
        return backend
    if backend == "duckdb":
        engine = ibis.duckdb.connect()
        # a bar is drawn when an engine is slow, so that a page would show how busy a machine was
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


def _literal(path: Path, spark: bool) -> str:
    """A path whose ``*``, ``?`` and brackets stand for themselves, as an engine spells it."""
    text = str(path.resolve())
    if spark:
        return re.sub(r"([*?\[\]{}\\])", r"\\\1", text)
    return re.sub(r"([*?\[\]])", r"[\1]", text)


def _view(path: Path, *more: object) -> str:
    """A name of its own for each way of reading a file."""
    return "records_" + hashlib.sha1(repr((str(path.resolve()), *more)).encode()).hexdigest()[:16]


def _lines(con: ibis.BaseBackend, path: Path, encoding: str) -> ibis.Table:
    """One row a line, in a column ``line``; a byte is a character unless the text is UTF-8."""
    name = _view(path, encoding)
    bytewise = not encoding.startswith("utf-8")
    if con.name == "duckdb":
        # a delimiter that no text has, and no quotes: nothing is split or unquoted
        return con.read_csv(
            _literal(path, spark=False),
            table_name=name,
            columns={"line": "VARCHAR"},
            header=False,
            delim="\x01",
            quote="",
            escape="",
            auto_detect=False,
            null_padding=False,
            hive_partitioning=False,
            compression="gzip" if _is_gzip(path) else "none",
            encoding="latin-1" if bytewise else "utf-8",
        )
    read = con._session.read.text(_literal(path, spark=True))
    line = "decode(cast(value AS binary), 'ISO-8859-1')" if bytewise else "value"
    read.selectExpr(f"{line} AS line").createOrReplaceTempView(name)
    return con.table(name)


def _texts(con: ibis.BaseBackend, path: Path, encoding: str, header: list[str]) -> ibis.Table:
    """Read a delimited file with every column as text."""
    name = _view(path, encoding, *header)
    bytewise = not encoding.startswith("utf-8")
    if con.name == "duckdb":
        return con.read_csv(
            _literal(path, spark=False),
            table_name=name,
            columns=dict.fromkeys(header, "VARCHAR"),
            header=True,
            delim=",",
            quote='"',
            escape='"',
            auto_detect=False,
            null_padding=False,
            hive_partitioning=False,
            compression="gzip" if _is_gzip(path) else "none",
            encoding="latin-1" if bytewise else "utf-8",
        )
    read = con._session.read.csv(
        _literal(path, spark=True),
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
    if _ending(path) == ".parquet":
        there = {name.upper() for name in _parquet(path).schema_arrow.names}
    else:
        there = {name.upper() for name in _header(path, _text_encoding(path, codebook))}
    return [name for name in known if name in there]


def check_file(path: Path) -> None:
    """Refuse what is no file, or has another ending than an extract."""
    if _ending(path) not in _ENDINGS:
        found = path.suffix or "none"
        raise DataError(
            f"{path}: expected {', '.join(_ENDINGS[:-1])} or .parquet, found {found}; name the "
            "extract's data file"
        )
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        raise DataError(f"{path}: {kind}; name the extract's data file")


def _parquet(path: Path):
    import pyarrow as arrow
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (OSError, arrow.ArrowException) as problem:
        raise DataError(
            f"{path}: not a parquet file that can be read ({type(problem).__name__}); make it again"
        ) from None


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
    kind = _ending(path)
    if kind in _FIXED:
        encoding = _text_encoding(path, codebook)
        check_first_line(path, codebook)
        line = _lines(con, path, encoding).line
        cut = {v.name: line.substr(v.start, v.width) for v in wanted}
        shapes = [cut[v.name].re_search(_field(implied=True)) for v in wanted if v.numeric]
        sound = _all([line.length() == codebook.width, *shapes])
        text = {
            v.name: cut[v.name] if v.numeric else _decoded(cut[v.name], encoding) for v in wanted
        }
        return line.as_table().select(
            **text,
            ok=_plain_line(line, codebook, wanted).fill_null(False),
            sound=sound.fill_null(False),
        )
    if kind in _DELIMITED:
        encoding = _text_encoding(path, codebook)
        header = _header(path, encoding)
        check_header(path, wanted, codebook)
        texts = _texts(con, path, encoding, header)
        by_name = {column.upper(): column for column in texts.columns}
        first = texts[by_name[wanted[0].name]]
        plain = shapes = [first.isnull() | first.notnull()]
        for v in wanted:
            if v.numeric:
                column = texts[by_name[v.name]].fill_null("")
                plain = [*plain, column.re_search(_plain_text(v))]
                shapes = [*shapes, column.re_search(_field(implied=False))]
        ok, sound = _all(plain), _all(shapes)
        text = {v.name: texts[by_name[v.name]] for v in wanted}
        text = {v.name: text[v.name] if v.numeric else _decoded(text[v.name], encoding)
                for v in wanted}  # fmt: skip
        return texts.select(**text, ok=ok, sound=sound)
    check_present(path, [v.name for v in wanted], columns_of(path, codebook))
    spark = con.name != "duckdb"
    options = {} if spark else {"hive_partitioning": False}
    table = con.read_parquet(_literal(path, spark), table_name=_view(path), **options)
    by_name = {column.upper(): column for column in table.columns}
    first = table[by_name[wanted[0].name]]
    ok = sound = first.isnull() | first.notnull()
    for v in wanted:
        column = table[by_name[v.name]]
        kind = column.type()
        if v.numeric and kind.is_string():
            ok &= column.fill_null("").re_search(_plain_text(v))
            sound &= column.fill_null("").re_search(_field(implied=False))
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


def _field(*, implied: bool) -> str:
    """Match a field that holds a number or nothing.

    In fixed columns digits that blanks follow are no number in its place; what has a point or an
    exponent says itself where its decimals are.
    """
    if implied:
        return rf"^ *(?:{_DIGITS}|(?:{_WRITTEN}) *)?$"
    return rf"^\s*(?:{_DIGITS}|{_WRITTEN})?\s*$"


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


def written(field: ibis.Value, variable: Variable, *, implied: bool) -> ibis.Value:
    """A numeric field as text that says all: ``12345`` with two implied decimals is 12345e-2."""
    kind = field.type()
    if kind.is_floating():
        text = field.isnan().ifelse(None, field.cast("string"))
    elif kind.is_string():
        text = field.strip().nullif("")
    else:
        text = field.cast("string")
    if not (implied and variable.decimals):
        return text
    return text.re_search("[.eE]").ifelse(text, text + f"e-{variable.decimals}")


def places(text: ibis.Value) -> ibis.Value:
    """How many digits a number, as :func:`written`, has after its point."""
    after = text.re_extract(r"\.([0-9]*)", 1).length()
    power = text.re_extract(r"[eE]([-+]?[0-9]+)", 1).nullif("").try_cast("int64").fill_null(0)
    return after - power


def units(text: ibis.Value, after: int) -> ibis.Value:
    """A number, as :func:`written`, in whole units of its ``after``-th digit after the point."""
    head = text.re_extract("^([^eE]*)", 1)
    power = text.re_extract(r"[eE]([-+]?[0-9]+)", 1).nullif("").try_cast("int64").fill_null(0)
    shifted = head + "e" + (power + after).cast("string")
    return text.isnull().ifelse(None, shifted).try_cast("decimal(38, 0)")


def whole(text: ibis.Value) -> ibis.Value:
    """A number, as :func:`written`, as a 64-bit integer; missing where it is none."""
    exact = text.try_cast("decimal(38, 10)")
    fits = (exact == exact.cast("decimal(38, 0)")) & exact.between(-_LARGEST, _LARGEST)
    short = text.re_search(r"^[-+]?[0-9]{1,18}$")
    return short.ifelse(text.try_cast("int64"), fits.ifelse(exact, None).try_cast("int64"))


def is_fixed(data: Path | str) -> bool:
    """Whether a file is fixed-width, so that its decimals are implied."""
    return _ending(Path(data)) in _FIXED


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
    _watch(con)
    con._companion_files[_view_of(table)] = _Scanned(path, book, tuple(v.name for v in wanted), ())
    kinds = _kinds(table, wanted, implied)
    columns, always, unless_plain = {}, [], [table.sound]
    for v in wanted:
        field = table[v.name]
        if not v.numeric:
            columns[v.name] = field.cast("string").strip().nullif("")
            continue
        value = _value(field, v, kinds[v.name], implied)
        columns[v.name] = value
        known = written(field, v, implied=implied).isnull() | value.notnull()
        if kinds[v.name] == "float64":
            known &= value.isnull() | (value.abs() < math.inf)
        # plain digits fit in 64 bits, unless there are too many
        (always if implied and v.width > _MAX_DIGITS else unless_plain).append(known)
        if v.name == "YEAR":
            always.append(value.isnull() | value.between(*_YEARS))
    fine = _all([table.ok | _all(unless_plain), *always]).fill_null(False)
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


def _all(conditions: Sequence[ibis.Value]) -> ibis.Value:
    """Conditions joined by halves: an extract may have a thousand variables."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return _all(conditions[:half]) & _all(conditions[half:])


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


def _kinds(table: ibis.Table, wanted: Sequence[Variable], implied: bool) -> dict[str, str]:
    """Type of each numeric variable: what the codebook says, unless the first records differ."""
    kinds = {v.name: "float64" if v.decimals else "int64" for v in wanted if v.numeric}
    first = table.limit(_PEEK)
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
            if v.width > _MAX_DIGITS or not implied:
                long = text.re_search("[0-9]{19}").ifelse(text.try_cast("decimal(38, 0)"), None)
                asked[f"l_{v.name}"] = (long.abs() > _LARGEST).any()
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


def _value(field: ibis.Value, v: Variable, kind: str, implied: bool) -> ibis.Value:
    """A numeric field in its type."""
    given = field.type()
    text = given.is_string()
    if kind == "float64":
        if not text:
            wide = field.cast("float64")
            return wide.isnan().ifelse(None, wide) if given.is_floating() else wide
        if implied and v.width <= _MAX_DIGITS:
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


def _watch(con: ibis.BaseBackend) -> None:
    """Let a connection name what is wrong with a file, where its engine says something else."""
    if hasattr(con, "_companion_files"):
        return
    con._companion_files = {}
    for name in _READING:
        method = getattr(con, name, None)
        if method is not None:
            setattr(con, name, _explaining(con, method))


def _explaining(con: ibis.BaseBackend, method: Callable) -> Callable:
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


@contextmanager
def _open(path: Path) -> Iterator[io.BufferedReader]:
    """Bytes of a file, decompressed; damage raises :class:`TruncatedFileError`."""
    try:
        with igzip.open(path, "rb") if _is_gzip(path) else path.open("rb") as stream:
            yield stream
    except (EOFError, isal_zlib.error, gzip.BadGzipFile, struct.error) as problem:
        raise TruncatedFileError(
            f"{path}: the compressed file ends early or is damaged ({problem}); fetch it again"
        ) from None
    except OSError as problem:
        raise DataError(
            f"{path}: cannot be read ({problem.strerror or problem}); change its permissions or "
            "fetch it again"
        ) from None


def check_first_line(path: Path, codebook: Codebook) -> None:
    """Refuse a file whose first record is not as long as the codebook says."""
    with _open(path) as stream:
        line = stream.readline(1_000_000).rstrip(b"\r\n")
    length = len(line.decode(codebook.encoding, "replace"))
    if line and length != codebook.width:
        raise RecordError(
            f"{path}, line 1: {length} columns, expected {codebook.width} by {codebook.path}; "
            "is it the codebook of another extract? name the one that came with the data"
        )


def _header(path: Path, encoding: str) -> list[str]:
    """Names of a delimited file's columns, as they are written."""
    with _open(path) as stream:
        lines = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
        return [name.strip() for name in next(csv.reader(lines), [])]


def check_header(path: Path, wanted: Sequence[Variable], codebook: Codebook | None = None) -> None:
    """Refuse a delimited file whose header lacks a variable, or has one twice."""
    encoding = "utf-8-sig" if codebook is None else _text_encoding(path, codebook)
    columns = [name.upper() for name in _header(path, encoding)]
    check_present(path, [v.name for v in wanted], columns)
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise DataError(
            f"{path}: the column {twice[0] or 'without a name'} is in the header "
            f"{columns.count(twice[0])} times, expected once; rename or drop it"
        )


def check(
    data: Path | str,
    codebook: Path | str | Codebook,
    variables: Sequence[str] | None = None,
    *,
    _integers: Sequence[str] = (),
) -> int:
    """Read every record line by line and say what is wrong with the first bad one.

    Slow and exact: what :func:`helpers.build.build_panel` and :func:`scan` fall back on when an
    engine stops.

    Returns
    -------
    int
        Number of records, if nothing is wrong; a header is none, and a line break inside quotes
        does not end a record.

    Raises
    ------
    RecordError
        For a record of another length, or a numeric field that holds something else.
    TruncatedFileError
        If the compressed file ends early or is damaged.
    """
    book = codebook if isinstance(codebook, Codebook) else read_codebook(codebook)
    path, wanted = Path(data), book.find(variables)
    check_file(path)
    implied, count = is_fixed(path), 0
    for place, cells in records(path, book, wanted):
        count += 1
        for v, text in zip(wanted, cells, strict=True):
            if v.numeric:
                expected = _unexpected(text, v, implied, v.name in _integers)
                if expected:
                    shown = text if expected.startswith("a year") else repr(text)
                    raise RecordError(
                        f"{path}, {place}: {v.name} is {shown}, expected {expected}; "
                        "fetch the extract again, or mend the record"
                    )
    return count


def _unexpected(text: str, v: Variable, implied: bool, integer: bool) -> str:
    """What was expected of a numeric field in place of a text; empty where it is as it should."""
    if not re.fullmatch(_field(implied=implied), text):
        return "a number"
    if not text.strip():
        return ""
    value = float(text)
    if not math.isfinite(value):
        return "a number that a computer can hold"
    if v.name == "YEAR" and not _YEARS[0] <= value <= _YEARS[1]:
        return f"a year from {_YEARS[0]} to {_YEARS[1]}"
    if integer and (value != math.floor(value) or abs(value) > 10**38):
        return f"a whole number, as in the first {_PEEK:,} records"
    return ""


def records(
    data: Path | str, book: Codebook, wanted: Sequence[Variable]
) -> Iterator[tuple[str, list[str]]]:
    """Every record's place (``line 7``) and the wanted fields as text, one by one.

    Raises
    ------
    RecordError
        For a record of another length, or bytes that are no text in the codebook's encoding.
    """
    path = Path(data)
    if _ending(path) == ".parquet":
        yield from _rows(path, wanted)
        return
    encoding = _text_encoding(path, book)
    with _open(path) as stream:
        if is_fixed(path):
            yield from _fixed_records(path, stream, book, wanted, encoding)
        else:
            yield from _delimited_records(path, stream, wanted, encoding)


def _fixed_records(path, stream, book, wanted, encoding) -> Iterator[tuple[str, list[str]]]:
    for count, raw in enumerate(stream, 1):
        _refuse_controls(path, f"line {count}", raw, encoding)
        try:
            line = raw.rstrip(b"\r\n").decode(encoding)
        except UnicodeDecodeError as problem:
            raise RecordError(
                f"{path}, line {count}: the byte {problem.object[problem.start]:#04x} is no text "
                f"in {encoding}, which its codebook declares; correct charset= in the codebook"
            ) from None
        if len(line) != book.width:
            what = f"{len(line)} columns" if line.strip() else "a blank line"
            raise RecordError(
                f"{path}, line {count}: {what}, expected {book.width} columns; fetch the extract "
                "again, or mend the record"
            )
        yield f"line {count}", [line[v.start : v.start + v.width].lstrip(" ") for v in wanted]


_CONTROLS = re.compile(rb"[\x80-\x9f]")


def _refuse_controls(path: Path, place: str, raw: bytes, encoding: str) -> None:
    """Refuse bytes that ISO-8859-1 has no letter for, which engines do not read."""
    found = None if encoding.startswith("utf-8") else _CONTROLS.search(raw)
    if found:
        raise RecordError(
            f"{path}, {place}: the byte {found[0][0]:#04x} is no letter of ISO-8859-1; convert the "
            "file to UTF-8 and say so in the codebook (charset=)"
        )


def _delimited_records(path, stream, wanted, encoding) -> Iterator[tuple[str, list[str]]]:
    reader = csv.reader(io.TextIOWrapper(stream, encoding, newline=""), strict=True)
    last = 0
    try:
        header = [name.strip().upper() for name in next(reader, [])]
        columns = [header.index(v.name) for v in wanted]
        last = reader.line_num
        for row in reader:
            line, last = last + 1, reader.line_num
            if not row:
                continue  # a blank line holds no record
            if len(row) != len(header):
                raise RecordError(
                    f"{path}, line {line}: {len(row)} fields, expected {len(header)}; fetch the "
                    "extract again, or mend the record"
                )
            if not encoding.startswith("utf-8"):
                _refuse_controls(path, f"line {line}", ",".join(row).encode(encoding), encoding)
            yield f"line {line}", [row[column].strip() for column in columns]
    except csv.Error as problem:
        raise RecordError(
            f"{path}, line {last + 1}: cannot be split into fields ({problem}); mend the record"
        ) from None
    except UnicodeDecodeError as problem:
        raise RecordError(
            f"{path}, after line {last}: the byte {problem.object[problem.start]:#04x} is no text "
            f"in {encoding}, which its codebook declares; correct charset= in the codebook"
        ) from None


def _rows(path: Path, wanted: Sequence[Variable]) -> Iterator[tuple[str, list[str]]]:
    table = _parquet(path)
    by_name = {name.upper(): name for name in table.schema_arrow.names}
    check_present(path, [v.name for v in wanted], list(by_name))
    columns, count = [by_name[v.name] for v in wanted], 0
    for batch in table.iter_batches(columns=columns):
        for row in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
            count += 1
            blank = (None, "")
            yield f"row {count}", ["" if c in blank or c != c else str(c).strip() for c in row]


def verify(path: Path | str) -> None:
    """Read a gzip to its end and check it against the checksum that it carries.

    An engine that scans the file does not: of bits flipped on a disk or on the way, some leave
    digits that are wrong and look right.

    Raises
    ------
    TruncatedFileError
        If the file ends early or a bit is wrong.
    """
    path = Path(path)
    if not _is_gzip(path):
        return
    block = bytearray(1 << 20)
    with _open(path) as stream:
        while stream.readinto(block):
            pass


def fetch(
    folder: Path | str,
    samples: Sequence[str] = SAMPLES,
    variables: Sequence[str] = VARIABLES,
    *,
    address: str | None = None,
    patience: float = 24 * 3600,
) -> tuple[Path, Path]:
    """Order the extract that the paper needs from IPUMS USA, wait for it and download it.

    The key is read from the environment variable ``IPUMS_API_KEY`` and goes nowhere else: not
    into a file, a message or a page.

    Parameters
    ----------
    folder : path
        Where to put codebook and data.
    samples : sequence of str
        IPUMS sample ids; the American Community Surveys of 2010 to 2019 by default.
    variables : sequence of str
    address : str, optional
        Of another server of the same interface.
    patience : float
        Seconds to wait for IPUMS to make the extract.

    Returns
    -------
    (Path, Path)
        Codebook and data.

    Raises
    ------
    ExtractRequestError
        Without a key, or if IPUMS refuses or does not answer in time.
    """
    from ipumspy import IpumsApiClient, MicrodataExtract

    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise ExtractRequestError(
            f"{KEY_VARIABLE} is not set: make a key under 'API keys' in your IPUMS account and "
            "put it into the environment"
        )
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DataError(
            f"{folder}: cannot be made ({problem.strerror}); name a folder that you may write to"
        ) from None
    options = {"base_url": address} if address else {}
    try:
        client = IpumsApiClient(key, **options)
        extract = MicrodataExtract(
            "usa",
            list(samples),
            list(variables),
            description="Correlated Migration: an executable companion",
        )
        client.submit_extract(extract)
        names = [f"usa_{extract.extract_id:05d}{ending}" for ending in (".xml", ".dat.gz")]
        for name in names:
            if (folder / name).exists():
                raise ExtractRequestError(
                    f"{folder / name}: is there already and is not written over; extract "
                    f"{extract.extract_id} is ordered: move the file away and download it from "
                    "your IPUMS account, or name another folder"
                )
        client.wait_for_extract(extract, timeout=patience)
        with tempfile.TemporaryDirectory(prefix=".ipums-", dir=folder) as beside:
            client.download_extract(extract, download_dir=Path(beside))
            for name in names:
                os.replace(Path(beside) / name, folder / name)
    except ExtractRequestError:
        raise
    except Exception as problem:
        said = str(problem).replace(key, "***")
        raise ExtractRequestError(
            f"IPUMS: {type(problem).__name__}: {said}; look at the extract in your IPUMS account, "
            "and try again"
        ) from None
    return folder / names[0], folder / names[1]
