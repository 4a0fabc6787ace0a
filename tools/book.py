"""Make the book, or scenarios too: ``python tools/book.py [--all] [scenarios/NAME.yml ...]``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from helpers import paths, publish, scenario, sources
from helpers.errors import CompanionError, ParameterError

DEFAULT = paths.SCENARIOS / "paper.yml"


def prepare(path: Path) -> str:
    """Check a scenario, settle its source, and write down what the tasks run with.

    Returns
    -------
    str
        Name of the run.
    """
    wanted = scenario.read(path)
    resolved = sources.resolve(wanted.source)
    if path.resolve() != DEFAULT.resolve():
        if path.stem == DEFAULT.stem or not re.fullmatch(r"[\w-]+", path.stem):
            raise ParameterError(
                f"{path}: the name becomes an address; expected letters, digits, - and _, "
                f"and not {DEFAULT.stem!r}"
            )
        wanted.check_panel(sources.load(resolved.source))
    if resolved.source not in sources.NAMES:
        resolved = sources.Resolution(str(Path(resolved.source).resolve()))
    run = {
        "title": wanted.title,
        "parameters": wanted.parameters() | {"source": resolved.source},
        "changes": wanted.changes(),
        "reason": resolved.reason,
        "data": fingerprint(resolved.source),
    }
    folder = paths.BUILD / "runs" / path.stem
    write(folder / "parameters.json", run)
    for source in publish.notebooks():
        declared = publish.declared_parameters(source.read_text("utf-8"))
        own = {name: run["parameters"][name] for name in declared if name in run["parameters"]}
        data = run["data"] if "source" in own else {}
        write(folder / "parameters" / f"{source.stem}.json", {"parameters": own, "data": data})
    print(f"{wanted.title}: source {resolved.source}", flush=True)
    if resolved.reason:
        print(f"the author's files are not used: {resolved.reason}", flush=True)
    return path.stem


def write(target: Path, content: dict) -> None:
    """Write JSON, or leave the file alone where nothing changed: tasks depend on its bytes."""
    text = json.dumps(content, indent=1)
    if target.is_file() and target.read_text() == text:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_suffix(".new")
    beside.write_text(text)
    beside.replace(target)


def fingerprint(source: str) -> dict[str, str]:
    """Hashes of the data that a source reads; the synthetic one is code."""
    from helpers.sources import replication

    if source == "replication":
        return {file.name: file.sha256 for file in replication.FILES.values()}
    if source == "synthetic":
        return {}
    return {file.name: replication.sha256(file) for file in sorted(Path(source).iterdir())}


def main(arguments: list[str]) -> int:
    """Prepare the runs and hand over to pytask."""
    started = time.perf_counter()
    try:
        files = [Path(argument) for argument in arguments if argument != "--all"]
        if "--all" in arguments:
            files += [path for path in publish.scenarios() if path not in files]
        # what is wrong with a scenario is said before the default book is looked at
        names = [prepare(path) for path in files if path.resolve() != DEFAULT.resolve()]
        prepare(DEFAULT)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    for name in (DEFAULT.stem, *names):
        publish.clear_leftovers(name)
    command = [str(Path(sys.executable).with_name("pytask")), "build"]
    workers = os.environ.get("COMPANION_WORKERS", str(min(os.cpu_count() or 1, 4)))
    code = subprocess.run(
        [*command, "-n", workers, "--parallel-backend", "processes", "tasks/task_book.py"],
        cwd=paths.ROOT,
        env={**os.environ, "COMPANION_RUNS": ",".join(names)},
    ).returncode
    if code == 0:
        seconds = time.perf_counter() - started
        for name in names or [DEFAULT.stem]:
            site = paths.HTML if name == DEFAULT.stem else paths.HTML / "scenarios" / name
            page = site / ("index.html" if name == DEFAULT.stem else "differences.html")
            print(f"{page.relative_to(paths.ROOT)} is ready ({seconds:.0f} s)")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
