"""Shares of a year with the parameters, and short names for what the errata need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from helpers import estimation, shifters
from helpers.counterfactuals import shock
from helpers.model import Shares
from helpers.names import short_name
from helpers.panel import Panel

HAT = 0.95  # the paper's shock to a city
Rows = Iterator[tuple[str, float, float]]


@dataclass(frozen=True)
class Economy:
    """Shares of a year with the parameters, and short names for what formulas need."""

    panel: Panel
    year: int
    rho: float
    theta: float

    @cached_property
    def shares(self) -> Shares:
        return self.panel.shares(self.year)

    @cached_property
    def estimate(self) -> estimation.RhoEstimate:
        return estimation.estimate(self.panel)

    @cached_property
    def consistent(self) -> shifters.Shifters:
        return shifters.recover(self.panel, self.year, self.rho, self.theta)

    @cached_property
    def order(self) -> np.ndarray:
        """Cities by size, largest first."""
        return np.argsort(-self.shares.pi_c)

    @cached_property
    def first(self) -> int:
        return int(self.order[0])

    @cached_property
    def second(self) -> int:
        return int(self.order[1])

    def name(self, city: int) -> str:
        """First word or words of a city's name."""
        return short_name(self.shares.cities[city])

    @property
    def steep(self) -> float:
        """1 / (1 - rho)."""
        return 1 / (1 - self.rho)

    @cached_property
    def feedback(self) -> np.ndarray:
        """omega_k + rho / (1 - rho) phi_ck, (C, K)."""
        return self.shares.omega_k + self.rho * self.steep * self.shares.phi_ck

    @cached_property
    def manager(self) -> int:
        return self.shares.occupation_index("management")

    def loss(self, power: float) -> float:
        """Households that the first city loses when its scale falls by HAT to a power."""
        hats = np.ones(len(self.shares.pi_c))
        hats[self.first] = HAT**power
        new = shock(self.shares, self.rho, 1.0, city=hats)
        return 1 - new.pi_c[self.first] / self.shares.pi_c[self.first]
