"""Did it happen? Predicted changes of city shares beside those that took place.

The slope is estimated on the years up to the first, wages move from the first year to the last,
exact hats say what city shares should do, and that is held against what they did.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import DataError, ParameterError, arguments
from helpers.inference.history import History, between, early_years, predicted, shrunk
from helpers.inference.resampling import Cells
from helpers.panel import Panel

LEVEL = 0.95
WAGES = ("observed", "shrunk", "by the instrument")
STATISTICS = ("slope", "correlation", "rmse")


def wages(past: History) -> dict[str, np.ndarray]:
    """The three readings of what wages did, each (C, K), by the names of :data:`WAGES`."""
    return dict(zip(WAGES, (past.log_wage, shrunk(past), past.by_instrument), strict=True))


def judge(
    actual: np.ndarray, forecast: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """How well forecasts did, for many weightings at once.

    Parameters
    ----------
    actual : array (C,)
        Change of ln pi_c that happened.
    forecast : array (C,) or (B, C)
        That was predicted; one row for each weighting.
    weights : array (C,) or (B, C), optional
        How much each city counts.

    Returns
    -------
    {str: array}
        ``slope`` of what happened on what was predicted, with a constant: 1 for a forecast that
        is right on average, between 0 and 1 for one that overshoots; ``correlation``; ``rmse``,
        the root mean squared error in log points, both demeaned, since shares say nothing of a
        common change. A forecast that is the same for all has no slope and no correlation (nan).
    """
    weights = np.ones_like(actual) if weights is None else weights
    weights = weights / weights.sum(axis=-1, keepdims=True)

    def centred(values: np.ndarray) -> np.ndarray:
        return values - (weights * values).sum(axis=-1, keepdims=True)

    y, x = centred(np.broadcast_to(actual, weights.shape)), centred(forecast + 0 * weights)
    xx, yy, xy = ((weights * a * b).sum(axis=-1) for a, b in ((x, x), (y, y), (x, y)))
    flat = xx < 1e-24
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "slope": np.where(flat, np.nan, xy / xx),
            "correlation": np.where(flat, np.nan, xy / np.sqrt(xx * yy)),
            "rmse": np.sqrt((weights * (y - x) ** 2).sum(axis=-1)),
        }


def resampled(
    panel: Panel, past: History, draws: int, seed: int, beta: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cities drawn with replacement: the slope of each draw, and how often each city counts.

    Parameters
    ----------
    panel : Panel
    past : History
    draws : int
    seed : int
    beta : float, optional
        A slope that is given and not estimated, the same in every draw.

    Returns
    -------
    array (draws,), array (draws, C)
        Slopes on the years up to the first; counts of the cities of the history.
    """
    data = estimation.sample(panel, early_years(panel, past.first))
    names = sorted(data["city"].unique())
    extra = [city for city in past.before.cities if city not in set(names)]
    n = len(names) + len(extra)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    counts = counts.astype(float)
    place = {city: i for i, city in enumerate([*names, *extra])}
    mine = counts[:, [place[city] for city in past.before.cities]]
    if beta is None:
        slopes = Cells.of(data).slopes(counts[:, : len(names)], "city")
    else:
        slopes = np.full(draws, beta)
    return slopes, mine


def _limits(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not values.size:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def compare(
    panel: Panel,
    first: int,
    last: int,
    *,
    rho: float | None = None,
    draws: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Forecasts of city shares held against what happened, out of sample (paper, 3.1 and 5).

    Parameters
    ----------
    panel : Panel
    first, last : int
        Wages and shares move from the one year to the other.
    rho : float, in [0, 1), optional
        By default the estimate on the years up to the first, estimated anew in every draw.
    draws : int
        Draws of cities with replacement for the intervals.
    seed : int

    Returns
    -------
    DataFrame
        A row a forecast: ``wages`` (:data:`WAGES`, or ``none`` for no change), ``rho``, and for
        each of ``slope``, ``correlation`` and ``rmse`` (:func:`judge`) the number and its limits
        ``_low`` and ``_high``; ``better``, the share of draws whose error is below that of no
        change. ``attrs``: ``cities``, ``left_out``, ``beta``, ``actual_sd``.

    Raises
    ------
    ParameterError, UnknownNameError, DataError
        As :func:`helpers.inference.history.between`; for rho outside [0, 1); for draws that are
        no whole number above 0.
    """
    draws = arguments.whole("draws", draws)
    if draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws}")
    fit = estimation.estimate(panel, years=early_years(panel, first))
    past = between(panel, first, last, fit)
    given = None if rho is None else 1 / (1 - float(past.before.correlations(rho)[0]))
    beta = fit.beta if given is None else given
    if not beta > 0:
        raise DataError(f"slope: {beta:g} on the years up to {first}, expected one above 0; give "
                        "rho, or take a later first year")  # fmt: skip
    slopes, counts = resampled(panel, past, draws, seed, given)
    slopes = np.where(slopes > 0, slopes, np.nan)
    usable = np.isfinite(slopes)
    actual = past.actual
    still = judge(actual, np.zeros_like(actual), counts)["rmse"]
    rows = [_row("none", np.nan, actual, np.zeros_like(actual), None, counts, still)]
    for name, change in wages(past).items():
        for value, slope in ((1 - 1 / beta, beta), (0.0, 1.0)):
            if value:
                redrawn = np.zeros_like(counts)
                redrawn[usable] = predicted(past.before, change, slopes[usable])
            else:
                redrawn = predicted(past.before, change, 1.0)[None].repeat(draws, axis=0)
            forecast = predicted(past.before, change, slope)
            rows.append(_row(name, value, actual, forecast, redrawn, counts, still))
    table = pd.DataFrame(rows)
    table.attrs.update(
        cities=len(actual), left_out=past.left_out, beta=beta, actual_sd=float(np.std(actual))
    )
    return table


def _row(name, rho, actual, forecast, redrawn, counts, still) -> dict[str, float]:
    """One forecast's row of :func:`compare`."""
    row = {"wages": name, "rho": rho}
    found = judge(actual, forecast)
    drawn = judge(actual, 0 * counts if redrawn is None else redrawn, counts)
    for statistic in STATISTICS:
        row[statistic] = float(found[statistic])
        row[f"{statistic}_low"], row[f"{statistic}_high"] = _limits(drawn[statistic])
    row["better"] = float((drawn["rmse"] < still).mean()) if redrawn is not None else np.nan
    return row


def by_size(
    past: History, beta: float, groups: int = 4, change: np.ndarray | None = None
) -> pd.DataFrame:
    """The same comparison within groups of cities of like size.

    Parameters
    ----------
    past : History
    beta : float, above 0
    groups : int, above 0
    change : array (C, K), optional
        Changes of ln wage; those observed by default.

    Returns
    -------
    DataFrame
        From the smallest to the largest: ``group``, ``cities``, ``households`` (share of all),
        ``slope``, ``correlation``, ``rmse`` and ``no_change``, the error of predicting nothing.
    """
    forecast = predicted(past.before, past.log_wage if change is None else change, beta)
    order = np.argsort(past.before.pi_c)
    rows = []
    for number, part in enumerate(np.array_split(order, groups), start=1):
        found = judge(past.actual[part], forecast[part])
        rows.append(
            {
                "group": number,
                "cities": len(part),
                "households": past.before.pi_c[part].sum(),
                **{name: float(value) for name, value in found.items()},
                "no_change": float(past.actual[part].std()),
            }
        )
    return pd.DataFrame(rows)


def within_cells(
    past: History, change: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """Slope of ln share changes on ln wage changes, city and occupation effects taken out.

    The paper's equation in differences, by least squares: what it asks of one cell against
    another. No change of a whole city or occupation enters, and with the wages that the
    instrument predicts it is two-stage least squares up to the first stage.

    Parameters
    ----------
    past : History
    change : array (C, K), optional
        Changes of ln wage; those observed by default.
    weights : array (C,) or (B, C), optional
        How often each city counts.

    Returns
    -------
    array () or (B,)
    """
    n_cities = len(past.actual)
    weights = np.ones(n_cities) if weights is None else weights
    weights = weights / weights.sum(axis=-1, keepdims=True)

    def net(values: np.ndarray) -> np.ndarray:
        values = values - values.mean(axis=1, keepdims=True)
        return values - np.einsum("...c,ck->...k", weights, values)[..., None, :]

    y = net(np.log(past.after.pi_ck / past.before.pi_ck))
    x = net(past.log_wage if change is None else change)
    moments = [np.einsum("...c,...ck->...", weights, x * other) for other in (y, x)]
    return moments[0] / moments[1]


def cells(panel: Panel, past: History, *, draws: int = 999, seed: int = 0) -> pd.DataFrame:
    """What one cell against another was promised, and what it got.

    Parameters
    ----------
    panel : Panel
    past : History
    draws : int
        Draws of cities with replacement.
    seed : int

    Returns
    -------
    DataFrame
        ``wages``, ``slope`` (:func:`within_cells`), ``slope_low`` and ``slope_high``.
    """
    _, counts = resampled(panel, past, draws, seed, 1.0)
    rows = []
    for name, change in wages(past).items():
        low, high = _limits(within_cells(past, change, counts))
        slope = float(within_cells(past, change))
        rows.append({"wages": name, "slope": slope, "slope_low": low, "slope_high": high})
    return pd.DataFrame(rows)


def windows(
    panel: Panel, last: int, firsts: Sequence[int], *, draws: int = 199, seed: int = 0
) -> pd.DataFrame:
    """The forecast from shrunk wages made in one year after another.

    Parameters
    ----------
    panel : Panel
    last : int
        The year that is forecast.
    firsts : sequence of int
        Years that forecasts are made in, each with a year between it and the last.
    draws, seed : int
        As in :func:`compare`.

    Returns
    -------
    DataFrame
        ``first``, ``cities``, ``rho`` (estimated up to then); ``slope`` with ``slope_low`` and
        ``slope_high`` at that rho; ``slope_independent`` at 0; and errors: ``rmse`` at rho,
        ``rmse_independent`` at 0, ``no_change``.
    """
    rows = []
    for first in firsts:
        table = compare(panel, first, last, draws=draws, seed=seed)
        shrunk_rows = table[table["wages"] == "shrunk"]
        with_rho, flat = shrunk_rows.iloc[0], shrunk_rows.iloc[1]
        rows.append(
            {
                "first": first,
                "cities": table.attrs["cities"],
                **{name: with_rho[name] for name in ("rho", "slope", "slope_low", "slope_high")},
                "slope_independent": flat["slope"],
                "rmse": with_rho["rmse"],
                "rmse_independent": flat["rmse"],
                "no_change": table["rmse"].iloc[0],
            }
        )
    return pd.DataFrame(rows)
