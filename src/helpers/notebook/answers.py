"""Answers that a page can judge without holding them in the clear.

A page of the book is a file: whatever judges an answer there has to be in it. What is in it are
hashes of the numbers that count as right, rounded to buckets, and of those that count as close;
``_static/exercises.js`` rounds what a reader types in the same way and looks it up. That keeps
the answer from being read by accident, in the page's source or by a search engine. It keeps
nothing from somebody who tries numbers one after another: there are few, and no salt makes them
more. The solutions stand beside the exercises anyway.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import unicodedata
from dataclasses import dataclass

import numpy as np

ROUNDS = 50  # of the hash: a page judges at once, a search through millions of numbers takes longer
LENGTH = 12  # hexadecimal digits kept of a hash
CLOSE, BEYOND = 0.05, 10.0  # close: within five per cent, or ten tolerances where that is more


@dataclass(frozen=True)
class Sealed:
    """What stands on a page of an answer.

    Attributes
    ----------
    name : str
        Of the exercise; it salts the hashes.
    kind : {"number", "name"}
    parts : tuple of dict
        For each number of the answer: the powers of ten of its buckets (``unit``, ``far``), the
        hashes that count as ``right`` and as ``close``, and whether only whole numbers do.
    """

    name: str
    kind: str
    parts: tuple[dict, ...]

    def html(self, words: str) -> str:
        """Return the element that the page's script turns into a field.

        Parameters
        ----------
        words : str
            Shown where no script runs.
        """
        content = html.escape(json.dumps({"salt": self.name, "kind": self.kind, "rounds": ROUNDS,
                                          "length": LENGTH, "parts": self.parts}))  # fmt: skip
        return f'<div class="exercise-answer" data-sealed="{content}">{html.escape(words)}</div>'


def seal(name: str, truth: object, tolerance: float) -> Sealed | None:
    """Hash what counts as right and as close.

    Parameters
    ----------
    name : str
        Of the exercise.
    truth : number, sequence of numbers or str
    tolerance : float
        Relative to the answer, or absolute where the answer is zero; zero for whole numbers.

    Returns
    -------
    Sealed or None
        None for an answer that is no finite number, which nothing typed can equal.

    Examples
    --------
    >>> sealed = seal("half", 0.5, 0.01)
    >>> sealed.parts[0]["unit"], "0.5" in sealed.html("")
    (-3, False)
    """
    if isinstance(truth, str):
        right = sorted({digest(name, plain(word)) for word in (truth, _first_place(truth))})
        return Sealed(name, "name", ({"right": right, "close": []},))
    numbers = np.atleast_1d(np.asarray(truth, dtype=float))
    if not np.isfinite(numbers).all():
        return None
    return Sealed(name, "number", tuple(_part(name, float(x), tolerance) for x in numbers))


def _part(name: str, truth: float, tolerance: float) -> dict:
    near, far = _widths(truth, tolerance)
    unit = 0 if tolerance == 0 else _power(near)
    wide = max(_power(far), unit) if far > 0 else unit
    return {
        "whole": tolerance == 0,
        "unit": unit,
        "far": wide,
        "right": _hashes(name, "right", truth, near, unit),
        "close": _hashes(name, "close", truth, far, wide),
    }


def _widths(truth: float, tolerance: float) -> tuple[float, float]:
    """How far from the truth is right, and how far is close."""
    size = abs(truth) or 1.0
    return tolerance * size, max(BEYOND * tolerance, CLOSE) * size


def _power(width: float) -> int:
    """Power of ten of buckets narrow against a width; of it, not more is given away."""
    return math.floor(math.log10(width))


def _hashes(name: str, kind: str, truth: float, width: float, power: int) -> list[str]:
    scale = 10.0**-power
    first, last = math.floor((truth - width) * scale), math.ceil((truth + width) * scale)
    slack = 0.5 if width * scale < 0.5 else 1e-9
    inside = [n for n in range(first, last + 1) if abs(n - truth * scale) <= width * scale + slack]
    return sorted(digest(name, f"{kind}:{n}") for n in inside)


def digest(salt: str, text: str) -> str:
    """Salted SHA-256 of a text, repeated; the page's script does the same."""
    found = text
    for _ in range(ROUNDS):
        found = hashlib.sha256(f"{salt}|{found}".encode()).hexdigest()
    return found[:LENGTH]


def plain(word: str) -> str:
    """A name as it is compared: lower case, without accents, single spaces.

    Examples
    --------
    >>> plain("  San  José ")
    'san jose'
    """
    bare = unicodedata.normalize("NFKD", word)
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(bare.lower().split())


def _first_place(name: str) -> str:
    """The first place in the name of a metropolitan area."""
    return name.split(",")[0].split("-")[0]


def judge(answer: object, truth: object, tolerance: float) -> tuple[bool, bool]:
    """Whether an answer is right, and whether it is close without being right.

    Parameters
    ----------
    answer : number, sequence of numbers or str
    truth : number, sequence of numbers or str
    tolerance : float
        As for :func:`seal`.
    """
    if isinstance(truth, str):
        return plain(str(answer)) in {plain(truth), plain(_first_place(truth))}, False
    try:
        mine = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return False, False
    theirs = np.asarray(truth, dtype=float)
    if mine.shape != theirs.shape:
        return False, False
    size = np.where(theirs == 0, 1, np.abs(theirs))
    away = np.abs(mine - theirs)
    right = bool((away <= tolerance * size).all())
    close = bool((away <= max(BEYOND * tolerance, CLOSE) * size).all())
    return right, close and not right
