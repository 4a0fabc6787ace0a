"""Notebooks run with other parameters, each alone; and the comparison of outputs can fail."""

import json
import sys
from pathlib import Path

import pytest

from helpers.book import execute, pages

sys.path.insert(0, str(Path(__file__).parent))
OTHER = {
    "source": "synthetic",
    "year": 2015,
    "years": [2011, 2015, 2018],
    "rho": 0.0,
    "theta": 5.0,
    "city": "Detroit-Warren-Dearborn, MI",
    "second_city": "Ithaca, NY",
    "city_hat": 1.2,
    "occupation": "service",
    "second_occupation": "primary",
    "occupation_hat": 0.8,
    "clusters": "city",
    "policies": {
        "one": {"city": {"Ithaca, NY": 1.05}, "occupation": {"sales": 1.0001}},
        "other": {"city_occupation": {"Ithaca, NY": {"service": "equal"}}},
    },
}


@pytest.mark.parametrize("source", pages.notebooks(), ids=lambda path: path.stem)
def test_a_notebook_runs_alone_with_other_parameters(source, tmp_path):
    output = tmp_path / f"{source.stem}.ipynb"
    execute.execute(source, output, OTHER)
    notebook = json.loads(output.read_text())
    text = json.dumps([c.get("outputs") for c in notebook["cells"]])
    assert "Traceback" not in text
    if "source" in pages.declared_parameters(source.read_text()):
        assert "synthetic economy" in text


def test_numbers_are_compared_by_tolerance_and_words_exactly():
    from nbval_tolerance import Text

    assert Text("rho: 0.639916849") == Text("rho: 0.639916850")
    assert Text("F 145.8, n 19,280") == Text("F 145.80000001, n 19,280")
    assert Text("gap 7e-16") == Text("gap 4e-16")
    assert Text("rho: 0.639") != Text("rho: 0.640")
    assert Text("n 19,280") != Text("n 19,281")
    assert Text("rho: 0.64") != Text("tau: 0.64")
    assert Text("6.2 times, 1") != Text("6.2 times")


def test_a_live_figure_is_compared_by_what_it_says_and_holds():
    from nbval_tolerance import Text, without_pictures

    live = '<img src="data:image/svg+xml;base64,{}"><script>{{"middle": {}}}</script>'
    one, same, other = (
        Text(without_pictures(live.format(*drawn)))
        for drawn in (("PHN2Zz4", 2.7174073959939884), ("PHN2ZyBp", 2.7174073959939924), ("", 2.72))
    )
    assert one == same
    assert one != other


def test_a_drawing_is_compared_by_its_data(made):
    """Two figures of slightly different data have texts that the comparison tells apart."""
    from nbval_tolerance import Text

    from helpers import exhibits

    one, same, other = (exhibits.figure_2(made, rho) for rho in (0.64, 0.64 + 1e-12, 0.641))
    assert Text(repr(one)) == Text(repr(same))
    assert Text(repr(one)) != Text(repr(other))
