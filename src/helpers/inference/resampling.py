"""Standard errors by leaving clusters out and by drawing them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.errors import DataError, ParameterError, find_name
from helpers.inference.net import VARIABLES
from helpers.panel import Panel

_DRAWS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Cells:
    """The sample as one rectangle a year, for weighting cells up and down.

    Attributes
    ----------
    values : list of arrays (3, C, K), one a year
        Log share, log wage, instrument; 0 where a cell is missing.
    present : list of arrays (C, K)
        1 where there is a cell, else 0.
    codes : dict of str to list of arrays (C, K)
        Cluster codes by clustering.
    n_clusters : dict of str to int
    """

    values: list[np.ndarray]
    present: list[np.ndarray]
    codes: dict[str, list[np.ndarray]]
    n_clusters: dict[str, int]

    @classmethod
    def of(cls, data: pd.DataFrame) -> Cells:
        """From a sample as :func:`helpers.estimation.sample` returns it."""
        values, present = [], []
        cities = pd.factorize(data["city"], sort=True)[0]
        occupations = pd.factorize(data["occupation"], sort=True)[0]
        n_occupations = int(occupations.max()) + 1
        clusterings = {
            "city": cities,
            "occupation": occupations,
            "city_occupation": cities * n_occupations + occupations,
        }
        codes: dict[str, list[np.ndarray]] = {name: [] for name in clusterings}
        table = data[list(VARIABLES)].to_numpy(float)
        for rows in data.groupby("year").indices.values():
            here, position = np.unique(cities[rows], return_inverse=True)
            shape = (len(here), n_occupations)
            place = (position, occupations[rows])
            block = np.zeros((3, *shape))
            block[:, place[0], place[1]] = table[rows].T
            there = np.zeros(shape)
            there[place] = 1
            values.append(block)
            present.append(there)
            grid_city, grid_occupation = np.broadcast_arrays(here[:, None], np.arange(shape[1]))
            codes["city"].append(grid_city)
            codes["occupation"].append(grid_occupation)
            codes["city_occupation"].append(grid_city * n_occupations + grid_occupation)
        sizes = {name: int(code.max()) + 1 for name, code in clusterings.items()}
        return cls(values, present, codes, sizes)

    def slopes(self, multiplicity: np.ndarray, clusters: str) -> np.ndarray:
        """2SLS slopes with every cluster counted as often as said.

        Parameters
        ----------
        multiplicity : array (draws, clusters)
            How often each cluster counts, 0 for not at all.
        clusters : str

        Returns
        -------
        array (draws,)
        """
        moments = np.zeros((len(multiplicity), 2))
        for values, present, codes in zip(
            self.values, self.present, self.codes[clusters], strict=True
        ):
            for start in range(0, len(multiplicity), _DRAWS_AT_ONCE):
                part = slice(start, start + _DRAWS_AT_ONCE)
                weight = multiplicity[part][:, codes] * present
                moments[part] += moments_by_cluster(values, weight)
        return moments[:, 0] / moments[:, 1]


def moments_by_cluster(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted z'y and z'x net of both sets of effects, (draws, 2), for one year."""
    size_c = weight.sum(axis=2)
    inverse_c = np.divide(1.0, size_c, out=np.zeros_like(size_c), where=size_c > 0)
    mean = np.einsum("bck,vck->bvc", weight, values) * inverse_c[:, None]
    net = values[None] - mean[..., None]
    # occupation effects net of city effects: D b = r, singular in one direction at least
    total_k = weight.sum(axis=1)
    D = np.einsum("bk,kl->bkl", total_k, np.eye(weight.shape[2]))
    D -= np.einsum("bck,bcl,bc->bkl", weight, weight, inverse_c, optimize=True)
    r = np.einsum("bck,bvck->bvk", weight, net)
    effects = np.einsum("bkl,bvl->bvk", np.linalg.pinv(D, hermitian=True, rcond=1e-10), r)
    weighted = weight * net[:, 2]
    plain = np.einsum("bck,bvck->bv", weighted, net[:, :2])
    return plain - np.einsum("bvk,bk->bv", effects[:, :2], r[:, 2])


def bootstrap(
    panel: Panel,
    *,
    clusters: str = "city_occupation",
    draws: int = 999,
    seed: int = 0,
    years: Sequence[int] | None = None,
) -> np.ndarray:
    """Pairs cluster bootstrap of the 2SLS slope: clusters are drawn with replacement.

    Effects are estimated anew in each draw. A cluster that is drawn twice counts twice.

    Parameters
    ----------
    panel : Panel
    clusters : {"city_occupation", "city", "occupation"}
    draws : int, above 0
    seed : int
    years : sequence of int, optional

    Returns
    -------
    array (draws,)

    Examples
    --------
    The estimate lies among the slopes of samples drawn anew:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> from helpers.estimation import estimate
    >>> draws = bootstrap(panel, draws=99)
    >>> bool(draws.min() < estimate(panel).beta < draws.max())
    True
    """
    if isinstance(draws, bool) or draws < 1:
        raise ParameterError(f"draws: expected a whole number above 0, found {draws!r}")
    cells = Cells.of(estimation.sample(panel, years))
    find_name("clusters", clusters, tuple(cells.codes))
    n = cells.n_clusters[clusters]
    rng = np.random.default_rng(seed)
    return cells.slopes(rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float), clusters)


def leave_one_out(panel: Panel, clusters: str, years: Sequence[int] | None = None) -> pd.Series:
    """2SLS slope without each cluster in turn, effects estimated anew.

    Returns
    -------
    Series
        By name of the cluster, for ``city`` and ``occupation``.

    Examples
    --------
    No occupation alone decides that the slope is above one:

    >>> from helpers.sources import synthetic
    >>> panel = synthetic.load()
    >>> slopes = leave_one_out(panel, "occupation")
    >>> list(slopes.index) == sorted(panel.occupations), bool((slopes > 1).all())
    (True, True)
    """
    data = estimation.sample(panel, years)
    cells = Cells.of(data)
    find_name("clusters", clusters, ("city", "occupation", "city_occupation"))
    n = cells.n_clusters[clusters]
    if n < 2:
        raise DataError(f"clusters: {clusters} has {n} level, at least 2 are needed")
    slopes = cells.slopes(1 - np.eye(n), clusters)
    if clusters == "city_occupation":
        return pd.Series(slopes, name="beta")
    return pd.Series(slopes, sorted(data[clusters].unique()), name="beta")
