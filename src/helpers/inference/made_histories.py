"""Histories in which the model is true: what forecasts look like when nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.counterfactuals import shock
from helpers.errors import arguments
from helpers.inference.forecast_check import judge
from helpers.inference.history import History, predicted, shrunk


def known_world(
    past: History, rho: float, *, spread: float = 0.1, error: float = 1.0, seed: int = 0
) -> History:
    """A history in which the model is true and wages are the only shock, seen with an error.

    Wages of all cells change independently; shares follow from the first year's by exact hats at
    rho (:func:`helpers.counterfactuals.shock`); what is seen of the wages has the survey's error.

    Parameters
    ----------
    past : History
        Whose first year and error of wages are taken over.
    rho : float, in [0, 1)
    spread : float, above 0
        Standard deviation of the true changes of ln wage, log points.
    error : float, at least 0
        Multiple of the estimated standard error; 0 for wages as they are.
    seed : int

    Returns
    -------
    History
        Its true slope is 1 / (1 - rho).
    """
    rng = np.random.default_rng(seed)
    true = rng.normal(0, spread, past.log_wage.shape)
    after = shock(past.before, rho, 1.0, city_occupation=np.exp(true))
    seen = true + error * rng.normal(size=true.shape) * np.sqrt(past.noise)
    return replace(past, after=after, log_wage=seen, noise=error**2 * past.noise)


def known_worlds(
    past: History, rho: float, worlds: int = 50, *, spread: float = 0.1
) -> pd.DataFrame:
    """Slopes of what happened on what was predicted, where the model is true.

    Parameters
    ----------
    past, rho, spread
        As in :func:`known_world`.
    worlds : int, above 0
        How many are drawn, with seeds from 0 on.

    Returns
    -------
    DataFrame
        ``world``; ``exact`` (wages without error), ``observed`` and ``shrunk`` (with it), and
        ``independent``, the shrunk wages read at rho = 0.
    """
    beta = 1 / (1 - float(past.before.correlations(rho)[0]))
    rows = []
    for seed in range(arguments.whole("worlds", worlds)):
        row: dict[str, float] = {"world": seed}
        for name, error in (("exact", 0.0), ("observed", 1.0), ("shrunk", 1.0)):
            made = known_world(past, rho, spread=spread, error=error, seed=seed)
            change = shrunk(made) if name == "shrunk" else made.log_wage
            row[name] = float(judge(made.actual, predicted(made.before, change, beta))["slope"])
        flat = predicted(made.before, change, 1.0)
        row["independent"] = float(judge(made.actual, flat)["slope"])
        rows.append(row)
    return pd.DataFrame(rows)
