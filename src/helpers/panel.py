"""The Panel contract: the tables that flow from every source to every estimate (paper, 4.1)."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pyarrow import parquet

from helpers.errors import DataError, PanelError, find_name
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


def _validate(schema: pa.DataFrameSchema, table: pd.DataFrame) -> pd.DataFrame:
    """Return the validated table, or raise :class:`PanelError` with the first failure."""
    if not isinstance(table, pd.DataFrame):
        raise PanelError(f"{schema.name}: expected a data frame, found {type(table).__name__}")
    if table.empty:
        raise PanelError(f"{schema.name}: the table is empty")
    try:
        return schema.validate(table.reset_index(drop=True))
    except (pa.errors.SchemaError, pa.errors.SchemaErrors) as problem:
        first = getattr(problem, "schema_errors", [problem])[0]
        raise PanelError(f"{schema.name}: {first}") from None


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
                    f"{n_occupations} occupations; {short!r} lacks one"
                )
            others = set(self.cities.loc[self.cities["year"] == year, "city"])
            if cities != others:
                odd = sorted(cities ^ others)[0]
                raise PanelError(f"cities: {year} and {odd!r} is not in both tables")
            sums = np.exp(rows["log_share"]).groupby(rows["occupation"]).sum()
            worst = (sums - 1).abs().idxmax()
            if abs(sums[worst] - 1) > _ADDING_UP:
                raise PanelError(
                    f"cells: shares of {worst} in {year} sum to {sums[worst]:.6f}, expected 1"
                )
        missing = set(self.cities["year"]) - set(self.cells["year"])
        if missing:
            raise PanelError(f"cells: no row for {min(missing)}, which cities has")

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
        find_name("year", int(year), self.years)
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
        """
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        about = {"source": self.source, "provenance": dict(self.provenance)}
        text = json.dumps(about, indent=1, sort_keys=True)
        try:
            for name in ("cells", "cities", "exposures", "shifts"):
                table = getattr(self, name)
                if table is not None:
                    columns = arrow.Table.from_pandas(table, preserve_index=False)
                    inside = {**(columns.schema.metadata or {}), "companion": text}
                    columns = columns.replace_schema_metadata(inside)
                    parquet.write_table(columns, beside / f"{name}.parquet")
            (beside / "about.json").write_text(text)
            if folder.exists():
                shutil.rmtree(folder)
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return folder

    @classmethod
    def read(cls, folder: Path | str) -> Panel:
        """Read what :meth:`save` wrote; a folder without the tables is refused."""
        folder = Path(folder)
        for name in ("about.json", "cells.parquet", "cities.parquet"):
            if not (folder / name).is_file():
                raise DataError(f"{folder}: expected a built panel, found no {name}")
        tables = {
            name: pd.read_parquet(folder / f"{name}.parquet")
            for name in ("cells", "cities", "exposures", "shifts")
            if (folder / f"{name}.parquet").is_file()
        }
        about = json.loads((folder / "about.json").read_text())
        return cls(**tables, source=about["source"], provenance=about["provenance"])
