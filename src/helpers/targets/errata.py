"""What the places that are not exact change, as numbers from a panel.

For each claim of the ledger that is an approximation, a typo or wrong: a quantity, its value by
the printed expression and by the corrected one. Everything is computed from shares, so that
any panel will do; the first city is the largest, the second the runner-up.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gamma

from helpers import elasticities, estimation, shifters
from helpers.errors import check_rho, check_theta
from helpers.model import shares
from helpers.panel import Panel
from helpers.targets.evidence import Evidence
from helpers.targets.index_forms import first_stages
from helpers.targets.registered import EFFECTS, Rows, effect


def _spread(e: Evidence, what: str, printed: np.ndarray, exact: np.ndarray) -> Rows:
    """Values in the city with the largest gap and in the one with the median gap.

    Of a table (C, K), the occupation with the largest gap stands for its city.
    """
    gap = np.abs(printed - exact)
    label = [""] * len(gap)
    if gap.ndim == 2:
        best = gap.argmax(axis=1)
        rows = np.arange(len(gap))
        label = [f", {e.shares.occupations[k]}" for k in best]
        printed, exact, gap = (table[rows, best] for table in (printed, exact, gap))
    by_gap = np.argsort(gap)
    for which, c in (
        ("largest", by_gap[-1]),
        ("median", by_gap[(len(by_gap) - 1) // 2]),
    ):
        yield f"{what}, {which} gap: {e.name(c)}{label[c]}", float(printed[c]), float(exact[c])


@effect("s21-scale")
def _city_scale(e: Evidence) -> Rows:
    yield (
        f"households that {e.name(e.first)} loses to minus five per cent of T_c",
        e.loss(1.0),
        e.loss(e.theta),
    )


@effect("a-G-1", "a-dG-1")
def _twice(e: Evidence) -> Rows:
    yield (
        f"households that {e.name(e.first)} loses to minus five per cent of T_c",
        e.loss(1.0 + e.theta),
        e.loss(e.theta),
    )


@effect("eq-1")
def _arguments(e: Evidence) -> Rows:
    """Two draws of one occupation, each below its own median, or both below the first's."""
    k, (c, d) = e.manager, (e.first, e.second)
    scale = e.shares.pi_ck[d, k] / e.shares.pi_ck[c, k]  # of the second city, to 1/(1-rho)
    yield (
        f"probability that a household's draws in management in {e.name(c)} and {e.name(d)} both "
        "lie below the median of their city",
        0.5 ** ((1 + scale) ** (1 - e.correlation)),
        0.5 ** (2 ** (1 - e.correlation)),
    )


@effect("eq-2")
def _terms(e: Evidence) -> Rows:
    """A city and an occupation of average appeal are put in first place, as the sums ask."""
    t_ck = np.pad(e.consistent_shifters.t_ck.to_numpy(), ((1, 0), (1, 0)), constant_values=1.0)
    T_k = np.append(1.0, e.consistent_shifters.T_k.to_numpy())
    z_c = np.append(1.0, e.consistent_shifters.T_c.to_numpy() ** e.theta)
    yield (
        f"share of {e.name(e.first)}, the city and the occupation numbered zero being average",
        shares(t_ck, T_k, z_c, e.correlation).pi_c[1 + e.first],
        e.shares.pi_c[e.first],
    )


@effect("s22-gamma")
def _constant(e: Evidence) -> Rows:
    printed = gamma((e.theta + 1 - e.correlation) / e.theta) ** e.steep
    proper = gamma(1 - 1 / e.theta) if e.theta > 1 else np.inf
    yield "constant, common to all cities", printed, proper


@effect("s22-Gk")
def _adding_up(e: Evidence) -> Rows:
    yield "sum of an occupation's shares over cities", e.steep, 1.0


@effect("s23-small", "a-own-assumption")
def _small_cell(e: Evidence) -> Rows:
    exact = e.shares.pi_ck * e.steep
    yield from _spread(e, "d ln lambda_k / d ln t_ck", np.zeros_like(exact), exact)


@effect("s231-small")
def _small_city(e: Evidence) -> Rows:
    exact = e.theta * e.shares.pi_ck * e.steep
    yield from _spread(e, "d ln lambda_k / d ln T_c", np.zeros_like(exact), exact)


@effect("eq-8")
def _own_cell(e: Evidence) -> Rows:
    c, k = e.first, e.manager
    yield (
        f"d ln pi_ck / d ln t_ck, {e.name(c)}, management",
        e.shares.phi_ck[c, k] * e.steep,
        (1 - e.shares.pi_ck[c, k]) * e.steep,
    )
    small, exact = (
        elasticities.own_city_occupation(e.shares, e.correlation, small_city=small)
        for small in (True, False)
    )
    yield from _spread(e, "d ln pi_c / d ln t_ck", small, exact)


@effect("a-own-split")
def _split(e: Evidence) -> Rows:
    exact = elasticities.own_city_occupation(e.shares, e.correlation)
    dropped = e.shares.pi_ck * (1 - e.shares.omega_k)
    yield from _spread(e, "d ln pi_c / d ln t_ck", exact - dropped, exact)


@effect("a-own-1")
def _denominator(e: Evidence) -> Rows:
    exact = elasticities.own_city_occupation(e.shares, e.correlation)
    yield from _spread(e, "d ln pi_c / d ln t_ck", exact + e.shares.pi_ck * e.shares.omega_k, exact)


@effect("eq-9", "eq-12")
def _other_cell(e: Evidence) -> Rows:
    """The pair and occupation for which the wrong city's mix matters most."""
    s, d = e.shares, e.first
    ratio = np.abs(np.log(s.phi_ck / s.phi_ck[d]))
    c, k = np.unravel_index(ratio.argmax(), ratio.shape)
    bracket = 1 + e.correlation * e.steep * s.pi_ck[c, k] / s.pi_c[c]
    yield (
        f"d ln pi of {e.name(c)} / d ln t of {e.name(d)}, {s.occupations[k]}",
        -s.pi_c[d] * s.phi_ck[c, k] * bracket,
        -s.pi_c[d] * s.phi_ck[d, k] * bracket,
    )


@effect("s231-cross-2")
def _other_cells(e: Evidence) -> Rows:
    """The same, added over occupations, for the city where the two sums differ most."""
    s, d = e.shares, e.first
    bracket = 1 + e.correlation * e.steep * s.pi_ck / s.pi_c[:, None]
    printed = -s.pi_c[d] * (s.phi_ck * bracket).sum(axis=1)
    proper = -s.pi_c[d] * (s.phi_ck[d] * bracket).sum(axis=1)
    gap = np.abs(printed - proper)
    gap[d] = 0
    c = int(gap.argmax())
    yield f"d ln pi of {e.name(c)} / d ln z of {e.name(d)}", printed[c], proper[c]


@effect("s231-own")
def _own_city(e: Evidence) -> Rows:
    exact = elasticities.own_city(e.shares, e.correlation, theta=e.theta)
    yield from _spread(e, "d ln pi_c / d ln T_c", np.full_like(exact, e.steep), exact)


@effect("s231-own-1")
def _own_city_sum(e: Evidence) -> Rows:
    exact = elasticities.own_city(e.shares, e.correlation)
    c = e.first
    yield f"d ln pi_c / d ln T_c, {e.name(c)}", exact[c], e.theta * exact[c]


@effect("s231-own-2")
def _sum_of_cells(e: Evidence) -> Rows:
    exact = elasticities.own_city(e.shares, e.correlation)
    yield from _spread(e, "d ln pi_c / d ln z_c", np.full_like(exact, e.steep), exact)


@effect("s231-rho-zero")
def _no_correlation(e: Evidence) -> Rows:
    exact = elasticities.own_city(e.shares, 0.0, theta=e.theta)
    yield f"d ln pi_c / d ln T_c at rho = 0, {e.name(e.first)}", 1.0, exact[e.first]


@effect("eq-10", "s231-cross-1", "a-city-1", "a-city-2")
def _cross_city(e: Evidence) -> Rows:
    value = elasticities.cross_city(e.shares, e.correlation)[e.second, e.first]
    yield (
        f"d ln pi of {e.name(e.second)} / d ln T_c of {e.name(e.first)}",
        value,
        e.theta * value,
    )


@effect("footnote-6")
def _cross_city_zero(e: Evidence) -> Rows:
    share = e.shares.pi_c[e.first]
    yield f"d ln pi_c / d ln T_c of {e.name(e.first)} at rho = 0", share, -e.theta * share


@effect("s231-occupation-1")
def _reversed(e: Evidence) -> Rows:
    value = elasticities.occupation(e.shares)[e.first, e.manager]
    yield f"d ln pi of {e.name(e.first)} / d ln T_k, management", -value, value


@effect("s31-log-share", "s32-log-share")
def _sign_of_city(e: Evidence) -> Rows:
    z_c = e.consistent_shifters.T_c.to_numpy() ** e.theta
    log_t_ck = np.log(e.consistent_shifters.t_ck.to_numpy())
    observed = np.log(e.shares.pi_ck)
    fits = []
    for sign in (-1, 1):
        log_share = e.steep * (log_t_ck + sign * np.log(z_c)[:, None])
        log_share -= np.log(np.exp(log_share).sum(axis=0))
        fits.append(float(np.corrcoef(log_share.ravel(), observed.ravel())[0, 1]))
    yield "correlation of rebuilt and observed ln pi_ck", *fits


@effect("s31-model")
def _residual(e: Evidence) -> Rows:
    data = estimation.sample(e.panel)
    share, wage = estimation.residualise(data, ["log_share", "log_wage"]).T
    spread = float((share - e.steep * wage).std())
    yield "standard deviation of ln eta_ck", spread, spread / e.steep


@effect("s31-first-stage")
def _on_itself(e: Evidence) -> Rows:
    for row in first_stages(e.panel).itertuples():
        yield f"first-stage slope, {row.instrument}", 1.0, row.slope


@effect("s31-second-stage")
def _reduced_form(e: Evidence) -> Rows:
    yield (
        "rho",
        estimation.rho_of(e.estimate.reduced_form.coefficient),
        estimation.rho_of(e.estimate.beta),
    )


@effect("s32-T_k")
def _occupation_shifter(e: Evidence) -> Rows:
    T_k = e.consistent_shifters.T_k.to_numpy()
    by_formula = T_k / e.shares.omega_k  # what is left where the numerator is common
    smallest = int(e.shares.omega_k.argmin())
    yield (
        f"T_k of {e.shares.occupations[smallest]} over that of management",
        by_formula[smallest] / by_formula[e.manager],
        T_k[smallest] / T_k[e.manager],
    )


@effect("s32-T_c")
def _city_shifter(e: Evidence) -> Rows:
    printed = shifters.printed_city_shifter(e.panel, e.year, e.correlation, e.theta)
    proper = shifters.printed_city_shifter(e.panel, e.year, e.correlation, e.theta, sign=1)
    smallest = e.shares.cities[e.order[-1]]
    largest = e.shares.cities[e.first]
    yield (
        f"T_c of {e.name(e.first)} over that of the smallest city",
        printed[largest] / printed[smallest],
        proper[largest] / proper[smallest],
    )


@effect("a-cross")
def _one_term(e: Evidence) -> Rows:
    s, c, d, k = e.shares, e.second, e.first, e.manager
    printed = -s.pi_ck[d, k] * (1 + e.correlation * e.steep) / len(s.omega_k)
    yield (
        f"d ln pi of {e.name(c)} / d ln t of {e.name(d)}, management",
        printed,
        -s.pi_ck[d, k] * e.feedback[c, k],
    )


@effect("a-cross-first-1")
def _wrong_scale(e: Evidence) -> Rows:
    s, c, d, k = e.shares, e.second, e.first, e.manager
    proper = -e.correlation * e.steep * s.pi_ck[d, k] * s.phi_ck[c, k]
    T_c = e.consistent_shifters.T_c.to_numpy()
    scale = (T_c[c] / T_c[d]) ** (e.theta * e.steep)
    yield (
        f"first term for {e.name(c)} and {e.name(d)}, management",
        proper * scale,
        proper,
    )


@effect("a-city")
def _no_derivative(e: Evidence) -> Rows:
    c, d = e.second, e.first
    proper = elasticities.cross_city(e.shares, e.correlation, theta=e.theta)[c, d]
    yield (
        f"d ln pi of {e.name(c)} / d ln T_c of {e.name(d)}",
        1 - e.theta * e.shares.pi_c[d],
        proper,
    )


@effect("a-city-dlambda")
def _appeal(e: Evidence) -> Rows:
    s, c, d, k = e.shares, e.second, e.first, e.manager
    yield (
        f"d ln lambda_k / d ln T_c of {e.name(d)} (printed with {e.name(c)}), management",
        e.steep * s.pi_ck[c, k],
        e.theta * e.steep * s.pi_ck[d, k],
    )


def effects(panel: Panel, year: int, rho: float, theta: float) -> pd.DataFrame:
    """What each place that is not exact changes, by the printed and the corrected expression.

    Parameters
    ----------
    panel : Panel
    year : int
    rho : float, in [0, 1)
    theta : float, above 0

    Returns
    -------
    DataFrame
        ``id`` of the claim, ``quantity``, ``printed``, ``corrected``; one row a claim, and two
        (largest gap, median gap) for an approximation.
    """
    rho, theta = float(check_rho(rho, 1)[0]), check_theta(theta)
    evidence = Evidence(panel, year=int(year), rho=rho, theta=theta)
    rows = [(key, *row) for key, compute in EFFECTS.items() for row in compute(evidence)]
    return pd.DataFrame(rows, columns=["id", "quantity", "printed", "corrected"])
