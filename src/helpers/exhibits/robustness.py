"""What an estimate is made of and what survives: cells by year, coverage, conclusions."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter

from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, LINES, ORANGE, occupation_colours


def coverage(table: pd.DataFrame, names: Mapping[str, str], level: float = 0.95) -> Exhibit:
    """How often each kind of interval holds the truth, a row a kind, a mark a world.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.simulation.summary` returns it.
    names : {column: words}
        Kinds of intervals to show, from top to bottom.
    level : float
        What the intervals promise.

    Returns
    -------
    Exhibit
        Data: ``interval``, ``world``, ``held``; a world without such an interval has no row.
    """
    rows = [
        (words, world, float(held))
        for column, words in names.items()
        for world, held in zip(table["design"], table[column], strict=True)
        if np.isfinite(held)
    ]
    data = pd.DataFrame(rows, columns=["interval", "world", "held"])
    order = list(names.values())[::-1]
    worlds = list(dict.fromkeys(data["world"]))
    with canvas(7.2, 0.42 * len(order) + 1.6) as (figure, ax):
        for i, (world, part) in enumerate(data.groupby("world", sort=False)):
            # marks of one row stand a little apart: none hides another
            rows = np.array([order.index(words) for words in part["interval"]])
            heights = rows + 0.12 * ((len(worlds) - 1) / 2 - i)
            ax.plot(
                part["held"], heights, "os^Dv"[i % 5], color=LINES[i % len(LINES)], markersize=6,
                label=world,
            )  # fmt: skip
        ax.axvline(level, color="#222222", linewidth=0.8, linestyle="--")
        ax.annotate(
            "promised", (level, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom",
            fontsize="small",
        )  # fmt: skip
        ax.set(yticks=range(len(order)), yticklabels=order, xlim=(-0.02, 1.02))
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.set(xlabel="economies in which the interval holds the truth")
        ax.grid(axis="y", linewidth=0.4)
        figure.legend(
            *ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False,
            fontsize="small",
        )  # fmt: skip
    return Exhibit("coverage", figure, data)


def conclusions(table: pd.DataFrame) -> Exhibit:
    """In what part of the draws each conclusion holds, a bar for each way to be unsure.

    Parameters
    ----------
    table : DataFrame
        ``conclusion``, ``inference``, and the shares of draws in which it ``holds``, ``holds in
        part`` and ``does not hold``.
    """
    parts = {"holds": BLUE, "holds in part": "#9ecae8", "does not hold": ORANGE}
    kinds = list(dict.fromkeys(table["inference"]))
    claims = list(dict.fromkeys(table["conclusion"]))
    lines = [
        textwrap.fill(claim, 46) for claim in claims
    ]  # as many letters as a phone has room for
    rows = [len(kinds) + 0.4 + 0.8 * (1 + line.count("\n")) for line in lines]
    tops = -np.cumsum([0.0, *rows[:-1]]) - [0.8 * line.count("\n") for line in lines]
    with canvas(7.2, 0.9 + 0.28 * sum(rows)) as (figure, ax):
        for row in table.to_dict("records"):
            y = tops[claims.index(row["conclusion"])] - kinds.index(row["inference"])
            left = 0.0
            for part, colour in parts.items():
                ax.barh(y, row[part], left=left, color=colour, height=0.8)
                left += row[part]
            ax.text(-0.01, y, row["inference"], ha="right", va="center", fontsize="small")
        for top, line in zip(tops, lines, strict=True):
            words = ax.text(0, top + 0.5, line, va="bottom", weight="bold", fontsize="small")
            words.set_in_layout(False)  # bars keep the page's width
        for part, colour in parts.items():
            ax.barh(0, 0, color=colour, label=part)
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.set(xlabel="draws of the parameters", yticks=[], xlim=(0, 1))
        ax.set_ylim(tops[-1] - len(kinds) + 0.2, tops[0] + 0.6 + 0.8 * (1 + lines[0].count("\n")))
        ax.spines["left"].set_visible(False)
        figure.legend(
            *ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False,
            fontsize="small",
        )  # fmt: skip
    columns = ["conclusion", "inference", *parts]
    return Exhibit("conclusions", figure, table[columns].reset_index(drop=True))


def cells_over_time(
    data: pd.DataFrame, columns: Mapping[str, str], name: str = "cells_over_time"
) -> Exhibit:
    """Variables of a few cells year by year, side by side on one scale.

    Parameters
    ----------
    data : DataFrame
        ``occupation``, ``year`` and the columns to draw, a row a cell and year of one city; each
        column in its own standard deviations over all cells, so that panels can be compared.
    columns : {column: words}
        One panel each.
    name : str
    """
    colours = occupation_colours(list(dict.fromkeys(data["occupation"])))
    with canvas(7.2, 3.6) as (figure, ax):
        ax.remove()
        panels = np.atleast_1d(figure.subplots(1, len(columns), sharey=True))
        for panel, (column, words) in zip(panels, columns.items(), strict=True):
            for occupation, part in data.groupby("occupation", sort=False):
                panel.plot(part["year"], part[column], ".-", color=colours[occupation],
                           linewidth=1.2, label=occupation)  # fmt: skip
            panel.axhline(0, color="#222222", linewidth=0.5)
            panel.set_title(words, loc="left")
            panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        panels[0].set(ylabel="standard deviations over all cells")
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4,
            frameon=False, fontsize="small",
        )  # fmt: skip
    drawn = data[["occupation", "year", *columns]].reset_index(drop=True)
    return Exhibit(name, figure, drawn)


def placebo(statistics: Mapping[str, np.ndarray], critical: float = 1.96) -> Exhibit:
    """Effects that do not exist, by their t statistics, a panel for each standard error.

    Parameters
    ----------
    statistics : {words: array}
        What the standard error allows for, and the t statistics by it; all of one length.
    critical : float
        Beyond it an effect would be called significant.

    Returns
    -------
    Exhibit
        Data: ``errors``, ``t`` (by its quantiles), ``significant`` (share beyond the critical
        value).
    """
    grid = np.linspace(0, 1, 101)
    reach = 4 * critical
    rows = []
    with canvas(7.2, 0.9 + 0.95 * len(statistics)) as (figure, ax):
        ax.remove()
        panels = np.atleast_1d(figure.subplots(len(statistics), 1, sharex=True))
        for panel, (words, t) in zip(panels, statistics.items(), strict=True):
            t = np.asarray(t, dtype=float)
            beyond = float((np.abs(t) > critical).mean())
            edges = np.linspace(-reach, reach, 41)
            counts, _ = np.histogram(np.clip(t, -reach, reach), edges)
            middle = (edges[1:] + edges[:-1]) / 2
            colours = [ORANGE if abs(at) > critical else BLUE for at in middle]
            panel.bar(middle, counts, width=edges[1] - edges[0], color=colours)
            panel.set_title(f"{words}: {beyond:.0%} significant", loc="left", fontsize="small")
            panel.set(yticks=[])
            panel.spines["left"].set_visible(False)
            rows.append(
                pd.DataFrame({"errors": words, "t": np.quantile(t, grid), "significant": beyond})
            )
        panels[-1].set(xlabel="t statistic; what lies beyond the axis is in the last bars")
    return Exhibit("placebo", figure, pd.concat(rows, ignore_index=True))
