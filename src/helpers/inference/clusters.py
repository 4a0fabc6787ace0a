"""How many clusters there are in effect, and tests that take clustered scores.

The variance of a slope under any clustering, with its small-sample factor, is that of
:mod:`helpers.estimation.variance`, whose names are handed on here.
"""

from __future__ import annotations

import numpy as np

from helpers.estimation.variance import (  # noqa: F401  (handed on)
    COUNTS,
    codes_of,
    n_clusters,
    n_parameters,
    small_sample_factor,
    squares,
    sums,
    variance,
)


def effective_number(weight: np.ndarray) -> float:
    """Effective number of clusters, at most the number there are.

    Carter, Schnepel and Steigerwald (2017): G / (1 + Gamma), with Gamma the squared coefficient
    of variation of what each cluster adds to the variance of the slope. Errors are taken as
    uncorrelated within a cluster: with effects that lie within clusters, the other end, errors
    that are all the same, adds nothing in any cluster.

    Parameters
    ----------
    weight : array (G,)
        Each cluster's sum of squares of the regressor, net of effects.

    Examples
    --------
    >>> effective_number(np.ones(8))
    8.0
    >>> round(effective_number(np.array([1.0, 0, 0, 0])), 12)
    1.0
    """
    return float(weight.sum() ** 2 / (weight @ weight))


def hansen(y: np.ndarray, x: np.ndarray, Z: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Hansen's J and the slope by two-step GMM, moments weighted by clustered scores.

    The first step is 2SLS; the weight takes clusters' scores as they are, without a factor.

    Parameters
    ----------
    y, x : arrays (N,)
    Z : array (N, L)
        Instruments; all variables net of effects.
    codes : array (N,)
        Clusters 0, 1, ...
    """
    Z = Z / np.sqrt((Z**2).sum(axis=0))
    Zy, Zx = Z.T @ y, Z.T @ x
    W = np.linalg.inv(Z.T @ Z)
    beta = (Zx @ W @ Zy) / (Zx @ W @ Zx)
    scores = sums(Z * (y - beta * x)[:, None], codes)
    W = np.linalg.inv(scores.T @ scores)
    beta = (Zx @ W @ Zy) / (Zx @ W @ Zx)
    moment = Zy - beta * Zx
    return float(moment @ W @ moment), float(beta)


CLUSTERINGS = (
    ("homoskedastic", "iid"),
    ("heteroskedastic", None),
    ("city x occupation", "city_occupation"),
    ("city", "city"),
    ("occupation", "occupation"),
    ("city and occupation", "city+occupation"),
)
