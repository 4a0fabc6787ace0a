"""The red and the blue town: what rho does to shares, to moves and to draws (paper, 2.1-2.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import kendalltau

from helpers.counterfactuals import diversion
from helpers.errors import ParameterError, check_positive, check_rho, check_theta
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live import sampler
from helpers.exhibits.live.figure import CORRELATION, Control, LiveFigure, percent, plain
from helpers.model import shares

_TINTS = ("#d55e00", "#0072b2", "#b8860b")
_NAMES = ("red town", "blue town", "farm town")
RHO = Control(CORRELATION.label, 0.0, 0.98, 0.01)


def red_and_blue(
    rho: float = 0.64, *, tilt: float = 4.0, theta: float = 3.0, n: int = 400, seed: int = 1
) -> LiveFigure:
    """Two towns of programmers and one of farmers: one slider for rho moves all that it means.

    The shares of the towns, where those go who leave the red one (diversion ratios), the cloud of
    programmers' draws in the red and the blue town, and Kendall's rank correlation of it.

    Parameters
    ----------
    rho : float, in [0, 0.98]
    tilt : float, above 0
        t_ck of a town's own occupation; of the other it is one.
    theta : float, above 0
    n : int
        Households in the cloud.
    seed : int
        Of their draws, the same here and in the page.

    Returns
    -------
    LiveFigure
    """
    rho = float(check_rho(rho, 1)[0])
    theta = check_theta(theta)
    tilt = float(check_positive("tilt", np.asarray(tilt, dtype=float), ()))
    if rho > RHO.high:
        raise ParameterError(
            f"rho: the page's control goes from {RHO.low:g} to {RHO.high:g}, found {rho:g}: "
            "choose one inside"
        )
    t_ck, T_k, z_c = np.array([[tilt, 1], [tilt, 1], [1, tilt]]), np.ones(2), np.ones(3)
    built = shares(t_ck, T_k, z_c, rho)
    to = diversion(built, rho)[0]
    log_Z = sampler.log_draws(np.ones(2), rho, theta, n, seed)
    tau = kendalltau(log_Z[:, 0], log_Z[:, 1]).statistic
    table = pd.concat(
        [
            pd.DataFrame({"mark": "share", "label": _NAMES, "x": built.pi_c, "y": 0.0}),
            pd.DataFrame({"mark": "diversion", "label": _NAMES[1:], "x": to[1:], "y": 0.0}),
            pd.DataFrame({"mark": "draw", "label": "", "x": log_Z[:, 0], "y": log_Z[:, 1]}),
        ],
        ignore_index=True,
    )
    figure = _bars_and_cloud(built.pi_c, to, log_Z, tau)
    return LiveFigure(
        name="red_and_blue",
        kind="towns",
        alt=f"Three towns at a correlation of {plain(rho, 2)}: of those who leave the red town "
        f"{percent(to[1], 0)} go to the blue town and {percent(to[2], 0)} to the farm town. Beside "
        f"it the cloud of draws in the red and the blue town, rank correlation {plain(tau, 2)}.",
        static=Exhibit("red_and_blue", figure, table),
        setting={"rho": rho},
        controls={"rho": RHO},
        sentence="With a correlation of {rho}, {red} of all people live in the red town, {blue} in "
        "the blue one and {farm} in the farm town. When the red town becomes a little worse, "
        "{to_blue} of those who leave it go to the blue town and {to_farm} to the farm town. "
        "Programmers' draws in the two towns have a rank correlation of {tau}.",
        values={
            **{
                name: percent(part, 0)
                for name, part in zip(("red", "blue", "farm"), built.pi_c, strict=True)
            },
            "to_blue": percent(to[1], 0),
            "to_farm": percent(to[2], 0),
            "tau": plain(tau, 2),
        },
        content={
            "names": list(_NAMES),
            "t_ck": t_ck.ravel().tolist(),
            "T_k": T_k.tolist(),
            "z_c": z_c.tolist(),
            "n": n,
            "seed": seed,
            "theta": theta,
        },
        scripts=("towns.js",),
    )


def _bars_and_cloud(pi_c: np.ndarray, to: np.ndarray, log_Z: np.ndarray, tau: float) -> Figure:
    """Where all live and where those go who leave the red town; beside it, what they drew."""
    with canvas(7.2, 3.2) as (figure, spare):
        figure.delaxes(spare)
        bars, cloud = figure.subplots(1, 2)
        for row, (title, parts, tints) in enumerate(
            (
                (
                    "of those who leave the red town",
                    list(zip(_NAMES, to, strict=True))[1:],
                    _TINTS[1:],
                ),
                ("of all", list(zip(_NAMES, pi_c, strict=True)), _TINTS),
            )
        ):
            left = 0.0
            for (name, part), tint in zip(parts, tints, strict=True):
                bars.barh(row, part, left=left, color=tint, height=0.45)
                words = f"{name.split()[0]}\n{percent(part, 0)}"
                bars.text(left + part / 2, row, words, ha="center", va="center", color="white")
                left += part
            bars.text(0, row + 0.28, title, fontsize="small")
        bars.set(xlim=(0, 1), ylim=(-0.4, 1.6))
        bars.axis("off")
        cloud.loglog(*np.exp(log_Z).T, ".", color=_TINTS[1], alpha=0.5, markersize=3)
        cloud.set(xlabel="a programmer's draw in the red town", ylabel="draw in the blue town")
        cloud.set(xlim=(0.4, 6), ylim=(0.4, 6))
        for axis in (cloud.xaxis, cloud.yaxis):
            axis.set_ticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
            axis.set_ticks([], minor=True)
        cloud.set_title(f"rank correlation {plain(tau, 2)}", loc="left")
    return figure
