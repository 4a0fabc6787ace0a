"""Intervals one under the other: what each choice of clusters says of the same number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live.figure import Control, LiveFigure, finite, plain
from helpers.inference import ConfidenceSet

_COLOURS = ("#0072b2", "#b35900", "#63696f")
_COLUMNS = ("label", "method", "estimate", "low", "high")


def interval_forest(
    table: pd.DataFrame,
    *,
    axis: str = "slope",
    references: Mapping[float, str] | None = None,
    reach: float | None = None,
    name: str = "interval_forest",
) -> LiveFigure:
    """Intervals by clustering, a row a choice; an open end is an arrow.

    Parameters
    ----------
    table : DataFrame
        ``label`` (the row), ``method`` (what kind of interval; may be missing), ``estimate``,
        ``low`` and ``high``. An end that is infinite is open. A set of several parts has a row
        for each; an empty set has neither end (not a number).
    axis : str
        What the numbers are.
    references : {value: words}, optional
        Values with a line of their own.
    reach : float, above 0, optional
        Half of the axis; by default what shows nine finite ends in ten.
    name : str

    Returns
    -------
    LiveFigure

    Raises
    ------
    ParameterError
        If a column is missing, there is no row, or an interval's ends are in the wrong order.
    """
    rows = _checked(table)
    references = dict(references or {})
    estimates = rows["estimate"].dropna()
    ends = rows[["low", "high"]].to_numpy().ravel()
    ends = np.concatenate([ends[np.isfinite(ends)], list(references)])
    middle = float(estimates.median()) if len(estimates) else float(np.median(ends or [0.0]))
    if reach is None:
        reach = float(np.quantile(np.abs(ends - middle), 0.9)) * 1.15 if len(ends) else 1.0
    if not (np.isfinite(reach) and reach > 0):
        raise ParameterError(f"reach: expected a finite number above 0, found {reach:g}")
    methods = list(dict.fromkeys(rows["method"]))
    labels = list(dict.fromkeys(rows["label"]))
    step = 10.0 ** np.floor(np.log10(reach / 20))
    control = Control(
        "Half the width of the axis", _tidy(reach / 5, step), _tidy(reach * 5, step), step
    )
    first = float(np.clip(round(reach / step) * step, control.low, control.high))
    open_ends = int(np.isinf(rows["low"]).sum() + np.isinf(rows["high"]).sum())
    drawing = _drawing(rows, labels, methods, middle, first, axis, references)
    # an end that is open is no number; the column says so
    drawn = rows.assign(**{end: rows[end].where(np.isfinite(rows[end])) for end in ("low", "high")})
    return LiveFigure(
        name=name,
        kind="forest",
        alt=f"{len(rows)} intervals of the {axis} in {len(labels)} rows: {', '.join(labels)}. "
        f"{open_ends} ends are open and drawn as arrows.",
        static=Exhibit(name, drawing, drawn),
        setting={"reach": first, "middle": middle, "method": None},
        controls={"reach": control},
        sentence=_sentence(rows, axis, references),
        values={},
        content={
            "rows": [
                {
                    "label": row.label,
                    "method": row.method,
                    "estimate": finite(row.estimate),
                    "low": finite(row.low),
                    "high": finite(row.high),
                    "empty": row.open == "empty",
                }
                for row in rows.itertuples()
            ],
            "methods": methods,
            "references": [[float(value), words] for value, words in references.items()],
            "axis": axis,
        },
        scripts=("forest.js",),
    )


def forest_rows(sets: Mapping[tuple[str, str], ConfidenceSet], estimate: float) -> pd.DataFrame:
    """Confidence sets of one number as :func:`interval_forest` takes them.

    Parameters
    ----------
    sets : {(label, method): ConfidenceSet}
        In the order in which they are drawn.
    estimate : float
        The number that all of them are about; not a number where there is none.

    Returns
    -------
    DataFrame
        ``label``, ``method``, ``estimate``, ``low``, ``high``: a row for each part of a set, and
        one without ends for an empty set.

    Examples
    --------
    >>> from helpers.inference import ConfidenceSet
    >>> rays = ConfidenceSet(((-np.inf, -1.0), (2.0, np.inf)), 0.95)
    >>> forest_rows({("city", "Anderson-Rubin"): rays}, 3.0)[["low", "high"]].values.tolist()
    [[-inf, -1.0], [2.0, inf]]
    """
    rows = [
        (label, method, estimate, low, high)
        for (label, method), found in sets.items()
        for low, high in found.intervals or ((np.nan, np.nan),)
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its five columns and what is open, or an error that names the row."""
    given = table if "method" in table else table.assign(method="interval")
    missing = [column for column in _COLUMNS if column not in given]
    if missing or given.empty:
        raise ParameterError(
            f"table: expected rows with {', '.join(_COLUMNS)}, found {len(given)} rows "
            f"with {', '.join(map(str, table))}"
        )
    rows = given[list(_COLUMNS)].reset_index(drop=True)
    rows = rows.astype(
        {"label": str, "method": str, "estimate": float, "low": float, "high": float}
    )
    low, high = rows["low"], rows["high"]
    wrong = (low > high) | (low.isna() != high.isna()) | (low == np.inf) | (high == -np.inf)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise ParameterError(
            f"table: row {at} ({rows['label'][at]}): expected low below high, or both missing for "
            f"an empty set, found {low[at]:g} and {high[at]:g}"
        )
    kinds = [low.isna(), np.isinf(low) & np.isinf(high), np.isinf(low), np.isinf(high)]
    rows["open"] = np.select(kinds, ["empty", "both", "left", "right"], "no")
    return rows


def _sentence(rows: pd.DataFrame, axis: str, references: Mapping[float, str]) -> str:
    """How many of the sets leave each reference out, counted."""
    sets = rows.groupby(["label", "method"], sort=False)
    if not references:
        return f"{len(sets)} intervals of the same {axis}."
    counted = []
    for value, words in references.items():
        out = sum(not ((part["low"] <= value) & (value <= part["high"])).any() for _, part in sets)
        counted.append(f"{out} {'leaves' if out == 1 else 'leave'} out {words}")
    text = f"Of {len(sets)} intervals of the same {axis}, {' and '.join(counted)}."
    return text.replace("{", "(").replace("}", ")")


def _drawing(rows, labels, methods, middle, reach, axis, references):
    """The forest for paper."""
    left, right = middle - reach, middle + reach
    with canvas(7.2, 0.9 + 0.22 * len(labels) * (1 + len(methods))) as (figure, ax):
        at = {label: -i * (len(methods) + 1.0) for i, label in enumerate(labels)}
        for row in rows.itertuples():
            y = at[row.label] - methods.index(row.method)
            colour = _COLOURS[methods.index(row.method) % 3]
            if row.open == "empty":
                ax.text(middle, y, "empty", ha="center", va="center", color="#666666")
                continue
            ends = np.clip([row.low, row.high], left, right)
            ax.plot(ends, [y, y], color=colour, linewidth=2)
            ax.plot(ends[0], y, "<" if row.low < left else "|", color=colour)
            ax.plot(ends[1], y, ">" if row.high > right else "|", color=colour)
            if left <= row.estimate <= right:
                ax.plot(row.estimate, y, "o", color=colour, markersize=5)
        for i, (value, words) in enumerate(references.items()):
            if left <= value <= right:
                ax.axvline(value, color="black", linestyle=":", linewidth=1)
                ax.annotate(words, (value, 1.2 + i % 2), fontsize="small", annotation_clip=False)
        for i, method in enumerate(methods):
            ax.plot([], [], color=_COLOURS[i % 3], linewidth=2, label=method)
        if len(methods) > 1:
            ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
        ax.set_yticks([at[label] - (len(methods) - 1) / 2 for label in labels], labels)
        ax.set(xlabel=axis, xlim=(left - 0.03 * reach, right + 0.03 * reach))
    return figure


def _tidy(value: float, step: float) -> float:
    return float(plain(max(step, round(value / step) * step), 10))
