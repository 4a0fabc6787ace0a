"""Where metropolitan areas lie: coordinates by name (GeoNames, CC BY 4.0)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import pandas as pd

EARTH_KM = 6371.0


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
    return table().reindex(list(cities))


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
