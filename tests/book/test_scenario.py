"""A scenario is published beside the default book, and leaves that as it was."""

import re
import subprocess
import sys

import pandas as pd
import pytest

from helpers import paths

pytestmark = [pytest.mark.book, pytest.mark.slow]


def _make(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "tools/book.py", *arguments],
        cwd=paths.ROOT,
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
    runs = paths.BUILD / "runs"
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
    assert not (paths.BUILD / "runs" / "wrong").exists()


def test_a_scenario_cannot_take_the_default_books_place(tmp_path):
    other = tmp_path / "paper.yml"
    other.write_text("rho: 0.5\n")
    done = _make(str(other))
    assert done.returncode == 2
    assert "the name becomes an address" in done.stderr


def test_a_sweep_leaves_a_table_and_a_page(html, run):
    done = subprocess.run(
        [sys.executable, "tools/sweep.py", "scenarios/policy-grid.yml"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_parquet(paths.BUILD / "sweeps" / "policy-grid" / "results.parquet")
    assert table["scenario"].nunique() == 10 * 3 * 4 * 4
    page = (html / "sweeps" / "policy-grid" / "index.html").read_text(encoding="utf-8")
    assert "How hard do cities pull?" in page
    assert re.search(r"480(<[^>]*>)* combinations", page)
    assert page.count(".svg") >= 2
    synthetic = run["parameters"]["source"] == "synthetic"
    assert ("a <strong>synthetic economy</strong> with" in page) == synthetic


def test_a_wrong_sweep_is_refused_before_anything_runs(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("city: [Detroit, 'Akron, OH']\n")
    done = subprocess.run(
        [sys.executable, "tools/sweep.py", str(wrong)],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Detroit-Warren-Dearborn, MI" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (paths.BUILD / "sweeps" / "wrong").exists()
