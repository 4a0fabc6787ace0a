"""The estimator's own bookkeeping, and inputs that it has to refuse."""

import numpy as np
import pytest

from helpers import estimation
from helpers.errors import DataError, ParameterError, UnknownNameError
from helpers.panel import Panel


def test_interval_is_beta_carried_through(made):
    found = estimation.estimate(made, level=0.9)
    low, high = found.rho_interval
    assert low < found.rho < high
    wider = estimation.estimate(made, level=0.99).rho_interval
    assert wider[0] < low < high < wider[1]
    assert found.vcov == pytest.approx(found.se**2)
    assert found.spec["clusters"] == "city_occupation"


def test_the_estimate_is_reduced_form_over_first_stage(panel):
    found = estimation.estimate(panel)
    ratio = found.reduced_form.coefficient / found.first_stage.coefficient
    assert found.beta == pytest.approx(ratio, rel=1e-9)


def test_the_second_stage_by_hand_has_the_slope_and_not_the_error(panel):
    found, by_hand = estimation.estimate(panel), estimation.second_stage_by_hand(panel)
    assert by_hand.coefficient == pytest.approx(found.beta, rel=1e-8)
    assert by_hand.se < found.se / 2


@pytest.mark.parametrize("clusters", [*estimation.CLUSTERS, None, "iid"])
def test_clusters_change_the_error_and_nothing_else(made, clusters):
    found = estimation.estimate(made, clusters=clusters)
    assert found.beta == pytest.approx(estimation.estimate(made).beta, rel=1e-12)
    assert found.se > 0


def test_missing_wages_are_counted(made):
    cells = made.cells.copy()
    cells.loc[cells.index[:80], "log_wage"] = np.nan
    found = estimation.estimate(Panel(cells, made.cities))
    assert found.n_obs == len(cells) - 80
    assert found.spec["dropped"] == 80


def test_what_cannot_be_estimated_is_refused(made):
    flat = made.cells.assign(instrument=made.cells["year"].astype(float))
    with pytest.raises(DataError, match="no variation is left"):
        estimation.estimate(Panel(flat, made.cities))
    empty = made.cells.assign(instrument=np.nan)
    with pytest.raises(DataError, match="no cell"):
        estimation.estimate(Panel(empty, made.cities))
    with pytest.raises(UnknownNameError, match="city_occupation"):
        estimation.estimate(made, clusters="city_occupations")
    with pytest.raises(UnknownNameError, match="year"):
        estimation.estimate(made, years=[1999])
    with pytest.raises(ParameterError, match="level"):
        estimation.estimate(made, level=95)


def test_a_slope_below_zero_has_no_rho():
    assert estimation.rho_of(-1.0) == float("-inf")
    assert estimation.rho_of(1.0) == 0
