"""Wild bootstrap tests of one slope with few clusters, and their sets, solved and not searched.

Residuals under the null slope b keep or change their sign, cluster by cluster. A draw is a sign
pattern, its statistic a ratio of polynomials in b, and so is the observed one. A draw changes
sides, from above the observed statistic to below it, where a polynomial has a root; between
roots the p-value is constant. The set of slopes that are not rejected is found from the roots.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_TIED = 1e-10
_ROOM = 1e-12


def sign_patterns(n: int, draws: int, seed: int) -> np.ndarray:
    """Rademacher signs (patterns, clusters): every pattern once, where that is no more than draws.

    Examples
    --------
    >>> sign_patterns(2, 999, 0).tolist()
    [[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]]
    """
    if n < 31 and 2**n <= draws:
        return 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, n))


def p_value(observed: float, draws: np.ndarray) -> float:
    """Share of draws at least as large in size as the observed statistic; ties count."""
    # the pattern that changes nothing gives back the observed value, but for rounding
    return float((np.abs(draws) >= abs(observed) * (1 - 1e-10) - 1e-12).mean())


@dataclass(frozen=True, eq=False)
class Crossings:
    """Where draws change sides: a draw is at least as extreme as the data where it is not negative.

    The variable is t = (b - centre) / scale.

    Attributes
    ----------
    polynomials : array (draws, degree + 1)
        Highest power first.
    tied : array (draws,) of bool
        Draws that give back the data, whatever the slope.
    centre, scale : float
    """

    polynomials: np.ndarray
    tied: np.ndarray
    centre: float
    scale: float

    def p_values(self, t: np.ndarray) -> np.ndarray:
        """Share of draws at least as extreme as the data, at each t."""
        values = np.zeros((len(t), len(self.polynomials)))
        # beyond one, in powers of 1 / t: nothing overflows
        far = np.abs(t) > 1
        inverse = 1 / np.where(far, t, 1.0)
        for coefficient in self.polynomials.T[::-1]:
            values[far] = values[far] * inverse[far, None] + coefficient
        for coefficient in self.polynomials.T:
            values[~far] = values[~far] * t[~far, None] + coefficient
        if self.polynomials.shape[1] % 2 == 0:  # an odd degree: the power taken out has a sign
            values[far & (t < 0)] *= -1
        return ((values >= 0) | self.tied).mean(axis=1)

    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the intervals on which the p-value is constant, and its values there.

        Returns
        -------
        edges : array (m,)
            Slopes, in order.
        p_values : array (m + 1,)
            Below the first edge, between each two, above the last.
        """
        roots = np.unique(np.concatenate([_real_roots(p) for p in self.polynomials[~self.tied]]))
        if not len(roots):
            return roots, self.p_values(np.zeros(1))
        reach = 1 + np.ptp(roots)
        probes = np.concatenate(
            [[roots[0] - reach], (roots[1:] + roots[:-1]) / 2, [roots[-1] + reach]]
        )
        return self.centre + self.scale * roots, self.p_values(probes)

    def kept(self, level: float) -> tuple[tuple[float, float], ...]:
        """Intervals of slopes whose p-value is at least 1 - level."""
        edges, p_values = self.steps()
        bounds = np.concatenate([[-np.inf], edges, [np.inf]])
        inside: list[tuple[float, float]] = []
        for (low, high), p in zip(pairwise(bounds), p_values, strict=True):
            if p < 1 - level - _ROOM:
                continue
            if inside and inside[-1][1] == low:
                inside[-1] = (inside[-1][0], float(high))
            else:
                inside.append((float(low), float(high)))
        return tuple(inside)


def _real_roots(polynomial: np.ndarray) -> np.ndarray:
    """Real roots, with those that rounding may have made complex: one too many does no harm."""
    size = np.abs(polynomial).max()
    if size == 0:
        return np.empty(0)
    scaled = np.where(np.abs(polynomial) < 1e-14 * size, 0, polynomial / size)
    roots = np.roots(scaled)
    return roots[np.abs(roots.imag) <= 1e-6 * (1 + np.abs(roots.real))].real


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of polynomials, row by row, highest power first."""
    out = np.zeros(
        (*np.broadcast_shapes(a.shape[:-1], b.shape[:-1]), a.shape[-1] + b.shape[-1] - 1)
    )
    for i in range(a.shape[-1]):
        for j in range(b.shape[-1]):
            out[..., i + j] += a[..., i] * b[..., j]
    return out


def _squares(parts: np.ndarray) -> np.ndarray:
    """Sum over clusters of squared polynomials (..., G, degree + 1)."""
    degree = parts.shape[-1] - 1
    out = np.zeros((*parts.shape[:-2], 2 * degree + 1))
    for i in range(degree + 1):
        for j in range(degree + 1):
            out[..., i + j] += np.einsum("...g,...g->...", parts[..., i], parts[..., j])
    return out


def _crossings(above: np.ndarray, below: np.ndarray, centre: float, scale: float) -> Crossings:
    """Draws minus data, and which of them are nothing but rounding."""
    width = max(above.shape[1], below.shape[1])
    size = np.zeros(len(above))
    total = np.zeros((len(above), width))
    for sign, part in ((1, above), (-1, below)):
        total[:, width - part.shape[1] :] += sign * part
        size = np.maximum(size, np.abs(part).max(axis=1))
    tied = np.abs(total).max(axis=1) <= _TIED * size
    return Crossings(total, tied, centre, scale)


@dataclass(frozen=True, eq=False)
class AndersonRubin:
    """The Anderson-Rubin statistic of the data and of each sign pattern, for any slope.

    With s_g a cluster's sum of z (y - b x) and n = sum_g s_g, the statistic is

        t(b) = n / sqrt( sum_g ( s_g - (n / z'z) z_g'z_g )^2 ),

    the ratio of the slope of y - b x on the instrument to its clustered error, whose residuals
    are those of the unrestricted fit. For a draw, y - b x is replaced by itself times the signs,
    effects taken out anew.

    Attributes
    ----------
    s_y, s_x : arrays (G,)
        Sums by cluster of z y and z x.
    S_y, S_x : arrays (draws, G)
        The same for each draw.
    along : array (G,)
        Sums by cluster of z z.
    """

    s_y: np.ndarray
    s_x: np.ndarray
    S_y: np.ndarray
    S_x: np.ndarray
    along: np.ndarray

    def _parts(self, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numerators (..., 2) and residual scores (..., G, 2) as polynomials: x times t, then y."""
        numerator = np.stack([-x.sum(axis=-1), y.sum(axis=-1)], axis=-1)
        share = self.along / self.along.sum()
        score = np.stack([-x, y], axis=-1) - share[:, None] * numerator[..., None, :]
        return numerator, score

    def t(self, b: float) -> tuple[float, np.ndarray]:
        """Statistic of the data and of the draws at slope b."""
        share = self.along / self.along.sum()

        def ratio(s: np.ndarray) -> np.ndarray:
            n = s.sum(axis=-1)
            left = s - n[..., None] * share
            return n / np.sqrt((left**2).sum(axis=-1))

        return float(ratio(self.s_y - b * self.s_x)), ratio(self.S_y - b * self.S_x)

    def p_value(self, b: float) -> float:
        """Share of draws whose statistic is at least as large in size, at slope b."""
        return p_value(*self.t(b))

    def crossings(self) -> Crossings:
        """Where draws change sides: n*^2 V - n^2 V*, of degree four."""
        centre, scale = _unit(self.s_y, self.s_x, np.ones(len(self.s_x)))
        left = self.s_y - centre * self.s_x
        data = self._parts(left, scale * self.s_x)
        draws = self._parts(self.S_y - centre * self.S_x, scale * self.S_x)
        above = _product(_product(draws[0], draws[0]), _squares(data[1]))
        below = _product(_product(data[0], data[0]), _squares(draws[1]))
        return _crossings(above, below, centre, scale)


@dataclass(frozen=True, eq=False)
class Efficient:
    """Restricted efficient wild bootstrap of the 2SLS slope (Davidson and MacKinnon, 2010).

    Both equations' residuals change sign together; the first stage is made efficient by the
    residual of the structural equation.

    Attributes
    ----------
    y, x, z : arrays (N,)
        Net of effects.
    along : array (G,)
        Sums by cluster of z z.
    S_y, S_x, S_z : arrays (draws, G)
        Sums by cluster of z times what is left of a variable with its signs changed.
    score : array (G,)
        Sums by cluster of z times the 2SLS residual.
    """

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    along: np.ndarray
    S_y: np.ndarray
    S_x: np.ndarray
    S_z: np.ndarray
    score: np.ndarray

    def t(self, b: float) -> tuple[float, np.ndarray]:
        """Statistic of the data and of the draws at slope b."""
        u = self.y - b * self.x
        uu, zu, ux, zx = u @ u, self.z @ u, u @ self.x, self.z @ self.x
        # of x on z and u: the coefficient of z
        first = (zx * uu - zu * ux) / (self.along.sum() * uu - zu**2)
        U, V = self.S_y - b * self.S_x, self.S_x - first * self.S_z
        moved = first * self.along.sum() + V.sum(axis=1)
        off = U.sum(axis=1) / moved
        score = U - off[:, None] * (first * self.along + V)
        t = off * moved / np.sqrt((score**2).sum(axis=1))
        return float(self.z @ u / np.sqrt(self.score @ self.score)), t

    def p_value(self, b: float) -> float:
        """Share of draws whose statistic is at least as large in size, at slope b."""
        return p_value(*self.t(b))

    def crossings(self) -> Crossings:
        """Where draws change sides, of degree eight.

        With first stage p(b) / d(b), both quadratic: everything is multiplied by d.
        """
        x, z = self.x, self.z
        zx = z @ x
        centre, scale = _unit(self.y, x, z)
        u0 = self.y - centre * x
        spread = self.score @ self.score
        u1 = scale * x
        u = np.array([-u1, u0])  # a polynomial of degree one, times t first
        uu, zu, ux = _square(u), u @ z, u @ x
        zz = self.along.sum()
        # p = x'z u'u - z'u u'x and d = z'z u'u - (z'u)^2, scaled to the size of one
        p = zx * uu - _product(zu, ux)
        d = zz * uu - _product(zu, zu)
        p, d = p / np.abs(d).max(), d / np.abs(d).max()
        U = np.stack([-scale * self.S_x, self.S_y - centre * self.S_x], axis=-1)
        off = U.sum(axis=1)  # (draws, 2)
        X, Z = self.S_x[..., None] * d, (self.along - self.S_z)[..., None] * p
        along = X + Z  # (draws, G, 3): what a cluster moves x, times d
        moved = along.sum(axis=1)
        score = _product(U, moved[:, None]) - _product(off[:, None], along)
        top = _product(_product(off, off), _product(moved, moved))
        data = np.array([-scale * zx, z @ u0])
        above = top * spread
        below = _product(_product(data, data), _squares(score))
        return _crossings(above, below, centre, scale)


def _unit(y: np.ndarray, x: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Centre and scale of slopes, such that all roots that matter are of the size of one.

    The slope of 2SLS and its error, unless z'x is no larger than noise would make it: then that
    slope is anywhere, and that of least squares and its spread take its place.
    """
    zx, noise = float(z @ x), float(np.linalg.norm(z * x))
    if abs(zx) >= noise:
        centre = float(z @ y) / zx
        return centre, float(np.linalg.norm(z * (y - centre * x)) / abs(zx))
    xx = float(x @ x)
    centre = float(x @ y) / xx
    left = y - centre * x
    return centre, float(np.sqrt(left @ left / xx))


def _square(u: np.ndarray) -> np.ndarray:
    """Inner square of a polynomial of degree one whose coefficients are vectors."""
    return np.array([u[0] @ u[0], 2 * (u[0] @ u[1]), u[1] @ u[1]])


def draw_slopes(crossings: Crossings, draws: int, seed: int) -> np.ndarray:
    """Slopes whose central intervals are the sets of the test, at every level.

    Each draw takes one end of the set of slopes with p-values of at least a random number in
    (0, 1): a distribution of confidence. Ends may be infinite.
    """
    edges, p_values = crossings.steps()
    bounds = np.concatenate([[-np.inf], edges, [np.inf]])
    rng = np.random.default_rng(seed)
    # one p-value in each of as many equal parts, lower and upper ends by turns
    even = (np.arange(draws) + rng.uniform(size=draws)) / draws
    above = p_values >= even[:, None]
    first = above.argmax(axis=1)
    last = above.shape[1] - 1 - above[:, ::-1].argmax(axis=1)
    low = (np.arange(draws) + rng.integers(2)) % 2 == 0
    return rng.permutation(np.where(low, bounds[first], bounds[last + 1]))
