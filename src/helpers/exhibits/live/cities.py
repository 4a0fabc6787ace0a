"""Cities after a shock, as live figures draw them on paper: the table, a scatter, a map, words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap

from helpers.exhibits import palette
from helpers.exhibits.live import geography
from helpers.exhibits.live.figure import percent, plain, short_names
from helpers.exhibits.palette import BLUE
from helpers.model import Shares, similarity
from helpers.sources import places

ALIKE = 1e-9
"""Gains that differ by less are one gain: what is left is rounding."""


def gain_table(
    shares: Shares, city: str, gain: np.ndarray, gain_independent: np.ndarray
) -> pd.DataFrame:
    """One row per city other than the chosen one: its size, its likeness, what it gains.

    Parameters
    ----------
    shares : Shares
        Before the shock, with labels.
    city : str
        The chosen city.
    gain, gain_independent : arrays (C,)
        New share over old, less one, with correlation and without.

    Returns
    -------
    DataFrame
        ``city``, ``pi_c``, ``similarity``, ``gain`` and ``gain_independent``.
    """
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "pi_c": shares.pi_c,
            "similarity": similarity(shares, city),
            "gain": gain,
            "gain_independent": gain_independent,
        }
    )
    return table.drop(index=shares.city_index(city)).reset_index(drop=True)


def alike(table: pd.DataFrame) -> bool:
    """Whether all other cities gain the same but for rounding."""
    left = 1 + table["gain"].median()  # where it is next to nothing, gains of about -1 say nothing
    return bool(left > 1e-6 and table["gain"].max() - table["gain"].min() < ALIKE * left)


def on_paper(shares: Shares) -> pd.DataFrame:
    """Where each city is on the map: ``across`` and ``down``, NaN where it is unknown."""
    return geography.locate(shares.cities).paper


def with_tones(table: pd.DataFrame, shares: Shares) -> tuple[pd.DataFrame, float]:
    """Places on paper, a tone in [-1, 1] around the median gain, and the span of the tones."""
    table = table.join(on_paper(shares), on="city")
    away = (table["gain"] - table["gain"].median()).abs()
    span = max(away.sort_values().iloc[int(0.95 * (len(away) - 1))], ALIKE)
    tone = ((table["gain"] - table["gain"].median()) / span).clip(-1, 1)
    return table.assign(tone=0.0 if alike(table) else tone), span


def draw_scatter(ax, table: pd.DataFrame, here: str, *, relative: bool) -> None:
    """Gain against similarity, with rings where the same cities are without correlation.

    Parameters
    ----------
    ax : matplotlib Axes
    table : DataFrame
        As from :func:`gain_table`.
    here : str
        What to call the chosen city.
    relative : bool
        Whether gains are less the median city's.
    """
    middle, flat = table["gain"].median(), table["gain_independent"].median()
    short = dict(zip(table["city"], short_names(tuple(table["city"])), strict=True))
    for column, base, style in (
        ("gain_independent", flat, {"facecolor": "none", "edgecolor": "#888888"}),
        ("gain", middle, {"facecolor": BLUE, "edgecolor": "white", "alpha": 0.65}),
    ):
        for radius, part in table.groupby(_radius(table["pi_c"]), sort=True):
            ax.scatter(
                part["similarity"], 100 * (part[column] - (base if relative else 0)),
                s=np.pi * (radius if column == "gain" else min(radius, 3)) ** 2,
                linewidth=0.5, **style,
            )  # fmt: skip
    for name in _labelled(table):
        row = table.loc[name]
        left = row["similarity"] < table["similarity"].quantile(0.1)
        ax.annotate(
            short[row["city"]],
            (row["similarity"], 100 * (row["gain"] - (middle if relative else 0))),
            xytext=(7 if left else -7, 4), textcoords="offset points",
            ha="left" if left else "right", fontsize="small",
        )  # fmt: skip
    ax.set(
        xlabel=f"similarity of occupations to {here} (correlation)",
        ylabel="gain less the median city's, percentage points"
        if relative
        else "gain in households, per cent",
    )
    even = table["gain_independent"]
    if even.max() - even.min() < ALIKE:
        ax.set_title(f"rings: no correlation, all {percent(flat, sign=True)}", loc="left")
    else:
        ax.set_title("rings: no correlation", loc="left")


def draw_map(ax, table: pd.DataFrame, span: float, city: str, at: Sequence[float], here: str):
    """Bubbles coloured around the median city's gain, and a ring around the chosen city.

    Parameters
    ----------
    ax : matplotlib Axes
    table : DataFrame
        As from :func:`with_tones`.
    span : float
        Distance from the median at which colours are full.
    city : str
    at : (float, float)
        Its place on paper; not drawn where it is unknown.
    here : str
        What to call it.
    """
    middle = table["gain"].median()
    borders = geography.locate((city, *table["city"])).borders
    lines = LineCollection(borders, colors="#999999", linewidths=0.5)
    ax.add_collection(lines)
    colours = LinearSegmentedColormap.from_list("gain", palette.DIVERGING["light"])
    drawn = table.dropna(subset="across")
    grouped = drawn.groupby([_radius(drawn["pi_c"]), (5 * drawn["tone"]).round()], sort=True)
    for (radius, tone), part in reversed(list(grouped)):
        ax.scatter(
            part["across"], part["down"], s=np.pi * radius**2, linewidth=0.4,
            color=colours((tone / 5 + 1) / 2), edgecolor="white", zorder=3 - radius / 100,
        )  # fmt: skip
    x, y = at
    if np.isfinite(x):
        ax.scatter(x, y, s=150, facecolor="none", edgecolor="black", linewidth=1.6, zorder=4)
        ax.annotate(here, (x, y), xytext=(9, -3), textcoords="offset points")
    ax.set(xlim=(0, geography.WIDTH), ylim=(geography.HEIGHT, 0), aspect="equal")
    ax.axis("off")
    title = (
        f"all other cities {percent(middle, sign=True)}"
        if alike(table)
        else f"orange: {percent(middle - span, sign=True)} or less, grey: the median "
        f"{percent(middle, sign=True)}, blue: {percent(middle + span, sign=True)} or more"
    )
    ax.set_title(title, fontsize="small")


def rest(table: pd.DataFrame, shares: Shares, city: str) -> str:
    """The sentence on the other cities: who gains most and least, and what it goes with."""
    short = dict(zip(shares.cities, short_names(shares.cities), strict=True))
    middle = table["gain"].median()
    verb = "loses" if middle < 0 else "gains"
    if alike(table):
        return f"Every other city {verb} {percent(abs(middle))}, whatever its occupations."
    ranked = table.sort_values("gain", ascending=middle < 0, kind="stable")
    first, last = ranked.iloc[0], ranked.iloc[-1]
    other = "loses" if last["gain"] < 0 else "gains"
    size = percent(abs(last["gain"]))
    tail = f"least, {size}" if other == verb else f"{other} {size}"
    return (
        f"The median other city {verb} {percent(abs(middle))}; {short[first['city']]} {verb} most, "
        f"{percent(abs(first['gain']))}, and {short[last['city']]} {tail}. "
        "Across cities the change has a correlation of "
        f"{plain(table['similarity'].corr(table['gain']), 2)} with the similarity of occupations"
        f"{_with_distance(table, shares, city)}."
    )


def content(shares: Shares, theta: float) -> dict:
    """What every figure of cities is given: names and shares."""
    return {
        "cities": list(shares.cities),
        "short": short_names(shares.cities),
        "pi_ck": shares.pi_ck.ravel().tolist(),
        "omega_k": shares.omega_k.tolist(),
        "theta": float(theta),
    }


def map_content(shares: Shares) -> dict:
    """Degrees and places on paper of all cities, none where they are unknown."""
    where = geography.locate(shares.cities)
    borders = {"borders": where.border_path()} if where.own or not where.known else {}
    return {
        "degrees": [
            [round(north, 4), round(east, 4)] if np.isfinite(north) else None
            for north, east in where.degrees.to_numpy().tolist()
        ],
        "places": [
            [round(x, 1), round(y, 1)] if np.isfinite(x) else None
            for x, y in where.paper.to_numpy().tolist()
        ],
        **borders,
    }


def own(gain: float) -> str:
    """What happens to the chosen city, in words."""
    return f"loses {percent(-gain, 1)}" if gain < 0 else f"gains {percent(gain, 1)}"


def _with_distance(table: pd.DataFrame, shares: Shares, city: str) -> str:
    """The correlation of the gain with distance in words, where places are known."""
    away = pd.Series(places.distances(shares.cities)[shares.city_index(city)], shares.cities)
    both = pd.DataFrame({"gain": table.set_index("city")["gain"], "away": away}).dropna()
    if len(both) <= 2:
        return ""
    return f" and of {plain(both['gain'].corr(both['away']), 2)} with distance"


def _radius(pi_c: pd.Series) -> pd.Series:
    """Radii of bubbles in a few classes: marks of a class share one shape in the file."""
    return (np.sqrt(pi_c / pi_c.max()) * 14).clip(lower=1.5).mul(1.5).round().div(1.5)


def _labelled(table: pd.DataFrame) -> list[int]:
    """Rows to name: the ends of the gains and the largest city."""
    order = table["gain"].sort_values().index
    return list(dict.fromkeys([order[0], order[-1], table["pi_c"].idxmax()]))
