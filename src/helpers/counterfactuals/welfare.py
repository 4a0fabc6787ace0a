"""What a shock is worth to those who hold to an occupation, and to everyone (paper, 2 and 5)."""

from __future__ import annotations

import numpy as np

from helpers.counterfactuals.hats import Hat, shock, welfare_change
from helpers.errors import arguments
from helpers.model import Shares


def occupation_gains(
    shares: Shares,
    rho: float | np.ndarray,
    theta: float,
    city: Hat = None,
    occupation: Hat = None,
    city_occupation: Hat = None,
) -> np.ndarray:
    """Gain of each occupation: change of the best that a household can do within it.

    Expected productivity of the best city of an occupation is in proportion to
    (T_k lambda_k^(1 - rho_k))^(1/theta), so that its change is

        (T_k_hat lambda_hat_k^(1 - rho_k))^(1/theta)

    (claim ``b-welfare-occupation`` of the ledger). The gain in all,
    :func:`~helpers.counterfactuals.welfare_change`, is their mean of order theta with the sizes
    of occupations as weights.

    Parameters
    ----------
    shares, rho, theta, city, occupation, city_occupation
        As in :func:`~helpers.counterfactuals.shock`.

    Returns
    -------
    array (K,)
        Ratios: one where nothing changes, above one where households gain.

    Raises
    ------
    ParameterError, UnknownNameError, DataError
        As in :func:`~helpers.counterfactuals.shock`.

    Examples
    --------
    >>> import numpy as np
    >>> towns = Shares(np.array([[0.5, 0.1], [0.5, 0.9]]), np.array([0.5, 0.5]))
    >>> occupation_gains(towns, 0.5, 2.0, city=[0.9, 1.0]).round(4)
    array([0.9539, 0.9913])
    """
    arguments.instance("shares", shares, Shares)
    # the sizes of occupations do not enter: even ones spare a division by those that are empty
    n_occupations = shares.omega_k.size
    even = Shares.trusted(shares.pi_ck, np.full(n_occupations, 1 / n_occupations), like=shares)
    hats = {"city": city, "occupation": occupation, "city_occupation": city_occupation}
    in_all = welfare_change(even, rho, theta, **hats, log=True)
    grown = shock(even, rho, theta, **hats).omega_k * n_occupations
    with np.errstate(divide="ignore", under="ignore"):
        return np.exp(in_all + np.log(grown) / float(theta))
