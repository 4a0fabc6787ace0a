"""Who moves where after a change: spillovers, gains of cells, competition for households."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import elasticities
from helpers.counterfactuals import leavers, many
from helpers.counterfactuals.hats import shock
from helpers.errors import arguments
from helpers.model import Shares, similarity
from helpers.sources import places

_BLOCK = 2**22  # numbers of a block of scenarios


def spillovers(shares: Shares, rho: float, theta: float, city: str, hat: float) -> pd.DataFrame:
    """What a shock to one city does to the others, with correlation and without (5.1).

    Returns
    -------
    DataFrame
        One row per other city: ``city``, ``pi_c``, ``similarity``, ``change`` (new share over
        old) at rho, ``change_independent`` at rho = 0, and ``ratio``, one over the other.

    Examples
    --------
    Correlation sends more of those who leave East to West:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> table = spillovers(pair, 0.5, 1.0, "East", 0.9)
    >>> table[["city", "change", "change_independent"]].round(3)
       city  change  change_independent
    0  West   1.076               1.042
    """
    change, independent = (
        shock(shares, value, theta, city={city: hat}).pi_c / shares.pi_c for value in (rho, 0.0)
    )
    table = pd.DataFrame(
        {
            "city": shares.cities,
            "pi_c": shares.pi_c,
            "similarity": similarity(shares, city),
            "change": change,
            "change_independent": independent,
            "ratio": change / independent,
        }
    )
    return table.drop(index=shares.city_index(city)).reset_index(drop=True)


def occupation_changes(shares: Shares, rho: float, theta: float, **hats: float) -> pd.DataFrame:
    """Relative change of city shares after a shock to each of some occupations (5.2).

    Parameters
    ----------
    shares : Shares
    rho, theta : float
    **hats : float
        Multiplicative change of T_k by occupation; each is a shock of its own.

    Returns
    -------
    DataFrame
        ``city``, ``pi_c`` and one column of changes for each occupation named.

    Examples
    --------
    Makers do ten per cent worse everywhere, and the city of makers shrinks:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> occupation_changes(pair, 0.5, 1.0, makers=0.9).round(3)
       city  pi_c  makers
    0  East   0.4   0.974
    1  West   0.6   1.018
    """
    columns = {
        occupation: shock(shares, rho, theta, occupation={occupation: hat}).pi_c / shares.pi_c
        for occupation, hat in hats.items()
    }
    return pd.DataFrame({"city": shares.cities, "pi_c": shares.pi_c, **columns})


def cell_gains(shares: Shares, rho: float, theta: float, rate: float = 0.01) -> np.ndarray:
    """Households that a city gains when one occupation there becomes more productive.

    Parameters
    ----------
    shares : Shares
    rho : float, in [0, 1)
    theta : float, above 0
    rate : float
        Relative change of productivity in the cell; t_ck changes by (1 + rate)^theta.

    Returns
    -------
    array (C, K)
        Change of pi_c, exact, as a share of all households.

    Examples
    --------
    Makers matter more to East than sellers do; the gain is a part of all households:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> cell_gains(pair, 0.5, 1.0).round(4)
    array([[0.003 , 0.0014],
           [0.002 , 0.0024]])
    """
    n_cities, n_occupations = shares.pi_ck.shape
    city, occupation = (index.ravel() for index in np.indices((n_cities, n_occupations)))
    gained = np.empty(city.size)
    step = max(1, _BLOCK // n_cities)
    for start in range(0, city.size, step):  # C x K scenarios of C cities are never held at once
        some = slice(start, start + step)
        new = many.grid(
            shares,
            rho,
            theta,
            city[some],
            occupation=occupation[some],
            cell_hat=(1 + rate) ** theta,
        )
        gained[some] = new[np.arange(len(new)), city[some]] - shares.pi_c[city[some]]
    return gained.reshape(n_cities, n_occupations)


def targets(shares: Shares, T_k: np.ndarray, rho: float, theta: float) -> pd.DataFrame:
    """The occupation that each city would do best to make one per cent more productive.

    Parameters
    ----------
    shares : Shares
        With labels.
    T_k : array (K,)
        Occupation shifters.
    rho : float, in [0, 1)
    theta : float, above 0

    Returns
    -------
    DataFrame
        One row per city: ``city``; ``by_shock``, the occupation with the largest gain;
        ``by_outlay``, that with the largest gain for a given outlay; ``largest`` (the city's
        largest), ``specialised`` (most over-represented), ``least_specialised``, ``highest_T_k``;
        and ``advantage``, by how much the gain per outlay of the best occupation exceeds that of
        the worst.

    Examples
    --------
    For a given outlay each city does best with the occupation that it has less of:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> targets(pair, [1.0, 1.0], 0.5, 1.0)[["city", "by_shock", "by_outlay", "largest"]]
       city by_shock by_outlay  largest
    0  East   makers   sellers   makers
    1  West  sellers    makers  sellers
    """
    gain = cell_gains(shares, rho, theta)
    per_outlay = outlay_elasticity(shares, rho)
    quotient = shares.phi_ck / shares.omega_k
    names = np.array(shares.occupations)
    return pd.DataFrame(
        {
            "city": shares.cities,
            "by_shock": names[gain.argmax(axis=1)],
            "by_outlay": names[per_outlay.argmax(axis=1)],
            "largest": names[shares.phi_ck.argmax(axis=1)],
            "specialised": names[quotient.argmax(axis=1)],
            "least_specialised": names[quotient.argmin(axis=1)],
            "highest_T_k": names[np.argmax(T_k)],
            "advantage": per_outlay.max(axis=1) / per_outlay.min(axis=1) - 1,
        }
    )


def competition(shares: Shares, rho: float) -> pd.DataFrame:
    """Every ordered pair of cities: who takes from whom, and how alike and how far they are.

    Parameters
    ----------
    shares : Shares
        With labels.
    rho : float, in [0, 1)

    Returns
    -------
    DataFrame
        ``city``, ``rival``; ``diversion``, the share of those who leave the city that the rival
        receives; ``relative``, that over what it would be without correlation;
        ``similarity`` of their mixes; ``kilometres`` between them (missing where unknown).

    Raises
    ------
    MemoryLimitError
        If C x C rows would not fit in memory, before anything is computed.

    Examples
    --------
    With two cities whoever leaves one goes to the other, whatever rho:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> competition(pair, 0.5)[["city", "rival", "diversion"]]
       city rival  diversion
    0  East  West        1.0
    1  West  East        1.0
    """
    n = len(shares.cities)
    arguments.fits(
        "competition", (n, n), "take diversion(shares, rho, cities=...) of some cities", 12
    )
    with_rho, without = (leavers.diversion(shares, value) for value in (rho, 0.0))
    alike = np.array([similarity(shares, c) for c in range(n)])
    far = places.distances(shares.cities)
    one, other = np.nonzero(~np.eye(n, dtype=bool))
    names = np.array(shares.cities, dtype=object)
    return pd.DataFrame(
        {
            "city": names[one],
            "rival": names[other],
            "diversion": with_rho[one, other],
            "relative": with_rho[one, other] / without[one, other],
            "similarity": alike[one, other],
            "kilometres": far[one, other],
        }
    )


def outlay_elasticity(shares: Shares, rho: float) -> np.ndarray:
    """Gain of a city's share per outlay on one of its occupations, at the margin.

    Dividing the exact elasticity (:func:`helpers.elasticities.own_city_occupation`) by the share
    of the city's households in the cell leaves, up to theta and the size of the city,
    1/(1-rho) - pi_ck rho/(1-rho) - pi_c: the smaller the city's part of an occupation, the larger.

    Returns
    -------
    array (C, K)

    Examples
    --------
    A dollar does more where the city holds a smaller part of an occupation:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> outlay_elasticity(pair, 0.5).round(3)
    array([[1. , 1.4],
           [1. , 0.6]])
    """
    return elasticities.own_city_occupation(shares, rho) / shares.phi_ck
