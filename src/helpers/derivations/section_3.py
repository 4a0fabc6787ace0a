"""Claims of section 3: the estimating equations and the recovery of the shifters."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, definition, exact, slip
from helpers.derivations.symbols import (
    CELL,
    G,
    R_k,
    S_c,
    S_d,
    S_r,
    T_c,
    T_k,
    appeal,
    elasticity,
    gamma,
    lambda_k,
    omega_k,
    phi_ck,
    pi_c,
    pi_ck,
    rho,
    t_ck,
    t_dk,
    theta,
    z_c,
    z_d,
)

w, eta, beta, u = sp.symbols("w eta beta u", positive=True)
delta_c, delta_d, delta_k, epsilon, epsilon_d = sp.symbols(
    "delta_c delta_c' delta_k epsilon_ck epsilon_c'k", real=True
)
_LOG_SHARE = sp.log(CELL.meaning[pi_ck])
_SIGN_PRINTED = (
    r"\ln\pi_{ck} = \frac{1}{1-\rho}\ln t_{ckt} - \frac{1}{1-\rho}\ln Z_{ct}^{-\theta}"
    r" - \ln\lambda_{kt}"
)
_SIGN_CORRECTED = (
    r"\ln\pi_{ck} = \frac{1}{1-\rho}\ln t_{ckt} + \frac{1}{1-\rho}\ln Z_{ct}^{-\theta}"
    r" - \ln\lambda_{kt}"
)


def _log_share(sign: int) -> sp.Expr:
    """Equation (3) in logs, with the city term as it should be (+1) or as printed (-1)."""
    return (sp.log(t_ck) + sign * sp.log(z_c)) / (1 - rho) - sp.log(lambda_k)


def migration() -> Iterator[Claim]:
    """Section 3.1."""
    yield slip(
        "typo",
        "s31-log-share",
        "section 3.1, first display",
        _SIGN_PRINTED,
        _SIGN_CORRECTED,
        Equation(_LOG_SHARE, _log_share(1)),
        refuted=Equation(_LOG_SHARE, _log_share(-1)),
        cause="city-sign",
        note="By (3) an attractive city has larger shares. The slope on t_ck, and so the "
        "estimate of rho, is not touched; the city effects change sign, and with them the "
        "formula for T_c in section 3.2.",
    )
    yield definition(
        "s31-wage",
        "section 3.1, text",
        r"t_{ckt} = w_{ckt}\eta_{ckt}",
        Equation(sp.log(w * eta), sp.log(w) + sp.log(eta), PLAIN),
        note="An assumption: what makes a cell attractive beyond its city and its occupation is "
        "the wage times what we do not see.",
    )
    in_wages = (
        sp.log(appeal(w * eta, z_c) / (appeal(w * eta, z_c) + R_k))
        + sp.log(appeal(w * eta, z_c) + R_k)
        - sp.log(z_c) / (1 - rho)
    )
    yield slip(
        "typo",
        "s31-model",
        "section 3.1, estimating equation",
        r"\ln\pi_{ckt} = \left(\frac{1}{1-\rho}\right)\ln w_{ckt}+\delta_{ct}+\delta_{kt}"
        r"+\eta_{ckt},\quad \eta_{ckt}=\ln\eta_{ckt}",
        r"\ln\pi_{ckt} = \left(\frac{1}{1-\rho}\right)\ln w_{ckt}+\delta_{ct}+\delta_{kt}"
        r"+\left(\frac{1}{1-\rho}\right)\ln\eta_{ckt}",
        Equation(in_wages, (sp.log(w) + sp.log(eta)) / (1 - rho), PLAIN),
        refuted=Equation(in_wages, sp.log(w) / (1 - rho) + sp.log(eta), PLAIN),
        cause="residual-factor",
        note="The unseen term has the same factor as the wage. The slope is what it was; a "
        "residual is (1-rho) times as large in units of productivity, as section 3.2 has it. "
        "Here one rho is needed for one slope.",
    )
    yield exact(
        "s31-beta",
        "section 3.1, text",
        r"\hat\rho\in(0,1) \Rightarrow \hat\beta\in[1,+\infty)",
        Equation(1 / (1 - rho) - 1, rho / (1 - rho), PLAIN),
        Equation((1 - 1 / beta).subs(beta, 1 / (1 - rho)), rho, PLAIN),
        note="The slope exceeds one by rho/(1-rho), which is above zero and without bound on the "
        "interval. The converse needs rho = 0 as well: a slope of one belongs to it. A slope "
        "below one, such as that of least squares, is outside the model.",
    )
    yield exact(
        "s31-phi",
        "footnote 4",
        r"\ln\phi_{ck} = \ln\pi_{ck} + \ln\omega_k - \ln\pi_c",
        Equation(sp.log(CELL.meaning[phi_ck]) - _LOG_SHARE, sp.log(omega_k) - sp.log(pi_c)),
        note="The two outcomes differ by an occupation-year term and a city-year term, which the "
        "effects absorb: the slope is the same number.",
    )
    variance, covariance = sp.symbols("v cov", positive=True)
    yield definition(
        "s31-endogeneity",
        "section 3.1, text",
        r"\mathrm{cov}[w_{ckt},\eta_{ckt}] \ne 0",
        Equation((beta * variance + covariance) / variance, beta + covariance / variance, PLAIN),
        note="The premise of the instrument: least squares finds the slope plus the covariance "
        "of wage and unseen term over the variance of the wage, both net of effects.",
        method="probability limit of least squares",
    )
    exposure, mix, shift, rest = sp.symbols("gamma_ks kappa_cs A_st R_s", positive=True)
    yield definition(
        "s31-instrument",
        "section 3.1, display",
        r"w_{ckt}^{IV} = \sum_s \gamma_{ks}\kappa_{cs}A_{st}",
        Equation(sp.diff(exposure * mix * shift + rest, shift), exposure * mix, PLAIN),
        note="A sector's productivity moves a cell by its exposure. The text calls kappa_cs the "
        "share of occupation k in sector s in city c; without an index k it is the city's share "
        "in the sector.",
        method="derivative with respect to one sector's shift, other sectors as a remainder",
    )
    instrument, first, unseen = sp.symbols("ln_w_IV beta_IV v_ckt", positive=True)
    wage = first * instrument + delta_c + unseen
    yield slip(
        "typo",
        "s31-first-stage",
        "section 3.1, first stage",
        r"\ln w_{ckt}^{IV} = \beta^{IV}\ln w_{ckt}^{IV}+\delta_{ct}+\delta_{kt}^{IV}+\eta_{ckt}^{IV}",
        r"\begin{gathered}\ln w_{ckt} = \beta^{IV} x_{ckt}"
        r"+\delta_{ct}^{IV}+\delta_{kt}^{IV}+\eta_{ckt}^{IV},"
        r" \\ x_{ckt} = \ln\sum_s\gamma_{ks}\kappa_{cs}A_{st} \text{ (text) or}"
        r" \\ x_{ckt} = \sum_s\gamma_{ks}\kappa_{cs}\ln A_{st} \text{ (table 8.2.1)}\end{gathered}",
        Equation(sp.diff(wage, instrument), first, PLAIN),
        refuted=Equation(sp.diff(instrument, instrument), first, PLAIN),
        cause="one-symbol",
        note="The instrument stands on both sides; a variable regressed on itself has the slope "
        "one. Table 8.2.1 has the wage on the left. It has another regressor as well: the text "
        "takes the log of a sum over sectors, the files hold the sum of logs and the regression "
        "takes it as it is. The printed slope belongs to the latter; so does the printed rho.",
    )
    share = beta * wage + delta_c + delta_k
    yield slip(
        "typo",
        "s31-second-stage",
        "section 3.1, second stage",
        r"\ln\pi_{ckt} = \left(\frac{1}{1-\rho}\right)\ln w_{ckt}^{IV}+\delta_{ct}+\delta_{kt}"
        r"+\eta_{ckt}",
        r"\ln\pi_{ckt} = \left(\frac{1}{1-\rho}\right)\widehat{\ln w_{ckt}}+\delta_{ct}+\delta_{kt}"
        r"+\eta_{ckt}",
        Equation(sp.diff(share, instrument) / sp.diff(wage, instrument), beta, PLAIN),
        refuted=Equation(sp.diff(share, instrument), beta, PLAIN),
        cause="one-symbol",
        note="The regressor is the wage predicted by the first stage. With the instrument itself "
        "the slope is that of the reduced form, beta times beta_IV.",
    )


def recovery() -> Iterator[Claim]:
    """Section 3.2."""
    T_l, lambda_l = sp.symbols("T_l lambda_l", positive=True)
    size_k, size_l = T_k * lambda_k ** (1 - rho), T_l * lambda_l ** (1 - rho)
    yield exact(
        "s32-relative",
        "section 3.2, first display",
        r"\frac{\omega_{kt}}{\omega_{k't}} = \frac{T_{kt}\lambda_{kt}^{1-\rho}}"
        r"{T_{k't}\lambda_{k't}^{1-\rho}}",
        Equation((size_k / G) / (size_l / G), size_k / size_l, PLAIN),
        note="The common denominator cancels.",
    )
    scaled = CELL.size * u / (CELL.size * u + u * (S_c + S_d + S_r))
    yield definition(
        "s32-denominator",
        "section 3.2, text",
        r"\sum_k T_{kt}\lambda_{kt}^{1-\rho}\ \forall t",
        Equation(scaled, omega_k),
        note="Multiplying every T_k by the same number changes no share, so shares alone do not "
        "give the denominator: setting one occupation to one is a choice, made anew each year, "
        "and levels of T_k cannot be compared between years.",
        method="invariance of shares under a common factor",
    )
    yield slip(
        "typo",
        "s32-log-share",
        "section 3.2, second display",
        _SIGN_PRINTED,
        _SIGN_CORRECTED,
        Equation(_LOG_SHARE, _log_share(1)),
        refuted=Equation(_LOG_SHARE, _log_share(-1)),
        cause="city-sign",
        note="As in section 3.1.",
    )
    in_effects = {
        t_ck: sp.exp((1 - rho) * epsilon),
        t_dk: sp.exp((1 - rho) * epsilon_d),
        z_c: sp.exp((1 - rho) * delta_c),
        z_d: sp.exp((1 - rho) * delta_d),
    }
    effects = _LOG_SHARE.subs(in_effects)
    total = sp.exp(epsilon + delta_c) + sp.exp(epsilon_d + delta_d) + R_k
    yield definition(
        "s32-effects",
        "section 3.2, second display",
        r"\ln\pi_{ckt} = \hat\epsilon_{ckt}+\hat\delta_{ct}+\hat\delta_{kt}",
        Equation(effects, epsilon + delta_c - sp.log(total), PLAIN),
        note="Any full table splits in this way. Identified are differences: a constant can be "
        "moved between city and occupation effects, in each year anew.",
        method="shares with shifters written as effects",
    )
    yield exact(
        "s32-lambda",
        "section 3.2, display",
        r"\hat\lambda_{kt} = \exp(-\hat\delta_{kt})",
        Equation(CELL.lam.subs(in_effects), sp.exp(-delta_k).subs(delta_k, -sp.log(total)), PLAIN),
        note="An identity, since the shares of an occupation sum to one over cities: whatever "
        "constant the city effects have, lambda_k takes it up.",
    )
    yield exact(
        "s32-t",
        "section 3.2, display",
        r"\hat t_{ckt} = \exp((1-\rho)\hat\epsilon_{ckt})",
        Equation(t_ck, sp.exp((1 - rho) * epsilon).subs(epsilon, sp.log(t_ck) / (1 - rho)), PLAIN),
        note="Up to what is common to a city or to an occupation, which the other shifters hold.",
    )
    yield slip(
        "typo",
        "s32-T_k",
        "section 3.2, display",
        r"\hat T_{kt} = \frac{\sum_k \widehat{T_{kt}\lambda_{kt}^{1-\rho}}}"
        r"{\hat\lambda_{kt}^{1-\rho}}",
        r"\hat T_{kt} = \frac{\widehat{T_{kt}\lambda_{kt}^{1-\rho}}}{\hat\lambda_{kt}^{1-\rho}}",
        Equation(T_k, omega_k * G / lambda_k ** (1 - rho)),
        refuted=Equation(T_k, G / lambda_k ** (1 - rho)),
        cause="occupation-sum",
        note="The sum does not belong there: with it the numerator is the same for every "
        "occupation, and the size of an occupation plays no part. Table 2 was computed without "
        "it.",
    )
    yield definition(
        "s32-z",
        "section 3.2, text",
        r"Z_c^{-\theta} = (\gamma)^{-\theta}(T_c)^{\theta}",
        Equation(elasticity((T_c / gamma) ** theta, T_c), theta, PLAIN),
        note="Recalled from section 2.2.",
    )
    effect = sp.log((T_c / gamma) ** theta) / (1 - rho)
    yield slip(
        "typo",
        "s32-T_c",
        "section 3.2, last display",
        r"\hat T_{ct} = \gamma\exp\left(-\frac{1-\rho}{\theta}\hat\delta_{ct}\right)",
        r"\hat T_{ct} = \gamma\exp\left(\frac{1-\rho}{\theta}\hat\delta_{ct}\right)",
        Equation(T_c, gamma * sp.exp((1 - rho) / theta * effect), PLAIN),
        refuted=Equation(T_c, gamma * sp.exp(-(1 - rho) / theta * effect), PLAIN),
        cause="city-sign",
        note="The sign of the city term, carried over from the log share. As printed, the most "
        "attractive city would have the smallest shifter. Table 2 has the right order, and no "
        "theta in it.",
    )


def claims() -> Iterator[Claim]:
    """Every claim of section 3, in order."""
    yield from migration()
    yield from recovery()
