"""The equilibrium: what it nests, what it keeps, and limits whose answers are known."""

import itertools
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from helpers import counterfactuals, elasticities, model
from helpers.derivations import equilibrium as derivations
from helpers.equilibrium import (
    PAPER,
    STANDARD,
    Closure,
    along,
    at_the_margin,
    closures_compared,
    panel_wages,
    solve,
    solve_many,
    stability,
)
from helpers.equilibrium.linear import income_elasticities, rents_at_the_margin
from helpers.errors import CompanionError, EquilibriumError, ParameterError, UnknownNameError
from helpers.model import Shares

NEW_YORK = "New York-Newark-Jersey City, NY-NJ-PA"
RHO, THETA = 0.64, 3.0


@pytest.fixture
def observed(panel):
    """Shares and wages of 2019 on either source."""
    return panel.shares(2019), panel_wages(panel, 2019)


@pytest.fixture
def small():
    """Five cities, three occupations, wages and a shock to everything."""
    rng = np.random.default_rng(7)
    shares = Shares(
        rng.dirichlet(np.full(5, 2.0), 3).T,
        rng.dirichlet(np.full(3, 3.0)),
        tuple("ABCDE"),
        ("x", "y", "z"),
    )
    shock = {
        "city": np.exp(rng.normal(0, 0.1, 5)),
        "occupation": np.exp(rng.normal(0, 0.1, 3)),
        "city_occupation": np.exp(rng.normal(0, 0.1, (5, 3))),
        "productivity": np.exp(rng.normal(0, 0.05, (5, 3))),
    }
    return shares, np.exp(rng.normal(0, 0.4, (5, 3))), shock


def _trades(shares: Shares, hat: float = 0.9) -> np.ndarray:
    hats = np.ones(shares.pi_ck.shape)
    hats[:, shares.occupation_index("trades")] = hat
    return hats


def _same(one, other, rtol: float) -> None:
    for name in ("wage_hat", "rent_hat", "employment_hat", "welfare_hat"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol)
    np.testing.assert_allclose(one.shares.pi_ck, other.shares.pi_ck, rtol=rtol)


def _binding(found, floor: float) -> np.ndarray:
    """Check wage >= floor, employment <= 1, one with equality; return where the floor binds."""
    wage, employed = found.wage_hat, found.employment_hat
    assert (wage >= floor * (1 - 1e-12)).all()
    assert (employed <= 1 + 1e-12).all()
    np.testing.assert_allclose(np.minimum(wage / floor - 1, 1 - employed), 0, atol=1e-11)
    return employed < 1 - 1e-9


# what it nests


@pytest.mark.parametrize("rho", [0.0, RHO, np.linspace(0.1, 0.9, 8)], ids=["0", "0.64", "by k"])
def test_with_everything_fixed_it_is_the_shock(observed, rho):
    shares, wages = observed
    rng = np.random.default_rng(3)
    hats = [np.exp(rng.normal(0, 0.2, s)) for s in (len(shares.cities), 8, shares.pi_ck.shape)]
    found = solve(
        shares, rho, THETA, PAPER, wages=wages, city=hats[0], occupation=hats[1],
        city_occupation=hats[2],
    )  # fmt: skip
    direct = counterfactuals.shock(shares, rho, THETA, *hats)
    np.testing.assert_allclose(found.shares.pi_ck, direct.pi_ck, rtol=1e-12)
    np.testing.assert_allclose(found.shares.omega_k, direct.omega_k, rtol=1e-12)
    welfare = counterfactuals.welfare_change(shares, rho, THETA, *hats)
    assert found.welfare_hat == pytest.approx(welfare, rel=1e-12)
    for fixed in (found.wage_hat, found.rent_hat, found.employment_hat):
        np.testing.assert_array_equal(fixed, 1.0)
    assert found.unique


def test_with_wages_fixed_productivity_acts_as_its_power_on_the_scale(small):
    shares, _wages, shock = small
    found = solve(shares, 0.4, 3, Closure(wage_exponent=2.5), productivity=shock["productivity"])
    direct = counterfactuals.shock(shares, 0.4, 3, city_occupation=shock["productivity"] ** 2.5)
    np.testing.assert_allclose(found.shares.pi_ck, direct.pi_ck, rtol=1e-12)
    np.testing.assert_allclose(found.wage_hat, shock["productivity"], rtol=1e-13)


@pytest.mark.parametrize("closure", [PAPER, STANDARD, replace(STANDARD, wage_floor=1.0)])
def test_without_a_shock_nothing_changes(observed, closure):
    shares, wages = observed
    found = solve(shares, RHO, THETA, closure, wages=wages)
    np.testing.assert_allclose(found.shares.pi_ck, shares.pi_ck, rtol=1e-12)
    np.testing.assert_allclose(found.wage_hat, 1, rtol=1e-13)
    assert found.welfare_hat == pytest.approx(1, rel=1e-13)
    assert found.residual < 1e-12


@pytest.mark.parametrize("floor", [0.0, 0.97])
def test_a_common_shock_moves_nobody(observed, floor):
    """Better cities everywhere, or the same loss of productivity everywhere."""
    shares, wages = observed
    closure = replace(STANDARD, wage_floor=floor)
    everywhere = {
        "city": np.full(len(shares.cities), 0.9),
        "productivity": np.full(shares.pi_ck.shape, 0.9),
    }
    for name, hats in everywhere.items():
        found = solve(shares, RHO, THETA, closure, wages=wages, **{name: hats})
        np.testing.assert_allclose(found.shares.pi_c, shares.pi_c, rtol=1e-11)
        np.testing.assert_allclose(found.shares.omega_k, shares.omega_k, rtol=1e-11)
        np.testing.assert_allclose(found.rent_hat, found.rent_hat[0], rtol=1e-11)
    lost = found.employment_hat < 1 - 1e-9
    assert lost.all() if floor else not lost.any()


# what each market does


def test_rents_and_wages_dampen_a_loss(observed):
    """New York's loss is smaller when rents fall, and when wages rise, than at fixed prices."""
    shares, wages = observed
    here = shares.city_index(NEW_YORK)

    def loss(**parameters) -> float:
        closure = Closure(**parameters)
        found = solve(shares, RHO, THETA, closure, wages=wages, city={NEW_YORK: 0.95})
        assert found.unique
        return -np.log(found.shares.pi_c[here] / shares.pi_c[here])

    fixed = loss()
    rents = [loss(housing_share=0.24, supply_elasticity=eta) for eta in (inf, 10, 1.75, 0)]
    assert rents[0] == pytest.approx(fixed, rel=1e-12)
    assert all(more > less > 0 for more, less in itertools.pairwise(rents))
    products = [loss(substitution=2, demand_elasticity=e) for e in (inf, 4, 1, 0.3)]
    assert fixed > products[0]
    assert all(more > less > 0 for more, less in itertools.pairwise(products))
    sizes = [loss(agglomeration=mu) for mu in (0, 0.05, 0.1, 0.2)]
    assert all(more < worse for more, worse in itertools.pairwise(sizes))


def test_a_floor_turns_lower_wages_into_unemployment(observed):
    """Trades less productive everywhere: below the floor in some cells, out of work there."""
    shares, wages = observed
    k = shares.occupation_index("trades")
    flexible = solve(shares, RHO, THETA, STANDARD, wages=wages, productivity=_trades(shares))
    assert flexible.unemployed == 0
    for floor in (0.97, 1.0):
        closure = replace(STANDARD, wage_floor=floor)
        found = solve(shares, RHO, THETA, closure, wages=wages, productivity=_trades(shares))
        idle = _binding(found, floor)
        assert idle[:, k].any()
        assert found.unemployed > 0
        assert found.residual < 1e-12
        assert found.welfare_hat < flexible.welfare_hat
        # the floor binds where flexible wages would be lowest
        assert flexible.wage_hat[idle].max() < floor + 0.01


def test_a_slack_floor_is_no_floor(small):
    shares, wages, shock = small
    flexible = solve(shares, 0.4, 3, STANDARD, wages=wages, **shock)
    slack = replace(STANDARD, wage_floor=0.9 * flexible.wage_hat.min())
    _same(solve(shares, 0.4, 3, slack, wages=wages, **shock), flexible, 1e-12)


def test_perfect_substitutes_share_one_change_of_wages(small):
    shares, wages, shock = small
    closure = Closure(substitution=inf, demand_elasticity=3.0, housing_share=0.3)
    found = solve(shares, 0.4, 3, closure, wages=wages, **shock)
    per_unit = found.wage_hat / shock["productivity"]
    np.testing.assert_allclose(per_unit, per_unit[:, :1] * np.ones(3), rtol=1e-12)
    assert np.ptp(per_unit[:, 0]) > 0.01


def test_perfect_substitutes_at_a_floor(small):
    """Above the floor full employment, below it none, and rationing at it."""
    shares, wages, shock = small
    closure = Closure(demand_elasticity=2.0, wage_floor=0.98, housing_share=0.2)
    found = solve(shares, 0.4, 3, closure, wages=wages, **shock)
    _binding(found, 0.98)
    assert found.residual < 1e-12
    employed = found.employment_hat
    assert ((employed > 0) & (employed < 1 - 1e-9)).any()
    assert (employed == 0).any()
    assert (found.shares.pi_ck[employed == 0] == 0).all()


def test_of_many_employment_levels_the_highest_is_taken():
    """A given price and wages that cannot fall: any size up to the scarcest occupation's will do.

    All of that one are employed, and as many of each other, relative to before.
    """
    shares = Shares(np.ones((1, 2)), np.array([0.4, 0.6]))
    closure = Closure(substitution=1.5, wage_floor=1.0)
    found = solve(shares, 0.3, 2, closure, occupation=[1.5, 1.0])
    labour = found.shares.omega_k / shares.omega_k * found.employment_hat[0]
    assert found.employment_hat.max() == pytest.approx(1, rel=1e-12)
    assert labour[0] == pytest.approx(labour[1], rel=1e-12)
    assert found.unemployed > 0.01
    np.testing.assert_allclose(found.wage_hat, 1, rtol=1e-12)


def test_a_cell_that_cannot_pay_the_floor_empties():
    shares = Shares(np.full((2, 2), 0.5), np.full(2, 0.5), ("A", "B"), ("x", "y"))
    closure = Closure(wage_floor=1.0)
    found = solve(shares, 0.5, 2, closure, productivity={"A": {"x": 0.9}})
    np.testing.assert_array_equal(found.shares.pi_ck, [[0, 0.5], [1, 0.5]])
    assert found.employment_hat[0, 0] == 0
    assert found.wage_hat[0, 0] == 1
    with pytest.raises(EquilibriumError, match=r"wage_floor 1.*'x'.*any city"):
        solve(shares, 0.5, 2, closure, productivity={c: {"x": 0.9} for c in "AB"})


# limits


@pytest.mark.parametrize(
    ("limit", "near"),
    [
        ({"substitution": 1.0}, {"substitution": 1 + 1e-8}),
        ({"substitution": 1.0}, {"substitution": 1 - 1e-8}),
        ({"substitution": inf}, {"substitution": 1e9}),
        ({"demand_elasticity": inf}, {"demand_elasticity": 1e9}),
        ({"supply_elasticity": inf}, {"supply_elasticity": 1e9}),
        ({"supply_elasticity": 0}, {"supply_elasticity": 1e-9}),
        ({"wage_floor": 0.0}, {"wage_floor": 1e-9}),
        ({"agglomeration": 0.0}, {"agglomeration": 1e-9}),
        ({"demand_elasticity": 1.4}, {"demand_elasticity": 1.4 + 1e-9}),
    ],
)
def test_limits_are_reached(small, limit, near):
    shares, wages, shock = small
    at, close = (
        solve(shares, 0.4, 3, replace(STANDARD, **part), wages=wages, **shock)
        for part in (limit, near)
    )
    _same(at, close, 1e-6)


@pytest.mark.parametrize("sigma", [0.01, 0.3, 1.0, 5.0, inf])
@pytest.mark.parametrize("epsilon", [0.3, 1.0, 6.0, inf])
@pytest.mark.parametrize("eta", [0.0, 1.0, inf])
def test_extreme_closures_have_equilibria(small, sigma, epsilon, eta):
    shares, wages, shock = small
    for floor in (0.0, 0.95):
        closure = Closure(0.8, 0.5, eta, sigma, epsilon, 0.01, floor)
        found = solve(shares, 0.4, 3, closure, wages=wages, **shock)
        assert found.residual < 1e-12
        if floor:
            _binding(found, floor)


def test_one_city_and_one_occupation():
    alone = Shares(np.ones((1, 1)), np.ones(1))
    found = solve(alone, 0.5, 2, STANDARD, city=[0.9], productivity=[[0.8]])
    # nobody can leave: labour is what it was, and one occupation makes the whole product
    assert found.wage_hat[0, 0] == pytest.approx(0.8 ** (1 - 1 / 4), rel=1e-12)
    assert found.rent_hat[0] == pytest.approx(0.8 ** ((1 - 1 / 4) / 2.75), rel=1e-12)
    real = found.wage_hat[0, 0] / found.rent_hat[0] ** 0.24
    assert found.welfare_hat == pytest.approx(0.9 * real ** (1 / 2), rel=1e-12)


def test_empty_cells_cities_and_occupations_change_nothing_for_others(small):
    shares, wages, shock = small
    pi_ck = np.zeros((6, 4))
    pi_ck[:5, :3] = shares.pi_ck
    pi_ck[0, 3] = 1.0
    bigger = Shares(pi_ck, np.append(shares.omega_k, 0.0))
    # no empty cell weighs anything, whatever is done to it
    grown = {
        "city": np.append(shock["city"], 3.0),
        "occupation": np.append(shock["occupation"], 0.2),
        "productivity": np.pad(shock["productivity"], (0, 1), constant_values=2.0),
    }
    shock.pop("city_occupation")
    for closure in (STANDARD, replace(STANDARD, wage_floor=0.98)):
        one = solve(shares, 0.4, 3, closure, wages=wages, **shock)
        other = solve(
            bigger, 0.4, 3, closure, wages=np.pad(wages, (0, 1), constant_values=1.0), **grown
        )
        assert other.residual < 1e-12
        np.testing.assert_allclose(other.wage_hat[:5, :3], one.wage_hat, rtol=1e-11)
        np.testing.assert_allclose(other.shares.pi_ck[:5, :3], one.shares.pi_ck, rtol=1e-11)
        assert other.welfare_hat == pytest.approx(one.welfare_hat, rel=1e-12)


def test_what_rounding_keeps_from_holding_is_said(small):
    """Conditions hold to 1e-12, or an error says so: nothing less exact is handed over."""
    shares, wages, shock = small
    with pytest.raises(EquilibriumError, match=r"substitution 1e-07.*rounding"):
        solve(shares, 0.4, 3, replace(STANDARD, substitution=1e-7), wages=wages, **shock)


# uniqueness


@pytest.mark.parametrize("rho", [0.0, 0.5])
@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_agglomeration_has_an_edge(rho, alpha):
    """With every price fixed the condition is alpha mu < 1 - rho, and it is sharp."""
    shares = Shares(np.array([[0.3], [0.7]]), np.ones(1))
    edge = (1 - rho) / alpha
    for part in (0.5, 0.99, 1.01, 2.0):
        closure = Closure(wage_exponent=alpha, agglomeration=part * edge)
        found = solve(shares, rho, 3, closure, city=[1.001, 1.0])
        assert found.spectral_radius == pytest.approx(part, rel=1e-9)
        assert found.unique == (part < 1)
        assert found.residual < 1e-12
        # beyond the edge the equilibrium near the old one is unstable: the better city shrinks
        assert (found.shares.pi_c[0] > 0.3) == (part < 1)


def test_at_the_edge_the_error_says_what_kept_it(small):
    shares, wages, _ = small
    at_the_edge = Closure(agglomeration=0.6)
    with pytest.raises(EquilibriumError, match=r"agglomeration 0.6 .*below 1.*below 0.6$"):
        solve(shares, 0.4, 3, at_the_edge, wages=wages, city={"A": 0.8})
    assert issubclass(EquilibriumError, CompanionError)


def test_standard_values_are_far_from_the_edge(observed):
    shares, wages = observed
    found = solve(shares, RHO, THETA, STANDARD, wages=wages, city={NEW_YORK: 0.95})
    assert found.unique
    assert found.spectral_radius < 0.7


# at the margin


@pytest.mark.parametrize(
    "closure",
    [
        PAPER,
        STANDARD,
        Closure(housing_share=0.3, supply_elasticity=(0, 1, 2, inf, 0.5)),
        replace(STANDARD, substitution=inf),
        replace(STANDARD, substitution=0.3, demand_elasticity=0.6, wage_exponent=2.0),
        replace(STANDARD, wage_floor=0.95),
    ],
)
def test_derivatives_are_those_of_the_linear_system(small, closure):
    shares, wages, shock = small
    exact = at_the_margin(shares, 0.4, 3, closure, wages=wages, **shock)
    x = 1e-4

    def at(power):
        hats = {name: hat**power for name, hat in shock.items()}
        return solve(shares, 0.4, 3, closure, wages=wages, **hats)

    up, down = at(x), at(-x)
    heads = [found.shares.pi_ck * found.shares.omega_k for found in (up, down)]
    tolerance = {"rtol": 1e-6, "atol": 1e-8}
    np.testing.assert_allclose(np.log(heads[0] / heads[1]) / 2 / x, exact.households, **tolerance)
    wage = np.log(up.wage_hat / down.wage_hat) / 2 / x
    np.testing.assert_allclose(wage, exact.wages, **tolerance)
    rent = np.log(up.rent_hat / down.rent_hat) / 2 / x
    np.testing.assert_allclose(rent, exact.rents, **tolerance)
    assert np.log(up.welfare_hat / down.welfare_hat) / 2 / x == pytest.approx(
        exact.welfare, rel=1e-6
    )


def test_with_rents_alone_the_system_is_as_small_as_the_cities(small):
    shares, wages, shock = small
    closure = Closure(2.0, 0.3, (0, 1, 2, inf, 0.5))
    few = rents_at_the_margin(shares, 0.4, 3, closure, shock["city"], wages)
    all_cells = at_the_margin(shares, 0.4, 3, closure, wages=wages, city=shock["city"])
    np.testing.assert_allclose(few, all_cells.rents, rtol=1e-12, atol=1e-15)
    with pytest.raises(ParameterError, match="rents alone"):
        rents_at_the_margin(shares, 0.4, 3, STANDARD, shock["city"], wages)


def test_with_equal_wages_incomes_move_like_the_papers_city_shares(small):
    shares, _, _ = small
    np.testing.assert_allclose(
        income_elasticities(shares, 0.4), elasticities.cross_city(shares, 0.4), rtol=1e-12
    )


def test_the_margin_is_proved():
    claims = list(derivations.results())
    assert [claim.id for claim in claims] == [
        "b-rent",
        "b-income",
        "b-income-rent",
        "b-rent-dampens",
    ]
    assert all(claim.verdict == "exact" for claim in claims)


def test_one_occupation_is_dampened_by_the_proved_factor():
    """b-rent-dampens: what rents leave is (1+eta)(1-rho) / ((1+eta)(1-rho) + alpha a)."""
    shares = Shares(np.array([[0.2], [0.5], [0.3]]), np.ones(1))
    hats = {"city": np.array([1.3, 0.8, 1.1])}
    fixed = at_the_margin(shares, 0.5, 3, PAPER, **hats).households
    rents = at_the_margin(shares, 0.5, 3, Closure(2.0, 0.3, 1.0), **hats).households
    np.testing.assert_allclose(rents, fixed * 2 * 0.5 / (2 * 0.5 + 2 * 0.3), rtol=1e-12)


# households


def test_households_choose_the_solved_shares_at_the_solved_prices(small):
    """Draw households who face the new real incomes; the solver's shares are not used."""
    shares, wages, shock = small
    closure = replace(STANDARD, wage_floor=0.98)
    found = solve(shares, 0.4, 3, closure, wages=wages, **shock)
    assert found.unemployed > 0
    income = found.wage_hat * found.employment_hat / found.rent_hat[:, None] ** 0.24
    # scales that make the shares before: t = pi^(1-rho), with T_k so that omega_k follows
    t_ck = shares.pi_ck ** (1 - 0.4) * shock["city_occupation"] * income
    T_k = shares.omega_k * shock["occupation"]
    n = 200_000
    city, occupation = model.simulate_households(t_ck, T_k, shock["city"] ** 3, 0.4, 3, n, 11)
    drawn = np.zeros(shares.pi_ck.shape)
    np.add.at(drawn, (city, occupation), 1 / n)
    expected = found.shares.pi_ck * found.shares.omega_k
    assert (np.abs(drawn - expected) < 4.5 * np.sqrt(expected / n)).all()


# many at once, and inputs


def test_many_scenarios_are_each_one_scenario(small):
    shares, wages, shock = small
    rng = np.random.default_rng(2)
    hats = np.exp(rng.normal(0, 0.1, (40, 5)))
    for closure in (STANDARD, replace(STANDARD, wage_floor=0.98), Closure(0.5, 0.3, 1.0, inf, 2)):
        every = solve_many(
            shares, 0.4, 3, closure, wages=wages, city=hats, productivity=shock["productivity"]
        )
        assert len(every) == 40
        assert every.residual.max() < 1e-12
        np.testing.assert_allclose(every.pi_c.sum(axis=1), 1, rtol=1e-12)
        for s in (0, 17, -1):
            one = solve(
                shares, 0.4, 3, closure, wages=wages, city=hats[s],
                productivity=shock["productivity"],
            )  # fmt: skip
            _same(every[s], one, 1e-11)
            assert every[s].unique == one.unique
    with pytest.raises(ParameterError, match="first axis"):
        solve_many(shares, 0.4, 3, STANDARD, city={"A": 2.0})
    with pytest.raises(ParameterError, match="same number"):
        solve_many(shares, 0.4, 3, STANDARD, city=hats, occupation=np.ones((3, 3)))


def test_names_and_arrays_say_the_same(small):
    shares, wages, _ = small
    closure = replace(STANDARD, supply_elasticity={"B": 0.5, "D": 2.0})
    same = replace(STANDARD, supply_elasticity=[inf, 0.5, inf, 2.0, inf])
    hats = np.ones((5, 3))
    hats[1, 2], hats[0, 0] = 0.8, 1.1
    by_array = solve(shares, 0.4, 3, same, wages=wages, city=[1, 0.9, 1, 1, 1], productivity=hats)
    for given in ({"B": {"z": 0.8}, "A": {"x": 1.1}}, {("B", "z"): 0.8, ("A", "x"): 1.1}):
        by_name = solve(shares, 0.4, 3, closure, wages=wages, city={"B": 0.9}, productivity=given)
        _same(by_name, by_array, 1e-14)
    assert by_name.shares.cities == shares.cities
    frame = by_name.to_frame()
    assert frame.loc[5, ["city", "occupation"]].tolist() == ["B", "z"]
    assert frame.loc[5, "wage_hat"] == by_name.wage_hat[1, 2]


def test_wages_weigh_payrolls_and_a_missing_one_is_its_occupations_mean(small):
    shares, wages, shock = small
    found = solve(shares, 0.4, 3, STANDARD, wages=wages, **shock)
    _same(solve(shares, 0.4, 3, STANDARD, wages=1000 * wages, **shock), found, 1e-12)
    # equal wages are the default, and not the same as these
    flat = solve(shares, 0.4, 3, STANDARD, **shock)
    _same(solve(shares, 0.4, 3, STANDARD, wages=np.ones((5, 3)), **shock), flat, 1e-14)
    assert np.abs(flat.rent_hat / found.rent_hat - 1).max() > 1e-4
    gap = wages.copy()
    gap[2, 1] = np.nan
    filled = wages.copy()
    filled[2, 1] = np.delete(wages[:, 1], 2).mean()
    _same(
        solve(shares, 0.4, 3, STANDARD, wages=gap, **shock),
        solve(shares, 0.4, 3, STANDARD, wages=filled, **shock),
        1e-13,
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"wage_exponent": 0}, "wage_exponent.*above 0"),
        ({"housing_share": 1}, "housing_share.*below 1.*found 1"),
        ({"housing_share": -0.1}, "housing_share"),
        ({"supply_elasticity": -1}, "supply_elasticity.*at least 0"),
        ({"supply_elasticity": [1, -2]}, "supply_elasticity at 1"),
        ({"supply_elasticity": {"A": "much"}}, "supply_elasticity of 'A'.*'much'"),
        ({"substitution": 0}, "substitution.*above 0"),
        ({"demand_elasticity": float("nan")}, "demand_elasticity.*nan"),
        ({"agglomeration": inf}, "agglomeration.*finite"),
        ({"wage_floor": 1.2}, "wage_floor.*from 0 to 1.*1.2"),
    ],
)
def test_a_closure_outside_its_domain_is_refused(wrong, message):
    with pytest.raises(ParameterError, match=message):
        Closure(**wrong)


def test_wrong_inputs_are_named(small):
    shares, wages, _ = small
    cases = [
        ({"wages": wages[:2]}, r"wages: expected shape \(5, 3\)"),
        ({"wages": -wages}, "wages: expected finite numbers above 0"),
        ({"wages": wages * [1, np.nan, 1]}, "wages: the occupation 'y' has none"),
        ({"productivity": np.zeros((5, 3))}, "productivity.*above 0"),
        ({"productivity": {"A": 0.9}}, "productivity.*found the key 'A'"),
        ({"city": {"A": -1}}, "city.*above 0"),
        ({"occupation": [1.0]}, "occupation: expected shape"),
    ]
    for wrong, message in cases:
        with pytest.raises(ParameterError, match=message):
            solve(shares, 0.4, 3, STANDARD, **wrong)
    with pytest.raises(UnknownNameError, match="supply_elasticity: 'Q'"):
        solve(shares, 0.4, 3, replace(STANDARD, supply_elasticity={"Q": 1.0}))
    with pytest.raises(ParameterError, match="one for each of 5 cities, found 2"):
        solve(shares, 0.4, 3, replace(STANDARD, supply_elasticity=(1.0, 2.0)))
    with pytest.raises(ParameterError, match="expected a Closure"):
        solve(shares, 0.4, 3, "standard")
    with pytest.raises(ParameterError, match=r"wage_floor.*below 1"):
        at_the_margin(shares, 0.4, 3, replace(STANDARD, wage_floor=1.0))


def test_a_wage_that_is_missing_is_the_occupation_s_mean_over_cities(small):
    shares, wages, shock = small
    lacking = wages.copy()
    lacking[1, 2] = np.nan
    filled = wages.copy()
    filled[1, 2] = np.delete(wages[:, 2], 1).mean()
    one, other = (
        solve(shares, RHO, THETA, STANDARD, wages=w, **shock).shares.pi_ck
        for w in (lacking, filled)
    )
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_closures_side_by_side_say_what_each_equilibrium_does(small):
    shares, wages, _ = small
    table = closures_compared(shares, RHO, THETA, "B", 0.9, wages=wages).set_index("answers")
    fixed = counterfactuals.shock(shares, RHO, THETA, city={"B": 0.9})
    loss = 1 - fixed.pi_c[1] / shares.pi_c[1]
    assert table.loc["nothing answers", "loss"] == pytest.approx(loss)
    assert table.loc["nothing answers", ["rent", "wage"]].abs().max() < 1e-12
    new = solve(shares, RHO, THETA, replace(STANDARD, wage_floor=0.0), wages=wages, city={"B": 0.9})
    row = table.loc["all"]
    gain = new.shares.pi_c / shares.pi_c - 1
    assert row["loss"] == pytest.approx(-gain[1])
    assert row["of_fixed"] == pytest.approx(-gain[1] / loss)
    assert row["rent"] == pytest.approx(new.rent_hat[1] - 1)
    assert row["wage"] == pytest.approx(shares.phi_ck[1] @ new.wage_hat[1] - 1)
    assert row["others"] == pytest.approx(max(gain[[0, 2, 3, 4]]))
    assert row["welfare"] == pytest.approx(new.welfare_hat - 1)
    # the city falls, others rise
    assert row["rent"] < 0 < row["others"]


def test_along_a_parameter_each_value_is_a_closure_of_its_own(small):
    shares, wages, _ = small
    values = (0.1, 0.3)
    table = along(
        shares, RHO, THETA, "B", 0.9, wages=wages, ranges={"housing_share": values}
    )  # fmt: skip
    for (_, row), value in zip(table.iterrows(), values, strict=True):
        closure = replace(STANDARD, housing_share=value)
        new = solve(shares, RHO, THETA, closure, wages=wages, city={"B": 0.9})
        assert row["loss"] == pytest.approx(1 - new.shares.pi_c[1] / shares.pi_c[1])
        assert row["unique"] == new.unique
    with pytest.raises(ParameterError, match="housing_part"):
        along(shares, RHO, THETA, "B", 0.9, ranges={"housing_part": values})


def test_the_feedback_of_many_cities_is_found_to_nine_digits():
    """Without the matrix, from what it does to vectors, as from its eigenvalues."""
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(200, 200)) + 0.1
    expected = np.abs(np.linalg.eigvals(matrix)).max()
    found = stability.radius(lambda vector: matrix @ vector, 200)
    assert found == pytest.approx(expected, rel=1e-8)
