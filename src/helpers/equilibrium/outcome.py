"""What a solution says, and how well it meets the conditions of the model as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

import numpy as np
import pandas as pd

from helpers.equilibrium.city import Technology, sum_logs
from helpers.equilibrium.country import State
from helpers.equilibrium.economy import Economy, Shocks
from helpers.equilibrium.stability import feedback
from helpers.model import Shares


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """An equilibrium after a shock; hats are new over old.

    Attributes
    ----------
    shares : Shares
        After the shock.
    wage_hat : array (C, K)
    rent_hat : array (C,)
    employment_hat : array (C, K)
        Employed households per household of a cell, one at full employment.
    welfare_hat : float
        (sum_k omega_k T_k_hat lambda_k_hat^(1-rho_k))^(1/theta), lambda_k_hat with real expected
        income in it.
    residual : float
        Largest gap in logs between the two sides of any condition of the model; where
        sigma < 1, demand for labour is taken in quantities, else in wages. Where logs are larger
        than one, it is relative to them.
    iterations : int
        Newton steps.

    Examples
    --------
    East does worse: rents fall there and rise in West.

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> from helpers.equilibrium import STANDARD, solve
    >>> new = solve(pair, 0.5, 3.0, STANDARD, city={"East": 0.9})
    >>> new.unique, bool(new.residual < 1e-9), bool(new.rent_hat[0] < 1 < new.rent_hat[1])
    (True, True, True)
    """

    shares: Shares
    wage_hat: np.ndarray
    rent_hat: np.ndarray
    employment_hat: np.ndarray
    welfare_hat: float
    residual: float
    iterations: int
    _feedback: Callable[[], float] = field(repr=False)

    @cached_property
    def spectral_radius(self) -> float:
        """Strength of the feedback at the solution (:mod:`helpers.equilibrium.stability`)."""
        return self._feedback()

    @property
    def unique(self) -> bool:
        """Whether the spectral condition that guarantees one equilibrium holds here.

        It is that :attr:`spectral_radius` is below one. What this guarantees, and what it does
        not, is in :mod:`helpers.equilibrium.stability`.
        """
        return bool(self.spectral_radius < 1)

    @property
    def unemployed(self) -> float:
        """Share of all households that are without employment after the shock."""
        heads_ck = self.shares.pi_ck * self.shares.omega_k
        return float((heads_ck * (1 - self.employment_hat)).sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per city and occupation: shares, and the changes of wage, rent, employment."""
        n_occupations = self.wage_hat.shape[1]
        return self.shares.to_frame().assign(
            wage_hat=self.wage_hat.ravel(),
            rent_hat=np.repeat(self.rent_hat, n_occupations),
            employment_hat=self.employment_hat.ravel(),
        )


@dataclass(frozen=True, eq=False)
class Equilibria:
    """Equilibria of S scenarios, as arrays; ``[s]`` is one of them.

    Attributes
    ----------
    pi_ck, wage_hat, employment_hat : arrays (S, C, K)
    omega_k : array (S, K)
    rent_hat : array (S, C)
    welfare_hat, residual, iterations : arrays (S,)

    Examples
    --------
    Two scenarios, nothing and a loss of East's scale:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> from helpers.equilibrium import STANDARD, solve_many
    >>> many = solve_many(pair, 0.5, 3.0, STANDARD, city=[[1.0, 1.0], [0.9, 1.0]])
    >>> len(many), bool(many.welfare_hat[1] < many.welfare_hat[0])
    (2, True)
    """

    pi_ck: np.ndarray
    omega_k: np.ndarray
    wage_hat: np.ndarray
    rent_hat: np.ndarray
    employment_hat: np.ndarray
    welfare_hat: np.ndarray
    residual: np.ndarray
    iterations: np.ndarray
    _one: Callable[[int], Equilibrium] = field(repr=False)

    @property
    def pi_c(self) -> np.ndarray:
        """City shares of all households, (S, C)."""
        return np.einsum("sck,sk->sc", self.pi_ck, self.omega_k)

    def __len__(self) -> int:
        return len(self.welfare_hat)

    def to_frame(self) -> pd.DataFrame:
        """One row per scenario, city and occupation, as of one equilibrium, and ``welfare_hat``."""
        tables = [
            each.to_frame().assign(scenario=scenario, welfare_hat=each.welfare_hat)
            for scenario, each in enumerate(self)
        ]
        table = pd.concat(tables, ignore_index=True)
        return table[["scenario", *(name for name in table if name != "scenario")]]

    def __getitem__(self, scenario: int) -> Equilibrium:
        return self._one(range(len(self))[scenario])

    def __iter__(self) -> Iterator[Equilibrium]:
        return (self[scenario] for scenario in range(len(self)))


def _part(value: object, scenario: int) -> object:
    """One scenario of an array over scenarios, or of one that holds for all."""
    if isinstance(value, np.ndarray) and value.ndim:
        return value[scenario : scenario + 1] if len(value) > 1 else value
    return value


def outcomes(tech: Technology, given: Shocks, state: State, steps: np.ndarray) -> Equilibria:
    """Read the results off a converged state."""
    base = tech.base
    cities = state.cities
    income_c, rent_c = _rents(base, cities)
    with np.errstate(over="ignore"):  # what an empty cell would have paid can be any number
        wage_hat, rent_hat = np.exp(cities.w), np.exp(rent_c)
    arrays = {
        "pi_ck": state.pi_sck,
        "omega_k": state.heads_sk,
        "wage_hat": wage_hat,
        "rent_hat": rent_hat,
        "employment_hat": np.exp(cities.e),
        "welfare_hat": np.exp(state.g / base.theta),
        "residual": residuals(tech, given, state, income_c, rent_c),
        "iterations": steps,
    }

    def one(scenario: int) -> Equilibrium:
        def here() -> float:
            return feedback(tech, state.part(scenario))

        pick = {name: array[scenario] for name, array in arrays.items()}
        shares = Shares(
            pick.pop("pi_ck"), pick.pop("omega_k"), base.shares.cities, base.shares.occupations
        )
        for name in ("welfare_hat", "residual"):
            pick[name] = float(pick[name])
        pick["iterations"] = int(pick["iterations"])
        return Equilibrium(shares, **pick, _feedback=here)

    return Equilibria(**arrays, _one=one)


def _rents(base: Economy, cities) -> tuple[np.ndarray, np.ndarray]:
    """Log changes of cities' incomes and rents, from wages and labour: (S, C) each."""
    with np.errstate(invalid="ignore"):
        pay = np.where(base.s_ck > 0, base.log_s_ck + cities.w + cities.L, -inf)
    income_c, _ = sum_logs(pay, axis=-1)
    with np.errstate(invalid="ignore"):
        rent_c = np.where(base.rent_c > 0, base.rent_c * income_c, 0.0)
    return income_c, rent_c


def residuals(
    tech: Technology, given: Shocks, state: State, income_c: np.ndarray, rent_c: np.ndarray
) -> np.ndarray:
    """Largest violation of each scenario's conditions, (S,), in logs, as the model states them.

    Incomes and rents come from wages and labour, not from the product that the solver works
    with; shares from real incomes; wages from labour and productivity.
    """
    base, closure, cities = tech.base, tech.base.closure, state.cities
    counted = (base.shares.pi_ck * base.shares.omega_k > 0) & np.isfinite(cities.h)
    open_c = np.isfinite(income_c) & counted.any(axis=-1)

    def worst(gaps: np.ndarray, where: np.ndarray, *terms: np.ndarray) -> np.ndarray:
        size = 1.0  # logs in the hundreds carry that many more units of rounding
        for term in terms:
            size = np.maximum(size, np.abs(np.where(where, term, 0.0)))
        gaps = np.abs(np.where(where, gaps, 0.0)) / size
        gaps = np.where(np.isnan(gaps), inf, gaps)
        return gaps.reshape(len(gaps), -1).max(axis=-1)

    with np.errstate(invalid="ignore", over="ignore"):
        income = cities.w + cities.e - closure.housing_share * rent_c[..., None]
        appeal = base.response_k * (given.scale_sck + closure.wage_exponent * income)
        lam, _ = sum_logs(np.where(counted, base.log_pi_ck + appeal, -inf), axis=-2)
        size_k = given.occupation_sk + (1 - base.rho_k) * lam
        total, _ = sum_logs(base.log_heads_k + size_k, axis=-1)
        heads = appeal - lam[:, None, :] + (size_k - total[:, None])[:, None, :]
        # households: what wages, rents and employment attract against what production uses
        labour = cities.L - cities.e - heads
        b = given.productivity_sck
        if closure.agglomeration:
            size_c, _ = sum_logs(base.log_mix_ck + np.where(counted, heads, -inf), axis=-1)
            b = b + closure.agglomeration * size_c[..., None]
        b = np.broadcast_to(b, cities.L.shape)
        product, _ = tech.aggregate(np.where(counted, b + cities.L, -inf))
        demand = tech.delta * product[..., None] + tech.beta * b - tech.per_sigma * cities.L
        unit = min(1.0, closure.substitution)
        wage = unit * (cities.w - demand)
        crowding = unit * tech.per_sigma * cities.L
        budget = income_c - (1 - tech.per_epsilon) * product
    found = worst(labour, counted, appeal, heads, cities.L)
    found = np.maximum(found, worst(wage, counted, cities.w, crowding))
    found = np.maximum(found, worst(budget, open_c, income_c, product))
    if tech.floor > -inf:
        # the wage is at least the floor, employment at most one, and one of them is
        found = np.maximum(found, worst(np.maximum(tech.floor - cities.w, 0.0), counted))
        found = np.maximum(found, worst(np.maximum(cities.e, 0.0), counted))
        slack = np.minimum(np.abs(cities.w - tech.floor), np.abs(cities.e))
        found = np.maximum(found, worst(slack, counted))
    return np.maximum(found, worst(state.g - total, np.ones(total.shape, dtype=bool), total))
