"""Estimation of the correlation parameter by OLS and 2SLS (paper, 3.1 and 4.2).

    ln pi_ckt = beta ln w_ckt + delta_ct + delta_kt + eta_ckt,        beta = 1 / (1 - rho)

with city-year and occupation-year effects and the shift-share prediction as the instrument
for the wage. With one instrument the slope is a ratio of two sums over variables net of effects,
and its errors follow from the same sums (:mod:`helpers.estimation.variance`). The tests hold
every number against pyfixest, which numbers with other effects, weights or controls come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from helpers.errors import DataError, ParameterError, arguments
from helpers.estimation.cells import EFFECTS, sample
from helpers.estimation.least_squares import (
    Fit,
    checked_clusters,
    fit,
    left_of,
    residualise,
    slope,
    unit_of,
)
from helpers.panel import Panel


@dataclass(frozen=True, eq=False)
class RhoEstimate:
    """The estimate of rho and the regressions it rests on.

    Attributes
    ----------
    beta, se : float
        2SLS slope on the log wage, 1 / (1 - rho), and its standard error.
    rho : float
        1 - 1 / beta.
    rho_interval : tuple of float
        The interval of beta carried through 1 - 1 / beta, which is increasing for beta > 0.
    ols : Fit
        The same equation by least squares.
    first_stage : Fit
        Log wage on the instrument.
    reduced_form : Fit
        Log share on the instrument.
    n_obs : int
    vcov : array (1, 1)
        Variance of beta.
    spec : mapping
        What was estimated: effects, clusters, years, level, formula.
    """

    beta: float
    se: float
    rho: float
    rho_interval: tuple[float, float]
    ols: Fit
    first_stage: Fit
    reduced_form: Fit
    n_obs: int
    vcov: np.ndarray
    spec: Mapping


def second_stage_by_hand(panel: Panel, years: int | Sequence[int] | None = None) -> Fit:
    """The printed column (2) of table 1: share on the *predicted* wage by least squares.

    Its slope is the 2SLS slope. Its standard error is not: residuals are taken with the
    predicted wage in place of the wage, and no cluster enters. The table's standard error,
    R2 and F statistic come from here.
    """
    data = sample(panel, years)
    first = fit(data, "log_wage", "instrument", "iid")
    left = residualise(data, ["instrument"]).ravel()
    # the effects absorb the rest of the prediction
    data["predicted_wage"] = first.coefficient * left
    return fit(data, "log_share", "predicted_wage", "iid")


def estimate(
    panel: Panel,
    *,
    clusters: str | None = "city_occupation",
    years: int | Sequence[int] | None = None,
    level: float = 0.95,
) -> RhoEstimate:
    """Estimate rho by 2SLS with city-year and occupation-year effects (paper, 3.1).

    ln pi_ckt = beta ln w_ckt + delta_ct + delta_kt + error with beta = 1 / (1 - rho), the wage
    instrumented by the shift-share prediction: ``s31-model``, ``s31-first-stage`` and
    ``s31-second-stage`` in the ledger of derivations.

    Parameters
    ----------
    panel : Panel
    clusters : str or None
        One of :data:`CLUSTERS`; None for heteroskedastic, ``"iid"`` for homoskedastic errors.
        The default is what the note to table 1 says.
    years : int or sequence of int, optional
        All years of the panel by default.
    level : float, in (0, 1)
        Confidence level of ``rho_interval``.

    Returns
    -------
    RhoEstimate

    Raises
    ------
    ParameterError
        For a level outside (0, 1), an unknown year or cluster variable.
    DataError
        If no cell can be used, or the effects explain the wage or the instrument.

    Notes
    -----
    Clustered errors use the small-sample convention of fixest and pyfixest, which does not count
    effects that are nested in the clusters; other packages differ in the third digit.
    """
    level = arguments.level(level)
    data = sample(panel, years)
    n_clusters = checked_clusters(data, clusters)
    ols = fit(data, "log_share", "log_wage", clusters)
    first_stage = fit(data, "log_wage", "instrument", clusters)
    formula = f"log_share ~ 1 | {EFFECTS} | log_wage ~ instrument"
    if not first_stage.coefficient:
        raise DataError("instrument: it does not move the wage")
    y, x, z = (left_of(data, name) for name in ("log_share", "log_wage", "instrument"))
    # in a unit in which what is left of it is about one: the slope does not depend on it
    beta, se, _ = slope(y, x, z / unit_of(z), data, clusters)
    degrees = n_clusters - 1 if n_clusters else ols.df_residual
    reach = float(stdtrit(degrees, (1 + level) / 2)) * se
    bounds = tuple(rho_of(float(bound)) for bound in (beta - reach, beta + reach))
    return RhoEstimate(
        beta=beta,
        se=se,
        rho=rho_of(beta),
        rho_interval=bounds,
        ols=ols,
        first_stage=first_stage,
        reduced_form=fit(data, "log_share", "instrument", clusters),
        n_obs=len(data),
        vcov=np.array([[se**2]]),
        spec={
            "formula": formula,
            "clusters": clusters or "heteroskedastic",
            "n_clusters": n_clusters,
            "years": tuple(sorted(data["year"].unique().tolist())),
            "level": level,
            "dropped": data.attrs["dropped"],
            "singletons": data.attrs["singletons"],
        },
    )


def rho_of(beta: float) -> float:
    """The correlation that a slope implies, 1 - 1 / beta; minus infinity for beta <= 0.

    beta = 1 / (1 - rho): ``s31-beta`` in the ledger of derivations (paper, 3.1).

    Raises
    ------
    ParameterError
        For what is no number, or missing.

    Values below zero mean a slope under one, outside the model's domain.

    Examples
    --------
    >>> round(rho_of(2.777), 2)
    0.64
    """
    beta = float(beta) if isinstance(beta, float) else arguments.number("beta", beta)
    if np.isnan(beta):
        raise ParameterError("beta: expected a slope, found nan")
    with np.errstate(over="ignore"):
        return float(1 - 1 / np.float64(beta)) if beta > 0 else float("-inf")
