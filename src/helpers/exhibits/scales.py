"""City scales as a picture: where they are high, and what they are worth in households (3.2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import StrMethodFormatter

from helpers.counterfactuals import shock
from helpers.errors import ParameterError, arguments
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live import geography
from helpers.exhibits.palette import BLUE, DIVERGING, GREY, ORANGE
from helpers.model import Shares
from helpers.names import short_name


def at_the_median(shares: Shares, T_c: pd.Series, rho: float, theta: float) -> pd.DataFrame:
    """What a city's scale is worth: its share as it is, and with the median city's scale (3.2).

    Each city is given the scale of the median city alone, all others keeping theirs, and exact
    hat algebra (section 5) says what share it would have.

    Parameters
    ----------
    shares : Shares
        With labels.
    T_c : Series (C,)
        City scales, above 0, indexed by the cities of ``shares``.
    rho : float, in [0, 1)
    theta : float, above 0

    Returns
    -------
    DataFrame
        ``city``, ``T_c`` over the median city's, ``pi_c`` and ``pi_c_median``, the share at the
        median city's scale; the largest scale first.
    """
    missing = [city for city in shares.cities if city not in T_c.index]
    if missing:
        raise ParameterError(
            f"T_c: expected a scale of every city, found none of {missing[0]}"
            f" and of {len(missing) - 1} others"
        )
    scale = T_c.loc[list(shares.cities)].to_numpy(dtype=float)
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise ParameterError("T_c: expected finite scales above 0")
    relative = scale / np.median(scale)
    share = np.empty(len(scale))
    for c, times in enumerate(relative):
        hats = np.ones(len(scale))
        hats[c] = 1 / times
        share[c] = shock(shares, rho, theta, city=hats).pi_c[c]
    table = pd.DataFrame(
        {"city": shares.cities, "T_c": relative, "pi_c": shares.pi_c, "pi_c_median": share}
    )
    return table.sort_values("T_c", ascending=False, kind="stable").reset_index(drop=True)


def scale_map(
    worth: pd.DataFrame,
    coordinates: pd.DataFrame | None = None,
    outlines: Path | str | None = None,
) -> Exhibit:
    """Where city scales are high: bubbles as large as the city, coloured by its scale (3.2).

    Parameters
    ----------
    worth : DataFrame
        As :func:`at_the_median` returns it. A city whose place is unknown is not drawn; where
        none is known, the ranking stands in for the map.
    coordinates, outlines : optional
        Of another country's cities, as :func:`helpers.exhibits.live.geography.locate` takes them.
    """
    arguments.columns("worth", worth, ["city", "T_c", "pi_c"])
    where = geography.locate(tuple(worth["city"]), coordinates, outlines)
    if not where.known:
        return scale_ranking(worth)
    data = worth.assign(
        across=where.paper["across"].to_numpy(), down=where.paper["down"].to_numpy()
    )
    drawn = data.dropna(subset="across")
    reach = float(np.abs(np.log(drawn["T_c"])).quantile(0.95)) if len(drawn) else 1.0
    tone = (np.log(drawn["T_c"]) / max(reach, 1e-9)).clip(-1, 1)
    colours = LinearSegmentedColormap.from_list("scale", DIVERGING["light"])
    with canvas(7.2, 4.9) as (figure, ax):
        lines = LineCollection(where.borders, colors="#999999", linewidths=0.5)
        ax.add_collection(lines)
        ax.scatter(
            drawn["across"], drawn["down"], s=10 + 9000 * drawn["pi_c"],
            color=colours((tone + 1) / 2), edgecolor="white", linewidth=0.5, zorder=3,
        )  # fmt: skip
        for row in drawn.head(3).itertuples():
            ax.annotate(
                short_name(row.city), (row.across, row.down), xytext=(11, -12),
                textcoords="offset points", ha="left", fontsize="small", zorder=4,
            )  # fmt: skip
        ax.set(xlim=(0, geography.WIDTH), ylim=(geography.HEIGHT, 0), aspect="equal")
        ax.axis("off")
        ax.set_title(
            f"orange: {np.exp(-reach):.2f} times the median city's scale or less, grey: the "
            f"median, blue: {np.exp(reach):.2f} times or more",
            fontsize="small",
        )
    columns = ["city", "T_c", "pi_c", "across", "down"]
    return Exhibit("scale_map", figure, data[columns])


def scale_ranking(worth: pd.DataFrame, n: int = 10) -> Exhibit:
    """The highest and lowest city scales, in households of every thousand (3.2).

    Two dots a city: what it holds, and what it would hold with the median city's scale.

    Parameters
    ----------
    worth : DataFrame
        As :func:`at_the_median` returns it.
    n : int, at least 1
        How many cities from each end.
    """
    arguments.columns("worth", worth, ["city", "T_c", "pi_c", "pi_c_median"])
    n = arguments.whole("n", n)
    if n < 1:
        raise ParameterError(f"n: expected at least one city from each end, found {n}")
    ends = worth if len(worth) <= 2 * n else pd.concat([worth.head(n), worth.tail(n)])
    data = ends.assign(
        households=1000 * ends["pi_c"], households_median=1000 * ends["pi_c_median"]
    ).reset_index(drop=True)
    rows = -np.arange(len(data), dtype=float) - 1.2 * (np.arange(len(data)) >= n)
    with canvas(7.2, 0.27 * len(data) + 1.4) as (figure, ax):
        before, after = data["households"], data["households_median"]
        ax.hlines(rows, before, after, color=GREY, linewidth=1)
        ax.plot(after, rows, "o", color=ORANGE, label="with the median city's scale")
        ax.plot(before, rows, "o", color=BLUE, label="as observed")
        labels = [f"{short_name(row.city)}  ×{row.T_c:.2f}" for row in data.itertuples()]
        ax.set(xscale="log", yticks=rows, yticklabels=labels)
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.set_xlabel("households of every thousand in the panel (log scale)")
        ax.legend(frameon=False, fontsize="small", ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    columns = ["city", "T_c", "households", "households_median"]
    return Exhibit("scale_ranking", figure, data[columns])
