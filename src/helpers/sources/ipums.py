"""Extracts as IPUMS ships them: a codebook, and one record a line, scanned and never loaded.

The codebook (DDI, .xml) is read by ipumspy. The data are read by Ibis on the backend of choice:
fixed-width text (.dat, .dat.gz) is cut by position, .csv and .csv.gz by name, and parquet
as it is. Blank fields are missing; decimals that the codebook implies are applied.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isal import igzip, isal_zlib

from helpers.errors import (
    CodebookError,
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
_MAX_DIGITS = 18  # of a 64-bit integer


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
    """

    path: Path
    collection: str
    variables: dict[str, Variable]
    years: tuple[int, ...]

    @property
    def width(self) -> int:
        """Columns of a record."""
        return max(v.start + v.width for v in self.variables.values())

    def find(self, names: Sequence[str] | None) -> list[Variable]:
        """Variables by name, all where no name is given; a missing one is refused."""
        if names is None:
            return list(self.variables.values())
        found = []
        for name in names:
            if name.upper() not in self.variables:
                known = ", ".join(nearest(name, self.variables)) or ", ".join(self.variables)
                raise MissingVariableError(
                    f"{self.path}: {name} is not in the codebook; nearest: {known}"
                )
            found.append(self.variables[name.upper()])
        return found


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
        raise CodebookError(f"{path}: no such codebook")
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
            f"{path}: not a DDI codebook of an IPUMS extract ({type(problem).__name__}: {problem})"
        ) from None
    if structure and structure.lower() != "rectangular":
        kinds = ", ".join(ddi.file_description.rectypes) or "several"
        raise HierarchicalExtractError(
            f"{path}: the extract is {structure} (record types {kinds}); expected a rectangular "
            "one: choose 'rectangular' under 'data structure' when ordering it"
        )
    if not variables:
        raise CodebookError(f"{path}: describes no variable")
    years = {
        int(year)
        for sample in ddi.samples_description
        for year in re.findall(r"\b(?:1[89]|20)\d\d\b", sample)
    }
    return Codebook(path, ddi.ipums_collection, variables, tuple(sorted(years)))


def _ending(path: Path) -> str:
    return "".join(path.suffixes[-2:]).lower() if path.suffix == ".gz" else path.suffix.lower()


def connect(backend: str | ibis.BaseBackend) -> ibis.BaseBackend:
    """Ibis connection of a backend by name, ``duckdb`` or ``pyspark``; others pass through."""
    import ibis

    if not isinstance(backend, str):
        return backend
    if backend == "duckdb":
        return ibis.duckdb.connect()
    if backend == "pyspark":
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise ParameterError(
                "backend: pyspark is not installed (pip install pyspark)"
            ) from None
        session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
        return ibis.pyspark.connect(session)
    raise ParameterError(
        f"backend: expected duckdb, pyspark or an Ibis connection, found {backend!r}"
    )


def _lines(con: ibis.BaseBackend, path: Path) -> ibis.Table:
    """One row a line, in a column ``line``."""
    name = f"lines_{abs(hash(path)):x}"
    if con.name == "duckdb":
        # a delimiter that no text has, and no quotes: nothing is split or unquoted
        return con.read_csv(
            path,
            table_name=name,
            columns={"line": "VARCHAR"},
            header=False,
            delim="\x01",
            quote="",
            escape="",
            auto_detect=False,
            null_padding=False,
        )
    session = con._session
    session.read.text(str(path)).toDF("line").createOrReplaceTempView(name)
    return con.table(name)


def _texts(con: ibis.BaseBackend, path: Path) -> ibis.Table:
    """Read a delimited file with every column as text."""
    name = f"texts_{abs(hash(path)):x}"
    if con.name == "duckdb":
        return con.read_csv(path, table_name=name, header=True, all_varchar=True, delim=",")
    session = con._session
    session.read.csv(str(path), header=True, inferSchema=False).createOrReplaceTempView(name)
    return con.table(name)


def fields(
    data: Path | str, codebook: Codebook, names: Sequence[str] | None, con: ibis.BaseBackend
) -> ibis.Table:
    """Fields as text, one column a variable, and ``ok``: whether the record is as described.

    A record is ``ok`` when it has the codebook's length and the numeric variables that are asked
    for hold numbers or blanks. Parquet is passed through with its own types.
    """
    path = Path(data)
    wanted = codebook.find(names)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    kind = _ending(path)
    if kind in _FIXED:
        check_first_line(path, codebook)
        line = _lines(con, path).line
        cut = {v.name: line.substr(v.start, v.width) for v in wanted}
        return line.as_table().select(**cut, ok=line.re_search(_pattern(codebook, wanted)))
    if kind in _DELIMITED:
        check_header(path, wanted)
        texts = _texts(con, path)
        by_name = {column.upper(): column for column in texts.columns}
        ok = True
        for v in wanted:
            if v.numeric:
                written = f"^\\s*(?:{_written(v)})?\\s*$"
                ok &= texts[by_name[v.name]].fill_null("").re_search(written)
        return texts.select(**{v.name: texts[by_name[v.name]] for v in wanted}, ok=ok)
    if kind == ".parquet":
        table = con.read_parquet(path)
        by_name = {column.upper(): column for column in table.columns}
        for v in wanted:
            if v.name not in by_name:
                raise MissingVariableError(f"{path}: {v.name} is not in the file")
        ok = True
        for v in wanted:
            column = table[by_name[v.name]]
            if v.numeric and column.type().is_string():
                ok &= column.fill_null("").re_search(f"^\\s*(?:{_written(v)})?\\s*$")
            elif v.numeric and column.type().is_floating() and not v.decimals:
                ok &= column.isnull() | (column == column.round())
        return table.select(**{v.name: table[by_name[v.name]] for v in wanted}, ok=ok)
    raise DataError(
        f"{path}: expected .dat, .dat.gz, .csv, .csv.gz or .parquet, found {path.suffix or 'none'}"
    )


def _pattern(codebook: Codebook, wanted: Sequence[Variable]) -> str:
    """Match a record of the right length whose numeric fields are right-aligned numbers."""
    parts, at = [], 0
    for v in sorted((v for v in wanted if v.numeric), key=lambda v: v.start):
        if v.start > at:
            parts.append(f".{{{v.start - at}}}")
        digits = (f" {{{blank}}}[0-9]{{{v.width - blank}}}" for blank in range(v.width + 1))
        signed = (f" {{{blank}}}-[0-9]{{{v.width - blank - 1}}}" for blank in range(v.width - 1))
        parts.append(f"(?:{'|'.join([*digits, *signed])})")
        at = v.start + v.width
    if codebook.width > at:
        parts.append(f".{{{codebook.width - at}}}")
    return f"^{''.join(parts)}$"


def _written(variable: Variable) -> str:
    """Match a number as a delimited file writes it; a whole one may end in .0 and no more."""
    whole = r"[-+]?[0-9]+(?:\.0*)?"
    return r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)" if variable.decimals else whole


def number(
    field: ibis.Value, variable: Variable, *, implied: bool, strict: bool = False
) -> ibis.Value:
    """A numeric field as a whole number of its smallest units (hundredths, say).

    Whole numbers add up to the same total in any order and on any backend. ``implied`` says
    whether the decimal point is left out of the text, as in fixed-width files; ``strict``
    whether text that is no number stops the reading or is missing.
    """
    import ibis

    places = ibis.literal(10**variable.decimals, "float64")
    if field.type().is_string():
        text = field.strip().nullif("") if strict else field
        kind = "int64" if implied else "float64"
        field = text.cast(kind) if strict else text.try_cast(kind)
    if implied:
        return field.cast("int64")
    return (field.cast("float64") * places).round().cast("int64")


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
        decimals, or ``string``, trimmed. Blank fields are missing.

    Raises
    ------
    CodebookError, HierarchicalExtractError, MissingVariableError
        If the codebook cannot be used or lacks a variable.
    RecordError, TruncatedFileError
        If the first record does not have the codebook's length. Later records are checked by
        :func:`helpers.build.build_panel`, and by :func:`check` here.
    """
    book = codebook if isinstance(codebook, Codebook) else read_codebook(codebook)
    table = fields(data, book, variables, connect(backend))
    columns = {}
    for v in book.find(variables):
        field = table[v.name]
        if not v.numeric:
            columns[v.name] = field.cast("string").strip().nullif("")
        elif v.width > _MAX_DIGITS and is_fixed(data):
            columns[v.name] = field.strip().nullif("").cast("float64") / 10**v.decimals
        else:
            units = number(field, v, implied=is_fixed(data), strict=True)
            columns[v.name] = units / 10**v.decimals if v.decimals else units
    return table.select(**columns)


@contextmanager
def _open(path: Path) -> Iterator[io.BufferedReader]:
    """Bytes of a file, decompressed; damage raises :class:`TruncatedFileError`."""
    try:
        with igzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            yield stream
    except (EOFError, isal_zlib.error, gzip.BadGzipFile, struct.error) as problem:
        raise TruncatedFileError(
            f"{path}: the compressed file ends early or is damaged ({problem}); fetch it again"
        ) from None


def check_first_line(path: Path, codebook: Codebook) -> None:
    """Refuse a file whose first record is not as long as the codebook says."""
    with _open(path) as stream:
        line = stream.readline(1_000_000).rstrip(b"\r\n")
    if line and len(line) != codebook.width:
        raise RecordError(
            f"{path}, line 1: {len(line)} columns, expected {codebook.width} by {codebook.path}; "
            "is it the codebook of another extract?"
        )


def check_header(path: Path, wanted: Sequence[Variable]) -> None:
    """Refuse a delimited file whose header lacks a variable."""
    with _open(path) as stream:
        header = stream.readline(1_000_000).decode("utf-8", "replace").strip()
    columns = [name.upper() for name in next(csv.reader([header]), [])]
    for v in wanted:
        if v.name not in columns:
            raise MissingVariableError(f"{path}: {v.name} is not in the header")


def check(
    data: Path | str, codebook: Path | str | Codebook, variables: Sequence[str] | None = None
) -> int:
    """Read every record line by line and say what is wrong with the first bad one.

    Slow and exact: what :func:`helpers.build.build_panel` falls back on when its scan fails.

    Returns
    -------
    int
        Number of records, if nothing is wrong.

    Raises
    ------
    RecordError
        For a record of another length, or a numeric field that holds something else.
    TruncatedFileError
        If the compressed file ends early or is damaged.
    """
    book = codebook if isinstance(codebook, Codebook) else read_codebook(codebook)
    path, wanted = Path(data), book.find(variables)
    count = 0
    with _open(path) as stream:
        for count, cells in _records(path, stream, book, wanted):
            for v, text in zip(wanted, cells, strict=True):
                if v.numeric and not _is_number(text, v, is_fixed(path)):
                    raise RecordError(
                        f"{path}, line {count}: {v.name} is {text!r}, expected a number"
                    )
    return count


def _records(
    path: Path, stream: io.BufferedReader, book: Codebook, wanted: Sequence[Variable]
) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and the wanted fields of every record."""
    if is_fixed(path):
        for count, raw in enumerate(stream, 1):
            line = raw.rstrip(b"\r\n").decode("latin-1")
            if len(line) != book.width:
                raise RecordError(
                    f"{path}, line {count}: {len(line)} columns, expected {book.width}"
                )
            # a number that blanks follow is no number in its place
            yield count, [line[v.start : v.start + v.width].lstrip() for v in wanted]
        return
    reader = csv.reader(io.TextIOWrapper(stream, "latin-1", newline=""))
    header = [name.upper() for name in next(reader, [])]
    places = [header.index(v.name) for v in wanted]
    for row in reader:
        if len(row) != len(header):
            raise RecordError(
                f"{path}, line {reader.line_num}: {len(row)} fields, expected {len(header)}"
            )
        yield reader.line_num, [row[place].strip() for place in places]


def _is_number(text: str, variable: Variable, implied: bool) -> bool:
    pattern = r"-?\d+" if implied else _written(variable)
    return not text or re.fullmatch(pattern, text, re.A) is not None


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
    if path.suffix != ".gz":
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
    folder.mkdir(parents=True, exist_ok=True)
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
        client.wait_for_extract(extract, timeout=patience)
        client.download_extract(extract, download_dir=folder)
    except Exception as problem:
        said = str(problem).replace(key, "***")
        raise ExtractRequestError(f"IPUMS: {type(problem).__name__}: {said}") from None
    stem = f"usa_{extract.extract_id:05d}"
    return folder / f"{stem}.xml", folder / f"{stem}.dat.gz"
