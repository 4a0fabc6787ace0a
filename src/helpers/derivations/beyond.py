"""Results that the model implies and the paper does not print, proved in the same way."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, exact
from helpers.derivations.section_2_elasticities import OWN
from helpers.derivations.section_2_shares import expected_best
from helpers.derivations.symbols import (
    CELL,
    SCALED,
    SUMS,
    SUMS_BY_OCCUPATION,
    G,
    R_k,
    S_c,
    S_d,
    S_r,
    T_c,
    T_k,
    appeal,
    elasticity,
    k,
    omega_k,
    phi_ck,
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

_HERE = "beyond the paper"


class _HatModel:
    """The cell model before a shock; hats multiply the shifters that are written out."""

    That_c, that_ck, that_dk, That_k, Rhat_k = sp.symbols(
        "That_c that_ck that_c'k That_k Rhat_k", positive=True
    )
    hat_ck = (That_c**theta * that_ck) ** (1 / (1 - rho))
    hat_dk = that_dk ** (1 / (1 - rho))

    @classmethod
    def lambda_hat(cls) -> sp.Expr:
        """Sum of pi_ck hat_ck over cities; the cities in the remainder have a mean hat."""
        rest = 1 - pi_ck - pi_dk
        return pi_ck * cls.hat_ck + pi_dk * cls.hat_dk + rest * cls.Rhat_k

    @classmethod
    def after(cls) -> sp.Expr:
        """lambda_k after the shock, from shifters."""
        return (
            appeal(t_ck * cls.that_ck, z_c * cls.That_c**theta)
            + appeal(t_dk * cls.that_dk, z_d)
            + R_k * cls.Rhat_k
        )


def elasticities() -> Iterator[Claim]:
    """Exact elasticities, and what common shocks do."""
    A, B = SCALED, SUMS_BY_OCCUPATION
    own = elasticity(CELL.meaning[pi_c], t_ck)
    yield exact(
        "b-own-cell",
        _HERE,
        r"\frac{\partial\ln\pi_c}{\partial\ln t_{ck}} = \frac{\phi_{ck}}{1-\rho_k} - \pi_{ck}"
        r"\left[\omega_k+\frac{\rho_k}{1-\rho_k}\phi_{ck}\right]",
        Equation(own, OWN),
        note="The paper's equation (8) without the assumption that cities are small.",
    )
    feedback = A.pi_ck * (A.omega + rho / (1 - rho) * A.phi_c)
    yield exact(
        "b-own-city",
        _HERE,
        r"\frac{\partial\ln\pi_c}{\partial\ln T_c} = \theta\sum_k\left\{\frac{\phi_{ck}}{1-\rho}"
        r" - \pi_{ck}\left[\omega_k+\frac{\rho}{1-\rho}\phi_{ck}\right]\right\}",
        Equation(A.d_log_pi_c(T_c), theta * A.over_k(A.phi_c / (1 - rho) - feedback), A),
        note="The same for the city as a whole.",
    )
    u = sp.Symbol("u", positive=True)
    stretch = u ** (1 / (1 - B.rho))
    lam = stretch * B.lam  # all cities' z times u
    size, flow = B.T * lam ** (1 - B.rho), stretch * B.h_c / lam
    moved = (
        B.over_k(sp.diff(flow * size, u).subs(u, 1)) / B.n_c
        - B.over_k(sp.diff(size, u).subs(u, 1)) / G
    )
    yield exact(
        "b-common-city",
        _HERE,
        r"\sum_{c'}\frac{\partial\ln\pi_c}{\partial\ln z_{c'}} = 0",
        Equation(B.write_out(moved), sp.S.Zero, B),
        note="Own and cross effects of a shock that is common to all cities cancel, occupation by "
        "occupation: a common shock moves nobody.",
    )
    one_occupation = u ** (1 / (1 - rho))
    G_u = T_k * (one_occupation * CELL.lam) ** (1 - rho) + S_c + S_d + S_r
    pi_c_u = (CELL.meaning[pi_ck] * T_k * (one_occupation * CELL.lam) ** (1 - rho) + S_c) / G_u
    yield exact(
        "b-common-cell",
        _HERE,
        r"\sum_{c'}\frac{\partial\ln\pi_c}{\partial\ln t_{c'k}} = \phi_{ck}-\omega_k",
        Equation(sp.diff(sp.log(pi_c_u), u).subs(u, 1), phi_ck - omega_k),
        note="Raising t_ck in every city is the same as raising T_k: the paper's equation (11).",
    )
    hat = sp.IndexedBase("That", positive=True)[k]
    after_size = B.size * hat
    yield exact(
        "b-occupation-rho",
        _HERE,
        r"\pi_c' = \frac{\sum_k\pi_{ck}\omega_k\hat T_k}{\sum_k\omega_k\hat T_k}",
        Equation(B.over_k(B.share_c * after_size) / G, B.over_k(B.pi_ck * B.omega * hat), B),
        Equation(B.over_k(after_size) / G, B.over_k(B.omega * hat), B),
        note="Shares after a shock to occupations, numerator and denominator apart. Observed "
        "shares and the shocks are all that enters: the effect does not depend on rho, so "
        "figure 5 of the paper has to be a line.",
    )


def counterfactuals() -> Iterator[Claim]:
    """Exact hat algebra, diversion and welfare."""
    H = _HatModel
    after = H.after()
    yield exact(
        "b-hat-lambda",
        _HERE,
        r"\hat\lambda_k = \sum_c\pi_{ck}\hat h_{ck},\quad "
        r"\hat h_{ck} = (\hat T_c^{\theta}\hat t_{ck})^{\frac{1}{1-\rho_k}}",
        Equation(after / CELL.lam, H.lambda_hat()),
        note="Changes of an occupation's appeal from observed shares alone.",
    )
    new_share = appeal(t_ck * H.that_ck, z_c * H.That_c**theta) / after
    yield exact(
        "b-hat-share",
        _HERE,
        r"\pi_{ck}' = \frac{\pi_{ck}\hat h_{ck}}{\hat\lambda_k}",
        Equation(new_share, pi_ck * H.hat_ck / H.lambda_hat()),
        note="New shares of an occupation.",
    )
    new_size = T_k * H.That_k * after ** (1 - rho)
    yield exact(
        "b-hat-occupation",
        _HERE,
        r"\omega_k' \propto \omega_k\,\hat T_k\,\hat\lambda_k^{1-\rho_k}",
        Equation(new_size / G, omega_k * H.That_k * H.lambda_hat() ** (1 - rho)),
        note="New sizes of occupations, up to the sum over all of them.",
    )
    yield exact(
        "b-welfare",
        _HERE,
        r"E[\max_{c,k} Z_{ck}] = \Gamma(1-\tfrac1\theta)\,G^{1/\theta}",
        Equation(expected_best(), sp.gamma(1 - 1 / theta) * G ** (1 / theta)),
        note="Expected productivity of a household, for theta above one.",
        method="integral over the value of the best draw",
    )
    welfare = CELL.G ** (1 / theta)
    yield exact(
        "b-welfare-cell",
        _HERE,
        r"\frac{\partial\ln E[\max Z]}{\partial\ln t_{ck}} = \frac{\pi_{ck}\omega_k}{\theta}",
        Equation(elasticity(welfare, t_ck), pi_ck * omega_k / theta),
        note="What a better cell is worth to a household before it draws: the share of "
        "households in it.",
    )
    A = SCALED
    yield exact(
        "b-welfare-city",
        _HERE,
        r"\frac{\partial\ln E[\max Z]}{\partial\ln T_c} = \pi_c",
        Equation(A.over_k(sp.diff(A.size, T_c)) * T_c / G / theta, pi_c * A.whole, A),
        note="What a better city is worth: its share, as Hulten's theorem says.",
    )
    B = SUMS_BY_OCCUPATION
    hat_c, hat_d, rest, That = (
        sp.IndexedBase(name, positive=True)[k] for name in ("h_c", "h_c'", "Rhat", "That")
    )
    lambda_new = B.h_c * hat_c + B.h_d * hat_d + B.R * rest
    lambda_hat = B.pi_ck * hat_c + B.pi_dk * hat_d + (1 - B.pi_ck - B.pi_dk) * rest
    yield exact(
        "b-welfare-hat",
        _HERE,
        r"\widehat{E[\max Z]}^{\,\theta} = \hat G = \sum_k\omega_k\hat T_k\hat\lambda_k^{1-\rho_k}",
        Equation(
            B.over_k(B.T * That * lambda_new ** (1 - B.rho)) / G,
            B.over_k(B.omega * That * lambda_hat ** (1 - B.rho)),
            B,
        ),
        note="Change of expected productivity under any shock, from observed shares.",
    )


def diversion() -> Iterator[Claim]:
    """Where those go who leave."""
    S = SUMS
    inflow = -S.n_d / G * S.d_log_pi_d(z_c)
    flow = S.pi_ck * S.omega * (pi_d + rho / (1 - rho) * S.pi_dk)
    yield exact(
        "b-inflow",
        _HERE,
        r"-\frac{\partial\pi_{c'}}{\partial\ln z_c} = \sum_k\pi_{ck}\omega_k\left[\pi_{c'}+"
        r"\frac{\rho}{1-\rho}\pi_{c'k}\right]",
        Equation(inflow, S.over_k(flow), S),
        note="Households that c' gains when c becomes a little worse. It is symmetric in c and c': "
        "each is to the other what the other is to it.",
    )
    outflow = S.over_k(S.pi_ck * S.omega * (1 - pi_c + rho / (1 - rho) * (1 - S.pi_ck)))
    yield exact(
        "b-outflow",
        _HERE,
        r"\frac{\partial\pi_c}{\partial\ln z_c} = \sum_k\pi_{ck}\omega_k\left[1-\pi_c+"
        r"\frac{\rho}{1-\rho}(1-\pi_{ck})\right]",
        Equation(S.n_c / G * S.d_log_pi_c(z_c), outflow, S),
        note="Households that c loses.",
    )
    # with shares as observed, in observed sums: a = sum pi_ck omega_k, and the like
    same, cross, lost = sp.symbols("m_cc' x_cc' y_c", positive=True)
    weight = rho / (1 - rho)
    ratio = (same * pi_d + weight * cross) / (same * (1 - pi_c) + weight * lost)
    yield exact(
        "b-diversion-0",
        _HERE,
        r"\rho\to0:\quad D_{cc'} \to \frac{\pi_{c'}}{1-\pi_c}",
        Equation(sp.limit(ratio, rho, 0), pi_d / (1 - pi_c), PLAIN),
        note="With the two flows above over each other: without correlation leavers spread in "
        "proportion to size.",
        method="limit with shares as observed",
    )
    yield exact(
        "b-diversion-1",
        _HERE,
        r"\rho\to1:\quad D_{cc'} \to \frac{\sum_k\pi_{ck}\pi_{c'k}\omega_k}"
        r"{\sum_k\pi_{ck}(1-\pi_{ck})\omega_k}",
        Equation(sp.limit(ratio, rho, 1, "-"), cross / lost, PLAIN),
        note="At the other end everyone stays in the occupation and goes where it is.",
        method="limit with shares as observed",
    )


def results() -> Iterator[Claim]:
    """Every result, in order."""
    yield from elasticities()
    yield from counterfactuals()
    yield from diversion()
