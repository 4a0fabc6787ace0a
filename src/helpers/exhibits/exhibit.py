"""A figure: the drawing and the table of what it draws."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from helpers.exhibits.data import MIME, bundle
from helpers.exhibits.lighter import lighter
from helpers.exhibits.narrow import copied, narrow

MANY = 400  # marks of a kind, from which they are drawn as a picture inside the drawing
_PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.6}
# how what is drawn looks, whatever a reader's own settings say
GROUND = {
    "axes.axisbelow": True,
    "axes.edgecolor": ".15",
    "axes.facecolor": "white",
    "axes.grid": False,
    "axes.labelcolor": ".15",
    "figure.facecolor": "white",
    "font.family": ["sans-serif"],
    "font.sans-serif": [
        "Arial",
        "DejaVu Sans",
        "Liberation Sans",
        "Bitstream Vera Sans",
        "sans-serif",
    ],
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "text.color": ".15",
    "xtick.color": ".15",
    "ytick.color": ".15",
}
STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "svg.fonttype": "none",
    "svg.hashsalt": "correlated-migration",
}


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A drawing and the numbers in it.

    Attributes
    ----------
    name : str
        Name of the function that made it.
    figure : matplotlib Figure
    data : DataFrame
        What is drawn, one row per mark.
    """

    name: str
    figure: Figure
    data: pd.DataFrame

    def __repr__(self) -> str:
        """Give size and moments of the data drawn: what a re-run is compared with."""
        numbers = self.data.select_dtypes("number")
        lines = [f"{self.name}: {len(self.data)} marks"]
        for column in numbers:
            values = numbers[column].to_numpy(dtype=float)
            lines.append(
                f"  {column}: mean {values.mean():.10g}, smallest {values.min():.10g}, "
                f"largest {values.max():.10g}"
            )
        return "\n".join(lines)

    def svg(self) -> str:
        """Return the drawing as SVG, the same bytes for the same data."""
        return _svg(copied(self.figure))

    def narrow_svg(self) -> str:
        """Return the drawing laid out for a page as wide as a phone."""
        with styled():
            return _svg(narrow(self.figure))

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        content = bundle(self.name, self.data)
        content[MIME]["narrow"] = self.narrow_svg()
        return {"image/svg+xml": self.svg(), "text/plain": repr(self), **content}


def _svg(figure: Figure) -> str:
    for ax in figure.axes:
        marked = [line for line in ax.lines if line.get_marker() not in ("", " ", "None", None)]
        counted = [(line, len(line.get_xdata())) for line in marked]
        counted += [(marks, len(marks.get_offsets())) for marks in ax.collections]
        for marks, count in counted:
            if count > MANY:
                marks.set_rasterized(True)
        for text in ax.texts:
            inside = text.get_ha() == text.get_va() == "center"  # the number of a bar
            if isinstance(text, Annotation) and not inside and text.get_bbox_patch() is None:
                text.set_bbox(_PLATE)  # a name can be read on the marks that it lies on
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", dpi=144, metadata={"Date": None, "Creator": None})
    return lighter(buffer.getvalue())


def axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure outside pyplot's registry, so that nothing is drawn twice or kept open."""
    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


def styled():
    """A context in which what is drawn has the book's look."""
    return mpl.rc_context(GROUND | STYLE)


@contextmanager
def canvas(width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    """A figure and its axes in the book's style, for exhibits beyond the paper's."""
    with styled():
        yield axes(width, height)
