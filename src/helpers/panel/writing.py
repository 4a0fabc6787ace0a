"""Tables that leave the package: for a program, a spreadsheet or a paper, by the file's ending."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from helpers.errors import DataError
from helpers.files import whole

ENDINGS = (".csv", ".parquet", ".tex", ".md")


def as_latex(frame: pd.DataFrame, caption: str | None = None, digits: int = 3) -> str:
    """A table in LaTeX, with the rules of booktabs, as papers have them (by maketables).

    Parameters
    ----------
    frame : DataFrame
        Its index is left out.
    caption : str, optional
    digits : int
        After the point of numbers that are not whole.
    """
    from maketables import MTable

    text = _rounded(frame, digits).map(_escaped)
    text.columns = [_escaped(str(column)) for column in text]
    name, *others = text.columns
    table = text[others] if others else text
    # rows are named by the first column, and may be so twice
    table.index = pd.Index(text[name].astype(str), name=None)
    caption = _escaped(caption) if caption else None
    made = str(MTable(table, caption=caption, rgroup_display=False).make("tex")).strip()
    # maketables leaves the heading of the first column empty
    return made.replace("\\toprule\n &", f"\\toprule\n{name} &", 1) + "\n"


_MATHEMATICS = re.compile(r"(\$[^$]*[\\_^][^$]*\$)")
_SPELLED = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "×": r"$\times$", "²": r"\textsuperscript{2}",
    "−": "$-$", "≤": r"$\le$", "≥": r"$\ge$", "≈": r"$\approx$", "∞": r"$\infty$",
}  # fmt: skip
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (\w+)")


def _escaped(words: str) -> str:
    """Words as LaTeX prints them; mathematics among them is left as it is."""
    pieces = _MATHEMATICS.split(words)
    return "".join(
        piece if place % 2 else "".join(map(_spelled, piece)) for place, piece in enumerate(pieces)
    )


def _spelled(letter: str) -> str:
    if letter in "&%$#_{}":
        return f"\\{letter}"
    if greek := _GREEK.fullmatch(unicodedata.name(letter, "")):
        size, name = greek[1], greek[2].replace("LAMDA", "LAMBDA")
        return f"$\\{name.lower() if size == 'SMALL' else name.capitalize()}$"
    return _SPELLED.get(letter, letter)


def as_markdown(frame: pd.DataFrame, digits: int = 3, right: Collection[int] | None = None) -> str:
    """A table in Markdown, numbers to the right; its index is left out.

    Parameters
    ----------
    frame : DataFrame
    digits : int
        After the point of numbers that are not whole.
    right : positions of columns, optional
        Those that hold numbers as text already; by default the columns of numbers.
    """
    if right is None:
        numbers = frame.select_dtypes("number").columns
        right = [place for place, column in enumerate(frame) if column in numbers]
    align = ["right" if place in right else "left" for place in range(frame.shape[1])]
    text = _rounded(frame, digits)
    return text.to_markdown(index=False, colalign=align, disable_numparse=True) + "\n"


def _rounded(frame: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Numbers as text with as many digits; whole ones without, missing ones empty."""
    text = frame.copy()
    for column in frame.select_dtypes("number"):
        whole = pd.api.types.is_integer_dtype(frame[column])
        text[column] = [
            "" if pd.isna(value) else f"{value:,d}" if whole else f"{value:,.{digits}f}"
            for value in frame[column].tolist()
        ]
    return text.astype(str)


def check_ending(target: Path | str) -> Path:
    """Where a table may be written: a name with a known ending, in a folder that is there.

    Raises
    ------
    DataError
    """
    target = Path(target).expanduser()
    if target.suffix.lower() not in ENDINGS:
        raise DataError(
            f"{target.name}: expected a file that ends in {', '.join(ENDINGS)}; name one"
        )
    if not target.parent.is_dir():
        raise DataError(f"{target.parent}: no such folder; make it, or name another file")
    if target.is_dir():
        raise DataError(f"{target}: is a folder; name a file")
    return target


def write_frame(frame: pd.DataFrame, target: Path | str, digits: int = 4) -> Path:
    """Write a table as its file's ending says, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
    target : path
        Ends in csv or parquet (all digits), tex or md (rounded, for a paper).
    digits : int
        After the point, in tex and md.

    Raises
    ------
    DataError
        For another ending, or a folder that is not there.
    """
    target = check_ending(target)
    try:
        with whole(target) as beside:
            match target.suffix.lower():
                case ".csv":
                    frame.to_csv(beside, index=False)
                case ".parquet":
                    frame.to_parquet(beside, index=False)
                case ".tex":
                    beside.write_text(as_latex(frame, digits=digits), encoding="utf-8")
                case _:
                    beside.write_text(as_markdown(frame, digits), encoding="utf-8")
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        raise DataError(f"{target}: cannot be written ({why})") from None
    return target
