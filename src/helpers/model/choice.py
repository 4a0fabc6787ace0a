"""Choice shares of the model, and households that are drawn from it (paper, 2.1-2.2).

A household draws a productivity Z_ck for each city c and occupation k and takes the best.
The draws are max-stable multivariate Frechet: correlated across cities within an occupation
(rho), independent across occupations (equation 1):

    P[Z_ck <= x_ck for all c, k]
        = exp{ - sum_k T_k [ sum_c (t_ck z_c x_ck^-theta)^(1/(1-rho)) ]^(1-rho) }

with ``z_c = Z_c^-theta``, which holds the city's own attractiveness.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from helpers.errors import ParameterError, arguments, as_numbers, check_positive
from helpers.model import precise
from helpers.model.table import Shares

_NO_SCALE = object()


def check_shifters(
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

    lambda_k = sum_c (t_ck z_c)^(1/(1-rho_k)); ``s22-lambda`` in the ledger of derivations.

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

    Examples
    --------
    A second city as good as the first doubles lambda_k:

    >>> import numpy as np
    >>> one, two = np.ones((1, 1)), np.ones((2, 1))
    >>> np.exp(log_lambda(one, np.ones(1), 0.5)[0]), np.exp(log_lambda(two, np.ones(2), 0.5)[0])
    (array([1.]), array([2.]))
    """
    t_ck, _, z_c, rho_k = check_shifters(t_ck, _NO_SCALE, z_c, rho)
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
    t_ck, T_k, z_c, rho_k = check_shifters(t_ck, T_k, z_c, rho)
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
    t_ck, T_k, z_c, rho_k = check_shifters(t_ck, T_k, z_c, rho)
    terms, total_k, largest_k = _appeal(t_ck, z_c, rho_k)
    log_weight_k = np.log(T_k) + largest_k + (1 - rho_k) * np.log(total_k)
    weight_k = np.exp(log_weight_k - log_weight_k.max())
    return Shares(pi_ck=terms / total_k, omega_k=weight_k / weight_k.sum())
