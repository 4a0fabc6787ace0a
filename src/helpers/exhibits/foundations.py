"""Pictures for the first chapters: one trade falls, the small city, one cell's instrument."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import elasticities
from helpers.counterfactuals import shock
from helpers.errors import DataError, check_rho, find_name
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, LINES, ORANGE
from helpers.model import Shares
from helpers.names import short_name


def gain_by_weight(
    shares: Shares, rho: float, city: str, occupation: str, hat: float = 0.9
) -> Exhibit:
    """Who takes in those who leave when one occupation of one city falls, by their own mix.

    Each other city's gain of households, in ten-thousandths of its own, against the share of its
    households in that occupation, with correlation and without (paper, 2.3).

    Parameters
    ----------
    shares : Shares
        With labels.
    rho : float, in [0, 1)
    city, occupation : str
        The cell that changes.
    hat : float, above 0
        Multiplicative change of its t_ck.

    Returns
    -------
    Exhibit
        Data: ``city``, ``pi_c``, ``weight`` (phi_ck), ``gain``, ``gain_independent``.

    Raises
    ------
    UnknownNameError
        For a city or an occupation that the shares do not have.
    """
    here, k = shares.city_index(city), shares.occupation_index(occupation)
    gain, even = (
        1e4
        * (shock(shares, value, 1.0, city_occupation={(city, occupation): hat}).pi_c / shares.pi_c)
        - 1e4
        for value in (rho, 0.0)
    )
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "pi_c": shares.pi_c,
            "weight": shares.phi_ck[:, k],
            "gain": gain,
            "gain_independent": even,
        }
    )
    table = table.drop(index=here).reset_index(drop=True)
    with canvas(7.2, 4.2) as (figure, ax):
        size = 8 + 500 * table["pi_c"] / table["pi_c"].max()
        ax.scatter(
            100 * table["weight"], table["gain"], s=size, color=BLUE, alpha=0.6, edgecolor="white"
        )
        ax.axhline(table["gain_independent"].median(), color=ORANGE, linestyle="--")
        ax.annotate(
            "no correlation: every city the same",
            (100 * table["weight"].max(), table["gain_independent"].median()),
            xytext=(0, 5), textcoords="offset points", ha="right", color=ORANGE,
        )  # fmt: skip
        ends = table["gain"].sort_values().index
        for row, dx, dy, align in ((ends[-1], -8, 4, "right"), (ends[0], 6, -14, "left")):
            ax.annotate(  # above the line on the left of its end, below on the right of its start
                short_name(table["city"][row]),
                (100 * table["weight"][row], table["gain"][row]),
                xytext=(dx, dy), textcoords="offset points", ha=align,
            )  # fmt: skip
        ax.set(
            xlabel=f"part of the city's households in {occupation}, per cent",
            ylabel="households gained, per 10,000 that it has",
        )
        ax.set_ylim(min(0, 1.1 * table["gain"].min()))
    return Exhibit("gain_by_weight", figure, table)


def small_city(shares: Shares, rho: float) -> Exhibit:
    """How far the small-city elasticity is from the exact one, city by city (equation 8).

    Parameters
    ----------
    shares : Shares
        With labels.
    rho : float, in [0, 1)

    Returns
    -------
    Exhibit
        Data: ``city``, ``pi_c`` and ``error``, the largest over occupations of small-city over
        exact d ln pi_c / d ln t_ck, less one.
    """
    check_rho(rho, 1)
    exact = elasticities.own_city_occupation(shares, rho)
    rough = elasticities.own_city_occupation(shares, rho, small_city=True)
    # a city without an occupation has no elasticity of it
    ratio = np.where(exact > 0, rough / np.where(exact > 0, exact, 1), 1)
    table = pd.DataFrame(
        {"city": shares.cities, "pi_c": shares.pi_c, "error": (ratio - 1).max(axis=1)}
    )
    shown = table[table["error"] > 0]
    with canvas(7.2, 4.0) as (figure, ax):
        ax.loglog(100 * shown["pi_c"], 100 * shown["error"], "o", color=BLUE, alpha=0.6)
        one = 100 * shown["pi_c"].agg(["min", "max"])
        ax.loglog(one, one, ":", color=GREY)
        centre = float(np.sqrt(one.prod()))
        ax.annotate(
            "error equal to size", (centre, centre), color=GREY,
            xytext=(12, -18), textcoords="offset points",
        )  # fmt: skip
        for row in shown["error"].nlargest(3).index:
            ax.annotate(
                short_name(shown["city"][row]),
                (100 * shown["pi_c"][row], 100 * shown["error"][row]),
                xytext=(-8, 4), textcoords="offset points", ha="right",
            )  # fmt: skip
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter("{x:g}")
        ax.set(
            xlabel="the city's share of all households, per cent",
            ylabel="small-city formula too large by, per cent",
        )
    return Exhibit("small_city", figure, table)


def instrument_by_hand(
    exposures: pd.DataFrame, shifts: pd.DataFrame, cells: Sequence[tuple[str, str, int]]
) -> Exhibit:
    """What each sector adds to the instrument of some cells, as stacked bars (paper, 3.1).

    Parameters
    ----------
    exposures : DataFrame
        ``city``, ``occupation``, ``sector``, ``exposure``, as a panel has them.
    shifts : DataFrame
        ``sector``, ``year``, ``log_tfp``.
    cells : sequence of (city, occupation, year)
        From top to bottom.

    Returns
    -------
    Exhibit
        Data: one row a cell and sector with ``exposure``, ``log_tfp`` and ``adds``, their
        product.

    Raises
    ------
    UnknownNameError
        For a city or an occupation without exposures.
    DataError
        For a year without productivity.
    """
    table = pd.concat([_parts(exposures, shifts, *cell) for cell in cells], ignore_index=True)
    order = table.groupby("sector")["adds"].sum().sort_values(ascending=False).index
    largest = list(order[:5])
    with canvas(7.2, 1.1 + 0.75 * len(cells)) as (figure, ax):
        for row, (city, occupation, year) in enumerate(cells):
            part = table[
                table["city"].eq(city) & table["occupation"].eq(occupation) & table["year"].eq(year)
            ].set_index("sector")["adds"]
            heights = [
                *part.reindex(largest, fill_value=0.0),
                part.drop(largest, errors="ignore").sum(),
            ]
            left = 0.0
            for name, height, colour in zip(
                [*largest, "other sectors"], heights, (*LINES[:5], "#bbbbbb"), strict=False
            ):
                ax.barh(row, height, left=left, color=colour, height=0.62,
                        label=name if row == 0 else None)  # fmt: skip
                if height > 0.13 * max(1.0, sum(heights)):  # room for the number on a phone
                    ax.text(left + height / 2, row, f"{height:.2f}", ha="center", va="center",
                            color="black" if colour == "#bbbbbb" else "white",
                            fontsize="small")  # fmt: skip
                left += height
            ax.text(left, row, f" = {left:.3f}", va="center")
        ax.set_yticks(range(len(cells)), [f"{short_name(c)} {k} {year}" for c, k, year in cells])
        ax.invert_yaxis()
        ax.set(xlabel="the instrument: exposure times log productivity, sector by sector")
        ax.margins(x=0.12)
        ax.legend(frameon=False, fontsize="small", ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return Exhibit("instrument_by_hand", figure, table)


def _parts(
    exposures: pd.DataFrame, shifts: pd.DataFrame, city: str, occupation: str, year: int
) -> pd.DataFrame:
    """One cell's exposures beside a year's productivity, and their products."""
    for what, label in (("city", city), ("occupation", occupation)):
        find_name(what, label, tuple(dict.fromkeys(exposures[what])))
    level = shifts[shifts["year"] == year].set_index("sector")["log_tfp"]
    if level.empty:
        raise DataError(
            f"shifts: no productivity in {year!r}; years are {sorted(set(shifts['year']))}"
        )
    own = exposures[exposures["city"].eq(city) & exposures["occupation"].eq(occupation)]
    own = own.assign(year=year, log_tfp=own["sector"].map(level)).dropna(subset="log_tfp")
    own["adds"] = own["exposure"] * own["log_tfp"]
    return own[["city", "occupation", "year", "sector", "exposure", "log_tfp", "adds"]]
