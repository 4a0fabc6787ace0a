"""Sentences of the chapters on what rho means hold on both sources."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from test_sentences import SOURCES, Page, always, run

from helpers import files

SENTENCES: dict[str, dict[str, Callable[[Page], bool]]] = {
    "18_wage_unit": {
        "It is computed from": always,
        "it reaches zero where the power is the slope itself": lambda p: (
            abs(p.rho - (1 - 1 / p.beta)) < 1e-12
        ),
        "With the paper's power the correlation is": lambda p: 0 < p.said["rho"] < 1,
        "A job that pays twice as much would then be": lambda p: 0 < p.twice < 0.5,
        "With the power {math}`\\theta`": lambda p: p.rho_theta < 0,
        "whatever the power: over the whole range": lambda p: p.own_range < 1e-3,
        "the part that keeps the occupation goes from": lambda p: p.keep_first > p.keep_last,
        "are close to it, and Berry's form by least squares is not": always,
        "Its answer does not hang on the unit of the wage": lambda p: (
            set(p.survives["another city"]) <= {"no", ""}
        ),
        "The first thesis, that people keep their occupation, does": lambda p: (
            {"yes", "no"} <= set(p.survives["most keep their occupation"])
        ),
        "occupation-years the instrumented slope puts": lambda p: p.nest_low < p.nest_high,
        "do not separate the unit of the wage from the correlation": lambda p: (
            p.weak or not p.inside
        ),
    },
    "19_observed_wages": {
        "This chapter is computed from": always,
        "earn no more on average than anyone else": lambda p: p.largest_t < 3.5,
        "The largest of the twelve gaps is": lambda p: p.largest_t < 3.5,
        "the one of occupations is the longest by far": lambda p: (
            p.parts.set_index("between")["spread"]
            .nlargest(2)
            .pipe(lambda top: top.index[0] == "occupation" and top.iloc[0] > 2 * top.iloc[1])
        ),
        "in an occupation one standard deviation up earns": always,
        "Occupations hold": lambda p: p.of_occupation > p.of_city,
        "What is left, a cell's changes over the years": always,
        "would have to be amenities, training, barriers, or chance": always,
        "that it implies are medians over": always,
        "the regression finds": lambda p: abs(p.rho_paper - p.rho_truth) < 0.02,
        "In the second world the {term}`first stage`, by how many": lambda p: (
            abs(p.first_draws) < 0.1 * p.first_paper
        ),
        "A slope that divides by next to nothing": lambda p: abs(p.slope_draws) > 20,
        "people are many where pay is low": lambda p: p.ols_amenities < 0,
        "as the paper's world has": lambda p: abs(p.first_data / p.first_paper - 1) < 0.25,
        "lies far from the paper's world": lambda p: p.ols_data < 0.5 * p.of.at[p.paper, "ols"],
    },
    "20_who_moves_where": {
        "This chapter is computed from": always,
        "Within-occupation migration is more prevalent": lambda p: (
            p.times > 2 and p.first_half.startswith("yes")
        ),
        "To similar cities": lambda p: p.second_half == "hardly",
        "In the median city correlation sends": lambda p: p.away_median < 0.01 < p.said["kept"],
        "The rank correlation is above zero for": lambda p: p.rank_positive > 0.5,
        "On the right all dots lie near zero": lambda p: p.away.max() < 0.05,
        "The star is where the data are": always,
        "At a spread of one and a half eight occupations redirect": always,
        "put together into eight groups the same households show": lambda p: (
            p.fine_broad < 0.5 * p.fine_true
        ),
        "at a given spread more occupations redirect *fewer*": lambda p: all(
            p.finest[p.finest["specialisation"] == s]["redirected"].is_monotonic_decreasing
            for s in (0.25, 0.5, 1.0, 1.5, 2.0)
        ),
        "Chance looks like specialisation": lambda p: p.noise_300 > p.noise_8 > 0,
        "With one mix everywhere nobody is redirected": lambda p: p.small_300 > 0.5,
        "A shock to": lambda p: p.loss_0 < p.loss < 0,
        "To first order it adds nothing": lambda p: (
            abs(p.hulten / p.loss_0 - 1) < 0.2 and p.hulten < p.loss_0
        ),
        "The rest is of second order, and always a gain": lambda p: (
            p.in_all.iloc[:, 3] > -1e-9
        ).all(),
        "For a shock to an occupation everywhere the difference is": lambda p: p.third < 1e-9,
        "adds little to what a shock costs": lambda p: p.softened < 0.25,
        "follows similarity in most cases": lambda p: p.rank_positive > 0.5,
        "two numbers, and one of them is large and the other small": lambda p: (
            p.said["kept"] > 0.5 and p.away_median < 0.01
        ),
    },
    "21_did_it_happen": {
        "This chapter is computed from": always,
        "enters but the wages themselves": always,
        "the estimate is": lambda p: 0 < p.rho_early < 1,
        "cities have a wage in every cell of both years, and": lambda p: (
            p.n_cities + p.left_out == len(p.panel.shares(p.names["first"]).cities)
        ),
        "The forecasts have a standard deviation of": lambda p: np.isclose(
            p.overshoot, p.predicted_sd / p.actual_sd
        ),
        "where a forecast that is right on average would have one": lambda p: p.raw_slope < 0.5,
        "sends far more people about than moved": lambda p: p.overshoot > 2,
        "made up from its first year": always,
        "the forecast is the outcome": lambda p: abs(p.world_exact - 1) < 1e-6,
        "although the model is true to the last digit": lambda p: p.world_observed < 0.6,
        "Shrunk wages bring it to": lambda p: (
            abs(p.world_shrunk - 1) < 0.1 and p.world_low < 1 < p.world_high
        ),
        "to somebody who takes it for zero": lambda p: (
            abs(p.world_independent / p.said["beta"] - 1) < 0.1
        ),
        "Data: {glue:text}`source`": always,
        "Predicting no change misses a city's change by": lambda p: np.isclose(
            p.still, p.table["rmse"].iloc[0]
        ),
        "Wages as observed and the estimated slope miss by": lambda p: (
            (p.observed_error > p.still) == (p.observed_words == "more")
        ),
        "the smallest of the three is that of the forecast": lambda p: (
            {"at the estimate": p.best_error, "without correlation": p.flat_error}.get(
                p.winner, p.still
            )
            == min(p.best_error, p.flat_error, p.still)
        ),
        "With shrunk wages the slope at the estimate is": lambda p: (
            (p.best_low <= 1 <= p.best_high) == (p.one == "holds one")
            and (p.flat_low <= 1 <= p.flat_high) == (p.flat_one == "holds one")
        ),
        "The correlation of forecast and outcome is": lambda p: -1 <= p.best_r <= 1,
        "as if the slope {math}`\\beta` were about": lambda p: np.isclose(
            p.implied_beta, p.best_slope * p.said["beta"]
        ),
        "The wages that the instrument predicts hardly move": lambda p: (
            p.past.by_instrument.std() < 0.5 * p.past.log_wage.std()
        ),
        "made in one year after another for": always,
        "starting years": lambda p: p.n_hold_one <= p.n_windows == len(p.starts),
        "In the quarter of the smallest cities": lambda p: p.small_error > p.large_error,
        "The slope goes from": always,
        "With shrunk wages the errors are": lambda p: (
            p.small_error - p.small_calmed > p.large_error - p.large_calmed > 0
        ),
        "The promise is": lambda p: p.said["beta"] > 1,
        "With wages as observed the cells give": lambda p: (
            p.cell_low < p.cell_observed < p.cell_high < 0.5 * p.said["beta"]
        ),
        "With those that the instrument predicts they give": lambda p: (
            p.instrument_low < p.cell_instrument < p.instrument_high
        ),
        "which takes a change of its": lambda p: p.mover_own * p.mover_hat > 0,
        "which happened is": lambda p: p.ripple > 100,
        "where the whole dispute is whether it is zero or one": lambda p: p.ripple_error > 10,
        "Held against the years from": always,
        "made from wages as a survey shows them it overshoots": lambda p: p.overshoot > 2,
    },
    "22_as_run": {
        "This chapter is computed from": always,
        "Data: {glue:text}`source`": always,
        "      {glue:text}`source`.": always,
        "of all households before the shock; it has": lambda p: p.own_run > 3 * p.own_seen,
        "The three largest cities together hold": lambda p: (
            p.three > 2 * p.three_seen and p.median_run < 0.1 * p.median_seen
        ),
        "The slope of one log share on the other is": lambda p: abs(p.power - p.theta) < 0.2,
        "which is close to the share observed and not equal to it": lambda p: (
            1e-3 < abs(p.own_once / p.own_seen - 1) < 0.15
        ),
        "of everybody in one city, a given loss there sends out many times": lambda p: (
            p.gain_run > 3 * p.gain
        ),
        "Figure 2 of the paper lowers": always,
        "Figure 3 lowers the": always,
        "Computed exactly, other cities gain": lambda p: p.gain > p.gain_0 > 0,
        "would have been": lambda p: p.gain_run_0 > 2 * p.own_lambda,
        "The order of the gaining cities suffers less than the size": lambda p: p.order_2 > 0.9,
        "That of gains with similarity is": lambda p: p.alike_run > 0 and p.spread_run > p.spread,
        "whose square is": lambda p: np.isclose(p.r2, p.r_to_r2**2, atol=1e-3),
        "of all households, and as run": lambda p: p.second_run < 0.1 * p.second_seen,
        "Hardly anybody is there to leave": lambda p: p.ratio_times > 10,
        "that moves *all* cities by": lambda p: p.rounded > 10 * p.unrounded,
        "which the power hardly touches": lambda p: p.same_order > 0.99,
        "so that the line between gain and loss lies elsewhere": lambda p: (
            p.gainers_run != p.gainers
        ),
        "In the notebooks management *falls*": always,
        "only because the shares that the shifters imply are not the observed ones": lambda p: (
            p.gap > 1e-6
        ),
        "and on observed shares to nothing": lambda p: p.gap_once < 0.2 * p.gap,
        "reads the file of": lambda p: p.year_read < p.year_caption,
        "either year does: the largest change": lambda p: p.largest_shift < 0.1,
        "How the order of the gaining cities fares can be measured": lambda p: (
            0 < p.order_3 <= 1 and 0 < p.order_2 <= 1
        ),
    },
}


def _text(page: str) -> str:
    return (files.NOTEBOOKS / f"{page}.md").read_text(encoding="utf-8")


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("page", SENTENCES)
def test_the_sentences_of_a_page_hold_on_both_sources(page, source):
    found = run(page, source)
    text = _flat(_text(page))
    for sentence, holds in SENTENCES[page].items():
        assert _flat(sentence) in text, f"no longer there: {sentence!r}"
        assert np.all(holds(found)), f"{page}, {source}: {sentence!r} is false"


@pytest.mark.parametrize("page", SENTENCES)
def test_every_sentence_with_a_result_is_put_to_the_test(page):
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", _text(page), flags=re.M | re.S)
    for line in text.splitlines():
        if "{glue:text}" in line:
            assert any(sentence in line for sentence in SENTENCES[page]), f"{page}: {line}"
