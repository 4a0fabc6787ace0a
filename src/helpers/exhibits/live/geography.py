"""Where places lie on paper, in any country, and the borders around them.

Metropolitan areas of the United States are drawn on their own map
(:mod:`helpers.exhibits.live.projection`). Places of any other country are fitted into the same
frame by Mercator's projection, which keeps shapes; borders are those that the reader names, and
without them there are none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError, arguments
from helpers.exhibits.live import projection
from helpers.sources import places

WIDTH, HEIGHT = projection.WIDTH, projection.HEIGHT
_MARGIN = 40.0
_POLE = 85.0  # Mercator's paper has no end beyond
_LINES = {"LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


@dataclass(frozen=True, eq=False)
class Geography:
    """Places of cities in a frame of 975 by 610, and borders in the same frame.

    Attributes
    ----------
    degrees : DataFrame
        ``latitude``, ``longitude``, indexed by city; not a number where they are unknown.
    paper : DataFrame
        ``across``, ``down``, likewise.
    borders : tuple of arrays (N, 2)
        Lines on paper; empty where there are none.
    own : bool
        Whether the places are a reader's and not those of the United States.
    """

    degrees: pd.DataFrame
    paper: pd.DataFrame
    borders: tuple[np.ndarray, ...]
    own: bool

    @property
    def known(self) -> bool:
        """Whether any city has a place on paper."""
        return bool(self.paper["across"].notna().any())

    def border_path(self) -> str:
        """The borders as the path of an SVG, in tenths of a unit."""
        if not self.own:
            return projection.outline_path() if self.known else ""
        return projection.path(self.borders)


def locate(
    cities: Sequence[str],
    coordinates: pd.DataFrame | None = None,
    outlines: Path | str | None = None,
) -> Geography:
    """Where cities are on a map of their country.

    Parameters
    ----------
    cities : sequence of str
    coordinates : DataFrame, optional
        ``city``, ``latitude``, ``longitude`` in degrees. Left out, those of the panel that was
        loaded last and has any of the cities; else the places of the United States.
    outlines : path, optional
        GeoJSON file with borders or coasts in degrees; those beside the panel if left out.

    Returns
    -------
    Geography

    Raises
    ------
    DataError
        If the file of outlines cannot be read.
    ParameterError
        If ``coordinates`` lack a column.
    """
    learned = places.learned(cities)
    if coordinates is None and learned is None:
        degrees = places.coordinates(cities)
        paper = projection.albers_usa(degrees["longitude"], degrees["latitude"])
        frame = pd.DataFrame(paper, index=list(cities), columns=["across", "down"])
        lines = projection.outlines(2.0) if frame["across"].notna().any() else ()
        return Geography(degrees, frame, lines, own=False)
    if coordinates is not None:
        columns = ["city", "latitude", "longitude"]
        arguments.columns("coordinates", coordinates, columns)
        degrees = coordinates.set_index("city")[columns[1:]].astype(float)
        if not degrees.index.is_unique:
            twice = degrees.index[degrees.index.duplicated()][0]
            raise ParameterError(f"coordinates: {twice!r} occurs twice; keep one row for each city")
        degrees = degrees.reindex(list(cities))
    else:
        degrees = learned.degrees
        outlines = outlines or learned.outlines
    lines = () if outlines is None else read_outlines(outlines)
    return _fitted(degrees, lines)


def read_outlines(path: Path | str) -> tuple[np.ndarray, ...]:
    """Lines of a GeoJSON file: rings of its polygons and its lines.

    Parameters
    ----------
    path : path
        A feature collection, a feature or a geometry, in degrees (as the format wants it).

    Returns
    -------
    tuple of arrays (N, 2)
        Longitude and latitude.

    Raises
    ------
    DataError
        If the file is not there, is no GeoJSON, has no line or is not in degrees; the message
        says what to do.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(f"outlines: {path} is not there; name a GeoJSON file, or leave it out")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        said = str(problem).splitlines()[0]
        raise DataError(
            f"outlines: {path.name} is no GeoJSON ({said}); save the borders as GeoJSON"
        ) from None
    lines: list[np.ndarray] = []
    try:
        for kind, coordinates in _geometries(content):
            lines += [np.asarray(line, float)[:, :2] for line in _flat(coordinates, _LINES[kind])]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        lines = []
    lines = [line for line in lines if len(line) > 1]
    if not lines:
        raise DataError(
            f"outlines: {path.name} has no polygon and no line; expected a GeoJSON file with the "
            "borders of the country or of its regions"
        )
    ends = np.concatenate(lines)
    if not np.isfinite(ends).all() or (np.abs(ends) > (180.0001, 90.0001)).any():
        raise DataError(
            f"outlines: {path.name} is not in degrees (found {ends[0, 0]:g}, {ends[0, 1]:g}); "
            "save it with longitude and latitude (EPSG:4326)"
        )
    return tuple(lines)


def _geometries(content: dict) -> list[tuple[str, list]]:
    """Kind and coordinates of every geometry that draws a line."""
    kind = content["type"]
    if kind == "FeatureCollection":
        return [one for part in content["features"] for one in _geometries(part)]
    if kind == "Feature":
        return _geometries(content["geometry"]) if content["geometry"] else []
    if kind == "GeometryCollection":
        return [one for part in content["geometries"] for one in _geometries(part)]
    return [(kind, content["coordinates"])] if kind in _LINES else []


def _flat(coordinates: list, depth: int) -> list:
    """Lists of points, whatever they are nested in."""
    if depth == 1:
        return [coordinates]
    return [line for part in coordinates for line in _flat(part, depth - 1)]


def _mercator(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """East and north on Mercator's paper, in degrees of the equator."""
    north = np.radians(np.clip(latitude, -_POLE, _POLE))
    return np.column_stack([longitude, np.degrees(np.arctanh(np.sin(north)))])


def _fitted(degrees: pd.DataFrame, lines: tuple[np.ndarray, ...]) -> Geography:
    """Places in the frame, cities filling it; a border may run out of it.

    A country on both sides of the antimeridian is kept together: degrees are counted from its
    own middle.
    """
    east, north = degrees["longitude"].to_numpy(float), degrees["latitude"].to_numpy(float)
    known = np.isfinite(east) & np.isfinite(north)
    paper = np.full((len(degrees), 2), np.nan)
    if not known.any():
        frame = pd.DataFrame(paper, index=degrees.index, columns=["across", "down"])
        return Geography(degrees, frame, (), own=True)
    turn = np.exp(1j * np.radians(east[known])).mean()
    middle = np.degrees(np.angle(turn))

    def around(longitude: np.ndarray) -> np.ndarray:
        return (longitude - middle + 180) % 360 - 180

    points = _mercator(around(east[known]), north[known])
    drawn = [_mercator(around(line[:, 0]), line[:, 1]) for line in lines]
    drawn = [line for line in drawn if np.ptp(line[:, 0]) < 180]  # not torn apart
    near = [line for line in drawn if _meets(line, points)]
    every = np.concatenate([points, *near])
    low, high = every.min(axis=0), every.max(axis=0)
    span = np.maximum(high - low, 1e-6)
    inner = np.array([WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN])
    scale = (inner / span).min() if len(points) > 1 or near else 1.0
    centre = (low + high) / 2

    def place(on_paper: np.ndarray) -> np.ndarray:
        moved = (on_paper - centre) * scale
        return np.column_stack([WIDTH / 2 + moved[:, 0], HEIGHT / 2 - moved[:, 1]])

    paper[known] = place(points)
    borders = tuple(projection.simplify(place(line), 0.8) for line in near)
    frame = pd.DataFrame(paper, index=degrees.index, columns=["across", "down"])
    return Geography(degrees, frame, borders, own=True)


def _meets(line: np.ndarray, points: np.ndarray) -> bool:
    """Whether a border's box touches the box of the cities: another continent does not."""
    low, high = points.min(axis=0), points.max(axis=0)
    wide = np.maximum(high - low, 1e-3)
    apart = (line.max(axis=0) < low - wide / 4) | (line.min(axis=0) > high + wide / 4)
    return not apart.any()
