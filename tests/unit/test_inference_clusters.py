"""One small-sample factor for every standard error, effective clusters, strength of instruments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import estimation, inference
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.inference import simulation, strength, worlds
from helpers.inference.clusters import (
    CLUSTERINGS,
    codes_of,
    effective_number,
    hansen,
    small_sample_factor,
    squares,
    variance,
)
from helpers.panel import Panel
from rivals import feols


def _some(panel: Panel, years: list[int], gaps: int = 0) -> Panel:
    """Some years of a panel, wages missing in every so many cells."""
    cells = panel.cells[panel.cells["year"].isin(years)].reset_index(drop=True)
    if gaps:
        cells.loc[cells.index[::gaps], "log_wage"] = np.nan
    return Panel(cells=cells, cities=panel.cities[panel.cities["year"].isin(years)])


@pytest.mark.parametrize("clusters", [None, *estimation.CLUSTERS])
@pytest.mark.parametrize("gaps", [0, 37])
def test_the_factor_is_the_one_that_estimate_reports(made, clusters, gaps):
    """With effects within clusters left out of the count, balanced and not."""
    panel = _some(made, [2011, 2012, 2015], gaps)
    net = inference.within(panel)
    e = net.y - net.beta * net.x
    found = variance(net.z, e, net.data, clusters, "not nested")
    se = estimation.estimate(panel, clusters=clusters).se
    assert np.sqrt(found) / abs(net.z @ net.x) == pytest.approx(se, rel=1e-7)


def test_every_row_of_the_table_has_one_convention(panel):
    """Rows over their plain sums of squares: G / (G - 1) (N - 1) / (N - p) with the same p."""
    table = inference.standard_errors(panel).set_index("clusters")
    net = inference.within(panel)
    n = len(net.data)
    p = net.data["city_year"].nunique() + net.data["occupation_year"].nunique()
    e = net.y - net.beta * net.x
    moved = net.z @ net.x
    for label, clusters in CLUSTERINGS[2:]:
        groups = table.at[label, "n_clusters"]
        plain = squares([net.z * e], net.data, clusters)[0, 0] / moved**2
        wanted = groups / (groups - 1) * (n - 1) / (n - p) * plain
        assert table.at[label, "se"] ** 2 == pytest.approx(wanted, rel=1e-9)
    names = {"city": "city", "occupation": "occupation", "city and occupation": "city+occupation"}
    for label, clusters in names.items():
        reported = estimation.estimate(panel, clusters=clusters).se
        assert table.at[label, "se_not_nested"] == pytest.approx(reported, rel=1e-7)


@pytest.mark.replication
def test_a_larger_variance_is_a_larger_error(published):
    """Two-way clusters add to the variance by occupation here, and to its error."""
    net = inference.within(published)
    scores = [net.z * (net.y - net.beta * net.x)]
    both, one = (squares(scores, net.data, c)[0, 0] for c in ("city+occupation", "occupation"))
    table = inference.standard_errors(published).set_index("clusters")
    assert both > one
    assert table.at["city and occupation", "se"] > table.at["occupation", "se"]


@pytest.mark.parametrize("design", worlds.DESIGNS)
def test_every_error_of_the_simulation_is_the_packages(made, design):
    """The simulated arrays as a panel, estimated by pyfixest: the same errors, all of them."""
    seed = 3
    rng = np.random.default_rng([worlds.DESIGNS.index(design), seed])
    y, x, z = worlds.draw(design, rng)
    row = simulation.one(design, seed)
    data = worlds.labels(z.shape).assign(
        log_share=y.ravel(), log_wage=x.ravel(), instrument=z.ravel()
    )
    frozen = design == "base-year shares"
    how = {"heteroskedastic": None, **worlds.CLUSTERINGS}
    for name, clusters in how.items():
        fit = feols(
            "log_share ~ 1 | city_year + occupation_year | log_wage ~ instrument", data, clusters
        )
        assert row[f"se {name}"] == pytest.approx(float(fit.se().iloc[0]), rel=1e-6)
        assert row["beta"] == pytest.approx(float(fit.coef().iloc[0]), rel=1e-8)
    first = estimation.fit(data, "log_wage", "instrument", "occupation")
    assert row["first_stage_f"] == pytest.approx(first.f, rel=1e-5)
    assert frozen == np.allclose(z, z[0])


def test_clusters_that_do_not_exist_are_refused(made):
    data = estimation.sample(made)
    with pytest.raises(UnknownNameError):
        small_sample_factor(data, "occupation", "some")
    with pytest.raises(DataError, match="has 1 level"):
        small_sample_factor(data.assign(state=1), "state")
    # two are the fewest
    two = data.assign(state=np.arange(len(data)) % 2)
    n = len(data)
    assert small_sample_factor(two, "state", "none") == pytest.approx(2)
    p = data["city_year"].nunique() + data["occupation_year"].nunique()
    assert small_sample_factor(two, "state") == pytest.approx(2 * (n - 1) / (n - p))
    with pytest.raises(DataError, match="3 are too few for"):
        small_sample_factor(data.head(3), None)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_effective_clusters_lie_between_one_and_all(weights):
    found = effective_number(np.array(weights))
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    spread = np.var(weights) / np.mean(weights) ** 2  # as the authors write it
    assert found == pytest.approx(len(weights) / (1 + spread))


def test_parts_of_occupations_add_up(panel):
    table = inference.cluster_weights(panel)
    parts = table[["instrument", "numerator", "denominator"]]
    np.testing.assert_allclose(parts.sum(), 1)
    assert parts["instrument"].is_monotonic_decreasing
    assert 1 < table.attrs["effective"] < len(table)
    left = inference.leave_one_out(panel, "occupation")
    assert set(left.index) == set(table["occupation"])


@pytest.mark.parametrize(("F", "critical"), [(4, 18.66), (10, 3.43), (104.7, 1.96), (900, 1.96)])
def test_the_tf_values_are_the_published_ones(F, critical):
    """Lee and others (2022): 3.43 at an F of ten, 1.96 from 104.7 on."""
    assert strength.tf_critical(F) == pytest.approx(critical, abs=6e-3)


def test_no_t_is_large_enough_below_an_f_of_four():
    for F in (0.0, 0.5, 3.9):
        assert strength.tf_critical(F) == np.inf
    with pytest.raises(ParameterError, match="first_stage_f"):
        strength.tf_critical(-1.0)
    with pytest.raises(ParameterError, match="first_stage_f"):
        strength.tf_critical(float("nan"))


@pytest.mark.parametrize("strong", [0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 14.0, 25.0])
def test_the_tf_test_holds_five_per_cent_in_the_worst_case(strong):
    """Errors of both equations the same: t is known given the first stage, f = f0 + e."""
    from scipy import stats

    e = np.linspace(-8, 8, 1_600_001)
    e = e[np.abs(strong + e) > 1e-9]
    f = strong + e
    mass = stats.norm.pdf(e) * (e[1] - e[0])
    critical = np.interp(np.abs(f), strength.TF_ROOTS, strength.TF_CRITICAL)
    critical[np.abs(f) < 2] = np.inf
    # t = e f / f0, and without any first stage it is infinite
    size = np.abs(e * f) / max(strong, 1e-12)
    rejected = mass[size > critical].sum()
    usual = mass[size > 1.96].sum()
    assert rejected <= 0.0505
    if strong in (1.0, 2.0):
        assert usual > 0.08


def test_one_variable_has_its_usual_first_stage_f():
    rng = np.random.default_rng(1)
    z = rng.normal(size=400)
    x = 0.3 * z + rng.normal(size=400)
    slope = z @ x / (z @ z)
    e = x - slope * z
    usual = slope**2 * (z @ z) / (e @ e / 399)
    assert strength.conditional_f(x[:, None], z[:, None])[0] == pytest.approx(usual)


def test_variables_with_instruments_of_their_own_have_their_own_f():
    """The other's instrument moves nothing, so conditioning changes only degrees of freedom."""
    rng = np.random.default_rng(2)
    Z, noise = np.split(np.linalg.qr(rng.normal(size=(600, 4)))[0], 2, axis=1)
    X = 0.5 * Z + noise  # noise that no instrument moves
    alone = [strength.conditional_f(X[:, [j]], Z[:, [j]])[0] for j in (0, 1)]
    np.testing.assert_allclose(strength.conditional_f(X, Z), np.multiply(alone, 598 / 599))


def test_conditional_f_is_that_of_sanderson_and_windmeijer():
    """Their definition: 2SLS residual of one variable on the other, on all instruments."""
    rng = np.random.default_rng(3)
    Z = rng.normal(size=(500, 2))
    X = Z @ np.array([[1.0, 0.9], [0.8, 0.9]]) + rng.normal(size=(500, 2))
    fitted = Z @ np.linalg.solve(Z.T @ Z, Z.T @ X)
    delta = fitted[:, 1] @ X[:, 0] / (fitted[:, 1] @ X[:, 1])
    r = X[:, 0] - delta * X[:, 1]
    on_all = Z @ np.linalg.solve(Z.T @ Z, Z.T @ r)
    wanted = (on_all @ on_all) / 1 / ((r - on_all) @ (r - on_all) / 498)
    assert strength.conditional_f(X, Z)[0] == pytest.approx(wanted)
    # each first stage alone looks strong
    assert wanted < 0.1 * ((fitted[:, 0] ** 2).sum() / 2)
    with pytest.raises(ParameterError, match="as many instruments"):
        strength.conditional_f(X, Z[:, :1])


def test_eight_slopes_say_how_strong_each_first_stage_is(panel):
    from helpers.inference import rho_by_occupation

    found = rho_by_occupation.estimate_rho_k(panel)
    assert list(found.conditional_f.index) == list(found.rho_k.index)
    assert (found.conditional_f > 0).all()
    # none passes the bound that the chapter quotes
    assert (found.conditional_f < 23.1).all()


def test_hansens_j_knows_no_units_and_no_basis_of_the_instruments():
    rng = np.random.default_rng(6)
    codes = np.arange(120) % 15
    Z = rng.normal(size=(120, 2))
    u = rng.normal(size=120) + rng.normal(size=15)[codes]
    x = Z @ [1.0, 0.5] + u + rng.normal(size=120)
    y = 2 * x + u
    plain = hansen(y, x, Z, codes)
    for other in (Z * [1e-9, 1e9], Z[:, ::-1], Z @ np.array([[1.0, 0.3], [0.0, 2.0]])):
        np.testing.assert_allclose(hansen(y, x, other, codes), plain, rtol=1e-9)
    # both equations in other units: the slope follows, the statistic does not
    np.testing.assert_allclose(
        hansen(1e6 * y, 1e-3 * x, Z, codes), plain * np.array([1, 1e9]), rtol=1e-9
    )


def test_hansens_j_is_that_of_linearmodels(made):
    """Two-step GMM of another package, moments clustered alike."""
    from linearmodels.iv import IVGMM

    panel = _some(made, [2010, 2014, 2019])
    data = inference.with_base(estimation.sample(panel))
    names = ["log_share", "log_wage", "instrument", "base"]
    net = pd.DataFrame(estimation.residualise(data, names), columns=names)
    net["base"] += 0  # a copy of its own
    for clusters in ("city", "occupation"):
        codes = codes_of(data, clusters)
        fit = IVGMM(
            net["log_share"], None, net[["log_wage"]], net[["instrument", "base"]],
            weight_type="clustered", clusters=codes, debiased=False,
        ).fit(iter_limit=2)  # fmt: skip
        found = inference.overidentification(panel, clusters)
        assert found.df == 1
        assert found.beta == pytest.approx(float(fit.params.iloc[0]), rel=1e-9)
        assert pytest.approx(float(fit.j_stat.stat), rel=1e-8) == found.J


def test_hansens_j_asks_where_the_shifts_point_and_not_how_far(made):
    """Shifts a ten-millionth as large add the same direction to the base year's instrument."""
    panel = _some(made, [2010, 2014, 2019])
    cells = inference.with_base(estimation.sample(panel))[["city", "occupation", "year", "base"]]
    cells = panel.cells.merge(cells, on=["city", "occupation", "year"])
    found = []
    for size in (1.0, 1e-7):
        instrument = cells["base"] + size * (cells["instrument"] - cells["base"])
        moved = cells.drop(columns="base").assign(instrument=instrument)
        found.append(inference.overidentification(Panel(moved, panel.cities), "city"))
    assert pytest.approx(found[0].J, rel=1e-4) == found[1].J
    assert found[1].beta_shifts == pytest.approx(found[0].beta_shifts, rel=1e-4)


@pytest.mark.replication
def test_the_shifts_point_elsewhere_on_the_authors_files(published):
    """J rejects with cells and cities as clusters; the shifts' slope is near one."""
    for clusters, rejects in (("city_occupation", True), ("city", True), ("occupation", False)):
        found = inference.overidentification(published, clusters)
        assert (found.p_value < 0.05) == rejects
    by_cell = inference.overidentification(published)
    assert by_cell.shifts_set.kind == "interval"
    assert by_cell.beta_base not in by_cell.shifts_set
    assert by_cell.beta_base == pytest.approx(estimation.estimate(published).beta, rel=0.01)


def test_an_instrument_that_never_moves_has_nothing_to_compare(made):
    first = made.cells.groupby(["city", "occupation"])["instrument"].transform("first")
    frozen = Panel(cells=made.cells.assign(instrument=first), cities=made.cities)
    with pytest.raises(DataError, match="same in all years"):
        inference.overidentification(frozen)
    with pytest.raises(DataError, match="same in all years"):
        inference.overidentification(made, years=[2012])
    with pytest.raises(UnknownNameError):
        inference.overidentification(made, "city+occupation")
