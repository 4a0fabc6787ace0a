"""Many shocks at once: one city each, as matrix products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.counterfactuals.hats import check_power, positions
from helpers.errors import ParameterError, arguments, as_numbers, check_positive, check_theta
from helpers.model import Shares, precise


def positions_of(shares: Shares, cities: Sequence[int | str] | None) -> np.ndarray:
    """Positions of the cities named, all of them by default."""
    n_cities = len(shares.pi_ck)
    if cities is None:
        return np.arange(n_cities)
    if isinstance(cities, str) or not np.iterable(cities):
        cities = [cities]
    cities = list(cities)
    known = positions(shares.cities) if shares.cities and len(cities) > 1 else {}
    return np.array(
        [
            (known[city] if city in known else shares.city_index(city))
            if isinstance(city, str)
            else _check_positions("cities", arguments.whole("cities", city), n_cities)
            for city in cities
        ],
        dtype=np.intp,
    )


def _check_positions(name: str, positions: object, size: int) -> np.ndarray:
    """Whole numbers from 0 to size - 1."""
    try:
        array = np.asarray(positions)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iu" or not ((array >= 0) & (array < size)).all():
        raise ParameterError(
            f"{name}: expected positions from 0 to {size - 1}, found {positions!r}"
        )
    return array


def city_shocks(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    hat: float,
    cities: Sequence[int | str] | None = None,
) -> np.ndarray:
    """City shares after the same shock to each city in turn, all at once.

    Parameters
    ----------
    shares : Shares
    rho : float or array (K,), in [0, 1)
    theta : float, above 0
    hat : float, above 0
        Multiplicative change of T_c in the city that is shocked.
    cities : sequence of int or str, optional
        The cities to shock, all by default: with so many that C x C numbers do not fit in
        memory, a block of them at a time.

    Returns
    -------
    array (cities, C)
        Row j holds pi_c_new of all cities when the j-th of them is shocked. A shock to a city
        where nobody lives changes nothing.

    Raises
    ------
    MemoryLimitError
        If the result would not fit in memory, before it is allocated.

    Examples
    --------
    Each row is the country after ten per cent off the scale of one city; East has 0.4 before:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> city_shocks(pair, 0.5, 1.0, 0.9).round(3)
    array([[0.355, 0.645],
           [0.447, 0.553]])
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    theta = check_theta(theta)
    hat = arguments.number("hat", hat, positive=True)
    city = positions_of(shares, cities)
    arguments.fits(
        "city_shocks", (len(city), len(shares.pi_ck)), "take a block of cities=... at a time", 1.1
    )
    check_power(theta, np.array(hat))
    L_jk = np.full((len(city), rho_k.size), theta * np.log(hat))
    with np.errstate(over="ignore"):
        scaled_jk = L_jk / (1 - rho_k)
    return _one_city(shares, city, L_jk, scaled_jk, 1 - rho_k, np.zeros_like(L_jk))


def _one_city(
    shares: Shares,
    city: np.ndarray,
    L_sk: np.ndarray,
    scaled_sk: np.ndarray,
    remainder: np.ndarray,
    log_T_sk: np.ndarray,
) -> np.ndarray:
    """pi_c (S, C) when in scenario s the cells of one city change by exp(L), (S, K).

    ``remainder`` is 1 - rho and ``scaled`` the changes over it; only the shocked city's term of
    lambda_k changes.
    """
    if not len(city):
        return np.zeros((0, len(shares.pi_ck)))
    own_sk, rest_sk = shares.pi_ck[city], shares.others_ck[city]
    base_sk = own_sk + rest_sk
    # relative to one, or to the change of the city where that is larger: enough where no tiny
    # share leads after it
    finite_sk = np.clip(scaled_sk, -1500.0, 1500.0)
    up_sk = np.maximum(finite_sk, 0.0)
    own_new_sk, others_sk = own_sk * np.exp(finite_sk - up_sk), np.exp(-up_sk)
    lambda_sk = (own_new_sk + rest_sk * others_sk) / base_sk
    if lambda_sk.min() >= 1e-8:
        gain_sk = remainder * np.log(lambda_sk) + np.maximum(L_sk, 0.0) + log_T_sk
        return _mix(shares, city, gain_sk, lambda_sk, own_new_sk, others_sk)
    # relative to the larger of the city and all others, after the change
    with np.errstate(divide="ignore", invalid="ignore"):
        own_leads = np.log(own_sk) + scaled_sk > np.log(rest_sk)
    multiple_sk = np.where(own_leads & (rest_sk > 0), -scaled_sk, 0.0)
    change = np.exp(np.clip(np.where(own_leads, 0.0, scaled_sk), -1500.0, 1400.0) / 2)
    relative = np.exp(np.clip(multiple_sk, -1500.0, 690.0) / 2)
    # a tiny share that leads would take the others below the smallest float
    leading = np.where(own_leads, own_sk, rest_sk)
    lift = np.where(leading < 1e-8, -np.frexp(leading)[1], 0)
    own_new_sk = change * np.ldexp(own_sk, lift) * change
    others_sk = relative * np.ldexp(relative, lift)
    lambda_sk = (own_new_sk + rest_sk * others_sk) / base_sk
    gain_sk = remainder * (np.log(lambda_sk) - lift * np.log(2)) + log_T_sk
    gain_sk += np.where(own_leads, L_sk, 0.0)
    new_sc = _mix(shares, city, gain_sk, lambda_sk, own_new_sk, others_sk)
    # all others together are less than any float's inverse, and lead in the end nevertheless
    for s in np.flatnonzero((multiple_sk > 690).any(axis=1)):
        change_ck = np.zeros_like(shares.pi_ck)
        change_ck[city[s]] = np.clip(scaled_sk[s], -1e300, 1e300)
        new_ck, reference = precise.weighted(shares.pi_ck, change_ck)
        lambda_k = new_ck.sum(axis=0) / shares.pi_ck.sum(axis=0)
        gain_k = np.broadcast_to(remainder, L_sk.shape)[s] * (reference[0] + np.log(lambda_k))
        omega_k, _ = precise.weighted(shares.omega_k, gain_k + log_T_sk[s])
        new_sc[s] = new_ck / lambda_k @ (omega_k * (shares.omega_k.sum() / omega_k.sum()))
    return new_sc


def _mix(
    shares: Shares,
    city: np.ndarray,
    gain_sk: np.ndarray,
    lambda_sk: np.ndarray,
    own_sk: np.ndarray,
    others_sk: np.ndarray,
) -> np.ndarray:
    """pi_c (S, C) from each occupation's gain, lambda, and the multiples of both kinds of cells."""
    omega_sk, _ = precise.weighted(shares.omega_k, gain_sk, axis=1)
    omega_sk *= shares.omega_k.sum() / omega_sk.sum(axis=1, keepdims=True)
    per_sk = omega_sk / lambda_sk
    new_sc = (per_sk * others_sk) @ shares.pi_ck.T
    new_sc[np.arange(len(city)), city] = (per_sk * own_sk).sum(axis=1)
    return new_sc


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

    Examples
    --------
    The same shock to East at three correlations; its households are 0.4 before:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> grid(pair, [0.0, 0.5, 0.8], 1.0, [0, 0, 0], city_hat=0.9).round(3)
    array([[0.375, 0.625],
           [0.355, 0.645],
           [0.296, 0.704]])
    """
    arguments.instance("shares", shares, Shares)
    n_cities, n_occupations = shares.pi_ck.shape
    city = np.atleast_1d(_check_positions("city", city, n_cities))
    if city.ndim != 1:
        raise ParameterError(f"city: expected shape (S,), found {city.shape}")
    n = len(city)
    occupation = _check_positions(
        "occupation", 0 if occupation is None else occupation, n_occupations
    )
    if occupation.shape not in ((), (1,), (n,)):
        raise ParameterError(f"occupation: expected {n} positions, found shape {occupation.shape}")
    occupation = np.broadcast_to(occupation, n)
    values = {}
    for name, value in (
        ("rho", rho),
        ("theta", theta),
        ("city_hat", city_hat),
        ("occupation_hat", occupation_hat),
        ("cell_hat", cell_hat),
    ):
        array = as_numbers(name, value)
        if array.shape not in ((), (1,), (n,)):
            raise ParameterError(
                f"{name}: expected one number or one for each of {n} scenarios, "
                f"found shape {array.shape}"
            )
        values[name] = np.broadcast_to(array, n)
    rho = values.pop("rho")
    outside = np.flatnonzero(~((rho >= 0) & (rho < 1)))
    if outside.size:
        raise ParameterError(
            f"rho: expected values in [0, 1), found {rho[outside[0]]:g} in scenario {outside[0]}"
        )
    theta, city_hat, occupation_hat, cell_hat = (
        check_positive(name, array, (n,)) for name, array in values.items()
    )
    if n:
        check_power(theta, city_hat)
    arguments.fits("grid", (n, n_cities), "take a block of scenarios at a time", copies=1.1)
    scenario, remainder = np.arange(n), (1 - rho)[:, None]
    with np.errstate(over="ignore"):
        L_sk = np.repeat((theta * np.log(city_hat))[:, None], n_occupations, axis=1)
        scaled_sk = L_sk / remainder
    L_sk[scenario, occupation], scaled_sk[scenario, occupation] = precise.scaled_sum(
        [(theta, city_hat), (np.ones(n), cell_hat)], 1 - rho
    )
    log_T_sk = np.zeros_like(L_sk)
    log_T_sk[scenario, occupation] = np.log(occupation_hat)
    return _one_city(shares, city, L_sk, scaled_sk, remainder, log_T_sk)
