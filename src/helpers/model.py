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

from helpers import arguments, precise
from helpers.errors import (
    ParameterError,
    UnknownNameError,
    as_numbers,
    check_positive,
    check_theta,
    find_name,
)

_SUM_TOLERANCE = 1e-8
_SINGLE_TOLERANCE = 1e-5
_NO_SCALE = object()


@dataclass(frozen=True, eq=False)
class Shares:
    """Choice shares of one year (paper, equations 3-7).

    Parameters
    ----------
    pi_ck : array or DataFrame (C, K)
        Share of occupation k's households who live in city c; each column sums to one. A cell
        that nobody chose is zero; a city may be empty.
    omega_k : array or Series (K,)
        Share of all households who work in occupation k; sums to one.
    cities, occupations : sequences of str, optional
        Labels of the two axes, in the order of the arrays. A data frame brings its own; where
        both are given, the data frame is put into their order.

    Raises
    ------
    ParameterError
        If shapes disagree, an entry is negative or not finite, or a sum is not one
        (to 1e-8; numbers of single precision to 1e-5, whose sums are then made one).
    DataError
        If labels of a data frame, a series and the names given do not match.
    """

    pi_ck: np.ndarray
    omega_k: np.ndarray
    cities: tuple[str, ...] | None = None
    occupations: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        axes = {}
        for name, what in (("cities", "city"), ("occupations", "occupation")):
            labels = getattr(self, name)
            if labels is not None:
                labels = _labels(name, labels)
            axes[name] = arguments.Axis(what, labels)
        given = {
            "pi_ck": axes["occupations"].align(
                "pi_ck", axes["cities"].align("pi_ck", self.pi_ck), axis=1
            ),
            "omega_k": axes["occupations"].align("omega_k", self.omega_k),
        }
        pi_ck, omega_k = (np.array(as_numbers(name, value)) for name, value in given.items())
        if pi_ck.ndim != 2 or omega_k.shape != pi_ck.shape[1:] or not pi_ck.size:
            raise ParameterError(
                f"pi_ck: expected shape (C, K) with omega_k (K,), found {pi_ck.shape} "
                f"and {omega_k.shape}"
            )
        for name, array in (("pi_ck", pi_ck), ("omega_k", omega_k)):
            single = np.asarray(given[name]).dtype in (np.float32, np.float16)
            bad = ~(np.isfinite(array) & (array >= 0))
            if bad.any():
                where = tuple(int(i) for i in np.argwhere(bad)[0])
                raise ParameterError(
                    f"{name}: expected finite shares of at least 0, found {array[where]:g} "
                    f"at {where if len(where) > 1 else where[0]}"
                )
            with np.errstate(over="ignore"):
                gap = np.abs(array.sum(axis=0) - 1)
            if single and gap.max() <= _SINGLE_TOLERANCE:
                array /= array.sum(axis=0)
            elif gap.max() > _SUM_TOLERANCE:
                of = f" in column {int(gap.argmax())}" if array.ndim > 1 else ""
                raise ParameterError(
                    f"{name}: expected sums of one, found one off by {gap.max():.2g}{of}"
                )
            array.flags.writeable = False
        for name, size in (("cities", pi_ck.shape[0]), ("occupations", pi_ck.shape[1])):
            labels = axes[name].labels
            if labels is not None:
                if len(labels) != size or not labels.is_unique:
                    raise ParameterError(f"{name}: expected {size} distinct labels")
                if getattr(self, name) is not None or not _plain(labels):
                    object.__setattr__(self, name, tuple(labels))
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
        pi_ck, says the same. A city where nobody lives has no mix: its row is zero.
        """
        pi_c = self.pi_c[:, None]
        phi_ck = self.pi_ck * self.omega_k
        phi_ck = np.divide(phi_ck, pi_c, out=np.zeros_like(phi_ck), where=pi_c > 0)
        phi_ck.flags.writeable = False
        return phi_ck

    @cached_property
    def others_ck(self) -> np.ndarray:
        """Share of all other cities in an occupation, (C, K).

        Added up from both ends: one minus the city's own share would cancel where it is large.
        """
        others_ck = np.zeros_like(self.pi_ck)
        others_ck[1:] = np.cumsum(self.pi_ck[:-1], axis=0)
        others_ck[:-1] += np.cumsum(self.pi_ck[:0:-1], axis=0)[::-1]
        others_ck.flags.writeable = False
        return others_ck

    def city_index(self, city: str) -> int:
        """Position of a city on the first axis; an unknown name raises with the nearest."""
        return find_name("city", city, self.cities or range(len(self.pi_ck)))

    def occupation_index(self, occupation: str) -> int:
        """Position of an occupation on the second axis; an unknown name raises likewise."""
        return find_name("occupation", occupation, self.occupations or range(self.omega_k.size))

    def correlations(self, rho: float | np.ndarray) -> np.ndarray:
        """One correlation an occupation, (K,); a Series is matched to occupations by name."""
        return arguments.rho_by_occupation(rho, self.omega_k.size, self.occupations)

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


def _labels(name: str, labels: object) -> tuple:
    """Labels of an axis as a tuple; text alone, or what is no sequence, is refused."""
    try:
        if isinstance(labels, (str, bytes)):
            raise TypeError
        labels = tuple(labels)
        hash(labels)
    except TypeError:
        raise ParameterError(f"{name}: expected a sequence of names, found {labels!r}") from None
    if any(label is None or label != label for label in labels):
        raise ParameterError(f"{name}: a name is missing")
    return labels


def _plain(labels: pd.Index) -> bool:
    """Whether labels are those that pandas gives by itself."""
    return isinstance(labels, pd.RangeIndex) and labels.equals(pd.RangeIndex(len(labels)))


def _check_shifters(
    t_ck: np.ndarray, T_k: np.ndarray | object, z_c: np.ndarray, rho: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Validated (t_ck, T_k, z_c, rho_k) as float arrays, labelled ones in the order of t_ck."""
    cities, occupations = arguments.Axis("city"), arguments.Axis("occupation")
    t_ck = occupations.align("t_ck", cities.align("t_ck", t_ck), axis=1)
    T_k, z_c = occupations.align("T_k", T_k), cities.align("z_c", z_c)
    t_ck = as_numbers("t_ck", t_ck)
    if t_ck.ndim != 2 or not t_ck.size:
        raise ParameterError(f"t_ck: expected shape (C, K), found {t_ck.shape}")
    n_cities, n_occupations = t_ck.shape
    T_k = np.ones(n_occupations) if T_k is _NO_SCALE else T_k
    names = None if occupations.labels is None else tuple(occupations.labels)
    return (
        check_positive("t_ck", t_ck, t_ck.shape),
        check_positive("T_k", T_k, (n_occupations,)),
        check_positive("z_c", z_c, (n_cities,)),
        arguments.rho_by_occupation(rho, n_occupations, names),
    )


def _appeal(
    t_ck: np.ndarray, z_c: np.ndarray, rho_k: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """exp(gaps) (C, K), their sums (K,), and the largest ln(t_ck z_c) of a column (K,)."""
    factors = [(1.0, t_ck), (1.0, z_c[:, None])]
    gaps, largest_k = precise.scaled_gaps(factors, 1 - rho_k, np.ones(t_ck.shape, dtype=bool))
    terms = np.exp(gaps)
    return terms, terms.sum(axis=0), largest_k


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
    t_ck, _, z_c, rho_k = _check_shifters(t_ck, _NO_SCALE, z_c, rho)
    terms = (np.log(t_ck) + np.log(z_c)[:, None]) / (1 - rho_k)
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
    _, total_k, largest_k = _appeal(t_ck, z_c, rho_k)
    log_G = logsumexp(np.log(T_k) + largest_k + (1 - rho_k) * np.log(total_k))
    return arguments.exponential("correlation_function", log_G)


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
    terms, total_k, largest_k = _appeal(t_ck, z_c, rho_k)
    log_weight_k = np.log(T_k) + largest_k + (1 - rho_k) * np.log(total_k)
    weight_k = np.exp(log_weight_k - log_weight_k.max())
    return Shares(pi_ck=terms / total_k, omega_k=weight_k / weight_k.sum())


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
    n, rng = arguments.whole("n", n, least=0), arguments.generator(seed)
    arguments.fits("draw_productivities", (n, *t_ck.shape), "draw fewer at a time", copies=2)
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
    n, rng = arguments.whole("n", n, least=0), arguments.generator(seed)
    arguments.fits("simulate_households", (n, 2), "draw fewer at a time")
    n_cities, n_occupations = t_ck.shape
    city = np.empty(n, dtype=np.intp)
    occupation = np.empty(n, dtype=np.intp)
    # In an occupation the best city has the smallest E_c / a_c: a monotone transform.
    # Chunks keep the exponentials in the processor's cache.
    log_a_ck = (np.log(t_ck) + np.log(z_c)[:, None]) / (1 - rho_k)
    largest_k = log_a_ck.max(axis=0)
    # a city that is e^700 times behind never wins
    inverse_a_kc = np.exp(np.minimum(largest_k - log_a_ck, 700.0)).T.copy()
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
        Pearson correlation over occupations of phi_ck with phi_c'k, in [-1, 1]; missing for a
        city where nobody lives or whose mix is even.

    Raises
    ------
    ParameterError
        With one occupation, or if the city to compare with has no mix or an even one, so that
        no correlation is defined.
    """
    arguments.instance("shares", shares, Shares)
    if isinstance(city, str) or not shares.cities:
        index = shares.city_index(city)
    else:
        index = arguments.whole("city", city, least=0)
        if index >= len(shares.pi_ck):
            raise UnknownNameError(f"city: {index} is not among {len(shares.pi_ck)} positions")
    deviations = shares.phi_ck - shares.phi_ck.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(deviations, axis=1)
    norms[norms < 1e-14] = np.nan
    if np.isnan(norms[index]):
        raise ParameterError(
            f"city: the mix of {city!r} is even over {shares.omega_k.size} occupations, or nobody "
            "lives there; take another city"
        )
    return deviations @ deviations[index] / (norms * norms[index])
