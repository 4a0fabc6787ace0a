"""The first stage of the text and the first stage of the files, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import estimation
from helpers.instrument import shift_share
from helpers.panel import Panel


def first_stages(panel: Panel, years: Sequence[int] | None = None) -> pd.DataFrame:
    """The first stage with the log of a sum, as the text has it, and with the files' sum of logs.

    Where the panel has exposures and shifts the first is ln sum_s gamma_ks kappa_cs A_st. The
    author's files hold the second alone, sum_s gamma_ks kappa_cs ln A_st, and its log stands for
    the first: the log of a productivity index varies so little between sectors that the two
    differ by next to a constant.

    Parameters
    ----------
    panel : Panel
    years : sequence of int, optional
        Of the estimation; all if left out.

    Returns
    -------
    DataFrame
        ``instrument``; ``slope``, ``se`` and ``f`` of the first stage; ``r2``; ``beta`` by 2SLS;
        ``rho``. Errors are clustered by city x occupation. Cells in which an instrument has no
        log are left out of its row.
    """
    data = estimation.sample(panel, years)
    keys = ["year", "city", "occupation"]
    if panel.exposures is not None and panel.shifts is not None:
        levels = panel.shifts.assign(log_tfp=np.exp(panel.shifts["log_tfp"]))
        index = shift_share(panel.exposures, levels).rename(columns={"instrument": "index"})
        data = data.merge(index, on=keys, how="left")
        name = "log of the sum"
    else:
        data = data.assign(index=data["instrument"])
        name = "log of the sum of logs"
    rows = []
    logged = data[data["index"] > 0].assign(instrument=lambda d: np.log(d["index"]))
    for label, table in ((name, logged), ("sum of logs", data)):
        first, reduced = (
            estimation.fit(table, outcome, "instrument") for outcome in ("log_wage", "log_share")
        )
        beta = reduced.coefficient / first.coefficient
        rows.append(
            {
                "instrument": label,
                "slope": first.coefficient,
                "se": first.se,
                "f": first.f,
                "r2": first.r2,
                "beta": beta,
                "rho": estimation.rho_of(beta),
            }
        )
    return pd.DataFrame(rows)
