"""What every equilibrium keeps, tried on economies and closures that hypothesis invents."""

from dataclasses import replace
from math import inf

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpers import counterfactuals
from helpers.equilibrium import Closure, solve
from helpers.errors import EquilibriumError
from helpers.model import Shares


@st.composite
def economies(draw):
    """Shares, wages and shocks: 1 to 5 cities, 1 to 4 occupations, rho common or not."""
    n_cities, n_occupations = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.floats(0.005, 0.2))
    rho = draw(st.floats(0, 0.9))
    if draw(st.booleans()):
        rho = rng.uniform(0, 0.9, n_occupations)

    def hats(*shape):
        return np.exp(size * rng.standard_normal(shape))

    return {
        "shares": Shares(
            rng.dirichlet(np.full(n_cities, 2.0), n_occupations).T,
            rng.dirichlet(np.full(n_occupations, 3.0)),
        ),
        "rho": rho,
        "theta": draw(st.floats(1, 6)),
        "wages": np.exp(0.3 * rng.standard_normal((n_cities, n_occupations))),
        "city": hats(n_cities),
        "occupation": hats(n_occupations),
        "city_occupation": hats(n_cities, n_occupations),
        "productivity": hats(n_cities, n_occupations),
    }


elasticity = st.one_of(st.floats(0.1, 20), st.just(1.0), st.just(inf))
flexible = st.builds(
    Closure,
    wage_exponent=st.floats(0.3, 3),
    housing_share=st.floats(0, 0.8),
    supply_elasticity=st.one_of(st.just(0.0), st.floats(0, 10), st.just(inf)),
    substitution=elasticity,
    demand_elasticity=elasticity,
    agglomeration=st.floats(0, 0.02),
)
floors = st.one_of(st.floats(0.8, 1), st.just(1.0))


def solved_or_not(economy, closure):
    """The equilibrium, or what the error says of why there is none."""
    try:
        return solve(**economy, closure=closure), ""
    except EquilibriumError as problem:
        return None, str(problem)


@settings(deadline=None)
@given(economies(), flexible)
def test_conditions_hold_and_households_add_up(economy, closure):
    found = solve(**economy, closure=closure)
    assert found.residual < 1e-12
    np.testing.assert_allclose(found.shares.pi_ck.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(found.shares.omega_k.sum(), 1, rtol=1e-12)
    np.testing.assert_array_equal(found.employment_hat, 1)
    # payroll is what the product earns
    before, after = economy["shares"], found.shares
    heads = before.pi_ck * before.omega_k
    pay = economy["wages"] * heads
    labour = after.pi_ck * after.omega_k / heads
    income = (pay * found.wage_hat * labour).sum(axis=1) / pay.sum(axis=1)
    power = 1 / (1 + closure.supply_elasticity)
    np.testing.assert_allclose(found.rent_hat, income**power, rtol=1e-10)


@settings(deadline=None)
@given(economies(), flexible, floors)
def test_wage_or_employment_is_at_its_bound(economy, closure, floor):
    closure = replace(closure, wage_floor=floor)
    found, problem = solved_or_not(economy, closure)
    if problem:
        # with perfect substitutes or a given price there may be no work at the floor at all
        assert "wage_floor" in problem
        assert inf in (closure.substitution, closure.demand_elasticity)
        return
    assert found.residual < 1e-12
    assert (found.wage_hat >= floor * (1 - 1e-12)).all()
    assert (found.employment_hat <= 1 + 1e-12).all()
    slack = np.minimum(found.wage_hat / floor - 1, 1 - found.employment_hat)
    np.testing.assert_allclose(slack, 0, atol=1e-11)
    assert 0 <= found.unemployed <= 1


@settings(deadline=None)
@given(economies(), flexible)
def test_a_shock_that_is_undone_leaves_nothing(economy, closure):
    """From the new equilibrium, with its wages, the inverse shock leads back."""
    there = solve(**economy, closure=closure)
    assume(there.unique and min(there.shares.pi_ck.min(), there.shares.omega_k.min()) > 1e-6)
    back = dict(economy, shares=there.shares, wages=economy["wages"] * there.wage_hat)
    for name in ("city", "occupation", "city_occupation", "productivity"):
        back[name] = 1 / economy[name]
    home = solve(**back, closure=closure)
    np.testing.assert_allclose(home.shares.pi_ck, economy["shares"].pi_ck, rtol=1e-8)
    np.testing.assert_allclose(home.shares.omega_k, economy["shares"].omega_k, rtol=1e-8)
    np.testing.assert_allclose(home.wage_hat * there.wage_hat, 1, rtol=1e-8)
    np.testing.assert_allclose(home.welfare_hat * there.welfare_hat, 1, rtol=1e-8)


@settings(deadline=None)
@given(economies(), flexible, st.one_of(st.just(0.0), floors))
def test_the_order_of_cities_and_occupations_is_nobodys(economy, closure, floor):
    closure = replace(closure, wage_floor=floor)
    found, problem = solved_or_not(economy, closure)
    assume(not problem)
    shares = economy["shares"]
    turned = dict(
        economy,
        shares=Shares(shares.pi_ck[::-1, ::-1], shares.omega_k[::-1]),
        rho=economy["rho"][::-1] if np.ndim(economy["rho"]) else economy["rho"],
        city=economy["city"][::-1],
        occupation=economy["occupation"][::-1],
    )
    for name in ("wages", "city_occupation", "productivity"):
        turned[name] = economy[name][::-1, ::-1]
    other = solve(**turned, closure=closure)
    np.testing.assert_allclose(other.wage_hat[::-1, ::-1], found.wage_hat, rtol=1e-9)
    np.testing.assert_allclose(other.rent_hat[::-1], found.rent_hat, rtol=1e-9)
    np.testing.assert_allclose(
        other.shares.pi_ck[::-1, ::-1], found.shares.pi_ck, rtol=1e-8, atol=1e-300
    )


@settings(deadline=None)
@given(economies(), st.floats(0.3, 3))
def test_with_given_prices_it_is_the_shock(economy, alpha):
    productivity = economy["productivity"]
    found = solve(**economy, closure=Closure(wage_exponent=alpha))
    direct = counterfactuals.shock(
        economy["shares"],
        economy["rho"],
        economy["theta"],
        economy["city"],
        economy["occupation"],
        economy["city_occupation"] * productivity**alpha,
    )
    np.testing.assert_allclose(found.shares.pi_ck, direct.pi_ck, rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(found.shares.omega_k, direct.omega_k, rtol=1e-11)
