"""The out-of-sample exercise: times, and ratios to a loop that redraws and re-estimates.

Times are of the processor, so that other work on the machine does not count. Nothing is asserted
on them; that a loop over draws finds the same numbers is. Run as ``python benchmarks/history.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from helpers.counterfactuals import shock
from helpers.inference import case_studies, forecast_check, history, made_histories
from helpers.sources import load
from helpers.targets import as_run

DRAWS, LOOPED = 999, 20


def seconds(call: Callable[[], object]) -> float:
    """Processor time of a call after one to warm up."""
    call()
    started = time.process_time()
    call()
    return time.process_time() - started


def line(what: str, value: float, note: str = "") -> None:
    """Print one row."""
    print(f"{what:58s} {value * 1e3:12.1f} ms   {note}")


def looped(past: history.History, slopes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Calibration slopes draw by draw: exact hats one at a time, cities repeated, a line fitted."""
    found = []
    for beta, count in zip(slopes, counts, strict=True):
        new = shock(past.before, 1 - 1 / beta, 1.0, city_occupation=np.exp(past.log_wage))
        rows = np.repeat(np.arange(len(count)), count.astype(int))
        forecast = np.log(new.pi_c / past.before.pi_c)[rows]
        found.append(np.polyfit(forecast, past.actual[rows], 1)[0])
    return np.array(found)


def main() -> None:
    panel = load("auto")
    middle, last = panel.years[(len(panel.years) - 1) // 2], panel.years[-1]
    past = history.between(panel, middle, last)
    print(f"{panel.describe()}; {len(past.actual)} cities, {middle} to {last}")
    line(f"everything, {DRAWS} draws", seconds(
        lambda: forecast_check.compare(panel, middle, last, draws=DRAWS)))  # fmt: skip
    slopes, counts = forecast_check.resampled(panel, past, DRAWS, 0)

    def ours() -> np.ndarray:
        forecasts = history.predicted(past.before, past.log_wage, slopes)
        return forecast_check.judge(past.actual, forecasts, counts)["slope"]

    fast = seconds(ours)
    slow = seconds(lambda: looped(past, slopes[:LOOPED], counts[:LOOPED])) * DRAWS / LOOPED
    gap = np.abs(ours()[:LOOPED] - looped(past, slopes[:LOOPED], counts[:LOOPED])).max()
    assert gap < 1e-8, gap
    line("  one forecast over the draws", fast, f"loop over draws {slow:.2f} s, {slow / fast:.0f}")
    line("shrunk wages", seconds(lambda: history.shrunk(past)))
    line("50 countries in which the model is true", seconds(
        lambda: made_histories.known_worlds(past, 0.64, 50)))  # fmt: skip
    line("six case studies", seconds(lambda: case_studies.table(past, 0.64, 3.0)))
    whole = as_run.with_city_wages(panel)
    line("figure 2 as run and exact", seconds(
        lambda: as_run.city_shock(whole, 0.64, year=last, city=whole.shares(last).cities[0])
    ))  # fmt: skip


if __name__ == "__main__":
    main()
