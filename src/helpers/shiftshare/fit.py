"""What a shift-share regression gives: slope, errors of every kind, p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.errors import DataError


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
        return p_value(self.beta, self.se_homoskedastic)

    @property
    def p_robust(self) -> float:
        """p-value of a slope of zero with heteroskedastic errors."""
        return p_value(self.beta, self.se_robust)

    @property
    def p_clustered(self) -> float:
        """p-value of a slope of zero with clustered units; missing without clusters."""
        return p_value(self.beta, self.se_clustered)

    def to_frame(self) -> pd.DataFrame:
        """One row a kind of error: :meth:`table` with the slope, which they share, in front."""
        table = self.table()
        table.insert(1, "beta", self.beta)
        return table.assign(
            level=self.level, n_obs=self.n_obs, n_sectors=self.n_sectors,
            effective_sectors=self.effective_sectors,
        )  # fmt: skip

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


def p_value(beta: float, se: float) -> float:
    """Two-sided, from the normal distribution; a slope without error is zero or it is not."""
    if se > 0:
        return float(2 * stats.norm.sf(abs(beta) / se))
    return float("nan") if np.isnan(se) else float(beta == 0)
