"""Predicted changes of city shares beside those that happened."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, PercentFormatter

from helpers.exhibits.as_run import bubbles
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREY, ORANGE
from helpers.inference import forecast_check, history


def _percent(ax, x: bool = True, y: bool = True) -> None:
    for there, axis in ((x, ax.xaxis), (y, ax.yaxis)):
        if there:
            axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _plain(value: float, _: object) -> str:
    """A share in per cent, however small, without powers of ten."""
    return f"{100 * value:.8f}".rstrip("0").rstrip(".") + "%"


def forecast_scatter(past: history.History, beta: float) -> Exhibit:
    """What happened to city shares against what wages said, raw and shrunk.

    Parameters
    ----------
    past : History
    beta : float, above 0
        The slope of ln pi_ck in ln w_ck.
    """
    data = pd.DataFrame(
        {"city": past.before.cities, "pi_c": past.before.pi_c, "actual": past.actual}
    )
    data["actual"] -= data["actual"].mean()
    readings = {"observed": past.log_wage, "shrunk": history.shrunk(past)}
    for name, change in readings.items():
        data[name] = history.predicted(past.before, change, beta)
        data[name] -= data[name].mean()
    with canvas(7.6, 4.0) as (figure, spare):
        figure.delaxes(spare)
        panels = figure.subplots(1, 2, sharey=True)
        for ax, name in zip(panels, readings, strict=True):
            slope = forecast_check.judge(past.actual, data[name].to_numpy())["slope"]
            ax.axline((0, 0), slope=1, color=GREY, linewidth=0.8)
            if np.isfinite(slope):
                ends = np.array([data[name].min(), data[name].max()])
                ax.plot(ends, slope * ends, color=ORANGE, linewidth=1.6)
            bubbles(ax, data[name], data["actual"], data["pi_c"], BLUE)
            ax.set_title(f"wages {name}", loc="left")
            ax.set(xlabel="predicted change of the share",
                   ylim=1.15 * np.array([data["actual"].min(), data["actual"].max()]))  # fmt: skip
            _percent(ax)
        panels[0].set_ylabel("change that happened")
    return Exhibit("forecast_scatter", figure, data)


def forecast_errors(table: pd.DataFrame) -> Exhibit:
    """Root mean squared error of each forecast, with its interval, beside that of no change.

    Parameters
    ----------
    table : DataFrame
        Of :func:`helpers.inference.forecast_check.compare`.
    """
    data = table.copy()
    data["forecast"] = [
        "no change" if np.isnan(row.rho) else f"wages {row.wages}, ρ\u00a0=\u00a0{row.rho:.2f}"
        for row in data.itertuples()
    ]
    with canvas(7.2, 3.2) as (figure, ax):
        still = float(data.loc[data["wages"] == "none", "rmse"].iloc[0])
        ax.axvline(still, color=GREY, linewidth=0.9)
        for place, row in enumerate(data.itertuples()):
            colour = GREY if np.isnan(row.rho) else BLUE if row.rho else ORANGE
            ax.plot([row.rmse_low, row.rmse_high], [place, place], color=colour, linewidth=2)
            ax.plot(row.rmse, place, "o", color=colour)
        ax.set_yticks(range(len(data)), data["forecast"], fontsize="small")
        ax.invert_yaxis()
        ax.set(xlabel="root mean squared error of a city's change", xlim=(0, None))
        _percent(ax, y=False)
    return Exhibit("forecast_errors", figure, data)


def known_worlds(worlds: pd.DataFrame) -> Exhibit:
    """Slopes of what happened on what was predicted, in worlds where the model is true.

    Parameters
    ----------
    worlds : DataFrame
        Of :func:`helpers.inference.made_histories.known_worlds`.
    """
    names = {
        "exact": "wages without error",
        "observed": "wages as a survey finds them",
        "shrunk": "the same, shrunk",
        "independent": "shrunk, read at ρ\u00a0=\u00a00",
    }
    data = worlds.rename(columns=names)
    with canvas(7.2, 2.8) as (figure, ax):
        ax.axvline(1, color=GREY, linewidth=0.9)
        for place, name in enumerate(names.values()):
            colour = ORANGE if place == 3 else BLUE
            ax.plot(data[name], np.full(len(data), place), "|", color=colour, markersize=14)
        ax.set_yticks(range(len(names)), list(names.values()), fontsize="small")
        ax.invert_yaxis()
        ax.set(xlabel="slope of what happened on what was predicted", xlim=(0, None))
    return Exhibit("known_worlds", figure, data)


def ripples(cases: pd.DataFrame) -> Exhibit:
    """How much one city's change should spread others apart, beside how far apart they are.

    Parameters
    ----------
    cases : DataFrame
        Of :func:`helpers.inference.case_studies.table`.
    """
    data = cases.assign(short=cases["city"].str.split(r"[-,]").str[0])
    with canvas(7.2, 3.0) as (figure, ax):
        place = np.arange(len(data))
        for column, colour, label in (
            ("spread", BLUE, "predicted from this city"),
            ("actual_spread", ORANGE, "happened"),
        ):
            ax.plot(data[column], place, "o", color=colour, label=label)
        ax.set_yticks(place, data["short"])
        ax.invert_yaxis()
        ax.set(xscale="log", xlabel="standard deviation of the change of all other cities' shares")
        ax.xaxis.set_major_formatter(FuncFormatter(_plain))
        ax.legend(frameon=False, loc="center")
    return Exhibit("ripples", figure, data)
