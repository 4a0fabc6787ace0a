"""What happens at the margin when rents answer: the housing-only equilibrium, proved."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from helpers.derivations.claim import PLAIN, Claim, Equation, exact
from helpers.derivations.symbols import RHO_K, G, Sums, T_c, T_d, k, rho, theta

_HERE = "beyond the paper"

alpha, a, eta, Q_c, Q_d = sp.symbols("alpha a eta_c Q_c Q_c'", positive=True)


class Payroll(Sums):
    """Cities whose scale is T_c^theta Q_c^(-alpha a), and what a city's households earn.

    Attributes
    ----------
    wage : indexed symbol
        Wage of an occupation in city c, which does not change.
    income : symbol
        Total pay in city c, up to what is common to all cities.
    s : indexed symbol
        Payroll share of an occupation in city c.
    """

    wage, s = (sp.IndexedBase(name, positive=True)[k] for name in ("w_c", "s_c"))
    income = sp.Symbol("I_c", positive=True)

    def __init__(self) -> None:
        super().__init__(RHO_K, T_c**theta * Q_c ** (-alpha * a), T_d**theta * Q_d ** (-alpha * a))
        pay = self.wage * self.share_c * self.size
        self.meaning = {**self.meaning, self.s: pay / self.income}
        self.totals = {**self.totals, self.income: self.over_k(pay)}

    def income_elasticity(self, variable: sp.Symbol) -> sp.Expr:
        """D ln(I_c / G) / d ln variable: income per household of the whole economy."""
        paid = self.over_k(sp.diff(self.wage * self.share_c * self.size, variable))
        everyone = self.over_k(sp.diff(self.size, variable))
        return variable * (paid / self.income - everyone / G)

    @property
    def own(self) -> sp.Expr:
        """E_cc in observed shares."""
        moved = self.s * ((1 - self.pi_ck) / (1 - self.rho) + self.pi_ck)
        return self.over_k(moved) - self.over_k(self.pi_ck * self.omega)

    @property
    def cross(self) -> sp.Expr:
        """E_cc' in observed shares."""
        moved = self.s * (self.pi_dk - self.pi_dk / (1 - self.rho))
        return self.over_k(moved) - self.over_k(self.pi_dk * self.omega)


def _rent() -> Claim:
    """Rents from incomes."""
    # r is 1 / (1 + eta), so that the elasticity of supply is 1 / r - 1
    income, income_hat, stock, r = sp.symbols("I_c Ihat_c H_c r", positive=True)

    def cleared(spent: sp.Expr) -> sp.Expr:
        """Rent at which spending on housing, a I, buys what is supplied, H Q^eta."""
        return (a * spent / stock) ** r

    return exact(
        "b-rent",
        _HERE,
        r"\hat Q_c = \hat I_c^{\,r},\quad r = \frac{1}{1+\eta_c}",
        Equation(cleared(income * income_hat) / cleared(income), income_hat**r, PLAIN),
        Equation(a * income / cleared(income), stock * cleared(income) ** (1 / r - 1), PLAIN),
        note="A constant share of income buys housing whose supply has a constant elasticity. The "
        "second statement is that its market clears.",
        method="the market for housing before and after",
    )


def _incomes() -> Iterator[Claim]:
    """How cities' incomes answer to scales and to rents."""
    P = Payroll()
    yield exact(
        "b-income",
        _HERE,
        r"\frac{\partial\ln I_c}{\partial\ln T_{c'}} = \theta E_{cc'},\quad E_{cc'} = \sum_k s_{ck}"
        r"\left[\frac{1\{c=c'\}-\pi_{c'k}}{1-\rho_k}+\pi_{c'k}\right]-\pi_{c'}",
        Equation(P.income_elasticity(T_c), theta * P.own, P),
        Equation(P.income_elasticity(T_d), theta * P.cross, P),
        note="Incomes move as the paper's city shares do, with occupations weighted by what they "
        "earn in the city, not by how many they are. Own and other city.",
    )
    yield exact(
        "b-income-rent",
        _HERE,
        r"\frac{\partial\ln I_c}{\partial\ln Q_{c'}} = -\alpha a\,E_{cc'}",
        Equation(P.income_elasticity(Q_c), -alpha * a * P.own, P),
        Equation(P.income_elasticity(Q_d), -alpha * a * P.cross, P),
        note="A rent acts like a worse city. With the two above, the changes of all rents solve "
        "as many linear equations as there are cities.",
    )


def _dampening() -> Claim:
    """One occupation: rents take a constant part of every move."""
    share, kappa = sp.symbols("pi_c kappa", positive=True)
    q_c, q_d = sp.symbols("q_c q_c'")
    own, other = (1 - share) * kappa, share * kappa
    rents = sp.solve(
        [
            (1 + eta) * q_c - own * (theta - alpha * a * q_c) - own * alpha * a * q_d,
            (1 + eta) * q_d + other * (theta - alpha * a * q_c) + other * alpha * a * q_d,
        ],
        [q_c, q_d],
        dict=True,
    )[0]
    moved = own * (theta - alpha * a * rents[q_c]) + own * alpha * a * rents[q_d]
    kept = (1 + eta) * (1 - rho) / ((1 + eta) * (1 - rho) + alpha * a)
    at = {kappa: 1 / (1 - rho)}
    return exact(
        "b-rent-dampens",
        _HERE,
        r"\frac{d\ln\pi_c}{d\ln T_c} = \frac{(1+\eta)(1-\rho)}{(1+\eta)(1-\rho)+\alpha a}\cdot"
        r"\frac{\theta(1-\pi_c)}{1-\rho}",
        Equation(moved.subs(at), kept * theta * (1 - share) / (1 - rho), PLAIN),
        note="One occupation, the same elasticity of housing in both of two cities. The first factor "
        "is what rents leave of the paper's elasticity: less where correlation is strong, since "
        "households who compare cities closely mind a rent as much as they mind a wage.",
        method="the linear system above, solved",
    )


def results() -> Iterator[Claim]:
    """Every result, in order."""
    yield _rent()
    yield from _incomes()
    yield _dampening()
