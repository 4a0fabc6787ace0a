"""Sweeps: a scenario with lists, run for every combination of their values.

A numerical sweep asks for city shares after a shock and runs in one process, vectorised. A
notebook sweep executes notebooks for each combination and collects the numbers that they
record. Either leaves one tidy table; what an interruption leaves is used by the next run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from matplotlib.ticker import FormatStrFormatter
from pyarrow import parquet

from helpers import counterfactuals
from helpers.errors import DataError, ParameterError, UnknownNameError, nearest
from helpers.estimation import estimate
from helpers.figures import Exhibit, canvas
from helpers.model import Shares
from helpers.panel import Panel
from helpers.scenario import Scenario, read_mapping

ALL = "all"
SHOCKS = ("rho", "theta", "city", "city_hat", "occupation", "occupation_hat", "cell_hat")
_HATS = ("city_hat", "occupation_hat", "cell_hat")
_LISTS = ("years",)  # values that are lists themselves
_LARGEST = 200_000_000
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

    @property
    def name(self) -> str:
        """Name of the file: what results are called."""
        return self.path.stem

    def check_panel(self, panel: Panel) -> None:
        """Refuse years and cities that the panel lacks, with the nearest names."""
        years = self.axes.get("year", [self.fixed.get("year", Scenario.year)])
        for year in years:
            shares = panel.shares(year)
            for name in ("city", "second_city", "policy_city"):
                for city in self.axes.get(name, [self.fixed.get(name)]):
                    if city not in (None, ALL):
                        Scenario(year=year, **{name: city}).check_panel(panel)
            if not self.notebooks and shares.cities is None:
                raise DataError("sweep: the panel's shares have no names")


def read(path: Path | str, notebooks: tuple[str, ...] = ()) -> Sweep:
    """Read a sweep file: a scenario in which values may be lists.

    A list holds the values of an axis; ``{from: a, to: b, number: n}`` is an even grid, ``all``
    as city every city. Hats that the file does not name are one, so that nothing is shocked
    that is not asked for. ``notebooks`` lists the notebooks to execute, if any.

    Parameters
    ----------
    path : path
    notebooks : tuple of str
        Names of the notebooks that there are.

    Raises
    ------
    DataError, UnknownNameError, ParameterError
        As :func:`helpers.scenario.read`, and where no value is a list.
    """
    path = Path(path)
    content = read_mapping(path)
    known = (*(entry.name for entry in fields(Scenario)), "notebooks")
    for key in content:
        if key not in known:
            hint = ", ".join(nearest(key, known)) or ", ".join(known)
            raise UnknownNameError(f"{path.name}, key: {key!r} is not known; nearest: {hint}")
    wanted = content.pop("notebooks", None) or []
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in wanted:
        if notebooks and name not in notebooks:
            hint = ", ".join(nearest(name, notebooks)) or ", ".join(notebooks)
            raise UnknownNameError(f"notebooks: {name!r} is not known; nearest: {hint}")
    title = content.pop("title", path.stem)
    fixed: dict = {}
    axes: dict[str, list] = {}
    for key, value in content.items():
        values = _values(path, key, value)
        if values is None:
            fixed[key] = _checked(key, value)
        else:
            axes[key] = [_checked(key, one) for one in values]
    if not any(len(values) > 1 or values == [ALL] for values in axes.values()):
        raise ParameterError(
            f"{path.name}: no list of at least two values; for one setting use make rerun"
        )
    if not wanted:
        odd = [key for key in axes if key not in SHOCKS]
        if odd:
            raise ParameterError(
                f"{path.name}: a numerical sweep goes over {', '.join(SHOCKS)}, found {odd[0]}; "
                "name the notebooks to sweep over anything else"
            )
    return Sweep(title, fixed, axes, tuple(wanted), path)


def _values(path: Path, key: str, value: object) -> list | None:
    """Values of an axis, None for a single value."""
    if isinstance(value, dict) and set(value) == {"from", "to", "number"}:
        number = value["number"]
        if isinstance(number, bool) or not isinstance(number, int) or number < 2:
            raise ParameterError(f"{path.name}, {key}: expected at least 2 steps, found {number!r}")
        return [round(float(x), 12) for x in np.linspace(value["from"], value["to"], number)]
    if value == ALL and key == "city":
        return [ALL]
    if not isinstance(value, list):
        return None
    if key in _LISTS and not any(isinstance(one, list) for one in value):
        return None
    if not value:
        raise ParameterError(f"{path.name}, {key}: expected values, found an empty list")
    if len({json.dumps(one) for one in value}) < len(value):
        raise ParameterError(f"{path.name}, {key}: a value is there twice: {value}")
    return value


def _checked(key: str, value: object) -> object:
    """A value that a scenario accepts; rho None is the estimate."""
    if key == "rho" and value in ("estimated", "estimate"):
        value = None
    if not (key == "city" and value == ALL):
        Scenario(**{key: value})
    return value


def points(sweep: Sweep, panel: Panel) -> pd.DataFrame:
    """Every combination, one row each, with all parameters of a shock.

    Parameters
    ----------
    sweep : Sweep
        A numerical one.
    panel : Panel

    Returns
    -------
    DataFrame
        ``scenario`` (0, 1, ...) and the columns of :data:`SHOCKS`, rho as a number.
    """
    ones = {**{name: getattr(Scenario, name) for name in ("theta", "city", "occupation")}}
    base = {"rho": None, **ones, **dict.fromkeys(_HATS, 1.0)}
    base |= {key: value for key, value in sweep.fixed.items() if key in SHOCKS}
    shares = panel.shares(sweep.fixed.get("year", Scenario.year))
    axes = {
        key: list(shares.cities) if values == [ALL] else values
        for key, values in sweep.axes.items()
    }
    grid = pd.DataFrame(product(*axes.values()), columns=list(axes))
    table = pd.DataFrame({name: grid.get(name, base[name]) for name in SHOCKS}, index=grid.index)
    if table["rho"].isna().any():
        estimated = estimate(panel, years=sweep.fixed.get("years")).rho
        table["rho"] = table["rho"].astype(object).where(table["rho"].notna(), estimated)
    numbers = ["rho", "theta", *_HATS]
    table[numbers] = table[numbers].astype(float)
    table.insert(0, "scenario", np.arange(len(table)))
    if len(table) * len(shares.cities) > _LARGEST:
        raise ParameterError(
            f"{sweep.name}: {len(table):,} combinations by {len(shares.cities)} cities is more "
            f"than {_LARGEST:,} rows; split the sweep"
        )
    return table


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
    parts = folder / f"parts-{mark}"
    parts.mkdir(parents=True, exist_ok=True)
    blocks = []
    for start in progress(range(0, len(table), BLOCK)):
        block = parts / f"{start:09d}.parquet"
        blocks.append(block)
        if not block.is_file():
            some = table.iloc[start : start + BLOCK]
            write_whole(tidy(some, shares, solve(some, shares)), block)
    results = folder / "results.parquet"
    about = folder / "about.json"
    if not (results.is_file() and about.is_file() and mark in about.read_text()):
        about.unlink(missing_ok=True)
        _join(blocks, results)
        replace(about, json.dumps({"title": sweep.title, "fingerprint": mark}).encode())
    _drop_other_parts(folder, parts)
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


def _drop_other_parts(folder: Path, parts: Path) -> None:
    """Remove parts of other settings, and what an interruption left beside files."""
    for other in folder.glob("parts-*"):
        for file in other.iterdir():
            if other != parts or file.suffix == ".new":
                file.unlink(missing_ok=True)
        if other != parts:
            other.rmdir()
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


def settings(sweep: Sweep) -> list[dict]:
    """Parameters of every run of a notebook sweep, in order."""
    combinations = product(*sweep.axes.values())
    return [
        {**sweep.fixed, **dict(zip(sweep.axes, values, strict=True))} for values in combinations
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
