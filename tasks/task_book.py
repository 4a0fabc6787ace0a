"""The book as tasks, first part: check the prose, execute every notebook.

``tools/book.py`` decides on the runs (scenario and source), writes their parameters down and
calls pytask on this file and on ``task_publish.py``. A notebook is executed again when its code,
a module that it reaches (:mod:`helpers.book.reach`), the environment or the parameters that it
declares change; where its text alone does, its outputs are kept under the new one. How pages are
published is not among what it depends on. A scenario executes the notebooks that its parameters
reach, and takes the others from the default run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pytask import Product, PythonNode, task

from helpers import files
from helpers.book import execute, myst, prose_checks, reach
from helpers.book import pages as pages_room
from helpers.book.run import DEFAULT, Run

ORDINARY, *SCENARIOS = Run.asked()
SOURCES = pages_room.notebooks()
LOCK = files.ROOT / "requirements.lock"
REACHED = {
    source: PythonNode(value=files.digest(reach.of_page(source.read_text("utf-8"))), hash=True)
    for source in dict.fromkeys([*SOURCES, *(page for run in SCENARIOS for page in run.pages())])
}
PROSE = ORDINARY.folder / "prose.ok"


# names carry the run, so that a scenario does not put the default book out of date
@task(name=f"{DEFAULT}: prose")
def task_prose(
    pages: list[Path] = pages_room.pages(),
    checker: list[Path] = [Path(prose_checks.__file__), Path(myst.__file__)],
    passed: Annotated[Path, Product] = PROSE,
) -> None:
    """Refuse results that are typed in the text: no book is published then."""
    prose_checks.check_prose(pages)
    passed.write_text("")


for run in (ORDINARY, *SCENARIOS):
    for source in run.pages():
        parameters, usual = (each.parameters_of(source.stem) for each in (run, ORDINARY))
        taken = run is not ORDINARY and not run.own
        if taken and parameters.read_bytes() == usual.read_bytes():

            @task(name=f"{run.name}: {source.stem}")
            def task_take(
                ordinary: Path = ORDINARY.of(source),
                parameters: Path = parameters,
                executed: Annotated[Path, Product] = run.of(source),
            ) -> None:
                """Take a notebook that the scenario does not reach from the default run."""
                files.replace(executed, ordinary.read_bytes())

            continue

        @task(name=f"{run.name}: {source.stem}")
        def task_execute(
            source: Path = source,
            package: str = REACHED[source],
            lock: Path = LOCK,
            parameters: Path = parameters,
            executed: Annotated[Path, Product] = run.of(source),
        ) -> None:
            """Execute one notebook with the run's parameters."""
            values = json.loads(parameters.read_text())["parameters"]
            with_all = f"{package} {files.digest([lock, parameters])}"
            execute.execute(source, executed, values, with_all)
