"""A clone of the project in a folder whose name has a space and an umlaut, and make in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import files

SAID = subprocess.CompletedProcess


def copy_project(target: Path) -> Path:
    """The project's files as they are now, tracked by a repository of its own."""
    listed = subprocess.run(
        ["git", "-C", str(files.ROOT), "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        capture_output=True,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("no git repository to clone")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (files.ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(files.ROOT / name, target / name)
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(target), *command], check=True)
    return target


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Path:
    """A clone that all tests share; who breaks something in it puts it right."""
    clone = copy_project(tmp_path_factory.mktemp("a folder, größer") / "ein Klon")
    (clone / ".venv").symlink_to(files.ROOT / ".venv", target_is_directory=True)
    return clone


@pytest.fixture(scope="session")
def make(whole) -> Callable[..., SAID]:
    """Run make in the clone, on the package of the clone, without making its environment."""

    def call(*words: str, cwd: Path = whole, **environment: str) -> SAID:
        around = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("COMPANION_", "MAKE", "MFLAGS", "PYTEST_"))
        }
        around |= {"PYTHONPATH": str(cwd / "src"), **environment}
        return subprocess.run(
            ["make", "--no-print-directory", "-o", "env", *words],
            cwd=cwd,
            env=around,
            capture_output=True,
            text=True,
            timeout=240,
        )

    return call
