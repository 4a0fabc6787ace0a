"""A scenario is published beside the default book, and leaves that as it was."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from helpers import files
from helpers.book import preparation, stage, worked_scenarios
from helpers.book.run import Run
from helpers.files import BUILD, HTML, NOTEBOOKS, ROOT
from helpers.runs import own_data, sweep
from helpers.sources.synthetic import load

sys.path.insert(0, str(ROOT / "tools"))
import book as book_tool
import sweep as sweep_tool

pytestmark = [pytest.mark.book, pytest.mark.slow]


def _make(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "tools/book.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_a_scenario_stands_beside_the_default_book(html):
    before = (html / "notebooks" / "08_occupation_shocks.html").read_bytes()
    done = _make("scenarios/independent.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    site = html / "scenarios" / "independent"
    text = (site / "notebooks" / "07_city_shocks.html").read_text(encoding="utf-8")
    assert "Scenario <strong>No correlation</strong>: rho = 0.0" in text
    assert (html / "notebooks" / "08_occupation_shocks.html").read_bytes() == before
    listed = (html / "book" / "scenarios.html").read_text(encoding="utf-8")
    assert "../scenarios/independent/differences.html" in listed

    # chapters that rho does not reach are those of the default book, not run again
    runs = BUILD / "runs"
    for name, same in (("05_estimation", True), ("04_data", True), ("07_city_shocks", False)):
        one, other = (
            (runs / run / "executed" / f"{name}.ipynb").read_bytes()
            for run in ("paper", "independent")
        )
        assert (one == other) == same

    # the page of differences: every row is a change, and the figure is there twice
    page = (site / "differences.html").read_text(encoding="utf-8")
    rows = pd.read_csv(site / "_static" / "differences" / "differences.csv")
    assert set(rows["kind"]) == {"number", "table", "figure", "output"}
    assert {"07_city_shocks", "17_policy"} <= set(rows["chapter"])
    assert not set(rows["chapter"]) & {"04_data", "05_estimation"}
    rho = rows[(rows["chapter"] == "07_city_shocks") & (rows["place"] == "rho")].iloc[0]
    assert float(rho["scenario"]) == 0
    assert rho["relative"] == -1
    assert 'id="diff-07-city-shocks"' in page
    pair = sorted((site / "_static" / "differences").glob("07_city_shocks-0-*.svg"))
    assert len(pair) == 2
    assert pair[0].read_bytes() != pair[1].read_bytes()


def test_a_wrong_scenario_is_refused_before_anything_runs(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("city: Detroit, MI\n")
    done = _make(str(wrong))
    assert done.returncode == 2
    assert "Detroit-Warren-Dearborn, MI" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (BUILD / "runs" / "wrong").exists()


def _run(tool: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    plain = {k: v for k, v in os.environ.items() if k not in ("SCENARIO", "SWEEP")}
    return subprocess.run(
        [sys.executable, f"tools/{tool}.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**plain, **variables},
    )


def _state() -> dict[Path, int]:
    """When each file of the default book and its run was written."""
    site = [path for path in HTML.glob("*") if path.is_file()]
    run = [path for path in (BUILD / "runs" / "paper").rglob("*") if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in (*site, *run)}


@pytest.mark.parametrize(
    ("tool", "content", "words"),
    [
        ("book", b"", "holds no key"),
        ("book", b"city: M\xe9xico", "no UTF-8"),
        ("book", b"\x00\x01", "not a text file"),
        ("book", b"rho: '0.5'", "line 1: rho: expected a number"),
        ("book", b"rho: 0.9999", "from 0 to 0.99"),
        ("book", b"theta: 1e300", "theta"),
        ("book", b"cell_hat: 1.1", "no chapter takes it"),
        ("book", b"rho: 0.99\ntheta: 100\ncity_hat: 1.5", "leaves nobody"),
        ("book", b"rho: [0.1, 0.2]", "make sweep SWEEP="),
        ("sweep", b"- a", "found a list"),
        ("sweep", b"rho: 0.5", "make rerun SCENARIO="),
        ("sweep", b"rho: [0, 0.5]", "nothing is shocked"),
        ("sweep", b"notebooks: [07_city_shocks]\ncell_hat: [1, 2]", "takes no such parameter"),
        ("sweep", b"city_hat: {from: 2, to: 1, number: 9}", "from below to"),
        ("sweep", b"rho: {from: 0, to: 0.9, number: 99999}\n"
         b"theta: {from: 1, to: 9, number: 99999}\ncity_hat: 0.9", "split the sweep"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_refused_in_words_and_touches_nothing(tmp_path, tool, content, words):
    wrong = tmp_path / "ein Versuch.yml"
    wrong.write_bytes(content)
    before = _state()
    done = _run(tool, str(wrong))
    assert done.returncode == 2
    assert words in done.stderr
    assert "ein Versuch" in done.stderr or "ein-Versuch" in done.stderr
    assert "Traceback" not in done.stderr
    assert _state() == before
    assert not list(BUILD.glob("*/ein-Versuch"))


@pytest.mark.parametrize(
    ("tool", "arguments", "variable"),
    [
        ("book", ("--all",), "SWEEP"),
        ("book", (), "SWEEP"),
        ("book", (), "SCENARIO"),
        ("sweep", (), "SCENARIO"),
        ("sweep", ("scenarios/policy-grid.yml",), "SCENARIO"),
    ],
)
def test_a_variable_that_another_command_takes_is_not_passed_over(tool, arguments, variable):
    before = _state()
    done = _run(tool, *arguments, **{variable: "scenarios/detroit.yml"})
    command = {"SWEEP": "make sweep SWEEP=", "SCENARIO": "make rerun SCENARIO="}[variable]
    assert done.returncode == 2
    assert f"{command}scenarios/detroit.yml" in done.stderr
    assert _state() == before


def test_a_run_on_ones_own_panel_hands_on_no_path_of_the_machine(tmp_path, monkeypatch):
    for room in (own_data, files):
        for name, place in (("BUILD", tmp_path / "_build"), ("ROOT", tmp_path)):
            monkeypatch.setattr(room, name, place)
    monkeypatch.setattr(preparation.pages, "notebooks", lambda: [NOTEBOOKS / "07_city_shocks.md"])
    folder = tmp_path / "räder x"
    load(seed=1).save(folder / "my panel")
    (folder / "my town.yml").write_text(f"title: A <b>\nsource: {folder / 'my panel'}\n")
    run = preparation.prepare(folder / "my town.yml")
    assert run.name == "my-town"
    written = sorted((tmp_path / "_build" / "runs" / "my-town").rglob("*.json"))
    assert [file.name for file in written] == ["07_city_shocks.json", "parameters.json"]
    assert not [file for file in written if str(tmp_path) in file.read_text()]
    assert Run.read(written[1]) == run
    assert run.changes["source"].startswith("my-panel-")
    assert "source = my-panel-" in stage.banner(run)
    assert set(run.data) >= {"cells.parquet", "cities.parquet"}


def test_files_that_cannot_be_read_are_named_and_left_out_of_the_default_book(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "broken.yml").write_bytes(b"city: \xe9")
    monkeypatch.setattr(book_tool.reading.files, "__defaults__", (tmp_path,))
    assert book_tool.asked([]) == []
    assert f"left out: {tmp_path / 'broken.yml'}, line 1" in capsys.readouterr().err
    with pytest.raises(book_tool.DataError, match="no UTF-8"):
        book_tool.asked(["--all"])


def test_a_scenario_cannot_take_the_default_books_place(tmp_path):
    other = tmp_path / "paper.yml"
    other.write_text("rho: 0.5\n")
    done = _make(str(other))
    assert done.returncode == 2
    assert "the name becomes an address" in done.stderr


def test_a_sweep_leaves_a_table_and_a_page(html, run):
    done = subprocess.run(
        [sys.executable, "tools/sweep.py", "scenarios/policy-grid.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_parquet(BUILD / "sweeps" / "policy-grid" / "results.parquet")
    assert table["scenario"].nunique() == 10 * 3 * 4 * 4
    page = (html / "sweeps" / "policy-grid" / "index.html").read_text(encoding="utf-8")
    assert "How hard do cities pull?" in page
    assert re.search(r"480(<[^>]*>)* combinations", page)
    assert page.count(".svg") >= 2
    synthetic = run["parameters"]["source"] == "synthetic"
    assert ("a <strong>synthetic economy</strong> with" in page) == synthetic

    # a reader finds it, and logs hold nothing but what is asked for
    listed = (html / "book" / "scenarios.html").read_text(encoding="utf-8")
    assert '<a href="../sweeps/policy-grid/index.html">How hard do cities pull?</a>' in listed
    assert "WARNING" not in done.stdout + done.stderr

    # said before it starts; the table is one file with two names, and nothing is left over
    assert re.search(
        r"480 combinations by 260 cities, 124,800 rows: about .* MB in _build/sweeps/policy-grid\n",
        done.stdout,
    )
    assert re.search(r'<a\b[^>]*href="results\.parquet"', page)
    there = list((html / "sweeps" / "policy-grid").rglob("*.parquet"))
    assert [path.name for path in there] == ["results.parquet"]
    folder = BUILD / "sweeps" / "policy-grid"
    assert [path.name for path in folder.rglob("*.parquet")] == ["results.parquet"]
    assert there[0].samefile(folder / "results.parquet")


def test_a_large_table_is_not_put_into_the_site(html, tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "SMALL", 1_000)
    file = tmp_path / "large one.yml"
    file.write_text("title: Large & <b>one</b>\nrho: [0.2, 0.5]\ncity_hat: 0.9\n")
    site, folder = html / "sweeps" / "large-one", BUILD / "sweeps" / "large-one"
    try:
        assert sweep_tool.main([str(file)]) == 0
        page = (site / "index.html").read_text(encoding="utf-8")
        assert not list(site.rglob("*.parquet"))
        assert "<code>_build/sweeps/large-one/results.parquet</code>" in page
        assert "Large &amp; &lt;b&gt;one&lt;/b&gt;" in page
    finally:  # the book is as it was for whoever packs it
        shutil.rmtree(site, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        worked_scenarios.refresh(html)


def test_a_wrong_sweep_is_refused_before_anything_runs(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("city: [Detroit, 'Akron, OH']\n")
    done = subprocess.run(
        [sys.executable, "tools/sweep.py", str(wrong)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Detroit-Warren-Dearborn, MI" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (BUILD / "sweeps" / "wrong").exists()
