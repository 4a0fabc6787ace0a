"""Derivations shown line by line: every line is proved, and a wrong one is not shown."""

from dataclasses import replace

import pytest
import sympy as sp

from helpers.derivations import DerivationError, lines, steps
from helpers.derivations.symbols import omega_k, phi_ck, pi_ck, pi_dk, rho

ALL = ("best_draw", "one_occupation", "own_elasticity", "cross_elasticity", "hat_within",
       "hat_across")  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_every_line_is_what_the_left_side_means(name):
    found = getattr(steps, name)()
    found.check()
    text = found._repr_markdown_()
    assert text.startswith("$$\n\\begin{aligned}")
    assert text.count("quad =") == len(found.steps) >= 3
    assert all(step.why in text for step in found.steps)


@pytest.mark.parametrize("name", ALL)
def test_no_line_can_be_another(name):
    """Each line doubled, and each with a sign turned, is refused by its number."""
    found = getattr(steps, name)()
    for number, step in enumerate(found.steps):
        for wrong in (2 * step.shown, -step.shown):
            altered = list(found.steps)
            altered[number] = replace(step, shown=wrong)
            with pytest.raises(DerivationError, match=f"line {number + 1} "):
                replace(found, steps=tuple(altered))._repr_markdown_()


def test_the_last_lines_are_the_chapter_s_equations():
    odds = rho / (1 - rho)
    bracket = omega_k + odds * phi_ck
    for name, wanted in (
        ("own_elasticity", phi_ck / (1 - rho) - pi_ck * bracket),
        ("cross_elasticity", -pi_dk * bracket),
    ):
        last = getattr(steps, name)().steps[-1].shown
        assert sp.simplify(last.doit() - wanted) == 0
    assert steps.one_occupation().steps[-1].shown.doit() == pi_ck * omega_k


def test_words_that_do_not_fit_a_page_are_refused():
    found = steps.best_draw()
    long = replace(found.steps[0], why="x" * (lines.LONGEST + 1))
    with pytest.raises(DerivationError, match="letters of words"):
        replace(found, steps=(long, *found.steps[1:])).check()


def test_lines_are_typeset_from_what_was_proved():
    """What moves is written without its argument, and differences in the order of the proof."""
    text = steps.own_elasticity().tex()
    assert r"\left(t_{ck} \right)" not in text
    assert r"\frac{\partial}{\partial t_{ck}} h_{ck}" in text
    last = text.splitlines()[-2]
    assert last.endswith(
        r"\frac{\phi_{ck}}{1 - \rho} - \pi_{ck} \left(\omega_{k} + "
        r"\frac{\rho}{1 - \rho} \phi_{ck}\right)"
    )


@pytest.mark.parametrize("name", ["own_elasticity", "cross_elasticity", "hat_within"])
def test_a_line_too_long_for_a_phone_is_broken_between_its_terms(name):
    for step in getattr(steps, name)().steps:
        whole = lines.latex(step.shown)
        parts = lines.broken(whole)
        assert " ".join(parts) == whole
        for part in parts:
            assert part.count("{") == part.count("}")
            assert part.count(r"\left") == part.count(r"\right")
    assert len(lines.broken(" + ".join(["x" * 12] * 3))) == 3
