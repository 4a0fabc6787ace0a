"""Tables as a page shows them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import pandas as pd
from pandas.io.formats.style import Styler

from helpers.exhibits import data, words
from helpers.panel.writing import as_latex, as_markdown

_DIGITS = ("printed", "digits")  # columns of digits as text
_SENTENCES = ("claim", "statistic")  # columns of sentences, which name symbols as code does


def as_printed(frame: pd.DataFrame) -> pd.DataFrame:
    """Round the numbers of each row to the digits of its ``printed`` column, as text."""
    decimals = frame["printed"].str.partition(".")[2].str.len()
    rounded = frame.copy()
    rounded["printed"] = frame["printed"].str.replace(r"^\d{4,}", _in_thousands, regex=True)
    for column in frame.select_dtypes("number"):
        rounded[column] = [
            "" if pd.isna(value) else f"{value:,.{places}f}"
            for value, places in zip(frame[column], decimals, strict=True)
        ]
    return rounded


def _in_thousands(whole: re.Match) -> str:
    return f"{int(whole.group()):,}"


@dataclass(frozen=True, eq=False)
class Shown:
    """A table laid out for a page, and as plain text where there is no page.

    Attributes
    ----------
    frame : DataFrame
        What is shown, with all its digits.
    style : Styler
    caption : str
    formats : {column: str}
        How numbers of a column are written.
    numbers : tuple
        Columns of numbers, which stand to the right.
    """

    frame: pd.DataFrame
    style: Styler
    caption: str = ""
    formats: Mapping[Hashable, str] = field(default_factory=dict)
    numbers: tuple[Hashable, ...] = ()

    def to_html(self) -> str:
        """Return the table as HTML, the same for the same numbers."""
        return self.style.to_html()

    def in_words(self) -> pd.DataFrame:
        """The table as it is shown: headings in words, numbers as text with the digits shown."""
        shown = self.frame.copy()
        for column, form in self.formats.items():
            shown[column] = [
                "" if pd.isna(value) else form.format(value) for value in self.frame[column]
            ]
        shown = shown.astype(object).where(self.frame.notna(), "").astype(str)
        return shown.set_axis([words.heading(column) for column in shown], axis="columns")

    def to_latex(self) -> str:
        """Return the table in LaTeX, as a paper has it: the words and digits that are shown."""
        return as_latex(self.in_words(), self.caption or None)

    def to_markdown(self) -> str:
        """Return the table in Markdown, numbers to the right: the words and digits shown."""
        numbers = [place for place, column in enumerate(self.frame) if column in self.numbers]
        return as_markdown(self.in_words(), right=numbers)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {
            "text/html": self.to_html(),
            "text/plain": repr(self),
            **data.bundle(self.caption, self.frame),
        }

    def __repr__(self) -> str:
        return in_full(self.frame)


def in_full(frame: pd.DataFrame) -> str:
    """A table as text with more digits than a re-run is compared to.

    A number on the edge of rounding is no change then.
    """
    return frame.to_string(index=False, float_format=lambda value: f"{value:.10g}")


def _mark(frame: pd.DataFrame) -> int:
    """A table's own mark on its page, from its words alone: rounding does not move it.

    What is said about the cells of one table, such as that they stand to the right, would
    otherwise be said about every table of the same shape on the page.
    """
    words_of = frame.drop(columns=frame.select_dtypes("number").columns)
    told = "|".join([*map(str, frame), *words_of.astype(str).to_numpy().ravel(), str(len(frame))])
    return zlib.crc32(told.encode("utf-8"))


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
        formats[column] = "{:" + (wanted if isinstance(wanted, str) else f"z,.{wanted}f") + "}"
    style = (
        frame.style.format(formats, na_rep="")
        .format_index(words.heading, axis="columns")
        .hide(axis="index")
        .set_uuid(f"table-{_mark(frame):08x}")
        .set_table_attributes('class="dataframe"')
        .set_properties(subset=numbers, **{"text-align": "right"})
    )
    said = [column for column in _SENTENCES if column in frame]
    if said:
        style = style.format(words.symbols, subset=said, na_rep="")
    if caption:
        style = style.set_caption(caption)
    return Shown(frame, style, caption, formats, tuple(numbers))
