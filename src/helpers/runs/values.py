"""Values of a scenario, one by one: their types, their domains, and what is wrong with them."""

from __future__ import annotations

from numbers import Real
from pathlib import Path

from helpers.counterfactuals import policy_form
from helpers.counterfactuals.policy_form import found
from helpers.errors import ParameterError, UnknownNameError, nearest
from helpers.names import CLUSTERS, OCCUPATIONS, SOURCES

LARGEST_RHO = 0.99
"""Up to here every chapter runs; nearer to one its million simulated draws say nothing."""
THETA = (0.1, 100.0)
WAGE_EXPONENT = (0.01, 100.0)
NO_OUTLINES = "none"
RANGE = {"from", "to", "number"}
NUMBERS = ("rho", "theta", "wage_exponent", "city_hat", "occupation_hat", "cell_hat")


def check(name: str, value: object, own_names: bool = False) -> object:
    """Return one parameter in the type that it has everywhere, or refuse it by name.

    Parameters
    ----------
    name : str
        A field of :class:`Scenario`.
    value : object
    own_names : bool
        Whether occupations may have other names than the paper's, as in a reader's own panel.

    Raises
    ------
    ParameterError, UnknownNameError
    """
    if name == "rho":
        hint = "estimated stands for the estimate"
        return None if value is None else policy_form.number(name, value, 0, LARGEST_RHO, hint)
    if name == "theta":
        return policy_form.number(name, value, *THETA, "the paper's is 3")
    if name == "wage_exponent":
        return policy_form.number(name, value, *WAGE_EXPONENT, "the paper's is 1")
    if name in NUMBERS:
        return policy_form.check_hat(name, value)
    if name == "year":
        return _year(name, value)
    if name == "years":
        return _years(value)
    if name == "policies":
        return policy_form.parse(value)
    if name == "closure":
        return _closure(value)
    if name == "outlines":
        return _outlines(value)
    kind = "words" if name == "title" else "a name"
    if not isinstance(value, str) or not value.strip():
        quotes = "; write it in quotes" if isinstance(value, Real) else "; give one"
        raise ParameterError(f"{name}: expected {kind}, found {found(value)}{quotes}")
    if any(ord(letter) < 32 or letter == "\x7f" for letter in value):
        raise ParameterError(f"{name}: expected {kind} on one line, found {found(value)}")
    if name == "clusters":
        known_name(name, value, CLUSTERS)
    elif name in ("occupation", "second_occupation") and not own_names:
        known_name(name, value, OCCUPATIONS)
    elif name == "source" and value not in SOURCES:
        if not Path(value).expanduser().is_dir():
            hint = ", ".join(nearest(value, SOURCES)) or ", ".join(SOURCES)
            raise UnknownNameError(
                f"source: {value!r} is neither known nor a folder; nearest: {hint}; "
                "or give the folder that Panel.save wrote"
            )
        return str(Path(value).expanduser())
    return value


def _closure(value: object) -> str | dict:
    """A closure's name, or its parameters as they are written down: infinity as a word."""
    from helpers.equilibrium import read_closure

    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, bool) or (not isinstance(one, Real | dict) and one != "inf"):
                raise ParameterError(
                    f"closure, {key}: expected a number, found {found(one)}; infinity is .inf"
                )
    read_closure(value)
    if not isinstance(value, dict):
        return value

    def plain_number(one):
        if isinstance(one, dict):
            return {str(city): plain_number(eta) for city, eta in one.items()}
        return "inf" if one == "inf" or one == float("inf") else float(one)

    return {key: plain_number(one) for key, one in value.items()}


def _outlines(value: object) -> str:
    """A file of borders that is there, or none."""
    if value == NO_OUTLINES:
        return NO_OUTLINES
    if not isinstance(value, str) or not Path(value).expanduser().is_file():
        raise ParameterError(
            f"outlines: expected a GeoJSON file, found {found(value)}; name one that is there, "
            "seen from the folder of the project, or write none"
        )
    return str(Path(value).expanduser())


def _year(name: str, value: object) -> int:
    whole = isinstance(value, Real) and not isinstance(value, (bool, float))
    if not whole or not 1000 <= value <= 9999:
        raise ParameterError(
            f"{name}: expected a year in four digits, found {found(value)}; write one like 2019"
        )
    return int(value)


def _years(value: object) -> list[int] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not value:
        raise ParameterError(
            f"years: expected a list of years, found {found(value)}; "
            "write [2012, 2019], or null for all"
        )
    years = [_year("years", year) for year in value]
    twice = sorted({year for year in years if years.count(year) > 1})
    if twice:
        raise ParameterError(f"years: {twice[0]} is there twice; name each year once")
    return years


def known_name(kind: str, name: object, known: tuple[str, ...]) -> None:
    """Refuse a name that is not among those known, with the nearest."""
    if name not in known:
        hint = ", ".join(nearest(name, known)) or ", ".join(known)
        raise UnknownNameError(f"{kind}: {name!r} is not known; nearest: {hint}")
