"""Cities after a shock to one of them: gain against similarity, and on a map (paper, 5.1)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap

from helpers.counterfactuals import shock
from helpers.errors import ParameterError, check_positive, check_rho, check_theta
from helpers.exhibits import palette
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live import projection
from helpers.exhibits.live.figure import (
    CHANGE,
    CORRELATION,
    Control,
    LiveFigure,
    percent,
    plain,
    short_names,
    turn,
)
from helpers.exhibits.palette import BLUE
from helpers.model import Shares, similarity
from helpers.names import NEW_YORK
from helpers.sources import places


def gains(shares: Shares, rho: float, theta: float, city: str, hat: float) -> pd.DataFrame:
    """What every other city gains when one changes, with correlation and without.

    Parameters
    ----------
    shares : Shares
        With labels.
    rho : float, in [0, 1)
    theta : float, above 0
    city : str
    hat : float, above 0
        Multiplicative change of its T_c.

    Returns
    -------
    DataFrame
        One row per other city: ``city``, ``pi_c``, ``similarity``, ``gain`` (new share over old,
        less one) and ``gain_independent``, the same at rho = 0.
    """
    gain, even = (
        shock(shares, value, theta, city={city: hat}).pi_c / shares.pi_c - 1 for value in (rho, 0.0)
    )
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "pi_c": shares.pi_c,
            "similarity": similarity(shares, city),
            "gain": gain,
            "gain_independent": even,
        }
    )
    return table.drop(index=shares.city_index(city)).reset_index(drop=True)


def spillover_scatter(
    shares: Shares, rho: float, theta: float = 3.0, city: str = NEW_YORK, hat: float = 0.95
) -> LiveFigure:
    """Gain of the other cities against the likeness of their occupations (figures 2 and 3).

    Rings behind the bubbles are the same cities without correlation: all gain alike. Below it,
    two bars compare the occupations of the city that changes with those of any other.

    Parameters
    ----------
    shares : Shares
        With labels.
    rho : float, in [0, 0.95]
    theta : float, above 0
    city : str
        The city that changes.
    hat : float, in [0.5, 1.5]
        Multiplicative change of its T_c.

    Returns
    -------
    LiveFigure
    """
    setting = _setting(shares, rho, theta, city, hat)
    table = gains(shares, rho, theta, city, hat)
    short = short_names(shares.cities)
    here = short[shares.city_index(city)]
    middle, flat = table["gain"].median(), table["gain_independent"].median()
    own = shock(shares, rho, theta, city={city: hat}).pi_c[shares.city_index(city)]
    tenth = max(1, int(np.floor(len(table) / 10 + 0.5)))
    # in the page's order where likeness is the same
    by_likeness = table.sort_values("similarity", ascending=False, kind="stable")["gain"]
    values = {
        "name": here,
        "turn": turn(hat - 1),
        "own": _own(own / shares.pi_c[shares.city_index(city)] - 1),
        "verb": "lose" if middle < 0 else "gain",
        "near": percent(abs(by_likeness.head(tenth).mean())),
        "far": percent(abs(by_likeness.tail(tenth).mean())),
        "even": percent(abs(flat)),
    }
    with canvas(7.2, 4.2) as (figure, ax):
        for column, base, style in (
            ("gain_independent", flat, {"facecolor": "none", "edgecolor": "#888888"}),
            ("gain", middle, {"facecolor": BLUE, "edgecolor": "white", "alpha": 0.65}),
        ):
            for radius, part in table.groupby(_radius(table["pi_c"]), sort=True):
                ax.scatter(
                    part["similarity"], 100 * (part[column] - base),
                    s=np.pi * (radius if column == "gain" else min(radius, 3)) ** 2,
                    linewidth=0.5, **style,
                )  # fmt: skip
        for name in _labelled(table):
            row = table.loc[name]
            left = row["similarity"] < table["similarity"].quantile(0.1)
            ax.annotate(
                short[shares.city_index(row["city"])],
                (row["similarity"], 100 * (row["gain"] - middle)),
                xytext=(7 if left else -7, 4), textcoords="offset points",
                ha="left" if left else "right", fontsize="small",
            )  # fmt: skip
        ax.set(
            xlabel=f"similarity of occupations to {here} (correlation)",
            ylabel="gain less the median city's, percentage points",
        )
        ax.set_title(f"rings: no correlation, all {percent(flat, sign=True)}", loc="left")
    return LiveFigure(
        name="spillover_scatter",
        kind="scatter",
        alt=f"Scatter plot of {len(table)} cities: gain when {here} {turn(hat - 1)} by "
        f"{percent(abs(hat - 1), 0)}, less the median city's, against similarity of occupations "
        f"to {here}; their correlation is {table['similarity'].corr(table['gain']):.2f}. Rings "
        "without correlation lie on a horizontal line.",
        static=Exhibit("spillover_scatter", figure, table),
        setting={**setting, "find": None, "measure": "median"},
        controls={"change": _change(hat), "rho": CORRELATION},
        sentence="Productivity in {name} {turn} by {change}. With a correlation of {rho} the city "
        "{own} of its households. The tenth of the other cities whose occupations are most like "
        "its own {verb} {near} on average, the least similar tenth {far}; without correlation "
        "every one of them would {verb} {even}.",
        values=values,
        content={
            **_content(shares, theta),
            "occupations": list(palette.occupation_colours(shares.occupations).items()),
        },
        scripts=("world.js",),
    )


def gain_map(
    shares: Shares, rho: float, theta: float = 3.0, city: str = NEW_YORK, hat: float = 0.95
) -> LiveFigure:
    """Where households go when a city changes: a map of gains around the median city's.

    A click chooses another city. Cities whose place is unknown are counted and not drawn.

    Parameters
    ----------
    shares, rho, theta, city, hat
        As in :func:`spillover_scatter`.

    Returns
    -------
    LiveFigure
    """
    setting = _setting(shares, rho, theta, city, hat)
    table = gains(shares, rho, theta, city, hat)
    short = dict(zip(shares.cities, short_names(shares.cities), strict=True))
    where = places.coordinates(shares.cities)
    paper = pd.DataFrame(
        projection.albers_usa(where["longitude"], where["latitude"]),
        index=shares.cities,
        columns=["across", "down"],
    )
    table = table.join(paper, on="city")
    middle = table["gain"].median()
    away = (table["gain"] - middle).abs()
    span = max(away.sort_values().iloc[int(0.95 * (len(away) - 1))], 1e-9)
    table["tone"] = ((table["gain"] - middle) / span).clip(-1, 1) if away.max() >= 1e-9 else 0.0
    own = shock(shares, rho, theta, city={city: hat}).pi_c[shares.city_index(city)]
    ranked = table.sort_values("gain", ascending=middle < 0, kind="stable")
    verb = "loses" if middle < 0 else "gains"
    first, last = ranked.iloc[0], ranked.iloc[-1]
    rest = (
        f"The median other city {verb} {percent(abs(middle))}; {short[first['city']]} {verb} most, "
        f"{percent(abs(first['gain']))}, and {short[last['city']]} least, "
        f"{percent(abs(last['gain']))}. Across cities the change has a correlation of "
        f"{plain(table['similarity'].corr(table['gain']), 2)} with the similarity of occupations"
        f"{_with_distance(table, shares, city)}."
        if away.max() >= 1e-9
        else f"Every other city {verb} {percent(abs(middle))}, whatever its occupations."
    )
    unknown = int(paper["across"].isna().sum())
    with canvas(7.2, 4.9) as (figure, ax):
        lines = LineCollection(projection.outlines(2.0), colors="#999999", linewidths=0.5)
        ax.add_collection(lines)
        colours = LinearSegmentedColormap.from_list("gain", palette.DIVERGING["light"])
        drawn = table.dropna(subset="across")
        grouped = drawn.groupby([_radius(drawn["pi_c"]), (5 * drawn["tone"]).round()], sort=True)
        for (radius, tone), part in reversed(list(grouped)):
            ax.scatter(
                part["across"], part["down"], s=np.pi * radius**2, linewidth=0.4,
                color=colours((tone / 5 + 1) / 2), edgecolor="white", zorder=3 - radius / 100,
            )  # fmt: skip
        x, y = paper.loc[city]
        if np.isfinite(x):
            ax.scatter(x, y, s=150, facecolor="none", edgecolor="black", linewidth=1.6, zorder=4)
            ax.annotate(short[city], (x, y), xytext=(9, -3), textcoords="offset points")
        ax.set(xlim=(0, projection.WIDTH), ylim=(projection.HEIGHT, 0), aspect="equal")
        ax.axis("off")
        ax.set_title(
            f"orange: {percent(middle - span, sign=True)} or less, grey: the median "
            f"{percent(middle, sign=True)}, blue: {percent(middle + span, sign=True)} or more",
            fontsize="small",
        )
    return LiveFigure(
        name="gain_map",
        kind="map",
        alt=f"Map of {len(drawn)} cities when {short[city]} {turn(hat - 1)} by "
        f"{percent(abs(hat - 1), 0)}: bubbles as large as the city, coloured by gain relative to "
        f"the median city's. {rest}"
        + (f" {unknown} cities have no known place and are left out." if unknown else ""),
        static=Exhibit("gain_map", figure, table),
        setting=setting,
        controls={"change": _change(hat), "rho": CORRELATION},
        sentence="Productivity in {name} {turn} by {change}. With a correlation of {rho} the city "
        "{own} of its households. {rest}",
        values={
            "name": short[city],
            "turn": turn(hat - 1),
            "own": _own(own / shares.pi_c[shares.city_index(city)] - 1),
            "rest": rest,
        },
        content={
            **_content(shares, theta),
            "degrees": [
                [round(north, 4), round(east, 4)] if np.isfinite(north) else None
                for north, east in where.to_numpy().tolist()
            ],
            "places": [
                [round(x, 1), round(y, 1)] if np.isfinite(x) else None
                for x, y in paper.to_numpy().tolist()
            ],
        },
        scripts=("outline.js", "world.js"),
    )


def _setting(shares: Shares, rho: float, theta: float, city: str, hat: float) -> dict:
    """Checked first values of the controls."""
    rho = float(check_rho(rho, 1)[0])
    check_theta(theta)
    hat = float(check_positive("hat", np.asarray(hat, dtype=float), ()))
    shares.city_index(city)
    for name, value, control in (("rho", rho, CORRELATION), ("hat", hat - 1, CHANGE)):
        if not control.low <= value <= control.high:
            base = 1 if name == "hat" else 0
            raise ParameterError(
                f"{name}: the page's control goes from {base + control.low:g} to "
                f"{base + control.high:g}, found {base + value:g}: choose one inside"
            )
    # what the page shows is what it computes with: as many digits as the control has
    return {"city": city, "change": round(hat - 1, 12), "rho": round(rho, 12)}


def _change(hat: float) -> Control:
    """The control of the shock; finer where the first shock is no whole per cent."""
    whole = abs(100 * hat - round(100 * hat)) < 1e-9
    return CHANGE if whole else replace(CHANGE, step=0.001, digits=1)


def _content(shares: Shares, theta: float) -> dict:
    return {
        "cities": list(shares.cities),
        "short": short_names(shares.cities),
        "pi_ck": shares.pi_ck.ravel().tolist(),
        "omega_k": shares.omega_k.tolist(),
        "theta": float(theta),
    }


def _with_distance(table: pd.DataFrame, shares: Shares, city: str) -> str:
    """The correlation of the gain with distance in words, where places are known."""
    away = pd.Series(places.distances(shares.cities)[shares.city_index(city)], shares.cities)
    both = pd.DataFrame({"gain": table.set_index("city")["gain"], "away": away}).dropna()
    if len(both) <= 2:
        return ""
    return f" and of {plain(both['gain'].corr(both['away']), 2)} with distance"


def _own(gain: float) -> str:
    return f"loses {percent(-gain, 1)}" if gain < 0 else f"gains {percent(gain, 1)}"


def _radius(pi_c: pd.Series) -> pd.Series:
    """Radii of bubbles in a few classes: marks of a class share one shape in the file."""
    return (np.sqrt(pi_c / pi_c.max()) * 14).clip(lower=1.5).mul(1.5).round().div(1.5)


def _labelled(table: pd.DataFrame) -> list[int]:
    """Rows to name: the ends of the gains and the largest city."""
    order = table["gain"].sort_values().index
    return list(dict.fromkeys([order[0], order[-1], table["pi_c"].idxmax()]))
