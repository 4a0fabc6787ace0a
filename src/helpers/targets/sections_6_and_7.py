"""What sections 6 and 7 conclude."""

from __future__ import annotations

import numpy as np

from helpers import counterfactuals, elasticities
from helpers.counterfactuals import keepers
from helpers.model import similarity
from helpers.names import NEW_YORK
from helpers.targets.evidence import CITY_HAT, OCCUPATION_HAT, Evidence
from helpers.targets.ranks import rank_correlation
from helpers.targets.section_1 import variances
from helpers.targets.verdicts import Finding, claim, undecided, verdict


@claim(
    "place-based",
    "6",
    "Making a city more productive in all occupations attracts few households.",
)
def _place_based(e: Evidence) -> Finding:
    city = e.shares.city_index(NEW_YORK)
    elasticity = e.own_elasticity(e.correlation)[city]
    new = counterfactuals.shock(e.shares, e.correlation, e.theta, city={NEW_YORK: CITY_HAT})
    loss = 1 - new.pi_c[city] / e.shares.pi_c[city]
    return Finding(
        verdict(elasticity < 1),
        f"New York's share moves by {elasticity:.1f} % for one per cent of T_c, and the shock of "
        f"section 5.1 takes {loss:.0%} of its households",
    )


@claim(
    "best-target",
    "6",
    "A better target is an occupation in which the city specialises, or one with a high T_k.",
)
def _best_target(e: Evidence) -> Finding:
    gain = elasticities.own_city_occupation(e.shares, e.correlation)
    best = gain.argmax(axis=1)
    largest = (best == e.shares.phi_ck.argmax(axis=1)).mean()
    special = (best == e.quotient.argmax(axis=1)).mean()
    high = (best == e.paper_shifters.T_k.to_numpy().argmax()).mean()
    return Finding(
        verdict(special > 0.5, max(largest, high) > 0.5),
        "the occupation whose scale moves a city's share most is the city's largest in "
        f"{largest:.0%} of cities, the one with the highest T_k in {high:.0%}, and the one in "
        f"which it is most specialised relative to the country in {special:.0%}",
    )


@claim("less-similar", "6", "A city that is less like others competes less with them.")
def _less_similar(e: Evidence) -> Finding:
    weight = e.shares.pi_c
    alike = np.array(
        [np.average(similarity(e.shares, c), weights=weight) for c in range(len(weight))]
    )
    cross = -elasticities.cross_city(e.shares, e.correlation, theta=e.theta)
    np.fill_diagonal(cross, 0.0)
    taken = cross.sum(axis=1)
    rank = rank_correlation(alike, taken)
    return Finding(
        verdict(rank > 0.5 and taken.max() > 1.1 * taken.min(), rank > 0),
        f"rank correlation of mean similarity with what a city loses when all others improve by "
        f"one per cent: {rank:.2f}; that loss runs from {taken.min():.2f} to {taken.max():.2f} "
        "per cent",
    )


@claim("unemployed", "6", "A trade shock leaves households out of work for long.")
def _unemployed(e: Evidence) -> Finding:
    k = e.shares.occupation_index("trades")
    new = counterfactuals.shock(
        e.shares, e.correlation, e.theta, occupation={"trades": 1 / OCCUPATION_HAT}
    )
    left = 1 - new.omega_k[k] / e.shares.omega_k[k]
    return undecided(
        "nobody is out of work in this model: when T_k of trades falls by a tenth, "
        f"{left:.1%} of its households take up another occupation at once"
    )


@claim(
    "retraining", "6", "Helping people into other occupations helps the cities that they live in."
)
def _retraining(e: Evidence) -> Finding:
    return undecided(
        "a change of occupation costs nothing in this model, so that none can be saved"
    )


@claim("recovers", "7", "The model recovers shifters and substitution parameters.")
def _recovers(e: Evidence) -> Finding:
    built = e.consistent_shifters.rebuild()
    gap = np.abs(built.pi_ck - e.shares.pi_ck).max()
    return Finding(
        verdict(False, gap < 1e-10),
        f"shares rebuilt from the model's shifters are the observed ones to {gap:.0e}; each kind "
        "is known up to a factor, rho is estimated, and theta is taken from elsewhere",
    )


@claim("occupations-matter-more", "7", "Occupations matter more to moves than cities do.")
def _occupations_matter_more(e: Evidence) -> Finding:
    city, rest = variances(e)
    with_rho, plain = (counterfactuals.diversion(e.shares, rho) for rho in (e.correlation, 0.0))
    apart = 0.5 * np.abs(with_rho - plain).sum(axis=1)
    return Finding(
        verdict(rest > city, np.median(apart) > 0.5),
        f"{city:.0%} of the variance of ln pi_ck within occupations is common to a city; where "
        f"leavers go differs from their rivals' sizes for {np.median(apart):.1%} of them in the "
        f"median city and {apart.max():.1%} at most",
    )


@claim("similar-relocate", "7", "Households rather go to cities with similar occupations.")
def _similar_relocate(e: Evidence) -> Finding:
    found = e.alike_and_diverted
    ratio = counterfactuals.diversion(e.shares, e.correlation)
    plain = counterfactuals.diversion(e.shares, 0.0)
    np.fill_diagonal(plain, 1.0)
    relative = ratio / plain
    np.fill_diagonal(relative, np.nan)
    low, high = np.nanquantile(relative, [0.01, 0.99])
    return Finding(
        verdict((found > 0).mean() > 0.9, np.median(found) > 0),
        f"more similar rivals receive more, for their size, in {(found > 0).mean():.0%} of "
        f"cities; relative to size they receive {low:.2f} to {high:.2f} times what they would "
        "without correlation, in 98 % of pairs",
    )


@claim("within-more", "7", "More households move within their occupation than across.")
def _within_more(e: Evidence) -> Finding:
    city = e.shares.city_index(NEW_YORK)
    kept, plain = (keepers(e.shares, rho, city) for rho in (e.correlation, 0.0))
    return Finding(
        verdict(kept > 0.5),
        f"in the model, {kept:.0%} of those who leave New York at the margin keep their "
        f"occupation, against {plain:.0%} without correlation; no move is observed",
    )


@claim("extensions", "7", "Housing and unemployment would explain prices and lasting joblessness.")
def _extensions(e: Evidence) -> Finding:
    return undecided("a plan; this model has neither")


@claim("closed-forms", "2.3", "Elasticities have simple closed forms.")
def _closed_forms(e: Evidence) -> Finding:
    c, step = int(e.largest[0]), 1e-6
    hats = np.ones(len(e.shares.cities))
    hats[c] = np.exp(step)
    moved = counterfactuals.shock(e.shares, e.correlation, e.theta, city=hats)
    slope = np.log(moved.pi_c / e.shares.pi_c) / step
    formula = elasticities.cross_city(e.shares, e.correlation, theta=e.theta)[:, c]
    gap = np.abs(slope - formula).max()
    return Finding(
        verdict(gap < 1e-3),
        f"closed form and finite difference of all responses to the largest city agree to {gap:.0e}"
        "; as printed, several lack theta or name another city's mix (errata)",
    )
