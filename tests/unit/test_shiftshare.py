"""Shift-share inference against published numbers, simulations and its own identities."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import instrument
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.shiftshare import (
    CollinearSharesError,
    ShiftShareWarning,
    regress,
    rotemberg_weights,
    shock_level,
)

CONTROLS = [
    *("t2", "l_shind_manuf_cbp", "l_sh_popedu_c", "l_sh_popfborn", "l_sh_empl_f"),
    *("l_sh_routine33", "l_task_outsource"),
]


def _read(path) -> dict:
    import rdata

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdata.read_rda(path)


@pytest.fixture(scope="module")
def adh(external):
    content = _read(external("ADH") / "ADH.rda")["ADH"]
    reg = content["reg"].reset_index(drop=True)
    division = pd.get_dummies(reg["division"], drop_first=True, dtype=float)
    controls = np.column_stack([np.ones(len(reg)), reg[CONTROLS], division])
    return reg, np.asarray(content["W"]), np.floor(np.asarray(content["sic"]) / 10), controls


def test_adh_slopes_and_first_stage_intervals(adh):
    """Every published number of ShiftShareSE's documentation, to its last digit but one."""
    reg, W, three_digit, controls = adh
    common = {"controls": controls, "weights": reg["weights"]}
    first = regress(reg["shock"], reg["IV"], W, **common)
    assert first.beta == pytest.approx(0.631040938185757, rel=1e-12)
    np.testing.assert_allclose(first.akm, (0.495188795569771, 0.766893080801748), rtol=1e-10)
    np.testing.assert_allclose(first.akm0, (0.522017706924849, 0.889797428206052), rtol=1e-10)
    grouped = regress(reg["shock"], reg["IV"], W, sector_clusters=three_digit, **common)
    np.testing.assert_allclose(grouped.akm, (0.527240172127609, 0.734841704243901), rtol=1e-10)
    np.testing.assert_allclose(grouped.akm0, (0.537570958010291, 0.838282656411893), rtol=1e-10)
    assert grouped.n_clusters < first.n_clusters == 770
    reduced = regress(reg["d_sh_empl"], reg["IV"], W, **common)
    assert reduced.beta == pytest.approx(-0.488568717122902, rel=1e-12)
    iv = regress(reg["d_sh_empl"], reg["IV"], W, x=reg["shock"], **common)
    assert iv.beta == pytest.approx(-0.774226658776735, rel=1e-12)
    assert iv.akm0_kind == "interval"


def test_adh_without_weights(adh):
    reg, W, _, controls = adh
    few = np.column_stack([np.ones(len(reg)), reg["t2"]])
    for Z, printed in ((few, -0.6215758), (controls, -0.3028266)):
        found = regress(reg["d_sh_empl_mfg"], reg["IV"], W, x=reg["shock"], controls=Z)
        assert found.beta == pytest.approx(printed, abs=5e-8)


def test_adh_in_fewer_divisions_has_unbounded_sets(adh):
    """ShiftShareSE's own test of weak identification: an interval, two rays, the line."""
    reg, W, _, _ = adh
    kinds = []
    for last in (7, 6, 5):
        kept = reg["division"].astype(int).to_numpy() <= last
        part = reg[kept]
        division = pd.get_dummies(part["division"].astype(int), drop_first=True, dtype=float)
        controls = np.column_stack([np.ones(len(part)), part[CONTROLS], division])
        shares = W[kept]
        shares = shares[:, np.linalg.norm(shares, axis=0) > 0]
        try:
            found = regress(
                part["d_sh_empl"], part["IV"], shares, x=part["shock"], controls=controls
            )
        except CollinearSharesError:
            pytest.skip("the shares of fewer divisions are collinear")
        kinds.append(found.akm0_kind)
    assert kinds == ["interval", "two rays", "line"]


@pytest.fixture(scope="module")
def bartik(external):
    folder = external("rotemberg")
    master, local, shifts = (
        next(iter(_read(folder / f"BAR_{name}.rda").values()))
        for name in ("master", "local_wide", "global")
    )
    known = ("czone", "year", "wage_ch", "emp_ch", "pop1980")
    controls = master[[name for name in master if name not in known]].to_numpy(float)
    controls = np.column_stack([np.ones(len(master)), controls])
    W = local.drop(columns=["czone", "year"]).to_numpy(float)
    return master, W, shifts.reset_index(drop=True), controls


def test_rotemberg_weights_are_the_published_ones(bartik):
    master, W, shifts, controls = bartik
    table = rotemberg_weights(
        master["wage_ch"],
        master["emp_ch"],
        W,
        shifts["nat_empl_ind_"],
        controls=controls,
        weights=master["pop1980"],
    )
    printed = [
        (2000, "42", 0.080, 0.156, 1.169),
        (1990, "0", -0.033, 0.098, 0.752),
        (2000, "351", -0.030, 0.092, 1.351),
        (1980, "362", 0.101, 0.081, 0.174),
        (1990, "351", 0.031, 0.077, 1.606),
    ]
    for row, (year, industry, shift, alpha, beta) in zip(
        table.head(5).itertuples(), printed, strict=True
    ):
        sector = shifts.loc[row.sector]
        assert int(sector["year"]) == year
        assert str(sector["ind"]).split(".")[0] == industry
        assert row.shift == pytest.approx(shift, abs=5.1e-4)
        assert row.alpha == pytest.approx(alpha, abs=5.1e-4)
        assert row.beta == pytest.approx(beta, abs=5.1e-4)
    assert table["alpha"].sum() == pytest.approx(1, abs=1e-10)
    # the weighted sum is two-stage least squares with the shift-share variable itself
    z = W @ shifts["nat_empl_ind_"].to_numpy()
    root = np.sqrt(master["pop1980"].to_numpy(float))
    stacked = np.column_stack([master["wage_ch"], master["emp_ch"], z]) * root[:, None]
    scaled = controls * root[:, None]
    y, x, z = (stacked - scaled @ np.linalg.lstsq(scaled, stacked, rcond=None)[0]).T
    assert (table["alpha"] * table["beta"]).sum() == pytest.approx((z @ y) / (z @ x), rel=1e-8)


def _economy(seed: int, n: int = 300, n_sectors: int = 40, latent: float = 1.0):
    """Units with exposures, sector shocks, and errors that follow the exposures."""
    rng = np.random.default_rng(seed)
    W = rng.dirichlet(np.full(n_sectors, 0.5), n)
    shifts = rng.normal(size=n_sectors)
    unseen = latent * rng.normal(size=n_sectors)
    z = W @ shifts
    u = W @ unseen + 0.05 * rng.normal(size=n)
    x = z + 0.5 * u + 0.1 * rng.normal(size=n)
    return 2 * x + u, x, z, W, shifts


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_sector_regression_has_the_same_slope(seed):
    """Borusyak, Hull and Jaravel's equivalence, and Goldsmith-Pinkham's sum, to rounding."""
    y, x, _, W, shifts = _economy(seed)
    # a level of the shifts is absorbed by the constant only where shares sum to one
    z = W @ (shifts - np.average(shifts, weights=W.sum(axis=0)))
    constant = np.ones((len(y), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShiftShareWarning)
        over_units = regress(y, z, W, x=x, controls=constant)
    over_sectors = shock_level(y, x, W, shifts)
    assert over_sectors.beta == pytest.approx(over_units.beta, rel=1e-8)
    table = rotemberg_weights(y, x, W, shifts, controls=constant)
    assert table["alpha"].sum() == pytest.approx(1)
    assert (table["alpha"] * table["beta"]).sum() == pytest.approx(over_units.beta, rel=1e-6)


def test_incomplete_shares_need_their_sum_as_a_control():
    y, x, _, W, shifts = _economy(3)
    part = W[:, :-10]
    with pytest.raises(DataError, match="do not sum to a constant"):
        shock_level(y, x, part, shifts[:-10])
    controls = np.column_stack([np.ones(len(y)), part.sum(axis=1)])
    shock_level(y, x, part, shifts[:-10], controls=controls)


def test_exposure_robust_intervals_hold_the_truth_where_others_do_not():
    """Errors that follow exposures: heteroskedastic intervals fail, AKM0 and AKM do not."""
    held = {"akm": 0, "akm0": 0, "plain": 0}
    n_draws = 200
    for seed in range(n_draws):
        y, x, z, W, _ = _economy(seed, n_sectors=60)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ShiftShareWarning)
            fit = regress(y, z, W, x=x, controls=np.ones((len(y), 1)))
        held["akm"] += fit.akm[0] <= 2 <= fit.akm[1]
        low, high = fit.akm0
        held["akm0"] += low <= 2 <= high if low <= high else not high < 2 < low
        zc = z - z.mean()
        residual = y - y.mean() - fit.beta * (x - x.mean())
        se = np.sqrt(((zc * residual) ** 2).sum()) / abs(zc @ x)
        held["plain"] += abs(fit.beta - 2) <= 1.96 * se
    assert held["plain"] / n_draws < 0.7
    assert held["akm"] / n_draws > 0.85
    assert 0.9 <= held["akm0"] / n_draws <= 0.995


def test_akm0_is_what_the_test_does_not_reject():
    from scipy import stats

    y, x, z, W, _ = _economy(1, latent=0.3)
    constant = np.ones((len(y), 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShiftShareWarning)
        fit = regress(y, z, W, x=x, controls=constant)
    net = [v - v.mean() for v in (y, x, z)]
    shock = np.linalg.lstsq(W, net[2], rcond=None)[0]
    low, high = fit.akm0
    for b in np.linspace(low - 1, high + 1, 41):
        scores = shock * (W.T @ (net[0] - b * net[1]))
        rejects = (net[2] @ (net[0] - b * net[1])) ** 2 > stats.norm.ppf(0.975) ** 2 * (
            scores @ scores
        )
        assert rejects == (not low <= b <= high)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda d: {**d, "W": np.column_stack([d["W"], d["W"][:, 0]])},
         CollinearSharesError, "rank"),
        (lambda d: {**d, "W": d["W"][:30], "y": d["y"][:30], "z": d["z"][:30], "x": d["x"][:30]},
         CollinearSharesError, "40 sectors but rank 30"),
        (lambda d: {**d, "y": np.append(d["y"][:-1], np.nan)}, DataError, "1 values"),
        (lambda d: {**d, "z": np.ones(300), "controls": np.ones((300, 1))},
         DataError, "explain"),
        (lambda d: {**d, "x": np.zeros(300)}, DataError, "does not move x"),
        (lambda d: {**d, "weights": np.zeros(300)}, ParameterError, "above 0"),
        (lambda d: {**d, "level": 2}, ParameterError, "level"),
        (lambda d: {**d, "W": d["W"][:, 0]}, ParameterError, "expected shape"),
        (lambda d: {**d, "sector_clusters": [1, 2]}, ParameterError, "expected 40 values"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(change, error, match):
    y, x, z, W, _ = _economy(1)
    with pytest.raises(error, match=match):
        regress(**change({"y": y, "z": z, "W": W, "x": x}))


def test_what_a_constant_takes_out_leaves_little_and_it_counts():
    """A variable of a level of ten million; an outcome that is x but for a billionth."""
    y, x, z, W, _ = _economy(1, n_sectors=40)
    constant = np.ones(len(y))
    plain, lifted = (regress(y, z + up, W, x=x, controls=constant) for up in (0.0, 1e7))
    assert lifted.beta == pytest.approx(plain.beta, rel=1e-6)
    assert lifted.se_akm == pytest.approx(plain.se_akm, rel=1e-4)
    near = regress(2 * x + 1e-9 * y, z, W, x=x, controls=constant)
    assert near.se_akm == pytest.approx(1e-9 * plain.se_akm, rel=1e-4)


def test_few_sectors_and_many_controls_are_warned_of():
    y, x, z, W, _ = _economy(1, n_sectors=6)
    with pytest.warns(ShiftShareWarning, match="few for it") as said:
        regress(y, z, W, x=x)
    part = (W.sum(axis=0) / W.sum()).max()
    assert f"one sector has {part:.0%} of all exposure" in " ".join(str(w.message) for w in said)
    y, x, z, W, _ = _economy(1, n_sectors=40)
    # effects for pairs, and more, take the shift-share variable out of the span of the shares
    many = np.random.default_rng(0).normal(size=(300, 60))
    pairs = np.kron(np.eye(150), np.ones((2, 1)))
    with pytest.warns(ShiftShareWarning, match="the shares explain 39% of z"):
        with_effects = regress(y, z, W, x=x, controls=np.column_stack([pairs, many]))
    without = regress(y, z, W, x=x)
    assert without.spanned == pytest.approx(1)
    assert with_effects.spanned < 0.5
    with pytest.warns(ShiftShareWarning, match="60 controls"):
        regress(y, z, W, x=x, controls=many)


@pytest.fixture(scope="module")
def states(external):
    return _read(external("ADH") / "ADH.rda")["ADH"]["reg"]["statefip"].reset_index(drop=True)


@pytest.mark.parametrize(
    ("outcome", "endogenous", "weighted", "printed"),
    [
        ("shock", False, False, (0.029158413, 0.171520974, 0.181839343)),
        ("shock", False, True, (0.02732516, 0.087007189, 0.091423724)),
        ("d_sh_empl_mfg", False, False, (0.028257944, 0.048665505, 0.051901337)),
        ("d_sh_empl_mfg", False, True, (0.030314902, 0.050950162, 0.040030546)),
        ("d_sh_empl_mfg", True, False, (0.0390714, 0.090163192, 0.100470868)),
        ("d_sh_empl_mfg", True, True, (0.053969004, 0.095215853, 0.098773877)),
    ],
)
def test_errors_beside_akm_are_statas(adh, states, outcome, endogenous, weighted, printed):
    """Homoskedastic, robust and clustered by state: Stata's, as ShiftShareSE's tests print them."""
    reg, W, _, controls = adh
    found = regress(
        reg[outcome],
        reg["IV"],
        W,
        x=reg["shock"] if endogenous else None,
        controls=controls,
        weights=reg["weights"] if weighted else None,
        clusters=states,
    )
    errors = found.se_homoskedastic, found.se_robust, found.se_clustered
    np.testing.assert_allclose(errors, printed, rtol=2e-8, atol=6e-10)
    assert found.n_unit_clusters == 48


def test_adh_p_values_are_the_published_ones(adh, states):
    """Reduced form and 2SLS of table 5, by error, and AKM's clustered by three digits."""
    reg, W, three_digit, controls = adh
    common = {"controls": controls, "weights": reg["weights"], "clusters": states}
    reduced = regress(reg["d_sh_empl"], reg["IV"], W, **common)
    assert reduced.p_robust == pytest.approx(0.000013926848098, abs=1e-15)
    assert reduced.p_clustered == pytest.approx(0.000000000114031, abs=1e-15)
    found = {}
    for name, sectors in (("alone", None), ("grouped", three_digit)):
        for x in (None, reg["shock"]):
            fit = regress(
                reg["d_sh_empl_mfg"], reg["IV"], W, x=x, sector_clusters=sectors, **common
            )
            found[name, x is not None] = (fit.p_akm, fit.p_akm0)
    for key, printed in {
        ("alone", False): (0.000000150063370, 0.000090458689727),
        ("alone", True): (0.000000051567025, 0.000090458689726),
    }.items():
        np.testing.assert_allclose(found[key], printed, atol=1e-13)
    # under the null of no effect the first stage plays no part
    for name in ("alone", "grouped"):
        assert found[name, False][1] == pytest.approx(found[name, True][1], rel=1e-9)


def _fit(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShiftShareWarning)
        return regress(*arguments, **options)


@pytest.mark.parametrize("seed", range(6))
def test_errors_beside_akm_are_statsmodels_and_linearmodels(seed):
    import statsmodels.api as sm
    from linearmodels.iv import IV2SLS

    y, x, z, W, _ = _economy(seed)
    rng = np.random.default_rng(seed)
    weight, codes = rng.uniform(0.5, 2, len(y)), rng.integers(0, 25, len(y))
    controls = np.column_stack([np.ones(len(y)), rng.normal(size=len(y))])
    ours = _fit(y, z, W, controls=controls, weights=weight, clusters=codes)
    model = sm.WLS(y, np.column_stack([z, controls]), weights=weight)
    for name, how in (
        ("homoskedastic", {}),
        ("robust", {"cov_type": "HC1", "use_t": False}),
        ("clustered", {"cov_type": "cluster", "cov_kwds": {"groups": codes}, "use_t": False}),
    ):
        theirs = model.fit(**how)
        assert getattr(ours, f"se_{name}") == pytest.approx(theirs.bse[0], rel=1e-8)
        if how:
            assert getattr(ours, f"p_{name}") == pytest.approx(theirs.pvalues[0], rel=1e-5)
    ours = _fit(y, z, W, x=x, controls=controls, weights=weight, clusters=codes)
    model = IV2SLS(y, controls, x, z, weights=weight)
    for name, how in (
        ("homoskedastic", {"cov_type": "unadjusted"}),
        ("robust", {"cov_type": "robust"}),
        ("clustered", {"cov_type": "clustered", "clusters": codes}),
    ):
        theirs = model.fit(**how)
        assert ours.beta == pytest.approx(theirs.params.iloc[-1], rel=1e-8)
        se = theirs.std_errors.iloc[-1]
        assert getattr(ours, f"se_{name}") == pytest.approx(se, rel=1e-6)


def test_p_values_and_sets_say_the_same():
    """Zero is outside a set at a level exactly where the p-value is below one minus it."""
    for seed in range(12):
        y, x, z, W, _ = _economy(seed, latent=3.0)
        y = y - 2 * x + 0.3 * z
        for level in (0.5, 0.9, 0.95, 0.999):
            fit = _fit(y, z, W, x=x, controls=np.ones(len(y)), level=level)
            assert (fit.akm[0] <= 0 <= fit.akm[1]) == (fit.p_akm >= 1 - level)
            low, high = fit.akm0
            inside = low <= 0 <= high if low <= high else not high < 0 < low
            assert inside == (fit.p_akm0 >= 1 - level)
            table = fit.table().set_index("errors")
            assert list(table.index) == ["homoskedastic", "robust", "AKM", "AKM0"]
            assert tuple(table.loc["AKM", ["low", "high"]]) == pytest.approx(fit.akm)


def test_labels_are_matched_and_a_mismatch_is_named():
    y, x, z, W, shifts = _economy(2)
    rng = np.random.default_rng(0)
    names = [f"unit {i}" for i in range(len(y))]
    sectors = [f"sector {i}" for i in range(W.shape[1])]
    controls = np.column_stack([np.ones(len(y)), rng.normal(size=len(y))])
    weight, groups, units = rng.uniform(1, 2, len(y)), np.arange(40) // 2, np.arange(300) % 7
    plain = _fit(y, z, W, x, controls, weight, groups, clusters=units)
    rows, columns = rng.permutation(len(y)), rng.permutation(len(sectors))

    def shuffled(values):
        return pd.Series(values, names).iloc[rng.permutation(len(y))]

    frame = pd.DataFrame(W, names, sectors).iloc[rows, columns]
    found = _fit(
        pd.Series(y, names),
        shuffled(z),
        frame,
        shuffled(x),
        pd.DataFrame(controls, names).iloc[rows],
        shuffled(weight),
        pd.Series(groups, sectors).iloc[columns[::-1]],
        clusters=shuffled(units),
    )
    for name in ("beta", "se_akm", "se_clustered", "p_akm0", "se_robust"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=1e-9)
    table = rotemberg_weights(y, x, W, shifts, controls, weight)
    same = rotemberg_weights(
        pd.Series(y, names),
        shuffled(x),
        frame,
        pd.Series(shifts, sectors),
        controls=pd.DataFrame(controls, names).iloc[rows],
        weights=shuffled(weight),
    )
    assert list(same["sector"]) == [sectors[s] for s in table["sector"]]
    np.testing.assert_allclose(same["alpha"], table["alpha"], rtol=1e-9)
    over = shock_level(pd.Series(y, names), shuffled(x), frame, pd.Series(shifts, sectors))
    assert over.beta == pytest.approx(shock_level(y, x, W, shifts).beta, rel=1e-9)
    assert list(over.rows.index) == list(frame.columns)
    wrong = ["sectr 0", *sectors[1:]]
    with pytest.raises(UnknownNameError, match=r"shifts.*'sectr 0'.*nearest: sector 0"):
        rotemberg_weights(y, x, pd.DataFrame(W, columns=sectors), pd.Series(shifts, wrong))
    with pytest.raises(DataError, match=r"z: expected the row labels of y.*lacks 1"):
        _fit(pd.Series(y, names), pd.Series(z, names)[1:], W)
    double = ["unit 0", *names[:-1]]
    with pytest.raises(DataError, match="occur more than once"):
        _fit(pd.Series(y, double), pd.Series(z, double[::-1]), W)


def test_one_column_of_controls_is_the_same_everywhere():
    y, x, z, W, shifts = _economy(4)
    column = np.random.default_rng(1).normal(size=len(y))
    one, two = column + 2, (column + 2)[:, None]
    assert _fit(y, z, W, x, one).beta == _fit(y, z, W, x, two).beta
    tables = [rotemberg_weights(y, x, W, shifts, c)["alpha"] for c in (one, two)]
    np.testing.assert_array_equal(*tables)
    constant = np.ones(len(y))
    assert shock_level(y, x, W, shifts, constant).beta == shock_level(y, x, W, shifts).beta


def test_a_sector_to_which_nobody_is_exposed_changes_nothing():
    y, x, z, W, shifts = _economy(5)
    more, extra = np.insert(W, 7, 0.0, axis=1), np.insert(shifts, 7, 3.0)
    plain, found = (_fit(y, z, shares, x, np.ones(len(y))) for shares in (W, more))
    for name in ("beta", "se_akm", "p_akm0", "n_sectors", "n_clusters", "effective_sectors"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=1e-9)
    assert found.sector_scores[7] == 0
    table = rotemberg_weights(y, x, more, extra).set_index("sector")
    assert table.loc[7, "alpha"] == 0
    assert np.isnan(table.loc[7, "beta"])
    plain, found = shock_level(y, x, W, shifts), shock_level(y, x, more, extra)
    assert found.beta == pytest.approx(plain.beta, rel=1e-9)
    assert found.se == pytest.approx(plain.se, rel=1e-9)
    assert found.rows.loc[7, "weight"] == 0
    assert found.rows.loc[7, ["y", "x"]].isna().all()
    assert found.rows.drop(index=7)[["y", "x"]].notna().all(axis=None)


def test_degenerate_designs_have_their_limit_or_a_name():
    y, x, z, W, shifts = _economy(6)
    constant = np.ones(len(y))
    exact = _fit(-3 * x, z, W, x, constant)
    assert exact.beta == pytest.approx(-3, rel=1e-12)
    assert (exact.se_akm, exact.se_robust, exact.p_akm, exact.p_robust) == (0, 0, 0, 0)
    assert exact.akm0 == pytest.approx((-3, -3))
    nothing = _fit(0 * x, z, W, x, constant)
    assert (nothing.beta, nothing.p_akm, nothing.p_akm0) == (0, 1, 1)
    controls = np.column_stack([constant, 2 * x - 1])
    with pytest.raises(DataError, match="controls explain"):
        regress(y, z, W, x, controls)
    with pytest.raises(DataError, match="controls explain"):
        rotemberg_weights(y, x, W, shifts, controls)
    with pytest.raises(DataError, match="controls explain"):
        shock_level(y, x, W, shifts, controls)
    same = np.full(W.shape[1], 0.7)
    with pytest.raises(DataError, match="shifts that are all the same"):
        regress(y, W @ same, W, x, constant)
    with pytest.raises(DataError, match="does not move x"):
        rotemberg_weights(y, x, W, same, constant)
    with pytest.raises(DataError, match="all the same"):
        shock_level(y, x, W, same)
    with pytest.raises(DataError, match="no unit has any exposure"):
        regress(y, z, 0 * W, x)
    with pytest.raises(DataError, match="1 cluster"):
        _fit(y, z, W, x, clusters=constant)
    groups = np.arange(40, dtype=float)
    groups[[3, 9]] = np.nan
    with pytest.raises(DataError, match=r"sector_clusters: 2 labels are missing.*sector 3"):
        regress(y, z, W, x, sector_clusters=groups)


@pytest.mark.parametrize("off", [1e-2, 1e-4, 1e-6])
def test_sectors_stand_for_units_only_where_the_sum_of_shares_is_absorbed(off):
    """A sum that varies, however little, makes the two regressions two."""
    rng = np.random.default_rng(2)
    W = rng.dirichlet(np.full(30, 0.3), size=200) * (1 + off * rng.random((200, 1)))
    shifts = rng.normal(size=30)
    x = W @ shifts + rng.normal(size=200)
    y = 2 * x + rng.normal(size=200)
    with pytest.raises(DataError, match="do not sum to a constant"):
        shock_level(y, x, W, shifts)
    total = np.column_stack([np.ones(200), W.sum(axis=1)])
    units = regress(y, W @ shifts, W, x=x, controls=total)
    by_sector = shock_level(y, x, W, shifts, controls=total)
    assert by_sector.beta == pytest.approx(units.beta, rel=1e-6)


def test_the_strength_of_shifts_is_that_of_a_regression_over_sectors():
    """Exposure-weighted, with errors robust to their variance, as statsmodels has it."""
    import statsmodels.api as sm

    y, x, _, W, shifts = _economy(4)
    found = shock_level(y, x, W, shifts)
    weight = W.sum(axis=0)
    x_bar = W.T @ (x - x.mean()) / weight
    over_sectors = sm.WLS(x_bar, sm.add_constant(shifts), weight).fit(cov_type="HC0")
    assert found.first_stage_f == pytest.approx(over_sectors.tvalues[1] ** 2, rel=1e-8)


@pytest.mark.parametrize("below", [-1e-12, -0.005, -0.5])
def test_an_exposure_is_made_of_shares_of_at_least_zero(below):
    from helpers import instrument
    from helpers.errors import ParameterError

    gamma_ks = pd.DataFrame({"cars": [1 - below, below]}, ["makers", "sellers"])
    with pytest.raises(ParameterError, match="at least 0"):
        instrument.exposures(gamma_ks, pd.DataFrame({"cars": [1.0]}, ["East"]))


def test_the_instrument_is_sums_of_products_and_names_what_it_lacks():
    """w_ckt = sum_s gamma_ks kappa_cs A_st, by hand; a sector, a year or a key twice is named."""
    rng = np.random.default_rng(2)
    cities, occupations, sectors, years = ["a", "b"], ["x", "y"], ["s", "t", "u"], [2010, 2012]
    kappa_cs = pd.DataFrame(rng.dirichlet(np.ones(3), 2), cities, sectors)
    gamma_ks = pd.DataFrame(rng.dirichlet(np.ones(2), 3).T, occupations, sectors)
    A_st = pd.DataFrame(rng.normal(size=(3, 2)), sectors, years)
    exposed = instrument.exposures(gamma_ks[sectors[::-1]], kappa_cs)
    shifts = A_st.rename_axis("sector").reset_index().melt("sector", None, "year", "log_tfp")
    found = instrument.shift_share(exposed, shifts).set_index(["city", "occupation", "year"])
    wanted = np.einsum("ks,cs,st->ckt", gamma_ks, kappa_cs, A_st)
    for (c, k, t), value in np.ndenumerate(wanted):
        key = (cities[c], occupations[k], years[t])
        assert found.loc[key, "instrument"] == pytest.approx(value, rel=1e-12)
    for change, words in (
        (shifts[shifts["sector"] != "t"], "shifts: no row for sector 't'"),
        (shifts.drop(index=1), "shifts: sector 't' lacks a year"),
        (pd.concat([shifts, shifts.iloc[[4]]]), r"the row of \['t', 2012\] occurs twice"),
        (shifts.assign(sector=[None, *shifts["sector"][1:]]), "sector is missing in some row"),
    ):
        with pytest.raises(DataError, match=words):
            instrument.shift_share(exposed, change)
