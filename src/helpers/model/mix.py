"""How alike two cities are: the correlation of their occupational mixes."""

from __future__ import annotations

import numpy as np

from helpers.errors import ParameterError, UnknownNameError, arguments
from helpers.model.table import Shares


def similarity(shares: Shares, city: int | str) -> np.ndarray:
    """Correlation of each city's occupational mix with that of one city (figures 2 and 3).

    Parameters
    ----------
    shares : Shares
    city : int or str
        The city to compare with.

    Returns
    -------
    array (C,)
        Pearson correlation over occupations of phi_ck with phi_c'k, in [-1, 1]; missing for a
        city where nobody lives or whose mix is even.

    Raises
    ------
    ParameterError
        With one occupation, or if the city to compare with has no mix or an even one, so that
        no correlation is defined.

    Examples
    --------
    Of two cities each has more than the country of what the other has less of:

    >>> from helpers.model import Shares
    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> similarity(pair, "East").round(3)
    array([ 1., -1.])
    """
    arguments.instance("shares", shares, Shares)
    if isinstance(city, str) or not shares.cities:
        index = shares.city_index(city)
    else:
        index = arguments.whole("city", city, least=0)
        if index >= len(shares.pi_ck):
            raise UnknownNameError(f"city: {index} is not among {len(shares.pi_ck)} positions")
    deviations = shares.phi_ck - shares.phi_ck.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(deviations, axis=1)
    norms[norms < 1e-14] = np.nan
    if np.isnan(norms[index]):
        raise ParameterError(
            f"city: the mix of {city!r} is even over {shares.omega_k.size} occupations, or nobody "
            "lives there; take another city"
        )
    return deviations @ deviations[index] / (norms * norms[index])
