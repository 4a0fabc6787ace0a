"""What a Frechet draw is, before the model: one draw, and two towns to choose from (paper, 2.1)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import invweibull, kendalltau

from helpers.errors import ParameterError, check_rho, check_theta
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live import sampler
from helpers.exhibits.live.figure import CORRELATION, Control, LiveFigure, percent, plain
from helpers.exhibits.palette import BLUE, GREY, ORANGE
from helpers.model import shares

THETA = Control("Shape θ", 1.0, 10.0, 0.1, "number", 1)
PULL = Control("Appeal of the first town, the second's being 1", 0.25, 4.0, 0.05, "number", 2)
_RIGHT = 4.0


def frechet_draws(
    show: str = "density",
    *,
    theta: float = 3.0,
    pull: float = 1.5,
    rho: float = 0.64,
    n: int = 300,
    seed: int = 1,
    names: tuple[str, str] = ("Hill town", "Harbour town"),
) -> LiveFigure:
    """A Frechet draw in three steps: its density, a choice between two towns, correlation.

    Parameters
    ----------
    show : str
        ``density``: one draw, with a slider for theta. ``choice``: households draw in two towns,
        fly to the better one, and their share approaches the formula's. ``correlation``: the
        same with a slider for rho.
    theta : float, in [1, 10]
        Shape.
    pull : float, in [0.25, 4]
        z of the first town over that of the second: with rho = 0 its odds.
    rho : float, in [0, 0.95]
        Correlation, for ``correlation`` alone.
    n : int
        Households.
    seed : int
        Of the households' draws, the same here and in the page.
    names : (str, str)
        Of the towns.

    Returns
    -------
    LiveFigure

    Raises
    ------
    ParameterError
        If ``show`` is none of the three, or a number is outside its control.
    """
    theta = check_theta(theta)
    checked = [("theta", theta, THETA)]
    if show != "density":
        rho = float(check_rho(rho, 1)[0]) if show == "correlation" else 0.0
        checked = [("pull", pull, PULL), ("rho", rho, CORRELATION)]
    for name, value, control in checked:
        if not control.low <= value <= control.high:
            raise ParameterError(
                f"{name}: the page's control goes from {control.low:g} to {control.high:g}, "
                f"found {value:g}: choose one inside"
            )
    if show == "density":
        return _density(theta)
    if show not in ("choice", "correlation"):
        raise ParameterError(f"show: expected 'density', 'choice' or 'correlation', found {show!r}")
    if not (isinstance(n, int) and 10 <= n <= 1000):
        raise ParameterError(f"n: expected from 10 to 1000 households, found {n!r}")
    return _choice(theta, pull, rho, n, seed, names, correlated=show == "correlation")


def _density(theta: float) -> LiveFigure:
    """One draw: its density, the middle, and where eight households in ten are."""
    draw = invweibull(theta)
    grid = np.linspace(0, _RIGHT, 81)[1:]
    table = pd.DataFrame({"productivity": grid, "density": draw.pdf(grid)})
    low, middle, high = draw.ppf([0.1, 0.5, 0.9])
    with canvas(7.2, 3.4) as (figure, ax):
        ax.plot(table["productivity"], table["density"], color=BLUE)
        inside = np.linspace(low, min(high, _RIGHT), 80)
        ax.fill_between(inside, draw.pdf(inside), color=BLUE, alpha=0.14)
        ax.vlines(middle, 0, draw.pdf(middle), color="black", linestyle=":")
        ax.annotate("the middle", (middle, 0.03), ha="center", fontsize="small")
        ax.set(xlabel="productivity that a household draws", ylabel="density", xlim=(0, _RIGHT))
        ax.set_ylim(0)
    return LiveFigure(
        name="frechet_draws",
        kind="density",
        alt=f"Density of a Frechet draw with theta {plain(theta, 1)}: steep on the left, a long "
        f"tail on the right; half of the draws are below {plain(middle, 2)}, one in ten above "
        f"{plain(high, 2)}.",
        static=Exhibit("frechet_draws", figure, table),
        setting={"theta": theta},
        controls={"theta": THETA},
        sentence="With a shape θ of {theta} the household in the middle draws {middle}. One in ten "
        "draws less than {low} and one in ten more than {high}, {ratio} times as much.",
        values={
            "low": plain(low, 2),
            "middle": plain(middle, 2),
            "high": plain(high, 2),
            "ratio": plain(high / low, 1),
        },
        content={},
        scripts=("draws.js",),
    )


def _choice(
    theta: float,
    pull: float,
    rho: float,
    n: int,
    seed: int,
    names: tuple[str, str],
    *,
    correlated: bool,
) -> LiveFigure:
    """Households that go where they draw more; the formula's share beside theirs."""
    log_Z = sampler.log_draws([pull, 1.0], rho, theta, n, seed)
    first = log_Z[:, 0] >= log_Z[:, 1]
    table = pd.DataFrame(
        {
            "household": np.arange(1, n + 1),
            "first": np.exp(log_Z[:, 0]),
            "second": np.exp(log_Z[:, 1]),
            "in_first": first.astype(int),
            "share": first.cumsum() / np.arange(1, n + 1),
        }
    )
    formula = shares(np.ones((2, 1)), np.ones(1), np.array([pull, 1.0]), rho).pi_c[0]
    tau = kendalltau(log_Z[:, 0], log_Z[:, 1]).statistic
    figure = _path_and_cloud(table, formula, names)
    more = (
        " Their draws in the two towns have a rank correlation of {tau}; over ever more "
        "households it tends to ρ, which is {rho}."
        if correlated
        else ""
    )
    shown = percent(table["share"].iloc[-1], 1)
    controls = {"pull": replace(PULL, label=f"Scale of {names[0]} ({names[1]}: 1)")}
    if correlated:
        controls["rho"] = CORRELATION
    return LiveFigure(
        name="frechet_draws",
        kind="choice",
        alt=f"{n} households as dots in two towns: {shown} draw more in {names[0]} and live there; "
        f"their share approaches the formula's {percent(formula, 1)}. The cloud of their draws "
        f"has a rank correlation of {plain(tau, 2)}.",
        static=Exhibit("frechet_draws", figure, table),
        setting={"pull": pull, "seed": seed, **({"rho": rho} if correlated else {})},
        controls=controls,
        sentence=f"{names[0]}'s scale is {{pull}} times {names[1]}'s. Of {{number}} "
        "households {share} draw more there and choose it; the formula says {formula}." + more,
        values={
            "share": shown,
            "formula": percent(formula, 1),
            "number": str(n),
            "tau": plain(tau, 2),
        },
        content={"names": list(names), "n": n, "theta": theta, "correlated": correlated},
        scripts=("draws.js",),
    )


def _path_and_cloud(table: pd.DataFrame, formula: float, names: tuple[str, str]) -> Figure:
    """How the share settles on the formula's as households choose, and what they drew."""
    with canvas(7.2, 3.3) as (figure, spare):
        figure.delaxes(spare)
        path, cloud = figure.subplots(1, 2)
        reach = 2 * np.sqrt(formula * (1 - formula) / table["household"])
        path.fill_between(
            table["household"], (formula - reach).clip(0), (formula + reach).clip(upper=1),
            color=GREY, alpha=0.16, linewidth=0,
        )  # fmt: skip
        path.axhline(formula, color="black", linestyle=":", linewidth=1)
        path.plot(table["household"], table["share"], color=BLUE)
        path.set(xlabel="households that have chosen", ylabel=f"share of {names[0]}", ylim=(0, 1))
        path.set_title(f"dotted: the formula, {percent(formula, 1)}", loc="left")
        for town, colour in ((1, BLUE), (0, ORANGE)):
            part = table[table["in_first"] == town]
            cloud.loglog(part["first"], part["second"], ".", color=colour, alpha=0.7, markersize=4)
        cloud.axline((1, 1), (2, 2), color="black", linestyle=":", linewidth=1)
        cloud.set(xlabel=f"draw in {names[0]}", ylabel=f"draw in {names[1]}")
        cloud.set(xlim=(0.4, 6), ylim=(0.4, 6))
        for axis in (cloud.xaxis, cloud.yaxis):
            axis.set_ticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
            axis.set_ticks([], minor=True)
    return figure
