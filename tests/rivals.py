"""Other people's estimators, with which the package's own is compared."""

from __future__ import annotations

import warnings

import pandas as pd

ERRORS = {None: "HC1", "iid": "iid"}


def feols(formula: str, data: pd.DataFrame, clusters: str | None, weights: str | None = None):
    """A regression by pyfixest, without what it says of its own use of pandas."""
    import pyfixest
    from pyfixest.demeaners import MapDemeaner

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The inplace keyword", module="pyfixest")
        vcov = ERRORS.get(clusters) or {"CRV1": clusters}
        # its default stops at 1e-6
        return pyfixest.feols(
            formula, data, vcov=vcov, weights=weights, demeaner=MapDemeaner(fixef_tol=1e-12)
        )
