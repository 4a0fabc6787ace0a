"""Other ways to run the paper's regression, and where its variation comes from (paper, 4.2).

A specification is the paper's 2SLS with one or more choices changed: effects, outcome, weights,
years, cities, a control, differences in place of levels. The multiverse is all of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import DataError, find_name
from helpers.inference import confidence_sets, overidentifying
from helpers.panel import Panel

EFFECTS = {
    "city-year, occupation-year": "city_year + occupation_year",
    "and city x occupation": "city_year + occupation_year + city_occupation",
}
OUTCOMES = {"ln pi_ck": "log_share", "ln phi_ck": "log_mix"}
WEIGHTS = {"none": None, "households": "weight"}
CITIES = ("all", "without the ten largest", "larger half")
FORMS = ("levels", "first differences", "long differences")
CONTROLS = ("none", "base-year prediction")
INSTRUMENTS = {"as it is": "instrument", "frozen at its base year": "base"}
_REGIONS = {
    "Northeast": "CT ME MA NH RI VT NJ NY PA",
    "Midwest": "IL IN MI OH WI IA KS MN MO NE ND SD",
    "South": "DE DC FL GA MD NC SC VA WV AL KY MS TN AR LA OK TX",
    "West": "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
}
REGIONS = tuple(_REGIONS)
_OF_STATE = {state: name for name, states in _REGIONS.items() for state in states.split()}


@dataclass(frozen=True)
class Specification:
    """One way to estimate rho; the defaults are the paper's.

    Attributes
    ----------
    effects : str
        A key of :data:`EFFECTS`.
    outcome : str
        A key of :data:`OUTCOMES`.
    weights : str
        A key of :data:`WEIGHTS`.
    years : tuple of int, or None for all
    cities : str
        One of :data:`CITIES`.
    form : str
        One of :data:`FORMS`.
    control : str
        One of :data:`CONTROLS`: what the instrument predicts in its first year, by year.
    instrument : str
        A key of :data:`INSTRUMENTS`.
    clusters : str
        One of :data:`helpers.estimation.CLUSTERS`.
    """

    effects: str = "city-year, occupation-year"
    outcome: str = "ln pi_ck"
    weights: str = "none"
    years: tuple[int, ...] | None = None
    cities: str = "all"
    form: str = "levels"
    control: str = "none"
    instrument: str = "as it is"
    clusters: str = "city_occupation"

    def __post_init__(self) -> None:
        for name, known in (
            ("effects", EFFECTS),
            ("outcome", OUTCOMES),
            ("weights", WEIGHTS),
            ("cities", CITIES),
            ("form", FORMS),
            ("control", CONTROLS),
            ("instrument", INSTRUMENTS),
            ("clusters", estimation.CLUSTERS),
        ):
            find_name(name, getattr(self, name), tuple(known))


PAPER = Specification()


def region(city: str) -> str:
    """Census region of a metropolitan area, by the first state in its name.

    Examples
    --------
    >>> region("New York-Newark-Jersey City, NY-NJ-PA")
    'Northeast'
    """
    state = city.rsplit(", ", 1)[-1].split("-")[0].strip()
    if state not in _OF_STATE:
        raise DataError(f"{city}: no state of the United States in the name")
    return _OF_STATE[state]


def sample(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """The estimation sample with everything that specifications use, of some years or all.

    As :func:`helpers.estimation.sample`, with ``log_mix`` (ln phi_ck), ``weight`` (the cell's
    share of the year's households) and ``base`` (the instrument in the cell's first year).
    """
    data = estimation.sample(panel, years)
    mix = []
    for year in sorted(data["year"].unique()):
        frame = panel.shares(int(year)).to_frame()
        mix.append(
            pd.DataFrame(
                {
                    "year": year,
                    "city": frame["city"],
                    "occupation": frame["occupation"],
                    "log_mix": np.log(frame["phi_ck"]),
                    "weight": frame["pi_ck"] * frame["omega_k"],
                }
            )
        )
    data = data.merge(pd.concat(mix), on=["year", "city", "occupation"], validate="1:1")
    return overidentifying.with_base(data)


def _differences(data: pd.DataFrame, form: str) -> pd.DataFrame:
    """Changes of outcome, wage and instrument within a cell, over one year or all of them."""
    names = ["log_share", "log_mix", "log_wage", "instrument"]
    # what the base year predicts does not change: frozen, the instrument has no differences
    data = data.sort_values(["city_occupation", "year"])
    cell = data["city_occupation"]
    if form == "long differences":
        first, last = data["year"].min(), data["year"].max()
        data = data[data["year"].isin([first, last])]
        cell = data["city_occupation"]
        follows = cell.eq(cell.shift())
    else:
        follows = cell.eq(cell.shift()) & data["year"].diff().eq(1)
    changed = data[names].diff()
    return data.assign(**changed)[follows].reset_index(drop=True)


def _prepare(data: pd.DataFrame, spec: Specification) -> pd.DataFrame:
    if spec.years is not None:
        data = data[data["year"].isin(spec.years)]
    if spec.cities != "all":
        size = data.groupby("city")["weight"].mean().sort_values(ascending=False)
        kept = (
            size.index[10:]
            if spec.cities == "without the ten largest"
            else size.index[: len(size) // 2]
        )
        data = data[data["city"].isin(kept)]
    if spec.form != "levels":
        data = _differences(data, spec.form)
    return data.reset_index(drop=True)


def run(
    data: pd.DataFrame, spec: Specification = PAPER, strength: float | None = None
) -> dict[str, float]:
    """Estimate one specification.

    Parameters
    ----------
    data : DataFrame
        As :func:`sample` returns it.
    spec : Specification
    strength : float, optional
        F of the first stage where it is known already: it does not depend on the outcome.

    Returns
    -------
    dict
        ``beta``, ``se``, ``rho``, ``first_stage_f`` (of the slope, same clusters), ``ar`` (the
        Anderson-Rubin set of the slope at 95 per cent, same clusters), ``n_obs``.

    Raises
    ------
    DataError
        If nothing is left of the sample or of the instrument.
    """
    data = _prepare(data, spec)
    if len(data) < 10:
        raise DataError(f"specification: {len(data)} cells are left, 10 are needed")
    if spec.effects != PAPER.effects and data["year"].nunique() < 2:
        raise DataError("effects: a cell's one year leaves no changes; two years are needed")
    estimation.refuse_if_effects_explain_all(data, EFFECTS[spec.effects].split(" + "))
    controls = None
    if spec.control != "none":
        controls = pd.get_dummies(data["year"], dtype=float).mul(data["base"], axis=0).to_numpy()
    weights = WEIGHTS[spec.weights]
    net = estimation.net_of_effects(
        data,
        OUTCOMES[spec.outcome],
        "log_wage",
        INSTRUMENTS[spec.instrument],
        EFFECTS[spec.effects].split(" + "),
        controls,
        None if weights is None else data[weights].to_numpy(),
    )
    if strength is None:
        strength = net.first_stage_f(spec.clusters)
    beta, se = net.two_stage(spec.clusters)
    return {
        "beta": beta,
        "se": se,
        "rho": estimation.rho_of(beta),
        "first_stage_f": strength,
        "ar": confidence_sets.anderson_rubin(
            net.y,
            net.x,
            net.z,
            net.controls if net.controls.size else None,
            net.data[spec.clusters].to_numpy(),
        ),
        "n_obs": len(data),
    }
