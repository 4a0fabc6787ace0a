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

from helpers.errors import DataError


def exposures(gamma_ks: pd.DataFrame, kappa_cs: pd.DataFrame) -> pd.DataFrame:
    """Base-year exposure of each cell to each sector, gamma_ks kappa_cs.

    Parameters
    ----------
    gamma_ks : DataFrame (K, S)
        Occupations by sectors; each column sums to one.
    kappa_cs : DataFrame (C, S)
        Cities by sectors, with the same columns; each row sums to one.

    Returns
    -------
    DataFrame
        ``city``, ``occupation``, ``sector``, ``exposure``, C x K x S rows.

    Raises
    ------
    DataError
        If the sectors of the two tables differ.
    """
    if list(gamma_ks.columns) != list(kappa_cs.columns):
        raise DataError("exposures: gamma_ks and kappa_cs have to list the same sectors, in order")
    product = kappa_cs.to_numpy()[:, None, :] * gamma_ks.to_numpy()[None, :, :]
    index = pd.MultiIndex.from_product(
        [kappa_cs.index, gamma_ks.index, gamma_ks.columns], names=["city", "occupation", "sector"]
    )
    return pd.DataFrame({"exposure": product.ravel()}, index=index).reset_index()


def shift_share(exposures: pd.DataFrame, shifts: pd.DataFrame) -> pd.DataFrame:
    """Shift-share prediction of every cell and year: sum_s exposure_cks A_st.

    Parameters
    ----------
    exposures : DataFrame
        ``city``, ``occupation``, ``sector``, ``exposure``.
    shifts : DataFrame
        ``sector``, ``year``, ``log_tfp``.

    Returns
    -------
    DataFrame
        ``year``, ``city``, ``occupation``, ``instrument``.

    Raises
    ------
    DataError
        If a sector has no shift in some year.
    """
    shift_st = shifts.set_index(["sector", "year"])["log_tfp"].unstack("year")
    exposure = exposures.set_index(["city", "occupation", "sector"])["exposure"].unstack("sector")
    absent = sorted(set(exposure.columns) - set(shift_st.index))
    if absent:
        raise DataError(f"shifts: no row for sector {absent[0]!r}")
    shift_st = shift_st.loc[exposure.columns]
    if shift_st.isna().to_numpy().any():
        sector = shift_st.index[shift_st.isna().any(axis=1)][0]
        raise DataError(f"shifts: sector {sector!r} lacks a year")
    predicted = pd.DataFrame(
        np.nan_to_num(exposure.to_numpy()) @ shift_st.to_numpy(),
        index=exposure.index,
        columns=shift_st.columns,
    )
    return predicted.stack().rename("instrument").reset_index()
