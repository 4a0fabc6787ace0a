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
from helpers.build.cells import exposures_of, tabulate
from helpers.build.extract import Made, settle
from helpers.build.options import AUTO
from helpers.build.remarks import about_productivity, notes_of
from helpers.errors import ParameterError
from helpers.files import sha256
from helpers.panel import OCCUPATIONS, Panel
from helpers.sources import tfp as productivity

if TYPE_CHECKING:
    import ibis


def build_panel(
    data: Path | str,
    codebook: Path | str | None = None,
    tfp: Path | str | pd.DataFrame | None = None,
    *,
    weight: str = "HHWT",
    base_year: int | str = AUTO,
    backend: str | ibis.BaseBackend = "duckdb",
    zero_cells: str = "drop",
    entrants: str = "drop",
    persons: str = "all",
    wageless: str = "keep",
    samples: int | str | Sequence[int | str] | None = None,
    tfp_basis: str | None = None,
    occupation: str = "OCC1990",
    occupations: pd.DataFrame | Path | str | None = None,
    place: str | Sequence[str] = "MET2013",
    crosswalk: pd.DataFrame | Path | str | None = None,
    industry: str | None = "INDNAICS",
    sectors: pd.DataFrame | None = None,
    progress: bool | None = None,
) -> Panel:
    """Build the paper's panel, or another of the same kind, from an IPUMS USA extract (4.1).

    Parameters
    ----------
    data : path
        The extract: ``.dat.gz``, ``.csv.gz``, ``.dta`` or parquet (see
        :func:`helpers.sources.ipums.scan`).
    codebook : path, optional
        Its DDI codebook; by default the ``.xml`` beside the data.
    tfp : path or DataFrame, optional
        Productivity by sector (:mod:`helpers.sources.tfp`), or a table ``sector, year,
        log_tfp``. Without it the panel has no instrument.
    weight : str
        ``HHWT``, the household weight of the paper, ``PERWT``, the person weight, or any other
        weight of the codebook, with the decimals that it implies.
    base_year : int, optional
        Year of the exposures: 2010, as in the paper, where the extract's samples have it, else
        their first.
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
    occupation : str
        The occupation variable: ``OCC1990``, or, with a table of groups, ``OCC2010``, ``OCCSOC``
        or any other.
    occupations : DataFrame or path, optional
        Which codes make up each group (:func:`helpers.sources.groups.read_groups`), in place of
        the paper's eight. Codes that are not in it are left out and counted.
    place : str or sequence of str
        The variable that names a place, or several, widest first: ``("STATEFIP", "PUMA")``, whose
        digits are read one behind the other.
    crosswalk : DataFrame or path, optional
        Zones in place of places: ``from, to, share``
        (:func:`helpers.sources.groups.read_crosswalk`). A record counts in each zone with the
        share of its place that is there.
    industry : str or None
        The variable of the sectors; None for a panel without exposures, as for years in which
        ``INDNAICS`` is not there.
    sectors : DataFrame, optional
        In place of :func:`sector_table`.
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
    made = settle(
        data, codebook, weight=weight, base_year=base_year, backend=backend,
        zero_cells=zero_cells, entrants=entrants, persons=persons, wageless=wageless,
        samples=samples, occupation=occupation, occupations=occupations, place=place,
        crosswalk=crosswalk, industry=industry, sectors=sectors, progress=progress,
    )  # fmt: skip
    return finish(made, tfp, tfp_basis)


def finish(made: Made, tfp: Path | str | pd.DataFrame | None, tfp_basis: str | None) -> Panel:
    """A panel from the cities that stay: shares, wages, exposures and what is to be said."""
    plan, kept, ledger = made.plan, made.kept, made.ledger
    data, book, base_year = plan.data, plan.book, plan.base_year
    cells, cities = tabulate(kept)
    shifts, exposures, tfp_from = None, None, {}
    if plan.industry:
        years = sorted(int(year) for year in kept["year"].unique())
        shifts, tfp_from = _shifts(tfp, tfp_basis, years)
        with_tfp = _with_tfp(shifts, made.sector_of)
        exposures = exposures_of(data, kept, base_year, with_tfp, ledger, plan.industry)
    elif tfp is not None:
        raise ParameterError(
            "tfp: productivity needs the sectors that people work in, and industry is None; name "
            "the variable, or leave productivity out"
        )
    shifts, cells = _with_instrument(shifts, exposures, cells)
    order = {name: at for at, name in enumerate(made.groups)}
    cells = cells.sort_values("occupation", key=lambda c: c.map(order), kind="stable")
    for frame in (cells, cities, exposures):
        if frame is not None:
            frame["city"] = frame["city"].map(made.names)
    hashes = {path.name: sha256(path) for path in (data, book.path)}
    papers = set(made.groups) == set(OCCUPATIONS) and plan.places == ("MET2013",)
    return Panel(
        cells=cells,
        cities=cities,
        exposures=exposures,
        shifts=shifts,
        source="ipums" if papers and "crosswalk" not in made.options["own tables"] else "microdata",
        provenance={
            "sha256": hashes | tfp_from.pop("sha256", {}),
            "options": made.options,
            "samples": made.used,
            "versions": _versions(made.engine),
            "records": int(made.table["n"].sum()),
            "records without a wage": round(kept["n_no_wage"].sum()),
            "digits after the point": {"weight": plan.weight_places, "wage": plan.wage_places},
            **({"productivity": tfp_from} if tfp_from else {}),
            "attrition": ledger.rows,
            "notes": [*notes_of(plan, made.table, kept, cells), *about_productivity(tfp_from)],
        },
    )


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
