"""Confidence sets that need no strong instrument: Anderson-Rubin, clustered or not.

The test of a slope b asks whether the instruments explain y - x b. It has the right size
however weak they are. The slopes that it does not reject need not be an interval: they can be
two rays, the whole line, or nothing. The set is found exactly, as the solution of a polynomial
inequality, not on a grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from helpers.errors import DataError, ParameterError

EFFECTIVE_F = {0.05: 37.4, 0.10: 23.1, 0.20: 15.1, 0.30: 12.0}
"""Critical values of the effective F with one instrument, by tolerated bias relative to the
worst case; five per cent tests (Montiel Olea and Pflueger, 2013, table 1)."""


@dataclass(frozen=True)
class ConfidenceSet:
    """A union of intervals on the line.

    Attributes
    ----------
    intervals : tuple of (float, float)
        Disjoint, in order; ends may be infinite.
    level : float
    """

    intervals: tuple[tuple[float, float], ...]
    level: float

    @property
    def kind(self) -> str:
        """``empty``, ``line``, ``interval``, ``ray``, ``two rays`` or ``several intervals``."""
        if not self.intervals:
            return "empty"
        open_ends = sum(np.isinf(end) for pair in self.intervals for end in pair)
        if len(self.intervals) == 1:
            return ("interval", "ray", "line")[open_ends]
        return "two rays" if len(self.intervals) == 2 and open_ends == 2 else "several intervals"

    def __contains__(self, value: float) -> bool:
        return any(low <= value <= high for low, high in self.intervals)

    def __str__(self) -> str:
        """Intervals joined by 'and', the kind where it is not a plain interval."""
        if not self.intervals:
            return "empty"
        parts = " and ".join(f"[{low:.3f}, {high:.3f}]" for low, high in self.intervals)
        return parts if self.kind == "interval" else f"{parts} ({self.kind})"

    def rho(self) -> ConfidenceSet:
        """The correlations 1 - 1/b that the slopes in the set imply, within [0, 1).

        A slope below one is outside the model: such parts of the set are cut off, and a set
        that lies there altogether becomes empty.
        """
        kept = [
            (1 - 1 / max(low, 1.0), 1.0 if np.isinf(high) else 1 - 1 / high)
            for low, high in self.intervals
            if high >= 1
        ]
        return ConfidenceSet(tuple((float(low), float(high)) for low, high in kept), self.level)


def _where_negative(
    polynomial: Callable[[np.ndarray], np.ndarray], degree: int, centre: float, scale: float
) -> tuple[tuple[float, float], ...]:
    """Intervals on which a polynomial is at most zero, from its values."""
    # interpolate in t = (b - centre) / scale, at Chebyshev's points
    t = np.cos(np.pi * (2 * np.arange(degree + 1) + 1) / (2 * degree + 2)) * 2
    values = polynomial(centre + scale * t)
    coefficients = np.linalg.solve(np.vander(t, degree + 1), values)
    largest = np.abs(coefficients).max()
    coefficients = np.trim_zeros(
        np.where(np.abs(coefficients) < 1e-13 * largest, 0, coefficients), "f"
    )
    roots = np.roots(coefficients) if len(coefficients) > 1 else np.array([])
    real = np.sort(roots[np.abs(roots.imag) < 1e-7 * (1 + np.abs(roots.real))].real)
    edges = np.concatenate([[-np.inf], centre + scale * real, [np.inf]])
    inside = []
    for low, high in pairwise(edges):
        if low == high:
            continue
        if np.isinf(low) and np.isinf(high):
            probe = centre
        elif np.isinf(low) or np.isinf(high):
            reach = scale + np.ptp(edges[1:-1])
            probe = high - reach if np.isinf(low) else low + reach
        else:
            probe = (low + high) / 2
        if polynomial(np.array([probe]))[0] <= 0:
            if inside and inside[-1][1] == low:
                inside[-1] = (inside[-1][0], float(high))
            else:
                inside.append((float(low), float(high)))
    return tuple(inside)


def anderson_rubin(
    y,
    x,
    Z,
    controls=None,
    clusters=None,
    *,
    level: float = 0.95,
    robust: bool = True,
) -> ConfidenceSet:
    """Slopes of y on x that a test with the instruments Z does not reject.

    Parameters
    ----------
    y, x : arrays (N,)
        Outcome and endogenous variable.
    Z : array (N,) or (N, L)
        Instruments.
    controls : array (N, M), optional
        Include the constant. None: the variables are net of them already.
    clusters : array (N,), optional
        Errors of the same cluster may be correlated.
    level : float, in (0, 1)
    robust : bool
        Without clusters: heteroskedastic errors, or homoskedastic ones.

    Returns
    -------
    ConfidenceSet

    Raises
    ------
    DataError
        If the instruments are collinear, or there are no more clusters than instruments.

    Notes
    -----
    The statistic n' V^-1 n / L, n = Z'(y - x b), is compared with F(L, G - 1) with G clusters,
    with chi2(L) / L for heteroskedastic, and F(L, N - L - M) for homoskedastic errors.
    """
    if not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), found {level!r}")
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    Z = np.asarray(Z, dtype=float).reshape(len(y), -1)
    n_controls = 0
    if controls is not None:
        controls = np.asarray(controls, dtype=float)
        n_controls = controls.shape[1]
        stacked = np.column_stack([y, x, Z])
        stacked -= controls @ np.linalg.lstsq(controls, stacked, rcond=None)[0]
        y, x, Z = stacked[:, 0], stacked[:, 1], stacked[:, 2:]
    n_obs, n_instruments = Z.shape
    if np.linalg.matrix_rank(Z) < n_instruments:
        raise DataError("Z: the instruments are collinear, or constant given the controls")
    Zy, Zx, ZZ = Z.T @ y, Z.T @ x, Z.T @ Z
    fitted = Zx @ np.linalg.solve(ZZ, Zx)
    centre = float(Zx @ np.linalg.solve(ZZ, Zy) / fitted)
    scale = float(np.sqrt(((y - centre * x) ** 2).mean() * 1.0 / fitted) * 4) or 1.0
    if clusters is None and not robust:
        degrees = n_obs - n_instruments - n_controls
        critical = stats.f.ppf(level, n_instruments, degrees) * n_instruments / degrees

        def gap(b: np.ndarray) -> np.ndarray:
            explained = np.array([_explained(Zy - v * Zx, ZZ) for v in b])
            total = np.array([((y - v * x) ** 2).sum() for v in b])
            return explained - critical * (total - explained)

        return ConfidenceSet(_where_negative(gap, 2, centre, scale), level)
    if clusters is None:
        sums_y, sums_x, correction = Z * y[:, None], Z * x[:, None], 1.0
        critical = stats.chi2.ppf(level, n_instruments)
    else:
        codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
        n_clusters = int(codes.max()) + 1
        if n_clusters <= n_instruments:
            raise DataError(f"clusters: {n_clusters} are too few for {n_instruments} instruments")
        sums_y, sums_x = (_by_cluster(Z * v[:, None], codes, n_clusters) for v in (y, x))
        correction = n_clusters / (n_clusters - 1)
        critical = stats.f.ppf(level, n_instruments, n_clusters - 1) * n_instruments

    def gap(b: np.ndarray) -> np.ndarray:
        values = np.empty(len(b))
        for i, v in enumerate(b):
            moment, sums = Zy - v * Zx, sums_y - v * sums_x
            V = correction * sums.T @ sums / n_obs
            # n' adj(V) n - critical det(V), a polynomial in b whatever the rank of V
            det = np.linalg.det(V)
            values[i] = (moment @ np.linalg.solve(V, moment) / n_obs - critical) * det
        return values

    return ConfidenceSet(_where_negative(gap, 2 * n_instruments, centre, scale), level)


def _explained(moment: np.ndarray, ZZ: np.ndarray) -> float:
    return float(moment @ np.linalg.solve(ZZ, moment))


def _by_cluster(rows: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    sums = np.zeros((n_clusters, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums
