"""Run a sweep: ``python tools/sweep.py scenarios/NAME.yml``."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

from tqdm import tqdm

from helpers import files, sources
from helpers.book import pages, sweep_page
from helpers.errors import CompanionError, ParameterError
from helpers.panel import Panel
from helpers.runs import forecast as forecasts
from helpers.runs import grid, lifeline, own_data, reading, sweep, sweep_file
from helpers.runs.forecast import Forecast, forecast_runs

USAGE = "make sweep SWEEP=scenarios/NAME.yml"


def main(arguments: list[str]) -> int:
    """Check the sweep, say what it will take, run it, write its page."""
    started = time.perf_counter()
    lifeline.follow_make()
    try:
        wanted, panel, resolved = prepare(arguments)
        folder = files.BUILD / "sweeps" / wanted.name
        ahead = forecast(wanted, panel, folder)
        print(f"{wanted.title}: {ahead} in {folder.relative_to(files.ROOT)}", flush=True)
        ahead.check_disk(folder)
        if wanted.notebooks:
            code = run_notebooks(wanted, folder, resolved.source, grid.settings(wanted, panel))
            if code:
                return code
            results = folder / "results.parquet"
            about = json.dumps({"title": wanted.title})
            files.replace(folder / "about.json", about)
        else:
            results = sweep.run(wanted, panel, folder, bar)
        shown = f"{results.relative_to(files.ROOT)} is ready"
        print(f"{shown} ({time.perf_counter() - started:.1f} s)", flush=True)
        page = sweep_page.write(wanted, results, resolved)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what is finished is kept, the same command goes on", file=sys.stderr)
        return 130
    print(f"{page.relative_to(files.ROOT)} is ready ({time.perf_counter() - started:.0f} s)")
    return 0


def prepare(arguments: list[str]) -> tuple[grid.Sweep, Panel, sources.Resolution]:
    """Read the sweep and settle its source; everything that can be refused is, here."""
    if other := os.environ.get("SCENARIO"):
        raise ParameterError(
            f"SCENARIO={other}: make sweep takes SWEEP=; for one setting use "
            f"make rerun SCENARIO={other}"
        )
    if len(arguments) != 1 or not arguments[0].strip():
        raise ParameterError(f"expected one file, found {len(arguments)}; usage: {USAGE}")
    declared = {
        source.stem: pages.declared_parameters(source.read_text("utf-8"))
        for source in pages.numbered()
    }
    wanted = sweep_file.read_sweep(Path(arguments[0]), declared)
    resolved = sources.resolve(wanted.fixed.get("source", "auto"))
    panel = sources.load(resolved.source)
    wanted.check_panel(panel)
    kept = own_data.kept_source(resolved.source)
    return wanted, panel, sources.Resolution(kept, resolved.reason)


def forecast(wanted: grid.Sweep, panel: Panel, folder: Path) -> Forecast:
    """Count, time and bytes: from a few combinations, or from the last run of each notebook."""
    if not wanted.notebooks:
        return forecasts.forecast(wanted, panel)
    executed = []
    for name in wanted.notebooks:
        places = (folder / "runs" / "00000", files.BUILD / "runs" / "paper" / "executed")
        there = [place / f"{name}.ipynb" for place in places]
        executed.append(next((path for path in there if path.is_file()), there[-1]))
    return forecast_runs(wanted, panel, executed, int(workers()))


def bar(blocks):
    """Show how many blocks of scenarios are done."""
    return tqdm(blocks, desc="scenarios", unit="block", disable=len(blocks) < 2)


def workers() -> str:
    """How many notebooks run at a time."""
    given = os.environ.get("COMPANION_WORKERS", str(min(os.cpu_count() or 1, 4)))
    if not given.isdigit() or int(given) < 1:
        raise ParameterError(f"COMPANION_WORKERS: expected a number from 1, found {given!r}")
    return given


def run_notebooks(
    wanted: grid.Sweep, folder: Path, source: str, settings: list[dict] | None = None
) -> int:
    """Write every run's parameters and hand over to pytask.

    A run depends on the bytes of its file of parameters, and so on the hashes of the data in it.
    """
    if settings is None:
        settings = grid.settings(wanted, sources.load(reading.location(source)))
    data = own_data.data_hashes(source)
    runs = folder / "runs"
    current = set()
    for number, values in enumerate(settings):
        for notebook in wanted.notebooks:
            file = runs / f"{number:05d}" / f"{notebook}.parameters.json"
            current.add(file)
            text = json.dumps({"parameters": {**values, "source": source}, "data": data}, indent=1)
            if not file.is_file() or file.read_text() != text:
                # what another setting recorded here must not be taken for this one's
                file.with_name(f"{notebook}.records.json").unlink(missing_ok=True)
                files.replace(file, text)
    for file in runs.glob("*/*.parameters.json"):
        if file not in current:
            for left in file.parent.glob(f"{file.name.partition('.')[0]}.*"):
                left.unlink()
    for leftover in runs.glob("*/.[0-9]*-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    backend = "dask" if os.environ.get("COMPANION_DASK") else "processes"
    pytask = str(Path(sys.executable).with_name("pytask"))
    return lifeline.run(
        [*(pytask, "build", "--n-entries-in-table", "20"),
         *("-n", workers(), "--parallel-backend", backend, "tasks/task_sweep.py")],
        cwd=files.ROOT,
        env={**os.environ, "COMPANION_SWEEP": wanted.name},
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
