"""One shock under many closures: how much of a result is the closure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.equilibrium.closure import PAPER, STANDARD, Closure
from helpers.equilibrium.fixed_point import solve
from helpers.errors import EquilibriumError, ParameterError
from helpers.model import Shares

RANGES: dict[str, tuple[float, ...]] = {
    "wage_exponent": (0.5, 0.75, 1.0, 1.5, 2.0, 3.0),
    "housing_share": (0.0, 0.1, 0.17, 0.24, 0.32, 0.40),
    "supply_elasticity": (0.5, 0.75, 1.0, 1.75, 2.5, 4.0),
    "substitution": (0.8, 1.0, 1.4, 1.9, 2.5, 4.0),
    "demand_elasticity": (2.0, 3.0, 4.0, 5.0, 7.0, 10.0),
    "agglomeration": (0.0, 0.02, 0.05, 0.08, 0.12, 0.20),
}
"""Values of each parameter that the literature spans; the fourth or so is the usual one."""

_PARTS = {
    "nothing answers": {},
    "rents": {"housing_share", "supply_elasticity"},
    "wages": {"substitution", "demand_elasticity"},
    "productivity": {"agglomeration"},
    "rents and wages": {
        "housing_share", "supply_elasticity", "substitution", "demand_elasticity",
    },
    "all": {
        "housing_share", "supply_elasticity", "substitution", "demand_elasticity",
        "agglomeration",
    },
}  # fmt: skip


def closures_compared(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    city: str,
    hat: float,
    *,
    wages: np.ndarray | None = None,
    closure: Closure = STANDARD,
    exponents: tuple[float, ...] = (),
) -> pd.DataFrame:
    """A city's loss with nothing answering, with each market answering, and with all.

    Parameters
    ----------
    shares, rho, theta, wages
        As in :func:`helpers.equilibrium.solve`.
    city : str
        Whose T_c changes by ``hat``.
    hat : float, above 0
    closure : Closure
        Of which parts are switched on; its other parameters hold throughout.
    exponents : tuple of float
        Values of alpha: everything is repeated at each. The closure's own if empty.

    Returns
    -------
    DataFrame
        ``answers``, ``wage_exponent``; ``loss``, the part of its households that the city
        loses; ``of_fixed``, that loss over the one at fixed prices; ``rent`` and ``wage``, the
        city's changes (wages weighted by households); ``others``, the largest relative gain of
        another city; ``welfare``, the change of everyone's.

    Raises
    ------
    EquilibriumError
        As :func:`helpers.equilibrium.solve`.
    """
    c = shares.city_index(city)
    rows = []
    for exponent in exponents or (closure.wage_exponent,):
        for answers, parts in _PARTS.items():
            on = {name: getattr(closure, name) for name in parts}
            one = replace(PAPER, wage_exponent=exponent, wage_floor=closure.wage_floor, **on)
            new = solve(shares, rho, theta, one, wages=wages, city={city: hat})
            gain = new.shares.pi_c / shares.pi_c - 1
            rows.append(
                {
                    "answers": answers,
                    "wage_exponent": exponent,
                    "loss": -gain[c],
                    "rent": new.rent_hat[c] - 1,
                    "wage": float(shares.phi_ck[c] @ new.wage_hat[c]) - 1,
                    "others": float(np.delete(gain, c).max()),
                    "welfare": new.welfare_hat - 1,
                }
            )
    table = pd.DataFrame(rows)
    numbers = ["loss", "rent", "wage", "others", "welfare"]
    table[numbers] = table[numbers].round(12) + 0.0  # what did not move is no rounding error
    fixed = table["loss"][table["answers"] == "nothing answers"].iloc[0]
    table.insert(3, "of_fixed", table["loss"] / fixed)
    return table


def along(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    city: str,
    hat: float,
    *,
    wages: np.ndarray | None = None,
    closure: Closure = STANDARD,
    ranges: Mapping[str, tuple[float, ...]] = RANGES,
) -> pd.DataFrame:
    """A city's loss as one parameter of a closure after another moves over its range.

    Returns
    -------
    DataFrame
        ``parameter``, ``value``, ``loss`` (not a number where there is no equilibrium) and
        ``unique``, whether the spectral condition holds at the solution.

    Raises
    ------
    ParameterError
        For a parameter that closures do not have.
    """
    c = shares.city_index(city)
    rows = []
    for name, values in ranges.items():
        if not hasattr(closure, name):
            raise ParameterError(f"ranges: closures have no parameter {name!r}")
        for value in values:
            try:
                one = replace(closure, **{name: value})
                new = solve(shares, rho, theta, one, wages=wages, city={city: hat})
                loss, unique = 1 - new.shares.pi_c[c] / shares.pi_c[c], new.unique
            except EquilibriumError:
                loss, unique = np.nan, False
            rows.append({"parameter": name, "value": value, "loss": loss, "unique": unique})
    return pd.DataFrame(rows)
