"""What sections 2 and 3 say of the model and the strategy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import elasticities, estimation, shifters
from helpers.errors import DataError
from helpers.model import draw_productivities
from helpers.targets.evidence import Evidence
from helpers.targets.ranks import rank_correlation
from helpers.targets.verdicts import Finding, claim, undecided, verdict

_DRAWS = 20_000


@claim(
    "high-occupations-large",
    "1",
    "Cities that specialise in occupations with a high scale have larger shares.",
)
def _high_occupations_large(e: Evidence) -> Finding:
    k = int(e.paper_shifters.T_k.to_numpy().argmax())
    rank = rank_correlation(e.shares.phi_ck[:, k], e.shares.pi_c)
    return Finding(
        verdict(rank > 0.2),
        f"rank correlation of city size with its share in {e.shares.occupations[k]}, the "
        f"occupation with the highest T_k: {rank:.2f}",
    )


@claim("scale-is-size", "1", "A city's own advantage comes mainly from its size.")
def _scale_is_size(e: Evidence) -> Finding:
    ranks = {
        name: rank_correlation(e.shares.pi_c, found)
        for name, found in (("published", e.published_T_c), ("model", e.consistent_shifters.T_c))
    }
    return Finding(
        verdict(min(ranks.values()) > 0.9, min(ranks.values()) > 0.5),
        f"rank correlation of size and T_c {ranks['published']:.3f} as published, "
        f"{ranks['model']:.3f} by the model; T_c is solved from shares, so that it holds by "
        "construction and says nothing of what causes what",
    )


@claim("sectors-make-mixes", "1", "A city's sectors decide in which occupations it specialises.")
def _sectors_make_mixes(e: Evidence) -> Finding:
    predicted = e.panel.year(e.year)["instrument"].to_numpy().reshape(e.shares.pi_ck.shape)
    predicted = predicted / np.nansum(predicted, axis=1, keepdims=True).clip(1e-300)
    known = np.isfinite(predicted)
    ranks = [
        rank_correlation(predicted[rows, k], e.shares.phi_ck[rows, k])
        for k, rows in enumerate(known.T)
        if rows.sum() > 2
    ]
    if not ranks:
        return undecided("the panel has no prediction from sectors")
    return Finding(
        verdict(np.median(ranks) > 0.5, np.median(ranks) > 0),
        "rank correlation over cities of an occupation's share with the one that sectors "
        f"predict: median {np.median(ranks):.2f} over {len(ranks)} occupations",
    )


def _two_cities(rho: float, theta: float) -> np.ndarray:
    """Draws of two cities, the second twice as good, and two occupations, (draws, 2, 2)."""
    ones = np.ones(2)
    return draw_productivities(
        np.ones((2, 2)), ones, np.array([1.0, 2.0]), rho, theta, _DRAWS, seed=1
    )


@claim("spread-falls", "2", "Within an occupation draws spread less as correlation rises.")
def _spread_falls(e: Evidence) -> Finding:
    own, apart = [], []
    for rho in (0.0, 0.5, 0.9):
        draws = np.log(_two_cities(rho, e.theta)[:, :, 0])
        own.append(draws[:, 0].std())
        apart.append((draws[:, 1] - draws[:, 0]).std())
    narrower = max(own) - min(own) > 0.1 * max(own)
    return Finding(
        verdict(narrower, apart[-1] < apart[0]),
        f"standard deviation of one city's log draw {own[0]:.3f}, {own[1]:.3f} and {own[2]:.3f} "
        f"at rho = 0, 0.5 and 0.9; of the difference between two cities {apart[0]:.3f}, "
        f"{apart[1]:.3f} and {apart[2]:.3f}",
    )


@claim("identical-at-one", "2", "As correlation goes to one, cities' distributions are identical.")
def _identical_at_one(e: Evidence) -> Finding:
    draws = _two_cities(0.999, e.theta)[:, :, 0]
    together = rank_correlation(*draws.T)
    ratio = np.median(draws[:, 1]) / np.median(draws[:, 0])
    return Finding(
        verdict(together > 0.99 and abs(ratio - 1) < 0.01, together > 0.99),
        f"at rho = 0.999 the ranks of two cities' draws have correlation {together:.3f}; the "
        f"median of a city with twice the scale is {ratio:.2f} times the other's",
    )


@claim("independent-occupations", "2.1", "Draws of different occupations are independent.")
def _independent_occupations(e: Evidence) -> Finding:
    draws = _two_cities(e.correlation if 0 <= e.correlation < 1 else 0.5, e.theta)
    from scipy.stats import kendalltau  # loaded where it is used: it is large

    across = kendalltau(draws[:, 0, 0], draws[:, 0, 1]).statistic
    within = kendalltau(draws[:, 0, 0], draws[:, 1, 0]).statistic
    return Finding(
        verdict(abs(across) < 4 * np.sqrt(2 * (2 * _DRAWS + 5) / (9 * _DRAWS * (_DRAWS - 1)))),
        f"Kendall's rank correlation in {_DRAWS:,} draws: {across:.3f} between occupations of "
        f"one city, {within:.3f} between cities in one occupation",
    )


@claim("own-grows", "2.3", "The own elasticity grows with the city's share in the occupation.")
def _own_grows(e: Evidence) -> Finding:
    exact = elasticities.own_city_occupation(e.shares, e.correlation)
    ranks = [rank_correlation(exact[:, k], e.shares.phi_ck[:, k]) for k in range(exact.shape[1])]
    return Finding(
        verdict(min(ranks) > 0.99, min(ranks) > 0.9),
        f"rank correlation over cities, smallest of the occupations: {min(ranks):.4f}",
    )


@claim("no-bound", "2.3", "As correlation goes to one, elasticities grow without bound.")
def _no_bound(e: Evidence) -> Finding:
    near, nearer = (np.median(e.own_elasticity(rho)) for rho in (0.99, 0.999))
    cross = [
        -elasticities.cross_city(e.shares, rho, theta=e.theta)[e.largest[1], e.largest[0]]
        for rho in (0.99, 0.999)
    ]
    return Finding(
        verdict(nearer > 5 * near and cross[1] > 5 * cross[0]),
        f"median own elasticity in T_c {near:,.0f} at rho = 0.99 and {nearer:,.0f} at 0.999; "
        f"cross elasticity of the two largest cities {-cross[0]:,.0f} and {-cross[1]:,.0f}",
    )


@claim(
    "rival-size", "2.3", "The larger a rival, and its share in an occupation, the more it takes."
)
def _rival_size(e: Evidence) -> Finding:
    cross = -elasticities.cross_city_occupation(e.shares, e.correlation)
    c = int(e.largest[0])
    others = np.arange(len(e.shares.cities)) != c
    size = (e.shares.pi_c[:, None] * e.shares.phi_ck)[others]
    ranks = [rank_correlation(cross[c][others, k], size[:, k]) for k in range(cross.shape[2])]
    return Finding(
        verdict(min(ranks) > 0.999),
        "rank correlation of what a rival's cell takes from the largest city with the rival's "
        f"households in it, smallest of the occupations: {min(ranks):.4f}",
    )


@claim("public-suffices", "3", "Census data are enough to estimate the parameters.")
def _public_suffices(e: Evidence) -> Finding:
    slope = e.estimate.ols.coefficient
    return Finding(
        verdict(slope >= 1, e.estimate.beta >= 1),
        f"with shares and wages alone the slope is {slope:.3f}, and rho is "
        f"{estimation.rho_of(slope):.2f}; {e.estimate.rho:.2f} takes productivity by sector "
        "from another source, and theta is not estimated",
    )


@claim("is-a-test", "3.1", "The regression tests whether moves are within occupations or across.")
def _is_a_test(e: Evidence) -> Finding:
    data = estimation.sample(e.panel, e.years)
    left = pd.Series(estimation.residualise(data, ["instrument"]).ravel())
    between = left.groupby(data["city_occupation"]).transform("mean").var() / left.var()
    return undecided(
        "no move is observed: the instrument's variance, net of effects, lies between cells "
        f"that stand still to {between:.2%}, so that rho says how shares line up with wages"
    )


@claim("endogenous", "3.1", "Wages go together with what is left unexplained.")
def _endogenous(e: Evidence) -> Finding:
    gap = e.estimate.beta - e.estimate.ols.coefficient
    return Finding(
        verdict(abs(gap) > 1.96 * e.estimate.se),
        f"2SLS and OLS differ by {gap:.2f}, {abs(gap) / e.estimate.se:.1f} standard errors of "
        "the former; noise in wages would do the same",
    )


@claim("growing-sectors", "3.1", "Cells with much of a growing sector see larger wage gains.")
def _growing_sectors(e: Evidence) -> Finding:
    cells = e.panel.cells.dropna(subset=["log_wage", "instrument"])
    keys = ["city", "occupation"]
    wide = cells.pivot_table(index=keys, columns="year", values=["log_wage", "instrument"])
    first, last = e.panel.years[0], e.panel.years[-1]
    changes = pd.DataFrame(
        {name: wide[name][last] - wide[name][first] for name in ("log_wage", "instrument")}
    ).dropna()
    if first == last or len(changes) < 3:
        return undecided("the panel has no two years to compare")
    changes = changes.reset_index().assign(year=last, log_share=0.0)
    for name, columns in (
        ("city_year", ["city"]),
        ("occupation_year", ["occupation"]),
        ("city_occupation", keys),
    ):
        changes[name] = changes.groupby(columns).ngroup()
    try:
        found = estimation.fit(changes, "log_wage", "instrument", None)
    except DataError as problem:
        return undecided(str(problem))
    return Finding(
        verdict(found.t > 1.96),
        f"slope of the change of wages from {first} to {last} on that of the instrument, with "
        f"city and occupation effects: {found.coefficient:.2f} ({found.se:.2f})",
    )


@claim("theta-three", "3.2", "A shape of three, taken from the literature, is reasonable.")
def _theta_three(e: Evidence) -> Finding:
    gap = 0.0
    for theta in (2.0, 3.0, 5.0):
        built = shifters.recover(e.panel, e.year, e.correlation, theta).rebuild()
        gap = max(gap, np.abs(built.pi_c - e.shares.pi_c).max())
    return undecided(
        f"shapes of 2, 3 and 5 give back the observed shares alike, to {gap:.0e}: shares do not "
        "tell them apart, and the response to a city's shock is in proportion to the shape"
    )
