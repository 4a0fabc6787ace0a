"""What sections 4 and 5 say in words, turned into statements that a panel decides.

Each claim is put in the companion's own words, with a statistic and the rule that decides it.
The rule is part of the claim, so that a reader who prefers another can see what to change.
What the paper argues elsewhere is in :mod:`helpers.argued`; :data:`CLAIMS` holds all.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from scipy.stats import t as student

import helpers.argued  # noqa: F401  (enters its claims in the register)
from helpers import elasticities, shifters, targets
from helpers.errors import CompanionError, find_name
from helpers.figures import NEW_YORK, VISALIA, occupation_changes
from helpers.model import shares as shares_of
from helpers.panel import Panel
from helpers.targets import YEAR
from helpers.verdicts import (
    CITY_HAT,
    REGISTER,
    STRONG_F,
    VERDICTS,
    Evidence,
    Finding,
    VerbalClaim,
    claim,
    keepers,
    rank_in,
    undecided,
    verdict,
)

__all__ = ["CLAIMS", "VERDICTS", "Evidence", "Finding", "VerbalClaim", "check", "keepers"]


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


@claim("iv-above-ols", "4.2", "2SLS is well above OLS.")
def _iv_above_ols(e: Evidence) -> Finding:
    low = e.estimate.beta - 1.96 * e.estimate.se
    return Finding(
        verdict(low > e.estimate.ols.coefficient),
        f"2SLS {e.estimate.beta:.3f} ({e.estimate.se:.3f}), OLS {e.estimate.ols.coefficient:.3f}",
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
    rank = spearmanr(e.shares.phi_ck[:, k], e.published_T_c).statistic
    return Finding(
        verdict(rank < -0.2),
        f"rank correlation of primary share and city shifter {rank:.2f}",
    )


@claim("dense-high", "4.2", "Large cities lean on occupations with high shifters.")
def _dense_in_high_occupations(e: Evidence) -> Finding:
    appeal = e.shares.phi_ck @ e.paper_shifters.T_k.to_numpy()
    rank = spearmanr(e.shares.pi_c, appeal).statistic
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


@claim("similar-gain", "5.1", "Cities that resemble New York gain most from its loss.")
def _similar_gain(e: Evidence) -> Finding:
    linear = np.corrcoef(e.new_york["similarity"], e.new_york["change"])[0, 1]
    rank = spearmanr(e.new_york["similarity"], e.new_york["change"]).statistic
    return Finding(
        verdict(rank > 0.5, rank > 0),
        f"correlation of similarity and relative change {linear:.2f} (ranks {rank:.2f})",
    )


@claim("large-gain", "5.1", "Los Angeles and Chicago gain most from it.")
def _large_gain_most(e: Evidence) -> Finding:
    table = e.new_york.assign(gain=(e.new_york["change"] - 1) * e.new_york["pi_c"])
    names = [e.find(start) for start in ("Los Angeles", "Chicago")]
    relative = [rank_in(table, "change", name) for name in names]
    absolute = [rank_in(table, "gain", name) for name in names]
    return Finding(
        verdict(max(relative) <= 10, max(absolute) <= 10),
        f"Los Angeles and Chicago rank {relative[0]} and {relative[1]} of {len(table)} in "
        f"relative change, {absolute[0]} and {absolute[1]} in households gained",
    )


@claim("size-decides", "5.1", "Among the most similar cities, size decides who gains.")
def _size_decides_at_the_top(e: Evidence) -> Finding:
    table = e.new_york
    top = table[table["similarity"] >= table["similarity"].quantile(0.9)]
    size = spearmanr(np.log(top["pi_c"]), top["change"]).statistic
    alike = spearmanr(top["similarity"], top["change"]).statistic
    return Finding(
        verdict(size > 0.5 and size > alike, size > 0),
        f"in the most similar tenth, rank correlation of relative change with size {size:.2f}, "
        f"with similarity {alike:.2f}",
    )


@claim("even-ces", "5.1", "Without correlation all other cities gain in the same proportion.")
def _even_without_correlation(e: Evidence) -> Finding:
    gap = np.ptp(e.new_york["change_independent"])
    spread = np.ptp(e.new_york["change"])
    return Finding(
        verdict(gap < 1e-10),
        f"largest minus smallest relative change {gap:.0e} at rho = 0, {spread:.1e} with rho",
    )


@claim("visalia-small", "5.1", "A shock to Visalia-Porterville matters far less to others.")
def _visalia_is_small(e: Evidence) -> Finding:
    ratio = (e.visalia["change"].mean() - 1) / (e.new_york["change"].mean() - 1)
    return Finding(
        verdict(ratio < 0.1),
        f"the mean relative gain of other cities is {ratio:.1%} of that after the New York shock",
    )


@claim("visalia-trades", "5.1", "Visalia-Porterville specialises in trades.")
def _visalia_trades(e: Evidence) -> Finding:
    city = e.shares.city_index(VISALIA)
    mix = pd.Series(e.shares.phi_ck[city], e.shares.occupations)
    quotient = mix / e.shares.omega_k
    return Finding(
        verdict(quotient.idxmax() == "trades", mix.idxmax() == "trades"),
        f"largest occupation {mix.idxmax()} ({mix.max():.1%}); largest relative to the country "
        f"{quotient.idxmax()} ({quotient.max():.1f} times), trades {quotient['trades']:.2f} times",
    )


@claim("visalia-similar", "5.1", "Similar cities gain most from its loss too.")
def _visalia_similar(e: Evidence) -> Finding:
    rank = spearmanr(e.visalia["similarity"], e.visalia["change"]).statistic
    return Finding(
        verdict(rank > 0.5, rank > 0),
        f"rank correlation of similarity and relative change {rank:.2f}",
    )


@claim("new-york-less", "5.1", "New York gains less from it than smaller, more similar cities.")
def _new_york_gains_less(e: Evidence) -> Finding:
    rank = rank_in(e.visalia, "change", NEW_YORK)
    return Finding(
        verdict(rank > len(e.visalia) / 2),
        f"New York ranks {rank} of {len(e.visalia)} in relative change",
    )


@claim("visalia-even", "5.1", "Without correlation the gains cannot be told apart.")
def _visalia_even(e: Evidence) -> Finding:
    gap = np.ptp(e.visalia["change_independent"])
    return Finding(verdict(gap < 1e-10), f"largest minus smallest relative change {gap:.0e}")


@claim("large-management", "5.2", "Large cities with much management gain from a management shock.")
def _large_management_cities(e: Evidence) -> Finding:
    change = e.occupation_shocks["management"]
    count = int((change.iloc[e.largest] > 1).sum())
    gainers = e.occupation_shocks.loc[change > 1, "pi_c"]
    losers = e.occupation_shocks.loc[change <= 1, "pi_c"]
    return Finding(
        verdict(count == 10 and gainers.median() > losers.median(), count >= 5),
        f"{count} of the ten largest gain; median size of gainers over losers "
        f"{gainers.median() / losers.median():.1f}",
    )


@claim("small-lose", "5.2", "Smaller cities tend to lose from it.")
def _small_cities_lose(e: Evidence) -> Finding:
    table = e.occupation_shocks
    small = table["pi_c"] < table["pi_c"].median()
    share = (table.loc[small, "management"] < 1).mean()
    return Finding(
        verdict(share > 0.75, share > 0.5),
        f"{share:.0%} of cities below the median size lose from the management shock",
    )


@claim("concentration", "5.2", "A city's concentration in the occupation decides the effect.")
def _concentration_decides(e: Evidence) -> Finding:
    k = e.shares.occupation_index("management")
    rank = spearmanr(e.shares.phi_ck[:, k], e.occupation_shocks["management"]).statistic
    return Finding(verdict(rank > 0.999), f"rank correlation of phi_ck and change {rank:.4f}")


@claim("opposites", "5.2", "Cities that gain from a trades shock lose from a management shock.")
def _opposites(e: Evidence) -> Finding:
    table = e.occupation_shocks
    rank = spearmanr(table["trades"], table["management"]).statistic
    opposite = ((table["trades"] > 1) != (table["management"] > 1)).mean()
    return Finding(
        verdict(rank < -0.5, rank < 0),
        f"rank correlation of the two changes {rank:.2f}; {opposite:.0%} of cities gain from "
        "one and lose from the other",
    )


@claim("both", "figure 4", "Some cities gain from both shocks.")
def _both(e: Evidence) -> Finding:
    table = e.occupation_shocks
    count = int(((table["trades"] > 1) & (table["management"] > 1)).sum())
    return Finding(verdict(count > 0), f"{count} cities gain from either shock")


@claim(
    "figure-5", "figure 5", "The effect of a management shock differs with and without correlation."
)
def _figure_5(e: Evidence) -> Finding:
    with_rho, without = (
        occupation_changes(e.shares, rho, e.theta, management=CITY_HAT)["management"]
        for rho in (e.estimate.rho, 0.0)
    )
    gap = (with_rho - without).abs().max()
    return Finding(
        verdict(gap > 1e-6),
        f"largest difference between the two axes {gap:.0e}: with shares as observed, the effect "
        "of an occupation shock does not depend on rho",
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
    for name, recover in (("paper", targets.paper_shifters), ("model", shifters.recover)):
        early, late = (recover(e.panel, y, e.estimate.rho, e.theta).T_c for y in (first, YEAR))
        change = (late / early - 1).dropna().abs()
        found[name] = (change < 0.10).mean() if len(change) else np.nan
    return Finding(
        verdict(max(found.values(), key=np.nan_to_num) > 0.5),
        f"{first} to {YEAR}: {found['paper']:.0%} of cities move by less than a tenth as "
        f"published, {found['model']:.0%} by the model",
    )


def _starred(which: str, p: dict[str, float], strong: bool = True) -> Finding:
    weak = "" if strong else "; the instrument is too weak for t by occupation to be trusted"
    return Finding(
        verdict(strong and max(p.values()) < 0.01, p["city_occupation"] < 0.01),
        f"{which}: p = "
        + ", ".join(f"{value:.1e} by {name.replace('_', ' x ')}" for name, value in p.items())
        + f"; three stars are p below 0.01{weak}",
    )


def _p(t: float, clusters: int) -> float:
    return float(2 * student.sf(abs(t), clusters - 1))


@claim("stars-ols", "table 1", "The OLS slope has three stars.")
def _stars_ols(e: Evidence) -> Finding:
    found = {name: _p(x.ols.t, x.spec["n_clusters"]) for name, x in e.by_clusters.items()}
    return _starred("OLS slope", found)


@claim("stars-iv", "table 1", "The 2SLS slope has three stars.")
def _stars_iv(e: Evidence) -> Finding:
    found = {name: _p(x.beta / x.se, x.spec["n_clusters"]) for name, x in e.by_clusters.items()}
    return _starred("2SLS slope", found, strong=e.strong)


@claim("stars-f", "table 1", "The F statistic of the instrument has three stars.")
def _stars_f(e: Evidence) -> Finding:
    found = {name: _p(x.first_stage.t, x.spec["n_clusters"]) for name, x in e.by_clusters.items()}
    return _starred("F of the slope in the first stage", found)


@claim("stars-first", "table 8.2.1", "The first-stage slope has three stars.")
def _stars_first(e: Evidence) -> Finding:
    found = {name: _p(x.first_stage.t, x.spec["n_clusters"]) for name, x in e.by_clusters.items()}
    return _starred("first-stage slope", found)


@claim(
    "stars-first-f", "table 8.2.1", "The F statistic of all first-stage regressors has three stars."
)
def _stars_first_f(e: Evidence) -> Finding:
    first = e.estimate.first_stage
    defined = first.n_clusters == 0 or first.df_model < first.n_clusters
    return Finding(
        verdict(defined and first.f_joint > 10),
        f"{first.df_model:,} coefficients are tested with {first.n_clusters:,} clusters: the "
        f"printed number is {'a statistic' if defined else 'rounding, and has no p-value'}; "
        f"without clusters the joint F is {first.f_joint:.1f}",
    )


@claim("high-f", "4.2", "The F statistic is high.")
def _high_f(e: Evidence) -> Finding:
    found = {name: x.first_stage.f for name, x in e.by_clusters.items()}
    return Finding(
        verdict(min(found.values()) > STRONG_F, found["city_occupation"] > STRONG_F),
        "first-stage F of the instrument "
        + ", ".join(f"{f:.1f} by {name.replace('_', ' x ')}" for name, f in found.items())
        + f"; {STRONG_F} is asked for; the printed {targets.printed('iv-f')} is another statistic",
    )


@claim("clustered", "table 1, note", "Standard errors are clustered by city and occupation pair.")
def _clustered(e: Evidence) -> Finding:
    rows = targets.compare(e.panel, e).set_index("id").loc[["ols-se", "iv-se"]]
    if not rows["ok"].any():
        return undecided("the printed errors do not come out of these data")
    proper = rows["proper"].fillna(rows["computed"])
    agree = (proper - rows["printed"]).abs() <= rows["tolerance"]
    return Finding(
        verdict(agree.all(), agree.any()),
        "printed and clustered: "
        + ", ".join(
            f"{name.split('-')[0].upper()} {digits} and {value:.3f}"
            for name, digits, value in zip(rows.index, rows["digits"], proper, strict=True)
        ),
    )


@claim("first-in-logs", "3.1", "The first stage has the log of the predicted wage in it.")
def _first_in_logs(e: Evidence) -> Finding:
    from helpers.derivations.effects import first_stages

    table = first_stages(e.panel, e.years)
    target = next(entry for entry in targets.TARGETS if entry.id == "first-beta")
    agree = (table["slope"] - target.value).abs() <= target.tolerance
    said = "; ".join(
        f"{row.instrument}: slope {row.slope:.3f}, rho {row.rho:.2f}" for row in table.itertuples()
    )
    if not agree.any():
        return undecided(f"{said}; the printed {target.printed} does not come out of these data")
    return Finding(
        verdict(bool(agree.iloc[0])), f"{said}; table 8.2.1 prints a slope of {target.printed}"
    )


@claim("scaled-by-theta", "table 2, note", "City shifters in the table are scaled by theta.")
def _scaled_by_theta(e: Evidence) -> Finding:
    printed = {t.id: t for t in targets.TARGETS if t.place == "table 2B"}
    rows = targets.compare(e.panel, e).set_index("id").loc[list(printed)]
    if not rows["ok"].any():
        return undecided("the printed shifters do not come out of these data")
    scaled = rows["computed"] ** (1 / e.theta)
    agree = ((scaled - rows["printed"]).abs() <= rows["tolerance"]).mean()
    return Finding(
        verdict(agree > 0.5),
        f"{rows['ok'].mean():.0%} of the printed city shifters come out without theta, "
        f"{agree:.0%} with it",
    )


@claim("highly-correlated", "4.2", "Draws are highly correlated across cities.")
def _highly_correlated(e: Evidence) -> Finding:
    low = e.estimate.rho_interval[0]
    return Finding(
        verdict(low > 0.5, e.estimate.rho > 0.5),
        f"rho, which is Kendall's rank correlation of two cities' draws, is {e.estimate.rho:.2f}, "
        f"from {low:.2f} with errors clustered by cell",
    )


@claim("keep-occupation", "4.2", "People who move are very likely to stay in their occupation.")
def _keep_occupation(e: Evidence) -> Finding:
    kept = keepers(e.shares, e.estimate.rho)
    plain = keepers(e.shares, 0.0)
    middle = np.median(kept)
    return Finding(
        verdict(middle > 0.8, middle > 0.5),
        f"in the model, {middle:.0%} of those who leave the median cell at the margin keep their "
        f"occupation, against {np.median(plain):.0%} without correlation; no move is observed",
    )


@claim("occupation-effect-above", "4.2", "Occupation shifters have the larger effect on shares.")
def _occupation_effect_above(e: Evidence) -> Finding:
    city = np.median(e.own_elasticity(e.estimate.rho))
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
    rank = spearmanr(e.paper_shifters.T_k, e.shares.omega_k).statistic
    return Finding(verdict(rank > 0.7, rank > 0), f"rank correlation of T_k and omega_k {rank:.2f}")


@claim("primary-small", "4.2", "Cities that specialise in primary occupations have low shares.")
def _primary_small(e: Evidence) -> Finding:
    k = e.shares.occupation_index("primary")
    rank = spearmanr(e.quotient[:, k], e.shares.pi_c).statistic
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
    kept = keepers(e.shares, e.estimate.rho)
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
    for year in (e.panel.years[0], YEAR):
        phi_ck = e.panel.shares(year).phi_ck
        pairs = np.corrcoef(phi_ck)[np.triu_indices(len(phi_ck), 1)]
        middle[year] = np.median(pairs)
    first, last = middle[e.panel.years[0]], middle[YEAR]
    return Finding(
        verdict(last > 0.9 and last > first, last > 0.9),
        f"median correlation of the mixes of two cities {first:.3f} in {e.panel.years[0]}, "
        f"{last:.3f} in {YEAR}",
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


@claim("trade-shock", "5", "A shock to an occupation stands for a trade shock.")
def _trade_shock(e: Evidence) -> Finding:
    return undecided("this model has no trade and no prices that could move with it")


@claim("new-york-focus", "5.1", "New York leans on management and professional occupations.")
def _new_york_focus(e: Evidence) -> Finding:
    city = e.shares.city_index(NEW_YORK)
    order = np.argsort(-e.shares.phi_ck[city])[:2]
    leading = {e.shares.occupations[k] for k in order}
    both = {"management", "professional"}
    relative = {name: e.quotient[city, e.shares.occupation_index(name)] for name in sorted(both)}
    return Finding(
        verdict(leading == both and min(relative.values()) > 1, leading == both),
        f"largest: {', '.join(e.shares.occupations[k] for k in order)}; relative to the country "
        + ", ".join(f"{name} {value:.2f} times" for name, value in relative.items()),
    )


@claim("size-perfect", "5.1", "Size correlates perfectly with the benefits of a city.")
def _size_perfect(e: Evidence) -> Finding:
    scale = spearmanr(e.shares.pi_c, e.consistent_shifters.T_c).statistic
    size = e.new_york["pi_c"]
    relative = spearmanr(size, e.new_york["change"]).statistic
    absolute = spearmanr(size, (e.new_york["change"] - 1) * size).statistic
    return Finding(
        verdict(scale > 0.999, scale > 0.9),
        f"rank correlation of size with T_c {scale:.4f}, with the relative gain from New York's "
        f"loss {relative:.2f}, with households gained {absolute:.4f}",
    )


@claim("perfect-substitutes", "5.1", "Without correlation cities are perfect substitutes.")
def _perfect_substitutes(e: Evidence) -> Finding:
    without, with_rho = (np.median(e.own_elasticity(rho)) for rho in (0.0, e.estimate.rho))
    return Finding(
        verdict(without > 100 * with_rho, without > with_rho),
        f"median elasticity of a share in its T_c {without:.2f} at rho = 0 and {with_rho:.2f} at "
        "the estimate: without correlation cities are the poorest substitutes, equally poor for "
        "all, and they become perfect ones as rho goes to one",
    )


@claim("precision", "5.1", "Differences without correlation are too small to compute.")
def _precision(e: Evidence) -> Finding:
    hat = Fraction(95, 100) ** 3
    city = e.shares.city_index(VISALIA)
    seen = np.delete(e.largest, np.flatnonzero(e.largest == city))[:3]
    exact = set()
    for other in seen:
        new = sum(
            Fraction(w)
            * (1 + Fraction(own) * (hat - 1))
            * (Fraction(share) / (1 + Fraction(own) * (hat - 1)))
            for w, own, share in zip(
                e.shares.omega_k, e.shares.pi_ck[city], e.shares.pi_ck[other], strict=True
            )
        )
        old = sum(
            Fraction(w) * Fraction(share)
            for w, share in zip(e.shares.omega_k, e.shares.pi_ck[other], strict=True)
        )
        exact.add(new / old)
    gap = np.ptp(e.visalia["change_independent"])
    return Finding(
        verdict(len(exact) > 1, gap > 0),
        f"in floating point the changes differ by {gap:.0e}; in exact fractions the three largest "
        f"cities have {len(exact)} value in common: there is no difference to compute",
    )


@claim("within-decides", "5.1", "Moves are mainly within occupations.")
def _within_decides(e: Evidence) -> Finding:
    kept = {
        name.split("-")[0]: keepers(e.shares, e.estimate.rho, e.shares.city_index(name))
        for name in (NEW_YORK, VISALIA)
    }
    return Finding(
        verdict(min(kept.values()) > 0.5, max(kept.values()) > 0.5),
        "in the model, those who leave at the margin keep their occupation: "
        + ", ".join(f"{share:.0%} from {name}" for name, share in kept.items()),
    )


@claim("highest-amenity", "5.1", "The standard model sends movers to the city with most amenities.")
def _highest_amenity(e: Evidence) -> Finding:
    best = e.consistent_shifters.T_c.idxmax()
    table = e.new_york.assign(gain=(e.new_york["change_independent"] - 1) * e.new_york["pi_c"])
    if best == NEW_YORK:
        best = e.consistent_shifters.T_c.drop(NEW_YORK).idxmax()
    part = float(table.loc[table["city"] == best, "gain"].sum() / table["gain"].sum())
    return Finding(
        verdict(part > 0.5),
        f"at rho = 0 {part:.1%} of those who leave New York go to {best.split('-')[0]}, whose T_c "
        "is the highest of the others; every city gains in the same proportion",
    )


@claim("divergent", "5.2", "Shocks to occupations make cities diverge.")
def _divergent(e: Evidence) -> Finding:
    table = e.occupation_shocks
    both = [
        (table[name] > 1).any() and (table[name] < 1).any() for name in ("management", "trades")
    ]
    reach = {name: table[name].max() - table[name].min() for name in ("management", "trades")}
    return Finding(
        verdict(all(both), any(both)),
        "from the worst to the best city "
        + ", ".join(f"{name} {span:.1%}" for name, span in reach.items()),
    )


def _turns(e: Evidence, rows: np.ndarray, up: str, down: str) -> tuple[float, float, int]:
    """Shares of some cities that gain from one shock and lose from the other; how many."""
    table = e.occupation_shocks[rows]
    return (table[up] > 1).mean(), (table[down] < 1).mean(), len(table)


@claim(
    "small-trades",
    "5.2",
    "Small cities of trades gain from a trades shock and lose from a management shock.",
)
def _small_trades(e: Evidence) -> Finding:
    k = e.shares.occupation_index("trades")
    small = e.shares.pi_c < np.median(e.shares.pi_c)
    rows = small & (e.quotient[:, k] > 1)
    if not rows.any():
        return undecided("no city below the median size specialises in trades")
    gain, lose, count = _turns(e, rows, "trades", "management")
    size = spearmanr(e.shares.pi_c, e.occupation_shocks["trades"]).statistic
    return Finding(
        verdict(gain > 0.75 and lose > 0.75 and size < -0.2, gain > 0.5 and lose > 0.5),
        f"of {count} cities below the median size that specialise in trades {gain:.0%} gain from "
        f"the trades shock and {lose:.0%} lose from the other; rank correlation of size and the "
        f"change after the trades shock {size:.2f}",
    )


@claim(
    "large-managers",
    "5.2",
    "Large cities of management gain from a management shock and lose from a trades shock.",
)
def _large_managers(e: Evidence) -> Finding:
    k = e.shares.occupation_index("management")
    large = e.shares.pi_c >= np.quantile(e.shares.pi_c, 0.75)
    rows = large & (e.quotient[:, k] > 1)
    if not rows.any():
        return undecided("no city in the largest quarter specialises in management")
    gain, lose, count = _turns(e, rows, "management", "trades")
    size = spearmanr(e.shares.pi_c, e.occupation_shocks["management"]).statistic
    return Finding(
        verdict(gain > 0.75 and lose > 0.75 and size > 0.2, gain > 0.5 and lose > 0.5),
        f"of {count} cities in the largest quarter that specialise in management {gain:.0%} gain "
        f"from the management shock and {lose:.0%} lose from the other; rank correlation of size "
        f"and the change after the management shock {size:.2f}",
    )


_PLACES = ("abstract", "1", "2", "2.1", "2.3", "3", "3.1", "3.2", "4.1", "4.2", "table 1")
_ORDER = (*_PLACES, "table 1, note", "table 8.2.1", "table 2, note", "5", "5.1", "5.2", "figure 4")
_ORDER = (*_ORDER, "figure 5", "6", "7")

CLAIMS: tuple[VerbalClaim, ...] = tuple(
    sorted(REGISTER.values(), key=lambda entry: _ORDER.index(entry.place))
)


def check(
    panel: Panel, evidence: Evidence | None = None, places: Collection[str] | None = None
) -> pd.DataFrame:
    """Every verbal claim with its verdict on a panel.

    What a panel lacks, such as a city's wage, leaves the claims that need it undecided.

    Parameters
    ----------
    panel : Panel
    evidence : Evidence, optional
        To share what is already computed.
    places : collection of str, optional
        Sections, tables or figures whose claims are wanted; all if left out.

    Returns
    -------
    DataFrame
        ``id``, ``place``, ``claim``, ``verdict``, ``statistic``, in the order of the paper.

    Raises
    ------
    UnknownNameError
        For a place without claims, with the nearest.
    """
    evidence = evidence or Evidence(panel)
    for place in places or ():
        find_name("place", place, _ORDER)
    rows = []
    for entry in CLAIMS:
        if places is not None and entry.place not in places:
            continue
        try:
            finding = entry.decide(evidence)
        except CompanionError as problem:
            finding = undecided(str(problem))
        rows.append(
            {
                "id": entry.id,
                "place": entry.place,
                "claim": entry.claim,
                "verdict": finding.verdict,
                "statistic": finding.statistic,
            }
        )
    return pd.DataFrame(rows)
