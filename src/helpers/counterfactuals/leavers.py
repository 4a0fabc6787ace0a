"""Where those go who leave a city, at the margin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.counterfactuals.many import positions_of
from helpers.errors import arguments
from helpers.model import Shares


def diversion(
    shares: Shares, rho: float | np.ndarray, cities: Sequence[int | str] | None = None
) -> np.ndarray:
    """Where the households go who leave a city, at the margin.

    When the scale of city c falls a little, D[c, c'] of those who leave move to c':
    D[c, c'] = - (d pi_c' / d ln z_c) / (d pi_c / d ln z_c). With rho = 0 it is
    pi_c' / (1 - pi_c), whatever the occupations: independence of irrelevant alternatives.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    cities : sequence of int or str, optional
        The cities that are left, all by default; a block of them where C x C numbers do not fit
        in memory.

    Returns
    -------
    array (cities, C)
        Rows sum to one, and nobody moves to where he is. The row of a city where nobody lives,
        or that is the only one, is zero: nobody leaves it.

    Raises
    ------
    MemoryLimitError
        If the result would not fit in memory, before it is allocated.
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    city = positions_of(shares, cities)
    arguments.fits(
        "diversion", (len(city), len(shares.pi_ck)), "take a block of cities=... at a time", 2.1
    )
    # - d pi_c' / d ln z_c = sum_k pi_ck omega_k (pi_c' + rho_k / (1 - rho_k) pi_c'k)
    rivals = (1 - rho_k) * shares.pi_c[:, None] + rho_k * shares.pi_ck
    leaving = shares.pi_ck[city] * (shares.omega_k / (1 - rho_k))
    inflow = leaving @ rivals.T
    inflow[np.arange(len(city)), city] = 0.0
    # what rivals gain is what the city loses; their sum is exact where the loss cancels
    total = inflow.sum(axis=1, keepdims=True)
    return np.divide(inflow, total, out=inflow, where=total > 0)


def keepers(
    shares: Shares, rho: float | np.ndarray, city: int | str | None = None
) -> np.ndarray | float:
    """Share of those who leave at the margin who keep their occupation.

    When the scale of cell (c, k) falls, another city's cell in the same occupation gains
    pi_c'k omega_k [pi_ck rho_k/(1-rho_k) + pi_ck omega_k] and one in another occupation l gains
    pi_c'l omega_l pi_ck omega_k: correlation makes the former larger, and has no say in the
    latter. Those who stay in the city and change occupation are not counted.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    city : int or str, optional
        A city whose whole scale falls; every cell on its own if left out.

    Returns
    -------
    float, or array (C, K)
        Zero where nobody leaves.
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    place = None if city is None else positions_of(shares, [city])[0]
    cell = shares.pi_ck * shares.omega_k
    away = shares.omega_k * (1 - shares.pi_ck)  # of each occupation, in other cities
    same = away * (shares.pi_ck * rho_k / (1 - rho_k) + cell)
    other = cell * (away.sum(axis=1, keepdims=True) - away)
    if place is not None:
        same, other = same[place].sum(), other[place].sum()
    total = np.asarray(same + other)
    kept = np.divide(same, total, out=np.zeros_like(total), where=total > 0)
    return kept if place is None else float(kept)
