"""A claim of the paper, the proof that was run on it, and how a verdict is earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import sympy as sp

from helpers.derivations.algebra import Counterexample, counterexample, vanishes
from helpers.derivations.causes import CAUSES
from helpers.derivations.symbols import CELL, SIZES, Sums
from helpers.errors import CompanionError

VERDICTS = ("exact", "approximation", "typo", "wrong", "definition")

_OTHERS = "any N and K"
SCOPES = {
    "cell": f"{_OTHERS}: all other cities and occupations are positive remainders; "
    "each occupation may have its own rho",
    "common": f"{_OTHERS}: occupations as an indexed sum, other cities as positive remainders; "
    "one rho for all occupations",
    "own": f"{_OTHERS}: occupations as an indexed sum, other cities as positive remainders; "
    "each occupation may have its own rho",
    "plain": "no city or occupation is left out",
}


class DerivationError(CompanionError):
    """A verdict that its proof does not bear out."""


class Model(Protocol):
    """What gives named quantities their meaning."""

    def write_out(self, expression: sp.Expr) -> sp.Expr:
        """Put shifters in the place of named quantities."""


class Plain:
    """A statement that holds as it stands."""

    @staticmethod
    def write_out(expression: sp.Expr) -> sp.Expr:
        """Return the expression unchanged."""
        return sp.sympify(expression)


PLAIN = Plain()


@dataclass(frozen=True)
class Equation:
    """Two sides that are claimed to be equal.

    Attributes
    ----------
    left : expression
        What the model implies: usually a derivative or integral that sympy has taken.
    right : expression
        The formula on trial, in named quantities.
    model : Model
        Gives the names their meaning.
    scope : str
        A key of :data:`SCOPES`.
    """

    left: sp.Expr
    right: sp.Expr
    model: Model = CELL

    @property
    def scope(self) -> str:
        """For which economies the statement is made: a key of :data:`SCOPES`."""
        if isinstance(self.model, Sums):
            return "own" if isinstance(self.model.rho, sp.Indexed) else "common"
        return "plain" if self.model is PLAIN else "cell"

    def proved(self) -> bool:
        """Whether the difference of the two sides is zero, whatever the values.

        A false claim is dismissed by a counterexample, in a thousandth of the time that its
        normal form can take; only the normal form makes a true one.
        """
        return self.refuted() is None and self.holds()

    def holds(self) -> bool:
        """Whether the difference is zero in normal form; a false claim can take long."""
        difference = sp.sympify(self.left) - self.right
        if isinstance(self.model, Sums):
            # totals may stay symbols: what holds for any value of theirs holds for the true one
            return vanishes(self.model.spell(difference))
        return vanishes(self.model.write_out(difference))

    def refuted(self) -> Counterexample | None:
        """A point at which the two sides differ, None if none was found."""
        return counterexample(
            self.model.write_out(self.left), self.model.write_out(self.right), SIZES
        )

    def with_right(self, right: sp.Expr) -> Equation:
        """The same claim about another formula."""
        return Equation(self.left, right, self.model)


@dataclass(frozen=True)
class Proof:
    """What was run.

    Attributes
    ----------
    method : str
        How the statement was decided.
    scope : str
        For which economies.
    counterexample : Counterexample or None
        Where the printed expression fails, if it does.
    """

    method: str
    scope: str
    counterexample: Counterexample | None = None

    def __str__(self) -> str:
        """One or two sentences."""
        text = f"{self.method} ({self.scope})"
        return f"{text}; printed: {self.counterexample}" if self.counterexample else text


@dataclass(frozen=True)
class Claim:
    """An expression that the paper prints, or a result beside it, with its verdict.

    Attributes
    ----------
    id : str
        Anchor in the book.
    place : str
        Where it is printed.
    printed : str
        The expression as printed, in TeX.
    verdict : str
        One of :data:`VERDICTS`. ``exact``: the difference of the two sides is zero.
        ``approximation``: it is not, and :attr:`neglected` is the difference. ``typo``: a slip
        of writing, which the lines around it or the paper's own later use set right.
        ``wrong``: does not follow from the paper's definitions. ``definition``: names a
        quantity; what is proved is the property for which it is used.
    corrected : str or None
        In TeX, for everything that is neither exact nor a definition.
    proof : Proof
    note : str
        In plain words.
    statement : tuple of Equation
        What was proved: the printed expression where it is exact or a definition, else the
        corrected one. The first is the claim, the others are lemmas.
    refuted : Equation or None
        The printed expression, where it was refuted.
    neglected : expression or None
        Printed minus exact, in named quantities.
    cause : str or None
        A key of :data:`helpers.derivations.causes.CAUSES`, for everything that is neither exact
        nor a definition: several places can go back to one cause.
    """

    id: str
    place: str
    printed: str
    verdict: str
    corrected: str | None
    proof: Proof
    note: str
    statement: tuple[Equation, ...]
    refuted: Equation | None = None
    neglected: sp.Expr | None = None
    cause: str | None = None

    @property
    def equation(self) -> Equation:
        """The statement itself, without its lemmas."""
        return self.statement[0]


def _prove(claim_id: str, statements: Sequence[Equation]) -> None:
    for position, statement in enumerate(statements):
        if not statement.holds():
            found = statement.refuted()
            raise DerivationError(f"{claim_id}, statement {position}: not proved; {found}")


def _refute(claim_id: str, printed: Equation) -> Counterexample:
    found = printed.refuted()
    if found is None:
        raise DerivationError(f"{claim_id}: the printed expression was not refuted")
    return found


def _known(claim_id: str, cause: str) -> str:
    if cause not in CAUSES:
        raise DerivationError(f"{claim_id}: {cause!r} is no cause; expected one of {list(CAUSES)}")
    return cause


_ZERO = "the difference of the two sides is zero in normal form"


def exact(
    id: str, place: str, printed: str, *statement: Equation, note: str, method: str = _ZERO
) -> Claim:
    """Claim whose printed expression is proved."""
    _prove(id, statement)
    proof = Proof(method, SCOPES[statement[0].scope])
    return Claim(id, place, printed, "exact", None, proof, note, statement)


def definition(
    id: str, place: str, printed: str, *statement: Equation, note: str, method: str = ""
) -> Claim:
    """Claim that names a quantity, with the property for which the paper uses it proved."""
    _prove(id, statement)
    proof = Proof(method or f"the property it is used for: {_ZERO}", SCOPES[statement[0].scope])
    return Claim(id, place, printed, "definition", None, proof, note, statement)


def slip(
    verdict: str,
    id: str,
    place: str,
    printed: str,
    corrected: str,
    *statement: Equation,
    refuted: Equation,
    cause: str,
    note: str,
    neglected: sp.Expr | None = None,
) -> Claim:
    """Claim whose printed expression is refuted and whose corrected one is proved.

    ``neglected`` is given where the corrected expression is itself an approximation.
    """
    if verdict not in ("typo", "wrong"):
        raise DerivationError(f"{id}: {verdict} is no verdict for a refuted expression")
    _prove(id, statement)
    found = _refute(id, refuted)
    proof = Proof(f"corrected: {_ZERO}", SCOPES[statement[0].scope], found)
    return Claim(
        id,
        place,
        printed,
        verdict,
        corrected,
        proof,
        note,
        statement,
        refuted,
        neglected,
        _known(id, cause),
    )


def approximation(
    id: str,
    place: str,
    printed: str,
    corrected: str,
    exactly: Equation,
    approximate: sp.Expr,
    neglected: sp.Expr,
    *lemmas: Equation,
    cause: str,
    note: str,
) -> Claim:
    """Claim that drops a term: the exact expression is proved, and so is what was dropped."""
    dropped = exactly.with_right(neglected)
    dropped = Equation(sp.sympify(approximate) - exactly.left, dropped.right, exactly.model)
    statement = (exactly, dropped, *lemmas)
    _prove(id, statement)
    printed_equation = exactly.with_right(approximate)
    found = _refute(id, printed_equation)
    proof = Proof(f"exact expression and neglected term: {_ZERO}", SCOPES[exactly.scope], found)
    return Claim(
        id,
        place,
        printed,
        "approximation",
        corrected,
        proof,
        note,
        statement,
        printed_equation,
        neglected,
        _known(id, cause),
    )
