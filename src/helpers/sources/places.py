"""Where cities lie: metropolitan areas by name (GeoNames, CC BY 4.0), others as their panel says.

A panel that is loaded from a folder and has coordinates is remembered, so that every map and
distance of its cities uses them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

EARTH_KM = 6371.0
OUTLINES = "outlines.geojson"
"""What the borders beside a panel's tables are called."""


@dataclass(frozen=True, eq=False)
class Known:
    """Degrees by city, as a panel has them, and the file of its borders."""

    degrees: pd.DataFrame
    outlines: Path | None = None


_panels: list[Known] = []


def learn(coordinates: pd.DataFrame | None, folder: Path | str) -> None:
    """Remember where the cities of a panel lie; the last one that is loaded comes first.

    Parameters
    ----------
    coordinates : DataFrame or None
        ``city``, ``latitude``, ``longitude``; None is nothing to remember.
    folder : path
        Of the panel; borders may lie in it.
    """
    if coordinates is None:
        return
    degrees = coordinates.set_index("city")[["latitude", "longitude"]].astype(float)
    borders = Path(folder).expanduser() / OUTLINES
    _panels.insert(0, Known(degrees, borders if borders.is_file() else None))
    del _panels[8:]


def learned(cities: Sequence[str]) -> Known | None:
    """Degrees of cities as a panel that was loaded has them, in their order; None if none has."""
    for panel in _panels:
        if panel.degrees.index.isin(list(cities)).any():
            return Known(panel.degrees.reindex(list(cities)), panel.outlines)
    return None


def table() -> pd.DataFrame:
    """Coordinates of the areas that IPUMS's MET2013 names, Puerto Rico left out.

    Returns
    -------
    DataFrame
        ``latitude`` and ``longitude`` of the area's first city, in degrees, indexed by ``city``.
    """
    folder = files("helpers.sources")
    parts = [
        pd.read_csv(folder / name, usecols=["city", "latitude", "longitude"])
        for name in ("metros.csv", "places.csv")
    ]
    return pd.concat(parts).set_index("city").sort_index()


def coordinates(cities: Sequence[str]) -> pd.DataFrame:
    """Latitude and longitude of cities, in their order; not a number where they are unknown.

    Parameters
    ----------
    cities : sequence of str

    Returns
    -------
    DataFrame
        Indexed as ``cities``.
    """
    own = learned(cities)
    return table().reindex(list(cities)) if own is None else own.degrees


def distances(cities: Sequence[str]) -> np.ndarray:
    """Great-circle distances.

    Parameters
    ----------
    cities : sequence of str

    Returns
    -------
    array (C, C)
        Kilometres; not a number where a place is unknown.
    """
    latitude, longitude = np.radians(coordinates(cities).to_numpy()).T
    half = (
        np.sin((latitude[:, None] - latitude) / 2) ** 2
        + np.cos(latitude[:, None])
        * np.cos(latitude)
        * np.sin((longitude[:, None] - longitude) / 2) ** 2
    )
    return 2 * EARTH_KM * np.arcsin(np.sqrt(half.clip(0, 1)))
