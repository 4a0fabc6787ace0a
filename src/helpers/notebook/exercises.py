"""Exercises that check themselves: right, close or not yet, and never the answer.

A check computes the answer anew from what the notebook works on, so that it holds for whatever
source, year and parameters the reader has chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import counterfactuals, inference, targets
from helpers.counterfactuals import policy, policy_form
from helpers.equilibrium import Closure, solve
from helpers.errors import find_name
from helpers.estimation import estimate, rho_of
from helpers.model import Shares
from helpers.notebook import answers
from helpers.panel import Panel
from helpers.sources import synthetic


@dataclass(frozen=True)
class Check:
    """A question with a numerical or verbal answer.

    Attributes
    ----------
    truth : callable
        Computes the answer from the keyword arguments of :func:`check`.
    tolerance : float
        Relative to the answer, or absolute where the answer is zero.
    """

    truth: Callable
    tolerance: float = 1e-3


def _invert(shares: Shares, rho: float, theta: float, city: str) -> float:
    """T_c_hat at which the city keeps nine of ten households."""
    c = shares.city_index(city)

    def left(hat: float) -> float:
        new = counterfactuals.shock(shares, rho, theta, city={city: hat})
        return new.pi_c[c] / shares.pi_c[c] - 0.9

    from scipy.optimize import brentq  # what an exercise needs is loaded when it is checked

    return brentq(left, 0.5, 1, xtol=1e-14)


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


def _equal_hat(shares: Shares, theta: float, city: str, occupation: str) -> float:
    """T_c_hat with the outlay of t_ck_hat of 1.2 for one occupation of the city."""
    pair = {
        "cell": {"city_occupation": {city: {occupation: 1.2}}},
        "city": {"city": {city: policy_form.EQUAL}},
    }
    return policy.settle(pair, shares, theta)["city"].city[city]


def _largest_rival(shares: Shares, rho: float, city: str) -> str:
    row = counterfactuals.diversion(shares, rho)[shares.city_index(city)]
    return shares.cities[int(row.argmax())]


def _occupation_effect(shares: Shares, city: str, occupation: str) -> float:
    """What raising an occupation's scale everywhere does to a city (equation 11)."""
    c, k = shares.city_index(city), shares.occupation_index(occupation)
    return float(shares.phi_ck[c, k] - shares.omega_k[k])


def _sampling_error(shares: Shares, city: str) -> float:
    """Standard error of a city's frequency among a million simulated households."""
    share = shares.pi_c[shares.city_index(city)]
    return float(np.sqrt(share * (1 - share) / 1_000_000))


def _occupation_hat(shares: Shares, city: str, occupation: str) -> float:
    """Relative change of a city's share when T_k rises by ten per cent."""
    c = shares.city_index(city)
    new = counterfactuals.shock(shares, 0.0, 1.0, occupation={occupation: 1.1})
    return float(new.pi_c[c] / shares.pi_c[c])


def _between(panel: Panel) -> float:
    from helpers.inference import alternatives

    table = alternatives.between_share(panel).set_index("variable")
    return float(table.loc["log_wage", "between"])


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


def _wage_spread(panel: Panel) -> float:
    """Part of the variance of log wages that lies between occupations."""
    from helpers.inference import observed_wages

    table = observed_wages.decomposition(panel).set_index("between")
    return float(table.loc["occupation", "part"])


def _most_redirected(shares: Shares, rho: float) -> str:
    return shares.cities[int(counterfactuals.redirection(shares, rho).argmax())]


def _occupation_loss(shares: Shares, rho: float, theta: float, city: str) -> str:
    """The occupation that loses most when a city's scale falls by a tenth."""
    gains = counterfactuals.occupation_gains(shares, rho, theta, city={city: 0.9})
    return shares.occupations[int(gains.argmin())]


def _rise(shares: Shares, rho: float, theta: float, city: str) -> float:
    """T_c_hat at which a city's share rises by a tenth."""
    from helpers.inference import case_studies

    return case_studies.city_hat(shares, rho, theta, city, 1.1)


def _largest_as_run(panel: Panel, rho: float, theta: float) -> float:
    """Share of the largest city in the economy that the published shifters imply."""
    from helpers.targets import as_run

    year = panel.years[-1]
    return float(as_run.implied(as_run.with_city_wages(panel), year, rho, theta).pi_c.max())


CHECKS: dict[str, Check] = {
    "intro-iia": Check(lambda: (0.6, 0.4)),
    "frechet-ratio": Check(lambda theta: (np.log(0.1) / np.log(0.9)) ** (1 / theta)),
    "frechet-odds": Check(lambda: 16.0),
    "model-kendall": Check(lambda: 0.0, 0.06),
    "model-error": Check(_sampling_error, 0.02),
    "derivations-common": Check(_occupation_effect),
    "data-cells": Check(lambda panel: int(panel.cells["log_wage"].isna().sum()), 0),
    "estimation-cluster": Check(lambda panel: estimate(panel, clusters="occupation").se, 5e-3),
    "shifters-power": Check(lambda theta: 1 / theta),
    "city-invert": Check(_invert, 1e-5),
    "occupation-hat": Check(_occupation_hat, 1e-6),
    "discussion-rival": Check(_largest_rival),
    "report-reproduced": Check(lambda panel: int(targets.compare(panel)["ok"].sum()), 0),
    "inference-lowest": Check(
        lambda panel: inference.leave_one_out(panel, "occupation").map(rho_of).min(), 5e-3
    ),
    "shift-share-three": Check(lambda weights: weights["alpha"].nlargest(3).sum(), 5e-3),
    "identification-between": Check(_between, 1e-4),
    "conclusions-rho": Check(lambda beta: rho_of(1.1 * beta), 1e-3),
    "what-if-undo": Check(_undo, 1e-4),
    "policy-equal": Check(_equal_hat, 1e-5),
    "rent-supply": Check(_rent_supply, 5e-3),
    "wage-demand": Check(_half_demand, 5e-3),
    "jobs-by-hand": Check(_jobs_by_hand),
    "equilibrium-edge": Check(lambda rho: 1 - rho, 5e-3),
    "unit-half": Check(lambda beta: beta / 2, 5e-3),
    "unit-years": Check(
        lambda panel: sum(
            estimate(panel, years=year, wage_exponent=2.0).admissible for year in panel.years
        ),
        0,
    ),
    "wages-spread": Check(_wage_spread, 5e-3),
    "leavers-largest": Check(_most_redirected),
    "leavers-welfare": Check(_occupation_loss, 1e-4),
    "history-noise": Check(lambda: 0.5),
    "history-invert": Check(_rise, 1e-5),
    "as-run-power": Check(lambda theta: theta),
    "as-run-largest": Check(_largest_as_run, 1e-4),
}


@dataclass(frozen=True)
class Verdict:
    """What a check says; it shows itself as a short sentence, on a page with a field to type in.

    Attributes
    ----------
    name : str
    right : bool or None
        None where there is no answer yet.
    close : bool
        Not right, and not far from it.
    sealed : Sealed or None
        What a page needs in order to judge, without the answer.
    """

    name: str
    right: bool | None
    close: bool = False
    sealed: answers.Sealed | None = None

    def __repr__(self) -> str:
        """Say right, close or not yet in words."""
        if self.right is None:
            return f"{self.name}: no answer yet"
        return f"{self.name}: {'right' if self.right else 'close' if self.close else 'not yet'}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if self.sealed is None:
            return {"text/plain": repr(self)}
        return {"text/plain": repr(self), "text/html": self.sealed.html(repr(self))}


def check(name: str, answer: object, **given: object) -> Verdict:
    """Say whether an answer is right, close or neither, without saying what is.

    On the page of the book the same question has a field that a reader types into; see
    :mod:`helpers.notebook.answers` for what hides the answer there.

    Parameters
    ----------
    name : str
        A key of :data:`CHECKS`.
    answer : number, sequence of numbers, str or None
        None for no answer yet. Of a city, the name of its first place is enough.
    **given
        What the question is about: shares, panel, rho, theta, city, ...

    Raises
    ------
    UnknownNameError
        For an exercise that does not exist, with the nearest.

    Examples
    --------
    >>> check("intro-iia", (0.5, 0.5))
    intro-iia: not yet
    >>> check("intro-iia", (0.6, 0.39))
    intro-iia: close
    >>> check("intro-iia", (0.6, 0.4))
    intro-iia: right
    """
    find_name("exercise", name, tuple(CHECKS))
    wanted = CHECKS[name]
    code = wanted.truth.__code__
    if answer is None and not set(code.co_varnames[: code.co_argcount]) <= set(given):
        return Verdict(name, None)
    truth = wanted.truth(**given)
    sealed = answers.seal(name, truth, wanted.tolerance)
    if answer is None:
        return Verdict(name, None, sealed=sealed)
    right, close = answers.judge(answer, truth, wanted.tolerance)
    return Verdict(name, right, close, sealed)


def draw_economy(number: int) -> Panel:
    """A panel drawn from an economy whose correlation only :func:`check_rho` knows.

    Parameters
    ----------
    number : int
        Which of them; the same number gives the same economy.
    """
    return synthetic.economy(seed=10_000 + number, rho=_secret(number)).panel()


def _secret(number: int) -> float:
    return float(np.random.default_rng(9_000 + number).uniform(0.1, 0.85))


def check_rho(number: int, rho: float | None, interval: tuple[float, float] | None = None) -> str:
    """Compare an estimate with the correlation that drew the economy, which stays untold.

    Parameters
    ----------
    number : int
        As given to :func:`draw_economy`.
    rho : float or None
        The reader's estimate.
    interval : (low, high), optional
        The reader's 95 per cent interval.

    Returns
    -------
    str
        Whether the estimate is within 0.05 of the truth, and whether the interval holds it.
    """
    if rho is None:
        return f"economy {number}: no answer yet"
    truth = _secret(number)
    near = abs(rho - truth) < 0.05
    words = f"economy {number}: the estimate is {'close to' if near else 'far from'} the truth"
    if interval is not None:
        low, high = interval
        words += f", and the interval {'holds' if low <= truth <= high else 'misses'} it"
    return words
