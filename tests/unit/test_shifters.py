"""Recovered shifters: the model's own rebuild the shares; the paper's are its table 2."""

from math import gamma

import numpy as np
import pytest

from helpers import shifters
from helpers.errors import ParameterError, UnknownNameError
from helpers.sources import replication

RHO_BEHIND_TABLE_2 = 1 - 1 / 2.7771363302389145  # the author's published iv_wage_coeff


@pytest.mark.parametrize("year", [2010, 2019])
@pytest.mark.parametrize("rho", [0.0, 0.64, 0.95])
def test_consistent_shifters_rebuild_the_observed_shares(panel, year, rho):
    observed = panel.shares(year)
    rebuilt = shifters.recover(panel, year, rho, theta=3).rebuild()
    np.testing.assert_allclose(rebuilt.pi_ck, observed.pi_ck, atol=1e-12, rtol=0)
    np.testing.assert_allclose(rebuilt.omega_k, observed.omega_k, atol=1e-12, rtol=0)
    np.testing.assert_allclose(rebuilt.pi_c, observed.pi_c, atol=1e-12, rtol=0)


def test_consistent_shifters_rebuild_with_one_rho_an_occupation(made):
    rho_k = np.linspace(0.1, 0.8, 8)
    rebuilt = shifters.recover(made, 2015, rho_k, theta=2).rebuild()
    np.testing.assert_allclose(rebuilt.pi_ck, made.shares(2015).pi_ck, atol=1e-12, rtol=0)


def test_consistent_shifters_are_the_ones_that_made_the_economy(truth, made):
    found, true = shifters.recover(made, 2014, truth.rho, truth.theta), truth.shifters(2014)
    np.testing.assert_allclose(found.T_c, true.T_c, rtol=1e-10)
    np.testing.assert_allclose(found.T_k, true.T_k, rtol=1e-10)
    np.testing.assert_allclose(found.t_ck, true.t_ck, rtol=1e-10)


@pytest.mark.parametrize("year", range(2010, 2020))
def test_paper_convention_is_the_published_files(published, year):
    """Every published T_c and T_k, not only the sixteen that table 2 prints."""
    T_c, T_k = replication.published_shifters()
    found = shifters.recover(published, year, RHO_BEHIND_TABLE_2, 3, convention="paper")
    T_c = T_c[T_c["year"] == year].set_index("city")["T_c"].dropna()
    T_k = T_k[T_k["year"] == year].set_index("occupation")["T_k"].dropna()
    np.testing.assert_allclose(found.T_c[T_c.index], T_c, rtol=1e-10)
    np.testing.assert_allclose(found.T_k[T_k.index], T_k, rtol=1e-10)


def test_closed_forms_are_the_least_norm_solutions(made):
    """The two pooled regressions, against numpy's pseudoinverse on a panel cut small."""
    cities = made.cells["city"].unique()[:6]
    cells = made.cells[made.cells["city"].isin(cities) & made.cells["year"].isin([2010, 2011])]
    log_share = cells["log_share"] - np.log(
        np.exp(cells["log_share"]).groupby([cells["year"], cells["occupation"]]).transform("sum")
    )
    cells = cells.drop(columns="households").assign(log_share=log_share)
    table = made.cities.drop(columns="households")
    table = table[table["city"].isin(cities) & table["year"].isin([2010, 2011])]
    panel = type(made)(cells, table)

    city_year = cells["city"] + cells["year"].astype(str)
    occ_year = cells["occupation"] + cells["year"].astype(str)
    first = (cells["city"].min() + "2010", "management2010")
    columns = [np.ones(len(cells))]
    names = ["intercept"]
    for column, left_out in ((city_year, first[0]), (occ_year, first[1])):
        for level in sorted(set(column) - {left_out}):
            columns.append((column == level).to_numpy(dtype=float))
            names.append(level)
    solution = np.linalg.pinv(np.column_stack(columns)) @ cells["log_share"].to_numpy()
    dense = dict(zip(names, solution, strict=True))
    closed = shifters.pooled_occupation_effects(panel)
    for occupation in closed.index:
        for year in (2010, 2011):
            expected = dense.get(f"{occupation}{year}", 0.0)
            assert closed.loc[occupation, year] == pytest.approx(expected, abs=1e-9)

    dummies = np.eye(len(table))[:, 1:]
    ordered = table.sort_values(["year", "city"])
    design = np.column_stack([np.ones(len(table)), ordered["log_city_wage"], dummies])
    solution = np.linalg.pinv(design) @ ordered["log_city_share"].to_numpy()
    effects = shifters.pooled_city_effects(panel)
    np.testing.assert_allclose(effects.to_numpy()[1:], solution[2:], atol=1e-9)
    assert effects.attrs["wage_coefficient"] == pytest.approx(solution[1], abs=1e-9)


def test_an_unknown_convention_or_year_is_refused(made):
    with pytest.raises(UnknownNameError, match="consistent"):
        shifters.recover(made, 2019, 0.5, 3, convention="consistant")
    with pytest.raises(UnknownNameError, match="year"):
        shifters.recover(made, 2020, 0.5, 3)
    with pytest.raises(ParameterError, match="theta"):
        shifters.recover(made, 2019, 0.5, 0)


def test_the_printed_city_formula_with_its_sign_turned_gives_the_model_s_shifters(made):
    """Up to a constant; as printed, each is the inverse of what the model has."""
    found = shifters.recover(made, 2019, 0.5, theta=3).T_c
    turned = shifters.printed_city_shifter(made, 2019, 0.5, 3, sign=1)
    printed = shifters.printed_city_shifter(made, 2019, 0.5, 3)
    ratio, product = np.log(turned / found), np.log(printed * found)
    np.testing.assert_allclose(ratio, ratio.iloc[0], atol=1e-12)
    np.testing.assert_allclose(product, product.iloc[0], atol=1e-12)
    # what both have in common is the constant, Gamma((theta + 1 - rho) / theta)^(1 / (1 - rho))
    constant = gamma((3 + 1 - 0.5) / 3) ** (1 / (1 - 0.5))
    np.testing.assert_allclose(np.sqrt(printed * turned), constant, rtol=1e-12)


def test_the_papers_convention_names_the_one_city_without_a_wage(made):
    cities = made.cities.copy()
    gone = (cities["city"] == "Akron, OH") & (cities["year"] == 2014)
    cities.loc[gone, "log_city_wage"] = np.nan
    panel = type(made)(made.cells, cities)
    with pytest.raises(ParameterError, match="no log_city_wage for 'Akron, OH' in 2014"):
        shifters.recover(panel, 2019, 0.5, 3, convention="paper")
    whole = shifters.recover(made, 2019, 0.5, 3).T_c
    np.testing.assert_array_equal(shifters.recover(panel, 2019, 0.5, 3).T_c, whole)


def test_shifters_that_no_float_can_hold_are_refused(made):
    """With theta near zero T_c = exp((1 - rho) delta_c / theta) leaves what a float can hold."""
    spread = np.log(shifters.recover(made, 2019, 0.6, 1.0).T_c).abs().max()
    assert np.isfinite(shifters.recover(made, 2019, 0.6, spread / 690).T_c).all()
    for beyond in (710, 7_000):
        with pytest.raises(ParameterError, match="no float can hold"):
            shifters.recover(made, 2019, 0.6, spread / beyond)
