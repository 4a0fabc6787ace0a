"""Tables and figures that the paper prints: what draws each, and how far it can be reproduced.

The one list of them: the report of chapter 10 and the README are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Printed:
    """An exhibit of the paper.

    Attributes
    ----------
    name : str
        As the paper calls it.
    function : str
        Of :mod:`helpers.exhibits`, that makes it.
    chapter : str
        Notebook in which it is shown.
    level : int
        On the ACRE scale of computational reproducibility, from 1 (no materials) to 10, with the
        author's published files.
    lacks : str
        What keeps it from the next level of the analysis, where something does.
    about : str
        What tells it from another of the same number.
    """

    name: str
    function: str
    chapter: str
    level: int = 5
    lacks: str = ""
    about: str = ""


PRINTED = (
    Printed("table 1", "table_1", "05_estimation"),
    Printed("table 8.2.1", "table_8_2_1", "05_estimation", 4, "its F is not defined"),
    Printed("table 2A", "table_2a", "06_shifters", about="occupations"),
    Printed("table 2B", "table_2b", "06_shifters", about="cities"),
    Printed("figure 1a", "figure_1a", "04_data"),
    Printed("figure 1b", "figure_1b", "04_data"),
    Printed("figure 2", "figure_2", "07_city_shocks"),
    Printed("figure 3", "figure_3", "07_city_shocks"),
    Printed("figure 4", "figure_4", "08_occupation_shocks"),
    Printed("figure 5", "figure_5", "08_occupation_shocks", 4, "a line by the model"),
)


def levels(assessed: bool = True) -> pd.DataFrame:
    """Every exhibit with its chapter, its function and its level of reproducibility.

    Parameters
    ----------
    assessed : bool
        False where the panel is not the author's: no level is assessed then.

    Returns
    -------
    DataFrame
        ``exhibit``, ``notebook``, ``function in helpers``, ``level``.
    """
    rows = [
        (
            each.name,
            each.chapter,
            f"exhibits.{each.function}",
            ": ".join(filter(None, (str(each.level), each.lacks))) if assessed else "not assessed",
        )
        for each in PRINTED
    ]
    return pd.DataFrame(rows, columns=["exhibit", "notebook", "function in helpers", "level"])
