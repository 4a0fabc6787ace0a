"""A sweep as its file has it: lists of values, read strictly."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from helpers.counterfactuals import policy_form
from helpers.errors import CompanionError, ParameterError, UnknownNameError, check_rho, nearest
from helpers.names import SOURCES
from helpers.runs import reading
from helpers.runs.grid import LISTS, RANGES, Sweep, not_taken, refuse_idle
from helpers.runs.reading import ALL
from helpers.runs.scenario import RANGE, check

_MOST_STEPS = 100_000


def read_sweep(
    path: Path | str, notebooks: Collection[str] | Mapping[str, Collection[str]] = ()
) -> Sweep:
    """Read a sweep file: a scenario in which values may be lists.

    A list holds the values of an axis; ``{from: a, to: b, number: n}`` is an even grid, ``all``
    as city every city. Hats that the file does not name are one, so that nothing is shocked
    that is not asked for. ``notebooks`` lists the notebooks to execute, if any.

    Parameters
    ----------
    path : path
    notebooks : collection of str, or {str: collection of str}
        Names of the notebooks that there are; with the parameters that each declares, those that
        no notebook of the sweep takes are refused.

    Raises
    ------
    DataError, UnknownNameError, ParameterError
        As :func:`helpers.runs.reading.read`; and where no value is a list, a range is none, or a
        parameter has no effect on anything that is run.
    """
    path = Path(path)
    content = reading.read_content(path, ("notebooks",))
    values = dict(content.values)
    given = values.pop("notebooks", None)
    title = values.pop("title", path.stem)
    fixed: dict = {}
    axes: dict[str, list] = {}
    key = "notebooks"
    try:
        wanted = _notebooks(given, notebooks) if key in content.lines else ()
        key = "title"
        check(key, title)
        own = values.get("source", "auto") not in SOURCES
        for key, value in values.items():
            several = _values(key, value)
            if several is None:
                fixed[key] = _checked(key, value, own, bool(wanted))
            elif key == "source":
                raise ParameterError("source: a sweep has one source; write a sweep for each")
            else:
                axes[key] = [_checked(key, one, own, bool(wanted)) for one in several]
                _refuse_twice(key, axes[key])
    except CompanionError as problem:
        raise reading.at_line(path, content, key, problem) from None
    if not any(len(several) > 1 or several == [ALL] for several in axes.values()):
        raise ParameterError(
            f"{path.name}: no list of at least two values; for one setting use "
            f"make rerun SCENARIO={path}"
        )
    sweep = Sweep(title, fixed, axes, wanted, path, content.lines)
    refuse_idle(sweep, not_taken(sweep, notebooks))
    return sweep


def _notebooks(given: object, known: Collection[str]) -> tuple[str, ...]:
    wanted = [given] if isinstance(given, str) else given
    if not isinstance(wanted, list) or not wanted or not all(isinstance(n, str) for n in wanted):
        raise ParameterError(
            f"notebooks: expected names of notebooks, found {policy_form.found(given)}; "
            "write a list such as [07_city_shocks]"
        )
    for name in wanted:
        if known and name not in known:
            hint = ", ".join(nearest(name, known)) or ", ".join(known)
            raise UnknownNameError(f"notebooks: {name!r} is not known; nearest: {hint}")
    _refuse_twice("notebooks", wanted)
    return tuple(wanted)


def _values(key: str, value: object) -> list | None:
    """Values of an axis, None for a single value."""
    if isinstance(value, dict) and key in (*RANGES, "year"):
        return _steps(key, value)
    if value == ALL and key == "city":
        return [ALL]
    if not isinstance(value, list):
        return None
    if key in LISTS and value and not any(isinstance(x, list) or x is None for x in value):
        return None
    if not value:
        raise ParameterError(f"{key}: expected values, found an empty list; write some")
    if key == "title":
        raise ParameterError("title: a sweep has one title; write words")
    return value


def _steps(key: str, value: dict) -> list:
    """An even grid: from, to and the number of values."""
    if set(value) != RANGE:
        raise ParameterError(
            f"{key}: expected a value, a list or {{from: a, to: b, number: n}}, "
            f"found {policy_form.found(value)}"
        )
    n = value["number"]
    if isinstance(n, bool) or not isinstance(n, int) or not 2 <= n <= _MOST_STEPS:
        raise ParameterError(
            f"{key}, number: expected at least 2 steps and at most {_MOST_STEPS:,}, "
            f"found {policy_form.found(n)}; give a whole number"
        )
    low, high = (
        policy_form.number(f"{key}, {end}", value[end], -1e6, 1e6, "give the ends of the range")
        for end in ("from", "to")
    )
    if not low < high:
        raise ParameterError(
            f"{key}: expected from below to, found from {low:g} to {high:g}; exchange the two"
        )
    steps = [round(float(x), 12) for x in np.linspace(low, high, n)]
    if key == "year":
        if any(step != int(step) for step in steps):
            raise ParameterError(
                f"year: {n} even steps from {low:g} to {high:g} are no whole years; list them"
            )
        steps = [int(step) for step in steps]
    return steps


def _refuse_twice(key: str, values: list) -> None:
    for position, one in enumerate(values):
        if one in values[:position] if len(values) <= 100 else False:
            raise ParameterError(
                f"{key}: {policy_form.found(one)} is there twice; name each value once"
            )
    if len(values) > 100 and len({json.dumps(one) for one in values}) < len(values):
        raise ParameterError(f"{key}: a value is there twice; name each value once")


def _checked(key: str, value: object, own_names: bool, notebooks: bool) -> object:
    """A value in its type; rho None is the estimate."""
    if key == "rho" and value in ("estimated", "estimate"):
        return None
    if key == "city" and value == ALL:
        return value
    if key == "rho" and not notebooks and value is not None:
        rho = policy_form.number(key, value, 0, 1, "write a number below 1")
        return float(check_rho(rho, 1)[0])
    return check(key, value, own_names)
