"""What section 4 and its tables say of the estimates."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from helpers.counterfactuals import keepers
from helpers.targets import numbers
from helpers.targets.evidence import STRONG_F, Evidence
from helpers.targets.verdicts import Finding, claim, undecided, verdict


@claim("iv-above-ols", "4.2", "2SLS is well above OLS.")
def _iv_above_ols(e: Evidence) -> Finding:
    low = e.estimate.beta - 1.96 * e.estimate.se
    return Finding(
        verdict(low > e.estimate.ols.coefficient),
        f"2SLS {e.estimate.beta:.3f} ({e.estimate.se:.3f}), OLS {e.estimate.ols.coefficient:.3f}",
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
    return float(2 * stdtr(clusters - 1, -abs(t)))


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
        + f"; {STRONG_F} is asked for; the printed {numbers.printed('iv-f')} is another statistic",
    )


@claim("clustered", "table 1, note", "Standard errors are clustered by city and occupation pair.")
def _clustered(e: Evidence) -> Finding:
    rows = numbers.compare(e.panel, e).set_index("id").loc[["ols-se", "iv-se"]]
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
    from helpers.targets.index_forms import first_stages

    table = first_stages(e.panel, e.years)
    target = next(entry for entry in numbers.TARGETS if entry.id == "first-beta")
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
    printed = {t.id: t for t in numbers.TARGETS if t.place == "table 2B"}
    rows = numbers.compare(e.panel, e).set_index("id").loc[list(printed)]
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
    kept = keepers(e.shares, e.correlation)
    plain = keepers(e.shares, 0.0)
    middle = np.median(kept)
    return Finding(
        verdict(middle > 0.8, middle > 0.5),
        f"in the model, {middle:.0%} of those who leave the median cell at the margin keep their "
        f"occupation, against {np.median(plain):.0%} without correlation; no move is observed",
    )
