"""Tables that leave the package: for a program, a spreadsheet or a paper, by the file's ending."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import pandas as pd

from helpers.errors import DataError

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
    made = MTable(table, caption=caption, rgroup_display=False).make("tex")
    return str(made).strip() + "\n"


def _escaped(words: str) -> str:
    """Words as LaTeX prints them."""
    return re.sub(r"([&%$#_{}])", r"\\\1", words).replace("~", r"\textasciitilde{}")


def as_markdown(frame: pd.DataFrame, digits: int = 3) -> str:
    """A table in Markdown, numbers to the right; its index is left out."""
    numbers = frame.select_dtypes("number").columns
    align = ["right" if column in numbers else "left" for column in frame]
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
    beside = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        match target.suffix.lower():
            case ".csv":
                frame.to_csv(beside, index=False)
            case ".parquet":
                frame.to_parquet(beside, index=False)
            case ".tex":
                beside.write_text(as_latex(frame, digits=digits), encoding="utf-8")
            case _:
                beside.write_text(as_markdown(frame, digits), encoding="utf-8")
        os.replace(beside, target)
    except OSError as problem:
        why = problem.strerror or type(problem).__name__
        raise DataError(f"{target}: cannot be written ({why})") from None
    finally:
        beside.unlink(missing_ok=True)
    return target
