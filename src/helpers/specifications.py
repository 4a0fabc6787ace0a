"""Other ways to run the paper's regression, and where its variation comes from (paper, 4.2).

A specification is the paper's 2SLS with one or more choices changed: effects, outcome, weights,
years, cities, a control, differences in place of levels. The multiverse is all of them at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from helpers import estimation, inference, weak
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
    return inference.with_base(data)


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
    import pyfixest

    data = _prepare(data, spec)
    if len(data) < 10:
        raise DataError(f"specification: {len(data)} cells are left, 10 are needed")
    if spec.effects != PAPER.effects and data["year"].nunique() < 2:
        raise DataError("effects: a cell's one year leaves no changes; two years are needed")
    estimation.refuse_if_effects_explain_all(data, EFFECTS[spec.effects].split(" + "))
    controls = "1"
    if spec.control != "none":
        controls = "i(year, base)" if len(data["year"].unique()) > 1 else "base"
    outcome, effects = OUTCOMES[spec.outcome], EFFECTS[spec.effects]
    z = INSTRUMENTS[spec.instrument]
    how = {
        "vcov": {"CRV1": spec.clusters},
        "weights": WEIGHTS[spec.weights],
        "demeaner": estimation.demeaner(),
        "copy_data": False,
        "store_data": False,
    }
    nothing = f"{z}: no variation is left after effects and controls; drop one of them"
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if strength is None:
            terms = z if controls == "1" else f"{z} + {controls}"
            first = pyfixest.feols(f"log_wage ~ {terms} | {effects}", data, **how)
            if z not in first.coef().index:
                raise DataError(nothing)
            strength = float(first.tstat()[z]) ** 2
        try:
            second = pyfixest.feols(
                f"{outcome} ~ {controls} | {effects} | log_wage ~ {z}", data, **how
            )
        except np.linalg.LinAlgError:
            raise DataError(nothing) from None
        beta, se = (float(part["log_wage"]) for part in (second.coef(), second.se()))
    if not np.isfinite([beta, se, strength]).all():
        raise DataError(nothing)
    return {
        "beta": beta,
        "se": se,
        "rho": estimation.rho_of(beta),
        "first_stage_f": strength,
        "ar": _anderson_rubin(second, data, spec.clusters),
        "n_obs": len(data),
    }


def _anderson_rubin(fit, data: pd.DataFrame, clusters: str) -> weak.ConfidenceSet:
    """Anderson-Rubin set from a fit's variables, net of effects and weighted."""
    y, X, Z = (np.asarray(part, dtype=float) for part in (fit._Y, fit._X, fit._Z))
    names, wage = list(fit._coefnames), "log_wage"
    others = [i for i, name in enumerate(names) if name != wage]
    controls = X[:, others] if others else None
    own = [i for i, name in enumerate(fit._coefnames_z) if name not in names]
    return weak.anderson_rubin(
        y.ravel(), X[:, names.index(wage)], Z[:, own], controls, data[clusters].to_numpy()
    )


def one_at_a_time(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """The paper's specification with one thing changed, one row each.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        ``change`` (what kind), ``specification``, and the columns of :func:`run`. A change that
        leaves nothing to estimate from has no row, and its reason is in ``attrs["dropped"]``.
    """
    data = sample(panel, years)
    dropped: dict[str, str] = {}
    rows = [("the paper's", "the paper's", run(data))]
    for kind, name, spec in _changes(sorted(data["year"].unique())):
        try:
            rows.append((kind, name, run(data, spec)))
        except DataError as problem:
            dropped[name] = str(problem)
    for name, beta in inference.leave_one_out(panel, "occupation", years).items():
        rows.append(("without one occupation", f"without {name}", {"beta": beta}))
    without_city = inference.leave_one_out(panel, "city", years)
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
    table = table.assign(rho=table["beta"].map(estimation.rho_of))
    table.attrs["dropped"] = dropped
    return table


def _changes(years: Sequence[int]) -> Iterator[tuple[str, str, Specification]]:
    cells = "and city x occupation"
    yield "effects", "with city x occupation effects", replace(PAPER, effects=cells)
    for form in FORMS[1:]:
        yield "effects", form, replace(PAPER, form=form)
    yield "control", "base-year prediction, by year", replace(PAPER, control=CONTROLS[1])
    frozen = "frozen at its base year"
    yield "instrument", f"instrument {frozen}", replace(PAPER, instrument=frozen)
    yield "outcome", "ln phi_ck", replace(PAPER, outcome="ln phi_ck")
    yield "weights", "by households", replace(PAPER, weights="households")
    for cities in CITIES[1:]:
        yield "cities", cities, replace(PAPER, cities=cities)
    for year in years:
        yield "year by year", str(year), replace(PAPER, years=(int(year),))


def multiverse(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """Every combination of effects or differences, outcome, weights, years and cities.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        One row a specification: its choices, the columns of :func:`run`, ``paper`` (whether it
        is the paper's), sorted by slope. A specification that leaves nothing of the instrument
        has no row, and is counted in ``attrs["dropped"]``.
    """
    data = sample(panel, years)
    years = [int(year) for year in sorted(data["year"].unique())]
    spans = {
        "all": None,
        "first half": tuple(years[: len(years) // 2]),
        "second half": tuple(years[len(years) // 2 :]),
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


def says(found: weak.ConfidenceSet, slope: float) -> str:
    """What a set of slopes says about one of them, in words that complete "the set ...".

    Examples
    --------
    >>> says(weak.ConfidenceSet(((0.5, 1.9),), 0.95), 2.8)
    'is bounded and leaves this slope out'
    >>> says(weak.ConfidenceSet(((-np.inf, np.inf),), 0.95), 2.8)
    'is unbounded and holds this slope'
    """
    bounded = not any(np.isinf(end) for pair in found.intervals for end in pair)
    inside = "holds this slope" if slope in found else "leaves this slope out"
    if not found.intervals:
        return "is empty: the instruments contradict each other"
    return f"is {'bounded' if bounded else 'unbounded'} and {inside}"


def overidentification(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """The instrument as it is and frozen at its base year: one slope or two, by clustering.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional

    Returns
    -------
    DataFrame
        A row a clustering: ``clusters``, ``n_clusters``, ``J``, ``p_value``, ``base`` and
        ``shifts`` (slopes by base-year mixes alone and by what the shifts add), ``shifts_f``,
        ``shifts_set`` (Anderson-Rubin set of the latter).
    """
    rows = []
    for name in ("city_occupation", "city", "occupation"):
        found = inference.overidentification(panel, name, years=years)
        rows.append(
            {
                "clusters": name.replace("_", " x "),
                "n_clusters": found.n_clusters,
                "J": found.J,
                "p_value": found.p_value,
                "base": found.beta_base,
                "shifts": found.beta_shifts,
                "shifts_f": found.shifts_f,
                "shifts_set": found.shifts_set,
            }
        )
    return pd.DataFrame(rows)


def between_share(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """How the variation of wage and instrument that is left divides between cells and years.

    After city-year and occupation-year effects: the variance of cell means over time relative
    to all variance that is left.

    Returns
    -------
    DataFrame
        ``variable``, ``between`` (share), ``over_time`` (one less it).
    """
    data = estimation.sample(panel, years)
    names = ["log_share", "log_wage", "instrument"]
    left = pd.DataFrame(estimation.residualise(data, names), columns=names)
    means = left.groupby(data["city_occupation"]).transform("mean")
    share = means.var() / left.var()
    return pd.DataFrame(
        {"variable": names, "between": share.to_numpy(), "over_time": 1 - share.to_numpy()}
    )


@dataclass(frozen=True)
class Slopes:
    """Least squares of shares on wages, net of both sets of effects, taken apart.

    Attributes
    ----------
    all : float
        With all variation that the effects leave.
    between : float
        Between the means of cells over time.
    over_time : float
        Of a cell's years around its mean.
    weight_between : float
        Share of the wage's variance that lies between cells: the first slope is the mean of the
        other two with this weight.
    reliability : float
        Share of a cell's changes of the wage that would be signal if noise in the wage were all
        that parts the two slopes, the ratio of the smaller to the larger.
    """

    all: float
    between: float
    over_time: float
    weight_between: float
    reliability: float


def least_squares_slopes(panel: Panel, years: Sequence[int] | None = None) -> Slopes:
    """Slope of shares on wages between cells, and over time within them.

    Noise in a cell's mean wage that is new every year pulls both towards zero (attenuation),
    the second more: averaging over years takes most of the noise out of the first.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
    """
    net = inference.within(panel, years)
    cells = net.data["city_occupation"]
    values = pd.DataFrame({"y": net.y, "x": net.x})
    means = values.groupby(cells.to_numpy()).transform("mean")
    parts = {"all": values, "between": means, "over_time": values - means}
    spread = {name: float(part["x"] @ part["x"]) for name, part in parts.items()}
    if spread["over_time"] <= 1e-12 * spread["all"]:
        raise DataError("years: one year has no changes over time, at least two are needed")
    slope = {name: float(part["x"] @ part["y"]) / spread[name] for name, part in parts.items()}
    return Slopes(
        **slope,
        weight_between=spread["between"] / spread["all"],
        reliability=slope["over_time"] / slope["between"],
    )
