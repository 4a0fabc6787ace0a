"""Remove what the commands made, and nothing else: ``make clean``. The environment stays."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from helpers.book.locks import free  # noqa: E402

MADE = (
    "_build",
    ".pytask",
    ".pytest_cache",
    ".hypothesis",
    ".ruff_cache",
    "pytask.lock",
    "pytask.lock.journal",
)
SOURCES = ("src", "tasks", "tests", "tools", "benchmarks")


def main() -> int:
    """Remove build, records and caches, unless a book is being made."""
    if not free(ROOT / "_build" / "book.lock"):
        owner = (ROOT / "_build" / "book.lock").read_text().strip()
        print(f"a book is being made here (process {owner}): end it first", file=sys.stderr)
        return 2
    caches = [cache for name in SOURCES for cache in (ROOT / name).rglob("__pycache__")]
    for made in [*(ROOT / name for name in MADE), *caches]:
        try:
            if made.is_dir() and not made.is_symlink():
                shutil.rmtree(made)
            else:
                made.unlink(missing_ok=True)
        except OSError as problem:
            print(f"{made.relative_to(ROOT)} stays: {problem.strerror}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
