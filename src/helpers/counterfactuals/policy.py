"""Policies that raise productivity somewhere: whom they move, and at what outlay (paper, 6).

A policy multiplies T_c, T_k or t_ck. What it does to a household's productivity there is
T_c_hat (T_k_hat t_ck_hat)^(1/theta): T_k and t_ck are scales of productivity to the power theta.
In this model everyone produces the same on average, wherever they live and whatever they do
(the maximum of a max-stable vector does not depend on who attains it). An outlay is what the
policy adds to the output of those whom it treats, in per cent of all output before it: before
anyone moves, their share of households times the rate s. What they produce once they have moved
already holds the factor 1 + s, of which the policy pays s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.counterfactuals import hats as hats_room
from helpers.counterfactuals.hats import welfare_change
from helpers.counterfactuals.policy_form import EQUAL, hats, parse
from helpers.errors import ParameterError, find_name
from helpers.model import Shares


@dataclass(frozen=True)
class Policy:
    """Multiplicative changes of the shifters, by name.

    Attributes
    ----------
    city : {city: hat}
        Of T_c.
    occupation : {occupation: hat}
        Of T_k.
    city_occupation : {(city, occupation): hat}
        Of t_ck.
    """

    city: Mapping[str, float] = field(default_factory=dict)
    occupation: Mapping[str, float] = field(default_factory=dict)
    city_occupation: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def shock(self, shares: Shares, rho: float | np.ndarray, theta: float) -> Shares:
        """Shares under the policy (:func:`helpers.counterfactuals.shock`)."""
        return hats_room.shock(shares, rho, theta, self.city, self.occupation, self.city_occupation)

    def rates(self, shares: Shares, theta: float) -> np.ndarray:
        """By how much the policy multiplies productivity in each cell, less one, (C, K)."""
        log_rate = np.zeros_like(shares.pi_ck)
        for name, hat in self.city.items():
            log_rate[shares.city_index(name)] += np.log(hat)
        for name, hat in self.occupation.items():
            log_rate[:, shares.occupation_index(name)] += np.log(hat) / theta
        for (city, occupation), hat in self.city_occupation.items():
            cell = shares.city_index(city), shares.occupation_index(occupation)
            log_rate[cell] += np.log(hat) / theta
        return np.expm1(log_rate)

    def outlay(self, shares: Shares, theta: float) -> float:
        """What the policy adds to output before anyone responds to it, as a share of all output.

        sum_ck pi_ck omega_k s_ck, with 1 + s_ck the factor of :meth:`rates`.

        Parameters
        ----------
        shares : Shares
        theta : float, above 0
        """
        return float((shares.pi_ck * shares.omega_k * self.rates(shares, theta)).sum())

    def outlay_after(self, shares: Shares, rho: float | np.ndarray, theta: float) -> float:
        """What the policy adds to output once people have moved, in the unit of :meth:`outlay`.

        W_hat sum_ck pi_ck' omega_k' s_ck / (1 + s_ck): everyone produces W_hat times what they
        did (:func:`helpers.counterfactuals.welfare_change`), wherever they live, and of what a
        treated household produces the part 1 / (1 + s_ck) is its own. A policy that treats
        everybody alike moves nobody, and costs the same before and after.

        Parameters
        ----------
        shares : Shares
            Before the policy.
        rho : float or array (K,), in [0, 1)
        theta : float, above 0

        Returns
        -------
        float
            As a share of all output before the policy; divided by W_hat, of all output after it.
        """
        new = self.shock(shares, rho, theta)
        added = -np.expm1(-np.log1p(self.rates(shares, theta)))  # s / (1 + s)
        output = welfare_change(
            shares, rho, theta, self.city, self.occupation, self.city_occupation
        )
        return float(output * (new.pi_ck * new.omega_k * added).sum())


def _build(parts: Mapping) -> Policy:
    cells = {
        (city, occupation): hat
        for city, hats in parts.get("city_occupation", {}).items()
        for occupation, hat in hats.items()
    }
    return Policy(dict(parts.get("city", {})), dict(parts.get("occupation", {})), cells)


def settle(policies: Mapping, shares: Shares, theta: float) -> dict[str, Policy]:
    """Policies ready to run: names found, and ``equal`` replaced by the hat of equal outlay.

    Parameters
    ----------
    policies : mapping
        As :func:`parse` accepts it.
    shares : Shares
        With labels.
    theta : float, above 0

    Raises
    ------
    UnknownNameError
        For a city or occupation that the shares lack, with the nearest.
    ParameterError
        If no positive hat has the outlay of the first policy.
    """
    settled: dict[str, Policy] = {}
    target = 0.0
    for name, parts in parse(policies).items():
        labels = dict(hats(name, parts))
        equal = EQUAL in labels.values()
        policy = _build(parts)
        for label in labels:
            city, occupation = label if isinstance(label, tuple) else (None, None)
            if isinstance(label, str) and label in policy.city:
                find_name("city", label, shares.cities)
            elif isinstance(label, str):
                find_name("occupation", label, shares.occupations)
            else:
                find_name("city", city, shares.cities)
                find_name("occupation", occupation, shares.occupations)
        if equal:
            policy = _of_outlay(policy, shares, theta, target)
        elif not settled:
            target = policy.outlay(shares, theta)
        settled[name] = policy
    return settled


def _of_outlay(policy: Policy, shares: Shares, theta: float, target: float) -> Policy:
    """The one shock of a policy, as large as makes the outlay the target."""
    one = [
        {label: 1.0 if hat == EQUAL else hat for label, hat in part.items()}
        for part in (policy.city, policy.occupation, policy.city_occupation)
    ]
    probe = [{label: 2.0 for label in part} for part in one]
    treated = (Policy(*probe).rates(shares, theta) > 0) * shares.pi_ck * shares.omega_k
    multiplier = 1 + target / treated.sum()
    if multiplier <= 0:
        raise ParameterError("equal: no positive productivity has so large an outlay")
    # T_c multiplies productivity, the other two its power theta
    hats = (multiplier, multiplier**theta, multiplier**theta)
    return Policy(*({label: hat for label in part} for part, hat in zip(one, hats, strict=True)))


def compare(policies: Mapping, shares: Shares, rho: float, theta: float, city: str) -> pd.DataFrame:
    """Policies side by side, with an eye on one city.

    Parameters
    ----------
    policies : mapping
        As :func:`parse` accepts it.
    shares : Shares
        With labels.
    rho : float, in [0, 1)
    theta : float, above 0
    city : str
        Whose gain is reported.

    Returns
    -------
    DataFrame
        One row per policy: ``policy``; ``outlay`` and ``outlay_after`` (what the policy adds
        before and after people move, both as shares of all output before it); ``gained``
        (households that the city gains, per thousand of all); ``per_outlay`` (gain relative to
        outlay); ``moved`` (households per thousand that live elsewhere afterwards); ``welfare``
        (relative change of expected productivity).
    """
    c = shares.city_index(city)
    rows = []
    for name, policy in settle(policies, shares, theta).items():
        new = policy.shock(shares, rho, theta)
        gained = new.pi_c[c] - shares.pi_c[c]
        outlay = policy.outlay(shares, theta)
        rows.append(
            {
                "policy": name,
                "outlay": outlay,
                "outlay_after": policy.outlay_after(shares, rho, theta),
                "gained": 1000 * gained,
                "per_outlay": gained / outlay if outlay else np.nan,
                "moved": 500 * np.abs(new.pi_c - shares.pi_c).sum(),
                "welfare": welfare_change(
                    shares, rho, theta, policy.city, policy.occupation, policy.city_occupation
                )
                - 1,
            }
        )
    return pd.DataFrame(rows)
