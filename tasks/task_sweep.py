"""A notebook sweep as tasks: one a combination and notebook, then one table.

``tools/sweep.py`` writes the parameters of every run down and calls pytask on this file. A run
that is finished is not run again unless its parameters, the hashes of its data among them, its
notebook, a module that it reaches or the lock are others: a sweep goes on where it was interrupted.
When ``tools/sweep.py`` ends, however it ends, pytask and its workers end as well. With
``COMPANION_DASK``, the address of a scheduler, the runs go to that cluster's workers, which
have to see this folder; a worker that dies loses no more than what it was at.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

from pytask import Product, task

from helpers import files
from helpers.book import execute, reach
from helpers.notebook import records
from helpers.runs import lifeline, notebook_sweep

lifeline.hold()

NAME = os.environ["COMPANION_SWEEP"]
FOLDER = files.BUILD / "sweeps" / NAME
LOCK = files.ROOT / "requirements.lock"
RUNS = sorted(FOLDER.glob("runs/*/*.parameters.json"))
REACHED = {
    name: reach.of_page((files.NOTEBOOKS / f"{name}.md").read_text("utf-8"))
    for name in {path.name.partition(".")[0] for path in RUNS}
}

if address := os.environ.get("COMPANION_DASK"):
    from pytask_parallel import ParallelBackend, registry

    def _workers(n_workers: int):
        """Executor of the cluster; a run whose worker died goes to another, a few times."""
        from distributed import Client

        return Client(address).get_executor(retries=3)

    registry.register_parallel_backend(ParallelBackend.DASK, _workers)


def _recorded(parameters: Path) -> Path:
    return parameters.with_name(parameters.name.replace(".parameters.", ".records."))


for parameters in RUNS:
    notebook = parameters.name.partition(".")[0]

    @task(name=f"{NAME}: {parameters.parent.name} {notebook}")
    def task_run(
        source: Path = files.NOTEBOOKS / f"{notebook}.md",
        parameters: Path = parameters,
        package: list[Path] = REACHED[notebook],
        lock: Path = LOCK,
        recorded: Annotated[Path, Product] = _recorded(parameters),
    ) -> None:
        """Execute a notebook with one combination and keep what it recorded."""
        executed = parameters.with_name(f"{source.stem}.ipynb")
        execute.execute(source, executed, json.loads(parameters.read_text())["parameters"])
        found = records(json.loads(executed.read_text("utf-8")))
        files.replace(recorded, json.dumps(found, indent=1))


@task(name=f"{NAME}: collect")
def task_collect(
    parameters: list[Path] = RUNS,
    recorded: list[Path] = [_recorded(path) for path in RUNS],
    results: Annotated[Path, Product] = FOLDER / "results.parquet",
) -> None:
    """Put what all runs recorded into one table."""
    notebook_sweep.collect(
        [
            (
                json.loads(given.read_text())["parameters"],
                given.name.partition(".")[0],
                json.loads(found.read_text()),
            )
            for given, found in zip(parameters, recorded, strict=True)
        ],
        results,
    )


# a task that a name leads to is sent to a cluster as that name, which means nothing there
for name in ("task_run", "task_collect"):
    globals().pop(name, None)
