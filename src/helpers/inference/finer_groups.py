"""Why redirection is small, and what finer occupations would cost: economies of any fineness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.counterfactuals import redirection
from helpers.errors import ParameterError, arguments
from helpers.model import Shares
from helpers.shifters import two_way

FINENESS = (8, 50, 300)
BROAD = 8
SPECIALISATIONS = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0)
_SMALL = 10


def specialised(
    n_occupations: int, specialisation: float, n_cities: int = 260, seed: int = 0
) -> Shares:
    """Cities that specialise: shares that differ from what sizes give by a lognormal factor.

    pi_ck is in proportion to size_c exp(s e_ck) with e_ck standard normal and sizes as in Zipf's
    law, and sizes of occupations are lognormal.

    Parameters
    ----------
    n_occupations : int
    specialisation : float, at least 0
        s, the standard deviation of log shares net of city and occupation effects; zero for one
        mix everywhere.
    n_cities : int
    seed : int

    Returns
    -------
    Shares
    """
    n_occupations = arguments.whole("n_occupations", n_occupations, least=1)
    n_cities = arguments.whole("n_cities", n_cities, least=2)
    specialisation = arguments.number("specialisation", specialisation)
    if specialisation < 0:
        raise ParameterError(f"specialisation: expected at least 0, found {specialisation:g}")
    rng = np.random.default_rng([arguments.whole("seed", seed, least=0), n_occupations])
    omega_k = rng.lognormal(0, 0.8, n_occupations)
    appeal = np.exp(specialisation * rng.standard_normal((n_cities, n_occupations)))
    appeal /= 1 + np.arange(n_cities)[:, None]
    return Shares(appeal / appeal.sum(axis=0), omega_k / omega_k.sum())


def surveyed(shares: Shares, households: int, seed: int = 0) -> tuple[Shares, np.ndarray]:
    """What a survey of so many households finds: shares, and the counts behind them (C, K)."""
    rng = np.random.default_rng([arguments.whole("seed", seed, least=0), 1])
    cell = (shares.pi_ck * shares.omega_k).ravel()
    counts = rng.multinomial(arguments.whole("households", households, least=1), cell / cell.sum())
    counts = counts.reshape(shares.pi_ck.shape)
    kept = counts[:, counts.sum(axis=0) > 0].astype(float)
    found = Shares(kept / kept.sum(axis=0), kept.sum(axis=0) / kept.sum())
    return found, counts


def grouped(shares: Shares, n_groups: int) -> Shares:
    """The same households in fewer, broader occupations: neighbours in the list put together."""
    n_groups = arguments.whole("n_groups", n_groups, least=1)
    cells = shares.pi_ck * shares.omega_k
    n = cells.shape[1]
    if n_groups > n:
        raise ParameterError(f"n_groups: expected at most {n} groups, found {n_groups}")
    start = np.arange(n_groups) * n // n_groups
    broad = np.add.reduceat(cells, start, axis=1)
    return Shares(broad / broad.sum(axis=0), broad.sum(axis=0) / broad.sum())


def of_data(shares: Shares) -> float:
    """Specialisation of observed shares: spread of log shares net of both effects."""
    some = (shares.pi_ck > 0).all(axis=1)
    return float(np.std(two_way(np.log(shares.pi_ck[some]))[2]))


def finer(
    rho: float,
    households: int = 1_000_000,
    fineness: Sequence[int] = FINENESS,
    specialisations: Sequence[float] = SPECIALISATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Redirection against fineness and specialisation, as it is and as a survey shows it.

    Small cells make noise look like specialisation (Dingel and Tintelnot, 2020): with one mix
    everywhere nobody is redirected, and the survey finds that some are.

    Returns
    -------
    DataFrame
        ``occupations``, ``specialisation``; ``redirected`` and ``measured``, medians over cities;
        ``broad``, what is left of it when occupations are put together into eight groups;
        ``small``, the part of cells with fewer than ten households in the survey.
    """
    rows = []
    for n_occupations in fineness:
        n = int(n_occupations)
        for specialisation in specialisations:
            true = specialised(n_occupations, specialisation, seed=seed)
            found, counts = surveyed(true, households, seed)
            rows.append(
                {
                    "occupations": n_occupations,
                    "specialisation": specialisation,
                    "redirected": float(np.median(redirection(true, rho))),
                    "measured": float(np.median(redirection(found, rho))),
                    "broad": float(np.median(redirection(grouped(true, min(BROAD, n)), rho))),
                    "small": float((counts < _SMALL).mean()),
                }
            )
    return pd.DataFrame(rows)
