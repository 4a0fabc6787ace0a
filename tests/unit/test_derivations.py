"""The ledger: complete, its verdicts earned, its proofs unable to pass an altered expression."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import sympy as sp

from helpers import elasticities, model
from helpers.derivations import VERDICTS, DerivationError, Equation, ledger, results
from helpers.derivations import symbols as s
from helpers.derivations.algebra import counterexample, vanishes
from helpers.derivations.causes import CAUSES
from helpers.derivations.claim import PLAIN, SCOPES, approximation, exact, slip
from helpers.errors import ParameterError
from helpers.estimation import estimate
from helpers.exhibits.ledger import by_cause, cause_counts, counts, errata, in_symbols, ledger_table
from helpers.targets import EFFECTS, effects, first_stages

CLAIMS = {claim.id: claim for claim in (*ledger(), *results())}
_S, _A = s.SUMS, s.SCALED
SWAPS = dict(
    pair
    for one, other in (
        (s.pi_ck, s.pi_dk),
        (s.pi_c, s.pi_d),
        (s.phi_ck, s.phi_dk),
        (s.t_ck, s.t_dk),
        (s.z_c, s.z_d),
        (s.T_c, s.T_d),
        (_S.t_c, _S.t_d),
        (_S.n_c, _S.n_d),
    )
    for pair in ((one, other), (other, one))
)


def _altered(node: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    """A node with one thing changed: a sign, an index, an exponent."""
    if isinstance(node, sp.Add):
        for part in node.args:
            yield "sign", node - 2 * part
    if node in SWAPS:
        yield "index", SWAPS[node]
    if isinstance(node, sp.Pow):
        yield "exponent", node.base ** (node.exp + 1)
    elif isinstance(node, (sp.Symbol, sp.Indexed)):
        yield "exponent", node**2


def _everywhere(node: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    """An expression altered in one place, for every place."""
    yield from _altered(node)
    if isinstance(node, sp.Sum):
        for kind, inside in _everywhere(node.function):
            yield kind, sp.Sum(inside, *node.limits)
    elif not isinstance(node, sp.Indexed):
        for position, part in enumerate(node.args):
            for kind, changed in _everywhere(part):
                yield kind, node.func(*node.args[:position], changed, *node.args[position + 1 :])


def mutants(expression: sp.Expr) -> dict[sp.Expr, str]:
    """Every expression that differs from one in a sign, an index or an exponent."""
    expression = sp.sympify(expression)
    found = {-expression: "sign"} if expression != 0 else {sp.S.One: "value"}
    for kind, changed in _everywhere(expression):
        found.setdefault(changed, kind)
    found.pop(expression, None)
    return found


def test_every_numbered_equation_is_there():
    ids = [claim.id for claim in ledger()]
    assert len(ids) == len(set(ids))
    assert {f"eq-{n}" for n in range(1, 13)} <= set(ids)
    assert len(ids) >= 80


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_says_what_it_has_to(claim):
    assert claim.verdict in VERDICTS
    assert claim.printed
    assert claim.note
    assert claim.place
    open_ended = claim.verdict in ("exact", "definition")
    assert (claim.corrected is None) == open_ended
    assert (claim.refuted is None) == open_ended
    assert (claim.proof.counterexample is None) == open_ended
    assert claim.proof.scope in SCOPES.values()
    assert (claim.cause is None) == open_ended
    if claim.verdict == "approximation":
        assert claim.neglected is not None


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_an_altered_expression_is_refuted(claim):
    """Change one sign, index or exponent anywhere: a counterexample is found, the proof fails."""
    for changed, kind in mutants(claim.equation.right).items():
        altered = claim.equation.with_right(changed)
        assert altered.refuted() is not None, f"{kind}: {changed}"


def test_mutation_reaches_signs_indices_and_exponents():
    kinds = [set(mutants(claim.equation.right).values()) for claim in CLAIMS.values()]
    assert sum("sign" in found for found in kinds) > 90
    assert sum("index" in found for found in kinds) > 50
    assert sum("exponent" in found for found in kinds) > 80


@pytest.mark.slow
def test_a_printed_expression_is_not_the_corrected_one():
    """Each typo is told from its correction, and each correction is proved."""
    for claim in ledger():
        if claim.refuted is not None:
            assert not claim.refuted.proved(), claim.id
            assert all(statement.proved() for statement in claim.statement), claim.id


def test_slips_are_counted_by_cause():
    """Every cause has a place, a cause of slips is none of approximations, and no sum is lost."""
    groups = by_cause(ledger())
    assert set(groups) == set(CAUSES)
    for cause, members in groups.items():
        kinds = {claim.verdict == "approximation" for claim in members}
        assert len(kinds) == 1, cause
        if CAUSES[cause].notation_only:
            assert {claim.verdict for claim in members} == {"typo"}, cause
    count = cause_counts(ledger())
    slips = [claim for claim in ledger() if claim.verdict in ("typo", "wrong")]
    assert count["slips"] == len(slips)
    assert count["slip_causes"] == len({claim.cause for claim in slips})
    assert count["slip_causes"] < 0.6 * count["slips"]
    for same in (("eq-9", "eq-12"), ("s31-log-share", "s32-T_c"), ("s21-scale", "eq-10")):
        assert len({CLAIMS[claim].cause for claim in same}) == 1
    page = errata(ledger(), effects_of_nothing()).data
    shown, folded = page.split("<details><summary>Notation only")
    for cause in CAUSES:
        place = folded if CAUSES[cause].notation_only else shown
        assert f'id="cause-{cause}"' in place, cause


def effects_of_nothing():
    import pandas as pd

    return pd.DataFrame(columns=["id", "quantity", "printed", "corrected"])


def test_a_slope_of_one_or_more_follows_from_a_correlation_in_the_open_interval():
    """The printed implication is true; its converse is what needs rho = 0."""
    claim = CLAIMS["s31-beta"]
    assert claim.verdict == "exact"
    excess = sp.lambdify(rho, claim.equation.right)
    inside = np.linspace(1e-6, 1 - 1e-6, 101)
    assert (excess(inside) > 0).all()
    assert (1 / (1 - inside) >= 1).all()


def test_the_printed_first_stage_is_that_of_the_sum_of_logs(published):
    from helpers.targets import TARGETS

    printed = next(target for target in TARGETS if target.id == "first-beta")
    found = first_stages(published).set_index("instrument")
    assert abs(found.at["sum of logs", "slope"] - printed.value) <= printed.tolerance
    assert abs(found.at["log of the sum of logs", "slope"] - printed.value) > 0.2
    assert found.at["log of the sum of logs", "rho"] > found.at["sum of logs", "rho"] + 0.02


@pytest.mark.slow
def test_the_log_of_a_sum_is_taken_of_levels_and_near_the_log_of_the_sum_of_logs(made):
    """With exposures the index is built anew; without them its own log stands in for it."""
    from dataclasses import replace

    with_levels = first_stages(made).set_index("instrument")
    without = first_stages(replace(made, exposures=None)).set_index("instrument")
    assert with_levels.loc["sum of logs"].equals(without.loc["sum of logs"])
    level, stand_in = with_levels.at["log of the sum", "slope"], without["slope"].iloc[0]
    assert level == pytest.approx(stand_in, rel=0.01)
    assert level != stand_in
    assert with_levels.at["sum of logs", "beta"] == pytest.approx(estimate(made).beta, rel=1e-9)


def test_effects_are_effects(made):
    """The draws below two medians are counted; a city and an occupation too many take people."""
    found = effects(made, 2019, 0.64, 3.0).set_index("id")
    shares = made.shares(2019)
    first, second = np.argsort(-shares.pi_c)[:2]
    k = shares.occupation_index("management")
    scale = shares.pi_ck[[first, second], [k, k]] ** (1 - 0.64)
    drawn = model.draw_productivities(
        scale[:, None], np.ones(1), np.ones(2), 0.64, 3.0, 200_000, 5
    )[:, :, 0]
    medians = (scale / np.log(2)) ** (1 / 3)
    below = {
        "corrected": (drawn < medians).all(axis=1).mean(),
        "printed": (drawn < medians[0]).all(axis=1).mean(),
    }
    for column, frequency in below.items():
        assert found.at["eq-1", column] == pytest.approx(frequency, abs=0.006)
    assert found.at["eq-2", "printed"] < found.at["eq-2", "corrected"]
    assert found.at["eq-2", "corrected"] == shares.pi_c[first]


A, B = sp.symbols("a b", positive=True)
TRUE, FALSE = Equation((A + B) ** 2, A**2 + 2 * A * B + B**2, PLAIN), Equation(A + B, A, PLAIN)


@pytest.mark.parametrize(
    "unearned",
    [
        lambda: exact("x", "", "", FALSE, note=""),
        lambda: slip("typo", "x", "", "", "", FALSE, refuted=FALSE, cause="gamma", note=""),
        lambda: slip("typo", "x", "", "", "", TRUE, refuted=TRUE, cause="gamma", note=""),
        lambda: slip("exact", "x", "", "", "", TRUE, refuted=FALSE, cause="gamma", note=""),
        lambda: slip("typo", "x", "", "", "", TRUE, refuted=FALSE, cause="haste", note=""),
        lambda: approximation("x", "", "", "", TRUE, A**2, sp.S.Zero, cause="gamma", note=""),
        lambda: approximation("x", "", "", "", TRUE, TRUE.right, sp.S.Zero, cause="x", note=""),
    ],
)
def test_a_verdict_has_to_be_earned(unearned):
    with pytest.raises(DerivationError):
        unearned()


rho, theta = s.rho, s.theta


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ((A * B) ** (1 / (1 - rho)), A ** (1 / (1 - rho)) * B ** (1 / (1 - rho)), True),
        ((A + B) ** (1 - rho) * (A + B) ** rho, A + B, True),
        ((A ** (1 / (1 - rho))) ** (1 - rho), A, True),
        (A ** (rho / (1 - rho)) * A, A ** (1 / (1 - rho)), True),
        ((A * A + A * B) ** theta, A**theta * (A + B) ** theta, True),
        (sp.log(A**theta * B), theta * sp.log(A) + sp.log(B), True),
        ((A + B) ** (1 - rho), A ** (1 - rho) + B ** (1 - rho), False),
        (A ** (1 / (1 - rho)), A ** (1 / rho), False),
        (sp.log(A + B), sp.log(A) + sp.log(B), False),
    ],
)
def test_the_normal_form_knows_the_laws_of_powers(left, right, same):
    assert vanishes(left - right) == same
    assert (counterexample(left, right) is None) == same


def test_a_sum_is_compared_term_by_term():
    whole = s.SUMS.over_k
    x, y = sp.IndexedBase("x", positive=True)[s.k], sp.IndexedBase("y", positive=True)[s.k]
    assert vanishes(A * whole(x) + whole(A * y) - whole(A * (x + y)))
    assert not vanishes(whole(x) - whole(y))
    assert not vanishes(whole(x) * y - y * whole(x) + whole(x) * x)
    assert counterexample(whole(x), whole(y), s.SIZES)


@pytest.fixture(scope="module")
def point():
    """A random economy of five cities and four occupations, each occupation with its own rho."""
    rng = np.random.default_rng(8)
    return {
        "t_ck": rng.lognormal(0, 0.5, (5, 4)),
        "T_k": rng.lognormal(0, 0.5, 4),
        "z_c": rng.lognormal(0, 0.7, 5),
        "rho": rng.uniform(0.1, 0.9, 4),
    }


def _formula(claim: str, c: int, d: int, k: int, at: model.Shares, rho_k: np.ndarray) -> float:
    """A ledger's expression in named quantities, at the shares of an economy."""
    values = {
        s.pi_ck: at.pi_ck[c, k],
        s.pi_dk: at.pi_ck[d, k],
        s.phi_ck: at.phi_ck[c, k],
        s.phi_dk: at.phi_ck[d, k],
        s.omega_k: at.omega_k[k],
        s.pi_c: at.pi_c[c],
        s.pi_d: at.pi_c[d],
        s.rho: rho_k[k],
    }
    expression = CLAIMS[claim].equation.right
    assert expression.free_symbols <= set(values), claim
    return sp.lambdify(list(values), expression)(*values.values())


def _slope(shifters: dict, name: str, where: tuple[int, ...]) -> np.ndarray:
    """D ln pi_c / d ln of one shifter by central differences, (C,)."""
    step, sides = 1e-5, []
    for direction in (1, -1):
        moved = {key: np.array(value) for key, value in shifters.items()}
        moved[name][where] *= np.exp(direction * step)
        sides.append(np.log(model.shares(**moved).pi_c))
    return (sides[0] - sides[1]) / (2 * step)


@pytest.mark.parametrize(
    ("claim", "shifter", "where", "table"),
    [
        ("b-own-cell", "t_ck", "ck", elasticities.own_city_occupation),
        ("a-cross-total", "t_ck", "dk", elasticities.cross_city_occupation),
        ("eq-9", "t_ck", "dk", elasticities.cross_city_occupation),
        ("eq-12", "t_ck", "dk", elasticities.cross_city_occupation),
        ("s231-occupation-2", "T_k", "k", elasticities.occupation),
        ("eq-11", "T_k", "k", elasticities.occupation),
    ],
)
def test_elasticities_are_the_ledgers_and_finite_differences(point, claim, shifter, where, table):
    at = model.shares(**point)
    computed = table(at, point["rho"])
    for c, d, k in ((0, 1, 0), (2, 4, 3), (4, 0, 1), (3, 2, 2)):
        index = {"c": c, "d": d, "k": k}
        by_ledger = _formula(claim, c, d, k, at, point["rho"])
        by_code = computed[c, d, k] if computed.ndim == 3 else computed[c, k]
        by_difference = _slope(point, shifter, tuple(index[i] for i in where))[c]
        assert by_code == pytest.approx(by_ledger, rel=1e-12)
        assert by_difference == pytest.approx(by_ledger, rel=1e-6)


def _in_sums(expression: sp.Expr, c: int, d: int, at: model.Shares, rho: float) -> float:
    """An expression with sums over occupations, at the shares of an economy."""
    K = at.omega_k.size
    columns = {
        _S.pi_ck: at.pi_ck[c],
        _S.pi_dk: at.pi_ck[d],
        _S.phi_c: at.phi_ck[c],
        _S.phi_d: at.phi_ck[d],
        _S.omega: at.omega_k,
    }
    values = {s.pi_c: at.pi_c[c], s.pi_d: at.pi_c[d], s.rho: rho, s.theta: 3.0}
    spelled = expression.replace(
        lambda part: isinstance(part, sp.Sum),
        lambda total: sp.Add(
            *(
                total.function.xreplace({name: column[k] for name, column in columns.items()})
                for k in range(K)
            )
        ),
    )
    return float(spelled.xreplace(values))


@pytest.mark.parametrize(
    ("claim", "own", "power"),
    [
        ("b-own-city", True, 3.0),
        ("s231-own-2", True, 1.0),
        ("s231-cross-3", False, 1.0),
        ("eq-10", False, 3.0),
        ("a-city-2", False, 3.0),
    ],
)
def test_city_elasticities_are_the_ledgers_and_finite_differences(point, claim, own, power):
    common = {**point, "rho": 0.64}
    at = model.shares(**common)
    for c, d in ((0, 3), (4, 1)):
        by_ledger = _in_sums(CLAIMS[claim].equation.right, c, d, at, 0.64)
        table = elasticities.cross_city(at, 0.64, theta=power)
        shocked = c if own else d
        assert table[c, shocked] == pytest.approx(by_ledger, rel=1e-12)
        assert power * _slope(common, "z_c", (shocked,))[c] == pytest.approx(by_ledger, rel=1e-6)


def test_diversion_is_the_ledgers_flows(point):
    from helpers.counterfactuals import diversion

    common = {**point, "rho": 0.64}
    at = model.shares(**common)
    table = diversion(at, 0.64)
    inflow, outflow = (CLAIMS[name].equation.right for name in ("b-inflow", "b-outflow"))
    for c, d in ((0, 3), (4, 1)):
        ratio = _in_sums(inflow, c, d, at, 0.64) / _in_sums(outflow, c, d, at, 0.64)
        assert table[c, d] == pytest.approx(ratio, rel=1e-12)
    limit = (at.pi_ck * at.omega_k) @ at.pi_ck.T
    limit /= (at.pi_ck * (1 - at.pi_ck) * at.omega_k).sum(axis=1)[:, None]
    np.fill_diagonal(limit, 0)
    np.testing.assert_allclose(diversion(at, 1 - 1e-9), limit, rtol=1e-6)
    even = at.pi_c / (1 - at.pi_c)[:, None]
    np.fill_diagonal(even, 0)
    np.testing.assert_allclose(diversion(at, 0.0), even, rtol=1e-12)


def test_every_place_that_is_not_exact_has_an_effect(panel):
    found = effects(panel, 2019, 0.64, 3.0)
    wanted = {c.id for c in ledger() if c.verdict not in ("exact", "definition")}
    assert set(found["id"]) == set(EFFECTS) == wanted
    assert np.isfinite(found["corrected"]).all()
    assert (found["printed"] - found["corrected"]).abs().fillna(1).gt(1e-9).all()
    for claim in ledger():
        if claim.neglected is not None:
            rows = found.loc[found["id"] == claim.id, "quantity"]
            assert rows.str.contains("largest gap").any(), claim.id
            assert rows.str.contains("median gap").any(), claim.id


def test_effects_know_their_elasticities(made):
    """The corrected value is a finite difference of the shares, the printed one is not."""
    found = effects(made, 2019, 0.64, 3.0).set_index("id")
    truth = made.shares(2019)
    first, second = np.argsort(-truth.pi_c)[:2]
    from helpers.counterfactuals import shock

    hats = np.ones(len(truth.pi_c))
    hats[first] = np.exp(1e-6)
    slope = np.log(shock(truth, 0.64, 3.0, city=hats).pi_c / truth.pi_c) / 1e-6
    assert found.at["eq-10", "corrected"] == pytest.approx(slope[second], rel=1e-4)
    assert found.at["s231-own-1", "corrected"] == pytest.approx(slope[first], rel=1e-4)


@pytest.mark.parametrize("wrong", [{"rho": 1.0}, {"rho": -0.1}, {"theta": 0.0}])
def test_effects_refuse_parameters_outside_their_domain(made, wrong):
    with pytest.raises(ParameterError):
        effects(made, 2019, **{"rho": 0.64, "theta": 3.0, **wrong})


def test_pages_set_symbols_and_leave_words():
    assert in_symbols("Z_c^-theta moves pi_ck") == r"$Z_{c}^{-\theta}$ moves $\pi_{ck}$"
    assert in_symbols("lambda_k^(1-rho)") == r"$\lambda_{k}^{1-\rho}$"
    assert in_symbols("A city with thetas") == "A city with thetas"


def test_errata_hold_what_is_not_exact(made):
    page = errata(ledger(), effects(made, 2019, 0.64, 3.0)).data
    for claim in ledger():
        listed = f'id="errata-{claim.id}"' in page
        assert listed == (claim.verdict not in ("exact", "definition")), claim.id
    table = ledger_table(ledger()).data
    assert all(f'id="claim-{claim.id}"' in table for claim in ledger())
    table = counts(ledger())
    assert table.iloc[:, 1:].to_numpy().sum() == len(ledger())
    assert table["part"].tolist() == ["section 2", "section 3", "appendix 8.1"]  # as in the paper
