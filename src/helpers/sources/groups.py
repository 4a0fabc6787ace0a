"""Which survey codes make up an occupation group or a sector: two small tables (paper, 4.1)."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd


def occupation_table() -> pd.DataFrame:
    """Which ranges of OCC1990 make up the paper's eight groups.

    ``first``, ``last``, ``occupation``, ``what``. The paper does not print its choice. Left out
    are administrative support (303-389), operators and transport (703-889), the armed forces
    and the unemployed.
    """
    with files("helpers.sources").joinpath("occupations.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def sector_table() -> pd.DataFrame:
    """Which NAICS prefixes make up a sector, and its code in the productivity tables.

    ``prefix``, ``sector``, ``name``, ``tfp``; a sector without productivity has an empty
    ``tfp``. 3M and 4M stand for IPUMS's "not specified" codes.
    """
    with files("helpers.sources").joinpath("sectors.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)
