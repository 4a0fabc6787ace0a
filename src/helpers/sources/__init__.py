"""Where panels come from: the author's files, the synthetic economy, or a reader's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import DataUnavailableError, HashMismatchError, UnknownNameError, nearest
from helpers.panel import Panel

NAMES = ("auto", "replication", "synthetic")


@dataclass(frozen=True)
class Resolution:
    """Which source ``auto`` stands for here, and why.

    Attributes
    ----------
    source : str
        ``"replication"`` or ``"synthetic"``.
    reason : str
        Why the author's files are not used; empty when they are.
    """

    source: str
    reason: str = ""


def resolve(source: str = "auto", download: bool = True) -> Resolution:
    """Decide once what ``auto`` means: the author's files if they can be had in seconds.

    A file in ``COMPANION_DATA`` with a wrong hash raises: who names a folder wants it used.
    """
    from helpers.sources import replication

    if source != "auto":
        return Resolution(source)
    try:
        for name in replication.FILES:
            replication.locate(name, download)
    except DataUnavailableError as problem:
        return Resolution("synthetic", str(problem))
    except HashMismatchError as problem:
        if "deleted" not in str(problem):
            raise
        return Resolution("synthetic", str(problem))
    return Resolution("replication")


def load(source: str | os.PathLike = "auto", **options) -> Panel:
    """Load a panel.

    Parameters
    ----------
    source : str or path
        ``"auto"`` (the author's files if they can be had, else the synthetic economy),
        ``"replication"``, ``"synthetic"``, or the path of a panel that :meth:`Panel.save`
        wrote.
    **options
        Passed on to the source: ``seed`` for the synthetic one.

    Returns
    -------
    Panel

    Raises
    ------
    UnknownNameError
        If ``source`` is neither a name nor a folder.
    DataError
        If the files are missing, have other bytes, or break the contract.

    Examples
    --------
    >>> panel = load("synthetic")
    >>> panel.shares(2019).pi_ck.shape
    (260, 8)
    """
    if source == "auto":
        source = resolve().source
    if source == "replication":
        from helpers.sources import replication

        return replication.load(**options)
    if source == "synthetic":
        from helpers.sources import synthetic

        return synthetic.load(**options)
    if Path(source).is_dir():
        return Panel.read(source)
    hint = ", ".join(nearest(source, NAMES) or NAMES)
    raise UnknownNameError(
        f"source: expected one of {', '.join(NAMES)} or a folder with a built panel, "
        f"found {str(source)!r}; nearest: {hint}"
    )
