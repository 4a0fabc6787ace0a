"""Correlations of ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's correlation of two variables: that of their ranks, ties sharing the mean.

    Parameters
    ----------
    x, y : arrays (N,)

    Returns
    -------
    float
        nan where a value is missing, or one variable does not vary.

    Examples
    --------
    >>> rank_correlation([1.0, 2.0, 3.0, 4.0], [1.0, 8.0, 27.0, 2.0])
    0.4
    """
    ranks = [pd.Series(np.asarray(v, dtype=float)).rank().to_numpy() for v in (x, y)]
    one, other = (rank - rank.mean() for rank in ranks)
    size = np.sqrt((one @ one) * (other @ other))
    return float(one @ other / size) if size else float("nan")
