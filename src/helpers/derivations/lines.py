"""A derivation as aligned lines, each proved to be what the left side means before it is shown.

The lines are typeset by sympy from the very expressions that are proved. Where something moves,
it is a function of what it moves with until its derivative has been taken; on the page the
argument is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from helpers.derivations.algebra import vanishes
from helpers.derivations.claim import DerivationError

LONGEST = 54
"""Letters of words that fit above a line on a narrow page."""
WIDE = 13
"""Letters of mathematics that fit into a line there, as `broken` counts them."""


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    Attributes
    ----------
    why : str
        What changed since the line before, in words.
    shown : sympy expression
        The line.
    """

    why: str
    shown: sp.Expr


def _as_it_is(expression: sp.Expr) -> sp.Expr:
    return expression


@dataclass(frozen=True, repr=False)
class Derivation:
    """What is looked for, and the lines that lead to it.

    Attributes
    ----------
    left : str
        Left side, in TeX.
    start : sympy expression
        What the left side means by its definition.
    steps : sequence of Step
    write_out : callable
        Puts shifters in the place of the names that a line uses.
    """

    left: str
    start: sp.Expr
    steps: Sequence[Step]
    write_out: Callable[[sp.Expr], sp.Expr] = _as_it_is

    def __repr__(self) -> str:
        """Give the lines as plain text, the same in every run."""
        return "\n".join(f"{step.why}: {step.shown}" for step in self.steps)

    def check(self) -> None:
        """Prove that every line is what the left side means.

        Raises
        ------
        DerivationError
            Naming the first line that is not, or whose words are too long for a page.
        """
        meant = self.write_out(self.start).doit()
        for number, step in enumerate(self.steps, 1):
            if not vanishes(self.write_out(step.shown).doit() - meant):
                raise DerivationError(
                    f"line {number} ({step.why}): {step.shown} is not what the left side means: "
                    "mend the line"
                )
            if len(step.why) > LONGEST:
                raise DerivationError(
                    f"line {number}: expected at most {LONGEST} letters of words, found "
                    f"{len(step.why)}: {step.why}"
                )

    def tex(self) -> str:
        """Aligned lines as TeX, each below the words that say what changed."""
        lines = [f"&{self.left}"]
        for step in self.steps:
            lines.append(rf"&{{\small\text{{{step.why}:}}}}")
            first, *more = broken(latex(step.shown))
            lines += [f"&\\quad = {first}", *(f"&\\qquad {{}}{part}" for part in more)]
        return "\\begin{aligned}\n" + " \\\\[0.35em]\n".join(lines) + "\n\\end{aligned}"

    def _repr_markdown_(self) -> str:
        self.check()
        return f"$$\n{self.tex()}\n$$"


_MOVES = ("t_{ck}", "t_{c'k}", "z_{c}")


def latex(expression: sp.Expr) -> str:
    r"""An expression as TeX: terms in the order given, and what moves without its argument.

    Examples
    --------
    >>> moving = sp.Function(r"\lambda_k")(sp.Symbol("t_ck"))
    >>> latex(sp.Derivative(moving, sp.Symbol("t_ck")))
    '\\frac{\\partial}{\\partial t_{ck}} \\lambda_{k}'
    """
    text = sp.latex(expression, order="none", ln_notation=True)
    for name in _MOVES:
        text = text.replace(rf"{{\left({name} \right)}}", "")
    return text.replace(r"\frac{d}{d ", r"\frac{\partial}{\partial ")


def broken(tex: str) -> list[str]:
    r"""A sum in TeX, in as many lines as a narrow page needs; no term is cut.

    Examples
    --------
    >>> broken(r"\frac{a}{b} - c")
    ['\\frac{a}{b} - c']
    >>> [part[:3] for part in broken(" + ".join(f"{letter * 20}" for letter in "ab"))]
    ['aaa', '+ b']
    """
    lines: list[str] = []
    for term in _terms(tex):
        if lines and _width(f"{lines[-1]} {term}") <= WIDE:
            lines[-1] += f" {term}"
        else:
            lines.append(term)
    return lines


def _terms(tex: str) -> list[str]:
    """Terms of a sum, each with its sign: what stands in braces or between brackets is whole."""
    terms, depth, start = [], 0, 0
    for found in re.finditer(r"\\left|\\right|[{}]| (?=[+-] )", tex):
        if found.group() != " ":
            depth += 1 if found.group() in ("{", r"\left") else -1
        elif depth == 0 and found.start() > start:
            terms.append(tex[start : found.start()])
            start = found.end()
    return [*terms, tex[start:]]


def _width(tex: str) -> float:
    """Roughly how wide TeX is, in letters; a fraction is as wide as its wider half."""
    inner = re.compile(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")
    while found := inner.search(tex):
        wider = max(found.groups(), key=_width)
        tex = f"{tex[: found.start()]} {wider} {tex[found.end() :]}"
    small = sum(len(_letters(part)) for part in re.findall(r"[_^]\{([^{}]*)\}", tex))
    return len(_letters(tex)) - 0.35 * small


def _letters(tex: str) -> str:
    """What of TeX is seen, a letter for each command."""
    return re.sub(r"\\[A-Za-z]+", "x", re.sub(r"\\(left|right)|[{}_^ ]", "", tex))
