"""A program that ends with the one that started it, however that one ends.

The starter holds one end of a pipe and the program the other. When the starter is gone, killed
or not, the pipe is at its end; the program then ends itself and all that it started. Kernels of
notebooks, which live in sessions of their own, look after their parent themselves.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence

VARIABLE = "COMPANION_LIFELINE"


def run(command: Sequence[str], env: dict[str, str] | None = None, **options) -> int:
    """Run a program that calls :func:`hold`, and return its exit code.

    Whatever ends this function, an interruption too, ends the program and all its workers.

    Parameters
    ----------
    command : sequence of str
    env : dict, optional
        Environment; this process's by default.
    **options
        Of :class:`subprocess.Popen`.
    """
    environment = dict(os.environ if env is None else env)
    follow_make()
    if os.name != "posix":
        return subprocess.run(command, env=environment, check=False, **options).returncode
    theirs, ours = os.pipe()
    environment[VARIABLE] = str(theirs)
    try:
        running = subprocess.Popen(
            command, env=environment, pass_fds=(theirs,), start_new_session=True, **options
        )
        os.close(theirs)
        try:
            return running.wait()
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    finally:
        os.close(ours)


def follow_make() -> None:
    """End this process when the make that started it is gone; make itself tells nobody."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(130)

    started = any(thread.name == "make" for thread in threading.enumerate())
    if os.environ.get("MAKELEVEL") and not started:
        threading.Thread(target=watch, daemon=True, name="make").start()


def hold() -> None:
    """End this process and its workers as soon as the starter is gone; for the program's start."""
    given = os.environ.pop(VARIABLE, "")
    if not given or os.getpgrp() != os.getpid():
        return

    def wait() -> None:
        try:
            ended = os.read(int(given), 1) == b""
        except OSError:
            return
        if ended:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True, name="lifeline").start()
