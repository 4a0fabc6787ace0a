"""Forecasts held against what happened: they are right where the model is, and noise is undone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.counterfactuals import shock
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.estimation import estimate
from helpers.inference import case_studies, forecast_check, history, made_histories
from helpers.model import Shares
from helpers.panel import Panel

RHO, BETA = 0.64, 1 / 0.36


@pytest.fixture(scope="module")
def past(made):
    return history.between(made, 2014, 2019)


@settings(max_examples=25, deadline=None)
@given(rho=st.floats(0, 0.95), size=st.floats(0.01, 1.0), seed=st.integers(0, 99))
def test_a_forecast_is_the_exact_hat(past_shares, rho, size, seed):
    change = np.random.default_rng(seed).normal(0.1, size, past_shares.pi_ck.shape)
    new = shock(past_shares, rho, 1.0, city_occupation=np.exp(change))
    ours = history.predicted(past_shares, change, 1 / (1 - rho))
    np.testing.assert_allclose(ours, np.log(new.pi_c / past_shares.pi_c), atol=1e-9)


@pytest.fixture(scope="module")
def past_shares(past):
    return past.before


def test_many_slopes_at_once_are_one_by_one(past):
    slopes = np.linspace(0.5, 4, 130)
    together = history.predicted(past.before, past.log_wage, slopes)
    for at in (0, 63, 64, 129):
        alone = history.predicted(past.before, past.log_wage, slopes[at])
        np.testing.assert_allclose(together[at], alone, rtol=1e-12)


def test_a_common_rise_of_wages_moves_nobody(past):
    flat = np.full_like(past.log_wage, 0.7)
    assert np.abs(history.predicted(past.before, flat, BETA)).max() < 1e-12


def test_the_slope_is_one_where_the_model_is_true(past):
    """Wages are the only shock and seen as they are: the forecast is the outcome."""
    world = made_histories.known_world(past, RHO, error=0.0, seed=1)
    forecast = history.predicted(world.before, world.log_wage, BETA)
    found = forecast_check.judge(world.actual, forecast)
    assert found["slope"] == pytest.approx(1, abs=1e-10)
    assert found["correlation"] == pytest.approx(1, abs=1e-10)
    assert found["rmse"] < 1e-10
    assert forecast_check.within_cells(world) == pytest.approx(BETA, rel=1e-9)
    # read at rho = 0 it is not
    flat = forecast_check.judge(world.actual, history.predicted(world.before, world.log_wage, 1.0))
    assert flat["slope"] > 2


def test_shrinking_undoes_the_error_of_a_survey(past):
    """Attenuated with raw wages, one on average with shrunk ones, large at the wrong rho."""
    worlds = made_histories.known_worlds(past, RHO, worlds=30, spread=0.15)
    assert worlds["exact"].to_numpy() == pytest.approx(1, abs=1e-9)
    assert worlds["observed"].max() < 0.8
    error = worlds["shrunk"].std() / np.sqrt(len(worlds))
    assert abs(worlds["shrunk"].mean() - 1) < max(4 * error, 0.05)
    assert worlds["independent"].mean() > 2


def test_the_error_of_wages_is_found_from_jumps_that_are_undone():
    """A walk with steps of 0.05 seen with an error of 0.02 to 0.2, large where few are asked."""
    rng = np.random.default_rng(0)
    weight = np.exp(rng.normal(0, 1, (400, 4)))
    scale = np.sqrt(0.01 * np.median(weight) / weight)
    walk = rng.normal(0, 0.05, (10, 400, 4)).cumsum(axis=0)
    series = walk + scale * rng.normal(size=walk.shape)
    found = history._survey_variance(series, weight)
    assert np.median(found / scale**2) == pytest.approx(1, rel=0.2)
    calm = history._survey_variance(walk, weight)
    assert np.median(calm) < 0.0008  # a tenth of a variance of 0.01 at most: no error is there


def test_shrinking_keeps_between_mean_and_what_is_seen(past):
    shrunk = history.shrunk(past)
    assert (shrunk.std(axis=0) <= past.log_wage.std(axis=0) + 1e-12).all()
    same = replace(past, noise=np.zeros_like(past.noise))
    np.testing.assert_array_equal(history.shrunk(same), past.log_wage)
    loud = replace(past, noise=np.full_like(past.noise, 1e6))
    assert history.shrunk(loud).std(axis=0).max() < 1e-3


def test_judge_says_what_a_regression_says(past):
    rng = np.random.default_rng(2)
    x = rng.normal(size=50)
    y = 0.4 * x + rng.normal(size=50)
    found = forecast_check.judge(y, x)
    assert found["slope"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert found["correlation"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert found["rmse"] == pytest.approx(np.std(y - x))
    # a city that counts twice is there twice
    weights = rng.integers(0, 3, 50)
    twice = forecast_check.judge(np.repeat(y, weights), np.repeat(x, weights))
    for name, value in forecast_check.judge(y, x, weights).items():
        assert value == pytest.approx(twice[name])
    still = forecast_check.judge(y, np.zeros(50))
    assert np.isnan(still["slope"])
    assert still["rmse"] == pytest.approx(np.std(y))


def test_nothing_later_than_the_first_year_enters_the_slope(made):
    """Doubling the later years' instrument changes no slope."""
    cells = made.cells.copy()
    cells.loc[cells["year"] > 2014, "log_share"] += 0.0
    later = cells["year"] > 2014
    cells.loc[later, "instrument"] *= np.where(cells.loc[later, "city"] < "M", 1.0, 2.0)
    other = Panel(cells, made.cities, made.exposures, made.shifts, "other", {})
    one, two = (forecast_check.compare(p, 2014, 2019, draws=20) for p in (made, other))
    assert one.attrs["beta"] == two.attrs["beta"]
    assert one.attrs["beta"] == estimate(made, years=list(range(2010, 2015))).beta
    assert not np.allclose(one["rmse"], two["rmse"])


def test_the_comparison_has_its_rows_and_repeats_itself(made):
    one, two = (forecast_check.compare(made, 2014, 2019, draws=50, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert list(one["wages"]) == ["none", *(w for w in forecast_check.WAGES for _ in range(2))]
    assert one["rmse"].iloc[0] == pytest.approx(one.attrs["actual_sd"])
    inside = one["rmse"].between(one["rmse_low"], one["rmse_high"])
    assert inside.all()
    given = forecast_check.compare(made, 2014, 2019, rho=0.5, draws=20)
    assert set(given["rho"].dropna().round(12)) == {0.5, 0.0}


def test_cells_are_the_paper_s_equation_in_differences(past):
    """Effects taken out by dummies give the slope; a city that counts twice is there twice."""
    import statsmodels.formula.api as smf

    n_cities, n_occupations = past.log_wage.shape
    frame = pd.DataFrame(
        {
            "y": np.log(past.after.pi_ck / past.before.pi_ck).ravel(),
            "x": past.log_wage.ravel(),
            "c": np.repeat(np.arange(n_cities), n_occupations),
            "k": np.tile(np.arange(n_occupations), n_cities),
        }
    )
    few = frame[frame["c"] < 30]
    counts = np.zeros(n_cities)
    counts[:30] = np.random.default_rng(0).integers(0, 3, 30)
    weights = counts[few["c"]]
    fitted = smf.wls("y ~ x + C(c) + C(k)", few[weights > 0], weights=weights[weights > 0]).fit()
    ours = forecast_check.within_cells(past, weights=counts)
    assert ours == pytest.approx(fitted.params["x"], rel=1e-8)
    many = forecast_check.within_cells(past, weights=np.array([counts, np.ones(n_cities)]))
    assert many == pytest.approx([float(ours), float(forecast_check.within_cells(past))])


def test_the_instrument_s_cells_hold_the_true_slope_where_it_is_valid(made, past):
    """The synthetic economy's tastes move wages; its instrument does not follow them."""
    table = forecast_check.cells(made, past, draws=200).set_index("wages")
    assert table.loc["observed", "slope_high"] < 0.5 * BETA
    low, high = table.loc["by the instrument", ["slope_low", "slope_high"]]
    assert low < BETA < high


def test_windows_are_comparisons_one_after_another(made):
    table = forecast_check.windows(made, 2019, [2012, 2014], draws=20)
    one = forecast_check.compare(made, 2014, 2019, draws=20)
    row = one[one["wages"] == "shrunk"].iloc[0]
    assert list(table["first"]) == [2012, 2014]
    assert table["slope"].iloc[1] == row["slope"]
    assert table["no_change"].iloc[1] == one["rmse"].iloc[0]


def test_sizes_take_every_city_once(past):
    table = forecast_check.by_size(past, BETA, groups=5)
    assert table["cities"].sum() == len(past.actual)
    assert table["households"].sum() == pytest.approx(1)
    assert table["households"].is_monotonic_increasing


def test_raw_wages_of_the_author_overshoot_and_calm_ones_forecast_less_than_one(published):
    """What came out on the author's files, 2014 to 2019."""
    table = forecast_check.compare(published, 2014, 2019, draws=200).set_index(["wages"])
    assert table.attrs["cities"] == 235
    assert table.attrs["left_out"] == 25
    raw = table.loc["observed"].iloc[0]
    assert raw["rmse"] > 3 * table.loc["none", "rmse"]
    assert raw["slope_high"] < 0.2
    calm, flat = (table.loc["shrunk"].iloc[i] for i in (0, 1))
    assert calm["slope"] == pytest.approx(0.294, abs=2e-3)
    assert flat["slope"] == pytest.approx(0.851, abs=2e-3)
    assert calm["slope_high"] < 1 < flat["slope_high"]


@settings(max_examples=20, deadline=None)
@given(
    rho=st.floats(0, 0.95),
    theta=st.floats(0.5, 8),
    share_hat=st.floats(0.2, 4),
    c=st.integers(0, 9),
)
def test_the_shock_that_a_share_asks_for_gives_the_share(past_shares, rho, theta, share_hat, c):
    city = past_shares.cities[c]
    hat = case_studies.city_hat(past_shares, rho, theta, city, share_hat)
    new = shock(past_shares, rho, theta, city={city: hat})
    assert new.pi_c[c] / past_shares.pi_c[c] == pytest.approx(share_hat, rel=1e-9)


def test_without_correlation_the_root_has_a_closed_form():
    """At rho = 0 and one occupation odds move by hat^theta."""
    two = Shares(np.array([[0.2], [0.8]]), np.ones(1), ("East", "West"), ("all",))
    hat = case_studies.city_hat(two, 0.0, 2.0, "East", 1.5)
    assert hat**2 == pytest.approx((0.3 / 0.7) / (0.2 / 0.8))
    with pytest.raises(ParameterError, match="below 5"):
        case_studies.city_hat(two, 0.0, 2.0, "East", 5.0)


def test_a_case_finds_the_shock_that_made_it(past):
    """One city is shocked, and nothing else happens: everybody else is predicted exactly."""
    city = past.before.cities[int(past.before.pi_c.argmax())]
    after = shock(past.before, RHO, 3.0, city={city: 0.9})
    case = case_studies.table(replace(past, after=after), RHO, 3.0, n=1).iloc[0]
    assert case["city"] == city
    assert case["T_c_hat"] == pytest.approx(0.9, rel=1e-9)
    assert case["slope"] == pytest.approx(1, rel=1e-5)
    assert case["rmse"] < 1e-9 < case["actual_spread"]


def test_what_cannot_be_compared_is_refused(made):
    with pytest.raises(ParameterError, match="exchange"):
        history.between(made, 2019, 2014)
    with pytest.raises(UnknownNameError, match="2031"):
        history.between(made, 2014, 2031)
    near = history.between(made, 2018, 2019)
    assert np.isnan(near.noise).all()
    with pytest.raises(DataError, match="no year between"):
        history.shrunk(near)
    with pytest.raises(ParameterError, match="draws"):
        forecast_check.compare(made, 2014, 2019, draws=0)
    with pytest.raises(ParameterError, match="slopes above 0"):
        history.predicted(near.before, near.log_wage, -1.0)
    with pytest.raises(ParameterError, match="shape"):
        history.predicted(near.before, near.log_wage[:3], 1.0)
    empty = made.cells.assign(log_wage=made.cells["log_wage"].where(made.cells["city"] < "Ak"))
    bare = Panel(empty, made.cities, made.exposures, made.shifts, "bare", {})
    with pytest.raises(DataError):
        history.between(bare, 2014, 2019, estimate(made))


def test_figures_draw_what_was_forecast(made, past):
    from helpers import exhibits

    cloud = exhibits.forecast_scatter(past, BETA).data
    raw = history.predicted(past.before, past.log_wage, BETA)
    np.testing.assert_allclose(cloud["observed"], raw - raw.mean(), rtol=1e-12)
    table = forecast_check.compare(made, 2014, 2019, draws=20)
    drawn = exhibits.forecast_errors(table).data
    assert drawn["forecast"].iloc[0] == "no change"
    np.testing.assert_array_equal(drawn["rmse"], table["rmse"])
    cases = case_studies.table(past, RHO, 3.0, n=3)
    assert list(exhibits.ripples(cases).data["spread"]) == list(cases["spread"])
    worlds = made_histories.known_worlds(past, RHO, 3)
    assert len(exhibits.known_worlds(worlds).data) == 3
