"""The paper's counterfactual figures as they were run, each beside the exact one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import Formatter, FuncFormatter, PercentFormatter

from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, ORANGE
from helpers.names import NEW_YORK, VISALIA, short_name
from helpers.panel import Panel
from helpers.targets import as_run

_PANELS = ("as run", "exact")


def _pair(figure: Figure, spare: Axes, **share: bool) -> tuple[Axes, Axes]:
    """Two panels side by side, the run on the left."""
    figure.delaxes(spare)
    left, right = figure.subplots(1, 2, **share)
    for ax, title in zip((left, right), _PANELS, strict=True):
        ax.set_title(title, loc="left")
    return left, right


def bubbles(ax: Axes, x: pd.Series, y: pd.Series, size: pd.Series, colour: str) -> None:
    """Draw a bubble a city, in a dozen sizes: marks of one size share one path in the file."""
    area = 8 + 500 * size / max(size.max(), 0.05)
    steps = np.round(2 * np.log2(area / 8)) / 2
    for step in np.unique(steps):
        rows = steps == step
        ax.plot(
            x[rows], y[rows], "o", markersize=np.sqrt(8 * 2**step), color=colour, alpha=0.55,
            markeredgewidth=0.4, markeredgecolor="white",
        )  # fmt: skip


class _Change(Formatter):
    """New over old as a change in per cent, every tick of an axis with the same digits."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        changes = [round(100 * (value - 1), 5) + 0.0 for value in values]
        digits = next((n for n in range(5) if all(round(x, n) == x for x in changes)), 5)
        return [f"{change:.{digits}f}%".replace("-", "−") for change in changes]


def _per_cent(ax: Axes, axis: str = "y") -> None:
    which = ax.yaxis if axis == "y" else ax.xaxis
    which.set_major_formatter(_Change())


def _plain(value: float, _: object) -> str:
    """A share in per cent, however small, without powers of ten."""
    return f"{100 * value:.8f}".rstrip("0").rstrip(".") + "%"


def implied_sizes(panel: Panel, rho: float, theta: float = 3.0, year: int = 2019) -> Exhibit:
    """City shares that the published shifters imply, against those observed.

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    """
    data = as_run.baselines(panel, year, rho, theta)
    with canvas(7.2, 4.4) as (figure, ax):
        ax.scatter(data["observed"], data["as_run"], s=14, color=ORANGE, alpha=0.7,
                   label="as run: power θ taken twice")  # fmt: skip
        ax.scatter(data["observed"], data["once"], s=14, color=BLUE, alpha=0.7, marker="s",
                   label="power θ taken once")  # fmt: skip
        ends = np.array([data["observed"].min(), data["observed"].max()])
        ax.plot(ends, ends, color=GREY, linewidth=0.9)
        ax.set(xscale="log", yscale="log", xlabel="observed share of households",
               ylabel="share before the shock")  # fmt: skip
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(FuncFormatter(_plain))
        largest = data.loc[data["observed"].idxmax()]
        ax.annotate(
            short_name(largest["city"]), (largest["observed"], largest["as_run"]),
            xytext=(-6, -12), textcoords="offset points", ha="right", fontsize="small",
        )  # fmt: skip
        ax.legend(frameon=False, loc="upper left")
    return Exhibit("implied_sizes", figure, data)


def as_run_figure_2(
    panel: Panel, rho: float, theta: float = 3.0, year: int = 2019,
    city: str = NEW_YORK, hat: float = 0.95,
) -> Exhibit:  # fmt: skip
    """Figure 2 as run and exact: gains of other cities against similarity.

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    city : str
    hat : float, above 0
    """
    data = as_run.city_shock(panel, rho, theta, year, city, hat)
    with canvas(7.6, 3.9) as (figure, spare):
        panels = _pair(figure, spare, sharex=True)
        names = (("as_run", "pi_c_as_run"), ("exact", "pi_c"))
        for ax, (name, size) in zip(panels, names, strict=True):
            bubbles(ax, data["similarity"], data[name], data[size], BLUE)
            ax.plot(data["similarity"], data[f"{name}_independent"], ".", color=ORANGE,
                    markersize=3)  # fmt: skip
            ax.set(xlabel=f"correlation with {short_name(city)}'s mix")
            _per_cent(ax)
        panels[0].set_ylabel("change of the city's share")
        marks = [
            Line2D([], [], marker="o", linestyle="", color=colour, label=label)
            for colour, label in ((BLUE, f"ρ = {rho:.2f}"), (ORANGE, "ρ = 0"))
        ]
        panels[1].legend(handles=marks, frameon=False, loc="center left")
    return Exhibit("as_run_figure_2", figure, data)


def as_run_figure_3(
    panel: Panel, rho: float, theta: float = 3.0, year: int = 2019,
    city: str = VISALIA, hat: float = 0.95,
) -> Exhibit:  # fmt: skip
    """Figure 3 as run and exact: the ratio of two changes, less its median, in millionths.

    Parameters are those of :func:`as_run_figure_2`.
    """
    data = as_run.city_shock(panel, rho, theta, year, city, hat)
    for name in ("as_run", "exact"):
        ratio = data[f"{name}_ratio"]
        data[f"{name}_millionths"] = 1e6 * (ratio - ratio.median())
    with canvas(7.6, 3.9) as (figure, spare):
        panels = _pair(figure, spare, sharex=True)
        names = (("as_run", "pi_c_as_run"), ("exact", "pi_c"))
        for ax, (name, size) in zip(panels, names, strict=True):
            bubbles(ax, data["similarity"], data[f"{name}_millionths"], data[size], BLUE)
            ax.set(xlabel=f"correlation with {short_name(city)}'s mix")
        panels[0].set_ylabel("ratio less its median, millionths")
    return Exhibit("as_run_figure_3", figure, data)


def as_run_figure_4(
    panel: Panel, rho: float, theta: float = 3.0, year: int = 2019,
    other: str = "trades", hat: float = 1.10,
) -> Exhibit:  # fmt: skip
    """Figure 4 as run and exact: a management shock against another occupation's.

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    other : str
        The occupation on the horizontal axis.
    hat : float, above 0
    """
    data = as_run.occupation_shocks(panel, rho, theta, year, hat, (other, "management"))
    with canvas(7.6, 3.9) as (figure, spare):
        panels = _pair(figure, spare, sharex=True, sharey=True)
        names = (("as_run", "pi_c_as_run"), ("exact", "pi_c"))
        for ax, (name, size) in zip(panels, names, strict=True):
            ax.axhline(1, color=GREY, linewidth=0.8)
            ax.axvline(1, color=GREY, linewidth=0.8)
            bubbles(ax, data[f"{name}_{other}"], data[f"{name}_management"], data[size], BLUE)
            ax.set(xlabel=f"change after the {other} shock")
            _per_cent(ax)
            _per_cent(ax, "x")
        panels[0].set_ylabel("change after the management shock")
    return Exhibit("as_run_figure_4", figure, data)


def as_run_figure_5(
    panel: Panel, rho: float, theta: float = 3.0, year: int = 2019,
    hat: float = as_run.FIGURE_5_HAT,
) -> Exhibit:  # fmt: skip
    """Figure 5 as run and exact: distance from the line of equality, in percentage points.

    Parameters
    ----------
    panel : Panel
    rho : float, in [0, 1)
    theta : float, above 0
    year : int
    hat : float, above 0
        Multiplicative change of management's T_k.
    """
    data = as_run.figure_5(panel, rho, theta, year, hat)
    for name in ("as_run", "once", "exact"):
        data[f"{name}_gap"] = 100 * (data[name] - data[f"{name}_independent"])
    with canvas(7.6, 3.9) as (figure, spare):
        panels = _pair(figure, spare, sharex=True, sharey=True)
        for ax, name in zip(panels, ("as_run", "exact"), strict=True):
            ax.axhline(0, color=GREY, linewidth=0.8)
            bubbles(ax, data[f"{name}_independent"], data[f"{name}_gap"], data["pi_c"], BLUE)
            ax.set(xlabel="change of the city's share at ρ = 0")
            _per_cent(ax, "x")
        panels[0].set_ylabel("change with ρ less change\nat ρ = 0, percentage points")
    return Exhibit("as_run_figure_5", figure, data)


def causes_of_figure_2(
    panel: Panel, rho: float, theta: float = 3.0, year: int = 2019,
    city: str = NEW_YORK, hat: float = 0.95,
) -> Exhibit:  # fmt: skip
    """From the exact gains of others to those as run, one cause at a time.

    Parameters are those of :func:`as_run_figure_2`.
    """
    data = as_run.steps(panel, rho, theta, year, city, hat)
    with canvas(7.2, 3.4) as (figure, ax):
        place = np.arange(len(data))
        for column, colour, label, shift in (
            ("change", BLUE, f"ρ = {rho:.2f}", -0.17),
            ("change_independent", ORANGE, "ρ = 0", 0.17),
        ):
            ax.barh(place + shift, data[column], height=0.32, color=colour, label=label)
        ax.set_yticks(place, data["step"], fontsize="small")
        ax.invert_yaxis()
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.set(xlabel="mean gain of all other cities")
        ax.legend(frameon=False, loc="upper right")
    return Exhibit("causes_of_figure_2", figure, data)
