"""The paper's tables, one function each, printed and computed side by side (paper, 4.2, 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pandas.io.formats.style import Styler

from helpers import machine
from helpers.panel import Panel
from helpers.prose import describe
from helpers.targets import TARGETS, Results, compare

_DIGITS = ("printed", "digits")  # columns of digits as text
_TITLES = {
    "ols-beta": ("OLS", "wage"),
    "ols-se": ("OLS", "standard error"),
    "ols-r2": ("OLS", "R²"),
    "iv-beta": ("IV", "wage"),
    "iv-se": ("IV", "standard error"),
    "iv-f": ("IV", "F statistic"),
    "first-beta": ("first stage", "instrument"),
    "first-se": ("first stage", "standard error"),
    "first-n": ("first stage", "observations"),
    "first-r2": ("first stage", "R²"),
    "first-adjusted-r2": ("first stage", "adjusted R²"),
    "first-residual-se": ("first stage", "residual standard error"),
    "first-df-model": ("first stage", "regressors"),
    "first-df-residual": ("first stage", "residual degrees of freedom"),
    "first-f": ("first stage", "F statistic"),
}


def _beside(panel: Panel, place: str, results: Results | None) -> pd.DataFrame:
    """Rows of the comparison whose place starts so."""
    rows = compare(panel, results)
    return rows[rows["place"].str.startswith(place)]


def _titled(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a regression table with the names that the table gives them."""
    titles = [_TITLES[target] for target in rows["id"]]
    return pd.DataFrame(
        {
            "column": [column for column, _ in titles],
            "row": [row for _, row in titles],
            "printed": rows["digits"].to_numpy(),
            "computed": rows["computed"].to_numpy(),
            "what the row asks for": rows["proper"].fillna(rows["computed"]).to_numpy(),
        }
    )


def table_1(panel: Panel, results: Results | None = None) -> pd.DataFrame:
    """Effect of wages on shares, OLS and 2SLS (paper, table 1).

    ``computed`` is the computation that the printed digits come from, ``what the row asks
    for`` the number that its name and the table's note describe.
    """
    return _titled(_beside(panel, "table 1", results))


def table_8_2_1(panel: Panel, results: Results | None = None) -> pd.DataFrame:
    """First stage of the shift-share regression (paper, table 8.2.1); columns as table 1."""
    return _titled(_beside(panel, "table 8.2.1", results))


def table_2a(panel: Panel, results: Results | None = None) -> pd.DataFrame:
    """Occupation shifters of 2019, as printed, in the paper's convention and the model's."""
    results = results or Results(panel)
    printed = {
        target.id.removeprefix("T_k-"): target.printed
        for target in TARGETS
        if target.place == "table 2A"
    }
    paper, model = results.paper_shifters.T_k, results.consistent_shifters.T_k
    return pd.DataFrame(
        {
            "occupation": list(printed),
            "printed": list(printed.values()),
            "paper's convention": [paper.get(name) for name in printed],
            "model's convention": [model.get(name) for name in printed],
        }
    )


def table_2b(panel: Panel, results: Results | None = None) -> pd.DataFrame:
    """City shifters of 2019, as printed, in the paper's convention and the model's."""
    results = results or Results(panel)
    rows = _beside(panel, "table 2B", results)
    return pd.DataFrame(
        {
            "city": [
                next(
                    (c for c in results.paper_shifters.T_c.index if _key(c) == target), target
                ).split(",")[0]
                for target in rows["id"]
            ],
            "printed": rows["digits"].to_numpy(),
            "paper's convention": rows["computed"].to_numpy(),
            "model's convention": rows["proper"].to_numpy(),
        }
    )


def _key(city: str) -> str:
    """Id of a city's target."""
    return f"T_c-{city.split('-')[0].lower().replace(' ', '-')}"


_CAPTIONS = {
    "table_1": "Table 1 of the paper: effect of wages on city shares, OLS and 2SLS.",
    "table_8_2_1": "Table 8.2.1 of the paper: first stage, wages on the shift-share instrument.",
    "table_2a": "Table 2A of the paper: occupation shifters, 2019.",
    "table_2b": "Table 2B of the paper: the eight largest city shifters, 2019.",
}


def caption(table: str, panel: Panel) -> str:
    """Caption of one of the paper's tables: what it is, its function and its data."""
    return f"{_CAPTIONS[table]} Function: helpers.tables.{table}. Data: {describe(panel)}."


def as_printed(frame: pd.DataFrame) -> pd.DataFrame:
    """Round the numbers of each row to the digits of its ``printed`` column, as text."""
    decimals = frame["printed"].str.partition(".")[2].str.len()
    rounded = frame.copy()
    for column in frame.select_dtypes("number"):
        rounded[column] = [
            "" if pd.isna(value) else f"{value:.{places}f}"
            for value, places in zip(frame[column], decimals, strict=True)
        ]
    return rounded


@dataclass(frozen=True, eq=False)
class Shown:
    """A table laid out for a page, and as plain text where there is no page."""

    frame: pd.DataFrame
    style: Styler
    caption: str = ""

    def to_html(self) -> str:
        """Return the table as HTML, the same for the same numbers."""
        return self.style.to_html()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {
            "text/html": self.to_html(),
            "text/plain": repr(self),
            **machine.bundle(self.caption, self.frame),
        }

    def __repr__(self) -> str:
        # more digits than a re-run is compared to: a number on the edge of rounding is no change
        return self.frame.to_string(index=False, float_format=lambda value: f"{value:.10g}")


def show(
    frame: pd.DataFrame, digits: int | Mapping[str, int | str] = 3, caption: str = ""
) -> Shown:
    """Lay a table out for a page: no index, fixed digits, empty for missing.

    Parameters
    ----------
    frame : DataFrame
        Numbers beside a ``printed`` column are rounded as that column is.
    digits : int or {column: int or format}
        Digits after the point, for all columns of numbers or by column; a string is a format
        specification, such as ``".1%"``.
    caption : str
        Written above the table.
    """
    numbers = [c for c in frame if c in frame.select_dtypes("number") or c in _DIGITS]
    if "printed" in frame:
        frame = as_printed(frame)
    formats = {}
    for column in frame.select_dtypes("number"):
        wanted = digits if isinstance(digits, int) else digits.get(column, 3)
        formats[column] = "{:" + (wanted if isinstance(wanted, str) else f",.{wanted}f") + "}"
    style = (
        frame.style.format(formats, na_rep="")
        .hide(axis="index")
        .set_uuid(f"table-{'-'.join(map(str, frame.shape))}")
        .set_table_attributes('class="dataframe"')
        .set_properties(subset=numbers, **{"text-align": "right"})
    )
    if caption:
        style = style.set_caption(caption)
    return Shown(frame, style, caption)
