"""Wild bootstrap sets: exact, invariant, and the same as refits of the signed data."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers import inference
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.inference import sign_patterns, simulation, weak_instruments, wild, worlds
from helpers.inference.clusters import codes_of, sums
from helpers.panel import Panel


def _check_exact(found: inference.ConfidenceSet, p_value, level: float = 0.95) -> None:
    """P-values just inside and just outside each end, and far away, to three digits."""
    ends = sorted(e for pair in found.intervals for e in pair if np.isfinite(e))
    probes = [0.0, 1.0, -1e3, 1e3]
    for low, high in found.intervals:
        if np.isfinite(low) and np.isfinite(high):
            probes.append((low + high) / 2)
    for end in ends:
        probes += [end - 5e-4 * (1 + abs(end)), end + 5e-4 * (1 + abs(end))]
    for b in probes:
        inside = b in found
        assert (p_value(b) >= 1 - level - 1e-12) == inside, (b, p_value(b), str(found))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    groups=st.sampled_from([5, 6, 8]),
    strong=st.sampled_from([0.0, 0.1, 0.5, 3.0]),
    left=st.sampled_from([1.0, 1.0, 1e-2, 1e-6]),
    level=st.sampled_from([0.5, 0.9, 0.95]),
)
@example(seed=991, groups=6, strong=0.0, left=1.0, level=0.9)  # 2SLS gives a slope of -2,689
@example(seed=0, groups=5, strong=0.0, left=1e-6, level=0.95)
def test_every_slope_outside_is_rejected_and_none_inside(seed, groups, strong, left, level):
    """Both tests, instruments of any strength and of none, clusters of unequal size."""
    rng = np.random.default_rng(seed)
    codes = np.sort(rng.integers(0, groups, 60))
    codes[:groups] = np.arange(groups)
    codes = np.sort(codes)
    z = rng.normal(size=60)
    u = rng.normal(size=60) + rng.normal(size=groups)[codes]
    x = strong * z + 0.7 * u + rng.normal(size=60)
    y = 1.5 * x + u
    y, x, z = (v - v.mean() for v in (y, x, z))
    x -= (1 - left) * z * (z @ x) / (z @ z)  # so much of what the instrument explains is left
    signs = sign_patterns.sign_patterns(groups, 999, 0)
    member = np.eye(groups)[codes]

    def scores(v: np.ndarray) -> np.ndarray:
        signed = v[:, None] * signs.T[codes]
        return (z[:, None] * (signed - signed.mean(axis=0))).T @ member

    along = sums(z * z, codes)
    ar = sign_patterns.AndersonRubin(
        sums(z * y, codes), sums(z * x, codes), scores(y), scores(x), along
    )
    beta = z @ y / (z @ x)
    efficient = sign_patterns.Efficient(
        y, x, z, along, scores(y), scores(x), scores(z),
        sums(z * (y - beta * x), codes),
    )  # fmt: skip
    for test in (ar, efficient):
        found = inference.ConfidenceSet(test.crossings().kept(level), level)
        _check_exact(found, test.p_value, level)
        assert test.p_value(beta) == 1
        assert beta in found


@pytest.mark.slow
@pytest.mark.parametrize("clusters", ["occupation", "city"])
def test_sets_of_panels_are_exact(panel, clusters):
    """Three years are as good as ten: every p-value draws all signs anew."""
    given = {"clusters": clusters, "draws": 199, "years": [2010, 2015, 2019]}
    for set_of, test in (
        (inference.wild_interval, inference.wild_test),
        (inference.wild_anderson_rubin, inference.wild_anderson_rubin_test),
    ):
        _check_exact(set_of(panel, **given), lambda b, test=test: test(panel, b, **given).p_value)


def test_the_printed_ends_are_right_to_three_digits(panel):
    """A slope a thousandth beyond what is printed is rejected."""
    for found, test in (
        (inference.wild_interval(panel), inference.wild_test),
        (inference.wild_anderson_rubin(panel), inference.wild_anderson_rubin_test),
    ):
        for low, high in found.intervals:
            for end, step in ((low, -1e-3), (high, 1e-3)):
                if np.isfinite(end):
                    assert test(panel, round(end, 3) + step).p_value < 0.05
                    assert test(panel, round(end, 3) - step).p_value >= 0.05


def test_a_draw_is_a_refit_of_the_signed_data(made):
    """The Anderson-Rubin draws against regressions of pyfixest on changed outcomes."""
    import pyfixest
    from pyfixest.demeaners import MapDemeaner

    years = [2013, 2016]
    panel = Panel(
        cells=made.cells[made.cells["year"].isin(years)],
        cities=made.cities[made.cities["year"].isin(years)],
    )
    b = 2.0
    test = inference.wild_anderson_rubin_test(panel, b)
    net = inference.within(panel)
    codes = codes_of(net.data, "occupation")
    signs = sign_patterns.sign_patterns(8, 999, 0)
    ratio = None
    for pattern in (0, 5, 77, 200):
        data = net.data.assign(left=(net.y - b * net.x) * signs[pattern][codes], cluster=codes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = pyfixest.feols(
                "left ~ instrument | city_year + occupation_year", data, vcov={"CRV1": "cluster"},
                demeaner=MapDemeaner(fixef_tol=1e-12),
            )  # fmt: skip
        t = float(fit.tstat()["instrument"])
        ratio = ratio or t / test.draws[pattern]  # the factor of the variance, always the same
        assert t == pytest.approx(ratio * test.draws[pattern], rel=1e-6)
    assert test.draws[0] == pytest.approx(test.t, rel=1e-12)


def test_the_test_knows_no_scale_and_no_direction(made):
    """Wages in other units, shares turned round: the same p-values."""
    plain = inference.wild_anderson_rubin_test(made, 1.0).p_value
    cells = made.cells.assign(instrument=-1e-8 * made.cells["instrument"])
    other = Panel(cells=cells, cities=made.cities)
    assert inference.wild_anderson_rubin_test(other, 1.0).p_value == plain
    one, two = (inference.wild_anderson_rubin(p).intervals for p in (made, other))
    np.testing.assert_allclose(one, two, rtol=1e-5)


def test_p_values_are_counts_of_patterns(panel):
    test = inference.wild_anderson_rubin_test(panel, 1.0)
    assert len(test.draws) == 256
    assert (test.p_value * 128) % 1 == 0
    assert test.p_value >= 2 / 256


@pytest.mark.slow
def test_scores_under_the_null_cannot_exceed_clusters_less_one(panel):
    """Whatever the slope, and whatever the data."""
    forms = inference.anderson_rubin_forms(panel, beta0=50.0, draws=19)
    forms = forms.set_index(["clusters", "form"])
    from scipy import stats

    net = inference.within(panel)
    codes = codes_of(net.data, "occupation")
    for b in np.linspace(-100, 100, 81):
        s = sums(net.z * (net.y - b * net.x), codes)
        assert s.sum() ** 2 / (8 / 7 * (s @ s)) <= 7 + 1e-9
    lowest = stats.f.sf(7, 1, 7)
    assert forms.at[("occupation", "null"), "p_value"] >= lowest
    assert forms.at[("occupation", "null"), "largest"] == 7
    assert forms.at[("occupation", "null"), "rho"] == "[0.000, 1.000]"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12))
def test_the_bound_is_reached_only_by_clusters_that_agree(scores):
    s = np.array(scores)
    if not np.abs(s).max() > 1e-3:
        return
    n = len(s)
    found = s.sum() ** 2 / (n / (n - 1) * (s @ s))
    assert found <= n - 1 + 1e-9
    if np.ptp(s) > 0.5 * np.abs(s).max():
        assert found < n - 1


@pytest.mark.parametrize("clusters", ["city_occupation", "city", "occupation"])
def test_sets_of_the_unrestricted_form_are_where_its_test_accepts(panel, clusters):
    found = inference.anderson_rubin(panel, clusters, form="unrestricted")
    _check_exact(
        found,
        lambda b: inference.anderson_rubin_p_value(panel, b, clusters, form="unrestricted"),
    )
    found = inference.anderson_rubin(panel, clusters)
    _check_exact(found, lambda b: inference.anderson_rubin_p_value(panel, b, clusters, form="null"))


def test_two_ways_at_once_are_inverted_exactly(panel):
    net = inference.within(panel)
    found = inference.anderson_rubin(panel, "city+occupation", form="unrestricted")
    _check_exact(
        found,
        lambda b: weak_instruments.p_value_by_clusters(net, b, "city+occupation", "unrestricted"),
    )


@pytest.mark.replication
def test_eight_occupations_on_the_authors_files(published):
    """Rho = 0: the null form and the wild test do not reject, the unrestricted form does."""
    table = inference.anderson_rubin_forms(published, draws=256).set_index(["clusters", "form"])
    p = table.loc["occupation", "p_value"]
    assert p["null"] > 0.1
    assert p["unrestricted"] < 0.05
    assert p["wild"] == pytest.approx(20 / 256)
    assert table.at[("occupation", "null"), "slopes"].endswith("(line)")
    assert inference.wild_anderson_rubin(published).kind == "interval"
    assert inference.wild_test(published, 1.0).p_value == pytest.approx(8 / 256)


@pytest.mark.slow
def test_the_three_agree_where_clusters_are_many(made):
    for form in inference.FORMS:
        assert inference.anderson_rubin_p_value(made, 1.0, "city", form=form) < 1e-3
    sets = [inference.anderson_rubin(made, "city", form=form) for form in ("null", "unrestricted")]
    sets.append(inference.wild_anderson_rubin(made, "city", draws=399))
    ends = np.array([found.intervals[0] for found in sets])
    assert np.ptp(ends, axis=0).max() < 0.1 * np.ptp(ends[0])


def test_a_curve_of_p_values_is_the_tests(panel):
    slopes = [0.5, 1.0, 2.5, 6.0]
    curve = inference.p_value_curve(panel, slopes)
    for form in inference.FORMS:
        wanted = [
            inference.anderson_rubin_p_value(panel, b, "occupation", form=form) for b in slopes
        ]
        np.testing.assert_allclose(curve[form], wanted)


@pytest.mark.parametrize("clustering", list(worlds.CLUSTERINGS))
def test_the_simulations_scores_are_the_packages(made, clustering):
    """Matrix products on a rectangle against effects taken out of signed variables."""
    net = inference.within(made)
    shape = (10, 260, 8)
    order = np.lexsort((
        pd.factorize(net.data["occupation"], sort=True)[0],
        pd.factorize(net.data["city"], sort=True)[0], net.data["year"],
    ))  # fmt: skip
    net = inference.Within(
        net.y[order], net.x[order], net.z[order], net.data.iloc[order].reset_index(drop=True)
    )
    clusters = worlds.CLUSTERINGS[clustering]
    codes = net.data["city_occupation"] if clusters == "city_occupation" else net.data[clusters]
    n = codes.nunique()
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(3, n))
    (wanted,) = wild.draws_of(net, clusters, signs, "x")
    found = simulation.scores(net.x.reshape(shape), net.z.reshape(shape), clustering, signs)
    np.testing.assert_allclose(found, wanted, atol=1e-10)


def test_pairs_of_the_simulation_are_the_packages(made):
    net = inference.within(made)
    data = net.data
    order = np.lexsort((
        pd.factorize(data["occupation"], sort=True)[0],
        pd.factorize(data["city"], sort=True)[0], data["year"],
    ))  # fmt: skip
    y, x, z = (v[order].reshape(10, 260, 8) for v in (net.y, net.x, net.z))
    found = simulation._pairs(y, x, z, 4)
    drawn = np.random.default_rng([4, 1]).multinomial(8, np.full(8, 1 / 8), size=len(found))
    wanted = inference.Cells.of(data).slopes(drawn[:20].astype(float), "occupation")
    np.testing.assert_allclose(found[:20], wanted, rtol=1e-7)


def test_central_intervals_of_the_draws_are_the_sets(panel):
    draws = inference.wild_draws(panel, 40_000, seed=5)
    for level in (0.5, 0.9):
        found = inference.wild_anderson_rubin(panel, level=level)
        if found.kind != "interval":
            continue
        low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        assert found.intervals[0][0] - 1e-9 <= low
        assert high <= found.intervals[0][1] + 1e-9
        # a set one step of the staircase smaller would not hold them
        smaller = inference.wild_anderson_rubin(panel, level=level - 1 / 64)
        assert low <= smaller.intervals[0][0] + 1e-9
        assert high >= smaller.intervals[-1][1] - 1e-9
    with pytest.raises(ParameterError, match="draws"):
        inference.wild_draws(panel, 0)


def test_what_cannot_be_tested_is_refused(made):
    with pytest.raises(UnknownNameError):
        inference.wild_anderson_rubin(made, "state")
    with pytest.raises(UnknownNameError):
        inference.wild_interval(made, clusters="city_occupation")
    with pytest.raises(ParameterError, match="level"):
        inference.wild_anderson_rubin(made, level=1.0)
    with pytest.raises(ParameterError, match="draws"):
        inference.wild_interval(made, clusters="city", draws=0)
    with pytest.raises(UnknownNameError):
        inference.anderson_rubin(made, form="restricted")
    with pytest.raises(ParameterError, match="unrestricted form"):
        inference.anderson_rubin(made, "iid", form="unrestricted")
    one = Panel(
        cells=made.cells[made.cells["occupation"].isin(["sales", "trades"])], cities=made.cities
    )
    with pytest.raises(DataError, match="needs 3 or more"):
        inference.wild_anderson_rubin(one)
    with pytest.raises(DataError):
        inference.overidentification(one, "occupation")


def test_a_draw_counts_as_large_only_when_it_is():
    """Ties by rounding count, neighbours do not: with few patterns each is a hundredth or more."""
    draws = np.array([1.0, -1.0 + 1e-13, 0.995, -0.9999, 0.999_999, 2.0])
    assert sign_patterns.p_value(1.0, draws) == pytest.approx(3 / 6)
    assert sign_patterns.p_value(1e-9, np.zeros(4)) == 0
