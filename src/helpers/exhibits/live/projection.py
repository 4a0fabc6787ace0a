"""The country on paper: Albers' equal-area projection with Alaska and Hawaii moved in.

Equal areas, so that a bubble covers the same ground everywhere. The composite is the usual one
of maps for the screen (d3's ``geoAlbersUsa``), 975 by 610 units; a test compares it with another
implementation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

WIDTH, HEIGHT = 975.0, 610.0
_SCALE, _CENTRE = 1300.0, (487.5, 305.0)


@dataclass(frozen=True)
class _Part:
    """One conic projection and the window that it is seen through, in units of the scale."""

    parallels: tuple[float, float]
    meridian: float
    centre: tuple[float, float]
    scale: float
    shift: tuple[float, float]
    window: tuple[float, float, float, float]  # left, top, right, bottom

    def project(self, longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places in units of the paper, not a number outside the window (Snyder, 1987, 14)."""
        sines = np.sin(np.radians(self.parallels))
        n = sines.sum() / 2
        c = 1 + sines[0] * (2 * n - sines[0])

        def plane(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            # the pole's far side has no place on the cone
            r = np.sqrt(np.maximum(c - 2 * n * np.sin(np.radians(north)), 0)) / n
            angle = n * np.radians((east + 180) % 360 - 180)
            return r * np.sin(angle), np.sqrt(c) / n - r * np.cos(angle)

        x0, y0 = plane(*map(np.asarray, self.centre))
        x, y = plane(longitude - self.meridian, latitude)
        across, down = self.shift[0] + self.scale * (x - x0), self.shift[1] - self.scale * (y - y0)
        left, top, right, bottom = self.window
        inside = (left <= across) & (across <= right) & (top <= down) & (down <= bottom)
        return np.where(inside, across, np.nan), np.where(inside, down, np.nan)


_PARTS = (
    _Part((29.5, 45.5), -96, (-0.6, 38.7), 1, (0, 0), (-0.455, -0.238, 0.455, 0.238)),
    _Part((55, 65), -154, (-2, 58.5), 0.35, (-0.307, 0.201), (-0.425, 0.12, -0.214, 0.234)),
    _Part((8, 18), -157, (-3, 19.9), 1, (-0.205, 0.212), (-0.214, 0.166, -0.115, 0.234)),
)


def albers_usa(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Places on the map of the United States.

    Parameters
    ----------
    longitude, latitude : arrays (N,)
        Degrees; east and north are positive.

    Returns
    -------
    array (N, 2)
        Across from the left in [0, 975] and down from the top in [0, 610]; not a number for
        what is not on the map, such as Puerto Rico or a place that is unknown.

    Examples
    --------
    >>> albers_usa([-74.0, 2.35], [40.7, 48.85]).round(1)
    array([[869.9, 216. ],
           [  nan,   nan]])
    """
    longitude = np.atleast_1d(np.asarray(longitude, dtype=float))
    latitude = np.atleast_1d(np.asarray(latitude, dtype=float))
    found = np.full((longitude.size, 2), np.nan)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    for part in reversed(_PARTS):
        place = np.column_stack(part.project(longitude[known], latitude[known]))
        better = found[known]
        inside = np.isfinite(place[:, 0])
        better[inside] = place[inside]
        found[known] = better
    return np.asarray(_CENTRE) + _SCALE * found


@cache
def outlines(tolerance: float = 0.8) -> tuple[np.ndarray, ...]:
    """The states' borders on the map, each ring an array (N, 2) whose ends meet.

    Parameters
    ----------
    tolerance : float
        How far a drawn border may be from the true one, in units of the map.
    """
    topology = json.loads((files("helpers.sources") / "states.json").read_text(encoding="utf-8"))
    scale, origin = (np.asarray(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + origin for arc in topology["arcs"]]
    # simplified before they are joined: neighbours keep one border
    arcs = [simplify(albers_usa(arc[:, 0], arc[:, 1]), tolerance) for arc in arcs]
    rings = []
    for state in topology["objects"]["states"]["geometries"]:
        parts = state["arcs"] if state["type"] == "MultiPolygon" else [state["arcs"]]
        for ring in (ring for part in parts for ring in part):
            pieces = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in ring]
            whole = np.concatenate([piece[1:] if at else piece for at, piece in enumerate(pieces)])
            if np.isfinite(whole).all() and np.ptp(whole, axis=0).max() > 2 * tolerance:
                rings.append(whole)
    return tuple(rings)


def outline_path(tolerance: float = 0.8) -> str:
    """The borders as the path of an SVG, in tenths of a unit relative to the last point."""
    return path(outlines(tolerance))


def path(lines: Iterable[np.ndarray]) -> str:
    """Lines on the map as the path of an SVG; one whose ends meet is closed."""
    out = []
    for ring in lines:
        tenths = np.rint(10 * ring).astype(int)
        steps = np.diff(tenths, axis=0)
        steps = steps[(steps != 0).any(axis=1)]
        moves = "l".join(f"{x} {y}" for x, y in steps.tolist())
        close = "z" if (tenths[0] == tenths[-1]).all() else ""
        if moves:
            out.append(f"M{tenths[0, 0]} {tenths[0, 1]}l{moves}{close}")
    return "".join(out)


def simplify(line: np.ndarray, tolerance: float) -> np.ndarray:
    """Douglas and Peucker (1973): drop points that lie nearer than a tolerance to the rest."""
    if len(line) < 3 or not np.isfinite(line).all():
        return line
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        chord = line[last] - line[first]
        away = line[first + 1 : last] - line[first]
        length = np.hypot(*chord)
        if length:
            distance = np.abs(away[:, 0] * chord[1] - away[:, 1] * chord[0]) / length
        else:  # a ring
            distance = np.hypot(away[:, 0], away[:, 1])
        furthest = int(distance.argmax())
        if distance[furthest] > tolerance:
            middle = first + 1 + furthest
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
    return line[keep]
