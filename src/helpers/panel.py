"""The Panel contract: the tables that flow from every source to every estimate (paper, 4.1)."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError, PanelError, ParameterError, find_name
from helpers.model import Shares

OCCUPATIONS = (
    "management",
    "professional",
    "sales",
    "trades",
    "primary",
    "cleaners",
    "security",
    "service",
)
"""The paper's eight occupation groups, in the order of every K axis."""

_ADDING_UP = 1e-8
_COARSE = 1e-5  # what single precision may miss

_year = pa.Column(int, pa.Check.in_range(1850, 2100), coerce=True)
_city = pa.Column(str, pa.Check.str_length(min_value=1), coerce=True)
_log_share = pa.Column(float, [pa.Check.le(1e-9), pa.Check(np.isfinite, name="finite")])
_log_wage = pa.Column(float, pa.Check(np.isfinite, name="finite"), nullable=True)
_households = pa.Column(float, pa.Check.ge(0), required=False, coerce=True)

CELLS = pa.DataFrameSchema(
    {
        "year": _year,
        "city": _city,
        "occupation": pa.Column(str, pa.Check.isin(OCCUPATIONS), coerce=True),
        "log_share": _log_share,
        "log_wage": _log_wage,
        "instrument": pa.Column(float, pa.Check(np.isfinite, name="finite"), nullable=True),
        "households": _households,
    },
    unique=["year", "city", "occupation"],
    strict=True,
    name="cells",
)
CITIES = pa.DataFrameSchema(
    {
        "year": _year,
        "city": _city,
        "log_city_share": _log_share,
        "log_city_wage": _log_wage,
        "households": _households,
    },
    unique=["year", "city"],
    strict=True,
    name="cities",
)
EXPOSURES = pa.DataFrameSchema(
    {
        "city": _city,
        "occupation": pa.Column(str, pa.Check.isin(OCCUPATIONS), coerce=True),
        "sector": pa.Column(str, coerce=True),
        "exposure": pa.Column(float, [pa.Check.ge(0), pa.Check(np.isfinite, name="finite")]),
    },
    unique=["city", "occupation", "sector"],
    strict=True,
    name="exposures",
)
SHIFTS = pa.DataFrameSchema(
    {
        "sector": pa.Column(str, coerce=True),
        "year": _year,
        "log_tfp": pa.Column(float, pa.Check(np.isfinite, name="finite")),
    },
    unique=["sector", "year"],
    strict=True,
    name="shifts",
)


_NUMBERS = {
    "log_share": "a finite number, at most 0 (the log of a share)",
    "log_city_share": "a finite number, at most 0 (the log of a share)",
    "log_wage": "a finite number, or missing",
    "log_city_wage": "a finite number, or missing",
    "instrument": "a finite number, or missing",
    "households": "a finite number of at least 0",
    "exposure": "a finite number of at least 0",
    "log_tfp": "a finite number",
}
_NULLABLE = ("log_wage", "log_city_wage", "instrument")


def _plain(value: object) -> str:
    """A value as a message prints it: 2013 and not np.int64(2013)."""
    value = value.item() if isinstance(value, np.generic) else value
    return repr(value) if isinstance(value, str) else str(value)


def _row(table: pd.DataFrame, position: int) -> str:
    """Where a bad value stands: row, and the names that the row carries."""
    row = table.iloc[position]
    names = [
        f"{key} {_plain(row[key])}"
        for key in ("city", "occupation", "sector", "year")
        if key in table and not pd.isna(row[key])
    ]
    return f"row {position} ({', '.join(names)})" if names else f"row {position}"


def _numbers(name: str, table: pd.DataFrame, column: str) -> pd.Series:
    """A column as double precision; the first value that will not do is named with its row."""
    given = table[column]
    values = pd.to_numeric(given, errors="coerce").astype(float)
    bad = ~np.isfinite(values) & ~(given.isna() & (column in _NULLABLE))
    if column in ("log_share", "log_city_share"):
        bad |= values > 1e-9
    elif column in ("households", "exposure"):
        bad |= values < 0
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise PanelError(
            f"{name}, {_row(table, at)}: {column} is {_plain(given.iloc[at])}, expected "
            f"{_NUMBERS[column]}; mend or drop the row"
        )
    return values


def _years(name: str, table: pd.DataFrame) -> pd.Series:
    """The column of years as whole numbers; 2019.5 is refused and not cut."""
    values = pd.to_numeric(table["year"], errors="coerce")
    bad = ~(values.between(1850, 2100) & (values % 1 == 0)).fillna(False).astype(bool)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise PanelError(
            f"{name}, {_row(table.drop(columns='year'), at)}: year is "
            f"{_plain(table['year'].iloc[at])}, expected a whole year from 1850 to 2100"
        )
    return values.astype(int)


def _validate(schema: pa.DataFrameSchema, table: pd.DataFrame) -> pd.DataFrame:
    """Return the validated table, or raise :class:`PanelError` with the first failure."""
    if not isinstance(table, pd.DataFrame):
        raise PanelError(
            f"{schema.name}: expected a data frame, found {type(table).__name__}; build one "
            f"with the columns {', '.join(schema.columns)}"
        )
    if table.empty:
        raise PanelError(f"{schema.name}: the table is empty; expected a row for each entry")
    table = table.reset_index(drop=True)
    lacking = [c for c, spec in schema.columns.items() if spec.required and c not in table]
    extra = [str(c) for c in table.columns if c not in schema.columns]
    if lacking or extra or table.columns.has_duplicates:
        what = [f"no column {', '.join(lacking)}"] if lacking else []
        what += [f"unknown column {', '.join(extra)}"] if extra else []
        raise PanelError(
            f"{schema.name}: {' and '.join(what) or 'a column twice'}; expected "
            f"{', '.join(schema.columns)}: rename or drop"
        )
    known = {}
    for column in table:
        if column == "year":
            known[column] = _years(schema.name, table)
        elif column in _NUMBERS:
            known[column] = _numbers(schema.name, table, column)
        elif table[column].isna().any():
            at = int(np.flatnonzero(table[column].isna())[0])
            raise PanelError(
                f"{schema.name}, {_row(table, at)}: {column} is missing, expected a name; "
                "mend or drop the row"
            )
    table = table.assign(**known)
    try:
        return schema.validate(table)
    except (pa.errors.SchemaError, pa.errors.SchemaErrors) as problem:
        first = getattr(problem, "schema_errors", [problem])[0]
        raise PanelError(_explain(schema, table, first)) from None


def _explain(schema: pa.DataFrameSchema, table: pd.DataFrame, problem: Exception) -> str:
    """What a failed check found, with its row."""
    twice = table.duplicated(schema.unique)
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        keys = ", ".join(schema.unique)
        return f"{schema.name}, {_row(table, at)}: a duplicate; expected one row for each {keys}"
    if "occupation" in table and not table["occupation"].isin(OCCUPATIONS).all():
        at = int(np.flatnonzero(~table["occupation"].isin(OCCUPATIONS))[0])
        return (
            f"{schema.name}, {_row(table, at)}: occupation is "
            f"{_plain(table['occupation'].iloc[at])}, expected one of {', '.join(OCCUPATIONS)}"
        )
    return f"{schema.name}: {problem}"


def _refine(cells: pd.DataFrame, cities: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares that were given in single precision, made to add up in double precision.

    Single precision leaves sums that miss one by a ten-millionth; shares that miss it by more
    than a thousandth of a per cent are left for the check to refuse.
    """

    def settled(table: pd.DataFrame, column: str, by: list[str]) -> pd.Series:
        sums = np.exp(table[column]).groupby([table[key] for key in by]).transform("sum")
        return table[column] - np.log(sums.where((sums - 1).abs() < _COARSE, 1.0))

    cells = cells.assign(log_share=settled(cells, "log_share", ["year", "occupation"]))
    cities = cities.assign(log_city_share=settled(cities, "log_city_share", ["year"]))
    wide = np.exp(cells["log_share"]).groupby([cells["year"], cells["city"], cells["occupation"]])
    wide = wide.sum().unstack("occupation")
    for year, rows in cities.groupby("year"):
        if year not in wide.index or set(wide.loc[year].index) != set(rows["city"]):
            continue  # what does not match is named by the check
        pi_ck = wide.loc[year].loc[list(rows["city"])].to_numpy()
        pi_c = np.exp(rows["log_city_share"].to_numpy())
        if "households" in cells:
            counts = cells[cells["year"] == year].groupby("occupation")["households"].sum()
            omega_k = (counts / counts.sum()).reindex(wide.columns).to_numpy()
        else:
            omega_k = np.linalg.lstsq(pi_ck, pi_c, rcond=None)[0]
        fitted = pi_ck @ omega_k
        if np.isfinite(fitted).all() and np.abs(fitted - pi_c).max() < _COARSE:
            cities.loc[rows.index, "log_city_share"] = np.log(fitted / fitted.sum())
    return cells, cities


_TABLES = ("cells", "cities", "exposures", "shifts")
_ABOUT = "about.json"
_FILES = frozenset({_ABOUT, *(f"{name}.parquet" for name in _TABLES)})
_MARK = {"source": "", "provenance": {}}
_NEEDED = (_ABOUT, "cells.parquet", "cities.parquet")


def _is_saved(folder: Path, *, whole: bool = True) -> bool:
    """Whether a folder is what :meth:`Panel.save` wrote, or a part of it, and nothing else."""
    names = {entry.name for entry in folder.iterdir()}
    if not names <= _FILES or (whole and not set(_NEEDED) <= names):
        return False
    try:
        marked = all(
            b"companion" in (parquet.read_schema(folder / name).metadata or {})
            for name in names - {_ABOUT}
        )
        about = json.loads((folder / _ABOUT).read_text()) if _ABOUT in names else _MARK
    except (OSError, ValueError, arrow.ArrowException):
        return False
    return marked and isinstance(about, dict) and set(about) == set(_MARK)


def _aside(folder: Path) -> Path:
    """Where an old panel waits while a new one takes its place, where no exchange exists."""
    return folder.parent / f".{folder.name}.was"


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step of the operating system, where it has one.

    Linux has ``renameat2`` and macOS ``renamex_np``; both leave either state, none between.
    """
    libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        failed = libc.renameat2(here, first, here, second, exchange)
    elif sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(first, second, 2)  # RENAME_SWAP
    else:
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
        return False  # a kernel or a file system without it
    raise OSError(number, os.strerror(number), str(other))


def _discard(folder: Path) -> None:
    """Remove the files of a saved or half-written panel, by name, and the folder if bare."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _recover(folder: Path) -> None:
    """Put back, or clear, an old panel that a save killed without an exchange left aside."""
    aside = _aside(folder)
    if not aside.is_dir():
        return
    if folder.exists() and _is_saved(aside, whole=False):
        _discard(aside)
    elif not folder.exists() and _is_saved(aside):
        aside.rename(folder)


def _install(draft: Path, folder: Path) -> None:
    """Put a draft in the place of nothing, an empty folder or a saved panel."""
    if not folder.exists() or not any(folder.iterdir()):
        if os.name == "nt" and folder.exists():
            folder.rmdir()
        draft.rename(folder)
    elif not _exchange(draft, folder):
        aside = _aside(folder)
        folder.rename(aside)
        draft.rename(folder)
        _discard(aside)


def check_target(folder: Path | str) -> Path:
    """Where a panel may be saved: a folder that is not there, is empty or is a saved panel.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Path
        The folder, links followed.

    Raises
    ------
    DataError
        If it is a file, or holds anything that :meth:`Panel.save` did not write: nothing of a
        reader's is ever removed.
    """
    try:
        folder = Path(folder).expanduser().resolve()
        if folder.exists() and not folder.is_dir():
            raise DataError(
                f"{folder}: expected a folder for the panel, found a file; name another place"
            )
        if folder.is_dir() and any(folder.iterdir()) and not _is_saved(folder):
            foreign = sorted(e.name for e in folder.iterdir() if e.name not in _FILES)
            what = f"holds {foreign[0]}" if foreign else "is no whole panel"
            raise DataError(
                f"{folder}: {what}, and only an empty folder or a saved panel is written over; "
                "nothing was removed: name another folder, such as acs-panel"
            )
    except OSError as problem:
        raise DataError(_cannot(folder, "written", problem)) from None
    return folder


def _cannot(folder: Path | str, done: str, problem: OSError) -> str:
    why = problem.strerror or type(problem).__name__
    return f"{folder}: cannot be {done} ({why}); name a folder that you may use, with space left"


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
        cells = _validate(CELLS, self.cells)
        cells = cells.sort_values(
            ["year", "city", "occupation"],
            key=lambda column: column.map(order) if column.name == "occupation" else column,
            ignore_index=True,
        )
        cities = _validate(CITIES, self.cities).sort_values(["year", "city"], ignore_index=True)
        coarse = [
            str(table[name].dtype) in ("float16", "float32")
            for table, name in ((self.cells, "log_share"), (self.cities, "log_city_share"))
        ]
        if any(coarse):
            cells, cities = _refine(cells, cities)
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "cities", cities)
        for name, schema in (("exposures", EXPOSURES), ("shifts", SHIFTS)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _validate(schema, getattr(self, name)))
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
            if abs(sums[worst] - 1) > _ADDING_UP:
                raise PanelError(
                    f"cells: shares of {worst} in {year} sum to {sums[worst]:.10g}, expected 1: "
                    "divide by their sum"
                )
        missing = set(self.cities["year"]) - set(self.cells["year"])
        if missing:
            raise PanelError(
                f"cells: no row for {min(missing)}, which cities has; drop the year or give both"
            )

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
        if gap > _ADDING_UP or not (omega_k > 0).all() or abs(omega_k.sum() - 1) > _ADDING_UP:
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
            _recover(folder)
            draft.mkdir()
            for name in _TABLES:
                table = getattr(self, name)
                if table is not None:
                    columns = arrow.Table.from_pandas(table, preserve_index=False)
                    inside = {**(columns.schema.metadata or {}), "companion": text}
                    columns = columns.replace_schema_metadata(inside)
                    parquet.write_table(columns, draft / f"{name}.parquet")
            (draft / _ABOUT).write_text(text)
            _install(draft, folder)
        except OSError as problem:
            raise DataError(_cannot(folder, "written", problem)) from None
        finally:
            _discard(draft)  # a draft that failed, or the old panel after an exchange
        return folder

    @staticmethod
    def is_there(folder: Path | str) -> bool:
        """Whether a folder is there to be read, or waits aside after a save that was killed."""
        folder = Path(folder).expanduser()
        return folder.is_dir() or (not folder.exists() and _aside(folder).is_dir())

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
            folder = _aside(folder)
        for name in _NEEDED:
            if not (folder / name).is_file():
                raise DataError(
                    f"{folder}: expected a built panel, found no {name}; name the folder that "
                    "Panel.save or helpers.build wrote"
                )
        try:
            tables = {
                name: pd.read_parquet(folder / f"{name}.parquet")
                for name in _TABLES
                if (folder / f"{name}.parquet").is_file()
            }
            about = json.loads((folder / _ABOUT).read_text())
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
            f"year: expected a whole number such as 2019, found {_plain(year)}"
        ) from None
    return int(year)


def _jsonable(value: object) -> object:
    """Numpy's numbers and arrays, paths and sets as JSON holds them."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)
