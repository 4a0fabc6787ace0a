"""Other ways to run the paper's regression, and where its variation comes from (paper, 4.2).

A specification is the paper's 2SLS with one or more choices changed: effects, outcome, weights,
years, cities, a control, differences in place of levels. The multiverse is all of them at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from helpers import estimation, inference
from helpers.errors import DataError, find_name
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
    clusters: str = "city_occupation"

    def __post_init__(self) -> None:
        for name, known in (
            ("effects", EFFECTS),
            ("outcome", OUTCOMES),
            ("weights", WEIGHTS),
            ("cities", CITIES),
            ("form", FORMS),
            ("control", CONTROLS),
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


def sample(panel: Panel) -> pd.DataFrame:
    """The estimation sample with everything that specifications use.

    As :func:`helpers.estimation.sample`, with ``log_mix`` (ln phi_ck), ``weight`` (the cell's
    share of the year's households) and ``base`` (the instrument in the cell's first year).
    """
    data = estimation.sample(panel)
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
    first = data.sort_values("year").groupby("city_occupation")["instrument"].first()
    return data.assign(base=data["city_occupation"].map(first))


def _differences(data: pd.DataFrame, form: str) -> pd.DataFrame:
    """Changes of outcome, wage and instrument within a cell, over one year or all of them."""
    names = ["log_share", "log_mix", "log_wage", "instrument"]
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
        ``beta``, ``se``, ``rho``, ``first_stage_f`` (of the slope, same clusters), ``n_obs``.

    Raises
    ------
    DataError
        If nothing is left of the sample or of the instrument.
    """
    import pyfixest

    data = _prepare(data, spec)
    if len(data) < 10:
        raise DataError(f"specification: {len(data)} cells are left")
    estimation.refuse_if_effects_explain_all(data, EFFECTS[spec.effects].split(" + "))
    controls = "1"
    if spec.control != "none":
        controls = "i(year, base)" if len(data["year"].unique()) > 1 else "base"
    outcome, effects = OUTCOMES[spec.outcome], EFFECTS[spec.effects]
    how = {
        "vcov": {"CRV1": spec.clusters},
        "weights": WEIGHTS[spec.weights],
        "demeaner": estimation.demeaner(),
        "copy_data": False,
        "store_data": False,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if strength is None:
            terms = "instrument" if controls == "1" else f"instrument + {controls}"
            first = pyfixest.feols(f"log_wage ~ {terms} | {effects}", data, **how)
            if "instrument" not in first.coef().index:
                raise DataError("instrument: no variation is left after effects and controls")
            strength = float(first.tstat()["instrument"]) ** 2
        second = pyfixest.feols(
            f"{outcome} ~ {controls} | {effects} | log_wage ~ instrument", data, **how
        )
    beta = float(second.coef()["log_wage"])
    return {
        "beta": beta,
        "se": float(second.se()["log_wage"]),
        "rho": estimation.rho_of(beta),
        "first_stage_f": strength,
        "n_obs": len(data),
    }


def one_at_a_time(panel: Panel) -> pd.DataFrame:
    """The paper's specification with one thing changed, one row each.

    Returns
    -------
    DataFrame
        ``change`` (what kind), ``specification``, and the columns of :func:`run`.
    """
    data = sample(panel)
    rows = [("the paper's", "the paper's", run(data))]
    for kind, name, spec in _changes(panel):
        rows.append((kind, name, run(data, spec)))
    for name, beta in inference.leave_one_out(panel, "occupation").items():
        rows.append(("without one occupation", f"without {name}", {"beta": beta}))
    without_city = inference.leave_one_out(panel, "city")
    size = data.groupby("city")["weight"].mean().sort_values(ascending=False)
    for city in size.index[:10]:
        short = city.split(",")[0].split("-")[0]
        rows.append(("without one city", f"without {short}", {"beta": without_city[city]}))
    for name in REGIONS:
        kept = data[data["city"].map(region) != name]
        if 0 < len(kept) < len(data):
            rows.append(("without one region", f"without the {name}", run(kept)))
    table = pd.DataFrame(
        [{"change": kind, "specification": name, **found} for kind, name, found in rows]
    )
    return table.assign(rho=table["beta"].map(estimation.rho_of))


def _changes(panel: Panel) -> Iterator[tuple[str, str, Specification]]:
    cells = "and city x occupation"
    yield "effects", "with city x occupation effects", replace(PAPER, effects=cells)
    for form in FORMS[1:]:
        yield "effects", form, replace(PAPER, form=form)
    yield "control", "base-year prediction, by year", replace(PAPER, control=CONTROLS[1])
    yield "outcome", "ln phi_ck", replace(PAPER, outcome="ln phi_ck")
    yield "weights", "by households", replace(PAPER, weights="households")
    for cities in CITIES[1:]:
        yield "cities", cities, replace(PAPER, cities=cities)
    for year in panel.years:
        yield "year by year", str(year), replace(PAPER, years=(year,))


def multiverse(panel: Panel) -> pd.DataFrame:
    """Every combination of effects or differences, outcome, weights, years and cities.

    Returns
    -------
    DataFrame
        One row a specification: its choices, the columns of :func:`run`, ``paper`` (whether it
        is the paper's), sorted by slope. A specification that leaves nothing of the instrument
        has no row, and is counted in ``attrs["dropped"]``.
    """
    data = sample(panel)
    years = panel.years
    spans = {
        "all": None,
        "first half": years[: len(years) // 2],
        "second half": years[len(years) // 2 :],
    }
    designs = [
        ("levels", "city-year, occupation-year", "none"),
        ("levels", "city-year, occupation-year", CONTROLS[1]),
        ("levels", "and city x occupation", "none"),
        ("first differences", "city-year, occupation-year", "none"),
    ]
    rows, dropped = [], 0
    strengths: dict[Specification, float] = {}
    for (form, effects, control), outcome, weights, (span, some), cities in product(
        designs, OUTCOMES, WEIGHTS, spans.items(), CITIES
    ):
        spec = Specification(effects, outcome, weights, some, cities, form, control)
        shared = replace(spec, outcome=PAPER.outcome)
        try:
            found = run(data, spec, strengths.get(shared))
        except DataError:
            dropped += 1
            continue
        strengths[shared] = found["first_stage_f"]
        choices = {
            "design": "first differences" if form != "levels" else
            "cell effects" if effects != PAPER.effects else
            "base-year control" if control != "none" else "as in the paper",
            "outcome": outcome, "weights": weights, "years": span, "cities": cities,
        }  # fmt: skip
        rows.append({**choices, **found, "paper": spec == PAPER})
    table = pd.DataFrame(rows).sort_values("beta", ignore_index=True)
    table.attrs["dropped"] = dropped
    return table


def between_share(panel: Panel) -> pd.DataFrame:
    """How the variation of wage and instrument that is left divides between cells and years.

    After city-year and occupation-year effects: the variance of cell means over time relative
    to all variance that is left.

    Returns
    -------
    DataFrame
        ``variable``, ``between`` (share), ``over_time`` (one less it).
    """
    data = estimation.sample(panel)
    names = ["log_share", "log_wage", "instrument"]
    left = pd.DataFrame(estimation.residualise(data, names), columns=names)
    means = left.groupby(data["city_occupation"]).transform("mean")
    share = means.var() / left.var()
    return pd.DataFrame(
        {"variable": names, "between": share.to_numpy(), "over_time": 1 - share.to_numpy()}
    )
