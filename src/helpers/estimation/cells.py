"""Which cells an estimate uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError, arguments, find_name, shown
from helpers.names import CLUSTERS  # noqa: F401  (handed on)
from helpers.panel import Panel

EFFECTS = "city_year + occupation_year"


def _years(panel: Panel, years: int | Sequence[int] | None) -> list[int] | None:
    """Years as whole numbers that the panel has; one alone is a sequence of one."""
    if years is None:
        return None
    if isinstance(years, (str, bytes)) or not np.iterable(years):
        years = [years]
    found = []
    for year in years:
        year = arguments.whole("years", year)
        find_name("year", year, panel.years)
        found.append(year)
    if not found:
        raise ParameterError("years: expected at least one year, found none")
    return found


def sample(panel: Panel, years: int | Sequence[int] | None = None) -> pd.DataFrame:
    """Cells with share, wage and instrument, and the codes of effects and clusters.

    Parameters
    ----------
    panel : Panel
    years : int or sequence of int, optional
        All years of the panel by default.

    Returns
    -------
    DataFrame
        ``year``, ``city``, ``occupation``, ``log_share``, ``log_wage``, ``instrument`` and
        integer codes ``city_year``, ``occupation_year``, ``city_occupation``. What the panel
        has and the sample lacks is counted in ``attrs["dropped"]``, and how many of these are
        singletons, alone in a city or an occupation of a year, in ``attrs["singletons"]``.

    Raises
    ------
    ParameterError
        For a year that is no whole number.
    UnknownNameError
        For a year that the panel lacks.
    DataError
        If no cell has all three.

    Examples
    --------
    As many cells of each occupation as there are cities:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> cells = sample(panel, 2019)
    >>> (cells.groupby("occupation").size() == cells["city"].nunique()).all().item()
    True
    """
    arguments.instance("panel", panel, Panel)
    cells = panel.cells
    years = _years(panel, years)
    if years is not None:
        cells = cells[cells["year"].isin(years)]
    cells = cells.replace({"log_share": {-np.inf: np.nan}})  # nobody lives there
    used = cells.dropna(subset=["log_share", "log_wage", "instrument"]).reset_index(drop=True)
    if used.empty:
        raise DataError("estimation: no cell has a share, a wage and an instrument")
    used, singletons = _without_singletons(used)
    if used.empty:
        raise DataError("estimation: every cell is alone in its city or occupation of a year")
    keys = ["year", "city", "occupation", "log_share", "log_wage", "instrument"]
    used = used[keys].assign(
        **{
            f"{one}_{other}": used.groupby([one, other]).ngroup()
            for one, other in (
                ("city", "year"),
                ("occupation", "year"),
                ("city", "occupation"),
            )
        }
    )
    used.attrs["dropped"] = len(cells) - len(used)
    used.attrs["singletons"] = singletons
    return used


def _without_singletons(cells: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Drop cells that an effect fits alone, until there are none; say how many.

    Such a cell has no say in the slope, and would count in the degrees of freedom.
    """
    alone = singletons(cells, [["year", "city"], ["year", "occupation"]])
    return cells[~alone].reset_index(drop=True), int(alone.sum())


def singletons(cells: pd.DataFrame, effects: Sequence[str | Sequence[str]]) -> np.ndarray:
    """Rows that one of several sets of effects fits alone, once the others of them are dropped.

    Parameters
    ----------
    cells : DataFrame
    effects : sequence of str, or of sequences of str
        Columns whose values, or combinations of values, have an effect each.

    Returns
    -------
    array (rows,) of bool
        All true where the effects leave nothing: pyfixest ends the whole process then.

    Examples
    --------
    West has one cell, which its own effect fits:

    >>> import pandas as pd
    >>> cells = pd.DataFrame({"city": ["East", "East", "West"], "year": 2019})
    >>> singletons(cells, ["city"])
    array([False, False,  True])
    """
    if isinstance(effects, str):
        effects = [effects]
    codes = []
    try:
        sets = [[effect] if isinstance(effect, str) else list(effect) for effect in effects]
    except TypeError:
        raise ParameterError(
            f"effects: expected names of columns, found {shown(effects)}"
        ) from None
    for names in sets:
        if not names or not all(isinstance(name, str) for name in names):
            raise ParameterError(f"effects: expected names of columns, found {shown(names)}")
        arguments.columns("cells", cells, names)
        codes.append(cells.groupby(names, sort=False, dropna=False).ngroup().to_numpy())
    left = np.ones(len(cells), dtype=bool)
    while True:
        alone = np.zeros(len(cells), dtype=bool)
        for code in codes:
            alone |= left & (np.bincount(code, weights=left)[code] == 1)
        if not alone.any():
            return ~left
        left &= ~alone


def refuse_if_effects_explain_all(cells: pd.DataFrame, effects: Sequence[str]) -> None:
    """Refuse a regression whose effects leave no cell, before pyfixest ends the process.

    That is so in one year with effects of city x occupation: each cell has one of its own.

    Raises
    ------
    DataError

    Examples
    --------
    A year alone, and an effect for every cell:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import sample
    >>> try:
    ...     refuse_if_effects_explain_all(sample(panel, 2019), ["city_occupation"])
    ... except DataError as problem:
    ...     print(str(problem).partition(":")[2].partition(",")[0])
     every one of 2080 cells has an effect of city_occupation to itself
    """
    alone = singletons(cells, effects)
    if alone.all():
        raise DataError(
            f"effects: every one of {len(cells)} cells has an effect of "
            f"{' or '.join(map(str, effects))} to itself, so that nothing is left to estimate "
            "from; take more years, or fewer effects"
        )
