"""Scale: a table of 50 million rows to a panel's folder, and counterfactuals on many small places.

Nothing is asserted on times. Run as ``python benchmarks/scale.py [FOLDER]``: a folder takes the
table (0.4 GB) and the panel (0.7 GB); without one, counterfactuals alone are timed.
"""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from helpers.counterfactuals import city_shocks, diversion, redirection, shock, stayers
from helpers.model import Shares

RHO, THETA = 0.64, 4.0
PLACES, GROUPS, YEARS = 500_000, 50, 2
_ONE = """
import resource, sys, time
from helpers.build import build_table, read_shares
table, panel, what = sys.argv[1:]
started, used = time.perf_counter(), time.process_time()
build_table(table, panel) if what == "build" else read_shares(panel, 2020)
print(f"{time.perf_counter() - started:.0f} s, processor {time.process_time() - used:.0f} s,",
      f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:,.0f} MB")
"""


def write_table(path: Path) -> None:
    """A row for each place, group and year, in the order that the engine makes them."""
    duckdb.sql(
        f"""COPY (SELECT 'place ' || lpad(CAST(p AS VARCHAR), 6, '0') AS place,
        'group ' || lpad(CAST(g AS VARCHAR), 2, '0') AS "group", 2010 + 10 * y AS year,
        CAST(1 + hash(p * 1000 + g * 10 + y) % 5000 AS DOUBLE) / 10 AS households,
        20000 + CAST(hash(p * 77 + g * 13 + y * 5) % 40000 AS DOUBLE) AS wage
        FROM range({PLACES}) a(p), range({GROUPS}) b(g), range({YEARS}) c(y)) TO '{path}'"""
    )


def processor_seconds(call: Callable[[], object], repeat: int = 5) -> float:
    """Least processor time of some calls."""
    times = []
    for _ in range(repeat):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return min(times)


def made(n_cities: int, n_occupations: int) -> Shares:
    """Shares of an economy of any size."""
    rng = np.random.default_rng(1)
    pi_ck = rng.lognormal(0, 1, (n_cities, n_occupations))
    return Shares(pi_ck / pi_ck.sum(axis=0), np.full(n_occupations, 1 / n_occupations))


def main() -> None:
    """Print one line a measurement."""
    print(platform.processor() or platform.machine(), platform.python_version())
    shares = made(100_000, 50)
    hats = np.random.default_rng(2).uniform(0.9, 1.1, 100_000)
    copy = np.empty_like(shares.pi_ck)
    memory = processor_seconds(lambda: np.copyto(copy, shares.pi_ck))
    cells = np.random.default_rng(3).uniform(0.9, 1.1, shares.pi_ck.shape)
    for name, call in (
        ("shock, one city", lambda: shock(shares, RHO, THETA, city={0: 0.95})),
        ("shock, every city", lambda: shock(shares, RHO, THETA, city=hats)),
        ("shock, every cell", lambda: shock(shares, RHO, THETA, city_occupation=cells)),
        ("stayers", lambda: stayers(shares, RHO)),
        ("city_shocks, 100 cities", lambda: city_shocks(shares, RHO, THETA, 0.95, range(100))),
        ("diversion, 100 cities", lambda: diversion(shares, RHO, range(100))),
        ("redirection, 100 cities", lambda: redirection(shares, RHO, range(100))),
    ):
        seconds = processor_seconds(call)
        print(f"{name}, 100,000 x 50: {1000 * seconds:.0f} ms, {seconds / memory:.0f} copies of it")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"peak of these {peak:,.0f} MB")
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        table = folder / "table.parquet"
        write_table(table)
        for what in ("build", "read_shares"):
            command = [sys.executable, "-c", _ONE, str(table), str(folder / "panel"), what]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            print(f"{PLACES * GROUPS * YEARS:,} rows, {what}: {said.strip()}")


if __name__ == "__main__":
    main()
