"""Claims of sections 2 to 2.2: the distribution of productivity, and shares."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, definition, exact, slip
from helpers.derivations.symbols import (
    CELL,
    SUMS,
    SUMS_BY_OCCUPATION,
    G,
    K,
    N,
    R_k,
    S_c,
    S_d,
    S_r,
    T_c,
    T_k,
    appeal,
    elasticity,
    gamma,
    k,
    lambda_k,
    omega_k,
    phi_ck,
    pi_ck,
    rho,
    t_ck,
    t_dk,
    theta,
    z_c,
    z_d,
)

x, x_c, x_d, u = sp.symbols("x x_c x_c' u", positive=True)
T_ck, T_dk, R = sp.symbols("T_ck T_c'k R", positive=True)
G_c = sp.Symbol("G_c", positive=True)
_a, _b = T_ck * x_c**-theta, T_dk * x_d**-theta


def chosen_first() -> sp.Expr:
    """Probability that city c is best: the density of its draw where all others are below.

    With G homogeneous of degree one, d/dx_c exp(-G(z x^-theta)) at a common x is
    theta z_c x^(-theta-1) G_c exp(-G x^-theta); integrated over x.
    """
    density = theta * z_c * x ** (-theta - 1) * G_c * sp.exp(-G * x**-theta)
    return sp.simplify(sp.integrate(density, (x, 0, sp.oo)))


def expected_best() -> sp.Expr:
    """Expected productivity of the best draw, for theta above one.

    The best draw x has the distribution exp(-G x^-theta); with v = G x^-theta it is the
    integral of (G / v)^(1/theta) e^-v.
    """
    excess = sp.Symbol("excess", positive=True)  # theta = 1 + excess
    v = sp.Symbol("v", positive=True)
    integral = sp.integrate(v ** (-1 / (1 + excess)) * sp.exp(-v), (v, 0, sp.oo))
    return (G ** (1 / theta)) * sp.gammasimp(integral).subs(excess, theta - 1)


def joint(inner: sp.Expr, own: sp.Expr, other: sp.Expr, rest: sp.Expr) -> sp.Expr:
    """Exponent of the joint distribution within an occupation: [a^(1/(1-rho)) + ...]^(1-rho)."""
    return (own ** (1 / (1 - inner)) + other ** (1 / (1 - inner)) + rest) ** (1 - inner)


def distribution() -> Iterator[Claim]:
    """Section 2 before 2.1, and 2.1."""
    yield exact(
        "s2-independent",
        "section 2, first display",
        r"\prod_c P[Z_c<z_c] = \exp\{-\sum_c T_{ck} Z_c^{-\theta}\}",
        Equation(sp.log(sp.exp(-_a) * sp.exp(-_b) * sp.exp(-R)), -(_a + _b + R), PLAIN),
        note="Independent draws multiply. Z_c stands here for the value at which the "
        "distribution is taken; in 2.2 the same letters name a parameter.",
    )
    yield definition(
        "s2-correlated",
        "section 2, second display",
        r"P[Z_1<z_1,\dots] = \exp\{-(\sum_c (T_{ck} Z_c^{-\theta})^{\frac{1}{1-\rho}})^{1-\rho}\}",
        Equation(
            joint(rho, _a, sp.S.Zero, sp.S.Zero),
            T_ck * x_c**-theta,
            PLAIN,
        ),
        note="One city's own distribution, with all others left free, has no rho in it: "
        "correlation changes how draws go together, not how far they spread. The sentence "
        "that the spread falls with rho is about differences between cities.",
        method="marginal distribution of one city, others sent to infinity",
    )
    yield exact(
        "s2-rho-zero",
        "section 2, after the second display",
        r"\rho=0:\quad \exp\{-\sum_c T_{ck} Z_c^{-\theta}\}",
        Equation(joint(rho, _a, _b, R).subs(rho, 0), _a + _b + R, PLAIN),
        note="Without correlation the draws are independent.",
    )
    yield exact(
        "s2-rho-one",
        "section 2, after the second display",
        r"\rho\to1:\quad (\sum_c a_c^{\frac{1}{1-\rho}})^{1-\rho} \to \max_c a_c",
        Equation(sp.limit(N ** (1 - rho), rho, 1, "-"), sp.S.One, PLAIN),
        note="The sum lies between the largest term and N to the power 1-rho times it, so it "
        "tends to the largest: all draws of an occupation move as one. They become identical "
        "across cities only where the scales T_ck are equal.",
        method="bounds that hold for any N, and their limit",
    )
    scaled = T_k * (
        (((t_ck * z_c) * u**-theta) ** (1 / (1 - rho)))
        + (((t_dk * z_d) * u**-theta) ** (1 / (1 - rho)))
        + R_k * u ** (-theta / (1 - rho))
    ) ** (1 - rho) + u**-theta * (S_c + S_d + S_r)
    yield slip(
        "typo",
        "eq-1",
        "equation (1)",
        r"P[Z_1<z,\dots,Z_N<z] = \exp\{-\sum_k[\sum_c (T_{ck}Z_c^{-\theta})"
        r"^{\frac{1}{1-\rho_k}}]^{1-\rho_k}\}",
        r"P[Z_1<z_1,\dots,Z_N<z_N] = \exp\{-\sum_k[\sum_c (T_{ck}z_c^{-\theta})"
        r"^{\frac{1}{1-\rho_k}}]^{1-\rho_k}\}",
        Equation(scaled, u**-theta * G, CELL),
        refuted=Equation(joint(rho, _a, _b, R).subs(x_d, x_c), joint(rho, _a, _b, R), PLAIN),
        cause="one-value",
        note="The left side has one value z for all cities, the right side one for each. "
        "Proved of the right side: scaling all draws by u scales the exponent by u^-theta, "
        "which makes it max-stable Frechet with shape theta.",
    )
    yield slip(
        "wrong",
        "s21-scale",
        "section 2.1",
        r"T_{ck} = T_c T_k t_{ck}",
        r"T_{ck} = T_c^{\theta} T_k t_{ck}",
        Equation(
            elasticity(T_k * t_ck * (T_c / gamma) ** theta, T_c),
            elasticity(T_c**theta * T_k * t_ck, T_c),
            PLAIN,
        ),
        refuted=Equation(
            elasticity(T_k * t_ck * (T_c / gamma) ** theta, T_c),
            elasticity(T_c * T_k * t_ck, T_c),
            PLAIN,
        ),
        cause="city-power",
        note="Section 2.2 absorbs T_c into Z_c^-theta = gamma^-theta T_c^theta, where it has the "
        "power theta; here it has the power one. Section 3.2 and the choice of theta for the "
        "counterfactuals go with the former, which we follow. The two readings of a shock to "
        "T_c differ by the power theta.",
    )
    yield definition(
        "s21-max",
        "section 2.1",
        r"Z_c = \max_k \{Z_{ck}\}",
        Equation(
            SUMS.over_k(-SUMS.T * x**-theta), -(x**-theta) * SUMS.over_k(SUMS.T), SUMS_BY_OCCUPATION
        ),
        note="Draws of different occupations are independent, so the best of a city is Frechet "
        "with the sum of the scales.",
        method="distribution of the largest of K independent draws",
    )


def equilibrium() -> Iterator[Claim]:
    """Section 2.2."""
    yield exact(
        "s22-share",
        "section 2.2, first display",
        r"\pi_c = \frac{Z_c^{-\theta}G_c}{G}",
        Equation(chosen_first(), z_c * G_c / G, PLAIN),
        note="The probability that c has the best draw, for any correlation function that is "
        "homogeneous of degree one.",
        method="integral over the value of the best draw",
    )
    stretched = [
        u ** (1 / (1 - rho)) * part for part in (appeal(t_ck, z_c), appeal(t_dk, z_d), R_k)
    ]
    yield definition(
        "s22-derivative",
        "section 2.2, text",
        r"G_c = \partial G/\partial Z_c^{-\theta}",
        Equation(
            sp.diff(T_k * sum(stretched) ** (1 - rho) + u * (S_c + S_d + S_r), u).subs(u, 1), G
        ),
        note="G is homogeneous of degree one, so the terms Z_c^-theta G_c add up to G and the "
        "shares to one (Euler).",
        method="derivative of G along a common scaling of all cities",
    )
    B = SUMS_BY_OCCUPATION
    pulled_in = B.with_T_inside()
    yield slip(
        "typo",
        "eq-2",
        "equation (2)",
        r"G = \sum_{k=0}^{K} T_k[\sum_{c=0}^{N}(t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho_k}}]^{1-\rho_k}",
        r"G = \sum_{k=1}^{K} T_k[\sum_{c=1}^{N}(t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho_k}}]^{1-\rho_k}",
        Equation(B.over_k(pulled_in), B.over_k(B.T * B.lambda_k ** (1 - B.rho)), B),
        refuted=Equation(B.over_k(B.size), sp.Sum(B.size, (k, 0, K)), B),
        cause="sums-from-zero",
        note="The sums start at zero, which adds a city and an occupation that do not exist. "
        "T_k comes out of the brackets with the power one.",
    )
    yield definition(
        "s22-z",
        "section 2.2, text",
        r"Z_c^{-\theta} = \gamma^{-\theta}T_c^{\theta}",
        Equation(elasticity((T_c / gamma) ** theta, T_c), theta, PLAIN),
        note="A change of T_c by one per cent changes the city's scale by theta per cent. A "
        "constant gamma that is common to all cities moves no share.",
    )
    yield slip(
        "wrong",
        "s22-gamma",
        "section 2.2, text",
        r"\gamma = \Gamma(\tfrac{\theta+1-\rho_k}{\theta})^{\frac{1}{1-\rho_k}}",
        r"E[\max] = \Gamma(1-\tfrac{1}{\theta})\,G^{1/\theta}",
        Equation(expected_best(), sp.gamma(1 - 1 / theta) * G ** (1 / theta), PLAIN),
        refuted=Equation(
            sp.gamma(1 - 1 / theta),
            sp.gamma((theta + 1 - rho) / theta) ** (1 / (1 - rho)),
            PLAIN,
        ),
        cause="gamma",
        note="This is the constant of a price index in a model of trade, with an elasticity of "
        "substitution where rho stands. The constant of expected productivity here has no rho "
        "in it. A gamma that varies with k cannot be part of Z_c either. It cancels from every "
        "share, so only levels of T_c depend on it.",
    )
    yield definition(
        "s22-lambda",
        "section 2.2, display",
        r"\lambda_k = \sum_c (t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho}}",
        Equation((CELL.size / T_k) ** (1 / (1 - rho)), appeal(t_ck, z_c) + appeal(t_dk, z_d) + R_k),
        note="What occupation k adds to G is T_k lambda_k^(1-rho).",
    )
    yield exact(
        "s22-occupation-share",
        "section 2.2, display",
        r"\pi_{ck} = \frac{Z_c^{-\theta}G_c^k}{G^k}",
        Equation(elasticity(CELL.lam ** (1 - rho), z_c), pi_ck),
        note="Exact with the corrected G^k = lambda_k^(1-rho).",
    )
    yield slip(
        "wrong",
        "s22-Gk",
        "section 2.2, text before (3)",
        r"G^k = \sum_c (t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho_k}}",
        r"G^k = [\sum_c (t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho_k}}]^{1-\rho_k}",
        Equation(elasticity(CELL.lam ** (1 - rho), z_c), pi_ck),
        refuted=Equation(elasticity(CELL.lam, z_c), pi_ck),
        cause="outer-exponent",
        note="The outer exponent is missing. Without it the display above gives shares that are "
        "too large by 1/(1-rho) and do not sum to one. Equation (3) is right.",
    )
    yield exact(
        "eq-3",
        "equation (3)",
        r"\pi_{ck} = \frac{(t_{ck}Z_c^{-\theta})^{\frac{1}{1-\rho}}}{\lambda_k}",
        Equation(elasticity(CELL.lam ** (1 - rho), z_c), appeal(t_ck, z_c) / lambda_k),
        note="Holds with a correlation of its own for each occupation.",
    )
    S = SUMS
    stripped = S.t_c ** (1 / (1 - rho)) * S.T * S.lambda_k**-rho
    M_c = sp.Symbol("M_c", positive=True)  # the sum of these over occupations
    yield definition(
        "eq-4",
        "equation (4)",
        r"\phi_{ck} \equiv \frac{t_{ck}^{\frac{1}{1-\rho}}T_k\lambda_k^{-\rho}}"
        r"{\sum_k t_{ck}^{\frac{1}{1-\rho}}T_k\lambda_k^{-\rho}}",
        Equation(
            (S.share_c * S.size / S.n_c).subs(S.n_c, z_c ** (1 / (1 - rho)) * M_c),
            stripped / M_c,
            S,
        ),
        Equation(S.totals[S.n_c], z_c ** (1 / (1 - rho)) * S.over_k(stripped), S),
        note="The share of a city's households in occupation k. This form needs one rho for all "
        "occupations: with several, Z_c does not cancel, and the share is pi_ck omega_k / pi_c. "
        "The sum's index is printed as the letter that is already taken.",
    )
    yield definition(
        "eq-5",
        "equation (5)",
        r"\omega_k \equiv \frac{T_k\lambda_k^{1-\rho}}{\sum_k T_k\lambda_k^{1-\rho}}",
        Equation(elasticity(CELL.G, T_k), T_k * lambda_k ** (1 - rho) / G),
        note="The probability that a household's best draw is in occupation k, in any city.",
    )
    yield exact(
        "eq-6",
        "equation (6)",
        r"\pi_c \equiv \frac{\omega_k}{\phi_{ck}}\pi_{ck}",
        Equation(elasticity(CELL.G, z_c) + S_c / CELL.G, omega_k / phi_ck * pi_ck),
        note="Printed as a definition; it is an identity, and says that both sides of "
        "pi_c phi_ck = pi_ck omega_k count the households of one cell. The sentence below it "
        "describes phi_ck / omega_k = pi_ck / pi_c.",
    )
    B = SUMS_BY_OCCUPATION
    d_G = B.over_k(sp.diff(B.size, z_c)) * z_c / G
    yield exact(
        "s22-sum",
        "section 2.2, display before (7)",
        r"\pi_c = \sum_k \frac{(Z_c^{-\theta}t_{ck})^{\frac{1}{1-\rho}}}{\lambda_k}"
        r"\frac{T_k\lambda_k^{1-\rho}}{\sum_k T_k\lambda_k^{1-\rho}}",
        Equation(d_G, B.over_k(B.h_c / B.lambda_k * B.T * B.lambda_k ** (1 - B.rho) / G), B),
        note="City shares from G, term by term.",
    )
    yield exact(
        "eq-7",
        "equation (7)",
        r"\pi_c = \sum_k \pi_{ck}\omega_k",
        Equation(d_G, B.over_k(B.pi_ck * B.omega), B),
        note="The total over occupations. It holds with a correlation for each.",
    )


def claims() -> Iterator[Claim]:
    """Every claim of sections 2 to 2.2, in order."""
    yield from distribution()
    yield from equilibrium()
