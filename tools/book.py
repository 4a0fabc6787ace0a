"""Make the book, or a scenario of it: ``python tools/book.py [scenarios/NAME.yml]``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from helpers import paths, publish, scenario, sources
from helpers.errors import CompanionError

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
    target = paths.BUILD / "runs" / path.stem / "parameters.json"
    text = json.dumps(run, indent=1, sort_keys=True)
    # left alone when nothing changed: its bytes are what the notebooks depend on
    if not target.is_file() or target.read_text() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_suffix(".new")
        beside.write_text(text)
        beside.replace(target)
    print(f"{wanted.title}: source {resolved.source}", flush=True)
    if resolved.reason:
        print(f"the author's files are not used: {resolved.reason}", flush=True)
    return path.stem


def fingerprint(source: str) -> dict[str, str]:
    """Hashes of the data that a source reads; the synthetic one is code."""
    from helpers.sources import replication

    if source == "replication":
        return {file.name: file.sha256 for file in replication.FILES.values()}
    if source == "synthetic":
        return {}
    return {file.name: replication.sha256(file) for file in sorted(Path(source).iterdir())}


def main(arguments: list[str]) -> int:
    """Prepare the run and hand over to pytask."""
    started = time.perf_counter()
    try:
        name = prepare(Path(arguments[0]) if arguments else DEFAULT)
    except CompanionError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    publish.clear_leftovers(name)
    command = [str(Path(sys.executable).with_name("pytask")), "build", "--disable-warnings"]
    workers = os.environ.get("COMPANION_WORKERS", str(min(os.cpu_count() or 1, 4)))
    code = subprocess.run(
        [*command, "-n", workers, "--parallel-backend", "processes", "tasks"],
        cwd=paths.ROOT,
        env={**os.environ, "COMPANION_RUN": name},
    ).returncode
    site = paths.HTML if name == "paper" else paths.HTML / "scenarios" / name
    if code == 0:
        seconds = time.perf_counter() - started
        print(f"{(site / 'index.html').relative_to(paths.ROOT)} is ready ({seconds:.0f} s)")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
