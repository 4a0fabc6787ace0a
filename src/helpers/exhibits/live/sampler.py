"""The page's random numbers in Python, so that drawing, table and page show the same households.

Everything else draws with numpy's generators. Here both sides have to agree to the last bit of
every uniform number, and a browser has no generator with a seed.
"""

from __future__ import annotations

import numpy as np

_WORD = 0xFFFFFFFF


class Uniform:
    """Uniform numbers in (0, 1), 53 bits each: sfc32, as ``engine.js`` has it.

    Parameters
    ----------
    seed : int

    Examples
    --------
    >>> draw = Uniform(1)
    >>> round(draw(), 12), round(draw(), 12)
    (0.760143635002, 0.917134939285)
    """

    def __init__(self, seed: int) -> None:
        self._a, self._b, self._c, self._counter = 0x9E3779B9, 0x243F6A88, seed & _WORD, 1
        for _ in range(20):
            self._next()

    def _next(self) -> int:
        total = (self._a + self._b + self._counter) & _WORD
        self._counter = (self._counter + 1) & _WORD
        self._a = self._b ^ (self._b >> 9)
        self._b = (self._c + (self._c << 3)) & _WORD
        self._c = (((self._c << 21) & _WORD) | (self._c >> 11)) + total & _WORD
        return total

    def __call__(self) -> float:
        high, low = self._next() >> 5, self._next() >> 6
        return (high * 2**26 + low + 0.5) / 2**53


def log_draws(scale_c: np.ndarray, rho: float, theta: float, n: int, seed: int) -> np.ndarray:
    """Logs of n households' productivities in C cities of one occupation (equation 1).

    ln Z_c = [ln scale_c + (1 - rho)(ln S - ln E_c)] / theta, with a positive stable S that the
    cities share (Kanter, 1975) and unit exponentials E_c.

    Parameters
    ----------
    scale_c : array (C,), above 0
        T t_c z_c.
    rho : float, in [0, 1)
    theta : float, above 0
    n : int
        Households.
    seed : int

    Returns
    -------
    array (n, C)
    """
    scale_c = np.asarray(scale_c, dtype=float)
    uniform = Uniform(seed)
    u = np.array([[uniform() for _ in range(2 + scale_c.size)] for _ in range(n)])
    angle, log_waiting = np.pi * u[:, 0], np.log(-np.log(u[:, 1]))
    alpha = 1 - rho
    log_S = np.zeros(n)
    if rho > 0:
        log_S = (
            np.log(np.sin(alpha * angle))
            - np.log(np.sin(angle)) / alpha
            + rho / alpha * (np.log(np.sin(rho * angle)) - log_waiting)
        )
    log_E = np.log(-np.log(u[:, 2:]))
    return (np.log(scale_c) + alpha * (log_S[:, None] - log_E)) / theta
