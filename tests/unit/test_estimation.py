"""The estimator's own bookkeeping, and inputs that it has to refuse."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import estimation
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.inference import specifications
from helpers.panel import Panel
from rivals import feols


def test_interval_is_beta_carried_through(made):
    found = estimation.estimate(made, level=0.9)
    low, high = found.rho_interval
    assert low < found.rho < high
    wider = estimation.estimate(made, level=0.99).rho_interval
    assert wider[0] < low < high < wider[1]
    assert found.vcov == pytest.approx(found.se**2)
    assert found.spec["clusters"] == "city_occupation"


@pytest.mark.parametrize("clusters", ["city_occupation", "occupation", "iid", None])
def test_ends_are_as_many_errors_away_as_student_says(made, clusters):
    """Clusters less one are the degrees of freedom, eight occupations have seven."""
    from scipy import stats

    found = estimation.estimate(made, clusters=clusters, level=0.9)
    groups = {"city_occupation": 260 * 8, "occupation": 8}.get(clusters)
    # a slope, ten years of cities and of occupations, one direction of which both share a year
    cells = 10 * (260 * 8 - 260 - 8 + 1) - 1
    reach = stats.t.ppf(0.95, groups - 1 if groups else cells) * found.se
    wanted = [1 - 1 / (found.beta + side * reach) for side in (-1, 1)]
    assert found.rho_interval == pytest.approx(wanted, rel=1e-12)


def test_the_estimate_is_reduced_form_over_first_stage(panel):
    found = estimation.estimate(panel)
    ratio = found.reduced_form.coefficient / found.first_stage.coefficient
    assert found.beta == pytest.approx(ratio, rel=1e-9)


def test_the_second_stage_by_hand_has_the_slope_and_not_the_error(panel):
    found, by_hand = estimation.estimate(panel), estimation.second_stage_by_hand(panel)
    assert by_hand.coefficient == pytest.approx(found.beta, rel=1e-8)
    assert by_hand.se < found.se / 2


def _with_gaps(panel: Panel) -> Panel:
    """Three years, wages missing in one cell of 37 and in all but one of a city's."""
    cells = panel.cells[panel.cells["year"].isin([2011, 2012, 2015])].reset_index(drop=True)
    cells.loc[cells.index[::37], "log_wage"] = np.nan
    cells.loc[cells.index[1:8], "log_wage"] = np.nan
    return Panel(cells, panel.cities[panel.cities["year"].isin([2011, 2012, 2015])])


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("clusters", [*estimation.CLUSTERS, None, "iid"])
def test_every_number_is_pyfixests(panel, clusters, gaps):
    """Slopes, errors and R2 of the four regressions, to ten digits."""
    panel = _with_gaps(panel) if gaps else panel
    data = estimation.sample(panel)
    found = estimation.estimate(panel, clusters=clusters)
    effects = "city_year + occupation_year"
    theirs = feols(f"log_share ~ 1 | {effects} | log_wage ~ instrument", data, clusters)
    assert found.beta == pytest.approx(theirs.coef().iloc[0], rel=1e-10)
    assert found.se == pytest.approx(theirs.se().iloc[0], rel=1e-10)
    for ours, outcome, regressor in (
        (found.ols, "log_share", "log_wage"),
        (found.first_stage, "log_wage", "instrument"),
        (found.reduced_form, "log_share", "instrument"),
    ):
        theirs = feols(f"{outcome} ~ {regressor} | {effects}", data, clusters)
        assert ours.coefficient == pytest.approx(theirs.coef().iloc[0], rel=1e-10)
        assert ours.within_r2 == pytest.approx(theirs._r2_within, rel=1e-10)
        assert ours.r2 == pytest.approx(theirs._r2, rel=1e-10)
        assert ours.n_obs == theirs._N
        if clusters == "iid":  # pyfixest counts one direction in all as shared, not one a year
            shared = theirs._N - theirs._df_k
            assert ours.se == pytest.approx(
                theirs.se().iloc[0] * np.sqrt(shared / ours.df_residual), rel=1e-10
            )
        else:
            assert ours.se == pytest.approx(theirs.se().iloc[0], rel=1e-10)


@pytest.mark.parametrize("clusters", ["city_occupation", "occupation", "city+occupation"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("effects", "controlled"),
    [
        (("city_year", "occupation_year"), True),
        (("city_year", "occupation_year", "city_occupation"), False),
        (("city_year", "occupation_year", "city_occupation"), True),
    ],
)
def test_other_effects_weights_and_controls_are_pyfixests(
    made, effects, controlled, weighted, clusters
):
    """One control is made up by the effects: it counts for nothing."""
    data = estimation.sample(_with_gaps(made))
    rng = np.random.default_rng(5)
    data["weight"] = rng.uniform(0.2, 3, len(data)) if weighted else 1.0
    data["control"] = data["instrument"] ** 2 + rng.normal(size=len(data))
    data["idle"] = data["city_year"].map(dict(enumerate(rng.normal(size=len(data)))))
    controls = data[["control", "idle"]].to_numpy() if controlled else None
    net = estimation.net_of_effects(
        data, "log_share", "log_wage", "instrument", effects, controls, data["weight"].to_numpy()
    )
    extra = "control" if controlled else "1"
    right = f"| {' + '.join(effects)}"
    weights = "weight" if weighted else None
    theirs = feols(f"log_share ~ {extra} {right} | log_wage ~ instrument", data, clusters, weights)
    beta, se = net.two_stage(clusters)
    assert beta == pytest.approx(theirs.coef()["log_wage"], rel=1e-8)
    assert se == pytest.approx(theirs.se()["log_wage"], rel=1e-7)
    first = feols(f"log_wage ~ instrument + {extra} {right}", data, clusters, weights)
    assert net.first_stage_f(clusters) == pytest.approx(first.tstat()["instrument"] ** 2, rel=1e-7)
    assert net.controls.shape[1] == controlled


def test_what_effects_and_controls_explain_is_refused(made):
    data = estimation.sample(made, [2010, 2011])
    effects = ["city_year", "occupation_year"]
    names = ("log_share", "log_wage", "instrument")
    twice = data[["instrument"]].to_numpy() * 2
    with pytest.raises(DataError, match="instrument: no variation is left"):
        estimation.net_of_effects(data, *names, effects, twice)
    with pytest.raises(DataError, match="log_wage: no variation is left"):
        estimation.net_of_effects(data, *names, effects, data[["log_wage"]].to_numpy())
    flat = data.assign(instrument=data["city_year"].astype(float))
    with pytest.raises(DataError, match="instrument: no variation is left"):
        estimation.net_of_effects(flat, *names, effects)


@pytest.mark.filterwarnings("ignore:1 singleton fixed effect")
def test_a_cell_alone_in_its_city_has_no_say(made):
    """As a fit drops it, so does pyfixest."""
    data = estimation.sample(made, 2019)
    alone = data[~((data["city"] == data["city"].iloc[0]) & (data["occupation"] != "sales"))]
    ours = estimation.fit(alone.reset_index(drop=True), "log_share", "log_wage", "occupation")
    formula = "log_share ~ log_wage | city_year + occupation_year"
    theirs = feols(formula, alone, "occupation")
    assert ours.n_obs == theirs._N == len(data) - 8
    assert ours.se == pytest.approx(theirs.se().iloc[0], rel=1e-10)
    kept = data[data["city"] != data["city"].iloc[0]].reset_index(drop=True)
    assert ours.r2 == estimation.fit(kept, "log_share", "log_wage", "occupation").r2


@pytest.mark.parametrize("clusters", [*estimation.CLUSTERS, None, "iid"])
def test_clusters_change_the_error_and_nothing_else(made, clusters):
    found = estimation.estimate(made, clusters=clusters)
    assert found.beta == pytest.approx(estimation.estimate(made).beta, rel=1e-12)
    assert found.se > 0


def test_missing_wages_are_counted(made):
    cells = made.cells.copy()
    cells.loc[cells.index[:80], "log_wage"] = np.nan
    found = estimation.estimate(Panel(cells, made.cities))
    assert found.n_obs == len(cells) - 80
    assert found.spec["dropped"] == 80


def test_what_cannot_be_estimated_is_refused(made):
    flat = made.cells.assign(instrument=made.cells["year"].astype(float))
    with pytest.raises(DataError, match="no variation is left"):
        estimation.estimate(Panel(flat, made.cities))
    empty = made.cells.assign(instrument=np.nan)
    with pytest.raises(DataError, match="no cell"):
        estimation.estimate(Panel(empty, made.cities))
    with pytest.raises(UnknownNameError, match="city_occupation"):
        estimation.estimate(made, clusters="city_occupations")
    with pytest.raises(UnknownNameError, match="year"):
        estimation.estimate(made, years=[1999])
    with pytest.raises(ParameterError, match="level"):
        estimation.estimate(made, level=95)


def test_a_slope_below_zero_has_no_rho():
    assert estimation.rho_of(-1.0) == float("-inf")
    assert estimation.rho_of(1.0) == 0


def test_one_year_may_be_given_as_a_number(made):
    alone, listed = (estimation.estimate(made, years=years) for years in (2019, [2019]))
    assert (alone.beta, alone.se) == (listed.beta, listed.se)
    assert alone.spec["years"] == (2019,)
    for years, match in ((2019.5, "2019.5"), ("2019", "'2019'"), ([], "at least one year")):
        with pytest.raises(ParameterError, match=match):
            estimation.estimate(made, years=years)


def test_a_year_alone_with_an_effect_for_each_cell_is_refused_and_ends_no_process(made):
    """Under pyfixest, which other effects need, compiled code panics and ends the process."""
    cells, cities = (t[t["year"] == 2019] for t in (made.cells, made.cities))
    one = Panel(cells, cities)
    every = replace(specifications.PAPER, effects="and city x occupation")
    with pytest.raises(DataError, match="two years are needed"):
        specifications.run(specifications.sample(one), every)
    with pytest.raises(DataError, match=r"every one of .* cells has an effect"):
        estimation.refuse_if_effects_explain_all(estimation.sample(one), ["city_occupation"])
    assert estimation.estimate(one).n_obs == len(cells)


def test_the_unit_of_the_instrument_plays_no_part(made):
    plain = estimation.estimate(made)
    for unit in (1e-8, 1e-30, 1e12):
        cells = made.cells.assign(instrument=made.cells["instrument"] * unit)
        found = estimation.estimate(Panel(cells, made.cities))
        assert found.beta == pytest.approx(plain.beta, rel=1e-10)
        assert found.se == pytest.approx(plain.se, rel=1e-8)
        assert found.first_stage.f == pytest.approx(plain.first_stage.f, rel=1e-8)
        slope = found.first_stage.coefficient * unit
        assert slope == pytest.approx(plain.first_stage.coefficient, rel=1e-10)


def test_single_precision_is_taken(made):
    data = estimation.sample(made, 2019)
    single = data.astype({"log_share": "float32", "log_wage": "float32"})
    plain, found = (estimation.fit(d, "log_share", "log_wage") for d in (data, single))
    assert found.coefficient == pytest.approx(plain.coefficient, rel=1e-4)


def test_little_variation_is_variation_and_a_small_error_is_one(made):
    """A millionth of the level identifies a slope; an error of a billionth has its own size."""
    data = estimation.sample(made, 2019)
    rng = np.random.default_rng(4)
    wide, noise = rng.normal(size=(2, len(data)))
    flat = data.assign(log_wage=1000 + 1e-3 * wide, instrument=1000 + 1e-3 * wide)
    flat["log_share"] = 3 * wide + noise
    plain = estimation.fit(flat.assign(log_wage=wide), "log_share", "log_wage")
    found = estimation.fit(flat, "log_share", "log_wage")
    assert found.coefficient == pytest.approx(1e3 * plain.coefficient, rel=1e-7)
    assert found.se == pytest.approx(1e3 * plain.se, rel=1e-6)
    names = ("log_share", "log_wage", "instrument", ("city_year", "occupation_year"))
    net = estimation.net_of_effects(flat, *names)
    assert net.z @ net.y / (net.z @ net.x) == pytest.approx(1e3 * plain.coefficient, rel=1e-7)

    near = data.assign(log_wage=wide, log_share=2 * wide + 1e-9 * noise)
    of_noise = estimation.fit(near.assign(log_share=noise), "log_share", "log_wage")
    assert estimation.fit(near, "log_share", "log_wage").se == pytest.approx(
        1e-9 * of_noise.se, rel=1e-4
    )


def test_a_perfect_fit_has_no_error(made):
    """Share an exact multiple of the wage: the slope, no residual, an F without bound."""
    data = estimation.sample(made, [2010, 2011])
    found = estimation.fit(data.assign(log_share=2.5 * data["log_wage"]), "log_share", "log_wage")
    assert found.coefficient == pytest.approx(2.5, rel=1e-12)
    assert (found.se, found.residual_se, found.r2) == (0, 0, 1)
    assert found.t == found.f_joint == np.inf


def test_what_a_sample_lacks_is_named(made):
    data = estimation.sample(made, 2019)
    with pytest.raises(DataError, match=r"expected a column 'log_wages'.*nearest: log_wage"):
        estimation.fit(data, "log_share", "log_wages")
    hole = data.copy()
    hole.loc[hole.index[7], "log_wage"] = np.nan
    with pytest.raises(DataError, match=r"log_wage: 1 values are missing.*row 7"):
        estimation.fit(hole, "log_share", "log_wage")
    two = data[data["city"].isin(data["city"].unique()[:2])]
    two = two[two["occupation"].isin(["sales", "trades"])]
    with pytest.raises(DataError, match="too few"):
        estimation.fit(two, "log_share", "log_wage", "iid")


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_the_unit_of_the_wage_moves_rho_and_nothing_else(panel, alpha):
    """The slope is alpha / (1 - rho): fewer or more per cent of a scale for one of the wage."""
    one, found = estimation.estimate(panel), estimation.estimate(panel, wage_exponent=alpha)
    assert (found.beta, found.se) == (one.beta, one.se)
    assert found.rho == pytest.approx(1 - alpha * (1 - one.rho), rel=1e-12)
    for end, paper in zip(found.rho_interval, one.rho_interval, strict=True):
        assert end == pytest.approx(1 - alpha * (1 - paper), rel=1e-12)
    assert found.wage_exponent == found.spec["wage_exponent"] == alpha
    assert found.admissible
    assert "outside" not in str(found)


def test_a_rho_that_the_model_does_not_have_is_returned_flagged_and_refused(panel):
    """With alpha = theta = 3 the slope is under the exponent on both sources."""
    from helpers import counterfactuals

    found = estimation.estimate(panel, wage_exponent=3.0)
    assert found.rho == pytest.approx(1 - 3 / found.beta)
    assert found.rho < 0
    assert not found.admissible
    assert "outside [0, 1)" in str(found)
    shares = panel.shares(2019)
    with pytest.raises(ParameterError, match=r"found -0\..*slope is under the wage exponent"):
        counterfactuals.shock(shares, found.rho, 3.0, city={shares.cities[0]: 0.95})


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf"), "3", None, [1.0, 2.0]])
def test_a_wage_exponent_that_is_none_is_refused(made, wrong):
    with pytest.raises(ParameterError, match="wage_exponent"):
        estimation.estimate(made, wage_exponent=wrong)
    with pytest.raises(ParameterError, match="wage_exponent"):
        estimation.rho_of(2.0, wage_exponent=wrong)


def test_the_estimator_finds_the_rho_that_made_the_data_when_the_wage_has_another_power():
    """Choices made with w^2 in the scale: told so, the estimate is the truth."""
    from helpers import model
    from helpers.sources import synthetic

    truth = synthetic.economy()
    panel, cells, cities = truth.panel(), [], []
    for t, year in enumerate(truth.years):
        scale = truth.t_tck[t] * np.exp(truth.log_wage_tck[t] - truth.log_wage_tck[t].mean())
        built = model.shares(scale, truth.T_tk[t], truth.z_tc[t], truth.rho)
        frame = truth.shares(year).to_frame()[["city", "occupation"]]
        cells.append(frame.assign(year=year, log_share=np.log(built.pi_ck).ravel()))
        of_city = {"city": truth.cities, "year": year, "log_city_share": np.log(built.pi_c)}
        cities.append(pd.DataFrame(of_city | {"log_city_wage": np.nan}))
    wages = panel.cells.drop(columns=["log_share", "households"])
    both = pd.concat(cells).merge(wages, on=["year", "city", "occupation"])
    two = Panel(both, pd.concat(cities))
    found = estimation.estimate(two, wage_exponent=2.0, clusters="city")
    low, high = found.rho_interval
    assert low < truth.rho < high
    assert found.rho == pytest.approx(truth.rho, abs=0.03)
    assert estimation.estimate(two).rho > truth.rho + 0.1
