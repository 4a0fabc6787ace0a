"""Make the project's environment in ``.venv`` from the hash-locked requirements.

Runs on the system's Python and uses the standard library alone. uv does the work where
it is found or can be had; otherwise pip does, from the same lock and with the same hashes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".companion-stamp"
BIN = VENV / "bin"
OLDEST = (3, 11)
PIP = (BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
CAPTURE = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def fingerprint() -> str:
    """Hash of what the environment is made from: lock, metadata and interpreter."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    metadata = repr([settings["build-system"], settings["project"]])
    digest = hashlib.sha256(f"{sys.version}{ROOT}{metadata}".encode())
    for path in (LOCK, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(*command: str | Path, may_fail: bool = False) -> bool:
    """Run a command quietly, True when it succeeded; what a failed one said is shown."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    clean["VIRTUAL_ENV"] = str(VENV)
    try:
        done = subprocess.run([str(part) for part in command], env=clean, **CAPTURE)
    except OSError as problem:
        print(problem if not may_fail else "", end="")
        return False
    if done.returncode and not may_fail:
        print(done.stdout)
    return done.returncode == 0


def locked(name: str) -> str:
    """Cut one package's block, with its hashes, out of the lock."""
    return re.search(rf"^{name}==.*?(?=^\S|\Z)", LOCK.read_text(), re.M | re.S).group()


def find_uv() -> str | None:
    """Path of uv: the system's, or the locked one put into ``.venv`` by pip."""
    found = shutil.which("uv")
    if found and run(found, "--version", may_fail=True):
        return found
    wanted = VENV / "uv.lock"
    wanted.write_text(locked("uv"))
    if run(*PIP, "--require-hashes", "--requirement", wanted, may_fail=True):
        return str(BIN / "uv")
    return None


def main() -> int:
    """Make or refresh ``.venv``; nothing happens when it is up to date."""
    if sys.version_info < OLDEST:
        print(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}"
        )
        return 1
    if STAMP.exists() and STAMP.read_text() == fingerprint():
        return 0
    print("making the environment in .venv (about a minute, once)", flush=True)
    venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(VENV)
    uv = find_uv()
    python = BIN / "python"
    if uv:
        # the --python flag points uv at .venv even where another environment is active
        done = run(
            uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode",
            "--python", python, LOCK,
        ) and run(
            uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
            "--python", python, "--editable", ROOT,
        )  # fmt: skip
    else:
        done = run(*PIP, "--require-hashes", "--requirement", LOCK) and run(
            *PIP, "--no-deps", "--no-build-isolation", "--editable", ROOT
        )
    if not done:
        print("the environment could not be made: see the messages above")
        return 1
    STAMP.write_text(fingerprint())
    return 0


if __name__ == "__main__":
    sys.exit(main())
