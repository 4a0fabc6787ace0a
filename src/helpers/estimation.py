"""Estimation of the correlation parameter by OLS and 2SLS (paper, 3.1 and 4.2).

    ln pi_ckt = beta ln w_ckt + delta_ct + delta_kt + eta_ckt,        beta = 1 / (1 - rho)

with city-year and occupation-year effects and the shift-share prediction as the instrument
for the wage. Fixed effects, two-stage least squares and clustered errors are pyfixest's.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers import arguments
from helpers.errors import DataError, ParameterError, _short, find_name
from helpers.panel import Panel

CLUSTERS = (
    *("city_occupation", "city", "occupation", "city_year", "occupation_year"),
    "city+occupation",
)
_EFFECTS = "city_year + occupation_year"


@dataclass(frozen=True, eq=False)
class Fit:
    """One linear regression with the two sets of effects.

    Attributes
    ----------
    coefficient, se : float
        Slope and its standard error.
    r2, adjusted_r2, within_r2 : float
        Share of variance explained with the effects, adjusted, and after taking them out;
        nan for 2SLS.
    f_joint : float
        F of all regressors, effects included, with homoskedastic errors: the statistic that
        a regression table prints. It says nothing about the slope alone.
    residual_se : float
        Standard error of the regression.
    df_model, df_residual : int
        Degrees of freedom.
    n_obs : int
    n_clusters : int
        0 without clusters.
    """

    coefficient: float
    se: float
    r2: float
    adjusted_r2: float
    within_r2: float
    f_joint: float
    residual_se: float
    df_model: int
    df_residual: int
    n_obs: int
    n_clusters: int

    @property
    def t(self) -> float:
        """Ratio of the slope to its standard error."""
        if self.se == 0:
            return float(np.copysign(np.inf, self.coefficient)) if self.coefficient else 0.0
        return self.coefficient / self.se

    @property
    def f(self) -> float:
        """F of the slope alone, the square of t: what measures an instrument's strength.

        Infinite where the regressor explains the outcome without error.
        """
        return self.t**2


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


def _years(panel: Panel, years: int | Sequence[int] | None) -> list[int] | None:
    """Years as whole numbers that the panel has; one alone is a sequence of one."""
    if years is None:
        return None
    if isinstance(years, (str, bytes)) or not np.iterable(years):
        years = [years]
    found = []
    for year in years:
        year = arguments.whole("years", year)
        find_name("year", year, panel.years)
        found.append(year)
    if not found:
        raise ParameterError("years: expected at least one year, found none")
    return found


def sample(panel: Panel, years: int | Sequence[int] | None = None) -> pd.DataFrame:
    """Cells with share, wage and instrument, and the codes of effects and clusters.

    Parameters
    ----------
    panel : Panel
    years : int or sequence of int, optional
        All years of the panel by default.

    Returns
    -------
    DataFrame
        ``year``, ``city``, ``occupation``, ``log_share``, ``log_wage``, ``instrument`` and
        integer codes ``city_year``, ``occupation_year``, ``city_occupation``. What the panel
        has and the sample lacks is counted in ``attrs["dropped"]``, and how many of these are
        singletons, alone in a city or an occupation of a year, in ``attrs["singletons"]``.

    Raises
    ------
    ParameterError
        For a year that is no whole number.
    UnknownNameError
        For a year that the panel lacks.
    DataError
        If no cell has all three.
    """
    arguments.instance("panel", panel, Panel)
    cells = panel.cells
    years = _years(panel, years)
    if years is not None:
        cells = cells[cells["year"].isin(years)]
    used = cells.dropna(subset=["log_share", "log_wage", "instrument"]).reset_index(drop=True)
    if used.empty:
        raise DataError("estimation: no cell has a share, a wage and an instrument")
    used, singletons = _without_singletons(used)
    if used.empty:
        raise DataError("estimation: every cell is alone in its city or occupation of a year")
    keys = ["year", "city", "occupation", "log_share", "log_wage", "instrument"]
    used = used[keys].assign(
        **{
            f"{one}_{other}": used.groupby([one, other]).ngroup()
            for one, other in (
                ("city", "year"),
                ("occupation", "year"),
                ("city", "occupation"),
            )
        }
    )
    used.attrs["dropped"] = len(cells) - len(used)
    used.attrs["singletons"] = singletons
    return used


def _without_singletons(cells: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Drop cells that an effect fits alone, until there are none; say how many.

    Such a cell has no say in the slope, and would count in the degrees of freedom.
    """
    alone = singletons(cells, [["year", "city"], ["year", "occupation"]])
    return cells[~alone].reset_index(drop=True), int(alone.sum())


def singletons(cells: pd.DataFrame, effects: Sequence[str | Sequence[str]]) -> np.ndarray:
    """Rows that one of several sets of effects fits alone, once the others of them are dropped.

    Parameters
    ----------
    cells : DataFrame
    effects : sequence of str, or of sequences of str
        Columns whose values, or combinations of values, have an effect each.

    Returns
    -------
    array (rows,) of bool
        All true where the effects leave nothing: pyfixest ends the whole process then.
    """
    if isinstance(effects, str):
        effects = [effects]
    codes = []
    try:
        sets = [[effect] if isinstance(effect, str) else list(effect) for effect in effects]
    except TypeError:
        raise ParameterError(
            f"effects: expected names of columns, found {_short(effects)}"
        ) from None
    for names in sets:
        if not names or not all(isinstance(name, str) for name in names):
            raise ParameterError(f"effects: expected names of columns, found {_short(names)}")
        arguments.columns("cells", cells, names)
        codes.append(cells.groupby(names, sort=False, dropna=False).ngroup().to_numpy())
    left = np.ones(len(cells), dtype=bool)
    while True:
        alone = np.zeros(len(cells), dtype=bool)
        for code in codes:
            alone |= left & (np.bincount(code, weights=left)[code] == 1)
        if not alone.any():
            return ~left
        left &= ~alone


def refuse_if_effects_explain_all(cells: pd.DataFrame, effects: Sequence[str]) -> None:
    """Refuse a regression whose effects leave no cell, before pyfixest ends the process.

    That is so in one year with effects of city x occupation: each cell has one of its own.

    Raises
    ------
    DataError
    """
    alone = singletons(cells, effects)
    if alone.all():
        raise DataError(
            f"effects: every one of {len(cells)} cells has an effect of "
            f"{' or '.join(map(str, effects))} to itself, so that nothing is left to estimate "
            "from; take more years, or fewer effects"
        )


def _vcov(data: pd.DataFrame, clusters: str | None) -> tuple[str | dict, int]:
    """Name of the errors for pyfixest, and the number of clusters."""
    if clusters is None:
        return "HC1", 0
    if isinstance(clusters, str) and clusters == "iid":
        return "iid", 0
    if not isinstance(clusters, str):
        raise ParameterError(
            f"clusters: expected one of {', '.join(CLUSTERS)}, None or 'iid', "
            f"found {_short(clusters)}"
        )
    find_name("clusters", clusters, CLUSTERS)
    # clusters in two ways at once count as the fewer of the two
    count = min(data[name].nunique() for name in clusters.split("+"))
    if count < 2:
        raise DataError(f"clusters: {clusters} has {count} level, at least 2 are needed")
    return {"CRV1": clusters}, count


def demeaner():
    """How pyfixest takes the effects out: until nothing moves.

    Its default stops at 1e-6, and the order in which it visits the effects is a set's, which
    differs between processes: a third set of effects would then show in the sixth digit.
    """
    from pyfixest.demeaners import MapDemeaner

    return MapDemeaner(fixef_tol=1e-12)


def _feols(formula: str, data: pd.DataFrame, vcov: str | dict):
    """Fit by pyfixest, without what it says of its own use of pandas."""
    import pyfixest

    effects = _EFFECTS.split(" + ")
    refuse_if_effects_explain_all(data, effects)
    count = sum(data[effect].nunique() for effect in effects)
    # pyfixest counts one direction in all as shared by the two sets
    if len(data) <= count:
        raise DataError(
            f"estimation: {len(data)} cells are too few for {count} effects and a slope; take more "
            "cities, occupations or years"
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The inplace keyword", module="pyfixest")
        return pyfixest.feols(formula, data, vcov=vcov, demeaner=demeaner())


def _data(data: pd.DataFrame, needed: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Check a sample: it has the columns, and numbers in those that have to be numbers."""
    names = [*needed, *numbers]
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(f"data: expected names of columns, found {_short(name)}")
    data = arguments.columns("data", data, names)
    rows = arguments.Axis("row", data.index)
    for name in numbers:
        rows.column(name, data[name].to_numpy())
    for name in needed:
        if data[name].isna().any():
            first = int(np.flatnonzero(data[name].isna())[0])
            raise DataError(f"data: {name} is missing at {rows.at(first)}")
    return data


def _unit(left: np.ndarray) -> float:
    """A power of two about the size of what varies: dividing by it loses no digit."""
    return float(2.0 ** np.round(np.log2(np.abs(left).max())))


def fit(
    data: pd.DataFrame, outcome: str, regressor: str, clusters: str | None = "city_occupation"
) -> Fit:
    """Least squares of one variable on another with city-year and occupation-year effects.

    Parameters
    ----------
    data : DataFrame
        As :func:`sample` returns it.
    outcome, regressor : str
        Columns of ``data``.
    clusters : str or None
        A code column, None for heteroskedastic errors, ``"iid"`` for homoskedastic ones.

    Raises
    ------
    DataError
        If the effects explain the regressor entirely, or the outcome, if a column is not there or
        a value is missing, or if there are no more cells than coefficients.
    ParameterError
        For names that are no text, or values that are no numbers.
    """
    data = _data(data, ["year", "city_year", "occupation_year"], [outcome, regressor])
    vcov, n_clusters = _vcov(data, clusters)
    left = _left_of(data, regressor)
    total_left = _left_of(data, outcome)
    unit, unit_of_outcome = _unit(left), _unit(total_left)
    frame = data.assign(
        _outcome=data[outcome].to_numpy(dtype=float) / unit_of_outcome,
        _regressor=data[regressor].to_numpy(dtype=float) / unit,
    )
    model = _feols(f"_outcome ~ _regressor | {_EFFECTS}", frame, vcov)
    ratio = unit_of_outcome / unit
    residual = np.asarray(model.resid()).ravel() * unit_of_outcome
    if np.abs(residual).max() <= 1e-12 * np.abs(total_left).max():
        residual = np.zeros_like(residual)  # the outcome is a multiple of the regressor
    n_obs = len(residual)
    # city-year and occupation-year dummies share one direction in every year
    n_effects = (
        data["city_year"].nunique() + data["occupation_year"].nunique() - data["year"].nunique()
    )
    df_model, df_residual = n_effects, n_obs - n_effects - 1
    total = data[outcome].to_numpy(dtype=float)
    r2 = float(1 - residual @ residual / ((total - total.mean()) ** 2).sum())
    residual_se = float(np.sqrt(residual @ residual / df_residual))
    # pyfixest counts one direction in all as shared by the two sets, not one a year
    se = residual_se / np.linalg.norm(left) if vcov == "iid" else model.se().iloc[0] * ratio
    return Fit(
        coefficient=float(model.coef().iloc[0] * ratio),
        se=float(se) if residual.any() else 0.0,
        r2=r2,
        adjusted_r2=1 - (1 - r2) * (n_obs - 1) / df_residual,
        within_r2=float(model._r2_within),
        f_joint=r2 / (1 - r2) * df_residual / df_model if r2 < 1 else float("inf"),
        residual_se=residual_se,
        df_model=df_model,
        df_residual=df_residual,
        n_obs=n_obs,
        n_clusters=n_clusters,
    )


def residualise(data: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Take city-year and occupation-year effects out of variables, exactly (3.1).

    Years share no effect, so each year is a city-by-occupation table of its own, and its
    effects solve a system of the size of its occupations.

    Parameters
    ----------
    data : DataFrame
        With ``city_year`` and ``occupation_year`` codes.
    columns : sequence of str

    Returns
    -------
    array (rows, columns)

    Raises
    ------
    DataError
        If a column is not there or a value is missing.
    ParameterError
        For names that are no text, or values that are no numbers.
    """
    if isinstance(columns, (str, bytes)) or not np.iterable(columns):
        raise ParameterError(f"columns: expected a sequence of names, found {_short(columns)}")
    data = _data(data, ["year", "city_year", "occupation_year"], list(columns))
    values = data[list(columns)].to_numpy(dtype=float).copy()
    for rows in data.groupby("year").indices.values():
        city = np.unique(data["city_year"].to_numpy()[rows], return_inverse=True)[1]
        occupation = np.unique(data["occupation_year"].to_numpy()[rows], return_inverse=True)[1]
        size = np.bincount(city)[:, None]
        member = np.eye(occupation.max() + 1)[occupation]

        def within(block: np.ndarray, city=city, size=size) -> np.ndarray:
            sums = np.zeros((len(size), block.shape[1]))
            np.add.at(sums, city, block)
            return block - (sums / size)[city]

        block, dummies = within(values[rows]), within(member)
        # the dummies of a year sum to one: lstsq leaves that direction out
        effects = np.linalg.lstsq(dummies, block, rcond=1e-10)[0]
        values[rows] = block - dummies @ effects
    return values


def _left_of(data: pd.DataFrame, regressor: str) -> np.ndarray:
    """Return what the effects leave of a regressor; one that they explain is refused."""
    left = residualise(data, [regressor]).ravel()
    total = np.abs(data[regressor].to_numpy(dtype=float)).max()
    if np.abs(left).max() <= 1e-9 * total:
        raise DataError(
            f"{regressor}: no variation is left after city-year and occupation-year effects"
        )
    return left


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
    Clustered errors use pyfixest's small-sample convention, which does not count effects that
    are nested in the clusters; other packages differ in the third digit.
    """
    level = arguments.level(level)
    data = sample(panel, years)
    vcov, n_clusters = _vcov(data, clusters)
    ols = fit(data, "log_share", "log_wage", clusters)
    first_stage = fit(data, "log_wage", "instrument", clusters)
    formula = f"log_share ~ 1 | {_EFFECTS} | log_wage ~ instrument"
    # in units in which what is left of it is about one: the slope does not depend on them
    left = _left_of(data, "instrument")
    two_stage = _feols(formula, data.assign(instrument=data["instrument"] / _unit(left)), vcov)
    if not first_stage.coefficient:
        raise DataError("instrument: it does not move the wage")
    beta = float(two_stage.coef().iloc[0])
    se = float(two_stage.se().iloc[0])
    degrees = n_clusters - 1 if n_clusters else ols.df_residual
    reach = stats.t.ppf((1 + level) / 2, degrees) * se
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
