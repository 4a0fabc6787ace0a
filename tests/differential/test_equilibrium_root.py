"""The equilibrium against scipy's general root finder on the model's equations as written."""

from dataclasses import dataclass
from math import inf

import numpy as np
import pytest
from scipy.optimize import root

from helpers.equilibrium import STANDARD, Closure, solve
from helpers.model import Shares

THETA = 2.5


@dataclass
class Written:
    """The conditions in levels, with households and employment of every cell as unknowns."""

    shares: Shares
    rho: object
    closure: Closure
    wages: np.ndarray
    city: np.ndarray
    occupation: np.ndarray
    cell: np.ndarray
    productivity: np.ndarray

    def prices(self, households, employment):
        """Wages and rents that go with changes of households and employment rates."""
        m = self.closure
        before = self.shares.pi_ck * self.shares.omega_k
        pay = self.wages * before
        s = pay / pay.sum(axis=1, keepdims=True)
        size = (before * households).sum(axis=1) / before.sum(axis=1)
        B = self.productivity * size[:, None] ** m.agglomeration
        L = households * employment
        if m.substitution == 1:
            Y = ((B * L) ** s).prod(axis=1)
        elif m.substitution == inf:
            Y = (s * B * L).sum(axis=1)
        else:
            r = (m.substitution - 1) / m.substitution
            Y = (s * (B * L) ** r).sum(axis=1) ** (1 / r)
        wage = (
            Y[:, None] ** (1 / m.substitution - 1 / m.demand_elasticity)
            * B ** (1 - 1 / m.substitution)
            * L ** (-1 / m.substitution)
        )
        income = (s * wage * L).sum(axis=1)
        rent = income ** (1 / (1 + np.asarray(m.supply_elasticity, dtype=float)))
        return wage, rent

    def chosen(self, wage, employment, rent):
        """Shares and welfare when households face given prices."""
        m = self.closure
        y = wage * employment / rent[:, None] ** m.housing_share
        scale = self.city[:, None] ** THETA * self.cell * y**m.wage_exponent
        h = scale ** (1 / (1 - self.rho))
        lam = (self.shares.pi_ck * h).sum(axis=0)
        weight = self.shares.omega_k * self.occupation * lam ** (1 - self.rho)
        return self.shares.pi_ck * h / lam, weight / weight.sum(), weight.sum() ** (1 / THETA)

    def gaps(self, x):
        """Left minus right of every condition; employment by complementarity."""
        households, employment = np.exp(x.reshape(2, *self.wages.shape))
        if self.closure.wage_floor == 0:
            employment = np.ones_like(employment)
        wage, rent = self.prices(households, employment)
        pi_ck, omega_k, _ = self.chosen(wage, employment, rent)
        before = self.shares.pi_ck * self.shares.omega_k
        moved = np.log(households) - np.log(pi_ck * omega_k / before)
        if self.closure.wage_floor == 0:
            rationed = x.reshape(2, -1)[1]
        else:
            # Fischer and Burmeister: zero where both are at least zero and one of them is
            u, v = np.log(wage / self.closure.wage_floor), -np.log(employment)
            rationed = u + v - np.sqrt(u**2 + v**2 + 1e-26)
        return np.concatenate([moved.ravel(), np.ravel(rationed)])


CLOSURES = {
    "standard": STANDARD,
    "housing": Closure(housing_share=0.4, supply_elasticity=(0.0, 1.0, inf)),
    "wages": Closure(substitution=2.0, demand_elasticity=5.0),
    "Cobb-Douglas": Closure(substitution=1.0, demand_elasticity=0.7),
    "complements": Closure(substitution=0.3, demand_elasticity=3.0, housing_share=0.2),
    "one wage": Closure(substitution=inf, demand_elasticity=1.5, wage_exponent=2.0),
    "sizes": Closure(agglomeration=0.15, housing_share=0.3, supply_elasticity=0.5),
    "floor": Closure(substitution=1.4, demand_elasticity=4.0, wage_floor=0.97),
    "floor, everything": Closure(1.0, 0.24, 1.75, 1.4, 4.0, 0.05, 0.98),
    "floor, given price": Closure(substitution=2.0, wage_floor=0.95),
    "floor at one": Closure(0.7, 0.3, 0.0, 0.5, 2.0, 0.0, 1.0),
}


def economy(seed: int, closure: Closure, rho) -> Written:
    """Three cities, two occupations."""
    rng = np.random.default_rng(seed)
    shares = Shares(rng.dirichlet(np.full(3, 3.0), 2).T, rng.dirichlet(np.full(2, 3.0)))

    def draw(scale, *shape):
        return np.exp(rng.normal(0, scale, shape))

    return Written(
        shares,
        rho,
        closure,
        draw(0.4, 3, 2),
        draw(0.05, 3),
        draw(0.1, 2),
        draw(0.1, 3, 2),
        draw(0.04, 3, 2),
    )


@pytest.mark.parametrize("name", CLOSURES)
@pytest.mark.parametrize("rho", [0.3, np.array([0.0, 0.7])], ids=["one rho", "by k"])
def test_a_general_root_finder_finds_the_same(name, rho):
    for seed in range(3):
        written = economy(seed, CLOSURES[name], rho)
        found = solve(
            written.shares,
            rho,
            THETA,
            written.closure,
            wages=written.wages,
            city=written.city,
            occupation=written.occupation,
            city_occupation=written.cell,
            productivity=written.productivity,
        )
        # from no change, not from our answer
        start = np.concatenate([np.zeros(6), np.full(6, -0.01)])
        with np.errstate(all="ignore"):
            theirs = root(written.gaps, start, method="hybr", options={"xtol": 1e-14})
            if np.abs(theirs.fun).max() > 1e-11:
                theirs = root(written.gaps, start, method="lm", options={"xtol": 1e-15})
        assert np.abs(theirs.fun).max() < 1e-10, theirs.message
        households, employment = np.exp(theirs.x.reshape(2, 3, 2))
        if written.closure.wage_floor == 0:
            employment = np.ones((3, 2))
        wage, rent = written.prices(households, employment)
        pi_ck, omega_k, welfare = written.chosen(wage, employment, rent)
        close = {"rtol": 1e-10}
        np.testing.assert_allclose(found.shares.pi_ck, pi_ck, **close)
        np.testing.assert_allclose(found.shares.omega_k, omega_k, **close)
        np.testing.assert_allclose(found.wage_hat, wage, **close)
        np.testing.assert_allclose(found.rent_hat, rent, **close)
        np.testing.assert_allclose(found.employment_hat, employment, **close)
        assert found.welfare_hat == pytest.approx(welfare, rel=1e-10)
