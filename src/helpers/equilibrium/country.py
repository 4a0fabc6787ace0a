"""All cities together: where households go, and how everything answers to everything.

Given the log appeal of every occupation, l_k = ln lambda_k_hat, and the log size of every city,
n_c = ln N_c_hat, each city's markets clear on their own (:mod:`~helpers.equilibrium.city`).
What is left is

    l_k = ln sum_c pi_ck h_ck               (the cells' appeals)
    n_c = ln sum_k phi_ck N_ck              (only if productivity depends on size)

with N_ck = h_ck omega_k_hat / lambda_k_hat and omega_k_hat = T_k_hat lambda_k_hat^(1-rho_k) / G.
Newton's method solves it. A city is two linear equations in its own two unknowns, so that
eliminating the cities leaves a system of K equations whatever the number of cities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from math import inf

import numpy as np

from helpers.equilibrium.city import Cleared, Technology, clear_cities, sum_logs
from helpers.equilibrium.economy import Shocks
from helpers.equilibrium.rationing import clear_rationed


@dataclass(eq=False)
class State:
    """A guess of S countries, its residuals, and what Newton's method needs.

    Attributes
    ----------
    l : array (S, K); n : array (S, C)
        The unknowns.
    g : array (S,)
        ln G_hat: theta times the log change of welfare.
    elsewhere : array (S, K)
        What an occupation's conditions elsewhere add to ln N_ck_hat.
    heads_sk : array (S, K); pi_sck, phi_sck : arrays (S, C, K)
        New omega_k, pi_ck and phi_ck.
    gap_l : array (S, K); gap_n : array (S, C)
        Residuals.
    cities : Cleared
    """

    l: np.ndarray  # noqa: E741
    n: np.ndarray
    g: np.ndarray
    elsewhere: np.ndarray
    heads_sk: np.ndarray
    pi_sck: np.ndarray
    phi_sck: np.ndarray
    gap_l: np.ndarray
    gap_n: np.ndarray
    cities: Cleared

    def worst(self) -> np.ndarray:
        """Largest residual of each scenario, (S,)."""
        worst = np.abs(self.gap_l).max(axis=-1)
        if self.gap_n.shape[-1]:
            worst = np.maximum(worst, np.abs(self.gap_n).max(axis=-1))
        return np.where(np.isnan(worst), inf, worst)

    def _arrays(self) -> Iterator[tuple[object, str, np.ndarray]]:
        """Every array, with whose and which it is; those that hold for all scenarios too."""
        for owner in (self, self.cities):
            for item in fields(owner):
                value = getattr(owner, item.name)
                if isinstance(value, np.ndarray):
                    yield owner, item.name, value

    def part(self, scenario: int) -> State:
        """One scenario, as a state of its own."""
        cities = replace(self.cities)
        one = replace(self, cities=cities)
        for owner, name, value in list(one._arrays()):
            if len(value) > 1:
                setattr(owner, name, value[scenario : scenario + 1])
        return one

    def put(self, scenario: int, part: State) -> None:
        """Put the state of one scenario in its place."""
        scenarios = len(self.l)
        arrays = {(type(owner), name): value for owner, name, value in part._arrays()}
        for owner, name, value in list(self._arrays()):
            whole = np.array(np.broadcast_to(value, (scenarios, *value.shape[1:])))
            whole[scenario] = arrays[type(owner), name][0]
            setattr(owner, name, whole)


def evaluate(
    tech: Technology,
    shocks: Shocks,
    l: np.ndarray,  # noqa: E741
    n: np.ndarray,
    Y: np.ndarray,
) -> State:
    """Clear all cities at a guess of l and n, and measure what is left."""
    base = tech.base
    total = base.log_heads_k + shocks.occupation_sk + (1 - base.rho_k) * l
    g, omega = sum_logs(total, axis=-1)
    A = shocks.occupation_sk - base.rho_k * l - g[:, None]
    b = shocks.productivity_sck
    if tech.mu:
        b = b + tech.mu * n[..., None]
    rationed = tech.sigma == inf and tech.floor > -inf
    cities = (clear_rationed if rationed else clear_cities)(tech, shocks.scale_sck, b, A, Y)
    appeal, pi = sum_logs(base.log_pi_ck + cities.h, axis=-2)
    size, phi = sum_logs(base.log_mix_ck + A[:, None, :] + cities.h, axis=-1)
    gap_n = np.where(np.isfinite(size), n - size, 0.0) if tech.mu else np.zeros((len(l), 0))
    # an occupation that nobody was in needs no appeal
    gap_l = np.where(np.isfinite(appeal), l - appeal, np.where(base.shares.omega_k > 0, inf, 0.0))
    return State(l, n, g, A, omega, pi, phi, gap_l, gap_n, cities)


@dataclass(eq=False)
class Response:
    """How cities answer at a state: the pieces of the Jacobian.

    With dA the change of A, a city's unknowns change by x_A dA + x_0 and n_A dA + n_0, where
    x_0 and n_0 close its own residual. ``P`` turns dl into -dA, and ``system`` is the matrix of
    K equations that is left.
    """

    x_A: np.ndarray
    n_A: np.ndarray
    n_0: np.ndarray
    x_n: np.ndarray
    P: np.ndarray
    system: np.ndarray


def spread(state: State, tech: Technology) -> np.ndarray:
    """Matrix P (S, K, K) of -dA = P dl: rho_k dl_k + sum_j omega_j (1 - rho_j) dl_j."""
    K = state.l.shape[-1]
    P = np.broadcast_to((state.heads_sk * (1 - tech.base.rho_k))[:, None, :], (len(state.l), K, K))
    return P + np.diag(tech.base.rho_k)


def respond(state: State, tech: Technology, sizes_fixed: bool = False) -> Response:
    """Eliminate the cities. ``sizes_fixed``: as if n did not answer."""
    cities = state.cities
    x_A = -cities.gap_A / cities.gap_x[..., None]
    x_n = -cities.gap_n / cities.gap_x
    h_A = np.broadcast_to(cities.h_A, x_A.shape)
    n_A = np.zeros_like(x_A[..., :1])
    n_0 = np.zeros(x_n.shape)
    own_x = np.broadcast_to(cities.h_x, x_A.shape)
    if tech.mu and not sizes_fixed:
        phi = state.phi_sck
        phi_x = (phi * own_x).sum(axis=-1)
        from_n = (phi * cities.h_n).sum(axis=-1) + phi_x * x_n
        direct = phi * (1 + h_A) + phi_x[..., None] * x_A
        pivot = 1 - from_n
        pivot = np.where(np.abs(pivot) > 1e-12, pivot, 1e-12)
        n_A = direct / pivot[..., None]
        n_0 = -state.gap_n / pivot
        x_A = x_A + x_n[..., None] * n_A
    weighted = state.pi_sck * own_x
    matrix = np.matmul(weighted.swapaxes(-1, -2), x_A)
    if tech.mu and not sizes_fixed:
        matrix = matrix + np.matmul((state.pi_sck * cities.h_n).swapaxes(-1, -2), n_A)
    K = state.l.shape[-1]
    diagonal = (state.pi_sck * h_A).sum(axis=-2)
    matrix = matrix + diagonal[..., None] * np.eye(K)
    P = spread(state, tech)
    return Response(x_A, n_A, n_0, x_n, P, np.eye(K) + np.matmul(matrix, P))


def newton(state: State, tech: Technology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton's changes of l, n and the cities' products."""
    answer = respond(state, tech)
    cities = state.cities
    right = -state.gap_l
    if tech.mu:
        by_size = cities.h_n + cities.h_x * answer.x_n[..., None]
        right = right + (state.pi_sck * by_size * answer.n_0[..., None]).sum(axis=-2)
    try:
        dl = np.linalg.solve(answer.system, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        dl = right
    dA = -np.matmul(answer.P, dl[..., None])[..., 0]
    dx = (answer.x_A * dA[:, None, :]).sum(axis=-1)
    dn = np.zeros(state.n.shape)
    if tech.mu:
        dn = (answer.n_A * dA[:, None, :]).sum(axis=-1) + answer.n_0
        dx = dx + answer.x_n * answer.n_0
    return dl, dn, dx
