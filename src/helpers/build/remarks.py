"""What a build has to say: what was dropped, and what to know of the sources."""

from __future__ import annotations

import pandas as pd

from helpers.build.plan import COLUMNS, WEIGHTS, Plan
from helpers.errors import ParameterError
from helpers.panel import Panel

OCCUPATION_BREAKS = (2010, 2012, 2018)
AREA_BREAKS = (2012,)


def attrition(panel: Panel) -> pd.DataFrame:
    """What was dropped on the way to a panel that :func:`build_panel` made.

    Returns
    -------
    DataFrame
        One row a step: ``step``, ``reason``, and rows, weight (households or persons), cells
        (city x occupation x year) and cities that it dropped and left.

    Raises
    ------
    ParameterError
        If the panel was not built from records.

    Examples
    --------
    Cities only get fewer, but for the one into which small ones are pooled:

    >>> import tempfile
    >>> from helpers.build import build_panel
    >>> from helpers.sources.synthetic import write_extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=30_000)
    ...     panel = build_panel(data, codebook, zero_cells="pool")
    >>> steps = attrition(panel)
    >>> bool((steps["cities_left"].diff().dropna() <= 1).all())
    True
    """
    if "attrition" not in panel.provenance:
        raise ParameterError(
            f"attrition: the panel {panel.source!r} was not built from records; give one that "
            "build_panel made"
        )
    steps = pd.DataFrame(panel.provenance["attrition"])
    return steps[[name for name in COLUMNS if name in steps]]


def cities_by_year(panel: Panel) -> pd.DataFrame:
    """How many cities each year of a panel has, and how many the year before had and this has not.

    Returns
    -------
    DataFrame
        ``year``, ``cities``, ``entered``, ``left``: the last two against the year before.

    Examples
    --------
    The same cities in all years of the synthetic economy:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> table = cities_by_year(panel)
    >>> int(table["entered"].sum()), int(table["left"].sum())
    (0, 0)
    """
    at = {year: set(panel.year(year)["city"]) for year in panel.years}
    rows, before = [], None
    for year, cities in at.items():
        seen = cities if before is None else before
        rows.append((year, len(cities), len(cities - seen), len(seen - cities)))
        before = cities
    return pd.DataFrame(rows, columns=["year", "cities", "entered", "left"])


def notes(panel: Panel) -> list[str]:
    """What to know about a panel that :func:`build_panel` made, before it is used.

    Who is counted, breaks in the codes of occupations and in the areas, top codes, cells without
    a wage: one sentence or two each, with this panel's numbers.

    Raises
    ------
    ParameterError
        If the panel was not built from records.

    Examples
    --------
    Who is counted, first of all:

    >>> import tempfile
    >>> from helpers.build import build_panel
    >>> from helpers.sources.synthetic import write_extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=30_000)
    ...     panel = build_panel(data, codebook, zero_cells="pool")
    >>> notes(panel)[0].partition(",")[0]
    'Who counts: every record'
    """
    if "notes" not in panel.provenance:
        raise ParameterError(
            f"notes: the panel {panel.source!r} was not built from records; give one that "
            "build_panel made"
        )
    return list(panel.provenance["notes"])


def notes_of(plan: Plan, table: pd.DataFrame, kept: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """What users of these surveys are warned of, with this panel's numbers."""
    years = sorted(int(year) for year in kept["year"].unique())
    found = [_who_counts(plan, table)]
    breaks = [year for year in OCCUPATION_BREAKS if years[0] < year <= years[-1]]
    if breaks:
        found.append(
            f"Occupations: {plan.occupation} is carried over from lists of occupations that the "
            f"survey replaced in {_series(breaks)}; a step in an occupation's share or wage from "
            "the year before may be the list and not the people."
        )
    found.append(
        "Top codes: INCWAGE above a state's threshold of the year is replaced by a value that "
        "IPUMS documents for that state and year; mean wages of well-paid occupations move with "
        "the threshold."
    )
    per_year = kept.groupby("year")["city"].nunique()
    counts = ", ".join(f"{int(year)} {int(n)}" for year, n in per_year.items())
    areas = [year for year in AREA_BREAKS if years[0] < year <= years[-1]]
    redrawn = (
        f" The public-use areas that they are made of were redrawn in {_series(areas)}: areas "
        "enter and leave, and one that stays need not cover the same ground."
        if areas
        else ""
    )
    if plan.places == ("MET2013",):
        named = (
            "MET2013 names an area where its public-use areas identify it, which leaves parts of "
            f"some out.{redrawn}"
        )
    else:
        named = (
            f"places are those of {' and '.join(plan.places)}; whether a code covers the same "
            "ground in every year, its description at IPUMS says."
        )
    found.append(f"Areas: {named} Cities by year: {counts}.")
    lacking = cells[cells["log_wage"].isna()]
    if len(lacking):
        first = "; ".join(
            f"{row.city}, {row.occupation}, {int(row.year)}" for row in lacking.head(5).itertuples()
        )
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        found.append(
            f"Wages: {len(lacking):,} of {len(cells):,} cells have nobody with a wage above zero, "
            f"so that their wage and their city's wage of the year are missing: {first}{more}."
        )
    return found


def about_productivity(tfp_from: dict) -> list[str]:
    """Which sectors' productivity is a mean of industries, and of which parts nothing is known."""
    if not tfp_from:
        return []
    means = [sector for sector, codes in tfp_from["rows"].items() if len(codes) > 1]
    said = f"Productivity: {tfp_from['file']}, {tfp_from['units']}"
    said += f"; the mean of its industries in {', '.join(means)}" if means else ""
    lacking = [
        f"{', '.join(codes)} of {sector}"
        for sector, codes in tfp_from["parts without a row"].items()
    ]
    return [f"{said}; no row covers {'; '.join(lacking)}." if lacking else f"{said}."]


def _series(years: list[int]) -> str:
    """Years as a sentence has them."""
    *first, last = map(str, years)
    return f"{', '.join(first)} and {last}" if first else last


def _who_counts(plan: Plan, table: pd.DataFrame) -> str:
    """Whether sums of the weight are of persons or of households, and the other convention."""
    records = int(table["n"].sum())
    unit = "household" if plan.weight == "HHWT" else "person"
    if plan.weight not in WEIGHTS:
        who = "the first person of each household" if plan.heads else "every record"
        return f"Who counts: {who}, by {plan.weight}; sums are of what that weight counts."
    if plan.heads:
        return (
            f"Who counts: the first person of each household, {int(table['n_first'].sum()):,} of "
            f"{records:,} records, by {plan.weight}"
            + (
                "; sums are of households."
                if plan.weight == "HHWT"
                else ", a person's weight; sums are of the people whom household heads stand for."
            )
        )
    if "PERNUM" not in plan.has:
        return (
            f"Who counts: every record, by {plan.weight}, the weight of a {unit}; the extract has "
            "no PERNUM, so nothing says how many records a household has. HHWT over several "
            "persons of a household counts persons."
        )
    others = records - int(table["n_first"].sum())
    if plan.weight == "HHWT" and others:
        return (
            f"Who counts: every record, by HHWT, and {others:,} of {records:,} records are not "
            "the first person of their household: sums count persons, each by the household's "
            "weight. To count households build with persons='heads' (--persons heads); to count "
            "persons by their own weight, with weight='PERWT'."
        )
    if plan.weight == "HHWT":
        return (
            "Who counts: every record, by HHWT, and each is the first person of its household: "
            "sums are of households."
        )
    return "Who counts: every record, by PERWT: sums are of persons."
