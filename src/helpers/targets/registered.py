"""The register of functions that compute what an erratum changes.

Such a function stands in :mod:`helpers.targets.errata` under the ids of the claims that it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from helpers.targets.evidence import Evidence

Rows = Iterator[tuple[str, float, float]]
EFFECTS: dict[str, Callable[[Evidence], Rows]] = {}


def effect(*claims: str) -> Callable[[Callable], Callable]:
    """Enter a function as what computes the effects of claims of the ledger, by their ids."""

    def add(compute: Callable[[Evidence], Rows]) -> Callable[[Evidence], Rows]:
        for claim in claims:
            if claim in EFFECTS:
                raise ValueError(f"{claim}: two functions compute its effect; keep one")
            EFFECTS[claim] = compute
        return compute

    return add
