"""One at a time: a lock that a process holds and that is free again when the process is gone.

Standard library alone: the environment is made with it, too.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def held(place: Path, what: str) -> Iterator[bool]:
    """Hold the lock of a file or a folder; wait, and say so, while another process has it.

    The system gives a lock back when its owner ends, however it ends; a file left behind locks
    nothing.

    Parameters
    ----------
    place : Path
        A folder that is there, or a file, which gets the number of the process written into it.
    what : str
        What the owner does, for the message.

    Yields
    ------
    bool
        Whether another process had it first.
    """
    folder = place.is_dir()
    if not folder:
        place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDONLY if folder else os.O_RDWR | os.O_CREAT, 0o644)
    waited = False
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            owner = "" if folder else _owner(handle)
            print(f"another process{owner} {what} here; waiting until it is done", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        if not folder:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield waited
    finally:
        os.close(handle)


def free(place: Path) -> bool:
    """Whether no process holds the lock of a file; a file that is not there locks nothing."""
    if not place.exists():
        return True
    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _owner(handle: int) -> str:
    number = os.pread(handle, 20, 0).decode(errors="replace").strip()
    return f" ({number})" if number.isdigit() else ""
