"""Benchmarks, printed as ratios to a rival in the same run: ``make bench``.

Figures are medians of warm repetitions unless a line says cold. Nothing is asserted on time;
results that have to agree between rivals are.
"""

from __future__ import annotations

import argparse
import gc
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from helpers import counterfactuals, estimation, inference, shifters
from helpers.estimation import least_squares
from helpers.sources import load, resolve


def median_seconds(call: Callable[[], object], repeat: int) -> float:
    """Median time of a call after one to warm up."""
    call()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def line(what: str, ours: float, rival: str, theirs: float) -> None:
    """Print one comparison."""
    against = f"{rival}: {theirs * 1e3:10.1f} ms, ratio {theirs / ours:8.1f}"
    print(f"{what:42s} {ours * 1e3:12.3f} ms   {against}")


def two_stage(panel, slow: bool) -> None:
    """2SLS on the whole panel against statsmodels with dummy variables."""
    import pyfixest

    data = estimation.sample(panel)
    formula = "log_share ~ 1 | city_year + occupation_year | log_wage ~ instrument"

    def ours() -> float:
        fitted = least_squares.feols(formula, data, {"CRV1": "city_occupation"})
        return float(fitted.coef().iloc[0])

    def by_residuals() -> float:
        share, wage, z = estimation.residualise(data, ["log_share", "log_wage", "instrument"]).T
        return (z @ share) / (z @ wage)

    assert pyfixest.__version__
    fast = median_seconds(ours, 9)
    line(
        "2SLS, pyfixest, clustered",
        fast,
        "numpy residuals, slope alone",
        median_seconds(by_residuals, 9),
    )
    whole = median_seconds(lambda: estimation.estimate(panel), 5)
    print(f"{'helpers.estimation.estimate, all of it':42s} {whole * 1e3:12.3f} ms")
    if not slow:
        return
    import pandas as pd
    from statsmodels.sandbox.regression.gmm import IV2SLS

    city = pd.get_dummies(data["city_year"], dtype=float).to_numpy()
    # one occupation of each year is left out: what is left has full rank
    first = data.groupby("year")["occupation_year"].transform("min")
    occupation = pd.get_dummies(data["occupation_year"], dtype=float).drop(columns=first.unique())
    dummies = np.column_stack([city, occupation.to_numpy()])
    started = time.perf_counter()
    theirs = IV2SLS(
        data["log_share"].to_numpy(),
        np.column_stack([data["log_wage"], dummies]),
        np.column_stack([data["instrument"], dummies]),
    ).fit()
    seconds = time.perf_counter() - started
    line("2SLS against statsmodels with dummies", fast, "statsmodels, once", seconds)
    gap = abs(theirs.params[0] / ours() - 1)
    print(f"{'':42s} slopes differ by {gap:.1e} of themselves")
    assert gap < 1e-9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{'':42s} peak memory of this process {peak:.1f} GB")


def loop_of_frames(frame, rho: float, theta: float, cities) -> np.ndarray:
    """A rival: one frame a scenario, merged and grouped."""
    import pandas as pd

    out = []
    for city in cities:
        hat = pd.DataFrame({"city": frame["city"].unique(), "hat": 1.0})
        hat.loc[hat["city"] == city, "hat"] = 0.95 ** (theta / (1 - rho))
        merged = frame.merge(hat, on="city")
        merged["new"] = merged["pi_ck"] * merged["hat"]
        total = merged.groupby("occupation")["new"].transform("sum")
        merged["pi_ck_new"] = merged["new"] / total
        omega = merged["omega_k"] * total ** (1 - rho)
        weight = omega.groupby(merged["occupation"]).first()
        merged["omega_new"] = omega / weight.sum()
        merged["share"] = merged["pi_ck_new"] * merged["omega_new"]
        out.append(merged.groupby("city", sort=False)["share"].sum().to_numpy())
    return np.array(out)


def hats(panel) -> None:
    """One counterfactual, and all single-city shocks, against a loop over frames."""
    shares, rho, theta = panel.shares(2019), 0.64, 3.0
    name = shares.cities[0]
    one = median_seconds(
        lambda: counterfactuals.shock(shares, rho, theta, city={name: 0.95}).pi_c, 200
    )
    frame = shares.to_frame()
    slow = median_seconds(lambda: loop_of_frames(frame, rho, theta, [name]), 9)
    line("one counterfactual", one, "merge and group", slow)
    every = median_seconds(lambda: counterfactuals.city_shocks(shares, rho, theta, 0.95), 20)
    started = time.perf_counter()
    theirs = loop_of_frames(frame, rho, theta, shares.cities)
    loop = time.perf_counter() - started
    line(f"all {len(shares.cities)} single-city shocks", every, "loop of frames", loop)
    assert np.allclose(theirs, counterfactuals.city_shocks(shares, rho, theta, 0.95), rtol=1e-9)


def recovery(panel) -> None:
    """Least-norm effects in closed form against numpy's pseudoinverse of the dummies."""
    closed = median_seconds(lambda: shifters.pooled_occupation_effects(panel), 5)
    cells = panel.cells[panel.cells["year"] <= 2011]
    n = cells.groupby(["year", "city"]).ngroups + cells.groupby(["year", "occupation"]).ngroups
    rng = np.random.default_rng(0)
    design = (rng.random((len(cells), n)) < 2 / n).astype(float)
    started = time.perf_counter()
    np.linalg.pinv(design)
    line(
        "pooled effects, ten years", closed, "pinv, two years' size", time.perf_counter() - started
    )


def resampling(panel) -> None:
    """999 cluster-bootstrap draws of 2SLS against refits by the formula interface."""
    import warnings

    import pyfixest

    started = time.perf_counter()
    draws = inference.bootstrap(panel, draws=999)
    ours = time.perf_counter() - started
    data = estimation.sample(panel)
    cluster = data.groupby(["city", "occupation"], sort=True).ngroup().to_numpy()
    rows = [np.flatnonzero(cluster == g) for g in range(cluster.max() + 1)]
    rng = np.random.default_rng(0)
    refits = []
    started = time.perf_counter()
    for _ in range(10):
        picked = np.concatenate([rows[g] for g in rng.integers(0, len(rows), len(rows))])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = pyfixest.feols(
                "log_share ~ 1 | city_year + occupation_year | log_wage ~ instrument",
                data.iloc[picked].reset_index(drop=True),
            )
        refits.append(float(fit.coef()["log_wage"]))
    line("999 bootstrap draws", ours, "refits, from 10", (time.perf_counter() - started) * 99.9)
    print(f"{'':42s} spread {draws.std():.3f}, of ten refits {np.std(refits, ddof=1):.3f}")


def main() -> int:
    """Run all of them on whichever source there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--slow", action="store_true", help="statsmodels with dummies too (a minute, 2 GB)"
    )
    arguments = parser.parse_args()
    panel = load(resolve().source)
    print(f"source {panel.source}; Python {platform.python_version()}, numpy {np.__version__}")
    gc.collect()
    two_stage(panel, arguments.slow)
    hats(panel)
    recovery(panel)
    resampling(panel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
