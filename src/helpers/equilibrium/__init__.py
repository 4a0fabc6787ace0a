"""The model in equilibrium: rents, wages and employment that answer to who moves.

The paper holds wages, prices and employment fixed. Here they are markets that clear, city by
city, on the same shares and in the same exact hats; a :class:`Closure` says how. With
:data:`PAPER` nothing answers and :func:`solve` is :func:`helpers.counterfactuals.shock`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "closure": ["CLOSURES", "Closure", "PAPER", "STANDARD", "read_closure"],
        "comparison": ["RANGES", "along", "closures_compared"],
        "economy": ["panel_wages"],
        "fixed_point": ["solve"],
        "linear": ["at_the_margin"],
        "many": ["solve_many"],
        "outcome": ["Equilibria", "Equilibrium"],
    },
)
