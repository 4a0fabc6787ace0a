"""Pictures of what a slope measures, what wages show, and who moves where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, LINES, ORANGE
from helpers.model import Shares
from helpers.names import short_name

ALIKE = {
    "homoskedastic": "no group, one variance",
    "heteroskedastic": "no group",
    "city x occupation": "cells",
    "city": "cities",
    "occupation": "occupations",
    "city and occupation": "cities and occupations",
}
"""Within what errors may be alike, for each clustering of :func:`exponent_bands`."""


def _per_cent(value: float, _: object) -> str:
    """A part of one in per cent, with the digits that it needs."""
    return f"{100 * value:.6g}%"


def _times(value: float, _: object) -> str:
    """A ratio: so many times, or one over so many."""
    return f"× {value:g}" if value >= 1 else f"× 1/{1 / value:g}"


def correlation_by_exponent(bands: pd.DataFrame, marks: Sequence[float] = (1, 2, 3)) -> Exhibit:
    """The correlation that a slope implies, against the power of the wage, with its bands.

    Parameters
    ----------
    bands : DataFrame
        As :func:`helpers.inference.wage_unit.exponent_bands` returns it.
    marks : sequence of float
        Exponents to mark.
    """
    names = list(dict.fromkeys(bands["clusters"]))
    with canvas(7.6, 4.0) as (figure, ax):
        ax.axhspan(-2, 0, color="#eeeeee", zorder=0)
        for name, colour in zip(names, np.resize(LINES, len(names)), strict=True):
            part = bands[bands["clusters"] == name]
            ax.plot(part["alpha"], part["low"], color=str(colour), linewidth=1,
                    label=ALIKE.get(name, name))  # fmt: skip
            ax.plot(part["alpha"], part["high"], color=str(colour), linewidth=1)
        line = bands[bands["clusters"] == names[0]]
        ax.plot(line["alpha"], line["rho"], color="black", linewidth=2)
        for mark in sorted(set(marks)):
            ax.axvline(mark, color=GREY, linewidth=0.8, linestyle=":")
            ax.annotate(f"α = {mark:g}", (mark, 1.0), xytext=(0, 2), fontsize="small",
                        ha="center", va="bottom", textcoords="offset points",
                        annotation_clip=False)  # fmt: skip
        ax.annotate("no such draws", (bands["alpha"].min(), 0), xytext=(5, -5), fontsize="small",
                    va="top", textcoords="offset points")  # fmt: skip
        ax.set(xlabel="power α of the wage in the scale of a cell", ylabel="ρ = 1 − α / slope")
        ax.set(ylim=(-1, 1), xlim=(bands["alpha"].min(), bands["alpha"].max()))
        ax.xaxis.set_major_locator(MultipleLocator(1))
        figure.legend(frameon=False, fontsize="small", title="errors alike within",
                      loc="outside right center", alignment="left")  # fmt: skip
    return Exhibit("correlation_by_exponent", figure, bands.reset_index(drop=True))


def at_given_slope(table: pd.DataFrame) -> Exhibit:
    """What the unit of the wage moves when the slope is held, as ratios to the first row.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.wage_unit.at_given_slope` returns it.
    """
    lines = {
        "own": "response of a city to a wage of its own",
        "stayers": "leavers of a cell who keep the occupation",
        "across": "leavers of a cell who change it",
        "redirected": "leavers of a city whom correlation redirects",
    }
    with canvas(7.2, 3.6) as (figure, ax):
        for (name, label), colour in zip(lines.items(), LINES, strict=False):
            ax.plot(table["alpha"], table[name] / table[name].iloc[0], color=colour, label=label)
        ax.axhline(1, color=GREY, linewidth=0.7)
        ax.set(
            xlabel="power α of the wage, with the slope held",
            ylabel="relative to the smallest power",
        )
        ax.set_yscale("log", base=2)
        ax.yaxis.set_major_formatter(FuncFormatter(_times))
        ax.legend(frameon=False, fontsize="small")
    return Exhibit("at_given_slope", figure, table)


def earnings_by_cell(table: pd.DataFrame) -> Exhibit:
    """Mean earnings of simulated households, cell by cell, beside what the cell pays per unit.

    Parameters
    ----------
    table : DataFrame
        ``cell``, ``pay`` (relative to the mean), ``earned`` and ``error``, its standard error.
    """
    with canvas(7.2, 3.8) as (figure, ax):
        at = np.arange(len(table))
        ax.bar(at, table["pay"], color="#d0d0d0", width=0.7, label="what a unit is paid")
        ax.errorbar(at, table["earned"], 2 * table["error"], fmt="o", color=BLUE, markersize=4,
                    label="what those who chose it earn")  # fmt: skip
        ax.axhline(1, color=ORANGE, linewidth=1)
        ax.set_xticks(at, table["cell"], rotation=60, ha="right", fontsize="x-small")
        ax.set(ylabel="relative to the mean", ylim=(0, 1.25 * table["pay"].max()))
        ax.legend(frameon=False, fontsize="small", loc="upper left", ncols=2)
    return Exhibit("earnings_by_cell", figure, table)


def wage_parts(table: pd.DataFrame) -> Exhibit:
    """By how much mean wages differ, and between what.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.observed_wages.decomposition` returns it.
    """
    with canvas(7.2, 2.8) as (figure, ax):
        at = np.arange(len(table))[::-1]
        ax.barh(at, table["spread"], color=BLUE)
        for y, spread, part in zip(at, table["spread"], table["part"], strict=True):
            ax.annotate(f"{part:.1%} of the variance", (spread, y), xytext=(4, 0), va="center",
                        textcoords="offset points", fontsize="small")  # fmt: skip
        ax.set_yticks(at, table["between"])
        ax.set(xlabel="standard deviation of log wages", xlim=(0, 1.6 * table["spread"].max()))
    return Exhibit("wage_parts", figure, table)


def staying_and_redirected(
    shares: Shares, kept: Mapping[str, np.ndarray], away: np.ndarray, named: Sequence[str]
) -> Exhibit:
    """Two numbers for every city: who keeps the occupation, and whom correlation sends elsewhere.

    Parameters
    ----------
    shares : Shares
        With labels.
    kept : {label: array (C,)}
        Part of leavers of a city's cells who keep the occupation, without and with correlation.
    away : array (C,)
        Redirection with correlation.
    named : sequence of str
        Cities to name.
    """
    size = 100 * shares.pi_c
    with canvas(7.2, 3.4) as (figure, spare):
        figure.delaxes(spare)
        left, right = figure.subplots(1, 2)
        for (label, values), colour in zip(kept.items(), (GREY, BLUE), strict=True):
            left.plot(size, values, ".", color=colour, markersize=3, label=label)
        left.set(xscale="log", ylim=(0, 1), ylabel="keep the occupation")
        left.legend(frameon=False, fontsize="small", loc="center left", markerscale=3)
        right.plot(size, away, ".", color=ORANGE, markersize=3)
        right.set(xscale="log", ylim=(0, 1), ylabel="sent to another city")
        for ax in (left, right):
            ax.yaxis.set_major_formatter(PercentFormatter(1))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            ax.set_xlabel("size, per cent of all households")
        for name in dict.fromkeys(named):
            c = shares.city_index(name)
            right.annotate(short_name(name), (size[c], away[c]), xytext=(0, 8), ha="center",
                           textcoords="offset points", fontsize="x-small", rotation=30)  # fmt: skip
    data = pd.DataFrame({"city": shares.cities, "size": size, **kept, "redirected": away})
    return Exhibit("staying_and_redirected", figure, data)


def rank_correlations(table: pd.DataFrame) -> Exhibit:
    """For every shocked city: do similar cities gain more than others of their size would?

    Parameters
    ----------
    table : DataFrame
        ``city``, ``rank``.
    """
    with canvas(7.2, 2.8) as (figure, ax):
        ax.hist(table["rank"].dropna(), bins=np.linspace(-1, 1, 41), color=BLUE)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.axvline(table["rank"].median(), color=ORANGE)
        ax.annotate("median", (table["rank"].median(), 0.97), color=ORANGE, fontsize="small",
                    xycoords=("data", "axes fraction"), ha="right", va="top",
                    rotation=90)  # fmt: skip
        ax.set(xlabel="rank correlation of gains with similarity", ylabel="shocked cities")
    return Exhibit("rank_correlations", figure, table)


def finer_groups(table: pd.DataFrame, observed: Mapping[str, float] | None = None) -> Exhibit:
    """Redirection against specialisation, for coarse and fine occupations, true and as surveyed.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.finer_groups.finer` returns it.
    observed : {"specialisation": ..., "redirected": ...}, optional
        The data's own point.
    """
    with canvas(7.2, 3.8) as (figure, ax):
        for (n, part), colour in zip(table.groupby("occupations"), LINES, strict=False):
            s = part["specialisation"]
            ax.plot(s, part["redirected"], color=colour, label=f"{n} occupations")
            ax.plot(s, part["measured"], ":", color=colour)
            if n > table["occupations"].min():
                ax.plot(s, part["broad"], "--", color=colour, linewidth=1)
        if observed:
            ax.plot(observed["specialisation"], observed["redirected"], "*", color="black",
                    markersize=12, label="the data")  # fmt: skip
        ax.set_yscale("symlog", linthresh=1e-4)
        ax.yaxis.set_major_formatter(FuncFormatter(_per_cent))
        ax.set(xlabel="specialisation: spread of log shares net of size", ylim=(0, 1),
               ylabel="leavers who are redirected")  # fmt: skip
        marks = ax.get_legend_handles_labels()[0]
        marks += [
            Line2D([], [], color=GREY, linestyle=style, label=words)
            for style, words in (("-", "as it is"), (":", "in a survey"), ("--", "in 8 groups"))
        ]
        figure.legend(handles=marks, frameon=False, fontsize="small", loc="outside right center")
    return Exhibit("finer_groups", figure, table)


def gains_by_occupation(table: pd.DataFrame) -> Exhibit:
    """What a shock is worth to those who hold to an occupation, with and without correlation.

    Parameters
    ----------
    table : DataFrame
        ``shock``, ``occupation``, ``without``, ``with``: changes in per cent.
    """
    shocks = list(dict.fromkeys(table["shock"]))
    with canvas(7.2, 3.6) as (figure, spare):
        figure.delaxes(spare)
        axes = np.atleast_1d(figure.subplots(1, len(shocks), sharey=True))
        for ax, name in zip(axes, shocks, strict=True):
            part = table[table["shock"] == name]
            at = np.arange(len(part))[::-1]
            ax.hlines(at, part["without"], part["with"], color="#bbbbbb")
            ax.plot(part["without"], at, "o", color=GREY, markersize=5, label="ρ = 0")
            ax.plot(part["with"], at, "o", color=BLUE, markersize=5, label="with ρ")
            ax.set_yticks(at, part["occupation"])
            ax.axvline(0, color=GREY, linewidth=0.7)
            ax.set_title(name, loc="left", fontsize="small")
            ax.set_xlabel("per cent", fontsize="small")
        marks = axes[0].get_legend_handles_labels()[0]
        figure.legend(handles=marks, frameon=False, fontsize="small", ncols=2,
                      loc="outside lower center")  # fmt: skip
    return Exhibit("gains_by_occupation", figure, table)
