"""Pictures for intuition: the three kinds of share, elasticities (paper, 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from helpers import elasticities
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, ORANGE, occupation_colours
from helpers.model import Shares, similarity
from helpers.names import short_name

# eight colours that stay apart without red against green, dark enough on white
_EIGHT = (
    "#0072b2", "#e69f00", "#007a5a", "#cc79a7", "#56b4e9", "#b35900", "#444444", "#a6a6a6"
)  # fmt: skip


def three_shares(shares: Shares, cities: Sequence[str]) -> Exhibit:
    """What pi_ck, omega_k and phi_ck measure: the same households, divided three ways.

    Parameters
    ----------
    shares : Shares
        With labels.
    cities : sequence of str
        Cities to draw; pi_ck is shown for them alone, phi_ck for each of them.
    """
    places = [shares.city_index(name) for name in cities]
    short = [short_name(name) for name in cities]
    n = len(shares.occupations)
    with canvas(7.2, 5.4) as (figure, spare):
        figure.delaxes(spare)
        grid = figure.add_gridspec(2, 2, width_ratios=(3, 2))
        upper, side, lower = (
            figure.add_subplot(grid[0, 0]),
            figure.add_subplot(grid[:, 1]),
            figure.add_subplot(grid[1, 0]),
        )
        width = 0.8 / len(places)
        for i, (c, label) in enumerate(zip(places, short, strict=True)):
            at = np.arange(n) + (i - (len(places) - 1) / 2) * width
            upper.bar(at, shares.pi_ck[c], width, color=_EIGHT[i], label=label)
        upper.set_title("π: an occupation, divided among cities", loc="left")
        upper.set_xticks(range(n), shares.occupations, rotation=35, ha="right", fontsize="small")
        upper.tick_params(labelbottom=False)  # on a phone the panels do not share an axis
        upper.set_ylim(0, 1.5 * shares.pi_ck[places].max())
        upper.legend(frameon=False, fontsize="x-small", ncols=2)
        lower.bar(range(n), shares.omega_k, color=GREY)
        lower.set_title("ω: everyone, divided among occupations", loc="left")
        lower.set_xticks(range(n), shares.occupations, rotation=35, ha="right", fontsize="small")
        bottom = np.zeros(len(places))
        colours = occupation_colours(shares.occupations)
        for k, name in enumerate(shares.occupations):
            part = shares.phi_ck[places, k]
            side.bar(short, part, bottom=bottom, color=colours[name], label=name)
            bottom += part
        side.set_title("φ: a city, divided", loc="left")
        side.tick_params(axis="x", rotation=35, labelsize="small")
        side.legend(
            frameon=False, fontsize="x-small", loc="upper left", bbox_to_anchor=(1, 1), reverse=True
        )
        for ax in (upper, lower, side):
            ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    frame = shares.to_frame()
    data = frame[frame["city"].isin(cities)][["city", "occupation", "pi_ck", "omega_k", "phi_ck"]]
    return Exhibit("three_shares", figure, data.reset_index(drop=True))


def responses(shares: Shares, city: str, theta: float = 1.0) -> Exhibit:
    """How a city's share responds to its own scale and to that of others, over rho.

    The response to its own scale is drawn for the city and for the largest one, beside what the
    formula for a small city gives.

    Parameters
    ----------
    shares : Shares
        With labels.
    city : str
    theta : float, above 0
        Above one the scale is T_c, at one it is z_c.
    """
    c = shares.city_index(city)
    alike = similarity(shares, c)
    order = [i for i in np.argsort(-alike) if i != c]
    size = np.abs(np.log(shares.pi_c) - np.median(np.log(shares.pi_c)))
    near = min(order[:20], key=lambda i: size[i])
    far = min(order[-20:], key=lambda i: size[i])
    grid = np.linspace(0, 0.9, 46)
    largest = int(np.argmax(shares.pi_c))
    own, similar, different, of_largest = [], [], [], []
    for rho in grid:
        matrix = elasticities.cross_city(shares, rho, theta=theta)
        own.append(matrix[c, c])
        of_largest.append(matrix[largest, largest])
        similar.append(-matrix[near, c] / shares.pi_c[c] / theta)
        different.append(-matrix[far, c] / shares.pi_c[c] / theta)
    short = [short_name(shares.cities[i]) for i in (c, near, far, largest)]
    with canvas(7.2, 3.2) as (figure, spare):
        figure.delaxes(spare)
        left, right = figure.subplots(1, 2)
        left.plot(grid, theta / (1 - grid), color=GREY, linewidth=4, alpha=0.35,
                  label="formula for a small city")  # fmt: skip
        left.plot(grid, own, color=BLUE, label=short[0])
        if largest != c:
            left.plot(grid, of_largest, "--", color=ORANGE, label=f"{short[3]}, the largest")
        left.legend(frameon=False, fontsize="small")
        scale = "$z_c$" if theta == 1 else "$T_c$"
        left.set(xlabel="ρ", ylabel=f"elasticity of its share in {scale}")
        left.set_title("a city, when its own scale rises", loc="left")
        right.plot(grid, similar, color=BLUE, label=f"{short[1]}, similar")
        right.plot(grid, different, "--", color=ORANGE, label=f"{short[2]}, different")
        right.legend(frameon=False, fontsize="small")
        right.set(xlabel="ρ", ylabel=f"loss relative to {short[0]}'s size")
        right.set_title(f"others, when {short[0]}'s rises", loc="left")
    data = pd.DataFrame(
        {
            "rho": grid, "own": own, "largest": of_largest,
            "similar": similar, "different": different,
        }
    )  # fmt: skip
    return Exhibit("responses", figure, data)
