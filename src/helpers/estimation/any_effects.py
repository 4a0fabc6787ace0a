"""Variables net of any sets of effects, with weights and controls (robustness of section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError, arguments, shown
from helpers.estimation.cells import singletons
from helpers.estimation.least_squares import prepared, slope

_TOLERANCE = 1e-12  # no value moves by more when effects are taken out once again
_ROUNDS = 10_000
_NOTHING = 1e-9  # what is left of a variable, relative to it, that counts as nothing


@dataclass(frozen=True, eq=False)
class Net:
    """Outcome, wage and instrument net of effects, weighted, with the controls beside them.

    Attributes
    ----------
    y, x, z : arrays (N,)
    controls : array (N, M)
        Net of effects and weighted, those apart that others make up.
    data : DataFrame
        Cells that no effect fits alone, in the same order.
    effects : tuple of str
    """

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    controls: np.ndarray
    data: pd.DataFrame
    effects: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a cell that is used, with its columns and what effects leave of the three."""
        return self.data.reset_index(drop=True).assign(y=self.y, x=self.x, z=self.z)

    def _residuals(self) -> np.ndarray:
        """Outcome, wage and instrument without what controls explain, (N, 3)."""
        raw = np.column_stack([self.y, self.x, self.z])
        if not self.controls.shape[1]:
            return raw
        return raw - self.controls @ np.linalg.lstsq(self.controls, raw, rcond=None)[0]

    def two_stage(self, clusters: str) -> tuple[float, float]:
        """Slope of y on x with the instrument, and its clustered standard error."""
        y, x, z = self._residuals().T
        return slope(y, x, z, self.data, clusters, self.effects, 1 + self.controls.shape[1])[:2]

    def first_stage_f(self, clusters: str) -> float:
        """F of the instrument alone in the first stage, with the same clusters."""
        _, x, z = self._residuals().T
        slopes = 1 + self.controls.shape[1]
        found, se, _ = slope(x, z, z, self.data, clusters, self.effects, slopes)
        return (found / se) ** 2


def net_of_effects(
    data: pd.DataFrame,
    outcome: str,
    regressor: str,
    instrument: str,
    effects: Sequence[str],
    controls: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Net:
    """Take sets of effects out of a regression's variables, by pyfixest's compiled routine.

    Two sets without weights have an exact solution (:func:`helpers.estimation.residualise`);
    more sets, or weights, need alternating projections, here until nothing moves.

    Parameters
    ----------
    data : DataFrame
    outcome, regressor, instrument : str
        Columns of ``data``.
    effects : sequence of str
        Code columns, one a set of effects.
    controls : array (N, M), optional
    weights : array (N,), optional
        Positive.

    Raises
    ------
    DataError
        If effects and controls leave nothing of the instrument or the regressor, if a column is
        not there or a value is missing, or if the projections do not come to rest.
    ParameterError
        For what is no number, weights that are not above 0, or shapes that disagree.

    Examples
    --------
    With the paper's two sets of effects the slope is the paper's:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import estimate, sample
    >>> names = ("log_share", "log_wage", "instrument")
    >>> net = net_of_effects(sample(panel), *names, ("city_year", "occupation_year"))
    >>> round(net.two_stage("city_occupation")[0] / estimate(panel).beta, 6)
    1.0
    """
    from pyfixest.core.demean import demean

    numbers = [outcome, regressor, instrument]
    kept = ~singletons(data, effects)
    effects = [effects] if isinstance(effects, str) else list(effects)
    if not effects or not all(isinstance(name, str) for name in effects):
        raise ParameterError(f"effects: expected names of code columns, found {shown(effects)}")
    data = prepared(data, effects, numbers)
    rows = arguments.Axis("row", data.index)
    raw = data[numbers].to_numpy(dtype=float)
    if controls is not None:
        raw = np.column_stack([raw, rows.matrix("controls", controls)])
    weight = np.ones(len(data))
    if weights is not None:
        weight = rows.column("weights", weights, positive=True)
    data, raw, weight = data[kept].reset_index(drop=True), raw[kept], weight[kept]
    if data.empty:
        raise DataError("effects: every cell has one to itself; take fewer effects")
    codes = np.column_stack([pd.factorize(data[name])[0] for name in effects]).astype(np.uint64)
    left, at_rest = demean(raw, codes, weight, _TOLERANCE, _ROUNDS)
    if not at_rest:
        raise DataError(f"effects: {' and '.join(effects)} do not come out of the variables")
    left = left * np.sqrt(weight)[:, None]
    size = np.linalg.norm(raw * np.sqrt(weight)[:, None], axis=0)
    found = Net(*left[:, :3].T, _independent(left[:, 3:], size[3:]), data, tuple(effects))
    _, x, z = found._residuals().T
    for name, rest, whole in ((instrument, z, size[2]), (regressor, x, size[1])):
        if np.linalg.norm(rest) <= _NOTHING * whole:
            raise DataError(
                f"{name}: no variation is left after effects and controls; drop one of them"
            )
    return found


def residuals(data: pd.DataFrame, column: str, effects: Sequence[str]) -> np.ndarray:
    """What sets of effects leave of a column, every row kept, (N,).

    Parameters
    ----------
    data : DataFrame
    column : str
    effects : sequence of str
        Columns whose values have an effect each.

    Raises
    ------
    DataError
        If a column is not there or a value is missing, or if the projections do not come to rest.

    Examples
    --------
    What is left of a wage when each city has its mean:

    >>> cells = pd.DataFrame({"city": ["East", "East", "West"], "wage": [1.0, 3.0, 5.0]})
    >>> residuals(cells, "wage", ["city"]).round(9).tolist()
    [-1.0, 1.0, 0.0]
    """
    from pyfixest.core.demean import demean

    effects = [effects] if isinstance(effects, str) else effects
    try:
        effects = list(effects)
    except TypeError:
        effects = []
    if not effects or not all(isinstance(name, str) for name in effects):
        raise ParameterError(f"effects: expected names of columns, found {shown(effects)}")
    data = prepared(data, effects, [column])
    codes = np.column_stack([pd.factorize(data[name])[0] for name in effects]).astype(np.uint64)
    raw = data[[column]].to_numpy(dtype=float)
    left, at_rest = demean(raw, codes, np.ones(len(data)), _TOLERANCE, _ROUNDS)
    if not at_rest:
        raise DataError(f"effects: {' and '.join(effects)} do not come out of {column}")
    return left[:, 0]


def _independent(columns: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Columns that those before them do not make up."""
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    for j, column in enumerate(columns.T):
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        length = np.linalg.norm(rest)
        if length > _NOTHING * size[j]:
            kept.append(j)
            basis = np.column_stack([basis, rest / length])
    return columns[:, kept]
