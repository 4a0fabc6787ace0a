"""What section 5 says of shocks to cities and to occupations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from helpers.counterfactuals import keepers, occupation_changes
from helpers.names import NEW_YORK, VISALIA
from helpers.targets.evidence import CITY_HAT, Evidence
from helpers.targets.ranks import rank_correlation
from helpers.targets.verdicts import Finding, claim, rank_in, undecided, verdict


@claim("similar-gain", "5.1", "Cities that resemble New York gain most from its loss.")
def _similar_gain(e: Evidence) -> Finding:
    linear = np.corrcoef(e.new_york["similarity"], e.new_york["change"])[0, 1]
    rank = rank_correlation(e.new_york["similarity"], e.new_york["change"])
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
    size = rank_correlation(np.log(top["pi_c"]), top["change"])
    alike = rank_correlation(top["similarity"], top["change"])
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
    rank = rank_correlation(e.visalia["similarity"], e.visalia["change"])
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
    rank = rank_correlation(e.shares.phi_ck[:, k], e.occupation_shocks["management"])
    return Finding(verdict(rank > 0.999), f"rank correlation of phi_ck and change {rank:.4f}")


@claim("opposites", "5.2", "Cities that gain from a trades shock lose from a management shock.")
def _opposites(e: Evidence) -> Finding:
    table = e.occupation_shocks
    rank = rank_correlation(table["trades"], table["management"])
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
        for rho in (e.correlation, 0.0)
    )
    gap = (with_rho - without).abs().max()
    return Finding(
        verdict(gap > 1e-6),
        f"largest difference between the two axes {gap:.0e}: with shares as observed, the effect "
        "of an occupation shock does not depend on rho",
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
    scale = rank_correlation(e.shares.pi_c, e.consistent_shifters.T_c)
    size = e.new_york["pi_c"]
    relative = rank_correlation(size, e.new_york["change"])
    absolute = rank_correlation(size, (e.new_york["change"] - 1) * size)
    return Finding(
        verdict(scale > 0.999, scale > 0.9),
        f"rank correlation of size with T_c {scale:.4f}, with the relative gain from New York's "
        f"loss {relative:.2f}, with households gained {absolute:.4f}",
    )


@claim("perfect-substitutes", "5.1", "Without correlation cities are perfect substitutes.")
def _perfect_substitutes(e: Evidence) -> Finding:
    without, with_rho = (np.median(e.own_elasticity(rho)) for rho in (0.0, e.correlation))
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
        name.split("-")[0]: keepers(e.shares, e.correlation, e.shares.city_index(name))
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
    size = rank_correlation(e.shares.pi_c, e.occupation_shocks["trades"])
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
    size = rank_correlation(e.shares.pi_c, e.occupation_shocks["management"])
    return Finding(
        verdict(gain > 0.75 and lose > 0.75 and size > 0.2, gain > 0.5 and lose > 0.5),
        f"of {count} cities in the largest quarter that specialise in management {gain:.0%} gain "
        f"from the management shock and {lose:.0%} lose from the other; rank correlation of size "
        f"and the change after the management shock {size:.2f}",
    )
