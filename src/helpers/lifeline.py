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
