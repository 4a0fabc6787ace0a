"""What a panel gives for the numbers and statements of the paper, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from helpers import counterfactuals, elasticities, estimation, shifters
from helpers.counterfactuals import occupation_changes, spillovers
from helpers.errors import DataError
from helpers.model import Shares
from helpers.names import NEW_YORK, VISALIA, short_name
from helpers.panel import Panel

YEAR = 2019
THETA = 3.0
CITY_HAT = 0.95
OCCUPATION_HAT = 1.10
ALTERNATIVES = ("city_occupation", "city", "occupation")
STRONG_F = 104.7


def without_city_wage(panel: Panel) -> str:
    """Which cities lack the wage that published city shifters rest on, in words.

    The shifters of all cities and years come from one regression, so that one missing wage
    leaves none of them.

    Returns
    -------
    str
        Empty where no wage is missing.
    """
    missing = panel.cities[panel.cities["log_city_wage"].isna()]
    if missing.empty:
        return ""
    named = [f"{row.city} in {row.year}" for row in missing.head(3).itertuples()]
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return (
        f"no city wage for {'; '.join(named)}{more}, which every city shifter as published rests "
        "on; give log_city_wage, or leave the city out"
    )


def paper_shifters(panel: Panel, year: int, rho: float, theta: float = THETA) -> shifters.Shifters:
    """Shifters in the paper's convention, with city shifters missing where a city has no wage.

    Parameters
    ----------
    panel : Panel
    year : int
    rho : float, in [0, 1)
        To reproduce the printed digits, the unrounded estimate.
    theta : float, above 0

    Returns
    -------
    Shifters
        Those of :func:`helpers.shifters.recover`. If :func:`without_city_wage` names a city,
        ``T_c`` is nan throughout, and ``T_k`` and ``t_ck``, which rest on shares alone, are as
        they would be.
    """
    if not without_city_wage(panel):
        return shifters.recover(panel, year, rho, theta, convention="paper")
    cities = panel.cities.assign(log_city_wage=0.0)
    complete = shifters.recover(replace(panel, cities=cities), year, rho, theta, "paper")
    return replace(complete, T_c=complete.T_c * np.nan)


@dataclass(frozen=True, eq=False)
class Observed:
    """What a panel gives whatever the correlation and the shape are, each computed once.

    Attributes
    ----------
    panel : Panel
    years : sequence of int or None
        Of the estimation; all, as in the paper, where None.
    year : int
        Of the shares.
    """

    panel: Panel
    years: Sequence[int] | None = None
    year: int = YEAR

    @cached_property
    def shares(self) -> Shares:
        """Observed shares of the year."""
        return self.panel.shares(self.year)

    @cached_property
    def estimate(self) -> estimation.RhoEstimate:
        """2SLS as the paper describes it."""
        return estimation.estimate(self.panel, years=self.years)

    @cached_property
    def by_hand(self) -> estimation.Fit:
        """Least squares on the predicted wage, homoskedastic errors."""
        return estimation.second_stage_by_hand(self.panel, self.years)

    @cached_property
    def by_clusters(self) -> dict[str, estimation.RhoEstimate]:
        """The estimate with each of :data:`ALTERNATIVES`."""
        return {
            name: estimation.estimate(self.panel, clusters=name, years=self.years)
            for name in ALTERNATIVES
        }


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the numbers, the claims and the errata need of a panel, each computed once when asked.

    Nothing is written over: the same panel at another correlation or shape is
    ``dataclasses.replace(evidence, rho=..., theta=...)``, which takes what was observed along.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
        Of the estimation; all, as in the paper, if left out.
    year : int
        Of shares and shifters.
    rho : float, in [0, 1), optional
        The estimate's if left out; :attr:`correlation` is the one that is used.
    theta : float, above 0
    observed : Observed, optional
        What does not rest on rho and theta, where another piece of evidence has it already.
    """

    panel: Panel
    years: Sequence[int] | None = None
    year: int = YEAR
    rho: float | None = None
    theta: float = THETA
    observed: Observed | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        seen, own = self.observed, (self.panel, self.years, self.year)
        if seen is None or (seen.panel, seen.years, seen.year) != own:
            object.__setattr__(self, "observed", Observed(*own))

    @property
    def shares(self) -> Shares:
        """Observed shares of the year."""
        return self.observed.shares

    @property
    def estimate(self) -> estimation.RhoEstimate:
        """2SLS as the paper describes it."""
        return self.observed.estimate

    @property
    def by_hand(self) -> estimation.Fit:
        """Least squares on the predicted wage, homoskedastic errors."""
        return self.observed.by_hand

    @property
    def by_clusters(self) -> dict[str, estimation.RhoEstimate]:
        """The estimate with each of :data:`ALTERNATIVES`."""
        return self.observed.by_clusters

    @property
    def correlation(self) -> float:
        """The correlation within an occupation: the one given, or the estimate."""
        return self.estimate.rho if self.rho is None else self.rho

    @property
    def steep(self) -> float:
        """1 / (1 - rho)."""
        return 1 / (1 - self.correlation)

    @cached_property
    def without_city_wage(self) -> str:
        """Which cities lack the wage that published city shifters rest on; empty if none."""
        return without_city_wage(self.panel)

    @cached_property
    def paper_shifters(self) -> shifters.Shifters:
        """Shifters of the year in the paper's convention, with the unrounded estimate."""
        return paper_shifters(self.panel, self.year, self.correlation, self.theta)

    @cached_property
    def consistent_shifters(self) -> shifters.Shifters:
        """Shifters of the year that follow from the model."""
        return shifters.recover(self.panel, self.year, self.correlation, self.theta)

    @cached_property
    def order(self) -> np.ndarray:
        """Positions of cities by size, largest first."""
        return np.argsort(-self.shares.pi_c)

    @property
    def largest(self) -> np.ndarray:
        """Positions of the ten largest cities, largest first."""
        return self.order[:10]

    @property
    def first(self) -> int:
        """Position of the largest city."""
        return int(self.order[0])

    @property
    def second(self) -> int:
        """Position of the city next in size."""
        return int(self.order[1])

    @property
    def manager(self) -> int:
        """Position of management."""
        return self.shares.occupation_index("management")

    @cached_property
    def feedback(self) -> np.ndarray:
        """omega_k + rho / (1 - rho) phi_ck, (C, K)."""
        return self.shares.omega_k + self.correlation * self.steep * self.shares.phi_ck

    @cached_property
    def new_york(self) -> pd.DataFrame:
        """Spillovers of minus five per cent in New York."""
        return spillovers(self.shares, self.correlation, self.theta, NEW_YORK, CITY_HAT)

    @cached_property
    def visalia(self) -> pd.DataFrame:
        """Spillovers of minus five per cent in Visalia-Porterville."""
        return spillovers(self.shares, self.correlation, self.theta, VISALIA, CITY_HAT)

    @cached_property
    def occupation_shocks(self) -> pd.DataFrame:
        """Changes after plus ten per cent in management, and in trades."""
        hats = {"management": OCCUPATION_HAT, "trades": OCCUPATION_HAT}
        return occupation_changes(self.shares, self.correlation, self.theta, **hats)

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
            ranks = pd.DataFrame(square[others].reshape(cities, -1)).rank(axis=1).to_numpy()
            ranks = ranks - ranks.mean(axis=1, keepdims=True)
            return ranks / np.linalg.norm(ranks, axis=1, keepdims=True)

        with_rho, plain = (
            counterfactuals.diversion(self.shares, rho) for rho in (self.correlation, 0.0)
        )
        np.fill_diagonal(plain, 1.0)
        alike = rivals(np.corrcoef(self.shares.phi_ck))
        return (alike * rivals(with_rho / plain)).sum(axis=1)

    @cached_property
    def published_T_c(self) -> pd.Series:
        """City shifters of the year in the paper's convention; refused where a city has no wage."""
        if self.without_city_wage:
            raise DataError(f"city shifters as published: {self.without_city_wage}")
        return self.paper_shifters.T_c

    @cached_property
    def quotient(self) -> np.ndarray:
        """Location quotients phi_ck / omega_k, (C, K)."""
        return self.shares.phi_ck / self.shares.omega_k

    @cached_property
    def wages(self) -> np.ndarray:
        """Mean log wages of the year, (C, K); nan where a cell has none."""
        return self.panel.year(self.year)["log_wage"].to_numpy().reshape(self.shares.pi_ck.shape)

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

    def name(self, city: int) -> str:
        """First word or words of a city's name."""
        return short_name(self.shares.cities[city])

    def loss(self, power: float) -> float:
        """Households that the first city loses when its scale falls by CITY_HAT to a power."""
        hats = np.ones(len(self.shares.pi_c))
        hats[self.first] = CITY_HAT**power
        new = counterfactuals.shock(self.shares, self.correlation, 1.0, city=hats)
        return 1 - new.pi_c[self.first] / self.shares.pi_c[self.first]


Results = Evidence
"""What the printed numbers are compared with rests on the same evidence as the claims."""
