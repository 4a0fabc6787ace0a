"""Whether an equilibrium is the only one: the spectral condition.

At a solution, let Gamma be the C x C matrix of the elasticities with which city sizes answer to
city sizes: productivity takes the sizes that are guessed, rents, wages, employment and all
households' choices adjust, and sizes come out. It is proportional to mu. Let H be the K x K
matrix of the elasticities with which the appeals of occupations answer to those appeals, city
sizes as guessed. The condition is that the spectral radius of each is below one, as in Allen,
Arkolakis and Li (2024).

What it guarantees: no other equilibrium is near; this one moves smoothly with every shock and
parameter, and the process in which sizes are guessed, markets clear and guesses are revised
returns to it. And if it holds at every equilibrium there is just one, since the index of each,
the sign of det(I - H) det(I - Gamma), is then positive, and indices add up to one.

What it does not: a second, distant equilibrium at which the condition fails is not ruled out by
its holding here. One case is certain: with one rho, flexible wages and no agglomeration, if
1/sigma - 1/epsilon <= a (1 - 1/epsilon) / (1 + eta_c) in every city, H is non-negative with row
sums below one whatever the prices, so that l is the fixed point of a contraction. With every
price and wage fixed the condition on Gamma reads alpha mu < 1 - rho. Complementary occupations
can break the one on H even at mu = 0, if those who are paid most in a city are not those who are
most at home there.
"""

from __future__ import annotations

import numpy as np

from helpers.equilibrium.city import Technology
from helpers.equilibrium.country import State, respond

_DENSE = 64


def occupation_matrix(tech: Technology, state: State) -> np.ndarray:
    """H (K, K): elasticities of l_k with respect to l_j, sizes of cities given."""
    answer = respond(state, tech, sizes_fixed=True)
    return np.eye(state.l.shape[-1]) - answer.system[0]


def size_answer(tech: Technology, state: State):
    """Gamma as a function that multiplies a vector (C,)."""
    answer = respond(state, tech, sizes_fixed=True)
    cities = state.cities
    shape = tech.base.s_ck.shape
    h_x, h_n, h_A = (
        np.broadcast_to(x, (1, *shape))[0] for x in (cities.h_x, cities.h_n, cities.h_A)
    )
    by_size = h_n + h_x * answer.x_n[0][:, None]
    pi, phi, x_A, P = state.pi_sck[0], state.phi_sck[0], answer.x_A[0], answer.P[0]
    inverse = np.linalg.inv(answer.system[0])
    own = (phi * by_size).sum(axis=1)
    by_attraction = phi * (1 + h_A) + (phi * h_x).sum(axis=1, keepdims=True) * x_A
    across = -by_attraction @ (P @ inverse)  # (C, K)
    into = (pi * by_size).T  # (K, C)

    def multiply(vector: np.ndarray) -> np.ndarray:
        vector = np.ravel(vector)
        return own * vector + across @ (into @ vector)

    return multiply


def radius(multiply, size: int) -> float:
    """Spectral radius of a matrix that is known by what it does to vectors."""
    if size <= _DENSE:
        matrix = np.column_stack([multiply(column) for column in np.eye(size)])
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    operator = LinearOperator((size, size), matvec=multiply, dtype=float)
    start = np.cos(np.arange(size))  # the same every time, and nobody's eigenvector
    try:
        value = eigs(operator, k=1, which="LM", v0=start, tol=1e-9, return_eigenvectors=False)
    except ArpackNoConvergence:
        matrix = np.column_stack([multiply(column) for column in np.eye(size)])
        value = np.linalg.eigvals(matrix)
    return float(np.abs(value).max())


def feedback(tech: Technology, state: State) -> float:
    """Larger of the two spectral radii at a state of one scenario; below one is unique."""
    occupations = float(np.abs(np.linalg.eigvals(occupation_matrix(tech, state))).max())
    if not tech.mu:
        return occupations
    return max(occupations, radius(size_answer(tech, state), tech.base.s_ck.shape[0]))
