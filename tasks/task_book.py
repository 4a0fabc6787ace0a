"""The book as tasks: check the prose, execute every notebook, publish.

``tools/book.py`` decides on the runs (scenario and source), writes their parameters down and
calls pytask on this file. A notebook is executed again when its text, a module that it reaches
(:mod:`helpers.book.reach`), the environment or the parameters that it declares change; the site
is built again when any page or the package does. A scenario executes the notebooks that its
parameters reach, and takes the others from the default run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

from pytask import Product, PythonNode, task

from helpers import files
from helpers.book import execute, myst, prose_checks, reach
from helpers.book import pages as pages_room
from helpers.book.pages import notebooks
from helpers.book.run import DEFAULT, Run

RUNS = [
    Run.named(name) for name in (DEFAULT, *os.environ.get("COMPANION_RUNS", "").split(",")) if name
]
ORDINARY, SCENARIOS = RUNS[0], RUNS[1:]
CHECKER = [Path(prose_checks.__file__), Path(myst.__file__)]
PAGES = pages_room.pages()
PACKAGE = PythonNode(value=files.digest(files.package_files()), hash=True)
STATIC = [path for path in sorted(files.BOOK.rglob("*")) if path.is_file()]
STORIES = sorted(files.SCENARIOS.glob("*.yml"))
LOCK = files.ROOT / "requirements.lock"
LAYOUT = [files.ROOT / "_config.yml", files.ROOT / "_toc.yml"]
SOURCES = notebooks()
REACHED = {
    source: PythonNode(value=files.digest(reach.of_page(source.read_text("utf-8"))), hash=True)
    for source in SOURCES
}


def _output(run: Run, source: Path) -> Path:
    return run.executed / f"{source.stem}.ipynb"


def _executed(run: Run) -> list[Path]:
    return [_output(run, source) for source in SOURCES]


# names carry the run, so that a scenario does not put the default book out of date
@task(name=f"{DEFAULT}: prose")
def task_prose(
    pages: list[Path] = PAGES,
    checker: list[Path] = CHECKER,
    passed: Annotated[Path, Product] = ORDINARY.folder / "prose.ok",
) -> None:
    """Refuse results that are typed in the text."""
    prose_checks.check_prose(pages)
    passed.write_text("")


for run in RUNS:
    for source, executed, ordinary in zip(
        SOURCES, _executed(run), _executed(ORDINARY), strict=True
    ):
        parameters, usual = (each.parameters_of(source.stem) for each in (run, ORDINARY))
        if run is not ORDINARY and parameters.read_bytes() == usual.read_bytes():

            @task(name=f"{run.name}: {source.stem}")
            def task_take(
                ordinary: Path = ordinary,
                parameters: Path = parameters,
                executed: Annotated[Path, Product] = executed,
            ) -> None:
                """Take a notebook that the scenario does not reach from the default run."""
                files.replace(executed, ordinary.read_bytes())

            continue

        @task(name=f"{run.name}: {source.stem}")
        def task_execute(
            source: Path = source,
            prose: Path = ORDINARY.folder / "prose.ok",
            package: str = REACHED[source],
            lock: Path = LOCK,
            parameters: Path = parameters,
            executed: Annotated[Path, Product] = executed,
        ) -> None:
            """Execute one notebook with the run's parameters."""
            execute.execute(source, executed, json.loads(parameters.read_text())["parameters"])

    if run is ORDINARY:
        continue

    @task(name=f"{run.name}: publish")
    def task_publish_scenario(
        run: Path = run.file,
        executed: list[Path] = _executed(run),
        ordinary: list[Path] = _executed(ORDINARY),
        static: list[Path] = STATIC,
        layout: list[Path] = LAYOUT,
        lock: Path = LOCK,
        builder: str = PACKAGE,
        index: Annotated[Path, Product] = run.site / "index.html",
    ) -> None:
        """Build the scenario's book, with the page of differences, and swap it in."""
        from helpers.book import site, stage  # what draws is loaded where it is needed

        made = Run.read(run)
        stage.stage(made.staged, made.executed, made, ordinary[0].parent)
        site.build(made.staged, made.site, made.executed)


@task(name=f"{DEFAULT}: publish")
def task_publish(
    executed: list[Path] = _executed(ORDINARY),
    scenarios: list[Path] = [run.site / "index.html" for run in SCENARIOS],
    stories: list[Path] = STORIES,
    static: list[Path] = STATIC,
    layout: list[Path] = LAYOUT,
    lock: Path = LOCK,
    builder: str = PACKAGE,
    run: Path = ORDINARY.file,
    index: Annotated[Path, Product] = ORDINARY.site / "index.html",
) -> None:
    """Build the static book from the executed notebooks and swap it in."""
    from helpers.book import site, stage

    made = Run.read(run)
    stage.stage(made.staged, made.executed, made)
    site.build(made.staged, made.site, made.executed)
