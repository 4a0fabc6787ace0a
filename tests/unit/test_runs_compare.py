"""Two runs compared: what changed is found, what did not is not."""

import copy
import json

import pandas as pd
import pytest

from helpers.book import differences
from helpers.book.run import Run
from helpers.errors import DataError
from helpers.exhibits import Exhibit, data
from helpers.runs import compare as comparing
from helpers.runs.compare import Differences


def _cell(source: str, *outputs: dict) -> dict:
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {},
        "outputs": list(outputs),
        "execution_count": 1,
    }


def _record(name: str, value: object) -> dict:
    mime = "application/papermill.record/text/plain"
    return {
        "output_type": "display_data",
        "data": {mime: repr(value)},
        "metadata": {"scrapbook": {"name": f"application/papermill.record/{name}"}},
    }


def _table(frame: pd.DataFrame, name: str = "", **more: str) -> dict:
    return {
        "output_type": "display_data",
        "data": {**data.bundle(name, frame), **more},
        "metadata": {},
    }


def _notebook(rho: float, city: str = "Akron") -> dict:
    table = pd.DataFrame({"city": ["Akron", "Yuma"], "share": [0.5, 1 - rho], "n": [1, 2]})
    svg = {"image/svg+xml": f"<svg>{rho}</svg>"}
    return {
        "cells": [
            {
                "cell_type": "markdown",
                "source": "# Title\n\nThe estimate is {glue:text}`rho:.2f` here.",
                "metadata": {},
            },
            _cell("record(rho)", _record("rho", rho), _record("city", city), _record("n", 260)),
            _cell("show(table)", _table(table)),
            _cell("figure", _table(table, "figure_2", **svg)),
            _cell("print", {"output_type": "stream", "name": "stdout", "text": f"rho {rho}, n 5"}),
        ]
    }


@pytest.fixture
def compare(tmp_path):
    def run(before: dict, after: dict) -> Differences:
        for name, notebook in (("a", before), ("b", after)):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "07_x.ipynb").write_text(json.dumps(notebook))
        return comparing.compare(tmp_path / "a", tmp_path / "b")

    return run


def test_equal_runs_have_no_difference(compare):
    found = compare(_notebook(0.64), _notebook(0.64))
    assert found.rows.empty
    assert not found.drawings
    assert found.counts.loc[0, "numbers"] == 3
    assert found.counts.loc[0, "tables changed"] == 0


def test_every_changed_number_is_a_row_with_its_place(compare):
    found = compare(_notebook(0.64), _notebook(0.32, "Yuma"))
    rows = found.rows.set_index(["kind", "place", "row"]).sort_index()
    number = found.rows[(found.rows["kind"] == "number") & (found.rows["place"] == "rho")].iloc[0]
    assert number["relative"] == pytest.approx(-0.5)
    assert "The estimate is [rho] here" in number["row"]
    assert ("number", "city", "") in rows.index
    table = rows.loc[[("table", "Title", "Yuma")]].iloc[0]
    assert table["column"] == "share"
    assert table["scenario"] == pytest.approx(0.68)
    assert ("table", "Title", "Akron") not in rows.index
    assert rows.loc[[("output", "Title", "number 1")]].iloc[0]["baseline"] == 0.64
    (drawing,) = found.drawings
    assert (drawing.name, drawing.scenario) == ("figure_2", "<svg>0.32</svg>")
    counted = found.counts.loc[0]
    assert (counted["numbers changed"], counted["figures changed"]) == (2, 1)


def test_rounding_is_no_difference(compare):
    assert compare(_notebook(0.64), _notebook(0.64 + 1e-14)).rows.empty


@pytest.mark.parametrize("size", [0.64, 6.4e-4, 6.4e9])
def test_the_eighth_digit_is_a_difference_and_the_eleventh_is_none(size):
    """Of numbers, and of numbers in printed text, whatever their size."""
    for change, seen in ((1e-8, True), (-1e-8, True), (1e-11, False)):
        rows = comparing._pair("row", "column", size, size * (1 + change))
        assert bool(rows) == seen
        if seen:
            assert rows[0]["relative"] == pytest.approx(change, rel=1e-6)
        texts = [f"rho is {value:.15g} here" for value in (size, size * (1 + change))]
        assert bool(comparing._texts(*texts)) == seen


def test_rows_that_come_and_go_are_named(compare):
    before, after = _notebook(0.64), _notebook(0.64)
    table = pd.DataFrame({"city": ["Akron", "Flint"], "share": [0.5, 0.1], "n": [1, 2]})
    after["cells"][2]["outputs"] = [_table(table)]
    rows = compare(before, after).rows
    assert set(rows["row"]) == {"Yuma", "Flint"}


def test_rows_whose_words_are_twice_there_are_matched_by_place(compare):
    """In the one run or the other: a name that stands for two rows names none."""
    once = pd.DataFrame({"city": ["Akron", "Yuma"], "share": [0.5, 0.36]})
    twice = pd.DataFrame({"city": ["Akron", "Akron"], "share": [0.5, 0.25]})
    for one, other in ((once, twice), (twice, once)):
        before, after = _notebook(0.64), _notebook(0.64)
        before["cells"][2]["outputs"], after["cells"][2]["outputs"] = [_table(one)], [_table(other)]
        rows = compare(before, after).rows.set_index(["row", "column"])
        assert set(rows.index) == {("row 2", "city"), ("row 2", "share")}
        assert rows.loc[("row 2", "share"), "relative"] == pytest.approx(
            other["share"][1] / one["share"][1] - 1
        )


def test_a_number_that_becomes_a_word_is_a_difference_without_a_size(compare):
    (row,) = compare(_notebook(0.64, city=3), _notebook(0.64, city="Akron")).rows.itertuples()
    assert (row.baseline, row.scenario) == (3, "Akron")
    assert pd.isna(row.relative)


def test_other_cells_and_missing_notebooks_are_refused(compare, tmp_path):
    changed = copy.deepcopy(_notebook(0.64))
    changed["cells"][1]["source"] = "record(1 - rho)"
    with pytest.raises(DataError, match="other cells"):
        compare(_notebook(0.64), changed)
    (tmp_path / "b" / "07_x.ipynb").unlink()
    with pytest.raises(DataError, match="no 07_x"):
        comparing.compare(tmp_path / "a", tmp_path / "b")


def test_the_page_links_every_chapter_that_changed_and_both_drawings(compare, tmp_path):
    found = compare(_notebook(0.64), _notebook(0.32))
    run = Run("half", "Half", {"source": "synthetic"}, {"rho": 0.32})
    text = differences.page(found, run, {"07_x": "City shocks"}, tmp_path / "book", "../../")
    assert "## City shocks" in text
    assert "../../notebooks/07_x.html" in text
    assert "-50 %" in text
    drawings = sorted((tmp_path / "book" / "_static" / "differences").glob("*.svg"))
    assert [d.read_text() for d in drawings] == ["<svg>0.64</svg>", "<svg>0.32</svg>"]
    rows = pd.read_csv(tmp_path / "book" / "_static" / "differences" / "differences.csv")
    assert len(rows) == len(found.rows)


def test_what_a_figure_draws_is_in_its_output(made):
    from helpers import exhibits

    drawn = exhibits.figure_2(made, 0.64)
    assert isinstance(drawn, Exhibit)
    content = drawn._repr_mimebundle_()[data.MIME]
    pd.testing.assert_frame_equal(
        data.frame(json.loads(json.dumps(content))), drawn.data, check_dtype=False
    )
