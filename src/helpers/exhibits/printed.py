"""Tables and figures that the paper prints: what draws each, and how far it can be reproduced.

The one list of them: the report of chapter 10 and the README are made from it. What a level of
a figure rests on is measured by :func:`helpers.targets.figure_levels.levels`, and a test wants
both to say the same on the author's files.
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


_ANOTHER_YEAR = "the public notebook reads another year than the caption names"
_OTHER_SHARES = "the public notebook starts from shares that are not the observed ones"

PRINTED = (
    Printed("table 1", "table_1", "05_estimation"),
    Printed("table 8.2.1", "table_8_2_1", "05_estimation", 4, "its F is not defined"),
    Printed("table 2A", "table_2a", "06_shifters", about="occupations"),
    Printed("table 2B", "table_2b", "06_shifters", about="cities"),
    Printed("figure 1a", "figure_1a", "04_data", 4, _ANOTHER_YEAR),
    Printed("figure 1b", "figure_1b", "04_data", 4, _ANOTHER_YEAR),
    Printed("figure 2", "figure_2", "07_city_shocks", 4, _OTHER_SHARES),
    Printed("figure 3", "figure_3", "07_city_shocks", 4, _OTHER_SHARES),
    Printed("figure 4", "figure_4", "08_occupation_shocks", 4, _OTHER_SHARES),
    Printed("figure 5", "figure_5", "08_occupation_shocks", 4, _OTHER_SHARES),
)


def levels(assessed: bool = True, figures: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every exhibit with its chapter, its function and its level of reproducibility.

    Parameters
    ----------
    assessed : bool
        False where the panel is not the author's: no level is assessed then.
    figures : DataFrame, optional
        As :func:`helpers.targets.figure_levels.levels` measures them on the author's files:
        the level of a figure and what it lacks are then the measured ones.

    Returns
    -------
    DataFrame
        ``exhibit``, ``chapter`` (in words), ``function`` of :mod:`helpers.exhibits` and
        ``level``, with what keeps the exhibit from the next one.
    """
    found = {} if figures is None else figures.set_index("exhibit").to_dict("index")
    rows = []
    for each in PRINTED:
        measured = found.get(each.name.rstrip("ab"), {})
        level = measured.get("level", each.level)
        lacks = measured.get("difference", each.lacks)
        said = ": ".join(filter(None, (str(level), lacks))) if assessed else "not assessed"
        chapter = each.chapter.partition("_")[2].replace("_", " ")
        rows.append((each.name, chapter, each.function, said))
    return pd.DataFrame(rows, columns=["exhibit", "chapter", "function", "level"])
