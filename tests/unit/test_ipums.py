"""Extracts are read as ipumspy reads them, value by value, whatever their format and layout."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import extracts
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
from helpers.sources.extract import LAYOUT


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
