"""What a table or a drawing shows, to full precision, beside what people see of it."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
import pandas as pd

MIME = "application/vnd.companion.table+json"
EXACT = 1e-9
"""How far numbers that two runs recorded in full may part, relative to their size."""
RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""How far numbers that two runs printed may part: the one or the other."""


def bundle(name: str, frame: pd.DataFrame) -> dict[str, dict]:
    """Output of a cell that other programs read: a name, columns and rows.

    Parameters
    ----------
    name : str
        What the table or drawing is.
    frame : DataFrame
        Missing numbers become null; the index is left out.
    """
    rows = [[_plain(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return {MIME: {"name": name, "columns": [str(column) for column in frame], "rows": rows}}


def _plain(value: object) -> object:
    """A number, text or None, as JSON holds it."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return None if value is None or value is pd.NA or value is pd.NaT else str(value)


def frame(content: dict) -> pd.DataFrame:
    """The table of :func:`bundle` again.

    Examples
    --------
    >>> table = pd.DataFrame({"city": ["Akron"], "share": [0.5]})
    >>> frame(bundle("shares", table)[MIME]).equals(table)
    True
    """
    return pd.DataFrame(content["rows"], columns=content["columns"])


def relative(before: float, after: float) -> float:
    """Change relative to what was there before; infinite from zero, zero where both are equal."""
    if before == after or (math.isnan(before) and math.isnan(after)):
        return 0.0
    return (after - before) / abs(before) if before else math.inf * (1 if after > 0 else -1)
