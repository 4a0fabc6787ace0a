"""Exercises that check themselves: right, close or not yet, and never the answer.

The answers themselves are in :mod:`helpers.notebook.truths`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.errors import find_name
from helpers.notebook import answers
from helpers.notebook.truths import CHECKS
from helpers.panel import Panel
from helpers.sources import synthetic


@dataclass(frozen=True)
class Verdict:
    """What a check says; it shows itself as a short sentence, on a page with a field to type in.

    Attributes
    ----------
    name : str
    right : bool or None
        None where there is no answer yet.
    close : bool
        Not right, and not far from it.
    sealed : Sealed or None
        What a page needs in order to judge, without the answer.
    """

    name: str
    right: bool | None
    close: bool = False
    sealed: answers.Sealed | None = None

    def __repr__(self) -> str:
        """Say right, close or not yet in words."""
        if self.right is None:
            return f"{self.name}: no answer yet"
        return f"{self.name}: {'right' if self.right else 'close' if self.close else 'not yet'}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if self.sealed is None:
            return {"text/plain": repr(self)}
        return {"text/plain": repr(self), "text/html": self.sealed.html(repr(self))}


def check(name: str, answer: object, **given: object) -> Verdict:
    """Say whether an answer is right, close or neither, without saying what is.

    On the page of the book the same question has a field that a reader types into; see
    :mod:`helpers.notebook.answers` for what hides the answer there.

    Parameters
    ----------
    name : str
        A key of :data:`helpers.notebook.truths.CHECKS`.
    answer : number, sequence of numbers, str or None
        None for no answer yet. Of a city, the name of its first place is enough.
    **given
        What the question is about: shares, panel, rho, theta, city, ...

    Raises
    ------
    UnknownNameError
        For an exercise that does not exist, with the nearest.

    Examples
    --------
    >>> check("intro-iia", (0.5, 0.5))
    intro-iia: not yet
    >>> check("intro-iia", (0.6, 0.39))
    intro-iia: close
    >>> check("intro-iia", (0.6, 0.4))
    intro-iia: right
    """
    find_name("exercise", name, tuple(CHECKS))
    wanted = CHECKS[name]
    code = wanted.truth.__code__
    if answer is None and not set(code.co_varnames[: code.co_argcount]) <= set(given):
        return Verdict(name, None)
    truth = wanted.truth(**given)
    sealed = answers.seal(name, truth, wanted.tolerance)
    if answer is None:
        return Verdict(name, None, sealed=sealed)
    right, close = answers.judge(answer, truth, wanted.tolerance)
    return Verdict(name, right, close, sealed)


def draw_economy(number: int) -> Panel:
    """A panel drawn from an economy whose correlation only :func:`check_rho` knows.

    Parameters
    ----------
    number : int
        Which of them; the same number gives the same economy.
    """
    return synthetic.economy(seed=10_000 + number, rho=_secret(number)).panel()


def _secret(number: int) -> float:
    return float(np.random.default_rng(9_000 + number).uniform(0.1, 0.85))


def check_rho(number: int, rho: float | None, interval: tuple[float, float] | None = None) -> str:
    """Compare an estimate with the correlation that drew the economy, which stays untold.

    Parameters
    ----------
    number : int
        As given to :func:`draw_economy`.
    rho : float or None
        The reader's estimate.
    interval : (low, high), optional
        The reader's 95 per cent interval.

    Returns
    -------
    str
        Whether the estimate is within 0.05 of the truth, and whether the interval holds it.
    """
    if rho is None:
        return f"economy {number}: no answer yet"
    truth = _secret(number)
    near = abs(rho - truth) < 0.05
    words = f"economy {number}: the estimate is {'close to' if near else 'far from'} the truth"
    if interval is not None:
        low, high = interval
        words += f", and the interval {'holds' if low <= truth <= high else 'misses'} it"
    return words
