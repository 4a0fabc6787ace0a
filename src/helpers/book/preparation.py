"""From a scenario file to a run that is ready to be made: checked, its source settled."""

from __future__ import annotations

from pathlib import Path

from helpers import sources
from helpers.book import pages
from helpers.book.run import DEFAULT, Run, repository
from helpers.errors import CompanionError, ParameterError
from helpers.files import SCENARIOS
from helpers.runs import own_data, reading

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
    declared = {
        source.stem: pages.declared_parameters(source.read_text("utf-8"))
        for source in pages.notebooks()
    }
    changes = wanted.changes()
    if path.resolve() != DEFAULT_FILE.resolve():
        if name == DEFAULT:
            raise ParameterError(
                f"{path}: the name becomes an address, and {name!r} is the default book's; "
                "rename the file"
            )
        taken = {parameter for names in declared.values() for parameter in names}
        if idle := [key for key in changes if key not in taken]:
            raise ParameterError(
                f"{path.name}: {idle[0]}: no chapter takes it; it is for sweeps, take it out"
            )
        try:
            wanted.check_panel(sources.load(resolved.source))
        except CompanionError as problem:
            raise type(problem)(f"{path.name}: {problem}") from None
    # what is handed on holds no path of this machine
    source = own_data.kept_source(resolved.source)
    run = Run(
        name=name,
        title=wanted.title,
        parameters=wanted.parameters() | {"source": source},
        changes=changes | ({"source": Path(source).name} if "source" in changes else {}),
        reason=resolved.reason,
        data=own_data.data_hashes(source),
        repository=repository(),
    )
    run.write()
    for notebook, names in declared.items():
        run.write_parameters_of(notebook, names)
    return run
