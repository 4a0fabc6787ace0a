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

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.errors import ParameterError, arguments, check_positive, check_theta
from helpers.model import Shares, precise

Hat = np.ndarray | pd.Series | pd.DataFrame | Mapping | None


_MANY = 50  # names that are looked for one by one


def _named_hats(
    name: str, hats: Mapping, shape: tuple[int, ...], find: Callable, labels: tuple | None
) -> np.ndarray:
    """Spread a {label: hat} mapping over an array of ones."""
    array = np.ones(shape)
    # a name for each of a hundred thousand places is looked up and not searched for
    known = positions(labels) if labels and len(hats) > _MANY else {}
    for label, hat in hats.items():
        place = known[label] if label in known else find(label)
        array[place] = arguments.number(f"{name}, {label!r}", hat, positive=True)
    return array


def positions(labels: Sequence) -> dict:
    """Where each label stands."""
    return {label: at for at, label in enumerate(labels)}


def _hats(
    shares: Shares, city: Hat, occupation: Hat, city_occupation: Hat
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Validated arrays (C,), (K,), (C, K) of the three changes; None stays None."""
    n_cities, n_occupations = shares.pi_ck.shape
    axes = (
        ("city", shares.cities or range(n_cities)),
        ("occupation", shares.occupations or range(n_occupations)),
    )

    many = isinstance(city_occupation, Mapping) and len(city_occupation) > _MANY
    place_of = positions(shares.cities) if many and shares.cities else {}

    def find_cell(label: tuple[str, str]) -> tuple[int, int]:
        if not (isinstance(label, tuple) and len(label) == 2):
            raise ParameterError(
                f"city_occupation: expected (city, occupation) names as keys, found {label!r}"
            )
        city = place_of[label[0]] if label[0] in place_of else shares.city_index(label[0])
        return city, shares.occupation_index(label[1])

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
            known = {"city": shares.cities, "occupation": shares.occupations}.get(name)
            found.append(_named_hats(name, hats, shape, find, known))
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
        check_power(theta, city)
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


def check_power(theta: float | np.ndarray, hats: np.ndarray) -> None:
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

    With h_ck = (T_c_hat^theta t_ck_hat)^(1/(1-rho_k)) and lambda_hat_k = sum_c pi_ck h_ck, by
    equations (3) and (5): pi_ck' = pi_ck h_ck / lambda_hat_k and omega_k' in proportion to
    omega_k T_k_hat lambda_hat_k^(1-rho_k).

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
    return Shares.trusted(pi_ck_new, omega_k_new, like=shares)


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

    Examples
    --------
    One of two equal cities doubles its scale. More gain where they are close substitutes, since
    more can move to it:

    >>> import numpy as np
    >>> even = Shares(np.full((2, 1), 0.5), np.ones(1), ("East", "West"), ("all",))
    >>> round(welfare_change(even, rho=0.5, theta=1, city={"East": 2.0}), 3)
    1.581
    >>> round(welfare_change(even, rho=0.0, theta=1, city={"East": 2.0}), 3)
    1.5
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


SHOCKS = ("rho", "theta", "city", "city_hat", "occupation", "occupation_hat", "cell_hat")
