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
from scipy import stats

from helpers.errors import DataError, arguments
from helpers.shiftshare.fit import CollinearSharesError, ShiftShareFit, ShiftShareWarning, p_value

RANK = 1e-10
NOTHING = 1e-13
_FEW_SECTORS, _LARGEST_SHARE, _LITTLE_LEFT = 20, 0.1, 0.5


@dataclass(frozen=True)
class Design:
    """Arguments that all functions share, aligned by labels and checked."""

    rows: arguments.Axis
    sectors: arguments.Axis
    columns: dict[str, np.ndarray]
    W: np.ndarray
    controls: np.ndarray | None
    weight: np.ndarray

    @classmethod
    def of(cls, W, controls, weights, constant: bool = False, **columns) -> Design:
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
        net = partial(raw, self.controls, np.sqrt(self.weight))
        size, left = (np.sqrt(self.weight @ v**2) for v in (raw, net))
        net[:, left <= RANK * size] = 0
        return list(net.T)

    def of_sectors(self, name: str, values) -> np.ndarray:
        return self.sectors.column(name, values)

    def groups(self, values) -> np.ndarray:
        if values is None:
            return np.arange(self.W.shape[1])
        return self.sectors.groups("sector_clusters", values)


def partial(columns: np.ndarray, controls: np.ndarray | None, root: np.ndarray) -> np.ndarray:
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

    Examples
    --------
    A slope of two, and errors that places with like sectors have in common, which standard
    errors that take places for independent miss:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> W = rng.dirichlet(np.full(60, 0.1), size=500)  # 500 places, 60 sectors
    >>> shifts = rng.normal(size=60)
    >>> z = W @ shifts
    >>> x = z + rng.normal(size=500)
    >>> y = 2 * x + W @ rng.normal(size=60)  # errors that sectors share
    >>> found = regress(y, z, W, x=x, controls=np.ones(500))
    >>> bool(found.akm[0] < 2 < found.akm[1]), bool(found.se_akm > found.se_robust)
    (True, True)
    """
    level = arguments.level(level)
    given = {"y": y, "z": z} | ({} if x is None else {"x": x})
    design = Design.of(W, controls, weights, **given)
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
    if abs(moved) <= RANK * np.sqrt((weight @ z_net**2) * (weight @ x_net**2)):
        why = "" if x_net.any() else ", which the controls explain"
        raise DataError(f"z: the instrument does not move x{why}")
    beta = float(weight @ (z_net * y_net)) / moved
    exposed = (W != 0).any(axis=0)
    shock = np.zeros(W.shape[1])
    shock[exposed] = _shocks(root[:, None] * W[:, exposed], root * z_net)

    def scores(values: np.ndarray) -> np.ndarray:
        return np.bincount(groups, weights=shock * (W.T @ (weight * values)))

    residual = y_net - beta * x_net
    if np.abs(residual).max() <= NOTHING * np.abs(y_net).max():
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
        p_akm=p_value(beta, se),
        p_akm0=p_value(moved * beta, float(np.sqrt(null @ null))),
        **_unit_errors(design, residual, z_net, moved, codes, least_squares=x is None),
        n_unit_clusters=0 if codes is None else int(codes.max()) + 1,
        level=level,
    )


def _unit_errors(
    design: Design,
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
    rank = int((spectrum > RANK * spectrum[0]).sum())
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
