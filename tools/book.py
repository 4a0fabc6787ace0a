"""Make the book, or scenarios too: ``python tools/book.py [--all] [scenarios/NAME.yml ...]``."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from helpers.book import locks
from helpers.book.preparation import DEFAULT_FILE, prepare
from helpers.book.run import RUNS_VARIABLE, Run, clear_leftovers
from helpers.errors import CompanionError, DataError, ParameterError
from helpers.files import BUILD, ROOT
from helpers.runs import reading


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
            if path != DEFAULT_FILE:
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
            *("--parallel-backend", "processes"),
            *("tasks/task_book.py", "tasks/task_publish.py"),
        ],
        cwd=ROOT,
        env={**os.environ, RUNS_VARIABLE: ",".join(names)},
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
    runs = [ready(path) for path in files if path.resolve() != DEFAULT_FILE.resolve()]
    default = ready(DEFAULT_FILE)
    for run in (default, *runs):
        clear_leftovers(run)
    code = build([run.name for run in runs], processes)
    if code == 0:
        seconds = time.perf_counter() - started
        for run in runs or [default]:
            page = run.site / ("index.html" if run.is_default or run.own else "differences.html")
            print(f"{page.relative_to(ROOT)} is ready ({seconds:.0f} s)")
    return code


def ready(path: Path) -> Run:
    """Prepare a run, and say what it is made from."""
    run = prepare(path)
    print(f"{run.title}: source {run.source}", flush=True)
    if run.reason:
        print(f"the author's files are not used: {run.reason}", flush=True)
    return run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
