"""A run of the book: its parameters, its data, its folders."""

from __future__ import annotations

import psutil

from helpers.files import BUILD, discard


def clear_leftovers(run: str) -> None:
    """Remove what an interrupted build left beside its outputs; outputs themselves are whole.

    Called by whoever holds the lock of the build; a sweep that publishes at the same time is
    known by the number of its process, and let be.
    """
    executed = BUILD / "runs" / run / "executed"
    for leftover in executed.glob(".[0-9]*-*"):
        discard(leftover)
    for leftover in BUILD.glob(".site-*"):
        owner = leftover.name.split("-")[1]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            discard(leftover)
