"""Checks accept the truth, refuse what is near it, and never tell."""

import re

import numpy as np
import pytest

from helpers import exercises, paths
from helpers.errors import UnknownNameError
from helpers.estimation import estimate

CITY, OCCUPATION = "Detroit-Warren-Dearborn, MI", "trades"


@pytest.fixture(scope="module")
def given(made):
    import pandas as pd

    whole = {
        "shares": made.shares(2019),
        "panel": made,
        "rho": 0.64,
        "theta": 3.0,
        "city": CITY,
        "occupation": OCCUPATION,
        "beta": 2.5,
        "weights": pd.DataFrame({"alpha": [0.1, 0.5, 0.2, 0.3]}),
    }

    def pick(name: str) -> dict:
        code = exercises.CHECKS[name].truth.__code__
        return {key: whole[key] for key in code.co_varnames[: code.co_argcount]}

    return pick


@pytest.mark.parametrize("name", exercises.CHECKS)
def test_the_truth_is_right_and_anything_else_is_not(name, given):
    arguments = given(name)
    truth = exercises.CHECKS[name].truth(**arguments)
    assert exercises.check(name, truth, **arguments).right is True
    assert exercises.check(name, None).right is None
    if isinstance(truth, str):
        assert exercises.check(name, "Akron, OH", **arguments).right is False
        assert exercises.check(name, truth.upper(), **arguments).right is True
        return
    for wrong in (np.asarray(truth) * 1.1 + 0.1, np.asarray(truth) - 1, "many", [1, 2, 3]):
        assert exercises.check(name, wrong, **arguments).right is False
    said = repr(exercises.check(name, np.asarray(truth) + 1, **arguments))
    assert not re.search(r"\d\.\d", said)


def test_an_unknown_exercise_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="city-invert"):
        exercises.check("city-inverse", 1.0)


def test_the_drawn_economies_can_be_estimated_and_are_not_all_alike():
    said = []
    for number in range(1, 7):
        found = estimate(exercises.draw_economy(number))
        said.append(exercises.check_rho(number, found.rho, found.rho_interval))
    assert sum("close" in words for words in said) >= 5
    assert sum("holds" in words for words in said) >= 4
    assert "far" in exercises.check_rho(1, 0.99)
    assert "misses" in exercises.check_rho(1, 0.99, (0.98, 0.995))
    assert "no answer" in exercises.check_rho(1, None)
    truths = [exercises._secret(number) for number in range(1, 7)]
    assert np.ptp(truths) > 0.2


def test_every_chapter_has_exercises_with_solutions_and_difficulty():
    kinds, count = set(), 0
    for source in sorted(paths.NOTEBOOKS.glob("[0-9]*.md")):
        text = source.read_text(encoding="utf-8")
        heads = re.findall(r"```\{exercise\} By (\w+), (\w+)\n:label: (ex-[\w-]+)", text)
        assert heads, f"{source.name} has no exercise"
        assert len(heads) == text.count("{exercise}"), f"{source.name}: one has no difficulty"
        for kind, difficulty, label in heads:
            assert difficulty in ("easy", "medium", "hard")
            assert re.search(rf"\{{solution(-start)?\}} {label}\n:class: dropdown", text), label
            kinds.add(kind)
        count += len(heads)
        assert "exercises.check" in text, f"{source.name} has no self-check"
    assert count >= 30
    assert kinds >= {"hand", "sympy", "code", "thought", "simulation"}


def test_every_solution_is_executed():
    """By hand or by thought as well: each ends in a cell that shows it."""
    for source in sorted(paths.NOTEBOOKS.glob("[0-9]*.md")):
        text = source.read_text(encoding="utf-8")
        for label in re.findall(r"\{exercise\} By \w+, \w+\n:label: (\S+)", text):
            solution = re.search(
                rf"\{{solution-start\}} {label}\n(.*?)\{{solution-end\}}", text, re.S
            )
            assert solution, label
            assert "{code-cell}" in solution.group(1), label
