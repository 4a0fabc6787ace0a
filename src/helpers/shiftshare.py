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

from helpers import arguments
from helpers.errors import DataError

_RANK = 1e-10
_NOTHING = 1e-13
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
        Intervals at ``level``. ``akm0`` is (-inf, inf) where the data say nothing; its first end
        is above its second where the set is two rays: everything up to the second end and from
        the first.
    sector_scores : array (S,) or (clusters,)
        What each sector adds to the estimate's error; their squares add up to the variance.
    p_akm, p_akm0 : float
        Probability of a slope at least so far from zero were it zero, with either error.
    se_homoskedastic, se_robust, se_clustered : float
        Errors that do not follow the exposures, to compare with: one variance for all units, one
        for each (White), or free correlation within ``clusters``, missing without them. Without
        ``x`` they have the small-sample corrections of least squares (degrees of freedom; HC1;
        clusters over clusters minus one), with it they have none, as ShiftShareSE reports them.
    p_homoskedastic, p_robust, p_clustered : float
        As ``p_akm``, from a normal distribution.
    n_unit_clusters : int
        0 without ``clusters``.
    level : float
    n_obs, n_sectors, n_clusters : int
        Units, sectors with any exposure, and clusters of these.
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
    p_akm: float
    p_akm0: float
    se_homoskedastic: float
    se_robust: float
    se_clustered: float
    n_unit_clusters: int
    level: float

    @property
    def p_homoskedastic(self) -> float:
        """p-value of a slope of zero with one variance for all units."""
        return _p_value(self.beta, self.se_homoskedastic)

    @property
    def p_robust(self) -> float:
        """p-value of a slope of zero with heteroskedastic errors."""
        return _p_value(self.beta, self.se_robust)

    @property
    def p_clustered(self) -> float:
        """p-value of a slope of zero with clustered units; missing without clusters."""
        return _p_value(self.beta, self.se_clustered)

    def table(self) -> pd.DataFrame:
        """All errors side by side (Adao, Kolesar and Morales, 2019, table 5).

        Returns
        -------
        DataFrame
            ``errors``, ``se`` (for AKM0 half the interval over the normal quantile, infinite
            where the set is not an interval), ``p_value``, ``low``, ``high``; clustered errors
            where there are clusters.
        """
        critical = float(stats.norm.ppf((1 + self.level) / 2))
        rows = [
            ("homoskedastic", self.se_homoskedastic, self.p_homoskedastic),
            ("robust", self.se_robust, self.p_robust),
            ("clustered", self.se_clustered, self.p_clustered),
            ("AKM", self.se_akm, self.p_akm),
        ]
        rows = [
            (name, se, p, self.beta - critical * se, self.beta + critical * se)
            for name, se, p in rows
            if name != "clustered" or self.n_unit_clusters
        ]
        low, high = self.akm0
        half = (high - low) / (2 * critical) if self.akm0_kind == "interval" else np.inf
        rows.append(("AKM0", half, self.p_akm0, low, high))
        return pd.DataFrame(rows, columns=["errors", "se", "p_value", "low", "high"])

    @property
    def akm0_kind(self) -> str:
        """``interval``, ``two rays`` or ``line``."""
        low, high = self.akm0
        return (
            "line" if np.isinf(low) and np.isinf(high) else "two rays" if low > high else "interval"
        )


def _p_value(beta: float, se: float) -> float:
    """Two-sided, from the normal distribution; a slope without error is zero or it is not."""
    if se > 0:
        return float(2 * stats.norm.sf(abs(beta) / se))
    return float("nan") if np.isnan(se) else float(beta == 0)


@dataclass(frozen=True)
class _Design:
    """Arguments that all functions share, aligned by labels and checked."""

    rows: arguments.Axis
    sectors: arguments.Axis
    columns: dict[str, np.ndarray]
    W: np.ndarray
    controls: np.ndarray | None
    weight: np.ndarray

    @classmethod
    def of(cls, W, controls, weights, constant: bool = False, **columns) -> _Design:
        rows, sectors = arguments.Axis("row"), arguments.Axis("sector")
        found = {name: rows.column(name, values) for name, values in columns.items()}
        W = rows.matrix("W", W, sectors, vector=False)
        if not (W != 0).any():
            raise DataError("W: no unit has any exposure")
        if constant and controls is None:
            controls = np.ones((rows.size, 1))
        controls = None if controls is None else rows.matrix("controls", controls)
        if controls is not None and not controls.shape[1]:
            controls = None
        weight = np.ones(rows.size)
        if weights is not None:
            weight = rows.column("weights", weights, positive=True)
        return cls(rows, sectors, found, W, controls, weight)

    def net(self, *names: str) -> list[np.ndarray]:
        """Variables less what the controls explain; one that they explain is exactly zero."""
        raw = np.column_stack([self.columns[name] for name in names])
        net = _partial(raw, self.controls, np.sqrt(self.weight))
        size, left = (np.sqrt(self.weight @ v**2) for v in (raw, net))
        net[:, left <= _RANK * size] = 0
        return list(net.T)

    def of_sectors(self, name: str, values) -> np.ndarray:
        return self.sectors.column(name, values)

    def groups(self, values) -> np.ndarray:
        if values is None:
            return np.arange(self.W.shape[1])
        return self.sectors.groups("sector_clusters", values)


def _partial(columns: np.ndarray, controls: np.ndarray | None, root: np.ndarray) -> np.ndarray:
    """Columns less what controls explain, by weighted least squares."""
    if controls is None:
        return columns
    slopes = np.linalg.lstsq(controls * root[:, None], columns * root[:, None], rcond=None)[0]
    return columns - controls @ slopes


def _warn(
    W: np.ndarray, weight: np.ndarray, clusters: np.ndarray, controls: np.ndarray | None
) -> float:
    """Say where the method is known to do badly; return the effective number of sectors."""
    n_controls = 0 if controls is None else controls.shape[1]
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
    clusters=None,
) -> ShiftShareFit:
    """Slope on a shift-share variable, or 2SLS with one, and exposure-robust intervals.

    Adao, Kolesar and Morales (2019), sections 4.1-4.3. With z and x net of controls, X_s the
    coefficients of z on W (without an intercept) and R_s = sum_i W_is e_i,

        se_AKM^2 = sum_s (X_s R_s)^2 / (sum_i z_i x_i)^2.

    AKM0 collects the slopes b that a test with e = y - x b does not reject.

    A pandas object is put by its labels into the order of the first that has any, rows as well
    as sectors, and refused where labels differ; arrays are taken by position.

    Parameters
    ----------
    y : array (N,)
        Outcome.
    z : array (N,)
        Shift-share variable, sum_s W_is g_s.
    W : array or DataFrame (N, S)
        Exposure shares. For a panel: a column for each sector and period. A sector to which
        nobody is exposed changes nothing.
    x : array (N,), optional
        Endogenous variable, with z as its instrument. None: y on z.
    controls : array (N, M), optional
        Include the constant, and the sum of shares where it is not one. One dimension means one
        column.
    weights : array (N,), optional
        Regression weights, above 0.
    sector_clusters : array (S,), optional
        Groups of sectors whose shocks may be correlated.
    level : float, in (0, 1)
    clusters : array (N,), optional
        Groups of units, such as states, for the clustered errors to compare with.

    Returns
    -------
    ShiftShareFit

    Raises
    ------
    CollinearSharesError
        If W does not have full column rank: sectors that no unit tells apart.
    DataError
        For missing values or labels that differ, an instrument that the controls explain or that
        does not move x, as where they explain x.
    ParameterError
        For shapes that disagree, what is no number, weights that are not above 0, or a level
        outside (0, 1).

    Warns
    -----
    ShiftShareWarning
        For few or concentrated sectors, many controls, or controls that take z out of the span
        of the shares.
    """
    level = arguments.level(level)
    given = {"y": y, "z": z} | ({} if x is None else {"x": x})
    design = _Design.of(W, controls, weights, **given)
    W, weight, n_obs = design.W, design.weight, design.rows.size
    root = np.sqrt(weight)
    groups = design.groups(sector_clusters)
    y_net, z_net = design.net("y", "z")
    (x_net,) = [z_net] if x is None else design.net("x")
    if not z_net.any():
        raise DataError(
            "z: the controls explain the shift-share variable, or it is zero; shifts that are all"
            " the same do that where shares sum to one"
        )
    moved = float(weight @ (z_net * x_net))
    if abs(moved) <= _RANK * np.sqrt((weight @ z_net**2) * (weight @ x_net**2)):
        why = "" if x_net.any() else ", which the controls explain"
        raise DataError(f"z: the instrument does not move x{why}")
    beta = float(weight @ (z_net * y_net)) / moved
    exposed = (W != 0).any(axis=0)
    shock = np.zeros(W.shape[1])
    shock[exposed] = _shocks(root[:, None] * W[:, exposed], root * z_net)

    def scores(values: np.ndarray) -> np.ndarray:
        return np.bincount(groups, weights=shock * (W.T @ (weight * values)))

    residual = y_net - beta * x_net
    if np.abs(residual).max() <= _NOTHING * np.abs(y_net).max():
        residual = np.zeros(n_obs)  # y is a multiple of x: what is left is rounding
    error, slope = scores(residual), scores(x_net)
    null = scores(y_net)
    spanned = float((weight @ (W @ shock) ** 2) / (weight @ z_net**2))
    if spanned < _LITTLE_LEFT:
        warnings.warn(
            f"shift-share inference: net of controls the shares explain {spanned:.0%} of z, as "
            "with many fixed effects: errors are too small",
            ShiftShareWarning,
            stacklevel=2,
        )
    codes = None if clusters is None else design.rows.groups("clusters", clusters)
    if codes is not None and codes.max() < 1:
        raise DataError("clusters: 1 cluster, at least 2 are needed")
    critical = stats.norm.ppf((1 + level) / 2)
    se = float(np.sqrt(error @ error) / abs(moved))
    return ShiftShareFit(
        beta=beta,
        se_akm=se,
        akm=(beta - critical * se, beta + critical * se),
        akm0=_null_imposed(beta, moved, error, slope, critical),
        sector_scores=error / moved,
        n_obs=n_obs,
        n_sectors=int(exposed.sum()),
        n_clusters=len(np.unique(groups[exposed])),
        spanned=spanned,
        effective_sectors=_warn(W, weight, groups, design.controls),
        p_akm=_p_value(beta, se),
        p_akm0=_p_value(moved * beta, float(np.sqrt(null @ null))),
        **_unit_errors(design, residual, z_net, moved, codes, least_squares=x is None),
        n_unit_clusters=0 if codes is None else int(codes.max()) + 1,
        level=level,
    )


def _unit_errors(
    design: _Design,
    residual: np.ndarray,
    z_net: np.ndarray,
    moved: float,
    codes: np.ndarray | None,
    least_squares: bool,
) -> dict[str, float]:
    """Homoskedastic, robust and clustered errors of a slope, net of controls (N,).

    Corrections for the degrees of freedom where the slope is of least squares.
    """
    n_obs, weight = len(residual), design.weight
    rank = 1
    if design.controls is not None:
        rank += int(np.linalg.matrix_rank(design.controls * np.sqrt(weight)[:, None]))
    left = max(n_obs - rank, 0) if least_squares else n_obs
    if not left:
        return dict.fromkeys(("se_homoskedastic", "se_robust", "se_clustered"), float("nan"))
    variance = weight @ residual**2 / left * (weight @ z_net**2)
    u = weight * residual * z_net
    found = {
        "se_homoskedastic": variance,
        "se_robust": u @ u * n_obs / left,
        "se_clustered": float("nan"),
    }
    if codes is not None:
        sums = np.bincount(codes, weights=u)
        n = len(sums)
        found["se_clustered"] = sums @ sums
        if least_squares:
            found["se_clustered"] *= n / (n - 1) * (n_obs - 1) / left
    return {name: float(np.sqrt(value) / abs(moved)) for name, value in found.items()}


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
    if room == 0 or (room < 0 and not error.any()):
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
    """
    design = _Design.of(W, controls, weights, y=y, x=x)
    W, weight = design.W, design.weight
    shifts = design.of_sectors("shifts", shifts)
    y_net, x_net = design.net("y", "x")
    on_x, on_y = W.T @ (weight * x_net), W.T @ (weight * y_net)
    on_x[np.abs(on_x) <= _NOTHING * (np.abs(W).T @ (weight * np.abs(x_net)))] = 0
    total = shifts @ on_x
    if abs(total) <= _RANK * np.abs(shifts * on_x).sum():
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


def _sector_names(design: _Design) -> np.ndarray | list:
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
    """
    design = _Design.of(W, controls, weights, constant=True, y=y, x=x)
    W, weight, controls = design.W, design.weight, design.controls
    shifts = design.of_sectors("shifts", shifts)
    root = np.sqrt(weight)
    y_net, x_net = design.net("y", "x")
    total = W.sum(axis=1)
    left = _partial(total[:, None], controls, root).ravel()
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
    shift_net = _partial(shifts[:, None], L, np.sqrt(exposure)).ravel()
    if exposure @ shift_net**2 <= _RANK**2 * (exposure @ shifts**2):
        raise DataError(
            "shifts: all the same given the sector controls, so that nothing can be learnt from"
            " them"
        )
    moved = float(exposure @ (shift_net * x_bar))
    if abs(moved) <= _RANK * np.sqrt((exposure @ shift_net**2) * (exposure @ x_bar**2)):
        why = "" if x_net.any() else ", which the controls explain"
        raise DataError(f"shifts: the instrument does not move x{why}")
    beta = float(exposure @ (shift_net * y_bar)) / moved
    groups = design.groups(sector_clusters)

    def robust(values: np.ndarray) -> float:
        net = _partial(values[:, None], L, np.sqrt(exposure)).ravel()
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
