"""What mean wages of those who have chosen can show, in data and in three simulated worlds.

In a max-stable world the best draw is distributed alike wherever it is found. If earnings are the
draw, wage included, everyone who has chosen earns the same on average in every cell, so observed
means differ only for what multiplies value and is not paid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import arguments, find_name
from helpers.estimation import rho_of
from helpers.inference.worlds import frame_of, labels
from helpers.model import shares
from helpers.panel import Panel
from helpers.sources import synthetic

WORLDS = ("the paper's reading", "wages multiply draws", "the same, with amenities")
_STEPS = (
    ("year", ("year",)),
    ("occupation", ("year", "occupation")),
    ("city", ("year", "occupation", "city")),
    ("city by year, occupation by year", ("city_year", "occupation_year")),
    ("cell", ("city_year", "occupation_year", "city_occupation")),
)
_AMENITY, _WAGE = 0.05, 0.10


def decomposition(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """How much mean wages differ between years, occupations, cities and cells.

    Sets of effects are added one after another, each set before it kept; the part of a set is by
    how much R2 rises.

    Returns
    -------
    DataFrame
        ``between``, ``part`` (of the variance of log wages; they sum to one) and ``spread``, the
        standard deviation in log points of that part; the last row is what is left: a cell's
        changes over time.
    """
    data = estimation.sample(panel, years)
    variance = float(data["log_wage"].var(ddof=0))
    rows, before = [], 0.0
    for name, effects in _STEPS:
        if data[list(effects)].nunique().min() < 2:
            continue  # one year has no years to compare
        if name == "cell" and data["year"].nunique() < 2:
            continue
        left = estimation.residuals(data, "log_wage", effects)
        explained = 1 - float(np.var(left)) / variance
        rows.append({"between": name, "part": explained - before})
        before = explained
    rows.append({"between": "what is left", "part": 1 - before})
    table = pd.DataFrame(rows)
    return table.assign(spread=np.sqrt(table["part"].clip(lower=0) * variance))


def earnings_of_the_best(
    log_amenity: np.ndarray, cell: np.ndarray, theta: float, rng: np.random.Generator
) -> np.ndarray:
    """Log mean earnings of each cell's households, if what they earn is the draw over an amenity.

    The value of a household's best draw is Frechet of shape theta wherever it is found (claim
    ``b-wage-equal``), so it can be drawn after the choice.
    """
    value = rng.standard_exponential(len(cell)) ** (-1 / theta)
    n = np.bincount(cell, minlength=log_amenity.size)
    total = np.bincount(cell, value, log_amenity.size)
    mean = np.divide(total, n, out=np.full(n.size, np.nan), where=n > 0)
    return np.log(mean) - log_amenity


def one_world(
    world: str,
    seed: int,
    rho: float = synthetic.RHO,
    theta: float = synthetic.THETA,
    households: int = 1_000_000,
) -> dict[str, float]:
    """Run the paper's regression in one simulated economy.

    Cells, exposures and shifts are those of the synthetic economy. Pay per unit ``w`` follows the
    instrument and a disturbance; an amenity ``a`` is independent of both. Households choose, and a
    survey of them gives shares and mean earnings.

    * *the paper's reading*: the scale is w a and the survey sees w;
    * *wages multiply draws*: the scale is w^theta, and the survey sees what households earn;
    * *the same, with amenities*: the scale is (w a)^theta, and the survey sees earnings, not a.

    Parameters
    ----------
    world : str
        One of :data:`WORLDS`.
    seed : int
    rho, theta : float
    households : int
        In the survey, each year.

    Returns
    -------
    dict
        ``first`` (first-stage slope), ``first_t`` (its t, clustered by cell), ``ols``, ``slope``
        (2SLS), ``rho`` (1 - 1 / slope), ``spread`` (standard deviation of log wages net of the
        effects).
    """
    find_name("world", world, WORLDS)
    frame = frame_of()
    rng = np.random.default_rng([WORLDS.index(world), arguments.whole("seed", seed, least=0)])
    z = frame.z
    log_w = 0.55 * z + rng.normal(0, _WAGE, z.shape)
    amenity = rng.normal(0, _AMENITY, z.shape)
    plain = world == WORLDS[0]
    if world == WORLDS[1]:
        amenity = np.zeros(z.shape)
    power = 1.0 if plain else theta
    rows = []
    for t in range(len(z)):
        built = shares(
            np.exp(power * (log_w[t] + amenity[t])),
            np.exp(frame.log_T[t]),
            np.exp(frame.size),
            rho,
        )
        cell_share = (built.pi_ck * built.omega_k).ravel()
        counts = rng.multinomial(households, cell_share / cell_share.sum())
        cell = np.repeat(np.arange(counts.size), counts)
        log_wage = (
            log_w[t].ravel()
            if plain
            else earnings_of_the_best(amenity[t].ravel(), cell, theta, rng)
        )
        rows.append((counts.reshape(z[t].shape), log_wage))
    return _regression(rows, z)


def _regression(rows: list, z: np.ndarray) -> dict[str, float]:
    """The paper's regression on counts and log wages of every year."""
    data = labels(z.shape)
    counts = np.stack([n for n, _ in rows]).astype(float)
    with np.errstate(divide="ignore"):
        log_share = np.log(counts / counts.sum(axis=1, keepdims=True))
    data["log_share"] = log_share.ravel()
    data["log_wage"] = np.concatenate([wage for _, wage in rows])
    data["instrument"] = z.ravel()
    data = data[counts.ravel() > 0].reset_index(drop=True)
    y, x, left = estimation.residualise(data, ["log_share", "log_wage", "instrument"]).T
    first = float(left @ x / (left @ left))
    score = left * (x - first * left)
    by_cell = np.bincount(data["city_occupation"], score)
    slope = float(left @ y / (left @ x))
    return {
        "first": first,
        "first_t": first * float(left @ left) / float(np.sqrt(by_cell @ by_cell)),
        "ols": float(x @ y / (x @ x)),
        "slope": slope,
        "rho": rho_of(slope),
        "spread": float(x.std()),
    }


def worlds(
    replications: int = 8,
    rho: float = synthetic.RHO,
    theta: float = synthetic.THETA,
    households: int = 1_000_000,
) -> pd.DataFrame:
    """Three worlds, each drawn many times: one row an economy, as :func:`one_world` gives it."""
    replications = arguments.whole("replications", replications, least=2)
    return pd.DataFrame(
        [
            {"world": world, "seed": seed, **one_world(world, seed, rho, theta, households)}
            for world in WORLDS
            for seed in range(replications)
        ]
    )


def summary(drawn: pd.DataFrame, panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """Means over replications with their Monte Carlo errors, and the data's own.

    Slopes of a world whose instrument does not move the wage have no mean: the median is shown
    for ``slope`` and ``rho`` in every world, with the error of the median.

    Returns
    -------
    DataFrame
        ``world``; ``first``, ``first_t``, ``ols``, ``slope``, ``rho``, ``spread``, each with its
        Monte Carlo error in ``..._mc`` (missing for the data).
    """
    rows = []
    for world, group in drawn.groupby("world", sort=False):
        row = {"world": world}
        n = len(group)
        for name in ("first", "first_t", "ols", "spread"):
            row[name] = group[name].mean()
            row[f"{name}_mc"] = group[name].std() / np.sqrt(n)
        for name in ("slope", "rho"):
            row[name] = group[name].median()
            finite = group[name].replace(-np.inf, np.nan)
            half = finite.quantile(0.75) - finite.quantile(0.25)
            # of the median, for a spread of the middle half (normal: 1.349 standard deviations)
            row[f"{name}_mc"] = 1.2533 * half / 1.349 / np.sqrt(n)
        rows.append(row)
    found = estimation.estimate(panel, years=years)
    data = estimation.sample(panel, years)
    rows.append(
        {
            "world": "the data",
            "first": found.first_stage.coefficient,
            "first_t": found.first_stage.t,
            "ols": found.ols.coefficient,
            "slope": found.beta,
            "rho": found.rho,
            "spread": float(estimation.residualise(data, ["log_wage"]).std()),
        }
    )
    return pd.DataFrame(rows)
