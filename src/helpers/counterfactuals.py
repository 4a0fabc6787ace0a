"""Counterfactual shares by exact hat algebra, diversion and welfare (paper, 5).

Only observed shares, rho and theta are needed. With multiplicative changes T_c_hat, T_k_hat
and t_ck_hat of the three shifters:

    hat_ck       = (T_c_hat^theta t_ck_hat)^(1/(1-rho_k))
    lambda_hat_k = sum_c pi_ck hat_ck
    pi_ck_new    = pi_ck hat_ck / lambda_hat_k
    omega_k_new  in proportion to omega_k T_k_hat lambda_hat_k^(1-rho_k)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from helpers import elasticities
from helpers.errors import ParameterError, check_positive, check_rho, check_theta
from helpers.model import Shares

Hat = np.ndarray | Mapping | None


def _named_hats(name: str, hats: Mapping, shape: tuple[int, ...], find) -> np.ndarray:
    """Spread a {label: hat} mapping over an array of ones."""
    array = np.ones(shape)
    for label, hat in hats.items():
        array[find(label)] = hat
    return check_positive(name, array, shape)


def _hats(
    shares: Shares, city: Hat, occupation: Hat, city_occupation: Hat
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Validated arrays (C,), (K,), (C, K) of the three changes; None stays None."""
    n_cities, n_occupations = shares.pi_ck.shape

    def find_cell(label: tuple[str, str]) -> tuple[int, int]:
        if not (isinstance(label, tuple) and len(label) == 2):
            raise ParameterError(
                f"city_occupation: expected (city, occupation) names as keys, found {label!r}"
            )
        return shares.city_index(label[0]), shares.occupation_index(label[1])

    found = []
    for name, hats, shape, find in (
        ("city", city, (n_cities,), shares.city_index),
        ("occupation", occupation, (n_occupations,), shares.occupation_index),
        ("city_occupation", city_occupation, (n_cities, n_occupations), find_cell),
    ):
        if isinstance(hats, Mapping):
            found.append(_named_hats(name, hats, shape, find))
        else:
            found.append(None if hats is None else check_positive(name, hats, shape))
    return tuple(found)


def _appeal_hats(
    pi_ck: np.ndarray,
    rho_k: np.ndarray,
    theta: float,
    city: np.ndarray | None,
    city_occupation: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Unnormalised new shares (C, K) and ln lambda_hat_k (K,), safe for rho near one."""
    log_hat_ck = np.zeros_like(pi_ck)
    if city is not None:
        log_hat_ck += theta * np.log(city)[:, None]
    if city_occupation is not None:
        log_hat_ck += np.log(city_occupation)
    log_hat_ck /= 1 - rho_k
    # the largest change among cities that the occupation's households live in
    largest_k = np.where(pi_ck > 0, log_hat_ck, -np.inf).max(axis=0)
    new_ck = pi_ck * np.exp(log_hat_ck - largest_k)
    return new_ck, largest_k


def shock(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    city: Hat = None,
    occupation: Hat = None,
    city_occupation: Hat = None,
) -> Shares:
    """Shares after a shock, from the shares before it (paper, 5).

    Parameters
    ----------
    shares : Shares
        Observed shares.
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
        Turns a change of T_c into one of z_c = T_c^theta; not used by the other two.
    city : array (C,) or {name: hat}, optional
        Multiplicative change of T_c: 0.95 is a shock of minus five per cent.
    occupation : array (K,) or {name: hat}, optional
        Multiplicative change of T_k.
    city_occupation : array (C, K) or {(city, occupation): hat}, optional
        Multiplicative change of t_ck.

    Returns
    -------
    Shares
        With the same labels. Without a shock, the observed shares to machine precision.

    Raises
    ------
    ParameterError
        For rho outside [0, 1), theta or a hat that is not above 0, or a wrong shape.
    UnknownNameError
        For a name that is not there, with the nearest ones.

    Examples
    --------
    >>> import numpy as np
    >>> even = Shares(np.full((2, 1), 0.5), np.ones(1), ("East", "West"), ("all",))
    >>> shock(even, rho=0.5, theta=1, city={"East": 2.0}).pi_c
    array([0.8, 0.2])
    """
    rho_k = check_rho(rho, shares.omega_k.size)
    theta = check_theta(theta)
    city, occupation, city_occupation = _hats(shares, city, occupation, city_occupation)
    if city is None and city_occupation is None:
        pi_ck_new, omega_k_new = shares.pi_ck.copy(), shares.omega_k.copy()
    else:
        pi_ck_new, largest_k = _appeal_hats(shares.pi_ck, rho_k, theta, city, city_occupation)
        total_k = pi_ck_new.sum(axis=0)
        pi_ck_new /= total_k
        log_gain_k = (1 - rho_k) * (np.log(total_k) + largest_k)
        omega_k_new = shares.omega_k * np.exp(log_gain_k - log_gain_k.max())
    if occupation is not None:
        omega_k_new *= occupation
    omega_k_new /= omega_k_new.sum()
    return Shares._trusted(pi_ck_new, omega_k_new, like=shares)


def city_shocks(shares: Shares, rho: float | np.ndarray, theta: float, hat: float) -> np.ndarray:
    """City shares after the same shock to each city in turn, all at once.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
    hat : float, above 0
        Multiplicative change of T_c in the city that is shocked.

    Returns
    -------
    array (C, C)
        Row j holds pi_c_new of all cities when city j is shocked.
    """
    rho_k = check_rho(rho, shares.omega_k.size)
    theta = check_theta(theta)
    hat = float(check_positive("hat", np.asarray(hat, dtype=float), ()))
    hat_k = hat ** (theta / (1 - rho_k))
    # only the shocked city's term of lambda_k changes
    lambda_hat_jk = 1 + shares.pi_ck * (hat_k - 1)
    omega_new_jk = shares.omega_k * lambda_hat_jk ** (1 - rho_k)
    omega_new_jk /= omega_new_jk.sum(axis=1, keepdims=True)
    weight_jk = omega_new_jk / lambda_hat_jk
    pi_new_jc = weight_jk @ shares.pi_ck.T
    own = (weight_jk * shares.pi_ck * hat_k).sum(axis=1)
    np.fill_diagonal(pi_new_jc, own)
    return pi_new_jc


def grid(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float | np.ndarray,
    city: np.ndarray,
    city_hat: float | np.ndarray = 1.0,
    occupation: np.ndarray | None = None,
    occupation_hat: float | np.ndarray = 1.0,
    cell_hat: float | np.ndarray = 1.0,
) -> np.ndarray:
    """City shares after many shocks at once, one city and one occupation each.

    In scenario s, T_c of city[s] changes by city_hat[s], T_k of occupation[s] by
    occupation_hat[s], and t_ck of that occupation in that city by cell_hat[s]. A shock to one
    city leaves all others' terms of lambda_k alone, so that S scenarios are one matrix product,
    S x K by K x C.

    Parameters
    ----------
    shares : Shares
    rho : float or array (S,), in [0, 1)
        Common to all occupations.
    theta : float or array (S,), above 0
    city : array (S,) of int
        Positions of the shocked cities.
    city_hat, occupation_hat, cell_hat : float or array (S,), above 0
    occupation : array (S,) of int, optional
        Positions of the shocked occupations; needed where the last two are not one.

    Returns
    -------
    array (S, C)
        pi_c after each shock, rows summing to one.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain or a position is none.
    """
    city = np.atleast_1d(np.asarray(city))
    n, (n_cities, n_occupations) = len(city), shares.pi_ck.shape
    if occupation is None:
        occupation = np.zeros(n, dtype=int)
    occupation = np.broadcast_to(np.asarray(occupation), n)
    for name, positions, size in (
        ("city", city, n_cities),
        ("occupation", occupation, n_occupations),
    ):
        inside = positions.dtype.kind in "iu" and ((positions >= 0) & (positions < size)).all()
        if not inside:
            raise ParameterError(f"{name}: expected positions from 0 to {size - 1}")
    rho, theta, city_hat, occupation_hat, cell_hat = (
        np.broadcast_to(np.asarray(value, dtype=float), n)
        for value in (rho, theta, city_hat, occupation_hat, cell_hat)
    )
    if not ((rho >= 0) & (rho < 1)).all():
        raise ParameterError("rho: expected values in [0, 1)")
    for name, values in (
        ("theta", theta),
        ("city_hat", city_hat),
        ("occupation_hat", occupation_hat),
        ("cell_hat", cell_hat),
    ):
        check_positive(name, values, (n,))
    scenario = np.arange(n)
    log_hat_sk = np.repeat((theta * np.log(city_hat))[:, None], n_occupations, axis=1)
    log_hat_sk[scenario, occupation] += np.log(cell_hat)
    log_hat_sk /= (1 - rho)[:, None]
    # relative to the larger of one and the shocked city's change: nothing overflows
    largest_sk = np.maximum(log_hat_sk, 0)
    own_sk = shares.pi_ck[city] * np.exp(log_hat_sk - largest_sk)
    others_sk = np.exp(-largest_sk)
    lambda_sk = own_sk + _without_own(shares.pi_ck)[city] * others_sk
    log_gain_sk = (1 - rho)[:, None] * (np.log(lambda_sk) + largest_sk)
    log_gain_sk[scenario, occupation] += np.log(occupation_hat)
    omega_sk = shares.omega_k * np.exp(log_gain_sk - log_gain_sk.max(axis=1, keepdims=True))
    omega_sk /= omega_sk.sum(axis=1, keepdims=True)
    per_sk = omega_sk / lambda_sk
    new_sc = (per_sk * others_sk) @ shares.pi_ck.T
    new_sc[scenario, city] = (per_sk * own_sk).sum(axis=1)
    return new_sc


def _without_own(pi_ck: np.ndarray) -> np.ndarray:
    """Share of all other cities, (C, K), added up from both ends: 1 - pi_ck would cancel."""
    rest = np.zeros_like(pi_ck)
    rest[1:] = np.cumsum(pi_ck[:-1], axis=0)
    rest[:-1] += np.cumsum(pi_ck[:0:-1], axis=0)[::-1]
    return rest


def diversion(shares: Shares, rho: float | np.ndarray) -> np.ndarray:
    """Where the households go who leave a city, at the margin.

    When the scale of city c falls a little, D[c, c'] of those who leave move to c':
    D[c, c'] = - (d pi_c' / d ln z_c) / (d pi_c / d ln z_c). With rho = 0 it is
    pi_c' / (1 - pi_c), whatever the occupations: independence of irrelevant alternatives.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)

    Returns
    -------
    array (C, C)
        Rows sum to one; the diagonal is zero.
    """
    jacobian = elasticities.cross_city(shares, rho)
    inflow = -(shares.pi_c[:, None] * jacobian).T  # [c, c'] = - d pi_c' / d ln z_c
    np.fill_diagonal(inflow, 0.0)
    # what rivals gain is what the city loses; their sum is exact where the loss cancels
    return inflow / inflow.sum(axis=1, keepdims=True)


def welfare_change(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    city: Hat = None,
    occupation: Hat = None,
    city_occupation: Hat = None,
) -> float:
    """Change of expected productivity, G_hat^(1/theta), under the shock of :func:`shock`.

    G_hat = sum_k omega_k T_k_hat lambda_hat_k^(1-rho_k). Expected productivity is finite for
    theta > 1 only; the ratio is that of the scales at any theta.

    Returns
    -------
    float
        One without a shock; above one when households gain.
    """
    rho_k = check_rho(rho, shares.omega_k.size)
    theta = check_theta(theta)
    city, occupation, city_occupation = _hats(shares, city, occupation, city_occupation)
    new_ck, largest_k = _appeal_hats(shares.pi_ck, rho_k, theta, city, city_occupation)
    log_gain_k = (1 - rho_k) * (np.log(new_ck.sum(axis=0)) + largest_k)
    T_k_hat = np.ones_like(log_gain_k) if occupation is None else occupation
    return float((shares.omega_k * T_k_hat * np.exp(log_gain_k)).sum() ** (1 / theta))
