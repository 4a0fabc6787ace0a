"""Run a command and end all that it started when whoever asked for it is gone.

``python tools/attend.py COMMAND ...`` reads its standard input, which the caller keeps open.
However the caller ends, the system closes it; then the command, its workers and their kernels,
wherever they have put themselves, are ended too.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading

import psutil  # jupyter's kernel brings it

_ENDING = threading.Lock()  # who has begun to end them ends them all before this one goes


def end_descendants() -> None:
    """End every process that this one started, and what those started meanwhile."""
    with _ENDING:
        while children := psutil.Process().children(recursive=True):
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            psutil.wait_procs(children, timeout=5)


def watch() -> None:
    """Wait for the end of the caller."""
    while os.read(0, 4096):  # a buffered reader would hold its lock when the program ends
        pass
    end_descendants()
    os._exit(130)


def main(command: list[str]) -> int:
    """Run the command; its code is the answer."""
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=watch, daemon=True).start()
    code = running.wait()
    end_descendants()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
