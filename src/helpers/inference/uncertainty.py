"""From the uncertainty of rho and theta to what the counterfactuals say (paper, 5).

Draws of rho come from a cluster bootstrap, cut to [0, 1), by pairs or, where clusters are few,
by the wild bootstrap's distribution of confidence; theta comes from a range. Each draw goes
through the whole counterfactual, and claims in words are decided anew in each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.counterfactuals import occupation_changes, spillovers
from helpers.errors import ParameterError, find_name
from helpers.inference import resampling, wild
from helpers.model import Shares
from helpers.panel import Panel

"""Claims of section 5 that turn on the size of rho or theta, or might."""
THETAS = (2.0, 6.0)
METHODS = ("pairs", "wild")
FEW = 30
"""Clusters below which draws come from the wild bootstrap by default."""
HIGHEST = 0.99
"""Largest rho that draws are cut to: where a set of slopes is open, rho goes to one."""


def draw_parameters(
    panel: Panel,
    draws: int = 200,
    *,
    clusters: str = "city",
    thetas: tuple[float, float] = THETAS,
    seed: int = 0,
    method: str | None = None,
    years: Sequence[int] | None = None,
    wage_exponent: float = 1.0,
) -> pd.DataFrame:
    """Draws of rho from its bootstrap and of theta from a range.

    Parameters
    ----------
    panel : Panel
    draws : int
    clusters : {"city", "city_occupation", "occupation"}
        Of the bootstrap.
    thetas : (float, float)
        Range of theta, evenly drawn.
    seed : int
    method : {"pairs", "wild"}, optional
        Pairs: clusters drawn with replacement, good for many. Wild: draws whose central
        intervals are the wild Anderson-Rubin sets (:func:`helpers.inference.wild_draws`), for
        few. By default wild below :data:`FEW` clusters.
    years : sequence of int, optional
    wage_exponent : float, above 0
        As in :func:`helpers.estimation.estimate`.

    Returns
    -------
    DataFrame
        ``rho``, ``theta``; ``attrs["outside"]`` counts draws with a slope below the wage
        exponent, which were set to rho = 0, ``attrs["open"]`` those cut to
        :data:`HIGHEST`, and ``attrs["method"]`` says which they are.
    """
    low, high = thetas
    find_name("clusters", clusters, ("city", "city_occupation", "occupation"))
    if not 0 < low <= high:
        raise ParameterError(f"thetas: expected a range of numbers above 0, found {thetas}")
    if method is None:
        found = estimation.sample(panel, years)[clusters].nunique()
        method = "wild" if found < FEW else "pairs"
    find_name("method", method, METHODS)
    source = wild.wild_draws if method == "wild" else resampling.bootstrap
    beta = source(panel, clusters=clusters, draws=draws, seed=seed, years=years)
    rho = np.array([estimation.rho_of(float(slope), wage_exponent) for slope in beta])
    table = pd.DataFrame(
        {
            "rho": np.clip(rho, 0.0, HIGHEST),
            "theta": np.random.default_rng([seed, 1]).uniform(low, high, draws),
        }
    )
    table.attrs["outside"] = int((rho < 0).sum())
    table.attrs["open"] = int((rho > HIGHEST).sum())
    table.attrs["method"] = method
    return table


def _band(rows: list[np.ndarray], level: float) -> tuple[np.ndarray, np.ndarray]:
    tail = (1 - level) / 2
    low, high = np.quantile(np.array(rows), [tail, 1 - tail], axis=0)
    return low, high


def spillover_bands(
    shares: Shares, parameters: pd.DataFrame, rho: float, theta: float, city: str, hat: float,
    level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Figures 2 and 3 with bands: the relative change of every other city.

    Returns
    -------
    DataFrame
        The table of :func:`helpers.counterfactuals.spillovers` at ``rho`` and ``theta``, with
        ``low``
        and ``high``.
    """
    at = spillovers(shares, rho, theta, city, hat)
    rows = [
        spillovers(shares, p.rho, p.theta, city, hat)["change"].to_numpy()
        for p in parameters.itertuples()
    ]
    low, high = _band(rows, level)
    return at.assign(low=low, high=high)


def occupation_bands(
    shares: Shares, parameters: pd.DataFrame, rho: float, theta: float, level: float = 0.95,
    **hats: float,
) -> pd.DataFrame:  # fmt: skip
    """Figures 4 and 5 with bands: one column a shock, with ``_low`` and ``_high``.

    An occupation's shock does not depend on rho or theta once shares are observed, so the bands
    have no width; that is a result, and computed like any other.
    """
    at = occupation_changes(shares, rho, theta, **hats)
    tables = [occupation_changes(shares, p.rho, p.theta, **hats) for p in parameters.itertuples()]
    for name in hats:
        low, high = _band([table[name].to_numpy() for table in tables], level)
        at = at.assign(**{f"{name}_low": low, f"{name}_high": high})
    return at
