"""Inference for shift-share designs: exposure-robust errors, sector weights, shock-level form.

A shift-share variable z_i = sum_s W_is g_s is the same for units with the same exposures, so
units whose exposures are alike have correlated errors wherever they are. Clustering by place
misses that. Three published answers, each written once:

* Adao, Kolesar and Morales (2019): errors that allow any correlation through the exposures
  (AKM), and an interval that imposes the null (AKM0), which can be a ray or two;
* Borusyak, Hull and Jaravel (2022): the numerically equal regression with one row a sector;
* Goldsmith-Pinkham, Sorkin and Swift (2020): how much each sector's exposures count (Rotemberg).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import DataError, ParameterError

_RANK = 1e-10
_FEW_SECTORS, _LARGEST_SHARE, _LITTLE_LEFT = 20, 0.1, 0.5


class CollinearSharesError(DataError):
    """Exposure shares from which sector shocks cannot be told apart."""


class ShiftShareWarning(UserWarning):
    """The method runs, and is known to do badly in such a case."""


@dataclass(frozen=True, eq=False)
class ShiftShareFit:
    """A regression on, or with, a shift-share variable.

    Attributes
    ----------
    beta : float
        Slope on z, or of y on x with z as the instrument.
    se_akm : float
        Exposure-robust standard error.
    akm, akm0 : (float, float)
        Intervals. ``akm0`` is (-inf, inf) where the data say nothing; its first end is above its
        second where the set is two rays: everything up to the second end and from the first.
    sector_scores : array (S,) or (clusters,)
        What each sector adds to the estimate's error; their squares add up to the variance.
    n_obs, n_sectors, n_clusters : int
    effective_sectors : float
        One over the sum of squared sector weights: few mean a normal approximation that is poor.
    spanned : float
        Share of z's variance, net of controls, that the shares still explain. Controls that
        take z out of their span, such as many fixed effects, make the errors too small by about
        the square root of this share.
    """

    beta: float
    se_akm: float
    akm: tuple[float, float]
    akm0: tuple[float, float]
    sector_scores: np.ndarray
    n_obs: int
    n_sectors: int
    n_clusters: int
    effective_sectors: float
    spanned: float

    @property
    def akm0_kind(self) -> str:
        """``interval``, ``two rays`` or ``line``."""
        low, high = self.akm0
        return (
            "line" if np.isinf(low) and np.isinf(high) else "two rays" if low > high else "interval"
        )


def _column(name: str, values, n_obs: int | None = None) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or (n_obs is not None and len(array) != n_obs):
        raise ParameterError(f"{name}: expected {n_obs or 'N'} values, found shape {array.shape}")
    if not np.isfinite(array).all():
        raise DataError(f"{name}: {int((~np.isfinite(array)).sum())} values are missing")
    return array


def _partial(columns: np.ndarray, controls: np.ndarray | None, root: np.ndarray) -> np.ndarray:
    """Columns less what controls explain, by weighted least squares."""
    if controls is None:
        return columns
    slopes = np.linalg.lstsq(controls * root[:, None], columns * root[:, None], rcond=None)[0]
    return columns - controls @ slopes


def _shares(W, n_obs: int) -> np.ndarray:
    W = np.asarray(W, dtype=float)
    if W.ndim != 2 or W.shape[0] != n_obs:
        raise ParameterError(f"W: expected shape (N, S) with N = {n_obs}, found {W.shape}")
    if not np.isfinite(W).all():
        raise DataError("W: shares are missing")
    return W


def _warn(W: np.ndarray, weight: np.ndarray, clusters: np.ndarray, n_controls: int) -> float:
    """Say where the method is known to do badly; return the effective number of sectors."""
    size = np.bincount(clusters, weights=(weight[:, None] * np.abs(W)).sum(axis=0))
    size = size / size.sum()
    effective = float(1 / (size**2).sum())
    for bad, words in (
        (effective < _FEW_SECTORS, f"as good as {effective:.1f} independent sectors: few for it"),
        (size.max() > _LARGEST_SHARE, f"one sector has {size.max():.0%} of all exposure"),
        (n_controls > len(weight) / 10, f"{n_controls} controls for {len(weight)} units: errors "
         "are too small"),
    ):  # fmt: skip
        if bad:
            warnings.warn(f"shift-share inference: {words}", ShiftShareWarning, stacklevel=3)
    return effective


def regress(
    y,
    z,
    W,
    x=None,
    controls=None,
    weights=None,
    sector_clusters=None,
    level: float = 0.95,
) -> ShiftShareFit:
    """Slope on a shift-share variable, or 2SLS with one, and exposure-robust intervals.

    Adao, Kolesar and Morales (2019), sections 4.1-4.3. With z and x net of controls, X_s the
    coefficients of z on W (without an intercept) and R_s = sum_i W_is e_i,

        se_AKM^2 = sum_s (X_s R_s)^2 / (sum_i z_i x_i)^2.

    AKM0 collects the slopes b that a test with e = y - x b does not reject.

    Parameters
    ----------
    y : array (N,)
        Outcome.
    z : array (N,)
        Shift-share variable, sum_s W_is g_s.
    W : array (N, S)
        Exposure shares. For a panel: a column for each sector and period.
    x : array (N,), optional
        Endogenous variable, with z as its instrument. None: y on z.
    controls : array (N, M), optional
        Include the constant, and the sum of shares where it is not one.
    weights : array (N,), optional
        Regression weights, above 0.
    sector_clusters : array (S,), optional
        Groups of sectors whose shocks may be correlated.
    level : float, in (0, 1)

    Returns
    -------
    ShiftShareFit

    Raises
    ------
    CollinearSharesError
        If W does not have full column rank: sectors that no unit tells apart.
    DataError
        For missing values, or an instrument that the controls explain or that moves x nowhere.
    ParameterError
        For shapes that disagree, weights that are not above 0, or a level outside (0, 1).

    Warns
    -----
    ShiftShareWarning
        For few or concentrated sectors, many controls, or controls that take z out of the span
        of the shares.
    """
    if not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), found {level!r}")
    y = _column("y", y)
    n_obs = len(y)
    z = _column("z", z, n_obs)
    x = z if x is None else _column("x", x, n_obs)
    W = _shares(W, n_obs)
    weight = np.ones(n_obs) if weights is None else _column("weights", weights, n_obs)
    if not (weight > 0).all():
        raise ParameterError("weights: expected numbers above 0")
    controls = None if controls is None else np.asarray(controls, dtype=float)
    if controls is not None and (controls.ndim != 2 or len(controls) != n_obs):
        raise ParameterError(f"controls: expected shape (N, M), found {controls.shape}")
    root = np.sqrt(weight)
    groups = np.arange(W.shape[1]) if sector_clusters is None else np.asarray(sector_clusters)
    if groups.shape != (W.shape[1],):
        raise ParameterError(f"sector_clusters: expected {W.shape[1]} values, found {groups.shape}")
    groups = np.unique(groups, return_inverse=True)[1]
    net = _partial(np.column_stack([y, x, z]), controls, root)
    y_net, x_net, z_net = net.T
    if z_net @ (weight * z_net) <= _RANK**2 * (z @ (weight * z)):
        raise DataError("z: the controls explain the shift-share variable")
    moved = float(weight @ (z_net * x_net))
    if abs(moved) <= _RANK * np.sqrt((weight @ z_net**2) * (weight @ x_net**2)):
        raise DataError("z: the instrument does not move x")
    beta = float(weight @ (z_net * y_net)) / moved
    shock = _shocks(root[:, None] * W, root * z_net)

    def scores(values: np.ndarray) -> np.ndarray:
        return np.bincount(groups, weights=shock * (W.T @ (weight * values)))

    error, slope = scores(y_net - beta * x_net), scores(x_net)
    spanned = float((weight @ (W @ shock) ** 2) / (weight @ z_net**2))
    if spanned < _LITTLE_LEFT:
        warnings.warn(
            f"shift-share inference: net of controls the shares explain {spanned:.0%} of z, as "
            "with many fixed effects: errors are too small",
            ShiftShareWarning,
            stacklevel=2,
        )
    critical = stats.norm.ppf((1 + level) / 2)
    se = float(np.sqrt(error @ error) / abs(moved))
    return ShiftShareFit(
        beta=beta,
        se_akm=se,
        akm=(beta - critical * se, beta + critical * se),
        akm0=_null_imposed(beta, moved, error, slope, critical),
        sector_scores=error / moved,
        n_obs=n_obs,
        n_sectors=W.shape[1],
        n_clusters=int(groups.max()) + 1,
        spanned=spanned,
        effective_sectors=_warn(W, weight, groups, 0 if controls is None else controls.shape[1]),
    )


def _shocks(W: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Coefficients of z on the shares, refused where the shares do not determine them."""
    shock, _, _, spectrum = np.linalg.lstsq(W, z, rcond=None)
    rank = int((spectrum > _RANK * spectrum[0]).sum())
    if rank < W.shape[1]:
        raise CollinearSharesError(
            f"W: {W.shape[1]} sectors but rank {rank}; drop or merge sectors that go together"
        )
    return shock


def _null_imposed(
    beta: float, moved: float, error: np.ndarray, slope: np.ndarray, critical: float
) -> tuple[float, float]:
    """Solve (beta - b)^2 moved^2 <= critical^2 sum (error + (beta - b) slope)^2 for b."""
    room = moved**2 / critical**2 - slope @ slope
    if room == 0:
        return (-np.inf, np.inf)
    shift = (error @ slope) / room
    spread = shift**2 + (error @ error) / room
    middle = beta - shift
    if room > 0:
        return (middle - np.sqrt(spread), middle + np.sqrt(spread))
    if spread > 0:
        return (middle + np.sqrt(spread), middle - np.sqrt(spread))
    return (-np.inf, np.inf)


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
    shifts : array (S,)
        g_s, in the order of W's columns.
    controls : array (N, M), optional
    weights : array (N,), optional

    Returns
    -------
    DataFrame
        ``sector``, ``shift``, ``alpha``, ``beta``, largest weight first; alphas sum to one, and
        sum(alpha * beta) is the estimate.
    """
    names = list(W.columns) if isinstance(W, pd.DataFrame) else None
    y = _column("y", y)
    x = _column("x", x, len(y))
    W = _shares(W, len(y))
    shifts = _column("shifts", shifts, W.shape[1])
    weight = np.ones(len(y)) if weights is None else _column("weights", weights, len(y))
    if not (weight > 0).all():
        raise ParameterError("weights: expected numbers above 0")
    controls = None if controls is None else np.asarray(controls, dtype=float)
    y_net, x_net = _partial(np.column_stack([y, x]), controls, np.sqrt(weight)).T
    on_x, on_y = W.T @ (weight * x_net), W.T @ (weight * y_net)
    total = shifts @ on_x
    if abs(total) < _RANK * np.abs(shifts * on_x).sum():
        raise DataError("shifts: the instrument does not move x")
    with np.errstate(divide="ignore", invalid="ignore"):
        beta = np.where(on_x != 0, on_y / on_x, np.nan)
    table = pd.DataFrame(
        {
            "sector": names or np.arange(W.shape[1]),
            "shift": shifts,
            "alpha": shifts * on_x / total,
            "beta": beta,
        }
    )
    return table.sort_values("alpha", key=np.abs, ascending=False, ignore_index=True)


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
        As in :func:`rotemberg_weights`.
    sector_clusters : array (S,), optional
    sector_controls : array (S, L), optional
        Controls of the sector regression, without the constant, which is always there.

    Returns
    -------
    ShockLevelFit

    Raises
    ------
    DataError
        If the controls do not absorb the sum of shares, so that the two regressions differ.
    """
    y = _column("y", y)
    n_obs = len(y)
    x = _column("x", x, n_obs)
    W = _shares(W, n_obs)
    shifts = _column("shifts", shifts, W.shape[1])
    weight = np.ones(n_obs) if weights is None else _column("weights", weights, n_obs)
    controls = np.ones((n_obs, 1)) if controls is None else np.asarray(controls, dtype=float)
    root = np.sqrt(weight)
    y_net, x_net = _partial(np.column_stack([y, x]), controls, root).T
    total = W.sum(axis=1)
    left = _partial(total[:, None], controls, root).ravel()
    if np.sqrt(weight @ left**2) > 1e-8 * np.sqrt(weight @ total**2):
        raise DataError(
            "controls: shares do not sum to a constant, and their sum is not among the controls"
        )
    exposure = W.T @ weight
    y_bar, x_bar = (W.T @ (weight * v) / exposure for v in (y_net, x_net))
    L = np.ones((len(shifts), 1))
    if sector_controls is not None:
        L = np.column_stack([L, np.asarray(sector_controls, dtype=float)])
    shift_net = _partial(shifts[:, None], L, np.sqrt(exposure)).ravel()
    moved = float(exposure @ (shift_net * x_bar))
    beta = float(exposure @ (shift_net * y_bar)) / moved
    groups = np.arange(len(shifts)) if sector_clusters is None else np.asarray(sector_clusters)
    groups = np.unique(groups, return_inverse=True)[1]

    def robust(values: np.ndarray) -> float:
        net = _partial(values[:, None], L, np.sqrt(exposure)).ravel()
        sums = np.bincount(groups, weights=exposure * shift_net * net)
        return float(np.sqrt(sums @ sums))

    first = moved / float(exposure @ shift_net**2)
    first_error = robust(x_bar - first * shift_net)
    return ShockLevelFit(
        beta=beta,
        se=robust(y_bar - beta * x_bar) / abs(moved),
        first_stage_f=(moved / first_error) ** 2,
        rows=pd.DataFrame({"weight": exposure, "shift": shifts, "y": y_bar, "x": x_bar}),
    )
