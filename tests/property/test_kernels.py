"""Invariants that hold for every economy, tried on ones that hypothesis invents."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import counterfactuals, elasticities, model, shifters
from helpers.errors import ParameterError

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


# ---------------------------------------------------------------------------------------------
# The same formulas with sixty digits


def _sixty(shares, rho_k, theta, city, occupation, cell):
    """pi_ck, omega_k, pi_c and welfare after a shock by mpmath, straight from the formulas."""
    with mpmath.workdps(60):
        n_cities, n_occupations = shares.pi_ck.shape
        number = mpmath.mpf
        pi = [[number(float(v)) for v in row] for row in shares.pi_ck]
        omega = [number(float(v)) for v in shares.omega_k]
        new, gain = [[number(0)] * n_occupations for _ in pi], []
        for k in range(n_occupations):
            power = 1 - number(float(rho_k[k]))
            for c in range(n_cities):
                if pi[c][k]:
                    change = number(float(city[c])) ** number(float(theta))
                    change *= number(float(cell[c, k]))
                    new[c][k] = pi[c][k] * change ** (1 / power)
            total = sum(row[k] for row in new) / sum(row[k] for row in pi)
            for row in new:
                row[k] /= total
            gain.append(omega[k] * number(float(occupation[k])) * total**power)
        G = sum(gain) / sum(omega)
        omega_new = [value / G for value in gain]
        pi_c = [sum(a * b for a, b in zip(row, omega_new, strict=True)) for row in new]
        welfare = mpmath.log(G) / number(float(theta))
        array = np.vectorize(float, otypes=[float])
        return array(np.array(new)), array(omega_new), array(pi_c), float(welfare)


@st.composite
def hard_economies(draw):
    """Shares with zeros and hats of any size, some nearly the same, with rho up to 1 - 1e-12."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_cities, n_occupations = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    spread = draw(st.sampled_from([1.0, 30.0, 300.0]))
    pi_ck = np.exp(-spread * rng.random((n_cities, n_occupations)))
    pi_ck[rng.random(pi_ck.shape) < draw(st.sampled_from([0.0, 0.4]))] = 0
    pi_ck[0, pi_ck.sum(axis=0) == 0] = 1
    if n_cities > 1 and draw(st.booleans()):
        pi_ck[-1] = 0
        pi_ck[0, pi_ck.sum(axis=0) == 0] = 1
    omega_k = np.exp(-spread * rng.random(n_occupations))
    if n_occupations > 1 and draw(st.booleans()):
        omega_k[-1] = 0
    shares = model.Shares(pi_ck / pi_ck.sum(axis=0), omega_k / omega_k.sum())
    gap = draw(st.sampled_from([1.0, 0.5, 1e-3, 1e-8, 1e-12]))
    rho_k = 1 - gap * (0.5 + 0.5 * rng.random(n_occupations))
    rho_k[rho_k < 0] = 0
    size = draw(st.sampled_from([1e-14, 1e-6, 0.1, 20.0, 690.0]))
    level = draw(st.sampled_from([0.0, -600.0, 500.0])) if size < 1 else 0.0
    hats = [
        np.exp(level + size * rng.uniform(-1, 1, shape))
        for shape in (n_cities, n_occupations, (n_cities, n_occupations))
    ]
    theta = draw(st.sampled_from([0.8, 1.0, 3.0, 12.5]))
    return shares, rho_k, theta, hats


@given(hard_economies())
@settings(max_examples=300, deadline=None)
def test_shocks_agree_with_sixty_digits(economy):
    """No overflow, no NaN, no lost digit; what is empty stays empty."""
    shares, rho_k, theta, (city, occupation, cell) = economy
    pi_ck, omega_k, pi_c, welfare = _sixty(shares, rho_k, theta, city, occupation, cell)
    found = counterfactuals.shock(shares, rho_k, theta, city, occupation, cell)
    tight = dict(rtol=2e-11, atol=1e-300)
    np.testing.assert_allclose(found.pi_ck, pi_ck, **tight)
    np.testing.assert_allclose(found.omega_k, omega_k, **tight)
    np.testing.assert_allclose(found.pi_c, pi_c, **tight)
    assert (found.pi_ck[shares.pi_ck == 0] == 0).all()
    assert np.isfinite(found.phi_ck).all()
    log = counterfactuals.welfare_change(shares, rho_k, theta, city, occupation, cell, log=True)
    assert log == pytest.approx(welfare, rel=1e-12, abs=1e-15)
    if abs(welfare) < 700:
        change = counterfactuals.welfare_change(shares, rho_k, theta, city, occupation, cell)
        assert change == pytest.approx(float(mpmath.exp(mpmath.mpf(welfare))), rel=1e-11)
    elif abs(welfare) > 746:
        with pytest.raises(ParameterError, match="no float can hold"):
            counterfactuals.welfare_change(shares, rho_k, theta, city, occupation, cell)


@given(hard_economies(), st.integers(0, 2**32 - 1))
@settings(max_examples=200, deadline=None)
def test_many_shocks_agree_with_sixty_digits(economy, seed):
    """The same for one city at a time, and for scenarios whose two hats nearly cancel."""
    shares, rho_k, theta, (hats, occupation_hats, cells) = economy
    n_cities, n_occupations = shares.pi_ck.shape
    tight = dict(rtol=2e-11, atol=1e-300)
    ones = np.ones(n_cities), np.ones(n_occupations), np.ones(shares.pi_ck.shape)
    together = counterfactuals.city_shocks(shares, rho_k, theta, hats[0])
    for c in range(n_cities):
        city = ones[0].copy()
        city[c] = hats[0]
        np.testing.assert_allclose(
            together[c], _sixty(shares, rho_k, theta, city, *ones[1:])[2], **tight
        )
    rng = np.random.default_rng(seed)
    city, occupation = rng.integers(n_cities, size=5), rng.integers(n_occupations, size=5)
    cell_hat = cells[city, occupation]
    with np.errstate(all="ignore"):
        opposite = hats[city] ** -theta
    cell_hat[:2] = np.where(np.isfinite(opposite) & (opposite > 0), opposite, 1)[:2]
    found = counterfactuals.grid(
        shares, rho_k[0], theta, city, hats[city], occupation, occupation_hats[occupation], cell_hat
    )
    for s in range(5):
        changed = [one.copy() for one in ones]
        changed[0][city[s]], changed[1][occupation[s]] = (
            hats[city[s]],
            (occupation_hats[occupation[s]]),
        )
        changed[2][city[s], occupation[s]] = cell_hat[s]
        expected = _sixty(shares, np.full(n_occupations, rho_k[0]), theta, *changed)[2]
        np.testing.assert_allclose(found[s], expected, **tight)


EXTREME = (5e-324, 1e-305, 1e-200, 1e-9, 0.5, 1 - 1e-9, 1.0)


@pytest.mark.parametrize("rest", EXTREME)
@pytest.mark.parametrize("scaled", [-720.0, -695.0, -300.0, -20.0, 20.0, 695.0, 720.0])
def test_who_leads_by_three_hundred_digits_leads_after_the_shock(rest, scaled):
    """One city and all others in an occupation: a share near nothing meets a change near that."""
    pi_ck = np.array([[1 - rest if rest > 1e-9 else 1.0, 0.3], [0.25 * rest, 0.5], [0, 0.2]])
    pi_ck[2, 0] = rest - pi_ck[1, 0]
    for turn in (pi_ck, pi_ck[:, ::-1]):
        shares = model.Shares(turn, np.array([0.4, 0.6]))
        rho, theta = 1 - 2**-6, 2.0
        hat = np.exp(scaled * (1 - rho) / theta)
        city = np.array([hat, 1.0, 1.0])
        found = (
            counterfactuals.city_shocks(shares, rho, theta, hat, cities=[0])[0],
            counterfactuals.grid(shares, rho, theta, [0], city_hat=hat, occupation_hat=3.0)[0],
        )
        for row, change in zip(found, ([1.0, 1.0], [3.0, 1.0]), strict=True):
            _, _, expected, _ = _sixty(
                shares, np.full(2, rho), theta, city, change, np.ones((3, 2))
            )
            np.testing.assert_allclose(row, expected, rtol=2e-11, atol=1e-300)


@given(hard_economies())
@settings(max_examples=100, deadline=None)
def test_without_a_shock_nothing_moves(economy):
    """To machine precision, whatever the shares: also where their sums are one to rounding only."""
    shares, rho_k, theta, (city, occupation, cell) = economy
    hats = (np.ones_like(city), np.ones_like(occupation), np.ones_like(cell))
    found = counterfactuals.shock(shares, rho_k, theta, *hats)
    np.testing.assert_allclose(found.pi_ck, shares.pi_ck, rtol=4e-16, atol=0)
    np.testing.assert_allclose(found.pi_c, shares.pi_c, rtol=2e-15, atol=0)
    assert counterfactuals.welfare_change(shares, rho_k, theta, *hats) == pytest.approx(
        1, abs=1e-15
    )
    for many in (
        counterfactuals.city_shocks(shares, rho_k, theta, 1.0),
        counterfactuals.grid(shares, rho_k[0], theta, np.arange(len(city))),
    ):
        np.testing.assert_allclose(many, np.tile(shares.pi_c, (len(city), 1)), rtol=4e-15, atol=0)


@given(hard_economies())
@settings(max_examples=100, deadline=None)
def test_shares_from_shifters_agree_with_sixty_digits(economy):
    """Shifters from 1e-300 to 1e300: the model itself, and its price index."""
    _, rho_k, _, (z_c, T_k, t_ck) = economy
    found = model.shares(t_ck, T_k, z_c, rho_k)
    even = model.Shares(np.full(t_ck.shape, 1 / len(z_c)), np.full(T_k.size, 1 / T_k.size))
    pi_ck, omega_k, _, _ = _sixty(even, rho_k, 1.0, z_c, T_k, t_ck)
    # lambda of even shares is the sum over cities divided by their number
    lift = np.log(float(len(z_c))) * (1 - rho_k)
    omega_k = omega_k * np.exp(lift - lift.max())
    np.testing.assert_allclose(found.pi_ck, pi_ck, rtol=2e-11, atol=1e-300)
    np.testing.assert_allclose(found.omega_k, omega_k / omega_k.sum(), rtol=2e-11, atol=1e-300)


@given(hard_economies())
@settings(max_examples=100, deadline=None)
def test_elasticities_and_diversion_are_finite_where_nobody_lives(economy):
    shares, rho_k, _, _ = economy
    jacobian = elasticities.cross_city(shares, rho_k)
    assert np.isfinite(jacobian).all()
    lived_in = shares.pi_c > 0
    assert (jacobian[~lived_in] == 0).all()
    assert (jacobian[:, ~lived_in] == 0).all()
    ratio = counterfactuals.diversion(shares, rho_k)
    sums = ratio.sum(axis=1)
    leaves = lived_in & (lived_in.sum() > 1)
    np.testing.assert_allclose(sums[leaves & (sums > 0)], 1, rtol=1e-12)
    assert (sums[~leaves] == 0).all()
