"""The counterfactual figures as they were run: the published numbers, and each cause by itself."""

import numpy as np
import pandas as pd
import pytest

from helpers import model, shifters
from helpers.counterfactuals import shock, spillovers
from helpers.errors import ParameterError
from helpers.estimation import estimate
from helpers.names import NEW_YORK, VISALIA
from helpers.sources import replication
from helpers.targets import as_run, figure_levels

THETA = 3.0
# facts of the author's public file of occupation shifters at rho = 0, year 2019
PUBLISHED_T_K_AT_ZERO = {
    "management": 0.6358730489820872,
    "primary": 0.05959236526188821,
    "trades": 0.5127419687892049,
    "service": 0.28117180547596854,
}


@pytest.fixture(scope="module")
def rho(made):
    return estimate(made).rho


@pytest.fixture(scope="module")
def run(made, rho):
    return as_run.city_shock(made, rho)


def test_the_shifters_of_the_run_at_rho_zero_are_the_published_ones(published):
    """Recovered anew at rho = 0, as the public notebook does."""
    T_k = shifters.recover(published, 2019, 0.0, THETA, "paper").T_k
    for name, value in PUBLISHED_T_K_AT_ZERO.items():
        assert T_k[name] == pytest.approx(value, rel=1e-9)


def test_the_run_starts_from_the_published_files(published):
    """From the files themselves, not from what we recover: the same country before the shock."""
    rho = estimate(published).rho
    T_c, T_k = (table[table["year"] == 2019] for table in replication.published_shifters())
    cells = pd.read_csv(replication.locate("cells"))
    cells = cells[cells["city_year"].str.endswith("_2019")]
    t_ck = np.exp((1 - rho) * cells["residuals"])
    names = cells["city_year"].str.extract(r"^\((.*)\)_2019$")[0]
    kinds = cells["occ_year"].str.extract(r"^\(occ\d_(.*)\)_2019$")[0]
    t_ck = pd.DataFrame({"city": names, "occupation": kinds, "t": t_ck}).pivot(
        index="city", columns="occupation", values="t"
    )
    observed = published.shares(2019)
    built = model.shares(
        t_ck.loc[list(observed.cities), list(observed.occupations)].to_numpy(),
        T_k.set_index("occupation").loc[list(observed.occupations), "T_k"].to_numpy(),
        T_c.set_index("city").loc[list(observed.cities), "T_c"].to_numpy() ** THETA,
        0.64,
    )
    ours = as_run.implied(published, 2019, rho, THETA, at=0.64)
    np.testing.assert_allclose(ours.pi_c, built.pi_c, rtol=1e-8)


def test_new_york_is_half_of_the_country_as_run(published):
    """What the cube of a share does, on the author's files."""
    sizes = as_run.baselines(published, 2019, estimate(published).rho).set_index("city")
    assert sizes.loc[NEW_YORK, "observed"] == pytest.approx(0.079, abs=5e-4)
    assert sizes.loc[NEW_YORK, "as_run"] == pytest.approx(0.546, abs=5e-4)


def test_shares_as_run_are_powers_of_the_observed_ones(made, rho):
    sizes = as_run.baselines(made, 2019, rho)
    x = np.log(sizes["observed"])
    for column, power in (("as_run", THETA), ("once", 1.0)):
        assert np.polyfit(x, np.log(sizes[column]), 1)[0] == pytest.approx(power, rel=0.06)
        assert sizes[column].sum() == pytest.approx(1)


def test_the_power_is_exactly_theta_where_effects_are_sizes(made, rho):
    """pi_ck in proportion to T_c^(theta/(1-rho)) t_ck^(1/(1-rho)): theta enters as a power."""
    one, two = (as_run.implied(made, 2019, rho, theta).pi_ck for theta in (1.0, 2.0))
    T_c = shifters.recover(made, 2019, rho, THETA, "paper").T_c.to_numpy()
    ratio = two / one / (T_c ** (1 / (1 - rho)))[:, None]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), rtol=1e-9)


def test_levels_and_hats_agree_on_the_economy_that_was_run(made, rho, run):
    """The notebooks compute levels; exact hats on the shares they start from say the same."""
    at = round(rho, 2)
    levels = shifters.recover(made, 2019, rho, THETA, "paper")
    z_c = levels.T_c.to_numpy() ** THETA
    c = made.shares(2019).city_index(NEW_YORK)
    shares = [
        model.shares(levels.t_ck.to_numpy(), levels.T_k.to_numpy(), z, at).pi_c
        for z in (z_c, np.where(np.arange(len(z_c)) == c, z_c * 0.95**THETA, z_c))
    ]
    np.testing.assert_allclose(np.delete(shares[1] / shares[0], c), run["as_run"], rtol=1e-9)


def test_the_flat_line_has_the_level_of_the_correlated_shock(made, rho, run):
    """Written out as the notebook has it, term by term, with the other economy's lambda_k."""
    at = round(rho, 2)
    with_rho, without = (
        shifters.recover(made, 2019, value, THETA, "paper") for value in (rho, 0.0)
    )
    c = made.shares(2019).city_index(NEW_YORK)
    hat = np.ones(len(with_rho.T_c))
    hat[c] = 0.95**THETA
    z, z_0 = (found.T_c.to_numpy() ** THETA * hat for found in (with_rho, without))
    lambda_k = ((with_rho.t_ck.to_numpy() * z[:, None]) ** (1 / (1 - at))).sum(axis=0)
    share_ck = without.t_ck.to_numpy() * z_0[:, None] / lambda_k
    weight = without.T_k.to_numpy() * lambda_k
    mixed = share_ck @ (weight / weight.sum())
    expected = np.delete(mixed / without.rebuild().pi_c, c)
    np.testing.assert_allclose(run["as_run_independent"], expected, rtol=1e-10)
    assert np.ptp(run["as_run_independent"]) < 1e-12
    # the lambda that belongs to it gives far less, and shares that sum to one
    assert (run["own_lambda"] - 1).mean() < 0.5 * (run["as_run_independent"] - 1).mean()


def test_exact_columns_are_those_of_the_book(made, rho, run):
    exact = spillovers(made.shares(2019), rho, THETA, NEW_YORK, 0.95)
    np.testing.assert_allclose(run["exact"], exact["change"], rtol=1e-14)
    np.testing.assert_allclose(run["exact_ratio"], exact["ratio"], rtol=1e-14)


def test_steps_lead_from_the_exact_figure_to_the_run(made, rho, run):
    steps = as_run.steps(made, rho)
    assert steps["change"].iloc[0] == pytest.approx(run["exact"].mean() - 1, rel=1e-12)
    assert steps["change"].iloc[-1] == pytest.approx(run["as_run"].mean() - 1, rel=1e-12)
    last = steps["change_independent"].iloc[-1]
    assert last == pytest.approx(run["as_run_independent"].mean() - 1, rel=1e-12)
    # the mixed lambda touches the line at rho = 0 and nothing else
    assert steps["change"].iloc[2] == pytest.approx(steps["change"].iloc[3], rel=1e-12)


def test_figure_5_leaves_its_line_by_the_error_of_its_baseline(made, rho):
    """On shares that are the same at both rho, an occupation shock does not know rho."""
    found = as_run.figure_5(made, rho)
    gap = {
        name: (found[name] - found[f"{name}_independent"]).abs().max()
        for name in ("as_run", "once", "exact")
    }
    assert gap["exact"] < 1e-13
    assert gap["as_run"] > 5 * gap["once"] > 0
    before = as_run.implied(made, 2019, rho, THETA)
    hats = {"management": 0.9}
    same = [shock(before, value, THETA, occupation=hats).pi_c for value in (rho, 0.0)]
    np.testing.assert_allclose(*same, rtol=1e-12)


def test_figure_4_keeps_the_order_and_moves_the_line(made, rho):
    found = as_run.occupation_shocks(made, rho)
    for name in ("trades", "primary", "management"):
        assert found[f"exact_{name}"].corr(found[f"as_run_{name}"], "spearman") > 0.97
    counts = [(found[f"{kind}_management"] > 1).sum() for kind in ("as_run", "exact")]
    assert counts[0] != counts[1]


def test_a_missing_city_wage_is_refused_or_filled(made, rho):
    from dataclasses import replace

    gone = (made.cities["city"] == "Akron, OH") & (made.cities["year"] == 2015)
    holed = made.cities.assign(log_city_wage=made.cities["log_city_wage"].mask(gone))
    panel = replace(made, cities=holed)
    with pytest.raises(ParameterError, match="Akron, OH in 2015"):
        as_run.implied(panel, 2019, rho)
    filled = as_run.implied(as_run.with_city_wages(panel), 2019, rho)
    np.testing.assert_allclose(filled.pi_c, as_run.implied(made, 2019, rho).pi_c, rtol=0.01)
    never = made.cities.assign(log_city_wage=np.nan)
    assert as_run.with_city_wages(replace(made, cities=never)).cities["log_city_wage"].eq(0).all()
    assert as_run.with_city_wages(made) is made


def test_levels_say_what_differs(made, rho):
    table = figure_levels.levels(made, rho).set_index("exhibit")
    assert list(table.index) == [f"figure {n}" for n in range(1, 6)]
    assert set(table["level"]) <= {4, 5}
    small = as_run.city_shock(made, rho, city=VISALIA)
    exactly = f"{1e6 * np.ptp(small['exact_ratio']):.0f} exactly"
    assert exactly in table.loc["figure 3", "difference"]
    year = figure_levels.year_of_figure_1(made)
    assert year["share_caption"].is_monotonic_decreasing
    assert year["largest_shift"].between(0, 1).all()


def test_measured_levels_of_figures_are_those_of_the_one_list(published):
    """On the author's files, where alone a level means anything; the list needs no data."""
    from helpers.estimation import estimate
    from helpers.exhibits import printed

    rebuilt = as_run.with_city_wages(published)
    measured = figure_levels.levels(rebuilt, estimate(published).rho)
    level = measured.set_index("exhibit")["level"]
    listed = [each for each in printed.PRINTED if each.name.startswith("figure")]
    assert {each.name: each.level for each in listed} == {
        each.name: level[each.name.rstrip("ab")] for each in listed
    }
    table = printed.levels(figures=measured).set_index("exhibit")["level"]
    for each in listed:
        difference = measured.set_index("exhibit").at[each.name.rstrip("ab"), "difference"]
        assert table[each.name] == f"{each.level}: {difference}"
    assert set(table[[e.name for e in printed.PRINTED if e.level == 5]]) == {"5"}


def test_figures_draw_what_was_run(made, rho, run):
    from helpers import exhibits

    drawn = exhibits.as_run_figure_2(made, rho).data
    pd.testing.assert_frame_equal(drawn, run)
    third = exhibits.as_run_figure_3(made, rho).data
    assert np.median(third["exact_millionths"]) == pytest.approx(0, abs=1e-9)
    fifth = exhibits.as_run_figure_5(made, rho).data
    assert fifth["exact_gap"].abs().max() < 1e-11 < fifth["as_run_gap"].abs().max()
    fourth = exhibits.as_run_figure_4(made, rho, other="primary").data
    assert {"as_run_primary", "exact_primary"} <= set(fourth)
    assert exhibits.implied_sizes(made, rho).data["as_run"].sum() == pytest.approx(1)
    assert len(exhibits.causes_of_figure_2(made, rho).data) == 5
