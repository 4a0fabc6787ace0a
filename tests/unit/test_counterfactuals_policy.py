"""Outlays, equal policies, the best target, and who competes with whom."""

import numpy as np
import pytest

from helpers import counterfactuals, exhibits, shifters
from helpers.counterfactuals import policy
from helpers.errors import ParameterError, UnknownNameError

RHO, THETA = 0.64, 3.0
DETROIT = "Detroit-Warren-Dearborn, MI"
PAIR = {
    "cell": {"city_occupation": {DETROIT: {"trades": 1.1}}},
    "city": {"city": {DETROIT: "equal"}},
    "occupation": {"occupation": {"trades": "equal"}},
}


@pytest.fixture(scope="module")
def shares(made):
    return made.shares(2019)


def test_equal_means_the_same_outlay(shares):
    settled = policy.settle(PAIR, shares, THETA)
    outlays = [p.outlay(shares, THETA) for p in settled.values()]
    np.testing.assert_allclose(outlays, outlays[0], rtol=1e-12)
    c, k = shares.city_index(DETROIT), shares.occupation_index("trades")
    treated = shares.pi_ck[c, k] * shares.omega_k[k]
    assert outlays[0] == pytest.approx(treated * (1.1 ** (1 / THETA) - 1), rel=1e-12)


@pytest.mark.parametrize("part", ["city", "occupation", "city_occupation"])
def test_equal_is_the_hat_of_that_outlay_whatever_is_treated(shares, part):
    """Productivity of the treated rises by outlay over their part; T_k and t_ck to the theta."""
    label = {"city": DETROIT, "occupation": "trades", "city_occupation": DETROIT}[part]
    equal = {label: {"trades": "equal"} if part == "city_occupation" else "equal"}
    settled = policy.settle({"a": {"city": {DETROIT: 1.02}}, "b": {part: equal}}, shares, THETA)
    c, k = shares.city_index(DETROIT), shares.occupation_index("trades")
    treated = {
        "city": shares.pi_c[c],
        "occupation": shares.omega_k[k],
        "city_occupation": shares.pi_ck[c, k] * shares.omega_k[k],
    }[part]
    multiplier = 1 + 0.02 * shares.pi_c[c] / treated
    (hat,) = getattr(settled["b"], part).values()
    expected = multiplier if part == "city" else multiplier**THETA
    assert hat == pytest.approx(expected, rel=1e-12)


def test_a_cut_has_an_equal_cut(shares):
    cut = {"cell": {"city_occupation": {DETROIT: {"trades": 0.9}}}, "city": PAIR["city"]}
    settled = policy.settle(cut, shares, THETA)
    assert settled["city"].city[DETROIT] < 1


def test_output_per_household_does_not_depend_on_where_it_lives(truth):
    """What the measure of outlay stands on: the maximum is independent of who attains it."""
    from helpers.model import draw_productivities

    rng = np.random.default_rng(5)
    t_ck, T_k, z_c = rng.lognormal(size=(3, 2)), np.array([1.0, 2.0]), np.array([1.0, 0.5, 2.0])
    drawn = draw_productivities(t_ck, T_k, z_c, 0.5, 4.0, 200_000, 3)
    flat = np.asarray(drawn).reshape(200_000, -1)
    best, place = flat.max(axis=1), flat.argmax(axis=1)
    for cell in range(flat.shape[1]):
        some = best[place == cell]
        error = some.std() / np.sqrt(len(some))
        assert abs(some.mean() - best.mean()) < 5 * error


@pytest.mark.parametrize(
    "hats",
    [
        {"city_occupation": {(DETROIT, "trades"): 2.0}},
        {"city": {DETROIT: 1.4}},
        {"occupation": {"trades": 0.5}},
    ],
    ids=["cell", "city", "a tax on an occupation"],
)
def test_the_outlay_after_is_what_simulated_households_are_paid(hats):
    """Draw the same households with and without the policy, and count what it adds for each."""
    from helpers import model

    names = (DETROIT, "Akron, OH", "Yuma, AZ"), ("management", "trades")
    rng = np.random.default_rng(5)
    t_ck, T_k, z_c = rng.lognormal(size=(3, 2)), np.array([1.0, 2.0]), np.array([1.0, 0.5, 2.0])
    rho, theta, n = 0.5, 6.0, 300_000
    built = model.shares(t_ck, T_k, z_c, rho)
    shares = model.Shares(built.pi_ck, built.omega_k, *names)
    subsidy = policy.Policy(**hats)
    rates = subsidy.rates(shares, theta)

    before = model.draw_productivities(t_ck, T_k, z_c, rho, theta, n, 3).reshape(n, -1)
    factor = (1 + rates).ravel()
    chosen = (before * factor).argmax(axis=1)
    own = before[np.arange(n), chosen]  # what a household would produce there without the policy
    paid = own * (factor[chosen] - 1)
    error = (paid.std() / np.sqrt(n)) / before.max(axis=1).mean()
    simulated = paid.mean() / before.max(axis=1).mean()
    assert abs(subsidy.outlay_after(shares, rho, theta) - simulated) < 5 * error

    # the same from where households go when they choose for themselves
    city, occupation = model.simulate_households(
        t_ck * factor.reshape(3, 2) ** theta, T_k, z_c, rho, theta, n, 4
    )
    part = rates / (1 + rates)
    output = counterfactuals.welfare_change(shares, rho, theta, **hats)
    living = part[city, occupation]
    error = output * living.std() / np.sqrt(n)
    counted = output * living.mean()
    assert abs(subsidy.outlay_after(shares, rho, theta) - counted) < 5 * error


def test_a_policy_for_everybody_costs_the_same_before_and_after(shares):
    everywhere = policy.Policy(city=dict.fromkeys(shares.cities, 1.1))
    assert everywhere.outlay(shares, THETA) == pytest.approx(0.1, rel=1e-12)
    assert everywhere.outlay_after(shares, RHO, THETA) == pytest.approx(0.1, rel=1e-12)
    some = policy.Policy(city={DETROIT: 1.1})
    assert some.outlay_after(shares, RHO, THETA) > some.outlay(shares, THETA)


def test_gains_are_those_of_single_shocks(shares):
    gain = counterfactuals.cell_gains(shares, RHO, THETA)
    for c, k in ((0, 0), (17, 3), (259, 7)):
        cell = (shares.cities[c], shares.occupations[k])
        hat = {cell: 1.01**THETA}
        new = counterfactuals.shock(shares, RHO, THETA, city_occupation=hat)
        assert gain[c, k] == pytest.approx(new.pi_c[c] - shares.pi_c[c], rel=1e-9)
    assert (gain > 0).all()


def test_for_an_outlay_the_best_target_is_the_least_specialised(panel):
    shares = panel.shares(2019)
    T_k = shifters.recover(panel, 2019, RHO, THETA).T_k.to_numpy()
    best = counterfactuals.targets(shares, T_k, RHO, THETA)
    assert (best["by_shock"] == best["largest"]).all()
    assert (best["by_outlay"] == best["least_specialised"]).all()
    names, c = np.array(shares.occupations), 17
    over = shares.phi_ck[c] / shares.phi_ck.T.dot(shares.pi_c)  # omega_k is the mean mix
    assert best["specialised"][c] == names[np.argsort(over)[-1]]
    assert set(best["highest_T_k"]) == {names[np.argsort(T_k)[-1]]}
    formula = (1 - RHO * shares.pi_ck) / (1 - RHO) - shares.pi_c[:, None]
    np.testing.assert_allclose(counterfactuals.outlay_elasticity(shares, RHO), formula, rtol=1e-12)


def test_at_the_margin_a_cell_and_the_whole_city_attract_alike(shares):
    rate = 1e-5
    pair = {
        "cell": {"city_occupation": {DETROIT: {"trades": (1 + rate) ** THETA}}},
        "city": {"city": {DETROIT: "equal"}},
    }
    table = policy.compare(pair, shares, RHO, THETA, DETROIT).set_index("policy")
    assert table["per_outlay"]["cell"] == pytest.approx(table["per_outlay"]["city"], rel=0.02)
    # with one margin, all that a subsidy adds is spent on those who are there
    assert table["welfare"]["cell"] == pytest.approx(table["outlay"]["cell"], rel=1e-3)


def test_spillovers_are_the_shock_with_and_without_correlation(shares):
    """A loss of Detroit: what correlation adds is the ratio, and is larger where work is alike."""
    table = counterfactuals.spillovers(shares, RHO, THETA, DETROIT, 0.95)
    assert list(table.columns) == [
        *("city", "pi_c", "similarity", "change", "change_independent", "ratio"),
    ]
    assert list(table["city"]) == [city for city in shares.cities if city != DETROIT]
    there = [shares.city_index(city) for city in table["city"]]
    for rho, column in ((RHO, "change"), (0.0, "change_independent")):
        new = counterfactuals.shock(shares, rho, THETA, city={DETROIT: 0.95})
        np.testing.assert_allclose(table[column], new.pi_c[there] / shares.pi_c[there], rtol=1e-12)
    np.testing.assert_allclose(table["ratio"] * table["change_independent"], table["change"])
    assert (table["change"] > 1).all()
    assert table["ratio"].corr(table["similarity"], method="spearman") > 0.5


def test_without_correlation_nobody_competes_more_than_their_size(shares):
    pairs = counterfactuals.competition(shares, 0.0)
    np.testing.assert_allclose(pairs["relative"], 1, rtol=1e-12)
    assert len(pairs) == 260 * 259
    near = pairs[(pairs["city"] == DETROIT) & pairs["rival"].str.startswith("Ann Arbor")]
    assert 40 < near["kilometres"].iloc[0] < 80


def test_who_does_the_same_work_competes_more():
    """The red town's rival is the blue town, not the farm town; a ratio upside down fails here."""
    from helpers import model

    t_ck = np.array([[4.0, 1.0], [4.0, 1.0], [1.0, 4.0]])
    built = model.shares(t_ck, np.ones(2), np.ones(3), RHO)
    names = ("Akron, OH", "Yuma, AZ", "Visalia-Porterville, CA"), ("trades", "primary")
    pairs = counterfactuals.competition(model.Shares(built.pi_ck, built.omega_k, *names), RHO)
    relative = pairs.set_index(["city", "rival"])["relative"]
    assert relative["Akron, OH", "Yuma, AZ"] > 1 > relative["Akron, OH", names[0][2]]


def test_a_subsidy_brings_people_and_a_cut_drives_them_away(shares):
    for hat, sign in ((1.1, 1), (0.9, -1)):
        pair = {"a": {"city_occupation": {DETROIT: {"trades": hat}}}, "b": PAIR["city"]}
        table = policy.compare(pair, shares, RHO, THETA, DETROIT)
        for column in ("outlay", "gained", "welfare"):
            assert (np.sign(table[column]) == sign).all(), column


def test_columns_are_what_they_are_called(shares):
    """Households per thousand, a relative advantage, a change in per cent."""
    table = policy.compare(PAIR, shares, RHO, THETA, DETROIT).set_index("policy")
    c = shares.city_index(DETROIT)
    hats = {"city_occupation": {(DETROIT, "trades"): 1.1}}
    change = counterfactuals.shock(shares, RHO, THETA, **hats).pi_c - shares.pi_c
    assert table["gained"]["cell"] == pytest.approx(1000 * change[c], rel=1e-9)
    outlay = shares.pi_ck[c, 3] * shares.omega_k[3] * (1.1 ** (1 / THETA) - 1)
    assert table["per_outlay"]["cell"] == pytest.approx(change[c] / outlay, rel=1e-9)
    arrived = 1000 * change[change > 0].sum()  # everyone who moves arrives somewhere
    assert table["moved"]["cell"] == pytest.approx(arrived, rel=1e-9)

    best = counterfactuals.targets(shares, np.ones(8), RHO, THETA)
    gain = counterfactuals.outlay_elasticity(shares, RHO)
    for row in (0, 100):
        assert best["advantage"][row] == pytest.approx(
            gain[row].max() / gain[row].min() - 1, rel=1e-12
        )
    cells = counterfactuals.cell_gains(shares, RHO, THETA)
    drawn = exhibits.gains_map(shares, cells, 3).data.set_index("city")
    first = int(shares.pi_c.argmax())
    moved = counterfactuals.shock(
        shares,
        RHO,
        THETA,
        city_occupation={(shares.cities[first], shares.occupations[0]): 1.01**THETA},
    )
    per_cent = 100 * (moved.pi_c[first] / shares.pi_c[first] - 1)
    assert drawn.loc[shares.cities[first]].iloc[0] == pytest.approx(per_cent, rel=1e-9)


@pytest.mark.parametrize(
    ("policies", "error", "message"),
    [
        ({}, ParameterError, "policies"),
        ({"a": {"cities": {DETROIT: 1.1}}}, UnknownNameError, "nearest: city"),
        ({"a": {"city": {DETROIT: "equal"}}}, ParameterError, "not in the first"),
        ({"a": {"city": {DETROIT: -1}}}, ParameterError, "above 0"),
        ({"a": {"city": {DETROIT: True}}}, ParameterError, "above 0"),
        ({"a": {"city": {"Detroit": 1.1}}}, UnknownNameError, DETROIT),
        ({"a": {"city_occupation": {DETROIT: {"trade": 1.1}}}}, UnknownNameError, "trades"),
        ({"a": {"city_occupation": {DETROIT: 1.1}}}, ParameterError, "expected occupations"),
    ],
)
def test_wrong_policies_are_refused_by_name(shares, policies, error, message):
    with pytest.raises(error, match=message):
        policy.settle(policies, shares, THETA)


def test_a_cut_larger_than_everything_is_refused(shares):
    everywhere = {"occupation": {"management": 1e-3}}
    with pytest.raises(ParameterError, match="no positive"):
        policy.settle({"a": everywhere, "b": {"city": {DETROIT: "equal"}}}, shares, THETA)
