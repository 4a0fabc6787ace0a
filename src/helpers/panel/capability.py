"""What can be done with a panel, given what is in it, and what is lacking for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.panel.table import Panel


@dataclass(frozen=True)
class Capability:
    """Something that a panel may be good for.

    Attributes
    ----------
    what : str
        In the words of the book.
    lacks : str
        What the panel would need for it; empty if it has it.
    """

    what: str
    lacks: str = ""

    @property
    def possible(self) -> bool:
        """Whether it can be done."""
        return not self.lacks


def _estimate(panel: Panel) -> str:
    """What an estimate of rho lacks."""
    cells = panel.cells
    if cells["log_wage"].isna().all():
        return "wages of the cells"
    if cells["instrument"].isna().all():
        return "an instrument, or exposures and shifts to build one from"
    used = cells[np.isfinite(cells["log_share"])].dropna(subset=["log_wage", "instrument"])
    if used["city"].nunique() < 2 or used["occupation"].nunique() < 2:
        return "wages and instruments in two places and two groups at least"
    return ""


def _money(panel: Panel) -> str:
    """What sums of money lack; without wages all groups are taken to be paid alike."""
    paid = panel.cells.groupby(["year", "occupation"])["log_wage"].count()
    return "" if (paid > 0).all() else "wages of every group in every year"


def capabilities(panel: Panel) -> tuple[Capability, ...]:
    """What can be done with a panel.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    tuple of Capability
        In the order of the book: ``counterfactuals``, ``shocks to groups``, ``estimate``,
        ``shifters``, ``shifters as published``, ``inference by sector``, ``equilibrium``,
        ``money`` (what a change is worth), ``change over time``, ``maps``.

    Examples
    --------
    >>> from helpers.sources import load
    >>> [one.what for one in capabilities(load("synthetic")) if not one.possible]
    ['maps']
    """
    cells, cities = panel.cells, panel.cities
    alone = "a second place" if len(set(cities["city"])) == 1 else ""
    groups = "a second group" if len(panel.occupations) == 1 else ""
    estimate = _estimate(panel)
    empty = cells[~np.isfinite(cells["log_share"])]
    nobody = ""
    if len(empty):
        first = empty.iloc[0]
        nobody = (
            f"households in every cell; {len(empty):,} are empty, {first['city']} and "
            f"{first['occupation']} in {first['year']} the first of them"
        )
    sectors = [] if panel.exposures is None else ["exposures"]
    sectors += [] if panel.shifts is None else ["shifts"]
    lacking = [name for name in ("exposures", "shifts") if name not in sectors]
    city_wage = "wages of all places" if cities["log_city_wage"].isna().any() else ""
    return (
        Capability("counterfactuals", alone),
        Capability("shocks to groups", alone or groups),
        Capability("estimate", estimate),
        Capability("shifters", nobody),
        Capability("shifters as published", nobody or city_wage),
        Capability("inference by sector", estimate or " and ".join(lacking)),
        Capability("equilibrium", alone),
        Capability("money", _money(panel)),
        Capability("change over time", "" if len(panel.years) > 1 else "a second year"),
        Capability("maps", "" if panel.coordinates is not None else "coordinates of the places"),
    )


def capability_table(panel: Panel) -> pd.DataFrame:
    """The capabilities as a table: ``what``, ``possible``, ``lacks``.

    Examples
    --------
    The synthetic economy has no coordinates of its own, which a map needs:

    >>> from helpers.sources import load
    >>> capability_table(load("synthetic")).query("not possible")
       what  possible                      lacks
    9  maps     False  coordinates of the places
    """
    return pd.DataFrame(
        [(one.what, one.possible, one.lacks) for one in capabilities(panel)],
        columns=["what", "possible", "lacks"],
    )
