"""The equilibrium at the margin: a linear system in closed form, and nothing iterated.

For a small shock every condition of the model is linear in logs. With N, w, B of cells, Q and n
of cities, d for the change of a log, v_ck = theta dT_c + dt_ck + alpha (dw_ck - a dQ_c),
kappa_k = 1 / (1 - rho_k), and payroll shares s_ck and occupational mixes phi_ck before the shock,

    dN_ck = kappa_k (v_ck - vbar_k) + (dT_k + vbar_k) - sum_l omega_l (dT_l + vbar_l),
            vbar_k = sum_c pi_ck v_ck
    dw_ck = (1/sigma - 1/epsilon) sum_l s_cl (dB_cl + dN_cl) + (1 - 1/sigma) dB_ck - dN_ck / sigma
    dQ_c  = sum_l s_cl (dw_cl + dN_cl) / (1 + eta_c)
    dB_ck = its own shock + mu sum_l phi_cl dN_cl

Put into each other they are (I - M) dN = m, one equation a cell. With housing alone, wages
given, this is as small as the number of cities: diag(1 + eta) dQ = E (tau - alpha a dQ), where
E_cc' = sum_k s_ck [kappa_k (1{c=c'} - pi_c'k) + pi_c'k - pi_c'] are the elasticities of incomes
with respect to city scales and tau_c = theta dT_c (:func:`rents_at_the_margin`; proved in
:mod:`helpers.derivations.equilibrium`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.equilibrium.closure import Closure
from helpers.equilibrium.economy import Economy, Hat, economy, shocks
from helpers.errors import ParameterError


@dataclass(frozen=True, eq=False)
class Margin:
    """Derivatives of an equilibrium's logs, in the direction of a shock, at no shock.

    Attributes
    ----------
    households, wages : arrays (C, K)
        d ln N_ck and d ln w_ck.
    rents : array (C,)
        d ln Q_c.
    welfare : float
        d ln of welfare.
    cities, occupations : tuple of str
        Labels, where the shares have them.
    """

    households: np.ndarray
    wages: np.ndarray
    rents: np.ndarray
    welfare: float
    cities: tuple[str, ...] | None = None
    occupations: tuple[str, ...] | None = None

    def to_frame(self) -> pd.DataFrame:
        """One row per city and occupation: d ln of households, wage and rent, with labels."""
        C, K = self.households.shape
        cities, occupations = self.cities or range(C), self.occupations or range(K)
        index = pd.MultiIndex.from_product([cities, occupations], names=["city", "occupation"])
        columns = {
            "households": self.households.ravel(),
            "wage": self.wages.ravel(),
            "rent": np.repeat(self.rents, K),
        }
        return pd.DataFrame(columns, index).reset_index()


def _supply(base: Economy) -> np.ndarray:
    """Matrix (CK, CK) of d N_ck / d v_c'k', cells in the order of ``ravel``."""
    pi_ck, omega_k = base.shares.pi_ck, base.shares.omega_k
    C, K = pi_ck.shape
    same_cell = np.eye(C * K).reshape(C, K, C, K)
    same_k = np.eye(K)[None, :, None, :]
    mean = same_k * pi_ck[None, None, :, :]
    everyone = (pi_ck * omega_k)[None, None, :, :]
    kappa = base.response_k[None, :, None, None]
    return (kappa * (same_cell - mean) + mean - everyone).reshape(C * K, C * K)


def _demand(base: Economy) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Matrices of dw and dQ in terms of dN, and of the shock to B: (CK, CK) and (C, CK) each."""
    closure = base.closure
    C, K = base.s_ck.shape
    cells = np.eye(C * K)
    city_of = np.kron(np.eye(C), np.ones((K, 1)))  # (CK, C)
    payroll = (np.eye(C)[:, :, None] * base.s_ck[:, None, :]).reshape(C, C * K)
    heads = (np.eye(C)[:, :, None] * base.phi_ck[:, None, :]).reshape(C, C * K)
    per_sigma, per_epsilon = 1 / closure.substitution, 1 / closure.demand_elasticity
    w_B = (per_sigma - per_epsilon) * city_of @ payroll + (1 - per_sigma) * cells
    w_N = (per_sigma - per_epsilon) * city_of @ payroll - per_sigma * cells
    w_N = w_N + closure.agglomeration * w_B @ city_of @ heads
    Q_N = base.rent_c[:, None] * (payroll @ (w_N + cells))
    return w_N, w_B, Q_N, base.rent_c[:, None] * (payroll @ w_B)


def at_the_margin(
    shares,
    rho: float | np.ndarray,
    theta: float,
    closure: Closure,
    *,
    wages: np.ndarray | None = None,
    city: Hat = None,
    occupation: Hat = None,
    city_occupation: Hat = None,
    productivity: Hat = None,
) -> Margin:
    """How an equilibrium starts to answer: derivatives at no shock, in closed form.

    A system of C K equations, solved once; keep the economy below a few thousand cells.

    Parameters
    ----------
    shares, rho, theta, closure, wages, city, occupation, city_occupation, productivity
        As in :func:`helpers.equilibrium.solve`. Hats give the direction: derivatives are with
        respect to x in hats to the power x, at x = 0.

    Returns
    -------
    Margin

    Raises
    ------
    ParameterError
        If the floor is where wages are, which has no derivative; else as in
        :func:`helpers.equilibrium.solve`.

    Examples
    --------
    With nothing answering, the derivative is the elasticity of the model:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> from helpers.equilibrium import PAPER
    >>> from helpers.elasticities import own_city
    >>> margin = at_the_margin(pair, 0.5, 3.0, PAPER, city={"East": 1.01})
    >>> gain = float((pair.phi_ck * margin.households)[0].sum() / np.log(1.01))
    >>> round(gain, 3), round(float(own_city(pair, 0.5, theta=3.0)[0]), 3)
    (3.3, 3.3)
    """
    base = economy(shares, rho, theta, closure, wages)
    if closure.wage_floor >= 1:
        raise ParameterError(
            "wage_floor: expected a number below 1: at 1 wages are at the floor before the shock, "
            "and falls and rises have different derivatives"
        )
    C, K = base.s_ck.shape
    given = shocks(base, city, occupation, city_occupation, productivity)
    scale, b = given.scale_sck[0].ravel(), given.productivity_sck[0].ravel()
    dT_k, omega_k, alpha, a = (
        given.occupation_sk[0],
        shares.omega_k,
        closure.wage_exponent,
        closure.housing_share,
    )
    S = _supply(base)
    w_N, w_B, Q_N, Q_B = _demand(base)
    city_of = np.kron(np.eye(C), np.ones((K, 1)))
    v_N = alpha * (w_N - a * city_of @ Q_N)
    v_0 = scale + alpha * (w_B - a * city_of @ Q_B) @ b
    by_occupation = np.tile(dT_k - omega_k @ dT_k, C)
    dN = np.linalg.solve(np.eye(C * K) - S @ v_N, S @ v_0 + by_occupation)
    v = (v_N @ dN + v_0).reshape(C, K)
    gain = omega_k @ (dT_k + (shares.pi_ck * v).sum(axis=0))
    return Margin(
        households=dN.reshape(C, K),
        wages=(w_N @ dN + w_B @ b).reshape(C, K),
        rents=Q_N @ dN + Q_B @ b,
        welfare=float(gain / base.theta),
        cities=shares.cities,
        occupations=shares.occupations,
    )


def income_elasticities(
    shares, rho: float | np.ndarray, wages: np.ndarray | None = None
) -> np.ndarray:
    """Elasticities of cities' incomes with respect to the scales of cities, wages given: (C, C).

    E_cc' = sum_k s_ck [(1{c=c'} - pi_c'k) / (1 - rho_k) + pi_c'k - pi_c']. With payrolls in
    proportion to heads it is the paper's matrix of elasticities of city shares (equations 8-10
    summed over occupations).
    """
    base = economy(shares, rho, 1.0, Closure(), wages)
    pi_ck, s_ck = shares.pi_ck, base.s_ck
    own = (s_ck * base.response_k).sum(axis=1)
    return np.diag(own) + (s_ck * (1 - base.response_k)) @ pi_ck.T - shares.pi_c


def rents_at_the_margin(
    shares,
    rho: float | np.ndarray,
    theta: float,
    closure: Closure,
    city: Hat,
    wages: np.ndarray | None = None,
) -> np.ndarray:
    """Derivatives of log rents when cities' T_c change and rents alone answer: (C,).

    Solves diag(1 + eta) dQ = E (theta dT - alpha a dQ). Rows with eta infinite have dQ = 0.

    Raises
    ------
    ParameterError
        If the closure lets more answer than rents.
    """
    base = economy(shares, rho, theta, closure, wages)
    rents_alone = Closure(
        wage_exponent=closure.wage_exponent,
        housing_share=closure.housing_share,
        supply_elasticity=closure.supply_elasticity,
    )
    if closure != rents_alone:
        raise ParameterError(f"closure: expected one in which rents alone answer, found {closure}")
    E = income_elasticities(shares, rho, wages)
    tau = shocks(base, city, None, None, None).scale_sck[0, :, 0]
    # divided by 1 + eta, which may be infinite
    answer = base.rent_c[:, None] * E
    weight = closure.wage_exponent * closure.housing_share
    return np.linalg.solve(np.eye(len(tau)) + weight * answer, answer @ tau)
