"""Two years side by side: what wages did, and what the model says shares should have done.

Cells of a first and a last year, for the cities that have a wage and an instrument in every cell
of both. Shares are those among these cities. With t_ck = w_ck eta_ck and eta unchanged the
change of the wage is the change of t_ck (paper, 3.1), and exact hats turn it into new shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls
from statsmodels.stats.meta_analysis import combine_effects

from helpers import estimation
from helpers.errors import DataError, ParameterError, as_numbers, find_name
from helpers.model import Shares
from helpers.panel import Panel

_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class History:
    """A first and a last year of the same cities.

    Attributes
    ----------
    first, last : int
        The two years.
    before, after : Shares
        Shares among the cities that are there in both, labelled.
    log_wage : array (C, K)
        Change of ln wage, log points.
    by_instrument : array (C, K)
        The part of that change that the instrument predicts: the slope of the first stage times
        the change of the instrument.
    noise : array (C, K)
        Variance of the error of ``log_wage``; nan where years between are lacking.
    left_out : int
        Cities of either year that the other, or a wage, or an instrument lacks.
    """

    first: int
    last: int
    before: Shares
    after: Shares
    log_wage: np.ndarray
    by_instrument: np.ndarray
    noise: np.ndarray
    left_out: int

    def to_frame(self) -> pd.DataFrame:
        """One row per city and occupation: shares of both years, and the change of the wage."""
        names = ["city", "occupation", "pi_ck", "pi_c"]
        table, after = (shares.to_frame()[names] for shares in (self.before, self.after))
        return table.assign(
            pi_ck_after=after["pi_ck"], pi_c_after=after["pi_c"],
            log_wage=self.log_wage.ravel(), by_instrument=self.by_instrument.ravel(),
            noise=self.noise.ravel(),
        )  # fmt: skip

    @property
    def actual(self) -> np.ndarray:
        """Change of ln pi_c that happened, (C,)."""
        return np.log(self.after.pi_c / self.before.pi_c)


def between(
    panel: Panel, first: int, last: int, fit: estimation.RhoEstimate | None = None
) -> History:
    """Put two years of a panel side by side.

    Parameters
    ----------
    panel : Panel
    first, last : int
        Years of the panel, the first before the last.
    fit : RhoEstimate, optional
        Whose first stage turns the instrument into a wage; by default it is estimated on the
        years up to the first, so that nothing later is used.

    Returns
    -------
    History

    Raises
    ------
    ParameterError
        If the first year is not before the last.
    UnknownNameError
        For a year that the panel lacks.
    DataError
        If fewer than three cities are there in both years with every wage and instrument.
    """
    for year in (first, last):
        find_name("year", year, panel.years)
    if not first < last:
        raise ParameterError(f"first, last: expected an earlier and a later year, found {first} "
                             f"and {last}; exchange them")  # fmt: skip
    fit = fit or estimation.estimate(panel, years=early_years(panel, first))
    wages, instruments = (
        panel.cells.pivot(index="city", columns=["year", "occupation"], values=column)
        for column in ("log_wage", "instrument")
    )
    occupations, ends = list(panel.occupations), (first, last)
    complete = [
        table[year][occupations].notna().all(axis=1)
        for table in (wages, instruments)
        for year in ends
    ]
    cities = list(pd.concat(complete, axis=1).all(axis=1).loc[lambda there: there].index)
    if len(cities) < 3:
        raise DataError(f"between: {len(cities)} cities have every wage and instrument in {first} "
                        f"and {last}; at least 3 are needed")  # fmt: skip

    def change(table: pd.DataFrame) -> np.ndarray:
        late, early = (table[year].loc[cities, occupations].to_numpy() for year in (last, first))
        return late - early

    every = {city for year in ends for city in panel.shares(year).cities}
    before, after = (_among(panel.shares(year), cities) for year in ends)
    between = [year for year in panel.years if first <= year <= last]
    series = np.array([wages[year].loc[cities, occupations].to_numpy() for year in between])
    return History(
        first=first,
        last=last,
        before=before,
        after=after,
        log_wage=change(wages),
        by_instrument=fit.first_stage.coefficient * change(instruments),
        noise=2 * _survey_variance(series, before.pi_ck * before.omega_k),
        left_out=len(every) - len(cities),
    )


def early_years(panel: Panel, first: int) -> list[int]:
    """Years of a panel up to one, that one included."""
    return [year for year in panel.years if year <= first]


def _among(shares: Shares, cities: list[str]) -> Shares:
    """Shares among some of the cities: of the households who live there."""
    rows = [shares.city_index(city) for city in cities]
    joint = shares.pi_ck[rows] * shares.omega_k
    total_k = joint.sum(axis=0)
    return Shares(joint / total_k, total_k / total_k.sum(), tuple(cities), shares.occupations)


def _survey_variance(series: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Variance of the error of one ln wage, (C, K), from how changes of a year are undone.

    If ln wage is a walk seen with an error, successive changes have covariance minus the
    error's variance. That is fitted by a constant and one over the cell's households, both at
    least zero.
    """
    if len(series) < 3:
        return np.full(weight.shape, np.nan)
    steps = np.diff(series, axis=0)
    steps = steps - np.nanmean(steps, axis=(1), keepdims=True)
    undone = -np.nanmean(steps[1:] * steps[:-1], axis=0)
    inverse = np.median(weight) / weight
    there = np.isfinite(undone)
    design = np.column_stack([np.ones(there.sum()), inverse[there]])
    # small cells vary most: each counts as its own error lets it
    scale = 1 / (1 + inverse[there])
    found, _ = nnls(design * scale[:, None], undone[there] * scale)
    return found[0] + found[1] * inverse


def shrunk(past: History) -> np.ndarray:
    """Changes of ln wage, each pulled to its occupation's mean by as much as it is noise.

    Empirical Bayes: with error variance V and a true spread tau2 about the occupation's mean the
    best guess keeps tau2 / (tau2 + V) of the deviation. tau2 is the Paule-Mandel estimate of
    statsmodels.

    Parameters
    ----------
    past : History

    Returns
    -------
    array (C, K)

    Raises
    ------
    DataError
        If no year lies between the two, so that the error is unknown.
    """
    if np.isnan(past.noise).any():
        raise DataError(f"shrunk: no year between {past.first} and {past.last} in the panel, so "
                        "that the error of wages is unknown; take years further apart")  # fmt: skip
    if not past.noise.any():
        return past.log_wage.copy()
    result = np.empty_like(past.log_wage)
    for k in range(result.shape[1]):
        variance = np.maximum(past.noise[:, k], 1e-12)
        spread = combine_effects(past.log_wage[:, k], variance, method_re="iterated")
        tau2 = max(float(spread.tau2), 0.0)
        weight = 1 / (tau2 + variance)
        mean = weight @ past.log_wage[:, k] / weight.sum()
        result[:, k] = mean + tau2 * weight * (past.log_wage[:, k] - mean)
    return result


def predicted(before: Shares, log_wage: np.ndarray, beta: float | np.ndarray) -> np.ndarray:
    """Change of ln pi_c that exact hats give for a change of wages (paper, 3.1 and 5).

    t_hat_ck = exp(log_wage), hat_ck = t_hat_ck^beta with beta = 1/(1-rho), and omega_k moves with
    lambda_hat_k^(1/beta). For one slope this is :func:`helpers.counterfactuals.shock`; here for
    many at once, those above one and those between zero and one, where rho would be negative.

    Parameters
    ----------
    before : Shares
    log_wage : array (C, K)
        Change of ln wage, log points.
    beta : float or array (B,), above 0
        The slope of ln pi_ck in ln w_ck; 1 is rho = 0.

    Returns
    -------
    array (C,) or (B, C)

    Raises
    ------
    ParameterError
        For a slope that is not above 0, or changes of another shape.
    """
    log_wage = as_numbers("log_wage", log_wage)
    slopes = np.atleast_1d(as_numbers("beta", beta))
    if log_wage.shape != before.pi_ck.shape:
        raise ParameterError(
            f"log_wage: expected shape {before.pi_ck.shape}, found {log_wage.shape}"
        )
    if not (np.isfinite(slopes) & (slopes > 0)).all():
        raise ParameterError(f"beta: expected slopes above 0, found {slopes.min():g}")
    change = log_wage - log_wage.max(axis=0)
    new = np.empty((len(slopes), len(before.pi_ck)))
    for start in range(0, len(slopes), _AT_ONCE):
        beta_b = slopes[start : start + _AT_ONCE, None]
        moved = before.pi_ck * np.exp(beta_b[..., None] * change)
        lambda_k = moved.sum(axis=1)
        omega_k = before.omega_k * np.exp(np.log(lambda_k) / beta_b + log_wage.max(axis=0))
        omega_k /= omega_k.sum(axis=1, keepdims=True)
        new[start : start + _AT_ONCE] = np.einsum("bck,bk->bc", moved, omega_k / lambda_k)
    result = np.log(new / before.pi_c)
    return result if np.ndim(beta) else result[0]
