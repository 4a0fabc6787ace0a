"""The paper's figures, one function each (paper, 4.1, 5.1, 5.2 and 8.3).

A function returns an :class:`Exhibit`: the drawing together with the table of what it draws,
so that a test, a reader or a later run can compare numbers and not pixels.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from helpers.counterfactuals import occupation_changes, spillovers
from helpers.exhibits.exhibit import Exhibit, axes, styled
from helpers.exhibits.palette import BLUE, GREY, ORANGE, occupation_colours
from helpers.model import Shares
from helpers.names import NEW_YORK, VISALIA, short_name
from helpers.panel import Panel

_LABELLED = ("New York", "Los Angeles", "Chicago", "Washington", "Detroit", "San Jose")


def _label(ax: Axes, data: pd.DataFrame, x: str, y: str, cities: list[str]) -> None:
    """Write short names beside marks, first come first served; a name without room is left out."""
    low, high = data[x].min(), data[x].max()
    taken: list[tuple[float, float, float, float]] = []
    ax.figure.draw_without_rendering()  # limits and layout are settled here
    rows = data.drop_duplicates("city").set_index("city")
    for city in dict.fromkeys(cities):
        across, up = ax.transData.transform((rows.at[city, x], rows.at[city, y]))
        text = short_name(city)
        right = (rows.at[city, x] - low) / (high - low) > 0.6
        width, height = 7.0 * len(text) + 10, 15.0
        left = across - width if right else across
        box = (left, left + width, up, up + height)
        if any(box[0] < t[1] and t[0] < box[1] and box[2] < t[3] and t[2] < box[3] for t in taken):
            continue
        taken.append(box)
        ax.annotate(
            text,
            (rows.at[city, x], rows.at[city, y]),
            xytext=(-7 if right else 7, 5),
            textcoords="offset points",
            ha="right" if right else "left",
            fontsize="small",
            color="#222222",
        )


def _scatter(ax: Axes, data: pd.DataFrame, x: str, y: str, colour: str = BLUE) -> None:
    """Draw a bubble a city, its area in proportion to the share before the shock."""
    ax.scatter(
        data[x],
        data[y],
        s=12 + 900 * data["pi_c"] / max(data["pi_c"].max(), 0.05),
        color=colour,
        alpha=0.55,
        linewidth=0.4,
        edgecolor="white",
    )


def _plain_ticks(ax: Axes) -> None:
    """Write numbers near one in full, not as an offset."""
    for axis in (ax.xaxis, ax.yaxis):
        formatter = ScalarFormatter(useOffset=False)
        formatter.set_scientific(False)
        axis.set_major_formatter(formatter)


def _named(shares: Shares, data: pd.DataFrame, by: str, n: int = 3) -> list[str]:
    """Cities to label: large well-known ones, and the n extremes of a column."""
    known = [
        city
        for start in _LABELLED
        for city in shares.cities
        if city.startswith(start) and city in set(data["city"])
    ]
    ends = data.sort_values(by)["city"]
    return [*known[:3], *ends.head(n), *ends.tail(n), *known[3:]]


def figure_1a(panel: Panel, year: int = 2019) -> Exhibit:
    """Shares of households by city, in alphabetical order (paper, figure 1a).

    Parameters
    ----------
    panel : Panel
    year : int
    """
    shares = panel.shares(year)
    data = pd.DataFrame({"city": shares.cities, "pi_c": shares.pi_c})
    with styled():
        figure, ax = axes(7.2, 3.6)
        position = np.arange(len(data))
        ax.vlines(position, 0, data["pi_c"], color=BLUE, linewidth=1.1)
        for place in data["pi_c"].nlargest(8).index:
            ax.annotate(
                short_name(data["city"][place]),
                (place, data["pi_c"][place]),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize="small",
            )
        ax.set(xlabel="cities, in alphabetical order", ylabel="share of households", xticks=[])
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.margins(x=0.02, y=0.08)
    return Exhibit("figure_1a", figure, data)


def figure_1b(panel: Panel, year: int = 2019, n: int = 10) -> Exhibit:
    """Occupational mix of the largest cities (paper, figure 1b).

    Parameters
    ----------
    panel : Panel
    year : int
    n : int
        How many of the largest cities.
    """
    shares = panel.shares(year)
    largest = np.argsort(-shares.pi_c)[:n]
    mix = pd.DataFrame(
        shares.phi_ck[largest],
        index=pd.Index([short_name(shares.cities[c]) for c in largest], name="city"),
        columns=shares.occupations,
    )
    with styled():
        figure, ax = axes(7.2, 4.2)
        left = np.zeros(len(mix))
        colours = occupation_colours(shares.occupations).values()
        for colour, occupation in zip(colours, shares.occupations, strict=True):
            ax.barh(mix.index, mix[occupation], left=left, color=colour, label=occupation)
            left += mix[occupation].to_numpy()
        ax.invert_yaxis()
        ax.set(xlabel="share of the city's households", xlim=(0, 1))
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=4, frameon=False)
    data = mix.reset_index().melt("city", var_name="occupation", value_name="phi_ck")
    return Exhibit("figure_1b", figure, data)


def figure_2(
    panel: Panel,
    rho: float,
    theta: float = 3.0,
    year: int = 2019,
    city: str = NEW_YORK,
    hat: float = 0.95,
) -> Exhibit:
    """Relative change of other cities' shares when New York falls (paper, figure 2).

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    city : str
        The city that is shocked; it is left out of the plot.
    hat : float, above 0
        Multiplicative change of its T_c.
    """
    shares = panel.shares(year)
    data = spillovers(shares, rho, theta, city, hat)
    with styled():
        figure = Figure(figsize=(7.2, 6.0))
        upper, lower = figure.subplots(2, 1, sharex=True)
        # the same span on both vertical axes, so that slopes compare
        margin = 0.15 * (data["change"].max() - data["change"].min())
        span = data["change"].max() - data["change"].min() + 2 * margin
        for ax, column, colour, label in (
            (upper, "change", BLUE, f"ρ = {rho:.2f}"),
            (lower, "change_independent", ORANGE, "ρ = 0"),
        ):
            _scatter(ax, data, "similarity", column, colour)
            middle = (data[column].min() + data[column].max()) / 2
            ax.set(ylim=(middle - span / 2, middle + span / 2), ylabel="new share / old share")
            ax.set_title(label, loc="left", color=colour)
            _plain_ticks(ax)
        lower.set_xlabel(f"similarity of occupational mix to {short_name(city)} (correlation)")
        _label(upper, data, "similarity", "change", _named(shares, data, "change", 2))
    return Exhibit("figure_2", figure, data)


def figure_3(
    panel: Panel,
    rho: float,
    theta: float = 3.0,
    year: int = 2019,
    city: str = VISALIA,
    hat: float = 0.95,
) -> Exhibit:
    """Change with correlation relative to the change without, Visalia-Porterville (figure 3).

    Parameters are those of :func:`figure_2`. The vertical axis is the ratio of the two
    relative changes, as the figure's note says.
    """
    shares = panel.shares(year)
    data = spillovers(shares, rho, theta, city, hat)
    with styled():
        figure, ax = axes(7.2, 4.6)
        _scatter(ax, data, "similarity", "ratio")
        _plain_ticks(ax)
        ax.set(
            xlabel=f"similarity of occupational mix to {short_name(city)} (correlation)",
            ylabel=f"change at ρ = {rho:.2f} / change at ρ = 0",
        )
        _label(ax, data, "similarity", "ratio", _named(shares, data, "ratio", 2))
    return Exhibit("figure_3", figure, data)


def figure_4(
    panel: Panel,
    rho: float,
    theta: float = 3.0,
    year: int = 2019,
    other: str = "trades",
    hat: float = 1.10,
) -> Exhibit:
    """Management shock against trades shock, city by city (paper, figure 4).

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    other : str
        The occupation on the horizontal axis. The caption says trades, the note primary.
    hat : float, above 0
        Multiplicative change of each T_k.
    """
    shares = panel.shares(year)
    data = occupation_changes(shares, rho, theta, **{other: hat, "management": hat})
    with styled():
        figure, ax = axes(7.2, 4.6)
        ax.axhline(1, color=GREY, linewidth=0.8)
        ax.axvline(1, color=GREY, linewidth=0.8)
        _scatter(ax, data, other, "management")
        _plain_ticks(ax)
        ax.set(
            xlabel=f"new share / old share, {other} shock",
            ylabel="new share / old share, management shock",
        )
        _label(ax, data, other, "management", _named(shares, data, "management", 2))
    return Exhibit("figure_4", figure, data)


def figure_5(
    panel: Panel,
    rho: float,
    theta: float = 3.0,
    year: int = 2019,
    occupation: str = "management",
    hat: float = 0.95,
) -> Exhibit:
    """Management shock with correlation against the same shock without (paper, figure 5).

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    occupation : str
    hat : float, above 0
        Multiplicative change of T_k.
    """
    shares = panel.shares(year)
    with_rho, without = (
        occupation_changes(shares, value, theta, **{occupation: hat}) for value in (rho, 0.0)
    )
    data = with_rho.rename(columns={occupation: "change"}).assign(
        change_independent=without[occupation]
    )
    with styled():
        figure, ax = axes(7.2, 4.6)
        ax.axline((1, 1), slope=1, color=GREY, linewidth=0.8)
        _scatter(ax, data, "change_independent", "change")
        _plain_ticks(ax)
        ax.set(
            xlabel="new share / old share at ρ = 0",
            ylabel=f"new share / old share at ρ = {rho:.2f}",
        )
        _label(ax, data, "change_independent", "change", _named(shares, data, "change", 2))
    return Exhibit("figure_5", figure, data)
