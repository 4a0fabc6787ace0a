"""Many small places: names are looked up, blocks change nothing, and no C x C array is formed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from helpers.counterfactuals import (
    cell_gains,
    city_shocks,
    competition,
    diversion,
    grid,
    redirection,
    responses,
    shock,
    stayers,
)
from helpers.errors import MemoryLimitError, ParameterError, UnknownNameError
from helpers.model import Shares

RHO, THETA = 0.6, 4.0


def made(n_cities: int, n_occupations: int = 5, seed: int = 4) -> Shares:
    rng = np.random.default_rng(seed)
    pi_ck = rng.lognormal(0, 1, (n_cities, n_occupations))
    omega_k = rng.dirichlet(np.full(n_occupations, 3.0))
    names = tuple(f"place {c:06d}" for c in range(n_cities))
    groups = tuple(f"group {k}" for k in range(n_occupations))
    return Shares(pi_ck / pi_ck.sum(axis=0), omega_k / omega_k.sum(), names, groups)


@pytest.fixture(scope="module")
def large() -> Shares:
    return made(60_000)


def test_a_hat_for_each_of_many_names_is_the_array_of_hats(large):
    hats = np.random.default_rng(1).uniform(0.9, 1.1, len(large.cities))
    named = shock(large, RHO, THETA, city=dict(zip(large.cities, hats, strict=True)))
    np.testing.assert_array_equal(named.pi_ck, shock(large, RHO, THETA, city=hats).pi_ck)
    cells = {(name, "group 1"): hat for name, hat in zip(large.cities, hats, strict=True)}
    array = np.ones(large.pi_ck.shape)
    array[:, 1] = hats
    np.testing.assert_array_equal(
        shock(large, RHO, THETA, city_occupation=cells).pi_ck,
        shock(large, RHO, THETA, city_occupation=array).pi_ck,
    )


def test_a_misspelt_name_among_many_is_refused_and_a_key_that_is_no_pair():
    shares = made(200)
    sixty = dict.fromkeys(shares.cities[:60], 1.1)
    with pytest.raises(UnknownNameError, match="place 00001x"):
        shock(shares, RHO, THETA, city={"place 00001x": 0.9} | sixty)
    pairs = {(name, "group 1"): 1.1 for name in sixty}
    with pytest.raises(UnknownNameError, match="place 00001x"):
        shock(shares, RHO, THETA, city_occupation={("place 00001x", "group 1"): 0.9} | pairs)
    first, group = shares.cities[0], shares.occupations[0]
    for odd in (first, "ab", (first,), (first, group, group)):
        with pytest.raises(ParameterError, match=r"\(city, occupation\) names as keys"):
            shock(shares, RHO, THETA, city_occupation={odd: 0.9})


def test_some_of_many_places_take_memory_in_proportion(large):
    """Twenty rows of 60,000 numbers are 10 MB; all of them would be 29 GB."""
    chosen = list(large.cities[:20])
    tracemalloc.start()
    rows = city_shocks(large, RHO, THETA, 0.95, chosen)
    away = diversion(large, RHO, chosen)
    moved = redirection(large, RHO, chosen)
    kept = stayers(large, RHO)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6
    assert rows.shape == away.shape == (20, 60_000)
    assert kept.shape == large.pi_ck.shape
    np.testing.assert_allclose(rows[3], shock(large, RHO, THETA, city={chosen[3]: 0.95}).pi_c)
    np.testing.assert_allclose(away.sum(axis=1), 1)
    even = large.pi_c / (1 - large.pi_c[:20, None])
    even[np.arange(20), np.arange(20)] = 0
    np.testing.assert_allclose(moved, 0.5 * np.abs(away - even).sum(axis=1), rtol=1e-8)


@pytest.mark.parametrize(
    "call",
    [
        lambda s: city_shocks(s, RHO, THETA, 0.95),
        lambda s: diversion(s, RHO),
        lambda s: competition(s, RHO),
    ],
)
def test_all_pairs_of_many_places_are_refused_before_anything_is_allocated(
    large, call, monkeypatch
):
    monkeypatch.setattr("helpers.errors.arguments.memory", lambda: 8 * 2**30)
    tracemalloc.start()
    with pytest.raises(MemoryLimitError, match=r"60,000 x 60,000 numbers need about .*take"):
        call(large)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


def test_blocks_of_cell_gains_change_nothing(monkeypatch):
    shares = made(30)
    whole = cell_gains(shares, RHO, THETA)
    monkeypatch.setattr(responses, "_BLOCK", 100)
    np.testing.assert_array_equal(cell_gains(shares, RHO, THETA), whole)


def test_scenarios_are_asked_for_one_by_one_or_all_alike():
    shares = made(30)
    name = shares.cities[3]
    alone = shock(shares, RHO, THETA, city={name: 0.9}).pi_c
    for cities in (name, 3, [name], [3], np.array([3])):
        (row,) = city_shocks(shares, RHO, THETA, 0.9, cities)
        np.testing.assert_allclose(row, alone, rtol=1e-12)
    one = grid(shares, [RHO], [THETA], [3, 3], [0.9], [2], [1.0], [1.0])
    np.testing.assert_allclose(one, [alone, alone], rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"city": [0, 30]}, "city: expected positions from 0 to 29"),
        ({"city": [0, -1]}, "city: expected positions from 0 to 29"),
        ({"city": [[0, 1]]}, r"city: expected shape \(S,\)"),
        ({"occupation": [0, 1, 2]}, "occupation: expected 2 positions"),
        ({"rho": [0.1, 0.2, 0.3]}, "rho: expected one number or one for each of 2"),
        ({"rho": [0.1, 1.0]}, r"rho: expected values in \[0, 1\), found 1 in scenario 1"),
        ({"rho": [-0.1, 0.5]}, "rho: expected .* found -0.1 in scenario 0"),
        ({"city_hat": [1.0, 0.0]}, "city_hat"),
    ],
)
def test_a_scenario_that_is_none_is_refused(arguments, message):
    shares = made(30)
    with pytest.raises(ParameterError, match=message):
        grid(shares, **({"rho": RHO, "theta": THETA, "city": [0, 1]} | arguments))
    with pytest.raises(ParameterError, match="hat"):
        city_shocks(shares, RHO, THETA, 0.0)
