"""Where those go who leave a cell or a city, at the margin.

When a cell, or the scale of a whole city, becomes a little worse, households leave it. Within an
occupation correlation holds them together; between occupations it does not. :func:`stayers` counts
who keeps an occupation, :func:`diversion` which city gains, and :func:`redirection` how far that
is from what sizes alone would give.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.counterfactuals.many import positions_of
from helpers.errors import arguments
from helpers.model import Shares

_BLOCK = 2**24
"""Numbers of a block of :func:`redirection`: 128 MiB each, of which there are three."""


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

    Examples
    --------
    Without correlation those who leave Flint follow sizes, and 0.7 of them go to Boston; with it
    more of them go to Saginaw, which has the same occupations:

    >>> import numpy as np
    >>> pi_ck = [[0.5, 0.1], [0.3, 0.1], [0.2, 0.8]]
    >>> three = Shares(pi_ck, [0.5, 0.5], ("Flint", "Saginaw", "Boston"), ("makers", "sellers"))
    >>> diversion(three, 0.0)[0].round(3)
    array([0.   , 0.286, 0.714])
    >>> diversion(three, 0.8)[0].round(3)
    array([0.   , 0.427, 0.573])
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


def stayers(shares: Shares, rho: float | np.ndarray) -> np.ndarray:
    """Who keeps the occupation: of those who leave a cell, the part that does it elsewhere.

    When t_ck falls a little, households leave the cell (c, k) for the same occupation in another
    city, for another occupation in the same city, or for both. With s_k = rho_k + (1 - rho_k)
    omega_k, the first are

        S_ck = (1 - pi_ck) s_k / (1 - pi_ck s_k)

    of all (claim ``b-stayers`` of the ledger). Without correlation s_k is omega_k, and leavers
    spread in proportion to size; with rho near one, or one occupation, nobody changes occupation.
    In a small cell the part is s_k itself.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)

    Returns
    -------
    array (C, K)
        Shares of leavers, in [0, 1]. Zero where nobody leaves: in a cell that is empty, or the
        only one.

    Raises
    ------
    ParameterError
        For rho outside [0, 1).

    See Also
    --------
    keepers : The same of those who leave the city.

    Examples
    --------
    Three even cities and two even occupations:

    >>> import numpy as np
    >>> even = Shares(np.full((3, 2), 1 / 3), np.full(2, 0.5))
    >>> for rho in (0.0, 0.6):
    ...     print(stayers(even, rho)[0].round(3))
    [0.4 0.4]
    [0.727 0.727]
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    kept_k = rho_k + (1 - rho_k) * shares.omega_k
    elsewhere = shares.others_ck * kept_k
    # 1 - pi s = (1 - pi) s + (1 - s), and 1 - s = (1 - rho)(1 - omega)
    leaving = elsewhere + (1 - rho_k) * np.maximum(1 - shares.omega_k, 0.0)
    there = (shares.pi_ck * shares.omega_k > 0) & (leaving > 0)
    return np.divide(elsewhere, leaving, out=np.zeros_like(elsewhere), where=there)


def redirection(
    shares: Shares, rho: float | np.ndarray, cities: Sequence[int | str] | None = None
) -> np.ndarray:
    """How far leavers go from where sizes alone would send them, city by city.

    The total-variation distance of a city's diversion ratios from those in proportion to size,

        R_c = 1/2 sum_c' | D[c, c'] - pi_c' / (1 - pi_c) |,

    is the part of its leavers that correlation sends to other cities than they would choose
    without it. With b_ck = phi_ck rho_k / (1 - rho_k) (claim ``b-redirection`` of the ledger),

        D[c, c'] - pi_c' / (1 - pi_c)
          = sum_k b_ck [pi_c'k - pi_c' (1 - pi_ck) / (1 - pi_c)]
            / [1 - pi_c + sum_k b_ck (1 - pi_ck)].

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    cities : sequence of int or str, optional
        The cities that are left, all by default. One takes time and memory in proportion to
        C x K; all are done in blocks, so that no array of C x C numbers is formed.

    Returns
    -------
    array (cities,)
        Shares of leavers, in [0, 1): zero without correlation, with one occupation, with two
        cities, and where all cities have one mix. Zero too for a city that nobody leaves.

    Raises
    ------
    ParameterError
        For rho outside [0, 1).
    UnknownNameError
        For a city that is not there, with the nearest.

    Examples
    --------
    >>> import numpy as np
    >>> pi_ck = np.array([[0.5, 0.1], [0.4, 0.1], [0.1, 0.8]])
    >>> towns = Shares(pi_ck, np.array([0.5, 0.5]))
    >>> redirection(towns, 0.0), redirection(towns, 0.6).round(3)
    (array([0., 0., 0.]), array([0.143, 0.134, 0.011]))
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    city = positions_of(shares, cities)
    pi_c, others_c = shares.pi_c, shares.others_ck @ shares.omega_k
    weight = shares.phi_ck[city] * (rho_k / (1 - rho_k))
    away = (weight * shares.others_ck[city]).sum(axis=1)
    total = others_c[city] + away
    there = (total > 0) & (others_c[city] > 0)
    even = np.divide(away, others_c[city], out=np.zeros_like(away), where=there)
    total[~there] = np.inf
    # one product a block: sum_k b_ck pi_c'k - even_c pi_c'
    left, right = np.column_stack([weight, -even]), np.column_stack([shares.pi_ck, pi_c])
    found = np.empty(len(city))
    step = max(1, _BLOCK // len(pi_c))
    for start in range(0, len(city), step):
        block = slice(start, start + step)
        moved = left[block] @ right.T
        moved[np.arange(len(moved)), city[block]] = 0.0
        found[block] = np.abs(moved, out=moved).sum(axis=1) / (2 * total[block])
    return found


def keepers(
    shares: Shares, rho: float | np.ndarray, city: int | str | None = None
) -> np.ndarray | float:
    """Share of those who leave a *city* at the margin who keep their occupation.

    As :func:`stayers`, but those who stay in the city and change occupation are not counted among
    leavers: a loss of the scale of a whole city gives them no reason to. When it falls, another
    city's cell in the same occupation gains pi_c'k omega_k pi_ck [rho_k / (1 - rho_k) + omega_k]
    and one in another occupation l gains pi_c'l omega_l pi_ck omega_k: correlation makes the
    former larger, and has no say in the latter.

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

    Examples
    --------
    Of those who leave East, more stay in their occupation where cities are close substitutes:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> round(keepers(pair, 0.8, "East"), 3), round(keepers(pair, 0.0, "East"), 3)
    (0.865, 0.417)
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    place = None if city is None else positions_of(shares, [city])[0]
    cell = shares.pi_ck * shares.omega_k
    away = shares.omega_k * shares.others_ck  # of each occupation, in other cities
    same = away * (shares.pi_ck * rho_k / (1 - rho_k) + cell)
    other = cell * (away.sum(axis=1, keepdims=True) - away)
    if place is not None:
        same, other = same[place].sum(), other[place].sum()
    total = np.asarray(same + other)
    kept = np.divide(same, total, out=np.zeros_like(total), where=total > 0)
    return kept if place is None else float(kept)
