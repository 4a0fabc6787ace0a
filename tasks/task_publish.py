"""The book as tasks, second part: publish each run's executed notebooks as a site.

A site is built again when one of its notebooks, a prose page, the layout, the package, a test
(the page of equations names them) or the environment changes. The default book comes last: it
lists the scenarios that are published beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pytask import Product, PythonNode, task

from helpers import files
from helpers.book.pages import notebooks
from helpers.book.run import DEFAULT, Run

ORDINARY, *SCENARIOS = Run.asked()
SOURCES = notebooks()
CODE = [*files.package_files(), *sorted((files.ROOT / "tests").rglob("test_*.py"))]
BUILDER = PythonNode(value=files.digest(CODE), hash=True)
STATIC = [path for path in sorted(files.BOOK.rglob("*")) if path.is_file()]
PROSE = ORDINARY.folder / "prose.ok"  # of task_book.py
LAYOUT = [files.ROOT / name for name in ("_config.yml", "_toc.yml", "requirements.lock")]


def _publish(run: Path, baseline: Path | None = None) -> None:
    from helpers.book import site, stage  # what draws is loaded where it is needed

    made = Run.read(run)
    stage.stage(made.staged, made.executed, made, baseline)
    texts = made.texts if made.own else None
    site.build(made.staged, made.site, made.executed, made.kept, texts)


for each in SCENARIOS:

    @task(name=f"{each.name}: publish")
    def task_publish_scenario(
        executed: list[Path] = [each.of(source) for source in each.pages()],
        texts: list[Path] = sorted(each.texts.rglob("*.*")) if each.own else [],
        ordinary: list[Path] = [] if each.own else [ORDINARY.of(source) for source in SOURCES],
        prose: Path = PROSE,
        static: list[Path] = STATIC,
        layout: list[Path] = LAYOUT,
        builder: str = BUILDER,
        run: Path = each.file,
        index: Annotated[Path, Product] = each.site / "index.html",
    ) -> None:
        """Build the scenario's book, with the page of differences, and swap it in."""
        _publish(run, ordinary[0].parent if ordinary else None)


@task(name=f"{DEFAULT}: publish")
def task_publish(
    executed: list[Path] = [ORDINARY.of(source) for source in SOURCES],
    scenarios: list[Path] = [run.site / "index.html" for run in SCENARIOS],
    stories: list[Path] = sorted(files.SCENARIOS.glob("*.yml")),
    prose: Path = PROSE,
    static: list[Path] = STATIC,
    layout: list[Path] = LAYOUT,
    builder: str = BUILDER,
    run: Path = ORDINARY.file,
    index: Annotated[Path, Product] = ORDINARY.site / "index.html",
) -> None:
    """Build the static book from the executed notebooks and swap it in."""
    _publish(run)
