"""Recovery of the city, occupation and city-occupation shifters from shares (paper, 3.2).

Two conventions. ``"consistent"`` follows from the model's own definitions, so that shares
rebuilt from the shifters are the observed ones. ``"paper"`` is the computation that yields the
printed table 2; it differs from the formulas printed in section 3.2 (see :func:`recover`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import (
    DataError,
    ParameterError,
    UnknownNameError,
    arguments,
    as_numbers,
    check_rho,
    check_theta,
    nearest,
    shown,
)
from helpers.model import Shares, shares
from helpers.panel import Panel
from helpers.shifters.pooled import pooled_city_effects, pooled_occupation_effects

CONVENTIONS = ("paper", "consistent")


@dataclass(frozen=True, eq=False)
class Shifters:
    """Shifters of one year, labelled, in the order of ``panel.shares(year)``.

    Attributes
    ----------
    T_c : Series (C,)
        City scale, by city.
    T_k : Series (K,)
        Occupation scale, by occupation.
    t_ck : DataFrame (C, K)
        City-occupation scale.
    rho, theta : float
        The parameters that they were recovered with.
    convention : str

    Examples
    --------
    Shares rebuilt from the shifters are those observed:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> found = recover(panel, 2019, rho=0.6, theta=3.0)
    >>> observed, built = panel.shares(2019), found.rebuild()
    >>> bool(abs(built.pi_ck - observed.pi_ck).max() < 1e-12)
    True
    """

    T_c: pd.Series
    T_k: pd.Series
    t_ck: pd.DataFrame
    rho: float | np.ndarray
    theta: float
    convention: str

    def to_frame(self) -> pd.DataFrame:
        """One row per city and occupation: ``T_c``, ``T_k`` and ``t_ck``, with labels."""
        table = self.t_ck.rename_axis(index="city", columns="occupation").stack()
        table = table.rename("t_ck").reset_index()
        table.insert(2, "T_c", table["city"].map(self.T_c))
        table.insert(3, "T_k", table["occupation"].map(self.T_k))
        return table

    def rebuild(self) -> Shares:
        """Shares that these shifters imply, with z_c = T_c^theta (paper, 2.2)."""
        z_c = _finite("theta", self.theta * np.log(self.T_c.to_numpy()))
        built = shares(self.t_ck.to_numpy(), self.T_k.to_numpy(), z_c, self.rho)
        return Shares(built.pi_ck, built.omega_k, tuple(self.T_c.index), tuple(self.T_k.index))


def _finite(what: str, logs: np.ndarray) -> np.ndarray:
    """Return exp of logarithms; what no float can hold is refused."""
    worst = float(np.abs(logs).max())
    if worst > 700:
        raise ParameterError(
            f"{what}: shifters of about 10^{worst / np.log(10):.0f} follow, which no float can "
            "hold; take a theta that is not so near to zero"
        )
    return np.exp(logs)


def two_way(log_pi_ck: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split a full rectangle into city effect, occupation effect and residual (3.2).

    ln pi_ck = delta_c + delta_k + epsilon_ck, with city effects that average zero and
    residuals whose row and column means are zero; ``s32-effects`` in the ledger of derivations.

    Parameters
    ----------
    log_pi_ck : array (C, K)

    Returns
    -------
    delta_c (C,), delta_k (K,), epsilon_ck (C, K) : arrays

    Raises
    ------
    ParameterError
        For another shape.
    DataError
        For a missing entry, or the logarithm of a share of zero.

    Examples
    --------
    West is the larger city, and East the one for the first occupation:

    >>> import numpy as np
    >>> delta_c, delta_k, epsilon_ck = two_way(np.log([[0.6, 0.2], [0.4, 0.8]]))
    >>> delta_c.round(3)
    array([-0.245,  0.245])
    >>> epsilon_ck.round(3)
    array([[ 0.448, -0.448],
           [-0.448,  0.448]])
    """
    log_pi_ck = as_numbers("log_pi_ck", log_pi_ck)
    if log_pi_ck.ndim != 2 or not log_pi_ck.size:
        raise ParameterError(f"log_pi_ck: expected shape (C, K), found {log_pi_ck.shape}")
    if not np.isfinite(log_pi_ck).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(log_pi_ck))[0])
        raise DataError(
            f"log_pi_ck: expected finite logs, found {log_pi_ck[where]:g} at {where}; a cell that "
            "nobody chose has no effect, leave its city or occupation out"
        )
    delta_k = log_pi_ck.mean(axis=0)
    delta_c = (log_pi_ck - delta_k).mean(axis=1)
    return delta_c, delta_k, log_pi_ck - delta_k - delta_c[:, None]


def _consistent(
    observed: Shares, rho_k: np.ndarray, theta: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T_c, T_k and t_ck from the model's definitions, geometric means of one."""
    scaled = (1 - rho_k) * np.log(observed.pi_ck)
    log_z_c, scaled_delta_k, log_t_ck = two_way(scaled)
    # (1 - rho_k) ln lambda_k = - scaled_delta_k, since the shares of an occupation sum to one
    log_T_k = np.log(observed.omega_k) + scaled_delta_k
    return (
        _finite("theta", log_z_c / theta),
        _finite("rho", log_T_k - log_T_k.mean()),
        _finite("rho", log_t_ck),
    )


def _paper(
    panel: Panel, observed: Shares, year: int, rho: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T_c, T_k and t_ck as in the published table 2."""
    log_lambda_k = -pooled_occupation_effects(panel)[year].to_numpy()
    relative_omega_k = observed.omega_k / observed.omega_k[0]
    T_k = relative_omega_k / np.exp((1 - rho) * log_lambda_k)
    effects = pooled_city_effects(panel)
    T_c = np.exp((1 - rho) * effects[year].loc[list(observed.cities)].to_numpy())
    _, _, epsilon_ck = two_way(np.log(observed.pi_ck))
    return T_c, T_k, np.exp((1 - rho) * epsilon_ck)


def recover(
    panel: Panel,
    year: int,
    rho: float | np.ndarray,
    theta: float,
    convention: str = "consistent",
) -> Shifters:
    """Recover the shifters of one year (paper, 3.2 and table 2).

    ``"consistent"``: with ln pi_ck = delta_c + delta_k + epsilon_ck,

        T_c = exp((1-rho) delta_c / theta)      t_ck = exp((1-rho) epsilon_ck)
        lambda_k = exp(-delta_k)                T_k in proportion to omega_k / lambda_k^(1-rho)

    (``s32-T_c``, ``s32-t``, ``s32-lambda`` and ``s32-T_k`` in the ledger of derivations), each
    with a geometric mean of one, since only ratios are identified within a year.

    ``"paper"``: what gives the printed table 2. T_k = (omega_k / omega_1) / lambda_k^(1-rho)
    with lambda_k from pooled effects (:func:`pooled_occupation_effects`), where the printed
    formula has the sum over all occupations in the numerator. T_c = exp((1-rho) d_ct) with
    d_ct from a regression of *city* shares on wages and city-year dummies
    (:func:`pooled_city_effects`), where the printed formula has gamma, theta, a minus sign and
    the city effect of the *city-occupation* equation. Here ``theta`` does not enter.

    Parameters
    ----------
    panel : Panel
    year : int
    rho : float in [0, 1), or array (K,) with ``"consistent"``
        To reproduce the printed digits, the unrounded estimate.
    theta : float, above 0
    convention : {"consistent", "paper"}

    Returns
    -------
    Shifters

    Raises
    ------
    ParameterError
        For a parameter outside its domain, an unknown year or convention.

    Examples
    --------
    The city that is best for everybody, and the one that is best for trades beyond that:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> found = recover(panel, 2019, rho=0.6, theta=3.0)
    >>> found.T_c.idxmax()
    'New York-Newark-Jersey City, NY-NJ-PA'
    >>> found.t_ck.idxmax()["trades"]
    'Gainesville, GA'
    """
    arguments.instance("panel", panel, Panel)
    year = arguments.whole("year", year)
    if not isinstance(convention, str) or convention not in CONVENTIONS:
        raise UnknownNameError(
            f"convention: expected one of {', '.join(CONVENTIONS)}, found {shown(convention)}; "
            f"nearest: {', '.join(nearest(convention, CONVENTIONS)) or CONVENTIONS[0]}"
        )
    theta = check_theta(theta)
    observed = panel.shares(year)
    rho_k = observed.correlations(rho)
    if not (observed.omega_k > 0).all():
        empty = observed.occupations[int(np.argmin(observed.omega_k))]
        raise DataError(f"{year}: nobody works as {empty!r}, so that it has no shifter")
    one = as_numbers("rho", rho if not isinstance(rho, Mapping) else rho_k).ndim == 0
    rho = float(rho_k[0]) if one else rho_k
    if convention == "consistent":
        T_c, T_k, t_ck = _consistent(observed, rho_k, theta)
    elif not one:
        raise ParameterError('rho: convention "paper" takes one number for all occupations')
    else:
        T_c, T_k, t_ck = _paper(panel, observed, int(year), float(rho))
    cities = pd.Index(observed.cities, name="city")
    occupations = pd.Index(observed.occupations, name="occupation")
    return Shifters(
        T_c=pd.Series(T_c, cities, name="T_c"),
        T_k=pd.Series(T_k, occupations, name="T_k"),
        t_ck=pd.DataFrame(t_ck, cities, occupations),
        rho=rho,
        theta=theta,
        convention=convention,
    )


def printed_city_shifter(
    panel: Panel, year: int, rho: float, theta: float, sign: int = -1
) -> pd.Series:
    """City shifters by the formula as printed in section 3.2.

    T_c = gamma exp(-(1-rho)/theta delta_c), gamma = Gamma((theta+1-rho)/theta)^(1/(1-rho));
    ``s32-T_c`` in the ledger of derivations.
    ``sign=+1`` turns the sign around, which the model's equation (3) asks for.

    Examples
    --------
    With the sign as printed a small city has the largest scale, with the other New York:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> printed_city_shifter(panel, 2019, rho=0.6, theta=3.0).idxmax()
    'Monroe, MI'
    >>> printed_city_shifter(panel, 2019, rho=0.6, theta=3.0, sign=1).idxmax()
    'New York-Newark-Jersey City, NY-NJ-PA'
    """
    from scipy.special import gammaln

    arguments.instance("panel", panel, Panel)
    observed = panel.shares(arguments.whole("year", year))
    rho = float(check_rho(rho, 1)[0])
    theta = check_theta(theta)
    if arguments.whole("sign", sign) not in (-1, 1):
        raise ParameterError(f"sign: expected -1 or 1, found {sign}")
    delta_c, _, _ = two_way(np.log(observed.pi_ck))
    log_constant = gammaln((theta + 1 - rho) / theta) / (1 - rho)
    return pd.Series(
        _finite("theta", log_constant + sign * (1 - rho) / theta * delta_c),
        pd.Index(observed.cities, name="city"),
        name="T_c",
    )
