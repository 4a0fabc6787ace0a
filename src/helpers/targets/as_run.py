"""The paper's counterfactuals as they were run, beside the exact ones (paper, 5 and 8.3).

The public notebooks compute levels from recovered shifters, once at the rounded estimate and once
at rho = 0 with shifters recovered anew, and divide. This module does the same from a panel: with
the author's files :func:`helpers.shifters.recover` in the paper's convention returns the
published T_c, T_k and t_ck to the last digit, and with any other panel it returns what that
computation would have published. Five choices set the result apart from exact hat algebra on
observed shares:

* the published T_c is already z_c, and is raised to the power theta once more, so that the
  economy that is shocked has city shares of about the cube of the observed ones;
* at rho = 0 the city shock divides by the lambda_k of the *correlated* economy after its shock;
* shifters rest on the estimate as it is, shares on its first two digits;
* the occupation shock of figure 5 is minus ten per cent (at first minus fifty);
* cities that have no rent in a file beside are left out, which cannot be redone here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import shifters
from helpers.counterfactuals import occupation_changes, spillovers
from helpers.errors import ParameterError, arguments
from helpers.model import Shares
from helpers.names import NEW_YORK
from helpers.panel import Panel
from helpers.targets.evidence import CITY_HAT, OCCUPATION_HAT, THETA, YEAR, without_city_wage

FIGURE_5_HAT = 0.90
"""What management is multiplied by in the last public version that draws figure 5."""


def with_city_wages(panel: Panel) -> Panel:
    """The panel, each missing city wage set to the city's mean, else to its year's.

    The published T_c comes from a regression with one coefficient more than observations, which
    needs a number in every row. The wage coefficient is the choice of software, not an estimate,
    and a number that is filled in changes it.

    Parameters
    ----------
    panel : Panel
    """
    cities = panel.cities
    wage = cities["log_city_wage"]
    if wage.notna().all():
        return panel
    for of in ("city", "year"):
        wage = wage.fillna(wage.groupby(cities[of]).transform("mean"))
    return replace(panel, cities=cities.assign(log_city_wage=wage.fillna(0.0)))


def implied(
    panel: Panel, year: int, rho: float, theta: float = THETA, *, at: float | None = None
) -> Shares:
    """Baseline shares that the shifters as published imply, before any shock (5, as run).

    pi_ck in proportion to (T_c^theta t_ck)^(1/(1-rho)), omega_k to T_k lambda_k^(1-rho), with
    T_c, T_k and t_ck in the paper's convention (:func:`helpers.shifters.recover`).

    Parameters
    ----------
    panel : Panel
        With the city wage term, on which the published T_c rests.
    year : int
    rho : float, in [0, 1)
        That the shifters are recovered with; the notebooks take the unrounded estimate.
    theta : float, above 0
        The power that T_c is raised to; 1 takes T_c for the z_c that it is.
    at : float, optional
        That shares are computed with; the notebooks round the estimate to two digits.

    Returns
    -------
    Shares
        With the labels of ``panel.shares(year)``.

    Raises
    ------
    ParameterError
        For a panel without the city wage term, or a parameter outside its domain.
    """
    missing = without_city_wage(panel)
    if missing:
        raise ParameterError(f"panel: {missing}")
    found = shifters.recover(panel, year, rho, theta, convention="paper")
    return replace(found, rho=rho if at is None else at).rebuild()


def baselines(panel: Panel, year: int, rho: float, theta: float = THETA) -> pd.DataFrame:
    """Observed city shares beside those that the published shifters imply.

    Parameters
    ----------
    panel, year, rho, theta
        As in :func:`implied`.

    Returns
    -------
    DataFrame (C rows)
        ``city``, ``observed``, ``as_run`` (T_c^theta), ``once`` (T_c taken for z_c), all shares
        of households.
    """
    observed = panel.shares(year)
    return pd.DataFrame(
        {
            "city": observed.cities,
            "observed": observed.pi_c,
            "as_run": implied(panel, year, rho, theta, at=round(rho, 2)).pi_c,
            "once": implied(panel, year, rho, 1.0, at=round(rho, 2)).pi_c,
        }
    )


def _mixed(
    independent: shifters.Shifters, city: int, hat: float, lambda_k: np.ndarray
) -> np.ndarray:
    """pi_c (C,) at rho = 0 after a city shock, divided by another economy's lambda_k (K,).

    In sum_k (t_ck z_c / lambda_k) omega_k with omega_k in proportion to T_k lambda_k the lambda_k
    of each term cancels; the one in the sum below omega_k stays. Shares do not sum to one.
    """
    z_c = independent.T_c.to_numpy() ** independent.theta
    z_c[city] *= hat**independent.theta
    T_k = independent.T_k.to_numpy()
    return z_c * (independent.t_ck.to_numpy() @ T_k) / (T_k @ lambda_k)


def _lambda(levels: shifters.Shifters, rho: float, city: int, hat: float) -> np.ndarray:
    """lambda_k (K,) after a city's T_c is multiplied by hat (3)."""
    z_c = levels.T_c.to_numpy() ** levels.theta
    z_c[city] *= hat**levels.theta
    return ((levels.t_ck.to_numpy() * z_c[:, None]) ** (1 / (1 - rho))).sum(axis=0)


def city_shock(
    panel: Panel,
    rho: float,
    theta: float = THETA,
    year: int = YEAR,
    city: str = NEW_YORK,
    hat: float = CITY_HAT,
) -> pd.DataFrame:
    """Figures 2 and 3 as they were run, beside the exact ones (paper, 5.1).

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
        The unrounded estimate.
    theta : float, above 0
    year : int
    city : str
    hat : float, above 0
        Multiplicative change of the city's T_c.

    Returns
    -------
    DataFrame
        One row per other city: ``city``; ``similarity`` (the correlation of mixes, which the
        printed axes call R2); ``pi_c`` observed and ``pi_c_as_run``; ``exact``,
        ``exact_independent`` and ``exact_ratio`` (new share over old, at rho, at 0, one over the
        other); ``as_run``, ``as_run_independent``, ``as_run_ratio``; and ``own_lambda``, what
        the run would have given at rho = 0 with the lambda_k that belongs to it.

    Raises
    ------
    ParameterError
        As :func:`implied`.
    """
    observed = panel.shares(year)
    at = round(float(rho), 2)
    arguments.number("hat", hat, positive=True)
    c = observed.city_index(city)
    correlated = implied(panel, year, rho, theta, at=at)
    levels = shifters.recover(panel, year, rho, theta, convention="paper")
    independent = shifters.recover(panel, year, 0.0, theta, convention="paper")
    before = independent.rebuild()
    run = spillovers(correlated, at, theta, observed.cities[c], hat)
    own = spillovers(before, 0.0, theta, observed.cities[c], hat)
    exact = spillovers(observed, rho, theta, observed.cities[c], hat)
    mixed = _mixed(independent, c, hat, _lambda(levels, at, c, hat)) / before.pi_c
    table = pd.DataFrame(
        {
            "city": exact["city"],
            "similarity": exact["similarity"],
            "pi_c": exact["pi_c"],
            "pi_c_as_run": run["pi_c"],
            "exact": exact["change"],
            "exact_independent": exact["change_independent"],
            "exact_ratio": exact["ratio"],
            "as_run": run["change"],
            "as_run_independent": np.delete(mixed, c),
            "own_lambda": own["change"],
        }
    )
    return table.assign(as_run_ratio=table["as_run"] / table["as_run_independent"])


def steps(
    panel: Panel,
    rho: float,
    theta: float = THETA,
    year: int = YEAR,
    city: str = NEW_YORK,
    hat: float = CITY_HAT,
) -> pd.DataFrame:
    """From the exact city shock to the one as run, one cause at a time (figures 2 and 3).

    Parameters
    ----------
    panel, rho, theta, year, city, hat
        As in :func:`city_shock`.

    Returns
    -------
    DataFrame
        A row a step: ``step``; ``own``, the shocked city's share before; ``change`` and
        ``change_independent``, the mean of new share over old of all other cities less one, at
        rho and at 0; ``ratio``, the mean of one over the other less one; ``spread``, from the
        smallest to the largest change at rho.
    """
    observed = panel.shares(year)
    c = observed.city_index(city)
    rows = []

    def add(step: str, before: Shares, value: float, flat: np.ndarray | None = None) -> None:
        after = spillovers(before, value, theta, city, hat)
        change = after["change"].to_numpy()
        independent = after["change_independent"].to_numpy() if flat is None else flat
        rows.append(
            {
                "step": step,
                "own": before.pi_c[c],
                "change": change.mean() - 1,
                "change_independent": independent.mean() - 1,
                "ratio": (change / independent).mean() - 1,
                "spread": np.ptp(change),
            }
        )

    levels = shifters.recover(panel, year, rho, theta, convention="paper")
    independent = shifters.recover(panel, year, 0.0, theta, convention="paper")
    before_independent = independent.rebuild().pi_c
    at = round(float(rho), 2)

    def flat(value: float) -> np.ndarray:
        lambda_k = _lambda(levels, value, c, hat)
        return np.delete(_mixed(independent, c, hat, lambda_k) / before_independent, c)

    add("exact, on observed shares", observed, rho)
    once = implied(panel, year, rho, 1.0)
    add("published shifters, power θ taken once", once, rho)
    cubed = implied(panel, year, rho, theta)
    add("power θ taken twice", cubed, rho)
    add("and λ of the correlated economy at ρ = 0", cubed, rho, flat(rho))
    rounded = implied(panel, year, rho, theta, at=at)
    add("and ρ rounded to two digits: as run", rounded, at, flat(at))
    return pd.DataFrame(rows)


def occupation_shocks(
    panel: Panel,
    rho: float,
    theta: float = THETA,
    year: int = YEAR,
    hat: float = OCCUPATION_HAT,
    occupations: tuple[str, ...] = ("trades", "primary", "management"),
) -> pd.DataFrame:
    """Figure 4 as it was run, for either reading of its axis, beside the exact one (paper, 5.2).

    Parameters
    ----------
    panel, rho, theta, year
        As in :func:`city_shock`.
    hat : float, above 0
        Multiplicative change of each T_k.
    occupations : tuple of str
        Each is shocked alone.

    Returns
    -------
    DataFrame (C rows)
        ``city``, ``pi_c``, ``pi_c_as_run``, and for each occupation new share over old in
        ``exact_NAME`` and ``as_run_NAME``.
    """
    observed, run = panel.shares(year), implied(panel, year, rho, theta, at=round(rho, 2))
    hats = dict.fromkeys(occupations, hat)
    exact = occupation_changes(observed, rho, theta, **hats).add_prefix("exact_")
    drawn = occupation_changes(run, round(rho, 2), theta, **hats).add_prefix("as_run_")
    columns = [f"{kind}_{name}" for kind in ("exact", "as_run") for name in occupations]
    both = pd.concat([exact, drawn], axis=1)[columns]
    return pd.concat(
        [pd.DataFrame({"city": observed.cities, "pi_c": observed.pi_c, "pi_c_as_run": run.pi_c}),
         both], axis=1,
    )  # fmt: skip


def figure_5(
    panel: Panel,
    rho: float,
    theta: float = THETA,
    year: int = YEAR,
    hat: float = FIGURE_5_HAT,
    occupation: str = "management",
) -> pd.DataFrame:
    """Figure 5 as it was run, beside the exact one and what lies between (paper, 8.3).

    Parameters
    ----------
    panel, rho, theta, year
        As in :func:`city_shock`.
    hat : float, above 0
        Multiplicative change of T_k.
    occupation : str

    Returns
    -------
    DataFrame (C rows)
        ``city``, ``pi_c``; new share over old at rho and at 0 in ``as_run`` and
        ``as_run_independent`` (T_c^theta, each with shifters of its own rho), ``once`` and
        ``once_independent`` (T_c taken for z_c), ``exact`` and ``exact_independent``.
    """
    observed, at = panel.shares(year), round(rho, 2)
    baseline = {
        "as_run": (implied(panel, year, rho, theta, at=at), implied(panel, year, 0.0, theta)),
        "once": (implied(panel, year, rho, 1.0, at=at), implied(panel, year, 0.0, 1.0)),
        "exact": (observed, observed),
    }
    table = pd.DataFrame({"city": observed.cities, "pi_c": observed.pi_c})
    for name, pair in baseline.items():
        for ending, shares, value in zip(("", "_independent"), pair, (at, 0.0), strict=True):
            table[name + ending] = occupation_changes(shares, value, theta, **{occupation: hat})[
                occupation
            ]
    return table
