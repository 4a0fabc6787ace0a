"""Wild bootstrap of the slope: every pattern of signs, or many drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import DataError, ParameterError, find_name
from helpers.inference import clusters as clustering
from helpers.inference import interval, sign_patterns
from helpers.inference.clusters import codes_of, sums
from helpers.inference.net import Within, check_level, within
from helpers.panel import Panel


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

    def to_frame(self) -> pd.DataFrame:
        """One row a bootstrap statistic: ``draw``, ``t``, and the test's ``observed`` one."""
        table = pd.DataFrame({"draw": np.arange(len(self.draws)), "t": self.draws})
        return table.assign(observed=self.t, p_value=self.p_value)


def judge(
    bootstrap: sign_patterns.AndersonRubin | sign_patterns.Efficient, beta0: float
) -> WildTest:
    observed, t = bootstrap.t(beta0)
    return WildTest(sign_patterns.p_value(observed, t), observed, t)


def draws_of(net: Within, clusters: str, signs: np.ndarray, *names: str) -> list[np.ndarray]:
    """For each variable (patterns, G): sums by cluster of z times it, its signs changed.

    Effects are taken out of the changed variable anew. Responses are linear: with few clusters
    they are found a cluster at a time, with many a pattern at a time.
    """
    codes = codes_of(net.data, clusters)
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
            parts.append(sums(net.z[:, None] * left, codes).T)
        scores = np.concatenate(parts)
        found.append(signs @ scores if few else scores)
    return found


def _signs(net: Within, clusters: str, draws: int, seed: int) -> np.ndarray:
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    groups = clustering.n_clusters(net.data, clusters)
    if groups < 3:
        raise DataError(f"clusters: {clusters} has {groups} levels, a sign test needs 3 or more")
    return sign_patterns.sign_patterns(groups, draws, seed)


def patterns_of(net: Within, clusters: str, draws: int, seed: int) -> sign_patterns.AndersonRubin:
    find_name("clusters", clusters, ("occupation", "city", "city_occupation"))
    codes = codes_of(net.data, clusters)
    signs = _signs(net, clusters, draws, seed)
    S_y, S_x = draws_of(net, clusters, signs, "y", "x")
    s_y, s_x, along = sums(np.column_stack([net.z * net.y, net.z * net.x, net.z * net.z]), codes).T
    return sign_patterns.AndersonRubin(s_y, s_x, S_y, S_x, along)


def _efficient(net: Within, clusters: str, draws: int, seed: int) -> sign_patterns.Efficient:
    find_name("clusters", clusters, ("occupation", "city"))
    codes = codes_of(net.data, clusters)
    S_y, S_x, S_z = draws_of(net, clusters, _signs(net, clusters, draws, seed), "y", "x", "z")
    along = sums(net.z * net.z, codes)
    score = sums(net.z * (net.y - net.beta * net.x), codes)
    return sign_patterns.Efficient(net.y, net.x, net.z, along, S_y, S_x, S_z, score)


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

    Examples
    --------
    Eight occupations have 2^8 patterns of signs, each used once; the true slope stands:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> test = wild_test(panel, 1 / (1 - synthetic.RHO))
    >>> bool(test.p_value > 0.05), len(test.draws)
    (True, 256)
    """
    return judge(_efficient(within(panel, years), clusters, draws, seed), beta0)


def wild_interval(
    panel: Panel,
    *,
    clusters: str = "occupation",
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> interval.ConfidenceSet:
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

    Examples
    --------
    Every slope that the test leaves standing, the true one among them:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> found = wild_interval(panel)
    >>> 1 / (1 - synthetic.RHO) in found
    True
    """
    check_level(level)
    crossings = _efficient(within(panel, years), clusters, draws, seed).crossings()
    return interval.ConfidenceSet(crossings.kept(level), level)


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

    Examples
    --------
    P-values are multiples of 1/128, and the true slope is not rejected:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> test = wild_anderson_rubin_test(panel, 1 / (1 - synthetic.RHO))
    >>> bool(test.p_value > 0.05), round(128 * test.p_value, 9) % 1
    (True, 0.0)
    """
    return judge(patterns_of(within(panel, years), clusters, draws, seed), beta0)


def wild_anderson_rubin(
    panel: Panel,
    clusters: str = "occupation",
    level: float = 0.95,
    *,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> interval.ConfidenceSet:
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

    Examples
    --------
    The true slope is in the set; just beyond its end the test rejects:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> found = wild_anderson_rubin(panel)
    >>> end = found.intervals[-1][1]
    >>> beyond = wild_anderson_rubin_test(panel, end + 0.01).p_value
    >>> 1 / (1 - synthetic.RHO) in found, bool(beyond < 0.05)
    (True, True)
    """
    check_level(level)
    crossings = patterns_of(within(panel, years), clusters, draws, seed).crossings()
    return interval.ConfidenceSet(crossings.kept(level), level)


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

    Examples
    --------
    Nineteen in twenty draws lie in the set at 95 per cent:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> import numpy as np
    >>> low, high = wild_anderson_rubin(panel).intervals[0]
    >>> share = np.mean((wild_draws(panel, 4000) >= low) & (wild_draws(panel, 4000) <= high))
    >>> bool(abs(share - 0.95) < 0.02)
    True
    """
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    crossings = patterns_of(within(panel, years), clusters, 999, seed).crossings()
    return sign_patterns.draw_slopes(crossings, draws, seed)
