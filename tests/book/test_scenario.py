"""A scenario is published beside the default book, and leaves that as it was."""

import subprocess
import sys

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
    before = (html / "notebooks" / "08_occupation_shocks.html").stat().st_mtime_ns
    done = _make("scenarios/independent.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    page = html / "scenarios" / "independent" / "notebooks" / "07_city_shocks.html"
    text = page.read_text(encoding="utf-8")
    assert "Scenario <strong>No correlation</strong>: rho = 0.0" in text
    assert (html / "notebooks" / "08_occupation_shocks.html").stat().st_mtime_ns == before


def test_a_wrong_scenario_is_refused_before_anything_runs(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("city: Detroit, MI\n")
    done = _make(str(wrong))
    assert done.returncode == 2
    assert "Detroit-Warren-Dearborn, MI" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (paths.BUILD / "runs" / "wrong").exists()
