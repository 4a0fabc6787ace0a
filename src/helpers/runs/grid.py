"""What a sweep varies: lists of values, and every combination of them."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.counterfactuals.hats import SHOCKS
from helpers.errors import CompanionError, ParameterError
from helpers.estimation import estimate, rho_of
from helpers.panel import Panel
from helpers.runs import reading
from helpers.runs.reading import ALL
from helpers.runs.scenario import Scenario, in_panel

_HATS = ("city_hat", "occupation_hat", "cell_hat")
NUMBERS = ("rho", "theta", *_HATS)
EXPONENT = "wage_exponent"  # acts through rho, where that is the estimate
RANGES = (*NUMBERS, EXPONENT)  # what a file may give as an even grid
_USED = (*SHOCKS, EXPONENT, "closure", "source", "year", "years")  # by a numerical sweep
LISTS = ("years",)  # values that are lists themselves
# which shocks a parameter has to do with: without them it changes nothing
_NEEDS = {
    "rho": ("city_hat", "cell_hat"),
    "theta": ("city_hat",),
    "city": ("city_hat", "cell_hat"),
    "occupation": ("occupation_hat", "cell_hat"),
}
_LARGEST = 200_000_000  # rows of a table
_MOST_SCENARIOS = 2_000_000
_MOST_RUNS = 10_000  # of notebooks
_MOST_REHEARSED = 2_000


@dataclass(frozen=True)
class Sweep:
    """Parameters with one value, and axes with several.

    Attributes
    ----------
    title : str
    fixed : dict
        Scenario parameters with one value.
    axes : {name: list}
        Those with several, in the order of the file; the last one moves fastest.
    notebooks : tuple of str
        Notebooks to execute; empty for a numerical sweep.
    """

    title: str
    fixed: dict
    axes: dict[str, list]
    notebooks: tuple[str, ...] = ()
    path: Path = field(default=Path("sweep.yml"), compare=False)
    lines: dict = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """What results are called: the file's name, as an address can have it."""
        return reading.run_name(self.path)

    def count(self, panel: Panel) -> int:
        """Return the number of combinations, without forming any."""
        n_cities = len(panel.shares(self._years()[0]).cities)
        return math.prod(
            n_cities if values == [ALL] else len(values) for values in self.axes.values()
        )

    def _years(self) -> list[int]:
        return self.axes.get("year", [self.fixed.get("year", Scenario.year)])

    def check_panel(self, panel: Panel) -> None:
        """Refuse what the panel lacks, with the nearest names, and what is too large for it.

        Raises
        ------
        UnknownNameError
            For a year, city or occupation that the panel lacks.
        ParameterError
            If there are more combinations than fit, one of them cannot run, or nothing varies.
        """
        for year in self._years():
            in_panel("year", year, panel.years)
            shares = panel.shares(year)
            for name, known in (
                *((name, shares.cities) for name in ("city", "second_city", "policy_city")),
                *((name, shares.occupations) for name in ("occupation", "second_occupation")),
            ):
                for value in self.axes.get(name, [self.fixed.get(name)]):
                    if value not in (None, ALL):
                        in_panel(name, value, known)
        check_size(self, panel)
        refuse_idle(self, _without_shock(self))
        if self.notebooks:
            self._rehearse(panel)
        elif None in all_values(self, "rho", None if {EXPONENT} & {*self.axes, *self.fixed} else 0):
            _estimated(self, panel)

    def _rehearse(self, panel: Panel) -> None:
        """Try what the chapters build on with every combination, or with the outermost."""
        combinations = settings(self, panel)
        if len(combinations) > _MOST_REHEARSED:
            ends = {name: [values[0], values[-1]] for name, values in self.axes.items()}
            combinations = settings(Sweep(self.title, self.fixed, ends), panel)
        estimates: dict = {}
        for values in combinations:
            try:
                Scenario(**values).check_panel(panel, estimates)
            except CompanionError as problem:
                here = ", ".join(f"{name} = {values[name]}" for name in self.axes)
                raise type(problem)(f"{self.path.name}, with {here}: {problem}") from None


def check_size(sweep: Sweep, panel: Panel) -> None:
    """Refuse a sweep that would not fit, before any of it is formed.

    Raises
    ------
    ParameterError
        With what it would be, and what fits.
    """
    n = sweep.count(panel)
    if sweep.notebooks:
        runs = n * len(sweep.notebooks)
        if runs > _MOST_RUNS:
            raise ParameterError(
                f"{sweep.name}: {n:,} combinations of {len(sweep.notebooks)} notebooks are more "
                f"than {_MOST_RUNS:,} runs; split the sweep, or take shorter lists"
            )
        return
    n_cities = len(panel.shares(sweep._years()[0]).cities)
    if n * n_cities > _LARGEST or n > _MOST_SCENARIOS:
        limit = f"{_LARGEST:,} rows" if n * n_cities > _LARGEST else f"{_MOST_SCENARIOS:,}"
        raise ParameterError(
            f"{sweep.name}: {n:,} combinations by {n_cities} cities is more than {limit}; "
            "split the sweep, or take shorter lists"
        )


def refuse_idle(sweep: Sweep, problems: Iterator[tuple[str, str]]) -> None:
    """Refuse the first parameter that has no effect on anything that is run."""
    for key, problem in problems:
        where = f"{sweep.path.name}, line {sweep.lines.get(key, 1)}"
        raise ParameterError(f"{where}: {key}: {problem}")


def not_taken(sweep: Sweep, notebooks: Collection[str]) -> Iterator[tuple[str, str]]:
    """Parameters that nothing which is run takes, and why."""
    if not sweep.notebooks:
        for key in sweep.axes:
            if key not in (*SHOCKS, EXPONENT, "closure"):
                yield (
                    key,
                    f"a numerical sweep goes over {', '.join(SHOCKS)}, {EXPONENT}, closure; "
                    "name the notebooks to sweep over anything else",
                )
        for key in sweep.fixed:
            if key not in _USED:
                yield (
                    key,
                    f"has no effect in a numerical sweep, which uses {', '.join(_USED)}; "
                    "take the line out",
                )
        return
    if not isinstance(notebooks, Mapping):
        return
    taken = list(dict.fromkeys(p for name in sweep.notebooks for p in notebooks[name]))
    for key in (*sweep.axes, *sweep.fixed):
        if key not in ("source", *taken):
            yield (
                key,
                f"{', '.join(sweep.notebooks)} takes no such parameter, only "
                f"{', '.join(taken)}; take the line out, or name another notebook",
            )
    for name in sweep.notebooks:
        if not set(sweep.axes) & set(notebooks[name]):
            yield (
                "notebooks",
                f"{name} takes none of {', '.join(sweep.axes)}: every run of it would be the "
                "same; take it out",
            )


def _without_shock(sweep: Sweep) -> Iterator[tuple[str, str]]:
    """Parameters that change no share, since no shock that they belong to is given."""
    if sweep.notebooks:
        return
    shocked = {name for name in _HATS if any(hat != 1 for hat in all_values(sweep, name))}
    if not shocked:
        given = ", ".join(_HATS)
        yield next(iter(sweep.axes)), f"nothing is shocked; give one of {given} other than 1"
        return
    if EXPONENT in {*sweep.axes, *sweep.fixed} and None not in all_values(sweep, "rho", None):
        yield EXPONENT, "has no effect where rho is given; take one of the two out"
    for key, needed in {**_NEEDS, EXPONENT: _NEEDS["rho"]}.items():
        values = sweep.axes.get(key, ())
        if (len(values) > 1 or values == [ALL]) and not shocked & set(needed):
            yield key, f"has no effect on any share without {' or '.join(needed)} other than 1"


def all_values(sweep: Sweep, name: str, default: object = 1.0) -> list:
    return sweep.axes.get(name, [sweep.fixed.get(name, default)])


def _estimated(sweep: Sweep, panel: Panel) -> dict[float, float]:
    """Return rho as the panel gives it for each wage exponent, refused outside [0, 1)."""
    beta = estimate(panel, years=sweep.fixed.get("years")).beta
    found = {}
    for exponent in all_values(sweep, EXPONENT, Scenario.wage_exponent):
        found[exponent] = rho = rho_of(beta, exponent)
        if not 0 <= rho < 1:
            raise ParameterError(
                f"rho: this sample's estimate is {rho:.4g} with a wage exponent of {exponent:g}, "
                "outside [0, 1); choose other years or another wage_exponent, or give numbers"
            )
    return found


def points(sweep: Sweep, panel: Panel, most: int | None = None) -> pd.DataFrame:
    """Every combination, one row each, with all parameters of a shock.

    Parameters
    ----------
    sweep : Sweep
        A numerical one.
    panel : Panel
    most : int, optional
        Form so many only, spread evenly.

    Returns
    -------
    DataFrame
        ``scenario`` (0, 1, ...) and the columns of :data:`SHOCKS`, rho as a number; and
        ``closure``, as a word or as JSON, where the sweep names one.

    Raises
    ------
    ParameterError
        If there are more than fit into a table, or nothing is shocked.
    """
    check_size(sweep, panel)
    refuse_idle(sweep, _without_shock(sweep))
    shares = panel.shares(sweep.fixed.get("year", Scenario.year))
    base = {"rho": None, "theta": Scenario.theta, **dict.fromkeys(_HATS, 1.0)}
    for name, known in (("city", shares.cities), ("occupation", shares.occupations)):
        value = getattr(Scenario, name)
        if name not in sweep.fixed and name not in sweep.axes and value not in known:
            if any(hat != 1 for needed in _NEEDS[name] for hat in all_values(sweep, needed)):
                in_panel(name, value, known)
            value = known[0]
        base[name] = value
    base |= {key: value for key, value in sweep.fixed.items() if key in SHOCKS}
    axes = {
        key: list(shares.cities) if values == [ALL] else values
        for key, values in sweep.axes.items()
    }
    n = math.prod(len(values) for values in axes.values())
    rows = np.arange(n)
    if most is not None and most < n:
        rows = np.linspace(0, n - 1, most).astype(int)
    columns, fast = {}, n
    for name, values in axes.items():
        fast //= len(values)
        kind = float if name in NUMBERS and None not in values else object
        several = np.empty(len(values), dtype=kind)
        several[:] = values
        columns[name] = several[rows // fast % len(values)]
    table = pd.DataFrame({name: columns.get(name, base[name]) for name in SHOCKS}, index=rows)
    if table["rho"].isna().any():
        of_exponent = _estimated(sweep, panel)
        only = next(iter(of_exponent))
        estimates = pd.Series(columns.get(EXPONENT, only), index=rows).map(of_exponent)
        table["rho"] = table["rho"].astype(object).where(table["rho"].notna(), estimates)
    table[list(NUMBERS)] = table[list(NUMBERS)].astype(float)
    if "closure" in sweep.fixed or "closure" in axes:
        column = columns.get("closure", [sweep.fixed.get("closure")] * len(rows))
        table["closure"] = [one if isinstance(one, str) else json.dumps(one) for one in column]
    table.insert(0, "scenario", rows)
    return table


def settings(sweep: Sweep, panel: Panel) -> list[dict]:
    """Parameters of every run of a notebook sweep, in order."""
    cities = list(panel.shares(sweep._years()[0]).cities)
    axes = [cities if values == [ALL] else values for values in sweep.axes.values()]
    return [
        reading.with_seconds({**sweep.fixed, **dict(zip(sweep.axes, values, strict=True))})
        for values in product(*axes)
    ]
