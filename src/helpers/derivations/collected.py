"""The paper's derivations, decided by machine (paper, 2, 3 and 8.1).

:func:`ledger` holds one :class:`Claim` for every numbered equation and every other displayed
equation or equality of the paper's theory, each with the proof that was run; :func:`results`
what the model implies beyond them. A verdict that its proof does not bear out raises.
"""

from __future__ import annotations

from functools import lru_cache

from helpers.derivations.claim import Claim


@lru_cache(maxsize=1)
def _ledger() -> tuple[Claim, ...]:
    from helpers.derivations import appendix, section_2_elasticities, section_2_shares, section_3

    parts = (section_2_shares, section_2_elasticities, section_3, appendix)
    return tuple(claim for part in parts for claim in part.claims())


@lru_cache(maxsize=1)
def _results() -> tuple[Claim, ...]:
    from helpers.derivations import beyond, equilibrium, meaning

    return (*beyond.results(), *meaning.results(), *equilibrium.results())


def ledger() -> list[Claim]:
    """Every claim of sections 2, 3 and 8.1 with its verdict, in the order of the paper.

    The proofs run when this is first called, in about five seconds.

    Raises
    ------
    DerivationError
        If an expression that is called exact is not, or one that is called wrong is right.

    Examples
    --------
    >>> next(claim for claim in ledger() if claim.id == "eq-11").verdict
    'exact'
    """
    return list(_ledger())


def results() -> list[Claim]:
    """What the model implies and the paper does not print, proved in the same way."""
    return list(_results())
