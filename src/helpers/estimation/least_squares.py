"""Least squares with city-year and occupation-year effects (section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError, arguments, find_name, shown
from helpers.estimation.cells import (
    CLUSTERS,
    EFFECTS,
    refuse_if_effects_explain_all,
    singletons,
)
from helpers.estimation.in_tables import InTables
from helpers.estimation.variance import EFFECT_CODES, n_clusters, variance


@dataclass(frozen=True, eq=False)
class Fit(InTables):
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
    outcome, regressor : str
        What is explained, and by what.
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
    outcome: str = ""
    regressor: str = ""

    @property
    def _outcome(self) -> str:
        return self.outcome

    def _slopes(self) -> dict[str, tuple[float, float, int]]:
        degrees = self.n_clusters - 1 if self.n_clusters else self.df_residual
        return {self.regressor: (self.coefficient, self.se, degrees)}

    def _statistics(self) -> dict[str, float]:
        given = {"N": self.n_obs, "r2": self.r2, "r2_within": self.within_r2}
        return given | ({"clusters": self.n_clusters} if self.n_clusters else {})

    def to_frame(self) -> pd.DataFrame:
        """One row: outcome and regressor, slope, its error, and what the regression says."""
        first = ["outcome", "regressor"]
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return pd.DataFrame([{name: values.pop(name) for name in first} | values])

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


def checked_clusters(data: pd.DataFrame, clusters: str | None) -> int:
    """Number of clusters, 0 without; a clustering that is not known, or of one level, is refused.

    Raises
    ------
    ParameterError, UnknownNameError, DataError
    """
    if clusters is None or (isinstance(clusters, str) and clusters == "iid"):
        return 0
    if not isinstance(clusters, str):
        raise ParameterError(
            f"clusters: expected one of {', '.join(CLUSTERS)}, None or 'iid', "
            f"found {shown(clusters)}"
        )
    find_name("clusters", clusters, CLUSTERS)
    return n_clusters(data, clusters)


def checked_cells(data: pd.DataFrame) -> pd.DataFrame:
    """Cells that no effect fits alone; refused where they are too few for effects and a slope.

    Raises
    ------
    DataError
    """
    effects = EFFECTS.split(" + ")
    refuse_if_effects_explain_all(data, effects)
    count = sum(data[effect].nunique() for effect in effects)
    # one direction in all is counted as shared by the two sets
    if len(data) <= count:
        raise DataError(
            f"estimation: {len(data)} cells are too few for {count} effects and a slope; take more "
            "cities, occupations or years"
        )
    alone = singletons(data, effects)
    return data[~alone].reset_index(drop=True) if alone.any() else data


def slope(
    y: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    data: pd.DataFrame,
    clusters: str | None,
    effects: Sequence[str] = EFFECT_CODES,
    slopes: int = 1,
) -> tuple[float, float, np.ndarray]:
    """Slope of y on x with one instrument, its standard error and the residuals.

    The ratio z'y / z'x of variables net of effects, which is least squares where z is x. Effects
    that lie within a cluster are not counted among the parameters
    (:func:`helpers.estimation.variance.small_sample_factor`).

    Parameters
    ----------
    y, x, z : arrays (N,)
        Outcome, regressor and instrument, net of effects (:func:`residualise`).
    data : DataFrame
        Codes of effects and clusters, in the same order.
    clusters : str or None
        A code column, None for heteroskedastic errors, ``"iid"`` for homoskedastic ones.
    effects, slopes
        What was taken out: code columns, and the slope with those of controls.
    """
    moved = float(z @ x)
    beta = float(z @ y) / moved
    residual = y - beta * x
    of_sum = variance(z, residual, data, clusters, "not nested", effects, slopes)
    return beta, float(np.sqrt(of_sum)) / abs(moved), residual


def prepared(data: pd.DataFrame, needed: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Check a sample: it has the columns, and numbers in those that have to be numbers."""
    names = [*needed, *numbers]
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(f"data: expected names of columns, found {shown(name)}")
    data = arguments.columns("data", data, names)
    rows = arguments.Axis("row", data.index)
    for name in numbers:
        rows.column(name, data[name].to_numpy())
    for name in needed:
        if data[name].isna().any():
            first = int(np.flatnonzero(data[name].isna())[0])
            raise DataError(f"data: {name} is missing at {rows.at(first)}")
    return data


def unit_of(left: np.ndarray) -> float:
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

    Examples
    --------
    The first stage: wages follow the productivity of the sectors of a cell:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import sample
    >>> first = fit(sample(panel), "log_wage", "instrument")
    >>> first.coefficient > 0, first.coefficient / first.se > 4, first.n_clusters
    (True, True, 2080)
    """
    data = prepared(data, ["year", "city_year", "occupation_year"], [outcome, regressor])
    data = checked_cells(data)
    counted = checked_clusters(data, clusters)
    left = left_of(data, regressor)
    total_left = left_of(data, outcome)
    # in units in which what is left is about one: squares neither vanish nor overflow
    unit, unit_of_outcome = unit_of(left), unit_of(total_left)
    y, x = total_left / unit_of_outcome, left / unit
    found, se, residual = slope(y, x, x, data, clusters)
    ratio = unit_of_outcome / unit
    within_r2 = 1 - float(residual @ residual / (y @ y))
    residual = residual * unit_of_outcome
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
    # the small-sample factor counts one direction in all as shared by the two sets, not one a year
    se = residual_se / np.linalg.norm(left) if clusters == "iid" else se * ratio
    return Fit(
        coefficient=found * ratio,
        se=float(se) if residual.any() else 0.0,
        r2=r2,
        adjusted_r2=1 - (1 - r2) * (n_obs - 1) / df_residual,
        within_r2=within_r2,
        f_joint=r2 / (1 - r2) * df_residual / df_model if r2 < 1 else float("inf"),
        residual_se=residual_se,
        df_model=df_model,
        df_residual=df_residual,
        n_obs=n_obs,
        n_clusters=counted,
        outcome=outcome,
        regressor=regressor,
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

    Examples
    --------
    What is left of a wage is as large above as below the mean of its city and year:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import sample
    >>> data = sample(panel)
    >>> left = residualise(data, ["log_wage"])[:, 0]
    >>> by_city = data.assign(left=left).groupby(["city", "year"])["left"].mean()
    >>> bool(by_city.abs().max() < 1e-8)
    True
    """
    if isinstance(columns, (str, bytes)) or not np.iterable(columns):
        raise ParameterError(f"columns: expected a sequence of names, found {shown(columns)}")
    data = prepared(data, ["year", "city_year", "occupation_year"], list(columns))
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


def left_of(data: pd.DataFrame, regressor: str) -> np.ndarray:
    """Return what the effects leave of a regressor; one that they explain is refused."""
    left = residualise(data, [regressor]).ravel()
    total = np.abs(data[regressor].to_numpy(dtype=float)).max()
    if np.abs(left).max() <= 1e-9 * total:
        raise DataError(
            f"{regressor}: no variation is left after city-year and occupation-year effects"
        )
    return left
