"""What a reader may ask of a build, and what is said where it will not do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.build.cells import ENTRANTS, PERSONS, POOLED, WAGELESS, ZERO_CELLS
from helpers.build.plan import WEIGHTS
from helpers.errors import (
    MissingVariableError,
    ParameterError,
    SampleError,
    WrongCollectionError,
    nearest,
)
from helpers.sources import ipums
from helpers.sources.groups import occupation_table, read_groups
from helpers.sources.ipums import raw

AUTO = "auto"
USUAL_BASE_YEAR = 2010


def check_words(options: dict) -> None:
    """Refuse a word that an option does not know."""
    for name, known in (
        ("zero_cells", ZERO_CELLS),
        ("entrants", ENTRANTS),
        ("persons", PERSONS),
        ("wageless", WAGELESS),
    ):
        if options[name] not in known:
            raise ParameterError(
                f"{name}: expected one of {', '.join(known)}, found {options[name]!r}"
            )
    year = options["base_year"]
    if year != AUTO and (isinstance(year, bool) or not isinstance(year, (int, np.integer))):
        raise ParameterError(f"base_year: expected a year such as 2010, found {year!r}")


def base_year_of(
    wanted: int | str, book: ipums.Codebook, samples: Sequence[int] | None = None
) -> int:
    """The year of the exposures: the paper's where the extract has it, else its first."""
    if wanted != AUTO:
        return int(wanted)
    asked = {int(str(code)[:4]) for code in samples or ()}
    years = sorted(asked or book.years)
    return USUAL_BASE_YEAR if USUAL_BASE_YEAR in years or not years else years[0]


def find_codebook(data: Path, codebook: Path | str | None) -> ipums.Codebook:
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


def _beside(data: Path) -> Path:
    """Codebook that IPUMS puts beside its data: the same name, .xml."""
    name = data.name
    for ending in (".gz", ".dat", ".csv", ".parquet", ".dta"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    upper = data.with_name(name + ".XML")
    return upper if upper.is_file() else data.with_name(name + ".xml")


def check_weight(book: ipums.Codebook, weight: str) -> str:
    """A weight variable of the codebook, by name."""
    weight = weight.upper() if isinstance(weight, str) else weight
    if weight in WEIGHTS:  # what the paper needs is asked for with everything else
        return weight
    there = [v.name for v in book.variables.values() if v.numeric and "WT" in v.name]
    if weight not in there:
        plain = [name for name in there if not name.startswith("REPWT")] or list(WEIGHTS)
        raise ParameterError(
            f"weight: expected one of {', '.join(plain)}, which {book.path.name} has, "
            f"found {weight!r}; order the extract with it, or name one of these"
        )
    return weight


def check_places(book: ipums.Codebook, place: str | Sequence[str]) -> tuple[str, ...]:
    """The variables that name a place, widest first."""
    named = [place] if isinstance(place, str) else list(place)
    if not named or not all(isinstance(name, str) and name for name in named):
        raise ParameterError(
            f"place: expected variables such as MET2013, or STATEFIP and PUMA, found {place!r}"
        )
    names = tuple(name.upper() for name in named)
    lacking = [name for name in names if name not in book.variables]
    if lacking and names != ("MET2013",):
        raise _lacks(book, "place", lacking[0])
    for name in names:
        if name in book.variables and not book.variables[name].numeric:
            raise ParameterError(
                f"place: {name} is text in {book.path.name}, expected a number such as MET2013 or "
                "PUMA; name another variable"
            )
    width = sum(book.variables[name].width for name in names if name in book.variables)
    if width > 15:
        raise ParameterError(
            f"place: {' and '.join(names)} have {width} digits together, expected at most 15; name "
            "fewer"
        )
    return names


def _lacks(book: ipums.Codebook, option: str, name: str) -> MissingVariableError:
    near = nearest(name, list(book.variables)) or list(book.variables)[:8]
    return MissingVariableError(
        f"{option}: {name} is not in {book.path}; it has {', '.join(near)}: order the extract with "
        f"{name}, or name one of these"
    )


def group_table(
    book: ipums.Codebook, occupation: str, occupations: pd.DataFrame | Path | str | None
) -> tuple[str, pd.DataFrame]:
    """The occupation variable, and which of its codes make up each group."""
    if not isinstance(occupation, str) or not occupation:
        raise ParameterError(f"occupation: expected a variable such as OCC2010, found {occupation}")
    name = occupation.upper()
    if occupations is None:
        if name != "OCC1990":
            raise ParameterError(
                f"occupation: {name} has no groups in this package; give a table, occupations=... "
                "or --occupations FILE, with the columns code, group"
            )
        return name, occupation_table()
    if not isinstance(occupations, (pd.DataFrame, str, Path)):
        raise ParameterError(
            "occupations: expected a table such as helpers.sources.groups gives, or a file, found "
            f"{type(occupations).__name__}"
        )
    if name not in book.variables and name != "OCC1990":
        raise _lacks(book, "occupation", name)
    numeric = name not in book.variables or book.variables[name].numeric
    return name, read_groups(occupations, numeric=numeric, variable=name)


def check_sectors(sectors: object) -> None:
    """Refuse a table of sectors that cannot be used."""
    if not isinstance(sectors, pd.DataFrame):
        raise ParameterError(
            "sectors: expected a table such as helpers.sources.groups gives, found "
            f"{type(sectors).__name__}"
        )
    if not {"prefix", "sector"} <= set(sectors):
        raise ParameterError(
            "sectors: expected the columns prefix, sector, found "
            f"{', '.join(map(str, sectors.columns))}"
        )


def place_names(
    book: ipums.Codebook, places: tuple[str, ...], codes: np.ndarray, zones: tuple[str, ...]
) -> dict[int, str]:
    """Names of places: a crosswalk's zones, the codebook's labels, or the variable and code."""
    last = book.variables[places[-1]]
    if zones:
        names = {int(code): zones[int(code) - 1] for code in codes if code > 0}
    else:
        width = sum(book.variables[name].width for name in places)
        labels = {int(code): label for code, label in last.labels.items()}
        labels = labels if len(places) == 1 else {}
        names = {int(c): labels.get(int(c), f"{last.name} {int(c):0{width}d}") for c in codes}
    if -1 in codes:
        names[-1] = POOLED
    return names


def replicate_names(book: ipums.Codebook, weight: str) -> tuple[str, ...]:
    """The replicates of a weight: REPWT1 to 80 of HHWT, REPWTP1 to 80 of PERWT.

    Raises
    ------
    ParameterError
        For a weight of which the survey has no replicates.
    MissingVariableError
        If the extract lacks them, or some.
    """
    stem = {"HHWT": "REPWT", "PERWT": "REPWTP"}.get(weight)
    if stem is None:
        raise ParameterError(
            f"weight: expected one of {', '.join(WEIGHTS)}, of which the survey has replicates, "
            f"found {weight!r}"
        )
    there = {
        int(found[1]) for name in book.variables if (found := re.fullmatch(rf"{stem}(\d+)", name))
    }
    wanted = range(1, REPLICATES + 1)
    lacking = [number for number in wanted if number not in there]
    if lacking:
        raise MissingVariableError(
            f"{book.path}: lacks {len(lacking)} of the {REPLICATES} replicate weights of {weight}, "
            f"{stem}{lacking[0]} the first of them; order the extract with {stem}, which brings "
            "them all (samples from 2005 on have them)"
        )
    return tuple(f"{stem}{number}" for number in wanted)


REPLICATES = 80
"""Replicate weights of the American Community Survey."""
