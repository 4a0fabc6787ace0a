"""Economies that differ in what is true of the instrument, drawn again and again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers import model
from helpers.errors import find_name
from helpers.inference.clusters import codes_of, n_parameters, small_sample_factor
from helpers.sources import synthetic

DESIGNS = (
    "as assumed",
    "shared exposures",
    "base-year shares",
    "survey error",
    "base-year tastes, strong shifts",
)
HOUSEHOLDS_A_YEAR = 1_000_000
_LASTING, _PASSING, _TASTE = 0.05, 0.10, 0.03
_WITH_SHARES = 0.3
_WAGE_SPREAD = 0.55
_FIRST_STAGE = 0.55
_STRONG_SHIFTS = 6.0
CLUSTERINGS = {
    "city x occupation": "city_occupation",
    "city": "city",
    "occupation": "occupation",
}


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
    codes: dict[str, np.ndarray]  # clusters of each cell, (T C K,)
    factors: dict[str, float]  # small-sample factors of the standard errors
    degrees: int  # degrees of freedom without clusters


@lru_cache(maxsize=1)
def frame_of() -> _Frame:
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
    data = labels(z.shape)
    codes = {name: codes_of(data, clusters) for name, clusters in CLUSTERINGS.items()}
    factors = {
        name: small_sample_factor(data, clusters, "not nested")
        for name, clusters in {"heteroskedastic": None, **CLUSTERINGS}.items()
    }
    degrees = len(data) - n_parameters(data)
    log_T = np.log(truth.T_tk)
    return _Frame(z, kappa, gamma, shifts, log_z, log_T, W, shock, codes, factors, degrees)


def labels(shape: tuple[int, int, int]) -> pd.DataFrame:
    """Codes of effects and clusters for arrays (T, C, K), in their order, as in a sample."""
    year, city, occupation = (index.ravel() for index in np.indices(shape))
    _, n_cities, n_occupations = shape
    return pd.DataFrame(
        {
            "year": year,
            "city": city,
            "occupation": occupation,
            "city_year": year * n_cities + city,
            "occupation_year": year * n_occupations + occupation,
            "city_occupation": city * n_occupations + occupation,
        }
    )


def instrument(design: str) -> np.ndarray:
    """The instrument of a world, net of effects, (T, C, K)."""
    z = frame_of().z
    base = np.broadcast_to(z[0], z.shape)
    if design == "base-year shares":
        return base
    if design == "base-year tastes, strong shifts":
        return base + _STRONG_SHIFTS * (z - base)
    return z


def draw(
    design: str, rng: np.random.Generator, rho: float = synthetic.RHO
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log share, log wage and instrument of one economy, net of effects, each (T, C, K)."""
    find_name("design", design, DESIGNS)
    frame = frame_of()
    z = instrument(design)
    shape = z.shape
    lasting = rng.normal(0, _LASTING, shape[1:])
    if design == "shared exposures":
        latent = rng.normal(0, 1, frame.gamma.shape)
        common = frame.kappa @ latent.T
        common -= common.mean(axis=0)
        lasting = _LASTING * common / common.std()
    if design.startswith("base-year"):
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
