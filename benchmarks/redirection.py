"""Who keeps the occupation and who is redirected: times, ratios to the definition, and memory.

Times are of the processor. Nothing is asserted on them; that both ways agree is. Run as
``python benchmarks/redirection.py``.
"""

from __future__ import annotations

import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from helpers import counterfactuals
from helpers.counterfactuals import diversion, redirection, stayers
from helpers.model import Shares
from helpers.sources import load, resolve

RHO = 0.64


def median_seconds(call: Callable[[], object], repeat: int) -> float:
    """Median processor time of a call after one to warm up."""
    call()
    times = []
    for _ in range(repeat):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return statistics.median(times)


def made(n_cities: int, n_occupations: int = 8) -> Shares:
    """Shares of an economy of any size."""
    rng = np.random.default_rng(n_cities)
    pi_ck = rng.lognormal(0, 1, (n_cities, n_occupations))
    return Shares(pi_ck / pi_ck.sum(axis=0), np.full(n_occupations, 1 / n_occupations))


def by_definition(shares: Shares) -> np.ndarray:
    """Half the sum of absolute differences of diversion ratios from sizes, C x C."""
    even = shares.pi_c / (1 - shares.pi_c[:, None])
    np.fill_diagonal(even, 0)
    return 0.5 * np.abs(diversion(shares, RHO) - even).sum(axis=1)


def one_by_one(shares: Shares) -> np.ndarray:
    """Leavers of every cell by finite differences: one counterfactual each."""
    kept = np.empty(shares.pi_ck.shape)
    before = shares.pi_ck * shares.omega_k
    for c, k in np.ndindex(kept.shape):
        hat = np.ones(kept.shape)
        hat[c, k] = 1 + 1e-6
        new = counterfactuals.shock(shares, RHO, 1.0, city_occupation=hat)
        change = new.pi_ck * new.omega_k - before
        kept[c, k] = 1 - change[:, k].sum() / change[c, k]
    return kept


def line(what: str, seconds: float, note: str = "") -> None:
    """Print one row."""
    print(f"{what:48s} {seconds * 1e3:12.3f} ms   {note}")


def main() -> None:
    """Print every row."""
    panel = load("auto")
    shares = panel.shares(panel.years[-1])
    C, K = shares.pi_ck.shape
    print(f"{platform.processor() or platform.machine()}, {resolve('auto')}, {C} x {K}")
    ours = median_seconds(lambda: redirection(shares, RHO), 100)
    theirs = median_seconds(lambda: by_definition(shares), 30)
    line("redirection, all cities", ours, f"by its definition: ratio {theirs / ours:.1f}")
    assert np.allclose(redirection(shares, RHO), by_definition(shares), atol=1e-13)
    ours = median_seconds(lambda: stayers(shares, RHO), 200)
    started = time.process_time()
    slow = one_by_one(shares)
    theirs = time.process_time() - started
    line("stayers, all cells", ours, f"a counterfactual a cell: ratio {theirs / ours:,.0f}")
    assert np.allclose(stayers(shares, RHO), slow, rtol=1e-3)
    for n in (1_000, 10_000, 100_000):
        many = made(n)
        seconds = median_seconds(lambda many=many: stayers(many, RHO), 5)
        one = median_seconds(lambda many=many: redirection(many, RHO, [0]), 5)
        line(f"stayers, {n:,} x 8", seconds, f"redirection of one city {one * 1e3:.2f} ms")
    many = made(20_000)
    started = time.process_time()
    redirection(many, RHO)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    line("redirection, all of 20,000 x 8", seconds, f"peak of this process {peak:.2f} GiB")


if __name__ == "__main__":
    main()
