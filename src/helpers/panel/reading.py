"""Tables as readers have them: any delimiter, encoding and decimal sign, read as they are meant."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError

ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".dta", ".csv.gz")
_DELIMITERS = ",;\t|"
_COMMA = re.compile(r"^[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+$")
_POINT = re.compile(r"^[-+]?(\d{1,3}(,\d{3})+|\d+)?\.\d+([eE][-+]?\d+)?$")


def read_table(
    source: pd.DataFrame | Path | str, what: str = "table", encoding: str | None = None
) -> pd.DataFrame:
    """A table from a data frame or a file, text left as text.

    Parameters
    ----------
    source : DataFrame or path
        A file ends in csv, tsv, txt (any delimiter and encoding), parquet or dta.
    what : str
        What the table is, for messages.
    encoding : str, optional
        Of a text file, where it is neither Unicode nor Western European.

    Returns
    -------
    DataFrame
        Columns of text files are strings, without the spaces around them; empty is missing.

    Raises
    ------
    DataError
        If the file is not there, has another ending, or cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return source.reset_index(drop=True)
    if not isinstance(source, str | Path):
        raise ParameterError(
            f"{what}: expected a data frame or a file, found {type(source).__name__}"
        )
    path = Path(source).expanduser()
    name = path.name.lower()
    if not path.is_file():
        raise DataError(f"{what}: {path} is not there; name a file")
    if not name.endswith(ENDINGS):
        raise DataError(
            f"{what}: {path.name}: expected a file that ends in {', '.join(ENDINGS)}; "
            "save it as one of them"
        )
    try:
        if name.endswith(".parquet"):
            return pd.read_parquet(path)
        if name.endswith(".dta"):
            return pd.read_stata(path, convert_categoricals=True)
        return _read_text(path, what, encoding or find_encoding(path))
    except (OSError, ValueError, LookupError, csv.Error, pd.errors.ParserError) as problem:
        said = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise DataError(f"{what}: {path.name} cannot be read ({said}); save it again") from None


def _read_text(path: Path, what: str, encoding: str) -> pd.DataFrame:
    options = {"encoding": encoding, "dtype": str, "keep_default_na": False}
    head = pd.read_csv(path, nrows=50, sep="\0", header=None, engine="python", **options)
    lines = head[0].dropna().tolist()
    if not lines:
        raise DataError(f"{what}: {path.name} is empty; expected a header and a row for each entry")
    table = pd.read_csv(
        path, sep=find_delimiter(lines), engine="c", skipinitialspace=True, **options
    )
    table.columns = [str(column).strip() for column in table.columns]
    table = table.apply(lambda column: column.str.strip())
    missing = ("", ".", "NA", "N/A", "NaN", "nan", "null", "NULL", "#N/A", "-")
    return table.mask(table.isin(missing))


def find_encoding(path: Path) -> str:
    """Encoding of a text file: by its first bytes, else UTF-8 where that fits, else Windows's.

    Older encodings cannot be told apart by their bytes: a reader who has another one names it.
    """
    import gzip

    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as file:
        start = file.read(1_000_000)
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if start.startswith(mark):
            return encoding
    try:
        # a character may be cut at the end of the sample
        start.decode("utf-8") if len(start) < 1_000_000 else start[:-4].decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "cp1252"


def find_delimiter(lines: list[str]) -> str:
    """Delimiter of a text table: the sign that cuts most lines into equally many parts."""
    best, most = ",", (0.0, 0)
    for sign in _DELIMITERS:
        counts = [len(row) for row in csv.reader(lines, delimiter=sign)]
        usual = max(set(counts), key=counts.count)
        if usual > 1:
            score = (counts.count(usual) / len(counts), usual)
            if score > most:
                best, most = sign, score
    return best


def find_decimal(columns: list[pd.Series]) -> str:
    """Decimal sign of columns of text: a comma where some number can be read in no other way."""
    values = pd.concat([column.dropna().astype(str) for column in columns], ignore_index=True)
    values = values.str.replace(r"[\s\u00a0\u202f']", "", regex=True)
    comma = values.str.match(_COMMA) & ~values.str.match(r"^[-+]?\d{1,3}(,\d{3})+$")
    point = values.str.match(_POINT) & ~values.str.match(r"^[-+]?\d{1,3}(\.\d{3})+$")
    if comma.any() and point.any():
        one, other = values[comma].iloc[0], values[point].iloc[0]
        raise DataError(
            f"numbers: {one!r} has a decimal comma and {other!r} a point; write them all one way"
        )
    return "," if comma.any() else "."


def as_numbers(column: pd.Series, decimal: str) -> pd.Series:
    """Numbers of a column; text is read with a decimal sign, the other one groups thousands."""
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    text = column.astype("string").str.replace(r"[\s\u00a0\u202f']", "", regex=True)
    other = "." if decimal == "," else ","
    text = text.str.replace(other, "", regex=False).str.replace(decimal, ".", regex=False)
    return pd.to_numeric(text, errors="coerce").astype(float).where(text.notna(), np.nan)
