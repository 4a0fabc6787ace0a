"""Sweeps: a scenario with lists, run for every combination of their values.

A numerical sweep asks for city shares after a shock and runs in one process, vectorised. A
notebook sweep executes notebooks for each combination and collects the numbers that they
record. Either leaves one tidy table; what an interruption leaves is used by the next run.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from matplotlib.ticker import FormatStrFormatter
from pyarrow import parquet

from helpers import counterfactuals, policy_form, scenario
from helpers.errors import (
    CompanionError,
    ParameterError,
    UnknownNameError,
    check_rho,
    nearest,
)
from helpers.estimation import estimate
from helpers.figures import Exhibit, canvas
from helpers.model import Shares
from helpers.names import SOURCES
from helpers.panel import Panel
from helpers.scenario import ALL, RANGE, Scenario

SHOCKS = ("rho", "theta", "city", "city_hat", "occupation", "occupation_hat", "cell_hat")
_HATS = ("city_hat", "occupation_hat", "cell_hat")
_NUMBERS = ("rho", "theta", *_HATS)
_USED = (*SHOCKS, "source", "year", "years")  # by a numerical sweep
_LISTS = ("years",)  # values that are lists themselves
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
_MOST_STEPS = 100_000
_MOST_REHEARSED = 2_000
_ROWS_OF_A_BLOCK = 2_000_000
_UNMEASURED = (10.0, 500_000)  # seconds and bytes of a run of which nothing is known
SMALL = 20_000_000
"""Bytes up to which a table is offered on its page."""
BLOCK = 1_000
_COLOURS = ("#0072b2", "#b35900", "#007a5a", "#8e3a7d", "#666666", "#5a4fcf")


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
        return scenario.run_name(self.path)

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
            scenario.in_panel("year", year, panel.years)
            shares = panel.shares(year)
            for name, known in (
                *((name, shares.cities) for name in ("city", "second_city", "policy_city")),
                *((name, shares.occupations) for name in ("occupation", "second_occupation")),
            ):
                for value in self.axes.get(name, [self.fixed.get(name)]):
                    if value not in (None, ALL):
                        scenario.in_panel(name, value, known)
        check_size(self, panel)
        _refuse_idle(self, _without_shock(self))
        if self.notebooks:
            self._rehearse(panel)
        elif self.fixed.get("rho", 0) is None or None in self.axes.get("rho", ()):
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


def read(
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
        As :func:`helpers.scenario.read`; and where no value is a list, a range is none, or a
        parameter has no effect on anything that is run.
    """
    path = Path(path)
    content = scenario.read_content(path, ("notebooks",))
    values = dict(content.values)
    given = values.pop("notebooks", None)
    title = values.pop("title", path.stem)
    fixed: dict = {}
    axes: dict[str, list] = {}
    key = "notebooks"
    try:
        wanted = _notebooks(given, notebooks) if key in content.lines else ()
        key = "title"
        scenario.check(key, title)
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
        raise scenario.at_line(path, content, key, problem) from None
    if not any(len(several) > 1 or several == [ALL] for several in axes.values()):
        raise ParameterError(
            f"{path.name}: no list of at least two values; for one setting use "
            f"make rerun SCENARIO={path}"
        )
    sweep = Sweep(title, fixed, axes, wanted, path, content.lines)
    _refuse_idle(sweep, _not_taken(sweep, notebooks))
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
    if isinstance(value, dict) and key in (*_NUMBERS, "year"):
        return _steps(key, value)
    if value == ALL and key == "city":
        return [ALL]
    if not isinstance(value, list):
        return None
    if key in _LISTS and value and not any(isinstance(x, list) or x is None for x in value):
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
    return scenario.check(key, value, own_names)


def _refuse_idle(sweep: Sweep, problems: Iterator[tuple[str, str]]) -> None:
    """Refuse the first parameter that has no effect on anything that is run."""
    for key, problem in problems:
        where = f"{sweep.path.name}, line {sweep.lines.get(key, 1)}"
        raise ParameterError(f"{where}: {key}: {problem}")


def _not_taken(sweep: Sweep, notebooks: Collection[str]) -> Iterator[tuple[str, str]]:
    """Parameters that nothing which is run takes, and why."""
    if not sweep.notebooks:
        for key in sweep.axes:
            if key not in SHOCKS:
                yield (
                    key,
                    f"a numerical sweep goes over {', '.join(SHOCKS)}; "
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
    shocked = {name for name in _HATS if any(hat != 1 for hat in _all(sweep, name))}
    if not shocked:
        given = ", ".join(_HATS)
        yield next(iter(sweep.axes)), f"nothing is shocked; give one of {given} other than 1"
        return
    for key, needed in _NEEDS.items():
        values = sweep.axes.get(key, ())
        if (len(values) > 1 or values == [ALL]) and not shocked & set(needed):
            yield key, f"has no effect on any share without {' or '.join(needed)} other than 1"


def _all(sweep: Sweep, name: str) -> list:
    return sweep.axes.get(name, [sweep.fixed.get(name, 1.0)])


def _estimated(sweep: Sweep, panel: Panel) -> float:
    """Return rho as the panel gives it, refused where no share can be computed with it."""
    rho = float(estimate(panel, years=sweep.fixed.get("years")).rho)
    if not 0 <= rho < 1:
        raise ParameterError(
            f"rho: this sample's estimate is {rho:.4g}, outside [0, 1); "
            "choose other years, or give numbers"
        )
    return rho


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
        ``scenario`` (0, 1, ...) and the columns of :data:`SHOCKS`, rho as a number.

    Raises
    ------
    ParameterError
        If there are more than fit into a table, or nothing is shocked.
    """
    check_size(sweep, panel)
    _refuse_idle(sweep, _without_shock(sweep))
    shares = panel.shares(sweep.fixed.get("year", Scenario.year))
    base = {"rho": None, "theta": Scenario.theta, **dict.fromkeys(_HATS, 1.0)}
    for name, known in (("city", shares.cities), ("occupation", shares.occupations)):
        value = getattr(Scenario, name)
        if name not in sweep.fixed and name not in sweep.axes and value not in known:
            if any(hat != 1 for needed in _NEEDS[name] for hat in _all(sweep, needed)):
                scenario.in_panel(name, value, known)
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
        kind = float if name in _NUMBERS and None not in values else object
        columns[name] = np.array(values, dtype=kind)[rows // fast % len(values)]
    table = pd.DataFrame({name: columns.get(name, base[name]) for name in SHOCKS}, index=rows)
    if table["rho"].isna().any():
        table["rho"] = (
            table["rho"].astype(object).where(table["rho"].notna(), _estimated(sweep, panel))
        )
    table[list(_NUMBERS)] = table[list(_NUMBERS)].astype(float)
    table.insert(0, "scenario", rows)
    return table


@dataclass(frozen=True)
class Forecast:
    """What a sweep will take, said before it starts.

    Attributes
    ----------
    words : str
        What is run.
    seconds : float
    size : int
        Bytes that it leaves.
    needed : int
        Bytes that it takes on disk meanwhile.
    """

    words: str
    seconds: float
    size: int
    needed: int

    def __str__(self) -> str:
        left = self.size / 1e6
        size = f"{left / 1000:,.1f} GB" if left >= 1000 else f"{max(left, 0.1):,.1f} MB"
        return f"{self.words}: about {_duration(self.seconds)} and {size}"

    def check_disk(self, folder: Path) -> None:
        """Refuse a sweep for which the disk has no room."""
        place = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
        free = shutil.disk_usage(place).free
        if self.needed > free:
            raise ParameterError(
                f"{self.words}: about {self.needed / 1e9:,.2f} GB are needed and "
                f"{free / 1e9:,.2f} GB are free; make room, or split the sweep"
            )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, math.ceil(seconds))} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:,.1f} hours"


def forecast(sweep: Sweep, panel: Panel) -> Forecast:
    """How long a numerical sweep will take and how large its table will be, from a few of it.

    Parameters
    ----------
    sweep : Sweep
    panel : Panel
    """
    n = sweep.count(panel)
    some = points(sweep, panel, most=64)
    shares = panel.shares(sweep.fixed.get("year", Scenario.year))
    started = time.perf_counter()
    sink = arrow.BufferOutputStream()
    parquet.write_table(tidy(some, shares, solve(some, shares)), sink)
    # computed, written, read again and joined; the start of a file has what is there once
    seconds = 3 * (time.perf_counter() - started) * n / len(some)
    size = int(len(sink.getvalue()) * n / len(some))
    n_cities = len(shares.cities)
    words = f"{n:,} combinations by {n_cities:,} cities, {n * n_cities:,} rows"
    return Forecast(words, seconds, size, 2 * size)


def forecast_runs(sweep: Sweep, panel: Panel, executed: list[Path], workers: int) -> Forecast:
    """How long a notebook sweep will take and how much it leaves.

    Parameters
    ----------
    sweep : Sweep
    panel : Panel
    executed : list of Path
        One executed notebook for each of the sweep's, where there is one: its time and size.
    workers : int
        How many run at a time.
    """
    n = sweep.count(panel)
    seconds, size = 0.0, 0
    for path in executed:
        took, large = _UNMEASURED
        if path.is_file():
            large = path.stat().st_size
            about = json.loads(path.read_text("utf-8"))["metadata"].get("companion", {})
            took = about.get("seconds", took)
        seconds, size = seconds + n * (took + 2), size + n * large
    words = f"{n:,} combinations of {len(executed)} notebook{'s'[: len(executed) > 1]}"
    words += f", {n * len(executed):,} runs"
    return Forecast(words, seconds / workers, size, size)


def solve(table: pd.DataFrame, shares: Shares) -> np.ndarray:
    """City shares after each of the shocks of :func:`points`, (S, C)."""
    return counterfactuals.grid(
        shares,
        table["rho"].to_numpy(),
        table["theta"].to_numpy(),
        _positions(table["city"], shares.cities),
        table["city_hat"].to_numpy(),
        _positions(table["occupation"], shares.occupations),
        table["occupation_hat"].to_numpy(),
        table["cell_hat"].to_numpy(),
    )


def _positions(names: pd.Series, known: tuple[str, ...]) -> np.ndarray:
    return pd.Index(known).get_indexer(names)


def tidy(table: pd.DataFrame, shares: Shares, new: np.ndarray) -> arrow.Table:
    """Results as a tidy table: a row a scenario and city.

    Columns are the scenario's own, then ``responding_city``, ``share_before``, ``share`` and
    ``change``, the second over the first.
    """
    n, n_cities = new.shape

    def words(codes: np.ndarray, names: tuple[str, ...]) -> arrow.DictionaryArray:
        return arrow.DictionaryArray.from_arrays(arrow.array(codes, arrow.int32()), list(names))

    columns: dict[str, arrow.Array] = {}
    for name in table:
        if name in ("city", "occupation"):
            known = shares.cities if name == "city" else shares.occupations
            columns[name] = words(np.repeat(_positions(table[name], known), n_cities), known)
        else:
            columns[name] = arrow.array(np.repeat(table[name].to_numpy(), n_cities))
    before = np.tile(shares.pi_c, n)
    columns["responding_city"] = words(np.tile(np.arange(n_cities), n), shares.cities)
    columns["share_before"] = arrow.array(before)
    columns["share"] = arrow.array(new.ravel())
    columns["change"] = arrow.array(new.ravel() / before)
    return arrow.table(columns)


def fingerprint(*content: object) -> str:
    """What results depend on: the content given and the code that computes them."""
    code = [(files("helpers") / name).read_bytes() for name in ("counterfactuals.py", "sweep.py")]
    digest = hashlib.sha256(b"".join(code))
    for part in content:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
    return digest.hexdigest()[:16]


def run(
    sweep: Sweep, panel: Panel, folder: Path, progress: Callable[[Iterator], Iterator] = iter
) -> Path:
    """Run a numerical sweep, block by block, and write its table.

    A block that is there is not computed again; every file appears whole or not at all, so that
    a run killed at any moment is finished by the next one, with the same bytes.

    Parameters
    ----------
    sweep : Sweep
    panel : Panel
    folder : Path
        Where ``results.parquet`` is written.
    progress : callable
        Wraps the iteration over blocks, to show how far it is.

    Returns
    -------
    Path
        The table, as :func:`tidy`.
    """
    table = points(sweep, panel)
    shares = panel.shares(sweep.fixed.get("year", Scenario.year))
    mark = fingerprint(table.to_csv(index=False), shares.pi_ck.tobytes(), shares.omega_k.tobytes())
    results, about = folder / "results.parquet", folder / "about.json"
    said = json.dumps({"title": sweep.title, "fingerprint": mark})
    if not (results.is_file() and about.is_file() and mark in about.read_text()):
        parts = folder / f"parts-{mark}"
        _drop_parts(folder, but=parts)
        parts.mkdir(parents=True, exist_ok=True)
        some_rows = max(1, min(BLOCK, _ROWS_OF_A_BLOCK // len(shares.cities)))
        blocks = []
        for start in progress(range(0, len(table), some_rows)):
            block = parts / f"{start:09d}.parquet"
            blocks.append(block)
            if not block.is_file():
                some = table.iloc[start : start + some_rows]
                write_whole(tidy(some, shares, solve(some, shares)), block)
        about.unlink(missing_ok=True)
        _join(blocks, results)
    if not about.is_file() or about.read_text() != said:
        replace(about, said.encode())
    _drop_parts(folder)
    return results


def _join(blocks: list[Path], results: Path) -> None:
    beside = results.with_suffix(f".{os.getpid()}.new")
    try:
        with parquet.ParquetWriter(beside, parquet.read_schema(blocks[0])) as writer:
            for block in blocks:
                table = parquet.read_table(block)
                # a block is one row group: a scenario is never split (summarise counts on it)
                writer.write_table(table, row_group_size=table.num_rows)
        beside.replace(results)
    finally:
        beside.unlink(missing_ok=True)


def _drop_parts(folder: Path, but: Path | None = None) -> None:
    """Remove blocks, but for those to be joined, and what an interruption left beside files."""
    for parts in folder.glob("parts-*"):
        for file in parts.iterdir():
            if parts != but or file.suffix == ".new":
                file.unlink(missing_ok=True)
        if parts != but:
            parts.rmdir()
    for left in folder.glob("*.new"):
        left.unlink(missing_ok=True)


def write_whole(table: arrow.Table, path: Path) -> None:
    """Write a parquet file that appears only when all of it is there."""
    sink = arrow.BufferOutputStream()
    parquet.write_table(table, sink)
    replace(path, sink.getvalue())


def replace(path: Path, content) -> None:
    """Write bytes beside a file, and put them in its place."""
    beside = path.with_suffix(f".{os.getpid()}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(content)
    beside.replace(path)


def settings(sweep: Sweep, panel: Panel) -> list[dict]:
    """Parameters of every run of a notebook sweep, in order."""
    cities = list(panel.shares(sweep._years()[0]).cities)
    axes = [cities if values == [ALL] else values for values in sweep.axes.values()]
    return [
        scenario.with_seconds({**sweep.fixed, **dict(zip(sweep.axes, values, strict=True))})
        for values in product(*axes)
    ]


def records(notebook: dict) -> dict[str, float | str]:
    """Numbers and words that an executed notebook recorded (:func:`helpers.prose.record`)."""
    prefix = "application/papermill.record/"
    found: dict[str, float | str] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for mime, text in output.get("data", {}).items():
                if mime.startswith(prefix):
                    name = output["metadata"]["scrapbook"]["name"].removeprefix(prefix)
                    words = "".join(text).strip("'\"")
                    try:
                        found[name] = float(words)
                    except ValueError:
                        found[name] = words
    return found


def collect(runs: list[tuple[dict, str, dict]], results: Path) -> None:
    """One tidy table of what notebooks recorded.

    Parameters
    ----------
    runs : list of (parameters, notebook, records)
        In the order of the sweep.
    results : Path
        Parquet file with ``scenario``, the parameters (rho missing where it is the estimate),
        ``notebook``, ``name``, ``value`` (a
        number, or missing) and ``words`` (or missing).
    """
    rows = []
    order: dict[str, int] = {}
    for parameters, notebook, found in runs:
        scenario = order.setdefault(json.dumps(parameters, sort_keys=True), len(order))
        plain = {
            key: value
            if value is None or isinstance(value, (int, float, str))
            else json.dumps(value)
            for key, value in parameters.items()
        }
        for name in sorted(found):
            value = found[name]
            rows.append(
                {
                    "scenario": scenario,
                    **plain,
                    "notebook": notebook,
                    "name": name,
                    "value": value if isinstance(value, float) else None,
                    "words": value if isinstance(value, str) else None,
                }
            )
    write_whole(arrow.Table.from_pandas(pd.DataFrame(rows), preserve_index=False), results)


def summarise(results: Path) -> pd.DataFrame:
    """One row a scenario of a numerical sweep.

    Returns
    -------
    DataFrame
        The parameters; ``own``, the change of the shocked city's share (new over old);
        ``lowest``, ``median`` and ``highest`` change among the others; ``moved``, households
        per thousand that live elsewhere afterwards.
    """
    rows = []
    for group in range((file := parquet.ParquetFile(results)).num_row_groups):
        frame = file.read_row_group(group).to_pandas()
        keys = ["scenario", *SHOCKS]
        here = frame["city"].astype(str) == frame["responding_city"].astype(str)
        by = frame[~here].groupby("scenario", observed=True)["change"]
        moved = (frame["share"] - frame["share_before"]).abs().groupby(frame["scenario"]).sum()
        part = frame[here].set_index("scenario")[[*keys[1:], "change"]]
        part = part.rename(columns={"change": "own"})
        part = part.assign(lowest=by.min(), median=by.median(), highest=by.max(), moved=500 * moved)
        rows.append(part.reset_index())
    table = pd.concat(rows, ignore_index=True)
    return table.astype({"city": str, "occupation": str})


def moving(table: pd.DataFrame, columns: tuple[str, ...] = SHOCKS) -> list[str]:
    """Parameters that vary, those with most values first and numbers before words."""
    varying = [name for name in columns if name in table and len(set(table[name])) > 1]
    number = {name: pd.api.types.is_numeric_dtype(table[name]) for name in varying}
    return sorted(varying, key=lambda name: (not number[name], -table[name].nunique()))


def small_multiples(
    table: pd.DataFrame, y: str, ylabel: str, columns: tuple[str, ...] = SHOCKS, most: int = 6
) -> Exhibit:
    """A grid of small panels: one parameter along the axis, others by colour, column and row.

    Parameters
    ----------
    table : DataFrame
        One row a scenario.
    y : str
        Column to draw.
    ylabel : str
    columns : tuple of str
        Parameters.
    most : int
        Values of a parameter that are shown at most, spread evenly; parameters beyond four are
        held at their first value.
    """
    names = moving(table, columns)
    x, *others = names
    for name in others:
        values = list(dict.fromkeys(table[name]))
        kept = 1 if name in others[3:] else min(most if name == others[0] else 4, len(values))
        some = [values[i] for i in np.linspace(0, len(values) - 1, kept).round().astype(int)]
        table = table[table[name].isin(some)]
    hue, across, down = (*others[:3], None, None, None)[:3]
    panels_across = list(dict.fromkeys(table[across])) if across else [None]
    panels_down = list(dict.fromkeys(table[down])) if down else [None]
    lines = list(dict.fromkeys(table[hue])) if hue else [None]
    size = (1.2 + 2.1 * len(panels_across), 1.0 + 1.9 * len(panels_down))
    with canvas(max(size[0], 5), size[1]) as (figure, spare):
        figure.delaxes(spare)
        axes = figure.subplots(
            len(panels_down), len(panels_across), sharex=True, sharey=True, squeeze=False
        )
        for (i, low), (j, right) in product(enumerate(panels_down), enumerate(panels_across)):
            ax = axes[i, j]
            for line, colour in zip(lines, np.resize(_COLOURS, len(lines)), strict=True):
                part = table
                for name, value in ((down, low), (across, right), (hue, line)):
                    part = part[part[name] == value] if name else part
                part = part.sort_values(x)
                label = f"{hue} = {_short(line)}" if hue else None
                ax.plot(part[x], part[y], "-o", color=str(colour), markersize=2.5, label=label)
            heads = [f"{n} = {_short(v)}" for n, v in ((across, right), (down, low)) if n]
            if (table[y] > 0).all() and table[y].max() > 4 * table[y].min():
                ax.set_yscale("log", base=2)
                ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
            ax.set_title("\n".join(heads), fontsize="x-small", loc="left")
            ax.tick_params(labelsize="x-small")
        figure.supxlabel(x, fontsize="small")
        figure.supylabel(ylabel, fontsize="small")
        if hue:
            handles, labels = axes[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False,
                          fontsize="x-small")  # fmt: skip
    shown = table[[*names, y]].reset_index(drop=True)
    return Exhibit(f"small_multiples_{y}", figure, shown)


def _short(value: object) -> str:
    return value.split(",")[0].split("-")[0] if isinstance(value, str) else f"{value:g}"


RESULTS = (
    *("scenario", "own", "lowest", "median", "highest", "moved"),
    *("notebook", "name", "value", "words"),
)


def recorded(table: pd.DataFrame, most: int = 12) -> Iterator[tuple[str, pd.DataFrame]]:
    """Numbers of a notebook sweep that vary, the first ``most``, with their rows.

    Parameters
    ----------
    table : DataFrame
        As :func:`collect` wrote it.
    most : int
    """
    numbers = table.dropna(subset=["value"])
    given = 0
    for (notebook, name), part in numbers.groupby(["notebook", "name"], sort=False):
        if given < most and len(set(part["value"])) > 1:
            given += 1
            yield f"{notebook}: {name}", part
