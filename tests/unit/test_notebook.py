"""Checks accept the truth, refuse what is near it, and never tell."""

import re
from dataclasses import replace

import numpy as np
import pytest

from helpers import counterfactuals, files, model, shifters, targets
from helpers.equilibrium import Closure, panel_wages, solve
from helpers.errors import UnknownNameError
from helpers.estimation import estimate
from helpers.notebook import exercises, truths

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
        "wages": panel_wages(made, 2019),
        "substitution": 1.4,
        "demand_elasticity": 4.0,
    }

    def pick(name: str) -> dict:
        code = truths.CHECKS[name].truth.__code__
        return {key: whole[key] for key in code.co_varnames[: code.co_argcount]}

    return pick


@pytest.mark.slow
@pytest.mark.parametrize("name", truths.CHECKS)
def test_the_truth_is_right_and_anything_else_is_not(name, given):
    arguments = given(name)
    truth = truths.CHECKS[name].truth(**arguments)
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


def _by_another_route(name: str, given: dict):
    """The answer of a check, computed from definitions and not by the check's own function."""
    shares, theta, rho = given["shares"], given["theta"], given["rho"]
    c, k = shares.city_index(CITY), shares.occupation_index(OCCUPATION)
    if name == "intro-iia":
        two = model.shares(np.ones((2, 1)), np.ones(1), np.array([0.3, 0.2]), 0.0)
        return two.pi_c
    if name == "model-error":
        return (shares.pi_c[c] - shares.pi_c[c] ** 2) ** 0.5 / 1000
    if name == "derivations-common":
        new = counterfactuals.shock(shares, rho, theta, occupation={OCCUPATION: np.exp(1e-6)})
        return np.log(new.pi_c[c] / shares.pi_c[c]) / 1e-6
    if name == "data-cells":
        return sum(value != value for value in given["panel"].cells["log_wage"])
    if name == "shifters-power":
        one, other = (shifters.recover(given["panel"], 2019, rho, t).T_c for t in (1.0, theta))
        return np.log(other.iloc[0]) / np.log(one.iloc[0])
    if name == "occupation-hat":
        return (1 + 0.1 * shares.phi_ck[c, k]) / (1 + 0.1 * shares.omega_k[k])
    if name == "discussion-rival":
        new = counterfactuals.shock(shares, rho, theta, city={CITY: 1 - 1e-7})
        gained = new.pi_c - shares.pi_c
        return shares.cities[int(gained.argmax())]
    if name == "report-reproduced":
        table = targets.compare(given["panel"])
        return sum(abs(table["computed"] - table["printed"]) <= table["tolerance"])
    if name == "conclusions-rho":
        return 1 - 1 / (1.1 * given["beta"])
    if name == "policy-equal":
        return 1 + shares.phi_ck[c, k] * (1.2 ** (1 / theta) - 1)
    if name == "equilibrium-edge":
        # one round of guesses of sizes turns a small deviation into itself
        stuck = Closure(agglomeration=1 - rho)
        return (
            0.999
            * (1 - rho)
            / solve(
                shares, rho, theta, replace(stuck, agglomeration=0.999 * (1 - rho))
            ).spectral_radius
        )
    if name == "jobs-by-hand":
        one = model.Shares(np.full((2, 8), 0.5), shares.omega_k)
        worse = np.ones((2, 8))
        worse[:, k] = 0.9
        rigid = Closure(substitution=1.4, demand_elasticity=4.0, wage_floor=1.0)
        new = solve(one, rho, theta, rigid, productivity=worse)
        return 1 - new.unemployed
    raise KeyError(name)


ROUTES = (
    *("intro-iia", "model-error", "derivations-common", "data-cells", "shifters-power"),
    *("occupation-hat", "discussion-rival", "report-reproduced", "conclusions-rho"),
    *("policy-equal", "equilibrium-edge", "jobs-by-hand"),
)


@pytest.mark.parametrize("name", ROUTES)
def test_the_truth_is_that_of_another_route(name, given):
    """A check that computes the wrong thing accepts the wrong answer; this finds it."""
    arguments = given(name)
    everything = {**given("city-invert"), **given("data-cells"), **given("conclusions-rho")}
    answer = _by_another_route(name, everything)
    assert exercises.check(name, answer, **arguments).right is True


def test_solved_answers_do_what_the_question_asks(given):
    """The two that are roots: put back into the model they give the share that was wanted."""
    invert, undo = given("city-invert"), given("what-if-undo")
    shares, rho, theta = (invert[key] for key in ("shares", "rho", "theta"))
    c = shares.city_index(CITY)
    hat = truths.CHECKS["city-invert"].truth(**invert)
    new = counterfactuals.shock(shares, rho, theta, city={CITY: hat})
    assert new.pi_c[c] == pytest.approx(0.9 * shares.pi_c[c], rel=1e-9)
    hat = truths.CHECKS["what-if-undo"].truth(**undo)
    new = counterfactuals.shock(shares, rho, theta, city={CITY: hat}, occupation={OCCUPATION: 1.1})
    assert new.pi_c[c] == pytest.approx(shares.pi_c[c], rel=1e-9)


@pytest.mark.parametrize(
    "name", ["city-invert", "occupation-hat", "what-if-undo", "policy-equal", "history-invert"]
)
def test_no_change_at_all_is_no_answer_to_how_large_a_change(name, given):
    arguments = given(name)
    truth = exercises.CHECKS[name].truth(**arguments)
    for wrong in (1.0, 1 + 0.5 * (truth - 1), 1 / truth):
        assert exercises.check(name, wrong, **arguments).right is False


def test_prices_answer_as_far_as_the_question_asks(given):
    """Put back into the equilibrium, the two elasticities leave the part that was wanted."""
    arguments = given("rent-supply")
    shares, rho, theta, wages = (arguments[key] for key in ("shares", "rho", "theta", "wages"))
    c = shares.city_index(CITY)

    def lost(closure):
        new = solve(shares, rho, theta, closure, wages=wages, city={CITY: 0.95})
        return 1 - new.shares.pi_c[c] / shares.pi_c[c]

    eta = truths.CHECKS["rent-supply"].truth(**arguments)
    epsilon = truths.CHECKS["wage-demand"].truth(**given("wage-demand"))
    rents = Closure(housing_share=0.24, supply_elasticity=eta)
    alike = Closure(substitution=epsilon, demand_elasticity=epsilon)
    assert lost(rents) == pytest.approx(0.9 * lost(Closure()), rel=1e-9)
    assert lost(alike) == pytest.approx(0.5 * lost(Closure()), rel=1e-9)


def test_an_unknown_exercise_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="city-invert"):
        exercises.check("city-inverse", 1.0)


@pytest.mark.slow
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
    for source in sorted(files.NOTEBOOKS.glob("[0-9]*.md")):
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
    for source in sorted(files.NOTEBOOKS.glob("[0-9]*.md")):
        text = source.read_text(encoding="utf-8")
        for label in re.findall(r"\{exercise\} By \w+, \w+\n:label: (\S+)", text):
            solution = re.search(
                rf"\{{solution-start\}} {label}\n(.*?)\{{solution-end\}}", text, re.S
            )
            assert solution, label
            assert "{code-cell}" in solution.group(1), label
