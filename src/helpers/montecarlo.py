"""Does the estimator work? Economies drawn again and again, estimated, compared with the truth.

Exposures are those of the synthetic economy; tastes and wages are drawn anew. The designs:

* ``as assumed``: tastes are independent between cells and of the exposures;
* ``shared exposures``: tastes follow the city's sector mix, occupation by occupation, so that
  errors are correlated between cities that are alike, and few clusters hold them;
* ``base-year shares``: the instrument is base-year exposures and nothing else, and lasting tastes
  go along with them, as they do where people have long moved to what they like;
* ``survey error``: shares and wages come from samples of the size of the survey's.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from helpers import model, paths
from helpers.errors import ParameterError, find_name
from helpers.sources import synthetic

DESIGNS = ("as assumed", "shared exposures", "base-year shares", "survey error")
LEVEL = 0.95
HOUSEHOLDS_A_YEAR = 1_000_000
_LASTING, _PASSING, _TASTE = 0.05, 0.10, 0.03
_WITH_SHARES = 0.3
_WAGE_SPREAD = 0.55
_FIRST_STAGE = 0.55
INTERVALS = (
    "heteroskedastic",
    "city x occupation",
    "city",
    "occupation",
    "AR, city x occupation",
    "AKM, by sector",
)


def _net(values: np.ndarray) -> np.ndarray:
    """Take city-year and occupation-year effects out of full rectangles (T, C, K)."""
    values = values - values.mean(axis=2, keepdims=True)
    return values - values.mean(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class _Frame:
    """What stays the same over draws."""

    z: np.ndarray  # instrument, net, (T, C, K)
    kappa: np.ndarray  # (C, S)
    gamma: np.ndarray  # (K, S)
    shifts: np.ndarray  # (T, S)
    size: np.ndarray  # ln z_c, (C,)
    log_T: np.ndarray  # (T, K)
    W: np.ndarray  # (T C K, T S)
    shock: np.ndarray  # (T S,) coefficients of z on W


@lru_cache(maxsize=1)
def _frame() -> _Frame:
    truth = synthetic.economy()
    kappa, gamma = truth.kappa_cs.to_numpy(), truth.gamma_ks.to_numpy()
    shifts = truth.shifts.pivot(index="year", columns="sector", values="log_tfp")
    shifts = shifts[list(truth.kappa_cs.columns)].to_numpy()
    exposure = kappa[:, None, :] * gamma
    z = _net(np.einsum("cks,ts->tck", exposure, shifts))
    n_years, n_sectors = shifts.shape
    block = exposure.reshape(-1, n_sectors)
    W = np.kron(np.eye(n_years), block)
    # a block a year: the coefficients come year by year
    shock = np.concatenate(
        [np.linalg.lstsq(block, z[t].ravel(), rcond=None)[0] for t in range(n_years)]
    )
    log_z = np.log(truth.z_tc).mean(axis=0)
    return _Frame(z, kappa, gamma, shifts, log_z, np.log(truth.T_tk), W, shock)


def draw(
    design: str, rng: np.random.Generator, rho: float = synthetic.RHO
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log share, log wage and instrument of one economy, net of effects, each (T, C, K)."""
    find_name("design", design, DESIGNS)
    frame = _frame()
    z = frame.z
    if design == "base-year shares":
        z = np.broadcast_to(z[0], z.shape)
    shape = z.shape
    lasting = rng.normal(0, _LASTING, shape[1:])
    if design == "shared exposures":
        latent = rng.normal(0, 1, frame.gamma.shape)
        common = frame.kappa @ latent.T
        common -= common.mean(axis=0)
        lasting = _LASTING * common / common.std()
    if design == "base-year shares":
        exposed = z[0] / z[0].std()
        lasting = _WITH_SHARES * _LASTING * exposed + np.sqrt(1 - _WITH_SHARES**2) * lasting
    supply = lasting + rng.normal(0, _PASSING, shape)
    taste = 0.95 * supply + rng.normal(0, _TASTE, shape)
    wage = _net(_FIRST_STAGE * z - supply)
    scale = wage + _net(taste)
    share = scale / (1 - rho)
    if design == "survey error":
        share, wage = _survey(scale, wage, frame, rho, rng)
    return share, wage, z


def _survey(
    scale: np.ndarray, wage: np.ndarray, frame: _Frame, rho: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Shares and mean wages as a survey finds them; an empty cell counts as half a household."""
    shares, wages = np.empty_like(scale), np.empty_like(wage)
    for t in range(len(scale)):
        true = model.shares(np.exp(scale[t]), np.exp(frame.log_T[t]), np.exp(frame.size), rho)
        chance = true.pi_ck * true.omega_k
        count = rng.multinomial(HOUSEHOLDS_A_YEAR, chance.ravel() / chance.sum())
        count = np.maximum(count.reshape(chance.shape), 0.5)
        shares[t] = np.log(count)
        wages[t] = wage[t] + rng.normal(0, _WAGE_SPREAD, count.shape) / np.sqrt(count)
    return _net(shares), _net(wages)


def one(design: str, seed: int, rho: float = synthetic.RHO) -> dict[str, float]:
    """Estimate one drawn economy: slopes, standard errors, and which intervals hold the truth."""
    find_name("design", design, DESIGNS)
    frame = _frame()
    y, x, z = draw(design, np.random.default_rng([DESIGNS.index(design), seed]), rho)
    moved = float((z * x).sum())
    beta, ols = float((z * y).sum()) / moved, float((x * y).sum() / (x * x).sum())
    truth = 1 / (1 - rho)
    score = z * (y - beta * x)
    n_years, n_cities, n_occupations = score.shape
    sums = {
        "heteroskedastic": score.ravel(),
        "city x occupation": score.sum(axis=0).ravel(),
        "city": score.sum(axis=(0, 2)),
        "occupation": score.sum(axis=(0, 1)),
    }
    row: dict[str, float] = {"design": design, "seed": seed, "ols": ols, "beta": beta}
    for name, parts in sums.items():
        n = len(parts)
        lost = n_years * (n_cities + n_occupations - 1) + 1 if name == "heteroskedastic" else 1
        error = np.sqrt(n / (n - lost) * (parts @ parts)) / abs(moved)
        critical = stats.t.ppf((1 + LEVEL) / 2, n - lost)
        row[f"se {name}"] = error
        row[name] = abs(beta - truth) <= critical * error
    null = (z * (y - truth * x)).sum(axis=0).ravel()
    n = len(null)
    statistic = null.sum() ** 2 / (n / (n - 1) * (null @ null))
    row["AR, city x occupation"] = statistic <= stats.f.ppf(LEVEL, 1, n - 1)
    if design != "base-year shares":
        residual = (y - beta * x).reshape(n_years, -1)
        exposure = frame.W[: n_cities * n_occupations, : frame.kappa.shape[1]]
        by_year = frame.shock.reshape(n_years, -1) * (residual @ exposure)
        parts = by_year.sum(axis=0)  # a sector's years together
        error = np.sqrt(parts @ parts) / abs(moved)
        row["se AKM, by sector"] = error
        row["AKM, by sector"] = abs(beta - truth) <= stats.norm.ppf((1 + LEVEL) / 2) * error
    return row


def _some(arguments: tuple[str, range, float]) -> list[dict[str, float]]:
    design, seeds, rho = arguments
    return [one(design, seed, rho) for seed in seeds]


def run(
    draws: int = 500,
    designs: tuple[str, ...] = DESIGNS,
    rho: float = synthetic.RHO,
    *,
    cache: Path | None = paths.BUILD / "cache",
    workers: int | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Draw and estimate many economies, in parallel; results are kept for the next time.

    Parameters
    ----------
    draws : int
        Of each design.
    designs : tuple of str
    rho : float, in [0, 1)
    cache : Path or None
        Folder for results, by arguments and by the code of this module; None keeps nothing.
    workers : int, optional
        Processes; by default one a processor.
    progress : bool, optional
        Show a bar; by default where standard error is a terminal.

    Returns
    -------
    DataFrame
        One row a draw: ``design``, ``seed``, ``ols``, ``beta``, standard errors, and for each
        interval whether it holds the truth.
    """
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    for design in designs:
        find_name("design", design, DESIGNS)
    code = inspect.getsource(sys.modules[__name__]) + inspect.getsource(synthetic)
    key = hashlib.sha256(repr((code, draws, designs, rho)).encode()).hexdigest()[:16]
    kept = None if cache is None else Path(cache) / f"montecarlo-{key}.parquet"
    if kept is not None and kept.is_file():
        return pd.read_parquet(kept)
    batch = 20
    jobs = [
        (design, range(start, min(start + batch, draws)), rho)
        for design in designs
        for start in range(0, draws, batch)
    ]
    from tqdm import tqdm

    show = sys.stderr.isatty() if progress is None else progress
    rows: list[dict[str, float]] = []
    with (
        ProcessPoolExecutor(workers or os.cpu_count()) as pool,
        tqdm(total=len(jobs) * batch, desc="economies", disable=not show) as bar,
    ):
        for part in pool.map(_some, jobs):
            rows += part
            bar.update(len(part))
    table = pd.DataFrame(rows)
    held = [name for name in INTERVALS if name in table]
    table = table.astype(dict.fromkeys(held, float))  # missing where a design has no such interval
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        beside = kept.with_suffix(f".{os.getpid()}.new")
        table.to_parquet(beside, index=False)
        beside.replace(kept)
    return table


def summary(results: pd.DataFrame, rho: float = synthetic.RHO) -> pd.DataFrame:
    """Bias and coverage by design.

    Returns
    -------
    DataFrame
        One row a design: ``truth``, mean of ``ols`` and of ``beta``, ``bias`` of 2SLS, ``sd`` of
        2SLS over draws, and for each interval the share that hold the truth.
    """
    rows = []
    truth = 1 / (1 - rho)
    for design, part in results.groupby("design", sort=False):
        rows.append(
            {
                "design": design,
                "truth": truth,
                "ols": part["ols"].mean(),
                "beta": part["beta"].mean(),
                "bias": part["beta"].mean() - truth,
                "sd": part["beta"].std(),
                **{
                    name: part[name].mean()
                    for name in INTERVALS
                    if name in part and part[name].notna().any()
                },
            }
        )
    return pd.DataFrame(rows)
