"""A corpus of damaged extracts: each is refused by a named error, and nothing is written."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import extracts
from helpers.build import build_panel
from helpers.errors import (
    CodebookError,
    CompanionError,
    DataError,
    MissingVariableError,
    RecordError,
    SampleError,
    TruncatedFileError,
    WrongCollectionError,
)
from helpers.sources.synthetic.extract import LAYOUT

PLACE = {}
_start = 0
for _name, _width, *_ in LAYOUT:
    PLACE[_name] = slice(_start, _start + _width)
    _start += _width


def _put(name: str, text: str, line: int = 50) -> Callable[[list[str]], list[str]]:
    """Replace a field of one record."""

    def change(lines: list[str]) -> list[str]:
        record = lines[line - 1]
        place = PLACE[name]
        lines[line - 1] = record[: place.start] + text + record[place.stop :]
        return lines

    return change


def _each(change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    return lambda lines: [change(line) for line in lines]


def _all(name: str, text: str) -> Callable[[list[str]], list[str]]:
    """Replace a field of every record."""
    place = PLACE[name]
    return _each(lambda record: record[: place.start] + text + record[place.stop :])


RECORDS = {
    "letter in the year": (_put("YEAR", "20x0"), RecordError, "line 50: YEAR is '20x0'"),
    "year of zeros": (_put("YEAR", "0000"), RecordError, "line 50: YEAR is 0000"),
    "year of nines": (_put("YEAR", "9999"), RecordError, "line 50: YEAR is 9999"),
    "year that the codebook lacks": (_put("YEAR", "2012"), RecordError, "YEAR is 2012"),
    "blank year": (_put("YEAR", "    "), RecordError, "line 50: YEAR is blank"),
    "letter in the weight": (_put("HHWT", "00000O1000"), RecordError, "HHWT is '00000O1000'"),
    "point alone": (_put("INCWAGE", "     ."), RecordError, r"line 50: INCWAGE is '\.'"),
    "exponent alone": (_put("INCWAGE", "    e5"), RecordError, "line 50: INCWAGE is 'e5'"),
    "exponent beyond all": (_put("INCWAGE", " 1e999"), RecordError, "INCWAGE is '1e999'"),
    "weight beyond all measure": (_put("HHWT", "1.0000e300"), RecordError, "HHWT is 1.0000e300"),
    "half an occupation": (_put("OCC1990", "1.5"), RecordError, "line 50: OCC1990 is 1.5"),
    "half a year": (_put("YEAR", "20.5"), RecordError, "line 50: YEAR is 20.5"),
    "not a number by name": (_put("INCWAGE", "   nan"), RecordError, "line 50: INCWAGE is 'nan'"),
    "blank line": (lambda lines: [*lines[:49], "", *lines[49:]], RecordError,
                   "line 50: a blank line"),
    "shifted line": (lambda lines: [*lines[:49], " " + lines[49][:-1], *lines[50:]], RecordError,
                     "line 50: YEAR is 201"),
    "underscore in the weight": (_put("HHWT", "0000_10000"), RecordError, "HHWT"),
    "negative weight": (_put("HHWT", "-000010000"), RecordError, "line 50: HHWT is -0{4}1"),
    "blank weight": (_put("HHWT", " " * 10), RecordError, "line 50: HHWT is blank"),
    "number that a blank follows": (_put("INCWAGE", "30000 "), RecordError, "INCWAGE is '30000 '"),
    "number of another base": (_put("INCWAGE", "0x1f40"), RecordError, "INCWAGE is '0x1f40'"),
    "number with a tab": (_put("INCWAGE", "30000\t"), RecordError, "line 50: INCWAGE"),
    "two signs": (_put("INCWAGE", "--1000"), RecordError, "INCWAGE is '--1000'"),
    "space inside": (_put("INCWAGE", "12 456"), RecordError, "INCWAGE is '12 456'"),
    "letter in the wage": (_put("INCWAGE", "30000x"), RecordError, "line 50: INCWAGE"),
    "byte that is no text": (_put("INCWAGE", "3000\xff0"), DataError, "small.dat.gz"),
    "letter in the area": (_put("MET2013", "1A020"), RecordError, "MET2013 is '1A020'"),
    "letter in the occupation": (_put("OCC1990", "0x5"), RecordError, "OCC1990 is '0x5'"),
    "short record": (lambda lines: [*lines[:49], lines[49][:-1], *lines[50:]], RecordError,
                     "line 50: 63 columns"),
    "long record": (lambda lines: [*lines[:49], lines[49] + "0", *lines[50:]], RecordError,
                    "line 50: 65 columns"),
    "records of another width": (_each(lambda line: line + "0"), RecordError, "line 1: 65 columns"),
    "two records in one line": (lambda lines: [*lines[:49], lines[49] + lines[50], *lines[51:]],
                                RecordError, "line 50: 128 columns"),
    "last record cut": (lambda lines: [*lines[:-1], lines[-1][:20]], RecordError, "20 columns"),
    "no record": (lambda lines: [], SampleError, "no record"),
    "one city": (lambda lines: [x for x in lines if x[PLACE["MET2013"]] == "10020"], SampleError,
                 "1 cities"),
    "no city": (_all("MET2013", "00000"), SampleError, "0 cities"),
    "no occupation": (_all("OCC1990", "999"), SampleError, "0 cities"),
    "no base year": (lambda lines: [x for x in lines if x[:4] != "2010"], SampleError, "2010"),
    "an occupation that nobody has": (
        lambda lines: [x for x in lines if x[PLACE["OCC1990"]] != "418"], SampleError, "0 cities"),
}  # fmt: skip


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _refused(folder: Path, data: Path, book: Path) -> CompanionError:
    before = _snapshot(folder)
    with pytest.raises(CompanionError) as caught:
        build_panel(data, book).save(folder / "panel")
    assert _snapshot(folder) == before
    return caught.value


@pytest.mark.parametrize("case", RECORDS)
def test_damaged_records_are_refused(tmp_path, case):
    change, error, words = RECORDS[case]
    text = change(extracts.lines(extracts.records(400)))
    book, data = extracts.write(tmp_path, text=text)
    found = _refused(tmp_path, data, book)
    assert isinstance(found, error), repr(found)
    assert re.search(words, str(found)), str(found)
    assert "small.dat.gz" in str(found)


FILES = {
    "not a gzip": (lambda raw: b"text" + raw, DataError),
    "cut in the middle": (lambda raw: raw[: len(raw) // 2], TruncatedFileError),
    "last byte missing": (lambda raw: raw[:-1], TruncatedFileError),
    "checksum wrong": (lambda raw: raw[:-8] + b"abcd" + raw[-4:], TruncatedFileError),
    "nothing": (lambda raw: b"", SampleError),
    "nothing, compressed": (lambda raw: gzip.compress(b""), SampleError),
}


@pytest.mark.parametrize("case", FILES)
def test_damaged_files_are_refused(tmp_path, case):
    change, error = FILES[case]
    book, data = extracts.write(tmp_path, extracts.records(400))
    data.write_bytes(change(data.read_bytes()))
    assert isinstance(_refused(tmp_path, data, book), error)


BOOKS = {
    "no XML": (lambda text: "YEAR 1-4", CodebookError),
    "cut": (lambda text: text[: len(text) // 2], CodebookError),
    "another document": (lambda text: "<html><body/></html>", CodebookError),
    "another collection": (lambda text: text.replace('abbr="usa"', 'abbr="cps"'),
                           WrongCollectionError),
    "hierarchical": (lambda text: text.replace('type="rectangular"', 'type="hierarchical"'),
                     CodebookError),
    "a variable missing": (lambda text: text.replace('"INCWAGE"', '"INCTOT"'),
                           MissingVariableError),
    "a width that does not fit": (lambda text: text.replace('EndPos="64" width="6"',
                                                            'EndPos="66" width="8"'), RecordError),
    "a position that is no number": (lambda text: text.replace('StartPos="1"', 'StartPos="one"'),
                                     CodebookError),
}  # fmt: skip


@pytest.mark.parametrize("case", BOOKS)
def test_wrong_codebooks_are_refused(tmp_path, case):
    change, error = BOOKS[case]
    book, data = extracts.write(tmp_path, extracts.records(400))
    text = book.read_text()
    for order in ('EndPos="64" width="6"',):
        assert order in text
    assert change(text) != text
    book.write_text(change(text))
    assert isinstance(_refused(tmp_path, data, book), error)


TABLES = {
    "a column missing": lambda t: t.drop(columns="OCC1990"),
    "words in a column": lambda t: t.astype({"HHWT": object}).assign(HHWT="many"),
    "negative weights": lambda t: t.assign(HHWT=-1.0),
    "half an occupation": lambda t: t.assign(OCC1990=t["OCC1990"] + 0.5),
    "no row": lambda t: t.head(0),
    "a strange year": lambda t: t.assign(YEAR=3010),
}


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("case", TABLES)
def test_wrong_tables_are_refused(tmp_path, case, kind):
    book, _ = extracts.write(tmp_path, extracts.records(400))
    names = [name for name, *_ in LAYOUT]
    table = TABLES[case](extracts.records(400)[names])
    data = tmp_path / f"table.{kind}"
    if kind == "parquet":
        table.to_parquet(data)
    else:
        table.to_csv(data, index=False)
    _refused(tmp_path, data, book)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    text = extracts.lines(extracts.records(400))
    book, data = extracts.write(folder, text=text)
    return text, data.read_bytes(), build_panel(data, book).cells


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a build is too slow to shrink with
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_byte_of_a_numeric_field_is_a_number_or_refused(tmp_path, sound, data):
    """Put any character anywhere into a field that counts."""
    text, _, _ = sound
    line = data.draw(st.integers(0, len(text) - 1))
    name = data.draw(st.sampled_from(["YEAR", "HHWT", "MET2013", "OCC1990", "INCWAGE"]))
    place = data.draw(st.integers(PLACE[name].start, PLACE[name].stop - 1))
    character = data.draw(
        st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="0123456789")
    )
    changed = list(text)
    changed[line] = changed[line][:place] + character + changed[line][place + 1 :]
    field = changed[line][PLACE[name]]
    book, path = extracts.write(tmp_path, text=changed)
    # blanks and a sign in front still make a number, and so do a point and an exponent inside
    plain = re.fullmatch(r" *[-+]?\d+", field)
    written = re.fullmatch(
        r" *[-+]?(?:(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+) *", field
    )
    allowed = plain or written
    if allowed:
        value = float(field)
        allowed = {
            "YEAR": value in extracts.YEARS,
            "HHWT": 0 <= value <= 1e12,
            "INCWAGE": abs(value) <= 1e12,
        }.get(name, value % 1 == 0 and abs(value) < 1e18)
    if allowed:
        build_panel(path, book)
    else:
        with pytest.raises(RecordError, match=f"line {line + 1}: {name} is"):
            build_panel(path, book)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_file_is_refused_or_harmless(tmp_path, sound, place, bit):
    text, raw, cells = sound
    damaged = bytearray(raw)
    damaged[int(place * len(raw))] ^= 1 << bit
    book, path = extracts.write(tmp_path, text=text)
    path.write_bytes(bytes(damaged))
    try:
        found = build_panel(path, book)
    except DataError:
        return
    pd.testing.assert_frame_equal(found.cells, cells)
