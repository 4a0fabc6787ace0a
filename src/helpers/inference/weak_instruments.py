"""Anderson-Rubin sets of the slope for each choice of clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import ParameterError, find_name
from helpers.inference import clusters as clustering
from helpers.inference import confidence_sets, interval, sign_patterns
from helpers.inference.clusters import CLUSTERINGS, squares
from helpers.inference.net import Within, check_level, within
from helpers.inference.wild import judge, patterns_of
from helpers.panel import Panel

FORMS = ("null", "unrestricted", "wild")


def anderson_rubin(
    panel: Panel,
    clusters: str | None = "city_occupation",
    level: float = 0.95,
    *,
    form: str = "null",
    years: Sequence[int] | None = None,
) -> interval.ConfidenceSet:
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

    Examples
    --------
    A strong instrument gives an interval, and the correlation that the economy was drawn with
    lies in it:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> found = anderson_rubin(panel)
    >>> found.kind, synthetic.RHO in found.rho()
    ('interval', True)
    """
    find_name("form", form, FORMS[:2])
    net = within(panel, years)
    if form == "null":
        return ar(net, clusters, level)
    return _unrestricted(net, clusters, level)


def ar(net: Within, clusters: str | None, level: float) -> interval.ConfidenceSet:
    if clusters in (None, "iid"):
        return confidence_sets.anderson_rubin(
            net.y, net.x, net.z, level=level, robust=clusters is None
        )
    if "+" in clusters:
        return _quadratic_set(net, (net.z * net.y, net.z * net.x), clusters, level)
    return confidence_sets.anderson_rubin(
        net.y, net.x, net.z, clusters=net.data[clusters], level=level
    )


def _unrestricted(net: Within, clusters: str | None, level: float) -> interval.ConfidenceSet:
    left = (v - net.z * (net.z @ v) / (net.z @ net.z) for v in (net.y, net.x))
    return _quadratic_set(net, tuple(net.z * v for v in left), clusters, level)


def _degrees(net: Within, clusters: str | None) -> float:
    return np.inf if clusters is None else clustering.n_clusters(net.data, clusters) - 1


def _quadratic_set(
    net: Within, scores: tuple[np.ndarray, np.ndarray], clusters: str | None, level: float
) -> interval.ConfidenceSet:
    """Slopes b at which (z'y - b z'x)^2 is within its critical multiple of V(b)."""
    check_level(level)
    if clusters == "iid":
        raise ParameterError("clusters: the unrestricted form needs clusters or None, found 'iid'")
    V = squares(scores, net.data, clusters)
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
    draw = sign_patterns.Crossings(-gap[None], np.zeros(1, bool), net.beta, scale)
    return interval.ConfidenceSet(draw.kept(0.5), level)


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

    Examples
    --------
    The true slope is not rejected, and a slope of one, no correlation, is:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> true = 1 / (1 - synthetic.RHO)
    >>> anderson_rubin_p_value(panel, true, form="null") > 0.05
    True
    >>> anderson_rubin_p_value(panel, 1.0, form="null") < 0.05
    True
    """
    find_name("form", form, FORMS)
    net = within(panel, years)
    if form == "wild":
        return judge(patterns_of(net, clusters, draws, seed), beta0).p_value
    return p_value_by_clusters(net, beta0, clusters, form)


def p_value_by_clusters(net: Within, beta0: float, clusters: str, form: str) -> float:
    u = net.y - beta0 * net.x
    e = u if form == "null" else u - net.z * (net.z @ u) / (net.z @ net.z)
    degrees = _degrees(net, clusters)
    spread = squares([net.z * e], net.data, clusters)[0, 0] * (degrees + 1) / degrees
    return float(stats.f.sf((net.z @ u) ** 2 / spread, 1, degrees))


def anderson_rubin_forms(
    panel: Panel,
    beta0: float | None = None,
    *,
    level: float = 0.95,
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
    wage_exponent: float = 1.0,
) -> pd.DataFrame:
    """The three forms of the Anderson-Rubin test side by side, for each clustering.

    Parameters
    ----------
    panel : Panel
    beta0 : float, optional
        A slope to test; by default the wage exponent, which is rho = 0, no correlation.
    level : float, in (0, 1)
    draws, seed : int
        Of the wild bootstrap, where there are more sign patterns than draws.
    years : sequence of int, optional
    wage_exponent : float, above 0
        As in :func:`helpers.estimation.estimate`; moves the sets of rho, not those of the slope.

    Returns
    -------
    DataFrame
        ``clusters``, ``n_clusters``, ``form`` (one of :data:`FORMS`), ``largest`` (what the
        statistic cannot exceed; missing where nothing bounds it), ``critical`` (what it is
        compared with; missing for the bootstrap, which has a value for every slope),
        ``p_value`` at ``beta0``, ``slopes`` and ``rho``, the sets in words.

    Examples
    --------
    Each clustering by each form; the fewest clusters are the occupations:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> forms = anderson_rubin_forms(panel, draws=99)
    >>> sorted(set(forms["form"])), int(forms["n_clusters"].min())
    (['null', 'unrestricted', 'wild'], 8)
    """
    check_level(level)
    beta0 = wage_exponent if beta0 is None else beta0
    net = within(panel, years)
    rows = []
    for label, clusters in CLUSTERINGS[2:5]:
        groups = clustering.n_clusters(net.data, clusters)
        critical = _f_quantile(level, groups - 1)
        patterns = patterns_of(net, clusters, draws, seed)
        sets = {
            "null": ar(net, clusters, level),
            "unrestricted": _unrestricted(net, clusters, level),
            "wild": interval.ConfidenceSet(patterns.crossings().kept(level), level),
        }
        for form, found in sets.items():
            p = (
                judge(patterns, beta0).p_value
                if form == "wild"
                else p_value_by_clusters(net, beta0, clusters, form)
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
                    "rho": str(found.rho(wage_exponent)),
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

    Examples
    --------
    The true slope goes better with the data than none:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> true = 1 / (1 - synthetic.RHO)
    >>> curve = p_value_curve(panel, [1.0, true])
    >>> bool(curve["wild"].iloc[1] > curve["wild"].iloc[0])
    True
    """
    net = within(panel, years)
    slopes = np.asarray(slopes, dtype=float)
    crossings = patterns_of(net, clusters, draws, seed).crossings()
    table = {
        form: [p_value_by_clusters(net, b, clusters, form) for b in slopes] for form in FORMS[:2]
    }
    wild_p = crossings.p_values((slopes - crossings.centre) / crossings.scale)
    return pd.DataFrame({"slope": slopes, **table, "wild": wild_p})
