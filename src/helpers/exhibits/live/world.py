"""Cities after a shock to one of them: gain against similarity, and on a map (paper, 5.1)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.counterfactuals import shock
from helpers.errors import ParameterError, check_positive, check_rho, check_theta
from helpers.exhibits import palette
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live.cities import (
    content,
    draw_map,
    draw_scatter,
    gain_table,
    map_content,
    on_paper,
    rest,
    with_tones,
)
from helpers.exhibits.live.cities import own as own_words
from helpers.exhibits.live.figure import (
    CHANGE,
    CORRELATION,
    Control,
    LiveFigure,
    percent,
    short_names,
    turn,
)
from helpers.model import Shares
from helpers.names import NEW_YORK


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
    return gain_table(shares, city, gain, even)


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
        "own": own_words(own / shares.pi_c[shares.city_index(city)] - 1),
        "verb": "lose" if middle < 0 else "gain",
        "near": percent(abs(by_likeness.head(tenth).mean())),
        "far": percent(abs(by_likeness.tail(tenth).mean())),
        "even": percent(abs(flat)),
    }
    with canvas(7.2, 4.2) as (figure, ax):
        draw_scatter(ax, table, here, relative=True)
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
            **content(shares, theta),
            "occupations": list(palette.occupation_colours(shares.occupations).items()),
        },
        scripts=("cities.js", "world.js"),
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
    short = dict(zip(shares.cities, short_names(shares.cities), strict=True))
    table, span = with_tones(gains(shares, rho, theta, city, hat), shares)
    own = shock(shares, rho, theta, city={city: hat}).pi_c[shares.city_index(city)]
    others = rest(table, shares, city)
    at = on_paper(shares).loc[city]
    drawn = table.dropna(subset="across")
    unknown = int(on_paper(shares)["across"].isna().sum())
    with canvas(7.2, 4.9) as (figure, ax):
        draw_map(ax, table, span, city, at, short[city])
    return LiveFigure(
        name="gain_map",
        kind="map",
        alt=f"Map of {len(drawn)} cities when {short[city]} {turn(hat - 1)} by "
        f"{percent(abs(hat - 1), 0)}: bubbles as large as the city, coloured by gain relative to "
        f"the median city's. {others}"
        + (f" {unknown} cities have no known place and are left out." if unknown else ""),
        static=Exhibit("gain_map", figure, table),
        setting=setting,
        controls={"change": _change(hat), "rho": CORRELATION},
        sentence="Productivity in {name} {turn} by {change}. With a correlation of {rho} the city "
        "{own} of its households. {rest}",
        values={
            "name": short[city],
            "turn": turn(hat - 1),
            "own": own_words(own / shares.pi_c[shares.city_index(city)] - 1),
            "rest": others,
        },
        content={
            **content(shares, theta),
            **map_content(shares),
        },
        scripts=("outline.js", "cities.js", "world.js"),
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
