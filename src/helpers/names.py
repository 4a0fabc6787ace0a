"""Names that a parameter may take, for whoever checks one without loading data or drawings.

Each stands here beside the module that it belongs to, because that module needs seconds to
load; a test holds the two equal.
"""

from __future__ import annotations

SOURCES = ("auto", "replication", "synthetic")
"""As :data:`helpers.sources.NAMES`."""

OCCUPATIONS = (
    *("management", "professional", "sales", "trades"),
    *("primary", "cleaners", "security", "service"),
)
"""As :data:`helpers.panel.OCCUPATIONS`."""

CLUSTERS = (
    *("city_occupation", "city", "occupation", "city_year", "occupation_year"),
    "city+occupation",
)
"""As :data:`helpers.estimation.CLUSTERS`."""

NEW_YORK = "New York-Newark-Jersey City, NY-NJ-PA"
VISALIA = "Visalia-Porterville, CA"
DETROIT = "Detroit-Warren-Dearborn, MI"
