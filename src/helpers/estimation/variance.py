"""Variances of one slope under any clustering, by one small-sample factor (paper, 4.2).

A 2SLS slope with one instrument is a ratio of two sums, so its variance is that of one sum,
sum_i z_i e_i, over the square of sum_i z_i x_i, with z, x and e net of effects. What differs
between standard errors is which terms of the sum may be correlated, and by what factor the sum
of squares is raised for the parameters that were estimated. Both stand here, once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.errors import DataError, find_name

COUNTS = ("all", "not nested", "none")
EFFECT_CODES = ("city_year", "occupation_year")


def n_parameters(
    data: pd.DataFrame,
    clusters: str | None = None,
    count: str = "all",
    effects: Sequence[str] = EFFECT_CODES,
    slopes: int = 1,
) -> int:
    """How many parameters the small-sample factor counts: slopes and effects.

    One direction is shared by two sets of effects and counted once, as pyfixest does.

    Parameters
    ----------
    data : DataFrame
        As :func:`helpers.estimation.sample` returns it.
    clusters : str or None
        Needed for ``"not nested"``; two-way clusterings are joined by ``+``.
    count : {"all", "not nested", "none"}
        All effects; all but those that lie within a cluster, which is what
        :func:`helpers.estimation.estimate` reports; or the slopes alone.
    effects : sequence of str
        Code columns, one a set of effects.
    slopes : int
        The slope and those of controls.
    """
    find_name("count", count, COUNTS)
    if count == "none":
        return slopes
    levels = {name: int(data[name].nunique()) for name in effects}
    counted = slopes + sum(levels.values()) - (len(levels) - 1)
    if count == "not nested" and clusters not in (None, "iid"):
        for effect in levels:
            if any(_lies_within(data, effect, name) for name in clusters.split("+")):
                counted += 1 - levels[effect]
    return counted


def _lies_within(data: pd.DataFrame, effect: str, clusters: str) -> bool:
    """Whether every level of an effect belongs to one cluster."""
    if effect == clusters:
        return True
    pairs = data[[effect, clusters]].drop_duplicates()
    return len(pairs) == pairs[effect].nunique()


def n_clusters(data: pd.DataFrame, clusters: str) -> int:
    """Clusters of a clustering; of two ways at once the fewer, refused below two."""
    found = min(int(data[name].nunique()) for name in clusters.split("+"))
    if found < 2:
        raise DataError(f"clusters: {clusters} has {found} level, at least 2 are needed")
    return found


def small_sample_factor(
    data: pd.DataFrame,
    clusters: str | None = "city_occupation",
    count: str = "all",
    effects: Sequence[str] = EFFECT_CODES,
    slopes: int = 1,
) -> float:
    """What a sum of squared scores is multiplied with, for estimated parameters and few clusters.

    With N cells, p counted parameters and G clusters: G / (G - 1) * (N - 1) / (N - p); without
    clusters N / (N - p). Clusters of two ways at once count as the fewer of the two.

    Parameters
    ----------
    data : DataFrame
        As :func:`helpers.estimation.sample` returns it.
    clusters : str or None
        One of :data:`helpers.estimation.CLUSTERS`; None or ``"iid"`` for none.
    count, effects, slopes
        As in :func:`n_parameters`.

    Examples
    --------
    >>> eight = pd.DataFrame({"occupation": range(8)})
    >>> small_sample_factor(eight, "occupation", "none")  # 8 / 7
    1.1428571428571428
    """
    p = n_parameters(data, clusters, count, effects, slopes)
    n = len(data)
    if n <= p:
        raise DataError(f"cells: {n} are too few for {p} effects and slopes")
    if clusters in (None, "iid"):
        return n / (n - p)
    groups = n_clusters(data, clusters)
    return groups / (groups - 1) * (n - 1) / (n - p)


def sums(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sums by cluster: of one column (G,), or of each of several (G, columns)."""
    groups = int(codes.max()) + 1
    if values.ndim == 1:
        return np.bincount(codes, weights=values, minlength=groups)
    return np.column_stack([np.bincount(codes, weights=v, minlength=groups) for v in values.T])


def codes_of(data: pd.DataFrame, clusters: str) -> np.ndarray:
    """Cluster codes 0, 1, ... in the order of the clusters' names."""
    return pd.factorize(data[clusters], sort=True)[0]


def squares(
    columns: np.ndarray | Sequence[np.ndarray], data: pd.DataFrame, clusters: str | None
) -> np.ndarray:
    """Sums of products of cluster sums, of each pair of columns of scores; no factor in it.

    Clusters of two ways at once: those of one way, plus the other, less the pairs'.

    Parameters
    ----------
    columns : array (M, N) or sequence of arrays (N,)
    data : DataFrame
    clusters : str or None
        None: every cell by itself.

    Returns
    -------
    array (M, M)
    """
    scores = np.asarray(columns, dtype=float)
    if clusters is None:
        return scores @ scores.T
    names = clusters.split("+")
    if len(names) == 1:
        by = sums(scores.T, codes_of(data, clusters))
        return by.T @ by
    one, other = (squares(scores, data, name) for name in names)
    pairs = data.groupby(names).ngroup().to_numpy()
    by = sums(scores.T, pairs)
    return one + other - by.T @ by


def variance(
    z: np.ndarray,
    e: np.ndarray,
    data: pd.DataFrame,
    clusters: str | None = "city_occupation",
    count: str = "all",
    effects: Sequence[str] = EFFECT_CODES,
    slopes: int = 1,
) -> float:
    """Variance of the sum of z e, from which all standard errors of one slope are made.

    Parameters
    ----------
    z, e : arrays (N,)
        Instrument and residual, net of effects.
    data : DataFrame
        Codes of effects and clusters, in the same order.
    clusters : str or None
        As in :func:`small_sample_factor`; ``"iid"`` for errors of one variance.
    count, effects, slopes
        As in :func:`n_parameters`.
    """
    factor = small_sample_factor(data, clusters, count, effects, slopes)
    if clusters == "iid":
        return float(factor * (e @ e) / len(e) * (z @ z))
    return float(factor * squares([z * e], data, clusters)[0, 0])
