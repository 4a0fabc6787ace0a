"""The economy before a shock, and shocks to it, as the arrays that the kernels compute on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from helpers.equilibrium.closure import Closure
from helpers.errors import ParameterError, check_positive, check_rho, check_theta
from helpers.model import Shares

Hat = np.ndarray | Mapping | None


@dataclass(frozen=True, eq=False)
class Economy:
    """Shares, payrolls and a closure, ready for the kernels.

    Attributes
    ----------
    shares : Shares
    closure : Closure
    rho_k, response_k : arrays (K,)
        Correlation, and kappa = 1 / (1 - rho).
    theta : float
    phi_ck, s_ck : arrays (C, K)
        Occupational mix of heads and of payroll in each city; rows sum to one. A city without
        households has the mix of all cities together.
    log_pi_ck, log_heads_k, log_mix_ck, log_s_ck : arrays
        Logs of pi_ck, omega_k, phi_ck and s_ck, minus infinity where a share is zero.
    rent_c : array (C,)
        Elasticity of rents with respect to income, 1 / (1 + eta_c).
    """

    shares: Shares
    closure: Closure
    rho_k: np.ndarray
    response_k: np.ndarray
    theta: float
    phi_ck: np.ndarray
    s_ck: np.ndarray
    log_pi_ck: np.ndarray
    log_heads_k: np.ndarray
    log_mix_ck: np.ndarray
    log_s_ck: np.ndarray
    rent_c: np.ndarray


@dataclass(frozen=True, eq=False)
class Shocks:
    """Logs of the changes of S scenarios.

    Attributes
    ----------
    scale_sck : array (S, C, K)
        theta ln T_c_hat + ln t_ck_hat.
    occupation_sk : array (S, K)
        ln T_k_hat.
    productivity_sck : array (S, C, K)
        ln B_ck_hat, before agglomeration.
    """

    scale_sck: np.ndarray
    occupation_sk: np.ndarray
    productivity_sck: np.ndarray

    def __len__(self) -> int:
        return len(self.occupation_sk)

    def part(self, scenarios: object, scale: float = 1.0) -> Shocks:
        """Some of the scenarios, their logs times a number."""
        arrays = (self.scale_sck, self.occupation_sk, self.productivity_sck)
        return Shocks(*(scale * array[scenarios] for array in arrays))


def log(shares: np.ndarray) -> np.ndarray:
    """Logs of shares, minus infinity where a share is zero."""
    return np.log(shares, out=np.full(shares.shape, -inf), where=shares > 0)


def filled_wages(wages: np.ndarray | None, shares: Shares) -> np.ndarray:
    """Wages of all cells, (C, K): where one is missing, its occupation's mean over cities."""
    shape = shares.pi_ck.shape
    if wages is None:
        return np.ones(shape)
    try:
        wage_ck = np.array(wages, dtype=float)
    except (TypeError, ValueError):
        raise ParameterError(f"wages: expected numbers, found {type(wages).__name__}") from None
    if wage_ck.shape != shape:
        raise ParameterError(f"wages: expected shape {shape}, found {wage_ck.shape}")
    missing = np.isnan(wage_ck)
    bad = ~missing & ~((wage_ck > 0) & np.isfinite(wage_ck))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ParameterError(
            f"wages: expected finite numbers above 0, or NaN where one is missing, "
            f"found {wage_ck[where]:g} at {where}"
        )
    if missing.all(axis=0).any():
        k = int(missing.all(axis=0).argmax())
        name = repr(shares.occupations[k]) if shares.occupations else f"at position {k}"
        raise ParameterError(f"wages: the occupation {name} has none in any city")
    wage_ck[missing] = 0.0
    mean_k = wage_ck.sum(axis=0) / (~missing).sum(axis=0)
    return np.where(missing, mean_k, wage_ck)


def panel_wages(panel, year: int) -> np.ndarray:
    """Mean wage income of each cell of a year, (C, K), in dollars a year.

    The order is that of ``panel.shares(year)``; NaN where the panel has none, which
    :func:`~helpers.equilibrium.solve` replaces by the occupation's mean over cities.

    Examples
    --------
    The occupation that pays best, on average over cities:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> best = panel_wages(panel, 2019).mean(axis=0).argmax()
    >>> panel.occupations[best]
    'professional'
    """
    rows = panel.year(year)
    return np.exp(rows["log_wage"].to_numpy(dtype=float)).reshape(rows["city"].nunique(), -1)


def economy(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    closure: Closure,
    wages: np.ndarray | None,
) -> Economy:
    """Validated economy before a shock."""
    if not isinstance(closure, Closure):
        raise ParameterError(f"closure: expected a Closure, found {type(closure).__name__}")
    rho_k = check_rho(rho, shares.omega_k.size)
    theta = check_theta(theta)
    eta_c = closure.supply_elasticity_c(shares.pi_ck.shape[0], shares.cities)
    wage_ck = filled_wages(wages, shares)
    heads_ck = shares.pi_ck * shares.omega_k
    heads_ck = np.where(heads_ck.sum(axis=1, keepdims=True) > 0, heads_ck, shares.omega_k)
    # relative to each city's largest, so that no size of wage or city underflows
    heads_ck = heads_ck / heads_ck.max(axis=1, keepdims=True)
    payroll_ck = heads_ck * (wage_ck / wage_ck.max(axis=1, keepdims=True))
    phi_ck = heads_ck / heads_ck.sum(axis=1, keepdims=True)
    s_ck = payroll_ck / payroll_ck.sum(axis=1, keepdims=True)
    return Economy(
        shares,
        closure,
        rho_k,
        1 / (1 - rho_k),
        theta,
        phi_ck,
        s_ck,
        log(shares.pi_ck),
        log(shares.omega_k),
        log(phi_ck),
        log(s_ck),
        1 / (1 + eta_c),
    )


def _cells(shares: Shares, name: str, hats: Mapping) -> np.ndarray:
    """Spread {(city, occupation): hat} or {city: {occupation: hat}} over a table of ones."""
    array_ck = np.ones(shares.pi_ck.shape)
    for label, hat in hats.items():
        if isinstance(hat, Mapping):
            pairs = [((label, occupation), value) for occupation, value in hat.items()]
        else:
            pairs = [(label, hat)]
        for pair, value in pairs:
            if not (isinstance(pair, tuple) and len(pair) == 2):
                raise ParameterError(
                    f"{name}: expected {{city: {{occupation: hat}}}} or "
                    f"{{(city, occupation): hat}}, found the key {pair!r}"
                )
            array_ck[shares.city_index(pair[0]), shares.occupation_index(pair[1])] = value
    return array_ck


def log_hats(
    shares: Shares, name: str, hats: Hat, axes: str, scenarios: int | None = None
) -> np.ndarray:
    """Logs of validated changes, (S, ...) over the axes ``c``, ``k`` or ``ck``.

    Without a number of scenarios there is one, and hats have no axis for it.
    """
    n_cities, n_occupations = shares.pi_ck.shape
    size = {"c": n_cities, "k": n_occupations}
    shape = tuple(size[axis] for axis in axes)
    find = {"c": shares.city_index, "k": shares.occupation_index}
    if hats is None:
        return np.zeros((scenarios or 1, *shape))
    if isinstance(hats, Mapping) and axes == "ck":
        hats = _cells(shares, name, hats)
    elif isinstance(hats, Mapping):
        named, hats = hats, np.ones(shape)
        for label, hat in named.items():
            hats[find[axes](label)] = hat
    if scenarios is None:
        return np.log(check_positive(name, hats, shape))[None]
    if np.shape(hats) == shape:  # the same in every scenario
        return np.broadcast_to(np.log(check_positive(name, hats, shape)), (scenarios, *shape))
    return np.log(check_positive(name, hats, (scenarios, *shape)))


def shocks(
    base: Economy,
    city: Hat,
    occupation: Hat,
    city_occupation: Hat,
    productivity: Hat,
    scenarios: int | None = None,
) -> Shocks:
    """Validated changes of one or of S scenarios."""
    given = base.shares
    scale_sck = base.theta * log_hats(given, "city", city, "c", scenarios)[:, :, None]
    return Shocks(
        scale_sck + log_hats(given, "city_occupation", city_occupation, "ck", scenarios),
        log_hats(given, "occupation", occupation, "k", scenarios),
        log_hats(given, "productivity", productivity, "ck", scenarios),
    )
