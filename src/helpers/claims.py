"""What sections 4-6 say in words, turned into statements that a panel decides.

Each claim is put in the companion's own words, with a statistic and the rule that decides it.
The rule is part of the claim, so that a reader who prefers another can see what to change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers import counterfactuals, elasticities, shifters
from helpers.figures import NEW_YORK, VISALIA, occupation_changes, spillovers
from helpers.model import Shares
from helpers.panel import Panel
from helpers.targets import THETA, YEAR, Results

VERDICTS = ("holds", "holds in part", "does not hold")
_CITY_HAT = 0.95
_OCCUPATION_HAT = 1.10


@dataclass(frozen=True)
class Finding:
    """What the data say to a claim: a verdict and the numbers behind it."""

    verdict: str
    statistic: str


@dataclass(frozen=True)
class VerbalClaim:
    """A claim of the paper in other words, its place, and the function that decides it."""

    id: str
    place: str
    claim: str
    decide: Callable[[Evidence], Finding]


class Evidence(Results):
    """What the claims need of a panel, each computed once when first asked for."""

    theta: float = THETA

    @cached_property
    def shares(self) -> Shares:
        """Observed shares of 2019."""
        return self.panel.shares(YEAR)

    @cached_property
    def largest(self) -> np.ndarray:
        """Positions of the ten largest cities, largest first."""
        return np.argsort(-self.shares.pi_c)[:10]

    @cached_property
    def new_york(self) -> pd.DataFrame:
        """Spillovers of minus five per cent in New York."""
        return spillovers(self.shares, self.estimate.rho, self.theta, NEW_YORK, _CITY_HAT)

    @cached_property
    def visalia(self) -> pd.DataFrame:
        """Spillovers of minus five per cent in Visalia-Porterville."""
        return spillovers(self.shares, self.estimate.rho, self.theta, VISALIA, _CITY_HAT)

    @cached_property
    def occupation_shocks(self) -> pd.DataFrame:
        """Changes after plus ten per cent in management, and in trades."""
        hats = {"management": _OCCUPATION_HAT, "trades": _OCCUPATION_HAT}
        return occupation_changes(self.shares, self.estimate.rho, self.theta, **hats)

    def phi(self, city: str, occupation: str) -> float:
        """Share of a city's households in an occupation."""
        return float(
            self.shares.phi_ck[
                self.shares.city_index(city), self.shares.occupation_index(occupation)
            ]
        )

    def find(self, start: str) -> str:
        """Full name of the city that starts so."""
        return next(city for city in self.shares.cities if city.startswith(start))


def _verdict(full: bool, part: bool = False) -> str:
    return VERDICTS[0] if full else VERDICTS[1] if part else VERDICTS[2]


def _rank(table: pd.DataFrame, column: str, city: str) -> int:
    """Rank of a city in a column, 1 for the largest."""
    ranks = table[column].rank(ascending=False, method="min")
    return int(ranks[table["city"] == city].iloc[0])


def _few_cities(e: Evidence) -> Finding:
    top = e.shares.pi_c[e.largest].sum()
    n = len(e.shares.cities)
    return Finding(
        _verdict(top > 5 * 10 / n),
        f"the ten largest of {n} cities hold {top:.1%} of households",
    )


def _similar(e: Evidence) -> Finding:
    among = np.corrcoef(e.shares.phi_ck[e.largest])[np.triu_indices(10, 1)]
    everyone = np.corrcoef(e.shares.phi_ck)[np.triu_indices(len(e.shares.cities), 1)]
    return Finding(
        _verdict(among.min() > np.median(everyone), np.median(among) > np.median(everyone)),
        f"correlation of mixes between two of the ten: smallest {among.min():.3f}, median "
        f"{np.median(among):.3f}; between any two cities: median {np.median(everyone):.3f}",
    )


def _same_two(e: Evidence) -> Finding:
    wanted = {"management", "professional"}
    leading = [
        {e.shares.occupations[k] for k in np.argsort(-e.shares.phi_ck[c])[:2]} for c in e.largest
    ]
    count = sum(pair == wanted for pair in leading)
    return Finding(
        _verdict(count == 10, count >= 8),
        f"management and professional are the two largest in {count} of the ten",
    )


def _iv_above_ols(e: Evidence) -> Finding:
    low = e.estimate.beta - 1.96 * e.estimate.se
    return Finding(
        _verdict(low > e.estimate.ols.coefficient),
        f"2SLS {e.estimate.beta:.3f} ({e.estimate.se:.3f}), OLS {e.estimate.ols.coefficient:.3f}",
    )


def _occupations_below_cities(e: Evidence) -> Finding:
    s = e.paper_shifters
    low, high = s.T_k.median(), s.T_c.median()
    return Finding(
        _verdict(low < high and s.T_k.max() < s.T_c.max(), low < high),
        f"medians {low:.3f} and {high:.3f}, largest {s.T_k.max():.3f} and {s.T_c.max():.3f}; "
        "each is known up to a factor of its own, so the comparison has no meaning in the model",
    )


def _highest_occupations(e: Evidence) -> Finding:
    order = e.paper_shifters.T_k.sort_values(ascending=False)
    return Finding(
        _verdict(set(order.index[:2]) == {"management", "professional"}),
        "highest: " + ", ".join(f"{name} {value:.3f}" for name, value in order.iloc[:2].items()),
    )


def _lowest_occupation(e: Evidence) -> Finding:
    order = e.paper_shifters.T_k.sort_values()
    return Finding(
        _verdict(order.index[0] == "primary", "primary" in order.index[:2]),
        "lowest: " + ", ".join(f"{name} {value:.6f}" for name, value in order.iloc[:2].items()),
    )


def _primary_in_low_cities(e: Evidence) -> Finding:
    k = e.shares.occupation_index("primary")
    rank = spearmanr(e.shares.phi_ck[:, k], e.paper_shifters.T_c).statistic
    return Finding(
        _verdict(rank < -0.2),
        f"rank correlation of primary share and city shifter {rank:.2f}",
    )


def _dense_in_high_occupations(e: Evidence) -> Finding:
    appeal = e.shares.phi_ck @ e.paper_shifters.T_k.to_numpy()
    rank = spearmanr(e.shares.pi_c, appeal).statistic
    return Finding(
        _verdict(rank > 0.2),
        f"rank correlation of city size and the mean occupation shifter of its mix {rank:.2f}",
    )


def _sales(e: Evidence) -> Finding:
    los_angeles = e.find("Los Angeles")
    here, there = e.phi(NEW_YORK, "sales"), e.phi(los_angeles, "sales")
    k = e.shares.occupation_index("sales")
    level = [e.shares.pi_ck[e.shares.city_index(city), k] for city in (NEW_YORK, los_angeles)]
    return Finding(
        _verdict(here > there),
        f"sales are {here:.2%} of New York's households and {there:.2%} of Los Angeles's; of all "
        f"sales households {level[0]:.2%} and {level[1]:.2%} live there",
    )


def _top_cities(e: Evidence) -> Finding:
    order = e.paper_shifters.T_c.sort_values(ascending=False)
    top = [name.split("-")[0] for name in order.index[:2]]
    return Finding(
        _verdict(
            top == ["New York", "Los Angeles"], set(top) & {"New York", "Los Angeles"} != set()
        ),
        "highest: " + ", ".join(top),
    )


def _three_times(e: Evidence) -> Finding:
    paper = e.paper_shifters.T_c.max() / e.paper_shifters.T_c.min()
    model = e.consistent_shifters.T_c.max() / e.consistent_shifters.T_c.min()
    return Finding(
        _verdict(2.5 <= paper <= 3.5),
        f"largest over smallest {paper:.1f} as published (no theta), {model:.1f} by the model",
    )


def _stable(e: Evidence) -> Finding:
    first = min(year for year in e.panel.years if year > min(e.panel.years))
    shares = {}
    for convention in shifters.CONVENTIONS:
        early, late = (
            shifters.recover(e.panel, year, e.estimate.rho, e.theta, convention).T_c
            for year in (first, YEAR)
        )
        change = (late / early - 1).dropna().abs()
        shares[convention] = (change < 0.10).mean()
    return Finding(
        _verdict(shares["paper"] > 0.5),
        f"{first} to {YEAR}: {shares['paper']:.0%} of cities move by less than a tenth as "
        f"published, {shares['consistent']:.0%} by the model",
    )


def _similar_gain(e: Evidence) -> Finding:
    linear = np.corrcoef(e.new_york["similarity"], e.new_york["change"])[0, 1]
    rank = spearmanr(e.new_york["similarity"], e.new_york["change"]).statistic
    return Finding(
        _verdict(rank > 0.5, rank > 0),
        f"correlation of similarity and relative change {linear:.2f} (ranks {rank:.2f})",
    )


def _large_gain_most(e: Evidence) -> Finding:
    table = e.new_york.assign(gain=(e.new_york["change"] - 1) * e.new_york["pi_c"])
    names = [e.find(start) for start in ("Los Angeles", "Chicago")]
    relative = [_rank(table, "change", name) for name in names]
    absolute = [_rank(table, "gain", name) for name in names]
    return Finding(
        _verdict(max(relative) <= 10, max(absolute) <= 10),
        f"Los Angeles and Chicago rank {relative[0]} and {relative[1]} of {len(table)} in "
        f"relative change, {absolute[0]} and {absolute[1]} in households gained",
    )


def _size_decides_at_the_top(e: Evidence) -> Finding:
    table = e.new_york
    top = table[table["similarity"] >= table["similarity"].quantile(0.9)]
    size = spearmanr(np.log(top["pi_c"]), top["change"]).statistic
    alike = spearmanr(top["similarity"], top["change"]).statistic
    return Finding(
        _verdict(size > 0.5 and size > alike, size > 0),
        f"in the most similar tenth, rank correlation of relative change with size {size:.2f}, "
        f"with similarity {alike:.2f}",
    )


def _even_without_correlation(e: Evidence) -> Finding:
    gap = np.ptp(e.new_york["change_independent"])
    spread = np.ptp(e.new_york["change"])
    return Finding(
        _verdict(gap < 1e-10),
        f"largest minus smallest relative change {gap:.0e} at rho = 0, {spread:.1e} with rho",
    )


def _visalia_is_small(e: Evidence) -> Finding:
    ratio = (e.visalia["change"].mean() - 1) / (e.new_york["change"].mean() - 1)
    return Finding(
        _verdict(ratio < 0.1),
        f"the mean relative gain of other cities is {ratio:.1%} of that after the New York shock",
    )


def _visalia_trades(e: Evidence) -> Finding:
    city = e.shares.city_index(VISALIA)
    mix = pd.Series(e.shares.phi_ck[city], e.shares.occupations)
    quotient = mix / e.shares.omega_k
    return Finding(
        _verdict(quotient.idxmax() == "trades", mix.idxmax() == "trades"),
        f"largest occupation {mix.idxmax()} ({mix.max():.1%}); largest relative to the country "
        f"{quotient.idxmax()} ({quotient.max():.1f} times), trades {quotient['trades']:.2f} times",
    )


def _visalia_similar(e: Evidence) -> Finding:
    rank = spearmanr(e.visalia["similarity"], e.visalia["change"]).statistic
    return Finding(
        _verdict(rank > 0.5, rank > 0),
        f"rank correlation of similarity and relative change {rank:.2f}",
    )


def _new_york_gains_less(e: Evidence) -> Finding:
    rank = _rank(e.visalia, "change", NEW_YORK)
    return Finding(
        _verdict(rank > len(e.visalia) / 2),
        f"New York ranks {rank} of {len(e.visalia)} in relative change",
    )


def _visalia_even(e: Evidence) -> Finding:
    gap = np.ptp(e.visalia["change_independent"])
    return Finding(_verdict(gap < 1e-10), f"largest minus smallest relative change {gap:.0e}")


def _large_management_cities(e: Evidence) -> Finding:
    change = e.occupation_shocks["management"]
    count = int((change.iloc[e.largest] > 1).sum())
    gainers = e.occupation_shocks.loc[change > 1, "pi_c"]
    losers = e.occupation_shocks.loc[change <= 1, "pi_c"]
    return Finding(
        _verdict(count == 10 and gainers.median() > losers.median(), count >= 5),
        f"{count} of the ten largest gain; median size of gainers over losers "
        f"{gainers.median() / losers.median():.1f}",
    )


def _small_cities_lose(e: Evidence) -> Finding:
    table = e.occupation_shocks
    small = table["pi_c"] < table["pi_c"].median()
    share = (table.loc[small, "management"] < 1).mean()
    return Finding(
        _verdict(share > 0.75, share > 0.5),
        f"{share:.0%} of cities below the median size lose from the management shock",
    )


def _concentration_decides(e: Evidence) -> Finding:
    k = e.shares.occupation_index("management")
    rank = spearmanr(e.shares.phi_ck[:, k], e.occupation_shocks["management"]).statistic
    return Finding(_verdict(rank > 0.999), f"rank correlation of phi_ck and change {rank:.4f}")


def _opposites(e: Evidence) -> Finding:
    table = e.occupation_shocks
    rank = spearmanr(table["trades"], table["management"]).statistic
    opposite = ((table["trades"] > 1) != (table["management"] > 1)).mean()
    return Finding(
        _verdict(rank < -0.5, rank < 0),
        f"rank correlation of the two changes {rank:.2f}; {opposite:.0%} of cities gain from "
        "one and lose from the other",
    )


def _both(e: Evidence) -> Finding:
    table = e.occupation_shocks
    count = int(((table["trades"] > 1) & (table["management"] > 1)).sum())
    return Finding(_verdict(count > 0), f"{count} cities gain from either shock")


def _figure_5(e: Evidence) -> Finding:
    with_rho, without = (
        occupation_changes(e.shares, rho, e.theta, management=_CITY_HAT)["management"]
        for rho in (e.estimate.rho, 0.0)
    )
    gap = (with_rho - without).abs().max()
    return Finding(
        _verdict(gap > 1e-6),
        f"largest difference between the two axes {gap:.0e}: with shares as observed, the effect "
        "of an occupation shock does not depend on rho",
    )


def _place_based(e: Evidence) -> Finding:
    city = e.shares.city_index(NEW_YORK)
    elasticity = elasticities.own_city(e.shares, e.estimate.rho, theta=e.theta)[city]
    new = counterfactuals.shock(e.shares, e.estimate.rho, e.theta, city={NEW_YORK: _CITY_HAT})
    loss = 1 - new.pi_c[city] / e.shares.pi_c[city]
    return Finding(
        _verdict(elasticity < 1),
        f"New York's share moves by {elasticity:.1f} % for one per cent of T_c, and the shock of "
        f"section 5.1 takes {loss:.0%} of its households",
    )


def _best_target(e: Evidence) -> Finding:
    gain = elasticities.own_city_occupation(e.shares, e.estimate.rho)
    best = gain.argmax(axis=1)
    largest = (best == e.shares.phi_ck.argmax(axis=1)).mean()
    special = (best == (e.shares.phi_ck / e.shares.omega_k).argmax(axis=1)).mean()
    high = (best == e.paper_shifters.T_k.to_numpy().argmax()).mean()
    return Finding(
        _verdict(special > 0.5, max(largest, high) > 0.5),
        "the occupation whose scale moves a city's share most is the city's largest in "
        f"{largest:.0%} of cities, the one with the highest T_k in {high:.0%}, and the one in "
        f"which it is most specialised relative to the country in {special:.0%}",
    )


CLAIMS: tuple[VerbalClaim, ...] = (
    VerbalClaim("few-cities", "4.1", "A few cities hold much of the households.", _few_cities),
    VerbalClaim("similar-top", "4.1", "The ten largest cities have similar mixes.", _similar),
    VerbalClaim(
        "same-two", "4.1", "All ten lean on management and professional occupations.", _same_two
    ),
    VerbalClaim("iv-above-ols", "4.2", "2SLS is well above OLS.", _iv_above_ols),
    VerbalClaim(
        "shifters-below",
        "4.2",
        "Occupation shifters are mostly lower than city shifters.",
        _occupations_below_cities,
    ),
    VerbalClaim(
        "highest-occupations",
        "4.2",
        "Professional and management have the highest occupation shifters.",
        _highest_occupations,
    ),
    VerbalClaim(
        "lowest-occupation",
        "4.2",
        "Primary occupations have the lowest occupation shifter.",
        _lowest_occupation,
    ),
    VerbalClaim(
        "primary-low",
        "4.2",
        "Primary work is found in cities with low city shifters.",
        _primary_in_low_cities,
    ),
    VerbalClaim(
        "dense-high",
        "4.2",
        "Large cities lean on occupations with high shifters.",
        _dense_in_high_occupations,
    ),
    VerbalClaim("sales", "4.2", "New York is more concentrated in sales than Los Angeles.", _sales),
    VerbalClaim(
        "top-cities", "4.2", "New York and Los Angeles have the highest city shifters.", _top_cities
    ),
    VerbalClaim(
        "three-times", "4.2", "City shifters differ by a factor of up to three.", _three_times
    ),
    VerbalClaim(
        "stable", "4.2", "City shifters mostly move by less than a tenth in ten years.", _stable
    ),
    VerbalClaim(
        "similar-gain",
        "5.1",
        "Cities that resemble New York gain most from its loss.",
        _similar_gain,
    ),
    VerbalClaim(
        "large-gain", "5.1", "Los Angeles and Chicago gain most from it.", _large_gain_most
    ),
    VerbalClaim(
        "size-decides",
        "5.1",
        "Among the most similar cities, size decides who gains.",
        _size_decides_at_the_top,
    ),
    VerbalClaim(
        "even-ces",
        "5.1",
        "Without correlation all other cities gain in the same proportion.",
        _even_without_correlation,
    ),
    VerbalClaim(
        "visalia-small",
        "5.1",
        "A shock to Visalia-Porterville matters far less to others.",
        _visalia_is_small,
    ),
    VerbalClaim(
        "visalia-trades", "5.1", "Visalia-Porterville specialises in trades.", _visalia_trades
    ),
    VerbalClaim(
        "visalia-similar", "5.1", "Similar cities gain most from its loss too.", _visalia_similar
    ),
    VerbalClaim(
        "new-york-less",
        "5.1",
        "New York gains less from it than smaller, more similar cities.",
        _new_york_gains_less,
    ),
    VerbalClaim(
        "visalia-even",
        "5.1",
        "Without correlation the gains cannot be told apart.",
        _visalia_even,
    ),
    VerbalClaim(
        "large-management",
        "5.2",
        "Large cities with much management gain from a management shock.",
        _large_management_cities,
    ),
    VerbalClaim("small-lose", "5.2", "Smaller cities tend to lose from it.", _small_cities_lose),
    VerbalClaim(
        "concentration",
        "5.2",
        "A city's concentration in the occupation decides the effect.",
        _concentration_decides,
    ),
    VerbalClaim(
        "opposites",
        "5.2",
        "Cities that gain from a trades shock lose from a management shock.",
        _opposites,
    ),
    VerbalClaim("both", "figure 4", "Some cities gain from both.", _both),
    VerbalClaim(
        "figure-5",
        "figure 5",
        "The effect of a management shock differs with and without correlation.",
        _figure_5,
    ),
    VerbalClaim(
        "place-based",
        "6",
        "Making a city more productive in all occupations attracts few households.",
        _place_based,
    ),
    VerbalClaim(
        "best-target",
        "6",
        "The best target is an occupation in which the city specialises or one with a high T_k.",
        _best_target,
    ),
)


def check(panel: Panel, evidence: Evidence | None = None) -> pd.DataFrame:
    """Every verbal claim with its verdict on a panel.

    Returns
    -------
    DataFrame
        ``id``, ``place``, ``claim``, ``verdict``, ``statistic``.
    """
    evidence = evidence or Evidence(panel)
    rows = []
    for claim in CLAIMS:
        finding = claim.decide(evidence)
        rows.append(
            {
                "id": claim.id,
                "place": claim.place,
                "claim": claim.claim,
                "verdict": finding.verdict,
                "statistic": finding.statistic,
            }
        )
    return pd.DataFrame(rows)
