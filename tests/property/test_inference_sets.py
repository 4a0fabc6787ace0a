"""Anderson-Rubin sets against the test itself, point by point, with up to forty instruments."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from helpers import inference
from helpers.errors import DataError, ParameterError
from helpers.inference import confidence_sets


def _design(seed: int, largest: int):
    """Outcome, endogenous variable, instruments, controls and clusters; weak, strong or odd."""
    rng = np.random.default_rng(seed)
    n_instruments = int(rng.integers(1, largest + 1))
    kind = ("homoskedastic", "robust", "clustered")[seed % 3]
    n_clusters = n_instruments + int(rng.integers(1, 4 * n_instruments + 8))
    size = int(rng.integers(1, 6)) if kind == "clustered" else 1
    n = max(n_clusters * size, n_instruments + 8)
    codes = rng.permutation(np.arange(n) % n_clusters)
    Z = rng.standard_t(4, size=(n, n_instruments))
    if rng.random() < 0.3:
        Z += 3 * rng.normal(size=(n, 1))  # instruments that go together
    strength = rng.choice([0.0, 0.05, 0.3, 1.0, 5.0])
    invalid = rng.choice([0.0, 0.0, 0.3])  # sets of several pieces, or empty
    u = rng.normal(size=n) * np.exp(0.5 * rng.normal(size=n)) + 0.7 * rng.normal(size=n)[codes % n]
    x = strength * Z @ rng.normal(size=n_instruments) / np.sqrt(n_instruments)
    x += 0.7 * u + rng.normal(size=n)
    y = rng.choice([0.0, 1.5, -40.0]) * x + u + invalid * Z @ rng.normal(size=n_instruments)
    Z = Z * 10.0 ** rng.uniform(-6, 6, n_instruments)  # units of instruments play no part
    return y, x, Z, codes, kind


def _test(y, x, Z, codes, kind, level):
    """The test of a slope, from its formula: is it rejected, and how near to the critical value."""
    Z = np.linalg.qr(Z)[0]
    n, L = Z.shape
    codes = np.arange(n) if kind == "robust" else codes
    G = codes.max() + 1
    if kind == "homoskedastic":
        critical = stats.f.ppf(level, L, n - L)
    elif kind == "robust":
        critical = stats.chi2.ppf(level, L) / L
    else:
        critical = stats.f.ppf(level, L, G - 1)

    def rejects(b: float) -> tuple[bool, float]:
        u = y - b * x
        u = u / np.abs(u).max()
        if kind == "homoskedastic":
            explained = ((Z.T @ u) ** 2).sum()
            statistic = explained / L / ((u @ u - explained) / (n - L))
        else:
            sums = np.zeros((G, L))
            np.add.at(sums, codes, Z * u[:, None])
            factor = 1.0 if kind == "robust" else G / (G - 1)
            moment = sums.sum(axis=0)
            statistic = moment @ np.linalg.solve(factor * sums.T @ sums, moment) / L
        return statistic > critical, abs(statistic / critical - 1)

    return rejects


def _compare(seed: int, largest: int) -> inference.ConfidenceSet:
    y, x, Z, codes, kind = _design(seed, largest)
    level = (0.9, 0.95, 0.5)[seed % 7 % 3]
    options = {"clusters": codes} if kind == "clustered" else {"robust": kind == "robust"}
    found = confidence_sets.anderson_rubin(y, x, Z, level=level, **options)
    ends = np.array([end for pair in found.intervals for end in pair if np.isfinite(end)])
    test = _test(y, x, Z, codes, kind, level)
    rng = np.random.default_rng(seed + 1)
    wide = stats.cauchy.rvs(size=60, random_state=rng) * 3 + np.median(y / x)
    near = np.concatenate([ends * (1 + e) + e for e in (-1e-2, -1e-5, 1e-5, 1e-2)])
    middles = (ends[1:] + ends[:-1]) / 2
    for b in np.concatenate([wide, near, middles, [-1e7, 1e7]]):
        rejects, distance = test(b)
        if distance > 1e-6:
            assert (b in found) != rejects, (seed, kind, Z.shape, b, str(found))
    for end in ends:  # and at an end the statistic is at its critical value
        assert test(end)[1] < 1e-4, (seed, end, str(found))
    return found


@pytest.mark.parametrize("block", range(4))
def test_sets_are_what_the_test_does_not_reject_with_many_instruments(block):
    """Three kinds of errors, 1 to 40 instruments."""
    for seed in range(25 * block, 25 * (block + 1)):
        _compare(seed, 40)


@pytest.mark.slow
def test_thousands_of_designs_and_every_shape_of_set():
    kinds = {_compare(seed, 40 if seed % 2 else 8).kind for seed in range(1_000, 3_000)}
    assert kinds == {"empty", "line", "interval", "two rays", "several intervals"}


@pytest.mark.parametrize("kind", ["homoskedastic", "robust", "clustered"])
@pytest.mark.parametrize("n_instruments", [1, 3])
def test_the_narrowest_set_and_the_narrowest_hole_are_found(kind, n_instruments):
    """The level a hair from the best and from the worst slope's: no grid would see it."""
    rng = np.random.default_rng(n_instruments)
    codes = np.arange(240) // 4
    Z = rng.normal(size=(240, n_instruments))
    u = rng.normal(size=240)
    x = 0.3 * Z.sum(axis=1) + 0.7 * u + rng.normal(size=240)
    y = 1.5 * x + u + 0.2 * Z[:, 0] * (n_instruments > 1)
    options = {"clusters": codes} if kind == "clustered" else {"robust": kind == "robust"}
    of = {
        "homoskedastic": stats.f(n_instruments, 240 - n_instruments),
        "robust": stats.chi2(n_instruments, scale=1 / n_instruments),
        "clustered": stats.f(n_instruments, 59),
    }[kind]
    test = _test(y, x, Z, codes, kind, 0.5)

    def statistic(angle: float) -> float:
        rejects, distance = test(np.tan(angle))
        return (1 + distance if rejects else 1 - distance) * of.ppf(0.5)

    angles = np.linspace(-1.57, 1.57, 4_000)
    values = np.array([statistic(angle) for angle in angles])
    for sign, place in ((1, values.argmin()), (-1, values.argmax())):
        if sign == 1 and n_instruments == 1:
            continue  # with one instrument the best slope is not rejected at any level
        found = optimize.minimize_scalar(
            lambda angle, sign=sign: sign * statistic(angle),
            bounds=(angles[place] - 1e-3, angles[place] + 1e-3),
            options={"xatol": 1e-12},
        )
        level = of.cdf(sign * found.fun * (1 + sign * 1e-5))
        slopes = confidence_sets.anderson_rubin(y, x, Z, level=level, **options)
        assert (np.tan(found.x) in slopes) == (sign == 1), (sign, str(slopes))
        ends = np.arctan([end for pair in slopes.intervals for end in pair if np.isfinite(end)])
        assert np.abs(ends - found.x).min() < 0.02
        narrow = np.ptp(slopes.intervals[0]) if sign == 1 else slopes.intervals[-1][0]
        assert (narrow < 0.1) if sign == 1 else slopes.kind != "line"


@pytest.mark.parametrize("options", [{"robust": False}, {}, {"clusters": np.arange(60) // 2}])
def test_degenerate_designs_have_their_limit_or_a_name(options):
    rng = np.random.default_rng(3)
    Z, u, noise = rng.normal(size=(60, 3)), rng.normal(size=60), rng.normal(size=60)
    x, constant = Z.sum(axis=1) + u, np.ones(60)
    # an outcome that is a multiple of x: that multiple, or anything where x is noise
    assert confidence_sets.anderson_rubin(0.3 * x, x, Z, **options).intervals[0] == pytest.approx(
        (0.3, 0.3)
    )
    assert confidence_sets.anderson_rubin(0 * x, x, Z, **options).intervals == ((0.0, 0.0),)
    net_of_all = confidence_sets.anderson_rubin(7 * constant / 3, x, Z, constant, **options)
    assert net_of_all.intervals == ((0.0, 0.0),)
    assert confidence_sets.anderson_rubin(-7 * noise, noise, Z, **options).kind == "line"
    # units of the variables move the set with them and nothing else
    plain = confidence_sets.anderson_rubin(x + u, x, Z, **options).intervals
    small = confidence_sets.anderson_rubin(x + u, 1e-8 * x, 1e-8 * Z, **options).intervals
    np.testing.assert_allclose(1e-8 * np.array(small), plain, rtol=1e-8)
    # a level that the controls take out leaves little, and what is left counts
    low = confidence_sets.anderson_rubin(u, x, Z, constant, **options).intervals
    high = confidence_sets.anderson_rubin(u, 1e7 + x, Z, constant, **options).intervals
    np.testing.assert_allclose(high, low, rtol=1e-5)
    # all but a multiple of x: the set is as narrow as what is left is small
    near = confidence_sets.anderson_rubin(0.3 * x + 1e-9 * u, x, Z, constant, **options).intervals
    np.testing.assert_allclose((np.array(near) - 0.3) * 1e9, low, rtol=1e-4)
    with pytest.raises(DataError, match="x: the controls explain it"):
        confidence_sets.anderson_rubin(u, 0.7 * Z[:, 0], Z[:, 1:], 0.3 * Z[:, 0], **options)
    with pytest.raises(DataError, match="x: the controls explain it"):
        confidence_sets.anderson_rubin(u, 3 * constant, Z, constant, **options)
    with pytest.raises(DataError, match="collinear, or constant"):
        confidence_sets.anderson_rubin(
            u, x, np.column_stack([Z, constant / 3]), constant, **options
        )
    with pytest.raises(DataError, match=r"constant given the controls .column 0"):
        confidence_sets.anderson_rubin(u, x, np.column_stack([constant, Z]), constant, **options)
    with pytest.raises(DataError, match="collinear, or constant"):
        confidence_sets.anderson_rubin(u, x, np.column_stack([Z, Z @ [1e-8, 2e-8, 0]]), **options)
    with pytest.raises(ParameterError, match="Z: expected one row each with 60 rows"):
        confidence_sets.anderson_rubin(u, x, Z.T, **options)
    with pytest.raises(DataError, match="too few"):
        confidence_sets.anderson_rubin(u, x, rng.normal(size=(60, 60)), **options)


def test_an_instrument_that_varies_in_too_few_clusters_is_refused():
    rng = np.random.default_rng(0)
    y, x = rng.normal(size=(2, 60))
    Z = np.zeros((60, 3))
    Z[:4] = rng.normal(size=(4, 3))
    with pytest.raises(DataError, match="too few clusters"):
        confidence_sets.anderson_rubin(y, x, Z, clusters=np.arange(60) // 2)


def test_rows_of_labelled_variables_are_matched():
    rng = np.random.default_rng(8)
    names = [f"city {i}" for i in range(80)]
    y, x, clusters = rng.normal(size=80), rng.normal(size=80), np.arange(80) // 5
    Z = rng.normal(size=(80, 2)) + x[:, None]
    plain = confidence_sets.anderson_rubin(y, x, Z, np.ones(80), clusters)
    order = rng.permutation(80)
    found = confidence_sets.anderson_rubin(
        pd.Series(y, names),
        pd.Series(x, names).iloc[order],
        pd.DataFrame(Z, names).iloc[order[::-1]],
        np.ones((80, 1)),
        pd.Series(clusters, names).iloc[order],
    )
    np.testing.assert_allclose(found.intervals, plain.intervals, rtol=1e-10)
    missing = clusters.astype(float)
    missing[5] = np.nan
    with pytest.raises(DataError, match=r"clusters: 1 labels are missing.*row 'city 5'"):
        confidence_sets.anderson_rubin(pd.Series(y, names), x, Z, clusters=missing)
