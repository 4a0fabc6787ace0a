"""Which statements hold in which part of the draws of the correlation and the shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from helpers.errors import ParameterError
from helpers.panel import Panel
from helpers.targets.evidence import Evidence
from helpers.targets.statements import CLAIMS

DECIDED = ("similar-gain", "size-decides", "large-management")


def claims_over_draws(
    panel: Panel, parameters: pd.DataFrame, ids: Sequence[str] = DECIDED
) -> pd.DataFrame:
    """In what share of draws each claim in words holds, in full or in part.

    Returns
    -------
    DataFrame
        ``id``, ``claim``, ``holds``, ``holds in part``, ``does not hold`` (shares of draws).
    """
    base = Evidence(panel)
    chosen = [claim for claim in CLAIMS if claim.id in ids]
    if len(chosen) != len(ids):
        unknown = set(ids) - {claim.id for claim in chosen}
        raise ParameterError(f"ids: {sorted(unknown)[0]!r} is no claim")
    counts = {
        claim.id: dict.fromkeys(("holds", "holds in part", "does not hold"), 0) for claim in chosen
    }
    for p in parameters.itertuples():
        evidence = replace(base, rho=float(p.rho), theta=float(p.theta))
        for claim in chosen:
            counts[claim.id][claim.decide(evidence).verdict] += 1
    return pd.DataFrame(
        [
            {"id": claim.id, "claim": claim.claim}
            | {verdict: n / len(parameters) for verdict, n in counts[claim.id].items()}
            for claim in chosen
        ]
    )
