"""Claims of appendix 8.1: the derivations behind section 2, line by line."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.appendix_shares import PI_C, POWER, SUM_OF_TERMS, TERM, TERMS, shares
from helpers.derivations.claim import Claim, Equation, approximation, exact, slip
from helpers.derivations.section_2_elasticities import other_city
from helpers.derivations.symbols import (
    CELL,
    SCALED,
    G,
    K,
    S_c,
    T_d,
    T_k,
    appeal,
    elasticity,
    lambda_k,
    omega_k,
    phi_ck,
    pi_ck,
    pi_dk,
    rho,
    t_ck,
    t_dk,
    theta,
    z_c,
    z_d,
)


def own() -> Iterator[Claim]:
    """Own occupation-specific elasticity."""
    yield approximation(
        "a-own-assumption",
        "8.1, own elasticity, text",
        r"\frac{\partial\ln\lambda_k}{\partial\ln t_{ck}} = 0",
        r"\frac{\partial\ln\lambda_k}{\partial\ln t_{ck}} = \frac{\pi_{ck}}{1-\rho}",
        Equation(elasticity(CELL.lam, t_ck), pi_ck * POWER),
        sp.S.Zero,
        -pi_ck * POWER,
        cause="small-city",
        note="Section 2.3 has an approximation sign where this has an equals sign.",
    )
    own_exact = elasticity(PI_C, t_ck)
    three = CELL.named(
        **{
            name: elasticity(CELL.meaning[quantity], t_ck)
            for name, quantity in (("d_pi", pi_ck), ("d_phi", phi_ck), ("d_omega", omega_k))
        }
    )
    d_pi, d_phi, d_omega = sp.symbols("d_pi d_phi d_omega", positive=True)
    yield approximation(
        "a-own-split",
        "8.1, own elasticity, first display",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} \approx \frac{\partial\ln\pi_{ck}}"
        r"{\partial\ln t_{ck}} - \frac{\partial\ln\phi_{ck}}{\partial\ln t_{ck}}",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} = \frac{\partial\ln\pi_{ck}}"
        r"{\partial\ln t_{ck}} + \frac{\partial\ln\omega_k}{\partial\ln t_{ck}}"
        r" - \frac{\partial\ln\phi_{ck}}{\partial\ln t_{ck}}",
        Equation(own_exact, d_pi + d_omega - d_phi, three),
        d_pi - d_phi,
        -pi_ck * (1 - omega_k),
        cause="small-city",
        note="By (6) the size of the occupation is a third term; it grows when one of its cities "
        "becomes better.",
    )
    yield approximation(
        "a-own-1",
        "8.1, own elasticity, line 1",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} \approx \frac{\partial\ln["
        + SUM_OF_TERMS
        + r"]}"
        r"{\partial\ln t_{ck}}",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} = \frac{\partial\ln[" + SUM_OF_TERMS + r"]}"
        r"{\partial\ln t_{ck}} - \pi_{ck}\,\omega_k",
        Equation(own_exact, elasticity(TERMS, t_ck) - pi_ck * omega_k),
        elasticity(TERMS, t_ck),
        pi_ck * omega_k,
        cause="small-city",
        note="The denominator G moves as well.",
    )
    # lambda_k as if it did not move: what the following lines do
    total = TERM + S_c / z_c**POWER
    held = elasticity(total, t_ck)
    lines = (
        (
            2,
            r"\left(\frac{\partial["
            + SUM_OF_TERMS
            + r"]}{\partial t_{ck}}\right)\left(\frac{t_{ck}}{"
            + SUM_OF_TERMS
            + r"}\right)",
            sp.diff(total, t_ck) * t_ck / total,
            "The derivative of a logarithm.",
        ),
        (
            3,
            r"\left(\frac{1}{1-\rho}\right)\left(\frac{t_{ck}^{\frac{1}{1-\rho}}T_k\lambda_k^{-\rho}}"
            r"{t_{ck}}\right)\left(\frac{t_{ck}}{" + SUM_OF_TERMS + r"}\right)",
            POWER * TERM / t_ck * t_ck / total,
            "With lambda_k held fixed, as assumed above.",
        ),
        (
            4,
            r"\left(\frac{1}{1-\rho}\right)\left[\frac{t_{ck}^{\frac{1}{1-\rho}}T_k\lambda_k^{-\rho}}"
            r"{" + SUM_OF_TERMS + r"}\right]",
            POWER * TERM / total,
            "t_ck cancels.",
        ),
        (5, r"\frac{\phi_{ck}}{1-\rho}", phi_ck * POWER, "By definition (4)."),
    )
    for number, printed, right, note in lines:
        yield exact(
            f"a-own-{number}",
            f"8.1, own elasticity, line {number}",
            r"\frac{\partial\ln["
            + SUM_OF_TERMS
            + r"]}{\partial\ln t_{ck}}\Big|_{\lambda_k} = "
            + printed,
            Equation(held, right),
            note=note,
        )


def cross() -> Iterator[Claim]:
    """Cross-city occupation-specific elasticity."""
    cross_exact = elasticity(PI_C, t_dk)
    d_share = sp.diff(CELL.lam**-rho, t_dk)
    d_size = sp.diff(CELL.lam ** (1 - rho), t_dk)
    first = t_ck**POWER * T_k * d_share * t_dk / TERMS
    second = -T_k * d_size * t_dk / CELL.G
    own_size = T_k * CELL.lam ** (1 - rho)
    own_term = t_ck**POWER * T_k * CELL.lam**-rho
    yield slip(
        "typo",
        "a-cross",
        "8.1, cross elasticity, first display",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = t_{ck}^{\frac{1}{1-\rho}}T_k"
        r"\left(\frac{\partial\lambda_k^{-\rho}}{\partial t_{c'k}}\right)\left(\frac{t_{c'k}}"
        r"{\sum_l t_{ck}^{\frac{1}{1-\rho}}T_k\lambda_k^{-\rho}}\right) - T_k\left(\frac{\partial"
        r"\lambda_k^{1-\rho}}{\partial t_{c'k}}\right)\left(\frac{t_{c'k}}{\sum_l T_k"
        r"\lambda_k^{1-\rho}}\right)",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = t_{ck}^{\frac{1}{1-\rho}}T_k"
        r"\left(\frac{\partial\lambda_k^{-\rho}}{\partial t_{c'k}}\right)\left(\frac{t_{c'k}}"
        r"{\sum_l t_{cl}^{\frac{1}{1-\rho}}T_l\lambda_l^{-\rho}}\right) - T_k\left(\frac{\partial"
        r"\lambda_k^{1-\rho}}{\partial t_{c'k}}\right)\left(\frac{t_{c'k}}{\sum_l T_l"
        r"\lambda_l^{1-\rho}}\right)",
        Equation(cross_exact, first + second),
        refuted=Equation(
            cross_exact,
            t_ck**POWER * T_k * d_share * t_dk / (K * own_term)
            - T_k * d_size * t_dk / (K * own_size),
        ),
        cause="sum-letter",
        note="The sums run over l and their terms are written with k; read to the letter each is "
        "K times one term. The following lines have the index right.",
    )
    other = appeal(t_dk, z_d)
    yield exact(
        "a-dlambda",
        "8.1, cross elasticity, second display",
        r"\frac{\partial\lambda_k}{\partial t_{c'k}} = \left(\frac{1}{1-\rho}\right)"
        r"\left(\frac{1}{t_{c'k}}\right)[t_{c'k}(Z_{c'}^{-\theta})]^{\frac{1}{1-\rho}}",
        Equation(sp.diff(CELL.lam, t_dk), POWER / t_dk * other),
        note="One term of the sum depends on it.",
    )
    printed_first = t_ck**POWER * T_k * (-rho) * lambda_k ** (-rho - 1) * POWER * other / TERMS
    yield slip(
        "typo",
        "a-cross-first-1",
        "8.1, cross elasticity, first term, line 1",
        r"t_{ck}^{\frac{1}{1-\rho}}T_k(-\rho)(\lambda_k^{-\rho-1})\left(\frac{1}{1-\rho}\right)"
        r"\left(\frac{[t_{c'k}(Z_c^{-\theta})]^{\frac{1}{1-\rho}}}{" + SUM_OF_TERMS + r"}\right)",
        r"t_{ck}^{\frac{1}{1-\rho}}T_k(-\rho)(\lambda_k^{-\rho-1})\left(\frac{1}{1-\rho}\right)"
        r"\left(\frac{[t_{c'k}(Z_{c'}^{-\theta})]^{\frac{1}{1-\rho}}}{"
        + SUM_OF_TERMS
        + r"}\right)",
        Equation(first, printed_first),
        refuted=Equation(first, printed_first.subs(other, appeal(t_dk, z_c))),
        cause="own-scale",
        note="The city scale is that of c', as in the lines before and after.",
    )
    share_d = other / lambda_k
    for number, printed, right, note in (
        (
            2,
            r"-\left(\frac{\rho}{1-\rho}\right)\left(\frac{[t_{c'k}(Z_{c'}^{-\theta})]"
            r"^{\frac{1}{1-\rho}}}{\lambda_k}\right)\left(\frac{t_{ck}^{\frac{1}{1-\rho}}T_k"
            r"\lambda_k^{-\rho}}{" + SUM_OF_TERMS + r"}\right)",
            -rho * POWER * share_d * TERM / TERMS,
            "One lambda_k goes with the other city's term.",
        ),
        (
            3,
            r"-\left(\frac{\rho}{1-\rho}\right)\left(\frac{[t_{c'k}(Z_{c'}^{-\theta})]"
            r"^{\frac{1}{1-\rho}}}{\lambda_k}\right)\phi_{ck}",
            -rho * POWER * share_d * phi_ck,
            "By definition (4).",
        ),
        (
            4,
            r"-\left(\frac{\rho}{1-\rho}\right)\pi_{c'k}\phi_{ck}",
            -rho * POWER * pi_dk * phi_ck,
            "By equation (3).",
        ),
    ):
        yield exact(
            f"a-cross-first-{number}",
            f"8.1, cross elasticity, first term, line {number}",
            printed,
            Equation(first, right),
            note=note,
        )
    for number, printed, right, note in (
        (
            1,
            r"-T_k(\lambda_k^{-\rho})[t_{c'k}(Z_{c'}^{-\theta})]^{\frac{1}{1-\rho}}"
            r"\left(\frac{1}{\sum_k T_k\lambda_k^{1-\rho}}\right)",
            -T_k * lambda_k**-rho * other / G,
            "The factor 1-rho of the power and the 1/(1-rho) of the derivative cancel.",
        ),
        (
            2,
            r"-\left(\frac{[t_{c'k}(Z_{c'}^{-\theta})]^{\frac{1}{1-\rho}}}{\lambda_k}\right)"
            r"\left(\frac{T_k\lambda_k^{1-\rho}}{\sum_k T_k\lambda_k^{1-\rho}}\right)",
            -share_d * T_k * lambda_k ** (1 - rho) / G,
            "One lambda_k again goes with the other city's term.",
        ),
        (3, r"-\pi_{c'k}\omega_k", -pi_dk * omega_k, "By equations (3) and (5)."),
    ):
        yield exact(
            f"a-cross-second-{number}",
            f"8.1, cross elasticity, second term, line {number}",
            printed,
            Equation(second, right),
            note=note,
        )
    yield exact(
        "a-cross-total",
        "8.1, cross elasticity, display before (12)",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = -\pi_{c'k}\left[\omega_k+"
        r"\left(\frac{\rho}{1-\rho}\right)\phi_{ck}\right]",
        Equation(cross_exact, -pi_dk * (omega_k + rho * POWER * phi_ck)),
        note="Exact for two cities of any size, and with a correlation for each occupation.",
    )
    yield other_city("eq-12", "equation (12), 8.1")


def aggregate() -> Iterator[Claim]:
    """Cross-city aggregate elasticity."""
    A = SCALED
    # T_c' d/dT_c' of the two totals, each over the total
    n_prime = A.over_k(sp.diff(A.share_c * A.size, T_d)) * T_d / A.n_c
    G_prime = A.over_k(sp.diff(A.size, T_d)) * T_d / G
    two = A.named(d_n=n_prime, d_G=G_prime)
    d_n, d_G = sp.symbols("d_n d_G", positive=True)
    lone = A.over_k(A.share_c * A.size) / T_d * T_d / A.n_c
    yield slip(
        "typo",
        "a-city",
        "8.1, aggregate elasticity, first display",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = \left(\frac{"
        + SUM_OF_TERMS
        + r"}{\partial T_{c'}}"
        r"\right)\left(\frac{T_{c'}}{" + SUM_OF_TERMS + r"}\right) - \left(\frac{\partial\sum_k T_k"
        r"\lambda_k^{1-\rho}}{\partial T_{c'}}\right)\left(\frac{T_{c'}}{\sum_k T_k"
        r"\lambda_k^{1-\rho}}\right)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = \left(\frac{\partial" + SUM_OF_TERMS + r"}"
        r"{\partial T_{c'}}\right)\left(\frac{T_{c'}}{"
        + SUM_OF_TERMS
        + r"}\right) - \left(\frac{\partial"
        r"\sum_k T_k\lambda_k^{1-\rho}}{\partial T_{c'}}\right)\left(\frac{T_{c'}}{\sum_k T_k"
        r"\lambda_k^{1-\rho}}\right)",
        Equation(A.d_log_pi_c(T_d), d_n - d_G, two),
        refuted=Equation(A.d_log_pi_c(T_d), lone - d_G, two),
        cause="derivative-sign",
        note="The derivative sign is missing from the first numerator.",
    )
    d_lambda = sp.diff(A.lam, T_d)
    yield slip(
        "wrong",
        "a-city-dlambda",
        "8.1, aggregate elasticity, second display",
        r"\frac{\partial\lambda_k}{\partial T_{c'}} = \left(\frac{1}{1-\rho}\right)"
        r"\left(\frac{[t_{ck}(Z_c^{-\theta})]^{\frac{1}{1-\rho}}}{T_{c'}}\right)",
        r"\frac{\partial\lambda_k}{\partial T_{c'}} = \left(\frac{\theta}{1-\rho}\right)"
        r"\left(\frac{[t_{c'k}(Z_{c'}^{-\theta})]^{\frac{1}{1-\rho}}}{T_{c'}}\right)",
        Equation(d_lambda, theta * POWER * A.h_d / T_d, A),
        refuted=Equation(d_lambda, POWER * A.h_c / T_d, A),
        cause="city-power",
        note="Two slips: the city is c', and T_c' enters with the power theta.",
    )
    first = A.over_k(-rho * POWER * A.phi_c * A.pi_dk)
    second = A.over_k(-A.omega * A.pi_dk)
    total = -A.over_k(A.pi_dk * (A.omega + rho * POWER * A.phi_c))
    for number, printed, right in (
        (
            1,
            r"\sum_k\left[-\left(\frac{\rho}{1-\rho}\right)\phi_{ck}\pi_{c'k}\right]"
            r"+\sum_k[-\omega_k\pi_{c'k}]",
            first + second,
        ),
        (
            2,
            r"-\sum_k\pi_{c'k}\left[\omega_k+\left(\frac{\rho}{1-\rho}\right)\phi_{ck}\right]",
            total,
        ),
    ):
        yield slip(
            "wrong",
            f"a-city-{number}",
            f"8.1, aggregate elasticity, line {number}",
            r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = " + printed,
            r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = \theta\left\{" + printed + r"\right\}",
            Equation(A.d_log_pi_c(T_d), theta * right, A),
            refuted=Equation(A.d_log_pi_c(T_d), right, A),
            cause="city-power",
            note="Right for Z_c'^-theta, without any approximation; theta is missing for T_c'.",
        )


def claims() -> Iterator[Claim]:
    """Every claim of appendix 8.1, in order."""
    yield from shares()
    yield from own()
    yield from cross()
    yield from aggregate()
