"""Many scenarios at once: the same kernels on arrays with an axis over scenarios."""

from __future__ import annotations

import numpy as np

from helpers.equilibrium.city import Technology
from helpers.equilibrium.closure import Closure
from helpers.equilibrium.economy import Hat, economy, shocks
from helpers.equilibrium.fixed_point import settled
from helpers.equilibrium.outcome import Equilibria, Equilibrium
from helpers.errors import ParameterError

_BLOCK = 16_000  # cells that are solved together, so that they stay in the processor's cache


def _scenarios(**hats: tuple[Hat, int]) -> int:
    """Number of scenarios, from the hats that have an axis for them."""
    found = {
        name: np.shape(hat)[0]
        for name, (hat, axes) in hats.items()
        if isinstance(hat, np.ndarray | list | tuple) and np.ndim(hat) == axes + 1
    }
    if not found:
        raise ParameterError(
            "scenarios: expected a first axis over scenarios in at least one of "
            f"{', '.join(hats)}; for a single scenario there is solve"
        )
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{number} in {name}" for name, number in found.items())
        raise ParameterError(f"scenarios: expected the same number everywhere, found {listed}")
    return next(iter(found.values()))


def solve_many(
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
) -> Equilibria:
    """Equilibria of S scenarios, each as :func:`helpers.equilibrium.solve` has it.

    Parameters
    ----------
    shares, rho, theta, closure, wages
        As in :func:`helpers.equilibrium.solve`, the same in every scenario.
    city, occupation, city_occupation, productivity : arrays, optional
        Changes with a first axis over scenarios, (S, C), (S, K), (S, C, K) and (S, C, K). One
        without that axis, or a mapping, is the same in every scenario.

    Returns
    -------
    Equilibria
        Arrays with a first axis over scenarios; ``[s]`` is an
        :class:`~helpers.equilibrium.Equilibrium`.

    Raises
    ------
    ParameterError
        If no change has an axis over scenarios, or their lengths differ; else as in
        :func:`helpers.equilibrium.solve`.
    EquilibriumError
        For the first scenario that cannot be solved.

    Examples
    --------
    >>> from helpers.equilibrium import Closure
    >>> from helpers.model import Shares
    >>> even = Shares(np.full((2, 1), 0.5), np.ones(1))
    >>> rising = Closure(housing_share=0.5, supply_elasticity=0)
    >>> solve_many(even, 0.5, 1, rising, city=[[1.0, 1.0], [2.0, 1.0]]).pi_c.round(3)
    array([[0.5  , 0.5  ],
           [0.667, 0.333]])
    """
    number = _scenarios(
        city=(city, 1),
        occupation=(occupation, 1),
        city_occupation=(city_occupation, 2),
        productivity=(productivity, 2),
    )
    tech = Technology(economy(shares, rho, theta, closure, wages))
    every = shocks(tech.base, city, occupation, city_occupation, productivity, number)
    size = max(1, _BLOCK // shares.pi_ck.size)
    blocks = []
    for start in range(0, number, size):
        given = every.part(slice(start, start + size))
        blocks.append(settled(tech, given))
    names = (
        "pi_ck",
        "omega_k",
        "wage_hat",
        "rent_hat",
        "employment_hat",
        "welfare_hat",
        "residual",
        "iterations",
    )

    def one(scenario: int) -> Equilibrium:
        return blocks[scenario // size][scenario % size]

    joined = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in names}
    return Equilibria(**joined, _one=one)
