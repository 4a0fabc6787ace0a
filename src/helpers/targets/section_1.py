"""What abstract and section 1 say."""

from __future__ import annotations

import numpy as np

from helpers import counterfactuals, shifters
from helpers.names import NEW_YORK
from helpers.targets.evidence import CITY_HAT, Evidence
from helpers.targets.ranks import rank_correlation
from helpers.targets.verdicts import Finding, claim, undecided, verdict


@claim(
    "models-alike",
    "abstract",
    "Almost all other models take all cities to be equally good substitutes.",
)
def _models_alike(e: Evidence) -> Finding:
    plain = counterfactuals.diversion(e.shares, 0.0)
    per_share = plain / e.shares.pi_c
    np.fill_diagonal(per_share, np.nan)
    gap = np.nanmax(np.nanmax(per_share, axis=1) / np.nanmin(per_share, axis=1)) - 1
    return undecided(
        "a statement about other papers; in this model at rho = 0 rivals receive leavers in "
        f"proportion to their size, to a relative {gap:.0e}"
    )


@claim(
    "similar-substitute",
    "abstract",
    "How well one city stands in for another depends on how alike their economies are.",
)
def _similar_substitute(e: Evidence) -> Finding:
    found = e.alike_and_diverted
    return Finding(
        verdict(np.median(found) > 0.5, np.median(found) > 0),
        "rank correlation of similarity with diversion relative to size, over a city's rivals: "
        f"median {np.median(found):.2f}, above zero in {(found > 0).mean():.0%} of cities",
    )


@claim("public-data", "abstract", "The data are public.")
def _public_data(e: Evidence) -> Finding:
    if e.panel.source == "synthetic":
        return undecided("this page is computed from an economy that was drawn, not surveyed")
    return Finding(
        verdict(True),
        f"this page is computed from the source {e.panel.source!r}; survey records need a free "
        "account, and the author's result files are public",
    )


@claim("significant", "abstract", "Location decisions are significantly correlated.")
def _significant(e: Evidence) -> Finding:
    lows = {name: found.rho_interval[0] for name, found in e.by_clusters.items()}
    return Finding(
        verdict(e.strong and min(lows.values()) > 0, lows["city_occupation"] > 0),
        f"rho {e.estimate.rho:.2f}; lower end of the 95 % t-interval "
        + ", ".join(f"{low:.2f} by {name.replace('_', ' x ')}" for name, low in lows.items())
        + ("" if e.strong else "; by occupation the instrument is too weak for a t-interval")
        + "; what is observed is where households live, not their moves",
    )


@claim(
    "different-workers",
    "1",
    "Someone who works in Detroit's trades sees New York otherwise than a manager does.",
)
def _different_workers(e: Evidence) -> Finding:
    city = e.shares.city_index(NEW_YORK)
    relative = e.quotient[city]
    trades, management = (
        relative[e.shares.occupation_index(name)] for name in ("trades", "management")
    )
    return Finding(
        verdict(management > trades),
        f"of those who leave another city and keep their occupation, New York receives "
        f"{management:.2f} times its size in management and {trades:.2f} times in trades",
    )


@claim("large-pay", "1", "Large cities pay more.")
def _large_pay(e: Evidence) -> Finding:
    within = e.wages - np.nanmean(e.wages, axis=0)
    pay = np.array([np.nanmean(row) if np.isfinite(row).any() else np.nan for row in within])
    known = np.isfinite(pay)
    if known.sum() < 3:
        return undecided("fewer than three cities have a wage")
    rank = rank_correlation(e.shares.pi_c[known], pay[known])
    return Finding(
        verdict(rank > 0.2),
        f"rank correlation of size with wages relative to the country's occupation: {rank:.2f}",
    )


@claim("productive-concentrate", "1", "Occupations that concentrate in large cities pay most.")
def _productive_concentrate(e: Evidence) -> Finding:
    in_largest = e.shares.pi_ck[e.largest].sum(axis=0)
    pay = np.nanmean(e.wages, axis=0)
    rank = rank_correlation(in_largest, pay)
    return Finding(
        verdict(rank > 0.5, rank > 0),
        f"rank correlation, over {len(pay)} occupations, of the share that lives in the ten "
        f"largest cities with the mean log wage: {rank:.2f}",
    )


@claim(
    "small-earn-less",
    "1",
    "Households in small cities earn less because of the occupations that they are good at.",
)
def _small_earn_less(e: Evidence) -> Finding:
    country = np.nanmean(e.wages, axis=0)
    filled = np.where(np.isfinite(e.wages), e.wages, country)
    total, mix = (e.shares.phi_ck * filled).sum(axis=1), e.shares.phi_ck @ country
    size = np.log(e.shares.pi_c)
    whole, part = (np.polyfit(size, pay, 1)[0] for pay in (total, mix))
    return Finding(
        verdict(whole > 0 and part > 0.5 * whole, whole > 0 and part > 0),
        f"mean log wages rise by {whole:.3f} per log point of size, of which occupational mix "
        f"accounts for {part:.3f}; the rest is pay within occupations",
    )


@claim("sluggish", "1", "Trade shocks move wages sharply and employment slowly.")
def _sluggish(e: Evidence) -> Finding:
    return undecided("a result of other papers; the model has one period and fixed wages")


@claim("breaks-iia", "1", "Correlation breaks the independence of irrelevant alternatives.")
def _breaks_iia(e: Evidence) -> Finding:
    odds = {}
    for rho in (0.0, e.correlation):
        new = counterfactuals.shock(e.shares, rho, e.theta, city={NEW_YORK: CITY_HAT})
        change = np.delete(np.log(new.pi_c / e.shares.pi_c), e.shares.city_index(NEW_YORK))
        odds[rho] = np.ptp(change)
    even, uneven = odds.values()
    return Finding(
        verdict(even < 1e-10 and uneven > 1e-6),
        f"largest change of the log odds of two other cities when New York falls by five per "
        f"cent: {even:.0e} at rho = 0, {uneven:.1e} with correlation",
    )


@claim(
    "better-explained",
    "1",
    "Occupations help to explain location choices beyond what amenities do.",
)
def _better_explained(e: Evidence) -> Finding:
    city, rest = variances(e)
    return Finding(
        verdict(rest > 0.5, rest > 0.05),
        f"of the variance of ln pi_ck within occupations, {city:.0%} is common to a city's "
        f"occupations and {rest:.0%} is not",
    )


def variances(e: Evidence) -> tuple[float, float]:
    """Shares of city effects and of the rest in the variance of ln pi_ck within occupations."""
    delta_c, _, epsilon_ck = shifters.two_way(np.log(e.shares.pi_ck))
    city, rest = delta_c.var(), epsilon_ck.var()
    return city / (city + rest), rest / (city + rest)
