"""Which sectors identify the slope, and the regression at their level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.shiftshare.regression import NOTHING, RANK, Design, partial


def rotemberg_weights(y, x, W, shifts, controls=None, weights=None) -> pd.DataFrame:
    """How much each sector's exposures count in a shift-share 2SLS.

    Goldsmith-Pinkham, Sorkin and Swift (2020), proposition 3: the estimate is
    sum_s alpha_s beta_s, with beta_s the 2SLS estimate that uses W_s alone and

        alpha_s = g_s W_s' x / sum_r g_r W_r' x        (x net of controls).

    Parameters
    ----------
    y, x : arrays (N,)
        Outcome and endogenous variable.
    W : array or DataFrame (N, S)
        Exposure shares; a data frame's columns name the sectors.
    shifts : array or Series (S,)
        g_s, in the order of W's columns. A series is put into that order by its labels where
        W has names, and names the sectors where W has none.
    controls : array (N, M), optional
        One dimension means one column.
    weights : array (N,), optional

    Returns
    -------
    DataFrame
        ``sector``, ``shift``, ``alpha``, ``beta``, largest weight first; alphas sum to one, and
        sum(alpha * beta) is the estimate. A sector whose exposure does not go with x has a
        weight of zero and no slope of its own, so that its ``beta`` is missing.

    Raises
    ------
    DataError
        For missing values or labels that differ, and where the instrument does not move x.
    ParameterError
        For shapes that disagree, or weights that are not above 0.

    Examples
    --------
    Weights sum to one, and weighted with them the sectors' own slopes are the estimate:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> W = rng.dirichlet(np.full(60, 0.1), size=500)  # 500 places, 60 sectors
    >>> shifts = rng.normal(size=60)
    >>> z = W @ shifts
    >>> x = z + rng.normal(size=500)
    >>> y = 2 * x + W @ rng.normal(size=60)  # errors that sectors share
    >>> table = rotemberg_weights(y, x, W, shifts, controls=np.ones(500))
    >>> float(table["alpha"].sum().round(9))
    1.0
    >>> bool(abs((table["alpha"] * table["beta"]).sum() - 2) < 0.5)
    True
    """
    design = Design.of(W, controls, weights, y=y, x=x)
    W, weight = design.W, design.weight
    shifts = design.of_sectors("shifts", shifts)
    y_net, x_net = design.net("y", "x")
    on_x, on_y = W.T @ (weight * x_net), W.T @ (weight * y_net)
    on_x[np.abs(on_x) <= NOTHING * (np.abs(W).T @ (weight * np.abs(x_net)))] = 0
    total = shifts @ on_x
    if abs(total) <= RANK * np.abs(shifts * on_x).sum():
        why = "" if x_net.any() else ", which the controls explain"
        raise DataError(f"shifts: the instrument does not move x{why}")
    table = pd.DataFrame(
        {
            "sector": _sector_names(design),
            "shift": shifts,
            "alpha": shifts * on_x / total,
            "beta": np.divide(on_y, on_x, out=np.full_like(on_y, np.nan), where=on_x != 0),
        }
    )
    return table.sort_values("alpha", key=np.abs, ascending=False, ignore_index=True)


def _sector_names(design: Design) -> np.ndarray | list:
    labels = design.sectors.labels
    return np.arange(design.W.shape[1]) if labels is None else list(labels)


@dataclass(frozen=True, eq=False)
class ShockLevelFit:
    """The equivalent regression with one row a sector (Borusyak, Hull and Jaravel, 2022).

    Attributes
    ----------
    beta, se : float
        Slope, equal to that over units, and its exposure-robust standard error.
    first_stage_f : float
        Strength of the shifts for the exposure-weighted x.
    rows : DataFrame
        ``weight`` (exposure), ``shift``, ``y``, ``x`` of each sector.
    """

    beta: float
    se: float
    first_stage_f: float
    rows: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row: slope, error and strength; the sectors that it rests on are in ``rows``."""
        return pd.DataFrame(
            {
                "beta": [self.beta],
                "se": self.se,
                "first_stage_f": self.first_stage_f,
                "n_sectors": len(self.rows),
            }
        )


def shock_level(
    y, x, W, shifts, controls=None, weights=None, sector_clusters=None, sector_controls=None
) -> ShockLevelFit:
    """Turn a shift-share 2SLS into a regression over sectors.

    Borusyak, Hull and Jaravel (2022), proposition 1: y and x net of controls are averaged over
    units with exposure weights, and the averages are regressed with the shifts themselves as
    instrument. Where shares do not sum to one, ``controls`` have to hold their sum.

    Parameters
    ----------
    y, x, W, shifts, controls, weights
        As in :func:`rotemberg_weights`. Without ``controls``, a constant.
    sector_clusters : array (S,), optional
    sector_controls : array (S, L), optional
        Controls of the sector regression, without the constant, which is always there. One
        dimension means one column.

    Returns
    -------
    ShockLevelFit

    Raises
    ------
    DataError
        If the controls do not absorb the sum of shares, so that the two regressions differ; for
        missing values or labels that differ; for shifts that are all the same, given the sector
        controls, or that do not move x.
    ParameterError
        For shapes that disagree, or weights that are not above 0.

    Notes
    -----
    A sector to which nobody is exposed has no weight and changes nothing; its ``y`` and ``x`` are
    missing in ``rows``.

    Examples
    --------
    Sixty rows, one a sector, have the slope of five hundred:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> W = rng.dirichlet(np.full(60, 0.1), size=500)  # 500 places, 60 sectors
    >>> shifts = rng.normal(size=60)
    >>> z = W @ shifts
    >>> x = z + rng.normal(size=500)
    >>> y = 2 * x + W @ rng.normal(size=60)  # errors that sectors share
    >>> from helpers.shiftshare import regress
    >>> units = regress(y, z, W, x=x, controls=np.ones(500))
    >>> round(shock_level(y, x, W, shifts).beta / units.beta, 9)
    1.0
    """
    design = Design.of(W, controls, weights, constant=True, y=y, x=x)
    W, weight, controls = design.W, design.weight, design.controls
    shifts = design.of_sectors("shifts", shifts)
    root = np.sqrt(weight)
    y_net, x_net = design.net("y", "x")
    total = W.sum(axis=1)
    left = partial(total[:, None], controls, root).ravel()
    if np.sqrt(weight @ left**2) > 1e-8 * np.sqrt(weight @ total**2):
        raise DataError(
            "controls: shares do not sum to a constant, and their sum is not among the controls"
        )
    exposure = W.T @ weight
    if (exposure < 0).any():
        raise DataError(
            f"W: the exposure to {design.sectors.at(int(np.argmin(exposure)))} is negative in all"
        )
    y_bar, x_bar = (
        np.divide(W.T @ (weight * v), exposure, out=np.zeros_like(exposure), where=exposure > 0)
        for v in (y_net, x_net)
    )
    L = np.ones((len(shifts), 1))
    if sector_controls is not None:
        sector_controls = design.sectors.matrix("sector_controls", sector_controls)
        L = np.column_stack([L, sector_controls])
    shift_net = partial(shifts[:, None], L, np.sqrt(exposure)).ravel()
    if exposure @ shift_net**2 <= RANK**2 * (exposure @ shifts**2):
        raise DataError(
            "shifts: all the same given the sector controls, so that nothing can be learnt from"
            " them"
        )
    moved = float(exposure @ (shift_net * x_bar))
    if abs(moved) <= RANK * np.sqrt((exposure @ shift_net**2) * (exposure @ x_bar**2)):
        why = "" if x_net.any() else ", which the controls explain"
        raise DataError(f"shifts: the instrument does not move x{why}")
    beta = float(exposure @ (shift_net * y_bar)) / moved
    groups = design.groups(sector_clusters)

    def robust(values: np.ndarray) -> float:
        net = partial(values[:, None], L, np.sqrt(exposure)).ravel()
        sums = np.bincount(groups, weights=exposure * shift_net * net)
        return float(np.sqrt(sums @ sums))

    first = moved / float(exposure @ shift_net**2)
    first_error = robust(x_bar - first * shift_net)
    there = np.where(exposure > 0, 1.0, np.nan)
    rows = pd.DataFrame(
        {"weight": exposure, "shift": shifts, "y": y_bar * there, "x": x_bar * there},
        index=design.sectors.labels,
    )
    return ShockLevelFit(
        beta=beta,
        se=robust(y_bar - beta * x_bar) / abs(moved),
        first_stage_f=(moved / first_error) ** 2 if first_error else np.inf,
        rows=rows,
    )
