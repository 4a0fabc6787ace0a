"""The estimate under other choices, one at a time and all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import DataError
from helpers.inference import interval, overidentifying, resampling
from helpers.inference.net import within
from helpers.inference.specifications import (
    CITIES,
    CONTROLS,
    FORMS,
    OUTCOMES,
    PAPER,
    REGIONS,
    WEIGHTS,
    Specification,
    region,
    run,
    sample,
)
from helpers.names import short_name
from helpers.panel import Panel


def one_at_a_time(
    panel: Panel, years: Sequence[int] | None = None, wage_exponent: float = 1.0
) -> pd.DataFrame:
    """The paper's specification with one thing changed, one row each.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
    wage_exponent : float, above 0
        As in :func:`helpers.estimation.estimate`; moves ``rho``, and neither slopes nor sets.

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
    for name, beta in resampling.leave_one_out(panel, "occupation", years).items():
        rows.append(("without one occupation", f"without {name}", {"beta": beta}))
    without_city = resampling.leave_one_out(panel, "city", years)
    size = data.groupby("city")["weight"].mean().sort_values(ascending=False)
    for city in size.index[:10]:
        short = short_name(city)
        rows.append(("without one city", f"without {short}", {"beta": without_city[city]}))
    for name in REGIONS:
        kept = data[data["city"].map(region) != name]
        if 0 < len(kept) < len(data):
            rows.append(("without one region", f"without the {name}", run(kept)))
    table = pd.DataFrame(
        [{"change": kind, "specification": name, **found} for kind, name, found in rows]
    )
    table["rho"] = [estimation.rho_of(slope, wage_exponent) for slope in table["beta"]]
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


def multiverse(
    panel: Panel, years: Sequence[int] | None = None, wage_exponent: float = 1.0
) -> pd.DataFrame:
    """Every combination of effects or differences, outcome, weights, years and cities.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
    wage_exponent : float, above 0
        As in :func:`helpers.estimation.estimate`.

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
    for row in rows:
        row["rho"] = estimation.rho_of(row["beta"], wage_exponent)
    # effects of cities make the slopes of two outcomes one: rounding does not decide their order
    table = pd.DataFrame(rows).sort_values(
        "beta", key=lambda slopes: slopes.round(9), kind="stable", ignore_index=True
    )
    table.attrs["dropped"] = dropped
    return table


def says(found: interval.ConfidenceSet, slope: float) -> str:
    """What a set of slopes says about one of them, in words that complete "the set ...".

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.inference import ConfidenceSet
    >>> says(ConfidenceSet(((0.5, 1.9),), 0.95), 2.8)
    'is bounded and leaves this slope out'
    >>> says(ConfidenceSet(((-np.inf, np.inf),), 0.95), 2.8)
    'is unbounded and holds this slope'
    """
    bounded = not any(np.isinf(end) for pair in found.intervals for end in pair)
    inside = "holds this slope" if slope in found else "leaves this slope out"
    if not found.intervals:
        return "is empty: the instruments contradict each other"
    return f"is {'bounded' if bounded else 'unbounded'} and {inside}"


def overidentification_by_effects(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
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
        found = overidentifying.overidentification(panel, name, years=years)
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

    def to_frame(self) -> pd.DataFrame:
        """One row a source of variation: ``variation``, ``slope`` and its ``weight``."""
        return pd.DataFrame(
            {
                "variation": ["all", "between cells", "over time"],
                "slope": [self.all, self.between, self.over_time],
                "weight": [1.0, self.weight_between, 1 - self.weight_between],
            }
        )


def least_squares_slopes(panel: Panel, years: Sequence[int] | None = None) -> Slopes:
    """Slope of shares on wages between cells, and over time within them.

    Noise in a cell's mean wage that is new every year pulls both towards zero (attenuation),
    the second more: averaging over years takes most of the noise out of the first.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
    """
    net = within(panel, years)
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
