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
from helpers.panel import own
from helpers.panel.contract import (
    ADDING_UP,
    CELLS,
    CITIES,
    COORDINATES,
    EXPOSURES,
    OCCUPATIONS,
    PAPERS,
    SHIFTS,
    check_rectangles,
    is_own,
    plain,
    refine,
    validate,
)
from helpers.panel.storage import (
    ABOUT,
    TABLES,
    cannot,
    check_target,
    discard,
    install,
    jsonable,
    name_aside,
    read_saved,
    recover,
)


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
        Name of the source. The paper's have its eight occupations and no empty cell. In a
        reader's own (another name, or no occupation of the paper's) occupations have any names,
        in the order of ``cells``, and an empty cell has ``log_share`` minus infinity.
    coordinates : DataFrame, optional
        ``city``, ``latitude``, ``longitude`` in degrees, for maps.
    provenance : mapping
        What the panel was made from: files and hashes, or a seed.

    Raises
    ------
    PanelError
        If a table breaks the contract: a missing or extra column, a duplicate row, an
        unknown occupation, a share above one, cells that do not form a full city by
        occupation rectangle in a year, or shares that do not sum to one.

    Examples
    --------
    Shares of cities among all households of a year sum to one:

    >>> from helpers.sources import load
    >>> panel = load("synthetic")
    >>> len(panel.occupations), panel.years[-1]
    (8, 2019)
    >>> float(panel.shares(2019).pi_c.sum().round(9))
    1.0
    """

    cells: pd.DataFrame
    cities: pd.DataFrame
    exposures: pd.DataFrame | None = None
    shifts: pd.DataFrame | None = None
    source: str = "unnamed"
    provenance: Mapping = field(default_factory=dict)
    coordinates: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        own = is_own(self.source, self.cells)
        cells = validate(CELLS, self.cells, own)
        order = {name: position for position, name in enumerate(_in_order(cells))}
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
        for name, schema in (
            ("exposures", EXPOSURES), ("shifts", SHIFTS), ("coordinates", COORDINATES),
        ):  # fmt: skip
            if getattr(self, name) is not None:
                object.__setattr__(self, name, validate(schema, getattr(self, name), own))
        check_rectangles(cells, cities)

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
        """Occupations that occur, in the paper's order or, if they are others, the table's."""
        return _in_order(self.cells)

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

    @classmethod
    def from_table(
        cls,
        frame_or_path: pd.DataFrame | Path | str,
        columns: Mapping[str, str] | None = None,
        cities: pd.DataFrame | Path | str | None = None,
        exposures: pd.DataFrame | Path | str | None = None,
        shifts: pd.DataFrame | Path | str | None = None,
        coordinates: pd.DataFrame | Path | str | None = None,
        *,
        decimal: str | None = None,
        add_up: bool = False,
        encoding: str | None = None,
        name: str = "own",
    ) -> Panel:
        """A panel from a long table of places, groups and years of any country.

        Parameters
        ----------
        frame_or_path : DataFrame or path
            A row for each place, group and year: csv, tsv or txt with any delimiter, encoding
            and decimal sign, parquet, Stata's dta, or a data frame.
        columns : {meaning: column}, optional
            What the columns are called: ``place``, ``group``, ``households`` or ``share``, and,
            where there are any, ``wage`` (mean per year, in one currency), ``year``,
            ``instrument``. Columns with a usual name are found without.
        cities : DataFrame or path, optional
            A row for each place (and year): ``wage``, or ``share`` of all households where the
            table has shares of each group.
        exposures, shifts : DataFrame or path, optional
            ``place, group, sector, exposure`` and ``sector, year, shift``: the instrument is
            built from them (equation of section 3.1).
        coordinates : DataFrame or path, optional
            ``place, latitude, longitude`` in degrees, for maps.
        decimal : {".", ","}, optional
            Found in the numbers if left out.
        add_up : bool
            Whether rows of the same place, group and year are added up; they are refused
            otherwise.
        encoding : str, optional
            Of a text file that is neither Unicode nor Western European, such as ``cp1250``.
        name : str
            What the panel is called in the book.

        Returns
        -------
        Panel
            What was understood is in ``provenance["understood"]``. A cell without a row counts as
            zero households.

        Raises
        ------
        DataError
            For a file that cannot be read, a column that is not there, and a value that will not
            do, with its row (counted from 1, without the header).
        PanelError
            If shares do not add up.

        Examples
        --------
        >>> table = pd.DataFrame({"zone": ["A", "A", "B", "B"], "skill": ["low", "high"] * 2,
        ...                       "people": [30, 10, 20, 40]})
        >>> Panel.from_table(table).shares(2000).pi_c
        array([0.4, 0.6])
        """
        own.check_options(decimal)
        beside = (cities, exposures, shifts, coordinates)
        options = {"decimal": decimal, "add_up": add_up, "encoding": encoding}
        found, understood = own.tables(frame_or_path, columns, *beside, **options)
        about = {"columns": understood.columns, "understood": list(understood.notes)}
        if name in PAPERS:
            raise ParameterError(f"name: {name!r} is the name of a source; choose another")
        return cls(**found, source=name, provenance=about)

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
        text = json.dumps(about, indent=1, default=jsonable)
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
        tables, source, provenance = read_saved(folder)
        return cls(**tables, source=source, provenance=provenance)


def _in_order(cells: pd.DataFrame) -> tuple[str, ...]:
    """Occupations in the paper's order; where some are not the paper's, as they come."""
    found = tuple(cells["occupation"].unique())
    if set(found) <= set(OCCUPATIONS):
        return tuple(name for name in OCCUPATIONS if name in found)
    return found


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
