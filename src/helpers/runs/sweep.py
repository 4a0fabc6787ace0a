"""Sweeps: a scenario with lists, run for every combination of their values.

A numerical sweep asks for city shares after a shock and runs in one process, vectorised. A
notebook sweep executes notebooks for each combination and collects the numbers that they
record. Either leaves one tidy table; what an interruption leaves is used by the next run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from pyarrow import parquet

from helpers import counterfactuals, equilibrium
from helpers.counterfactuals.hats import SHOCKS
from helpers.files import replace, whole, write_whole
from helpers.model import Shares
from helpers.panel import Panel
from helpers.runs.grid import Sweep, points
from helpers.runs.scenario import Scenario

_ROWS_OF_A_BLOCK = 2_000_000
SMALL = 20_000_000
"""Bytes up to which a table is offered on its page."""
BLOCK = 1_000


def solve(table: pd.DataFrame, shares: Shares, wages: np.ndarray | None = None) -> np.ndarray:
    """City shares after each of the shocks of :func:`points`, (S, C).

    Prices answer as the column ``closure`` says, with the wages (C, K) of the year before; they
    are fixed where there is none.
    """
    if "closure" in table:
        return _equilibria(table, shares, wages)
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


def _equilibria(table: pd.DataFrame, shares: Shares, wages: np.ndarray | None) -> np.ndarray:
    """City shares where prices answer: scenarios with the same parameters are solved together."""
    new = np.empty((len(table), len(shares.cities)))
    city = _positions(table["city"], shares.cities)
    occupation = _positions(table["occupation"], shares.occupations)
    here = np.arange(len(table))
    for (name, rho, theta), rows in table.assign(row=here).groupby(
        ["closure", "rho", "theta"], sort=False
    ):
        at = rows["row"].to_numpy()
        hats = {
            "city": np.ones((len(at), len(shares.cities))),
            "occupation": np.ones((len(at), len(shares.occupations))),
            "city_occupation": np.ones((len(at), *shares.pi_ck.shape)),
        }
        each = np.arange(len(at))
        hats["city"][each, city[at]] = rows["city_hat"]
        hats["occupation"][each, occupation[at]] = rows["occupation_hat"]
        hats["city_occupation"][each, city[at], occupation[at]] = rows["cell_hat"]
        closure = equilibrium.read_closure(json.loads(name) if name.startswith("{") else name)
        found = equilibrium.solve_many(shares, rho, theta, closure, wages=wages, **hats)
        new[at] = found.pi_c
    return new


def prices(sweep: Sweep, panel: Panel) -> np.ndarray | None:
    """Wages that an equilibrium starts from, (C, K); none where the sweep names no closure."""
    if "closure" not in sweep.fixed and "closure" not in sweep.axes:
        return None
    return equilibrium.panel_wages(panel, sweep.fixed.get("year", Scenario.year))


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
    digest = hashlib.sha256()
    for room in ("counterfactuals", "equilibrium", "runs"):
        for module in sorted(Path(str(files(f"helpers.{room}"))).glob("*.py")):
            digest.update(module.read_bytes())
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
    wages = prices(sweep, panel)
    mark = fingerprint(
        table.to_csv(index=False),
        shares.pi_ck.tobytes(),
        shares.omega_k.tobytes(),
        b"" if wages is None else wages.tobytes(),
    )
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
                write_whole(tidy(some, shares, solve(some, shares, wages)), block)
        about.unlink(missing_ok=True)
        _join(blocks, results)
    if not about.is_file() or about.read_text() != said:
        replace(about, said.encode())
    _drop_parts(folder)
    return results


def _join(blocks: list[Path], results: Path) -> None:
    schema = parquet.read_schema(blocks[0])
    with whole(results) as beside, parquet.ParquetWriter(beside, schema) as writer:
        for block in blocks:
            table = parquet.read_table(block)
            # a block is one row group: a scenario is never split (summarise counts on it)
            writer.write_table(table, row_group_size=table.num_rows)


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
        keys = ["scenario", *SHOCKS, *(["closure"] if "closure" in frame else [])]
        here = frame["city"].astype(str) == frame["responding_city"].astype(str)
        by = frame[~here].groupby("scenario", observed=True)["change"]
        moved = (frame["share"] - frame["share_before"]).abs().groupby(frame["scenario"]).sum()
        part = frame[here].set_index("scenario")[[*keys[1:], "change"]]
        part = part.rename(columns={"change": "own"})
        part = part.assign(lowest=by.min(), median=by.median(), highest=by.max(), moved=500 * moved)
        rows.append(part.reset_index())
    table = pd.concat(rows, ignore_index=True)
    return table.astype({"city": str, "occupation": str})
