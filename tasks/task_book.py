"""The book as tasks: check the prose, execute every notebook, publish.

``tools/book.py`` decides on the runs (scenario and source), writes their parameters down and
calls pytask on this file. A notebook is executed again when its text, the package, the
environment or the parameters that it declares change; the site is built again when any page
does. A scenario executes the notebooks that its parameters reach, and takes the others from the
default run.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Annotated

from pytask import Product, task

from helpers import files
from helpers.book import execute, myst, prose_checks, site, stage
from helpers.book import pages as pages_room
from helpers.book.pages import notebooks

DEFAULT = "paper"
CHECKER = [Path(prose_checks.__file__), Path(myst.__file__)]
PAGES = pages_room.pages()
SCENARIOS = [name for name in os.environ.get("COMPANION_RUNS", "").split(",") if name]
KINDS = {".py", ".csv", ".json", ".html", ".css", ".js"}
PACKAGE = sorted(path for path in (files.ROOT / "src").rglob("*") if path.suffix in KINDS)
STATIC = [path for path in sorted(files.BOOK.rglob("*")) if path.is_file()]
STORIES = sorted(files.SCENARIOS.glob("*.yml"))
LOCK = files.ROOT / "requirements.lock"
LAYOUT = [files.ROOT / "_config.yml", files.ROOT / "_toc.yml"]
SOURCES = notebooks()


def _folder(run: str) -> Path:
    return files.BUILD / "runs" / run


def _executed(run: str) -> list[Path]:
    return [_folder(run) / "executed" / f"{source.stem}.ipynb" for source in SOURCES]


def _site(run: str) -> Path:
    return files.HTML if run == DEFAULT else files.HTML / "scenarios" / run


def _of_notebook(run: str, source: Path) -> Path:
    """File with the parameters that a notebook declares."""
    return _folder(run) / "parameters" / f"{source.stem}.json"


# names carry the run, so that a scenario does not put the default book out of date
@task(name=f"{DEFAULT}: prose")
def task_prose(
    pages: list[Path] = PAGES,
    checker: list[Path] = CHECKER,
    passed: Annotated[Path, Product] = _folder(DEFAULT) / "prose.ok",
) -> None:
    """Refuse results that are typed in the text."""
    prose_checks.check_prose(pages)
    passed.write_text("")


for run in (DEFAULT, *SCENARIOS):
    for source, executed, ordinary in zip(SOURCES, _executed(run), _executed(DEFAULT), strict=True):
        parameters = _of_notebook(run, source)
        if run != DEFAULT and (
            parameters.read_bytes() == _of_notebook(DEFAULT, source).read_bytes()
        ):

            @task(name=f"{run}: {source.stem}")
            def task_take(
                ordinary: Path = ordinary,
                parameters: Path = parameters,
                executed: Annotated[Path, Product] = executed,
            ) -> None:
                """Take a notebook that the scenario does not reach from the default run."""
                executed.parent.mkdir(parents=True, exist_ok=True)
                beside = executed.with_suffix(".new")
                shutil.copy(ordinary, beside)
                beside.replace(executed)

            continue

        @task(name=f"{run}: {source.stem}")
        def task_execute(
            source: Path = source,
            prose: Path = _folder(DEFAULT) / "prose.ok",
            package: list[Path] = PACKAGE,
            lock: Path = LOCK,
            parameters: Path = parameters,
            executed: Annotated[Path, Product] = executed,
        ) -> None:
            """Execute one notebook with the run's parameters."""
            execute.execute(source, executed, json.loads(parameters.read_text())["parameters"])

    if run == DEFAULT:
        continue

    @task(name=f"{run}: publish")
    def task_publish_scenario(
        run: str = run,
        executed: list[Path] = _executed(run),
        ordinary: list[Path] = _executed(DEFAULT),
        static: list[Path] = STATIC,
        layout: list[Path] = LAYOUT,
        lock: Path = LOCK,
        builder: list[Path] = PACKAGE,
        parameters: Path = _folder(run) / "parameters.json",
        index: Annotated[Path, Product] = _site(run) / "index.html",
    ) -> None:
        """Build the scenario's book, with the page of differences, and swap it in."""
        staged = _folder(run) / "stage"
        settings = json.loads(parameters.read_text())
        stage.stage(staged, executed[0].parent, settings, ordinary[0].parent)
        site.build(staged, index.parent, executed[0].parent)


@task(name=f"{DEFAULT}: publish")
def task_publish(
    executed: list[Path] = _executed(DEFAULT),
    scenarios: list[Path] = [_site(run) / "index.html" for run in SCENARIOS],
    stories: list[Path] = STORIES,
    static: list[Path] = STATIC,
    layout: list[Path] = LAYOUT,
    lock: Path = LOCK,
    builder: list[Path] = PACKAGE,
    parameters: Path = _folder(DEFAULT) / "parameters.json",
    index: Annotated[Path, Product] = _site(DEFAULT) / "index.html",
) -> None:
    """Build the static book from the executed notebooks and swap it in."""
    staged = _folder(DEFAULT) / "stage"
    stage.stage(staged, executed[0].parent, json.loads(parameters.read_text()))
    site.build(staged, index.parent, executed[0].parent)
