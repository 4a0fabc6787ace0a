"""Make the book, or scenarios too: ``python tools/book.py [--all] [scenarios/NAME.yml ...]``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from helpers import sources
from helpers.book import locks, pages, stage
from helpers.book.run import clear_leftovers
from helpers.errors import CompanionError, DataError, ParameterError
from helpers.files import BUILD, HTML, ROOT, SCENARIOS
from helpers.runs import own_data, reading

DEFAULT = SCENARIOS / "paper.yml"


def prepare(path: Path) -> str:
    """Check a scenario, settle its source, and write down what the tasks run with.

    Returns
    -------
    str
        Name of the run.
    """
    wanted = reading.read(path)
    resolved = sources.resolve(wanted.source)
    name = reading.run_name(path)
    changes = wanted.changes()
    if path.resolve() != DEFAULT.resolve():
        if name == DEFAULT.stem:
            raise ParameterError(
                f"{path}: the name becomes an address, and {name!r} is the default book's; "
                "rename the file"
            )
        idle = [key for key in changes if key not in declared_anywhere()]
        if idle:
            raise ParameterError(
                f"{path.name}: {idle[0]}: no chapter takes it; it is for sweeps, take it out"
            )
        try:
            wanted.check_panel(sources.load(resolved.source))
        except CompanionError as problem:
            raise type(problem)(f"{path.name}: {problem}") from None
    # what is handed on holds no path of this machine
    resolved = sources.Resolution(own_data.kept_source(resolved.source), resolved.reason)
    if "source" in changes:
        changes["source"] = Path(resolved.source).name
    run = {
        "title": wanted.title,
        "parameters": wanted.parameters() | {"source": resolved.source},
        "changes": changes,
        "reason": resolved.reason,
        "data": own_data.data_hashes(resolved.source),
        "repository": stage.repository(),
    }
    folder = BUILD / "runs" / name
    write(folder / "parameters.json", run)
    for source in pages.notebooks():
        declared = pages.declared_parameters(source.read_text("utf-8"))
        own = {name: run["parameters"][name] for name in declared if name in run["parameters"]}
        data = run["data"] if "source" in own else {}
        write(folder / "parameters" / f"{source.stem}.json", {"parameters": own, "data": data})
    print(f"{wanted.title}: source {resolved.source}", flush=True)
    if resolved.reason:
        print(f"the author's files are not used: {resolved.reason}", flush=True)
    return name


def write(target: Path, content: dict) -> None:
    """Write JSON, or leave the file alone where nothing changed: tasks depend on its bytes."""
    text = json.dumps(content, indent=1)
    if target.is_file() and target.read_text() == text:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_suffix(".new")
    beside.write_text(text)
    beside.replace(target)


def declared_anywhere() -> set[str]:
    """Parameters that some chapter takes."""
    texts = [source.read_text("utf-8") for source in pages.notebooks()]
    return {name for text in texts for name in pages.declared_parameters(text)}


def asked(arguments: list[str]) -> list[Path]:
    """Scenario files of the command line; what cannot have been meant is refused.

    A file in ``scenarios/`` that cannot be read stops ``make rerun``, which is asked for all of
    them, and not ``make book``, which names it.
    """
    for variable in ("SWEEP", "SCENARIO") if not arguments else ("SWEEP",):
        if given := os.environ.get(variable):
            command = {"SWEEP": "sweep", "SCENARIO": "rerun"}[variable]
            raise ParameterError(
                f"{variable}={given}: this command does not take it; "
                f"make {command} {variable}={given} does"
            )
    files = [Path(argument) for argument in arguments if argument != "--all"]
    scenarios, _, refused = reading.files()
    if "--all" in arguments:
        files += [path for path in scenarios if path not in files]
        if refused:
            raise DataError("\n".join(refused.values()))
    elif not arguments:
        for path, problem in refused.items():
            if path != DEFAULT:
                print(f"left out: {problem}", file=sys.stderr, flush=True)
    return files


def workers() -> str:
    """How many processes work at once: ``COMPANION_WORKERS``, else one a core, four at most."""
    given = os.environ.get("COMPANION_WORKERS", "").strip() or str(min(os.cpu_count() or 1, 4))
    if not given.isdecimal() or int(given) < 1:
        raise ParameterError(
            f"COMPANION_WORKERS: expected a whole number from 1, found {given!r}; "
            "unset it for one process a core"
        )
    return given


def follow_parent() -> None:
    """End when make is gone: its end must not leave a build that nobody waits for."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(130)  # what attends to the tasks sees it, and ends them

    if os.environ.get("MAKELEVEL"):
        threading.Thread(target=watch, daemon=True).start()


def build(names: list[str], processes: str) -> int:
    """Hand over to pytask; however this process ends, that ends with it."""
    pytask = [sys.executable, "-m", "pytask", "build", "-n", processes]
    with subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "tools" / "attend.py"), *pytask),
            *("--parallel-backend", "processes", "tasks/task_book.py"),
        ],
        cwd=ROOT,
        env={**os.environ, "COMPANION_RUNS": ",".join(names)},
        stdin=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        try:
            return running.wait()
        except KeyboardInterrupt:
            running.stdin.close()
            running.wait()
            print("stopped; the book that was there stays as it was", file=sys.stderr)
            return 130


def main(arguments: list[str]) -> int:
    """Prepare the runs and hand over to pytask, one build at a time."""
    follow_parent()
    try:
        with locks.held(BUILD / "book.lock", "makes a book"):
            return make(arguments)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
    except OSError as problem:
        print(
            f"{problem.filename or BUILD}: {problem.strerror}: nothing was replaced",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print("stopped; nothing was touched", file=sys.stderr)
        return 130
    return 2


def make(arguments: list[str]) -> int:
    """Prepare the runs and make what is out of date."""
    started = time.perf_counter()
    processes = workers()
    files = asked(arguments)
    # what is wrong with a scenario is said before the default book is looked at
    names = [prepare(path) for path in files if path.resolve() != DEFAULT.resolve()]
    prepare(DEFAULT)
    for name in (DEFAULT.stem, *names):
        clear_leftovers(name)
    code = build(names, processes)
    if code == 0:
        seconds = time.perf_counter() - started
        for name in names or [DEFAULT.stem]:
            site = HTML if name == DEFAULT.stem else HTML / "scenarios" / name
            page = site / ("index.html" if name == DEFAULT.stem else "differences.html")
            print(f"{page.relative_to(ROOT)} is ready ({seconds:.0f} s)")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
