"""Maps of gains and of competition."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy

from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.model import Shares
from helpers.names import short_name


def competition_map(pairs: pd.DataFrame, shares: Shares, n: int = 24) -> Exhibit:
    """Who competes with whom among the largest cities, alike cities side by side.

    Parameters
    ----------
    pairs : DataFrame
        As :func:`competition` returns it.
    shares : Shares
    n : int
        Cities to show, the largest.
    """
    large = [shares.cities[c] for c in np.argsort(-shares.pi_c)[:n]]
    some = pairs[pairs["city"].isin(large) & pairs["rival"].isin(large)]
    square = some.pivot(index="city", columns="rival", values="relative").loc[large, large]
    alike = some.pivot(index="city", columns="rival", values="similarity").loc[large, large]
    apart = (1 - alike.to_numpy(copy=True)).clip(0)
    np.fill_diagonal(apart, 0)
    upper = ((apart + apart.T) / 2)[np.triu_indices(len(large), 1)]
    order = hierarchy.leaves_list(hierarchy.linkage(upper, "average", optimal_ordering=True))
    drawn = square.iloc[order, order]
    short = [short_name(name) for name in drawn.index]
    reach = float(np.nanmax(np.abs(drawn.to_numpy() - 1)))
    with canvas(7.2, 6.6) as (figure, ax):
        mesh = ax.imshow(drawn, cmap="PuOr", vmin=1 - reach, vmax=1 + reach)
        ax.set_xticks(range(len(short)), short, rotation=90, fontsize="small")
        ax.set_yticks(range(len(short)), short, fontsize="small")
        ax.set(xlabel="rival", ylabel="city that loses households")
        figure.colorbar(mesh, ax=ax, shrink=0.7, label="diversion over that without correlation")
    data = some[["city", "rival", "diversion", "relative", "similarity"]]
    return Exhibit("competition_map", figure, data.reset_index(drop=True))


def gains_map(shares: Shares, gain: np.ndarray, n: int = 20) -> Exhibit:
    """Households gained per one per cent, for the occupations of the largest cities.

    Parameters
    ----------
    shares : Shares
        With labels.
    gain : array (C, K)
        As :func:`cell_gains` returns it.
    n : int
        Cities to show, the largest.
    """
    large = np.argsort(-shares.pi_c)[:n]
    relative = 100 * gain[large] / shares.pi_c[large, None]
    short = [short_name(shares.cities[c]) for c in large]
    with canvas(7.2, 6.0) as (figure, ax):
        mesh = ax.imshow(relative, cmap="cividis", aspect="auto")
        ax.set_yticks(range(n), short, fontsize="small")
        ax.set_xticks(range(len(shares.occupations)), shares.occupations, rotation=30, ha="right")
        figure.colorbar(mesh, ax=ax, label="change of the city's share, per cent")
    data = pd.DataFrame(relative, columns=shares.occupations)
    data.insert(0, "city", [shares.cities[c] for c in large])
    return Exhibit("gains_map", figure, data)
