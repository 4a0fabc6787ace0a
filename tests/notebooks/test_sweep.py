"""Sweeps killed in the middle: the next run finishes, with the same bytes."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from helpers import files
from helpers.estimation import estimate
from helpers.sources import synthetic

pytestmark = pytest.mark.slow

NOTEBOOK = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Tiny

```{code-cell} ipython3
:tags: [parameters]

rho = 0.5
theta = 3.0
```

```{code-cell} ipython3
from helpers.notebook import record

record(elasticity=theta / (1 - rho), words=f"rho {rho}")
```
"""
ON_A_PANEL = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# What a panel says

```{code-cell} ipython3
:tags: [parameters]

source = "auto"
theta = 3.0
```

```{code-cell} ipython3
from helpers.estimation import estimate
from helpers.notebook import record
from helpers.sources import load

record(rho=estimate(load(source)).rho)
```
"""
NOTEBOOK_SWEEP = "notebooks: [01_tiny]\nsource: synthetic\nrho: [0.0, 0.5]\ntheta: [2.0, 4.0]\n"
NUMERICAL_SWEEP = (
    "source: synthetic\nrho: {from: 0, to: 0.9, number: 10}\ncity: all\ncity_hat: [0.9, 1.1]\n"
)
# what make sweep does, without the page at the end; small blocks, so that there are many
DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, "tools")
import sweep as tool
from helpers import files, sources
from helpers.runs import own_data, sweep, sweep_file
sweep.BLOCK = 60
wanted = sweep_file.read_sweep(Path(sys.argv[1]))
folder = files.BUILD / "sweeps" / wanted.name
if wanted.notebooks:
    source = own_data.kept_source(wanted.fixed["source"])
    sys.exit(tool.run_notebooks(wanted, folder, source))
sweep.run(wanted, sources.load("synthetic"), folder)
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """A project with the package, the tasks and one tiny notebook."""
    for name in ("src", "tasks", "tools"):
        shutil.copytree(
            files.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(files.ROOT / name, tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_tiny.md").write_text(NOTEBOOK)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "grid.yml").write_text(NOTEBOOK_SWEEP)
    (tmp_path / "scenarios" / "numbers.yml").write_text(NUMERICAL_SWEEP)
    (tmp_path / "driver.py").write_text(DRIVER)
    return tmp_path


def _start(project: Path, sweep: str, make: bool = False, **more: str) -> subprocess.Popen:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    environment |= {"PYTHONPATH": str(project / "src"), "COMPANION_WORKERS": "2", **more}
    command = [sys.executable, "driver.py", f"scenarios/{sweep}.yml"]
    if make:
        (project / "Makefile").write_text(f"sweep:\n\t@'{command[0]}' {' '.join(command[1:])}\n")
        command = ["make", "sweep"]
    return subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _finish(project: Path, sweep: str, **more: str) -> bytes:
    running = _start(project, sweep, **more)
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    return (project / "_build" / "sweeps" / sweep / "results.parquet").read_bytes()


def test_a_log_holds_no_warnings_of_kernels(project):
    running = _start(project, "grid")
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0
    assert "WARNING" not in said


def _forget(project: Path) -> None:
    for name in ("_build", ".pytask"):
        shutil.rmtree(project / name, ignore_errors=True)
    (project / "pytask.lock").unlink(missing_ok=True)


def _whole(project: Path, sweep: str) -> None:
    """Every file that is there is whole, and none is left over."""
    folder = project / "_build" / "sweeps" / sweep
    for file in [*folder.rglob("*.ipynb"), *folder.rglob("*.json")]:
        json.loads(file.read_text())
    assert not list(folder.rglob("*.new"))


PARTS, KILLS = 4, 5


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))  # so that workers share them
@pytest.mark.parametrize("sweep", ["grid", "numbers"])
def test_killed_at_a_random_moment_the_next_run_finishes_with_the_same_bytes(project, sweep, part):
    """Twenty times: SIGKILL to the program alone, or to it and all that it started."""
    if sweep == "grid":  # two runs for two workers
        shorter = NOTEBOOK_SWEEP.replace(", 4.0]", "]")
        (project / "scenarios" / "grid.yml").write_text(shorter)
    started = time.monotonic()
    undisturbed = _finish(project, sweep)
    lasts = time.monotonic() - started
    draw = random.Random(f"{sweep} {part}")
    reached = 0
    for _ in range(KILLS):
        _forget(project)
        running = _start(project, sweep)
        time.sleep(draw.uniform(0.2, lasts))
        reached += running.poll() is None
        alone = draw.random() < 0.5
        if running.poll() is None:
            (os.kill if alone else os.killpg)(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()
        assert _finish(project, sweep) == undisturbed
        _whole(project, sweep)
    assert reached, "the runs were over before they could be killed"


def test_a_notebook_sweep_records_every_combination_in_order(project):
    _finish(project, "grid")
    table = pd.read_parquet(project / "_build" / "sweeps" / "grid" / "results.parquet")
    numbers = table[table["name"] == "elasticity"]
    assert list(zip(numbers["rho"], numbers["theta"], strict=True)) == [
        (0.0, 2.0),
        (0.0, 4.0),
        (0.5, 2.0),
        (0.5, 4.0),
    ]
    assert list(numbers["value"]) == [2.0, 4.0, 4.0, 8.0]
    assert list(table.loc[table["name"] == "words", "words"]) == ["rho 0.0"] * 2 + ["rho 0.5"] * 2
    assert list(numbers["scenario"]) == [0, 1, 2, 3]


def test_finished_runs_are_not_run_again_and_changed_ones_are(project):
    _finish(project, "grid")
    runs = project / "_build" / "sweeps" / "grid" / "runs"
    before = {file: file.stat().st_mtime_ns for file in runs.glob("*/*.records.json")}
    changed = NOTEBOOK_SWEEP.replace("theta: [2.0, 4.0]", "theta: [2.0, 5.0]")
    (project / "scenarios" / "grid.yml").write_text(changed)
    _finish(project, "grid")
    after = {file: file.stat().st_mtime_ns for file in runs.glob("*/*.records.json")}
    same = [file.parent.name for file in before if after[file] == before[file]]
    assert same == ["00000", "00002"]
    table = pd.read_parquet(runs.parent / "results.parquet")
    assert list(table.loc[table["name"] == "elasticity", "value"]) == [2.0, 5.0, 4.0, 10.0]


def test_a_sweep_runs_again_when_its_data_change(project):
    """A panel saved, swept, and another saved in its place: the new estimates, not the old."""
    panel = project / "my panel"
    (project / "notebooks" / "01_tiny.md").write_text(ON_A_PANEL)
    (project / "scenarios" / "grid.yml").write_text(
        f"notebooks: [01_tiny]\nsource: {panel}\ntheta: [2.0, 3.0]\n"
    )
    found = []
    for seed in (1, 2, 1):
        made = synthetic.load(seed=seed)
        shutil.rmtree(panel, ignore_errors=True)
        made.save(panel)
        _finish(project, "grid")
        table = pd.read_parquet(project / "_build" / "sweeps" / "grid" / "results.parquet")
        assert list(table["value"]) == pytest.approx([estimate(made).rho] * 2, rel=1e-9)
        found.append(table["value"].iloc[0])
        assert not table["source"].str.contains(str(project), regex=False).any()
    assert found[0] == found[2] != found[1]


def _descendants(running: subprocess.Popen) -> dict[int, float]:
    """Every process below one, with when it began: numbers are given out again."""
    started = {}
    for process in psutil.Process(running.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            started[process.pid] = process.create_time()
    return started


def _alive(started: dict[int, float]) -> list[int]:
    there = []
    for number, since in started.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(number)
            if process.create_time() == since and process.status() != psutil.STATUS_ZOMBIE:
                there.append(number)
    return there


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, "make"])
def test_workers_and_kernels_end_with_the_program_that_started_them(project, how):
    slow = NOTEBOOK.replace("record(elast", "import time\n\ntime.sleep(120)\nrecord(elast")
    (project / "notebooks" / "01_tiny.md").write_text(slow)
    running = _start(project, "grid", make=how == "make")
    until = time.monotonic() + 120
    below: dict[int, float] = {}
    # pytask, two workers and their kernels; with make, the program as well
    while len(below) < 5 + (how == "make"):
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.1)
        below = _descendants(running)
    os.kill(running.pid, signal.SIGKILL if how == "make" else how)
    running.wait(timeout=30)
    running.stdout.close()
    until = time.monotonic() + 30
    while _alive(below):
        assert time.monotonic() < until, "a process outlived the program that started it"
        time.sleep(0.1)


CLUSTER = """
import json, sys, time
from distributed import LocalCluster

if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    pids = [worker.process.process.pid for worker in cluster.workers.values()]
    print(json.dumps([cluster.scheduler_address, pids]), flush=True)
    time.sleep(600)
"""


@pytest.mark.timeout(300)
def test_a_cluster_loses_a_worker_and_nothing_else(project):
    """The same sweep on dask, a worker killed in the middle: same bytes, every file whole."""
    (project / "scenarios" / "grid.yml").write_text(
        NOTEBOOK_SWEEP.replace("theta: [2.0, 4.0]", "theta: [1.0, 2.0, 3.0, 4.0]")
    )
    undisturbed = _finish(project, "grid")
    _forget(project)
    (project / "cluster.py").write_text(CLUSTER)
    cluster = subprocess.Popen(
        [sys.executable, "cluster.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        address, workers = json.loads(cluster.stdout.readline())
        running = _start(project, "grid", COMPANION_DASK=address)
        runs = project / "_build" / "sweeps" / "grid" / "runs"
        until = time.monotonic() + 90
        while not list(runs.glob("*/*.records.json")):
            assert time.monotonic() < until
            assert running.poll() is None
            time.sleep(0.05)
        os.kill(workers[0], signal.SIGKILL)
        said, _ = running.communicate(timeout=200)
        assert running.returncode == 0, said
        assert (runs.parent / "results.parquet").read_bytes() == undisturbed
        _whole(project, "grid")
    finally:
        os.killpg(cluster.pid, signal.SIGKILL)
        cluster.wait()
        cluster.stdout.close()
