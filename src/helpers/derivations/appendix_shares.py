"""Appendix 8.1: the choice shares, line by line."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, exact, slip
from helpers.derivations.section_2_shares import G_c, chosen_first
from helpers.derivations.symbols import (
    CELL,
    SUMS,
    SUMS_BY_OCCUPATION,
    G,
    S_c,
    T_c,
    T_d,
    T_k,
    appeal,
    lambda_k,
    pi_c,
    rho,
    t_ck,
    z_c,
    z_d,
)

POWER = 1 / (1 - rho)
PI_C = CELL.meaning[pi_c]
# t^(1/(1-rho)) T lambda^-rho of the cell, and its sum over the city's occupations
TERM = t_ck**POWER * T_k * lambda_k**-rho
TERMS = (CELL.flow_c + S_c) / z_c**POWER
SUM_OF_TERMS = r"\sum_k t_{ck}^{\frac{1}{1-\rho}}T_k\lambda_k^{-\rho}"


def shares() -> Iterator[Claim]:
    """City choice shares."""
    yield exact(
        "a-share",
        "8.1, first display",
        r"\pi_c = \frac{Z_c^{-\theta}G_c}{G()}",
        Equation(chosen_first(), z_c * G_c / G, PLAIN),
        note="As in section 2.2.",
        method="integral over the value of the best draw",
    )
    B = SUMS_BY_OCCUPATION
    with_T_c = B.T * (appeal(B.t_c, T_c * z_c, B.rho) + appeal(B.t_d, T_d * z_d, B.rho) + B.R) ** (
        1 - B.rho
    )
    pulled_in = B.with_T_inside()
    yield slip(
        "typo",
        "a-G-1",
        "8.1, second display",
        r"G = \sum_k[\sum_c (T_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho_k}}]^{1-\rho_k}",
        r"G = \sum_k[\sum_c (T_k t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho_k}}]^{1-\rho_k}",
        Equation(B.over_k(B.size), B.over_k(pulled_in), B),
        refuted=Equation(B.over_k(B.size), B.over_k(with_T_c), B),
        cause="city-twice",
        note="T_ck holds T_c, and by section 2.2 so does Z_c^-theta: the city scale would count "
        "twice. Equation (2) and the right side of this display have it once.",
    )
    yield exact(
        "a-G-2",
        "8.1, second display",
        r"G = \sum_k T_k\lambda_k^{1-\rho}",
        Equation(B.over_k(pulled_in), B.over_k(B.T * B.lambda_k ** (1 - B.rho)), B),
        note="With T_ck read as T_k t_ck.",
    )
    S = SUMS
    z = z_c
    d_G = S.over_k(sp.diff(S.size, z))
    inside = S.with_T_inside()
    doubled = S.T * (appeal(S.t_c, T_c * z) + appeal(S.t_d, T_d * z_d) + S.R) ** (1 - rho)
    yield slip(
        "typo",
        "a-dG-1",
        "8.1, derivative of G, line 1",
        r"\frac{\partial G()}{\partial Z_c^{-\theta}} = \sum_k\frac{\partial}{\partial Z_c^{-\theta}}"
        r"[\sum_c (T_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho}}]^{1-\rho}",
        r"\frac{\partial G()}{\partial Z_c^{-\theta}} = \sum_k\frac{\partial}{\partial Z_c^{-\theta}}"
        r"[\sum_c (T_k t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho}}]^{1-\rho}",
        Equation(d_G, S.over_k(sp.diff(inside, z)), S),
        refuted=Equation(d_G, S.over_k(sp.diff(doubled, z)), S),
        cause="city-twice",
        note="T_c once more twice; it is gone in the next line.",
    )
    bracket = (S.T**POWER * S.lam) ** (1 - rho)
    inner = sp.diff(S.lam, z)
    for number, printed, right, note in (
        (
            2,
            r"\sum_k\frac{\partial}{\partial Z_c^{-\theta}}[T_k^{\frac{1}{1-\rho}}\sum_c"
            r"(t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho}}]^{1-\rho}",
            sp.diff(bracket, z),
            "T_k is common to all cities and comes out of the sum.",
        ),
        (
            3,
            r"\sum_k T_k[(1-\rho)\lambda_k^{-\rho}\frac{\partial\lambda_k}{\partial Z_c^{-\theta}}]",
            S.T * (1 - rho) * S.lambda_k**-rho * inner,
            "The chain rule.",
        ),
        (
            4,
            r"\sum_k T_k[(1-\rho)\lambda_k^{-\rho}(\frac{1}{1-\rho})t_{ck}^{\frac{1}{1-\rho}}"
            r"(Z_c^{-\theta})^{\frac{\rho}{1-\rho}}]",
            S.T * (1 - rho) * S.lambda_k**-rho * POWER * S.t_c**POWER * z ** (rho * POWER),
            "The derivative of the city's own term.",
        ),
    ):
        yield exact(
            f"a-dG-{number}",
            f"8.1, derivative of G, line {number}",
            r"\frac{\partial G()}{\partial Z_c^{-\theta}} = " + printed,
            Equation(d_G, S.over_k(right), S),
            note=note,
        )
    stripped = S.over_k(S.T * S.t_c**POWER * S.lambda_k**-rho)
    yield exact(
        "a-dG-5",
        "8.1, derivative of G, line 5",
        r"\frac{\partial G()}{\partial Z_c^{-\theta}} = (Z_c^{-\theta})^{\frac{\rho}{1-\rho}}"
        r"\sum_k T_k t_{ck}^{\frac{1}{1-\rho}}\lambda_k^{-\rho}",
        Equation(d_G, z ** (rho * POWER) * stripped, S),
        note="Here one rho is needed: with several, the power of Z_c differs between occupations "
        "and does not come out.",
    )
    yield exact(
        "a-share-2",
        "8.1, choice shares",
        r"\pi_c = (Z_c^{-\theta})^{\frac{1}{1-\rho}}\left[\frac{\sum_k t_{ck}^{\frac{1}{1-\rho}}"
        r"T_k\lambda_k^{-\rho}}{\sum_k T_k\lambda_k^{1-\rho}}\right]",
        Equation(z * d_G / G, z**POWER * stripped / G, S),
        note="Needs one rho, for the same reason.",
    )
