"""Confidence sets that need no strong instrument: Anderson-Rubin, clustered or not.

The test of a slope b asks whether the instruments explain y - x b. It has the right size
however weak they are. The slopes that it does not reject need not be an interval: they can be
two rays, the whole line, several intervals, or nothing.

The set is found exactly, not on a grid. Slopes are angles on a circle, so that infinity is a point
like any other: b = tan(angle), and a ray is an arc through a right angle. Where the statistic
crosses its critical value, a matrix that is linear in (cos, -sin) of the angle is singular; its
generalised eigenvalues are all the crossings there can be (the linearisation of a quadratic
eigenvalue problem: Tisseur and Meerbergen, 2001), and the statistic itself says on which side of
each the set lies. No polynomial is expanded, whose degree would be twice the number of instruments.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import linalg, optimize, stats

from helpers.errors import DataError, ParameterError, arguments
from helpers.inference.interval import ConfidenceSet

_NOTHING = 1e-10
_ROUNDING = 1e-13

EFFECTIVE_F = {0.05: 37.4, 0.10: 23.1, 0.20: 15.1, 0.30: 12.0}
"""Critical values of the effective F with one instrument, by tolerated bias relative to the
worst case; five per cent tests (Montiel Olea and Pflueger, 2013, table 1)."""


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

    Anderson and Rubin (1949); with robust and clustered variances as in Stock and Wright (2000).

    Parameters
    ----------
    y, x : arrays (N,)
        Outcome and endogenous variable. Of pandas objects the rows are matched by label.
    Z : array (N,) or (N, L)
        Instruments.
    controls : array (N,) or (N, M), optional
        Include the constant. None: the variables are net of them already.
    clusters : array (N,), optional
        Errors of the same cluster may be correlated.
    level : float, in (0, 1)
    robust : bool
        Without clusters: heteroskedastic errors, or homoskedastic ones.

    Returns
    -------
    ConfidenceSet
        Where y is an exact multiple of x, that multiple alone, or the line where even the
        instruments' effect on x is not significant.

    Raises
    ------
    DataError
        For missing values or labels that differ; if the instruments are collinear or the controls
        explain one of them; if the controls explain x; if there are no more clusters, or
        observations, than instruments.
    ParameterError
        For shapes that disagree, such as instruments in rows, or a level outside (0, 1).

    Notes
    -----
    The statistic n' V^-1 n / L, n = Z'(y - x b), is compared with F(L, G - 1) with G clusters,
    with chi2(L) / L for heteroskedastic, and F(L, N - L - M) for homoskedastic errors. V is the
    sum over clusters (or observations) of s_g s_g', s_g the cluster's part of n, times G / (G - 1)
    with clusters. Hence the statistic is the squared length of a vector of ones projected on the
    columns of a matrix that is linear in b, with one row a cluster.
    """
    level = arguments.level(level)
    arguments.flag("robust", robust)
    y, x, Z, n_controls, codes = _prepare(y, x, Z, controls, clusters)
    n_obs, n_instruments = Z.shape
    degrees = n_obs - n_instruments - n_controls
    if degrees < 1:
        raise DataError(
            f"Z: {n_obs} observations are too few for {n_instruments} instruments and "
            f"{n_controls} controls"
        )
    along_x, along_y = Z.T @ x, Z.T @ y
    fitted = along_x @ along_x
    # a convenient place for the middle of the circle: any would do
    weak = fitted <= 1e-4 * (x @ x)
    centre = float(x @ y / (x @ x) if weak else along_x @ along_y / fitted)
    residual = y - centre * x
    exact = np.abs(residual).max() <= _ROUNDING * (np.abs(y).max() + np.abs(centre * x).max())
    scale = float(np.sqrt((residual @ residual) / (x @ x))) if not exact else 1.0
    # the slope is centre + scale tan(angle)
    pair = np.column_stack([residual / scale, x]) / np.sqrt(x @ x)
    if codes is None and not robust:
        critical = stats.f.ppf(level, n_instruments, degrees) * n_instruments / degrees
        form = _Homoskedastic(pair, Z, critical)
    elif codes is None:
        critical = float(stats.chi2.ppf(level, n_instruments))
        form = _Sandwich(Z * pair[:, :1], Z * pair[:, 1:], critical)
    else:
        n = int(codes.max()) + 1
        if n <= n_instruments:
            raise DataError(
                f"clusters: {n} are too few for {n_instruments} instruments; more clusters than "
                "instruments are needed"
            )
        critical = float(stats.f.ppf(level, n_instruments, n - 1)) * n_instruments * n / (n - 1)
        sums = (_by_cluster(Z * pair[:, [i]], codes, n) for i in (0, 1))
        form = _Sandwich(*sums, critical)
    if exact:
        # at every other slope what is left of y is a multiple of x, and the statistic is the same
        accepted = form.gap(np.array([np.pi / 2]))[0] <= 0
        return ConfidenceSet(((-np.inf, np.inf),) if accepted else ((centre, centre),), level)
    arcs = _arcs(form)
    return ConfidenceSet(_intervals(arcs, centre, scale), level)


def _prepare(y, x, Z, controls, clusters):
    """Checked arguments: y, x and orthonormal instruments net of controls, and cluster codes."""
    rows = arguments.Axis("row")
    y, x = rows.column("y", y), rows.column("x", x)
    Z = rows.matrix("Z", Z)
    if not Z.shape[1]:
        raise ParameterError("Z: expected at least one instrument, found none")
    n_controls = 0
    raw = np.column_stack([y, x, Z])
    net = raw
    if controls is not None:
        controls = rows.matrix("controls", controls)
        n_controls = controls.shape[1]
    if n_controls:
        net = raw - controls @ np.linalg.lstsq(controls, raw, rcond=None)[0]
    codes = None if clusters is None else rows.groups("clusters", clusters)
    before, after = (np.abs(v).max(axis=0) for v in (raw, net))
    explained = after <= _NOTHING * before
    if explained[1]:
        raise DataError("x: the controls explain it, or it is zero: no slope can be told apart")
    if explained[2:].any():
        which = int(np.flatnonzero(explained[2:])[0])
        raise DataError(
            f"Z: the instruments are collinear, or constant given the controls (column {which})"
        )
    if explained[0]:
        net[:, 0] = 0
    # a basis of the same space: the statistic does not depend on which
    Z = net[:, 2:] / after[2:]
    basis, triangle = np.linalg.qr(Z)
    if (
        len(Z) < Z.shape[1]
        or np.linalg.matrix_rank(triangle, tol=_NOTHING * len(Z) ** 0.5) < (Z.shape[1])
    ):
        raise DataError("Z: the instruments are collinear, or constant given the controls")
    return net[:, 0], net[:, 1], basis, n_controls, codes


class _Homoskedastic:
    """Explained over unexplained sum of squares less its critical value, by the angle."""

    def __init__(self, pair: np.ndarray, Z: np.ndarray, critical: float) -> None:
        along = Z.T @ pair
        left = pair - Z @ along
        self.form = along.T @ along - critical * (left.T @ left)

    def gap(self, angles: np.ndarray) -> np.ndarray:
        """At most zero where the slope is not rejected."""
        v = np.array([np.cos(angles), -np.sin(angles)])
        return np.einsum("ia,ij,ja->a", v, self.form, v)

    def candidates(self) -> np.ndarray:
        """Angles between which the sign does not change: a quadratic form's zeros."""
        (a, b), (_, c) = self.form
        roots = np.roots([c, -2 * b, a]) if c else np.roots([-2 * b, a])
        return np.arctan(roots.real)


class _Sandwich:
    """Robust statistic less its critical value, by the angle.

    The statistic is |P 1|^2, P the projection on the columns of S = cos A - sin B with one row a
    cluster; A, B and the ones are first written in a basis of at most 2 L vectors.
    """

    def __init__(self, A: np.ndarray, B: np.ndarray, critical: float) -> None:
        n_instruments = A.shape[1]
        scale = np.sqrt(np.linalg.norm(A) * np.linalg.norm(B)) or 1.0
        basis, triangle = np.linalg.qr(np.hstack([A, B]) / scale)
        self.A, self.B = triangle[:, :n_instruments], triangle[:, n_instruments:]
        self.ones = basis.sum(axis=0)
        self.critical = critical
        probe = np.linalg.svd(self._at(np.array([0.3, 1.1])), compute_uv=False)
        if (probe[:, -1] <= _NOTHING * probe[:, 0]).all():
            raise DataError(
                "Z: the variance of the moments is singular, as where an instrument varies in "
                "too few clusters; drop instruments or use larger samples"
            )

    def _at(self, angles: np.ndarray) -> np.ndarray:
        cos, sin = (f(angles)[:, None, None] for f in (np.cos, np.sin))
        return cos * self.A - sin * self.B

    def gap(self, angles: np.ndarray) -> np.ndarray:
        """At most zero where the slope is not rejected."""
        basis = np.linalg.qr(self._at(np.asarray(angles)))[0]
        return ((self.ones @ basis) ** 2).sum(axis=-1) - self.critical

    def candidates(self) -> np.ndarray:
        """Angles at which [[I, S, 1], [S', 0, 0], [1', 0, |1|^2 - critical]] is singular.

        Its determinant is, up to sign, that of S'S times (critical - |P 1|^2).
        """
        size, n = self.A.shape
        constant, moving = np.zeros((2, size + n + 1, size + n + 1))
        inner, cross, last = slice(0, size), slice(size, size + n), -1
        constant[inner, inner] = np.eye(size)
        constant[inner, last] = constant[last, inner] = self.ones
        constant[last, last] = self.ones @ self.ones - self.critical
        constant[inner, cross], constant[cross, inner] = self.A, self.A.T
        moving[inner, cross], moving[cross, inner] = self.B, self.B.T
        alpha, beta = linalg.eig(constant, moving, right=False, homogeneous_eigvals=True)
        # the real part of alpha / beta, as an angle: nothing overflows where beta is zero
        return np.arctan2((alpha * beta.conj()).real, np.abs(beta) ** 2)


_RINGS = 96


def _arcs(form: _Homoskedastic | _Sandwich) -> list[tuple[float, float]]:
    """Arcs of the half circle [-pi/2, pi/2] on which the gap is at most zero, in order."""
    ring = np.linspace(-np.pi / 2, np.pi / 2, _RINGS + 1)
    points = np.unique(np.concatenate([form.candidates(), ring]))
    points = points[(points >= -np.pi / 2) & (points <= np.pi / 2)]
    points = np.unique(np.concatenate([points, (points[1:] + points[:-1]) / 2]))
    values = form.gap(points)

    def one(angle: float) -> float:
        return float(form.gap(np.array([angle]))[0])

    arcs, start = [], None
    if values[0] <= 0:
        start = -np.pi / 2
    for (low, at_low), (high, at_high) in pairwise(zip(points, values, strict=True)):
        if (at_low <= 0) == (at_high <= 0):
            continue
        edge = float(low if at_low == 0 else high if at_high == 0 else 0)
        if at_low != 0 and at_high != 0:
            edge = optimize.brentq(one, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps)
        if start is None:
            start = edge
        else:
            arcs.append((start, edge))
            start = None
    if start is not None:
        arcs.append((start, np.pi / 2))
    return arcs


def _intervals(
    arcs: list[tuple[float, float]], centre: float, scale: float
) -> tuple[tuple[float, float], ...]:
    """Arcs as intervals of slopes; the ends of the half circle are at infinity."""

    def slope(angle: float) -> float:
        if abs(angle) >= np.pi / 2:
            return float(np.copysign(np.inf, angle))
        return float(centre + scale * np.tan(angle))

    return tuple((slope(low), slope(high)) for low, high in arcs)


def _by_cluster(rows: np.ndarray, codes: np.ndarray, n_clusters: int) -> np.ndarray:
    sums = np.zeros((n_clusters, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums
