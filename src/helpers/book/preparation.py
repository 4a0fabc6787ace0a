"""From a scenario file to a run that is ready to be made: checked, its source settled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from helpers import sources
from helpers.book import pages
from helpers.book.run import DEFAULT, Run, repository
from helpers.errors import CompanionError, ParameterError
from helpers.exhibits.live import geography
from helpers.files import SCENARIOS
from helpers.runs import own_data, reading
from helpers.runs.scenario import NO_OUTLINES

DEFAULT_FILE = SCENARIOS / f"{DEFAULT}.yml"


def prepare(path: Path) -> Run:
    """Check a scenario, settle its source, and write down what the tasks run with.

    Parameters
    ----------
    path : Path
        Scenario file; that of the paper gives the default book.

    Returns
    -------
    Run
        Written to its folder, with a file of parameters for each notebook.

    Raises
    ------
    CompanionError
        If the scenario cannot be run, naming the file and what is wrong in it.
    """
    wanted = reading.read(path)
    resolved = sources.resolve(wanted.source)
    name = reading.run_name(path)
    default = path.resolve() == DEFAULT_FILE.resolve()
    if not default and name == DEFAULT:
        raise ParameterError(
            f"{path}: the name becomes an address, and {name!r} is the default book's; "
            "rename the file"
        )
    stated = tuple(reading.read_content(path, ("notebooks",)).values)
    own = False
    if not default:
        try:
            panel = sources.load(resolved.source)
            own = own_data.of_another_kind(panel)
            wanted = own_data.filled(wanted, stated, panel) if own else wanted
            if not own:
                _refuse_idle(path, wanted.changes())
            wanted.check_panel(panel)
            if wanted.outlines != NO_OUTLINES:
                geography.read_outlines(wanted.outlines)
        except CompanionError as problem:
            text = str(problem).removeprefix(f"{path.name}: ")
            raise type(problem)(f"{path.name}: {text}") from None
    changes = wanted.changes()
    borders = None if wanted.outlines == NO_OUTLINES else wanted.outlines
    # what is handed on holds no path of this machine
    source = own_data.kept_source(resolved.source, borders)
    run = Run(
        name=name,
        title=wanted.title,
        parameters=wanted.parameters() | {"source": source},
        changes=changes | ({"source": Path(source).name} if "source" in changes else {}),
        reason=resolved.reason,
        data=own_data.data_hashes(source),
        repository=repository(),
    )
    if own:
        from helpers.book import own_texts  # half a second, for a book that has its own texts

        run = replace(run, chapters=own_texts.write(run.texts, panel, wanted, stated))
    run.write()
    for page in run.pages():
        names = pages.declared_parameters(page.read_text("utf-8"))
        run.write_parameters_of(page.stem, names)
    return run


def _refuse_idle(path: Path, changes: dict) -> None:
    """Refuse a parameter that no chapter takes."""
    declared = [pages.declared_parameters(page.read_text("utf-8")) for page in pages.notebooks()]
    taken = {parameter for names in declared for parameter in names}
    if idle := [key for key in changes if key not in taken]:
        raise ParameterError(f"{idle[0]}: no chapter takes it; it is for sweeps, take it out")
