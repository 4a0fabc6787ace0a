"""Sweeps against their rivals: ``python benchmarks/sweeps.py``.

Ten thousand scenarios in one process against a loop over frames; the cost as the economy grows;
sixteen notebooks with two workers against one. Nothing is asserted on time.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from helpers import counterfactuals, files
from helpers.book import pages
from helpers.model import Shares
from helpers.runs import grid, sweep, sweep_file
from helpers.sources import load, resolve
from run import line, loop_of_frames, median_seconds

TEN_THOUSAND = """
rho: {from: 0.0, to: 0.9, number: 10}
city_hat: {from: 0.9, to: 1.1, number: 4}
city: all
"""


def numerical(panel) -> None:
    """All cities x sizes x correlations, with the table on disk, against a loop of frames."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "grid.yml").write_text(TEN_THOUSAND)
        wanted = sweep_file.read_sweep(folder / "grid.yml")
        table = grid.points(wanted, panel)
        shares = panel.shares(2019)
        solving = median_seconds(lambda: sweep.solve(table, shares), 5)
        started = time.perf_counter()
        results = sweep.run(wanted, panel, folder / "out")
        written = time.perf_counter() - started
        size = results.stat().st_size
    frame = shares.to_frame()
    few = list(shares.cities[:20])
    started = time.perf_counter()
    theirs = loop_of_frames(frame, 0.5, 3.0, few)
    loop = (time.perf_counter() - started) / len(few) * len(table)
    ours = counterfactuals.grid(shares, 0.5, 3.0, np.arange(20), 0.95)
    assert np.allclose(ours, theirs, rtol=1e-9)
    line(f"{len(table):,} scenarios, solved", solving, "loop of frames, from 20", loop)
    line(f"{len(table):,} scenarios, table on disk", written, "loop of frames, from 20", loop)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'':42s} {size / 2**20:.0f} MB on disk, peak memory of this process {peak:.2f} GB")


def growth() -> None:
    """Time a cell of cities x occupations, for a thousand scenarios of growing economies."""
    rng = np.random.default_rng(0)
    base = None
    for n_cities, n_occupations in ((260, 8), (1_000, 50), (1_000, 500), (3_000, 500)):
        pi_ck = rng.dirichlet(np.ones(n_cities), n_occupations).T
        omega_k = rng.dirichlet(np.ones(n_occupations))
        shares = Shares(pi_ck, omega_k)
        city = rng.integers(n_cities, size=1_000)
        rho = rng.uniform(0, 0.9, 1_000)
        seconds = median_seconds(lambda: counterfactuals.grid(shares, rho, 3.0, city, 0.95), 3)  # noqa: B023
        cell = seconds / (n_cities * n_occupations * 1_000) * 1e9
        base = base or cell
        print(
            f"1,000 scenarios, {n_cities:,} x {n_occupations:<24} {seconds * 1e3:12.1f} ms   "
            f"{cell:.3f} ns a cell, {cell / base:.2f} of the first"
        )


def notebooks() -> None:
    """Sixteen runs of a chapter, with two workers and with one."""
    name = "bench-grid"
    file = files.BUILD / f"{name}.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text("notebooks: [07_city_shocks]\nrho: {from: 0.0, to: 0.9, number: 16}\n")
    seconds = {}
    for workers in ("1", "2"):
        shutil.rmtree(files.BUILD / "sweeps" / name, ignore_errors=True)
        code = (
            "import sys; sys.path.insert(0, 'tools'); import sweep as tool;"
            "from pathlib import Path;"
            "from helpers import paths, sweep, sources;"
            f"wanted = sweep.read(Path({str(file)!r}));"
            f"sys.exit(tool.run_notebooks(wanted, paths.BUILD / 'sweeps' / {name!r},"
            " sources.resolve().source))"
        )
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=files.ROOT,
            env={**os.environ, "COMPANION_WORKERS": workers},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds[workers] = time.perf_counter() - started
    shutil.rmtree(files.BUILD / "sweeps" / name)
    file.unlink()
    line("16 notebook runs, two workers", seconds["2"], "one worker", seconds["1"])


def what_if() -> None:
    """From a control's movement to the redrawn page, in headless Chromium."""
    for folder in ("tests/book", "tools"):
        sys.path.insert(0, str(files.ROOT / folder))
    from playwright.sync_api import sync_playwright
    from test_whatif import LATENCY, PAGE

    from browser import BROWSERS, FLAGS

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None or not (files.HTML / PAGE).is_file():
        print("what if: no browser or no book")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        tab = browser.new_page()
        tab.goto((files.HTML / PAGE).as_uri())
        tab.wait_for_selector('#what-if-panel[data-ready="true"]')
        times = sorted(tab.evaluate(LATENCY))
        browser.close()
    print(
        f"what if, movement to redrawn: median {statistics.median(times):.0f} ms, "
        f"largest {times[-1]:.0f} ms"
    )


def main() -> int:
    """Run all of them on whichever source there is."""
    panel = load(resolve().source)
    print(f"source {panel.source}; {len(pages.numbered())} notebooks")
    numerical(panel)
    growth()
    what_if()
    notebooks()
    return 0


if __name__ == "__main__":
    sys.exit(main())
