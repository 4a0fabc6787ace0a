"""What sections 4 and 5 say in words, turned into statements that a panel decides.

Each claim is put in the companion's own words, with a statistic and the rule that decides it.
The rule is part of the claim, so that a reader who prefers another can see what to change.
They are written down section by section in the modules beside this one; :data:`CLAIMS` holds all.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

# importing them enters their claims in the register
import helpers.targets.section_1
import helpers.targets.section_4_cities
import helpers.targets.section_4_estimates
import helpers.targets.section_5
import helpers.targets.sections_2_and_3
import helpers.targets.sections_6_and_7  # noqa: F401
from helpers.errors import CompanionError, find_name
from helpers.panel import Panel
from helpers.targets.evidence import Evidence
from helpers.targets.verdicts import REGISTER, VerbalClaim, undecided

_PLACES = ("abstract", "1", "2", "2.1", "2.3", "3", "3.1", "3.2", "4.1", "4.2", "table 1")
_ORDER = (*_PLACES, "table 1, note", "table 8.2.1", "table 2, note", "5", "5.1", "5.2", "figure 4")
_ORDER = (*_ORDER, "figure 5", "6", "7")

CLAIMS: tuple[VerbalClaim, ...] = tuple(
    sorted(REGISTER.values(), key=lambda entry: _ORDER.index(entry.place))
)


def check(
    panel: Panel, evidence: Evidence | None = None, places: Collection[str] | None = None
) -> pd.DataFrame:
    """Every verbal claim with its verdict on a panel.

    What a panel lacks, such as a city's wage, leaves the claims that need it undecided.

    Parameters
    ----------
    panel : Panel
    evidence : Evidence, optional
        To share what is already computed.
    places : collection of str, optional
        Sections, tables or figures whose claims are wanted; all if left out.

    Returns
    -------
    DataFrame
        ``id``, ``place``, ``claim``, ``verdict``, ``statistic``, in the order of the paper.

    Raises
    ------
    UnknownNameError
        For a place without claims, with the nearest.
    """
    evidence = evidence or Evidence(panel)
    for place in places or ():
        find_name("place", place, _ORDER)
    rows = []
    for entry in CLAIMS:
        if places is not None and entry.place not in places:
            continue
        try:
            finding = entry.decide(evidence)
        except CompanionError as problem:
            finding = undecided(str(problem))
        rows.append(
            {
                "id": entry.id,
                "place": entry.place,
                "claim": entry.claim,
                "verdict": finding.verdict,
                "statistic": finding.statistic,
            }
        )
    return pd.DataFrame(rows)
