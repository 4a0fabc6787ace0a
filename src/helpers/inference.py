"""Standard errors, bootstrap and weak-instrument sets for the paper's 2SLS (paper, 4.2).

Everything works on cells whose city-year and occupation-year effects are taken out. The
bootstrap re-estimates the effects in each draw: years share none, so a draw is ten small
systems, and a thousand draws are a few large array operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers import estimation, weak
from helpers.errors import DataError, ParameterError, find_name
from helpers.panel import Panel

_VARIABLES = ("log_share", "log_wage", "instrument")
_CLUSTERINGS = (
    ("homoskedastic", "iid"),
    ("heteroskedastic", None),
    ("city x occupation", "city_occupation"),
    ("city", "city"),
    ("occupation", "occupation"),
    ("city and occupation", "city+occupation"),
)
_DRAWS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Cells:
    """The sample as one rectangle a year, for weighting cells up and down.

    Attributes
    ----------
    values : list of arrays (3, C, K), one a year
        Log share, log wage, instrument; 0 where a cell is missing.
    present : list of arrays (C, K)
        1 where there is a cell, else 0.
    codes : dict of str to list of arrays (C, K)
        Cluster codes by clustering.
    n_clusters : dict of str to int
    """

    values: list[np.ndarray]
    present: list[np.ndarray]
    codes: dict[str, list[np.ndarray]]
    n_clusters: dict[str, int]

    @classmethod
    def of(cls, data: pd.DataFrame) -> Cells:
        """From a sample as :func:`helpers.estimation.sample` returns it."""
        values, present = [], []
        cities = pd.factorize(data["city"], sort=True)[0]
        occupations = pd.factorize(data["occupation"], sort=True)[0]
        n_occupations = int(occupations.max()) + 1
        clusterings = {
            "city": cities,
            "occupation": occupations,
            "city_occupation": cities * n_occupations + occupations,
        }
        codes: dict[str, list[np.ndarray]] = {name: [] for name in clusterings}
        table = data[list(_VARIABLES)].to_numpy(float)
        for rows in data.groupby("year").indices.values():
            here, position = np.unique(cities[rows], return_inverse=True)
            shape = (len(here), n_occupations)
            place = (position, occupations[rows])
            block = np.zeros((3, *shape))
            block[:, place[0], place[1]] = table[rows].T
            there = np.zeros(shape)
            there[place] = 1
            values.append(block)
            present.append(there)
            grid_city, grid_occupation = np.broadcast_arrays(here[:, None], np.arange(shape[1]))
            codes["city"].append(grid_city)
            codes["occupation"].append(grid_occupation)
            codes["city_occupation"].append(grid_city * n_occupations + grid_occupation)
        sizes = {name: int(code.max()) + 1 for name, code in clusterings.items()}
        return cls(values, present, codes, sizes)

    def slopes(self, multiplicity: np.ndarray, clusters: str) -> np.ndarray:
        """2SLS slopes with every cluster counted as often as said.

        Parameters
        ----------
        multiplicity : array (draws, clusters)
            How often each cluster counts, 0 for not at all.
        clusters : str

        Returns
        -------
        array (draws,)
        """
        moments = np.zeros((len(multiplicity), 2))
        for values, present, codes in zip(
            self.values, self.present, self.codes[clusters], strict=True
        ):
            for start in range(0, len(multiplicity), _DRAWS_AT_ONCE):
                part = slice(start, start + _DRAWS_AT_ONCE)
                weight = multiplicity[part][:, codes] * present
                moments[part] += _moments(values, weight)
        return moments[:, 0] / moments[:, 1]


def _moments(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted z'y and z'x net of both sets of effects, (draws, 2), for one year."""
    size_c = weight.sum(axis=2)
    inverse_c = np.divide(1.0, size_c, out=np.zeros_like(size_c), where=size_c > 0)
    mean = np.einsum("bck,vck->bvc", weight, values) * inverse_c[:, None]
    net = values[None] - mean[..., None]
    # occupation effects net of city effects: D b = r, singular in one direction at least
    total_k = weight.sum(axis=1)
    D = np.einsum("bk,kl->bkl", total_k, np.eye(weight.shape[2]))
    D -= np.einsum("bck,bcl,bc->bkl", weight, weight, inverse_c, optimize=True)
    r = np.einsum("bck,bvck->bvk", weight, net)
    effects = np.einsum("bkl,bvl->bvk", np.linalg.pinv(D, hermitian=True, rcond=1e-10), r)
    weighted = weight * net[:, 2]
    plain = np.einsum("bck,bvck->bv", weighted, net[:, :2])
    return plain - np.einsum("bvk,bk->bv", effects[:, :2], r[:, 2])


def bootstrap(
    panel: Panel,
    *,
    clusters: str = "city_occupation",
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> np.ndarray:
    """Pairs cluster bootstrap of the 2SLS slope: clusters are drawn with replacement.

    Effects are estimated anew in each draw. A cluster that is drawn twice counts twice.

    Parameters
    ----------
    panel : Panel
    clusters : {"city_occupation", "city", "occupation"}
    draws : int, above 0
    seed : int
    years : sequence of int, optional

    Returns
    -------
    array (draws,)
    """
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    cells = Cells.of(estimation.sample(panel, years))
    find_name("clusters", clusters, tuple(cells.codes))
    n = cells.n_clusters[clusters]
    rng = np.random.default_rng(seed)
    return cells.slopes(rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float), clusters)


def leave_one_out(panel: Panel, clusters: str, years: Sequence[int] | None = None) -> pd.Series:
    """2SLS slope without each cluster in turn, effects estimated anew.

    Returns
    -------
    Series
        By name of the cluster, for ``city`` and ``occupation``.
    """
    data = estimation.sample(panel, years)
    cells = Cells.of(data)
    find_name("clusters", clusters, ("city", "occupation", "city_occupation"))
    n = cells.n_clusters[clusters]
    if n < 2:
        raise DataError(f"clusters: {clusters} has {n} level, at least 2 are needed")
    slopes = cells.slopes(1 - np.eye(n), clusters)
    if clusters == "city_occupation":
        return pd.Series(slopes, name="beta")
    return pd.Series(slopes, sorted(data[clusters].unique()), name="beta")


@dataclass(frozen=True, eq=False)
class Within:
    """Share, wage and instrument net of both sets of effects, with the cluster codes."""

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    data: pd.DataFrame

    @property
    def beta(self) -> float:
        """2SLS slope, a ratio of two sums."""
        return float(self.z @ self.y / (self.z @ self.x))


def within(panel: Panel, years: Sequence[int] | None = None) -> Within:
    """Take the effects out of a panel's sample (paper, 3.1)."""
    data = estimation.sample(panel, years)
    y, x, z = estimation.residualise(data, list(_VARIABLES)).T
    return Within(y, x, z, data)


def standard_errors(panel: Panel, level: float = 0.95) -> pd.DataFrame:
    """The 2SLS slope under every clustering, and what each implies for rho.

    Returns
    -------
    DataFrame
        ``clusters``, ``n_clusters``; ``beta``, ``se``; ``se_jackknife`` (leave one cluster out,
        for one-way clusters of cities or occupations), ``rho``, ``se_rho`` (delta method,
        se / beta^2), ``rho_low``, ``rho_high`` (the interval of beta carried through, with
        t quantiles of clusters - 1 degrees of freedom), ``first_stage_f`` (with one instrument
        this is the effective F of Montiel Olea and Pflueger), ``rho_ar`` (Anderson-Rubin set).
    """
    net = within(panel)
    rows = []
    for label, clusters in _CLUSTERINGS:
        found = estimation.estimate(panel, clusters=clusters, level=level)
        jackknife = np.nan
        if clusters in ("city", "occupation"):
            slopes = leave_one_out(panel, clusters).to_numpy()
            n = len(slopes)
            jackknife = float(np.sqrt((n - 1) / n * ((slopes - found.beta) ** 2).sum()))
        rows.append(
            {
                "clusters": label,
                "n_clusters": found.spec["n_clusters"],
                "beta": found.beta,
                "se": found.se,
                "se_jackknife": jackknife,
                "rho": found.rho,
                "se_rho": found.se / found.beta**2,
                "rho_low": found.rho_interval[0],
                "rho_high": found.rho_interval[1],
                "first_stage_f": found.first_stage.f,
                "rho_ar": str(_ar(net, clusters, level).rho()),
            }
        )
    return pd.DataFrame(rows)


def anderson_rubin(
    panel: Panel, clusters: str | None = "city_occupation", level: float = 0.95
) -> weak.ConfidenceSet:
    """Anderson-Rubin set of the slope; ``.rho()`` gives that of the correlation.

    Parameters
    ----------
    panel : Panel
    clusters : str or None
        One of :data:`helpers.estimation.CLUSTERS`, None for heteroskedastic errors, ``"iid"``.
    level : float, in (0, 1)
    """
    return _ar(within(panel), clusters, level)


def _ar(net: Within, clusters: str | None, level: float) -> weak.ConfidenceSet:
    if clusters in (None, "iid"):
        return weak.anderson_rubin(net.y, net.x, net.z, level=level, robust=clusters is None)
    if clusters == "city+occupation":
        return _two_way(net, level)
    return weak.anderson_rubin(net.y, net.x, net.z, clusters=net.data[clusters], level=level)


def _two_way(net: Within, level: float) -> weak.ConfidenceSet:
    """Anderson-Rubin set with clusters of cities and of occupations at once."""
    forms = []
    for name in ("city", "occupation", "city_occupation"):
        codes = pd.factorize(net.data[name])[0]
        n = codes.max() + 1
        sums = [np.bincount(codes, weights=net.z * v) for v in (net.y, net.x)]
        factor = n / (n - 1)
        forms.append(factor * np.array([[a @ b for b in sums] for a in sums]))
    V = forms[0] + forms[1] - forms[2]
    few = min(net.data["city"].nunique(), net.data["occupation"].nunique())
    critical = stats.f.ppf(level, 1, few - 1)
    zy, zx = net.z @ net.y, net.z @ net.x

    def gap(b: np.ndarray) -> np.ndarray:
        return (zy - b * zx) ** 2 - critical * (V[0, 0] - 2 * b * V[0, 1] + b**2 * V[1, 1])

    scale = float(np.sqrt(max(V[0, 0], 1e-300)) / abs(zx))
    return weak.ConfidenceSet(weak._where_negative(gap, 2, net.beta, scale), level)


@dataclass(frozen=True, eq=False)
class WildTest:
    """Wild bootstrap of a test of one slope.

    Attributes
    ----------
    p_value : float
    t : float
        Observed statistic.
    draws : array
        Bootstrap statistics; every sign pattern once, where clusters are few.
    """

    p_value: float
    t: float
    draws: np.ndarray


class _Wild:
    """Restricted efficient wild bootstrap, reduced to matrices of one row a cluster."""

    def __init__(self, net: Within, clusters: str) -> None:
        self.net = net
        self.codes = pd.factorize(net.data[clusters], sort=True)[0]
        self.n = int(self.codes.max()) + 1
        if self.n < 2:
            raise DataError(f"clusters: {clusters} has {self.n} level, at least 2 are needed")
        self.member = np.eye(self.n)[self.codes]
        # responses are linear in the residuals, and residuals in share, wage and instrument
        self.A_y, self.A_x, self.A_z = (self._responses(v) for v in (net.y, net.x, net.z))
        self.along = np.bincount(self.codes, weights=net.z * net.z)

    def _responses(self, values: np.ndarray) -> np.ndarray:
        """[g, h]: cluster g's sum of z times what is left of cluster h's values."""
        columns = [f"c{h}" for h in range(self.n)]
        keys = self.net.data[["year", "city_year", "occupation_year"]]
        spread = pd.DataFrame(values[:, None] * self.member, keys.index, columns)
        left = estimation.residualise(pd.concat([keys, spread], axis=1), columns)
        return self.member.T @ (self.net.z[:, None] * left)

    def statistic(self, beta0: float, signs: np.ndarray) -> tuple[float, np.ndarray]:
        """Observed t and its bootstrap draws under the slope beta0."""
        y, x, z = self.net.y, self.net.x, self.net.z
        zz = z @ z
        u = y - beta0 * x
        # first stage made efficient by the structural residual, as Davidson and MacKinnon do
        design = np.column_stack([z, u])
        coefficients = np.linalg.lstsq(design, x, rcond=None)[0]
        first = coefficients[0]
        A_u, A_v = self.A_y - beta0 * self.A_x, self.A_x - first * self.A_z
        # for signs s: z'x* = first zz + 1'A_v s, and likewise for y*
        zx = first * zz + signs @ A_v.sum(axis=0)
        zy = beta0 * zx + signs @ A_u.sum(axis=0)
        slope = zy / zx
        score_u = signs @ A_u.T  # (draws, clusters)
        score_x = first * self.along + signs @ A_v.T
        score = score_u - (slope - beta0)[:, None] * score_x
        t = (zy - beta0 * zx) / np.sqrt((score**2).sum(axis=1))
        observed_score = np.bincount(self.codes, weights=z * (y - self.net.beta * x))
        observed = (z @ u) / np.sqrt(observed_score @ observed_score)
        return float(observed), t


def wild_test(
    panel: Panel,
    beta0: float,
    *,
    clusters: str = "occupation",
    draws: int = 999,
    seed: int = 0,
) -> WildTest:
    """Test of one slope by the restricted efficient wild bootstrap, for few clusters.

    Davidson and MacKinnon (2010): residuals under the null keep or change their sign, cluster
    by cluster, in both equations at once. With so few clusters that there are fewer sign
    patterns than draws, every pattern is used once.

    Parameters
    ----------
    panel : Panel
    beta0 : float
    clusters : {"occupation", "city"}
    draws : int
    seed : int
    """
    wild = _Wild(within(panel), clusters)
    return _wild_test(wild, beta0, _signs(wild.n, draws, seed))


def _signs(n: int, draws: int, seed: int) -> np.ndarray:
    if 2**n <= draws:
        return 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, n))


def _wild_test(wild: _Wild, beta0: float, signs: np.ndarray) -> WildTest:
    observed, t = wild.statistic(beta0, signs)
    # the pattern that changes nothing gives back the observed value: a tie, not a draw below
    p_value = float((np.abs(t) >= abs(observed) * (1 - 1e-10) - 1e-12).mean())
    return WildTest(p_value, observed, t)


def wild_interval(
    panel: Panel,
    *,
    clusters: str = "occupation",
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    reach: float = 40.0,
    points: int = 161,
) -> weak.ConfidenceSet:
    """Slopes that :func:`wild_test` does not reject, on a grid around the estimate.

    Parameters
    ----------
    reach : float
        Half width of the grid in standard errors; a set that touches its end is open there.
    points : int
    """
    wild = _Wild(within(panel), clusters)
    signs = _signs(wild.n, draws, seed)
    beta = wild.net.beta
    score = np.bincount(wild.codes, weights=wild.net.z * (wild.net.y - beta * wild.net.x))
    se = float(np.sqrt(score @ score) / abs(wild.net.z @ wild.net.x))
    # denser near the estimate
    grid = beta + reach * se * np.linspace(-1, 1, points) ** 3
    kept = np.array([_wild_test(wild, b, signs).p_value > 1 - level for b in grid])
    intervals, start = [], None
    for i, inside in enumerate([*kept, False]):
        if inside and start is None:
            start = -np.inf if i == 0 else float(grid[i])
        elif not inside and start is not None:
            intervals.append((start, np.inf if i == len(grid) else float(grid[i - 1])))
            start = None
    return weak.ConfidenceSet(tuple(intervals), level)
