"""Cities that moved most: the shock that their own share asks for, and what it says of others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from helpers.counterfactuals import shock
from helpers.errors import ParameterError, arguments
from helpers.inference.forecast_check import judge
from helpers.inference.history import History
from helpers.model import Shares


def city_hat(shares: Shares, rho: float, theta: float, city: int | str, share_hat: float) -> float:
    """The change of T_c that takes a city's own share where it went (paper, 5.1, turned around).

    A city's share rises in its own T_c throughout, from nothing to everything, so that there is
    one root.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
    city : int or str
    share_hat : float, above 0
        New share over old.

    Returns
    -------
    float
        Multiplicative change of T_c.

    Raises
    ------
    ParameterError
        If the new share would not be below one.

    Examples
    --------
    >>> even = Shares(np.full((2, 1), 0.5), np.ones(1), ("East", "West"), ("all",))
    >>> round(city_hat(even, 0.5, 1.0, "East", 1.6), 6)
    2.0
    """
    c = shares.city_index(city)
    share_hat = arguments.number("share_hat", share_hat, positive=True)
    if not share_hat * shares.pi_c[c] < 1:
        raise ParameterError(
            f"share_hat: expected below {1 / shares.pi_c[c]:g}, found {share_hat:g}; a share is "
            "below one"
        )
    hats = np.ones(len(shares.pi_c))

    def gap(log_hat: float) -> float:
        hats[c] = np.exp(log_hat)
        return np.log(shock(shares, rho, theta, city=hats).pi_c[c] / shares.pi_c[c]) - target

    target = np.log(share_hat)
    reach = max(abs(target), 0.01)
    while gap(-reach) > 0 or gap(reach) < 0:
        reach *= 2
    return float(np.exp(brentq(gap, -reach, reach, xtol=1e-15, rtol=1e-14)))


def movers(past: History, n: int = 6) -> np.ndarray:
    """Positions of the cities whose share of the country moved most, in points, (n,)."""
    return np.argsort(-np.abs(past.after.pi_c - past.before.pi_c))[:n]


def table(past: History, rho: float, theta: float, n: int = 6) -> pd.DataFrame:
    """Each city that moved most, inverted alone, and everybody else predicted from it.

    Parameters
    ----------
    past : History
    rho : float, in [0, 1)
    theta : float, above 0
    n : int
        How many cities.

    Returns
    -------
    DataFrame
        ``city``; ``own`` (change of its share, new over old less one) and ``T_c_hat``, the shock
        that gives it; for all other cities ``mean`` and ``spread``, the mean and standard
        deviation of the predicted change of ln pi_c, beside ``actual_spread``, which is the error
        of independence, where all others change alike; ``slope``, ``correlation`` and ``rmse`` of
        what happened on what was predicted (:func:`helpers.inference.forecast_check.judge`), and
        ``slope_error``, how exactly so small a spread lets the slope be known.
    """
    before, actual = past.before, past.actual
    rows = []
    for c in movers(past, n):
        share_hat = float(np.exp(actual[c]))
        others = np.arange(len(actual)) != c
        hat = city_hat(before, rho, theta, before.cities[c], share_hat)
        new = shock(before, rho, theta, city={before.cities[c]: hat})
        forecast = np.log(new.pi_c / before.pi_c)[others]
        found = {name: float(value) for name, value in judge(actual[others], forecast).items()}
        rows.append(
            {
                "city": before.cities[c],
                "own": share_hat - 1,
                "T_c_hat": hat,
                "mean": forecast.mean(),
                "spread": forecast.std(),
                "actual_spread": actual[others].std(),
                **found,
                "slope_error": actual[others].std() / forecast.std() / np.sqrt(others.sum()),
            }
        )
    return pd.DataFrame(rows)
