"""Where panels come from: the author's files, the synthetic economy, or a reader's own."""

from __future__ import annotations

import os
from dataclasses import dataclass

from helpers.errors import (
    DataUnavailableError,
    HashMismatchError,
    ParameterError,
    UnknownNameError,
    nearest,
)
from helpers.names import SOURCES as NAMES
from helpers.panel import Panel


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

    Who names a folder in ``COMPANION_DATA`` wants it used: where it is no folder, lacks a file or
    holds one with other bytes, that is an error, and never the synthetic economy.

    Raises
    ------
    UnknownNameError
        If ``source`` is no name of a source.
    GivenDataError, HashMismatchError
        If ``COMPANION_DATA`` does not hold the files.

    Examples
    --------
    A name is what it says; ``auto`` looks for the files:

    >>> resolve("synthetic")
    Resolution(source='synthetic', reason='')
    """
    from helpers.sources import replication

    if source != "auto":
        if source not in NAMES and not Panel.is_there(source):
            raise _unknown(source)
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
    if not isinstance(source, (str, os.PathLike)):
        raise ParameterError(
            f"source: expected one of {', '.join(NAMES)} or a folder, found {source!r}"
        )
    if source == "auto":
        source = resolve().source
    if source == "replication":
        from helpers.sources import replication

        return replication.load(**options)
    if source == "synthetic":
        from helpers.sources import synthetic

        return synthetic.load(**options)
    if Panel.is_there(source):
        if options:
            raise ParameterError(
                f"{next(iter(options))}: a saved panel takes no options; leave it out"
            )
        from helpers.sources import places

        panel = Panel.read(source)
        places.learn(panel.coordinates, source)
        return panel
    raise _unknown(source)


def _unknown(source: str | os.PathLike) -> UnknownNameError:
    hint = ", ".join(nearest(source, NAMES) or NAMES)
    return UnknownNameError(
        f"source: expected one of {', '.join(NAMES)} or a folder with a built panel, "
        f"found {str(source)!r}; nearest: {hint}"
    )
