"""Everything that CI checks, cheapest first; stops at the first stage that fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTEST = (sys.executable, "-m", "pytest", "-q")
STAGES = (
    ("style", (sys.executable, "-m", "ruff", "check", "--quiet", ".")),
    ("format", (sys.executable, "-m", "ruff", "format", "--check", "--quiet", ".")),
    ("package", (*PYTEST, "-n", "2", "tests")),
)


def main() -> int:
    """Run the stages in order."""
    for name, command in STAGES:
        print(f"== {name}", flush=True)
        code = subprocess.run(command, cwd=ROOT).returncode
        if code:
            print(f"{name} failed")
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
