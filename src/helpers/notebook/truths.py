"""What the answers of the exercises are: one function an exercise, computed anew each time.

From what the notebook works on, so that an answer holds for whatever source, year and parameters
the reader has chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import counterfactuals, inference, targets
from helpers.counterfactuals import policy, policy_form
from helpers.equilibrium import Closure, solve
from helpers.estimation import estimate, rho_of
from helpers.model import Shares
from helpers.panel import Panel


@dataclass(frozen=True)
class Check:
    """A question with a numerical or verbal answer.

    Attributes
    ----------
    truth : callable
        Computes the answer from the keyword arguments of
        :func:`helpers.notebook.exercises.check`.
    tolerance : float
        Relative to the answer, or absolute where the answer is zero.
    """

    truth: Callable
    tolerance: float = 1e-3


CHECKS: dict[str, Check] = {}


def exercise(name: str, tolerance: float = 1e-3) -> Callable[[Callable], Callable]:
    """Register what computes the answer of an exercise.

    Parameters
    ----------
    name : str
        By which a chapter asks for it.
    tolerance : float
        Of :class:`Check`.
    """

    def registered(truth: Callable) -> Callable:
        CHECKS[name] = Check(truth, tolerance)
        return truth

    return registered


@exercise("city-invert", 1e-5)
def _invert(shares: Shares, rho: float, theta: float, city: str) -> float:
    """T_c_hat at which the city keeps nine of ten households."""
    c = shares.city_index(city)

    def left(hat: float) -> float:
        new = counterfactuals.shock(shares, rho, theta, city={city: hat})
        return new.pi_c[c] / shares.pi_c[c] - 0.9

    from scipy.optimize import brentq  # what an exercise needs is loaded when it is checked

    return brentq(left, 0.5, 1, xtol=1e-14)


@exercise("what-if-undo", 1e-4)
def _undo(shares: Shares, rho: float, theta: float, city: str, occupation: str) -> float:
    """T_c_hat that leaves a city's share where it was when T_k rises by ten per cent."""
    c = shares.city_index(city)

    def gained(hat: float) -> float:
        new = counterfactuals.shock(
            shares, rho, theta, city={city: hat}, occupation={occupation: 1.1}
        )
        return new.pi_c[c] - shares.pi_c[c]

    from scipy.optimize import brentq

    return brentq(gained, 0.8, 1.25, xtol=1e-14)


@exercise("policy-equal", 1e-5)
def _equal_hat(shares: Shares, theta: float, city: str, occupation: str) -> float:
    """T_c_hat with the outlay of t_ck_hat of 1.2 for one occupation of the city."""
    pair = {
        "cell": {"city_occupation": {city: {occupation: 1.2}}},
        "city": {"city": {city: policy_form.EQUAL}},
    }
    return policy.settle(pair, shares, theta)["city"].city[city]


@exercise("discussion-rival")
def _largest_rival(shares: Shares, rho: float, city: str) -> str:
    row = counterfactuals.diversion(shares, rho)[shares.city_index(city)]
    return shares.cities[int(row.argmax())]


@exercise("derivations-common")
def _occupation_effect(shares: Shares, city: str, occupation: str) -> float:
    """What raising an occupation's scale everywhere does to a city (equation 11)."""
    c, k = shares.city_index(city), shares.occupation_index(occupation)
    return float(shares.phi_ck[c, k] - shares.omega_k[k])


@exercise("model-error", 0.02)
def _sampling_error(shares: Shares, city: str) -> float:
    """Standard error of a city's frequency among a million simulated households."""
    share = shares.pi_c[shares.city_index(city)]
    return float(np.sqrt(share * (1 - share) / 1_000_000))


@exercise("occupation-hat", 1e-6)
def _occupation_hat(shares: Shares, city: str, occupation: str) -> float:
    """Relative change of a city's share when T_k rises by ten per cent."""
    c = shares.city_index(city)
    new = counterfactuals.shock(shares, 0.0, 1.0, occupation={occupation: 1.1})
    return float(new.pi_c[c] / shares.pi_c[c])


@exercise("identification-between", 1e-4)
def _between(panel: Panel) -> float:
    from helpers.inference import alternatives

    table = alternatives.between_share(panel).set_index("variable")
    return float(table.loc["log_wage", "between"])


@exercise("rent-supply", 5e-3)
def _rent_supply(
    shares: Shares, rho: float, theta: float, city: str, wages: np.ndarray | None
) -> float:
    """Elasticity of housing at which a city loses nine tenths of what it does at fixed rents."""
    from scipy.optimize import brentq

    c = shares.city_index(city)

    def lost(eta: float) -> float:
        one = Closure(housing_share=0.24, supply_elasticity=eta)
        new = solve(shares, rho, theta, one, wages=wages, city={city: 0.95})
        return 1 - new.shares.pi_c[c] / shares.pi_c[c]

    return brentq(lambda eta: lost(eta) - 0.9 * lost(np.inf), 0.0, 1e3)


@exercise("wage-demand", 5e-3)
def _half_demand(
    shares: Shares, rho: float, theta: float, city: str, wages: np.ndarray | None
) -> float:
    """Demand elasticity at which wages undo half of a city's loss, occupations alike."""
    from scipy.optimize import brentq

    c = shares.city_index(city)

    def lost(epsilon: float) -> float:
        one = Closure(substitution=epsilon, demand_elasticity=epsilon)
        new = solve(shares, rho, theta, one, wages=wages, city={city: 0.95})
        return 1 - new.shares.pi_c[c] / shares.pi_c[c]

    return brentq(lambda epsilon: lost(epsilon) - 0.5 * lost(np.inf), 0.05, 1e3)


@exercise("jobs-by-hand")
def _jobs_by_hand(
    shares: Shares, occupation: str, substitution: float, demand_elasticity: float
) -> float:
    """What is left of a city's labour demand, occupations in their national parts."""
    k = shares.occupation_index(occupation)
    s_k = shares.omega_k
    B_k = np.where(np.arange(len(s_k)) == k, 0.9, 1.0)
    cost = (s_k @ B_k ** (substitution - 1)) ** (1 / (1 - substitution))
    return float(
        (s_k * B_k ** (substitution - 1)).sum() * cost ** (substitution - demand_elasticity)
    )


@exercise("wages-spread", 5e-3)
def _wage_spread(panel: Panel) -> float:
    """Part of the variance of log wages that lies between occupations."""
    from helpers.inference import observed_wages

    table = observed_wages.decomposition(panel).set_index("between")
    return float(table.loc["occupation", "part"])


@exercise("leavers-largest")
def _most_redirected(shares: Shares, rho: float) -> str:
    return shares.cities[int(counterfactuals.redirection(shares, rho).argmax())]


@exercise("leavers-welfare", 1e-4)
def _occupation_loss(shares: Shares, rho: float, theta: float, city: str) -> str:
    """The occupation that loses most when a city's scale falls by a tenth."""
    gains = counterfactuals.occupation_gains(shares, rho, theta, city={city: 0.9})
    return shares.occupations[int(gains.argmin())]


@exercise("history-invert", 1e-5)
def _rise(shares: Shares, rho: float, theta: float, city: str) -> float:
    """T_c_hat at which a city's share rises by a tenth."""
    from helpers.inference import case_studies

    return case_studies.city_hat(shares, rho, theta, city, 1.1)


@exercise("as-run-largest", 1e-4)
def _largest_as_run(panel: Panel, rho: float, theta: float) -> float:
    """Share of the largest city in the economy that the published shifters imply."""
    from helpers.targets import as_run

    year = panel.years[-1]
    return float(as_run.implied(as_run.with_city_wages(panel), year, rho, theta).pi_c.max())


@exercise("intro-iia")
def _iia() -> tuple[float, float]:
    """Shares of the two cities that are left: as they were to each other."""
    return (0.6, 0.4)


@exercise("frechet-ratio")
def _ratio(theta: float) -> float:
    """The draw of the tenth percentile over that of the ninetieth."""
    return (np.log(0.1) / np.log(0.9)) ** (1 / theta)


@exercise("frechet-odds")
def _odds() -> float:
    """Odds of a town of twice the scale, at a correlation of three quarters."""
    return 16.0


@exercise("model-kendall", 0.06)
def _kendall() -> float:
    """Rank correlation of draws in two occupations."""
    return 0.0


@exercise("data-cells", 0)
def _cells(panel: Panel) -> int:
    """Cells in which nobody's wage was seen."""
    return int(panel.cells["log_wage"].isna().sum())


@exercise("estimation-cluster", 5e-3)
def _clustered(panel: Panel) -> float:
    """Standard error of the slope, clustered by occupation."""
    return estimate(panel, clusters="occupation").se


@exercise("shifters-power")
def _power(theta: float) -> float:
    """Power that makes one convention of shifters the other."""
    return 1 / theta


@exercise("report-reproduced", 0)
def _reproduced(panel: Panel) -> int:
    """Printed numbers that the data give."""
    return int(targets.compare(panel)["ok"].sum())


@exercise("inference-lowest", 5e-3)
def _lowest(panel: Panel) -> float:
    """Smallest rho, one occupation left out at a time."""
    return inference.leave_one_out(panel, "occupation").map(rho_of).min()


@exercise("shift-share-three", 5e-3)
def _three(weights: pd.DataFrame) -> float:
    """Part of the estimate that rests on the three sectors of largest weight."""
    return weights["alpha"].nlargest(3).sum()


@exercise("conclusions-rho", 1e-3)
def _larger_slope(beta: float) -> float:
    """Rho of a slope that is a tenth larger."""
    return rho_of(1.1 * beta)


@exercise("equilibrium-edge", 5e-3)
def _edge(rho: float) -> float:
    """Agglomeration from which equilibrium need not be unique, prices fixed."""
    return 1 - rho


@exercise("unit-half", 5e-3)
def _half(beta: float) -> float:
    """Power of the wage at which rho is a half."""
    return beta / 2


@exercise("unit-years", 0)
def _years(panel: Panel) -> int:
    """Years in which rho is in [0, 1) when pay is the wage squared."""
    return sum(estimate(panel, years=year, wage_exponent=2.0).admissible for year in panel.years)


@exercise("history-noise")
def _noise() -> float:
    """Slope on a forecast from wages of which half is error."""
    return 0.5


@exercise("as-run-power")
def _run_power(theta: float) -> float:
    """Power of a city's share in the shares that were run."""
    return theta
