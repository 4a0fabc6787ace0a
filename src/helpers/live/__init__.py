"""Figures that the reader moves: the model runs in the page.

Each function returns a :class:`LiveFigure`; a notebook shows it by returning it. The page needs
the files of :func:`write_static` in ``_static/companion``.
"""

from helpers.live.draws import frechet_draws
from helpers.live.figure import LiveFigure, write_static
from helpers.live.forest import interval_forest
from helpers.live.palette import occupation_colours
from helpers.live.towns import red_and_blue
from helpers.live.world import gain_map, spillover_scatter

__all__ = [
    "LiveFigure",
    "frechet_draws",
    "gain_map",
    "interval_forest",
    "occupation_colours",
    "red_and_blue",
    "spillover_scatter",
    "write_static",
]
