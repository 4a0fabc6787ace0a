"""The equilibrium's solver: times, and ratios to scipy's general root finder.

Times are of the processor, so that other work on the machine does not count. Nothing is asserted
on them; that both solvers agree is. Run as ``python benchmarks/equilibrium.py``.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import root

from helpers.equilibrium import STANDARD, Closure, panel_wages, solve, solve_many
from helpers.model import Shares
from helpers.sources import load, resolve

RHO, THETA = 0.64, 3.0


def median_seconds(call: Callable[[], object], repeat: int) -> float:
    """Median processor time of a call after one to warm up."""
    call()
    times = []
    for _ in range(repeat):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return statistics.median(times)


def line(what: str, seconds: float, note: str = "") -> None:
    """Print one row."""
    print(f"{what:56s} {seconds * 1e3:12.2f} ms   {note}")


def observed(panel) -> None:
    """One solution on the panel's cities and occupations, and a thousand."""
    year = panel.years[-1]
    shares, wages = panel.shares(year), panel_wages(panel, year)
    C, K = shares.pi_ck.shape
    loss = {shares.cities[int(shares.pi_c.argmax())]: 0.95}
    trades = np.ones((C, K))
    trades[:, shares.occupation_index("trades")] = 0.9
    cases = {
        "STANDARD, largest city -5 %": (STANDARD, {"city": loss}),
        "STANDARD, trades' productivity -10 %": (STANDARD, {"productivity": trades}),
        "the same, floor 0.97": (replace(STANDARD, wage_floor=0.97), {"productivity": trades}),
        "the same, floor 1": (replace(STANDARD, wage_floor=1.0), {"productivity": trades}),
    }
    for name, (closure, hats) in cases.items():
        found = solve(shares, RHO, THETA, closure, wages=wages, **hats)
        seconds = median_seconds(
            lambda c=closure, h=hats: solve(shares, RHO, THETA, c, wages=wages, **h), 30
        )
        note = f"{found.iterations} steps, residual {found.residual:.0e}"
        line(f"{C} x {K}, {name}", seconds, note)
    found = solve(shares, RHO, THETA, STANDARD, wages=wages, city=loss)

    def spectrum() -> float:
        found.__dict__.pop("spectral_radius", None)
        return found.spectral_radius

    line(f"{C} x {K}, whether it is unique", median_seconds(spectrum, 20), f"{spectrum():.3f}")
    rng = np.random.default_rng(0)
    city = np.ones((1000, C))
    city[np.arange(1000), rng.integers(0, C, 1000)] = rng.uniform(0.8, 1.1, 1000)
    for closure in (STANDARD, replace(STANDARD, wage_floor=0.97)):
        started = time.process_time()
        many = solve_many(shares, RHO, THETA, closure, wages=wages, city=city)
        note = f"residual {many.residual.max():.0e}"
        name = f"1,000 scenarios of {C} x {K}, floor {closure.wage_floor:g}"
        line(name, time.process_time() - started, note)


def invented(C: int, K: int, seed: int = 0) -> tuple[Shares, np.ndarray, np.ndarray]:
    """Shares, wages and a shock to every city."""
    rng = np.random.default_rng(seed)
    shares = Shares(rng.dirichlet(np.full(C, 2.0), K).T, rng.dirichlet(np.full(K, 5.0)))
    return shares, np.exp(rng.normal(0, 0.3, (C, K))), np.exp(rng.normal(0, 0.05, C))


def sizes() -> None:
    """Time a cell from hundreds of cells to a million and a half."""
    for C, K in ((260, 8), (1000, 50), (3000, 100), (3000, 500)):
        shares, wages, city = invented(C, K)
        repeat = 9 if C * K < 1e5 else 1
        seconds = median_seconds(
            lambda s=shares, w=wages, c=city: solve(s, RHO, THETA, STANDARD, wages=w, city=c),
            repeat,
        )
        line(f"{C} x {K}, STANDARD", seconds, f"{seconds / (C * K) * 1e6:.2f} microseconds a cell")


def against_scipy() -> None:
    """The same equations, cells' households as unknowns, to scipy's hybrid method."""
    closure = Closure(1.0, 0.24, 1.75, 1.4, 4.0, 0.05)
    for C, K in ((5, 4), (20, 5), (60, 8), (260, 8)):
        shares, wages, city = invented(C, K)
        before = shares.pi_ck * shares.omega_k
        pay = wages * before
        s = pay / pay.sum(axis=1, keepdims=True)
        phi = before / before.sum(axis=1, keepdims=True)
        r = 1 - 1 / closure.substitution

        def gaps(x, C=C, K=K, s=s, phi=phi, shares=shares, city=city, r=r):
            moved = np.exp(x.reshape(C, K))
            B = ((phi * moved).sum(axis=1) ** closure.agglomeration)[:, None]
            Y = (s * (B * moved) ** r).sum(axis=1, keepdims=True) ** (1 / r)
            power = 1 / closure.substitution - 1 / closure.demand_elasticity
            wage = Y**power * B**r * moved ** (-1 / closure.substitution)
            rent = (s * wage * moved).sum(axis=1, keepdims=True) ** (1 / 2.75)
            h = (city[:, None] ** THETA * wage / rent**0.24) ** (1 / (1 - RHO))
            lam = (shares.pi_ck * h).sum(axis=0)
            weight = shares.omega_k * lam ** (1 - RHO)
            return x - np.log(h / lam * weight / weight.sum() / shares.omega_k).ravel()

        started = time.process_time()
        theirs = root(gaps, np.zeros(C * K), method="hybr", options={"xtol": 1e-13})
        slow = time.process_time() - started
        fast = median_seconds(
            lambda s=shares, w=wages, c=city: solve(s, RHO, THETA, closure, wages=w, city=c), 9
        )
        ours = solve(shares, RHO, THETA, closure, wages=wages, city=city)
        after = ours.shares.pi_ck * ours.shares.omega_k
        if np.abs(theirs.fun).max() < 1e-9:
            gap = np.abs(np.log(after / before).ravel() - theirs.x).max()
            assert gap < 1e-8
            note = f"scipy {slow * 1e3:9.1f} ms, ratio {slow / fast:7.1f}, differ by {gap:.0e}"
        else:
            note = f"scipy did not converge in {slow:.1f} s"
        line(f"{C} x {K} against scipy.optimize.root", fast, note)


if __name__ == "__main__":
    panel = load(resolve().source)
    print(f"source {panel.source}; Python {platform.python_version()}, numpy {np.__version__}")
    observed(panel)
    sizes()
    against_scipy()
