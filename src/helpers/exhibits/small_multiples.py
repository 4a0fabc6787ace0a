"""A sweep as small panels, one for each value."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.ticker import FormatStrFormatter

from helpers.counterfactuals.hats import SHOCKS
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import LINES
from helpers.names import short_name

PARAMETERS = (*SHOCKS, "closure")  # of a numerical sweep


def moving(table: pd.DataFrame, columns: tuple[str, ...] = PARAMETERS) -> list[str]:
    """Parameters that vary, those with most values first and numbers before words."""
    varying = [name for name in columns if name in table and len(set(table[name])) > 1]
    number = {name: pd.api.types.is_numeric_dtype(table[name]) for name in varying}
    return sorted(varying, key=lambda name: (not number[name], -table[name].nunique()))


def small_multiples(
    table: pd.DataFrame,
    y: str,
    ylabel: str,
    columns: tuple[str, ...] = PARAMETERS,
    most: int = 6,
) -> Exhibit:
    """A grid of small panels: one parameter along the axis, others by colour, column and row.

    Parameters
    ----------
    table : DataFrame
        One row a scenario.
    y : str
        Column to draw.
    ylabel : str
    columns : tuple of str
        Parameters.
    most : int
        Values of a parameter that are shown at most, spread evenly; parameters beyond four are
        held at their first value.
    """
    names = moving(table, columns)
    x, *others = names
    for name in others:
        values = list(dict.fromkeys(table[name]))
        kept = 1 if name in others[3:] else min(most if name == others[0] else 4, len(values))
        some = [values[i] for i in np.linspace(0, len(values) - 1, kept).round().astype(int)]
        table = table[table[name].isin(some)]
    hue, across, down = (*others[:3], None, None, None)[:3]
    panels_across = list(dict.fromkeys(table[across])) if across else [None]
    panels_down = list(dict.fromkeys(table[down])) if down else [None]
    lines = list(dict.fromkeys(table[hue])) if hue else [None]
    size = (1.2 + 2.1 * len(panels_across), 1.0 + 1.9 * len(panels_down))
    with canvas(max(size[0], 5), size[1]) as (figure, spare):
        figure.delaxes(spare)
        axes = figure.subplots(
            len(panels_down), len(panels_across), sharex=True, sharey=True, squeeze=False
        )
        for (i, low), (j, right) in product(enumerate(panels_down), enumerate(panels_across)):
            ax = axes[i, j]
            for line, colour in zip(lines, np.resize(LINES, len(lines)), strict=True):
                part = table
                for name, value in ((down, low), (across, right), (hue, line)):
                    part = part[part[name] == value] if name else part
                part = part.sort_values(x)
                label = f"{hue} = {_short(line)}" if hue else None
                ax.plot(part[x], part[y], "-o", color=str(colour), markersize=2.5, label=label)
            heads = [f"{n} = {_short(v)}" for n, v in ((across, right), (down, low)) if n]
            if (table[y] > 0).all() and table[y].max() > 4 * table[y].min():
                ax.set_yscale("log", base=2)
                ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
            ax.set_title("\n".join(heads), fontsize="x-small", loc="left")
            ax.tick_params(labelsize="x-small")
        figure.supxlabel(x, fontsize="small")
        figure.supylabel(ylabel, fontsize="small")
        if hue:
            handles, labels = axes[0, 0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False,
                          fontsize="x-small")  # fmt: skip
    shown = table[[*names, y]].reset_index(drop=True)
    return Exhibit(f"small_multiples_{y}", figure, shown)


def _short(value: object) -> str:
    return short_name(value) if isinstance(value, str) else f"{value:g}"
