"""Invariants that hold for every economy, tried on ones that hypothesis invents."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import counterfactuals, elasticities, model, shifters

finite = st.floats(-3, 3, allow_nan=False)


@st.composite
def economies(draw):
    """Shifters and parameters: 2 to 7 cities, 1 to 4 occupations, rho common or not."""
    n_cities, n_occupations = draw(st.integers(2, 7)), draw(st.integers(1, 4))
    logs = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(logs)
    scale = draw(st.floats(0.05, 1.5))
    one = st.floats(0, 0.97)
    rho = draw(one)
    if draw(st.booleans()):
        rho = np.array(draw(st.lists(one, min_size=n_occupations, max_size=n_occupations)))
    return dict(
        t_ck=np.exp(scale * rng.standard_normal((n_cities, n_occupations))),
        T_k=np.exp(scale * rng.standard_normal(n_occupations)),
        z_c=np.exp(scale * rng.standard_normal(n_cities)),
        rho=rho,
    )


@given(economies())
def test_shares_sum_to_one_and_ignore_units(economy):
    shares = model.shares(**economy)
    np.testing.assert_allclose(shares.pi_ck.sum(axis=0), 1, rtol=1e-12)
    assert shares.omega_k.sum() == pytest.approx(1)
    assert shares.pi_c.sum() == pytest.approx(1)
    scaled = model.shares(economy["t_ck"], 5 * economy["T_k"], 7 * economy["z_c"], economy["rho"])
    np.testing.assert_allclose(scaled.pi_c, shares.pi_c, rtol=1e-9)


@given(economies(), st.floats(0.5, 8), st.integers(0, 2**32 - 1))
def test_hats_are_the_model_solved_twice(economy, theta, seed):
    rng = np.random.default_rng(seed)
    before = model.shares(**economy)
    city = np.exp(0.1 * rng.standard_normal(before.pi_c.size))
    occupation = np.exp(0.1 * rng.standard_normal(before.omega_k.size))
    cell = np.exp(0.1 * rng.standard_normal(before.pi_ck.shape))
    after = model.shares(
        economy["t_ck"] * cell,
        economy["T_k"] * occupation,
        economy["z_c"] * city**theta,
        economy["rho"],
    )
    found = counterfactuals.shock(before, economy["rho"], theta, city, occupation, cell)
    np.testing.assert_allclose(found.pi_ck, after.pi_ck, rtol=1e-6, atol=1e-290)
    np.testing.assert_allclose(found.pi_c, after.pi_c, rtol=1e-7)


@given(economies(), st.floats(0.5, 8), st.floats(0.5, 2))
def test_a_shock_and_its_reverse_cancel(economy, theta, hat):
    before = model.shares(**economy)
    there = counterfactuals.shock(before, economy["rho"], theta, city=_one(before, hat))
    back = counterfactuals.shock(there, economy["rho"], theta, city=_one(before, 1 / hat))
    np.testing.assert_allclose(back.pi_c, before.pi_c, rtol=1e-6, atol=1e-12)


def _one(shares, hat):
    """A hat for the first city alone."""
    return np.where(np.arange(shares.pi_c.size) == 0, hat, 1.0)


@given(economies())
def test_common_shocks_move_nobody(economy):
    shares = model.shares(**economy)
    jacobian = elasticities.cross_city(shares, economy["rho"])
    np.testing.assert_allclose(jacobian.sum(axis=1), 0, atol=1e-9 * np.abs(jacobian).max())
    np.testing.assert_allclose(shares.pi_c @ jacobian, 0, atol=1e-9 * np.abs(jacobian).max())
    np.testing.assert_allclose(
        elasticities.cross_city_occupation(shares, economy["rho"]).sum(axis=1),
        elasticities.occupation(shares),
        atol=1e-9 * np.abs(jacobian).max(),
    )


@given(economies())
@settings(max_examples=50)
def test_elasticities_are_the_derivatives_of_shares(economy):
    """Central differences of the model, to 1e-6 of the largest derivative."""
    shares = model.shares(**economy)
    exact = elasticities.cross_city_occupation(shares, economy["rho"])
    step = 1e-5
    for c in range(shares.pi_c.size):
        for k in range(shares.omega_k.size):
            up, down = economy["t_ck"].copy(), economy["t_ck"].copy()
            up[c, k] *= np.exp(step)
            down[c, k] *= np.exp(-step)
            rest = (economy["T_k"], economy["z_c"], economy["rho"])
            slope = (
                np.log(model.shares(up, *rest).pi_c) - np.log(model.shares(down, *rest).pi_c)
            ) / (2 * step)
            np.testing.assert_allclose(slope, exact[:, c, k], atol=1e-6 * np.abs(exact).max())


@given(economies())
def test_diversion_is_a_distribution_over_rivals(economy):
    shares = model.shares(**economy)
    ratio = counterfactuals.diversion(shares, economy["rho"])
    np.testing.assert_allclose(ratio.sum(axis=1), 1, rtol=1e-7)
    assert (np.diag(ratio) == 0).all()
    assert (ratio >= -1e-12).all()


@given(economies(), st.floats(1.01, 3))
def test_a_better_city_gains_and_its_rivals_lose(economy, hat):
    before = model.shares(**economy)
    change = counterfactuals.shock(before, economy["rho"], 3.0, city=_one(before, hat)).pi_c
    assert change[0] >= before.pi_c[0] * (1 - 1e-12)
    assert (change[1:] <= before.pi_c[1:] * (1 + 1e-9)).all()


@given(economies())
def test_two_way_split_recovers_the_shifters(economy):
    """Effects of log shares are the shifters, once each is relative to its mean (3.2)."""
    shares = model.shares(**economy)
    rho_k = np.broadcast_to(economy["rho"], shares.omega_k.shape)
    log_z_c, _, log_t_ck = shifters.two_way((1 - rho_k) * np.log(np.maximum(shares.pi_ck, 1e-300)))
    if (shares.pi_ck < 1e-250).any():
        return
    true_t = np.log(economy["t_ck"])
    rows = true_t.mean(axis=1) - true_t.mean()
    total = np.log(economy["z_c"]) + rows
    np.testing.assert_allclose(log_z_c, total - total.mean(), atol=1e-8)
    twice = true_t - true_t.mean(axis=1, keepdims=True) - true_t.mean(axis=0) + true_t.mean()
    np.testing.assert_allclose(log_t_ck, twice, atol=1e-8)


@given(economies(), st.integers(0, 2**32 - 1))
def test_many_shocks_at_once_are_one_after_another(economy, seed):
    """Common rho, one city and one occupation a scenario, up to corners where powers overflow."""
    economy["rho"] = float(np.max(economy["rho"]))
    before = model.shares(**economy)
    rng = np.random.default_rng(seed)
    n, (n_cities, n_occupations) = 6, before.pi_ck.shape
    city, occupation = rng.integers(n_cities, size=n), rng.integers(n_occupations, size=n)
    city_hat, occupation_hat, cell_hat = np.exp(rng.uniform(-2, 2, (3, n)))
    rho, theta = rng.uniform(0, 0.999, n), rng.uniform(0.1, 20, n)
    found = counterfactuals.grid(
        before, rho, theta, city, city_hat, occupation, occupation_hat, cell_hat
    )
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    for s in range(n):
        hats = [np.ones(n_cities), np.ones(n_occupations), np.ones(before.pi_ck.shape)]
        hats[0][city[s]], hats[1][occupation[s]] = city_hat[s], occupation_hat[s]
        hats[2][city[s], occupation[s]] = cell_hat[s]
        one = counterfactuals.shock(before, rho[s], theta[s], *hats)
        np.testing.assert_allclose(found[s], one.pi_c, rtol=1e-9, atol=1e-290)
