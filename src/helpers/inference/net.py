"""Variables net of effects and controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import ParameterError
from helpers.panel import Panel

VARIABLES = ("log_share", "log_wage", "instrument")


@dataclass(frozen=True, eq=False)
class Within:
    """Share, wage and instrument net of both sets of effects, with the cluster codes."""

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    data: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row a cell: ``year``, ``city``, ``occupation`` and what effects leave of each."""
        names = self.data[["year", "city", "occupation"]].reset_index(drop=True)
        return names.assign(y=self.y, x=self.x, z=self.z)

    @property
    def beta(self) -> float:
        """2SLS slope, a ratio of two sums."""
        return float(self.z @ self.y / (self.z @ self.x))


def within(panel: Panel, years: Sequence[int] | None = None) -> Within:
    """Take the effects out of a panel's sample (paper, 3.1).

    Examples
    --------
    Net of effects, the slope is a ratio of two sums:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import estimate
    >>> round(within(panel).beta / estimate(panel).beta, 9)
    1.0
    """
    data = estimation.sample(panel, years)
    y, x, z = estimation.residualise(data, list(VARIABLES)).T
    return Within(y, x, z, data)


def check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), found {level!r}")
