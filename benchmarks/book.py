"""How long the book takes, at two revisions in turn: ``python benchmarks/book.py OLD [NEW]``.

Each revision is cloned, gets its own environment (not timed), and is then made from nothing, made
again with nothing changed, and made with one sentence of one chapter changed. Revisions take turns
round by round, so that a busy machine is busy for both; the ratio is of medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "notebooks/05_estimation.md"


def clone(revision: str, folder: Path) -> Path:
    """Clone a revision and make its environment."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "checkout", "--quiet", revision], cwd=folder, check=True)
    subprocess.run(["make", "--silent", "env"], cwd=folder, check=True)
    return folder


def seconds(folder: Path, *command: str) -> float:
    """Time of one command that has to succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(folder: Path) -> dict[str, float]:
    """Make the book from nothing, again, and after a change of prose."""
    seconds(folder, "make", "--silent", "clean")
    found = {"from nothing": seconds(folder, "make", "--silent", "book")}
    found["nothing changed"] = seconds(folder, "make", "--silent", "book")
    chapter = folder / CHAPTER
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(text + "\nOne more sentence.\n", encoding="utf-8")
    found["one chapter's prose changed"] = seconds(folder, "make", "--silent", "book")
    chapter.write_text(text, encoding="utf-8")
    return found


def main() -> None:
    """Print a line for each case: both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default="HEAD")
    parser.add_argument("--rounds", type=int, default=1)
    wanted = parser.parse_args()
    new = subprocess.run(
        ["git", "rev-parse", wanted.new], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as place:
        folders = {
            "old": clone(wanted.old, Path(place) / "old"),
            "new": clone(new, Path(place) / "new"),
        }
        rounds = [
            {name: measure(folder) for name, folder in folders.items()}
            for _ in range(wanted.rounds)
        ]
    for case in rounds[0]["old"]:
        old, new = (
            statistics.median(found[name][case] for found in rounds) for name in ("old", "new")
        )
        print(f"{case:30s} old {old:6.1f} s   new {new:6.1f} s   ratio {new / old:5.2f}")


if __name__ == "__main__":
    main()
