"""The Panel contract: the tables that flow from every source to every estimate (paper, 4.1)."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError, PanelError, ParameterError, find_name
from helpers.model import Shares
from helpers.panel.contract import (
    ADDING_UP,
    CELLS,
    CITIES,
    EXPOSURES,
    OCCUPATIONS,
    SHIFTS,
    plain,
    refine,
    validate,
)
from helpers.panel.storage import (
    ABOUT,
    NEEDED,
    TABLES,
    cannot,
    check_target,
    discard,
    install,
    name_aside,
    recover,
)

"""The paper's eight occupation groups, in the order of every K axis."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Shares and wages of city-occupation cells over time.

    Parameters
    ----------
    cells : DataFrame
        One row per city, occupation and year: ``year``, ``city``, ``occupation``,
        ``log_share`` (ln pi_ck), ``log_wage`` (ln of mean wage income in dollars a year, may
        be missing), ``instrument`` (the shift-share prediction, may be missing) and, where
        the source counts, ``households`` (weighted).
    cities : DataFrame
        One row per city and year: ``year``, ``city``, ``log_city_share`` (ln pi_c),
        ``log_city_wage`` (may be missing) and, where the source counts, ``households``.
    exposures : DataFrame, optional
        ``city``, ``occupation``, ``sector``, ``exposure`` (gamma_ks kappa_cs).
    shifts : DataFrame, optional
        ``sector``, ``year``, ``log_tfp``.
    source : str
        Name of the source.
    provenance : mapping
        What the panel was made from: files and hashes, or a seed.

    Raises
    ------
    PanelError
        If a table breaks the contract: a missing or extra column, a duplicate row, an
        unknown occupation, a share above one, cells that do not form a full city by
        occupation rectangle in a year, or shares that do not sum to one.
    """

    cells: pd.DataFrame
    cities: pd.DataFrame
    exposures: pd.DataFrame | None = None
    shifts: pd.DataFrame | None = None
    source: str = "unnamed"
    provenance: Mapping = field(default_factory=dict)

    def __post_init__(self) -> None:
        order = {name: position for position, name in enumerate(OCCUPATIONS)}
        cells = validate(CELLS, self.cells)
        cells = cells.sort_values(
            ["year", "city", "occupation"],
            key=lambda column: column.map(order) if column.name == "occupation" else column,
            ignore_index=True,
        )
        cities = validate(CITIES, self.cities).sort_values(["year", "city"], ignore_index=True)
        coarse = [
            str(table[name].dtype) in ("float16", "float32")
            for table, name in ((self.cells, "log_share"), (self.cities, "log_city_share"))
        ]
        if any(coarse):
            cells, cities = refine(cells, cities)
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "cities", cities)
        for name, schema in (("exposures", EXPOSURES), ("shifts", SHIFTS)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, validate(schema, getattr(self, name)))
        self._check_rectangles()

    def _check_rectangles(self) -> None:
        """Every year: the same cities in both tables, all occupations, sums of one."""
        for year, rows in self.cells.groupby("year"):
            cities = set(rows["city"])
            n_occupations = rows["occupation"].nunique()
            if len(rows) != len(cities) * n_occupations:
                short = rows.groupby("city").size().idxmin()
                raise PanelError(
                    f"cells: {year} has {len(rows)} rows for {len(cities)} cities and "
                    f"{n_occupations} occupations; {short!r} lacks one: give every city all of "
                    "them, or drop it that year"
                )
            others = set(self.cities.loc[self.cities["year"] == year, "city"])
            if cities != others:
                odd = sorted(cities ^ others)[0]
                raise PanelError(
                    f"cities: {year} and {odd!r} is not in both tables; drop it or give both"
                )
            sums = np.exp(rows["log_share"]).groupby(rows["occupation"]).sum()
            worst = (sums - 1).abs().idxmax()
            if abs(sums[worst] - 1) > ADDING_UP:
                raise PanelError(
                    f"cells: shares of {worst} in {year} sum to {sums[worst]:.10g}, expected 1: "
                    "divide by their sum"
                )
        missing = set(self.cities["year"]) - set(self.cells["year"])
        if missing:
            raise PanelError(
                f"cells: no row for {min(missing)}, which cities has; drop the year or give both"
            )

    def describe(self) -> str:
        """Say in a few words where a panel comes from, for captions."""
        if self.source == "replication":
            about = self.provenance
            return f"the author's published files ({about['repository']} at {about['commit'][:7]})"
        if self.source == "synthetic":
            return f"the synthetic economy (seed {self.provenance['seed']})"
        return f"the panel {self.source!r}"

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Survey years, ascending."""
        return tuple(int(year) for year in sorted(self.cells["year"].unique()))

    @cached_property
    def occupations(self) -> tuple[str, ...]:
        """Occupations that occur, in the paper's order."""
        present = set(self.cells["occupation"])
        return tuple(name for name in OCCUPATIONS if name in present)

    def year(self, year: int) -> pd.DataFrame:
        """Cells of one year, sorted by city and occupation; an unknown year is refused."""
        find_name("year", _whole(year), self.years)
        return self.cells[self.cells["year"] == int(year)]

    def shares(self, year: int) -> Shares:
        """Labelled :class:`~helpers.model.Shares` of a year (paper, equation 7).

        Occupation shares solve pi_c = sum_k pi_ck omega_k, an overdetermined system that
        holds exactly when both tables come from the same counts. Where the panel has counts,
        omega_k comes from them and has to solve it.

        Raises
        ------
        PanelError
            If no omega_k solves the system to 1e-8, counts do not, one is not positive, or there
            are fewer cities than occupations and no counts.
        """
        rows = self.year(year)
        cities = tuple(rows["city"].unique())
        pi_ck = np.exp(rows["log_share"].to_numpy()).reshape(len(cities), -1)
        of_year = self.cities[self.cities["year"] == int(year)]
        pi_c = np.exp(of_year["log_city_share"].to_numpy())
        if "households" in rows:
            counts = rows["households"].to_numpy().reshape(pi_ck.shape).sum(axis=0)
            omega_k, who = counts / counts.sum(), "the counts do not"
        elif len(cities) < pi_ck.shape[1]:
            raise PanelError(
                f"{year}: {len(cities)} cities do not determine the shares of "
                f"{pi_ck.shape[1]} occupations; give households"
            )
        else:
            omega_k, who = np.linalg.lstsq(pi_ck, pi_c, rcond=None)[0], "no occupation shares"
        gap = np.abs(pi_ck @ omega_k - pi_c).max()
        if gap > ADDING_UP or not (omega_k > 0).all() or abs(omega_k.sum() - 1) > ADDING_UP:
            raise PanelError(
                f"{year}: {who} solve pi_c = sum_k pi_ck omega_k "
                f"(largest gap {gap:.2g}, smallest share {omega_k.min():.2g})"
            )
        return Shares(pi_ck, omega_k / omega_k.sum(), cities, self.occupations)

    def save(self, folder: Path | str) -> Path:
        """Write the tables as a folder of parquet files, all or nothing.

        The provenance is in ``about.json`` and, under ``companion``, in each file's metadata.
        A saved panel that is there is exchanged for the new one in one step: a process killed
        at any moment leaves the old or the new, whole.

        Parameters
        ----------
        folder : path
            Not there, empty, or a saved panel.

        Raises
        ------
        DataError
            If the folder holds anything that this method did not write, or cannot be written;
            what is there stays as it is.
        """
        folder = check_target(folder)
        about = {"source": self.source, "provenance": dict(self.provenance)}
        text = json.dumps(about, indent=1, default=_jsonable)
        draft = folder.with_name(f".{folder.name}.{os.getpid()}-{secrets.token_hex(4)}")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            recover(folder)
            draft.mkdir()
            for name in TABLES:
                table = getattr(self, name)
                if table is not None:
                    columns = arrow.Table.from_pandas(table, preserve_index=False)
                    inside = {**(columns.schema.metadata or {}), "companion": text}
                    columns = columns.replace_schema_metadata(inside)
                    parquet.write_table(columns, draft / f"{name}.parquet")
            (draft / ABOUT).write_text(text)
            install(draft, folder)
        except OSError as problem:
            raise DataError(cannot(folder, "written", problem)) from None
        finally:
            discard(draft)  # a draft that failed, or the old panel after an exchange
        return folder

    @staticmethod
    def is_there(folder: Path | str) -> bool:
        """Whether a folder is there to be read, or waits aside after a save that was killed."""
        folder = Path(folder).expanduser()
        return folder.is_dir() or (not folder.exists() and name_aside(folder).is_dir())

    @classmethod
    def read(cls, folder: Path | str) -> Panel:
        """Read what :meth:`save` wrote.

        Raises
        ------
        DataError
            If the folder lacks a table or holds one that cannot be read.
        PanelError
            If a table breaks the contract.
        """
        folder = Path(folder).expanduser()
        if not folder.exists() and cls.is_there(folder):
            folder = name_aside(folder)
        for name in NEEDED:
            if not (folder / name).is_file():
                raise DataError(
                    f"{folder}: expected a built panel, found no {name}; name the folder that "
                    "Panel.save or helpers.build wrote"
                )
        try:
            tables = {
                name: pd.read_parquet(folder / f"{name}.parquet")
                for name in TABLES
                if (folder / f"{name}.parquet").is_file()
            }
            about = json.loads((folder / ABOUT).read_text())
            source, provenance = about["source"], about["provenance"]
        except (OSError, ValueError, KeyError, TypeError, arrow.ArrowException) as problem:
            raise DataError(
                f"{folder}: not a built panel that can be read ({type(problem).__name__}); "
                "save it again"
            ) from None
        return cls(**tables, source=source, provenance=provenance)


def _whole(year: object) -> int:
    """A year as a whole number; a half of one is refused and not cut."""
    try:
        if isinstance(year, (bool, str, bytes)) or float(year) != int(year):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(
            f"year: expected a whole number such as 2019, found {plain(year)}"
        ) from None
    return int(year)


def _jsonable(value: object) -> object:
    """Numpy's numbers and arrays, paths and sets as JSON holds them."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)
