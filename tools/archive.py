"""A deposit for a repository, the same bytes for the same content: ``make archive``.

It holds what git tracks, the executed notebooks, the site without its scenarios and sweeps, and
the PDF where there is one. Files that occur twice are there once, except in the site, which has
to stand on its own.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from helpers import paths

TARGET = paths.BUILD / "correlated-migration.zip"
ROOT_NAME = "correlated-migration"
EPOCH = (1980, 1, 1, 0, 0, 0)
NOT_FOR_A_DEPOSIT = (".gitignore", ".pre-commit-config.yaml", ".github/", ".ci/")


class ArchiveError(Exception):
    """A file that has no place in a deposit; the message says which and why."""


def tracked() -> list[Path]:
    """Files of the project, as git lists them; all but build folders where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=paths.ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return sorted(
        paths.ROOT / name
        for name in listed.split("\0")
        if name and (paths.ROOT / name).is_file() and not name.startswith(NOT_FOR_A_DEPOSIT)
    )


def contents() -> dict[str, bytes]:
    """Name in the archive and content of every file."""
    found = {str(path.relative_to(paths.ROOT)): path.read_bytes() for path in tracked()}
    executed = paths.BUILD / "runs" / "paper" / "executed"
    for path in sorted(executed.glob("*.ipynb")):
        found[f"executed/{path.name}"] = path.read_bytes()
    for path in sorted(paths.HTML.rglob("*")):
        inside = path.relative_to(paths.HTML)
        if path.is_file() and inside.parts[0] not in ("scenarios", "sweeps", ".buildinfo"):
            found[f"site/{inside}"] = path.read_bytes()
    pdf = paths.BUILD / "correlated-migration.pdf"
    if pdf.is_file():
        found[pdf.name] = pdf.read_bytes()
    return found


def check(found: dict[str, bytes]) -> None:
    """Refuse paths of this machine, empty files and files that occur twice outside the site.

    Raises
    ------
    ArchiveError
    """
    places = [str(paths.ROOT).encode(), *(b"/" + name for name in (b"home/", b"Users/", b"tmp/"))]
    seen: dict[str, str] = {}
    for name, content in found.items():
        if not content:
            raise ArchiveError(f"{name}: an empty file")
        if any(place in content for place in places):
            raise ArchiveError(f"{name}: holds a path of this machine")
        if name.startswith("site/"):
            continue
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            raise ArchiveError(f"{name}: the same as {seen[digest]}")
        seen[digest] = name


def write(found: dict[str, bytes], target: Path) -> None:
    """Write the archive: names in order, no times, no owners."""
    beside = target.with_suffix(".new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(found):
            entry = zipfile.ZipInfo(f"{ROOT_NAME}/{name}", EPOCH)
            runs = name.endswith(".sh")
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, found[name])
    beside.replace(target)


def main() -> int:
    """Write the archive and say its hash."""
    if not (paths.HTML / "index.html").is_file():
        print("no book in _build/html: run make book", file=sys.stderr)
        return 2
    found = contents()
    try:
        check(found)
    except ArchiveError as problem:
        print(f"ArchiveError: {problem}", file=sys.stderr)
        return 2
    write(found, TARGET)
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    size = TARGET.stat().st_size / 1e6
    print(f"{TARGET.relative_to(paths.ROOT)}: {len(found)} files, {size:.1f} MB, SHA-256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
