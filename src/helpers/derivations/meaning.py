"""What a slope measures and what wages show, proved like the paper's own expressions."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, exact
from helpers.derivations.symbols import (
    CELL,
    SUMS,
    G,
    R_k,
    S_c,
    S_d,
    S_r,
    T_k,
    appeal,
    elasticity,
    omega_k,
    phi_ck,
    pi_c,
    pi_ck,
    pi_d,
    rho,
    t_ck,
    t_dk,
    theta,
    z_c,
    z_d,
)

_HERE = "beyond the paper"
alpha, w_ck, eta_ck, beta = sp.symbols("alpha w_ck eta_ck beta", positive=True)
x, x_ck = sp.symbols("x x_ck", positive=True)


def unit_of_the_wage() -> Iterator[Claim]:
    """The slope when a wage enters the scale of a cell with a power."""
    log_share = sp.log(appeal(w_ck**alpha * eta_ck, z_c)) - sp.log(sp.Symbol("L", positive=True))
    slope = w_ck * sp.diff(log_share, w_ck)
    yield exact(
        "b-wage-slope",
        _HERE,
        r"t_{ck}=w_{ck}^{\alpha}\eta_{ck}\;\Rightarrow\;"
        r"\frac{\partial\ln\pi_{ck}}{\partial\ln w_{ck}}\Big|_{\lambda_k} = \frac{\alpha}{1-\rho}",
        Equation(slope, alpha / (1 - rho), PLAIN),
        note="What the regression of section 3.1 estimates, with the occupation's appeal held by "
        "its effects. At alpha = 1 it is the paper's; if pay per unit of what a household "
        "produces is the wage, alpha is theta.",
    )
    yield exact(
        "b-wage-rho",
        _HERE,
        r"\rho = 1-\frac{\alpha}{\beta}",
        Equation(sp.solve(sp.Eq(beta, alpha / (1 - rho)), rho)[0], 1 - alpha / beta, PLAIN),
        note="A slope alone says what alpha and rho are together, and neither of them.",
    )
    yield exact(
        "b-wage-berry",
        _HERE,
        r"\ln(\pi_{ck}\omega_k) = \rho\ln\pi_{ck}+\ln(T_k t_{ck} z_c)-\ln G",
        Equation(
            sp.log(pi_ck * omega_k), rho * sp.log(pi_ck) + sp.log(T_k * t_ck * z_c) - sp.log(G)
        ),
        note="Berry's form of the nested choice: the share of all households on the share within "
        "the nest has the slope rho, whatever the unit of the wage, and the wage has the slope "
        "alpha.",
    )
    yield exact(
        "b-wage-nest",
        _HERE,
        r"\ln\omega_k = \ln T_k+(1-\rho)\ln\lambda_k-\ln G",
        Equation(
            sp.log(omega_k),
            sp.log(T_k) + (1 - rho) * sp.log(CELL.lam) - sp.log(G),
        ),
        note="Sizes of occupations on their appeal: the slope is one less rho.",
    )
    yield exact(
        "b-wage-own",
        _HERE,
        r"\frac{\partial\ln\pi_c}{\partial\ln w_{ck}} = \beta\phi_{ck}(1-\pi_{ck})"
        r"+\alpha\,\pi_{ck}(\phi_{ck}-\omega_k)",
        Equation(
            alpha * elasticity(CELL.meaning[pi_c], t_ck),
            alpha / (1 - rho) * phi_ck * (1 - pi_ck) + alpha * pi_ck * (phi_ck - omega_k),
        ),
        note="At a given slope beta the unit alpha, and with it rho, enters the response of a city "
        "to a wage of its own only through the second term, which is small where the city's part "
        "pi_ck of the occupation is.",
    )
    yield exact(
        "b-wage-substitution",
        _HERE,
        r"\frac{\partial\ln\omega_k}{\partial\ln w_{ck}} = \alpha\,\pi_{ck}(1-\omega_k)",
        Equation(alpha * elasticity(CELL.meaning[omega_k], t_ck), alpha * pi_ck * (1 - omega_k)),
        note="How many come from other occupations is in proportion to alpha = beta (1 - rho): at "
        "a given slope this is what rho decides.",
    )


def observed_wages() -> Iterator[Claim]:
    """What those who have chosen earn, if the wage multiplies the draw."""
    best = G * x**-theta
    own = (t_ck * z_c * x_ck**-theta) ** (1 / (1 - rho))
    others = x ** (-theta / (1 - rho)) * (appeal(t_dk, z_d) + R_k)
    exponent = T_k * (own + others) ** (1 - rho) + x**-theta * (S_c + S_d + S_r)
    # density that cell ck has the best draw, at x, over that of the best draw
    at_x = sp.diff(-exponent, x_ck).subs(x_ck, x) / sp.diff(-best, x)
    yield exact(
        "b-wage-equal",
        _HERE,
        r"P[\max Z \le x \mid (c,k)\text{ chosen}] = P[\max Z \le x]",
        Equation(at_x, pi_ck * omega_k),
        note="The density with which cell (c, k) has the best draw, at the value x, over the "
        "density of the best draw there: the share of the cell at every x. What is best is "
        "independent of where it is found, so those who have chosen earn alike in every cell if "
        "earnings are the draw, wage included.",
        method="derivative of the distribution of equation (1) along the diagonal",
    )


def leavers() -> Iterator[Claim]:
    """Who keeps the occupation, and how far correlation sends leavers elsewhere."""
    in_cell = CELL.meaning[pi_ck] * CELL.meaning[omega_k]
    elsewhere = (1 - CELL.meaning[pi_ck]) * CELL.meaning[omega_k]
    kept = rho + (1 - rho) * omega_k
    part = (1 - pi_ck) * kept / (1 - pi_ck * kept)
    yield exact(
        "b-stayers",
        _HERE,
        r"S_{ck} = -\frac{\partial[(1-\pi_{ck})\omega_k]/\partial t_{ck}}"
        r"{\partial[\pi_{ck}\omega_k]/\partial t_{ck}} = \frac{(1-\pi_{ck})s_k}{1-\pi_{ck}s_k},"
        r"\quad s_k=\rho_k+(1-\rho_k)\omega_k",
        Equation(-sp.diff(elsewhere, t_ck) / sp.diff(in_cell, t_ck), part),
        note="Of those who leave a cell at the margin, the part that keeps its occupation in "
        "another city. In a small cell it is s_k.",
    )
    yield exact(
        "b-stayers-0",
        _HERE,
        r"\rho\to0:\quad S_{ck}\to\frac{\omega_k(1-\pi_{ck})}{1-\omega_k\pi_{ck}}",
        Equation(sp.limit(part, rho, 0), omega_k * (1 - pi_ck) / (1 - omega_k * pi_ck), PLAIN),
        note="Without correlation leavers of a cell spread over all others in proportion to size.",
        method="limit with shares as observed",
    )
    yield exact(
        "b-stayers-1",
        _HERE,
        r"\rho\to1:\quad S_{ck}\to1",
        Equation(sp.limit(part, rho, 1), sp.S.One, PLAIN),
        note="At the other end nobody changes occupation.",
        method="limit with shares as observed",
    )
    S = SUMS
    b_k = S.pi_ck * S.omega * rho / (1 - rho)
    inflow = S.over_k(S.pi_ck * S.omega * pi_d + b_k * S.pi_dk)
    outflow = S.over_k(S.pi_ck * S.omega * (1 - pi_c) + b_k * (1 - S.pi_ck))
    yield exact(
        "b-redirection",
        _HERE,
        r"D_{cc'}-\frac{\pi_{c'}}{1-\pi_c} = \frac{\sum_k b_{ck}\left[\pi_{c'k}-\pi_{c'}"
        r"\frac{1-\pi_{ck}}{1-\pi_c}\right]}{1-\pi_c+\sum_k b_{ck}(1-\pi_{ck})},"
        r"\quad b_{ck}=\phi_{ck}\tfrac{\rho_k}{1-\rho_k}",
        Equation(
            inflow * (1 - pi_c) - pi_d * outflow,
            S.over_k(b_k * (S.pi_dk * (1 - pi_c) - pi_d * (1 - S.pi_ck))),
            S,
        ),
        note="How many more of a city's leavers go to c' than its size would send there. Half the "
        "sum of absolute values over c' is their redirection: zero with one occupation, two "
        "cities, or one mix everywhere.",
    )
    that_ck, That_k = sp.symbols("that_ck That_k", positive=True)
    after = appeal(t_ck * that_ck, z_c) + appeal(t_dk, z_d) + R_k
    lambda_hat = 1 + pi_ck * (that_ck ** (1 / (1 - rho)) - 1)
    yield exact(
        "b-welfare-occupation",
        _HERE,
        r"\widehat{E[\max_c Z_{ck}]} = (\hat T_k\hat\lambda_k^{1-\rho_k})^{1/\theta}",
        Equation(
            (T_k * That_k * after ** (1 - rho) / CELL.size) ** (1 / theta),
            (That_k * lambda_hat ** (1 - rho)) ** (1 / theta),
        ),
        note="The best city of an occupation is a Fréchet draw with scale T_k lambda_k^(1-rho), so "
        "what an occupation gains is the change of this scale to the power 1/theta.",
    )


def results() -> Iterator[Claim]:
    """Every result, in order."""
    yield from unit_of_the_wage()
    yield from observed_wages()
    yield from leavers()
