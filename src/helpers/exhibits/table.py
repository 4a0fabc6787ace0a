"""Tables as a page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pandas.io.formats.style import Styler

from helpers.exhibits import data, words

_DIGITS = ("printed", "digits")  # columns of digits as text


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
            **data.bundle(self.caption, self.frame),
        }

    def __repr__(self) -> str:
        # more digits than a re-run is compared to: a number on the edge of rounding is no change
        return self.frame.to_string(index=False, float_format=lambda value: f"{value:.10g}")


def show(
    frame: pd.DataFrame, digits: int | Mapping[str, int | str] = 3, caption: str = ""
) -> Shown:
    """Lay a table out for a page: headings in words, no index, fixed digits, empty for missing.

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
        .format_index(words.heading, axis="columns")
        .hide(axis="index")
        .set_uuid(f"table-{'-'.join(map(str, frame.shape))}")
        .set_table_attributes('class="dataframe"')
        .set_properties(subset=numbers, **{"text-align": "right"})
    )
    if caption:
        style = style.set_caption(caption)
    return Shown(frame, style, caption)
