"""What section 4 says of cities, their mixes and their shifters."""

from __future__ import annotations

import numpy as np

from helpers import elasticities, shifters
from helpers.counterfactuals import keepers
from helpers.model import shares as shares_of
from helpers.names import NEW_YORK
from helpers.targets.evidence import Evidence, paper_shifters
from helpers.targets.ranks import rank_correlation
from helpers.targets.verdicts import Finding, claim, undecided, verdict


@claim("few-cities", "4.1", "A few cities hold much of the households.")
def _few_cities(e: Evidence) -> Finding:
    top = e.shares.pi_c[e.largest].sum()
    n = len(e.shares.cities)
    return Finding(
        verdict(top > 5 * 10 / n),
        f"the ten largest of {n} cities hold {top:.1%} of households",
    )


@claim("similar-top", "4.1", "The ten largest cities have similar mixes.")
def _similar(e: Evidence) -> Finding:
    among = np.corrcoef(e.shares.phi_ck[e.largest])[np.triu_indices(10, 1)]
    everyone = np.corrcoef(e.shares.phi_ck)[np.triu_indices(len(e.shares.cities), 1)]
    return Finding(
        verdict(among.min() > np.median(everyone), np.median(among) > np.median(everyone)),
        f"correlation of mixes between two of the ten: smallest {among.min():.3f}, median "
        f"{np.median(among):.3f}; between any two cities: median {np.median(everyone):.3f}",
    )


@claim("same-two", "4.1", "All ten lean on management and professional occupations.")
def _same_two(e: Evidence) -> Finding:
    wanted = {"management", "professional"}
    leading = [
        {e.shares.occupations[k] for k in np.argsort(-e.shares.phi_ck[c])[:2]} for c in e.largest
    ]
    count = sum(pair == wanted for pair in leading)
    return Finding(
        verdict(count == 10, count >= 8),
        f"management and professional are the two largest in {count} of the ten",
    )


@claim("shifters-below", "4.2", "Occupation shifters are mostly lower than city shifters.")
def _occupations_below_cities(e: Evidence) -> Finding:
    T_k, T_c = e.paper_shifters.T_k, e.published_T_c
    low, high = T_k.median(), T_c.median()
    return Finding(
        verdict(low < high and T_k.max() < T_c.max(), low < high),
        f"medians {low:.3f} and {high:.3f}, largest {T_k.max():.3f} and {T_c.max():.3f}; "
        "each is known up to a factor of its own, so the comparison has no meaning in the model",
    )


@claim(
    "highest-occupations",
    "4.2",
    "Professional and management have the highest occupation shifters.",
)
def _highest_occupations(e: Evidence) -> Finding:
    order = e.paper_shifters.T_k.sort_values(ascending=False)
    return Finding(
        verdict(set(order.index[:2]) == {"management", "professional"}),
        "highest: " + ", ".join(f"{name} {value:.3f}" for name, value in order.iloc[:2].items()),
    )


@claim("lowest-occupation", "4.2", "Primary occupations have the lowest occupation shifter.")
def _lowest_occupation(e: Evidence) -> Finding:
    order = e.paper_shifters.T_k.sort_values()
    return Finding(
        verdict(order.index[0] == "primary", "primary" in order.index[:2]),
        "lowest: " + ", ".join(f"{name} {value:.6f}" for name, value in order.iloc[:2].items()),
    )


@claim("primary-low", "4.2", "Primary work is found in cities with low city shifters.")
def _primary_in_low_cities(e: Evidence) -> Finding:
    k = e.shares.occupation_index("primary")
    rank = rank_correlation(e.shares.phi_ck[:, k], e.published_T_c)
    return Finding(
        verdict(rank < -0.2),
        f"rank correlation of primary share and city shifter {rank:.2f}",
    )


@claim("dense-high", "4.2", "Large cities lean on occupations with high shifters.")
def _dense_in_high_occupations(e: Evidence) -> Finding:
    appeal = e.shares.phi_ck @ e.paper_shifters.T_k.to_numpy()
    rank = rank_correlation(e.shares.pi_c, appeal)
    return Finding(
        verdict(rank > 0.2),
        f"rank correlation of city size and the mean occupation shifter of its mix {rank:.2f}",
    )


@claim("top-cities", "4.2", "New York and Los Angeles have the highest city shifters.")
def _top_cities(e: Evidence) -> Finding:
    order = e.published_T_c.sort_values(ascending=False)
    top = [name.split("-")[0] for name in order.index[:2]]
    return Finding(
        verdict(
            top == ["New York", "Los Angeles"], set(top) & {"New York", "Los Angeles"} != set()
        ),
        "highest: " + ", ".join(top),
    )


@claim("sales", "4.2", "New York is more concentrated in sales than Los Angeles.")
def _sales(e: Evidence) -> Finding:
    los_angeles = e.find("Los Angeles")
    here, there = e.phi(NEW_YORK, "sales"), e.phi(los_angeles, "sales")
    k = e.shares.occupation_index("sales")
    level = [e.shares.pi_ck[e.shares.city_index(city), k] for city in (NEW_YORK, los_angeles)]
    ahead = []
    for year in e.panel.years:
        shares = e.panel.shares(year)
        if {NEW_YORK, los_angeles} <= set(shares.cities):
            mixes = [shares.phi_ck[shares.city_index(c), k] for c in (NEW_YORK, los_angeles)]
            ahead.append(mixes[0] > mixes[1])
    return Finding(
        verdict(here > there and all(ahead), any(ahead)),
        f"sales are {here:.2%} of New York's households and {there:.2%} of Los Angeles's; New "
        f"York's share is the larger in {sum(ahead)} of {len(ahead)} years; of all sales "
        f"households {level[0]:.2%} and {level[1]:.2%} live there",
    )


@claim("three-times", "4.2", "City shifters differ by a factor of up to three.")
def _three_times(e: Evidence) -> Finding:
    paper = e.published_T_c.max() / e.published_T_c.min()
    model = e.consistent_shifters.T_c.max() / e.consistent_shifters.T_c.min()
    return Finding(
        verdict(2.5 <= paper <= 3.5),
        f"largest over smallest {paper:.1f} as published (no theta), {model:.1f} by the model",
    )


@claim("stable", "4.2", "City shifters mostly move by less than a tenth in ten years.")
def _stable(e: Evidence) -> Finding:
    years = e.panel.years[1:]  # the level of the first year is a choice of its own
    if len(years) < 2:
        return undecided("the panel has fewer than three years")
    first = years[0]
    found = {}
    for name, recover in (("paper", paper_shifters), ("model", shifters.recover)):
        early, late = (recover(e.panel, y, e.correlation, e.theta).T_c for y in (first, e.year))
        change = (late / early - 1).dropna().abs()
        found[name] = (change < 0.10).mean() if len(change) else np.nan
    return Finding(
        verdict(max(found.values(), key=np.nan_to_num) > 0.5),
        f"{first} to {e.year}: {found['paper']:.0%} of cities move by less than a tenth as "
        f"published, {found['model']:.0%} by the model",
    )


@claim("occupation-effect-above", "4.2", "Occupation shifters have the larger effect on shares.")
def _occupation_effect_above(e: Evidence) -> Finding:
    city = np.median(e.own_elasticity(e.correlation))
    occupation = np.abs(elasticities.occupation(e.shares)).max(axis=1)
    s = e.consistent_shifters
    spread = np.std(np.log(s.T_k)), e.theta * np.std(np.log(s.T_c))
    return Finding(
        verdict(np.median(occupation) > city, spread[0] > spread[1]),
        f"one per cent of T_c moves the median city's share by {city:.1f} %, one per cent of the "
        f"T_k that matters most to it by {np.median(occupation):.2f} %; ln T_k varies by "
        f"{spread[0]:.2f}, theta ln T_c by {spread[1]:.2f} (standard deviations)",
    )


@claim("shifter-follows-size", "4.2", "Occupation shifters follow the number of households.")
def _shifter_follows_size(e: Evidence) -> Finding:
    rank = rank_correlation(e.paper_shifters.T_k, e.shares.omega_k)
    return Finding(verdict(rank > 0.7, rank > 0), f"rank correlation of T_k and omega_k {rank:.2f}")


@claim("primary-small", "4.2", "Cities that specialise in primary occupations have low shares.")
def _primary_small(e: Evidence) -> Finding:
    k = e.shares.occupation_index("primary")
    rank = rank_correlation(e.quotient[:, k], e.shares.pi_c)
    special = e.quotient[:, k] > 1
    ratio = np.median(e.shares.pi_c[special]) / np.median(e.shares.pi_c[~special])
    return Finding(
        verdict(rank < -0.2 and ratio < 1, rank < 0),
        f"rank correlation of primary specialisation and size {rank:.2f}; the median city that "
        f"specialises in it is {ratio:.2f} times the size of the median other one",
    )


@claim(
    "primary-willing", "4.2", "Those in unattractive cells readily move to cities with their work."
)
def _primary_willing(e: Evidence) -> Finding:
    kept = keepers(e.shares, e.correlation)
    k = e.shares.occupation_index("primary")
    mine, all_of_them = np.median(kept[:, k]), np.median(kept)
    return Finding(
        verdict(mine > 0.5 and mine >= all_of_them, mine > 0.5),
        f"in the model, {mine:.1%} of those who leave a primary cell keep the occupation; "
        f"{all_of_them:.1%} over all occupations",
    )


@claim("past-migration", "4.2", "High shifters explain why people moved to cities in the past.")
def _past_migration(e: Evidence) -> Finding:
    return undecided(f"the panel has cities alone, from {e.panel.years[0]} to {e.panel.years[-1]}")


@claim("grown-alike", "4.2", "Most cities now have similar mixes.")
def _grown_alike(e: Evidence) -> Finding:
    middle = {}
    for year in (e.panel.years[0], e.year):
        phi_ck = e.panel.shares(year).phi_ck
        pairs = np.corrcoef(phi_ck)[np.triu_indices(len(phi_ck), 1)]
        middle[year] = np.median(pairs)
    first, last = middle[e.panel.years[0]], middle[e.year]
    return Finding(
        verdict(last > 0.9 and last > first, last > 0.9),
        f"median correlation of the mixes of two cities {first:.3f} in {e.panel.years[0]}, "
        f"{last:.3f} in {e.year}",
    )


@claim("none-best", "4.2", "No city is the most attractive one to everybody.")
def _none_best(e: Evidence) -> Finding:
    best = e.shares.pi_ck.argmax(axis=0)
    city = np.bincount(best).argmax()
    count = int((best == city).sum())
    return Finding(
        verdict(count < len(best)),
        f"{e.shares.cities[city].split('-')[0]} has the most households in {count} of "
        f"{len(best)} occupations, and of no occupation more than "
        f"{e.shares.pi_ck[city].max():.0%}",
    )


@claim("distinct-others", "4.2", "Large cities differ in the occupations that are not dominant.")
def _distinct_others(e: Evidence) -> Finding:
    mixes = e.shares.phi_ck[e.largest]
    spread = mixes.std(axis=0) / mixes.mean(axis=0)
    two = [e.shares.occupation_index(name) for name in ("management", "professional")]
    lead, rest = spread[two].mean(), np.delete(spread, two).mean()
    return Finding(
        verdict(rest > lead),
        f"coefficient of variation over the ten largest cities: {lead:.2f} for management and "
        f"professional, {rest:.2f} for the others",
    )


@claim(
    "large-by-occupation", "4.2", "Large cities are large because of their dominant occupations."
)
def _large_by_occupation(e: Evidence) -> Finding:
    s = e.consistent_shifters
    even = shares_of(
        np.ones_like(e.shares.pi_ck), s.T_k.to_numpy(), s.T_c.to_numpy() ** s.theta, s.rho
    )
    before, after = e.shares.pi_c[e.largest].sum(), even.pi_c[e.largest].sum()
    return Finding(
        verdict(after < 0.5 * before, after < before),
        f"without any t_ck, scale alone, the ten largest cities would hold {after:.1%} of "
        f"households in place of {before:.1%}",
    )


@claim("amenities", "4.2", "City shifters are high where amenities and jobs are.")
def _amenities(e: Evidence) -> Finding:
    return undecided(
        "no amenity is observed; T_c is what makes the model fit a city's size, whatever that is"
    )
