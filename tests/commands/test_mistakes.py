"""What a reader can do wrong by a file, a flag or an environment variable, run as commands."""

import re
import subprocess
import sys

import pytest

from helpers import files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RERUN = ("rerun", "SCENARIO=scenarios/wrong.yml")
# name: (content of scenarios/wrong.yml, words of make, environment, what is said)
MISTAKES = {
    "no such scenario": (None, ("rerun", "SCENARIO=scenarios/detroyt.yml"), {}, "no such"),
    "a folder as scenario": (None, ("rerun", "SCENARIO=scenarios"), {}, "found a folder"),
    "a flag as scenario": (None, ("rerun", "SCENARIO=--everything"), {}, "no such"),
    "a sweep given to rerun": (
        None,
        ("rerun", "SWEEP=scenarios/policy-grid.yml"),
        {},
        "make sweep",
    ),
    "a scenario given to sweep": (
        None,
        ("sweep", "SCENARIO=scenarios/detroit.yml"),
        {},
        "make rerun",
    ),
    "a sweep without a file": (None, ("sweep",), {}, "SWEEP="),
    "no such sweep": (None, ("sweep", "SWEEP=scenarios/nowhere.yml"), {}, "no such"),
    "an unknown key": ("rhoo: 0.5\n", RERUN, {}, "rho"),
    "rho beyond one": ("rho: 1.5\n", RERUN, {}, "from 0 to 0.99"),
    "rho in words": ("rho: high\n", RERUN, {}, "rho"),
    "theta below zero": ("theta: -1\n", RERUN, {}, "theta"),
    "a change of nothing": ("city_hat: 0\n", RERUN, {}, "city_hat"),
    "a misspelt occupation": ("occupation: managment\n", RERUN, {}, "management"),
    "a misspelt city": ("source: synthetic\ncity: Detroit\n", RERUN, {}, "Detroit-Warren"),
    "a year that is not there": ("source: synthetic\nyear: 1999\n", RERUN, {}, "1999"),
    "years that are no list": ("years: 2012\n", RERUN, {}, "list of years"),
    "a list of values": ("rho: [0.1, 0.2]\n", RERUN, {}, "make sweep"),
    "no YAML": ("rho: [0.1\n", RERUN, {}, "YAML"),
    "a list as file": ("- rho\n- theta\n", RERUN, {}, "keys and values"),
    "a source that does not exist": ("source: replicate\n", RERUN, {}, "replication"),
    "a folder that is no panel": ("source: scenarios\n", RERUN, {}, "built panel"),
    "workers in words": (None, ("book",), {"COMPANION_WORKERS": "many"}, "COMPANION_WORKERS"),
    "no workers": (None, ("book",), {"COMPANION_WORKERS": "0"}, "COMPANION_WORKERS"),
    "no address": (None, ("book",), {"COMPANION_REPOSITORY": "somewhere"}, "COMPANION_REPOSITORY"),
    "another host": (
        None,
        ("book",),
        {"COMPANION_REPOSITORY": "https://example.org/a/b"},
        "COMPANION_REPOSITORY",
    ),
    "an archive before the book": (None, ("archive",), {}, "make book"),
    "a PDF before the book": (None, ("pdf",), {}, "make book|no Chromium"),
    "pictures before the book": (None, ("screenshots",), {}, "make book|no Chromium"),
    "a readme before the book": (None, ("readme",), {}, "make book"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_without_a_traceback_and_touches_nothing(whole, make, mistake):
    content, words, environment, expected = MISTAKES[mistake]
    wrong = whole / "scenarios" / "wrong.yml"
    (whole / "scenarios" / "a name.yml").write_text("rho: 0.5\n")
    before = (whole / "README.md").read_bytes()
    try:
        if content is not None:
            wrong.write_text(content)
        done = make(*words, **environment)
    finally:
        wrong.unlink(missing_ok=True)
        (whole / "scenarios" / "a name.yml").unlink()
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    assert re.search(expected, said, re.S), said
    assert len(said.splitlines()) < 12, said
    assert not (whole / "_build" / "runs" / "wrong").exists()
    assert not (whole / "_build" / "html").exists()
    assert (whole / "README.md").read_bytes() == before


def test_files_with_other_bytes_are_no_reason_for_another_source(whole, make, tmp_path):
    """A folder that COMPANION_DATA names holds what it should, or the book stops."""
    (tmp_path / "city_sec_iv.csv").write_text("not,the,file\n")
    done = make("book", COMPANION_DATA=str(tmp_path))
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "city_sec_iv.csv" in said
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if not line.startswith("make")]) == 1


def test_a_build_folder_that_is_a_file_is_named(whole, make):
    build = whole / "_build"
    aside = whole / "_aside"
    if build.exists():
        build.rename(aside)
    build.write_text("mine")
    try:
        done = make("book")
        assert done.returncode != 0
        assert "_build" in done.stderr
        assert "Traceback" not in done.stderr
        assert build.read_text() == "mine"
    finally:
        build.unlink()
        if aside.exists():
            aside.rename(build)


@pytest.mark.parametrize(
    ("arguments", "expected"), [((), "usage"), (("nowhere.json",), "usage"), (("x",), "TopoJSON")]
)
def test_outlines_are_made_from_outlines(tmp_path, arguments, expected):
    (tmp_path / "x").write_text("{}")
    done = subprocess.run(
        [sys.executable, str(files.ROOT / "tools" / "outlines.py"), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
