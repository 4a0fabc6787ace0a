"""Who keeps the occupation, whom correlation sends elsewhere, and what a shock is worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import counterfactuals, model
from helpers.errors import ParameterError, UnknownNameError
from helpers.model import Shares


def _economy(seed: int, n_cities: int = 5, n_occupations: int = 3) -> Shares:
    rng = np.random.default_rng(seed)
    pi_ck = rng.dirichlet(np.full(n_cities, 0.7), n_occupations).T
    return Shares(pi_ck, rng.dirichlet(np.ones(n_occupations)))


def _redirected(shares: Shares, rho) -> np.ndarray:
    """By the definition: diversion ratios and sizes, C x C."""
    ratios = counterfactuals.diversion(shares, rho)
    even = shares.pi_c / (1 - shares.pi_c[:, None])
    np.fill_diagonal(even, 0)
    return 0.5 * np.abs(ratios - even).sum(axis=1)


def test_simulated_leavers_of_a_cell_keep_their_occupation_as_often_as_the_formula_says():
    """Draw households once, lower one cell's scale, and see what those who leave it do."""
    rng = np.random.default_rng(2)
    t_ck, T_k, z_c = rng.lognormal(0, 0.4, (5, 3)), rng.lognormal(size=3), rng.lognormal(size=5)
    rho, theta, step, n = 0.6, 4.0, 0.02, 400_000
    shares = model.shares(t_ck, T_k, z_c, rho)
    draws = model.draw_productivities(t_ck, T_k, z_c, rho, theta, n, 7)
    c, k = np.unravel_index((shares.pi_ck * shares.omega_k).argmax(), shares.pi_ck.shape)
    before = draws.reshape(n, -1).argmax(axis=1)
    draws[:, c, k] *= np.exp(-step / theta)
    after = draws.reshape(n, -1).argmax(axis=1)
    left = (before == c * 3 + k) & (after != before)
    kept = (after[left] % 3 == k).mean()
    error = np.sqrt(kept * (1 - kept) / left.sum())
    found = counterfactuals.stayers(shares, rho)[c, k]
    assert abs(found - kept) < 4 * error + 0.01
    # far from what it would be without correlation, and from those who leave the city
    assert abs(counterfactuals.stayers(shares, 0.0)[c, k] - kept) > 20 * error


@pytest.mark.parametrize("rho", [0.0, 0.64, [0.1, 0.5, 0.9]])
def test_stayers_are_the_derivatives_of_the_model(rho):
    shares, step = _economy(3), 1e-6
    found = counterfactuals.stayers(shares, rho)
    for c in range(5):
        for k in range(3):
            sides = []
            for sign in (1, -1):
                hat = np.ones((5, 3))
                hat[c, k] = np.exp(sign * step)
                new = counterfactuals.shock(shares, rho, 3.0, city_occupation=hat)
                sides.append(new.pi_ck * new.omega_k)
            change = sides[0] - sides[1]
            elsewhere = change[:, k].sum() - change[c, k]
            assert found[c, k] == pytest.approx(-elsewhere / change[c, k], rel=1e-5)


@pytest.mark.parametrize("rho", [0.0, 0.64, [0.1, 0.5, 0.9]])
def test_keepers_are_the_derivatives_of_the_model(rho):
    """Of what other cities gain when one cell becomes worse, the part in its occupation."""
    shares, step, theta = _economy(3), 1e-6, 3.0
    found = counterfactuals.keepers(shares, rho)
    same, gained = np.zeros((5, 3)), np.zeros((5, 3))
    for c in range(5):
        for k in range(3):
            sides = []
            for sign in (1, -1):
                hat = np.ones((5, 3))
                hat[c, k] = np.exp(sign * step)
                new = counterfactuals.shock(shares, rho, theta, city_occupation=hat)
                sides.append(new.pi_ck * new.omega_k)
            elsewhere = np.delete(sides[1] - sides[0], c, axis=0).sum(axis=0)
            same[c, k], gained[c, k] = elsewhere[k], elsewhere.sum()
    np.testing.assert_allclose(found, same / gained, rtol=1e-5)
    for c in range(5):  # a city's loss is that of all its cells
        whole = counterfactuals.keepers(shares, rho, c)
        assert whole == pytest.approx(same[c].sum() / gained[c].sum(), rel=1e-5)


def test_nobody_leaves_where_nobody_is_or_where_all_are():
    alone = Shares(np.ones((1, 3)), np.array([0.2, 0.3, 0.5]))
    np.testing.assert_array_equal(counterfactuals.keepers(alone, 0.3), np.zeros((1, 3)))
    assert counterfactuals.keepers(alone, 0.3, 0) == 0
    one_cell = Shares(np.ones((1, 1)), np.ones(1))
    for ask in (counterfactuals.stayers, counterfactuals.keepers):
        assert ask(one_cell, 0.3) == 0
    nobody_does_it = Shares(np.array([[0.5, 0.4], [0.5, 0.6]]), np.array([1.0, 0.0]))
    np.testing.assert_array_equal(counterfactuals.stayers(nobody_does_it, 0.3)[:, 1], 0)
    np.testing.assert_array_equal(counterfactuals.stayers(nobody_does_it, 0.3)[:, 0], 1)


def test_limits_of_stayers():
    shares = _economy(4)
    pi, omega = shares.pi_ck, shares.omega_k
    even = (1 - pi) * omega / (1 - pi * omega)
    np.testing.assert_allclose(counterfactuals.stayers(shares, 0.0), even, rtol=1e-12)
    np.testing.assert_allclose(counterfactuals.stayers(shares, 1 - 1e-12), 1, rtol=1e-9)
    one = Shares(pi[:, :1], np.ones(1))
    np.testing.assert_array_equal(counterfactuals.stayers(one, 0.3), np.ones((5, 1)))
    alone = Shares(np.ones((1, 3)), omega)
    np.testing.assert_array_equal(counterfactuals.stayers(alone, 0.3), np.zeros((1, 3)))
    holed = Shares(np.array([[0.5, 0.0], [0.5, 1.0]]), np.array([0.5, 0.5]))
    assert counterfactuals.stayers(holed, 0.3)[0, 1] == 0
    # a small cell's leavers keep the occupation with rho and, beyond it, by its size
    small = Shares(np.full((10_000, 3), 1e-4), omega)
    np.testing.assert_allclose(counterfactuals.stayers(small, 0.6)[0], 0.6 + 0.4 * omega, atol=1e-4)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.95, [0.1, 0.5, 0.9]])
def test_redirection_is_the_distance_of_diversion_from_size(rho):
    shares = _economy(5, 9)
    found = counterfactuals.redirection(shares, rho)
    np.testing.assert_allclose(found, _redirected(shares, rho), rtol=1e-12, atol=1e-15)
    part = counterfactuals.redirection(shares, rho, cities=[4, 2])
    np.testing.assert_allclose(part, found[[4, 2]], rtol=1e-14, atol=0)


def test_redirection_on_both_sources(panel):
    shares = panel.shares(2019)
    found = counterfactuals.redirection(shares, 0.64)
    np.testing.assert_allclose(found, _redirected(shares, 0.64), atol=1e-14)
    city = shares.cities[7]
    assert counterfactuals.redirection(shares, 0.64, [city])[0] == pytest.approx(
        found[7], rel=1e-12
    )


def test_limits_of_redirection():
    shares = _economy(6)
    np.testing.assert_array_equal(counterfactuals.redirection(shares, 0.0), np.zeros(5))
    for dull in (
        Shares(shares.pi_ck[:, :1], np.ones(1)),  # one occupation
        Shares(np.array([[0.2, 0.7], [0.8, 0.3]]), np.array([0.4, 0.6])),  # two cities
        Shares(np.repeat(shares.pi_ck[:, :1], 3, axis=1), shares.omega_k),  # one mix everywhere
    ):
        np.testing.assert_allclose(counterfactuals.redirection(dull, 0.8), 0, atol=1e-14)
    # two occupations without a city in common but one: everybody is sent to the third
    pi_ck = np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]])
    found = counterfactuals.redirection(Shares(pi_ck, np.array([0.5, 0.5])), 1 - 1e-12)
    np.testing.assert_allclose(found[:2], 2 / 3, rtol=1e-9)
    empty = Shares(np.array([[0.0, 0.0], [0.3, 0.4], [0.7, 0.6]]), np.array([0.5, 0.5]))
    assert counterfactuals.redirection(empty, 0.5)[0] == 0
    alone = Shares(np.ones((1, 3)), shares.omega_k)
    assert counterfactuals.redirection(alone, 0.5)[0] == 0


def test_redirection_in_blocks_is_that_of_the_whole(monkeypatch):
    from helpers.counterfactuals import leavers

    shares = _economy(7, 23, 4)
    whole = counterfactuals.redirection(shares, 0.6)
    monkeypatch.setattr(leavers, "_BLOCK", 50)  # two cities at a time
    np.testing.assert_allclose(counterfactuals.redirection(shares, 0.6), whole, rtol=1e-12)


def test_redirection_of_one_city_forms_no_square(monkeypatch):
    """A million cities: a square of them would need eight thousand gigabytes."""
    n = 1_000_000
    rng = np.random.default_rng(0)
    pi_ck = rng.random((n, 2))
    many = Shares(pi_ck / pi_ck.sum(axis=0), np.array([0.5, 0.5]))
    found = counterfactuals.redirection(many, 0.6, cities=[3])
    assert 0 < found[0] < 1


@given(seed=st.integers(0, 10_000), rho=st.floats(0, 0.999))
def test_redirection_is_bounded_by_the_part_that_correlation_moves(seed, rho):
    """Only those whom correlation holds in their occupation can go another way."""
    shares = _economy(seed, 6, 4)
    found = counterfactuals.redirection(shares, rho)
    moved = (shares.phi_ck * rho / (1 - rho) * (1 - shares.pi_ck)).sum(axis=1)
    assert (found >= 0).all()
    assert (found <= moved / (1 - shares.pi_c + moved) + 1e-12).all()


@pytest.mark.parametrize("ask", [counterfactuals.stayers, counterfactuals.redirection])
def test_what_is_outside_is_refused(ask):
    shares = _economy(1)
    for rho in (-0.1, 1.0, np.nan, [0.1, 0.2]):
        with pytest.raises(ParameterError, match="rho"):
            ask(shares, rho)
    with pytest.raises(ParameterError, match="shares"):
        ask(shares.pi_ck, 0.5)
    with pytest.raises((UnknownNameError, ParameterError), match=r"7|city|cities"):
        counterfactuals.redirection(shares, 0.5, cities=[7])


def test_gains_of_occupations_are_those_of_shifters():
    """Expected productivity of the best city of an occupation, before and after."""
    rng = np.random.default_rng(8)
    t_ck, T_k, z_c = rng.lognormal(0, 0.4, (5, 3)), rng.lognormal(size=3), rng.lognormal(size=5)
    rho, theta = np.array([0.2, 0.5, 0.8]), 3.0
    hat_c, hat_k, hat_ck = (rng.uniform(0.8, 1.2, n) for n in (5, 3, (5, 3)))
    size = []
    for t, T, z in ((t_ck, T_k, z_c), (t_ck * hat_ck, T_k * hat_k, z_c * hat_c**theta)):
        lam, _ = model.choice.log_lambda(t, z, rho)
        size.append(T * np.exp((1 - rho) * lam))
    shares = model.shares(t_ck, T_k, z_c, rho)
    found = counterfactuals.occupation_gains(shares, rho, theta, hat_c, hat_k, hat_ck)
    np.testing.assert_allclose(found, (size[1] / size[0]) ** (1 / theta), rtol=1e-12)
    # the gain in all is their mean of order theta
    in_all = counterfactuals.welfare_change(shares, rho, theta, hat_c, hat_k, hat_ck)
    assert (shares.omega_k @ found**theta) ** (1 / theta) == pytest.approx(in_all, rel=1e-12)


def test_correlation_softens_a_loss_and_sharpens_a_gain_from_the_second_order_on(panel):
    shares = panel.shares(2019)
    c = int(shares.pi_c.argmax())
    changes = {}
    for hat in (0.9, 1.1, 1 + 1e-5):
        hats = np.ones(len(shares.pi_c))
        hats[c] = hat
        changes[hat] = [
            counterfactuals.welfare_change(shares, rho, 3.0, city=hats, log=True)
            for rho in (0.0, 0.64)
        ]
    assert changes[0.9][1] > changes[0.9][0]
    assert changes[1.1][1] > changes[1.1][0]
    small = np.array(changes[1 + 1e-5]) / 1e-5
    np.testing.assert_allclose(small, shares.pi_c[c], rtol=1e-3)
