"""From survey records to the panel: counts, shares, wages and the instrument (section 4.1)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cells": ["Ledger"],
        "one_year": ["read_shares"],
        "panel": ["build_panel"],
        "plan": ["NO_WAGE", "WEIGHTS"],
        "replicates": ["Replicates", "build_replicates"],
        "table": ["build_table"],
        "remarks": ["attrition", "cities_by_year", "notes"],
    },
)
