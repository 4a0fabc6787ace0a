"""Extracts are read as ipumspy reads them, value by value, whatever their format and layout."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import re
import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import extracts
from helpers.build import build_panel
from helpers.errors import (
    CodebookError,
    DataError,
    ExtractRequestError,
    HierarchicalExtractError,
    MissingVariableError,
    ParameterError,
    RecordError,
    TruncatedFileError,
)
from helpers.sources import ipums
from helpers.sources.ipums import explain as explain_room
from helpers.sources.ipums import lines as lines_room
from helpers.sources.ipums import stata
from helpers.sources.synthetic.extract import LAYOUT, codebook


def by_ipumspy(book: Path, data: Path) -> pd.DataFrame:
    from ipumspy import readers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return readers.read_microdata(readers.read_ipums_ddi(book), data)


def assert_same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    assert list(ours.columns) == list(theirs.columns)
    assert len(ours) == len(theirs)
    for name in theirs:
        mine, other = ours[name], theirs[name]
        if pd.api.types.is_numeric_dtype(other):
            np.testing.assert_array_equal(
                mine.to_numpy(float, na_value=np.nan), other.to_numpy(float, na_value=np.nan), name
            )
        else:
            known = other.notna()
            assert (mine.notna() == known).all(), name
            assert (mine[known] == other[known].astype(str)).all(), name


@pytest.mark.parametrize(
    ("book", "data"),
    [("cps_00157.xml", "cps_00157.dat.gz"), ("cps_00158.xml", "cps_00158.csv.gz")],
)
def test_real_extracts_are_read_as_ipumspy_reads_them(external, book, data):
    folder = external("ipums")
    ours = ipums.scan(folder / data, folder / book).execute()
    assert_same(ours, by_ipumspy(folder / book, folder / data))
    assert ours.shape == (7668, 8)
    assert (ours["YEAR"].head() == 1962).all()
    assert ours["ASECWTH"].head().tolist() == [1475.59, 1475.59, 1475.59, 1597.61, 1706.65]


SHUFFLED = (LAYOUT[7], ("EXTRA", 3, 1, "not needed"), *LAYOUT[4:7], *LAYOUT[8:], *LAYOUT[:4])
WIDER = tuple((name, width + 2, decimals, label) for name, width, decimals, label in LAYOUT)


@pytest.mark.parametrize("layout", [LAYOUT, SHUFFLED, WIDER], ids=["usual", "shuffled", "wider"])
def test_layouts_are_read_as_ipumspy_reads_them(tmp_path, layout):
    table = extracts.records(200).assign(EXTRA=1.5).astype({"INCWAGE": float})
    table.loc[[3, 8], "INCWAGE"] = [np.nan, -9_999]  # a blank and a loss
    table.loc[5, "INDNAICS"] = ""
    book, data = extracts.write(tmp_path, table, layout=layout)
    assert_same(ipums.scan(data, book).execute(), by_ipumspy(book, data))


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "dat"])
def test_formats_hold_the_same_values(tmp_path, kind):
    table = extracts.records(300)
    book, fixed = extracts.write(tmp_path, table)
    names = [name for name, *_ in LAYOUT]
    other = tmp_path / f"other.{kind}"
    if kind == "parquet":
        table[names].to_parquet(other)
    elif kind == "dat":
        other.write_bytes(gzip.decompress(fixed.read_bytes()))
    else:
        table[names].to_csv(other, index=False)
    by_name = ipums.scan(other, book, ["HHWT", "YEAR", "INDNAICS", "INCWAGE"]).execute()
    cut = ipums.scan(fixed, book, ["HHWT", "YEAR", "INDNAICS", "INCWAGE"]).execute()
    pd.testing.assert_frame_equal(by_name, cut, check_dtype=False)


def test_only_the_variables_that_are_asked_for_come_back(tmp_path):
    book, data = extracts.write(tmp_path)
    table = ipums.scan(data, book, ["incwage", "YEAR"])
    assert table.columns == ("INCWAGE", "YEAR")
    assert str(table.schema()["INCWAGE"]) == "int64"
    assert str(ipums.scan(data, book, ["PERWT"]).schema()["PERWT"]) == "float64"


def test_lines_may_end_as_on_windows(tmp_path):
    book, data = extracts.write(tmp_path, end="\r\n")
    unix = tmp_path / "unix"
    unix.mkdir()
    same_book, same = extracts.write(unix)
    pd.testing.assert_frame_equal(
        ipums.scan(data, book).execute(), ipums.scan(same, same_book).execute()
    )
    assert ipums.check(data, book) == ipums.check(same, same_book)


def test_a_hierarchical_extract_is_refused_by_name(tmp_path):
    book, data = extracts.write(tmp_path, structure="hierarchical")
    with pytest.raises(HierarchicalExtractError, match=r"record types H, P.*rectangular"):
        ipums.scan(data, book)


def test_a_missing_variable_is_named_with_the_nearest(tmp_path):
    book, data = extracts.write(tmp_path)
    with pytest.raises(MissingVariableError, match=r"INCWAGES is not in the codebook.*INCWAGE"):
        ipums.scan(data, book, ["INCWAGES"])


def test_what_is_no_codebook_is_refused(tmp_path):
    book, data = extracts.write(tmp_path)
    with pytest.raises(CodebookError, match="no such codebook"):
        ipums.scan(data, tmp_path / "absent.xml")
    book.write_text("<codeBook><nothing/></codeBook>")
    with pytest.raises(CodebookError, match="not a DDI codebook"):
        ipums.scan(data, book)


def test_data_of_another_kind_are_refused(tmp_path):
    book, _ = extracts.write(tmp_path)
    other = tmp_path / "small.sav"
    other.write_text("")
    with pytest.raises(DataError, match=r"expected \.dat"):
        ipums.scan(other, book)
    with pytest.raises(DataError, match="no such file"):
        ipums.scan(tmp_path / "absent.dat.gz", book)
    with pytest.raises(ParameterError, match="expected duckdb"):
        ipums.connect("sqlite3")


def test_check_names_line_and_variable(tmp_path):
    text = extracts.lines(extracts.records(100))
    place = sum(width for _, width, *_ in LAYOUT[:9])
    for bad, match in (
        (text[40][:place] + "12e456" + text[40][place + 6 :], r"line 41: INCWAGE is '12e456'"),
        (text[40] + "0", r"line 41: 65 columns, expected 64"),
    ):
        book, data = extracts.write(tmp_path, text=[*text[:40], bad, *text[41:]])
        with pytest.raises(RecordError, match=match):
            ipums.check(data, book)


def test_a_cut_or_damaged_file_is_seen(tmp_path):
    book, data = extracts.write(tmp_path)
    ipums.verify(data)
    sound = data.read_bytes()
    for damaged in (sound[:-300], sound[:-1], sound[:2_000] + b"x" + sound[2_001:]):
        data.write_bytes(damaged)
        with pytest.raises(TruncatedFileError, match="ends early or is damaged"):
            ipums.verify(data)
    data.write_bytes(sound[:-300])
    with pytest.raises(TruncatedFileError):
        ipums.check(data, book)


# --- numbers as they are written

WRITTEN = (
    ("YEAR", 4, 0, "year"),
    ("BIGID", 19, 0, "an identifier"),
    ("WIDEID", 24, 0, "an identifier in more columns than it needs"),
    ("WEIGHT", 16, 0, "a weight whose decimals the codebook does not know"),
    ("HHWT", 12, 2, "a weight with two implied decimals"),
    ("COUNT", 6, 0, "whole"),
)
IDS = [9007199254740993, 1234567890123456789, 9223372036854775807, 1000000000000000]
VALUES = {
    "YEAR": [2010] * 4,
    "BIGID": IDS,
    "WIDEID": IDS[::-1],
    "WEIGHT": [24588650.161504, 3.0, 0.000123, 15000.0],
    "HHWT": [123.45, 12.5, 150.0, -7.25],
    "COUNT": [7, 0, 120, -3],
}
TEXTS = {
    "WEIGHT": ["24588650.161504", "3", "1.23e-4", "+1.5E4"],
    "HHWT": ["12345", "12.5", "1.5e2", "-725"],
    "COUNT": ["7", "0", "1.2e2", "-3"],
}


def _written_extract(folder: Path, kind: str) -> tuple[Path, Path]:
    """The same four records in every format; implied decimals in fixed columns alone."""
    import pyarrow as arrow
    import pyarrow.parquet

    rows = {name: list(map(str, VALUES[name])) for name, *_ in WRITTEN} | TEXTS
    book = folder / "written.xml"
    book.write_bytes(codebook("written.dat", WRITTEN, {}, [2010]))
    data = folder / f"written.{kind}"
    fixed = kind.lower().startswith("dat")
    if not fixed:
        rows["HHWT"] = ["123.45", "12.5", "1.5e2", "-7.25"]
    if fixed:
        lines = [
            "".join(f"{rows[name][i]:>{width}}" for name, width, *_ in WRITTEN) for i in range(4)
        ]
        body = "".join(line + "\n" for line in lines).encode()
    elif kind == "parquet":
        arrow.parquet.write_table(arrow.table(VALUES), data)
        return book, data
    else:
        names = [name for name, *_ in WRITTEN]
        lines = [",".join(names), *(",".join(rows[n][i] for n in names) for i in range(4))]
        body = "".join(line + "\r\n" for line in lines).encode("utf-8-sig")
    data.write_bytes(gzip.compress(body) if kind.lower().endswith("gz") else body)
    return book, data


@pytest.mark.parametrize("kind", ["dat", "dat.gz", "DAT.GZ", "csv", "csv.gz", "CSV.GZ", "parquet"])
def test_a_number_is_what_is_written(tmp_path, kind):
    """A point or an exponent stands; implied decimals are for the others; no digit is lost."""
    book, data = _written_extract(tmp_path, kind)
    found = ipums.scan(data, book).execute()
    for name, values in VALUES.items():
        assert [type(value)(x) for x, value in zip(found[name], values, strict=True)] == values
    for name in ("BIGID", "WIDEID", "COUNT"):
        assert found[name].dtype == "int64", name
    assert ipums.check(data, book) == 4


def test_identifiers_beyond_64_bits_keep_every_digit(tmp_path):
    layout = (("YEAR", 4, 0, "year"), ("ID", 19, 0, "identifier"))
    book, data = tmp_path / "ids.xml", tmp_path / "ids.dat"
    book.write_bytes(codebook("ids.dat", layout, {}, [2010]))
    ids = [9999999999999999999, 9223372036854775808, 1]
    data.write_text("".join(f"2010{value:019d}\n" for value in ids))
    assert [int(x) for x in ipums.scan(data, book).execute()["ID"]] == ids
    table = tmp_path / "ids.csv"
    table.write_text("YEAR,ID\n" + "".join(f"2010,{value}\n" for value in ids))
    assert [int(x) for x in ipums.scan(table, book).execute()["ID"]] == ids


def test_a_fraction_after_whole_numbers_is_named_and_not_rounded(tmp_path, monkeypatch):
    [monkeypatch.setattr(room, "PEEK", 100) for room in (lines_room, explain_room)]
    table = extracts.records(300)
    text = extracts.lines(table)
    place = sum(width for _, width, *_ in LAYOUT[:9])
    text[250] = text[250][:place] + "1000.5" + text[250][place + 6 :]
    book, data = extracts.write(tmp_path, text=text)
    with pytest.raises(RecordError, match=r"line 251: INCWAGE is '1000\.5', expected a whole"):
        ipums.scan(data, book).execute()


# --- text, names and layouts


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("ISO-8859-1", "latin-1"), ("UTF-8", "utf-8"), ("windows-1252", "cp1252"), ("", "latin-1")],
)
@pytest.mark.parametrize("kind", ["dat.gz", "csv"])
def test_text_is_in_the_encoding_that_the_codebook_declares(tmp_path, declared, encoding, kind):
    layout = (("YEAR", 4, 0, "year"), ("INDNAICS", 8, 0, "a name"), ("N", 2, 0, "number"))
    names = ["café ñü", "plain", "é"] + (["€ Œ"] if encoding == "utf-8" else [])
    book, data = tmp_path / "text.xml", tmp_path / f"text.{kind}"
    raw = codebook("text.dat", layout, {}, [2010])
    book.write_bytes(raw.replace(b'charset="ISO-8859-1"', f'charset="{declared}"'.encode()))
    if kind == "csv":
        text = "YEAR,INDNAICS,N\n" + "".join(f"2010,{name},07\n" for name in names)
        data.write_bytes(text.encode(encoding))
    else:
        text = "".join(f"2010{name:8}07\n" for name in names)
        data.write_bytes(gzip.compress(text.encode(encoding)))
    found = ipums.scan(data, book).execute()
    assert found["INDNAICS"].tolist() == names
    assert (found["N"] == 7).all()
    assert ipums.check(data, book) == len(names)


def test_a_byte_that_is_no_letter_is_named(tmp_path):
    text = extracts.lines(extracts.records(60))
    place = sum(width for _, width, *_ in LAYOUT[:8])
    text[40] = text[40][:place] + "don\x92t   " + text[40][place + 8 :]
    book, data = extracts.write(tmp_path, text=text)
    with pytest.raises(RecordError, match=r"line 41: the byte 0x92 is no letter .*convert"):
        ipums.scan(data, book).execute()


def test_an_encoding_in_which_columns_cannot_be_counted_is_refused(tmp_path):
    book, data = extracts.write(tmp_path)
    book.write_bytes(book.read_bytes().replace(b'charset="ISO-8859-1"', b'charset="klingon"'))
    with pytest.raises(CodebookError, match="encoding is 'klingon', expected ISO-8859-1"):
        ipums.scan(data, book)


@pytest.mark.parametrize(
    "name", ["a[1]", "all*", "what?", "year=2010", "it's ü", "50%", "a.b.c", "{x,y}", "back\\slash"]
)
@pytest.mark.parametrize("ending", ["dat.gz", "csv", "parquet"])
def test_a_path_is_a_name_and_not_a_pattern(tmp_path, name, ending):
    folder = tmp_path / name
    folder.mkdir()
    table = extracts.records(50)
    book, _ = extracts.write(tmp_path, table)
    names = [n for n, *_ in LAYOUT]
    for stem in (name, "a1", "allx", "whatx"):  # what a pattern would find instead
        data = folder / f"{stem}.{ending}"
        rows = table if stem == name else table.head(9)
        if ending == "parquet":
            rows[names].to_parquet(data)
        elif ending == "csv":
            rows[names].to_csv(data, index=False)
        else:
            text = "\n".join(extracts.lines(rows)) + "\n"
            data.write_bytes(gzip.compress(text.encode()))
    found = ipums.scan(folder / f"{name}.{ending}", book, ["YEAR", "HHWT"]).execute()
    assert list(found.columns) == ["YEAR", "HHWT"]
    assert len(found) == len(table)


@pytest.mark.slow
def test_variables_a_thousand_columns_apart_are_read(tmp_path):
    """Replicate weights may stand between any two variables."""
    fillers = [(f"REPWT{i}", 10, 2, "replicate weight") for i in range(1, 161)]
    layout = (*LAYOUT[:4], *fillers, *LAYOUT[4:])
    table = extracts.records(60)
    more = pd.DataFrame(1.25, index=table.index, columns=[name for name, *_ in fillers])
    table = pd.concat([table, more], axis=1)
    book, data = extracts.write(tmp_path, table, layout=layout)
    found = ipums.scan(data, book, ["YEAR", "INCWAGE", "REPWT160"]).execute()
    assert found["INCWAGE"].tolist() == table["INCWAGE"].tolist()
    assert (found["REPWT160"] == 1.25).all()
    assert ipums.scan(data, book).execute().shape == (len(table), len(layout))
    lines = extracts.lines(table, layout)
    lines[30] = lines[30][:-3] + "x00"
    book, data = extracts.write(tmp_path, table, layout=layout, text=lines)
    with pytest.raises(RecordError, match="line 31: INCWAGE is"):
        ipums.scan(data, book, ["YEAR", "INCWAGE"]).execute()


# --- damage in later records

DAMAGE = {
    "short line": (lambda line: line[:-1], "line 400: 63 columns"),
    "blank line": (lambda line: "", "line 400: a blank line"),
    "shifted line": (lambda line: " " + line[:-1], "line 400: YEAR is 201, expected a year"),
    "letters": (lambda line: line[:-6] + "12e45x", "line 400: INCWAGE is '12e45x'"),
    "too large": (lambda line: line[:-6] + " 1e999", "line 400: INCWAGE is '1e999'"),
}


@pytest.mark.slow
@pytest.mark.parametrize("peek", [100, 100_000])
@pytest.mark.parametrize("case", DAMAGE)
def test_scan_names_file_and_line_of_a_damaged_record(tmp_path, monkeypatch, case, peek):
    """Whatever is asked of the table, and however far into the file the damage is."""
    [monkeypatch.setattr(room, "PEEK", peek) for room in (lines_room, explain_room)]
    change, words = DAMAGE[case]
    text = extracts.lines(extracts.records(500))
    text[399] = change(text[399])
    book, data = extracts.write(tmp_path, text=text)
    for ask in (
        lambda t: t.execute(),
        lambda t: t.count().execute(),
        lambda t: t.filter(t.YEAR == 2010).HHWT.sum().execute(),
        lambda t: t.to_pyarrow(),
        lambda t: t.group_by("MET2013").agg(n=t.count()).execute(),
    ):
        with pytest.raises(RecordError) as refused:
            ask(ipums.scan(data, book))
        assert re.search(words, str(refused.value))
        assert str(data) in str(refused.value)
        assert "Invalid Input" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2010,1", "line 7: 2 fields, expected 10"),
        (",".join(["2010", *["x"] * 9]), "line 7: SAMPLE is 'x', expected a number"),
    ],
)
def test_scan_names_the_line_of_a_damaged_csv(tmp_path, row, words):
    book, _ = extracts.write(tmp_path)
    data = tmp_path / "table.csv"
    extracts.records(20)[[name for name, *_ in LAYOUT]].to_csv(data, index=False)
    lines = data.read_text().splitlines()
    lines[6] = row
    data.write_text("\n".join(lines) + "\n")
    for read in (lambda: ipums.scan(data, book).execute(), lambda: ipums.check(data, book)):
        with pytest.raises(RecordError, match=words):
            read()


def test_an_engines_own_words_are_kept_for_a_readers_own_mistake(tmp_path):
    """A sound file is not blamed for what a reader computes with it."""
    book, data = extracts.write(tmp_path)
    table = ipums.scan(data, book)
    with pytest.raises(Exception, match="Conversion Error") as raised:
        table.select(x=table.INDNAICS.cast("date")).execute()
    assert not isinstance(raised.value, DataError)


def test_check_counts_records_and_not_lines(tmp_path):
    layout = (("YEAR", 4, 0, "year"), ("INDNAICS", 8, 0, "a name"))
    book, data = tmp_path / "quoted.xml", tmp_path / "quoted.csv"
    book.write_bytes(codebook("quoted.dat", layout, {}, [2010]))
    data.write_text('YEAR,INDNAICS\n2010,"a\nb"\n2010,"c ""d"", e"\n2010,f\n')
    assert ipums.check(data, book) == 3
    assert len(ipums.scan(data, book).execute()) == 3
    data.write_text('YEAR,INDNAICS\n2010,"a\nb"\n20x0,f\n')
    with pytest.raises(RecordError, match="line 4: YEAR is '20x0'"):
        ipums.check(data, book)
    table = tmp_path / "quoted.parquet"
    pd.DataFrame({"YEAR": [2010, 2010], "INDNAICS": ["a", None]}).to_parquet(table)
    assert ipums.check(table, book) == 2


# --- what an extract lacks


def test_all_missing_variables_are_named_at_once_with_those_that_come_near(tmp_path):
    have = ("YEAR", "SERIAL", "PERNUM", "PERWT")
    layout = (
        *(row for row in LAYOUT if row[0] in have),
        ("OCC", 4, 0, "occupation"), ("IND", 4, 0, "industry"), ("METAREA", 4, 0, "area"),
    )  # fmt: skip
    book, data = tmp_path / "other.xml", tmp_path / "other.dat.gz"
    book.write_bytes(codebook("other.dat", layout, {}, [2010]))
    data.write_bytes(gzip.compress(b""))
    with pytest.raises(MissingVariableError) as refused:
        ipums.scan(data, book, ["YEAR", "HHWT", "MET2013", "OCC1990", "INDNAICS", "INCWAGE"])
    said = str(refused.value)
    for name, near in (("OCC1990", "OCC"), ("INDNAICS", "IND"), ("MET2013", "METAREA"),
                       ("HHWT", "PERWT")):  # fmt: skip
        assert f"{name} is not in the codebook (the extract has {near}" in said
    assert said.endswith("these 5 added: HHWT, MET2013, OCC1990, INDNAICS, INCWAGE")
    assert "YEAR is not" not in said
    table = tmp_path / "other.csv"
    table.write_text("YEAR,PERWT\n2010,1\n")
    good, _ = extracts.write(tmp_path)
    with pytest.raises(MissingVariableError, match="these 2 added: HHWT, INCWAGE"):
        ipums.scan(table, good, ["YEAR", "PERWT", "HHWT", "INCWAGE"])


class Ipums(http.server.BaseHTTPRequestHandler):
    """A server that makes one extract, as IPUMS does; the files are set by the test."""

    files: dict[str, bytes]
    seen: list[str]
    allowed = "the-key"

    def log_message(self, *_):
        pass

    def _answer(self, content: dict, code: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.seen.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.headers["Authorization"] != self.allowed:
            self._answer({"detail": f"bad key {self.headers['Authorization']}"}, 401)
        else:
            self._answer({"number": 7, "status": "queued"})

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1].partition("?")[0]
        if name in self.files:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.files[name])))
            self.end_headers()
            self.wfile.write(self.files[name])
            return
        root = f"http://127.0.0.1:{self.server.server_port}/downloads"
        links = {
            "ddiCodebook": {"url": f"{root}/usa_00007.xml", "bytes": 1, "sha256": ""},
            "data": {"url": f"{root}/usa_00007.dat.gz", "bytes": 1, "sha256": ""},
        }
        definition = json.loads(self.seen[0]) if self.seen else {}
        self._answer(
            {
                "number": 7,
                "status": "completed",
                "downloadLinks": links,
                "extractDefinition": definition,
            }
        )


@pytest.fixture
def server(tmp_path):
    book, data = extracts.write(tmp_path)
    Ipums.files = {"usa_00007.xml": book.read_bytes(), "usa_00007.dat.gz": data.read_bytes()}
    Ipums.seen = []
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ipums)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/extracts"
    running.shutdown()


def test_the_papers_extract_is_ordered_and_fetched(server, tmp_path, monkeypatch):
    monkeypatch.setenv(ipums.KEY_VARIABLE, "the-key")
    book, data = ipums.fetch(tmp_path / "got", address=server)
    assert len(ipums.scan(data, book).execute()) > 3_000
    order = json.loads(Ipums.seen[0])
    assert list(order["samples"]) == [f"us{year}a" for year in range(2010, 2020)]
    assert set(ipums.VARIABLES) <= set(order["variables"])
    assert "the-key" not in Ipums.seen[0]


def test_a_file_that_is_there_is_not_written_over(server, tmp_path, monkeypatch):
    monkeypatch.setenv(ipums.KEY_VARIABLE, "the-key")
    folder = tmp_path / "got"
    folder.mkdir()
    (folder / "usa_00007.dat.gz").write_text("mine")
    with pytest.raises(ExtractRequestError, match="is there already and is not written over"):
        ipums.fetch(folder, address=server)
    assert [p.name for p in folder.iterdir()] == ["usa_00007.dat.gz"]
    assert (folder / "usa_00007.dat.gz").read_text() == "mine"


def test_the_key_is_needed_and_never_shown(server, tmp_path, monkeypatch):
    monkeypatch.delenv(ipums.KEY_VARIABLE, raising=False)
    with pytest.raises(ExtractRequestError, match="is not set"):
        ipums.fetch(tmp_path, address=server)
    monkeypatch.setenv(ipums.KEY_VARIABLE, "secret-123")
    with pytest.raises(ExtractRequestError) as refused:
        ipums.fetch(tmp_path, address=server)
    assert "secret-123" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".gz"]
    assert not [p for p in written if "secret-123" in p.read_text("latin-1")]
    assert os.environ[ipums.KEY_VARIABLE] == "secret-123"


def test_an_extract_that_is_ordered_is_taken_up_by_its_number(
    server, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv(ipums.KEY_VARIABLE, "the-key")
    folder = tmp_path / "got"

    def broken(*arguments, **options):
        raise ConnectionError("reset by peer; the-key")

    with monkeypatch.context() as first:
        first.setattr("ipumspy.IpumsApiClient.download_extract", broken)
        with pytest.raises(ExtractRequestError, match=r"fetch\(folder, extract=7\)") as stopped:
            ipums.fetch(folder, address=server)
    assert "extract 7 is ordered" in capsys.readouterr().out
    note = (folder / "usa_00007.ordered").read_text()
    assert "extract=7" in note
    assert "the-key" not in note + str(stopped.value)
    ordered = len(Ipums.seen)
    book, data = ipums.fetch(folder, extract=7, address=server)
    assert len(Ipums.seen) == ordered == 1  # nothing was ordered again
    assert len(ipums.scan(data, book).execute()) > 3_000
    assert sorted(p.name for p in folder.iterdir()) == ["usa_00007.dat.gz", "usa_00007.xml"]
    for number in (0, True, "7"):
        with pytest.raises(ParameterError, match="expected the number of an extract such as 12"):
            ipums.fetch(folder, extract=number, address=server)


@pytest.mark.parametrize("ending", [".dta", ".dta.gz"])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_a_stata_extract_has_the_values_of_the_text(tmp_path, monkeypatch, ending, kind):
    table = extracts.records(700)
    if kind == "float32":  # seven digits hold these weights
        table = table.assign(**{n: (table[n] % 90).round(2) for n in ("HHWT", "PERWT")})
    book, data = extracts.write(tmp_path, table)
    path = tmp_path / f"small{ending}"
    labelled = table[[name for name, *_ in LAYOUT]].rename(columns=str.lower)
    labelled = labelled.astype({"hhwt": kind, "perwt": kind, "year": "int16", "occ1990": "int16"})
    labelled.to_stata(
        path, write_index=False, version=118,
        value_labels={"occ1990": {15: "Managers"}, "year": {2010: "2010"}},
    )  # fmt: skip
    monkeypatch.setattr(stata, "_BLOCK", 97)
    found, expected = (ipums.scan(each, book).execute() for each in (path, data))
    pd.testing.assert_frame_equal(found, expected)
    some = ["INDNAICS", "HHWT"]
    assert ipums.scan(path, book, some).count().execute() == len(table)
    one, other = (build_panel(each, book) for each in (path, data))
    pd.testing.assert_frame_equal(one.cells, other.cells)


def test_a_stata_file_that_is_none_or_lacks_a_variable_is_said_to(tmp_path):
    book, _ = extracts.write(tmp_path)
    (tmp_path / "bad.dta").write_bytes(b"no Stata file at all" * 9)
    with pytest.raises(DataError, match="not a Stata file that can be read"):
        ipums.scan(tmp_path / "bad.dta", book)
    table = extracts.records(50)[["YEAR", "HHWT"]]
    table.to_stata(tmp_path / "short.dta", write_index=False)
    with pytest.raises(MissingVariableError, match="OCC1990 is not in the file"):
        ipums.scan(tmp_path / "short.dta", book, ["YEAR", "OCC1990"])
    odd = extracts.records(50).assign(YEAR=2010.5)[["YEAR", "HHWT"]]
    odd.loc[7, "HHWT"] = -1.0
    odd.assign(YEAR=3010).to_stata(tmp_path / "odd.dta", write_index=False)
    with pytest.raises(RecordError, match=r"row 1: YEAR is 3010.*expected a year from"):
        ipums.scan(tmp_path / "odd.dta", book, ["YEAR", "HHWT"]).execute()
