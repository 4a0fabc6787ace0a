"""Standard errors, bootstrap and weak-instrument sets for the paper's 2SLS (paper, 4.2).

Everything works on cells whose city-year and occupation-year effects are taken out. The
bootstrap re-estimates the effects in each draw: years share none, so a draw is ten small
systems, and a thousand draws are a few large array operations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers import estimation
from helpers.errors import find_name
from helpers.inference import clusters as clustering
from helpers.inference import interval, strength
from helpers.inference.clusters import (
    CLUSTERINGS,
    codes_of,
    effective_number,
    n_parameters,
    small_sample_factor,
    sums,
    variance,
)
from helpers.inference.net import check_level, within
from helpers.inference.resampling import leave_one_out
from helpers.inference.weak_instruments import ar
from helpers.panel import Panel

"""Ways to judge an Anderson-Rubin statistic: scores under the null slope, residuals of the
unrestricted fit, and the wild restricted bootstrap of the latter."""


def standard_errors(
    panel: Panel,
    level: float = 0.95,
    years: Sequence[int] | None = None,
    wage_exponent: float = 1.0,
) -> pd.DataFrame:
    """The 2SLS slope under every clustering, and what each implies for rho.

    One convention holds in every row of ``se``: the small-sample factor counts all effects
    (:func:`helpers.inference.clusters.small_sample_factor`), so that rows differ by which errors
    may be
    correlated and by nothing else. :func:`helpers.estimation.estimate` does not count effects
    that lie within the clusters; its errors are in ``se_not_nested``.

    Parameters
    ----------
    panel : Panel
    level : float, in (0, 1)
    years : sequence of int, optional
    wage_exponent : float, above 0
        As in :func:`helpers.estimation.estimate`.

    Returns
    -------
    DataFrame
        ``clusters``, ``n_clusters``; ``beta``, ``se``, ``se_not_nested``; ``se_jackknife``
        (leave one cluster out, for one-way clusters of cities or occupations), ``rho``,
        ``se_rho`` (delta method, alpha se / beta^2), ``rho_low``, ``rho_high`` (the interval of
        beta carried through, with t quantiles of clusters - 1 degrees of freedom),
        ``first_stage_f`` (as :func:`helpers.estimation.estimate` reports it; with one
        instrument this is the effective F of Montiel Olea and Pflueger), ``tf`` (critical value
        of abs(t) at that F, Lee and others, at 95 per cent),
        ``rho_tf`` (the interval of rho with it), ``rho_ar`` (Anderson-Rubin set, scores under
        the null).

    Examples
    --------
    One slope, and an error for each opinion about which errors go together:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> table = standard_errors(panel)
    >>> len(set(table["beta"].round(9))), len(set(table["se"].round(9))) == len(table)
    (1, True)
    """
    check_level(level)
    net = within(panel, years)
    e = net.y - net.beta * net.x
    moved = net.z @ net.x
    first = moved / (net.z @ net.z)
    left = net.x - first * net.z
    rows = []
    for label, clusters in CLUSTERINGS:
        groups = 0
        degrees = len(e) - n_parameters(net.data)
        if clusters not in (None, "iid"):
            groups = clustering.n_clusters(net.data, clusters)
            degrees = groups - 1
        found = variance(net.z, e, net.data, clusters)
        se = float(np.sqrt(found) / abs(moved))
        factors = [
            small_sample_factor(net.data, clusters, count) for count in ("not nested", "all")
        ]
        jackknife = np.nan
        if clusters in ("city", "occupation"):
            slopes = leave_one_out(panel, clusters, years).to_numpy()
            n = len(slopes)
            jackknife = float(np.sqrt((n - 1) / n * ((slopes - net.beta) ** 2).sum()))
        spread = variance(net.z, left, net.data, clusters, "not nested")
        strong = float(moved**2 / spread)
        critical = strength.tf_critical(strong)
        reach = stats.t.ppf((1 + level) / 2, degrees) * se
        low, high = (
            estimation.rho_of(float(net.beta + side * reach), wage_exponent) for side in (-1, 1)
        )
        ends = (net.beta - critical * se, net.beta + critical * se)
        rows.append(
            {
                "clusters": label,
                "n_clusters": groups,
                "beta": net.beta,
                "se": se,
                "se_not_nested": se * np.sqrt(factors[0] / factors[1]),
                "se_jackknife": jackknife,
                "rho": estimation.rho_of(net.beta, wage_exponent),
                "se_rho": wage_exponent * se / net.beta**2,
                "rho_low": low,
                "rho_high": high,
                "first_stage_f": strong,
                "tf": critical,
                "rho_tf": str(interval.ConfidenceSet((ends,), 0.95).rho(wage_exponent)),
                "rho_ar": str(ar(net, clusters, level).rho(wage_exponent)),
            }
        )
    return pd.DataFrame(rows)


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

    Examples
    --------
    Clusters of unequal weight count as fewer:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> table = cluster_weights(panel)
    >>> len(table), float(table["denominator"].sum().round(9))
    (8, 1.0)
    >>> bool(table.attrs["effective"] < len(table))
    True
    """
    find_name("clusters", clusters, ("occupation", "city"))
    net = within(panel, years)
    codes = codes_of(net.data, clusters)
    parts = {"instrument": net.z, "numerator": net.y, "denominator": net.x}
    by = {name: sums(net.z * v, codes) for name, v in parts.items()}
    table = pd.DataFrame(
        {clusters: sorted(net.data[clusters].unique())}
        | {name: part / part.sum() for name, part in by.items()}
    ).sort_values("instrument", ascending=False, ignore_index=True)
    table.attrs["effective"] = effective_number(by["instrument"])
    return table
