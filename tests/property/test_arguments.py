"""Whatever a caller gives to a public function, he gets the right answer or a named error.

Each argument of each public function of the kernels, the estimator, shift-share inference and
weak-instrument sets is replaced by values of other kinds: missing, infinite, text, other shapes,
other labels. What comes back is an answer or an error of this package, never one of NumPy's, of
pandas', of SciPy's or of Python's own.
"""

import datetime
import inspect
import warnings

import numpy as np
import pandas as pd
import pytest

from helpers import (
    counterfactuals,
    elasticities,
    estimation,
    instrument,
    model,
    shifters,
    shiftshare,
)
from helpers.errors import CompanionError, MemoryLimitError
from helpers.inference import confidence_sets
from helpers.model import precise
from helpers.panel import Panel

FACES = (model, counterfactuals, estimation, shifters, shiftshare)
MODULES = (elasticities, instrument, confidence_sets)
# no data of a caller's enter these
EXEMPT = {"ConfidenceSet", "Fit", "Net", "RhoEstimate", "Shifters", "ShiftShareFit"}
EXEMPT |= {"ShockLevelFit", "CollinearSharesError", "ShiftShareWarning", "CLUSTERS", "CONVENTIONS"}

rng = np.random.default_rng(0)
CITIES = tuple(f"city {i}" for i in range(6))
OCCUPATIONS = ("management", "sales", "trades")
PI = rng.dirichlet(np.ones(6), 3).T
OMEGA = rng.dirichlet(np.ones(3))
SHARES = model.Shares(PI, OMEGA, CITIES, OCCUPATIONS)
UNITS, SECTORS = 60, 8
W = rng.dirichlet(np.ones(SECTORS), UNITS)
SHIFTS = rng.normal(size=SECTORS)
Z1 = W @ SHIFTS
X = Z1 + 0.3 * rng.normal(size=UNITS)
Y = 2 * X + rng.normal(size=UNITS)


@pytest.fixture(scope="module")
def small(made) -> Panel:
    """Sixteen cities and two years."""
    names, years = made.cells["city"].unique()[::16][:16], [2010, 2019]
    cells = made.cells[made.cells["city"].isin(names) & made.cells["year"].isin(years)]
    cities = made.cities[made.cities["city"].isin(names) & made.cities["year"].isin(years)]
    total = cells.groupby(["year", "occupation"])["households"].transform("sum")
    of_year = cities.groupby("year")["households"].transform("sum")
    return Panel(
        cells.assign(log_share=np.log(cells["households"] / total)),
        cities.assign(log_city_share=np.log(cities["households"] / of_year)),
    )


@pytest.fixture(scope="module")
def calls(small) -> dict:
    """A good call of every public function, by its name."""
    data = estimation.sample(small)
    shifters_of = {"t_ck": PI + 0.1, "T_k": OMEGA, "z_c": PI[:, 0] + 0.1, "rho": 0.4}
    hats = {
        "shares": SHARES,
        "rho": 0.5,
        "theta": 3.0,
        "city": np.linspace(0.9, 1.1, 6),
        "occupation": np.linspace(0.9, 1.1, 3),
        "city_occupation": 1 + PI,
    }
    units = {"y": Y, "x": X, "W": W, "shifts": SHIFTS, "controls": np.ones((UNITS, 1))}
    units["weights"] = np.linspace(1, 2, UNITS)
    sector_groups, unit_groups = np.arange(SECTORS) // 2, np.arange(UNITS) % 12
    gamma = pd.DataFrame(rng.dirichlet(np.ones(3), 4).T, OCCUPATIONS, list("abcd"))
    kappa = pd.DataFrame(rng.dirichlet(np.ones(4), 6), CITIES, list("abcd"))
    shifts = pd.DataFrame(
        [(s, year, 0.1 * year % 7) for s in "abcd" for year in (2010, 2011)],
        columns=["sector", "year", "log_tfp"],
    )
    of_panel = {"panel": small}
    good = {
        "Shares": {"pi_ck": PI, "omega_k": OMEGA, "cities": CITIES, "occupations": OCCUPATIONS},
        "log_lambda": {key: shifters_of[key] for key in ("t_ck", "z_c", "rho")},
        "correlation_function": shifters_of,
        "shares": shifters_of,
        "draw_productivities": {**shifters_of, "theta": 3.0, "n": 5, "seed": 1},
        "simulate_households": {**shifters_of, "theta": 3.0, "n": 5, "seed": 1},
        "similarity": {"shares": SHARES, "city": "city 2"},
        "own_city_occupation": {"shares": SHARES, "rho": 0.5, "small_city": False},
        "cross_city_occupation": {"shares": SHARES, "rho": 0.5, "small_city": False},
        "own_city": {"shares": SHARES, "rho": 0.5, "theta": 2.0, "small_city": False},
        "cross_city": {"shares": SHARES, "rho": 0.5, "theta": 2.0, "small_city": False},
        "elasticities.occupation": {"shares": SHARES, "rho": 0.5, "small_city": False},
        "shock": hats,
        "welfare_change": {**hats, "log": False},
        "city_shocks": {**{k: hats[k] for k in ("shares", "rho", "theta")}, "hat": 0.9}
        | {"cities": ["city 1", 2]},
        "grid": {
            **{"shares": SHARES, "rho": np.array([0.1, 0.5]), "theta": np.array([1.0, 3.0])},
            **{"city": np.array([0, 3]), "city_hat": np.array([0.9, 1.1])},
            **{"occupation": np.array([1, 2]), "occupation_hat": np.array([1.0, 1.1])},
            "cell_hat": np.array([0.8, 1.0]),
        },
        "diversion": {"shares": SHARES, "rho": 0.5, "cities": ["city 1", 2]},
        "keepers": {"shares": SHARES, "rho": 0.5, "city": "city 1"},
        "stayers": {"shares": SHARES, "rho": 0.5},
        "redirection": {"shares": SHARES, "rho": 0.5, "cities": ["city 1", 2]},
        "occupation_gains": hats,
        "exposures": {"gamma_ks": gamma, "kappa_cs": kappa},
        "shift_share": {"exposures": instrument.exposures(gamma, kappa), "shifts": shifts},
        "two_way": {"log_pi_ck": np.log(PI)},
        "pooled_occupation_effects": of_panel,
        "pooled_city_effects": of_panel,
        "recover": {**of_panel, "year": 2010, "rho": 0.5, "theta": 3.0, "convention": "consistent"},
        "printed_city_shifter": {**of_panel, "year": 2010, "rho": 0.5, "theta": 3.0, "sign": 1},
        "sample": {**of_panel, "years": [2010]},
        "singletons": {"cells": data, "effects": ["city_year", ["year", "occupation"]]},
        "refuse_if_effects_explain_all": {"cells": data, "effects": ["city_year"]},
        "fit": {"data": data, "outcome": "log_share", "regressor": "log_wage", "clusters": "city"},
        "net_of_effects": {
            **{"data": data, "outcome": "log_share", "regressor": "log_wage"},
            **{"instrument": "instrument", "effects": ["city_year", "occupation"]},
            "controls": np.linspace(0, 1, len(data))[:, None] ** 2,
            "weights": np.linspace(1, 2, len(data)),
        },
        "residualise": {"data": data, "columns": ["log_wage"]},
        "residuals": {"data": data, "column": "log_wage", "effects": ["city_year", "occupation"]},
        "second_stage_by_hand": {**of_panel, "years": [2010, 2019]},
        "estimate": {**of_panel, "clusters": "city", "years": [2010, 2019], "level": 0.9}
        | {"wage_exponent": 1.5},
        "rho_of": {"beta": 2.0, "wage_exponent": 1.5},
        "regress": {
            **{key: units[key] for key in ("y", "W", "x", "controls", "weights")},
            **{"z": Z1, "sector_clusters": sector_groups, "level": 0.9, "clusters": unit_groups},
        },
        "rotemberg_weights": units,
        "shock_level": {
            **units,
            "sector_clusters": sector_groups,
            "sector_controls": np.arange(SECTORS)[:, None] % 3,
        },
        "anderson_rubin": {
            **{"y": Y, "x": X, "Z": W[:, :2], "controls": np.ones((UNITS, 1))},
            **{"clusters": unit_groups, "level": 0.9, "robust": True},
        },
    }
    return good


def _public() -> dict:
    """Every public function and class of the rooms, by name."""
    found = {}
    handed_on = {name: getattr(face, name) for face in FACES for name in face.__all__}
    # who moves where, and policies, take what these give
    asked = {n: f for n, f in handed_on.items() if "responses" not in getattr(f, "__module__", "")}
    own = [
        (name, thing)
        for room in MODULES
        for name, thing in vars(room).items()
        if getattr(thing, "__module__", None) == room.__name__ and not name.startswith("_")
    ]
    for name, thing in (*asked.items(), *own):
        if callable(thing) and name not in EXEMPT:
            key = f"elasticities.{name}" if name == "occupation" else name
            found[key] = thing
    return found


FUNCTIONS = _public()


def _odd_values(value) -> list:
    """What takes the place of an argument: of other kinds, and its own with something wrong."""
    odd = [
        *(None, "text", "2010", b"2010", "", float("nan"), float("inf"), -float("inf"), 1j),
        *(pd.NA, pd.NaT, np.nan, object(), 10**400, -1, 0, 2019.5, True, [], {}, (), set()),
        *([None], [np.nan], ["text"], {"a": 1}, {"city 1": None}, {("city 1", "sales"): "x"}),
        *(np.array([]), np.zeros((0, 3)), np.zeros((2, 2, 2)), np.array("text"), len, dict),
        *([[1, 2], [3]], datetime.date(2010, 1, 1), pd.Series(["a", "b"]), pd.DataFrame()),
        *(pd.DataFrame({"a": ["x", None]}), np.array(["2010", None], dtype=object)),
        *(pd.Series([1.0, 2.0], ["nobody", "nowhere"]), np.datetime64("2010"), range(3)),
        pd.Series(pd.Categorical(["a", None, "b"])),
        iter([1, 2]),
    ]
    if isinstance(value, np.ndarray):
        real = value.astype(float)
        for wrong in (np.nan, np.inf, -np.inf):
            odd.append(real.copy())
            odd[-1].flat[0] = wrong
        for wrong in (None, "text", pd.NA, object(), 1j, [1]):
            odd.append(value.astype(object))
            odd[-1].flat[1] = wrong
        odd += [value[:-1], np.concatenate([value, value]), value[..., None], value.astype(str)]
        odd += [real.tolist()[0], real * 1j, real.astype("datetime64[s]"), real[None]]
        odd += [np.ma.masked_array(real, mask=real == real.flat[0])]
        odd += [value.T[:-1], real.astype("float32").astype(object)]
        labels = [f"row {i}" for i in range(len(value))]
        kind = pd.Series if value.ndim == 1 else pd.DataFrame
        if value.ndim <= 2:
            odd += [kind(value, labels), kind(value.astype(object), [np.nan] * len(value))]
            odd += [kind(value, [0] * len(value))]
            odd += [kind(real, dtype="Float64").mask(kind(real) == real.flat[0])]
    if isinstance(value, pd.DataFrame):
        odd += [
            value.iloc[:-1, 1:],
            value.T,
            value.iloc[:0],
            value.astype(object),
            value.iloc[:, :1],
        ]
        for wrong in (None, "text", np.nan, np.inf):
            frame = value.astype(object)
            frame.iloc[0, -1] = wrong
            odd.append(frame)
            frame = value.astype(object)
            frame.iloc[1, 0] = wrong
            odd.append(frame)
        odd += [pd.concat([value, value]), pd.concat([value, value], axis=1)]
    return odd


def test_every_public_function_is_tried(calls):
    assert set(calls) == set(FUNCTIONS)
    for name, good in calls.items():
        parameters = inspect.signature(FUNCTIONS[name]).parameters
        assert set(good) == set(parameters), name


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_an_odd_argument_is_answered_or_refused_by_name(calls, name):
    function, good = FUNCTIONS[name], calls[name]
    wrong = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", shiftshare.ShiftShareWarning)
        function(**good)
        for argument, value in good.items():
            for odd in _odd_values(value):
                try:
                    function(**good | {argument: odd})
                except CompanionError:
                    pass
                except Exception as escaped:
                    shown = " ".join(repr(odd).split())[:70]
                    wrong.append(f"{argument}={shown}: {type(escaped).__name__}: {escaped}"[:200])
    assert not wrong, f"{name}\n" + "\n".join(wrong)


@pytest.mark.filterwarnings("ignore::helpers.shiftshare.ShiftShareWarning")
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_what_is_missing_or_foreign_is_refused(calls, name):
    """NaN, infinity, None and text in an array never pass; the message names the argument."""
    function, good = FUNCTIONS[name], calls[name]
    for argument, value in good.items():
        if not isinstance(value, np.ndarray):
            continue
        for place in ((0,) * value.ndim, (-1,) * value.ndim):
            for wrong in (np.nan, np.inf, -np.inf, None, "text"):
                odd = value.astype(object)
                odd[place] = wrong
                if argument in ("clusters", "sector_clusters") and wrong == "text":
                    continue  # a name is as good a label as a number
                with pytest.raises(CompanionError, match=argument):
                    function(**good | {argument: odd})


LABELLED = {
    "shock": {"city": "c", "occupation": "k", "city_occupation": "ck", "rho": "k"},
    "welfare_change": {"city": "c", "occupation": "k", "city_occupation": "ck", "rho": "k"},
    "shares": {"t_ck": "ck", "T_k": "k", "z_c": "c", "rho": "k"},
    "correlation_function": {"t_ck": "ck", "T_k": "k", "z_c": "c", "rho": "k"},
    "Shares": {"pi_ck": "ck", "omega_k": "k"},
    "cross_city": {"rho": "k"},
    "diversion": {"rho": "k"},
    "keepers": {"rho": "k"},
    "stayers": {"rho": "k"},
    "redirection": {"rho": "k"},
    "occupation_gains": {"city": "c", "occupation": "k", "city_occupation": "ck", "rho": "k"},
}


@pytest.mark.parametrize("name", sorted(LABELLED))
def test_labelled_arguments_are_put_in_order(calls, name):
    """Shuffled labels change nothing; labels of somewhere else are refused."""
    function, good = FUNCTIONS[name], dict(calls[name])
    if "rho" in good:
        good["rho"] = np.array([0.1, 0.5, 0.8])
    axes = {"c": CITIES, "k": OCCUPATIONS}

    def labelled(value, how, shuffle):
        labels = [list(axes[axis]) for axis in how]
        made = pd.Series(value, labels[0]) if len(how) == 1 else pd.DataFrame(value, *labels)
        if shuffle:
            made = made.iloc[tuple(rng.permutation(size) for size in made.shape)]
        return made

    def numbers(result):
        return np.asarray(getattr(result, "pi_c", result))

    expected = numbers(function(**good))
    first = next(iter(LABELLED[name]))
    everything = {
        argument: labelled(good[argument], how, shuffle=argument != first or name == "shock")
        for argument, how in LABELLED[name].items()
    }
    np.testing.assert_allclose(numbers(function(**good | everything)), expected, rtol=1e-13)
    for argument in LABELLED[name]:
        strange = everything[argument].rename(index=lambda label: f"new {label}")
        with pytest.raises(CompanionError, match=argument):
            function(**good | everything | {argument: strange})


def test_a_result_that_does_not_fit_is_refused_before_it_is_made(monkeypatch):
    from helpers.errors import arguments

    n = 100_000
    many = model.Shares(np.full((n, 2), 1 / n), np.array([0.5, 0.5]))
    monkeypatch.setattr(arguments, "memory", lambda: 16 * 2**30)
    for refused in (
        lambda: counterfactuals.city_shocks(many, 0.5, 3, 0.9),
        lambda: counterfactuals.diversion(many, 0.5),
        lambda: elasticities.cross_city(many, 0.5),
        lambda: elasticities.cross_city_occupation(many, 0.5),
        lambda: counterfactuals.grid(many, 0.5, 3.0, np.arange(n)),
        lambda: model.draw_productivities(many.pi_ck, [1, 1], many.pi_c, 0.5, 3, n, 0),
    ):
        with pytest.raises(MemoryLimitError, match=r"100,000 x .* GiB"):
            refused()
    block = counterfactuals.city_shocks(many, 0.5, 3, 0.9, cities=[5, 7])
    np.testing.assert_allclose(block.sum(axis=1), 1, rtol=1e-9)
    rows = counterfactuals.diversion(many, 0.5, cities=range(3))
    assert rows.shape == (3, n)


def test_blocks_of_cities_are_rows_of_the_whole():
    whole = counterfactuals.city_shocks(SHARES, 0.5, 3, 0.9)
    part = counterfactuals.city_shocks(SHARES, 0.5, 3, 0.9, cities=["city 4", "city 0"])
    np.testing.assert_allclose(part, whole[[4, 0]], rtol=1e-14)
    whole = counterfactuals.diversion(SHARES, 0.5)
    np.testing.assert_allclose(counterfactuals.diversion(SHARES, 0.5, ["city 4"]), whole[[4]])


def test_logarithms_hold_thirty_digits():
    import mpmath

    x = np.exp(rng.uniform(-740, 700, 200))
    high, low = precise.log_twice(np.append(x, [1.0, 5e-324, 1 + 2**-52]))
    with mpmath.workdps(60):
        for a, b, c in zip([*x, 1.0, 5e-324, 1 + 2**-52], high, low, strict=True):
            true = mpmath.log(mpmath.mpf(float(a)))
            found = mpmath.mpf(float(b)) + mpmath.mpf(float(c))
            assert abs(found - true) <= 1e-30 * abs(true)
