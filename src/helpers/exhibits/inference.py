"""Figures that the paper does not have: inference, specifications, simulations, bands."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREEN, GREY, ORANGE
from helpers.targets import printed

_MARKS = {
    "as in the paper": (BLUE, "o"),
    "base-year control": (ORANGE, "s"),
    "cell effects": (GREEN, "^"),
    "first differences": (GREY, "D"),
}


def specification_curve(
    table: pd.DataFrame, reach: float = 6.0, wage_exponent: float = 1.0
) -> Exhibit:
    """Slopes of every specification in order, with their Anderson-Rubin sets.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.alternatives.multiverse` returns it.
    reach : float
        Ends of the vertical axis, in both directions; what lies beyond is drawn at the end.
    wage_exponent : float, above 0
        The slope at which rho is zero.
    """
    data = table.assign(position=np.arange(len(table)), set=table["ar"].map(str))
    with canvas(7.2, 4.6) as (figure, ax):
        for design, (colour, mark) in _MARKS.items():
            part = data[data["design"] == design]
            shown = part["beta"].clip(-reach, reach)
            ends = [
                (at, *np.clip(pair, -reach, reach))
                for at, found in zip(part["position"], part["ar"], strict=True)
                for pair in found.intervals
            ]
            at, low, high = np.array(ends, dtype=float).reshape(-1, 3).T
            ax.vlines(at, low, high, color=colour, alpha=0.35, linewidth=1)
            ax.plot(part["position"], shown, mark, color=colour, markersize=4, label=design)
        paper = data[data["paper"]]
        ax.plot(paper["position"], paper["beta"], "*", color="black", markersize=15)
        rho = printed("rho")
        marks = (
            (wage_exponent, f"slope {wage_exponent:g}: ρ = 0"),
            (1 / (1 - float(rho)), f"slope of ρ = {rho}, as printed"),
        )
        for at, words in marks:
            ax.axhline(at, color="#222222", linewidth=0.7, linestyle=":")
            ax.annotate(words, (0, at), xytext=(2, 3), textcoords="offset points", fontsize="small")
        ax.set(xlabel="specifications, in order of their slope", ylabel="2SLS slope", xticks=[])
        ax.set_ylim(-reach, reach)
        ax.legend(
            frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=4
        )
    columns = ["position", "beta", "first_stage_f", "set"]
    return Exhibit("specification_curve", figure, data[["design", *columns]])


def sampling_distributions(results: pd.DataFrame, truth: float) -> Exhibit:
    """Where 2SLS slopes fall over many economies, a row a design.

    Parameters
    ----------
    results : DataFrame
        As :func:`helpers.inference.simulation.run` returns it.
    truth : float
        The slope that made the data.
    """
    designs = list(dict.fromkeys(results["design"]))
    with canvas(7.2, 3.6) as (figure, ax):
        for row, design in enumerate(reversed(designs)):
            slopes = results.loc[results["design"] == design, "beta"].to_numpy()
            # spread draws over the row in a fixed order: no draw hides another
            height = row + 0.3 * np.sin(np.arange(len(slopes)) * 2.399963)
            ax.plot(slopes, height, ".", color=BLUE, alpha=0.3, markersize=3)
            low, middle, high = np.quantile(slopes, [0.025, 0.5, 0.975])
            ax.plot([low, high], [row, row], color="black", linewidth=1.5)
            ax.plot(middle, row, "o", color="black", markersize=5)
        ax.axvline(truth, color=ORANGE, linewidth=1.5)
        ax.annotate(
            "truth", (truth, 1), (0, 2), xycoords=ax.get_xaxis_transform(),
            textcoords="offset points", ha="center", color=ORANGE, fontsize="small",
        )  # fmt: skip
        ax.set(xlabel="2SLS slope", yticks=range(len(designs)), yticklabels=designs[::-1])
        ax.set_ylim(-0.6, len(designs) - 0.2)
    data = results.groupby("design", sort=False)["beta"].describe().reset_index()
    return Exhibit("sampling_distributions", figure, data)


def bands(table: pd.DataFrame, x: str, xlabel: str, name: str = "bands") -> Exhibit:
    """Relative changes with the band that the uncertainty of the parameters leaves.

    Parameters
    ----------
    table : DataFrame
        With ``city``, ``change``, ``low``, ``high`` and the column ``x``.
    x : str
    xlabel : str
    name : str
    """
    data = table.sort_values(x)
    low, high, change = (100 * (data[end] - 1) for end in ("low", "high", "change"))
    with canvas(7.2, 3.8) as (figure, ax):
        ax.vlines(data[x], low, high, color=BLUE, alpha=0.25, linewidth=1.2)
        ax.plot(data[x], change, ".", color=BLUE, markersize=4)
        ax.set(xlabel=xlabel, ylabel="change of households, per cent")
        ax.ticklabel_format(useOffset=False)
    return Exhibit(name, figure, data[["city", x, "change", "low", "high"]])


def correlations_by_occupation(rho_k: pd.Series, se: pd.Series, common: float) -> Exhibit:
    """Occupation-specific correlations with intervals, and the common one.

    Parameters
    ----------
    rho_k, se : Series (K,)
    common : float
    """
    data = pd.DataFrame({"rho_k": rho_k, "se": se}).sort_values("rho_k").reset_index()
    with canvas(7.2, 3.4) as (figure, ax):
        rows = np.arange(len(data))
        ax.axvspan(0, 1, color=BLUE, alpha=0.08)
        reach = 1.96 * data["se"]
        ax.hlines(rows, data["rho_k"] - reach, data["rho_k"] + reach, color=BLUE)
        ax.plot(data["rho_k"], rows, "o", color=BLUE)
        ax.axvline(common, color=ORANGE, linewidth=1.2)
        ax.set(yticks=rows, yticklabels=data["occupation"], xlabel="ρ by occupation")
        ax.set_xlim(-2.5, 3.5)
    return Exhibit("correlations_by_occupation", figure, data)


def sector_weights(table: pd.DataFrame, n: int = 12, reach: float | None = None) -> Exhibit:
    """The largest Rotemberg weights, and beside each the slope that its sector gives alone.

    Parameters
    ----------
    table : DataFrame
        ``label``, ``alpha`` (weight) and ``beta`` (slope), a row a sector, largest weight first.
    n : int
        Sectors to show.
    reach : float, optional
        Ends of the axis of slopes, on both sides of the estimate; what lies beyond is drawn at
        the end, as an arrowhead. By default as far as the slopes shown go, and at most four
        times the estimate.
    """
    slope = float((table["alpha"] * table["beta"]).sum() / table["alpha"].sum())
    data = table.head(n).iloc[::-1].reset_index(drop=True)
    if reach is None:
        furthest = float((data["beta"] - slope).abs().max())
        reach = 1.2 * max(min(furthest, 4 * abs(slope)), 1e-9)
    with canvas(7.2, 0.3 * len(data) + 1) as (figure, ax):
        ax.remove()
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        colours = [BLUE if alpha > 0 else ORANGE for alpha in data["alpha"]]
        left.barh(range(len(data)), data["alpha"], color=colours)
        left.set_yticks(range(len(data)), _first_words(list(data["label"])))
        left.axvline(0, color="#222222", linewidth=0.7)
        left.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        left.set(xlabel="weight in the estimate")
        for row, (beta, colour) in enumerate(zip(data["beta"], colours, strict=True)):
            mark = "<" if beta < slope - reach else ">" if beta > slope + reach else "o"
            right.plot(np.clip(beta, slope - reach, slope + reach), row, mark, color=colour)
        right.axvline(slope, color="#222222", linewidth=0.7, linestyle="--")
        right.annotate(
            "all sectors", (slope, 1), xycoords=("data", "axes fraction"), ha="center",
            va="bottom", fontsize="small",
        )  # fmt: skip
        right.set(xlabel="slope by it alone", xlim=(slope - 1.1 * reach, slope + 1.1 * reach))
    return Exhibit("sector_weights", figure, data[["label", "alpha", "beta"]])


def _first_words(labels: list[str], letters: int = 20) -> list[str]:
    """Labels up to their first comma or "and" where they are long, as far as they stay apart."""
    short = [label if len(label) <= letters else re.split(r",| and ", label)[0] for label in labels]
    return [
        one if short.count(one) == 1 else whole for one, whole in zip(short, labels, strict=True)
    ]


def p_values(
    table: pd.DataFrame,
    level: float = 0.05,
    name: str = "p_values",
    *,
    wage_exponent: float = 1.0,
) -> Exhibit:
    """P-value of every slope by three forms of the Anderson-Rubin test.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.p_value_curve` returns it.
    level : float
        Below it a slope is rejected: drawn as a line.
    name : str
    wage_exponent : float, above 0
        The slope at which rho is zero.
    """
    forms = {
        "null": ("scores under the null", GREY, ":"),
        "unrestricted": ("residuals of the unrestricted fit", ORANGE, "--"),
        "wild": ("wild restricted bootstrap", BLUE, "-"),
    }
    with canvas(7.2, 3.6) as (figure, ax):
        for form, (words, colour, line) in forms.items():
            step = "steps-mid" if form == "wild" else "default"
            ax.plot(table["slope"], table[form], line, color=colour, label=words, drawstyle=step)
        ax.axhline(level, color="#222222", linewidth=0.7)
        ax.axvline(wage_exponent, color="#222222", linewidth=0.7, linestyle=":")
        ax.annotate(
            f"slope {wage_exponent:g}: ρ = 0", (wage_exponent, 1), xytext=(-3, -3),
            textcoords="offset points", fontsize="small", va="top", ha="right",
        )  # fmt: skip
        ax.set(xlabel="slope that is tested", ylabel="p-value", ylim=(0, 1.02))
        ax.legend(
            frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=3
        )
    return Exhibit(name, figure, table)


def between_and_over_time(
    y: pd.Series, x: pd.Series, cells: pd.Series, name: str = "between_and_over_time"
) -> Exhibit:
    """Shares against wages net of effects: means of cells, and each year around its cell's mean.

    Binned: dots are means of forty groups of equal size, in the order of the wage.

    Parameters
    ----------
    y, x : Series (N,)
        Log share and log wage, net of effects.
    cells : Series (N,)
        Codes of the cells.
    name : str
    """
    data = pd.DataFrame({"share": y, "wage": x, "cell": cells})
    at_mean = data.groupby("cell")[["share", "wage"]].transform("mean")
    parts = (
        ("years around their cell's mean", data[["share", "wage"]] - at_mean, ORANGE, "--"),
        ("means of cells", at_mean, BLUE, "-"),
    )
    rows = []
    with canvas(7.2, 3.8) as (figure, ax):
        for words, part, colour, line in parts:
            slope = float((part["wage"] @ part["share"]) / (part["wage"] @ part["wage"]))
            points = part.drop_duplicates()
            bins = pd.qcut(points["wage"], 40, labels=False, duplicates="drop")
            dots = points.groupby(bins)[["wage", "share"]].mean()
            ax.plot(dots["wage"], dots["share"], "o", color=colour, alpha=0.6, markersize=4)
            ends = np.array([dots["wage"].min(), dots["wage"].max()])
            label = f"{words}, slope {slope:.2f}"
            ax.plot(ends, slope * ends, line, color=colour, linewidth=2, label=label)
            rows.append(dots.assign(part=words, slope=slope))
        for axis in (ax.xaxis, ax.yaxis):  # log points are read as per cent
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.set(xlabel="wage, net of effects", ylabel="share of the occupation, net of effects")
        ax.legend(frameon=False, fontsize="small", loc="upper left")
    return Exhibit(name, figure, pd.concat(rows, ignore_index=True))
