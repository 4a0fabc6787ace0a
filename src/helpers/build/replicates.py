"""Sampling error of shares, and of what follows from them, by the survey's replicate weights.

The American Community Survey ships 80 replicates of each weight. With theta an estimate from the
full weight and theta_r the same from the r-th replicate, its variance is

    4 / 80 sum_r (theta_r - theta)^2

(successive differences; U.S. Census Bureau), whatever the estimate: a share, or a counterfactual.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from helpers.build.extract import Made, settle
from helpers.build.panel import build_panel, finish
from helpers.errors import DataError, ParameterError, UnknownNameError, find_name, nearest
from helpers.model import Shares
from helpers.panel import Panel

_FACTOR = 4.0


@dataclass(frozen=True, eq=False)
class Replicates:
    """A panel, and the households of its cells by each replicate weight.

    Attributes
    ----------
    panel : Panel
        By the full weight.
    households : {year: array (R, C, K)}
        In the order of ``panel.shares(year)``. A replicate weight may be negative; the sum of a
        cell that is so counts as zero.
    negative : int
        How many such sums there are, of all years.
    """

    panel: Panel
    households: dict[int, np.ndarray]
    negative: int

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of the panel."""
        return self.panel.years

    def shares(self, year: int) -> Iterator[Shares]:
        """Shares of a year by each replicate weight in turn."""
        find_name("year", year, self.years)
        whole = self.panel.shares(year)
        for n_ck in self.households[year]:
            n_k = n_ck.sum(axis=0)
            yield Shares(n_ck / n_k, n_k / n_k.sum(), whole.cities, whole.occupations)

    def to_frame(self) -> pd.DataFrame:
        """Sampling errors of the shares of all years: :meth:`standard_errors` with the year."""
        years = [self.standard_errors(year).assign(year=year) for year in self.years]
        return pd.concat(years, ignore_index=True)

    def standard_errors(self, year: int) -> pd.DataFrame:
        """Sampling error of the shares of a year.

        Parameters
        ----------
        year : int

        Returns
        -------
        DataFrame
            A row for each city and occupation: ``city``, ``occupation``, and ``pi_ck``,
            ``phi_ck``, ``omega_k`` with ``se_pi_ck``, ``se_phi_ck``, ``se_omega_k``.

        Raises
        ------
        UnknownNameError
            For a year that the panel does not have.
        """
        find_name("year", year, self.years)
        whole = self.panel.shares(year)
        squares = dict.fromkeys(("pi_ck", "phi_ck", "omega_k"), 0.0)
        for one in self.shares(year):
            for name in squares:
                squares[name] = squares[name] + (getattr(one, name) - getattr(whole, name)) ** 2
        scale = _FACTOR / len(self.households[year])
        table = whole.to_frame().drop(columns="pi_c")
        for name, square in squares.items():
            error = np.broadcast_to(np.sqrt(scale * square), whole.pi_ck.shape)
            table[f"se_{name}"] = error.ravel()
        return table[["city", "occupation", *(p + n for n in squares for p in ("", "se_"))]]

    def interval(
        self, year: int, quantity: Callable[[Shares], object], level: float = 0.95
    ) -> pd.DataFrame:
        """Sampling error of anything that is computed from shares: a counterfactual, say.

        Parameters
        ----------
        year : int
        quantity : callable
            Takes :class:`~helpers.model.Shares` and gives a number or an array, such as
            ``lambda shares: shock(shares, 0.6, 4.0, city={"Akron, OH": 0.95}).pi_c``. It is
            called once for each replicate. What it holds fixed, rho for one, has no error here.
        level : float
            Probability that the interval covers, in (0, 1).

        Returns
        -------
        DataFrame
            ``estimate``, ``standard_error``, ``low``, ``high``; before them ``city``,
            ``occupation`` or both, where the array has that shape.

        Raises
        ------
        ParameterError
            For a level outside (0, 1), or a quantity that is no number.
        """
        if not isinstance(level, (int, float)) or not 0 < level < 1:
            raise ParameterError(f"level: expected a number between 0 and 1, found {level!r}")
        find_name("year", year, self.years)
        whole = self.panel.shares(year)
        estimate = _numbers(quantity(whole))
        square = np.zeros_like(estimate)
        for one in self.shares(year):
            found = _numbers(quantity(one))
            if found.shape != estimate.shape:
                raise ParameterError(
                    f"quantity: expected the shape {estimate.shape} for every replicate, found "
                    f"{found.shape}; compute the same for all shares"
                )
            square += (found - estimate) ** 2
        error = np.sqrt(_FACTOR / len(self.households[year]) * square)
        half = stats.norm.ppf(0.5 + level / 2) * error
        columns = {
            "estimate": estimate, "standard_error": error,
            "low": estimate - half, "high": estimate + half,
        }  # fmt: skip
        labels = _labels(whole, estimate.shape)
        return pd.DataFrame(labels | {name: array.ravel() for name, array in columns.items()})


def _numbers(value: object) -> np.ndarray:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ParameterError(
            f"quantity: expected a function that gives numbers, found {type(value).__name__}; give "
            "lambda shares: shock(shares, ...).pi_c, for one"
        ) from None


def _labels(shares: Shares, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """What the rows of an array of a shape are about."""
    n_cities, n_occupations = shares.pi_ck.shape
    cities, occupations = np.array(shares.cities), np.array(shares.occupations)
    if shape == (n_cities, n_occupations):
        return {"city": np.repeat(cities, n_occupations),
                "occupation": np.tile(occupations, n_cities)}  # fmt: skip
    if shape == (n_cities,):
        return {"city": cities}
    return {"occupation": occupations} if shape == (n_occupations,) else {}


def build_replicates(
    data: Path | str,
    codebook: Path | str | None = None,
    tfp: Path | str | pd.DataFrame | None = None,
    **options: object,
) -> Replicates:
    """The panel of :func:`~helpers.build.build_panel`, with its replicates, in one pass.

    Parameters
    ----------
    data, codebook, tfp
        As in :func:`~helpers.build.build_panel`; the extract has ``REPWT1`` to ``REPWT80`` (with
        ``HHWT``) or ``REPWTP1`` to ``REPWTP80`` (with ``PERWT``).
    **options
        Those of :func:`~helpers.build.build_panel`.

    Returns
    -------
    Replicates
        Which cities stay is decided by the full weight.

    Raises
    ------
    MissingVariableError
        If the extract lacks replicate weights, with what to order.
    ParameterError
        For an option that is not known, or a weight without replicates.
    DataError
        As :func:`~helpers.build.build_panel`.
    """
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(build_panel).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    for name in options:
        if name not in known:
            hint = ", ".join(nearest(name, tuple(known))) or ", ".join(known)
            raise UnknownNameError(f"option: {name!r} is not known; nearest: {hint}")
    asked = known | options
    basis = asked.pop("tfp_basis")
    made = settle(data, codebook, **asked, replicates=True)
    panel = finish(made, tfp, basis)
    return Replicates(panel, *_arrays(made, panel))


def _arrays(made: Made, panel: Panel) -> tuple[dict[int, np.ndarray], int]:
    """Households by replicate in the order of the panel, and how many sums were negative."""
    names = list(made.plan.replicates)
    sums = made.kept.groupby(["year", "city", "occupation"])[names].sum().reset_index()
    sums["city"] = sums["city"].map(made.names)
    found, negative = {}, 0
    for year in panel.years:
        whole = panel.shares(year)
        order = pd.MultiIndex.from_product([whole.cities, whole.occupations])
        rows = sums[sums["year"] == year].set_index(["city", "occupation"])[names].reindex(order)
        array = rows.to_numpy().T.reshape(len(names), *whole.pi_ck.shape)
        negative += int((array < 0).sum())
        array = np.maximum(array, 0.0)
        empty = np.argwhere(array.sum(axis=1) == 0)
        if len(empty):
            replicate, group = empty[0]
            raise DataError(
                f"{made.plan.data}: nobody is in {whole.occupations[group]} in {year} by "
                f"{names[replicate]}; take groups together that are so small"
            )
        found[year] = array
    return found, negative
