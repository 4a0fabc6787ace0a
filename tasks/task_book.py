"""The book as tasks: check the prose, execute every notebook, publish.

``tools/book.py`` decides on the run (scenario and source), writes its parameters down and
calls pytask on this file. A notebook is executed again when its text, the package, the
environment or the parameters change; the site is built again when any page does.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

from pytask import Product, task

from helpers import paths, publish

CHECKER = [Path(publish.__file__), Path(publish.__file__).with_name("prose.py")]
PAGES = publish.pages()
RUN = os.environ.get("COMPANION_RUN", "paper")
FOLDER = paths.BUILD / "runs" / RUN
PARAMETERS = FOLDER / "parameters.json"
HTML = paths.HTML if RUN == "paper" else paths.HTML / "scenarios" / RUN
KINDS = {".py", ".csv", ".json", ".html", ".css", ".js"}
PACKAGE = sorted(path for path in (paths.ROOT / "src").rglob("*") if path.suffix in KINDS)
STATIC = [path for path in sorted(paths.BOOK.rglob("*")) if path.is_file()]
LOCK = paths.ROOT / "requirements.lock"
EXECUTED = [FOLDER / "executed" / f"{source.stem}.ipynb" for source in publish.notebooks()]
LAYOUT = [paths.ROOT / "_config.yml", paths.ROOT / "_toc.yml"]


# names carry the run, so that a scenario does not put the default book out of date
@task(name=f"{RUN}: prose")
def task_prose(
    pages: list[Path] = PAGES,
    checker: list[Path] = CHECKER,
    passed: Annotated[Path, Product] = FOLDER / "prose.ok",
) -> None:
    """Refuse results that are typed in the text."""
    publish.check_prose(pages)
    passed.write_text("")


for source, executed in zip(publish.notebooks(), EXECUTED, strict=True):

    @task(name=f"{RUN}: {source.stem}")
    def task_execute(
        source: Path = source,
        prose: Path = FOLDER / "prose.ok",
        package: list[Path] = PACKAGE,
        lock: Path = LOCK,
        parameters: Path = PARAMETERS,
        executed: Annotated[Path, Product] = executed,
    ) -> None:
        """Execute one notebook with the run's parameters."""
        publish.execute(source, executed, json.loads(parameters.read_text())["parameters"])


@task(name=f"{RUN}: publish")
def task_publish(
    executed: list[Path] = EXECUTED,
    static: list[Path] = STATIC,
    layout: list[Path] = LAYOUT,
    lock: Path = LOCK,
    builder: Path = Path(publish.__file__),
    parameters: Path = PARAMETERS,
    index: Annotated[Path, Product] = HTML / "index.html",
) -> None:
    """Build the static book from the executed notebooks and swap it in."""
    staged = FOLDER / "stage"
    publish.stage(staged, executed[0].parent, json.loads(parameters.read_text()))
    publish.build(staged, index.parent)
