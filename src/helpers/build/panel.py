"""From survey records to the panel: groups, shares, wages, exposures (paper, 4.1).

One pass over the records adds up weights and wages by year, metropolitan area, occupation group
and sector; it is an Ibis expression, so that DuckDB or a Spark cluster can run it. Sums are of
whole numbers (hundredths of a weight), so they are the same on every backend and in any order.
Where records write their decimals out, a second pass adds up as many digits as they write.
What is left is small, and every step that drops something says what and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import __version__, instrument
from helpers.build.cells import (
    ENTRANTS,
    PERSONS,
    POOLED,
    WAGELESS,
    ZERO_CELLS,
    Ledger,
    exposures_of,
    keep_cities,
    tabulate,
)
from helpers.build.records import WEIGHTS, Plan, scan_sums, tidy
from helpers.build.remarks import about_productivity, notes_of
from helpers.build.samples import check_population, choose_samples, plan_of
from helpers.errors import ParameterError, SampleError, WrongCollectionError
from helpers.files import sha256
from helpers.panel import OCCUPATIONS, Panel
from helpers.sources import ipums
from helpers.sources import tfp as productivity
from helpers.sources.groups import occupation_table, sector_table
from helpers.sources.ipums import raw

if TYPE_CHECKING:
    import ibis
"""INCWAGE: missing, and not applicable."""
"""GQ: institutions, and other group quarters."""
"""Years from which the survey codes occupations by another list."""
"""Years from which the public-use areas, that metropolitan areas are made of, are others."""
"""Of :func:`attrition`."""


def _check_tables(occupations: pd.DataFrame, sectors: pd.DataFrame) -> None:
    """Refuse tables of groups that a reader gave and that cannot be used."""
    for name, table, wanted in (
        ("occupations", occupations, {"first", "last", "occupation"}),
        ("sectors", sectors, {"prefix", "sector"}),
    ):
        if not isinstance(table, pd.DataFrame):
            raise ParameterError(
                f"{name}: expected a table such as helpers.sources.groups gives, found "
                f"{type(table).__name__}"
            )
        if not wanted <= set(table):
            raise ParameterError(
                f"{name}: expected the columns {', '.join(sorted(wanted))}, found "
                f"{', '.join(map(str, table.columns))}"
            )
    unknown = set(occupations["occupation"]) - set(OCCUPATIONS)
    if unknown:
        raise ParameterError(f"occupations: {sorted(unknown)[0]!r} is not one of the eight groups")
    ranges = occupations.sort_values("first")
    overlap = ranges["first"].to_numpy()[1:] <= ranges["last"].to_numpy()[:-1]
    if overlap.any():
        code = ranges["first"].to_numpy()[1:][overlap][0]
        raise ParameterError(f"occupations: code {code} is in two ranges")


def build_panel(
    data: Path | str,
    codebook: Path | str | None = None,
    tfp: Path | str | pd.DataFrame | None = None,
    *,
    weight: str = "HHWT",
    base_year: int = 2010,
    backend: str | ibis.BaseBackend = "duckdb",
    zero_cells: str = "drop",
    entrants: str = "drop",
    persons: str = "all",
    wageless: str = "keep",
    samples: int | str | Sequence[int | str] | None = None,
    tfp_basis: str | None = None,
    occupations: pd.DataFrame | None = None,
    sectors: pd.DataFrame | None = None,
    progress: bool | None = None,
) -> Panel:
    """Build the paper's panel from an IPUMS USA extract (paper, 4.1).

    Parameters
    ----------
    data : path
        The extract: ``.dat.gz``, ``.csv.gz`` or parquet (see :func:`helpers.sources.ipums.scan`).
    codebook : path, optional
        Its DDI codebook; by default the ``.xml`` beside the data.
    tfp : path or DataFrame, optional
        Productivity by sector (:mod:`helpers.sources.tfp`), or a table ``sector, year,
        log_tfp``. Without it the panel has no instrument.
    weight : {"HHWT", "PERWT"}
        Household weight, the paper's, or person weight.
    base_year : int
        Year of the exposures.
    backend : {"duckdb", "pyspark"} or Ibis connection
    zero_cells : {"drop", "pool"}
        A city without anyone in some occupation has no log share: it is dropped for that year,
        or all such cities are pooled into one, in every year.
    entrants : {"drop", "keep"}
        Cities without a base-year cell are dropped, or kept in the shares without an
        instrument, as in the author's published files.
    persons : {"all", "heads"}
        Every record counts, as in the paper's files, or the first person of each household
        alone (``PERNUM`` is 1). ``HHWT`` is a household's weight that each of its members
        carries: over all records it counts people, over heads it counts households.
    wageless : {"keep", "drop"}
        A city with a cell in which nobody has a wage stays in the shares, with the wage of the
        cell and of the city missing, or is dropped for that year, as one without the cell is.
    samples : int, str or sequence, optional
        Values of ``SAMPLE``, or their labels, to keep. Two samples of one year are refused
        unless they are named, since adding them up counts a population twice.
    tfp_basis : str, optional
        Which basis of measurement of productivity to read, where the workbook has several.
    occupations, sectors : DataFrame, optional
        In place of :func:`occupation_table` and :func:`sector_table`.
    progress : bool, optional
        Show a bar; by default where standard error is a terminal.

    Returns
    -------
    Panel
        With ``households``, exposures, shifts where ``tfp`` is given, and in ``provenance`` the
        hashes of the inputs, options, versions, rows of productivity that were averaged, the
        attrition ledger (:func:`attrition`) and what to know of it (:func:`notes`).

    Raises
    ------
    CodebookError, WrongCollectionError, MissingVariableError
        If the codebook is not that of an IPUMS USA extract with the variables needed.
    RecordError, TruncatedFileError
        For the first record that cannot be read, by line and variable.
    SampleError
        If fewer than two cities, no record or no base year is left, if nobody lives in a
        household or has an industry, or if a year has two samples.
    TfpError
        If productivity lacks a sector or a year.

    Examples
    --------
    >>> import tempfile
    >>> from helpers.sources.synthetic import write_extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=30_000)
    ...     panel = build_panel(data, codebook, zero_cells="pool")
    >>> len(panel.occupations), len(panel.years)
    (8, 10)
    """
    data, base_year = Path(data), _base_year(base_year)
    options = {
        "weight": weight,
        "base_year": base_year,
        "zero_cells": zero_cells,
        "entrants": entrants,
        "persons": persons,
        "wageless": wageless,
    }
    _check_options(options)
    sector_of = sector_table() if sectors is None else sectors
    group_of = occupation_table() if occupations is None else occupations
    _check_tables(group_of, sector_of)
    book = _codebook(data, codebook)
    plan = plan_of(data, book, weight, base_year, group_of, persons == "heads", samples)
    sums, plan, engine = scan_sums(plan, backend, progress)
    sums, used = choose_samples(plan, sums)
    check_population(plan, sums)
    table = tidy(sums, plan, sector_of)
    kept, ledger = _cities(table, plan, options)
    cells, cities = tabulate(kept)
    shifts, tfp_from = _shifts(tfp, tfp_basis, sorted(int(year) for year in kept["year"].unique()))
    exposures = exposures_of(data, kept, base_year, _with_tfp(shifts, sector_of), ledger)
    shifts, cells = _with_instrument(shifts, exposures, cells)
    names = _city_names(book, kept["city"].unique())
    for frame in (cells, cities, exposures):
        frame["city"] = frame["city"].map(names)
    given = {"occupations": occupations, "sectors": sectors}
    options["own tables"] = [name for name, own in given.items() if own is not None]
    hashes = {path.name: sha256(path) for path in (data, book.path)}
    return Panel(
        cells=cells,
        cities=cities,
        exposures=exposures,
        shifts=shifts,
        source="ipums",
        provenance={
            "sha256": hashes | tfp_from.pop("sha256", {}),
            "options": options,
            "samples": used,
            "versions": _versions(engine),
            "records": int(table["n"].sum()),
            "records without a wage": int(kept["n_no_wage"].sum()),
            "digits after the point": {"weight": plan.weight_places, "wage": plan.wage_places},
            **({"productivity": tfp_from} if tfp_from else {}),
            "attrition": ledger.rows,
            "notes": [*notes_of(plan, table, kept, cells), *about_productivity(tfp_from)],
        },
    )


def _base_year(value: object) -> int:
    """A year as a whole number, or what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise ParameterError(f"base_year: expected a year such as 2010, found {value!r}")
    return int(value)


def _check_options(options: dict) -> None:
    """Refuse a word that an option does not know."""
    for name, known in (
        ("weight", WEIGHTS),
        ("zero_cells", ZERO_CELLS),
        ("entrants", ENTRANTS),
        ("persons", PERSONS),
        ("wageless", WAGELESS),
    ):
        if options[name] not in known:
            raise ParameterError(
                f"{name}: expected one of {', '.join(known)}, found {options[name]!r}"
            )


def _codebook(data: Path, codebook: Path | str | None) -> ipums.Codebook:
    """The codebook of an extract of IPUMS USA that is there and holds something."""
    book = ipums.read_codebook(codebook or _beside(data))
    if book.collection != "usa":
        raise WrongCollectionError(
            f"{book.path}: an extract of IPUMS {book.collection.upper()}, expected IPUMS USA; "
            "order one of the American Community Survey there"
        )
    raw.check_file(data)
    if not data.stat().st_size:
        raise SampleError(f"{data}: the file is empty; fetch the extract again")
    return book


def _cities(table: pd.DataFrame, plan: Plan, options: dict) -> tuple[pd.DataFrame, Ledger]:
    """Sums of the cities that stay, with the ledger of those that do not; refused below two."""
    data, base_year = plan.data, options["base_year"]
    years = sorted(int(year) for year in table["year"].unique())
    if base_year not in years:
        raise SampleError(
            f"{data}: no record of the base year {base_year}, found {', '.join(map(str, years))}; "
            "choose one of these as the base year"
        )
    ledger = Ledger()
    ledger.add("all records", "", table, table)
    kept = keep_cities(
        table,
        base_year,
        options["zero_cells"],
        options["entrants"],
        plan.heads,
        ledger,
        options["wageless"] == "drop",
    )
    if kept["city"].nunique() < 2 or base_year not in set(kept["year"]):
        raise SampleError(
            f"{data}: {kept['city'].nunique()} cities have all eight occupations in {base_year}, "
            "at least 2 are needed; order larger samples or more areas, or pool the cities that "
            "lack an occupation (zero_cells='pool')"
        )
    return kept, ledger


def _with_instrument(
    shifts: pd.DataFrame | None, exposures: pd.DataFrame, cells: pd.DataFrame
) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """Shifts of the sectors that somebody works in, and cells with what they predict."""
    if shifts is None:
        return None, cells.assign(instrument=np.nan)
    shifts = shifts[shifts["sector"].isin(exposures["sector"])]
    predicted = instrument.shift_share(exposures, shifts)
    return shifts, cells.merge(predicted, on=["year", "city", "occupation"], how="left")


def _versions(engine: str) -> dict[str, str]:
    """What the panel was built with."""
    libraries = {name: version(name) for name in ("ibis-framework", "ipumspy")}
    return {"correlated-migration": __version__, "engine": engine, **libraries}


def _beside(data: Path) -> Path:
    """Codebook that IPUMS puts beside its data: the same name, .xml."""
    name = data.name
    for ending in (".gz", ".dat", ".csv", ".parquet"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    upper = data.with_name(name + ".XML")
    return upper if upper.is_file() else data.with_name(name + ".xml")


def _with_tfp(shifts: pd.DataFrame | None, sectors: pd.DataFrame) -> list[str]:
    """Sectors that can carry a shift, in the order of the table."""
    listed = list(dict.fromkeys(sectors["sector"]))
    if shifts is not None:
        return [name for name in listed if name in set(shifts["sector"])]
    return list(dict.fromkeys(sectors.loc[sectors.get("tfp", "x") != "", "sector"]))


def _shifts(
    tfp: Path | str | pd.DataFrame | None, basis: str | None, years: list[int]
) -> tuple[pd.DataFrame | None, dict]:
    """Sector shifts for the years of the panel, and where they came from."""
    if tfp is None:
        return None, {}
    if isinstance(tfp, pd.DataFrame):
        lacking = sorted({"sector", "year", "log_tfp"} - set(tfp))
        if lacking:
            raise ParameterError(
                f"tfp: no column {', '.join(lacking)}; expected sector, year, log_tfp"
            )
        return tfp[tfp["year"].isin(years)].reset_index(drop=True), {}
    read = productivity.load(tfp, years, basis)
    return read.shifts, {"sha256": {Path(tfp).name: sha256(Path(tfp))}, **read.about()}


def _city_names(book: ipums.Codebook, codes: np.ndarray) -> dict[int, str]:
    """Names of metropolitan areas from the codebook's labels, or the code where it has none."""
    labels = {int(code): label for code, label in book.variables["MET2013"].labels.items()}
    names = {int(code): labels.get(int(code), f"MET2013 {int(code):05d}") for code in codes}
    if -1 in names:
        names[-1] = POOLED
    return names
