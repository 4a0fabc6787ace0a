"""How prices, wages and employment answer: the parameters of the three markets of a city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf

import numpy as np

from helpers.errors import ParameterError, UnknownNameError, nearest

# lowest value, whether it is itself allowed, and highest value, of each parameter
_DOMAINS = {
    "wage_exponent": (0.0, False, "a finite number above 0"),
    "housing_share": (0.0, True, "a share of at least 0 and below 1"),
    "supply_elasticity": (0.0, True, "a number of at least 0, infinity included"),
    "substitution": (0.0, False, "a number above 0, infinity included"),
    "demand_elasticity": (0.0, False, "a number above 0, infinity included"),
    "agglomeration": (0.0, True, "a finite number of at least 0"),
    "wage_floor": (0.0, True, "a number from 0 to 1"),
}


def _number(name: str, value: object, where: str = "") -> float:
    """Value as a float in the domain of its parameter."""
    lowest, allowed, expected = _DOMAINS[name]
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ParameterError(f"{name}{where}: expected {expected}, found {value!r}") from None
    inside = number > lowest or (allowed and number == lowest)
    if name in ("wage_exponent", "agglomeration"):
        inside = inside and number < inf
    elif name == "housing_share":
        inside = inside and number < 1
    elif name == "wage_floor":
        inside = inside and number <= 1
    if not inside:
        raise ParameterError(f"{name}{where}: expected {expected}, found {number:g}")
    return number


@dataclass(frozen=True)
class Closure:
    """What answers when households move: rents, wages, productivity, employment.

    The defaults switch every answer off: wages follow productivity alone, rents are fixed,
    everyone is employed, as in the paper.

    Parameters
    ----------
    wage_exponent : float, above 0
        alpha, the exponent of a cell's real income y_ck_hat in its scale: one per cent more
        income acts like alpha per cent more t_ck.
    housing_share : float, in [0, 1)
        a, the share of income that is spent on housing; y_ck_hat falls by a per cent for
        every per cent of rent.
    supply_elasticity : float, array (C,) or {city: value}, at least 0
        eta_c, of housing with respect to its rent. Q_c_hat = I_c_hat^(1/(1+eta_c)), with
        I_c_hat the city's income. Infinity: rents are fixed; 0: housing is. Cities that a
        mapping leaves out keep the default, infinity.
    substitution : float, above 0
        sigma, the elasticity of substitution between a city's occupations. Infinity: one
        occupation's wage does not fall with its own number; 1: Cobb-Douglas.
    demand_elasticity : float, above 0
        epsilon, of the demand for a city's product. Infinity: its price is given.
    agglomeration : float, at least 0
        mu: productivity of everyone in a city is multiplied by N_c_hat^mu.
    wage_floor : float, in [0, 1]
        f: no wage falls below f times what it was; who is not wanted at the floor is
        unemployed (Schmitt-Grohe and Uribe, 2016; in space, Rodriguez-Clare, Ulate and
        Vasquez, 2020). 0: wages are flexible.

    Raises
    ------
    ParameterError
        If a value lies outside its domain.

    Examples
    --------
    >>> Closure(housing_share=0.24, supply_elasticity=1.75).housing_share
    0.24
    """

    wage_exponent: float = 1.0
    housing_share: float = 0.0
    supply_elasticity: float | Sequence[float] | Mapping[str, float] = inf
    substitution: float = inf
    demand_elasticity: float = inf
    agglomeration: float = 0.0
    wage_floor: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name == "supply_elasticity" and isinstance(value, Mapping):
                value = {city: _number(name, eta, f" of {city!r}") for city, eta in value.items()}
            elif name == "supply_elasticity" and np.ndim(value) == 1:
                value = tuple(_number(name, eta, f" at {i}") for i, eta in enumerate(value))
            else:
                value = _number(name, value)
            object.__setattr__(self, name, value)

    def supply_elasticity_c(self, n_cities: int, cities: Sequence[str] | None) -> np.ndarray:
        """Elasticity of housing supply of each city, (C,).

        Raises
        ------
        ParameterError
            If there is one for each of another number of cities.
        UnknownNameError
            For a name that is not among the cities, with the nearest.
        """
        eta = self.supply_elasticity
        if isinstance(eta, Mapping):
            eta_c = np.full(n_cities, inf)
            position = {name: i for i, name in enumerate(cities or ())}
            for name, value in eta.items():
                if name not in position:
                    raise UnknownNameError(
                        f"supply_elasticity: {name!r} is not among {len(position)} cities; "
                        f"nearest: {', '.join(nearest(name, position)) or 'none'}"
                    )
                eta_c[position[name]] = value
            return eta_c
        if isinstance(eta, tuple) and len(eta) != n_cities:
            raise ParameterError(
                f"supply_elasticity: expected one number or one for each of {n_cities} cities, "
                f"found {len(eta)}"
            )
        return np.broadcast_to(np.asarray(eta, dtype=float), (n_cities,)).copy()


CLOSURES = ("paper", "standard")
"""Closures that have a name."""


def read_closure(value: Closure | str | Mapping) -> Closure:
    """A closure as a scenario or a notebook's parameters give it.

    Parameters
    ----------
    value : Closure, {"paper", "standard"} or {parameter: value}
        Parameters that a mapping leaves out have the paper's values, at which nothing answers.
        Infinity can be written as the word ``inf``.

    Raises
    ------
    UnknownNameError
        For a name or a parameter that there is not, with the nearest.
    ParameterError
        For a value outside its domain.

    Examples
    --------
    >>> read_closure({"housing_share": 0.3, "supply_elasticity": "inf"}).housing_share
    0.3
    >>> read_closure("paper") == PAPER
    True
    """
    if isinstance(value, Closure):
        return value
    if isinstance(value, str):
        if value not in CLOSURES:
            hint = ", ".join(nearest(value, CLOSURES)) or ", ".join(CLOSURES)
            raise UnknownNameError(f"closure: {value!r} is not known; nearest: {hint}")
        return {"paper": PAPER, "standard": STANDARD}[value]
    if not isinstance(value, Mapping):
        raise ParameterError(
            f"closure: expected {', '.join(CLOSURES)} or parameters with their values, "
            f"found {value!r}; write one like {{housing_share: 0.24}}"
        )
    known = tuple(field.name for field in fields(Closure))
    for name in value:
        if name not in known:
            hint = ", ".join(nearest(str(name), known)) or ", ".join(known)
            raise UnknownNameError(f"closure: {name!r} is not known; nearest: {hint}")
    try:
        return Closure(**value)
    except ParameterError as problem:
        raise ParameterError(f"closure, {problem}") from None


PAPER = Closure()
"""The paper's: prices, wages and employment stay where they are."""

STANDARD = Closure(
    wage_exponent=1.0,
    housing_share=0.24,
    supply_elasticity=1.75,
    substitution=1.4,
    demand_elasticity=4.0,
    agglomeration=0.05,
    wage_floor=0.0,
)
"""Values that are usual in the literature, wages flexible.

=====================  ======  ===============================================================
``wage_exponent``      1       the paper's: income acts on a cell's scale one for one
``housing_share``      0.24    Davis and Ortalo-Magne (2011), median expenditure share of
                               renters across US metropolitan areas, the same in 1980, 1990
                               and 2000; Monte, Redding and Rossi-Hansberg (2018) use 0.40,
                               Redding (2016) 0.25
``supply_elasticity``  1.75    Saiz (2010), mean over metropolitan areas weighted by population
``substitution``       1.4     Katz and Murphy (1992), college and high-school labour; studies
                               usually find 1.3 to 2.5, and corrected for selective publication
                               their mean is 4, with 2 as a lower bound (Havranek, Irsova,
                               Laslopova and Zeynalova, 2024)
``demand_elasticity``  4       Monte, Redding and Rossi-Hansberg (2018) and Redding (2016),
                               elasticity of substitution between goods of different places
``agglomeration``      0.05    Combes and Gobillon (2015), whose survey puts the elasticity of
                               productivity with respect to density between 0.04 and 0.07;
                               Kline and Moretti (2014) estimate a larger one for
                               manufacturing alone
``wage_floor``         0       flexible wages; the floor is a question of its own
=====================  ======  ===============================================================
"""
