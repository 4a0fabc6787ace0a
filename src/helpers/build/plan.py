"""What is read of an extract, and how its numbers are added up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.sources import ipums

WEIGHTS = ("HHWT", "PERWT")
"""The paper's weight, and that of persons; any other of the codebook serves as well."""
WAGE = "INCWAGE"
NO_WAGE = (999_998, 999_999)
NO_METRO = 0
GROUP_QUARTERS = (3, 4)
MOST_DIGITS = 35  # that sums of decimals may have on every engine
MOST = 1e12  # that a weight or a wage may be
YEARS = (1850, 2100)
OUTSIDE = ""  # of every group


COLUMNS = (
    "step", "reason", "rows_dropped", "weight_dropped", "cells_dropped", "cities_dropped",
    "rows_left", "weight_left", "cells_left", "cities_left",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What is read, and how its numbers are added up.

    ``weight_places`` and ``wage_places`` are the digits after the point that sums keep; with
    ``as_written`` numbers may have points and exponents of their own.
    """

    data: Path
    book: ipums.Codebook
    weight: str
    base_year: int
    occupations: pd.DataFrame
    heads: bool
    has: frozenset[str]
    samples: tuple[int, ...] | None
    weight_places: int
    wage_places: int
    as_written: bool = False
    occupation: str = "OCC1990"
    places: tuple[str, ...] = ("MET2013",)
    industry: str | None = "INDNAICS"
    replicates: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Variables whose numbers are used, and so have to be numbers."""
        industry = (self.industry,) if self.industry else ()
        heads = ("PERNUM",) if self.heads else ()
        return (
            "YEAR", self.weight, *self.places, self.occupation, *industry, WAGE, *heads,
            *self.replicates,
        )  # fmt: skip

    @property
    def texts(self) -> tuple[str, ...]:
        """Those of them that are text: industries, and occupations where the codebook says so."""
        spelt = self.occupation in self.book.variables and (
            not self.book.variables[self.occupation].numeric
        )
        return ((self.industry,) if self.industry else ()) + ((self.occupation,) if spelt else ())

    @property
    def weights(self) -> tuple[str, ...]:
        """The weight and its replicates."""
        return (self.weight, *self.replicates)

    def digits(self, name: str) -> int:
        """Digits after the point that sums of a weight keep."""
        if self.as_written or name == self.weight:
            return self.weight_places
        return self.book.variables[name].decimals


def is_code(value: object) -> bool:
    return str(value).lstrip("-").isdigit()


def years_in(name: str) -> list[int]:
    return [int(year) for year in re.findall(r"\b(?:1[89]|20)\d\d\b", name)]
