"""An economy drawn from the model itself, whose parameters and shifters are known.

Real metropolitan areas (``metros.csv``), eight occupations, twenty NAICS sectors, 2010-2019.
Everything else is invented, and its numbers mean nothing about the places. What is true by
construction: shares come from :func:`helpers.model.shares`; the instrument is independent of
the taste for a place (valid) and moves wages (strong); wages are low where a place is liked
for other reasons, so ordinary least squares understates the response.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
import pandas as pd

from helpers import instrument, model
from helpers.errors import find_name
from helpers.panel import OCCUPATIONS, Panel
from helpers.shifters import Shifters

DEFAULT_SEED = 20240802
YEARS = tuple(range(2010, 2020))
RHO = 0.64
THETA = 3.0

# Invented round numbers in the shape of a country: a sector's share of workers (per cent),
# then how its workers divide over the eight occupations (per cent).
_SECTORS = {
    "11": (1.5, (8, 3, 2, 8, 74, 2, 1, 2)),
    "21": (0.6, (18, 14, 2, 58, 5, 1, 1, 1)),
    "22": (0.9, (24, 20, 3, 48, 1, 1, 2, 1)),
    "23": (7.0, (15, 3, 2, 77, 1, 1, 0, 1)),
    "31-33": (10.5, (20, 13, 4, 58, 2, 1, 1, 1)),
    "42": (2.7, (25, 5, 35, 30, 2, 1, 1, 1)),
    "44-45": (11.0, (17, 5, 55, 16, 1, 2, 1, 3)),
    "48-49": (4.6, (21, 4, 4, 64, 1, 2, 2, 2)),
    "51": (2.2, (30, 45, 12, 9, 0, 1, 1, 2)),
    "52": (5.1, (58, 15, 22, 1, 0, 1, 2, 1)),
    "53": (2.1, (38, 5, 34, 12, 1, 6, 2, 2)),
    "54": (7.6, (36, 52, 5, 4, 0, 1, 1, 1)),
    "55": (0.2, (55, 30, 5, 6, 0, 2, 1, 1)),
    "56": (4.4, (24, 8, 9, 17, 4, 25, 11, 2)),
    "61": (9.5, (17, 69, 1, 2, 0, 4, 1, 6)),
    "62": (14.0, (17, 51, 1, 2, 0, 3, 1, 25)),
    "71": (2.1, (24, 22, 12, 6, 2, 8, 6, 20)),
    "72": (6.6, (15, 1, 6, 3, 0, 8, 1, 66)),
    "81": (4.6, (20, 15, 5, 23, 0, 8, 1, 28)),
    "92": (5.0, (35, 28, 1, 6, 1, 2, 25, 2)),
}
SECTORS = tuple(_SECTORS)
# Mean wage income in dollars a year, by occupation
_WAGES = (58_000, 64_000, 42_000, 38_000, 24_000, 21_000, 48_000, 20_000)
# Places whose sector mix the reader expects: (city's first words, sector, times the average)
_CHARACTERS = (
    ("Visalia", "11", 14.0),
    ("Madera", "11", 14.0),
    ("Yakima", "11", 12.0),
    ("Salinas", "11", 12.0),
    ("Detroit", "31-33", 2.2),
    ("Elkhart", "31-33", 3.5),
    ("Hickory", "31-33", 2.6),
    ("Decatur, AL", "31-33", 2.4),
    ("New York", "52", 1.8),
    ("Washington", "92", 3.0),
    ("Washington", "54", 2.2),
    ("San Jose", "51", 2.6),
    ("San Jose", "54", 2.4),
    ("Ithaca", "61", 4.0),
    ("Gainesville, FL", "61", 2.6),
    ("Ann Arbor", "61", 2.8),
    ("Las Vegas", "72", 3.4),
    ("Midland, TX", "21", 20.0),
    ("Farmington", "21", 14.0),
)
_HOUSEHOLDS_PER_PERSON = 0.36
_FIRST_STAGE = 0.55


@dataclass(frozen=True, eq=False)
class Economy:
    """The known truth behind a synthetic panel.

    Attributes
    ----------
    seed : int
    rho, theta : float
        Correlation within an occupation, and Frechet shape.
    places : DataFrame
        ``city``, ``latitude``, ``longitude``, ``population``, sorted by city.
    years : tuple of int
    t_tck : array (years, C, K)
        City-occupation scale: wage times taste, relative to city and occupation.
    T_tk : array (years, K)
        Occupation scale, geometric mean one in each year.
    z_tc : array (years, C)
        City scale to the power theta, geometric mean one in each year.
    log_wage_tck : array (years, C, K)
        ln of mean wage income, dollars a year.
    gamma_ks : DataFrame (K, S)
        How a sector's workers divide over occupations; columns sum to one.
    kappa_cs : DataFrame (C, S)
        A city's sector mix in the base year; rows sum to one.
    shifts : DataFrame
        ``sector``, ``year``, ``log_tfp``.
    """

    seed: int
    rho: float
    theta: float
    places: pd.DataFrame
    years: tuple[int, ...]
    t_tck: np.ndarray
    T_tk: np.ndarray
    z_tc: np.ndarray
    log_wage_tck: np.ndarray
    gamma_ks: pd.DataFrame
    kappa_cs: pd.DataFrame
    shifts: pd.DataFrame

    @property
    def cities(self) -> tuple[str, ...]:
        """City names, sorted: the first axis of every array of cells."""
        return tuple(self.places["city"])

    @property
    def occupations(self) -> tuple[str, ...]:
        """Occupation names in the paper's order."""
        return OCCUPATIONS

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """``city``, ``occupation``, ``sector``, ``exposure`` (gamma_ks kappa_cs)."""
        return instrument.exposures(self.gamma_ks, self.kappa_cs)

    def shares(self, year: int) -> model.Shares:
        """True shares of a year, from the shifters."""
        t = find_name("year", int(year), self.years)
        built = model.shares(self.t_tck[t], self.T_tk[t], self.z_tc[t], self.rho)
        return model.Shares(built.pi_ck, built.omega_k, self.cities, self.occupations)

    def shifters(self, year: int) -> Shifters:
        """True shifters of a year, normalised as :func:`helpers.shifters.recover` does."""
        t = find_name("year", int(year), self.years)
        cities = pd.Index(self.cities, name="city")
        occupations = pd.Index(self.occupations, name="occupation")
        return Shifters(
            T_c=pd.Series(self.z_tc[t] ** (1 / self.theta), cities, name="T_c"),
            T_k=pd.Series(self.T_tk[t], occupations, name="T_k"),
            t_ck=pd.DataFrame(self.t_tck[t], cities, occupations),
            rho=self.rho,
            theta=self.theta,
            convention="consistent",
        )

    def households(self, year: int) -> np.ndarray:
        """Expected weighted households of each cell, (C, K)."""
        true = self.shares(year)
        growth = 1.007 ** (int(year) - self.years[0])
        total = _HOUSEHOLDS_PER_PERSON * self.places["population"].sum() * growth
        return total * true.pi_ck * true.omega_k

    def panel(self) -> Panel:
        """The panel that a survey without sampling error would find."""
        predicted = instrument.shift_share(self.exposures, self.shifts)
        cells, cities = [], []
        for t, year in enumerate(self.years):
            true = self.shares(year)
            counts = self.households(year)
            rows = true.to_frame()[["city", "occupation"]].assign(
                year=year,
                log_share=np.log(true.pi_ck).ravel(),
                log_wage=self.log_wage_tck[t].ravel(),
                households=counts.ravel(),
            )
            cells.append(rows)
            cities.append(
                pd.DataFrame(
                    {
                        "year": year,
                        "city": self.cities,
                        "log_city_share": np.log(true.pi_c),
                        "log_city_wage": np.log(np.exp(self.log_wage_tck[t]).sum(axis=1)),
                        "households": counts.sum(axis=1),
                    }
                )
            )
        return Panel(
            cells=pd.concat(cells).merge(predicted, on=["year", "city", "occupation"]),
            cities=pd.concat(cities),
            exposures=self.exposures,
            shifts=self.shifts,
            source="synthetic",
            provenance={"seed": self.seed, "rho": self.rho, "theta": self.theta},
        )


def _demean(values: np.ndarray) -> np.ndarray:
    """Take row and column means out of the last two axes."""
    values = values - values.mean(axis=-1, keepdims=True)
    return values - values.mean(axis=-2, keepdims=True)


def _sector_mix(places: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Base-year sector mix of every city, (C, S): small places are more lopsided."""
    national = np.array([share for share, _ in _SECTORS.values()])
    size = places["population"].to_numpy()
    spread = 0.42 - 0.07 * np.clip(np.log(size / size.min()) / 2, 0, 3)
    log_mix = np.log(national) + spread[:, None] * rng.standard_normal((len(size), len(SECTORS)))
    for start, sector, times in _CHARACTERS:
        city = places["city"].str.startswith(start).to_numpy()
        log_mix[city, SECTORS.index(sector)] = np.log(national[SECTORS.index(sector)] * times)
    mix = np.exp(log_mix)
    return mix / mix.sum(axis=1, keepdims=True)


def economy(seed: int = DEFAULT_SEED, rho: float = RHO, theta: float = THETA) -> Economy:
    """Draw an economy whose parameters and shifters are known.

    Parameters
    ----------
    seed : int
        The only source of randomness.
    rho : float, in [0, 1)
    theta : float, above 0

    Returns
    -------
    Economy
        260 cities, 8 occupations, 20 sectors, 2010-2019.

    Examples
    --------
    >>> truth = economy()
    >>> truth.rho, truth.theta, len(truth.cities)
    (0.64, 3.0, 260)
    """
    rng = np.random.default_rng(seed)
    places = _places()
    n_years, n_cities, n_occupations = len(YEARS), len(places), len(OCCUPATIONS)
    gamma_ks = _occupations_of_sectors()
    kappa_cs = pd.DataFrame(_sector_mix(places, rng), index=places["city"], columns=SECTORS)
    log_tfp_ts = _productivity(rng)
    exposure_cks = kappa_cs.to_numpy()[:, None, :] * gamma_ks.to_numpy()
    instrument_tck = np.einsum("cks,ts->tck", exposure_cks, log_tfp_ts)

    # demand for a cell's skills moves wages through the instrument; supply, the taste for
    # working there, moves them the other way
    lasting = rng.normal(0, 0.05, (n_cities, n_occupations))
    passing = rng.normal(0, 0.10, (n_years, n_cities, n_occupations))
    supply = lasting + passing
    log_taste_tck = 0.95 * supply + rng.normal(0, 0.03, supply.shape)
    log_wage_gap_tck = _demean(_FIRST_STAGE * instrument_tck - supply)
    log_t_tck = log_wage_gap_tck + _demean(log_taste_tck)

    log_size = np.log(places["population"].to_numpy())
    log_size -= log_size.mean()
    log_z_tc = _city_scales(log_size, rho, rng)
    log_T_tk = _occupation_scales(log_t_tck, log_z_tc, gamma_ks, rho, rng)
    level_c = 0.05 * log_size + rng.normal(0, 0.05, n_cities)
    growth_t = 0.02 * np.arange(n_years)
    log_wage_tck = np.log(_WAGES) + level_c[:, None] + growth_t[:, None, None] + log_wage_gap_tck
    return Economy(
        seed=seed,
        rho=rho,
        theta=theta,
        places=places,
        years=YEARS,
        t_tck=np.exp(log_t_tck),
        T_tk=np.exp(log_T_tk),
        z_tc=np.exp(log_z_tc),
        log_wage_tck=log_wage_tck,
        gamma_ks=gamma_ks,
        kappa_cs=kappa_cs,
        shifts=pd.DataFrame(
            {
                "sector": np.repeat(SECTORS, n_years),
                "year": np.tile(YEARS, len(SECTORS)),
                "log_tfp": log_tfp_ts.T.ravel(),
            }
        ),
    )


def _places() -> pd.DataFrame:
    """Metropolitan areas, sorted by name."""
    table = files("helpers.sources").joinpath("metros.csv")
    with table.open(encoding="utf-8") as stream:
        return pd.read_csv(stream).sort_values("city", ignore_index=True)


def _occupations_of_sectors() -> pd.DataFrame:
    """How a sector's workers divide over occupations, (K, S)."""
    mix = np.array([split for _, split in _SECTORS.values()], dtype=float).T
    return pd.DataFrame(
        mix / mix.sum(axis=0),
        index=pd.Index(OCCUPATIONS, name="occupation"),
        columns=pd.Index(SECTORS, name="sector"),
    )


def _productivity(rng: np.random.Generator) -> np.ndarray:
    """Log productivity, (years, S): an index of 100 in the base year, drifts by sector."""
    drift = rng.normal(0.006, 0.012, len(SECTORS))
    steps = drift + rng.normal(0, 0.012, (len(YEARS) - 1, len(SECTORS)))
    return np.log(100) + np.vstack([np.zeros(len(SECTORS)), steps.cumsum(axis=0)])


def _city_scales(log_size: np.ndarray, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Log scales of cities, (years, C), which follow their sizes and wander; mean zero."""
    walk = rng.normal(0, 0.004, (len(YEARS) - 1, len(log_size))).cumsum(axis=0)
    log_z_tc = (1 - rho) * log_size + np.vstack([np.zeros(len(log_size)), walk])
    return log_z_tc - log_z_tc.mean(axis=1, keepdims=True)


def _occupation_scales(
    log_t_tck: np.ndarray,
    log_z_tc: np.ndarray,
    gamma_ks: pd.DataFrame,
    rho: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Log scales of occupations, (years, K), that give them about the sizes sectors imply."""
    target_k = gamma_ks.to_numpy() @ np.array([share for share, _ in _SECTORS.values()])
    log_T_tk = np.empty((len(YEARS), len(target_k)))
    for t, (log_t_ck, log_z_c) in enumerate(zip(log_t_tck, log_z_tc, strict=True)):
        log_lambda_k, _ = model.log_lambda(np.exp(log_t_ck), np.exp(log_z_c), rho)
        log_T_tk[t] = np.log(target_k) - (1 - rho) * log_lambda_k
    log_T_tk += rng.normal(0, 0.01, log_T_tk.shape)
    return log_T_tk - log_T_tk.mean(axis=1, keepdims=True)


def load(seed: int = DEFAULT_SEED) -> Panel:
    """The panel of :func:`economy`, under the contract of every source.

    Examples
    --------
    Ten years of the economy, as a panel:

    >>> panel = load()
    >>> len(panel.years), panel.source
    (10, 'synthetic')
    """
    return economy(seed).panel()
