"""What a claim in words is decided by: findings, the evidence of a panel, and the register.

A claim stands on the function that decides it (:func:`claim`). The modules
:mod:`helpers.argued` and :mod:`helpers.claims` hold them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers import counterfactuals, elasticities, estimation
from helpers.errors import DataError
from helpers.figures import NEW_YORK, VISALIA, occupation_changes, spillovers
from helpers.model import Shares
from helpers.targets import THETA, YEAR, Results

VERDICTS = ("holds", "holds in part", "does not hold", "cannot be decided")
CITY_HAT = 0.95
OCCUPATION_HAT = 1.10
ALTERNATIVES = ("city_occupation", "city", "occupation")
"""Clusterings under which a claim about significance is put to the test."""
STRONG_F = 104.7
"""First-stage F above which a t-test of five per cent keeps its size (Lee et al., 2022)."""


@dataclass(frozen=True)
class Finding:
    """What the data say to a claim: a verdict and the numbers behind it."""

    verdict: str
    statistic: str


@dataclass(frozen=True)
class VerbalClaim:
    """A claim of the paper in other words, its place, and the function that decides it."""

    id: str
    place: str
    claim: str
    decide: Callable[[Evidence], Finding]


REGISTER: dict[str, VerbalClaim] = {}


def claim(id: str, place: str, words: str) -> Callable[[Callable], Callable]:
    """Put a deciding function into the register, under the claim that it decides.

    Parameters
    ----------
    id : str
        Not used before.
    place : str
        Section, table or figure of the paper.
    words : str
        The claim in our words.
    """

    def add(decide: Callable[[Evidence], Finding]) -> Callable[[Evidence], Finding]:
        if id in REGISTER:
            raise ValueError(f"{id}: two claims have this id; give the second another")
        REGISTER[id] = VerbalClaim(id, place, words, decide)
        return decide

    return add


class Evidence(Results):
    """What the claims need of a panel, each computed once when first asked for."""

    theta: float = THETA

    @cached_property
    def shares(self) -> Shares:
        """Observed shares of 2019."""
        return self.panel.shares(YEAR)

    @cached_property
    def largest(self) -> np.ndarray:
        """Positions of the ten largest cities, largest first."""
        return np.argsort(-self.shares.pi_c)[:10]

    @cached_property
    def new_york(self) -> pd.DataFrame:
        """Spillovers of minus five per cent in New York."""
        return spillovers(self.shares, self.estimate.rho, self.theta, NEW_YORK, CITY_HAT)

    @cached_property
    def visalia(self) -> pd.DataFrame:
        """Spillovers of minus five per cent in Visalia-Porterville."""
        return spillovers(self.shares, self.estimate.rho, self.theta, VISALIA, CITY_HAT)

    @cached_property
    def occupation_shocks(self) -> pd.DataFrame:
        """Changes after plus ten per cent in management, and in trades."""
        hats = {"management": OCCUPATION_HAT, "trades": OCCUPATION_HAT}
        return occupation_changes(self.shares, self.estimate.rho, self.theta, **hats)

    @cached_property
    def by_clusters(self) -> dict[str, estimation.RhoEstimate]:
        """The estimate with each of :data:`ALTERNATIVES`."""
        return {
            name: estimation.estimate(self.panel, clusters=name, years=self.years)
            for name in ALTERNATIVES
        }

    @property
    def strong(self) -> bool:
        """Whether the instrument is strong enough for t-tests, whatever the clusters."""
        return all(found.first_stage.f > STRONG_F for found in self.by_clusters.values())

    @cached_property
    def alike_and_diverted(self) -> np.ndarray:
        """Within each city's rivals, the rank correlation of similarity with relative diversion.

        Relative is diversion over what it would be without correlation.
        """
        cities = len(self.shares.cities)
        others = ~np.eye(cities, dtype=bool)

        def rivals(square: np.ndarray) -> np.ndarray:
            """Without the diagonal, standardised ranks within each row."""
            ranks = rankdata(square[others].reshape(cities, -1), axis=1)
            ranks -= ranks.mean(axis=1, keepdims=True)
            return ranks / np.linalg.norm(ranks, axis=1, keepdims=True)

        with_rho, plain = (
            counterfactuals.diversion(self.shares, rho) for rho in (self.estimate.rho, 0.0)
        )
        np.fill_diagonal(plain, 1.0)
        alike = rivals(np.corrcoef(self.shares.phi_ck))
        return (alike * rivals(with_rho / plain)).sum(axis=1)

    @cached_property
    def published_T_c(self) -> pd.Series:
        """City shifters of 2019 in the paper's convention; refused where a city has no wage."""
        if self.without_city_wage:
            raise DataError(f"city shifters as published: {self.without_city_wage}")
        return self.paper_shifters.T_c

    @cached_property
    def quotient(self) -> np.ndarray:
        """Location quotients phi_ck / omega_k, (C, K)."""
        return self.shares.phi_ck / self.shares.omega_k

    @cached_property
    def wages(self) -> np.ndarray:
        """Mean log wages of 2019, (C, K); nan where a cell has none."""
        return self.panel.year(YEAR)["log_wage"].to_numpy().reshape(self.shares.pi_ck.shape)

    def own_elasticity(self, rho: float) -> np.ndarray:
        """Elasticity of each city's share in its T_c."""
        return elasticities.own_city(self.shares, rho, theta=self.theta)

    def phi(self, city: str, occupation: str) -> float:
        """Share of a city's households in an occupation."""
        return float(
            self.shares.phi_ck[
                self.shares.city_index(city), self.shares.occupation_index(occupation)
            ]
        )

    def find(self, start: str) -> str:
        """Full name of the city that starts so."""
        return next(city for city in self.shares.cities if city.startswith(start))


def verdict(full: bool, part: bool = False) -> str:
    """Holds, holds in part, or does not hold."""
    return VERDICTS[0] if full else VERDICTS[1] if part else VERDICTS[2]


def undecided(why: str) -> Finding:
    """Finding of a claim that neither the model nor the panel can decide, and why."""
    return Finding(VERDICTS[3], why)


def rank_in(table: pd.DataFrame, column: str, city: str) -> int:
    """Rank of a city in a column, 1 for the largest."""
    ranks = table[column].rank(ascending=False, method="min")
    return int(ranks[table["city"] == city].iloc[0])


def keepers(shares: Shares, rho: float, city: int | None = None) -> np.ndarray | float:
    """Share of those who leave at the margin who keep their occupation.

    When the scale of cell (c, k) falls, another city's cell in the same occupation gains
    pi_c'k omega_k [pi_ck rho/(1-rho) + pi_ck omega_k] and one in another occupation l gains
    pi_c'l omega_l pi_ck omega_k: correlation makes the former larger, and has no say in the
    latter. Those who stay in the city and change occupation are not counted.

    Parameters
    ----------
    shares : Shares
    rho : float, in [0, 1)
    city : int, optional
        Position of a city whose whole scale falls; every cell on its own if left out.

    Returns
    -------
    float, or array (C, K)
    """
    cell = shares.pi_ck * shares.omega_k
    away = shares.omega_k * (1 - shares.pi_ck)  # of each occupation, in other cities
    same = away * (shares.pi_ck * rho / (1 - rho) + cell)
    other = cell * (away.sum(axis=1, keepdims=True) - away)
    if city is not None:
        same, other = same[city].sum(), other[city].sum()
    return same / (same + other)
