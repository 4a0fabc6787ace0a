"""Other people's estimators, with which the package's own is compared."""

from __future__ import annotations

import warnings

import pandas as pd

from helpers.estimation import demeaner

ERRORS = {None: "HC1", "iid": "iid"}


def feols(formula: str, data: pd.DataFrame, clusters: str | None):
    """A regression by pyfixest, without what it says of its own use of pandas."""
    import pyfixest

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The inplace keyword", module="pyfixest")
        vcov = ERRORS.get(clusters) or {"CRV1": clusters}
        return pyfixest.feols(formula, data, vcov=vcov, demeaner=demeaner())
