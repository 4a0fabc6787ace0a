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

from helpers import clustered, estimation, strength, weak, wild
from helpers.clustered import effective_number, small_sample_factor
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
FORMS = ("null", "unrestricted", "wild")
"""Ways to judge an Anderson-Rubin statistic: scores under the null slope, residuals of the
unrestricted fit, and the wild restricted bootstrap of the latter."""

__all__ = [
    "FORMS",
    "Cells",
    "Overidentification",
    "WildTest",
    "Within",
    "anderson_rubin",
    "anderson_rubin_forms",
    "anderson_rubin_p_value",
    "bootstrap",
    "cluster_weights",
    "effective_number",
    "leave_one_out",
    "overidentification",
    "p_value_curve",
    "small_sample_factor",
    "standard_errors",
    "wild_anderson_rubin",
    "wild_anderson_rubin_test",
    "wild_draws",
    "wild_interval",
    "wild_test",
    "with_base",
    "within",
]


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


def standard_errors(
    panel: Panel, level: float = 0.95, years: Sequence[int] | None = None
) -> pd.DataFrame:
    """The 2SLS slope under every clustering, and what each implies for rho.

    One convention holds in every row of ``se``: the small-sample factor counts all effects
    (:func:`helpers.clustered.small_sample_factor`), so that rows differ by which errors may be
    correlated and by nothing else. :func:`helpers.estimation.estimate` does not count effects
    that lie within the clusters; its errors are in ``se_not_nested``.

    Parameters
    ----------
    panel : Panel
    level : float, in (0, 1)
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        ``clusters``, ``n_clusters``; ``beta``, ``se``, ``se_not_nested``; ``se_jackknife``
        (leave one cluster out, for one-way clusters of cities or occupations), ``rho``,
        ``se_rho`` (delta method, se / beta^2), ``rho_low``, ``rho_high`` (the interval of beta
        carried through, with t quantiles of clusters - 1 degrees of freedom),
        ``first_stage_f`` (as :func:`helpers.estimation.estimate` reports it; with one
        instrument this is the effective F of Montiel Olea and Pflueger), ``tf`` (critical value
        of abs(t) at that F, Lee and others, at 95 per cent),
        ``rho_tf`` (the interval of rho with it), ``rho_ar`` (Anderson-Rubin set, scores under
        the null).
    """
    _check_level(level)
    net = within(panel, years)
    e = net.y - net.beta * net.x
    moved = net.z @ net.x
    first = moved / (net.z @ net.z)
    left = net.x - first * net.z
    rows = []
    for label, clusters in _CLUSTERINGS:
        groups = 0
        degrees = len(e) - clustered.n_parameters(net.data)
        if clusters not in (None, "iid"):
            groups = clustered.n_clusters(net.data, clusters)
            degrees = groups - 1
        found = clustered.variance(net.z, e, net.data, clusters)
        se = float(np.sqrt(found) / abs(moved))
        factors = [
            small_sample_factor(net.data, clusters, count) for count in ("not nested", "all")
        ]
        jackknife = np.nan
        if clusters in ("city", "occupation"):
            slopes = leave_one_out(panel, clusters, years).to_numpy()
            n = len(slopes)
            jackknife = float(np.sqrt((n - 1) / n * ((slopes - net.beta) ** 2).sum()))
        spread = clustered.variance(net.z, left, net.data, clusters, "not nested")
        strong = float(moved**2 / spread)
        critical = strength.tf_critical(strong)
        reach = stats.t.ppf((1 + level) / 2, degrees) * se
        low, high = (estimation.rho_of(net.beta + side * reach) for side in (-1, 1))
        ends = (net.beta - critical * se, net.beta + critical * se)
        rows.append(
            {
                "clusters": label,
                "n_clusters": groups,
                "beta": net.beta,
                "se": se,
                "se_not_nested": se * np.sqrt(factors[0] / factors[1]),
                "se_jackknife": jackknife,
                "rho": estimation.rho_of(net.beta),
                "se_rho": se / net.beta**2,
                "rho_low": low,
                "rho_high": high,
                "first_stage_f": strong,
                "tf": critical,
                "rho_tf": str(weak.ConfidenceSet((ends,), 0.95).rho()),
                "rho_ar": str(_ar(net, clusters, level).rho()),
            }
        )
    return pd.DataFrame(rows)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), found {level!r}")


def cluster_weights(
    panel: Panel, clusters: str = "occupation", years: Sequence[int] | None = None
) -> pd.DataFrame:
    """How much of the instrument's variance, and of the estimate, each cluster carries.

    Parameters
    ----------
    panel : Panel
    clusters : {"occupation", "city"}
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        A row a cluster, largest first: its share of the ``instrument``'s variance net of
        effects, of the ``numerator`` sum z y and of the ``denominator`` sum z x of the slope.
        ``attrs["effective"]`` is the effective number of clusters of Carter, Schnepel and
        Steigerwald (2017).
    """
    find_name("clusters", clusters, ("occupation", "city"))
    net = within(panel, years)
    codes = clustered.codes_of(net.data, clusters)
    parts = {"instrument": net.z, "numerator": net.y, "denominator": net.x}
    by = {name: clustered.sums(net.z * v, codes) for name, v in parts.items()}
    table = pd.DataFrame(
        {clusters: sorted(net.data[clusters].unique())}
        | {name: part / part.sum() for name, part in by.items()}
    ).sort_values("instrument", ascending=False, ignore_index=True)
    table.attrs["effective"] = effective_number(by["instrument"])
    return table


def anderson_rubin(
    panel: Panel,
    clusters: str | None = "city_occupation",
    level: float = 0.95,
    *,
    form: str = "null",
    years: Sequence[int] | None = None,
) -> weak.ConfidenceSet:
    """Anderson-Rubin set of the slope; ``.rho()`` gives that of the correlation.

    Parameters
    ----------
    panel : Panel
    clusters : str or None
        One of :data:`helpers.estimation.CLUSTERS`, None for heteroskedastic errors, ``"iid"``.
    level : float, in (0, 1)
    form : {"null", "unrestricted"}
        Where the variance of the statistic is taken: at scores under the slope that is tested,
        or at the residuals of y - b x on the instrument.
    years : sequence of int, optional

    Notes
    -----
    With scores s_g under the null and G clusters the statistic is (sum s_g)^2 over
    G / (G - 1) sum s_g^2, which is G - 1 at most, by Cauchy and Schwarz, whatever the data say.
    """
    find_name("form", form, FORMS[:2])
    net = within(panel, years)
    if form == "null":
        return _ar(net, clusters, level)
    return _unrestricted(net, clusters, level)


def _ar(net: Within, clusters: str | None, level: float) -> weak.ConfidenceSet:
    if clusters in (None, "iid"):
        return weak.anderson_rubin(net.y, net.x, net.z, level=level, robust=clusters is None)
    if "+" in clusters:
        return _quadratic_set(net, (net.z * net.y, net.z * net.x), clusters, level)
    return weak.anderson_rubin(net.y, net.x, net.z, clusters=net.data[clusters], level=level)


def _unrestricted(net: Within, clusters: str | None, level: float) -> weak.ConfidenceSet:
    left = (v - net.z * (net.z @ v) / (net.z @ net.z) for v in (net.y, net.x))
    return _quadratic_set(net, tuple(net.z * v for v in left), clusters, level)


def _degrees(net: Within, clusters: str | None) -> float:
    return np.inf if clusters is None else clustered.n_clusters(net.data, clusters) - 1


def _quadratic_set(
    net: Within, scores: tuple[np.ndarray, np.ndarray], clusters: str | None, level: float
) -> weak.ConfidenceSet:
    """Slopes b at which (z'y - b z'x)^2 is within its critical multiple of V(b)."""
    _check_level(level)
    if clusters == "iid":
        raise ParameterError("clusters: the unrestricted form needs clusters or None, found 'iid'")
    V = clustered.squares(scores, net.data, clusters)
    degrees = _degrees(net, clusters)
    factor = 1.0 if clusters is None else (degrees + 1) / degrees
    critical = factor * _f_quantile(level, degrees)
    zy, zx = net.z @ net.y, net.z @ net.x
    # in t = (b - beta) / scale
    scale = float(np.sqrt(max(V[0, 0], 1e-300)) / abs(zx))
    V = np.array([[1.0, 0.0], [-net.beta, 1.0]]).T @ V @ np.array([[1.0, 0.0], [-net.beta, 1.0]])
    gap = np.array(
        [
            scale**2 * (zx**2 - critical * V[1, 1]),
            2 * scale * critical * V[0, 1],
            (zy - net.beta * zx) ** 2 - critical * V[0, 0],
        ]
    )
    draw = wild.Crossings(-gap[None], np.zeros(1, bool), net.beta, scale)
    return weak.ConfidenceSet(draw.kept(0.5), level)


def _f_quantile(level: float, degrees: float) -> float:
    return float(stats.chi2.ppf(level, 1) if np.isinf(degrees) else stats.f.ppf(level, 1, degrees))


def anderson_rubin_p_value(
    panel: Panel,
    beta0: float,
    clusters: str = "city_occupation",
    *,
    form: str = "wild",
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> float:
    """P-value of one slope by the Anderson-Rubin test, in any of its forms.

    Parameters
    ----------
    panel : Panel
    beta0 : float
    clusters : str
    form : {"wild", "unrestricted", "null"}
    draws, seed : int
        Of the wild form, where there are more sign patterns than draws.
    years : sequence of int, optional
    """
    find_name("form", form, FORMS)
    net = within(panel, years)
    if form == "wild":
        return _judge(_patterns(net, clusters, draws, seed), beta0).p_value
    return _ar_p_value(net, beta0, clusters, form)


def _ar_p_value(net: Within, beta0: float, clusters: str, form: str) -> float:
    u = net.y - beta0 * net.x
    e = u if form == "null" else u - net.z * (net.z @ u) / (net.z @ net.z)
    degrees = _degrees(net, clusters)
    spread = clustered.squares([net.z * e], net.data, clusters)[0, 0] * (degrees + 1) / degrees
    return float(stats.f.sf((net.z @ u) ** 2 / spread, 1, degrees))


def anderson_rubin_forms(
    panel: Panel,
    beta0: float = 1.0,
    *,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> pd.DataFrame:
    """The three forms of the Anderson-Rubin test side by side, for each clustering.

    Parameters
    ----------
    panel : Panel
    beta0 : float
        A slope to test; 1 is rho = 0, no correlation.
    level : float, in (0, 1)
    draws, seed : int
        Of the wild bootstrap, where there are more sign patterns than draws.
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        ``clusters``, ``n_clusters``, ``form`` (one of :data:`FORMS`), ``largest`` (what the
        statistic cannot exceed; missing where nothing bounds it), ``critical`` (what it is
        compared with; missing for the bootstrap, which has a value for every slope),
        ``p_value`` at ``beta0``, ``slopes`` and ``rho``, the sets in words.
    """
    _check_level(level)
    net = within(panel, years)
    rows = []
    for label, clusters in _CLUSTERINGS[2:5]:
        groups = clustered.n_clusters(net.data, clusters)
        critical = _f_quantile(level, groups - 1)
        patterns = _patterns(net, clusters, draws, seed)
        sets = {
            "null": _ar(net, clusters, level),
            "unrestricted": _unrestricted(net, clusters, level),
            "wild": weak.ConfidenceSet(patterns.crossings().kept(level), level),
        }
        for form, found in sets.items():
            p = (
                _judge(patterns, beta0).p_value
                if form == "wild"
                else _ar_p_value(net, beta0, clusters, form)
            )
            rows.append(
                {
                    "clusters": label,
                    "n_clusters": groups,
                    "form": form,
                    "largest": groups - 1.0 if form == "null" else np.nan,
                    "critical": np.nan if form == "wild" else critical,
                    "p_value": p,
                    "slopes": str(found),
                    "rho": str(found.rho()),
                }
            )
    return pd.DataFrame(rows)


def p_value_curve(
    panel: Panel,
    slopes: Sequence[float],
    clusters: str = "occupation",
    *,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> pd.DataFrame:
    """P-value of each of many slopes, by the three forms of the Anderson-Rubin test.

    Parameters
    ----------
    panel : Panel
    slopes : sequence of float
    clusters : {"occupation", "city", "city_occupation"}
    draws, seed : int
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        ``slope`` and a column for each of :data:`FORMS`.
    """
    net = within(panel, years)
    slopes = np.asarray(slopes, dtype=float)
    crossings = _patterns(net, clusters, draws, seed).crossings()
    table = {form: [_ar_p_value(net, b, clusters, form) for b in slopes] for form in FORMS[:2]}
    wild_p = crossings.p_values((slopes - crossings.centre) / crossings.scale)
    return pd.DataFrame({"slope": slopes, **table, "wild": wild_p})


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


def _judge(bootstrap: wild.AndersonRubin | wild.Efficient, beta0: float) -> WildTest:
    observed, t = bootstrap.t(beta0)
    return WildTest(wild.p_value(observed, t), observed, t)


def _draws_of(net: Within, clusters: str, signs: np.ndarray, *names: str) -> list[np.ndarray]:
    """For each variable (patterns, G): sums by cluster of z times it, its signs changed.

    Effects are taken out of the changed variable anew. Responses are linear: with few clusters
    they are found a cluster at a time, with many a pattern at a time.
    """
    codes = clustered.codes_of(net.data, clusters)
    keys = net.data[["year", "city_year", "occupation_year"]]
    few = signs.shape[1] <= len(signs)
    changes = np.eye(signs.shape[1]) if few else signs
    found = []
    for name in names:
        values = getattr(net, name)
        parts = []
        for start in range(0, len(changes), 128):
            spread = values[:, None] * changes[start : start + 128].T[codes]
            columns = [f"c{i}" for i in range(spread.shape[1])]
            table = pd.concat([keys, pd.DataFrame(spread, keys.index, columns)], axis=1)
            left = estimation.residualise(table, columns)
            parts.append(clustered.sums(net.z[:, None] * left, codes).T)
        scores = np.concatenate(parts)
        found.append(signs @ scores if few else scores)
    return found


def _signs(net: Within, clusters: str, draws: int, seed: int) -> np.ndarray:
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    groups = clustered.n_clusters(net.data, clusters)
    if groups < 3:
        raise DataError(f"clusters: {clusters} has {groups} levels, a sign test needs 3 or more")
    return wild.sign_patterns(groups, draws, seed)


def _patterns(net: Within, clusters: str, draws: int, seed: int) -> wild.AndersonRubin:
    find_name("clusters", clusters, ("occupation", "city", "city_occupation"))
    codes = clustered.codes_of(net.data, clusters)
    signs = _signs(net, clusters, draws, seed)
    S_y, S_x = _draws_of(net, clusters, signs, "y", "x")
    s_y, s_x, along = clustered.sums(
        np.column_stack([net.z * net.y, net.z * net.x, net.z * net.z]), codes
    ).T
    return wild.AndersonRubin(s_y, s_x, S_y, S_x, along)


def _efficient(net: Within, clusters: str, draws: int, seed: int) -> wild.Efficient:
    find_name("clusters", clusters, ("occupation", "city"))
    codes = clustered.codes_of(net.data, clusters)
    S_y, S_x, S_z = _draws_of(net, clusters, _signs(net, clusters, draws, seed), "y", "x", "z")
    along = clustered.sums(net.z * net.z, codes)
    score = clustered.sums(net.z * (net.y - net.beta * net.x), codes)
    return wild.Efficient(net.y, net.x, net.z, along, S_y, S_x, S_z, score)


def wild_test(
    panel: Panel,
    beta0: float,
    *,
    clusters: str = "occupation",
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
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
    years : sequence of int, optional
    """
    return _judge(_efficient(within(panel, years), clusters, draws, seed), beta0)


def wild_interval(
    panel: Panel,
    *,
    clusters: str = "occupation",
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> weak.ConfidenceSet:
    """Exactly the slopes that :func:`wild_test` does not reject: its p-value is 1 - level or more.

    Parameters
    ----------
    panel : Panel
    clusters : {"occupation", "city"}
    level : float, in (0, 1)
    draws, seed : int
    years : sequence of int, optional

    Notes
    -----
    Observed and drawn statistics are ratios of polynomials in the slope; where one overtakes
    the other a polynomial of degree eight has a root. Nothing is searched.
    """
    _check_level(level)
    crossings = _efficient(within(panel, years), clusters, draws, seed).crossings()
    return weak.ConfidenceSet(crossings.kept(level), level)


def wild_anderson_rubin_test(
    panel: Panel,
    beta0: float,
    *,
    clusters: str = "occupation",
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> WildTest:
    """Test of one slope by the wild restricted bootstrap of the Anderson-Rubin statistic.

    Residuals y - b x under the null keep or change their sign, cluster by cluster, and the
    statistic, its variance at the unrestricted fit, is computed anew (Roodman, Nielsen,
    MacKinnon and Webb, 2019, section 6.2). No first stage enters, so that a weak instrument
    does no harm. Eight clusters have 256 patterns; as a pattern and its opposite give the same
    statistic, p-values are multiples of 1/128.

    Parameters
    ----------
    panel : Panel
    beta0 : float
    clusters : {"occupation", "city", "city_occupation"}
    draws, seed : int
        Where there are more sign patterns than draws.
    years : sequence of int, optional
    """
    return _judge(_patterns(within(panel, years), clusters, draws, seed), beta0)


def wild_anderson_rubin(
    panel: Panel,
    clusters: str = "occupation",
    level: float = 0.95,
    *,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> weak.ConfidenceSet:
    """Exactly the slopes that :func:`wild_anderson_rubin_test` does not reject.

    Parameters
    ----------
    panel : Panel
    clusters : {"occupation", "city", "city_occupation"}
    level : float, in (0, 1)
    draws, seed : int
    years : sequence of int, optional

    Returns
    -------
    ConfidenceSet
        Slopes with a p-value of 1 - level or more; ``.rho()`` gives the correlations.
    """
    _check_level(level)
    crossings = _patterns(within(panel, years), clusters, draws, seed).crossings()
    return weak.ConfidenceSet(crossings.kept(level), level)


def wild_draws(
    panel: Panel,
    draws: int = 999,
    *,
    clusters: str = "occupation",
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> np.ndarray:
    """Slopes distributed so that central intervals are the wild Anderson-Rubin sets.

    A distribution of confidence: each draw takes a p-value at random and one end of the set of
    slopes that reach it. It stands in for the pairs bootstrap where clusters are few, and never
    leaves a cluster out. A set that is open at an end gives infinite draws.

    Parameters
    ----------
    panel : Panel
    draws : int, above 0
    clusters : {"occupation", "city", "city_occupation"}
    seed : int
    years : sequence of int, optional

    Returns
    -------
    array (draws,)
    """
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    crossings = _patterns(within(panel, years), clusters, 999, seed).crossings()
    return wild.draw_slopes(crossings, draws, seed)


@dataclass(frozen=True)
class Overidentification:
    """Hansen's test that two instruments point to one slope.

    Attributes
    ----------
    J : float
    p_value : float
        Chi-squared with ``df`` degrees of freedom; with few clusters an approximation.
    df : int
    clusters : str
    n_clusters : int
    beta : float
        Slope by two-step GMM with both instruments.
    beta_base, beta_shifts : float
        Slopes by the instrument frozen at its base year alone, and by what the shifts add to it
        alone.
    shifts_f : float
        First-stage F of what the shifts add.
    shifts_set : ConfidenceSet
        Anderson-Rubin set of the slope from what the shifts add.
    """

    J: float
    p_value: float
    df: int
    clusters: str
    n_clusters: int
    beta: float
    beta_base: float
    beta_shifts: float
    shifts_f: float
    shifts_set: weak.ConfidenceSet


def overidentification(
    panel: Panel,
    clusters: str = "city_occupation",
    *,
    years: Sequence[int] | None = None,
    level: float = 0.95,
) -> Overidentification:
    """Do the instrument as it is and frozen at its base year point to the same slope?

    Frozen, the instrument is what a cell's first year predicts, in every year: base-year sector
    mixes and nothing else. What the actual one adds is the shifts. If both are excluded from
    the equation, both slopes are the same and Hansen's J is chi-squared with one degree of
    freedom.

    Parameters
    ----------
    panel : Panel
    clusters : str
        One of :data:`helpers.estimation.CLUSTERS` without ``+``.
    years : sequence of int, optional
    level : float, in (0, 1)
        Of ``shifts_set``.

    Raises
    ------
    DataError
        If the instrument does not move over time, so that there is nothing to compare, or
        there are no more clusters than instruments.
    """
    find_name("clusters", clusters, [name for name in estimation.CLUSTERS if "+" not in name])
    data = with_base(estimation.sample(panel, years))
    y, x, z, base = estimation.residualise(data, [*_VARIABLES, "base"]).T
    return _overidentification(y, x, z, base, data, clusters, level)


def with_base(data: pd.DataFrame) -> pd.DataFrame:
    """Add ``base``, the instrument of a cell's first year in the sample."""
    first = data.sort_values("year").groupby("city_occupation")["instrument"].first()
    return data.assign(base=data["city_occupation"].map(first))


def _overidentification(
    y: np.ndarray, x: np.ndarray, z: np.ndarray, base: np.ndarray, data: pd.DataFrame,
    clusters: str, level: float = 0.95,
) -> Overidentification:  # fmt: skip
    added = z - base * (base @ z) / (base @ base)
    if added @ added < 1e-18 * (z @ z):
        raise DataError("instrument: it is the same in all years, so its base year adds no test")
    groups = clustered.n_clusters(data, clusters)
    if groups < 3:
        raise DataError(f"clusters: {groups} are too few for 2 instruments")
    codes = clustered.codes_of(data, clusters)
    J, beta = clustered.hansen(y, x, np.column_stack([base, added]), codes)
    on_base = [v - base * (base @ v) / (base @ base) for v in (y, x)]
    left = on_base[1] - added * (added @ x) / (added @ added)
    moved = clustered.variance(added, left, data, clusters)
    return Overidentification(
        J=J,
        p_value=float(stats.chi2.sf(J, 1)),
        df=1,
        clusters=clusters,
        n_clusters=groups,
        beta=beta,
        beta_base=float(base @ y / (base @ x)),
        beta_shifts=float(added @ y / (added @ x)),
        shifts_f=float((added @ x) ** 2 / moved),
        shifts_set=weak.anderson_rubin(*on_base, added, clusters=codes, level=level),
    )
