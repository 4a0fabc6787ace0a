"""Estimation of the correlation parameter by OLS and 2SLS (paper, 3.1 and 4.2).

    ln pi_ckt = beta ln w_ckt + delta_ct + delta_kt + eta_ckt,        beta = alpha / (1 - rho)

with city-year and occupation-year effects and the shift-share prediction as the instrument
for the wage. The scale of a cell is taken to rise with its wage as t_ck = w_ck^alpha eta_ck; the
paper has the exponent alpha, here ``wage_exponent``, at one. With one instrument the slope is a
ratio of two sums over variables net of effects, and its errors follow from the same sums
(:mod:`helpers.estimation.variance`). The tests hold every number against pyfixest, which numbers
with other effects, weights or controls come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from helpers.errors import DataError, ParameterError, arguments
from helpers.estimation.cells import EFFECTS, sample
from helpers.estimation.in_tables import InTables
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
class RhoEstimate(InTables):
    """The estimate of rho and the regressions it rests on.

    Attributes
    ----------
    beta, se : float
        2SLS slope on the log wage, alpha / (1 - rho), and its standard error.
    rho : float
        1 - wage_exponent / beta, whatever it is: see :attr:`admissible`.
    rho_interval : tuple of float
        The interval of beta carried through, which keeps the order for beta > 0; minus infinity
        for beta <= 0.
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
        What was estimated: effects, clusters, years, level, formula, wage exponent.
    wage_exponent : float
        The power alpha with which a wage enters the scale of a cell.

    Printed, it says all this in a sentence.

    Examples
    --------
    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> text = str(estimate(panel))
    >>> text.partition(",")[0]
    'rho = 0.632 (95% interval 0.611 to 0.651)'
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
    wage_exponent: float = 1.0

    @property
    def admissible(self) -> bool:
        """Whether the model has this correlation: rho in [0, 1).

        Outside there are no draws with it, and :func:`helpers.counterfactuals.shock` refuses it.
        A slope under the wage exponent gives a rho below zero.
        """
        return 0 <= self.rho < 1

    @property
    def _outcome(self) -> str:
        return self.ols.outcome

    def _slopes(self) -> dict[str, tuple[float, float, int]]:
        degrees = self.ols.n_clusters - 1 if self.ols.n_clusters else self.ols.df_residual
        return {self.ols.regressor: (self.beta, self.se, degrees)}

    def _statistics(self) -> dict[str, float]:
        given = {"N": self.n_obs, "rho": self.rho, "first_stage_f": self.first_stage.f}
        return given | ({"clusters": self.ols.n_clusters} if self.ols.n_clusters else {})

    def to_frame(self) -> pd.DataFrame:
        """One row a regression, 2SLS first: slope, error, and what it implies for rho.

        Returns
        -------
        DataFrame
            ``regression`` (2SLS, OLS, first stage, reduced form), ``outcome``, ``regressor``,
            ``coefficient``, ``se``, ``n_obs``, ``n_clusters``; ``rho``, ``rho_low`` and
            ``rho_high`` of the first, missing in the others.
        """
        slopes = {
            "2SLS": replace(self.ols, coefficient=self.beta, se=self.se),
            "OLS": self.ols,
            "first stage": self.first_stage,
            "reduced form": self.reduced_form,
        }
        names = ["outcome", "regressor", "coefficient", "se", "n_obs", "n_clusters"]
        rows = [
            {"regression": label} | {name: getattr(each, name) for name in names}
            for label, each in slopes.items()
        ]
        low, high = self.rho_interval
        rows[0] |= {"rho": self.rho, "rho_low": low, "rho_high": high}
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        """The estimate in a sentence, with a second one where the model does not have it."""
        low, high = self.rho_interval
        text = (
            f"rho = {self.rho:.3f} ({self.spec['level']:.0%} interval {low:.3f} to {high:.3f}), "
            f"from a slope of {self.beta:.3f} ({self.se:.3f}) and a wage exponent of "
            f"{self.wage_exponent:g}, {self.n_obs:,} cells"
        )
        if self.admissible:
            return text
        return (
            f"{text}. This rho is outside [0, 1): the slope is not above the wage exponent, the "
            "model has no draws with such a correlation, and counterfactuals refuse it"
        )


def second_stage_by_hand(panel: Panel, years: int | Sequence[int] | None = None) -> Fit:
    """The printed column (2) of table 1: share on the *predicted* wage by least squares.

    Its slope is the 2SLS slope. Its standard error is not: residuals are taken with the
    predicted wage in place of the wage, and no cluster enters. The table's standard error,
    R2 and F statistic come from here.

    Examples
    --------
    The slope of the two stages, and another error:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> by_hand, proper = second_stage_by_hand(panel), estimate(panel)
    >>> round(by_hand.coefficient / proper.beta, 6)
    1.0
    >>> bool(by_hand.se != proper.se)
    True
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
    wage_exponent: float = 1.0,
) -> RhoEstimate:
    """Estimate rho by 2SLS with city-year and occupation-year effects (paper, 3.1).

    ln pi_ckt = beta ln w_ckt + delta_ct + delta_kt + error with beta = alpha / (1 - rho), the wage
    instrumented by the shift-share prediction: ``s31-model``, ``s31-first-stage`` and
    ``s31-second-stage`` in the ledger of derivations. The power alpha with which a wage enters
    the scale of a cell, t_ck = w_ck^alpha eta_ck, is one in the paper; rho = 1 - alpha / beta.

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
    wage_exponent : float, above 0
        The power alpha. The paper's is one. Theta is what it would be if pay per unit of what a
        household produces were the wage. The data do not choose between them.

    Returns
    -------
    RhoEstimate
        With a rho outside [0, 1) where the slope is under the wage exponent; then
        ``admissible`` is False.

    Raises
    ------
    ParameterError
        For a level outside (0, 1), a wage exponent that is not above 0, an unknown year or
        cluster variable.
    DataError
        If no cell can be used, or the effects explain the wage or the instrument.

    Notes
    -----
    Clustered errors use the small-sample convention of fixest and pyfixest, which does not count
    effects that are nested in the clusters; other packages differ in the third digit.

    Examples
    --------
    The synthetic economy was drawn with a correlation that the estimate should find:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> found = estimate(panel)
    >>> round(found.beta, 2), round(found.rho, 2), synthetic.RHO
    (2.72, 0.63, 0.64)
    >>> bool(found.rho_interval[0] < synthetic.RHO < found.rho_interval[1])
    True
    """
    level = arguments.level(level)
    wage_exponent = arguments.number("wage_exponent", wage_exponent, positive=True)
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
    bounds = tuple(rho_of(float(b), wage_exponent) for b in (beta - reach, beta + reach))
    return RhoEstimate(
        beta=beta,
        se=se,
        rho=rho_of(beta, wage_exponent),
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
            "wage_exponent": wage_exponent,
            "dropped": data.attrs["dropped"],
            "singletons": data.attrs["singletons"],
        },
        wage_exponent=wage_exponent,
    )


def rho_of(beta: float, wage_exponent: float = 1.0) -> float:
    """The correlation that a slope implies, 1 - alpha / beta; minus infinity for beta <= 0.

    The one place where a slope becomes a correlation: estimates, intervals, confidence sets and
    bootstrap draws come here.

    Parameters
    ----------
    beta : float
        Slope of log shares on log wages, alpha / (1 - rho).
    wage_exponent : float, above 0
        The power alpha with which a wage enters the scale of a cell, one in the paper.

    Returns
    -------
    float
        Below zero for a slope under the wage exponent, outside the model's domain.

    beta = 1 / (1 - rho): ``s31-beta`` in the ledger of derivations (paper, 3.1).

    Raises
    ------
    ParameterError
        For what is no number, or missing, and a wage exponent that is not above 0.

    Examples
    --------
    >>> round(rho_of(2.777), 2), round(rho_of(2.777, wage_exponent=2.0), 2)
    (0.64, 0.28)
    """
    wage_exponent = arguments.number("wage_exponent", wage_exponent, positive=True)
    beta = float(beta) if isinstance(beta, float) else arguments.number("beta", beta)
    if np.isnan(beta):
        raise ParameterError("beta: expected a slope, found nan")
    with np.errstate(over="ignore"):
        return float(1 - wage_exponent / np.float64(beta)) if beta > 0 else float("-inf")
