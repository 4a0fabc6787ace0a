"""Pictures of the first chapters draw what the model and the instrument say."""

import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, elasticities, exhibits, instrument
from helpers.errors import DataError, UnknownNameError

RHO, CITY = 0.64, "Detroit-Warren-Dearborn, MI"


@pytest.fixture(scope="module")
def shares(made):
    return made.shares(2019)


def test_a_trade_that_falls_sends_people_where_the_trade_is(shares):
    table = exhibits.gain_by_weight(shares, RHO, CITY, "trades", 0.9).data.set_index("city")
    moved = counterfactuals.shock(shares, RHO, 3.0, city_occupation={(CITY, "trades"): 0.9})
    ratio = pd.Series(moved.pi_c / shares.pi_c - 1, shares.cities).drop(CITY)
    np.testing.assert_allclose(table["gain"] / 1e4, ratio[table.index], atol=1e-14)
    # without correlation every other city gains alike, whoever lives there
    assert np.ptp(table["gain_independent"]) < 1e-9
    # what a city gains is linear in the occupation's weight in it (equations 3, 5 and 7)
    assert table["gain"].corr(table["weight"]) == pytest.approx(1)
    assert (table["gain"] > 0).all()


def test_at_no_correlation_both_are_one_line(shares):
    table = exhibits.gain_by_weight(shares, 0.0, CITY, "trades").data
    np.testing.assert_allclose(table["gain"], table["gain_independent"])


def test_the_small_city_formula_is_worse_in_larger_cities(shares):
    table = exhibits.small_city(shares, RHO).data.set_index("city")
    c = shares.city_index(CITY)
    exact = elasticities.own_city_occupation(shares, RHO)[c]
    rough = shares.phi_ck[c] / (1 - RHO)
    assert table.loc[CITY, "error"] == pytest.approx((rough / exact).max() - 1)
    assert (table["error"] > 0).all()
    assert table["error"].corr(table["pi_c"], "spearman") > 0.9


def test_a_cell_s_instrument_is_the_sum_of_its_sectors(truth):
    cells = [(CITY, "trades", 2010), (CITY, "trades", 2019), (CITY, "service", 2010)]
    table = exhibits.instrument_by_hand(truth.exposures, truth.shifts, cells).data
    sums = table.groupby(["city", "occupation", "year"])["adds"].sum()
    whole = instrument.shift_share(truth.exposures, truth.shifts)
    whole = whole.set_index(["city", "occupation", "year"])["instrument"]
    np.testing.assert_allclose(sums, whole[sums.index], rtol=1e-12)
    np.testing.assert_allclose(table["adds"], table["exposure"] * table["log_tfp"])


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        (("Detroit", "trades", 2010), UnknownNameError, "Detroit-Warren-Dearborn, MI"),
        ((CITY, "trade", 2010), UnknownNameError, "trades"),
        ((CITY, "trades", 1990), DataError, "2010"),
    ],
)
def test_a_cell_that_is_not_there_is_named(truth, cell, error, message):
    with pytest.raises(error, match=message):
        exhibits.instrument_by_hand(truth.exposures, truth.shifts, [cell])
