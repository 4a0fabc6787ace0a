"""Prices that answer in the page: the solver of the page is the one in Python."""

import json

import numpy as np
import pytest

from helpers import counterfactuals, equilibrium, model
from helpers.equilibrium.economy import filled_wages
from helpers.errors import EquilibriumError
from helpers.model import Shares

pytestmark = pytest.mark.browser

SOLVE = """
const before = e.fromShares(d.pi_ck.flat(), d.omega_k);
const closure = Object.fromEntries(
  Object.entries(d.closure).map(([name, value]) => [name, value === "inf" ? Infinity : value]));
const given = { city: d.city, occupation: d.occupation, cell: d.cell && d.cell.flat(),
  wages: d.wages && d.wages.flat() };
try {
  const s = companion.equilibrium.solve(before, d.rho, d.theta, closure, given);
  return { pi: Array.from(s.shares.pi), omega: Array.from(s.shares.omega),
    wage: Array.from(s.wage_hat), rent: Array.from(s.rent_hat),
    welfare: s.welfare_hat, radius: s.spectral_radius };
} catch (problem) { return { problem: problem.message, kind: problem.constructor.name }; }
"""


@pytest.fixture(scope="module")
def solve(browser, folder):
    """Solve an equilibrium in a page that is a file."""
    page = folder / "equilibrium.html"
    scripts = "".join(
        f'<script src="_static/companion/{name}.js"></script>'
        for name in ("engine", "markets", "equilibrium")
    )
    page.write_text(f'<!doctype html><meta charset="utf-8"><title>e</title>{scripts}')
    tab = browser.new_page()
    tab.goto(page.as_uri())

    def call(shares, rho, theta, closure, **hats):
        named = {
            name: "inf" if value == np.inf else value
            for name, value in vars(closure).items()
            if name != "wage_floor"
        }
        data = {"pi_ck": shares.pi_ck, "omega_k": shares.omega_k, "rho": rho, "theta": theta}
        plain = json.loads(
            json.dumps({**data, "closure": named, **hats}, default=lambda a: a.tolist())
        )
        return tab.evaluate(f"(d) => {{ const e = companion.engine; {SOLVE} }}", plain)

    yield call
    tab.close()


def _economy(rng, n_cities, n_occupations):
    return model.shares(
        rng.lognormal(0, 0.7, (n_cities, n_occupations)),
        rng.lognormal(0, 0.5, n_occupations),
        rng.lognormal(0, 1, n_cities),
        rng.uniform(0, 0.9),
    )


def _closure(rng):
    """Any closure with flexible wages, the edges of each parameter among them."""
    return equilibrium.Closure(
        wage_exponent=rng.uniform(0.3, 3),
        housing_share=rng.choice([0.0, rng.uniform(0, 0.7)]),
        supply_elasticity=float(rng.choice([0.0, np.inf, rng.uniform(0.1, 5)])),
        substitution=float(rng.choice([1.0, np.inf, rng.uniform(0.3, 6)])),
        demand_elasticity=float(rng.choice([np.inf, rng.uniform(0.7, 12)])),
        agglomeration=float(rng.choice([0.0, rng.uniform(0, 0.05)])),
    )


def _hats(rng, shape):
    return (
        np.exp(rng.normal(0, 0.15, shape[0])),
        np.exp(rng.normal(0, 0.15, shape[1])),
        np.exp(rng.normal(0, 0.15, shape)),
    )


def _same(found, expected):
    for name, array in (
        ("pi", expected.shares.pi_ck),
        ("omega", expected.shares.omega_k),
        ("wage", expected.wage_hat),
        ("rent", expected.rent_hat),
    ):
        np.testing.assert_allclose(found[name], np.ravel(array), rtol=1e-8, atol=1e-15)
    assert found["welfare"] == pytest.approx(expected.welfare_hat, rel=1e-8)


@pytest.mark.parametrize("seed", range(60))
def test_the_page_solves_what_python_solves(solve, seed):
    rng = np.random.default_rng(seed)
    shares = _economy(rng, int(rng.integers(1, 30)), int(rng.integers(1, 9)))
    wages = rng.lognormal(10, 0.5, shares.pi_ck.shape) if seed % 3 else None
    city, occupation, cell = _hats(rng, shares.pi_ck.shape)
    rho, theta = float(rng.uniform(0, 0.8)), float(rng.uniform(0.5, 5))
    closure = equilibrium.STANDARD if seed < 6 else _closure(rng)
    try:
        expected = equilibrium.solve(
            shares, rho, theta, closure,
            wages=wages, city=city, occupation=occupation, city_occupation=cell,
        )  # fmt: skip
    except EquilibriumError:
        expected = None
    hats = {"city": city, "occupation": occupation, "cell": cell, "wages": wages}
    found = solve(shares, rho, theta, closure, **hats)
    if expected is None:
        assert found["kind"] == "EquilibriumError"
    else:
        _same(found, expected)


def test_the_default_panel_with_its_wages(solve, truth):
    panel = truth.panel()
    shares = panel.shares(2019)
    wages = filled_wages(equilibrium.panel_wages(panel, 2019), shares)
    city = np.ones(len(shares.cities))
    city[3] = 0.95
    expected = equilibrium.solve(shares, 0.64, 3.0, equilibrium.STANDARD, wages=wages, city=city)
    _same(solve(shares, 0.64, 3.0, equilibrium.STANDARD, wages=wages, city=city), expected)


def test_where_nothing_answers_it_is_the_papers_shock(solve):
    rng = np.random.default_rng(7)
    shares = _economy(rng, 12, 4)
    city, occupation, cell = _hats(rng, shares.pi_ck.shape)
    found = solve(shares, 0.7, 3.0, equilibrium.PAPER, city=city, occupation=occupation, cell=cell)
    after = counterfactuals.shock(
        shares, 0.7, 3.0, city=city, occupation=occupation, city_occupation=cell
    )
    np.testing.assert_allclose(found["pi"], after.pi_ck.ravel(), rtol=1e-12)
    assert found["rent"] == pytest.approx([1] * 12)


def test_cells_without_households_stay_empty(solve):
    pi_ck = np.array([[0.5, 0.0], [0.5, 1.0]])
    shares = Shares(pi_ck, np.array([0.6, 0.4]), ("a", "b"), ("x", "y"))
    city = np.array([0.9, 1.0])
    expected = equilibrium.solve(shares, 0.5, 3.0, equilibrium.STANDARD, city=city)
    found = solve(shares, 0.5, 3.0, equilibrium.STANDARD, city=city)
    _same(found, expected)
    assert found["pi"][1] == 0


@pytest.mark.parametrize("seed", range(8))
def test_whether_there_may_be_another_equilibrium(solve, seed):
    """The strength of the feedback, from weak agglomeration to one that is too strong."""
    rng = np.random.default_rng(seed)
    shares = _economy(rng, 20, 5)
    closure = equilibrium.Closure(
        agglomeration=(0.0, 0.05, 0.9, 3.0)[seed % 4], substitution=1.4, demand_elasticity=4.0,
        housing_share=0.24, supply_elasticity=0.2,
    )  # fmt: skip
    city = np.ones(20)
    city[0] = 1.1
    expected = equilibrium.solve(shares, 0.6, 3.0, closure, city=city)
    found = solve(shares, 0.6, 3.0, closure, city=city)
    assert found["radius"] == pytest.approx(expected.spectral_radius, rel=0.01)
    assert expected.unique == (seed % 4 < 3)


def test_a_parameter_outside_its_domain_is_named(solve):
    shares = _economy(np.random.default_rng(1), 3, 2)
    closure = equilibrium.Closure()
    object.__setattr__(closure, "housing_share", 1.5)
    found = solve(shares, 0.5, 3.0, closure)
    assert found["kind"] == "RangeError"
    assert "housing_share" in found["problem"]
    assert "1.5" in found["problem"]
