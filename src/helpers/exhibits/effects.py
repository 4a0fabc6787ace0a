"""Effects in per cent: occupation shocks, cells that a policy targets, rivals (paper, 5.2, 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from helpers import counterfactuals, elasticities
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, ORANGE, occupation_colours
from helpers.model import Shares
from helpers.names import short_name


def occupation_gains(shares: Shares, theta: float, occupations: list[str], hat: float) -> Exhibit:
    """Every city's gain against the weight of the occupation that is shocked (5.2).

    One panel an occupation, with the same axes. The cities lie on a line, whatever rho: they
    gain where the occupation weighs more than in the country, which a vertical line marks.

    Parameters
    ----------
    shares : Shares
        With labels.
    theta : float, above 0
    occupations : list of str
        One or more.
    hat : float, above 0
        Multiplicative change of each T_k.
    """
    parts = []
    with canvas(7.2, 4.4) as (figure, first):
        first.remove()
        panels = figure.subplots(1, len(occupations), sharey=True, squeeze=False)[0]
        for ax, occupation in zip(panels, occupations, strict=True):
            part = _one_occupation(shares, theta, occupation, hat)
            parts.append(part)
            k = shares.occupation_index(occupation)
            colour = occupation_colours(shares.occupations)[occupation]
            ax.axhline(0, color=GREY, linewidth=0.8)
            ax.axvline(shares.omega_k[k], color=GREY, linewidth=0.8, linestyle="--")
            ax.scatter(
                part["phi_ck"], part["gain"], s=12 + 2500 * part["pi_c"], color=colour,
                alpha=0.55, linewidth=0.4, edgecolor="white",
            )  # fmt: skip
            largest = part["pi_c"].idxmax()
            _name(ax, part, "phi_ck", "gain", [part["gain"].idxmin(), largest], down=14)
            _name(ax, part, "phi_ck", "gain", [part["gain"].idxmax()], left=True)
            ax.xaxis.set_major_locator(MaxNLocator(5, prune="upper"))
            ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            ax.set_xlabel(f"part of the city in {occupation}")
            ax.set_title(f"{occupation}: {100 * (hat - 1):+.0f}%".replace("-", "−"), loc="left")
        panels[0].margins(y=0.14)  # room for names below the line
        panels[0].yaxis.set_major_formatter(_signed(1))
        panels[0].set_ylabel("change of the city's households")
    return Exhibit("occupation_gains", figure, pd.concat(parts, ignore_index=True))


def _one_occupation(shares: Shares, theta: float, occupation: str, hat: float) -> pd.DataFrame:
    """City, size, weight of the occupation and gain; rho = 0, since rho has no say."""
    new = counterfactuals.shock(shares, 0.0, theta, occupation={occupation: hat})
    return pd.DataFrame(
        {
            "occupation": occupation,
            "city": shares.cities,
            "pi_c": shares.pi_c,
            "phi_ck": shares.phi_ck[:, shares.occupation_index(occupation)],
            "gain": new.pi_c / shares.pi_c - 1,
        }
    )


def target_gains(shares: Shares, rho: float, city: str) -> Exhibit:
    """What one per cent more in a cell draws: by cell, and for its size (6, equation 8).

    Parameters
    ----------
    shares : Shares
        With labels.
    rho : float, in [0, 1)
    city : str
    """
    c = shares.city_index(city)
    gain = elasticities.own_city_occupation(shares, rho)[c]
    data = pd.DataFrame(
        {
            "occupation": shares.occupations,
            "gain": gain,
            "phi_ck": shares.phi_ck[c],
            "gain_for_its_size": gain / shares.phi_ck[c],
        }
    ).sort_values("gain", ignore_index=True)
    colours = occupation_colours(shares.occupations)
    with canvas(7.2, 3.8) as (figure, first):
        first.remove()
        left, right = figure.subplots(1, 2, sharey=True)
        for ax, column, title in (
            (left, "gain", "one per cent more in a cell"),
            (right, "gain_for_its_size", "divided by its part of the city"),
        ):
            tones = [colours[name] for name in data["occupation"]]
            ax.barh(data["occupation"], data[column], color=tones)
            ax.set_title(title, loc="left", fontsize="medium")
        left.xaxis.set_major_formatter(lambda value, _: f"{value:g}%")
        left.set_xlabel("households that the city gains")
        right.axvline(1 / (1 - rho), color="#222222", linewidth=1, linestyle="--")
        right.set_xlabel("gain over part of the city; dashed: 1/(1−ρ)")
    return Exhibit("target_gains", figure, data)


def rivals_by_size(rivals: pd.DataFrame, city: str) -> Exhibit:
    """Where those go who leave a city: size decides most, shared work the rest (6).

    Parameters
    ----------
    rivals : DataFrame
        ``city``, ``diversion`` (part of those who leave), ``at rho = 0`` and
        ``over-represented``, one over the other.
    city : str
        The city that is left.
    """
    data = rivals.assign(more=rivals["over-represented"] - 1)
    with canvas(7.2, 4.4) as (figure, ax):
        ax.axhline(0, color=GREY, linewidth=0.8)
        colours = np.where(data["more"] > 0, BLUE, ORANGE)
        ax.scatter(data["diversion"], data["more"], s=26, c=colours, alpha=0.6, linewidth=0)
        _name(ax, data, "diversion", "more", [data["diversion"].idxmax()], left=True)
        _name(ax, data, "diversion", "more", [data["more"].idxmin(), data["more"].idxmax()])
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
        ax.yaxis.set_major_formatter(_signed(1))
        ax.set(
            xlabel=f"part of those who leave {short_name(city)} (log scale)",
            ylabel="more or fewer than without correlation",
        )
    columns = ["city", "diversion", "at rho = 0", "more"]
    return Exhibit("rivals_by_size", figure, data[columns])


def _signed(decimals: int) -> FuncFormatter:
    """Changes in per cent, with their sign."""

    def words(value: float, _: int) -> str:
        text = f"{100 * value:+.{decimals}f}%".replace("-", "−")
        return text if abs(value) > 1e-12 else "0%"

    return FuncFormatter(words)


def _name(
    ax: Axes, data: pd.DataFrame, x: str, y: str, rows: list, *, left: bool = False, down: int = -4
) -> None:
    """Write cities' short names beside their marks, each once."""
    for row in dict.fromkeys(rows):
        ax.annotate(
            short_name(data.at[row, "city"]),
            (data.at[row, x], data.at[row, y]),
            xytext=(-7 if left else 7, -down),
            textcoords="offset points",
            ha="right" if left else "left",
            fontsize="small",
        )
