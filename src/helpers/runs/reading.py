"""Scenario and sweep files, read strictly and refused by line and key."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from helpers.counterfactuals.policy_form import found
from helpers.errors import CompanionError, ParameterError, UnknownNameError, nearest
from helpers.files import ROOT, SCENARIOS
from helpers.names import SOURCES
from helpers.runs import strict_yaml
from helpers.runs.scenario import NUMBERS, RANGE, Scenario, check

ALL = "all"


def is_range(value: object) -> bool:
    """Whether a value is a grid: ``{from: a, to: b, number: n}``, or meant to be one."""
    return isinstance(value, dict) and bool(value) and set(value) <= RANGE


def is_sweep(values: dict) -> bool:
    """Whether a file's keys and values are a sweep: a list where a scenario has one value."""
    for key, value in values.items():
        if key == "notebooks" or (key == "city" and value == ALL):
            return True
        if isinstance(value, list):
            if key != "years" or any(isinstance(one, list) or one is None for one in value):
                return True
        elif key in (*NUMBERS, "year") and is_range(value):
            return True
    return False


def read_content(path: Path, more: tuple[str, ...] = ()) -> strict_yaml.Content:
    """Keys and values of a scenario or sweep file: every key known, none left empty.

    Parameters
    ----------
    path : Path
    more : tuple of str
        Keys beside those of a scenario.

    Raises
    ------
    DataError
        As :func:`helpers.runs.strict_yaml.read`.
    UnknownNameError
        For an unknown key, with its line and the nearest.
    ParameterError
        For a key without a value.
    """
    content = strict_yaml.read(path)
    known = (*(entry.name for entry in fields(Scenario)), *more)
    for key in content.values:
        where = f"{path.name}, line {content.lines[key]}"
        if key not in known:
            hint = ", ".join(nearest(key, known)) or ", ".join(known)
            raise UnknownNameError(f"{where}: the key {key!r} is not known; nearest: {hint}")
        if key in content.empty:
            word = {"rho": "estimated", "years": "null"}.get(key, "a value")
            raise ParameterError(
                f"{where}: {key}: nothing stands behind the colon; write {word}, "
                "or take the line out"
            )
    return content


def at_line(path: Path, content: strict_yaml.Content, key: str, problem: CompanionError):
    """The same problem, with file and line in front."""
    return type(problem)(f"{path.name}, line {content.lines.get(key, 1)}: {problem}")


def read(path: Path | str) -> Scenario:
    """Read a scenario; keys left out keep the paper's values, but for the title.

    A file without a title is called what its name says.

    Parameters
    ----------
    path : path

    Returns
    -------
    Scenario

    Raises
    ------
    DataError
        If the file is missing, no YAML in UTF-8, or no keys and values.
    UnknownNameError
        For an unknown key or name, with its line and the nearest.
    ParameterError
        For a value of another type or outside its domain, with its line.
    """
    path = Path(path)
    content = read_content(path, ("notebooks",))
    if is_sweep(content.values):
        key = next(key for key, value in content.values.items() if is_sweep({key: value}))
        raise ParameterError(
            f"{path.name}, line {content.lines[key]}: {key}: expected one value, found "
            f"{found(content.values[key])}; make sweep SWEEP={path} runs every combination of "
            "lists"
        )
    values = {"title": path.stem, **content.values}
    if values.get("rho") in ("estimated", "estimate"):
        values["rho"] = None
    own = values.get("source", "auto") not in SOURCES
    for key in content.values:
        try:
            check(key, values[key], own_names=own)
        except CompanionError as problem:
            raise at_line(path, content, key, problem) from None
    try:
        return Scenario(**with_seconds(values))
    except CompanionError as problem:
        key = str(problem).partition(":")[0]
        raise at_line(path, content, key, problem) from None


def with_seconds(values: dict) -> dict:
    """Values in which no second city or occupation is the first one by default.

    A file that names the paper's second as its first and no second gets the paper's first.

    Examples
    --------
    >>> with_seconds({"occupation": "trades"})
    {'occupation': 'trades', 'second_occupation': 'management'}
    """
    filled = dict(values)
    for one in ("city", "occupation"):
        first, second = getattr(Scenario, one), getattr(Scenario, f"second_{one}")
        if values.get(one) == second and f"second_{one}" not in values:
            filled[f"second_{one}"] = first
    return filled


def run_name(path: Path) -> str:
    """What a file's results are called: its name, as a folder and an address can have it.

    Raises
    ------
    ParameterError
        If nothing is left of the name, or a second file beside it would be called the same.

    Examples
    --------
    >>> run_name(Path("my town.yml"))
    'my-town'
    """
    name = re.sub(r"[^\w-]+", "-", path.stem).strip("-")
    if not name:
        raise ParameterError(f"{path}: the name becomes an address; use letters and digits")
    others = [p for p in path.parent.glob("*.y*ml") if p.name != path.name]
    twin = [p.name for p in others if re.sub(r"[^\w-]+", "-", p.stem).strip("-") == name]
    if twin and name != path.stem:
        raise ParameterError(
            f"{path}: its results would be called {name!r}, as those of {twin[0]}; rename one"
        )
    return name


def files(folder: Path = SCENARIOS) -> tuple[list[Path], list[Path], dict[Path, str]]:
    """Scenario files of a folder: scenarios without the paper's own, sweeps, unreadable ones.

    Returns
    -------
    scenarios, sweeps : list of Path
    refused : {Path: str}
        What is wrong with each file that cannot be used.
    """
    scenarios, sweeps, refused = [], [], {}
    for path in sorted(folder.glob("*.yml")):
        try:
            values = strict_yaml.read(path).values
            if is_sweep(values):
                sweeps.append(path)
            elif path.stem != "paper":
                read(path)
                scenarios.append(path)
        except CompanionError as problem:
            refused[path] = str(problem)
    return scenarios, sweeps, refused


def location(source: str) -> str:
    """Where :func:`helpers.sources.load` finds a source that :func:`kept_source` named."""
    return source if source in SOURCES else str(ROOT / source)


TABLES = ("cells", "cities", "exposures", "shifts", "coordinates")
