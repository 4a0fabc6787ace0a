"""Worked scenarios as settings of the what-if page."""

from __future__ import annotations

from pathlib import Path

from helpers import files
from helpers.exhibits.live.figure import short_names
from helpers.model import Shares
from helpers.runs import reading


def shocks(path: Path) -> list[dict]:
    """What a scenario's file changes on the what-if page: its city's shock, its occupation's.

    Parameters
    ----------
    path : Path
        Of a scenario; one that cannot be read has none.

    Returns
    -------
    list of dict
        ``title`` and ``setting``, part of a :class:`helpers.exhibits.whatif.Setting`, one for the
        city where the file names one, its shock or a parameter of the model, and one for the
        occupation where it names one or its shock; in the file's order.
    """
    given = reading.read(path)
    stated = list(reading.read_content(path).values)
    model = {name: getattr(given, name) for name in ("rho", "theta") if name in given.changes()}
    model = {name: value for name, value in model.items() if value is not None}
    found = []
    for names, hats in (
        (("city", "city_hat", "rho", "theta"), {"city_hat": given.city_hat, "occupation_hat": 1.0}),
        (
            ("occupation", "occupation_hat"),
            {"city_hat": 1.0, "occupation_hat": given.occupation_hat},
        ),
    ):
        first = min((stated.index(name) for name in names if name in stated), default=None)
        if first is not None:
            what = given.city if "city" in names else given.occupation
            where = {"city": given.city, "occupation": given.occupation, "cell_hat": 1.0}
            setting = {**where, **hats, **model}
            what = short_names((what,))[0]
            found.append((first, {"title": f"{given.title}: {what}", "setting": setting}))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def presets(shares: Shares, folder: Path = files.SCENARIOS) -> list[dict]:
    """Settings of the what-if page for the scenarios that ship, where these cities have them."""
    known = [entry for path in reading.files(folder)[0] for entry in shocks(path)]
    return [
        entry
        for entry in known
        if entry["setting"]["city"] in shares.cities
        and entry["setting"]["occupation"] in shares.occupations
    ]
