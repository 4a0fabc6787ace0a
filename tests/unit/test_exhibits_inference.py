"""Figures of the chapters on inference: what they draw is what was computed."""

import numpy as np
import pandas as pd
import pytest

from helpers import exhibits
from helpers.exhibits import live
from helpers.inference import ConfidenceSet


def test_sets_of_every_shape_become_rows_of_a_forest():
    """A set of two parts has two rows and counts once; an empty one has no ends."""
    sets = {
        ("cell", "t"): ConfidenceSet(((1.5, 3.0),), 0.95),
        ("cell", "weak"): ConfidenceSet(((-np.inf, -2.0), (1.2, np.inf)), 0.95),
        ("city", "t"): ConfidenceSet((), 0.95),
        ("city", "weak"): ConfidenceSet(((-np.inf, np.inf),), 0.95),
    }
    rows = live.forest_rows(sets, 2.0)
    assert rows["low"].isna().tolist() == [False, False, False, True, False]
    figure = live.interval_forest(rows, references={1.0: "one"})
    assert figure.data["open"].tolist() == ["no", "left", "right", "empty", "both"]
    # the interval, the rays and the empty set leave one out; the line does not
    assert figure.text() == "Of 4 intervals of the same slope, 3 leave out one."


def test_a_sector_s_bar_is_its_weight_and_its_dot_the_slope_it_gives_alone():
    weights = pd.DataFrame(
        {"label": list("abcd"), "alpha": [0.6, 0.5, -0.2, 0.1], "beta": [2.0, 3.0, 12.0, -9.0]}
    )
    figure = exhibits.sector_weights(weights, 3, reach=5.0)
    bars, dots = figure.figure.axes
    assert [bar.get_width() for bar in bars.patches] == [-0.2, 0.5, 0.6]
    # the line is the weighted mean of all sectors, drawn or not
    slope = (weights["alpha"] * weights["beta"]).sum()
    line = next(one for one in dots.lines if one.get_linestyle() == "--")
    assert line.get_xdata()[0] == pytest.approx(slope)
    marks = {one.get_marker(): one.get_xdata()[0] for one in dots.lines if one is not line}
    assert set(marks) == {"o", ">"}
    assert marks[">"] == pytest.approx(slope + 5)
    assert figure.data["beta"].tolist() == [12.0, 3.0, 2.0]


def test_coverage_has_a_mark_for_each_interval_that_a_world_has():
    table = pd.DataFrame(
        {"design": ["one", "two"], "t": [0.9, 0.5], "AKM": [0.7, np.nan], "other": [1.0, 1.0]}
    )
    figure = exhibits.coverage(table, {"t": "usual", "AKM": "by sector"})
    assert len(figure.data) == 3
    held = figure.data.set_index(["interval", "world"])["held"]
    assert held.to_dict() == {
        ("usual", "one"): 0.9,
        ("usual", "two"): 0.5,
        ("by sector", "one"): 0.7,
    }
    labels = [text.get_text() for text in figure.figure.axes[0].get_yticklabels()]
    assert labels == ["by sector", "usual"], "the first row is on top"


def test_bars_of_a_conclusion_add_up_to_all_draws():
    parts = ["holds", "holds in part", "does not hold"]
    table = pd.DataFrame(
        [
            ("a", "cells", 1.0, 0.0, 0.0),
            ("a", "cities", 0.5, 0.2, 0.3),
            ("b", "cells", 0, 0.9, 0.1),
        ],
        columns=["conclusion", "inference", *parts],
    )
    figure = exhibits.conclusions(table)
    (ax,) = figure.figure.axes
    ends = pd.Series(
        {
            round(bar.get_y(), 6): bar.get_x() + bar.get_width()
            for bar in ax.patches
            if bar.get_width()
        }
    )
    assert len(ends) == 3
    assert np.allclose(ends, 1)
    pd.testing.assert_frame_equal(figure.data[parts], table[parts])


def test_long_conclusions_leave_bars_the_width_of_a_phone():
    """A sentence that is longer than the bars breaks into lines and does not squeeze them."""
    from helpers.exhibits.narrow import narrow

    claim = "Large cities with much management gain from a management shock, and small ones do not."
    table = pd.DataFrame(
        [(claim, "cells", 1.0, 0.0, 0.0), ("b", "cells", 0.5, 0.2, 0.3)],
        columns=["conclusion", "inference", "holds", "holds in part", "does not hold"],
    )
    phone = narrow(exhibits.conclusions(table).figure)
    (ax,) = phone.axes
    box = ax.get_window_extent()
    assert phone.get_size_inches()[0] < 4.5, "laid out anew, not the wide drawing"
    assert box.width > 0.6 * phone.bbox.width
    for words in ax.texts:
        assert words.get_window_extent().x1 <= phone.bbox.x1


def test_long_names_of_sectors_are_cut_where_they_stay_apart():
    labels = ["Health care and social assistance", "Retail trade", "Health care and cats, and dogs"]
    weights = pd.DataFrame({"label": labels, "alpha": [0.5, 0.3, 0.2], "beta": [2.0, 2.0, 2.0]})
    bars = exhibits.sector_weights(weights).figure.axes[0]
    assert [text.get_text() for text in bars.get_yticklabels()] == labels[::-1]
    labels[2] = "Finance, insurance and such things"
    bars = exhibits.sector_weights(weights.assign(label=labels)).figure.axes[0]
    shown = [text.get_text() for text in bars.get_yticklabels()]
    assert shown == ["Finance", "Retail trade", "Health care"]


def test_a_panel_of_placebos_says_how_many_are_called_significant():
    rng = np.random.default_rng(3)
    t = {"right": rng.normal(size=20_000), "too small": 3 * rng.normal(size=20_000)}
    figure = exhibits.placebo(t)
    share = figure.data.groupby("errors")["significant"].first()
    assert share["right"] == pytest.approx(0.05, abs=0.006)
    assert share["too small"] == pytest.approx(0.51, abs=0.015)
    for panel in figure.figure.axes:
        assert sum(bar.get_height() for bar in panel.patches) == 20_000, "none falls off the axis"


def test_cells_over_time_draws_a_line_for_each_occupation(made):
    cells = made.cells[made.cells["city"] == made.cells["city"].iloc[0]]
    columns = {"instrument": "the instrument", "log_wage": "the wage"}
    figure = exhibits.cells_over_time(cells, columns)
    for panel, column in zip(figure.figure.axes, columns, strict=True):
        lines = {line.get_label(): line.get_ydata() for line in panel.lines}
        for occupation, part in cells.groupby("occupation"):
            np.testing.assert_array_equal(lines[occupation], part[column])
