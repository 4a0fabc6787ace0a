"""What a codebook (DDI) says of an extract: variables, columns, implied decimals."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.errors import CodebookError, HierarchicalExtractError, MissingVariableError, nearest
from helpers.sources.ipums.raw import DELIMITED, ENDINGS, FIXED, LARGEST, ending_of, open_records

if TYPE_CHECKING:
    import ibis
STAND_INS = {
    "YEAR": ("SAMPLE", "MULTYEAR", "DATANUM"),
    "HHWT": ("PERWT", "ASECWTH", "HWTFINL", "SLWT"),
    "PERWT": ("HHWT", "ASECWT", "WTFINL", "SLWT"),
    "MET2013": ("METAREA", "METFIPS", "MET2003", "MET2023", "COUNTYFIP", "PUMA"),
    "OCC1990": ("OCC", "OCC2010", "OCC1950", "OCCSOC", "OCC1990DD"),
    "INDNAICS": ("IND", "IND1990", "IND1950"),
    "INCWAGE": ("INCEARN", "INCTOT", "INCWELFR"),
    "PERNUM": ("RELATE", "RELATED"),
}


@dataclass(frozen=True)
class Variable:
    """A variable of an extract.

    Attributes
    ----------
    name : str
    start, width : int
        First column, counted from zero, and number of columns; fixed-width only.
    decimals : int
        Digits after the implied point; 0 where there is none.
    numeric : bool
    labels : dict
        Meaning of each code, as the codebook lists them.
    """

    name: str
    start: int
    width: int
    decimals: int
    numeric: bool
    labels: dict[int | str, str]


@dataclass(frozen=True)
class Codebook:
    """What a DDI codebook says of an extract.

    Attributes
    ----------
    path : Path
    collection : str
        IPUMS collection, such as ``usa``.
    variables : dict of str to Variable
        By upper-case name.
    years : tuple of int
        Years of the samples that it lists; empty if it lists none.
    encoding : str
        Of the data's text, as Python names it.
    samples : tuple of str
        Names of the samples that it lists.
    """

    path: Path
    collection: str
    variables: dict[str, Variable]
    years: tuple[int, ...]
    encoding: str = "iso8859-1"
    samples: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Columns of a record."""
        return max(v.start + v.width for v in self.variables.values())

    def find(self, names: Sequence[str] | None) -> list[Variable]:
        """Variables by name, all where no name is given; a missing one is refused."""
        if names is None:
            return list(self.variables.values())
        names = [names] if isinstance(names, str) else list(names)
        check_present(self.path, [name.upper() for name in names], self.variables)
        return [self.variables[name.upper()] for name in names]


def check_present(path: Path, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse an extract that lacks variables: all that are missing at once, with the nearest.

    Raises
    ------
    MissingVariableError
        Naming each missing variable, and what the extract has in its stead.
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in known]
    if not missing:
        return
    said = []
    for name in missing:
        near = [other for other in STAND_INS.get(name, ()) if other in known]
        near = near or [other for other in nearest(name, known) if other in known]
        has = f" (the extract has {', '.join(near)})" if near else ""
        said.append(f"{name} is not in the {_kind_of(path)}{has}")
    which = "it" if len(missing) == 1 else f"these {len(missing)}"
    raise MissingVariableError(
        f"{path}: {'; '.join(said)}. Codes differ from one variable to another, so none stands "
        f"in: order the extract once more with {which} added: {', '.join(missing)}"
    )


def _kind_of(path: Path) -> str:
    ending = ending_of(path)
    return "header" if ending in DELIMITED else "file" if ending in ENDINGS else "codebook"


def read_codebook(path: Path | str) -> Codebook:
    """Read a DDI codebook.

    Raises
    ------
    CodebookError
        If the file is missing or is no DDI codebook of an extract.
    HierarchicalExtractError
        If records are of several types.

    Examples
    --------
    Weights are written in hundredths:

    >>> import tempfile
    >>> from helpers.sources.synthetic import write_extract
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=500)
    ...     found = read_codebook(codebook)
    ...     "HHWT" in found.variables, found.variables["HHWT"].decimals
    (True, 2)
    """
    from ipumspy import readers

    path = Path(path)
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such codebook"
        raise CodebookError(
            f"{path}: {kind}; name the .xml that IPUMS puts beside the data (DDI codebook)"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a reminder to cite, which the book does
            ddi = readers.read_ipums_ddi(path)
        structure = ddi.file_description.structure
        described = ddi.data_description
        variables = {
            v.name.upper(): Variable(
                name=v.name.upper(),
                start=v.start,
                width=v.end - v.start,
                decimals=v.shift or 0,
                numeric=v.vartype in ("numeric", "integer"),
                labels={code: label for label, code in v.codes.items()},
            )
            for v in described
        }
    except Exception as problem:
        raise CodebookError(
            f"{path}: not a DDI codebook of an IPUMS extract ({type(problem).__name__}: "
            f"{problem}); download the extract's .xml again"
        ) from None
    if structure and structure.lower() != "rectangular":
        kinds = ", ".join(ddi.file_description.rectypes) or "several"
        raise HierarchicalExtractError(
            f"{path}: the extract is {structure} (record types {kinds}); expected a rectangular "
            "one: choose 'rectangular' under 'data structure' when ordering it"
        )
    if not variables:
        raise CodebookError(f"{path}: describes no variable; download the extract's .xml again")
    named = tuple(" ".join(note.split("Note:")[0].split()) for note in ddi.samples_description)
    years = {int(year) for note in named for year in re.findall(_A_YEAR, note)}
    encoding = _encoding(path, ddi.file_description.encoding)
    return Codebook(path, ddi.ipums_collection, variables, tuple(sorted(years)), encoding, named)


_A_YEAR = r"\b(?:1[89]|20)\d\d\b"


def _encoding(path: Path, declared: str | None) -> str:
    """Python's name of the encoding that a codebook declares; ISO-8859-1 where it is silent."""
    name = (declared or "").strip() or "ISO-8859-1"
    try:
        found = codecs.lookup(name).name
        single = len(bytes(range(256)).decode(found, "replace")) == 256
    except (LookupError, UnicodeError, TypeError):
        found, single = "", False
    if found not in ("utf-8", "utf-8-sig") and not single:
        raise CodebookError(
            f"{path}: the data's encoding is {name!r}, expected ISO-8859-1, UTF-8 or another in "
            "which columns can be counted; correct charset= under fileType"
        )
    return "utf-8" if found == "utf-8-sig" else found


def text_encoding(path: Path, book: Codebook) -> str:
    """The codebook's encoding, unless the file says by a byte-order mark that it is UTF-8."""
    with open_records(path) as stream:
        marked = stream.read(3) == codecs.BOM_UTF8
    return "utf-8-sig" if marked else book.encoding


def written(field: ibis.Value, variable: Variable, *, implied: bool) -> ibis.Value:
    """A numeric field as text that says all: ``12345`` with two implied decimals is 12345e-2."""
    kind = field.type()
    if kind.is_floating():
        text = field.isnan().ifelse(None, field.cast("string"))
    elif kind.is_string():
        text = field.strip().nullif("")
    else:
        text = field.cast("string")
    if not (implied and variable.decimals):
        return text
    return text.re_search("[.eE]").ifelse(text, text + f"e-{variable.decimals}")


def decimal_places(text: ibis.Value) -> ibis.Value:
    """How many digits a number, as :func:`written`, has after its point."""
    after = text.re_extract(r"\.([0-9]*)", 1).length()
    power = text.re_extract(r"[eE]([-+]?[0-9]+)", 1).nullif("").try_cast("int64").fill_null(0)
    return after - power


def units(text: ibis.Value, after: int) -> ibis.Value:
    """A number, as :func:`written`, in whole units of its ``after``-th digit after the point."""
    head = text.re_extract("^([^eE]*)", 1)
    power = text.re_extract(r"[eE]([-+]?[0-9]+)", 1).nullif("").try_cast("int64").fill_null(0)
    shifted = head + "e" + (power + after).cast("string")
    return text.isnull().ifelse(None, shifted).try_cast("decimal(38, 0)")


def whole(text: ibis.Value) -> ibis.Value:
    """A number, as :func:`written`, as a 64-bit integer; missing where it is none."""
    exact = text.try_cast("decimal(38, 10)")
    fits = (exact == exact.cast("decimal(38, 0)")) & exact.between(-LARGEST, LARGEST)
    short = text.re_search(r"^[-+]?[0-9]{1,18}$")
    return short.ifelse(text.try_cast("int64"), fits.ifelse(exact, None).try_cast("int64"))


def is_fixed(data: Path | str) -> bool:
    """Whether a file is fixed-width, so that its decimals are implied.

    Examples
    --------
    >>> is_fixed("usa_00001.dat.gz"), is_fixed("usa_00001.csv")
    (True, False)
    """
    return ending_of(Path(data)) in FIXED
