"""Exact hat algebra against the model itself, and the identities that it has to keep."""

import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, elasticities, model, shifters
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.model import Shares

NEW_YORK = "New York-Newark-Jersey City, NY-NJ-PA"


@pytest.fixture
def observed(panel):
    """Shares of 2019 on either source."""
    return panel.shares(2019)


def test_hats_agree_with_shocked_shifters(panel, observed):
    """Recover the shifters, shock them, solve the model: the same new shares."""
    rng = np.random.default_rng(5)
    rho, theta = 0.64, 3.0
    hat_c = rng.uniform(0.8, 1.2, len(observed.cities))
    hat_k = rng.uniform(0.8, 1.2, 8)
    hat_ck = rng.uniform(0.8, 1.2, observed.pi_ck.shape)
    level = shifters.recover(panel, 2019, rho, theta)
    direct = model.shares(
        level.t_ck.to_numpy() * hat_ck,
        level.T_k.to_numpy() * hat_k,
        (level.T_c.to_numpy() * hat_c) ** theta,
        rho,
    )
    new = counterfactuals.shock(observed, rho, theta, hat_c, hat_k, hat_ck)
    np.testing.assert_allclose(new.pi_ck, direct.pi_ck, rtol=1e-11)
    np.testing.assert_allclose(new.omega_k, direct.omega_k, rtol=1e-11)


def test_no_shock_changes_nothing(observed):
    new = counterfactuals.shock(observed, 0.64, 3, city=np.ones(len(observed.cities)))
    np.testing.assert_allclose(new.pi_ck, observed.pi_ck, rtol=1e-14)
    np.testing.assert_allclose(new.pi_c, observed.pi_c, rtol=1e-14)


@pytest.mark.parametrize("rho", [0.0, 0.64, 0.99])
def test_a_common_shock_moves_nobody(observed, rho):
    new = counterfactuals.shock(observed, rho, 3, city=np.full(len(observed.cities), 0.9))
    np.testing.assert_allclose(new.pi_c, observed.pi_c, rtol=1e-12)


def test_without_correlation_every_other_city_gains_alike(observed):
    """Footnote 6 of the paper."""
    new = counterfactuals.shock(observed, 0.0, 3, city={NEW_YORK: 0.95})
    gain = np.delete(new.pi_c / observed.pi_c, observed.city_index(NEW_YORK))
    np.testing.assert_allclose(gain, gain[0], rtol=1e-13)
    assert gain[0] > 1


def test_an_occupation_shock_does_not_depend_on_rho(observed):
    """Once shares are observed, a shock to T_k alone leaves every pi_ck as it was."""
    low, high = (
        counterfactuals.shock(observed, rho, 3, occupation={"management": 1.1})
        for rho in (0.0, 0.9)
    )
    np.testing.assert_allclose(low.pi_c, high.pi_c, rtol=1e-13)


def test_small_shocks_follow_the_exact_elasticities(observed):
    step = 1e-6
    rho, theta = 0.64, 3.0
    city = observed.city_index(NEW_YORK)
    for kind, name, expected in (
        ("city", NEW_YORK, elasticities.cross_city(observed, rho, theta=theta)[:, city]),
        ("occupation", "trades", elasticities.occupation(observed)[:, 3]),
        (
            "city_occupation",
            (NEW_YORK, "sales"),
            elasticities.cross_city_occupation(observed, rho)[:, city, 2],
        ),
    ):
        up, down = (
            counterfactuals.shock(observed, rho, theta, **{kind: {name: np.exp(sign * step)}})
            for sign in (1, -1)
        )
        slope = np.log(up.pi_c / down.pi_c) / (2 * step)
        np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-8)


def test_all_city_shocks_at_once_are_the_single_ones(observed):
    together = counterfactuals.city_shocks(observed, 0.64, 3, 0.95)
    for city in (0, observed.city_index(NEW_YORK)):
        alone = counterfactuals.shock(observed, 0.64, 3, city={observed.cities[city]: 0.95})
        np.testing.assert_allclose(together[city], alone.pi_c, rtol=1e-12)


def test_diversion_rows_sum_to_one_and_have_the_logit_limit(observed):
    ratio = counterfactuals.diversion(observed, 0.64)
    np.testing.assert_allclose(ratio.sum(axis=1), 1, rtol=1e-11)
    assert (np.diag(ratio) == 0).all()
    assert (ratio >= 0).all()
    plain = counterfactuals.diversion(observed, 0.0)
    expected = observed.pi_c / (1 - observed.pi_c[:, None])
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(plain, expected, rtol=1e-10)


def test_welfare_is_the_correlation_function(panel, observed):
    rho, theta = 0.64, 3.0
    level = shifters.recover(panel, 2019, rho, theta)
    hat = np.ones(len(observed.cities))
    hat[observed.city_index(NEW_YORK)] = 0.95
    before, after = (
        model.correlation_function(
            level.t_ck.to_numpy(),
            level.T_k.to_numpy(),
            (level.T_c.to_numpy() * scale) ** theta,
            rho,
        )
        for scale in (1.0, hat)
    )
    change = counterfactuals.welfare_change(observed, rho, theta, city={NEW_YORK: 0.95})
    assert change == pytest.approx((after / before) ** (1 / theta), rel=1e-12)
    assert change < 1


def test_extreme_correlation_stays_finite(observed):
    new = counterfactuals.shock(observed, 0.9999, 3, city={NEW_YORK: 2.0})
    assert new.pi_c[observed.city_index(NEW_YORK)] == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rho": 1.0}, "rho"),
        ({"theta": 0}, "theta"),
        ({"city": {NEW_YORK: 0.0}}, "above 0"),
        ({"city": np.ones(3)}, "shape"),
    ],
)
def test_parameters_outside_their_domain_are_refused(observed, arguments, message):
    with pytest.raises(ParameterError, match=message):
        counterfactuals.shock(observed, **({"rho": 0.64, "theta": 3} | arguments))


def test_a_misspelt_city_is_refused_with_the_nearest(observed):
    with pytest.raises(UnknownNameError, match="Visalia-Porterville, CA"):
        counterfactuals.shock(observed, 0.64, 3, city={"Visalia-Potterville, CA": 0.95})


def test_a_series_of_hats_is_matched_by_name(observed):
    hats = pd.Series(np.linspace(0.9, 1.1, len(observed.cities)), observed.cities)
    plain = counterfactuals.shock(observed, 0.64, 3, city=hats.to_numpy())
    found = counterfactuals.shock(observed, 0.64, 3, city=hats.sample(frac=1, random_state=1))
    np.testing.assert_array_equal(found.pi_ck, plain.pi_ck)
    with pytest.raises(DataError, match=f"city: .*lacks 1 of them, such as {NEW_YORK!r}"):
        counterfactuals.shock(observed, 0.64, 3, city=hats.drop(NEW_YORK))
    strange = hats.rename({NEW_YORK: "New York"})
    with pytest.raises(UnknownNameError, match=f"'New York' .nearest: {NEW_YORK}"):
        counterfactuals.shock(observed, 0.64, 3, city=strange)
    hats = pd.Series(np.linspace(0.8, 1.2, 8), observed.occupations)
    plain = counterfactuals.shock(observed, 0.64, 3, occupation=hats.to_numpy())
    found = counterfactuals.shock(observed, 0.64, 3, occupation=hats.iloc[::-1])
    np.testing.assert_array_equal(found.omega_k, plain.omega_k)
    cells = pd.DataFrame(1 + observed.pi_ck, observed.cities, observed.occupations)
    plain = counterfactuals.shock(observed, 0.64, 3, city_occupation=cells.to_numpy())
    for given in (cells.iloc[::-1, ::-1], cells.stack().iloc[::-1]):
        found = counterfactuals.shock(observed, 0.64, 3, city_occupation=given)
        np.testing.assert_array_equal(found.pi_ck, plain.pi_ck)
    with pytest.raises(UnknownNameError, match="city_occupation"):
        counterfactuals.shock(observed, 0.64, 3, city_occupation=cells.T)
    twice = pd.concat([cells.stack(), cells.stack().iloc[:1]])
    with pytest.raises(ParameterError, match=r"city_occupation: a pair .* twice"):
        counterfactuals.shock(observed, 0.64, 3, city_occupation=twice)


def test_a_frechet_shape_whose_power_no_float_holds_is_refused():
    """T_c_hat^theta: in every function that takes it, and where one scenario of many has it."""
    even = Shares(np.full((2, 1), 0.5), np.ones(1), ("East", "West"), ("all",))
    for call in (
        lambda theta: counterfactuals.shock(even, 0.5, theta, city={"East": 0.9}).pi_c,
        lambda theta: counterfactuals.welfare_change(even, 0.5, theta, city={"East": 0.9}),
        lambda theta: counterfactuals.city_shocks(even, 0.5, theta, 0.9),
        lambda theta: counterfactuals.grid(even, 0.5, [1.0, theta], [0, 1], city_hat=0.9),
    ):
        assert np.isfinite(call(1e290)).all()
        with pytest.raises(ParameterError, match=r"theta: expected at most 1e290, found 1e.291"):
            call(1e291)


def test_where_nobody_lives_nobody_comes():
    """A shock to an empty city, or to an occupation without anyone, changes nothing."""
    shares = Shares([[0.4, 0.1], [0.0, 0.0], [0.6, 0.9]], [1.0, 0.0], ("a", "b", "c"), ("x", "y"))
    for shock in (
        {"city": {"b": 1e300}},
        {"occupation": {"y": 1e300}},
        {"city_occupation": {("a", "y"): 1e-300}},
        {"city_occupation": {("b", "x"): 50.0}},
    ):
        found = counterfactuals.shock(shares, 1 - 1e-12, 3, **shock)
        np.testing.assert_allclose(found.pi_c, shares.pi_c, rtol=1e-15)
        assert counterfactuals.welfare_change(shares, 1 - 1e-12, 3, **shock) == 1
    for answer in (
        elasticities.occupation(shares),
        elasticities.cross_city(shares, 0.5),
        elasticities.cross_city_occupation(shares, 0.5),
        elasticities.own_city_occupation(shares, 0.5),
    ):
        np.testing.assert_array_equal(answer[1], 0)
    ratio = counterfactuals.diversion(shares, 0.5)
    assert (ratio[1] == 0).all()
    assert (ratio[:, 1] == 0).all()
    whole = counterfactuals.city_shocks(shares, 0.5, 3, 1e300)
    np.testing.assert_allclose(whole, [[1, 0, 0], shares.pi_c, [0, 0, 1]], atol=1e-12)


def test_one_city_keeps_everybody():
    shares = Shares(np.ones((1, 2)), [0.3, 0.7])
    for hat in (1e-300, 0.5, 1e300):
        new = counterfactuals.shock(shares, 0.9, 3, city=[hat])
        np.testing.assert_allclose(new.omega_k, shares.omega_k)
        assert counterfactuals.city_shocks(shares, 0.9, 3, hat) == pytest.approx(1)
        assert counterfactuals.welfare_change(shares, 0.9, 3, [hat]) == pytest.approx(
            hat, rel=1e-12
        )
    assert counterfactuals.diversion(shares, 0.5) == 0
    np.testing.assert_allclose(elasticities.own_city(shares, 1 - 1e-12), 0, atol=1e-12)
