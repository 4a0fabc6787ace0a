"""Reading an extract line by line, to say where it is damaged."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.errors import DataError, RecordError
from helpers.sources.ipums import stata
from helpers.sources.ipums.codebook import (
    Codebook,
    Variable,
    check_present,
    is_fixed,
    read_codebook,
    text_encoding,
)
from helpers.sources.ipums.raw import (
    DIGITS,
    PEEK,
    STATA,
    WRITTEN,
    YEARS,
    check_file,
    ending_of,
    is_gzip,
    open_records,
    read_parquet,
)


def field_of(*, implied: bool) -> str:
    """Match a field that holds a number or nothing.

    In fixed columns digits that blanks follow are no number in its place; what has a point or an
    exponent says itself where its decimals are.
    """
    if implied:
        return rf"^ *(?:{DIGITS}|(?:{WRITTEN}) *)?$"
    return rf"^\s*(?:{DIGITS}|{WRITTEN})?\s*$"


def check_first_line(path: Path, codebook: Codebook) -> None:
    """Refuse a file whose first record is not as long as the codebook says."""
    with open_records(path) as stream:
        line = stream.readline(1_000_000).rstrip(b"\r\n")
    length = len(line.decode(codebook.encoding, "replace"))
    if line and length != codebook.width:
        raise RecordError(
            f"{path}, line 1: {length} columns, expected {codebook.width} by {codebook.path}; "
            "is it the codebook of another extract? name the one that came with the data"
        )


def header_of(path: Path, encoding: str) -> list[str]:
    """Names of a delimited file's columns, as they are written."""
    with open_records(path) as stream:
        lines = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
        return [name.strip() for name in next(csv.reader(lines), [])]


def check_header(path: Path, wanted: Sequence[Variable], codebook: Codebook | None = None) -> None:
    """Refuse a delimited file whose header lacks a variable, or has one twice."""
    encoding = "utf-8-sig" if codebook is None else text_encoding(path, codebook)
    columns = [name.upper() for name in header_of(path, encoding)]
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

    Examples
    --------
    Every record is in order, and counted:

    >>> import tempfile
    >>> from helpers.sources.synthetic import write_extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=500)
    ...     check(data, codebook)
    500
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
    if not re.fullmatch(field_of(implied=implied), text):
        return "a number"
    if not text.strip():
        return ""
    value = float(text)
    if not math.isfinite(value):
        return "a number that a computer can hold"
    if v.name == "YEAR" and not YEARS[0] <= value <= YEARS[1]:
        return f"a year from {YEARS[0]} to {YEARS[1]}"
    if integer and (value != math.floor(value) or abs(value) > 10**38):
        return f"a whole number, as in the first {PEEK:,} records"
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
    if ending_of(path) in STATA:
        path = stata.kept_copy(path, [v.name for v in wanted], {v.name: v.decimals for v in wanted})
    if ending_of(path) == ".parquet":
        yield from _rows(path, wanted)
        return
    encoding = text_encoding(path, book)
    with open_records(path) as stream:
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
    table = read_parquet(path)
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

    Examples
    --------
    Nothing is said of a file that is whole:

    >>> import tempfile
    >>> from helpers.sources.synthetic import write_extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=500)
    ...     verify(data)
    """
    path = Path(path)
    if not is_gzip(path):
        return
    block = bytearray(1 << 20)
    with open_records(path) as stream:
        while stream.readinto(block):
            pass
