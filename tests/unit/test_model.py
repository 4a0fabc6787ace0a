"""Choice shares: what the formulas say, and what households drawn from the model do."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, kendalltau

from helpers import model
from helpers.errors import ParameterError, UnknownNameError
from helpers.model import Shares


@pytest.fixture
def small():
    """Shifters of an economy with 12 cities and 3 occupations."""
    rng = np.random.default_rng(7)
    return rng.lognormal(0, 0.5, (12, 3)), rng.lognormal(0, 0.5, 3), rng.lognormal(0, 1, 12)


def test_shares_are_the_euler_terms_of_the_correlation_function(small):
    """pi_c = z_c G_c / G (2.2), with G_c by central differences."""
    t_ck, T_k, z_c = small
    rho = np.array([0.0, 0.5, 0.9])
    step = 1e-6
    derivative = [
        (
            model.correlation_function(t_ck, T_k, z_c * np.exp(step * unit), rho)
            - model.correlation_function(t_ck, T_k, z_c * np.exp(-step * unit), rho)
        )
        / (2 * step)
        for unit in np.eye(12)
    ]
    euler = np.array(derivative) / model.correlation_function(t_ck, T_k, z_c, rho)
    np.testing.assert_allclose(euler, model.shares(t_ck, T_k, z_c, rho).pi_c, rtol=1e-7)


def test_without_correlation_it_is_one_multinomial_logit(small):
    """Rho = 0: every cell competes with every other in proportion to its scale."""
    t_ck, T_k, z_c = small
    scale = T_k * t_ck * z_c[:, None]
    np.testing.assert_allclose(
        model.shares(t_ck, T_k, z_c, 0.0).pi_c, scale.sum(axis=1) / scale.sum(), rtol=1e-13
    )


@pytest.mark.parametrize("rho", [0.0, 0.64, 0.95, np.array([0.2, 0.64, 0.9])])
@pytest.mark.parametrize("theta", [0.7, 3.0])
def test_a_million_households_choose_as_the_formula_says(small, rho, theta):
    """Frequencies of cells: a chi-square statistic within its own 0.1 % bounds."""
    t_ck, T_k, z_c = small
    n = 1_000_000
    city, occupation = model.simulate_households(t_ck, T_k, z_c, rho, theta, n, seed=11)
    counts = np.bincount(city * 3 + occupation, minlength=36)
    implied = model.shares(t_ck, T_k, z_c, rho)
    expected = n * (implied.pi_ck * implied.omega_k).ravel()
    kept = expected >= 5
    statistic = ((counts - expected)[kept] ** 2 / expected[kept]).sum()
    low, high = chi2.ppf([0.0005, 0.9995], kept.sum() - 1)
    assert low < statistic < high
    wrong = model.shares(t_ck, T_k, z_c, np.asarray(rho) * 0.9 + 0.05)
    other = n * (wrong.pi_ck * wrong.omega_k).ravel()
    assert ((counts - other)[kept] ** 2 / other[kept]).sum() > 1000


@pytest.mark.parametrize("rho", [0.0, 0.64, 0.9])
def test_rho_is_kendalls_rank_correlation(rho):
    """Within an occupation Kendall's tau is rho, across occupations zero; margins Frechet."""
    draws = model.draw_productivities(
        np.ones((2, 2)), np.ones(2), np.ones(2), rho, theta=3.0, n=20_000, seed=3
    )
    within = kendalltau(draws[:, 0, 0], draws[:, 1, 0]).statistic
    across = kendalltau(draws[:, 0, 0], draws[:, 1, 1]).statistic
    assert within == pytest.approx(rho, abs=0.02)
    assert across == pytest.approx(0, abs=0.02)
    assert np.mean(draws[:, 0, 0] < 1.2) == pytest.approx(np.exp(-(1.2**-3.0)), abs=0.012)


def test_city_shares_and_mix_add_up(panel):
    """Equation (7), and rows of phi that sum to one, on either source."""
    observed = panel.shares(2019)
    np.testing.assert_allclose(observed.pi_c.sum(), 1, atol=1e-12)
    np.testing.assert_allclose(observed.phi_ck.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(observed.pi_c @ observed.phi_ck, observed.omega_k, atol=1e-12)


@pytest.mark.parametrize("rho", [-0.1, 1.0, 1.5, float("nan"), "high", [0.1, 0.2]])
def test_a_correlation_outside_its_domain_is_refused(small, rho):
    with pytest.raises(ParameterError, match="rho"):
        model.shares(*small, rho)


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ParameterError, match="sums of one"):
        Shares(np.full((3, 2), 0.3), np.array([0.5, 0.5]))


def test_labels_find_positions_and_suggest(made):
    observed = made.shares(2019)
    assert observed.cities[observed.city_index("Detroit-Warren-Dearborn, MI")].startswith("Det")
    with pytest.raises(UnknownNameError, match="Detroit-Warren-Dearborn"):
        observed.city_index("Detriot")


def test_arrays_cannot_be_changed_behind_the_readers_back(made):
    with pytest.raises(ValueError, match="read-only"):
        made.shares(2019).pi_ck[0, 0] = 0.5


def test_tables_bring_their_labels_and_are_put_in_order():
    pi_ck, omega_k = np.array([[0.2, 0.7], [0.8, 0.3]]), np.array([0.4, 0.6])
    table = pd.DataFrame(pi_ck, ["East", "West"], ["sales", "trades"])
    plain = Shares(pi_ck, omega_k, ("East", "West"), ("sales", "trades"))
    found = Shares(table, pd.Series(omega_k[::-1], ["trades", "sales"]))
    assert (found.cities, found.occupations) == (plain.cities, plain.occupations)
    np.testing.assert_array_equal(found.omega_k, plain.omega_k)
    other = Shares(table.iloc[::-1, ::-1], omega_k, plain.cities, plain.occupations)
    np.testing.assert_array_equal(other.pi_ck, plain.pi_ck)
    with pytest.raises(UnknownNameError, match=r"omega_k.*'trade' \(nearest: trades\)"):
        Shares(table, pd.Series(omega_k, ["sales", "trade"]))
    with pytest.raises(ParameterError, match="found nan at \\(0, 1\\)"):
        Shares(table.where(table != 0.7), omega_k)


def test_the_appeal_of_an_occupation_is_the_sum_over_cities_that_shares_divide_by(small):
    t_ck, T_k, z_c = small
    rho = np.array([0.0, 0.5, 0.9])
    log_lambda_k, terms = model.log_lambda(t_ck, z_c, rho)
    by_hand = ((t_ck * z_c[:, None]) ** (1 / (1 - rho))).sum(axis=0)
    np.testing.assert_allclose(np.exp(log_lambda_k), by_hand, rtol=1e-12)
    np.testing.assert_allclose(
        model.shares(t_ck, T_k, z_c, rho).pi_ck, np.exp(terms - log_lambda_k), rtol=1e-12
    )
    index = model.correlation_function(t_ck, T_k, z_c, rho)
    assert index == pytest.approx((T_k * by_hand ** (1 - rho)).sum(), rel=1e-12)


def test_single_precision_sums_to_one(made):
    observed = made.shares(2019)
    single = Shares(observed.pi_ck.astype("float32"), observed.omega_k.astype("float32"))
    np.testing.assert_allclose(single.pi_ck.sum(axis=0), 1, rtol=1e-14)
    np.testing.assert_allclose(single.pi_c, observed.pi_c, rtol=1e-5)


def test_a_city_where_nobody_lives_has_no_mix():
    shares = Shares([[0.5, 0.1], [0.0, 0.0], [0.5, 0.9]], [0.3, 0.7], ("a", "b", "c"))
    assert (shares.phi_ck[1] == 0).all()
    np.testing.assert_allclose(shares.phi_ck[[0, 2]].sum(axis=1), 1)
    assert np.isnan(model.similarity(shares, "a")[1])
    with pytest.raises(ParameterError, match="nobody lives there"):
        model.similarity(shares, "b")
    with pytest.raises(UnknownNameError, match="9"):
        model.similarity(shares, 9)
    with pytest.raises(ParameterError, match="even over 1 occupations"):
        model.similarity(Shares([[0.4], [0.6]], [1.0]), 0)


@pytest.mark.parametrize(
    ("kind", "off", "fine"),
    [("float64", 1e-10, True), ("float64", 1e-6, False), ("float32", 2e-6, True),
     ("float32", 1e-3, False)],
)  # fmt: skip
def test_sums_are_one_to_the_digits_that_numbers_of_their_kind_have(kind, off, fine):
    pi_ck = np.array([[0.6, 0.2], [0.4 + off, 0.8]], dtype=kind)
    if fine:
        np.testing.assert_allclose(Shares(pi_ck, [0.5, 0.5]).pi_ck.sum(axis=0), 1, atol=2e-10)
    else:
        with pytest.raises(ParameterError, match="column 0"):
            Shares(pi_ck, [0.5, 0.5])


def test_the_smallest_specialisation_is_one():
    """Cities whose mixes hardly differ from even are like those that lean the same way."""
    lean = np.array([1e-6, 2e-6, -3e-6])[:, None] * [1, -1]
    shares = Shares((1 + lean) / 3, [0.5, 0.5])
    np.testing.assert_allclose(model.similarity(shares, 0), [1, 1, -1], rtol=1e-9)


@pytest.mark.parametrize("names", [("East", "East"), ("East", "West", "North"), ("East",)])
def test_names_are_one_for_each_city_and_no_two_alike(names):
    pi_ck, omega_k = np.array([[0.6, 0.2], [0.4, 0.8]]), np.array([0.5, 0.5])
    with pytest.raises(ParameterError, match="cities: expected 2 distinct labels"):
        model.Shares(pi_ck, omega_k, names, ("makers", "sellers"))
    with pytest.raises(ParameterError, match="occupations: expected 2 distinct labels"):
        model.Shares(pi_ck, omega_k, ("makers", "sellers"), names)
