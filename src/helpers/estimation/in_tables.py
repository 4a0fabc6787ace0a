"""Regressions as maketables reads them: in a row of columns, beside fits of other packages.

maketables asks a fit for what it prints by attributes of fixed names, so that neither package
has to import the other.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.special import stdtr

_EFFECTS = "city_year+occupation_year"
# in words, without what LaTeX would take for its own
_LABELS = {
    "log_share": "ln share",
    "log_wage": "ln wage",
    "instrument": "Instrument",
    "city_year": "City by year",
    "occupation_year": "Occupation by year",
}


class InTables:
    """What a regression says of itself to :class:`maketables.ETable`.

    A class that inherits it has ``_slopes()``, by name of the regressor its slope, standard error
    and degrees of freedom; ``_outcome``; and ``_statistics()``, by maketables' names.
    """

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        rows = {}
        for name, (slope, se, degrees) in self._slopes().items():
            t = slope / se if se else float("nan")
            p = 2 * float(stdtr(degrees, -abs(t))) if degrees > 0 else float("nan")
            rows[name] = {"b": slope, "se": se, "t": t, "p": p}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Coefficient")

    @property
    def __maketables_depvar__(self) -> str:
        return self._outcome

    @property
    def __maketables_fixef_string__(self) -> str:
        return _EFFECTS

    @property
    def __maketables_var_labels__(self) -> dict[str, str]:
        return _LABELS

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return list(self._statistics())

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return {"rho": "Correlation", "clusters": "Clusters", "first_stage_f": "First-stage F"}

    def __maketables_stat__(self, key: str) -> Any:
        return self._statistics().get(key)
