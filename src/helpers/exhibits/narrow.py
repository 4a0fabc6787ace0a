"""A figure laid out anew for a page as wide as a phone: one column, words that can be read."""

from __future__ import annotations

import pickle
import textwrap
import warnings
from collections.abc import Sequence
from itertools import pairwise

import cloudpickle
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text

WIDTH = 4.0  # inches; at 96 pixels each, what a phone of 400 pixels shows of a page
PANEL = 2.6  # height of a panel of a few, where it is not lower on a wide page
SMALL_PANEL = 1.9  # and of many
MANY = 14  # labels along an axis, from which they are small
_LEGEND = 0.6  # of that width, from which a legend goes below
_LEAD = 0.17  # inches from line to line of small words
_LINE, _SIDE, _TICK = 38, 26, 22  # letters that fit below a panel, beside it and beside a tick


def copied(figure: Figure) -> Figure:
    """A figure to lay out without moving anything in the one that it is a copy of."""
    return pickle.loads(cloudpickle.dumps(figure))  # our own, of this moment


def narrow(figure: Figure) -> Figure:
    """Lay a copy of a figure out in one column of panels, as wide as a phone.

    Parameters
    ----------
    figure : Figure
        Left as it is.

    Returns
    -------
    Figure
        The same marks; names of points that no longer have room are left out.
    """
    with warnings.catch_warnings():
        # a layout that collapses is found below, and then the wide drawing serves
        warnings.filterwarnings("error", "constrained_layout not applied")
        try:
            return _laid_out(figure)
        except UserWarning:
            return copied(figure)


def _laid_out(figure: Figure) -> Figure:
    """A copy in one column; a layout without room for its panels is a warning."""
    copy = copied(figure)
    copy.draw_without_rendering()  # labels have their words from here on
    _lay_scales_down(copy)
    panels = [ax for ax in copy.axes if ax.get_subplotspec() is not None]
    panels.sort(key=_place)
    wide, high = figure.get_size_inches()
    columns = {_place(ax)[1] for ax in panels}
    if len(columns) > 1:
        bands = len({_place(ax)[0] for ax in panels})
        least = max(min(PANEL, high / bands), SMALL_PANEL) if len(panels) <= 4 else SMALL_PANEL
        grid = GridSpec(len(panels), 1, figure=copy)
        for place, ax in enumerate(panels):
            ax.set_subplotspec(grid[place, 0])
            ax.tick_params(labelleft=True, labelbottom=True)
        height = least * len(panels)
    else:
        height = max(high * max(WIDTH / wide, 0.8), PANEL * len(panels))
        if len(panels) == 1 and panels[0].get_aspect() != "auto":  # a map keeps its form
            height = high * WIDTH / wide
    shared = list(copy.legends)
    for ax in copy.axes:
        _wrap(ax)
        _place_legend(ax.get_legend(), ax)
        for marks in ax.collections:
            if isinstance(marks, PathCollection):
                marks.set_sizes(marks.get_sizes() * 0.6)
    _place_shared_legends(copy, shared)
    if len(panels) == 1:  # labels that were broken need their lines
        labels = panels[0].get_yticklabels()
        height = max(height, 0.9 + _LEAD * sum(1 + x.get_text().count("\n") for x in labels))
    named = [[text.get_text() for text in legend.get_texts()] for legend in _legends_outside(copy)]
    rows = [len(names) / _columns(names) for names in named]
    copy.set_size_inches(WIDTH, height + 0.22 * sum(rows))
    copy.draw_without_rendering()
    for ax in copy.axes:
        _turn_crowded_ticks(ax)
    copy.draw_without_rendering()
    _leave_out_crowded(copy)
    return copy


def _place(ax: Axes) -> tuple[int, int]:
    spec = ax.get_subplotspec().get_topmost_subplotspec()
    return spec.rowspan.start, spec.colspan.start


def _fill(text: Text, letters: int) -> None:
    words = text.get_text()
    if len(words) > letters and "\n" not in words and "$" not in words.replace("$\\", "", 1)[1:]:
        text.set_text(textwrap.fill(words, letters))
    elif len(words) > letters and "\n" not in words and words.count("$") == 2:
        head, formula, tail = words.split("$")
        text.set_text(textwrap.fill(f"{head}${formula.replace(' ', '~')}${tail}", letters))


def _wrap(ax: Axes) -> None:
    for title in ax.get_children():  # of three there are, left, middle and right
        if isinstance(title, Text) and title not in ax.texts:
            _fill(title, _LINE)
    _fill(ax.xaxis.label, _LINE)
    _fill(ax.yaxis.label, _SIDE)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    few = len(labels) <= MANY  # many rows stand too close for two lines each
    words = [label for label in labels if "$" not in label]  # a formula is not broken
    if few and ax.yaxis.get_visible() and max(map(len, words), default=0) > _TICK:
        broken = [textwrap.fill(label, _TICK) if label in words else label for label in labels]
        ax.set_yticks(ax.get_yticks(), broken, fontsize="small", multialignment="right")


def _lay_scales_down(figure: Figure) -> None:
    """Put a scale of colours below what it explains, where it takes no width."""
    for ax in list(figure.axes):
        for mappable in (*ax.images, *ax.collections):
            scale = mappable.colorbar
            if scale is None or scale.orientation != "vertical":
                continue
            words, form, at = scale.ax.get_ylabel(), scale.formatter, scale.locator
            scale.remove()
            figure.colorbar(mappable, ax=ax, location="bottom", label=words, format=form, ticks=at)


def _columns(names: Sequence[str]) -> int:
    longest = max(map(len, names), default=0)
    return 1 if longest > 18 else 2


def _outside(legend: Legend, ax: Axes) -> bool:
    """Whether a legend stands beside or below its panel."""
    box = legend.get_bbox_to_anchor().transformed(ax.transAxes.inverted())
    return box.x0 >= 0.99 or box.y0 < -0.01 or box.y0 >= 1


def _too_wide(legend: Legend) -> bool:
    """Whether a legend would leave a panel of a narrow page no width."""
    inches = legend.get_window_extent().width / legend.get_figure(root=True).dpi
    return inches > _LEGEND * WIDTH


def _place_legend(legend: Legend | None, ax: Axes) -> None:
    """Put a legend that stands outside its panel, or fills it, below; its columns anew."""
    if legend is None or not (_outside(legend, ax) or _too_wide(legend)):
        return
    if sum(other.get_subplotspec() is not None for other in ax.figure.axes) == 1:
        # its width is the page's, not that of a panel with long words beside it
        names = [text.get_text() for text in legend.get_texts()]
        legend.remove()
        ax.figure.legend(
            legend.legend_handles,
            names,
            loc="outside lower center",
            ncols=_columns(names),
            frameon=False,
            fontsize="small",
        )
        return
    turned = any(label.get_rotation() for label in ax.get_xticklabels())
    ax.legend(
        legend.legend_handles,
        [text.get_text() for text in legend.get_texts()],
        loc="upper center",
        bbox_to_anchor=(0.4, -0.42 if turned else -0.25),
        ncols=_columns([text.get_text() for text in legend.get_texts()]),
        frameon=False,
        fontsize="small",
    )


def _place_shared_legends(figure: Figure, shared: Sequence[Legend]) -> None:
    for legend in shared:
        legend.remove()
        figure.legend(
            legend.legend_handles,
            [text.get_text() for text in legend.get_texts()],
            loc="outside upper center",
            ncols=_columns([text.get_text() for text in legend.get_texts()]),
            frameon=False,
            fontsize="small",
            title=legend.get_title().get_text() or None,
        )


def _legends_outside(figure: Figure) -> list[Legend]:
    found = [(ax.get_legend(), ax) for ax in figure.axes if ax.get_legend() is not None]
    return [*figure.legends, *(legend for legend, ax in found if _outside(legend, ax))]


def _turn_crowded_ticks(ax: Axes) -> None:
    """Turn labels below a panel where they would run into each other."""
    labels = [label for label in ax.get_xticklabels() if label.get_text() and label.get_visible()]
    boxes = [label.get_window_extent() for label in labels]
    if any(one.x1 > other.x0 for one, other in pairwise(boxes)):
        many = len(labels) > MANY
        ax.tick_params(axis="x", rotation=90 if many else 40)
        for label in labels:
            label.set_horizontalalignment("center" if many else "right")
    rows = [label for label in ax.get_yticklabels() if label.get_text() and label.get_visible()]
    for crowd in (labels, rows):
        for label in crowd if len(crowd) > MANY else ():
            label.set_fontsize(7)


def _leave_out_crowded(figure: Figure) -> None:
    """Leave out names beside marks that run into another or out of the figure."""
    taken: list = [
        legend.get_window_extent()
        for legend in (*figure.legends, *(ax.get_legend() for ax in figure.axes))
        if legend is not None
    ]
    frame = figure.bbox
    for ax in figure.axes:
        for text in ax.texts:
            if not (text.get_visible() and text.get_text()):
                continue
            box = text.get_window_extent()
            out = box.x0 < frame.x0 or box.x1 > frame.x1
            crowded = any(box.overlaps(other) for other in taken)
            if isinstance(text, Annotation) and (out or crowded):
                text.set_visible(False)
            else:
                taken.append(box)
