"""Exposures and the shift-share instrument (paper, 3.1).

The prediction for wages in cell (c, k) and year t is

    w_ckt^IV = sum_s gamma_ks kappa_cs A_st,

with gamma_ks the share of sector s's workers who are in occupation k, kappa_cs the share of
city c's workers who are in sector s (the paper's sentence gives kappa_cs an occupation index
it does not carry), both in the base year, and A_st the log of total factor productivity.
Summed over k, exposures give the city's sector mix, so they do not sum to one within a cell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError, arguments


def exposures(gamma_ks: pd.DataFrame, kappa_cs: pd.DataFrame) -> pd.DataFrame:
    """Base-year exposure of each cell to each sector, gamma_ks kappa_cs (paper, 3.1).

    Parameters
    ----------
    gamma_ks : DataFrame (K, S)
        Occupations by sectors; each column sums to one.
    kappa_cs : DataFrame (C, S)
        Cities by sectors, with the same columns in any order; each row sums to one.

    Returns
    -------
    DataFrame
        ``city``, ``occupation``, ``sector``, ``exposure``, C x K x S rows.

    Raises
    ------
    DataError
        If the sectors of the two tables differ, one occurs twice, or a share is missing.
    ParameterError
        For what is no data frame, holds no numbers, or shares below zero.

    Examples
    --------
    Half of East builds cars, and four in five who do are makers:

    >>> import pandas as pd
    >>> occupations = ["makers", "sellers"]
    >>> gamma_ks = pd.DataFrame({"cars": [0.8, 0.2], "shops": [0.1, 0.9]}, occupations)
    >>> kappa_cs = pd.DataFrame({"cars": [0.5], "shops": [0.5]}, ["East"])
    >>> print(exposures(gamma_ks, kappa_cs).to_string(index=False))
    city occupation sector  exposure
    East     makers   cars      0.40
    East     makers  shops      0.05
    East    sellers   cars      0.10
    East    sellers  shops      0.45
    """
    sectors = arguments.Axis("sector")
    found = {}
    for name, table, what in (
        ("kappa_cs", kappa_cs, "city"),
        ("gamma_ks", gamma_ks, "occupation"),
    ):
        arguments.instance(name, table, pd.DataFrame)
        for labels, kind in ((table.index, what), (table.columns, "sector")):
            if not labels.is_unique:
                twice = labels[labels.duplicated()][0]
                raise DataError(f"{name}: {kind} {twice!r} occurs twice")
        found[name] = arguments.Axis(what).matrix(name, table, sectors)
        if (found[name] < 0).any():
            raise ParameterError(f"{name}: expected shares of at least 0, found one below")
    gamma_ks = gamma_ks.reindex(columns=sectors.labels)
    product = found["kappa_cs"][:, None, :] * found["gamma_ks"][None, :, :]
    index = pd.MultiIndex.from_product(
        [kappa_cs.index, gamma_ks.index, gamma_ks.columns], names=["city", "occupation", "sector"]
    )
    return pd.DataFrame({"exposure": product.ravel()}, index=index).reset_index()


def shift_share(exposures: pd.DataFrame, shifts: pd.DataFrame) -> pd.DataFrame:
    """Shift-share prediction of every cell and year (paper, 3.1).

    w_ckt = sum_s gamma_ks kappa_cs A_st; ``s31-instrument`` in the ledger of derivations.

    Parameters
    ----------
    exposures : DataFrame
        ``city``, ``occupation``, ``sector``, ``exposure``. A sector without a row for some cell
        counts as no exposure of that cell.
    shifts : DataFrame
        ``sector``, ``year``, ``log_tfp``.

    Returns
    -------
    DataFrame
        ``year``, ``city``, ``occupation``, ``instrument``.

    Raises
    ------
    DataError
        If a sector has no shift in some year, a column or value is missing, or a row occurs
        twice.
    ParameterError
        For what is no data frame or no number.

    Examples
    --------
    Makers in East have four tenths of the ten log points by which the car industry improved:

    >>> import pandas as pd
    >>> cell = {"city": "East", "occupation": "makers"}
    >>> sectors = [{"sector": "cars", "exposure": 0.4}, {"sector": "shops", "exposure": 0.05}]
    >>> exposed = pd.DataFrame([cell | sector for sector in sectors])
    >>> log_tfp = {"sector": ["cars", "shops"], "year": 2019, "log_tfp": [0.1, 0.0]}
    >>> print(shift_share(exposed, pd.DataFrame(log_tfp)).round(3).to_string(index=False))
    city occupation  year  instrument
    East     makers  2019        0.04
    """
    for name, table, keys, value in (
        ("exposures", exposures, ["city", "occupation", "sector"], "exposure"),
        ("shifts", shifts, ["sector", "year"], "log_tfp"),
    ):
        table = arguments.columns(name, table, [*keys, value])
        for key in keys:
            if table[key].isna().any():
                raise DataError(f"{name}: {key} is missing in some row")
        arguments.Axis("row", table.index).column(f"{name}, {value}", table[value].to_numpy())
        try:
            twice = table.duplicated(keys)
        except TypeError:
            raise ParameterError(f"{name}: expected names and years in {keys}") from None
        if twice.any():
            first = table.loc[twice, keys].iloc[0].to_list()
            raise DataError(f"{name}: the row of {first} occurs twice")
    shift_st = shifts.set_index(["sector", "year"])["log_tfp"].unstack("year")
    exposure = exposures.set_index(["city", "occupation", "sector"])["exposure"].unstack("sector")
    absent = [sector for sector in exposure.columns if sector not in shift_st.index]
    if absent:
        raise DataError(f"shifts: no row for sector {absent[0]!r}")
    shift_st = shift_st.loc[exposure.columns]
    if shift_st.isna().to_numpy().any():
        sector = shift_st.index[shift_st.isna().any(axis=1)][0]
        raise DataError(f"shifts: sector {sector!r} lacks a year")
    predicted = pd.DataFrame(
        np.nan_to_num(exposure.to_numpy(dtype=float)) @ shift_st.to_numpy(dtype=float),
        index=exposure.index,
        columns=shift_st.columns,
    )
    return predicted.stack().rename("instrument").reset_index()
