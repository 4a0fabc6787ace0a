"""Everything that CI checks, cheapest first; stops at the first stage that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTEST = (sys.executable, "-m", "pytest", "-q")
RUFF = (sys.executable, "-m", "ruff")
CELLS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/*.ipynb"))
EXECUTED = ROOT / "_build" / "runs" / "paper" / "executed"
NBVAL = (
    *(*PYTEST, "-p", "nbval_tolerance", "--nbval", "--nbval-current-env", "-n", "2"),
    *("--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider"),
)
# in parts, so that what is cheap fails first
STAGES = (
    ("style", (*RUFF, "check", "--quiet", ".")),
    ("format", (*RUFF, "format", "--check", "--quiet", ".")),
    ("style of cells", (*RUFF, "check", "--quiet", "--isolated", "--select", "E4,E7,F", *CELLS)),
    (
        "format of cells",
        (*RUFF, "format", "--check", "--quiet", "--isolated", "--line-length", "84", *CELLS),
    ),
    ("package", (*PYTEST, "-n", "2", "tests/unit", "tests/property", "tests/differential")),
    ("live figures", (*PYTEST, "-n", "2", "tests/live")),
    ("commands", (*PYTEST, "-n", "2", "tests/commands")),
    ("book", (sys.executable, "tools/book.py")),
    # in groups: tests of scenarios build; what is asked of one page executes it once
    ("pages", (*PYTEST, "-n", "2", "--dist", "loadgroup", "tests/book")),
    ("notebooks, other parameters", (*PYTEST, "-n", "2", "--dist", "loadgroup", "tests/notebooks")),
    ("notebooks, executed anew and compared", NBVAL),
)


def longest_first(folder: Path = EXECUTED) -> list[str]:
    """Executed notebooks by the seconds that they took: none that is long is left to the end."""

    def seconds(path: Path) -> float:
        return json.loads(path.read_text("utf-8"))["metadata"]["companion"]["seconds"]

    return [str(path) for path in sorted(folder.glob("*.ipynb"), key=seconds, reverse=True)]


def main() -> int:
    """Run the stages in order."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "notebooks")}
    for name, command in STAGES:
        print(f"== {name}", flush=True)
        started = time.perf_counter()
        command = (*command, *longest_first()) if command is NBVAL else command
        code = subprocess.run(command, cwd=ROOT, env=environment).returncode
        if code:
            print(f"{name} failed")
            return code
        print(f"   {time.perf_counter() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
