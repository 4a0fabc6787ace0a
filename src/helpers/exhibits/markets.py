"""What prices that answer do: maps of rents, gains beside fixed prices, jobs that are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.ticker import MaxNLocator

from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live import geography
from helpers.exhibits.palette import BLUE, DIVERGING, GREY, LINES, ORANGE, occupation_colours
from helpers.model import Shares
from helpers.names import short_name

_PARAMETERS = {
    "wage_exponent": "weight of income α",
    "housing_share": "housing share a",
    "supply_elasticity": "supply elasticity of homes η",
    "substitution": "substitution σ",
    "demand_elasticity": "demand elasticity ε",
    "agglomeration": "agglomeration μ",
}
"""Parameters of a closure in words, with their symbols."""


def _sizes(pi_c: np.ndarray, largest: float = 700.0) -> np.ndarray:
    """Areas of bubbles, in proportion to city shares."""
    return largest * pi_c / pi_c.max()


def _around_median(values: np.ndarray) -> tuple[LinearSegmentedColormap, TwoSlopeNorm]:
    """Colours that are grey at the median, and full a few values before the ends."""
    colours = LinearSegmentedColormap.from_list("change", list(DIVERGING["light"]))
    middle = float(np.nanmedian(values))
    reach = float(np.nanquantile(np.abs(values - middle), 0.95)) or 1e-9
    return colours, TwoSlopeNorm(middle, middle - reach, middle + reach)


def change_map(
    shares: Shares,
    change_c: Sequence[float],
    label: str,
    leave_out: str | None = None,
    coordinates: pd.DataFrame | None = None,
    outlines: Path | str | None = None,
) -> Exhibit:
    """A change in every city: bubbles on the map, areas in proportion to households.

    Colours are grey at the median city: blue changed by more, orange by less.

    Where no place of the cities is known, they are ranked instead.

    Parameters
    ----------
    shares : Shares
        With labels.
    change_c : array (C,)
        Fractions.
    label : str
        What changes, as the colour bar says it.
    leave_out : str, optional
        A city whose own change would hide the others'; it is drawn as a ring.
    coordinates, outlines : optional
        Of another country's cities, as :func:`helpers.exhibits.live.geography.locate` takes them.
    """
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "change": np.asarray(change_c, dtype=float),
            "pi_c": shares.pi_c,
        }
    )
    where = geography.locate(shares.cities, coordinates, outlines)
    x, y = where.paper.to_numpy().T
    apart = table["city"].eq(leave_out).to_numpy()
    colours, norm = _around_median(100 * table["change"].to_numpy()[~apart])
    with canvas(7.2, 3.9) as (figure, ax):
        if where.known:
            for ring in where.borders:
                ax.plot(*ring.T, color=GREY, linewidth=0.4, zorder=1)
            ax.set(xlim=(0, geography.WIDTH), ylim=(geography.HEIGHT, 0), aspect="equal")
            ax.set_axis_off()
        else:
            order = table["change"].rank()
            x, y = order.to_numpy(), 100 * table["change"].to_numpy()
            ax.set(xlabel="rank", ylabel=label)
        for chosen, style in (
            (~apart, {"c": 100 * table["change"][~apart], "cmap": colours, "norm": norm}),
            (apart, {"facecolors": "none"}),
        ):
            marks = ax.scatter(
                x[chosen], y[chosen], s=_sizes(shares.pi_c)[chosen],
                linewidths=0.5 if chosen is not apart else 1.5,
                edgecolors="white" if chosen is not apart else "black",
                zorder=2 if chosen is not apart else 3, **style,
            )  # fmt: skip
            if chosen is not apart:
                figure.colorbar(
                    marks,
                    ax=ax,
                    shrink=0.7,
                    label=label,
                    extend="both",
                    ticks=MaxNLocator(5, steps=[1, 2, 5, 10]),
                )
    return Exhibit("change_map", figure, table)


def fixed_and_answered(shares: Shares, fixed: Shares, answered: Shares, city: str) -> Exhibit:
    """What every other city gains when prices answer, against what it gains when they do not.

    Parameters
    ----------
    shares, fixed, answered : Shares
        Before the shock; after it with prices fixed; and with prices that answer.
    city : str
        The city that is shocked, left out.
    """
    others = np.array(shares.cities) != city
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "fixed": fixed.pi_c / shares.pi_c - 1,
            "answered": answered.pi_c / shares.pi_c - 1,
            "pi_c": shares.pi_c,
        }
    )[others].reset_index(drop=True)
    with canvas(6.4, 4.6) as (figure, ax):
        ax.axline((0, 0), slope=1, color=GREY, linewidth=1, linestyle="--")
        ax.scatter(
            100 * table["fixed"], 100 * table["answered"], s=_sizes(table["pi_c"].to_numpy(), 400),
            color=BLUE, alpha=0.6, edgecolors="white", linewidths=0.5,
        )  # fmt: skip
        # the largest and the two ends: names of neighbours would hide each other
        ends = (table["pi_c"].idxmax(), table["fixed"].idxmin(), table["fixed"].idxmax())
        places = {ends[1]: (7, -3), ends[2]: (-6, 8)}
        for name in dict.fromkeys(ends):
            row = table.loc[name]
            ax.annotate(
                short_name(row["city"]), (100 * row["fixed"], 100 * row["answered"]),
                xytext=places.get(name, (6, -12)), textcoords="offset points",
                ha="right" if name == ends[2] else "left", fontsize="small",
            )  # fmt: skip
        low = 100 * min(table["fixed"].min(), table["answered"].min())
        high = 100 * max(table["fixed"].max(), table["answered"].max())
        span = (low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.set(
            xlim=span, ylim=span, xlabel="gain at fixed prices, per cent",
            ylabel="gain when prices answer, per cent",
        )  # fmt: skip
    return Exhibit("fixed_and_answered", figure, table)


def pay_by_occupation(table: pd.DataFrame) -> Exhibit:
    """Changes of wages by occupation in one city, one row of marks for each closure.

    Parameters
    ----------
    table : DataFrame
        ``case``, ``occupation`` and ``change``, a fraction.
    """
    cases = list(dict.fromkeys(table["case"]))
    colours = occupation_colours(list(dict.fromkeys(table["occupation"])))
    with canvas(7.2, 0.9 + 0.7 * len(cases)) as (figure, ax):
        for occupation, part in table.groupby("occupation", sort=False):
            ax.scatter(
                100 * part["change"], [cases.index(case) for case in part["case"]],
                color=colours[occupation], label=occupation, s=45, zorder=2,
            )  # fmt: skip
        ax.set_yticks(range(len(cases)), cases)
        ax.set(ylim=(len(cases) - 0.5, -0.5), xlabel="change of the wage, per cent")
        figure.legend(loc="outside right center", frameon=False, fontsize="small")
    return Exhibit("pay_by_occupation", figure, table)


def losses(table: pd.DataFrame, city: str) -> Exhibit:
    """What a city loses, market by market: bars from the paper's closure to all of them.

    Parameters
    ----------
    table : DataFrame
        Of :func:`helpers.equilibrium.closures_compared`.
    city : str
    """
    cases = list(dict.fromkeys(table["answers"]))
    exponents = list(dict.fromkeys(table["wage_exponent"]))
    with canvas(7.2, 1.2 + 0.45 * len(cases) * len(exponents) ** 0.5) as (figure, ax):
        height = 0.8 / len(exponents)
        for i, exponent in enumerate(exponents):
            part = table[table["wage_exponent"] == exponent].set_index("answers").loc[cases]
            at = np.arange(len(cases)) + (i - (len(exponents) - 1) / 2) * height
            label = f"weight of income α = {exponent:g}"
            bars = ax.barh(at, 100 * part["loss"], height * 0.9, color=LINES[i], label=label)
            ax.bar_label(bars, fmt="%.1f", padding=3, fontsize="small")
        ax.set_yticks(range(len(cases)), cases)
        ax.invert_yaxis()
        ax.set(xlabel=f"households that {short_name(city)} loses, per cent", ylabel="what answers")
        if len(exponents) > 1:
            figure.legend(frameon=False, loc="outside lower center", ncols=2, fontsize="small")
    return Exhibit("losses", figure, table)


def sensitivity(table: pd.DataFrame, usual: Mapping[str, float], fixed: float) -> Exhibit:
    """A city's loss along each parameter of a closure; a dot marks the usual value.

    Parameters
    ----------
    table : DataFrame
        Of :func:`helpers.equilibrium.along`.
    usual : {parameter: value}
    fixed : float
        The loss at fixed prices, a dashed line.
    """
    names = list(dict.fromkeys(table["parameter"]))
    with canvas(7.2, 4.4) as (figure, ax):
        ax.remove()
        axes = figure.subplots(2, int(np.ceil(len(names) / 2)), sharey=True, squeeze=False)
        for one in axes.flat[len(names) :]:
            one.remove()
        for one, name in zip(axes.flat, names, strict=False):
            part = table[table["parameter"] == name]
            one.axhline(100 * fixed, color=GREY, linewidth=1, linestyle="--")
            one.plot(part["value"], 100 * part["loss"], color=BLUE)
            at = usual[name]
            level = np.interp(at, part["value"], 100 * part["loss"])
            one.plot([at], [level], "o", color=ORANGE)
            one.set_xlabel(_PARAMETERS.get(name, name.replace("_", " ")))
        figure.supylabel("households lost, per cent")
    return Exhibit("sensitivity", figure, table)


def floors(table: pd.DataFrame) -> Exhibit:
    """Unemployment as the floor under wages rises, for each case.

    Parameters
    ----------
    table : DataFrame
        ``case``, ``floor`` and ``unemployed``, fractions.
    """
    with canvas(6.4, 4.0) as (figure, ax):
        for colour, (case, part) in zip(LINES, table.groupby("case", sort=False), strict=False):
            ax.plot(100 * part["floor"], 100 * part["unemployed"], "o-", color=colour, label=case)
        ax.set(
            xlabel="floor under wages, per cent of the wage before",
            ylabel="households out of work, per cent",
        )
        ax.legend(frameon=False)
    return Exhibit("floors", figure, table)


def out_of_work(table: pd.DataFrame) -> Exhibit:
    """Unemployment of every city against what it lived on, before and after people move.

    Parameters
    ----------
    table : DataFrame
        ``city``, ``case``, ``exposed`` (the part of the city in the occupation that is hit),
        ``unemployed`` and ``pi_c``.
    """
    with canvas(6.4, 4.4) as (figure, ax):
        for colour, (case, part) in zip(
            (ORANGE, BLUE), table.groupby("case", sort=False), strict=False
        ):
            ax.scatter(
                100 * part["exposed"], 100 * part["unemployed"], color=colour, alpha=0.6,
                s=_sizes(part["pi_c"].to_numpy(), 300), label=case, edgecolors="white",
                linewidths=0.5,
            )  # fmt: skip
        ax.set(
            xlabel="part of the city in the occupation that is hit, per cent",
            ylabel="households out of work, per cent",
        )
        legend = ax.legend(frameon=False)
        for handle in legend.legend_handles:
            handle.set_sizes([40])
    return Exhibit("out_of_work", figure, table)
