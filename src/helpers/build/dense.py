"""The cells of a large table as arrays, and a panel's folder written from them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError
from helpers.panel.storage import ABOUT, cannot, discard, install, recover

_ROWS = 1_000_000  # of a row group


@dataclass(frozen=True)
class Cube:
    """The axes of a table: names in the order of the panel."""

    places: list[str]
    groups: list[str]
    years: list[int]
    numbers: tuple[str, ...]
    add_up: bool

    @property
    def cells(self) -> int:
        """Cells of a year."""
        return len(self.places) * len(self.groups)

    def slab(self) -> Slab:
        """An empty year."""
        return Slab(self)


class Slab:
    """One year: a number a cell, filled a block of rows at a time."""

    def __init__(self, cube: Cube) -> None:
        self.cube = cube
        self.seen = np.zeros(cube.cells, dtype=bool)
        self.size = np.zeros(cube.cells)  # households, or shares of all of them
        self.means = {
            name: np.full(cube.cells, np.nan)
            for name in ("wage", "instrument")
            if name in cube.numbers
        }
        self.known = {name: None for name in self.means}  # households with a value, if added up

    def add(
        self, place: np.ndarray, group: np.ndarray, values: dict[str, np.ndarray]
    ) -> tuple[str, str] | None:
        """Put rows into their cells; the name of a cell that is there twice and may not be."""
        at = place * len(self.cube.groups) + group
        size = values.get("households", values.get("share"))
        again = self.seen[at]
        self.seen[at] = True
        fresh = not again.any() and len(np.unique(at)) == len(at)
        if fresh:
            self.size[at] = size
            for name, mean in self.means.items():
                mean[at] = values[name]
                if self.known[name] is not None:
                    self.known[name][at] = np.where(np.isnan(values[name]), 0.0, size)
            return None
        if not self.cube.add_up or "households" not in values:
            doubled = at[again]
            if not len(doubled):
                found, counts = np.unique(at, return_counts=True)
                doubled = found[counts > 1]
            row, column = divmod(int(doubled[0]), len(self.cube.groups))
            return self.cube.places[row], self.cube.groups[column]
        for name, mean in self.means.items():
            if self.known[name] is None:
                self.known[name] = np.where(np.isnan(mean), 0.0, self.size)
            known = self.known[name]
            total = np.where(np.isnan(mean), 0.0, mean * known)
            there = ~np.isnan(values[name])
            np.add.at(total, at[there], (values[name] * size)[there])
            np.add.at(known, at[there], size[there])
            with np.errstate(divide="ignore", invalid="ignore"):
                mean[:] = np.where(known > 0, total / known, np.nan)
        np.add.at(self.size, at, size)
        return None


def _settled(cube: Cube, year: int, slab: Slab, said: list[str]) -> np.ndarray:
    """Positions of the places that have households; a group without any is refused."""
    n_groups = len(cube.groups)
    size_ck = slab.size.reshape(-1, n_groups)
    if "households" not in cube.numbers:
        total = size_ck.sum()
        if abs(total - 1) > 1e-6:
            raise DataError(
                f"shares: all of {year} sum to {total:.6g}, expected 1; give households, or make "
                "shares of each group a panel with Panel.from_table(..., cities=...)"
            )
    there_ck = slab.seen.reshape(-1, n_groups)
    listed, total_c = there_ck.any(axis=1), size_ck.sum(axis=1)
    empty = np.flatnonzero(listed & (total_c == 0))
    if len(empty):
        said.append(
            f"{year}: {len(empty)} places without households left out, "
            f"{cube.places[empty[0]]!r} the first of them"
        )
    kept = np.flatnonzero(total_c > 0)
    nobody = np.flatnonzero(column_sums(size_ck) == 0)
    if len(nobody):
        raise DataError(
            f"{year}: nobody is in the group {cube.groups[nobody[0]]!r}; leave it out of all "
            "years, or give its households"
        )
    gaps = ~there_ck[kept]
    if gaps.any():
        row, column = np.unravel_index(int(gaps.argmax()), gaps.shape)
        said.append(
            f"{year}: {int(gaps.sum()):,} of {gaps.size:,} cells have no row and count as zero, "
            f"{cube.places[kept[row]]} and {cube.groups[column]} the first of them"
        )
    return kept


def column_sums(size_ck: np.ndarray, block: int = 1024) -> np.ndarray:
    """Sums by group, in blocks, so that half a million places do not round a sum away."""
    starts = range(0, len(size_ck), block)
    return np.array([size_ck[at : at + block].sum(axis=0) for at in starts]).sum(axis=0)


def _schemas() -> tuple[arrow.Schema, arrow.Schema]:
    """What :meth:`Panel.save` writes tables with, from tables of one row."""
    cells = {"year": 2000, "city": "", "occupation": "", "log_share": 0.0, "log_wage": 0.0,
             "instrument": 0.0, "households": 0.0}  # fmt: skip
    cities = {"year": 2000, "city": "", "log_city_share": 0.0, "log_city_wage": 0.0,
              "households": 0.0}  # fmt: skip
    return tuple(
        arrow.Table.from_pandas(pd.DataFrame([row]), preserve_index=False).schema
        for row in (cells, cities)
    )


def write(
    folder: Path,
    cube: Cube,
    filled: Iterable[tuple[int, Slab]],
    name: str,
    named: dict[str, str],
    said: list[str],
) -> None:
    """Write a panel's folder year by year, all or nothing, as :meth:`Panel.save` does.

    Raises
    ------
    DataError
        If the folder cannot be written.
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}")
    settled = np.zeros(len(cube.places), dtype=bool)
    if "households" not in cube.numbers:
        said.append("shares are of all households of a year")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        recover(folder)
        draft.mkdir()
        with ExitStack() as open_files:
            files = [
                open_files.enter_context(
                    # what is said of a panel is known at the end, and stands in the footer
                    parquet.ParquetWriter(draft / f"{table}.parquet", schema, store_schema=False)
                )
                for table, schema in zip(("cells", "cities"), _schemas(), strict=True)
            ]
            for year, slab in filled:
                kept = _settled(cube, year, slab, said)
                settled[kept] = True
                _write_year(files[0], files[1], cube, year, slab, kept)
            sizes = (
                (int(settled.sum()), "places"),
                (len(cube.groups), "groups"),
                (len(cube.years), "years"),
            )
            said.insert(0, ", ".join(f"{n:,} {word}" for n, word in sizes))
            about = {"source": name, "provenance": {"columns": named, "understood": said}}
            text = json.dumps(about, indent=1)
            for file in files:
                inside = {"pandas": file.schema.metadata[b"pandas"].decode(), "companion": text}
                file.add_key_value_metadata(inside)
        (draft / ABOUT).write_text(text)
        install(draft, folder)
    except OSError as problem:
        raise DataError(cannot(folder, "written", problem)) from None
    finally:
        discard(draft)


def _write_year(
    cells: parquet.ParquetWriter,
    cities: parquet.ParquetWriter,
    cube: Cube,
    year: int,
    slab: Slab,
    kept: np.ndarray,
) -> None:
    """The rows of a year, a block of places at a time."""
    n_groups = len(cube.groups)
    size_ck = slab.size.reshape(-1, n_groups)
    means = {name: mean.reshape(-1, n_groups) for name, mean in slab.means.items()}
    total_k, total_c = column_sums(size_ck), size_ck.sum(axis=1)
    names = arrow.array(cube.places, arrow.large_string())
    groups = arrow.array(cube.groups, arrow.large_string())
    step = max(1, _ROWS // n_groups)
    for start in range(0, len(kept), step):
        block = kept[start : start + step]
        size = size_ck[block]
        with np.errstate(divide="ignore"):
            log_share = np.log(size / total_k)
        missing = np.full(size.shape, np.nan)
        wage = np.log(means["wage"][block]) if "wage" in means else missing
        predicted = means["instrument"][block] if "instrument" in means else missing
        _write(
            cells,
            [
                arrow.array(np.full(size.size, year)),
                names.take(arrow.array(np.repeat(block, n_groups))),
                groups.take(arrow.array(np.tile(np.arange(n_groups), len(block)))),
                *(
                    arrow.array(column.ravel(), from_pandas=True)
                    for column in (log_share, wage, predicted, size)
                ),
            ],
        )
        _write(
            cities,
            [
                arrow.array(np.full(len(block), year)),
                names.take(arrow.array(block)),
                arrow.array(np.log(total_c[block] / total_k.sum())),
                arrow.array(_city_wage(size, means, block), from_pandas=True),
                arrow.array(total_c[block]),
            ],
        )


def _city_wage(size: np.ndarray, means: dict[str, np.ndarray], block: np.ndarray) -> np.ndarray:
    """Log of a place's mean wage over its households whose wage is known."""
    if "wage" not in means:
        return np.full(len(block), np.nan)
    wage = means["wage"][block]
    known = ~np.isnan(wage)
    heads = np.where(known, size, 0.0).sum(axis=1)
    paid = np.where(known, wage * size, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = paid / heads
        return np.log(np.where(mean > 0, mean, np.nan))


def _write(file: parquet.ParquetWriter, columns: list[arrow.Array]) -> None:
    schema = file.schema
    cast = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
    file.write_table(arrow.table(cast, schema=schema))
