"""Effects of the pooled regressions that the published shifters rest on (paper, table 2).

Both have more coefficients than the data decide; the solution of least norm decides the rest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import ParameterError, arguments
from helpers.panel import Panel


def pooled_occupation_effects(panel: Panel) -> pd.DataFrame:
    """Occupation-year effects of a pooled dummy regression solved by the pseudoinverse.

    ln pi_ckt on an intercept, city-year and occupation-year dummies, the first of each left
    out. Years share no dummy, so each year after the first has one direction that the data do
    not decide; the pseudoinverse takes the solution of least norm. That choice, and with it
    the level of each year, is what the published table carries. Closed form: in each year the
    undecided constant is the one that balances the two sums of effects.

    Returns
    -------
    DataFrame (K, years)
        Effects by occupation and year; the first occupation's effect in the first year is 0.

    Examples
    --------
    One number for each occupation and year, the first of them at zero:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> effects = pooled_occupation_effects(panel)
    >>> effects.shape, float(abs(effects.iloc[0, 0]).round(9))
    ((8, 10), 0.0)
    """
    arguments.instance("panel", panel, Panel)
    log_share = panel.cells["log_share"].groupby([panel.cells["year"], panel.cells["city"]])
    city_mean = log_share.mean()
    occupation = panel.cells.pivot_table(
        index="occupation", columns="year", values="log_share", aggfunc="mean", sort=False
    ).loc[list(panel.occupations)]
    occupation -= occupation.mean()
    first = panel.years[0]
    constant = {first: -occupation.iloc[0][first]}
    intercept = city_mean[first].sort_index().iloc[0] - constant[first]
    for year in panel.years[1:]:
        city_effect = city_mean[year] - intercept
        total = city_effect.sum() - occupation[year].sum()
        constant[year] = total / (len(city_effect) + len(occupation))
    return occupation + pd.Series(constant)


def pooled_city_effects(panel: Panel) -> pd.Series:
    """City-year effects of a saturated regression solved by the pseudoinverse.

    ln pi_ct on an intercept, the city wage term and one dummy for each city-year but the
    first: more coefficients than observations, an exact fit, and the solution of least norm.
    The wage coefficient is no estimate but a product of that choice. Closed form: the
    intercept fits the left-out observation, each dummy takes up the rest of its own, and the
    wage coefficient minimises the sum of squares of all coefficients.

    Returns
    -------
    Series
        Effects by (year, city); zero for the first city in the first year. The coefficient on
        the wage term is in ``attrs["wage_coefficient"]``.

    Raises
    ------
    ParameterError
        If the panel lacks the city wage term.

    Examples
    --------
    Effects go with the sizes of cities; the first city of the first year is left out:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> effects = pooled_city_effects(panel)
    >>> effects[2019].idxmax()
    'New York-Newark-Jersey City, NY-NJ-PA'
    >>> float(effects.iloc[0])
    0.0
    """
    arguments.instance("panel", panel, Panel)
    cities = panel.cities
    if cities["log_city_wage"].isna().any():
        first = cities[cities["log_city_wage"].isna()].iloc[0]
        raise ParameterError(
            f'convention "paper": the panel has no log_city_wage for {first["city"]!r} in '
            f'{first["year"]}; take convention="consistent", which needs none'
        )
    share = cities["log_city_share"].to_numpy()
    wage = cities["log_city_wage"].to_numpy()
    # cities are sorted by year and name: row 0 is the category that the dummies leave out
    regressor = np.append(wage[1:] - wage[0], [wage[0], 1.0])
    target = np.append(share[1:] - share[0], [share[0], 0.0])
    slope = regressor @ target / (regressor @ regressor)
    effects = (share - share[0]) - slope * (wage - wage[0])
    index = pd.MultiIndex.from_frame(cities[["year", "city"]])
    series = pd.Series(effects, index=index, name="city_effect")
    series.attrs["wage_coefficient"] = float(slope)
    return series
