"""Figures that a reader moves: the model in the page, drawn there and by Python."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "draws": ["frechet_draws"],
        "figure": ["LiveFigure", "write_static"],
        "forest": ["forest_rows", "interval_forest"],
        "towns": ["red_and_blue"],
        "world": ["gain_map", "spillover_scatter"],
    },
)
