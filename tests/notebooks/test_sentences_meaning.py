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
        "In brackets are the errors of the simulation": always,
        "the regression finds": lambda p: abs(p.rho_paper - p.rho_truth) < 0.02,
        "In the second world the {term}`first stage` is": lambda p: (
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
