"""What a panel gives for the numbers and statements of the paper, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers import counterfactuals, elasticities, estimation, shifters
from helpers.counterfactuals import occupation_changes, spillovers
from helpers.errors import DataError
from helpers.model import Shares
from helpers.names import NEW_YORK, VISALIA
from helpers.panel import Panel

YEAR = 2019
THETA = 3.0


class Results:
    """What the comparison needs of a panel, each computed once when first asked for.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
        Of the estimation; all, as in the paper, if left out.
    """

    def __init__(self, panel: Panel, years: Sequence[int] | None = None) -> None:
        self.panel = panel
        self.years = years

    @cached_property
    def estimate(self) -> estimation.RhoEstimate:
        """2SLS as the paper describes it."""
        return estimation.estimate(self.panel, years=self.years)

    @cached_property
    def by_hand(self) -> estimation.Fit:
        """Least squares on the predicted wage, homoskedastic errors."""
        return estimation.second_stage_by_hand(self.panel, self.years)

    @cached_property
    def without_city_wage(self) -> str:
        """Which cities lack the wage that published city shifters rest on; empty if none."""
        return without_city_wage(self.panel)

    @cached_property
    def paper_shifters(self) -> shifters.Shifters:
        """Shifters of 2019 in the paper's convention, with the unrounded estimate."""
        return paper_shifters(self.panel, YEAR, self.estimate.rho, THETA)

    @cached_property
    def consistent_shifters(self) -> shifters.Shifters:
        """Shifters of 2019 that follow from the model."""
        return shifters.recover(self.panel, YEAR, self.estimate.rho, THETA)


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


CITY_HAT = 0.95
OCCUPATION_HAT = 1.10
ALTERNATIVES = ("city_occupation", "city", "occupation")
STRONG_F = 104.7


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
