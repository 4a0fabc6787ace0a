"""Households one by one: productivities drawn from the correlated Frechet, and what they choose."""

from __future__ import annotations

import numpy as np

from helpers.errors import arguments, check_theta
from helpers.model.choice import check_shifters


def _log_positive_stable(alpha: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """Logs of positive stable draws S with E[exp(-u S)] = exp(-u^alpha) (Kanter, 1975)."""
    if alpha == 1:
        return np.zeros(size)
    angle = rng.uniform(0, np.pi, size)
    waiting = rng.standard_exponential(size)
    return (
        np.log(np.sin(alpha * angle))
        - np.log(np.sin(angle)) / alpha
        + (1 - alpha) / alpha * (np.log(np.sin((1 - alpha) * angle)) - np.log(waiting))
    )


def draw_productivities(
    t_ck: np.ndarray,
    T_k: np.ndarray,
    z_c: np.ndarray,
    rho: float | np.ndarray,
    theta: float,
    n: int,
    seed: int | np.random.Generator,
) -> np.ndarray:
    """Draw households' productivities from the max-stable Frechet (paper, equation 1).

    P[Z_ck <= x_ck for all c, k] =
    exp(-sum_k [ sum_c (T_k t_ck z_c x_ck^-theta)^(1/(1-rho_k)) ]^(1-rho_k)).

    Within an occupation the cities share a positive stable factor S of index 1 - rho:
    Z_ck = (T_k t_ck z_c)^(1/theta) (S / E_ck)^((1-rho)/theta) with E_ck unit exponential.
    Integrating S out gives equation (1). Kendall's rank correlation between two cities in
    the same occupation is rho; between occupations it is 0.

    Parameters
    ----------
    t_ck, T_k, z_c, rho
        As in :func:`shares`.
    theta : float, above 0
        Frechet shape.
    n : int
        Households.
    seed : int or numpy Generator

    Returns
    -------
    array (n, C, K)
        Productivities; n C K numbers, so keep the economy small.

    Examples
    --------
    A household that draws well in one city draws well in the other: in logs the correlation is
    1 - (1 - rho)^2.

    >>> import numpy as np
    >>> even = np.ones((2, 1)), np.ones(1), np.ones(2)
    >>> draws = draw_productivities(*even, 0.5, 3.0, n=50_000, seed=1)
    >>> draws.shape
    (50000, 2, 1)
    >>> float(np.corrcoef(np.log(draws[:, 0, 0]), np.log(draws[:, 1, 0]))[0, 1].round(2))
    0.75
    """
    t_ck, T_k, z_c, rho_k = check_shifters(t_ck, T_k, z_c, rho)
    theta = check_theta(theta)
    n, rng = arguments.whole("n", n, least=0), arguments.generator(seed)
    arguments.fits("draw_productivities", (n, *t_ck.shape), "draw fewer at a time", copies=2)
    log_scale_ck = np.log(T_k) + np.log(t_ck) + np.log(z_c)[:, None]
    Z_nck = np.empty((n, *t_ck.shape))
    for k, alpha in enumerate(1 - rho_k):
        log_S = _log_positive_stable(alpha, n, rng)
        log_E = np.log(rng.standard_exponential((n, t_ck.shape[0])))
        Z_nck[:, :, k] = np.exp((log_scale_ck[:, k] + alpha * (log_S[:, None] - log_E)) / theta)
    return Z_nck


def simulate_households(
    t_ck: np.ndarray,
    T_k: np.ndarray,
    z_c: np.ndarray,
    rho: float | np.ndarray,
    theta: float,
    n: int,
    seed: int | np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw households and let each take its best city and occupation (paper, 2.1-2.2).

    Every household draws all C x K productivities as in :func:`draw_productivities`; the
    choice shares of equations (3)-(7) are not used. What is drawn is what the formula
    integrates, so the frequencies agree with :func:`shares` up to Monte Carlo error.

    Parameters
    ----------
    t_ck, T_k, z_c, rho
        As in :func:`shares`.
    theta : float, above 0
        Frechet shape. It stretches productivities and leaves choices as they are.
    n : int
        Households.
    seed : int or numpy Generator

    Returns
    -------
    city, occupation : arrays (n,) of int
        Positions of the chosen city and occupation.

    Examples
    --------
    A city whose scale is twice the other's draws 2^(1/(1-rho)) = 4 households for each of its:

    >>> import numpy as np
    >>> unlike = np.ones((2, 1)), np.ones(1), np.array([2.0, 1.0])
    >>> city, _ = simulate_households(*unlike, 0.5, 3.0, n=50_000, seed=1)
    >>> float((city == 0).mean().round(2))
    0.8
    """
    t_ck, T_k, z_c, rho_k = check_shifters(t_ck, T_k, z_c, rho)
    theta = check_theta(theta)
    n, rng = arguments.whole("n", n, least=0), arguments.generator(seed)
    arguments.fits("simulate_households", (n, 2), "draw fewer at a time")
    n_cities, n_occupations = t_ck.shape
    city = np.empty(n, dtype=np.intp)
    occupation = np.empty(n, dtype=np.intp)
    # In an occupation the best city has the smallest E_c / a_c: a monotone transform.
    # Chunks keep the exponentials in the processor's cache.
    log_a_ck = (np.log(t_ck) + np.log(z_c)[:, None]) / (1 - rho_k)
    largest_k = log_a_ck.max(axis=0)
    # a city that is e^700 times behind never wins
    inverse_a_kc = np.exp(np.minimum(largest_k - log_a_ck, 700.0)).T.copy()
    chunk = max(1, 250_000 // n_cities)
    for start in range(0, n, chunk):
        rows = np.arange(min(chunk, n - start))
        best_city = np.empty((n_occupations, rows.size), dtype=np.intp)
        log_best = np.empty((n_occupations, rows.size))
        for k, alpha in enumerate(1 - rho_k):
            race = rng.standard_exponential((rows.size, n_cities))
            race *= inverse_a_kc[k]
            best_city[k] = race.argmin(axis=1)
            log_race = np.log(race[rows, best_city[k]]) - largest_k[k]
            log_S = _log_positive_stable(alpha, rows.size, rng)
            log_best[k] = (np.log(T_k[k]) + alpha * (log_S - log_race)) / theta
        chosen = log_best.argmax(axis=0)
        occupation[start : start + rows.size] = chosen
        city[start : start + rows.size] = best_city[chosen, rows]
    return city, occupation
