"""Claims of section 2.3: elasticities, and footnote 6."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, approximation, exact, slip
from helpers.derivations.symbols import (
    CELL,
    CELL_AT_ZERO,
    SCALED,
    SCALED_AT_ZERO,
    SUMS,
    G,
    S_c,
    T_c,
    T_d,
    T_k,
    appeal,
    elasticity,
    lambda_k,
    omega_k,
    phi_ck,
    phi_dk,
    pi_c,
    pi_ck,
    pi_d,
    pi_dk,
    rho,
    t_ck,
    t_dk,
    theta,
    z_c,
    z_d,
)

OWN = phi_ck / (1 - rho) - pi_ck * (omega_k + rho / (1 - rho) * phi_ck)
FEEDBACK = pi_ck * (omega_k + rho / (1 - rho) * phi_ck)


def cell_elasticities() -> Iterator[Claim]:
    """Section 2.3 up to 2.3.1."""
    yield approximation(
        "s23-small",
        "section 2.3, text",
        r"\frac{\partial\ln\lambda_k}{\partial\ln t_{ck}} \approx 0",
        r"\frac{\partial\ln\lambda_k}{\partial\ln t_{ck}} = \frac{\pi_{ck}}{1-\rho}",
        Equation(elasticity(CELL.lam, t_ck), pi_ck / (1 - rho)),
        sp.S.Zero,
        -pi_ck / (1 - rho),
        cause="small-city",
        note="Small where a city has few of an occupation's households.",
    )
    # lambda_k and G as if they did not move, then put back in
    held = elasticity((appeal(t_ck, z_c) * T_k * lambda_k**-rho + S_c) / G, t_ck)
    yield slip(
        "typo",
        "eq-8",
        "equation (8)",
        r"\frac{\partial\ln\pi_{ck}}{\partial\ln t_{ck}} \approx \phi_{ck}\left(\frac{1}{1-\rho}\right)",
        r"\frac{\partial\ln\pi_{c}}{\partial\ln t_{ck}} \approx \frac{\phi_{ck}}{1-\rho},\quad"
        r"\text{exactly } \frac{\phi_{ck}}{1-\rho} - \pi_{ck}\left[\omega_k+\frac{\rho}{1-\rho}"
        r"\phi_{ck}\right]",
        Equation(held, phi_ck / (1 - rho)),
        Equation(elasticity(CELL.meaning[pi_c], t_ck), OWN),
        Equation(phi_ck / (1 - rho) - elasticity(CELL.meaning[pi_c], t_ck), FEEDBACK),
        refuted=Equation(elasticity(appeal(t_ck, z_c) / lambda_k, t_ck), phi_ck / (1 - rho), CELL),
        neglected=FEEDBACK,
        cause="own-left",
        note="The left side should be pi_c, as in the derivation of 8.1; the elasticity of pi_ck "
        "is 1/(1-rho) for a small city, whatever its mix. The corrected expression is an "
        "approximation.",
    )
    yield exact(
        "s23-limit",
        "section 2.3, text",
        r"\rho\to1:\quad \frac{\phi_{ck}}{1-\rho}\to\infty",
        Equation(sp.limit((1 - rho) / phi_ck, rho, 1, "-"), sp.S.Zero, PLAIN),
        note="With shares as observed.",
        method="limit of the inverse",
    )
    yield other_city("eq-9", "equation (9)")
    cross_zero = elasticity(CELL_AT_ZERO.meaning[pi_c], t_dk)
    yield exact(
        "s23-ces",
        "section 2.3, text",
        r"\rho=0:\quad \frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = -\pi_{c'k}\omega_k",
        Equation(cross_zero, -pi_dk * omega_k, CELL_AT_ZERO),
        note="Without correlation every other city responds alike.",
    )


def other_city(id: str, place: str) -> Claim:
    """Equations (9) and (12), which are printed alike."""
    cross = elasticity(CELL.meaning[pi_c], t_dk)
    return slip(
        "typo",
        id,
        place,
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = -\pi_{c'}\phi_{ck}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]",
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = -\pi_{c'}\phi_{c'k}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]",
        Equation(cross, -pi_d * phi_dk * (1 + rho / (1 - rho) * pi_ck / pi_c)),
        refuted=Equation(cross, -pi_d * phi_ck * (1 + rho / (1 - rho) * pi_ck / pi_c)),
        cause="shocked-mix",
        note="The mix is that of the city that is shocked, c'. The line before (12) is right, "
        "and the identity (6) turns it into this. With the index corrected it is exact: no "
        "city need be small.",
    )


def aggregate_elasticities() -> Iterator[Claim]:
    """Section 2.3.1."""
    A, S = SCALED, SUMS
    yield approximation(
        "s231-small",
        "section 2.3.1, text",
        r"\frac{\partial\ln\lambda_k}{\partial\ln T_c} \approx 0",
        r"\frac{\partial\ln\lambda_k}{\partial\ln T_c} = \frac{\theta\,\pi_{ck}}{1-\rho}",
        Equation(elasticity(A.lam, T_c), theta / (1 - rho) * A.pi_ck, A),
        sp.S.Zero,
        -theta / (1 - rho) * A.pi_ck,
        cause="small-city",
        note="As before, theta times as large.",
    )
    feedback = A.pi_ck * (A.omega + rho / (1 - rho) * A.phi_c)
    exact_own = theta * A.over_k(A.phi_c / (1 - rho) - feedback)
    held = A.over_k(sp.diff(A.h_c, T_c) * T_c * A.T * A.lam**-rho) / A.n_c
    yield slip(
        "wrong",
        "s231-own",
        "section 2.3.1, first display",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_c} \approx \frac{1}{1-\rho}",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_c} \approx \frac{\theta}{1-\rho},\quad"
        r"\text{exactly } \theta\left\{\frac{1}{1-\rho} - \sum_k\pi_{ck}\left[\omega_k+"
        r"\frac{\rho}{1-\rho}\phi_{ck}\right]\right\}",
        Equation(held, theta / (1 - rho) * A.whole, A),
        Equation(A.d_log_pi_c(T_c), exact_own, A),
        Equation(theta / (1 - rho) * A.whole - A.d_log_pi_c(T_c), theta * A.over_k(feedback), A),
        refuted=Equation(held, 1 / (1 - rho) * A.whole, A),
        neglected=theta * A.over_k(feedback),
        cause="city-power",
        note="By section 2.2 T_c enters with the power theta, which is missing. The printed value "
        "is the elasticity with respect to Z_c^-theta, or to all of the city's t_ck at once.",
    )
    yield exact(
        "s231-phi-sum",
        "section 2.3.1, text",
        r"\sum_k \phi_{ck} = 1",
        Equation(S.write_out(S.over_k(S.share_c * S.size) / S.n_c), sp.S.One, PLAIN),
        note="The mix of a city adds up to one.",
    )
    own_cells = A.over_k(A.phi_c / (1 - rho) - feedback)
    yield slip(
        "wrong",
        "s231-own-1",
        "section 2.3.1, derivation",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_c} = \sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{ck}}",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_c} = \theta\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{ck}}",
        Equation(A.d_log_pi_c(T_c), theta * own_cells, A),
        refuted=Equation(A.d_log_pi_c(T_c), own_cells, A),
        cause="city-power",
        note="The chain rule: a change of T_c changes each of the city's scales by theta times as "
        "much.",
    )
    own = S.phi_c / (1 - rho)
    feedback_z = S.pi_ck * (S.omega + rho / (1 - rho) * S.phi_c)
    yield approximation(
        "s231-own-2",
        "section 2.3.1, derivation",
        r"\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} = \sum_k\phi_{ck}\left(\frac{1}{1-\rho}\right)",
        r"\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} = \sum_k\left\{\frac{\phi_{ck}}{1-\rho}"
        r" - \pi_{ck}\left[\omega_k+\frac{\rho}{1-\rho}\phi_{ck}\right]\right\}",
        Equation(S.d_log_pi_c(z_c), S.over_k(own - feedback_z), S),
        S.over_k(own),
        S.over_k(feedback_z),
        cause="small-city",
        note="Equation (8) is an approximation, so this line is one, though it has an equals sign.",
    )
    yield exact(
        "s231-own-3",
        "section 2.3.1, derivation",
        r"\sum_k\phi_{ck}\left(\frac{1}{1-\rho}\right) = \left(\frac{1}{1-\rho}\right)\sum_k\phi_{ck}"
        r" = \frac{1}{1-\rho}",
        Equation(S.over_k(own), 1 / (1 - rho) * S.whole, S),
        note="Here one rho for all occupations is needed; with several the result is the mean of "
        "1/(1-rho_k), weighted by the city's mix.",
    )
    Z = SCALED_AT_ZERO
    yield slip(
        "wrong",
        "s231-rho-zero",
        "section 2.3.1, text",
        r"\rho=0:\quad \frac{\partial\ln\pi_c}{\partial\ln T_c} = 1",
        r"\rho=0:\quad \frac{\partial\ln\pi_c}{\partial\ln T_c} = \theta\,(1-\pi_c)",
        Equation(Z.d_log_pi_c(T_c), theta * (Z.whole - Z.over_k(Z.pi_ck * Z.omega)), Z),
        refuted=Equation(Z.d_log_pi_c(T_c), sp.S.One, Z),
        cause="city-power",
        note="Again theta is missing, and the value is for a city of no size.",
    )
    bracket = 1 + rho / (1 - rho) * A.pi_ck / pi_c
    cross_T = A.d_log_pi_c(T_d)
    right = -pi_d * A.over_k(A.phi_d * bracket)
    yield slip(
        "wrong",
        "eq-10",
        "equation (10)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = -\pi_{c'}\left[\sum_k\phi_{c'k}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]\right]",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = -\theta\,\pi_{c'}\sum_k\phi_{c'k}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]",
        Equation(cross_T, theta * right, A),
        refuted=Equation(cross_T, right, A),
        cause="city-power",
        note="Right for Z_c'^-theta, and for that exact without the assumption that cities are "
        "small; for T_c' theta is missing. The order of cities is not touched, the size is.",
    )
    cells = -A.over_k(A.pi_dk * (A.omega + rho / (1 - rho) * A.phi_c))
    yield slip(
        "wrong",
        "s231-cross-1",
        "section 2.3.1, derivation of (10)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = \sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}}",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = \theta\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}}",
        Equation(cross_T, theta * cells, A),
        refuted=Equation(cross_T, cells, A),
        cause="city-power",
        note="The chain rule once more.",
    )
    cross_z = S.d_log_pi_c(z_d)
    bracket_z = 1 + rho / (1 - rho) * S.pi_ck / pi_c
    yield slip(
        "typo",
        "s231-cross-2",
        "section 2.3.1, derivation of (10)",
        r"\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = \sum_k\left[-\pi_{c'}\phi_{ck}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]\right]",
        r"\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = \sum_k\left[-\pi_{c'}\phi_{c'k}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]\right]",
        Equation(cross_z, S.over_k(-pi_d * S.phi_d * bracket_z), S),
        refuted=Equation(cross_z, S.over_k(-pi_d * S.phi_c * bracket_z), S),
        cause="shocked-mix",
        note="The index of equation (9) again; the next line of the paper has the right one, "
        "so the two lines are not equal.",
    )
    yield exact(
        "s231-cross-3",
        "section 2.3.1, derivation of (10)",
        r"\sum_k\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = -\pi_{c'}\left[\sum_k\phi_{c'k}"
        r"\left[1+\left(\frac{\rho}{1-\rho}\right)\left(\frac{\pi_{ck}}{\pi_c}\right)\right]\right]",
        Equation(cross_z, -pi_d * S.over_k(S.phi_d * bracket_z), S),
        note="The last line of the derivation is right for the sum that it set out from.",
    )
    yield slip(
        "wrong",
        "footnote-6",
        "footnote 6, section 5.1",
        r"\rho=0:\quad \frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = \pi_{c'}",
        r"\rho=0:\quad \frac{\partial\ln\pi_c}{\partial\ln T_{c'}} = -\theta\,\pi_{c'}",
        Equation(Z.d_log_pi_c(T_d), -theta * pi_d * Z.over_k(Z.phi_d), Z),
        refuted=Equation(Z.d_log_pi_c(T_d), pi_d, Z),
        cause="city-power",
        note="The sign and theta. That it is the same for every other city is right.",
    )
    two = CELL.named(
        d_phi=elasticity(CELL.meaning[phi_ck], T_k), d_omega=elasticity(CELL.meaning[omega_k], T_k)
    )
    d_phi, d_omega = sp.symbols("d_phi d_omega", positive=True)
    d_pi = elasticity(CELL.meaning[pi_c], T_k)
    yield slip(
        "typo",
        "s231-occupation-1",
        "section 2.3.1, derivation of (11)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_k} = \left(\frac{\partial\phi_{ck}}{\partial T_k}\right)"
        r"\left(\frac{T_k}{\phi_{ck}}\right) - \left(\frac{\partial\omega_k}{\partial T_k}\right)"
        r"\left(\frac{T_k}{\omega_k}\right)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_k} = \left(\frac{\partial\omega_k}{\partial T_k}\right)"
        r"\left(\frac{T_k}{\omega_k}\right) - \left(\frac{\partial\phi_{ck}}{\partial T_k}\right)"
        r"\left(\frac{T_k}{\phi_{ck}}\right)",
        Equation(d_pi, d_omega - d_phi, two),
        refuted=Equation(d_pi, d_phi - d_omega, two),
        cause="swapped-terms",
        note="The two terms are the other way round: by (6) ln pi_c has ln omega_k with a plus "
        "and ln phi_ck with a minus. The line as printed equals omega_k - phi_ck, the negative "
        "of the line that follows it.",
    )
    yield exact(
        "s231-occupation-2",
        "section 2.3.1, derivation of (11)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_k} = \phi_{ck} - \omega_k",
        Equation(d_pi, phi_ck - omega_k),
        note="Exact for any city and any correlations.",
    )
    yield exact(
        "eq-11",
        "equation (11)",
        r"\frac{\partial\ln\pi_c}{\partial\ln T_k} = \omega_k\left[\frac{\pi_{ck}}{\pi_c}-1\right]",
        Equation(d_pi, omega_k * (pi_ck / pi_c - 1)),
        note="No rho in it: given the shares, correlation plays no part in an occupation's shock.",
    )


def claims() -> Iterator[Claim]:
    """Every claim of section 2.3, in order."""
    yield from cell_elasticities()
    yield from aggregate_elasticities()
