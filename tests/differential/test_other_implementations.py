"""The same numbers from other people's code: pyblp, linearmodels, dense algebra, statsmodels."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from helpers import estimation, model
from helpers.sources import synthetic


@pytest.fixture(scope="module")
def few(made) -> pd.DataFrame:
    """Fifty cities and four years of the synthetic sample, small enough for dense algebra."""
    data = estimation.sample(made, years=[2010, 2012, 2015, 2019])
    return data[data["city"].isin(data["city"].unique()[::5][:50])].reset_index(drop=True)


def _dummies(data: pd.DataFrame) -> np.ndarray:
    """Dense dummies of both sets of effects."""
    return pd.get_dummies(
        data[["city_year", "occupation_year"]].astype(str), dtype=float
    ).to_numpy()


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.64, 0.9])
def test_shares_are_pyblps_nested_logit(rho):
    """Cells as products, occupations as nests, conditional on not taking the outside good."""
    import pyblp

    pyblp.options.verbose = False
    rng = np.random.default_rng(4)
    t_ck, T_k, z_c = (
        rng.lognormal(0, 0.6, (15, 4)),
        rng.lognormal(0, 0.6, 4),
        rng.lognormal(0, 1, 15),
    )
    utility = (np.log(T_k) + np.log(t_ck) + np.log(z_c)[:, None]).ravel()
    products = pd.DataFrame(
        {
            "market_ids": 0,
            "firm_ids": 0,
            "nesting_ids": np.tile(np.arange(4), 15),
            "utility": utility,
        }
    )
    with np.errstate(all="ignore"):
        simulation = pyblp.Simulation(
            product_formulations=(pyblp.Formulation("0 + prices + utility"), None),
            product_data=products,
            beta=[-1.0, 1.0],
            xi=np.zeros(utility.size),
            omega=np.zeros(utility.size),
            rho=rho,
            seed=0,
        )
        solved = simulation.replace_endogenous(
            costs=np.zeros(utility.size),
            prices=np.zeros(utility.size),
            iteration=pyblp.Iteration("return"),
        )
    theirs = solved.product_data.shares.reshape(15, 4)
    theirs = theirs / theirs.sum()
    ours = model.shares(t_ck, T_k, z_c, rho)
    np.testing.assert_allclose(ours.pi_ck * ours.omega_k, theirs, rtol=1e-10)


def test_effects_are_taken_out_as_dense_least_squares_does(few):
    columns = ["log_share", "log_wage", "instrument"]
    values = few[columns].to_numpy()
    dummies = _dummies(few)
    dense = values - dummies @ np.linalg.lstsq(dummies, values, rcond=None)[0]
    np.testing.assert_allclose(estimation.residualise(few, columns), dense, atol=1e-10)


def test_effects_are_taken_out_of_an_unbalanced_table(few):
    """Drop a third of the cells at random."""
    kept = few.sample(frac=0.67, random_state=1).reset_index(drop=True)
    dummies = _dummies(kept)
    values = kept[["log_wage"]].to_numpy()
    dense = values - dummies @ np.linalg.lstsq(dummies, values, rcond=None)[0]
    np.testing.assert_allclose(estimation.residualise(kept, ["log_wage"]), dense, atol=1e-9)


def test_slopes_and_clustered_errors_are_linearmodels(panel):
    """Slopes to 1e-9; errors up to the degrees-of-freedom convention, which is known."""
    from linearmodels.iv import IV2SLS

    found = estimation.estimate(panel)
    data = estimation.sample(panel)
    share, wage, z = estimation.residualise(data, ["log_share", "log_wage", "instrument"]).T
    frame = pd.DataFrame({"share": share, "wage": wage, "z": z})
    theirs = IV2SLS(frame["share"], None, frame["wage"], frame["z"]).fit(
        cov_type="clustered", clusters=data["city_occupation"]
    )
    assert found.beta == pytest.approx(theirs.params["wage"], rel=1e-9)
    # linearmodels makes no small-sample correction here; pyfixest's counts the coefficient,
    # the effects that are not nested in the clusters, and the clusters
    clusters = found.spec["n_clusters"]
    p = data["city_year"].nunique() + data["occupation_year"].nunique()  # one less, and the slope
    correction = clusters / (clusters - 1) * (found.n_obs - 1) / (found.n_obs - p)
    assert found.se == pytest.approx(theirs.std_errors["wage"] * np.sqrt(correction), rel=1e-8)


def test_least_squares_table_is_statsmodels(few):
    """R2, adjusted R2, joint F, residual error and degrees of freedom, with dense dummies."""
    import statsmodels.api as sm

    ours = estimation.fit(few, "log_share", "log_wage", "iid")
    design = np.column_stack([few["log_wage"], _dummies(few), np.ones(len(few))])
    theirs = sm.OLS(few["log_share"].to_numpy(), design, hasconst=True).fit()
    assert ours.coefficient == pytest.approx(theirs.params[0], rel=1e-9)
    assert ours.se == pytest.approx(theirs.bse[0], rel=1e-6)
    assert ours.r2 == pytest.approx(theirs.rsquared, rel=1e-10)
    assert ours.adjusted_r2 == pytest.approx(theirs.rsquared_adj, rel=1e-10)
    assert ours.f_joint == pytest.approx(theirs.fvalue, rel=1e-8)
    assert ours.residual_se == pytest.approx(np.sqrt(theirs.mse_resid), rel=1e-10)
    assert (ours.df_model, ours.df_residual) == (theirs.df_model, theirs.df_resid)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_2sls_finds_the_rho_that_made_the_data(seed):
    """Within four standard errors of the truth, with OLS far below."""
    truth = synthetic.economy(seed)
    found = estimation.estimate(truth.panel())
    beta = 1 / (1 - truth.rho)
    assert abs(found.beta - beta) < 4 * found.se
    assert found.se < 0.2
    assert found.first_stage.f > 100
    assert found.ols.coefficient + 10 * found.ols.se < beta


@pytest.mark.parametrize("rho", [0.2, 0.8])
def test_2sls_finds_other_rhos_too(rho):
    truth = synthetic.economy(11, rho=rho)
    found = estimation.estimate(truth.panel())
    assert abs(found.beta - 1 / (1 - rho)) < 4 * found.se


def test_effects_are_taken_out_the_same_way_in_every_process():
    """A third set of effects once showed the order of a set in the sixth digit."""
    code = (
        "from dataclasses import replace\n"
        "from helpers import sources; from helpers.inference import specifications as s\n"
        "cells = replace(s.PAPER, effects='and city x occupation')\n"
        "found = s.run(s.sample(sources.load('synthetic')), cells)\n"
        "print(repr(found['beta']), repr(found['se']), repr(found['first_stage_f']))\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.split()
        for seed in ("0", "3")
    ]
    first, second = (
        np.array([float(value.removeprefix("np.float64(").rstrip(")")) for value in run])
        for run in runs
    )
    np.testing.assert_allclose(first, second, rtol=1e-10)
