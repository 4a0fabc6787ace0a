"""Standard errors, weak-instrument sets, bootstrap: published numbers, brute force, refits."""

from __future__ import annotations

import bz2
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import estimation, inference, targets
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.inference import (
    alternatives,
    confidence_sets,
    rho_by_occupation,
    simulation,
    specifications,
    uncertainty,
    worlds,
)
from helpers.sources import synthetic

CARD = [
    "exper",
    "expersq",
    "black",
    "smsa",
    "south",
    "smsa66",
    *(f"reg66{i}" for i in range(2, 10)),
]


@pytest.fixture(scope="module")
def card(external) -> tuple[pd.DataFrame, np.ndarray]:
    with bz2.open(external("card") / "card.csv.bz2", "rt") as stream:
        data = pd.read_csv(stream)
    return data, np.column_stack([np.ones(len(data)), data[CARD]])


def test_cards_anderson_rubin_interval(card):
    """Card (1993): ivmodels gives [.02485, .28472] and, with nearc2 as well, [.05367, .36174].

    It compares with chi2 where this package compares with F; the level is changed to match.
    """
    from scipy import stats

    data, controls = card
    for names, printed in (
        (["nearc4"], (0.024854622084760303, 0.2847205758751314)),
        (["nearc4", "nearc2"], (0.05367421420514605, 0.3617430778155828)),
    ):
        n, degrees = len(names), len(data) - len(names) - controls.shape[1]
        same = stats.f.cdf(stats.chi2.ppf(0.95, n) / n, n, degrees)
        found = confidence_sets.anderson_rubin(
            data["lwage"], data["educ"], data[names], controls, robust=False, level=same
        )
        np.testing.assert_allclose(found.intervals[0], printed, rtol=5e-4)


def _statistic(y, x, Z, b, codes):
    """Cluster-robust Anderson-Rubin statistic, the plain way."""
    Z = Z.reshape(len(y), -1)
    scores = Z * (y - b * x)[:, None]
    sums = np.eye(codes.max() + 1)[codes].T @ scores
    n = len(sums)
    return scores.sum(axis=0) @ np.linalg.solve(n / (n - 1) * sums.T @ sums, scores.sum(axis=0))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    strength=st.sampled_from([0.0, 0.05, 0.3, 2.0]),
    n_instruments=st.integers(1, 3),
)
def test_the_set_holds_exactly_what_the_test_does_not_reject(seed, strength, n_instruments):
    """Against brute force over a grid, for strong and weak instruments, clustered errors."""
    from scipy import stats

    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(12), 10)
    Z = rng.normal(size=(120, n_instruments))
    u = rng.normal(size=120) + rng.normal(size=12)[codes]
    x = strength * Z.sum(axis=1) + 0.7 * u + rng.normal(size=120)
    y = 1.5 * x + u
    y, x, Z = (v - v.mean(axis=0) for v in (y, x, Z))
    found = confidence_sets.anderson_rubin(y, x, Z, clusters=codes)
    critical = stats.f.ppf(0.95, n_instruments, 11) * n_instruments
    edges = np.array([end for pair in found.intervals for end in pair if np.isfinite(end)])
    for b in np.concatenate([np.linspace(-30, 30, 121), [-1e4, 1e4]]):
        if len(edges) and np.abs(edges - b).min() < 1e-3 * (1 + abs(b)):
            continue
        assert (b in found) == (_statistic(y, x, Z, b, codes) <= critical), (b, str(found))


def test_sets_are_named_for_what_they_are():
    inf = np.inf
    kinds = {
        (): "empty",
        ((-inf, inf),): "line",
        ((0.0, 1.0),): "interval",
        ((2.0, inf),): "ray",
        ((-inf, 0.0), (1.0, inf)): "two rays",
        ((0.0, 1.0), (2.0, 3.0)): "several intervals",
    }
    for intervals, kind in kinds.items():
        assert inference.ConfidenceSet(intervals, 0.95).kind == kind


def test_sets_of_slopes_become_sets_of_correlations():
    inf = np.inf
    assert inference.ConfidenceSet(((2.0, 4.0),), 0.95).rho().intervals == ((0.5, 0.75),)
    assert inference.ConfidenceSet(((-3.0, 0.5),), 0.95).rho().kind == "empty"
    rays = inference.ConfidenceSet(((-inf, 0.0), (5.0, inf)), 0.95).rho()
    assert rays.intervals == ((0.8, 1.0),)
    assert inference.ConfidenceSet(((-inf, inf),), 0.95).rho().intervals == ((0.0, 1.0),)


def test_an_overidentified_set_can_be_empty():
    """Two instruments that point to different slopes, both strong."""
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(2_000, 2))
    x = Z.sum(axis=1) + 0.1 * rng.normal(size=2_000)
    y = 3 * Z[:, 0] - 3 * Z[:, 1] + 0.1 * rng.normal(size=2_000)
    assert confidence_sets.anderson_rubin(y, x, Z, np.ones((2_000, 1))).kind == "empty"


def test_noise_as_an_instrument_gives_no_interval():
    kinds = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x, y, z = rng.normal(size=(3, 300))
        kinds.append(confidence_sets.anderson_rubin(y, x, z, np.ones((300, 1))).kind)
    assert kinds.count("interval") <= 6
    assert {"two rays", "line"} & set(kinds)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"Z": np.ones(50), "controls": np.ones((50, 1))}, "collinear, or constant"),
        ({"clusters": np.zeros(50)}, "too few"),
        ({"level": 1.0}, "level"),
    ],
)
def test_sets_that_cannot_be_built_are_refused(options, match):
    rng = np.random.default_rng(0)
    y, x, z = rng.normal(size=(3, 50))
    with pytest.raises((DataError, ParameterError), match=match):
        confidence_sets.anderson_rubin(y, x, **{"Z": z, **options})


@pytest.fixture(scope="module")
def small(made):
    """Forty cities and three years: refits by the formula interface take no time."""
    from helpers.panel import Panel

    names = made.cells["city"].unique()[::6][:40]
    cells = made.cells[made.cells["city"].isin(names) & made.cells["year"].isin([2010, 2014, 2019])]
    cities = made.cities[
        made.cities["city"].isin(names) & made.cities["year"].isin([2010, 2014, 2019])
    ]
    share = np.exp(cells["log_share"])
    total = share.groupby([cells["year"], cells["occupation"]]).transform("sum")
    whole = np.exp(cities["log_city_share"])
    return Panel(
        cells=cells.assign(log_share=np.log(share / total)),
        cities=cities.assign(
            log_city_share=np.log(whole / whole.groupby(cities["year"]).transform("sum"))
        ),
        source="small",
    )


@pytest.mark.parametrize("clusters", ["city", "occupation", "city_occupation"])
def test_a_bootstrap_draw_is_a_refit_of_the_drawn_clusters(small, clusters):
    """Repeat every drawn cluster's rows as often as drawn, and refit with pyfixest."""
    import pyfixest

    data = estimation.sample(small)
    cells = inference.Cells.of(data)
    n = cells.n_clusters[clusters]
    rng = np.random.default_rng(5)
    multiplicity = rng.multinomial(n, np.full(n, 1 / n), size=4)
    fast = cells.slopes(multiplicity.astype(float), clusters)
    cities = pd.factorize(data["city"], sort=True)[0]
    occupations = pd.factorize(data["occupation"], sort=True)[0]
    code = {
        "city": cities,
        "occupation": occupations,
        "city_occupation": cities * 8 + occupations,
    }[clusters]
    for row, slope in zip(multiplicity, fast, strict=True):
        drawn = data.loc[data.index.repeat(row[code])].reset_index(drop=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = pyfixest.feols(
                "log_share ~ 1 | city_year + occupation_year | log_wage ~ instrument", drawn
            )
        assert slope == pytest.approx(float(fit.coef()["log_wage"]), rel=1e-7)


def test_all_clusters_once_give_the_estimate(panel):
    cells = inference.Cells.of(estimation.sample(panel))
    for clusters, n in cells.n_clusters.items():
        (slope,) = cells.slopes(np.ones((1, n)), clusters)
        assert slope == pytest.approx(estimation.estimate(panel).beta, rel=1e-9)


def test_the_bootstrap_has_the_clustered_standard_error(panel):
    for clusters in ("city", "city_occupation"):
        draws = inference.bootstrap(panel, clusters=clusters, draws=400, seed=2)
        se = estimation.estimate(panel, clusters=clusters).se
        assert draws.std() == pytest.approx(se, rel=0.15)
    with pytest.raises(ParameterError, match="draws"):
        inference.bootstrap(panel, draws=0)
    with pytest.raises(UnknownNameError):
        inference.bootstrap(panel, clusters="state")


def test_leaving_out_an_occupation_is_a_smaller_panel(small):
    left = inference.leave_one_out(small, "occupation")
    data = estimation.sample(small)
    kept = data[data["occupation"] != "sales"].reset_index(drop=True)
    y, x, z = estimation.residualise(kept, ["log_share", "log_wage", "instrument"]).T
    assert left["sales"] == pytest.approx((z @ y) / (z @ x), rel=1e-8)


def test_every_clustering_has_its_row(panel):
    table = inference.standard_errors(panel).set_index("clusters")
    assert np.ptp(table["beta"]) == 0
    found = estimation.estimate(panel)
    assert table.at["city x occupation", "se"] == pytest.approx(found.se)
    assert table.at["city x occupation", "se_rho"] == pytest.approx(found.se / found.beta**2)
    assert (table["rho_low"] < table["rho"]).all()
    assert (table["rho"] < table["rho_high"]).all()
    low, high = inference.anderson_rubin(panel).intervals[0]
    assert low < found.beta < high


@pytest.mark.replication
def test_the_printed_error_is_no_2sls_error(published):
    """0.041 is below every 2SLS standard error there is, and 145.8 no first-stage F."""
    table = inference.standard_errors(published)
    assert estimation.second_stage_by_hand(published).se == pytest.approx(0.041, abs=5e-4)
    assert table["se"].min() > 2 * 0.041
    assert (table["first_stage_f"] - 145.8).abs().min() > 10


def test_the_wild_bootstrap_does_not_reject_the_estimate(panel):
    beta = estimation.estimate(panel).beta
    test = inference.wild_test(panel, beta, clusters="occupation")
    assert test.p_value == 1
    assert len(test.draws) == 256
    far = inference.wild_test(panel, -20.0, clusters="city", draws=199)
    assert far.p_value < 0.05


def test_the_wild_interval_is_where_the_test_does_not_reject(made):
    found = inference.wild_interval(made, clusters="city", draws=199)
    beta = estimation.estimate(made).beta
    assert found.kind == "interval"
    low, high = found.intervals[0]
    assert low < beta < high
    se = estimation.estimate(made, clusters="city").se
    assert high - low == pytest.approx(2 * 1.97 * se, rel=0.35)


@pytest.mark.parametrize("years", [[2012], [2013, 2019], (np.int64(2010), np.int64(2011))])
def test_every_estimate_takes_years(made, years):
    """Years as an argument are a panel of these years."""
    from helpers.panel import Panel

    cells = made.cells[made.cells["year"].isin(list(years))]
    cities = made.cities[made.cities["year"].isin(list(years))]
    few = Panel(cells=cells, cities=cities)
    pd.testing.assert_frame_equal(
        inference.standard_errors(made, years=years), inference.standard_errors(few)
    )
    pd.testing.assert_frame_equal(
        alternatives.between_share(made, years), alternatives.between_share(few)
    )
    pd.testing.assert_series_equal(
        rho_by_occupation.estimate_rho_k(made, years=years).rho_k,
        rho_by_occupation.estimate_rho_k(few).rho_k,
    )
    for function in (inference.wild_interval, inference.wild_anderson_rubin):
        assert function(made, years=years) == function(few)
    pd.testing.assert_frame_equal(
        uncertainty.draw_parameters(made, 20, years=years, clusters="occupation"),
        uncertainty.draw_parameters(few, 20, clusters="occupation"),
    )


def test_slopes_between_and_over_time_make_the_whole(panel):
    """The weighted mean of the two is least squares with both sets of effects."""
    found = alternatives.least_squares_slopes(panel)
    whole = estimation.estimate(panel).ols.coefficient
    assert found.all == pytest.approx(whole, rel=1e-8)
    mean = found.weight_between * found.between + (1 - found.weight_between) * found.over_time
    assert mean == pytest.approx(found.all, rel=1e-9)
    assert found.over_time < found.all < found.between
    with pytest.raises(DataError, match="at least two"):
        alternatives.least_squares_slopes(panel, [2015])


@pytest.mark.replication
def test_changes_of_wages_are_mostly_noise(published):
    """Between cells the slope is about twenty times that over time."""
    found = alternatives.least_squares_slopes(published)
    assert found.between == pytest.approx(0.635, abs=5e-4)
    assert found.over_time == pytest.approx(0.030, abs=5e-4)


def test_noise_in_wages_attenuates_changes_more(made):
    """Added to the synthetic wages, where its size is known."""
    from helpers.panel import Panel

    rng = np.random.default_rng(8)
    cells = made.cells.assign(log_wage=made.cells["log_wage"] + rng.normal(0, 0.2, len(made.cells)))
    clean, noisy = (
        alternatives.least_squares_slopes(panel)
        for panel in (made, Panel(cells=cells, cities=made.cities))
    )
    assert noisy.over_time / clean.over_time < noisy.between / clean.between < 1
    assert noisy.reliability < clean.reliability


def test_a_specification_carries_its_anderson_rubin_set(panel):
    """The paper's is that of the panel; a control, weights and years enter as they should."""
    from dataclasses import replace

    data = specifications.sample(panel)
    paper = specifications.run(data)
    np.testing.assert_allclose(
        paper["ar"].intervals, inference.anderson_rubin(panel).intervals, rtol=1e-5
    )
    base = replace(specifications.PAPER, instrument="frozen at its base year")
    found = specifications.run(data, base)
    shifts = inference.overidentification(panel)
    assert found["beta"] == pytest.approx(shifts.beta_base, rel=1e-6)
    for spec in (
        replace(specifications.PAPER, weights="households"),
        replace(specifications.PAPER, years=(2013,)),
        replace(specifications.PAPER, control="base-year prediction", years=(2012, 2018)),
    ):
        found = specifications.run(data, spec)
        assert found["beta"] in found["ar"]


def test_a_set_with_weights_is_that_of_repeated_rows(small):
    """Whole weights: a household counted twice is two rows."""
    from dataclasses import replace

    data = specifications.sample(small)
    rng = np.random.default_rng(3)
    data["weight"] = rng.integers(1, 4, len(data)).astype(float)
    weighted = specifications.run(data, replace(specifications.PAPER, weights="households"))
    rows = data.loc[data.index.repeat(data["weight"].astype(int))].reset_index(drop=True)
    repeated = specifications.run(rows)
    assert weighted["beta"] == pytest.approx(repeated["beta"], rel=1e-7)
    np.testing.assert_allclose(weighted["ar"].intervals, repeated["ar"].intervals, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("years", [[2010], [2018, 2019]])
def test_designs_that_few_years_do_not_allow_are_left_out_and_counted(made, years):
    table = alternatives.multiverse(made, years)
    assert 0 < table.attrs["dropped"] < 144
    assert len(table) + table.attrs["dropped"] == 144
    if len(years) == 1:
        assert set(table["design"]) <= {"as in the paper", "base-year control"}
        changed = alternatives.one_at_a_time(made, years)
        assert "with city x occupation effects" in changed.attrs["dropped"]


def test_sets_are_read_in_words():
    inf = np.inf
    for intervals, words in (
        (((0.5, 1.9),), "is bounded and leaves this slope out"),
        (((2.0, 3.0),), "is bounded and holds this slope"),
        (((-inf, inf),), "is unbounded and holds this slope"),
        (((-inf, 0.0), (7.0, inf)), "is unbounded and leaves this slope out"),
    ):
        assert alternatives.says(inference.ConfidenceSet(intervals, 0.95), 2.8) == words
    assert "empty" in alternatives.says(inference.ConfidenceSet((), 0.95), 2.8)


@pytest.mark.slow
def test_a_few_cells_without_a_wage_stop_nothing(made):
    """What is left is used, and the count of what is not is there to be shown."""
    from helpers.panel import Panel

    cells = made.cells.copy()
    cells.loc[[5, 4000, 15_001], "log_wage"] = np.nan
    gaps = Panel(cells=cells, cities=made.cities)
    assert estimation.sample(gaps).attrs["dropped"] == 3
    assert inference.standard_errors(gaps)["se"].notna().all()
    assert inference.anderson_rubin_forms(gaps, draws=99)["p_value"].notna().all()
    assert np.isfinite(inference.overidentification(gaps).J)
    assert (rho_by_occupation.estimate_rho_k(gaps).conditional_f > 0).all()
    table = alternatives.one_at_a_time(gaps)
    assert table["beta"].notna().all()
    assert alternatives.least_squares_slopes(gaps).between > 0
    whole = estimation.estimate(made).beta
    assert abs(inference.within(gaps).beta - whole) < 0.01


def test_few_clusters_draw_by_the_wild_bootstrap(panel):
    few = uncertainty.draw_parameters(panel, 100, clusters="occupation")
    many = uncertainty.draw_parameters(panel, 100, clusters="city")
    assert (few.attrs["method"], many.attrs["method"]) == ("wild", "pairs")
    assert few["rho"].between(0, uncertainty.HIGHEST).all()
    low, high = few["rho"].quantile([0.025, 0.975])
    inside = inference.wild_anderson_rubin(panel).rho().intervals[0]
    assert inside[0] - 1e-9 <= low
    assert high <= inside[1] + 1e-9
    with pytest.raises(UnknownNameError):
        uncertainty.draw_parameters(panel, 5, method="block")


def test_a_cluster_variable_with_one_level_is_refused(made):
    from helpers.panel import Panel

    one = Panel(
        cells=made.cells[made.cells["year"] == 2019],
        cities=made.cities[made.cities["year"] == 2019],
    )
    data = estimation.sample(one)
    assert set(data["year"]) == {2019}
    cells = one.cells.assign(instrument=1.0)
    with pytest.raises(DataError, match="instrument: no variation"):
        estimation.estimate(Panel(cells=cells, cities=one.cities))
    with pytest.raises(DataError, match="no cell has a share"):
        inference.within(Panel(cells=one.cells.assign(log_wage=np.nan), cities=one.cities))


def test_a_missing_wage_is_dropped_and_counted(made):
    from helpers.panel import Panel

    cells = made.cells.copy()
    cells.loc[cells.index[::50], "log_wage"] = np.nan
    partial = Panel(cells=cells, cities=made.cities)
    found = estimation.estimate(partial)
    assert found.spec["dropped"] == cells["log_wage"].isna().sum()
    (slope,) = inference.Cells.of(estimation.sample(partial)).slopes(np.ones((1, 260)), "city")
    assert slope == pytest.approx(found.beta, rel=1e-8)


def test_a_cell_that_is_alone_in_its_city_is_dropped_and_counted(made):
    from helpers.panel import Panel

    cells = made.cells.copy()
    first = (cells["year"] == 2015) & (cells["city"] == cells["city"].iloc[0])
    cells.loc[cells.index[first][1:], "log_wage"] = np.nan
    found = estimation.estimate(Panel(cells=cells, cities=made.cities))
    assert found.spec["singletons"] == 1
    assert found.spec["dropped"] == 8
    without = cells.copy()
    without.loc[first, "log_wage"] = np.nan
    same = estimation.estimate(Panel(cells=without, cities=made.cities))
    assert found.beta == pytest.approx(same.beta, rel=1e-12)
    assert (found.se, found.ols.r2, found.n_obs) == (same.se, same.ols.r2, same.n_obs)
    lone = cells[cells["occupation"] == "sales"]
    with pytest.raises(DataError, match="every cell is alone"):
        estimation.sample(Panel(cells=lone, cities=made.cities))


def test_footnote_4_is_exact(panel):
    data = specifications.sample(panel)
    from dataclasses import replace

    paper = specifications.run(data)
    other = specifications.run(data, replace(specifications.PAPER, outcome="ln phi_ck"))
    assert other["beta"] == pytest.approx(paper["beta"], rel=1e-7)
    found = estimation.estimate(panel)
    assert paper["beta"] == pytest.approx(found.beta, rel=1e-7)
    assert paper["se"] == pytest.approx(found.se, rel=1e-6)
    assert paper["first_stage_f"] == pytest.approx(found.first_stage.f, rel=1e-6)


def test_the_instrument_lies_between_cells(panel):
    """The finding of the chapter, and its arithmetic: parts add up."""
    table = alternatives.between_share(panel).set_index("variable")
    assert table.at["instrument", "between"] > 0.99
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert (table["between"] < 1).all()


def test_long_differences_are_the_regression_of_changes(made):
    from dataclasses import replace

    data = specifications.sample(made)
    found = specifications.run(data, replace(specifications.PAPER, form="long differences"))
    wide = data[data["year"].isin([2010, 2019])].pivot(
        index=["city", "occupation"], columns="year", values=["log_share", "log_wage", "instrument"]
    )
    change = {
        name: (wide[name][2019] - wide[name][2010]).unstack("occupation").to_numpy()
        for name in ("log_share", "log_wage", "instrument")
    }
    y, x, z = (
        v - v.mean(axis=0) - v.mean(axis=1, keepdims=True) + v.mean() for v in change.values()
    )
    assert found["beta"] == pytest.approx((z * y).sum() / (z * x).sum(), rel=1e-6)


def test_choices_outside_the_multiverse_are_refused():
    with pytest.raises(UnknownNameError, match="weights"):
        specifications.Specification(weights="population")
    with pytest.raises(DataError, match="no state"):
        specifications.region("Toronto")


def test_every_city_has_a_region(panel):
    regions = panel.cells["city"].drop_duplicates().map(specifications.region)
    assert set(regions) == set(specifications.REGIONS)


@pytest.mark.slow
def test_the_multiverse_has_the_paper_in_it(made):
    table = alternatives.multiverse(made)
    assert table["paper"].sum() == 1
    assert len(table) + table.attrs["dropped"] == 144
    assert all(isinstance(found, inference.ConfidenceSet) for found in table["ar"])
    row = table[table["paper"]].iloc[0]
    assert row["beta"] == pytest.approx(estimation.estimate(made).beta, rel=1e-7)
    # effects of cities make the slopes of both outcomes one, but for rounding
    assert table["beta"].round(9).is_monotonic_increasing


def test_correlations_by_occupation_are_found_where_they_differ():
    """Cells that obey ln w = (1 - rho_k) ln pi - ln z + delta_k exactly, but for noise."""
    truth = synthetic.economy()
    rng = np.random.default_rng(3)
    rho_k = np.array([0.2, 0.5, 0.7, 0.8, 0.3, 0.6, 0.4, 0.75])
    made = truth.panel()
    cells = made.cells.copy()
    n_years, n_cities = len(truth.years), len(truth.cities)
    # a wide instrument, so that eight slopes can be told apart
    z = rng.normal(size=(n_cities, 8))
    from helpers import model

    shares, wages = [], []
    for t in range(n_years):
        wage = 0.5 * z + 0.2 * rng.normal(size=z.shape)
        scale = wage + 0.02 * rng.normal(size=z.shape)
        built = model.shares(np.exp(scale), np.ones(8), truth.z_tc[t], rho_k)
        shares.append(np.log(built.pi_ck).ravel())
        wages.append(wage.ravel())
    from helpers.panel import Panel

    cells = cells.drop(columns="households").assign(
        log_share=np.concatenate(shares),
        log_wage=10 + np.concatenate(wages),
        instrument=np.tile(z.ravel(), n_years),
    )
    pi = np.exp(cells["log_share"]).to_numpy().reshape(n_years, n_cities, 8)
    cities = made.cities.drop(columns="households").assign(
        log_city_share=np.log(pi.mean(axis=2)).ravel()
    )
    found = rho_by_occupation.estimate_rho_k(Panel(cells=cells, cities=cities))
    z_score = (found.rho_k.to_numpy() - rho_k) / found.se.to_numpy()
    assert np.abs(z_score).max() < 4
    assert found.p_value < 1e-10
    assert found.inside.all()


def test_one_rho_is_not_rejected_where_it_is_one(made):
    found = rho_by_occupation.estimate_rho_k(made)
    assert found.p_value > 0.01
    assert abs(found.common - synthetic.RHO) < 0.05
    with pytest.raises(DataError, match="cannot give the variance"):
        rho_by_occupation.estimate_rho_k(made, "occupation")


@pytest.mark.slow
def test_simulated_intervals_hold_the_truth_where_they_should(tmp_path):
    results = simulation.run(200, cache=tmp_path)
    table = simulation.summary(results).set_index("design")
    good = table.loc["as assumed"]
    assert abs(good["bias"]) < 4 * good["sd"] / np.sqrt(200)
    for name in ("city x occupation", "city", "AR, city x occupation", "wild AR, occupation"):
        assert 0.90 <= good[name] <= 0.99, name
    # with eight clusters scores under the null reject nothing, not even a biased estimate
    assert (table["AR, occupation"] > 0.98).all()
    assert table.at["base-year shares", "wild AR, occupation"] < 0.1
    assert table.at["shared exposures", "wild AR, occupation"] > 0.9
    # J: its level where the world is as assumed, by cell not where errors follow sector mixes
    assert good["J, occupation"] < 0.12
    assert table.at["shared exposures", "J, city x occupation"] > 0.4
    assert table.at["shared exposures", "J, occupation"] < 0.12
    strong = table.loc["base-year tastes, strong shifts"]
    assert strong["J, city x occupation"] > 0.25
    assert table.at["base-year shares", "J, city x occupation"] < 0.15
    assert good["heteroskedastic"] < 0.9
    assert table.at["shared exposures", "city x occupation"] < 0.6
    assert table.at["shared exposures", "occupation"] > 0.8
    assert table.at["base-year shares", "bias"] > 0.5
    assert good["ols"] < 1
    again = simulation.run(200, cache=tmp_path)
    pd.testing.assert_frame_equal(results, again)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_results_are_kept_by_all_code_that_made_them(monkeypatch, tmp_path):
    """Every module of the package that the simulation reaches, and the data beside them."""
    import subprocess
    import sys

    code = (
        "import sys; from helpers.inference import simulation; "
        "simulation.one('survey error', 10); "
        "print(*(m for m in sys.modules if m.startswith('helpers')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    used = simulation.uses("helpers.inference.simulation")
    assert set(loaded) <= set(used)
    assert any(name.endswith("metros.csv") for name in used)
    simulation.run(1, ("as assumed",), cache=tmp_path, workers=1)
    for name in (
        "helpers.inference.sign_patterns",
        "helpers.inference.clusters",
        "helpers.inference.strength",
        "helpers.model",
    ):
        changed = tmp_path / f"{name}.py"
        changed.write_bytes(used[name].read_bytes() + b"\n# changed\n")
        other = {**used, name: changed}
        monkeypatch.setattr(simulation, "uses", lambda module, other=other: other)
        before = len(list(tmp_path.glob("*.parquet")))
        simulation.run(1, ("as assumed",), cache=tmp_path, workers=1)
        assert len(list(tmp_path.glob("*.parquet"))) == before + 1


def test_a_drawn_economy_is_the_same_for_the_same_seed():
    assert simulation.one("as assumed", 7) == simulation.one("as assumed", 7)
    assert simulation.one("as assumed", 7)["beta"] != simulation.one("as assumed", 8)["beta"]
    with pytest.raises(UnknownNameError):
        simulation.one("as hoped", 1)
    with pytest.raises(ParameterError):
        simulation.run(0)


def test_the_fast_estimator_is_the_slow_one(made):
    """What the simulation computes is the package's 2SLS, on the same arrays."""
    data = estimation.sample(made)
    shape = (10, 260, 8)
    y, x, z = (
        worlds._net(data[name].to_numpy().reshape(shape))
        for name in ("log_share", "log_wage", "instrument")
    )
    assert (z * y).sum() / (z * x).sum() == pytest.approx(estimation.estimate(made).beta, rel=1e-9)


def test_bands_widen_with_the_clusters_and_not_for_occupations(panel):
    shares = panel.shares(2019)
    narrow = uncertainty.draw_parameters(panel, 60, clusters="city_occupation", thetas=(3.0, 3.0))
    wide = uncertainty.draw_parameters(panel, 60, clusters="city_occupation", thetas=(2.0, 6.0))
    assert (narrow["theta"] == 3).all()
    city = shares.cities[int(np.argmax(shares.pi_c))]
    widths = [
        (t["high"] - t["low"]).mean()
        for t in (
            uncertainty.spillover_bands(shares, p, 0.64, 3.0, city, 0.95) for p in (narrow, wide)
        )
    ]
    assert widths[0] < widths[1]
    table = uncertainty.occupation_bands(shares, wide, 0.64, 3.0, management=1.1)
    assert (table["management_high"] - table["management_low"]).abs().max() < 1e-12


def test_claims_over_draws_add_up(made):
    parameters = uncertainty.draw_parameters(made, 5)
    table = targets.claims_over_draws(made, parameters)
    np.testing.assert_allclose(table[["holds", "holds in part", "does not hold"]].sum(axis=1), 1)
    with pytest.raises(ParameterError, match="is no claim"):
        targets.claims_over_draws(made, parameters, ["nonsense"])
    with pytest.raises(ParameterError, match="thetas"):
        uncertainty.draw_parameters(made, 5, thetas=(0.0, 1.0))


@pytest.mark.parametrize("alpha", [0.5, 3.0])
def test_alternatives_and_forms_have_the_estimate_at_each_power_of_the_wage(made, alpha):
    """The power moves rho, not slopes: the paper's row is the estimate, its sets hold it."""
    found = estimation.estimate(made, wage_exponent=alpha)
    paper = alternatives.one_at_a_time(made, wage_exponent=alpha).iloc[0]
    assert paper["rho"] == pytest.approx(found.rho, rel=1e-9)
    universe = alternatives.multiverse(made, wage_exponent=alpha)
    assert universe.loc[universe["paper"], "rho"].to_numpy() == pytest.approx(found.rho, rel=1e-9)
    inside = universe[universe["beta"] > 0]
    np.testing.assert_allclose(inside["rho"], 1 - alpha / inside["beta"], rtol=1e-9)
    forms = inference.anderson_rubin_forms(made, draws=99, wage_exponent=alpha)
    forms = forms.set_index(["clusters", "form"])
    given = inference.anderson_rubin_forms(made, alpha, draws=99).set_index(["clusters", "form"])
    pd.testing.assert_series_equal(forms["p_value"], given["p_value"])  # rho = 0 is what is tested
    pd.testing.assert_series_equal(forms["slopes"], given["slopes"])
    for name, clusters in (("city", "city"), ("occupation", "occupation")):
        slopes = inference.anderson_rubin(made, clusters, form="null")
        assert forms.at[(name, "null"), "rho"] == str(slopes.rho(alpha))
        assert (found.rho in slopes.rho(alpha)) == found.admissible


def test_sets_and_draws_of_rho_follow_the_unit_of_the_wage(made):
    inf = float("inf")
    slopes = inference.ConfidenceSet(((-3.0, 1.5), (2.5, 4.0)), 0.95)
    assert slopes.rho(2.0).intervals == ((pytest.approx(0.2), 0.5),)
    assert inference.ConfidenceSet(((2.5, inf),), 0.95).rho(3.0).intervals == ((0.0, 1.0),)
    assert inference.ConfidenceSet(((1.0, 2.9),), 0.95).rho(3.0).kind == "empty"
    one = inference.standard_errors(made).set_index("clusters")
    half = inference.standard_errors(made, wage_exponent=0.5).set_index("clusters")
    for column in ("rho", "rho_low", "rho_high"):
        np.testing.assert_allclose(half[column], 1 - 0.5 * (1 - one[column]), rtol=1e-12)
    np.testing.assert_allclose(half["se_rho"], one["se_rho"] / 2, rtol=1e-12)
    draws = [
        uncertainty.draw_parameters(made, 20, clusters="city", wage_exponent=alpha)
        for alpha in (1.0, 0.5, 9.0)
    ]
    np.testing.assert_allclose(draws[1]["rho"], 1 - 0.5 * (1 - draws[0]["rho"]), rtol=1e-12)
    assert draws[2].attrs["outside"] == 20
    assert (draws[2]["rho"] == 0).all()
