"""Elasticities of city shares, exact and for small cities (paper, 2.3 and 8.1).

The exact derivative of ln pi_c with respect to the scale of cell (c', k) is

    1{c = c'} phi_ck / (1 - rho_k) - pi_c'k [ omega_k + rho_k / (1 - rho_k) phi_ck ].

The paper keeps the first term for a city's own shock (equation 8, cities are small) and the
second for another city's, which is exact for c' != c. Equations (9) and (12) write it as
-pi_c' phi_c'k [ 1 + rho_k / (1 - rho_k) pi_ck / pi_c ], and print phi_ck for phi_c'k.

A city where nobody lives stays empty whatever happens: its elasticities, and those of others in
its scale, are zero.
"""

from __future__ import annotations

import numpy as np

from helpers.errors import arguments, check_theta
from helpers.model import Shares


def _feedback(shares: Shares, rho: float | np.ndarray) -> np.ndarray:
    """omega_k + rho_k / (1 - rho_k) phi_ck, (C, K): what a rival's gain costs, per pi_c'k."""
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    feedback = shares.omega_k + rho_k / (1 - rho_k) * shares.phi_ck
    return np.where(shares.pi_c[:, None] > 0, feedback, 0.0)


def own_city_occupation(
    shares: Shares, rho: float | np.ndarray, *, small_city: bool = False
) -> np.ndarray:
    """Elasticity of a city's share in its own city-occupation scale (equation 8).

    d ln pi_c / d ln t_ck = phi_ck / (1 - rho_k) - pi_ck [ omega_k + rho_k / (1 - rho_k) phi_ck ],
    of which the paper keeps the first term.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    small_city : bool
        True gives the paper's approximation phi_ck / (1 - rho), False the exact value.

    Returns
    -------
    array (C, K)
        d ln pi_c / d ln t_ck.

    Examples
    --------
    Makers who do one per cent better in East make the city grow by 0.75 per cent; the paper's
    shortcut doubles that, since East is not small:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> own_city_occupation(pair, 0.5).round(3)
    array([[0.75 , 0.35 ],
           [0.333, 0.4  ]])
    >>> own_city_occupation(pair, 0.5, small_city=True).round(3)
    array([[1.5  , 0.5  ],
           [0.667, 1.333]])
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    if arguments.flag("small_city", small_city):
        return shares.phi_ck / (1 - rho_k)
    # phi / (1 - rho) less pi times the feedback, in an order in which large numbers do not cancel
    within = 1 + rho_k / (1 - rho_k) * (1 - shares.pi_ck)
    return shares.phi_ck * within - shares.pi_ck * shares.omega_k


def cross_city_occupation(
    shares: Shares, rho: float | np.ndarray, *, small_city: bool = False
) -> np.ndarray:
    """Elasticity of every city's share in every cell's scale (equations 9 and 12).

    For c' != c, d ln pi_c / d ln t_c'k = -pi_c' phi_c'k [ 1 + rho_k / (1 - rho_k) pi_ck / pi_c ].

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    small_city : bool
        Touches the diagonal alone: for c' != c the paper's expression is exact.

    Returns
    -------
    array (C, C, K)
        [c, c', k] = d ln pi_c / d ln t_c'k; the diagonal c' = c holds the own elasticity.

    Examples
    --------
    How East answers: its own cells first, then those of West, whose gains are its losses.

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> cross_city_occupation(pair, 0.5)[0].round(3)
    array([[ 0.75,  0.35],
           [-0.5 , -0.6 ]])
    """
    feedback = _feedback(shares, rho)
    arguments.fits(
        "cross_city_occupation",
        (len(shares.pi_ck), *shares.pi_ck.shape),
        "merge small cities, or use counterfactuals.shock for one cell at a time",
        copies=2,
    )
    jacobian = -np.einsum("dk,ck->cdk", shares.pi_ck, feedback)
    diagonal = np.arange(len(jacobian))
    jacobian[diagonal, diagonal] = own_city_occupation(shares, rho, small_city=small_city)
    return jacobian


def own_city(
    shares: Shares, rho: float | np.ndarray, *, theta: float = 1.0, small_city: bool = False
) -> np.ndarray:
    """Elasticity of a city's share in its own city scale (2.3.1).

    d ln pi_c / d ln z_c = sum_k d ln pi_c / d ln t_ck; ``s231-own`` in the ledger of derivations.

    The city scale is z_c = Z_c^-theta, in proportion to T_c^theta; with ``theta`` given, the
    elasticity is with respect to T_c itself, theta times as large. The paper prints
    1 / (1 - rho) for T_c, which is the small-city value for z_c.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
    small_city : bool

    Returns
    -------
    array (C,)

    Examples
    --------
    The small-city value 1 / (1 - rho) is the same for every city; the exact one is smaller, and
    less so for the smaller city:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> own_city(pair, 0.5).round(3)
    array([1.1  , 0.733])
    >>> own_city(pair, 0.5, small_city=True)
    array([2., 2.])
    """
    theta = check_theta(theta)
    return theta * own_city_occupation(shares, rho, small_city=small_city).sum(axis=1)


def cross_city(
    shares: Shares, rho: float | np.ndarray, *, theta: float = 1.0, small_city: bool = False
) -> np.ndarray:
    """Elasticity of every city's share in every city's scale (equation 10 and 8.1).

    For c' != c, d ln pi_c / d ln z_c' =
    -pi_c' sum_k phi_c'k [ 1 + rho_k / (1 - rho_k) pi_ck / pi_c ].

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
        As in :func:`own_city`.
    small_city : bool
        Touches the diagonal alone.

    Returns
    -------
    array (C, C)
        [c, c'] = d ln pi_c / d ln z_c' (or T_c'); the diagonal holds the own elasticity.
        Exact rows sum to zero: a shock common to all cities moves nobody.

    Examples
    --------
    What one city gains, the other loses; rows sum to zero:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> cross_city(pair, 0.5).round(3)
    array([[ 1.1  , -1.1  ],
           [-0.733,  0.733]])
    """
    theta = check_theta(theta)
    feedback = _feedback(shares, rho)
    arguments.fits(
        "cross_city",
        (len(shares.pi_ck), len(shares.pi_ck)),
        "take diversion(shares, rho, cities=...) for some cities at a time",
    )
    jacobian = -theta * feedback @ shares.pi_ck.T
    np.fill_diagonal(jacobian, own_city(shares, rho, theta=theta, small_city=small_city))
    return jacobian


def occupation(
    shares: Shares, rho: float | np.ndarray | None = None, *, small_city: bool = False
) -> np.ndarray:
    """Elasticity of city shares in the occupation scale (equation 11); exact at any rho.

    d ln pi_c / d ln T_k = phi_ck - omega_k = omega_k (pi_ck / pi_c - 1).

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), optional
        Not used: given the shares, the response does not depend on it.
    small_city : bool
        Not used: no approximation is involved.

    Returns
    -------
    array (C, K)

    Examples
    --------
    East has more makers than the country, so that a better time for makers makes it grow:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> occupation(pair).round(3)
    array([[ 0.25 , -0.25 ],
           [-0.167,  0.167]])
    """
    arguments.instance("shares", shares, Shares)
    arguments.flag("small_city", small_city)
    if rho is not None:
        shares.correlations(rho)
    return np.where(shares.pi_c[:, None] > 0, shares.phi_ck - shares.omega_k, 0.0)
