"""Make the project's environment in ``.venv`` from the hash-locked requirements.

Runs on the system's Python and uses the standard library alone. uv does the work where
it is found or can be had; otherwise pip does, from the same lock and with the same hashes.

The environment is made beside ``.venv`` and takes its place when it is whole and has shown that
it runs. Whatever goes wrong, the environment that was there stays as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

VENV = ROOT / ".venv"
NEW, OLD = ROOT / ".venv-new", ROOT / ".venv-old"
LOCK = ROOT / "requirements.lock"
STAMP = ".companion-stamp"
OLDEST = (3, 11)
CAPTURE = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
# as uv, pip and the system say that there is no way out
_OFFLINE = re.compile(
    r"error sending request|dns error|Failed to fetch|Failed to establish|NewConnectionError|"
    r"name resolution|Name or service not known|Network is unreachable|[Cc]onnection refused|"
    r"timed out|Temporary failure|ProxyError|No matching distribution|not found in the cache|"
    r"network was disabled|[Oo]ffline"
)


class NotMade(Exception):
    """The environment could not be made; the message says why, in a sentence."""


def fingerprint() -> str:
    """Hash of what the environment is made from: lock, metadata and interpreter."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    metadata = repr([settings["build-system"], settings["project"]])
    digest = hashlib.sha256(f"{sys.version}{ROOT}{metadata}".encode())
    for path in (LOCK, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(folder: Path) -> bool:
    """Whether an environment is there and made from what is asked for now."""
    stamp = folder / STAMP
    return os.path.exists(folder / "bin" / "python") and (
        stamp.is_file() and stamp.read_text() == fingerprint()
    )


def run(*command: str | Path) -> subprocess.CompletedProcess:
    """Run a command quietly, for the new environment."""
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    clean["VIRTUAL_ENV"] = str(NEW)
    words = [str(part) for part in command]
    try:
        return subprocess.run(words, env=clean, **CAPTURE)
    except OSError as problem:
        return subprocess.CompletedProcess(words, 1, str(problem))


def must(*command: str | Path) -> None:
    """Run a command that has to succeed.

    Raises
    ------
    NotMade
        With the reason where it is a common one, else with what the command said.
    """
    done = run(*command)
    if done.returncode == 0:
        return
    if _OFFLINE.search(done.stdout):
        raise NotMade(
            "the packages could not be fetched; try again with a network, or with the index or "
            "the folder of wheels that uv and pip are told to use"
        )
    if re.search(r"No space left", done.stdout):
        raise NotMade("the disk is full; about 2 GB are needed")
    raise NotMade(f"{Path(str(command[0])).name} failed:\n{done.stdout.strip()}")


def locked(name: str) -> str:
    """Cut one package's block, with its hashes, out of the lock."""
    return re.search(rf"^{name}==.*?(?=^\S|\Z)", LOCK.read_text(), re.M | re.S).group()


def find_uv(pip: tuple) -> str | None:
    """Path of uv: the system's, or the locked one put into the environment by pip."""
    found = shutil.which("uv")
    if found and run(found, "--version").returncode == 0:
        return found
    wanted = NEW / "uv.lock"
    wanted.write_text(locked("uv"))
    if run(*pip, "--require-hashes", "--requirement", wanted).returncode == 0:
        return str(NEW / "bin" / "uv")
    return None


def fill() -> None:
    """Make the new environment, from an empty folder to its last package."""
    venv.EnvBuilder(with_pip=True, clear=True, symlinks=True, prompt=".venv").create(NEW)
    python = NEW / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    uv = find_uv(pip)
    if uv:
        # the --python flag points uv at the folder even where another environment is active
        must(
            uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode",
            "--python", python, LOCK,
        )  # fmt: skip
        must(
            uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
            "--python", python, "--editable", ROOT,
        )  # fmt: skip
    else:
        must(*pip, "--require-hashes", "--requirement", LOCK)
        must(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def relocate() -> None:
    """Write the place where the environment will stand into the files that name its place."""
    here, there = str(NEW).encode(), str(VENV).encode()
    named = [NEW / "pyvenv.cfg", *(NEW / "bin").iterdir(), *(NEW / "share").rglob("kernel.json")]
    for file in named:
        if file.is_symlink() or not file.is_file():
            continue
        content = file.read_bytes()
        if here in content and b"\0" not in content:
            file.write_bytes(content.replace(here, there))


def swap() -> None:
    """Put the new environment into place; the old one comes back if it does not run there."""
    if VENV.exists() or VENV.is_symlink():
        VENV.rename(OLD)
    try:
        NEW.rename(VENV)
        for check in (("-c", "import helpers, numpy, papermill"), ("-m", "pip", "--version")):
            must(VENV / "bin" / "python", *check)
        must(VENV / "bin" / "jupyter-book", "--version")
        (VENV / STAMP).write_text(fingerprint())
    except BaseException:
        discard(VENV)
        if OLD.exists():
            OLD.rename(VENV)
        raise
    discard(OLD)


def discard(folder: Path) -> None:
    """Remove an environment; anything else is left alone."""
    if folder.is_symlink():
        folder.unlink()
    elif (folder / "pyvenv.cfg").is_file() or (folder.is_dir() and not any(folder.iterdir())):
        for inside in folder.iterdir():  # what tells that it is one goes last
            if inside.is_dir() and not inside.is_symlink():
                shutil.rmtree(inside, ignore_errors=True)
            elif inside.name != "pyvenv.cfg":
                inside.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def recover() -> None:
    """Put right what a run that was killed left behind."""
    if OLD.exists() and not (VENV / STAMP).is_file():  # the stamp is written last
        discard(VENV)
        OLD.rename(VENV)
    discard(OLD)
    discard(NEW)


def refuse_foreign() -> None:
    """Refuse to start where the environment could not be put into place.

    Raises
    ------
    NotMade
    """
    for folder in (ROOT, VENV):
        if folder.exists() and not os.access(folder, os.W_OK):
            raise NotMade(
                f"{folder.name}/ cannot be written to by this user; "
                "copy the project to a folder of your own"
            )
    for folder in (VENV, NEW, OLD):
        if folder.is_file() or (
            folder.is_dir() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file()
        ):
            raise NotMade(f"{folder.name} is there and is no Python environment; move it away")


def make() -> None:
    """Make the environment beside the old one and swap."""
    from helpers.book.locks import held

    refuse_foreign()
    with held(ROOT, "makes the environment"):
        if is_current(VENV):
            return  # another process has made it meanwhile
        recover()
        if is_current(VENV):
            return
        print("making the environment in .venv (about a minute, once)", flush=True)
        try:
            fill()
            relocate()
            swap()
        finally:
            discard(NEW)


def main() -> int:
    """Make or refresh ``.venv``; nothing happens when it is up to date."""
    if sys.version_info < OLDEST:
        print(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}; "
            "name another with make PYTHON=...",
            file=sys.stderr,
        )
        return 1
    try:
        if not is_current(VENV):
            make()
        return 0
    except NotMade as problem:
        why = str(problem)
    except OSError as problem:
        why = f"{problem.filename or ROOT}: {problem.strerror}"
    except subprocess.CalledProcessError as problem:  # venv could not put pip in
        why = f"Python's venv failed: {(problem.output or b'').decode(errors='replace').strip()}"
    except KeyboardInterrupt:
        why = "it was stopped"
    kept = " (the one that was there stays as it was)" if VENV.exists() else ""
    print(f"the environment could not be made{kept}: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
