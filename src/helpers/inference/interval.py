"""A confidence set of any shape: intervals, rays, the whole line or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import arguments
from helpers.estimation import rho_of


@dataclass(frozen=True)
class ConfidenceSet:
    """A union of intervals on the line.

    Attributes
    ----------
    intervals : tuple of (float, float)
        Disjoint, in order; ends may be infinite.
    level : float

    Examples
    --------
    A slope of four is a correlation of 1 - 1/4; those below one are outside the model:

    >>> slopes = ConfidenceSet(((0.5, 4.0),), level=0.95)
    >>> print(slopes, "of slopes,", slopes.rho(), "of rho")
    [0.500, 4.000] of slopes, [0.000, 0.750] of rho
    >>> 2.5 in slopes, 5.0 in slopes
    (True, False)
    >>> ConfidenceSet(((float("-inf"), 1.0), (3.0, float("inf"))), 0.95).kind
    'two rays'
    """

    intervals: tuple[tuple[float, float], ...]
    level: float

    @property
    def kind(self) -> str:
        """``empty``, ``line``, ``interval``, ``ray``, ``two rays`` or ``several intervals``."""
        if not self.intervals:
            return "empty"
        open_ends = sum(np.isinf(end) for pair in self.intervals for end in pair)
        if len(self.intervals) == 1:
            return ("interval", "ray", "line")[open_ends]
        return "two rays" if len(self.intervals) == 2 and open_ends == 2 else "several intervals"

    def to_frame(self) -> pd.DataFrame:
        """One row an interval of the set, in order: ``low``, ``high``, ``level``; none if empty."""
        table = pd.DataFrame(list(self.intervals), columns=["low", "high"], dtype=float)
        return table.assign(level=self.level)

    def __contains__(self, value: float) -> bool:
        value = arguments.number("value", value)
        return any(low <= value <= high for low, high in self.intervals)

    def __str__(self) -> str:
        """Intervals joined by 'and', the kind where it is not a plain interval."""
        if not self.intervals:
            return "empty"
        parts = " and ".join(f"[{low:.3f}, {high:.3f}]" for low, high in self.intervals)
        return parts if self.kind == "interval" else f"{parts} ({self.kind})"

    def rho(self, wage_exponent: float = 1.0) -> ConfidenceSet:
        """The correlations 1 - alpha/b that the slopes in the set imply, within [0, 1).

        A slope below the wage exponent alpha, one in the paper, is outside the model: such parts
        of the set are cut off, and a set that lies there altogether becomes empty.
        """
        ends = [
            [rho_of(float(end), wage_exponent) for end in pair]
            for pair in self.intervals
            if pair[1] >= wage_exponent
        ]
        return ConfidenceSet(tuple((max(low, 0.0), high) for low, high in ends), self.level)
