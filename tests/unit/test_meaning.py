"""What rho means: the unit of the wage, observed wages, finer groups, and their figures."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, estimation, exhibits, model
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.exhibits.fineness import slider
from helpers.inference import finer_groups, observed_wages, wage_unit


def test_the_sizes_of_occupations_give_both_unknowns_where_they_can():
    """In an economy whose occupation scales do not follow appeal, IV finds alpha and rho."""
    found = wage_unit.separate(wage_unit.steady_occupations()).set_index(["equation", "method"])
    for equation in ("nest", "Berry"):
        row = found.loc[(equation, "IV")]
        assert row["rho"] == pytest.approx(0.64, abs=0.04)
        assert row["alpha"] == pytest.approx(1.0, abs=0.06)
    # the share within stands on both sides of Berry's form
    assert found.loc[("Berry", "OLS"), "rho"] > 0.9


def test_the_nest_equation_is_a_ratio_of_covariances(panel):
    """OLS and IV by hand, with dummies for occupations and years."""
    sizes = wage_unit.nest_sizes(panel)
    assert len(sizes) == 80
    dummies = pd.get_dummies(sizes[["occupation", "year"]].astype(str), dtype=float).to_numpy()
    columns = ["log_size", "log_appeal", "predicted"]
    values = sizes[columns].to_numpy()
    y, x, z = (values - dummies @ np.linalg.lstsq(dummies, values, rcond=None)[0]).T
    found = wage_unit.separate(panel).set_index(["equation", "method"])
    assert found.loc[("nest", "OLS"), "rho"] == pytest.approx(1 - (x @ y) / (x @ x), rel=1e-6)
    assert found.loc[("nest", "IV"), "rho"] == pytest.approx(1 - (z @ y) / (z @ x), rel=1e-6)
    beta = estimation.estimate(panel).beta
    assert found.loc[("nest", "IV"), "alpha"] == pytest.approx(
        beta * (1 - found.loc[("nest", "IV"), "rho"]), rel=1e-9
    )
    sums = np.exp(sizes["log_size"]).groupby(sizes["year"]).sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-6)


def test_the_authors_occupations_do_not_tell_them_apart(published):
    nest = wage_unit.separate(published).set_index(["equation", "method"]).loc[("nest", "IV")]
    assert nest["first_stage_f"] < 10
    assert nest["se_rho"] > 1


def test_one_year_has_no_sizes_to_compare(made):
    with pytest.raises(DataError, match="at least 2"):
        wage_unit.separate(made, [2019])


def test_the_unit_moves_substitution_and_not_own_responses(panel):
    shares, beta = panel.shares(2019), estimation.estimate(panel).beta
    table = wage_unit.at_given_slope(shares, beta, [0.5, 1.0, 2.0, 3.0])
    assert list(table["alpha"]) == [0.5, 1.0, 2.0]  # at three there is no such rho
    assert np.ptp(table["own"]) < 1e-3 * table["own"].mean()
    assert table["own"].iloc[0] == pytest.approx(beta, rel=0.02)
    assert table["across"].is_monotonic_increasing
    assert table["redirected"].is_monotonic_decreasing
    # by finite differences of the model: who comes to an occupation whose wage rises in a city
    c, k = 5, 2
    for row in table.itertuples():
        hats = {(shares.cities[c], shares.occupations[k]): 1.0001**row.alpha}
        new = counterfactuals.shock(shares, row.rho, 3.0, city_occupation=hats)
        grown = np.log(new.omega_k[k] / shares.omega_k[k]) / np.log(1.0001)
        expected = row.alpha * shares.pi_ck[c, k] * (1 - shares.omega_k[k])
        assert grown == pytest.approx(expected, rel=1e-3)


def test_bands_are_the_intervals_of_each_clustering(made):
    table = wage_unit.exponent_bands(made, [1.0, 2.0]).set_index(["clusters", "alpha"])
    cells = estimation.estimate(made, wage_exponent=2.0)
    row = table.loc[("city x occupation", 2.0)]
    assert row["rho"] == pytest.approx(cells.rho, rel=1e-9)
    # other small-sample factor: effects within clusters count
    assert (row["low"], row["high"]) == pytest.approx(cells.rho_interval, abs=0.02)


def test_conclusions_are_asked_of_the_model_only_where_it_has_the_rho(panel):
    table = wage_unit.conclusions(panel, panel.shares(2019), [1.0, 3.0]).set_index("alpha")
    assert table.loc[1.0, "in the model"] == "yes"
    assert table.loc[1.0, "most keep their occupation"] == "yes"
    assert table.loc[1.0, "another city"] == "no"
    assert table.loc[3.0, "in the model"] == "no"
    assert table.loc[3.0, "another city"] == ""


def test_those_who_chose_a_cell_earn_alike():
    """From the draws themselves: means and quartiles of the best draw do not depend on its cell."""
    rng = np.random.default_rng(3)
    t_ck = rng.uniform(0.5, 2, (3, 2))
    draws = model.draw_productivities(t_ck, np.ones(2), np.ones(3), 0.5, 4.0, 300_000, 4)
    flat = draws.reshape(len(draws), -1)
    cell, best = flat.argmax(axis=1), flat.max(axis=1)
    for c in range(6):
        own = best[cell == c]
        assert own.mean() == pytest.approx(best.mean(), abs=4 * own.std() / np.sqrt(len(own)))
        assert np.median(own) == pytest.approx(np.median(best), rel=0.02)


def test_earnings_drawn_after_the_choice_have_the_law_of_the_best_draw():
    rng = np.random.default_rng(1)
    cell = np.repeat(np.arange(3), [200_000, 50_000, 0])
    found = observed_wages.earnings_of_the_best(np.array([0.0, 0.3, 0.0]), cell, 4.0, rng)
    from scipy.special import gamma

    assert found[0] == pytest.approx(np.log(gamma(0.75)), abs=0.01)
    assert found[0] - found[1] == pytest.approx(0.3, abs=0.02)
    assert np.isnan(found[2])


def test_three_worlds_differ_in_the_first_stage():
    drawn = observed_wages.worlds(3, households=400_000).groupby("world")
    paper, draws, amenities = observed_wages.WORLDS
    first, ols, rho = drawn["first"].mean(), drawn["ols"].mean(), drawn["rho"].median()
    assert first[paper] == pytest.approx(0.55, abs=0.03)
    assert rho[paper] == pytest.approx(0.64, abs=0.02)
    assert (first[[draws, amenities]].abs() < 0.1).all()
    assert ols[amenities] < 0
    with pytest.raises(UnknownNameError, match="amenities"):
        observed_wages.one_world("with amenities", 0)


def test_a_simulated_world_is_told_by_its_seed():
    one, same, other = (observed_wages.one_world(observed_wages.WORLDS[1], s) for s in (1, 1, 2))
    assert one == same
    assert one != other


def test_the_summary_has_the_datas_own_row(panel):
    drawn = observed_wages.worlds(2, households=100_000)
    table = observed_wages.summary(drawn, panel).set_index("world")
    found = estimation.estimate(panel)
    assert table.loc["the data", "slope"] == found.beta
    assert table.loc["the data", "first"] == found.first_stage.coefficient
    assert table["first_mc"].drop("the data").gt(0).all()


def test_the_parts_of_wages_add_up(panel):
    table = observed_wages.decomposition(panel)
    assert table["part"].sum() == pytest.approx(1, rel=1e-12)
    assert (table["part"] > -1e-10).all()
    data = estimation.sample(panel)
    between = data.groupby(["occupation", "year"])["log_wage"].transform("mean")
    # all but the last sets are nested in a balanced table
    if len(data) == data[["city", "occupation", "year"]].nunique().prod():
        years = data.groupby("year")["log_wage"].transform("mean")
        assert table["part"].iloc[0] == pytest.approx(
            years.var(ddof=0) / data["log_wage"].var(ddof=0), rel=1e-8
        )
    assert table.set_index("between").loc["occupation", "part"] < between.var(ddof=0) / data[
        "log_wage"
    ].var(ddof=0)
    assert len(observed_wages.decomposition(panel, [2019])) < len(table)


def test_specialised_economies_have_the_spread_that_was_asked_for():
    for spread in (0.0, 0.5, 1.5):
        found = finer_groups.of_data(finer_groups.specialised(50, spread))
        assert found == pytest.approx(spread * np.sqrt(49 / 50 * 259 / 260), rel=0.02, abs=1e-12)
    for wrong in (-1.0, np.nan, "much"):
        with pytest.raises(ParameterError, match="specialisation"):
            finer_groups.specialised(8, wrong)


def test_groups_are_the_same_households():
    fine = finer_groups.specialised(50, 1.0)
    broad = finer_groups.grouped(fine, 8)
    assert broad.pi_ck.shape == (260, 8)
    np.testing.assert_allclose(broad.pi_c, fine.pi_c, rtol=1e-12)
    np.testing.assert_allclose(finer_groups.grouped(fine, 50).pi_ck, fine.pi_ck, rtol=1e-12)
    with pytest.raises(ParameterError, match="n_groups"):
        finer_groups.grouped(fine, 51)


def test_finer_groups_show_what_broad_ones_hide_and_noise_shows_what_is_not_there():
    table = finer_groups.finer(0.64).set_index(["occupations", "specialisation"])
    fine = table.loc[300]
    assert (fine["broad"].iloc[1:] < 0.5 * fine["redirected"].iloc[1:]).all()
    assert fine["redirected"].is_monotonic_increasing
    dull = table.xs(0.0, level="specialisation")
    np.testing.assert_allclose(dull["redirected"], 0, atol=1e-12)
    assert dull["measured"].is_monotonic_increasing  # the finer, the more noise
    fewer = finer_groups.finer(0.64, households=100_000, specialisations=(0.0,))
    assert (fewer["measured"].to_numpy() > dull["measured"].to_numpy()).all()
    assert (finer_groups.finer(0.0)["redirected"] == 0).all()


def test_the_slider_holds_the_numbers_of_the_table_and_shows_the_first_state():
    table = finer_groups.finer(0.64, fineness=(8, 50), specialisations=(0.0, 1.0))
    page = slider(table, near=0.9).to_html()
    rows = json.loads(re.search(r"data-rows>(.*?)</script>", page, re.S).group(1))
    columns = ["occupations", "specialisation", "redirected", "measured", "broad"]
    pd.testing.assert_frame_equal(pd.DataFrame(rows), table[columns])
    assert "<output>1.00</output>" in page
    for value in table.loc[table["specialisation"] == 1.0, "redirected"]:
        assert f"{value:.2%}" in page
    assert "http" not in page


def test_figures_draw_what_they_are_given(made):
    shares = made.shares(2019)
    bands = wage_unit.exponent_bands(made, [0.5, 1.0, 2.0])
    assert len(exhibits.correlation_by_exponent(bands).data) == len(bands)
    away = counterfactuals.redirection(shares, 0.6)
    kept = {"without": away, "with": away}
    drawn = exhibits.staying_and_redirected(shares, kept, away, [shares.cities[0]])
    np.testing.assert_array_equal(drawn.data["redirected"], away)
    parts = observed_wages.decomposition(made)
    assert exhibits.wage_parts(parts).data.equals(parts)
    for figure in (drawn, exhibits.finer_groups(finer_groups.finer(0.6))):
        assert figure.svg().lstrip().startswith("<?xml")
