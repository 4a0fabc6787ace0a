"""Shares of cities and occupations, checked and labelled (section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.errors import ParameterError, arguments, as_numbers, find_name

_SUM_TOLERANCE = 1e-8
_SINGLE_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Shares:
    """Choice shares of one year (paper, equations 3-7).

    Parameters
    ----------
    pi_ck : array or DataFrame (C, K)
        Share of occupation k's households who live in city c; each column sums to one. A cell
        that nobody chose is zero; a city may be empty.
    omega_k : array or Series (K,)
        Share of all households who work in occupation k; sums to one.
    cities, occupations : sequences of str, optional
        Labels of the two axes, in the order of the arrays. A data frame brings its own; where
        both are given, the data frame is put into their order.

    Raises
    ------
    ParameterError
        If shapes disagree, an entry is negative or not finite, or a sum is not one
        (to 1e-8; numbers of single precision to 1e-5, whose sums are then made one).
    DataError
        If labels of a data frame, a series and the names given do not match.

    Examples
    --------
    Two cities, two occupations. East holds two fifths of all households, and three in four of
    them are makers:

    >>> cities, occupations = ("East", "West"), ("makers", "sellers")
    >>> pair = Shares([[0.6, 0.2], [0.4, 0.8]], [0.5, 0.5], cities, occupations)
    >>> pair.pi_c.round(3)
    array([0.4, 0.6])
    >>> pair.phi_ck.round(3)
    array([[0.75 , 0.25 ],
           [0.333, 0.667]])
    """

    pi_ck: np.ndarray
    omega_k: np.ndarray
    cities: tuple[str, ...] | None = None
    occupations: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        axes = {}
        for name, what in (("cities", "city"), ("occupations", "occupation")):
            labels = getattr(self, name)
            if labels is not None:
                labels = _labels(name, labels)
            axes[name] = arguments.Axis(what, labels)
        given = {
            "pi_ck": axes["occupations"].align(
                "pi_ck", axes["cities"].align("pi_ck", self.pi_ck), axis=1
            ),
            "omega_k": axes["occupations"].align("omega_k", self.omega_k),
        }
        pi_ck, omega_k = (np.array(as_numbers(name, value)) for name, value in given.items())
        if pi_ck.ndim != 2 or omega_k.shape != pi_ck.shape[1:] or not pi_ck.size:
            raise ParameterError(
                f"pi_ck: expected shape (C, K) with omega_k (K,), found {pi_ck.shape} "
                f"and {omega_k.shape}"
            )
        for name, array in (("pi_ck", pi_ck), ("omega_k", omega_k)):
            single = np.asarray(given[name]).dtype in (np.float32, np.float16)
            bad = ~(np.isfinite(array) & (array >= 0))
            if bad.any():
                where = tuple(int(i) for i in np.argwhere(bad)[0])
                raise ParameterError(
                    f"{name}: expected finite shares of at least 0, found {array[where]:g} "
                    f"at {where if len(where) > 1 else where[0]}"
                )
            with np.errstate(over="ignore"):
                gap = np.abs(array.sum(axis=0) - 1)
            if single and gap.max() <= _SINGLE_TOLERANCE:
                array /= array.sum(axis=0)
            elif gap.max() > _SUM_TOLERANCE:
                of = f" in column {int(gap.argmax())}" if array.ndim > 1 else ""
                raise ParameterError(
                    f"{name}: expected sums of one, found one off by {gap.max():.2g}{of}"
                )
            array.flags.writeable = False
        for name, size in (("cities", pi_ck.shape[0]), ("occupations", pi_ck.shape[1])):
            labels = axes[name].labels
            if labels is not None:
                if len(labels) != size or not labels.is_unique:
                    raise ParameterError(f"{name}: expected {size} distinct labels")
                if getattr(self, name) is not None or not _plain(labels):
                    object.__setattr__(self, name, tuple(labels))
        object.__setattr__(self, "pi_ck", pi_ck)
        object.__setattr__(self, "omega_k", omega_k)

    @classmethod
    def trusted(cls, pi_ck: np.ndarray, omega_k: np.ndarray, like: Shares) -> Shares:
        """Shares whose sums hold by construction, labelled like another."""
        new = object.__new__(cls)
        for array in (pi_ck, omega_k):
            array.flags.writeable = False
        new.__dict__.update(
            pi_ck=pi_ck, omega_k=omega_k, cities=like.cities, occupations=like.occupations
        )
        return new

    @cached_property
    def pi_c(self) -> np.ndarray:
        """City shares of all households, (C,): pi_c = sum_k pi_ck omega_k (equation 7)."""
        pi_c = self.pi_ck @ self.omega_k
        pi_c.flags.writeable = False
        return pi_c

    @cached_property
    def phi_ck(self) -> np.ndarray:
        """Occupational mix of each city, (C, K); rows sum to one (equations 4 and 6).

        phi_ck = t_ck^(1/(1-rho)) T_k lambda_k^-rho / sum_l t_cl^(1/(1-rho)) T_l lambda_l^-rho, by
        shares phi_ck = pi_ck omega_k / pi_c. Equation (6) as printed, pi_c = (omega_k / phi_ck)
        pi_ck, says the same. A city where nobody lives has no mix: its row is zero.
        """
        pi_c = self.pi_c[:, None]
        phi_ck = self.pi_ck * self.omega_k
        phi_ck = np.divide(phi_ck, pi_c, out=np.zeros_like(phi_ck), where=pi_c > 0)
        phi_ck.flags.writeable = False
        return phi_ck

    @cached_property
    def others_ck(self) -> np.ndarray:
        """Share of all other cities in an occupation, (C, K).

        Added up from both ends: one minus the city's own share would cancel where it is large.
        """
        others_ck = np.zeros_like(self.pi_ck)
        others_ck[1:] = np.cumsum(self.pi_ck[:-1], axis=0)
        others_ck[:-1] += np.cumsum(self.pi_ck[:0:-1], axis=0)[::-1]
        others_ck.flags.writeable = False
        return others_ck

    def city_index(self, city: str) -> int:
        """Position of a city on the first axis; an unknown name raises with the nearest."""
        return find_name("city", city, self.cities or range(len(self.pi_ck)))

    def occupation_index(self, occupation: str) -> int:
        """Position of an occupation on the second axis; an unknown name raises likewise."""
        return find_name("occupation", occupation, self.occupations or range(self.omega_k.size))

    def correlations(self, rho: float | np.ndarray) -> np.ndarray:
        """One correlation an occupation, (K,); a Series is matched to occupations by name."""
        return arguments.rho_by_occupation(rho, self.omega_k.size, self.occupations)

    def to_frame(self) -> pd.DataFrame:
        """One row per city and occupation: pi_ck, omega_k, pi_c and phi_ck, with labels."""
        n_cities, n_occupations = self.pi_ck.shape
        cities = self.cities or tuple(range(n_cities))
        occupations = self.occupations or tuple(range(n_occupations))
        index = pd.MultiIndex.from_product([cities, occupations], names=["city", "occupation"])
        return pd.DataFrame(
            {
                "pi_ck": self.pi_ck.ravel(),
                "omega_k": np.tile(self.omega_k, n_cities),
                "pi_c": np.repeat(self.pi_c, n_occupations),
                "phi_ck": self.phi_ck.ravel(),
            },
            index=index,
        ).reset_index()


def _labels(name: str, labels: object) -> tuple:
    """Labels of an axis as a tuple; text alone, or what is no sequence, is refused."""
    try:
        if isinstance(labels, (str, bytes)):
            raise TypeError
        labels = tuple(labels)
        hash(labels)
    except TypeError:
        raise ParameterError(f"{name}: expected a sequence of names, found {labels!r}") from None
    if any(label is None or label != label for label in labels):
        raise ParameterError(f"{name}: a name is missing")
    return labels


def _plain(labels: pd.Index) -> bool:
    """Whether labels are those that pandas gives by itself."""
    return isinstance(labels, pd.RangeIndex) and labels.equals(pd.RangeIndex(len(labels)))
