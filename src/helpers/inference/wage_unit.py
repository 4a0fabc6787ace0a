"""What could tell the unit of the wage from the correlation, and what the paper concludes when.

The slope of log shares on log wages is beta = alpha / (1 - rho). Within an occupation that is all
there is. Sizes of occupations hold the rest: with year effects for ln G_t and occupation effects
for the lasting part of ln T_kt,

    ln omega_kt = (1 - rho) ln lambda_kt + d_k + d_t + ln T_kt,

where ln lambda_kt, the appeal of an occupation, is what is common to its cells once the wage's
part is taken out. Putting the two together gives Berry's (1994) form of the nested choice,

    ln(pi_ckt omega_kt) = alpha ln w_ckt + rho ln pi_ckt + d_ct + d_k + error.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import estimation, model
from helpers.counterfactuals import redirection, stayers
from helpers.elasticities import own_city_occupation
from helpers.errors import DataError
from helpers.estimation import rho_of
from helpers.inference.by_clustering import standard_errors
from helpers.model import Shares
from helpers.panel import Panel
from helpers.sources import synthetic

_STRONG = 8.0
"""What shifts add to occupations' wages where the instrument is to be strong."""


def nest_sizes(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """Size, appeal and predicted wage of every occupation and year.

    ln lambda_kt comes from the 2SLS equation: the mean over cities of beta ln w_ckt - ln pi_ckt,
    which is the appeal of an occupation if unobserved tastes average zero in it. A constant of
    each year is not identified and goes into the year's effect.

    Returns
    -------
    DataFrame
        ``year``, ``occupation``; ``log_size`` (ln omega_kt), ``log_appeal`` (ln lambda_kt), and
        ``predicted`` (the shift-share prediction of the wage, its mean over cities with base-year
        shares pi_ck as weights), one row for each occupation and year.
    """
    data = estimation.sample(panel, years)
    first = data["year"].min()
    base = data[data["year"] == first].set_index(["city", "occupation"])["log_share"]
    keys = pd.MultiIndex.from_frame(data[["city", "occupation"]])
    weight = np.exp(base.reindex(keys).to_numpy(dtype=float))
    data = data.assign(weight=np.nan_to_num(weight))
    data["weighted"] = data["weight"] * data["instrument"]
    groups = data.groupby(["year", "occupation"], sort=True)
    table = groups[["weight", "weighted"]].sum()
    table["predicted"] = table.pop("weighted") / table.pop("weight")
    means = groups[["log_share", "log_wage"]].mean()
    beta = estimation.estimate(panel, years=years).beta
    table["log_appeal"] = beta * means["log_wage"] - means["log_share"]
    sizes = pd.concat(
        {
            year: pd.Series(np.log(shares.omega_k), list(shares.occupations))
            for year in data["year"].unique()
            for shares in [panel.shares(int(year))]
        },
        names=["year", "occupation"],
    )
    return table.join(sizes.rename("log_size")).reset_index()


def separate(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """What the sizes of occupations say of rho, by least squares and by an instrument.

    The nest equation on occupation-years, and Berry's form on all cells, each by OLS and IV.
    In the nest equation the instrument of appeal is the predicted wage of the occupation; in
    Berry's form the cell's prediction and the occupation's stand for the wage and for the share
    within the occupation. Errors are clustered by occupation, of which there are few.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        ``equation``, ``method``; ``rho``, ``se_rho``; ``alpha``, ``se_alpha`` (in the nest
        equation beta (1 - rho), at the given slope beta); ``first_stage_f`` (of appeal or of the
        share within, partial, clustered; missing
        for OLS) and ``n``.

    Raises
    ------
    DataError
        With fewer than two occupations or years, where the effects leave nothing.
    """
    from linearmodels.iv import IV2SLS

    sizes = nest_sizes(panel, years)
    if min(sizes["year"].nunique(), sizes["occupation"].nunique()) < 2:
        raise DataError(
            "separate: sizes of occupations vary over at least 2 occupations and 2 years, found "
            f"{sizes['occupation'].nunique()} and {sizes['year'].nunique()}; take more years"
        )
    net = _net(sizes, ["log_size", "log_appeal", "predicted"], ["occupation", "year"])
    cluster = {"cov_type": "clustered", "debiased": True}
    codes = sizes["occupation"].astype("category").cat.codes
    rows = []

    beta = estimation.estimate(panel, years=years).beta

    def add(equation: str, method: str, fit, rho: str, sign: int, alpha: str | None, f: float):
        found, error = (fit.params, fit.std_errors)
        implied = (beta * found[rho], beta * error[rho])  # nest: alpha = beta (1 - rho)
        rows.append(
            {
                "equation": equation,
                "method": method,
                "rho": (1 if sign < 0 else 0) + sign * found[rho],
                "se_rho": error[rho],
                "alpha": implied[0] if alpha is None else found[alpha],
                "se_alpha": implied[1] if alpha is None else error[alpha],
                "first_stage_f": f,
                "n": int(fit.nobs),
            }
        )

    ols = IV2SLS(net["log_size"], net[["log_appeal"]], None, None).fit(clusters=codes, **cluster)
    add("nest", "OLS", ols, "log_appeal", -1, None, np.nan)
    iv = IV2SLS(net["log_size"], None, net[["log_appeal"]], net[["predicted"]])
    iv = iv.fit(clusters=codes, **cluster)
    first = float(iv.first_stage.diagnostics.loc["log_appeal", "f.stat"])
    add("nest", "IV", iv, "log_appeal", -1, None, first)

    cells = estimation.sample(panel, years).merge(
        sizes[["year", "occupation", "log_size", "predicted"]], on=["year", "occupation"]
    )
    cells["log_of_all"] = cells["log_share"] + cells["log_size"]
    numbers = ["log_of_all", "log_wage", "log_share", "instrument", "predicted"]
    net = _net(cells, numbers, ["occupation", "city_year"])
    codes = cells["occupation"].astype("category").cat.codes
    right, instruments = ["log_wage", "log_share"], ["instrument", "predicted"]
    ols = IV2SLS(net["log_of_all"], net[right], None, None).fit(clusters=codes, **cluster)
    add("Berry", "OLS", ols, "log_share", 1, "log_wage", np.nan)
    iv = IV2SLS(net["log_of_all"], None, net[right], net[instruments])
    iv = iv.fit(clusters=codes, **cluster)
    first = float(iv.first_stage.diagnostics.loc["log_share", "f.stat"])
    add("Berry", "IV", iv, "log_share", 1, "log_wage", first)
    return pd.DataFrame(rows)


def _net(data: pd.DataFrame, columns: list[str], effects: list[str]) -> pd.DataFrame:
    """Take two sets of effects out of columns: one by means, the other by its dummies."""
    few, many = effects
    dummies = pd.get_dummies(data[few], dtype=float)
    values = pd.concat([data[columns], dummies], axis=1)
    values = values - values.groupby(data[many].to_numpy()).transform("mean")
    D, Y = values[dummies.columns].to_numpy(), values[columns].to_numpy()
    left = Y - D @ np.linalg.lstsq(D, Y, rcond=1e-10)[0]
    return pd.DataFrame(left, columns=columns, index=data.index)


def steady_occupations(seed: int = synthetic.DEFAULT_SEED) -> Panel:
    """The synthetic economy with occupation scales that do not follow appeal.

    In the synthetic economy as it is, T_kt offsets appeal, so that occupations keep the sizes that
    sectors give them: no instrument can be valid in the nest equation. Here T_kt is its mean over
    the years, with a disturbance of its own, shifts move the wages of occupations strongly enough
    to be seen, and sizes respond as the model has it: what the tool needs to find the truth.
    """
    truth = synthetic.economy(seed)
    rng = np.random.default_rng([seed, 18])
    log_T = np.log(truth.T_tk).mean(axis=0) + rng.normal(0, 0.002, truth.T_tk.shape)
    demand, cells, cities = _demand(truth), [], []
    for t, year in enumerate(truth.years):
        # the common part of a year's wages moves occupations as the common part of demand does
        level = demand[t]
        built = model.shares(
            truth.t_tck[t] * np.exp(level), np.exp(log_T[t]), truth.z_tc[t], truth.rho
        )
        built = Shares(built.pi_ck, built.omega_k, truth.cities, truth.occupations)
        frame = built.to_frame()[["city", "occupation", "pi_ck"]]
        frame["log_share"] = np.log(frame.pop("pi_ck"))
        log_wage = truth.log_wage_tck[t] + level
        cells.append(frame.assign(year=year, log_wage=log_wage.ravel()))
        of_city = {"year": year, "city": truth.cities, "log_city_share": np.log(built.pi_c)}
        cities.append(pd.DataFrame(of_city | {"log_city_wage": np.nan}))
    keys = ["year", "city", "occupation"]
    predicted = truth.panel().cells[[*keys, "instrument"]]
    return Panel(pd.concat(cells).merge(predicted, on=keys), pd.concat(cities))


def _demand(truth: synthetic.Economy) -> np.ndarray:
    """What the shifts add to the wage of an occupation in the country, (years, K)."""
    cells = truth.panel().cells
    mean = cells.pivot_table(index="year", columns="occupation", values="instrument")
    return _STRONG * mean[list(truth.occupations)].to_numpy()


def exponent_bands(
    panel: Panel,
    exponents: Sequence[float],
    level: float = 0.95,
    years: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Rho and its interval against the wage exponent, under each clustering.

    Returns
    -------
    DataFrame
        ``clusters``, ``alpha``, ``rho``, ``low``, ``high``.
    """
    one = standard_errors(panel, level, years)
    return pd.DataFrame(
        [
            {
                "clusters": row.clusters,
                "alpha": float(alpha),
                "rho": rho_of(row.beta, float(alpha)),
                "low": 1 - alpha * (1 - row.rho_low),
                "high": 1 - alpha * (1 - row.rho_high),
            }
            for row in one.itertuples()
            for alpha in exponents
        ]
    )


def at_given_slope(shares: Shares, beta: float, exponents: Sequence[float]) -> pd.DataFrame:
    """What the unit of the wage moves when the slope is held: little of its own, much across.

    Parameters
    ----------
    shares : Shares
    beta : float
        Slope of log shares on log wages.
    exponents : sequence of float
        Wage exponents alpha; those above beta, whose rho is below zero, are left out.

    Returns
    -------
    DataFrame
        ``alpha``, ``rho``; ``own``: per cent by which the median cell's wage rise of one per cent
        moves its city's share, per per cent of the city that works there; ``stayers``: of those
        who leave a cell, the part that keeps the occupation elsewhere, mean over households;
        ``across``: the rest, who change occupation; ``redirected``: of those who leave the median
        city, the part that goes elsewhere than
        sizes alone would send it.
    """
    rows = []
    for alpha in exponents:
        rho = rho_of(beta, float(alpha))
        if not 0 <= rho < 1:
            continue
        own = alpha * own_city_occupation(shares, rho) / shares.phi_ck
        kept = float((stayers(shares, rho) * shares.pi_ck * shares.omega_k).sum())
        rows.append(
            {
                "alpha": float(alpha),
                "rho": rho,
                "own": float(np.median(own)),
                "stayers": kept,
                "across": 1 - kept,
                "redirected": float(np.median(redirection(shares, rho))),
            }
        )
    return pd.DataFrame(rows)


def conclusions(
    panel: Panel,
    shares: Shares,
    exponents: Sequence[float],
    years: Sequence[int] | None = None,
    clusters: str = "city_occupation",
) -> pd.DataFrame:
    """Which of the paper's conclusions survive, at which unit of the wage.

    Returns
    -------
    DataFrame
        ``alpha``, ``rho``, ``rho_low``, ``rho_high``; then, as yes or no: ``in the model`` (rho in
        [0, 1)), ``correlation above zero`` (the lower end of the interval is),
        ``most keep their occupation`` (more than half of those who leave a cell),
        ``more than without`` (at least twice as many as sizes alone would have),
        ``another city`` (correlation sends more than one in ten leavers of the median city
        elsewhere). Where the model lacks the rho, the last three have no answer.
    """
    rows = []
    even = float((stayers(shares, 0.0) * shares.pi_ck * shares.omega_k).sum())
    for alpha in exponents:
        found = estimation.estimate(panel, years=years, clusters=clusters, wage_exponent=alpha)
        row = {
            "alpha": float(alpha),
            "rho": found.rho,
            "rho_low": found.rho_interval[0],
            "rho_high": found.rho_interval[1],
            "in the model": _word(found.admissible),
            "correlation above zero": _word(found.rho_interval[0] > 0),
        }
        answers = dict.fromkeys(("most keep their occupation", "more than without", "another city"))
        if found.admissible:
            kept = float((stayers(shares, found.rho) * shares.pi_ck * shares.omega_k).sum())
            away = float(np.median(redirection(shares, found.rho)))
            answers = dict(zip(answers, (kept > 0.5, kept > 2 * even, away > 0.1), strict=True))
        rows.append(row | {name: _word(answer) for name, answer in answers.items()})
    return pd.DataFrame(rows)


def _word(answer: bool | None) -> str:
    return "" if answer is None else ("yes" if answer else "no")
