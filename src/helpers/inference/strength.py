"""How strong instruments are, and t-tests that take it into account (paper, 4.2)."""

from __future__ import annotations

import numpy as np

from helpers.errors import ParameterError
from helpers.inference.clusters import variance

_CRITICAL = (
    "18.66 9.74 7.37 6.18 5.43 4.92 4.54 4.25 4.01 3.82 3.65 3.51 3.39 3.29 3.19 3.11 3.03 2.97 "
    "2.91 2.85 2.80 2.75 2.71 2.67 2.63 2.60 2.57 2.54 2.51 2.48 2.46 2.43 2.41 2.39 2.37 2.35 "
    "2.33 2.32 2.30 2.29 2.27 2.26 2.24 2.23 2.22 2.21 2.20 2.19 2.17 2.16 2.16 2.15 2.14 2.13 "
    "2.12 2.11 2.10 2.10 2.09 2.08 2.08 2.07 2.06 2.06 2.05 2.04 2.04 2.03 2.03 2.02 2.02 2.01 "
    "2.01 2.00 2.00 1.99 1.99 1.99 1.98 1.98 1.97 1.97 1.97 1.96"
)
TF_ROOTS = np.round(np.arange(20, 104) / 10, 1)
TF_CRITICAL = np.array([float(value) for value in _CRITICAL.split()])
"""Critical values of |t| at five per cent by the square root of the first-stage F
(Lee, McCrary, Moreira and Porter, 2022)."""
TF_ENOUGH = 104.7
"""First-stage F from which the usual 1.96 will do (the same)."""


def tf_critical(first_stage_f: float) -> float:
    """Critical value of a 2SLS |t| that holds five per cent at this first-stage F, the tF test.

    Lee, McCrary, Moreira and Porter (2022), for one instrument and one endogenous variable,
    interpolated in the square root of F. Infinite below an F of four, where even the largest
    t says nothing; 1.96 from 104.7.

    Parameters
    ----------
    first_stage_f : float, above or at 0
        With the same clusters as the standard error.

    Examples
    --------
    >>> tf_critical(16)
    2.8
    >>> tf_critical(200)
    1.96
    """
    if not first_stage_f >= 0:
        raise ParameterError(f"first_stage_f: expected a number from 0 on, found {first_stage_f!r}")
    if first_stage_f < TF_ROOTS[0] ** 2:
        return float("inf")
    if first_stage_f >= TF_ENOUGH:
        return float(TF_CRITICAL[-1])
    return float(np.interp(np.sqrt(first_stage_f), TF_ROOTS, TF_CRITICAL))


def conditional_f(
    X: np.ndarray, Z: np.ndarray, data=None, clusters: str | None = None
) -> np.ndarray:
    """Conditional first-stage F of each of several endogenous variables, as many as instruments.

    Sanderson and Windmeijer (2016): how well the instruments move one variable once the others
    are given what the instruments move of them. With as many instruments as variables one
    direction of the instruments is left for each, and the F is that of one slope; it is the
    usual one where there is one variable, or where each has instruments of its own.

    Parameters
    ----------
    X : array (N, K)
        Endogenous variables, net of controls.
    Z : array (N, K)
        Instruments, net of controls.
    data : DataFrame, optional
        Codes of effects and clusters, as :func:`helpers.estimation.sample` returns them.
    clusters : str, optional
        Which errors may be correlated. Without ``data`` errors have one variance.

    Returns
    -------
    array (K,)
    """
    n, k = X.shape
    if Z.shape != X.shape:
        raise ParameterError(f"Z: expected as many instruments as variables, found {Z.shape}")
    fitted = Z @ np.linalg.lstsq(Z, X, rcond=None)[0]
    found = np.empty(k)
    for j in range(k):
        others = np.delete(np.arange(k), j)
        r, direction = X[:, j], fitted[:, j]
        if k > 1:
            # two-stage least squares of one variable on the others
            delta = np.linalg.lstsq(fitted[:, others], X[:, j], rcond=None)[0]
            r = X[:, j] - X[:, others] @ delta
            direction = direction - fitted[:, others] @ delta
        slope = (direction @ r) / (direction @ direction)
        e = r - slope * direction
        if data is None:
            spread = (e @ e) / (n - k) * (direction @ direction)
        else:
            spread = variance(direction, e, data, clusters)
        found[j] = (direction @ r) ** 2 / spread
    return found
