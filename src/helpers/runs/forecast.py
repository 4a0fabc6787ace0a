"""How many runs a sweep has, how long it takes and how large it is, before it starts."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import ParameterError
from helpers.panel import Panel
from helpers.runs.grid import Sweep, points
from helpers.runs.scenario import Scenario
from helpers.runs.sweep import prices, solve, tidy

_UNMEASURED = (10.0, 500_000)  # seconds and bytes of a run of which nothing is known


@dataclass(frozen=True)
class Forecast:
    """What a sweep will take, said before it starts.

    Attributes
    ----------
    words : str
        What is run.
    seconds : float
    size : int
        Bytes that it leaves.
    needed : int
        Bytes that it takes on disk meanwhile.
    """

    words: str
    seconds: float
    size: int
    needed: int

    def __str__(self) -> str:
        left = self.size / 1e6
        size = f"{left / 1000:,.1f} GB" if left >= 1000 else f"{max(left, 0.1):,.1f} MB"
        return f"{self.words}: about {_duration(self.seconds)} and {size}"

    def check_disk(self, folder: Path) -> None:
        """Refuse a sweep for which the disk has no room."""
        place = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
        free = shutil.disk_usage(place).free
        if self.needed > free:
            raise ParameterError(
                f"{self.words}: about {self.needed / 1e9:,.2f} GB are needed and "
                f"{free / 1e9:,.2f} GB are free; make room, or split the sweep"
            )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, math.ceil(seconds))} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:,.1f} hours"


def forecast(sweep: Sweep, panel: Panel) -> Forecast:
    """How long a numerical sweep will take and how large its table will be, from a few of it.

    Parameters
    ----------
    sweep : Sweep
    panel : Panel
    """
    n = sweep.count(panel)
    some = points(sweep, panel, most=64)
    shares = panel.shares(sweep.fixed.get("year", Scenario.year))
    started = time.perf_counter()
    sink = arrow.BufferOutputStream()
    new = solve(some, shares, prices(sweep, panel))
    parquet.write_table(tidy(some, shares, new), sink)
    # computed, written, read again and joined; the start of a file has what is there once
    seconds = 3 * (time.perf_counter() - started) * n / len(some)
    size = int(len(sink.getvalue()) * n / len(some))
    n_cities = len(shares.cities)
    words = f"{n:,} combinations by {n_cities:,} cities, {n * n_cities:,} rows"
    return Forecast(words, seconds, size, 2 * size)


def forecast_runs(sweep: Sweep, panel: Panel, executed: list[Path], workers: int) -> Forecast:
    """How long a notebook sweep will take and how much it leaves.

    Parameters
    ----------
    sweep : Sweep
    panel : Panel
    executed : list of Path
        One executed notebook for each of the sweep's, where there is one: its time and size.
    workers : int
        How many run at a time.
    """
    n = sweep.count(panel)
    seconds, size = 0.0, 0
    for path in executed:
        took, large = _UNMEASURED
        if path.is_file():
            large = path.stat().st_size
            about = json.loads(path.read_text("utf-8"))["metadata"].get("companion", {})
            took = about.get("seconds", took)
        seconds, size = seconds + n * (took + 2), size + n * large
    words = f"{n:,} combinations of {len(executed)} notebook{'s'[: len(executed) > 1]}"
    words += f", {n * len(executed):,} runs"
    return Forecast(words, seconds / workers, size, size)
