"""The model in equilibrium: rents, wages and employment that answer to who moves.

The paper holds wages, prices and employment fixed. Here they are markets that clear, city by
city, on the same shares and in the same exact hats; a :class:`Closure` says how. With
:data:`PAPER` nothing answers and :func:`solve` is :func:`helpers.counterfactuals.shock`.
"""

from helpers.equilibrium.closure import PAPER, STANDARD, Closure
from helpers.equilibrium.economy import panel_wages
from helpers.equilibrium.fixed_point import solve
from helpers.equilibrium.linear import at_the_margin
from helpers.equilibrium.many import solve_many
from helpers.equilibrium.outcome import Equilibria, Equilibrium

__all__ = [
    "PAPER",
    "STANDARD",
    "Closure",
    "Equilibria",
    "Equilibrium",
    "at_the_margin",
    "panel_wages",
    "solve",
    "solve_many",
]
