"""Names that a parameter may take, and the short name of a city.

They stand apart from what they name, which needs seconds to load, so that a scenario is checked
without data or drawings.
"""

from __future__ import annotations

SOURCES = ("auto", "replication", "synthetic")
"""Where data may come from, beside the folder of a built panel."""

OCCUPATIONS = (
    *("management", "professional", "sales", "trades"),
    *("primary", "cleaners", "security", "service"),
)
"""The paper's eight groups, in its order."""

CLUSTERS = (
    *("city_occupation", "city", "occupation", "city_year", "occupation_year"),
    "city+occupation",
)
"""Codes that errors can be clustered by."""

NEW_YORK = "New York-Newark-Jersey City, NY-NJ-PA"
VISALIA = "Visalia-Porterville, CA"
DETROIT = "Detroit-Warren-Dearborn, MI"


def short_name(city: str) -> str:
    """First city of a metropolitan area's name; a name without a state is left whole.

    Examples
    --------
    >>> short_name("Detroit-Warren-Dearborn, MI"), short_name("Châtel-la-Forêt")
    ('Detroit', 'Châtel-la-Forêt')
    """
    head, comma, _ = city.partition(",")
    return head.split("-")[0] if comma else city
