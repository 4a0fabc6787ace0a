"""The symbolic model, for any number of cities and occupations (paper, 2.1-2.2).

Two ways of carrying what is not shown:

* **remainders**: one occupation k and two cities c and c' are written out. ``R_k`` stands for
  the terms of all other cities in lambda_k; ``S_c``, ``S_c'`` and ``S_r`` for what all other
  occupations contribute to G in the two cities and in the rest. None of them depends on the
  shifters of the cells that are written out, and nothing is assumed of them but that they are
  positive, so N, K and the other occupations' correlations are arbitrary.
* **sums**: the occupations are an index that runs from 1 to K, the cities c and c' are written
  out, and ``R[k]`` stands for all other cities in lambda_k. Needed where a shock touches every
  occupation of a city.

In names, d stands for c'.
"""

from __future__ import annotations

from copy import copy
from typing import Self

import sympy as sp

rho = sp.Symbol("rho", positive=True)
theta = sp.Symbol("theta", positive=True)
N, K = sp.symbols("N K", integer=True, positive=True)
c, k = sp.symbols("c k", integer=True, positive=True)

# shifters, and what stands for everyone else
t_ck, t_dk = sp.symbols("t_ck t_c'k", positive=True)
z_c, z_d = sp.symbols("z_c z_c'", positive=True)
T_k, T_c, T_d = sp.symbols("T_k T_c T_c'", positive=True)
R_k, S_c, S_d, S_r = sp.symbols("R_k S_c S_c' S_r", positive=True)
gamma = sp.Symbol("gamma", positive=True)

# what is observed, or named by the paper
pi_ck, pi_dk, pi_c, pi_d = sp.symbols("pi_ck pi_c'k pi_c pi_c'", positive=True)
phi_ck, phi_dk, omega_k = sp.symbols("phi_ck phi_c'k omega_k", positive=True)
lambda_k, G = sp.symbols("lambda_k G", positive=True)

SIZES = {K: 3, N: 3}
"""Numbers of occupations and cities at which counterexamples are sought."""


def appeal(t: sp.Expr, z: sp.Expr, correlation: sp.Expr = rho) -> sp.Expr:
    """Term of a cell in lambda_k: (t z)^(1/(1-rho))."""
    return (t * z) ** (1 / (1 - correlation))


RHO_K = sp.IndexedBase("rho", positive=True)[k]
"""A correlation for each occupation."""


class _Names:
    """Named quantities and what they mean."""

    meaning: dict[sp.Expr, sp.Expr]

    def named(self, **more: sp.Expr) -> Self:
        """The same model with further names, each a symbol for a longer expression."""
        extended = copy(self)
        extra = {sp.Symbol(name, positive=True): value for name, value in more.items()}
        extended.meaning = {**self.meaning, **extra}
        return extended


class Cell(_Names):
    """One occupation and two cities written out, everyone else in remainders.

    Attributes
    ----------
    lam, size, G : expressions
        lambda_k, T_k lambda_k^(1-rho), and the correlation function.
    meaning : dict
        Every named quantity in terms of shifters and remainders.
    """

    def __init__(self, rho: sp.Expr = rho) -> None:
        own, other = appeal(t_ck, z_c, rho), appeal(t_dk, z_d, rho)
        self.lam = own + other + R_k
        self.size = T_k * self.lam ** (1 - rho)
        self.G = self.size + S_c + S_d + S_r
        self.flow_c = own / self.lam * self.size
        self.flow_d = other / self.lam * self.size
        self.meaning = {
            lambda_k: self.lam,
            G: self.G,
            pi_ck: own / self.lam,
            pi_dk: other / self.lam,
            omega_k: self.size / self.G,
            pi_c: (self.flow_c + S_c) / self.G,
            pi_d: (self.flow_d + S_d) / self.G,
            phi_ck: self.flow_c / (self.flow_c + S_c),
            phi_dk: self.flow_d / (self.flow_d + S_d),
        }

    def write_out(self, expression: sp.Expr) -> sp.Expr:
        """Put shifters and remainders in the place of named quantities."""
        return sp.sympify(expression).xreplace(self.meaning)


class Sums(_Names):
    """All occupations as an index, two cities written out, other cities in remainders.

    Totals over occupations, which no index touches, can be kept as symbols (``n_c`` and
    ``n_d``, the two cities' totals, and ``G``), so that identities are decided term by term.

    Parameters
    ----------
    rho : expression
        One correlation for all occupations, or ``RHO_K`` for one each.
    z_c, z_d : expressions
        City scales; by default symbols of their own.
    """

    n_c, n_d = sp.symbols("n_c n_c'", positive=True)
    t_c, t_d, T, R, pi_ck, pi_dk, phi_c, phi_d, omega, lambda_k = (
        base[k]
        for base in sp.symbols(
            "t_c t_c' T R pi_c pi_c' phi_c phi_c' omega lambda", cls=sp.IndexedBase, positive=True
        )
    )

    def __init__(self, rho: sp.Expr = rho, z_c: sp.Expr = z_c, z_d: sp.Expr = z_d) -> None:
        self.rho = sp.sympify(rho)
        self.z_c, self.z_d = z_c, z_d
        self.h_c = appeal(self.t_c, z_c, self.rho)
        self.h_d = appeal(self.t_d, z_d, self.rho)
        self.lam = self.h_c + self.h_d + self.R
        self.size = self.T * self.lam ** (1 - self.rho)
        self.share_c, self.share_d = self.h_c / self.lam, self.h_d / self.lam
        self.meaning = {
            self.pi_ck: self.share_c,
            self.pi_dk: self.share_d,
            self.omega: self.size / G,
            self.phi_c: self.share_c * self.size / self.n_c,
            self.phi_d: self.share_d * self.size / self.n_d,
            self.lambda_k: self.lam,
            pi_c: self.n_c / G,
            pi_d: self.n_d / G,
        }
        self.totals = {
            G: self.over_k(self.size),
            self.n_c: self.over_k(self.share_c * self.size),
            self.n_d: self.over_k(self.share_d * self.size),
        }

    @property
    def whole(self) -> sp.Expr:
        """Sum of phi_ck over occupations, which is one by the definition of n_c."""
        return self.over_k(self.phi_c)

    def with_T_inside(self) -> sp.Expr:
        """T_k lambda_k^(1-rho) with T_k inside the brackets, as equation (1) has it."""
        terms = (
            appeal(self.T * self.t_c, self.z_c, self.rho)
            + appeal(self.T * self.t_d, self.z_d, self.rho)
            + self.T ** (1 / (1 - self.rho)) * self.R
        )
        return terms ** (1 - self.rho)

    @staticmethod
    def over_k(summand: sp.Expr) -> sp.Expr:
        """Sum over all occupations."""
        return sp.Sum(summand, (k, 1, K))

    def d_log_pi_c(self, scale: sp.Symbol) -> sp.Expr:
        """D ln pi_c / d ln scale, with totals as symbols; pi_c = n_c / G."""
        d_n = self.over_k(sp.diff(self.share_c * self.size, scale)) * scale / self.n_c
        return d_n - self.over_k(sp.diff(self.size, scale)) * scale / G

    def d_log_pi_d(self, scale: sp.Symbol) -> sp.Expr:
        """D ln pi_c' / d ln scale, likewise."""
        d_n = self.over_k(sp.diff(self.share_d * self.size, scale)) * scale / self.n_d
        return d_n - self.over_k(sp.diff(self.size, scale)) * scale / G

    def spell(self, expression: sp.Expr) -> sp.Expr:
        """Put shifters in the place of named quantities, and leave totals as symbols."""
        return sp.sympify(expression).xreplace(self.meaning)

    def write_out(self, expression: sp.Expr) -> sp.Expr:
        """Put shifters in the place of named quantities, and sums in that of totals."""
        return self.spell(expression).xreplace(self.totals)


CELL = Cell()
SUMS = Sums()
SUMS_BY_OCCUPATION = Sums(RHO_K)
_BY_T_C = {"z_c": (T_c / gamma) ** theta, "z_d": (T_d / gamma) ** theta}
SCALED = Sums(**_BY_T_C)
"""Sums with Z_c^-theta = gamma^-theta T_c^theta put in (section 2.2)."""
CELL_AT_ZERO, SCALED_AT_ZERO = Cell(sp.S.Zero), Sums(sp.S.Zero, **_BY_T_C)
"""The same without correlation."""


def elasticity(expression: sp.Expr, scale: sp.Symbol) -> sp.Expr:
    """D ln expression / d ln scale."""
    return scale * sp.diff(sp.log(expression), scale)
