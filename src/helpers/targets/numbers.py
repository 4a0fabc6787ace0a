"""The numbers that the paper prints, and what a panel gives in their place.

A printed number is typed once, here, as it is printed. Its tolerance is half a unit of its
last digit: agreement means that rounding the computed number gives the printed one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import CompanionError
from helpers.panel import Panel
from helpers.targets.evidence import Evidence


@dataclass(frozen=True)
class Target:
    """A number as printed, where, and the computation that stands for it.

    Attributes
    ----------
    id : str
    place : str
        Section or table of the paper.
    printed : str
        The digits as printed.
    computation : str
        What is computed, in words.
    compute : callable
        From :class:`Evidence` to the number.
    proper : callable, optional
        Where the printed number belongs to something else than its place says: the number
        that the place asks for.
    note : str
        Why the two differ.
    """

    id: str
    place: str
    printed: str
    computation: str
    compute: Callable[[Evidence], float]
    proper: Callable[[Evidence], float] | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The printed number."""
        return float(self.printed)

    @property
    def tolerance(self) -> float:
        """Half a unit of the last printed digit."""
        decimals = len(self.printed.partition(".")[2])
        return 0.5 * 10.0**-decimals


def _shifter(kind: str, label: str) -> Callable[[Evidence], float]:
    """Look a shifter up by the start of its label; nan where the panel lacks it."""

    def look_up(results: Evidence) -> float:
        series = getattr(results.paper_shifters, kind)
        found = series[series.index.str.startswith(label)]
        return float(found.iloc[0]) if len(found) else float("nan")

    return look_up


_SECOND_STAGE = "least squares on the predicted wage, homoskedastic"
_PRINTED_T_K = {
    "management": "0.849566",
    "professional": "0.743607",
    "trades": "0.610380",
    "service": "0.344887",
    "sales": "0.318461",
    "cleaners": "0.090246",
    "primary": "0.066206",
    "security": "0.066183",
}
_PRINTED_T_C = {
    "New York-Newark-Jersey City": "3.029541",
    "Los Angeles-Long Beach-Anaheim": "2.645708",
    "Chicago-Naperville-Elgin": "2.333439",
    "Dallas-Fort Worth-Arlington": "2.158189",
    "Houston-The Woodlands-Sugar Land": "2.093633",
    "Philadelphia-Camden-Wilmington": "2.028458",
    "Washington-Arlington-Alexandria": "2.007037",
    "Atlanta-Sandy Springs-Roswell": "2.001475",
}

TARGETS: tuple[Target, ...] = (
    Target(
        "rho",
        "4.2",
        "0.64",
        "1 - 1/beta, 2SLS",
        lambda r: r.estimate.rho,
    ),
    Target(
        "ols-beta",
        "table 1 (1)",
        "0.291",
        "OLS slope",
        lambda r: r.estimate.ols.coefficient,
    ),
    Target(
        "ols-se",
        "table 1 (1)",
        "0.023",
        "OLS, clustered by city x occupation",
        lambda r: r.estimate.ols.se,
    ),
    Target(
        "iv-beta",
        "table 1 (2)",
        "2.777",
        "2SLS slope",
        lambda r: r.estimate.beta,
    ),
    Target(
        "iv-se",
        "table 1 (2)",
        "0.041",
        _SECOND_STAGE,
        lambda r: r.by_hand.se,
        lambda r: r.estimate.se,
        "The note says clustered by city x occupation. The printed error takes residuals "
        "with the predicted wage, and no clusters.",
    ),
    Target(
        "ols-r2",
        "table 1 (1)",
        "0.956",
        _SECOND_STAGE,
        lambda r: r.by_hand.r2,
        lambda r: r.estimate.ols.r2,
        "Printed under OLS; it is the R2 of the other column's regression on the predicted wage.",
    ),
    Target(
        "iv-f",
        "table 1 (2)",
        "145.8",
        _SECOND_STAGE + ", F of all regressors",
        lambda r: r.by_hand.f_joint,
        lambda r: r.estimate.first_stage.f,
        "Tests that all effects and the slope are zero in the second stage. What measures the "
        "instrument is the F of the slope in the first stage.",
    ),
    Target(
        "first-beta",
        "table 8.2.1",
        "0.523",
        "first-stage slope",
        lambda r: r.estimate.first_stage.coefficient,
    ),
    Target(
        "first-se",
        "table 8.2.1",
        "0.037",
        "first stage, clustered by city x occupation",
        lambda r: r.estimate.first_stage.se,
    ),
    Target(
        "first-n",
        "table 8.2.1",
        "19280",
        "observations with share, wage and instrument",
        lambda r: r.estimate.n_obs,
    ),
    Target(
        "first-r2",
        "table 8.2.1",
        "0.881",
        "first-stage R2",
        lambda r: r.estimate.first_stage.r2,
    ),
    Target(
        "first-adjusted-r2",
        "table 8.2.1",
        "0.863",
        "first-stage adjusted R2",
        lambda r: r.estimate.first_stage.adjusted_r2,
    ),
    Target(
        "first-residual-se",
        "table 8.2.1",
        "0.198",
        "first-stage residual standard error",
        lambda r: r.estimate.first_stage.residual_se,
    ),
    Target(
        "first-df-model",
        "table 8.2.1",
        "2480",
        "regressors, effects included",
        lambda r: r.estimate.first_stage.df_model,
    ),
    Target(
        "first-df-residual",
        "table 8.2.1",
        "16799",
        "residual degrees of freedom",
        lambda r: r.estimate.first_stage.df_residual,
    ),
    Target(
        "first-f",
        "table 8.2.1",
        "3696120.683",
        "none: a Wald test of more coefficients than there are clusters",
        lambda r: float("nan"),
        lambda r: r.estimate.first_stage.f,
        "With clusters, the variance of all coefficients has at most one dimension a cluster; "
        "testing more coefficients than that inverts a singular matrix, and the result is "
        "rounding. The joint F without clusters and the F of the slope are both defined.",
    ),
    *(
        Target(
            f"T_k-{occupation}",
            "table 2A",
            printed,
            "omega_k relative to management's, over lambda_k^(1-rho)",
            _shifter("T_k", occupation),
        )
        for occupation, printed in _PRINTED_T_K.items()
    ),
    *(
        Target(
            f"T_c-{city.split('-')[0].lower().replace(' ', '-')}",
            "table 2B",
            printed,
            "exp((1-rho) city effect of a saturated regression of city shares)",
            _shifter("T_c", city),
            lambda r, city=city: float(
                r.consistent_shifters.T_c[
                    r.consistent_shifters.T_c.index.str.startswith(city)
                ].mean()
            ),
            "The printed formula has theta in it, the printed numbers do not; the model's own "
            "shifter, geometric mean one, is the theta-th root of the city effect of the "
            "city-occupation equation.",
        )
        for city, printed in _PRINTED_T_C.items()
    ),
)


def printed(target: str) -> str:
    """Digits of one printed number, by id."""
    return next(entry.printed for entry in TARGETS if entry.id == target)


def compare(panel: Panel, results: Evidence | None = None) -> pd.DataFrame:
    """Every printed number that can be recomputed, beside what the panel gives.

    Parameters
    ----------
    panel : Panel
        On another panel than the author's the numbers differ, as they should. What it lacks
        leaves the numbers that need it missing, and the note says what that is.
    results : Evidence, optional
        To share what is already computed.

    Returns
    -------
    DataFrame
        ``id``, ``place``, ``printed`` (float), ``computed``, ``difference``, ``tolerance``,
        ``ok``; then ``computation`` (what was computed), ``proper`` (what the place asks
        for, where that is another number), ``note`` and ``digits`` (as printed).
    """
    results = results or Evidence(panel)
    rows = []
    for target in TARGETS:
        computed, proper, note = np.nan, np.nan, target.note
        try:
            computed = target.compute(results)
            proper = target.proper(results) if target.proper else np.nan
        except CompanionError as problem:
            note = f"missing: {problem}"
        if target.id.startswith("T_c-") and results.without_city_wage:
            note = f"missing: {results.without_city_wage}"
        difference = computed - target.value
        rows.append(
            {
                "id": target.id,
                "place": target.place,
                "printed": target.value,
                "computed": computed,
                "difference": difference,
                "tolerance": target.tolerance,
                # a hair for the case of a computed number that lies on the rounding edge
                "ok": bool(abs(difference) <= target.tolerance * (1 + 1e-9)),
                "computation": target.computation,
                "proper": proper,
                "note": note,
                "digits": target.printed,
            }
        )
    return pd.DataFrame(rows)
