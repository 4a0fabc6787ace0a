"""Deciding whether two expressions are equal: a normal form, and counterexamples.

Every expression of the model is a rational function of powers of positive quantities whose
exponents are rational in rho and theta. :func:`normal` replaces each such power by a symbol of
its own, so that what is left is a rational function, and equality of rational functions can be
decided. A difference that vanishes there vanishes whatever the values; one that does not is
put to the test at random points, in 30 digits (:func:`counterexample`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

_DIGITS = 30
_APART = sp.Float("1e-15")
_POINTS = 3
# what a random number may be, by the name of the symbol
_RHO, _THETA, _OTHER = (0.1, 0.9), (1.5, 5.0), (0.3, 3.0)


@dataclass(frozen=True)
class Counterexample:
    """A point at which two sides differ.

    Attributes
    ----------
    at : dict of str to float
        Values of the symbols.
    left, right : float
        What the two sides are there.
    """

    at: dict[str, float]
    left: float
    right: float

    def __str__(self) -> str:
        """Say where and by how much, in a few digits."""
        point = ", ".join(f"{name} = {value:.3g}" for name, value in self.at.items())
        return f"{self.left:.6g} against {self.right:.6g} at {point}"


def _less_rho(expression: sp.Expr) -> sp.Expr:
    """Write every correlation as one minus a symbol, so that exponents become monomials."""
    renamed = {}
    for atom in expression.atoms(sp.Symbol, sp.Indexed):
        base = atom.base.label.name if isinstance(atom, sp.Indexed) else atom.name
        if base.startswith("rho"):
            renamed[atom] = 1 - sp.Symbol(f"s({atom})", positive=True)
    return expression.xreplace(renamed)


# the same few bases and exponents come up again and again
_factor = lru_cache(maxsize=4096)(sp.factor)


@lru_cache(maxsize=4096)
def _spread(exponent: sp.Expr) -> sp.Expr:
    """An exponent as a sum of monomials."""
    return sp.expand(sp.cancel(exponent))


class _Atoms:
    """Symbols that stand for powers, the same symbol for the same power."""

    def __init__(self) -> None:
        self._known: dict[tuple[sp.Expr, sp.Expr], sp.Symbol] = {}
        self._meaning: dict[sp.Expr, tuple[sp.Expr, sp.Expr]] = {}

    def symbol(self, base: sp.Expr, exponent: sp.Expr) -> sp.Symbol:
        key = (base, exponent)
        if key not in self._known:
            self._known[key] = sp.Dummy(f"a{len(self._known)}", positive=True)
            self._meaning[self._known[key]] = key
        return self._known[key]

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        """base**exponent with every part of the exponent that is no integer as a symbol."""
        result = sp.S.One
        for factor in sp.Mul.make_args(_factor(base) if base.is_Add else base):
            inner, outer = factor.as_base_exp()
            # a power of a power that already has a symbol is a power of what is below it
            inner, below = self._meaning.get(inner, (inner, sp.S.One))
            outer *= below
            for term in sp.Add.make_args(_spread(exponent * outer)):
                number, monomial = term.as_coeff_Mul()
                if monomial == 1 and number.is_integer:
                    result *= inner**number
                else:
                    part = monomial / number.q
                    result *= self.symbol(inner, part) ** number.p
        return result


def normal(expression: sp.Expr) -> sp.Expr:
    """Write an expression as a rational function of independent symbols.

    Parameters
    ----------
    expression : sympy expression
        Symbols are positive; sums over an index have been merged (:func:`merge_sums`).

    Returns
    -------
    sympy expression
        Zero if and only if the rational function vanishes identically.
    """
    atoms = _Atoms()
    expression = sp.expand_log(_less_rho(expression), force=True)

    def rewrite(part: sp.Expr) -> sp.Expr:
        if part.is_Atom or isinstance(part, sp.Indexed):
            return part
        arguments = [rewrite(argument) for argument in part.args]
        if isinstance(part, sp.Pow) and not part.exp.is_integer:
            return atoms.power(arguments[0], arguments[1])
        if isinstance(part, sp.exp):
            return atoms.power(sp.E, arguments[0])
        if isinstance(part, (sp.log, sp.gamma)):
            return atoms.symbol(part.func(*(sp.factor(a) for a in arguments)), sp.S.One)
        return part.func(*arguments)

    return sp.expand(sp.fraction(sp.together(rewrite(expression)))[0])


def merge_sums(expression: sp.Expr) -> list[sp.Expr]:
    """Parts whose vanishing makes an expression with sums over one index vanish.

    Sums with the same limits are merged term by term; what multiplies a sum may not depend on
    its index. Returned are the merged summand of each pair of limits and what is in no sum.
    """
    merged: dict[tuple, sp.Expr] = {}
    rest = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(expression)):
        sums = [part for part in sp.Mul.make_args(term) if isinstance(part, sp.Sum)]
        if not sums:
            rest += term
            continue
        (only,) = sums
        outside = term / only
        ((index, *_),) = only.limits
        if outside.has(index):
            raise ValueError(f"{outside} depends on {index}")
        merged[only.limits] = merged.get(only.limits, sp.S.Zero) + outside * only.function
    return [*merged.values(), rest]


def vanishes(expression: sp.Expr) -> bool:
    """Whether an expression is zero whatever the values of its symbols.

    True is a proof. False says that no proof was found; :func:`counterexample` settles it.
    """
    expression = sp.sympify(expression)
    if not expression.has(sp.Sum):
        return normal(expression) == 0
    try:
        parts = merge_sums(expression)
    except ValueError:
        return False
    return all(not part.has(sp.Sum) and normal(part) == 0 for part in parts)


def _spell_out(expression: sp.Expr, sizes: dict[sp.Symbol, int]) -> sp.Expr:
    """Write sums over an index term by term."""

    def terms(total: sp.Sum) -> sp.Expr:
        ((index, low, high),) = total.limits
        last = int(high.xreplace(sizes))
        return sp.Add(
            *(total.function.xreplace({index: sp.Integer(i)}) for i in range(int(low), last + 1))
        )

    sizes = {size: sp.Integer(number) for size, number in sizes.items()}
    return expression.replace(lambda e: isinstance(e, sp.Sum), terms).xreplace(sizes)


def _draw(name: str, rng: random.Random) -> sp.Float:
    low, high = _RHO if name.startswith("rho") else _THETA if name.startswith("theta") else _OTHER
    return sp.Float(round(rng.uniform(low, high), 3), _DIGITS)


def _real(value: sp.Expr) -> float:
    """A value as a float, nan where it is none."""
    return float(value) if value.is_real and value.is_finite else float("nan")


def counterexample(
    left: sp.Expr, right: sp.Expr, fixed: dict[sp.Symbol, int] | None = None
) -> Counterexample | None:
    """A point at which two expressions differ, or None if none was found.

    Parameters
    ----------
    left, right : sympy expressions
    fixed : dict, optional
        Values of symbols that are sizes, such as the number of occupations.
    """
    rng = random.Random(20240802)
    sides = [_spell_out(sp.sympify(side), fixed or {}) for side in (left, right)]
    free = sorted(
        {s for side in sides for s in side.atoms(sp.Indexed)}
        | {s for side in sides for s in side.free_symbols if isinstance(s, sp.Symbol)},
        key=str,
    )
    labels = {s.base.label for s in free if isinstance(s, sp.Indexed)}
    free = [s for s in free if s not in labels]
    for _ in range(_POINTS):
        point = {s: _draw(str(s), rng) for s in free}
        values = [sp.N(side.xreplace(point), _DIGITS) for side in sides]
        at = {str(s): float(v) for s, v in point.items()}
        if any(not value.is_Float and not value.is_Integer for value in values):
            # a root of a negative number or a pole on one side alone
            if values[0] != values[1]:
                return Counterexample(at, *(_real(value) for value in values))
            continue
        scale = max(1, *(abs(value) for value in values))
        if abs(values[0] - values[1]) > _APART * scale:
            return Counterexample(at, *(float(value) for value in values))
    return None
