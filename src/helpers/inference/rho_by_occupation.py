"""A correlation for each occupation (the paper assumes one; section 2.2).

With its own rho_k the equation of an occupation is, in logs,

    ln pi_ck = ( ln w_ck + ln z_c + ln eta_ck ) / (1 - rho_k) - ln lambda_k,

so that the city term no longer enters all occupations alike and city effects do not take it
out. Multiplied by 1 - rho_k it does:

    ln w_ck = (1 - rho_k) ln pi_ck - ln z_c + delta_k - ln eta_ck.

Wages on shares, one slope 1 - rho_k an occupation, with both sets of effects; the instrument,
occupation by occupation, stands for the shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers import estimation
from helpers.errors import DataError, find_name
from helpers.inference import clusters as clustering
from helpers.inference import strength
from helpers.inference.clusters import codes_of, small_sample_factor
from helpers.panel import Panel


@dataclass(frozen=True, eq=False)
class RhoByOccupation:
    """Occupation-specific correlations.

    Attributes
    ----------
    rho_k, se : Series (K,)
        1 - slope, and standard errors.
    vcov : array (K, K)
    wald : float
        Test that all are equal, chi-squared with K - 1 degrees of freedom where there is no
        sampling error in its variance.
    degrees : (int, int)
        Of the F test, wald / (K - 1): K - 1 and clusters - 1.
    p_value : float
    common : float
        The value that a precision-weighted mean gives them all.
    conditional_f : Series (K,)
        First-stage F of each occupation's share, the others' given (Sanderson and Windmeijer,
        2016), same clusters. Where it is small neither the slope nor the test can be read.
    """

    rho_k: pd.Series
    se: pd.Series
    vcov: np.ndarray
    wald: float
    degrees: tuple[int, int]
    p_value: float
    common: float
    conditional_f: pd.Series

    def to_frame(self) -> pd.DataFrame:
        """One row an occupation: ``rho_k``, its error, and the F of its first stage."""
        columns = {"rho_k": self.rho_k, "se": self.se, "conditional_f": self.conditional_f}
        return pd.DataFrame(columns).rename_axis("occupation").reset_index()

    @property
    def inside(self) -> pd.Series:
        """Which lie in [0, 1), where the model is defined."""
        return (self.rho_k >= 0) & (self.rho_k < 1)


def estimate_rho_k(
    panel: Panel, clusters: str = "city", years: Sequence[int] | None = None
) -> RhoByOccupation:
    """Estimate one correlation for each occupation and test that they are equal.

    Parameters
    ----------
    panel : Panel
    clusters : {"city", "city_occupation", "occupation"}
    years : sequence of int, optional

    Raises
    ------
    DataError
        If there are no more clusters than occupations, or an occupation's instrument does not
        move its share.
    """
    find_name("clusters", clusters, ("city", "city_occupation", "occupation"))
    data = estimation.sample(panel, years)
    names = [name for name in panel.occupations if (data["occupation"] == name).any()]
    member = {name: (data["occupation"] == name).to_numpy(float) for name in names}
    columns = pd.DataFrame(
        {f"share {name}": data["log_share"] * on for name, on in member.items()}
        | {f"z {name}": data["instrument"] * on for name, on in member.items()}
    )
    keys = data[["year", "city_year", "occupation_year", "log_wage"]]
    table = pd.concat([keys, columns], axis=1)
    net = estimation.residualise(table, ["log_wage", *columns])
    wage, X, Z = net[:, 0], net[:, 1 : 1 + len(names)], net[:, 1 + len(names) :]
    moved = Z.T @ X
    if np.linalg.cond(moved) > 1e12:
        raise DataError("instrument: it does not move the shares of every occupation")
    slope = np.linalg.solve(moved, Z.T @ wage)
    codes = codes_of(data, clusters)
    n_clusters = clustering.n_clusters(data, clusters)
    if n_clusters <= len(names):
        raise DataError(
            f"clusters: {n_clusters} {clusters} clusters cannot give the variance of "
            f"{len(names)} slopes"
        )
    sums = clustering.sums(Z * (wage - X @ slope)[:, None], codes)
    meat = small_sample_factor(data, clusters, "not nested") * sums.T @ sums
    bread = np.linalg.inv(moved)
    vcov = bread @ meat @ bread.T
    precision = np.linalg.inv(vcov)
    common = float(precision.sum(axis=0) @ slope / precision.sum())
    apart = slope - common
    wald = float(apart @ precision @ apart)
    degrees = (len(names) - 1, n_clusters - 1)
    index = pd.Index(names, name="occupation")
    return RhoByOccupation(
        rho_k=pd.Series(1 - slope, index, name="rho_k"),
        se=pd.Series(np.sqrt(np.diag(vcov)), index, name="se"),
        vcov=vcov,
        wald=wald,
        degrees=degrees,
        p_value=float(stats.f.sf(wald / degrees[0], *degrees)),
        common=1 - common,
        conditional_f=pd.Series(
            strength.conditional_f(X, Z, data, clusters), index, name="conditional_f"
        ),
    )
