"""The estimate as a picture: shares, wages and the instrument, net of effects (paper, 3.1, 4.2).

Dots are means of groups of equal size (binned scatters): thousands of cells would be a cloud, and
the mean of a group shows the slope that a regression looks for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from helpers.errors import ParameterError, arguments
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, ORANGE

_NAMES = ("share", "wage", "instrument")


def binned(net: pd.DataFrame, by: str, n: int = 20) -> pd.DataFrame:
    """Means of groups of equal size, in the order of one of the columns.

    Parameters
    ----------
    net : DataFrame (N, columns)
        Numbers, such as log share, log wage and instrument net of effects, in log points.
    by : str
        The column that cells are grouped by.
    n : int, at least 2
        Number of groups; fewer where values of ``by`` repeat.

    Returns
    -------
    DataFrame (n, columns)

    Examples
    --------
    >>> table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [0.0, 2.0, 4.0, 6.0]})
    >>> binned(table, "x", 2).to_numpy().tolist()
    [[1.5, 1.0], [3.5, 5.0]]
    """
    arguments.columns("net", net, [by])
    n = arguments.whole("n", n)
    if not 2 <= n <= len(net):
        raise ParameterError(f"n: expected 2 to {len(net)} groups, found {n}")
    groups = pd.qcut(net[by], n, labels=False, duplicates="drop")
    return net.groupby(groups.to_numpy()).mean().reset_index(drop=True)


def share_on_wage(share: np.ndarray, wage: np.ndarray, instrument: np.ndarray) -> Exhibit:
    """Shares against wages, cells grouped by their wage and by their instrument (3.1).

    A line through the dots grouped by wage has the slope of least squares. A line through those
    grouped by instrument, where wages differ only as far as the instrument says, has the slope
    of two-stage least squares.

    Parameters
    ----------
    share, wage, instrument : array (N,)
        Net of effects, in log points, as :func:`helpers.estimation.residualise` gives them.
    """
    net = _net(share, wage, instrument)
    groups = {
        "wage": ("by wage", "least squares", ORANGE, "--", _slope(net, "wage")),
        "instrument": (
            "by instrument",
            "2SLS",
            BLUE,
            "-",
            _slope(net, "instrument", "share") / _slope(net, "instrument", "wage"),
        ),
    }
    rows = []
    with canvas(7.2, 4.2) as (figure, ax):
        for by, (words, name, colour, line, slope) in groups.items():
            dots = binned(net, by)
            ax.plot(dots["wage"], dots["share"], "o", color=colour, markersize=5, alpha=0.7)
            ends = np.array([dots["wage"].min(), dots["wage"].max()])
            label = f"{words}: {name}, slope {slope:.2f}"
            ax.plot(ends, slope * ends, line, color=colour, linewidth=2, label=label)
            rows.append(dots.assign(grouped_by=by, slope=slope))
        _in_per_cent(ax, "wage, net of effects", "share of the occupation, net of effects")
        ax.legend(
            frameon=False, fontsize="small", loc="upper left",
            title="cells grouped", title_fontsize="small", alignment="left",
        )  # fmt: skip
    return Exhibit("share_on_wage", figure, pd.concat(rows, ignore_index=True))


def two_stages(
    share: np.ndarray, wage: np.ndarray, instrument: np.ndarray, run: float = 0.1
) -> Exhibit:
    """First stage and reduced form side by side: the ratio of their rises is 2SLS (3.1).

    Both panels have the same axes, so that the ratio of the slopes can be seen.

    Parameters
    ----------
    share, wage, instrument : array (N,)
        Net of effects, in log points.
    run : float, above 0
        Difference of the instrument for which both rises are written, in log points.
    """
    net = _net(share, wage, instrument)
    if not (np.isfinite(run) and run > 0):
        raise ParameterError(f"run: expected a finite difference above 0, found {run}")
    dots = binned(net, "instrument")
    slopes = {column: _slope(net, "instrument", column) for column in ("wage", "share")}
    with canvas(7.2, 4.2) as (figure, first):
        first.remove()
        _two_panels(figure, dots, slopes, run)
    return Exhibit(
        "two_stages",
        figure,
        dots.assign(first_stage=slopes["wage"], reduced_form=slopes["share"]),
    )


def _two_panels(figure: Figure, dots: pd.DataFrame, slopes: dict[str, float], run: float) -> None:
    """The two regressions on the instrument, with the rise of each over the same run."""
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = {"wage": "first stage: wage", "share": "reduced form: share"}
    for ax, (column, title), colour in zip(panels, titles.items(), (GREY, BLUE), strict=True):
        slope = slopes[column]
        ends = np.array([dots["instrument"].min(), max(dots["instrument"].max(), run)])
        ax.plot(dots["instrument"], dots[column], "o", color=colour, markersize=5, alpha=0.7)
        ax.plot(ends, slope * ends, color=colour, linewidth=2)
        ax.plot([0, run, run], [0, 0, slope * run], color=ORANGE, linewidth=1.8)
        ax.annotate(
            f"{100 * slope * run:+.1f}%".replace("-", "−"),
            (run, slope * run / 2), xytext=(5, 0), textcoords="offset points", color=ORANGE,
            va="center", fontsize="small",
        )  # fmt: skip
        _in_per_cent(ax, "instrument, net of effects", "")
        ax.set_title(f"{title}, slope {slope:.2f}", loc="left", color=colour)
        ax.margins(x=0.14)
    panels[0].set_ylabel("wage or share, net of effects")


def _net(*columns: np.ndarray) -> pd.DataFrame:
    """The three variables as a table, of one length and finite."""
    shapes = [np.shape(column) for column in columns]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ParameterError(
            f"share, wage, instrument: expected three arrays of one length, found shapes {shapes}"
        )
    net = pd.DataFrame(dict(zip(_NAMES, columns, strict=True)), dtype=float)
    if not np.isfinite(net.to_numpy()).all():
        raise ParameterError(
            "share, wage, instrument: expected finite numbers, found a missing or infinite one; "
            "drop incomplete cells first, as helpers.estimation.sample does"
        )
    return net


def _slope(net: pd.DataFrame, x: str, y: str = "share") -> float:
    return float((net[x] @ net[y]) / (net[x] @ net[x]))


def _in_per_cent(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Log points are read as per cent; both axes say so."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    ax.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
