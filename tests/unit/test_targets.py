"""The paper's numbers and words against its own data; and that the checks can fail."""

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from helpers import counterfactuals, estimation, exhibits, model, names, shifters, targets
from helpers.errors import ParameterError, UnknownNameError
from helpers.estimation import estimate
from helpers.exhibits import live
from helpers.panel import Panel
from helpers.targets import statements
from helpers.targets.ranks import rank_correlation
from helpers.targets.registered import effect
from helpers.targets.verdicts import VERDICTS, claim


@pytest.fixture(scope="module")
def evidence_of() -> Callable[[Panel], targets.Evidence]:
    """The evidence of a panel, found once for all that is asked of it."""
    known: dict[int, targets.Evidence] = {}

    def find(panel: Panel) -> targets.Evidence:
        return known.setdefault(id(panel), targets.Evidence(panel))

    return find


@pytest.fixture(scope="module")
def evidence(published, evidence_of):
    return evidence_of(published)


def test_every_printed_number_but_one_is_reproduced(published, evidence):
    report = targets.compare(published, evidence).set_index("id")
    assert report.index[~report["ok"]].tolist() == ["first-f"]
    assert np.isnan(report.loc["first-f", "computed"])


@pytest.mark.parametrize(
    ("target", "proper"),
    [("iv-se", 0.2528), ("ols-r2", 0.9459), ("iv-f", 204.1), ("first-f", 204.1)],
)
def test_numbers_that_stand_in_the_wrong_place(published, evidence, target, proper):
    """What the place asks for, to four digits; and it is not what is printed."""
    row = targets.compare(published, evidence).set_index("id").loc[target]
    assert row["proper"] == pytest.approx(proper, rel=5e-4)
    assert abs(row["proper"] - row["printed"]) > 5 * row["tolerance"]


def test_another_panel_does_not_pass_as_the_papers(made, evidence_of):
    """The comparison can fail: on the synthetic economy nearly nothing agrees."""
    assert targets.compare(made, evidence_of(made))["ok"].sum() <= 2


def test_a_small_error_in_the_data_is_seen(published):
    cells = published.cells.copy()
    cells["log_wage"] = cells["log_wage"] * 1.002
    report = targets.compare(Panel(cells, published.cities)).set_index("id")
    assert not report.loc["iv-beta", "ok"]


def test_tolerances_are_half_a_unit_of_the_last_digit():
    by_id = {target.id: target for target in targets.TARGETS}
    assert by_id["rho"].tolerance == 0.005
    assert by_id["first-n"].tolerance == 0.5
    assert by_id["T_k-security"].tolerance == pytest.approx(5e-7)
    assert len(by_id) == len(targets.TARGETS)


@pytest.mark.parametrize("printed", ["0.64", "145.8", "-0.003", "2080"])
def test_agreement_is_that_rounding_gives_the_printed_digits(made, monkeypatch, printed):
    """Half a unit of the last digit either way agrees, a hair more does not."""
    unit = 10.0 ** -len(printed.partition(".")[2])
    found = {}
    for steps in (-0.50001, -0.49999, 0.49999, 0.50001):
        value = float(printed) + steps * unit
        one = targets.Target("x", "1", printed, "made up", lambda r, value=value: value)
        monkeypatch.setattr("helpers.targets.numbers.TARGETS", (one,))
        found[steps] = targets.compare(made).loc[0, "ok"]
    assert list(found.values()) == [False, True, True, False]


def test_verdicts_on_the_papers_claims(published, evidence):
    """Those that the paper's own data contradict, whole or in part, and why."""
    verdicts = statements.check(published, evidence).set_index("id")["verdict"]
    assert set(verdicts.index[verdicts == "does not hold"]) == {
        "sales", "three-times", "figure-5", "place-based", "growing-sectors", "first-in-logs",
        "stars-first-f", "scaled-by-theta", "perfect-substitutes", "highest-amenity",
        "less-similar", "occupations-matter-more",
    }  # fmt: skip
    in_part = ["lowest-occupation", "large-gain", "significant", "stars-iv", "high-f", "clustered"]
    assert (verdicts[in_part] == "holds in part").all()
    for name in ("stable", "stars-ols", "stars-first", "primary-small", "small-trades"):
        assert verdicts[name] == "holds", name
    assert (verdicts == "holds").sum() >= 30


def test_sales_are_larger_in_new_york_in_no_year(published, evidence):
    found = statements.check(published, evidence, ["4.2"]).set_index("id").loc["sales", "statistic"]
    assert "0 of 10 years" in found
    k = published.occupations.index("sales")
    for year in published.years:
        shares = published.shares(year)
        ours, theirs = (
            shares.phi_ck[[n.startswith(start) for n in shares.cities], k][0]
            for start in ("New York", "Los Angeles")
        )
        assert ours < theirs


@pytest.mark.slow
def test_every_part_of_the_paper_has_claims_with_verdicts(panel, evidence_of):
    """From abstract to conclusion; what cannot be decided says why."""
    table = statements.check(panel, evidence_of(panel))
    assert set(table["verdict"]) <= set(VERDICTS)
    assert not table["id"].duplicated().any()
    assert {"abstract", "1", "2", "2.3", "3.1", "4.1", "4.2", "5.1", "5.2", "6", "7"} <= set(
        table["place"]
    )
    assert table["statistic"].str.len().min() > 10
    # the claims of a place stand together
    assert table["place"].ne(table["place"].shift()).sum() == table["place"].nunique()
    stars = table[table["id"].str.startswith("stars-")]
    assert len(stars) == 5


@pytest.mark.slow
def test_claims_of_a_place_are_those_of_the_whole(made, evidence_of):
    evidence = evidence_of(made)
    whole = statements.check(made, evidence)
    some = statements.check(made, evidence, ["5.2", "figure 4"])
    wanted = whole[whole["place"].isin(["5.2", "figure 4"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, wanted)
    with pytest.raises(UnknownNameError, match="figure 4"):
        statements.check(made, evidence, ["figure 44"])


def test_two_claims_may_not_share_a_name():
    with pytest.raises(ValueError, match="sales"):
        claim("sales", "4.2", "again")(lambda e: None)
    assert "eq-10" in targets.EFFECTS
    with pytest.raises(ValueError, match="eq-10"):
        effect("eq-10")(lambda e: None)


def test_evidence_at_other_parameters_is_what_it_would_be_by_itself(made):
    """What was observed is taken along; what rests on rho, theta or the year is found anew."""
    base = targets.Evidence(made)
    assert base.correlation == base.estimate.rho
    assert base.new_york["change"].notna().all()  # is found before the parameters change
    other = replace(base, rho=0.3, theta=5.0)
    assert other.shares is base.shares
    alone = targets.Evidence(made, rho=0.3, theta=5.0)
    pd.testing.assert_frame_equal(other.new_york, alone.new_york)
    np.testing.assert_array_equal(
        other.consistent_shifters.T_c, shifters.recover(made, 2019, 0.3, 5.0).T_c
    )
    assert other.loss(1.0) != base.loss(1.0)
    earlier = replace(base, year=2012)
    np.testing.assert_array_equal(earlier.shares.pi_ck, made.shares(2012).pi_ck)
    few = replace(base, years=made.years[:4])
    assert few.correlation == estimate(made, years=made.years[:4]).rho
    for name in ("rho", "theta", "panel"):
        with pytest.raises(FrozenInstanceError):
            setattr(base, name, 0.5)


def test_claims_over_draws_are_the_claims_at_each_draw(made):
    draws = pd.DataFrame({"rho": [0.05, 0.9], "theta": [1.5, 6.0]})
    table = targets.claims_over_draws(made, draws).set_index("id")
    for name in table.index:
        entry = next(entry for entry in targets.CLAIMS if entry.id == name)
        verdicts = [
            entry.decide(targets.Evidence(made, rho=d.rho, theta=d.theta)).verdict
            for d in draws.itertuples()
        ]
        for verdict in VERDICTS[:3]:
            assert table.loc[name, verdict] == verdicts.count(verdict) / 2


@given(st.lists(st.integers(-3, 3), min_size=3, max_size=30), st.randoms())
def test_rank_correlation_is_scipys(values, random):
    other = [value + random.choice([0, 0.5, -2]) for value in values]
    theirs = spearmanr(values, other).statistic if len({*values}) > 1 < len({*other}) else np.nan
    np.testing.assert_allclose(rank_correlation(values, other), theirs, atol=1e-12)


def test_who_keeps_their_occupation_is_what_simulated_leavers_do():
    """Draw households once, lower one city's scale, and see where its people go."""
    rng = np.random.default_rng(4)
    t_ck, T_k, z_c = rng.lognormal(0, 0.4, (5, 3)), rng.lognormal(size=3), rng.lognormal(size=5)
    rho, theta, step, n = 0.6, 4.0, 0.02, 400_000
    shares = model.shares(t_ck, T_k, z_c, rho)
    draws = model.draw_productivities(t_ck, T_k, z_c, rho, theta, n, 7)
    c = int(shares.pi_c.argmax())
    before = draws.reshape(n, -1).argmax(axis=1)
    draws[:, c] *= np.exp(-step / theta)
    after = draws.reshape(n, -1).argmax(axis=1)
    left = (before // 3 == c) & (after // 3 != c)
    kept = (before[left] % 3 == after[left] % 3).mean()
    error = np.sqrt(kept * (1 - kept) / left.sum())
    assert abs(counterfactuals.keepers(shares, rho, c) - kept) < 4 * error + 0.01
    # at the margin a cell's leavers keep their occupation by its size alone without correlation
    one = counterfactuals.keepers(model.Shares(shares.pi_ck, shares.omega_k), 0.0)
    away = shares.omega_k * (1 - shares.pi_ck)
    np.testing.assert_allclose(one, away / away.sum(axis=1, keepdims=True))


def _without(panel, city, year=None):
    cities = panel.cities.copy()
    rows = cities["city"].eq(city) & (cities["year"].eq(year) if year else True)
    cities.loc[rows, "log_city_wage"] = np.nan
    return Panel(panel.cells, cities, panel.exposures, panel.shifts, panel.source, panel.provenance)


@pytest.mark.slow
def test_a_missing_city_wage_leaves_its_numbers_missing_and_is_named(panel, evidence_of):
    """The table stays; what rests on the wage says which city lacks it."""
    whole = targets.compare(panel, evidence_of(panel)).set_index("id")
    less = _without(panel, "Akron, OH", 2015)
    evidence = targets.Evidence(less)
    holed = targets.compare(less, evidence).set_index("id")
    lost = holed.index[holed["computed"].isna() & whole["computed"].notna()]
    assert set(lost) == set(whole.index[whole["place"] == "table 2B"])
    assert holed.loc[lost, "note"].str.contains("Akron, OH in 2015").all()
    assert not holed.loc[lost, "ok"].any()
    kept = whole.index.difference(lost)
    pd.testing.assert_frame_equal(holed.loc[kept], whole.loc[kept])
    assert holed.loc[lost, "proper"].equals(whole.loc[lost, "proper"])
    words = statements.check(less, evidence).set_index("id")
    assert words.loc["top-cities", "verdict"] == "cannot be decided"
    assert "Akron, OH in 2015" in words.loc["top-cities", "statistic"]
    before = statements.check(panel, evidence_of(panel), ["4.2"]).set_index("id")
    assert words.loc["sales"].equals(before.loc["sales"])


@pytest.mark.slow
def test_years_reach_every_number_that_is_estimated(made, evidence_of):
    few = targets.compare(made, targets.Results(made, years=made.years[:4])).set_index("id")
    whole = targets.compare(made, evidence_of(made)).set_index("id")
    assert few.loc["first-n", "computed"] < whole.loc["first-n", "computed"]
    for name in ("rho", "ols-beta", "iv-se", "first-beta"):
        assert few.loc[name, "computed"] != whole.loc[name, "computed"]
    evidence = targets.Evidence(made, years=made.years[:4])
    found = (
        statements.check(made, evidence, ["4.2"]).set_index("id").loc["iv-above-ols", "statistic"]
    )
    assert f"{few.loc['iv-beta', 'computed']:.3f}" in found


@pytest.mark.slow
def test_a_claim_can_fail(made):
    """Swap two cities' names and claims about them turn."""
    wanted = ("top-cities", "visalia-small")
    swap = {names.NEW_YORK: names.VISALIA, names.VISALIA: names.NEW_YORK}
    swapped = Panel(
        made.cells.assign(city=made.cells["city"].replace(swap)),
        made.cities.assign(city=made.cities["city"].replace(swap)),
    )
    places = {entry.place for entry in statements.CLAIMS if entry.id in wanted}
    verdicts = statements.check(swapped, places=places).set_index("id")["verdict"]
    assert verdicts["top-cities"] != "holds"
    assert verdicts["visalia-small"] == "does not hold"


def test_tables_hold_the_printed_digits(panel):
    shared = targets.Results(panel)
    first = exhibits.table_1(panel, shared)
    assert first["printed"].tolist() == ["0.291", "0.023", "2.777", "0.041", "0.956", "145.8"]
    assert len(exhibits.table_8_2_1(panel, shared)) == 9
    assert len(exhibits.table_2a(panel, shared)) == len(exhibits.table_2b(panel, shared)) == 8
    html = exhibits.show(first).to_html()
    assert "0.041" in html
    assert html == exhibits.show(first).to_html()


def test_figures_draw_what_counterfactuals_say(panel):
    """Data of figures 2-5 against the identities that they illustrate."""
    rho = estimate(panel).rho
    second = exhibits.figure_2(panel, rho).data
    assert len(second) == len(panel.shares(2019).cities) - 1
    assert names.NEW_YORK not in set(second["city"])
    assert second["change"].corr(second["similarity"]) > 0.5
    np.testing.assert_allclose(second["change_independent"], second["change_independent"][0])
    third = exhibits.figure_3(panel, rho).data
    np.testing.assert_allclose(third["ratio"], third["change"] / third["change_independent"])
    fourth = exhibits.figure_4(panel, rho).data
    mix = panel.shares(2019)
    assert ((fourth["management"] > 1) == (mix.phi_ck[:, 0] > mix.omega_k[0])).all()
    fifth = exhibits.figure_5(panel, rho).data
    np.testing.assert_allclose(fifth["change"], fifth["change_independent"], rtol=1e-12)


def test_pictures_draw_what_the_model_says(made):
    """Diversion, the three kinds of share and elasticities, against their definitions."""
    for rho in (0.0, 0.9):
        built = model.shares(np.array([[4.0, 1], [4, 1], [1, 4]]), np.ones(2), np.ones(3), rho)
        drawn = live.red_and_blue(rho).data.query("mark == 'diversion'").set_index("label")["x"]
        hat = np.array([1 - 1e-7, 1, 1])
        gain = counterfactuals.shock(built, rho, 1.0, city=hat).pi_c - built.pi_c
        for c, name in ((1, "blue town"), (2, "farm town")):
            assert drawn[name] == pytest.approx(gain[c] / -gain[0], rel=1e-4)

    shares = made.shares(2019)
    some = [shares.cities[c] for c in (0, 17, 200)]
    three = exhibits.three_shares(shares, some).data
    assert set(three["city"]) == set(some)
    households = three["pi_ck"] * three["omega_k"]
    size = three.assign(n=households).groupby("city")["n"].transform("sum")
    np.testing.assert_allclose(three["phi_ck"], households / size, rtol=1e-12)

    for theta, name in ((1.0, "z_c"), (3.0, "T_c")):
        found = exhibits.responses(shares, some[1], theta)
        assert name in found.figure.axes[0].get_ylabel()
        row = found.data.iloc[20]
        hat = {some[1]: np.exp(1e-6)}
        moved = counterfactuals.shock(shares, row["rho"], theta, city=hat)
        slope = np.log(moved.pi_c / shares.pi_c)[17] / 1e-6
        assert row["own"] == pytest.approx(slope, rel=1e-4)
        at_zero = found.data.iloc[0]
        assert at_zero["similar"] == pytest.approx(1.0, rel=1e-9)
        assert at_zero["different"] == pytest.approx(1.0, rel=1e-9)
        assert found.data["similar"].iloc[-1] > found.data["different"].iloc[-1]


def test_a_figure_is_the_same_bytes_for_the_same_data(made):
    one, other = exhibits.figure_2(made, 0.64), exhibits.figure_2(made, 0.64)
    assert one.svg() == other.svg()
    assert "<svg" in one.svg()
    assert repr(one) == repr(other)
    assert repr(one) != repr(exhibits.figure_2(made, 0.63))


def test_shares_drawn_in_figure_1_sum_to_one(panel):
    assert exhibits.figure_1a(panel).data["pi_c"].sum() == pytest.approx(1)
    mix = exhibits.figure_1b(panel).data
    np.testing.assert_allclose(mix.groupby("city")["phi_ck"].sum(), 1)
    assert isinstance(mix, pd.DataFrame)


def test_the_ratio_of_two_drawn_slopes_is_two_stage_least_squares(panel):
    """First stage and reduced form are drawn from the regressions that make the estimate."""
    result = estimate(panel)
    net = estimation.residualise(
        estimation.sample(panel), ["log_share", "log_wage", "instrument"]
    ).T
    drawn = exhibits.two_stages(*net).data
    assert len(drawn) == 20
    ratio = drawn["reduced_form"][0] / drawn["first_stage"][0]
    assert ratio == pytest.approx(result.beta, rel=1e-8)
    # groups of one size: the mean of their means is that of all cells, zero net of effects
    assert drawn["share"].mean() == pytest.approx(0, abs=1e-3)
    both = exhibits.share_on_wage(*net).data.groupby("grouped_by")["slope"].first()
    assert both["wage"] == pytest.approx(result.ols.coefficient, rel=1e-8)
    assert both["instrument"] == pytest.approx(result.beta, rel=1e-8)
    with pytest.raises(ParameterError, match="one length"):
        exhibits.two_stages(net[0], net[1], net[2][:-1])
    with pytest.raises(ParameterError, match="missing"):
        exhibits.share_on_wage(net[0], net[1], np.full_like(net[2], np.nan))
    with pytest.raises(ParameterError, match="groups"):
        exhibits.binned(pd.DataFrame({"x": [1.0, 2.0]}), "x", 3)


def test_a_citys_scale_is_told_in_households(made):
    """The city at the median stays; at the median's scale sizes hardly differ."""
    shares = made.shares(2019)
    level = shifters.recover(made, 2019, 0.64, 3.0).T_c
    worth = exhibits.at_the_median(shares, level, 0.64, 3.0)
    at = worth.set_index("city")
    larger = at["T_c"] > 1 + 1e-9
    assert (at.loc[larger, "pi_c_median"] < at.loc[larger, "pi_c"]).all()
    assert at["pi_c"].sum() == pytest.approx(1)
    # one hat, by the same exact algebra
    city = worth["city"][0]
    hat = 1 / worth["T_c"][0]
    again = counterfactuals.shock(shares, 0.64, 3.0, city={city: hat})
    assert again.pi_c[shares.city_index(city)] == pytest.approx(worth["pi_c_median"][0])
    assert len(exhibits.scale_map(worth).data) == len(worth)
    assert len(exhibits.scale_ranking(worth, 3).data) == 6
    with pytest.raises(ParameterError, match="scale of every city"):
        exhibits.at_the_median(shares, level.drop(city), 0.64, 3.0)


def test_effects_are_drawn_in_per_cent(made):
    shares = made.shares(2019)
    drawn = exhibits.occupation_gains(shares, 3.0, ["management", "trades"], 1.1).data
    for occupation, part in drawn.groupby("occupation"):
        weight = shares.omega_k[shares.occupation_index(occupation)]
        gain = (1 + 0.1 * part["phi_ck"]) / (1 + 0.1 * weight) - 1
        np.testing.assert_allclose(part["gain"], gain, rtol=1e-9, atol=1e-14)
    target = exhibits.target_gains(shares, 0.64, names.DETROIT).data
    assert target["gain"].max() > 5 * target["gain"].min()
    assert np.ptp(target["gain_for_its_size"]) < 0.05 * target["gain_for_its_size"].mean()


def test_the_report_draws_every_number_and_claim(panel, made, evidence_of):
    numbers = targets.compare(panel, evidence_of(panel))
    drawn = exhibits.printed_and_computed(numbers).data
    assert len(drawn) == len(numbers)
    inside = drawn["difference"].abs() <= 0.5
    assert (inside == numbers["ok"].astype(bool)).all()
    assert set(drawn.loc[~inside, "verdict"]) <= {"differs", "cannot be computed"}
    off = exhibits.in_units(targets.compare(made, evidence_of(made)))
    assert (off["verdict"] == "differs").sum() > 20
    words = statements.check(made, evidence_of(made))
    by = exhibits.verdicts_by_section(words).data
    assert by.drop(columns="section").to_numpy().sum() == len(words)


def test_the_reports_tables_fold_by_part_and_lose_no_row(made, evidence_of):
    numbers = targets.compare(made, evidence_of(made))
    words = statements.check(made, evidence_of(made))
    tables = (
        (exhibits.numbers_by_place(numbers), numbers),
        (exhibits.claims(words, fold=True), words),
        (exhibits.claims(words), words),
        (exhibits.numbers_explained(numbers), numbers),
    )
    for shown, rows in tables:
        page = shown.to_html()
        assert sum(map(len, shown.parts.values())) == len(shown.frame) == len(rows)
        assert page.count("<details>") == sum(map(bool, shown.parts)) == page.count("</details>")
        assert not re.search(r">[^<]*\b(T_[ck]|pi_ck|ols-|iv-)", page)  # words, not names of code
        assert len(set(re.findall(r'id="([^"]+)"', page))) == page.count(' id="')
    lines = [*exhibits.claims(words, fold=True).parts]
    assert sum(int(n) for line in lines for n in re.findall(r"\d+ (?:hold|do|cannot)", line)
               for n in [n.split()[0]]) == len(words)  # fmt: skip
    by_table = exhibits.numbers_by_place(numbers).parts
    assert sum(int(re.search(r"(\d+) of", line)[1]) for line in by_table) == numbers["ok"].sum()
    for rows in by_table.values():  # as printed, and one digit more
        for row in rows.loc[rows["verdict"] != "cannot be computed"].itertuples():
            printed, computed = (t.partition(".")[2] for t in (row[2], row.computed))
            assert len(computed) == len(printed) + bool(printed)
