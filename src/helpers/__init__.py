"""Building blocks of the executable companion to "Correlated Migration" (Tan Sein Jone, 2024).

Numerical kernels are pure functions on numpy arrays whose axes follow the suffix of their
name: ``pi_ck`` is ``(C, K)``, with C cities and K occupations. Labels live in pandas at the
edges. Every function that implements an equation names the section and the equation.
"""

from __future__ import annotations

__version__ = "0.1.0"
