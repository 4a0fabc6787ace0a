"""Powers of shifters and hats whose exponent is large, to the last digits of a float.

The model raises changes to the power 1 / (1 - rho). With rho near one that power is huge, and an
error in the sixteenth digit of a logarithm becomes one in the first digit of a share. What is
needed are ratios, so logarithms are compared before they are scaled, with twice the digits
where those of a float do not do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SPLIT = 134217729.0  # 2^27 + 1
_LN2 = (0.6931471805599453, 2.3190468138462996e-17)
_TERMS = 24
_EPS = np.finfo(float).eps
_LOWEST = -800.0  # exp of less is zero
_TOLERATED = 1e-12
_PLAIN, _LEADS = 300.0, 1e-8


def two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of two floats, and its rounding error (Knuth, 1969)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Product of two floats, and its rounding error (Dekker, 1971); for factors below 1e290."""
    product = a * b
    high_a, high_b = (_SPLIT * v - (_SPLIT * v - v) for v in (a, b))
    low_a, low_b = a - high_a, b - high_b
    return product, low_a * low_b - (
        ((product - high_a * high_b) - low_a * high_b) - high_a * low_b
    )


def _times(a: tuple, b: tuple) -> tuple[np.ndarray, np.ndarray]:
    high, low = two_product(a[0], b[0])
    return two_sum(high, low + (a[0] * b[1] + a[1] * b[0]))


def _plus(a: tuple, b: tuple) -> tuple[np.ndarray, np.ndarray]:
    high, low = two_sum(a[0], b[0])
    return two_sum(high, low + (a[1] + b[1]))


def log_twice(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Natural logarithm to about 30 digits, as a sum of two floats.

    ln x = e ln 2 + 2 artanh((m - 1) / (m + 1)) with x = m 2^e and m near one.

    Parameters
    ----------
    x : array
        Finite, above 0.

    Returns
    -------
    high, low : arrays

    Examples
    --------
    >>> import numpy as np
    >>> high, low = log_twice(np.array([3.0]))
    >>> print(high[0], f"{low[0]:.6e}")
    1.0986122886681098 -9.071297e-17
    """
    m, e = np.frexp(np.asarray(x, dtype=float))
    small = m < np.sqrt(0.5)
    m, e = np.where(small, 2 * m, m), (e - small).astype(float)
    over = two_sum(m, np.ones_like(m))
    first = (m - 1) / over[0]
    product, error = two_product(first, over[0])
    second = ((m - 1 - product) - error - first * over[1]) / over[0]
    s = two_sum(first, second)
    square = _times(s, s)
    total = (np.zeros_like(m), np.zeros_like(m))
    for n in range(_TERMS, -1, -1):
        odd = 2.0 * n + 1
        inverse = 1 / odd
        product, error = two_product(np.float64(inverse), np.float64(odd))
        total = _plus(_times(total, square), (inverse, ((1 - product) - error) / odd))
    half = _times(s, total)
    whole = _times((e, np.zeros_like(e)), _LN2)
    return _plus((2 * half[0], 2 * half[1]), whole)


def scaled_gaps(
    factors: Sequence[tuple[float, np.ndarray]], scale_k: np.ndarray, there: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Logs of products relative to the largest of their column, divided by a small number.

    Parameters
    ----------
    factors : sequence of (power, array)
        The product is that of x^power; arrays broadcast to (C, K) and are above 0.
    scale_k : array (K,)
        What the logs are divided by, 1 - rho_k.
    there : array (C, K) of bool
        Cells that count. Each column has one at least.

    Returns
    -------
    array (C, K)
        (L_ck - L_k) / scale_k, at most 0; minus infinity where there is nothing.
    array (K,)
        L_k, the largest log of a column.
    """
    parts = [power * np.log(x) for power, x in factors]
    L = np.broadcast_to(sum(parts), there.shape)
    columns = np.arange(there.shape[1])
    largest = np.where(there, L, -np.inf).argmax(axis=0)
    bound = sum(np.abs(part).max() for part in parts)
    if 4 * _EPS * bound <= _TOLERATED * scale_k.min():
        # ordinary changes and an ordinary rho: a float's digits do
        largest_k = L[largest, columns]
        return np.where(there, np.minimum(L - largest_k, 0.0), -np.inf) / scale_k, largest_k
    factors = [(power, np.broadcast_to(x, there.shape)) for power, x in factors]
    size = sum(np.abs(power * np.log(x)) for power, x in factors)
    equal = np.logical_and.reduce([x == x[largest, columns] for _, x in factors])
    gap = np.where(there, L - L[largest, columns], -np.inf)
    with np.errstate(over="ignore"):
        scaled = gap / scale_k
        doubt = 2 * _EPS * (size + size[largest, columns]) / scale_k
    if (there & ~equal & (scaled > _LOWEST) & (doubt > _TOLERATED)).any():
        total = (np.zeros(there.shape), np.zeros(there.shape))
        for power, x in factors:
            log = log_twice(x)
            total = _plus(total, _times(log, (np.float64(power), 0.0)))
        for _ in range(2):  # the largest by the first float need not be the largest by both
            high, low = two_sum(total[0], -total[0][largest, columns])
            gap = np.where(there, high + (low + (total[1] - total[1][largest, columns])), -np.inf)
            largest = gap.argmax(axis=0)
        with np.errstate(over="ignore"):
            scaled = gap / scale_k
    return np.minimum(scaled, 0.0), L[largest, columns]


def scaled_sum(
    factors: Sequence[tuple[float, np.ndarray]], scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log of a product, and the same divided by a small number, where its terms cancel.

    Parameters
    ----------
    factors : sequence of (power, array)
        Of one shape; powers may be arrays.
    scale : array

    Returns
    -------
    L, L / scale : arrays
    """
    parts = [power * np.log(x) for power, x in factors]
    L = sum(parts)
    size = sum(np.abs(part) for part in parts)
    with np.errstate(over="ignore"):
        scaled = L / scale
        doubt = (np.abs(scaled) < -_LOWEST) & (2 * _EPS * size / scale > _TOLERATED)
    if doubt.any():
        total = (np.zeros(doubt.sum()), np.zeros(doubt.sum()))
        for power, x in factors:
            power, x = (np.broadcast_to(v, doubt.shape)[doubt] for v in (power, x))
            total = _plus(total, _times(log_twice(x), (power, np.zeros_like(power))))
        L, scaled = L.copy(), scaled.copy()
        L[doubt] = total[0] + total[1]
        scaled[doubt] = L[doubt] / np.broadcast_to(scale, doubt.shape)[doubt]
    return L, scaled


def weighted(weights: np.ndarray, exponents: np.ndarray, axis: int = 0) -> np.ndarray:
    """Weights times exp(exponents), relative to the largest product, so that none overflows.

    Parameters
    ----------
    weights : array
        At least 0; not all 0 along the axis.
    exponents : array
        Logs of what the weights are multiplied by; without bound.
    axis : int

    Returns
    -------
    products : array
        Relative to exp(reference).
    reference : array
        The logarithm that was taken out, with the axis kept.
    """
    if exponents.max() <= _PLAIN:
        products = weights * np.exp(exponents)
        leading = products.max(axis=axis, keepdims=True)
        if leading.min() >= _LEADS:
            return products, np.zeros_like(leading)
    weights, exponents = np.broadcast_arrays(weights, exponents)
    with np.errstate(divide="ignore"):
        logs = np.where(weights > 0, np.log(weights) + exponents, -np.inf)
    largest = np.expand_dims(logs.argmax(axis=axis), axis)
    reference = np.take_along_axis(exponents, largest, axis)
    with np.errstate(invalid="ignore", over="ignore"):
        relative = np.where(weights > 0, exponents - reference, -np.inf)
    half = np.exp(np.minimum(relative, 1400.0) / 2)
    # a tiny weight that leads would take the others below the smallest float
    leading = np.take_along_axis(weights, largest, axis)
    lift = np.where(leading < _LEADS, -np.frexp(leading)[1], 0)
    return half * np.ldexp(weights, lift) * half, reference - lift * np.log(2)
