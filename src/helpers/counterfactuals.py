"""Counterfactual shares by exact hat algebra, diversion and welfare (paper, 5).

Only observed shares, rho and theta are needed. With multiplicative changes T_c_hat, T_k_hat
and t_ck_hat of the three shifters:

    hat_ck       = (T_c_hat^theta t_ck_hat)^(1/(1-rho_k))
    lambda_hat_k = sum_c pi_ck hat_ck
    pi_ck_new    = pi_ck hat_ck / lambda_hat_k
    omega_k_new  in proportion to omega_k T_k_hat lambda_hat_k^(1-rho_k)

Everything is computed from logarithms relative to the largest, so that no power overflows.
Where nobody lives, nobody comes: a cell, a city or an occupation with a share of zero keeps it
under every shock, and a shock to it alone changes nothing, since a change that is a multiple of
nothing is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import arguments, precise
from helpers.errors import ParameterError, as_numbers, check_positive, check_theta
from helpers.model import Shares

Hat = np.ndarray | pd.Series | pd.DataFrame | Mapping | None


def _named_hats(name: str, hats: Mapping, shape: tuple[int, ...], find) -> np.ndarray:
    """Spread a {label: hat} mapping over an array of ones."""
    array = np.ones(shape)
    for label, hat in hats.items():
        place = find(label)
        array[place] = arguments.number(f"{name}, {label!r}", hat, positive=True)
    return array


def _hats(
    shares: Shares, city: Hat, occupation: Hat, city_occupation: Hat
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Validated arrays (C,), (K,), (C, K) of the three changes; None stays None."""
    n_cities, n_occupations = shares.pi_ck.shape
    axes = (
        ("city", shares.cities or range(n_cities)),
        ("occupation", shares.occupations or range(n_occupations)),
    )

    def find_cell(label: tuple[str, str]) -> tuple[int, int]:
        if not (isinstance(label, tuple) and len(label) == 2):
            raise ParameterError(
                f"city_occupation: expected (city, occupation) names as keys, found {label!r}"
            )
        return shares.city_index(label[0]), shares.occupation_index(label[1])

    if isinstance(city_occupation, pd.Series) and city_occupation.index.nlevels == 2:
        if not city_occupation.index.is_unique:
            raise ParameterError("city_occupation: a pair of city and occupation occurs twice")
        city_occupation = city_occupation.unstack()
    found = []
    for name, hats, shape, labels, find in (
        ("city", city, (n_cities,), axes[:1], shares.city_index),
        ("occupation", occupation, (n_occupations,), axes[1:], shares.occupation_index),
        ("city_occupation", city_occupation, (n_cities, n_occupations), axes, find_cell),
    ):
        if isinstance(hats, Mapping):
            found.append(_named_hats(name, hats, shape, find))
            continue
        if isinstance(hats, (pd.Series, pd.DataFrame)) and hats.ndim == len(shape):
            for position, known in enumerate(labels):
                hats = arguments.Axis(*known).align(name, hats, axis=position)
        found.append(None if hats is None else check_positive(name, hats, shape))
    return tuple(found)


def _appeal_hats(
    shares: Shares,
    rho_k: np.ndarray,
    theta: float,
    city: np.ndarray | None,
    city_occupation: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """New pi_ck (C, K), and (1 - rho_k) ln lambda_hat_k (K,)."""
    pi_ck = shares.pi_ck
    factors = []
    if city is not None:
        _check_power(theta, city)
        factors.append((theta, city[:, None]))
    if city_occupation is not None:
        factors.append((1.0, city_occupation))
    if not factors:
        return pi_ck.copy(), np.zeros(pi_ck.shape[1])
    gaps, largest_k = precise.scaled_gaps(factors, 1 - rho_k, pi_ck > 0)
    new_ck, reference = precise.weighted(pi_ck, gaps)
    # relative to the sum before, which is one to rounding: without a shock nothing moves
    lambda_k = new_ck.sum(axis=0) / pi_ck.sum(axis=0)
    gain_k = largest_k + (1 - rho_k) * (reference[0] + np.log(lambda_k))
    return new_ck / lambda_k, gain_k


def _check_power(theta: float | np.ndarray, hats: np.ndarray) -> None:
    """Refuse a Frechet shape with which a hat's logarithm cannot be held."""
    largest = float(np.max(theta))
    if largest > 1e290:
        raise ParameterError(f"theta: expected at most 1e290, found {largest:g}")


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
    city : array (C,), Series or {name: hat}, optional
        Multiplicative change of T_c: 0.95 is a shock of minus five per cent. A series is put
        into the order of the shares by its labels and has to name every city; a mapping may name
        a few, and the others keep their T_c.
    occupation : array (K,), Series or {name: hat}, optional
        Multiplicative change of T_k.
    city_occupation : array (C, K), DataFrame or {(city, occupation): hat}, optional
        Multiplicative change of t_ck.

    Returns
    -------
    Shares
        With the same labels. Without a shock, the observed shares to machine precision. Shares
        of zero stay zero, whatever the hat.

    Raises
    ------
    ParameterError
        For rho outside [0, 1), theta or a hat that is not above 0, or a wrong shape.
    UnknownNameError
        For a name that is not there, with the nearest ones.
    DataError
        For a series that does not name every city or occupation.

    Examples
    --------
    >>> import numpy as np
    >>> even = Shares(np.full((2, 1), 0.5), np.ones(1), ("East", "West"), ("all",))
    >>> shock(even, rho=0.5, theta=1, city={"East": 2.0}).pi_c
    array([0.8, 0.2])
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    theta = check_theta(theta)
    city, occupation, city_occupation = _hats(shares, city, occupation, city_occupation)
    pi_ck_new, gain_k = _appeal_hats(shares, rho_k, theta, city, city_occupation)
    if occupation is not None:
        gain_k = gain_k + np.log(occupation)
    omega_k_new, _ = precise.weighted(shares.omega_k, gain_k)
    omega_k_new *= shares.omega_k.sum() / omega_k_new.sum()
    return Shares._trusted(pi_ck_new, omega_k_new, like=shares)


def _positions(shares: Shares, cities: Sequence[int | str] | None) -> np.ndarray:
    """Positions of the cities named, all of them by default."""
    n_cities = len(shares.pi_ck)
    if cities is None:
        return np.arange(n_cities)
    if isinstance(cities, str) or not np.iterable(cities):
        cities = [cities]
    return np.array(
        [
            shares.city_index(city)
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
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    theta = check_theta(theta)
    hat = arguments.number("hat", hat, positive=True)
    city = _positions(shares, cities)
    arguments.fits(
        "city_shocks", (len(city), len(shares.pi_ck)), "take a block of cities=... at a time", 1.1
    )
    _check_power(theta, np.array(hat))
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
        _check_power(theta, city_hat)
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
    city = _positions(shares, cities)
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


def welfare_change(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    city: Hat = None,
    occupation: Hat = None,
    city_occupation: Hat = None,
    *,
    log: bool = False,
) -> float:
    """Change of expected productivity, G_hat^(1/theta), under the shock of :func:`shock`.

    G_hat = sum_k omega_k T_k_hat lambda_hat_k^(1-rho_k). Expected productivity is finite for
    theta > 1 only; the ratio is that of the scales at any theta.

    Parameters
    ----------
    shares, rho, theta, city, occupation, city_occupation
        As in :func:`shock`.
    log : bool
        True gives the logarithm, which is finite whatever the shock.

    Returns
    -------
    float
        One without a shock; above one when households gain.

    Raises
    ------
    ParameterError
        As in :func:`shock`, and for a change that no float can hold, such as 10^400.
    """
    arguments.instance("shares", shares, Shares)
    rho_k = shares.correlations(rho)
    theta = check_theta(theta)
    arguments.flag("log", log)
    city, occupation, city_occupation = _hats(shares, city, occupation, city_occupation)
    _, gain_k = _appeal_hats(shares, rho_k, theta, city, city_occupation)
    if occupation is not None:
        gain_k = gain_k + np.log(occupation)
    new_k, reference = precise.weighted(shares.omega_k, gain_k)
    log_G = float(reference[0] + np.log(new_k.sum() / shares.omega_k.sum()))
    return log_G / theta if log else arguments.exponential("welfare_change", log_G / theta)
