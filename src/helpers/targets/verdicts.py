"""What a claim in words is decided by: findings, the evidence of a panel, and the register.

A claim stands on the function that decides it (:func:`claim`). The modules
:mod:`helpers.targets.sections_2_and_3` and :mod:`helpers.targets.statements` hold them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from helpers.targets.evidence import Evidence

VERDICTS = ("holds", "holds in part", "does not hold", "cannot be decided")
"""Clusterings under which a claim about significance is put to the test."""
"""First-stage F above which a t-test of five per cent keeps its size (Lee et al., 2022)."""


@dataclass(frozen=True)
class Finding:
    """What the data say to a claim: a verdict and the numbers behind it."""

    verdict: str
    statistic: str


@dataclass(frozen=True)
class VerbalClaim:
    """A claim of the paper in other words, its place, and the function that decides it."""

    id: str
    place: str
    claim: str
    decide: Callable[[Evidence], Finding]


REGISTER: dict[str, VerbalClaim] = {}


def claim(id: str, place: str, words: str) -> Callable[[Callable], Callable]:
    """Put a deciding function into the register, under the claim that it decides.

    Parameters
    ----------
    id : str
        Not used before.
    place : str
        Section, table or figure of the paper.
    words : str
        The claim in our words.
    """

    def add(decide: Callable[[Evidence], Finding]) -> Callable[[Evidence], Finding]:
        if id in REGISTER:
            raise ValueError(f"{id}: two claims have this id; give the second another")
        REGISTER[id] = VerbalClaim(id, place, words, decide)
        return decide

    return add


def verdict(full: bool, part: bool = False) -> str:
    """Holds, holds in part, or does not hold."""
    return VERDICTS[0] if full else VERDICTS[1] if part else VERDICTS[2]


def undecided(why: str) -> Finding:
    """Finding of a claim that neither the model nor the panel can decide, and why."""
    return Finding(VERDICTS[3], why)


def rank_in(table: pd.DataFrame, column: str, city: str) -> int:
    """Rank of a city in a column, 1 for the largest."""
    ranks = table[column].rank(ascending=False, method="min")
    return int(ranks[table["city"] == city].iloc[0])
