"""The derivations that matter, line by line, as a reader would write them (paper, 2 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from helpers.derivations.lines import Derivation, Step
from helpers.derivations.symbols import (
    CELL,
    G,
    S_c,
    T_k,
    appeal,
    elasticity,
    lambda_k,
    omega_k,
    phi_ck,
    pi_c,
    pi_ck,
    pi_dk,
    rho,
    t_ck,
    t_dk,
    theta,
    z_c,
)


def _sum(*terms: sp.Expr) -> sp.Expr:
    return sp.Add(*terms, evaluate=False)


def _product(*factors: sp.Expr) -> sp.Expr:
    return sp.Mul(*factors, evaluate=False)


def _over(above: sp.Expr, below: sp.Expr) -> sp.Expr:
    return sp.Mul(above, sp.Pow(below, -1, evaluate=False), evaluate=False)


h_ck = appeal(t_ck, z_c)
_ODDS = rho / (1 - rho)


def best_draw() -> Derivation:
    """From the distribution of draws to the share of a city, pi_c = z_c G_c / G (section 2.2)."""
    x, v, slope = sp.symbols("x v G_c", positive=True)
    at_x = theta * z_c * x ** (-theta - 1) * slope * sp.exp(-G * x**-theta)
    whole = z_c * slope / G
    return Derivation(
        r"\pi_c",
        whole,
        (
            Step("add up over all x: c is best, and worth x", sp.Integral(at_x, (x, 0, sp.oo))),
            Step(
                "put v for G over x to the power θ",
                _product(whole, sp.Integral(sp.exp(-v), (v, 0, sp.oo))),
            ),
            Step("the integral is one", whole),
        ),
    )


def one_occupation() -> Derivation:
    """What an occupation adds to a city's share: pi_ck omega_k (equations 3, 5 and 7)."""
    lam = sp.Function(r"\lambda_k")(z_c)
    d_lam = sp.Derivative(lam, z_c)
    flow = _product(h_ck, T_k, lambda_k**-rho)

    def write_out(expression: sp.Expr) -> sp.Expr:
        return CELL.write_out(sp.sympify(expression).xreplace({lam: CELL.lam}))

    return Derivation(
        r"\frac{z_c}{G}\,\frac{\partial}{\partial z_c} T_k \lambda_k^{1-\rho}",
        z_c / G * sp.Derivative(T_k * lam ** (1 - rho), z_c),
        (
            Step(
                "the outer power comes down",
                _product(z_c / G, T_k * (1 - rho) * lam**-rho, d_lam),
            ),
            Step(
                "in the sum only the city's own term has its z",
                _product(z_c / G, T_k * (1 - rho) * lambda_k**-rho, h_ck / ((1 - rho) * z_c)),
            ),
            Step("what stands above and below cancels", _over(flow, G)),
            Step(
                "multiply and divide by λ",
                _product(_over(h_ck, lambda_k), _over(T_k * lambda_k ** (1 - rho), G)),
            ),
            Step("both fractions have a name", _product(pi_ck, omega_k)),
        ),
        write_out,
    )


def _elasticity(
    scale: sp.Symbol, h: sp.Expr, lines: Sequence[tuple[str, sp.Expr]], lam: sp.Expr
) -> Derivation:
    """An elasticity of pi_c; h, lambda and G are functions of the scale where they move with it."""
    whole = sp.Function("G")(scale)
    meaning = {h: h_ck, lam: CELL.lam, whole: CELL.G}

    def write_out(expression: sp.Expr) -> sp.Expr:
        return CELL.write_out(sp.sympify(expression).xreplace(meaning).xreplace({_H: h_ck}))

    first = _sum(
        scale * sp.Derivative(sp.log(_sum(h * T_k * lam**-rho, S_c)), scale),
        -scale * sp.Derivative(sp.log(whole), scale),
    )
    return Derivation(
        rf"\frac{{\partial \ln \pi_c}}{{\partial \ln {sp.latex(scale)}}}",
        elasticity(CELL.write_out(pi_c), scale),
        (
            Step("the logarithm of a fraction is a difference", first),
            *(Step(why, shown) for why, shown in lines),
        ),
        write_out,
    )


_H = sp.Symbol("h_ck", positive=True)
_FLOW = _product(_H, T_k * lambda_k**-rho)
_SIZE = _over(T_k * lambda_k ** (1 - rho), G)


def own_elasticity() -> Derivation:
    """How a city's share responds to one of its own cells, exactly (equation 8)."""
    t, n = t_ck, pi_c * G
    h, lam = sp.Function("h_{ck}")(t), sp.Function(r"\lambda_k")(t)
    d_h, d_lam = sp.Derivative(h, t), sp.Derivative(lam, t)
    lines = (
        (
            "a logarithm's derivative divides by its inside",
            _sum(
                _product(t / n, sp.Derivative(h * T_k * lam**-rho, t)),
                -_product(t / G, sp.Derivative(T_k * lam ** (1 - rho), t)),
            ),
        ),
        (
            "product rule, and the powers of λ come down",
            _sum(
                _over(t * T_k * lam**-rho * d_h, n),
                -_over(_product(t * rho * T_k * lam ** (-rho - 1), h, d_lam), n),
                -_over(t * (1 - rho) * T_k * lam**-rho * d_lam, G),
            ),
        ),
        (
            "one per cent of t is 1/(1-ρ) per cent of h",
            _sum(
                _over(_FLOW, n * (1 - rho)),
                -_product(_ODDS, _over(_H, lambda_k), _over(_FLOW, n)),
                -_product(_over(_H, lambda_k), _SIZE),
            ),
        ),
        (
            "give the fractions their names",
            _sum(phi_ck / (1 - rho), -_product(_ODDS, pi_ck, phi_ck), -_product(pi_ck, omega_k)),
        ),
        (
            "collect what the feedback takes away",
            _sum(phi_ck / (1 - rho), -_product(pi_ck, _sum(omega_k, _product(_ODDS, phi_ck)))),
        ),
    )
    return _elasticity(t, h, lines, lam)


def cross_elasticity() -> Derivation:
    """How a city's share responds to a cell of another city, exactly (equation 9)."""
    t, n = t_dk, pi_c * G
    lam = sp.Function(r"\lambda_k")(t)
    d_lam = sp.Derivative(lam, t)
    lines = (
        (
            "the city's own h stays as it is, only λ moves",
            _sum(
                _product(t * _H * T_k / n, sp.Derivative(lam**-rho, t)),
                -_product(t / G, sp.Derivative(T_k * lam ** (1 - rho), t)),
            ),
        ),
        (
            "the powers of λ come down",
            _sum(
                -_over(t * rho * _H * T_k * lam ** (-rho - 1) * d_lam, n),
                -_over(t * (1 - rho) * T_k * lam**-rho * d_lam, G),
            ),
        ),
        (
            "in λ only the rival's term depends on its t",
            _sum(
                -_product(_ODDS, pi_dk, _over(_FLOW, n)),
                -_product(pi_dk, _SIZE),
            ),
        ),
        (
            "give the fractions their names",
            _sum(-_product(_ODDS, pi_dk, phi_ck), -_product(pi_dk, omega_k)),
        ),
        (
            "take out the rival's share of the occupation",
            -_product(pi_dk, _sum(omega_k, _product(_ODDS, phi_ck))),
        ),
    )
    return _elasticity(t, _H, lines, lam)


def _hats() -> tuple[sp.Expr, ...]:
    """Terms of c, of c' and of all other cities: level, change, share."""
    levels = sp.symbols("h_ck h_c'k h_rk", positive=True)
    changes = sp.symbols(r"\hat{h}_{ck} \hat{h}_{c'k} \hat{h}_{rk}", positive=True)
    observed = (pi_ck, pi_dk, sp.Symbol("pi_rk", positive=True))
    return levels, changes, observed


def hat_within() -> Derivation:
    """New shares of an occupation from old ones and changes alone (exact hat algebra)."""
    levels, changes, observed = _hats()
    total, change = sum(levels), sp.Symbol(r"\hat{\lambda}_k", positive=True)
    names = {
        **{share: level / total for share, level in zip(observed, levels, strict=True)},
        lambda_k: total,
        change: sum(a * b for a, b in zip(levels, changes, strict=True)) / total,
    }
    pairs = list(zip(levels, changes, observed, strict=True))
    return Derivation(
        r"\pi_{ck}'",
        levels[0] * changes[0] / sum(a * b for a, b, _ in pairs),
        (
            Step(
                "the share after the change",
                _over(changes[0] * levels[0], _sum(*(b * a for a, b, _ in pairs))),
            ),
            Step(
                "divide above and below by the old λ",
                _over(
                    _product(changes[0], _over(levels[0], lambda_k)),
                    _sum(*(_product(b, _over(a, lambda_k)) for a, b, _ in pairs)),
                ),
            ),
            Step(
                "each term over λ is an observed share",
                _over(changes[0] * pi_ck, _sum(*(b * share for _, b, share in pairs))),
            ),
            Step("name the sum below", _over(pi_ck * changes[0], change)),
        ),
        lambda expression: sp.sympify(expression).xreplace(names),
    )


def hat_across() -> Derivation:
    """New sizes of occupations from old ones and changes alone (exact hat algebra)."""
    rest, omega_r = sp.symbols("S omega_r", positive=True)
    T_hat, lambda_hat, rest_hat = sp.symbols(r"\hat{T}_k \hat{\lambda}_k \hat{S}", positive=True)
    old = T_k * lambda_k ** (1 - rho)
    new = _product(T_hat, T_k, (lambda_hat * lambda_k) ** (1 - rho))
    names = {omega_k: old / (old + rest), omega_r: rest / (old + rest), G: old + rest}
    change = T_hat * lambda_hat ** (1 - rho)
    return Derivation(
        r"\omega_k'",
        new / (new + rest_hat * rest),
        (
            Step("the size after the change", _over(new, _sum(new, rest_hat * rest))),
            Step(
                "split the power, divide by the old G",
                _over(
                    _product(change, _over(old, G)),
                    _sum(_product(change, _over(old, G)), _product(rest_hat, _over(rest, G))),
                ),
            ),
            Step(
                "each old term over G is an observed size",
                _over(omega_k * change, _sum(omega_k * change, omega_r * rest_hat)),
            ),
        ),
        lambda expression: sp.sympify(expression).xreplace(names),
    )
