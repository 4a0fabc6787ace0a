"""Choice shares of the model, and households that are drawn from it (paper, 2.1-2.2).

A household draws a productivity Z_ck for each city c and occupation k and takes the best.
The draws are max-stable multivariate Frechet: correlated across cities within an occupation
(rho), independent across occupations (equation 1):

    P[Z_ck <= x_ck for all c, k]
        = exp{ - sum_k T_k [ sum_c (t_ck z_c x_ck^-theta)^(1/(1-rho)) ]^(1-rho) }

with ``z_c = Z_c^-theta``, which holds the city's own attractiveness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from helpers.errors import ParameterError, check_positive, check_rho, check_theta, find_name

_SUM_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class Shares:
    """Choice shares of one year (paper, equations 3-7).

    Parameters
    ----------
    pi_ck : array (C, K)
        Share of occupation k's households who live in city c; each column sums to one.
    omega_k : array (K,)
        Share of all households who work in occupation k; sums to one.
    cities, occupations : sequences of str, optional
        Labels of the two axes, in the order of the arrays.

    Raises
    ------
    ParameterError
        If shapes disagree, an entry is negative or not finite, or a sum is not one
        (to 1e-8).
    """

    pi_ck: np.ndarray
    omega_k: np.ndarray
    cities: tuple[str, ...] | None = None
    occupations: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        pi_ck = np.array(self.pi_ck, dtype=float)
        omega_k = np.array(self.omega_k, dtype=float)
        if pi_ck.ndim != 2 or omega_k.shape != pi_ck.shape[1:]:
            raise ParameterError(
                f"pi_ck: expected shape (C, K) with omega_k (K,), found {pi_ck.shape} "
                f"and {omega_k.shape}"
            )
        for name, array in (("pi_ck", pi_ck), ("omega_k", omega_k)):
            if not (np.isfinite(array).all() and (array >= 0).all()):
                raise ParameterError(f"{name}: expected finite shares of at least 0")
            gap = np.abs(array.sum(axis=0) - 1).max()
            if gap > _SUM_TOLERANCE:
                raise ParameterError(f"{name}: expected sums of one, found one off by {gap:.2g}")
            array.flags.writeable = False
        for name, labels, size in (
            ("cities", self.cities, pi_ck.shape[0]),
            ("occupations", self.occupations, pi_ck.shape[1]),
        ):
            if labels is not None:
                labels = tuple(labels)
                if len(labels) != size or len(set(labels)) != size:
                    raise ParameterError(f"{name}: expected {size} distinct labels")
                object.__setattr__(self, name, labels)
        object.__setattr__(self, "pi_ck", pi_ck)
        object.__setattr__(self, "omega_k", omega_k)

    @classmethod
    def _trusted(cls, pi_ck: np.ndarray, omega_k: np.ndarray, like: Shares) -> Shares:
        """Shares whose sums hold by construction, labelled like another."""
        new = object.__new__(cls)
        for array in (pi_ck, omega_k):
            array.flags.writeable = False
        new.__dict__.update(
            pi_ck=pi_ck, omega_k=omega_k, cities=like.cities, occupations=like.occupations
        )
        return new

    @cached_property
    def pi_c(self) -> np.ndarray:
        """City shares of all households, (C,): pi_c = sum_k pi_ck omega_k (equation 7)."""
        pi_c = self.pi_ck @ self.omega_k
        pi_c.flags.writeable = False
        return pi_c

    @cached_property
    def phi_ck(self) -> np.ndarray:
        """Occupational mix of each city, (C, K); rows sum to one (equations 4 and 6).

        phi_ck = pi_ck omega_k / pi_c. Equation (6) as printed, pi_c = (omega_k / phi_ck)
        pi_ck, says the same.
        """
        phi_ck = self.pi_ck * self.omega_k / self.pi_c[:, None]
        phi_ck.flags.writeable = False
        return phi_ck

    def city_index(self, city: str) -> int:
        """Position of a city on the first axis; an unknown name raises with the nearest."""
        return find_name("city", city, self.cities or ())

    def occupation_index(self, occupation: str) -> int:
        """Position of an occupation on the second axis; an unknown name raises likewise."""
        return find_name("occupation", occupation, self.occupations or ())

    def to_frame(self) -> pd.DataFrame:
        """One row per city and occupation: pi_ck, omega_k, pi_c and phi_ck, with labels."""
        n_cities, n_occupations = self.pi_ck.shape
        cities = self.cities or tuple(range(n_cities))
        occupations = self.occupations or tuple(range(n_occupations))
        index = pd.MultiIndex.from_product([cities, occupations], names=["city", "occupation"])
        return pd.DataFrame(
            {
                "pi_ck": self.pi_ck.ravel(),
                "omega_k": np.tile(self.omega_k, n_cities),
                "pi_c": np.repeat(self.pi_c, n_occupations),
                "phi_ck": self.phi_ck.ravel(),
            },
            index=index,
        ).reset_index()


def _check_shifters(
    t_ck: np.ndarray, T_k: np.ndarray, z_c: np.ndarray, rho: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Validated (t_ck, T_k, z_c, rho_k) as float arrays."""
    t_ck = np.asarray(t_ck, dtype=float)
    if t_ck.ndim != 2:
        raise ParameterError(f"t_ck: expected shape (C, K), found {t_ck.shape}")
    n_cities, n_occupations = t_ck.shape
    return (
        check_positive("t_ck", t_ck, t_ck.shape),
        check_positive("T_k", T_k, (n_occupations,)),
        check_positive("z_c", z_c, (n_cities,)),
        check_rho(rho, n_occupations),
    )


def log_lambda(
    t_ck: np.ndarray, z_c: np.ndarray, rho: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log appeal of each occupation, and of each of its cells (paper, 2.2).

    lambda_k = sum_c (t_ck z_c)^(1/(1-rho_k)).

    Parameters
    ----------
    t_ck : array (C, K), above 0
    z_c : array (C,), above 0
    rho : float or array (K,), in [0, 1)

    Returns
    -------
    array (K,)
        ln lambda_k.
    array (C, K)
        The logs of its terms.
    """
    terms = (np.log(t_ck) + np.log(z_c)[:, None]) / (1 - np.asarray(rho, dtype=float))
    return logsumexp(terms, axis=0), terms


def correlation_function(
    t_ck: np.ndarray, T_k: np.ndarray, z_c: np.ndarray, rho: float | np.ndarray
) -> float:
    """Correlation function G, the model's price index (paper, equation 2).

    G = sum_k T_k [ sum_c (t_ck z_c)^(1/(1-rho_k)) ]^(1-rho_k). Expected productivity is
    Gamma(1 - 1/theta) G^(1/theta) for theta > 1.

    Parameters
    ----------
    t_ck : array (C, K), above 0
        City-occupation scale.
    T_k : array (K,), above 0
        Occupation scale.
    z_c : array (C,), above 0
        City scale to the power theta, Z_c^-theta.
    rho : float or array (K,), in [0, 1)

    Examples
    --------
    With one occupation and no correlation, G is the sum of the scales:

    >>> import numpy as np
    >>> float(correlation_function(np.ones((4, 1)), np.ones(1), np.ones(4), rho=0.0))
    4.0
    """
    t_ck, T_k, z_c, rho_k = _check_shifters(t_ck, T_k, z_c, rho)
    log_lambda_k, _ = log_lambda(t_ck, z_c, rho_k)
    return float(np.exp(logsumexp(np.log(T_k) + (1 - rho_k) * log_lambda_k)))


def shares(t_ck: np.ndarray, T_k: np.ndarray, z_c: np.ndarray, rho: float | np.ndarray) -> Shares:
    """Choice shares that the shifters imply (paper, equations 3 and 5).

    pi_ck = (t_ck z_c)^(1/(1-rho_k)) / lambda_k and
    omega_k = T_k lambda_k^(1-rho_k) / sum_l T_l lambda_l^(1-rho_l).

    Parameters
    ----------
    t_ck : array (C, K), above 0
        City-occupation scale.
    T_k : array (K,), above 0
        Occupation scale.
    z_c : array (C,), above 0
        City scale to the power theta, Z_c^-theta; unit free, only ratios matter.
    rho : float or array (K,), in [0, 1)

    Returns
    -------
    Shares

    Raises
    ------
    ParameterError
        If a shape disagrees or a value is outside its domain.

    Examples
    --------
    Two cities that differ by a factor of two, one occupation: correlation sharpens the
    response to the same difference.

    >>> import numpy as np
    >>> for rho in (0.0, 0.5):
    ...     print(shares(np.ones((2, 1)), np.ones(1), np.array([2.0, 1.0]), rho).pi_c.round(3))
    [0.667 0.333]
    [0.8 0.2]
    """
    t_ck, T_k, z_c, rho_k = _check_shifters(t_ck, T_k, z_c, rho)
    log_lambda_k, terms = log_lambda(t_ck, z_c, rho_k)
    log_weight_k = np.log(T_k) + (1 - rho_k) * log_lambda_k
    return Shares(
        pi_ck=np.exp(terms - log_lambda_k), omega_k=np.exp(log_weight_k - logsumexp(log_weight_k))
    )


def _log_positive_stable(alpha: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """Logs of positive stable draws S with E[exp(-u S)] = exp(-u^alpha) (Kanter, 1975)."""
    if alpha == 1:
        return np.zeros(size)
    angle = rng.uniform(0, np.pi, size)
    waiting = rng.standard_exponential(size)
    return (
        np.log(np.sin(alpha * angle))
        - np.log(np.sin(angle)) / alpha
        + (1 - alpha) / alpha * (np.log(np.sin((1 - alpha) * angle)) - np.log(waiting))
    )


def draw_productivities(
    t_ck: np.ndarray,
    T_k: np.ndarray,
    z_c: np.ndarray,
    rho: float | np.ndarray,
    theta: float,
    n: int,
    seed: int | np.random.Generator,
) -> np.ndarray:
    """Draw households' productivities from the max-stable Frechet (paper, equation 1).

    Within an occupation the cities share a positive stable factor S of index 1 - rho:
    Z_ck = (T_k t_ck z_c)^(1/theta) (S / E_ck)^((1-rho)/theta) with E_ck unit exponential.
    Integrating S out gives equation (1). Kendall's rank correlation between two cities in
    the same occupation is rho; between occupations it is 0.

    Parameters
    ----------
    t_ck, T_k, z_c, rho
        As in :func:`shares`.
    theta : float, above 0
        Frechet shape.
    n : int
        Households.
    seed : int or numpy Generator

    Returns
    -------
    array (n, C, K)
        Productivities; n C K numbers, so keep the economy small.
    """
    t_ck, T_k, z_c, rho_k = _check_shifters(t_ck, T_k, z_c, rho)
    theta = check_theta(theta)
    rng = np.random.default_rng(seed)
    log_scale_ck = np.log(T_k) + np.log(t_ck) + np.log(z_c)[:, None]
    Z_nck = np.empty((n, *t_ck.shape))
    for k, alpha in enumerate(1 - rho_k):
        log_S = _log_positive_stable(alpha, n, rng)
        log_E = np.log(rng.standard_exponential((n, t_ck.shape[0])))
        Z_nck[:, :, k] = np.exp((log_scale_ck[:, k] + alpha * (log_S[:, None] - log_E)) / theta)
    return Z_nck


def simulate_households(
    t_ck: np.ndarray,
    T_k: np.ndarray,
    z_c: np.ndarray,
    rho: float | np.ndarray,
    theta: float,
    n: int,
    seed: int | np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw households and let each take its best city and occupation (paper, 2.1-2.2).

    Every household draws all C x K productivities as in :func:`draw_productivities`; the
    choice shares of equations (3)-(7) are not used. What is drawn is what the formula
    integrates, so the frequencies agree with :func:`shares` up to Monte Carlo error.

    Parameters
    ----------
    t_ck, T_k, z_c, rho
        As in :func:`shares`.
    theta : float, above 0
        Frechet shape. It stretches productivities and leaves choices as they are.
    n : int
        Households.
    seed : int or numpy Generator

    Returns
    -------
    city, occupation : arrays (n,) of int
        Positions of the chosen city and occupation.
    """
    t_ck, T_k, z_c, rho_k = _check_shifters(t_ck, T_k, z_c, rho)
    theta = check_theta(theta)
    rng = np.random.default_rng(seed)
    n_cities, n_occupations = t_ck.shape
    city = np.empty(n, dtype=np.intp)
    occupation = np.empty(n, dtype=np.intp)
    # In an occupation the best city has the smallest E_c / a_c: a monotone transform.
    # Chunks keep the exponentials in the processor's cache.
    log_a_ck = (np.log(t_ck) + np.log(z_c)[:, None]) / (1 - rho_k)
    largest_k = log_a_ck.max(axis=0)
    inverse_a_kc = np.exp(largest_k - log_a_ck).T.copy()
    chunk = max(1, 250_000 // n_cities)
    for start in range(0, n, chunk):
        rows = np.arange(min(chunk, n - start))
        best_city = np.empty((n_occupations, rows.size), dtype=np.intp)
        log_best = np.empty((n_occupations, rows.size))
        for k, alpha in enumerate(1 - rho_k):
            race = rng.standard_exponential((rows.size, n_cities))
            race *= inverse_a_kc[k]
            best_city[k] = race.argmin(axis=1)
            log_race = np.log(race[rows, best_city[k]]) - largest_k[k]
            log_S = _log_positive_stable(alpha, rows.size, rng)
            log_best[k] = (np.log(T_k[k]) + alpha * (log_S - log_race)) / theta
        chosen = log_best.argmax(axis=0)
        occupation[start : start + rows.size] = chosen
        city[start : start + rows.size] = best_city[chosen, rows]
    return city, occupation


def similarity(shares: Shares, city: int | str) -> np.ndarray:
    """Correlation of each city's occupational mix with that of one city (figures 2 and 3).

    Parameters
    ----------
    shares : Shares
    city : int or str
        The city to compare with.

    Returns
    -------
    array (C,)
        Pearson correlation over occupations of phi_ck with phi_c'k, in [-1, 1].
    """
    index = shares.city_index(city) if isinstance(city, str) else city
    deviations = shares.phi_ck - shares.phi_ck.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(deviations, axis=1)
    return deviations @ deviations[index] / (norms * norms[index])
