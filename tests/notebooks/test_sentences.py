"""Sentences that depend on the data hold on both sources.

A page is executed on each source, and every sentence of it that carries a result, or that says
in words what the results are like, is looked up here and put to the test. A sentence that
carries a result and is not here fails as well, so that no claim enters a page unseen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import jupytext
import numpy as np
import pandas as pd
import pytest

from helpers import counterfactuals, exhibits, files, notebook, shifters
from helpers.errors import DataUnavailableError
from helpers.names import NEW_YORK
from helpers.panel import Panel
from helpers.sources import replication, synthetic

SOURCES = ("synthetic", "replication")
CHAPTERS = (
    *("00_frechet", "01_introduction", "02_model", "03_derivations", "04_data"),
    *("05_estimation", "06_shifters"),
    *("07_city_shocks", "08_occupation_shocks", "09_discussion", "10_replication_report"),
    *("11_inference", "12_shift_share", "13_identification", "14_monte_carlo"),
    *("15_conclusions", "17_policy"),
    *("23_housing", "24_wages", "25_unemployment", "26_equilibrium"),
)
BOOK_PAGES = ("errata", "intro", "ledger")
PAGES = (*CHAPTERS, *BOOK_PAGES)


@dataclass(frozen=True)
class Page:
    """What a page leaves behind: its names, and the results that its text refers to."""

    names: dict
    said: dict

    def __getattr__(self, name: str):
        return self.said[name] if name in self.said else self.names[name]


def _path(page: str):
    return (files.BOOK if page in BOOK_PAGES else files.NOTEBOOKS) / f"{page}.md"


@lru_cache
def run(page: str, source: str) -> Page:
    """Execute a page's cells on a source."""
    if source == "replication":
        try:
            replication.load(download=False)
        except DataUnavailableError as problem:
            pytest.skip(f"the author's files are not here: {problem}")
    names, said = {"__name__": "page"}, {}
    recorded = notebook.record
    notebook.record = lambda **values: said.update(values)
    try:
        for cell in jupytext.read(_path(page)).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, page, "exec"), names)
                if "parameters" in cell.metadata.get("tags", ()):
                    names["source"] = source
    finally:
        notebook.record = recorded
    return Page(names, said)


def _is(name: str, low: float, high: float) -> Callable[[Page], bool]:
    return lambda p: low <= p.said[name] <= high


def _large(p: Page, start: str, shares=None) -> bool:
    """Whether a city is one of the ten largest."""
    shares = shares or p.shares
    return any(shares.cities[c].startswith(start) for c in np.argsort(-shares.pi_c)[:10])


def _gap_in_a_large_city(p: Page) -> bool:
    observed = p.names.get("observed", p.names.get("shares"))
    return _large(p, p.gap_city, observed) and p.said["gap_median"] < 0.01


def _sizes_of_gainers(p: Page) -> bool:
    """The ten largest relative gainers are on both sides of the largest fifty cities."""
    top = p.table.nlargest(10, "change")
    rank = p.table["pi_c"].rank(ascending=False)[top.index]
    return rank.min() < 100 and rank.max() > 100


def _large_gain_households(p: Page) -> bool:
    table = p.table.assign(even=(p.table["change_independent"] - 1) * p.table["pi_c"])
    largest = set(table.nlargest(6, "pi_c")["city"])
    return (
        len(set(table.nlargest(6, "households gained")["city"]) & largest) >= 5
        and set(table.nlargest(6, "even")["city"]) == largest
    )


def _same_pattern(p: Page) -> bool:
    changes = [
        counterfactuals.shock(p.shares, p.rho, p.theta, **what).pi_c / p.shares.pi_c
        for what in p.readings.values()
    ]
    others = np.arange(len(p.shares.cities)) != p.shares.city_index(p.names["city"])
    one, other = (pd.Series(change[others]) for change in changes)
    return one.corr(other, "spearman") > 0.999 and one.std() > 1.5 * other.std()


def _rises_with_similarity(p: Page) -> bool:
    data = exhibits.figure_3(p.panel, p.rho, p.theta, p.year, p.second_city, p.city_hat).data
    rank = data["ratio"].corr(data["similarity"], "spearman")
    order = data.sort_values("similarity")["ratio"].to_numpy()
    tenth = len(order) // 10
    return rank > 0.3 and order[-tenth:].mean() - order[:-tenth].mean() > 0


def _led_by_shared_work(p: Page) -> bool:
    work = p.rivals["shared work"]
    top = p.rivals.nlargest(6, "over-represented").index
    return work.rank(pct=True)[top].min() > 0.95


def _led_by_size(p: Page) -> bool:
    return all(_large(p, name) for name in p.rivals.nlargest(6, "diversion")["city"][:3])


def _sorted_by_level(p: Page) -> bool:
    rank = p.order.dropna().astype(float)
    return rank.corr("spearman").iloc[0, 1] > 0.99


def _by_year(p: Page) -> bool:
    """The factor between the conventions' T_k is another one in another year."""
    ratios = []
    for year in (p.panel.years[0], p.panel.years[-1]):
        paper, model = (
            shifters.recover(p.panel, year, p.shared.estimate.rho, p.theta, convention).T_k
            for convention in ("paper", "consistent")
        )
        ratios.append((paper / model).iloc[0])
    return abs(ratios[1] / ratios[0] - 1) > 1e-3


def _bright_columns(p: Page) -> bool:
    large = np.argsort(-p.shares.pi_c)[:20]
    mean = pd.Series((p.gain[large] / p.shares.pi_c[large, None]).mean(axis=0))
    return mean.corr(pd.Series(p.shares.omega_k), "spearman") > 0.9


def _policies_compared(p: Page) -> bool:
    by = p.table.set_index("policy")
    return (
        by.loc["everywhere", "moved"] < by.loc["targeted", "moved"]
        and abs(by.loc["everywhere", "gained"]) < by.loc["targeted", "gained"]
    )


def _costs_more(p: Page) -> bool:
    by = p.table.set_index("policy").loc[["targeted", "general"]]
    dearer = by["outlay_after"] / by["outlay"]
    return (dearer > 1).all() and dearer["targeted"] > dearer["general"]


def _convex(p: Page) -> bool:
    ratio = p.marginal["cell"] / p.marginal["city"]
    return ratio.iloc[0] > 1.05 and abs(ratio.iloc[-1] - 1) < 0.05


def _alike_neighbours(p: Page) -> bool:
    large = [p.shares.cities[c] for c in np.argsort(-p.shares.pi_c)[:24]]
    some = p.pairs[p.pairs["city"].isin(large) & p.pairs["rival"].isin(large)]
    return some["relative"].corr(some["similarity"], "spearman") > 0


def _verdicts_add_up(p: Page) -> bool:
    parts = ("n_hold", "n_part", "n_not", "n_open")
    return sum(p.said[part] for part in parts) == p.n_words == len(p.words)


def _belongs(p: Page) -> bool:
    """Only the paper's data can give the paper's number, and they give it with one of the two."""
    if p.panel.source == "replication":
        return p.belongs == "the sum of logs" and p.said["log_slope"] != p.said["sum_slope"]
    return p.belongs.startswith("neither")


_BIASED = {"base-year shares", "base-year tastes, strong shifts"}


def _forms_agree(p: Page, name: str) -> bool:
    """Whether the three Anderson-Rubin sets by one clustering have nearly the same ends."""
    sets = [p.sets[p.words[name], method].intervals for method in p.methods.values()]
    ends = np.array([(s[0][0], s[-1][1]) for s in sets])
    return bool(np.isfinite(ends).all() and np.ptp(ends, axis=0).max() < 0.1)


def _drift(p: Page, column: str) -> float:
    """Spread over the years of a variable of a city's cells, relative to that between cells."""
    some = p.paths[p.paths["city"] == p.names["here"]]
    by = some.pivot(index="occupation", columns="year", values=column)
    return float(by.std(axis=1).mean() / by.mean(axis=1).std())


def _ranked_alike(p: Page) -> bool:
    """Gains at a low and at a high correlation rank the other cities nearly alike."""
    others = np.arange(len(p.shares.cities)) != p.c
    low, high = (
        pd.Series(
            counterfactuals.shock(
                p.shares, rho, p.theta, city={p.names["city"]: p.city_hat}
            ).pi_c[others] / p.shares.pi_c[others]
        )
        for rho in (0.2, 0.75)
    )  # fmt: skip
    return low.corr(high, "spearman") > 0.9


def always(p: Page) -> bool:
    """A sentence that gives a number and says nothing of it."""
    return True


SENTENCES: dict[str, dict[str, Callable[[Page], bool]]] = {
    "00_frechet": {
        "the household at the ninetieth percentile draws": lambda p: p.ratio > 1,
        "the median then is": lambda p: abs(p.eightfold - 2) < 1e-12,
        "Of these households": lambda p: abs(p.counted - p.formula) < 0.006,
        "the estimate of {math}`\\rho` is": lambda p: 0 < p.said["rho"] < 1,
        "are ranked alike in the two towns": lambda p: abs(p.tau - p.said["rho"]) < 0.02,
        "Hill town then has": lambda p: (
            abs(p.with_rho - p.formula_rho) < 0.006 and p.with_rho > p.formula
        ),
        "is what the count above came to": lambda p: (
            p.odds > 1 and abs(p.share_by_hand - p.with_rho) < 0.006
        ),
    },
    "01_introduction": {
        "Detroit loses": _is("lost", 0.02, 0.15),
        "every other city would gain": lambda p: (
            np.ptp(p.closes.data["gain_independent"]) < 1e-9 and p.even > 0
        ),
        "all gain more than that": lambda p: p.least > p.even,
        "a difference by the factor": lambda p: (
            p.names["gains"].corr(p.closes.data.set_index("city")["weight"]) > 1 - 1e-9
            and p.times > 1.5
            and p.least > p.even
        ),
        "Without correlation every other city grows by": lambda p: (
            np.ptp(p.table["change_independent"]) < 1e-10
        ),
        "growth runs from": lambda p: p.ny_least < p.ny_most,
        "with the similarity to New York": lambda p: 0.3 < p.said["alike"] <= 1,
        "as much as the one that gains least": lambda p: (
            1 < p.ny_times < 1.2 and p.ny_times < 0.7 * p.times
        ),
        "What correlation changes most here is how *many* leave": lambda p: (
            p.ny_left / p.ny_left_even > p.ny_times and p.ny_left > 1.5 * p.ny_left_even
        ),
        "the estimate is": lambda p: 0 < p.rho_estimate < 1,
        "printed numbers,": lambda p: 0 <= p.n_agree <= p.n_numbers == len(p.numbers),
        "are the result of another computation than": lambda p: p.n_other <= p.n_agree,
    },
    "02_model": {
        "caption: 'Two towns": always,
        "Without correlation {glue:text}": lambda p: abs(p.blue_none - 0.5) < 1e-12,
        "At the estimate it is": lambda p: p.blue_none < p.blue < p.blue_most,
        "would have to change occupation": lambda p: (
            p.apart_large < np.median(p.apart) < p.apart_most
        ),
        "which is not small, by": _gap_in_a_large_city,
        "per cent more households, where independent choices": lambda p: p.small_own > 1,
    },
    "03_derivations": {
        "of the exact value in the median city, and by": _gap_in_a_large_city,
        "The approximation is off by about the city's own weight": lambda p: (
            0.8 < np.median(p.names["gap"] / p.shares.pi_c) < 3
            and p.gap_median < 0.01 < p.gap_largest
        ),
    },
    "04_data": {
        "the households behind them were drawn with": always,
        "with an interval from": lambda p: p.built_low < p.true_rho < p.built_high,
        "is what the panel has for this cell": always,
        "The sectors of the table employ": lambda p: p.weight < p.covered < 1,
        "The weights, the exposures, add up to": lambda p: 0 < p.weight < 1,
        "from one occupation to the other it moves by": lambda p: p.over_time < 0.1 * p.across,
        "From here on this chapter is computed from": always,
        "looks like this": lambda p: len(p.few) == len(p.panel.occupations),
        "the smaller half together": lambda p: p.top_10 > p.bottom_half,
        "would have to change occupation for the city": lambda p: (
            p.apart_large < p.apart_all < p.apart_most
        ),
        "cities leave the panel and": always,
        "In alphabetical order the first to leave are": always,
        "have a wage and an instrument and are used": lambda p: (
            p.n_used + p.n_lost == p.n_cells == len(p.panel.cells)
        ),
        "lies *between* cells and not over time": _is("between", 0.99, 1),
        "The sector shares of the base year do nearly all the work": _is("between", 0.99, 1),
        "many small cities go": lambda p: p.built_cities < 0.5 * p.n_cities,
    },
    "05_estimation": {
        "This chapter is computed from": always,
        "The effects take out nearly everything": lambda p: max(p.kept_share, p.kept_wage) < 0.2,
        "A cell's wage then typically lies": _is("wage_spread", 0.05, 0.4),
        "goes with a share that is only": _is("ols", 0, 1),
        "A slope below one is something that the model does not allow": _is("rho_ols", -99, 0),
        "Data: {glue:text}": always,
        "The slope between cells": lambda p: p.said["between"] > 2 * p.said["over_time"] > 0,
        "could be more than chance": _is("reliability", 0, 0.3),
        "The cells are the same, and the answer is": lambda p: p.said["steeper"] > 3,
        "Ten log points more of the instrument raise the wage": lambda p: (
            0 < p.said["wage_rise"] < p.said["share_rise"]
        ),
        "The answer of shares to wages is the second over the first": lambda p: np.isclose(
            p.said["share_rise"] / p.said["wage_rise"], p.said["beta"]
        ),
        "2SLS gives": lambda p: p.n_clusters < p.n_obs,
        "with a ninety-five per cent interval from": lambda p: (
            p.said["low"] < p.said["rho"] < p.said["high"]
        ),
        "In words: a wage that is one per cent higher brings": _is("beta", 1, 10),
        "which is little; what counts is whether": _is("explained", 0, 0.2),
        "the square of the slope over its standard error": lambda p: np.isclose(
            p.said["first_f"], (p.result.first_stage.coefficient / p.result.first_stage.se) ** 2
        ),
        "keeps that promise only if": always,
        "For the {math}`F` found here the critical value is": lambda p: (
            p.said["first_f"] > p.said["tf_enough"] and p.tf == "1.96"
        ),
        "rows, but trades in Detroit in 2014": lambda p: p.n_obs == len(p.data),
        "The error of a cell has a correlation of": _is("next_year", 0.1, 1),
        "Treating every row as a draw of its own": lambda p: p.said["alone"] < p.said["se"],
        "Adding up each cell's contributions": lambda p: (
            p.said["too_small"] > 1.3 and p.effective < p.n_obs
            and p.said["together"] < p.said["se"] < 1.1 * p.said["together"]
        ),
        "**Standard error.** Printed": lambda p: p.said["hand_se"] < p.said["se"],
        "**{math}`R^2`.** Printed": lambda p: p.said["hand_r2"] > p.said["ols_r2"],
        "**{math}`F`.** Printed": lambda p: p.said["hand_f"] != p.said["first_f"],
        "Least squares finds a slope of": lambda p: p.found_ols < 0.5 * p.true_beta,
        "and its interval holds the truth": lambda p: (
            p.check.rho_interval[0] < p.true_rho < p.check.rho_interval[1]
        ),
    },
    "06_shifters": {
        "This chapter is computed from": always,
        "and such a number says little by itself": always,
        "Data:": always,
        "and that is enough: of every thousand households": lambda p: (
            1 < p.top_times < 2 and p.top_now > 10 * p.top_then
        ),
        "at the other end": lambda p: p.bottom_times < 1 and p.bottom_then > 2 * p.bottom_now,
        "Small differences make large cities": lambda p: p.power == p.theta / (1 - p.names["rho"]),
        "the size of a city is nearly all in": lambda p: (
            p.worth["pi_c_median"].max() < 0.1 * p.worth["pi_c"].max()
        ),
        "What remains is nearly a function of size alone": lambda p: (
            p.size_r > 0.99 and abs(p.slope - p.one_less_rho) < 0.05
        ),
        "As published, the largest city shifter is": lambda p: p.ratio_paper > p.ratio_model > 1,
        "The order of the largest cities hardly changes": _sorted_by_level,
        "the largest cities would have the smallest shifters": lambda p: _large(
            p, p.lowest, p.observed
        ),
        "The factor changes from year to year": _by_year,
        "and gives another ranking (management set to one)": lambda p: (
            pd.Series(p.by_formula).corr(pd.Series(p.by_table), "spearman") < 0.9
        ),
    },
    "07_city_shocks": {
        "This chapter is computed from": always,
        "Data: {glue:text}": always,
        "Productivity in": _is("shock", -0.051, -0.049),
        "of its households, {glue:text}": lambda p: (
            0.05 < p.moved < 0.9 and p.moved_even < 0.5 * p.moved
        ),
        "from end to end that is": lambda p: (
            p.said["least"] < p.said["typical"] < p.said["most"] and p.said["gap"] < 1
        ),
        "of those who land somewhere do so in another city": _is("redirected", 0, 0.01),
        "Compare what the households of": always,
        "they gain most.": lambda p: p.small["similarity"].corr(p.small["change"]) > 0.3,
        "The same shock now falls on": lambda p: p.shares.pi_c[
            p.shares.city_index(p.second_city)
        ] < 0.002,
        "Other cities change by between": lambda p: (
            p.small_least > p.said["small_even"] > 0 and p.small_most < 0.01
        ),
        "do so in another city because of correlation": _is("small_redirected", 0, 0.05),
        "of its households and the median city": lambda p: (
            p.printed < p.said["own"] < p.own_median
        ),
        "With correlation the relative gain of other cities rises with similarity": lambda p: (
            p.alike > 0.3 and np.ptp(p.table["change_independent"]) < 1e-10
        ),
        "the top is taken by cities of all sizes": _sizes_of_gainers,
        "The largest cities lead in households gained": _large_gain_households,
        "The pattern over other cities is the same on either reading": _same_pattern,
        "alt: A scatter plot of bubbles; the ratio rises with similarity": _rises_with_similarity,
    },
    "08_occupation_shocks": {
        "This chapter is computed from": always,
        "Data: {glue:text}": always,
        "in every city, and then": always,
        "The first shock takes": lambda p: 0 < p.omega < p.omega_new < 1.1 * p.omega,
        "The city that gains most is": lambda p: p.best_gain > 0 > p.worst_gain,
        "the ends are": lambda p: p.second_best_gain > 0 > p.second_worst_gain,
        "many change what they do, and few have to go elsewhere": lambda p: (
            p.per_thousand < 100 * (p.omega_new - p.omega)
        ),
        "Cities that gain from one shock need not gain from the other": lambda p: (
            p.said["rank"] < 0.1 and 0 < p.both < p.n_cities / 2
        ),
        "cities gain from both shocks, as the note says": lambda p: p.n_both > 0,
        "All changes are small": _is("spread", 0, 0.05),
        "the same shifters spread households far more evenly": lambda p: (
            p.before.iloc[:, 1].max() < 0.5 * p.before.iloc[:, 0].max()
        ),
    },
    "09_discussion": {
        "This chapter is computed from": always,
        "Data: {glue:text}": always,
        "For one per cent more in a cell": lambda p: p.most_gain > 5 * p.least_gain > 0,
        "whom to subsidise is a question that this model leaves open": lambda p: p.gap < 0.02,
        "receives most,": lambda p: _large(p, p.first_rival) and p.first_part > 0.03,
        "go to another city because of correlation": _is("redirected", 0, 0.005),
        "more households to the median city, against": lambda p: p.said["own"] > 1.5 * p.without,
        "That elasticities differ little between cities": lambda p: (
            p.names["own"].max() < 1.2 * p.names["own"].min()
        ),
        "the target is the city's largest occupation": lambda p: p.agreement.iloc[0] == 1,
        "nearly the same everywhere, at about": lambda p: (
            np.ptp(p.per_cell["gain per share"]) < 0.05 / (1 - p.rho)
            and abs(p.per_cell["gain per share"].mean() * (1 - p.rho) - 1) < 0.05
        ),
        "The first table is led by size, the second by cities that have much of what": lambda p: (
            _led_by_size(p) and _led_by_shared_work(p)
        ),
        "what a rival receives is linear in it": lambda p: (
            p.rivals["shared work"].corr(p.rivals["over-represented"]) > 1 - 1e-9
        ),
        "by which the paper orders its figures, is a looser guide": lambda p: (
            p.guides.corrwith(p.rivals["over-represented"], method="spearman").iloc[1] < 0.95
        ),
        "here is what it finds, for": always,
        "The slope of shares on wages is": lambda p: p.beta > 1,
        "At the power of this chapter": lambda p: (
            np.isclose(p.rho_slope, 1 - p.said["wage_exponent"] / p.beta)
            and np.isclose(p.rho_theta, 1 - p.theta / p.beta)
        ),
        "here it does, with a {term}`first stage` of": _is("first_stage", 0.3, 1),
        "keep their occupation in another city, against": lambda p: p.keep > 2 * p.keep_even,
        "elsewhere than sizes would": _is("away", 0, 0.01),
        "that people keep their occupation, is a large effect at the estimate": lambda p: (
            p.keep > 0.5 and p.keep > 50 * p.away
        ),
        "from what all households together can expect": lambda p: 0 < p.cost < p.cost_even,
        "a city is worth its share": lambda p: (
            abs(p.cost_even / (0.05 * p.shares.pi_c[p.c]) - 1) < 0.1
        ),
        "cleared of the survey's noise, misses by": lambda p: (
            p.forecast_error > 0.98 * p.no_change_error
        ),
        "starts from shares in which": lambda p: p.run_size > 3 * p.true_size,
        "In the model a policy for a whole city attracts about": lambda p: p.times > 1.5,
        "Whichever occupation {glue:text}`city` subsidises": lambda p: p.gap < 0.1,
        "shared work matters less than one might think": lambda p: 0.8 < p.low < 1 < p.high < 1.2,
    },
    "10_replication_report": {
        "Data: {glue:text}": always,
        "On this source": lambda p: p.reading.startswith("a number") == (
            p.panel.source == "replication"
        ),
        "printed numbers come out to the last printed digit": lambda p: p.n_ok <= p.n,
        "claims, from the abstract to the conclusion": _verdicts_add_up,
        "cannot be decided: they speak of other papers": lambda p: p.n_open > 0,
        "What is estimated is a slope,": lambda p: np.isclose(
            p.rho_theta, 1 - p.evidence.theta / p.said["beta"]
        ),
        "It is a correlation of": lambda p: p.rho_slope > p.rho_theta,
        "If the wage multiplies what a household produces": always,
        "With the paper's power {glue:text}": lambda p: p.keep > 2 * p.keep_even,
        "Where they go is another matter": lambda p: 0 < p.away < 0.01,
        "More claims hold than fail": lambda p: p.n_hold > p.n_not,
        "A forecast of city shares for": lambda p: p.forecast_error > 0.98 * p.no_change_error,
        "the table gives the difference between them with its size": lambda p: (
            p.panel.source != "replication"
            or p.levels[p.levels["exhibit"].str.startswith("figure")]["level"]
            .str.match(r"[45]: .*\d")
            .all()
        ),
        "the table then says that it is not assessed": lambda p: (
            (p.panel.source == "replication") != p.levels["level"].eq("not assessed").any()
        ),
    },
    "11_inference": {
        "The whole book rests on one number": lambda p: p.beta > 1,
        "If the data could as well have come from a slope of": lambda p: p.alpha == "1",
        "The correlation is {math}`\\rho = 1 - \\alpha/\\beta`": lambda p: np.allclose(
            p.table["rho"], 1 - float(p.alpha) / p.table["beta"]
        ),
        "This chapter is computed from": always,
        "By one judgement the slope is known up to": lambda p: p.near < 0.7 * p.far < 0.7,
        "From survey to survey the mean moves by": always,
        "about a third of it; counting persons": lambda p: (
            0.25 < p.said["naive"] / p.spread < 0.42
            and abs(p.said["by_person"] / p.spread - 1) < 0.1
        ),
        "The score of a cell in one year and its score in another": _is("alike", 0.05, 1),
        "Row by row, as if there were": lambda p: p.more > 1.3,
        "which gives {glue:text}`cell:.3f` here": always,
        "The table prints": always,
        "On the author's files that is the error of least squares": lambda p: (
            p.panel.source != "replication" or f"{p.said['hand']:.3f}" == p.printed
        ),
        "leave out what the instrument does not predict": lambda p: p.said["hand"] < p.homo,
        "With cells as clusters one per cent more pay": lambda p: 1 < p.cell_low < p.cell_high,
        "With occupations as clusters it is between": lambda p: (
            p.occ_low < p.beta < p.occ_high and p.occ_times > 0
        ),
        "Leaving out one occupation at a time (the **jackknife**": always,
        "the error by city is then": lambda p: (
            p.city_nested < p.said["city"] and p.both_nested < p.said["both"]
        ),
        "with occupations between {glue:text}`occ_rho_low:.2f`": always,
        "doubt about the slope weighs less above the estimate": lambda p: (
            (p.table["rho_high"] - p.table["rho"] < p.table["rho"] - p.table["rho_low"]).all()
        ),
        "It should exceed": always,
        "With cells as clusters it is {glue:text}`cell_f:.0f`": lambda p: (
            (p.cell_passes == "passes") == (p.cell_f > p.bias10)
            and (p.occ_passes == "passes") == (p.occ_f > p.bias10)
        ),
        "is none of these: it tests all effects": lambda p: (
            min(abs(p.hand_f / f - 1) for f in (p.cell_f, p.occ_f)) > 0.05
        ),
        "the usual value of about two will do only from": always,
        "which leaves {math}`\\rho` in {glue:text}`occ_rho_tf`": always,
        "With thousands of clusters, or hundreds, the three agree": lambda p: (
            _forms_agree(p, "city")
        ),
        "With {glue:text}`occ_n` occupations they do not": lambda p: (
            not _forms_agree(p, "occupation")
        ),
        "The statistic of the first form cannot exceed": lambda p: (
            int(p.largest) == p.occ_n - 1 and p.critical < int(p.largest)
        ),
        "says more about the form than about the data": lambda p: (
            np.isinf(p.sets[p.words["occupation"], p.methods["null"]].intervals).all()
        ),
        "The second gives": always,
        "The headline of this book is the third": always,
        "The hypothesis of no correlation at all": lambda p: (
            (p.rejected == "is rejected") == (p.wild_p < 0.05)
        ),
        "Why is nothing easy with": lambda p: p.occ_n < 30,
        "The largest, {glue:text}`first`": lambda p: p.first_share < p.top3 < 1,
        "The clusters are as good as": lambda p: 1 < p.effective < p.occ_n,
        "By the wild {math}`t`": always,
    },
    "12_shift_share": {
        "five make up {glue:text}`five:.0%` of the estimate": lambda p: p.five > 0.5,
        "It is computed from": always,
        "are made of the same sectors": lambda p: p.alike > 0.9 and p.here != p.there,
        "occupations next door in": lambda p: p.unlike < p.alike - 0.2,
        "Each sector is then one draw": lambda p: p.n_sectors < 0.01 * len(p.net.data),
        "With rows as independent": lambda p: p.false_rows > p.false_cells > 0.25,
        "Added up by sector it is": lambda p: (
            p.false_sectors < 0.5 * p.false_cells and 0.01 < p.false_null < 0.1
        ),
        "The largest of them is": lambda p: p.most < 0.05,
        "It does {glue:text}`one_inside`": always,
        "The AKM standard error is": always,
        "There are as good as": lambda p: p.effective < p.n_sectors < 50,
        "of its variance in their span": lambda p: p.spanned < 0.9,
        "Five of {glue:text}`n_sectors` sectors hold": lambda p: p.five > 0.5,
        "The first of them is *{glue:text}`first`*": always,
        "The five largest give slopes from": lambda p: p.top_low < p.said["beta"] < p.top_high,
        "Negative weights are": lambda p: 0 <= p.negative < 0.5,
        "It leaves {glue:text}`f_left:.3%`": lambda p: p.f_left < 0.01,
        "sectors and years the {term}`first stage` then has": lambda p: (
            p.n_rows == p.n_sectors * len(p.names["years"]) and p.shock_se > p.se_cell
        ),
    },
    "13_identification": {
        "of the instrument's variance has nothing to do with any": _is("between", 0.99, 1),
        "This chapter is computed from": always,
        "on the left are flat": lambda p: _drift(p, "instrument") < 0.1 < 5 * _drift(p, "wage"),
        "of the wage's variance is over time": lambda p: (
            p.said["between"] > 0.99 and p.wage_over > 0.3
        ),
        "the model has no {math}`\\rho`, and the column is empty": lambda p: p.alpha == "1",
        "What became of the paper's slope of": lambda p: p.paper == p.names["slope"],
        "the shifts are not needed for the estimate": lambda p: (
            abs(p.said["frozen"] / p.paper - 1) < 0.02
        ),
        "leave the comparison of a cell with itself": lambda p: p.cell_f < p.bias10,
        "compare a cell with itself as well": always,
        "keeps only what the shifts add to it": always,
        "Take the news out, and the estimate stays as it is": lambda p: (
            abs(p.said["frozen"] / p.paper - 1) < 0.02 and p.cell_f < p.bias10
        ),
        "Base-year mixes alone give": always,
        "What the shifts add, which is the part": lambda p: p.shifts < p.base,
        "{math}`J` {glue:text}`j_words`": always,
        "Here, {glue:text}`conclusion`": lambda p: (
            p.conclusion.startswith("no clustering") == bool(not p.rejects.any())
        ),
        "Single years give slopes from": lambda p: 1 < p.year_low < p.year_high,
        "Their sets are {glue:text}`wider:.1f` times as wide": lambda p: p.wider < p.root,
        "many years of data are as many looks at one cross section": lambda p: (
            p.wider < 0.75 * p.root
        ),
        "Leaving out one of the ten largest cities": lambda p: p.city_high - p.city_low < 0.02,
        "No city makes the estimate": lambda p: (
            p.city_high - p.city_low < 0.25 * (p.occ_high - p.occ_low)
        ),
        "The paper's design gives {math}`\\rho`": lambda p: 0 < p.own_low < p.own_high < 1,
        "The other designs spread far wider": lambda p: (
            np.ptp(p.rest["beta"]) > 3 * np.ptp(p.names["own"]["beta"])
        ),
        "Within the paper's design {math}`\\rho` lies": lambda p: p.own_high - p.own_low < 0.3,
        "Designs that look at changes": lambda p: p.weak > 0.5,
        "Of these {glue:text}`n_rest` sets": lambda p: p.unbounded <= p.n_rest == len(p.rest),
        "are bounded and hold the paper's slope": lambda p: (
            p.n_with + p.n_against + p.unbounded == p.n_rest
        ),
        "are bounded and leave it out": lambda p: p.n_against <= p.n_out,
        "A set at this level leaves out a true slope": always,
        "Of all slopes outside the paper's design": lambda p: 0 < p.below < 1,
        "the printed {math}`\\rho` comes from the other part": lambda p: (
            abs(p.said["base"] / p.paper - 1) < 0.02
        ),
    },
    "14_monte_carlo": {
        "So we build {glue:text}`n` economies": always,
        "breaks it in {glue:text}`broken:.0%`": lambda p: p.said["cell"] > 0.9 and p.broken > 0.3,
        "The true slope is": lambda p: p.said["truth"] > 1,
        "OLS finds {glue:text}`plain_ols:.2f` on average": _is("plain_ols", 0, 1),
        "2SLS is right on average there": lambda p: abs(p.plain["bias"]) < 0.05 < p.base_bias,
        "the two biased worlds have *narrow* bars": lambda p: all(
            p.by.at[name, "sd"] < p.by.at[name, "bias"] / 3 for name in _BIASED
        ),
        "intervals that ignore that a cell comes back": lambda p: p.hetero < 0.85 < p.said["cell"],
        "When errors follow sector mixes, the estimator is off": lambda p: (
            p.times > 2 and p.said["shared"] < 0.6 < p.shared_occ and abs(p.shared_bias) < 0.15
        ),
        "is too short even where nothing is wrong": lambda p: p.akm < 0.8,
        "No standard error helps against bias": lambda p: p.base_cover < 0.05,
        "Sampling moves OLS further towards zero": lambda p: (
            p.survey_ols < p.plain_ols and abs(p.survey_bias) < 0.05
        ),
        "The clusters that reach far enough in every valid world": lambda p: all(
            p.by.at[name, "occupation"] > 0.87 for name in set(p.by.index) - _BIASED
        ),
        "with eight clusters this form accepts nearly everything": lambda p: (
            min(p.null_plain, p.null_biased) > 0.99
        ),
        "**Residuals of the unrestricted fit** hold it": lambda p: (
            max(p.free_plain, p.free_shared) < 0.95
        ),
        "it is the one that also rejects": lambda p: (
            min(p.wild_plain, p.wild_shared) > 0.92 and p.wild_biased < 0.1
        ),
        "drawn with replacement, eight at a time": lambda p: p.pairs_plain < 0.95,
        "corrects for weak instruments and not for few clusters": lambda p: p.tf_plain < 0.93,
        "the usual interval falls short of it by a few points": lambda p: all(
            0.85 < p.by.at[name, "occupation"] < 0.95 < p.by.at[name, "wild AR, occupation"] + 0.03
            for name in set(p.by.index) - _BIASED
        ),
        "where it should reject in one of twenty": lambda p: max(p.j_plain, p.j_plain_occ) < 0.1,
        "that world looks like the first": lambda p: abs(p.j_biased - p.j_plain) < 0.06,
        "it finds the same bias": lambda p: (
            p.j_strong > p.j_strong_occ > 2 * p.j_biased and p.strong_bias > 0.8 * p.base_bias
        ),
        "But it also rejects in": lambda p: p.j_shared > 0.4 and p.j_shared_occ < 0.1,
        "has little power: it misses most of the biased economies": lambda p: p.j_strong_occ < 0.5,
        "move by a point or so": lambda p: 0.005 < p.mcse < 0.015,
    },
    "15_conclusions": {
        "*how many* leave is anything from": lambda p: (
            p.loss_high > 2 * p.loss_low and p.doubt > 0.8
        ),
        "This chapter is computed from": always,
        "enter as {math}`\\rho = 0`": always,
        "even the least sure of the five": lambda p: p.surest > 0.99,
        "With occupations the least sure is": lambda p: 0.5 < p.doubt <= p.surest,
        "That choices are correlated at all holds in": always,
        "any {math}`\\rho` above zero ranks cities in much the same order": lambda p: (
            _ranked_alike(p)
        ),
        "Under the most cautious one it stands in most draws": lambda p: p.doubt > 0.5,
        "Here is the loss of {glue:text}`city` itself": always,
        "At the estimate it is": lambda p: p.loss > 1.5 * p.loss_even,
        "With {math}`\\theta` as in the paper and cells as clusters": lambda p: (
            p.rho_low < p.cells_low < p.cells_high < p.rho_high
        ),
        "Once {math}`\\theta` may be anything": lambda p: p.loss_low < p.loss < p.loss_high,
        "The bands of all cities move up and down together": lambda p: all(
            np.ptp(band[end] - 1) < 0.7 * abs(band[end] - 1).max()
            for band in (p.names["table"],) for end in ("low", "high")
        ),
        "The size of a city's loss is known up to the factor": lambda p: p.factor > 1.5,
        "most of that doubt is about {math}`\\theta`": lambda p: (
            np.ptp(p.sets["cells", "ρ uncertain"].intervals)
            < 0.5 * np.ptp(p.sets["cells", "ρ and θ uncertain"].intervals)
        ),
        "It runs from": lambda p: p.f_low < p.f_high and p.n_weak > 0.5 * p.n_occupations,
        "A test that all are equal": always,
        "estimates lie between zero and one": always,
        "The data cannot tell whether occupations differ": lambda p: p.n_weak > 5,
        "{glue:text}`city` then loses": always,
    },
    "17_policy": {
        "wants households to come": always,
        "for the same money both bring about the same": lambda p: (
            abs(p.margin) < 0.05 and p.price > 0
        ),
        "This chapter is computed from": always,
        "at the country's mean wage income": lambda p: 2e4 < p.said["pay"] < 2e5,
        "An outlay of one in a thousand": always,
        "Bright columns are the occupations that most people have": _bright_columns,
        "one per cent in {glue:text}`own_best` brings": lambda p: p.own_most > p.own_least > 0,
        "For a given *rate*, the best target is the city's largest occupation, in every city": (
            lambda p: (p.best["by_shock"] == p.best["largest"]).all()
        ),
        "the order turns around": lambda p: (
            p.best["by_outlay"] == p.best["least_specialised"]
        ).all(),
        "Yet the choice hardly matters": lambda p: p.median < 0.01 and p.most < 0.1,
        "households of a million to {glue:text}`city`": lambda p: p.first_gained > 0,
        "dollars a year for every household that comes": lambda p: p.price > 0,
        "a place-based policy costs more than it seems": _costs_more,
        "What a city gains, others lose": _policies_compared,
        "A single strong shock draws more than a broad weak one": _convex,
        "A cell beats the whole city by": _convex,
        "outlay for outlay both attract about the same": lambda p: abs(p.margin) < 0.05,
        "an occupation in the whole country attracts to nowhere": _policies_compared,
        "Where do those who come to": always,
        "{glue:text}`hurt` loses most": lambda p: p.hurt_by > p.spared_by > 0,
        "Over all cities losses have a correlation of": always,
        "Similar cities compete more": lambda p: p.positive > 0.5 and 0 < p.said["alike"] < 1,
        "Distance, which the model does not know": always,
        "The differences are small in size": lambda p: 0.9 < p.low < 1 < p.high < 1.2,
        "Rivals are large cities first": lambda p: all(
            _large(p, rival) for rival in p.pairs[p.pairs["city"] == p.names["city"]]
            .nlargest(5, "diversion")["rival"]
        ),
        "purple blocks along the diagonal where": _alike_neighbours,
    },
    "23_housing": {
        "This chapter is computed from": always,
        "of its households leave ({ref}`ch-city-shocks`)": _is("loss_fixed", 0.05, 0.9),
        "At fixed prices {glue:text}`city` loses": _is("loss_fixed", 0.05, 0.9),
        "homes that are": lambda p: 0 < p.loss_rents < p.loss_fixed and p.kept > 0 and (
            p.answered.rent_hat[p.c] < 1
        ),
        "its rents change by far more than the others'": lambda p: (
            abs(p.answered.rent_hat[p.c] - 1)
            > 5 * np.abs(np.delete(p.answered.rent_hat, p.c) - 1).max()
        ),
        "The others' rents move the other way": lambda p: (
            np.delete(p.answered.rent_hat, p.c).min() > 1
        ),
        "Gain of every other city in per cent, at fixed prices": always,
        "The median city gains": lambda p: 0 < p.median_rents < p.median_fixed,
        "The order of cities by gain is nearly untouched": _is("order", 0.95, 1),
        "a household spends about": lambda p: p.bill > 0,
        "the other way, in the median city elsewhere": lambda p: 0 < p.elsewhere < p.saved,
        "nearly the same, because to first order": lambda p: (
            abs(p.welfare_rents / p.welfare_fixed - 1) < 0.1
        ),
        "Rents after the same shock to another city": always,
        "about as much as those of": lambda p: 0.5 < p.rent_other / p.said["rent"] < 2,
        "the median rent elsewhere moves": lambda p: p.spread < 0.5 and p.size < 0.5,
        "By hand {eq}`eq-damping` gives": lambda p: p.exact < p.plain and p.by_hand < p.plain,
        "Rents divide every response of a city by about": lambda p: p.damping > 1,
        "At which supply elasticity does": always,
    },
    "24_wages": {
        "This chapter is computed from": always,
        "find {glue:text}`katz:.1f` between college and high-school labour": lambda p: (
            p.usual_low < p.katz < p.usual_high
        ),
        "pay that is": lambda p: (
            0 < p.loss_wages < p.loss_fixed and (p.answered.wage_hat[p.c] > 1).all()
        ),
        "where they arrive, pay moves the other way": lambda p: (
            (np.delete(p.answered.wage_hat, p.c, axis=0) < 1).mean() > 0.99
        ),
        "The harder occupations are to replace, the further apart their pay moves": lambda p: (
            p.table.groupby("case", sort=False)["change"].agg(np.ptp).is_monotonic_increasing
            and p.table.groupby("case", sort=False)["leavers"].agg(np.ptp).is_monotonic_decreasing
        ),
        "Data: {glue:text}": always,
        "Pay moves most for": lambda p: p.most_pay > p.least_pay > 0,
        "is the part of its households that": always,
        "the demand for the city's product changes": lambda p: p.by_demand > 0.02,
        "and the loss hardly does": lambda p: p.by_substitution < 0.1 * p.by_demand,
        "do wages undo exactly half of what": always,
    },
    "25_unemployment": {
        "This chapter is computed from": always,
        "The shock is the paper's story as it is told": always,
        "If wages can fall, those of": lambda p: (
            np.median(p.before.wage_hat[:, p.k]) < 1 and p.before.unemployed == 0
            and p.before.welfare_hat < 1
        ),
        "of all households are out of work, and everyone is": lambda p: (
            p.unemployed > 0.01 and p.times > 1
        ),
        "Who is out of work is less obvious": lambda p: p.own > p.rest > 0.005,
        "was in the occupation that is hit": always,
        "Moving levels unemployment across cities": lambda p: (
            p.worst < p.worst_held and p.spread > 0.2
        ),
        "It does not lower it": lambda p: p.gap < 0.01 * p.unemployed,
        "Households out of work as the floor under wages rises": always,
        "Where wages may give way a little, migration does end unemployment": lambda p: (
            p.said["low"] < 0.05 * p.low_held
        ),
        "A programme that brings": lambda p: (
            p.trained > 0 and abs(p.total / p.start - 1) < 0.02
        ),
        "A larger one, which brings": lambda p: (
            p.big_trained > p.trained and p.big_total >= p.total
        ),
        "Of the damage of the trade shock itself it takes a part away": lambda p: (
            p.due < p.start and 0 < p.eased < p.hurt
        ),
        "By the formula for `jobs_ck`": always,
    },
    "26_equilibrium": {
        "This chapter is computed from": always,
        "in {ref}`ch-city-shocks` New York loses": _is("fixed", 0.05, 0.9),
        "in the survey of": always,
        "Data: {glue:text}": always,
        "At fixed prices {glue:text}`city` loses": _is("fixed", 0.05, 0.9),
        "Rents that answer take": lambda p: p.rents > 0 and p.said["pay"] > 0 and p.pull > 0,
        "With everything together the loss is": lambda p: 0 < p.left < 1,
        "prices hold people back more strongly": lambda p: p.heavy < p.every,
        "of the paper's number is the fixed price": lambda p: (
            0 < p.fixed_part < p.heavy_part < 1
        ),
        "What does not change is welfare": lambda p: p.spread < 0.2 * p.welfare,
        "The answer depends most on the": lambda p: (
            p.steepest_by > p.second_by > p.flattest_by
        ),
        "would need to know the": lambda p: p.order.index[0] != p.order.index[-1],
        "Over all six ranges it lies between": lambda p: 0 < p.lowest < p.every < p.highest,
        "At fixed prices the edge is at": lambda p: (
            p.names["edge"].query("prices == 'fixed'")["households lost"]
            .dropna()
            .is_monotonic_increasing
        ),
    },
    "intro": {
        "it loses {glue:text}": lambda p: (
            p.even < p.least < p.middle < p.most and p.names["table"]["change"].min() > 1
            and 0 < p.lost < 1
        ),
        "correlation decides mainly *how many* leave": lambda p: (
            p.middle / p.even > 1.5 and p.most / p.least < 1.2
        ),
        "the paper takes this slope to mean": lambda p: p.beta > 1 and 0 < p.rho_slope < 1,
        "out to the last printed digit": lambda p: 0 <= p.n_ok <= p.n == len(p.numbers),
        "hold in part": lambda p: p.n_hold + p.n_part + p.n_not + p.n_open == p.n_words,
        "judged by the run itself": always,
        "read in a unit: if pay is the wage times": lambda p: (
            np.isclose(p.rho_theta, 1 - p.theta / p.beta) and 0 < p.rho_slope < 1
        ),
        "Of those who leave a job in New York": lambda p: (
            p.keep > 2 * p.keep_even and 0 < p.away < 0.01
        ),
        "of what they can expect to produce": lambda p: 0 < p.cost < p.cost_even,
        "a forecast of no change misses it by": lambda p: (
            p.forecast_error > 0.98 * p.no_change_error
        ),
        "starts from another country": lambda p: p.run_size > 3 * p.true_size,
    },
    "ledger": {
        "expressions, {glue:text}": lambda p: (
            p.causes == p.slip_causes + 1 and p.notation_causes < p.slip_causes < p.slips
        ),
    },
    "errata": {
        "Numbers are computed from": always,
        "expressions,": lambda p: p.places == p.slips + sum(
            claim.verdict == "approximation" for claim in p.claims
        ),
        "of the places are slips, which have": lambda p: p.slip_causes < 0.6 * p.slips,
        "The slope that table 8.2.1 prints": _belongs,
        "By the first reading five per cent off": lambda p: (
            0 < 2 * p.shock_printed < p.shock_corrected < 1
        ),
        "A first stage in logs": lambda p: p.said["log_slope"] < p.said["sum_slope"],
    },
}  # fmt: skip


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("page", "sentence"),
    [(page, sentence) for page, sentences in SENTENCES.items() for sentence in sentences],
)
def test_a_sentence_holds_on_both_sources(page, sentence, source):
    assert _flat(sentence) in _flat(_path(page).read_text(encoding="utf-8")), "no longer there"
    assert SENTENCES[page][sentence](run(page, source)), f"{page}, {source}: {sentence!r} is false"


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_with_a_result_is_put_to_the_test(page):
    """A line of prose with a result in it has a test above."""
    text = _path(page).read_text(encoding="utf-8")
    for line in re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.M | re.S).splitlines():
        if "{glue:text}" in line:
            assert any(sentence in line for sentence in SENTENCES[page]), f"{page}: {line}"


def _hidden(page: str) -> list[str]:
    """What a page computes out of sight: names bound in cells that it removes."""
    found = []
    for cell in jupytext.read(_path(page)).cells:
        if cell.cell_type == "code" and "remove-cell" in cell.metadata.get("tags", ()):
            for node in ast.parse(cell.source).body:
                call = node.value if isinstance(node, ast.Expr) else None
                if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "record"):
                    found.append(ast.unparse(node).splitlines()[0])
    return found


@pytest.mark.parametrize("page", PAGES)
def test_only_the_recording_of_results_is_out_of_sight(page):
    """What a page computes is shown or folded."""
    assert _hidden(page) == []


@pytest.fixture(scope="module")
def holed(tmp_path_factory) -> str:
    """The synthetic economy with three cells, and so three cities, without a wage."""
    whole = synthetic.load()
    cells, cities = whole.cells.copy(), whole.cities.copy()
    for city, year, occupation in (
        ("Akron, OH", 2019, "sales"),
        ("Ithaca, NY", 2012, "primary"),
        (NEW_YORK, 2015, "trades"),
    ):
        rows = cells["city"].eq(city) & cells["year"].eq(year)
        cells.loc[rows & cells["occupation"].eq(occupation), "log_wage"] = np.nan
        cities.loc[cities["city"].eq(city) & cities["year"].eq(year), "log_city_wage"] = np.nan
    panel = Panel(cells, cities, whole.exposures, whole.shifts, "holed", {"made": "here"})
    return str(panel.save(tmp_path_factory.mktemp("panels") / "holed"))


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p not in ("02_model", "03_derivations", "00_frechet", "ledger")]
)
def test_three_cells_without_a_wage_do_not_stop_a_page(page, holed):
    """What is missing is named, and the page goes on."""
    found = run(page, holed)
    if page == "06_shifters":
        assert "Akron, OH in 2019" in found.missing
        assert found.paper.T_c.isna().all()
        assert found.paper.T_k.notna().all()
    if page == "10_replication_report":
        notes = found.numbers.loc[found.numbers["place"] == "table 2B", "note"]
        assert notes.str.contains("New York-Newark-Jersey City, NY-NJ-PA in 2015").all()
        assert found.numbers["computed"].notna().sum() == 23


def test_a_false_sentence_is_found():
    """On a page with the opposite results the checks say so."""
    page = Page({"table": pd.DataFrame({"change_independent": [1.0, 1.1]})}, {"between": 0.5})
    assert not SENTENCES["01_introduction"]["Without correlation every other city grows by"](page)
    assert not _is("between", 0.99, 1)(page)
