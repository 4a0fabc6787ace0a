"""Two instruments for one slope: do they agree?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy import stats

from helpers import estimation
from helpers.errors import DataError, find_name
from helpers.inference import clusters as clustering
from helpers.inference import confidence_sets, interval
from helpers.inference.clusters import codes_of, hansen, variance
from helpers.inference.net import VARIABLES
from helpers.panel import Panel


@dataclass(frozen=True)
class Overidentification:
    """Hansen's test that two instruments point to one slope.

    Attributes
    ----------
    J : float
    p_value : float
        Chi-squared with ``df`` degrees of freedom; with few clusters an approximation.
    df : int
    clusters : str
    n_clusters : int
    beta : float
        Slope by two-step GMM with both instruments.
    beta_base, beta_shifts : float
        Slopes by the instrument frozen at its base year alone, and by what the shifts add to it
        alone.
    shifts_f : float
        First-stage F of what the shifts add.
    shifts_set : ConfidenceSet
        Anderson-Rubin set of the slope from what the shifts add.
    """

    J: float
    p_value: float
    df: int
    clusters: str
    n_clusters: int
    beta: float
    beta_base: float
    beta_shifts: float
    shifts_f: float
    shifts_set: interval.ConfidenceSet

    def to_frame(self) -> pd.DataFrame:
        """One row: the test, the slopes that it compares, and the set of the shifts in words."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return pd.DataFrame([values | {"shifts_set": str(self.shifts_set)}])


def overidentification(
    panel: Panel,
    clusters: str = "city_occupation",
    *,
    years: Sequence[int] | None = None,
    level: float = 0.95,
) -> Overidentification:
    """Do the instrument as it is and frozen at its base year point to the same slope?

    Frozen, the instrument is what a cell's first year predicts, in every year: base-year sector
    mixes and nothing else. What the actual one adds is the shifts. If both are excluded from
    the equation, both slopes are the same and Hansen's J is chi-squared with one degree of
    freedom.

    Parameters
    ----------
    panel : Panel
    clusters : str
        One of :data:`helpers.estimation.CLUSTERS` without ``+``.
    years : sequence of int, optional
    level : float, in (0, 1)
        Of ``shifts_set``.

    Raises
    ------
    DataError
        If the instrument does not move over time, so that there is nothing to compare, or
        there are no more clusters than instruments.

    Examples
    --------
    One restriction is tested. What the shifts add to base-year exposures is weak in this economy,
    with an F below ten, so that the test has little to go by:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> test = overidentification(panel, "occupation")
    >>> test.df, bool(test.p_value > 0.05), bool(test.shifts_f < 10)
    (1, True, True)
    """
    find_name("clusters", clusters, [name for name in estimation.CLUSTERS if "+" not in name])
    data = with_base(estimation.sample(panel, years))
    y, x, z, base = estimation.residualise(data, [*VARIABLES, "base"]).T
    return hansen_of(y, x, z, base, data, clusters, level)


def with_base(data: pd.DataFrame) -> pd.DataFrame:
    """Add ``base``, the instrument of a cell's first year in the sample.

    Examples
    --------
    The frozen instrument of a cell is the same in all years:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import sample
    >>> data = with_base(sample(panel))
    >>> int(data.groupby("city_occupation")["base"].nunique().max())
    1
    """
    first = data.sort_values("year").groupby("city_occupation")["instrument"].first()
    return data.assign(base=data["city_occupation"].map(first))


def hansen_of(
    y: np.ndarray, x: np.ndarray, z: np.ndarray, base: np.ndarray, data: pd.DataFrame,
    clusters: str, level: float = 0.95,
) -> Overidentification:  # fmt: skip
    added = z - base * (base @ z) / (base @ base)
    if added @ added < 1e-18 * (z @ z):
        raise DataError("instrument: it is the same in all years, so its base year adds no test")
    groups = clustering.n_clusters(data, clusters)
    if groups < 3:
        raise DataError(f"clusters: {groups} are too few for 2 instruments")
    codes = codes_of(data, clusters)
    J, beta = hansen(y, x, np.column_stack([base, added]), codes)
    on_base = [v - base * (base @ v) / (base @ base) for v in (y, x)]
    left = on_base[1] - added * (added @ x) / (added @ added)
    moved = variance(added, left, data, clusters)
    return Overidentification(
        J=J,
        p_value=float(stats.chi2.sf(J, 1)),
        df=1,
        clusters=clusters,
        n_clusters=groups,
        beta=beta,
        beta_base=float(base @ y / (base @ x)),
        beta_shifts=float(added @ y / (added @ x)),
        shifts_f=float((added @ x) ** 2 / moved),
        shifts_set=confidence_sets.anderson_rubin(*on_base, added, clusters=codes, level=level),
    )
