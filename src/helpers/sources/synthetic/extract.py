"""Survey records in the shape that IPUMS ships, drawn from the synthetic economy.

A codebook (DDI) and fixed-width text, gzipped: codes, widths, implied decimals and the special
codes that a real extract has, so that the whole way from records to the panel can be tried on
an economy whose truth is known. The people are invented; MET2013 codes are running numbers,
with the areas' names as labels.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from helpers.errors import DataError, ParameterError
from helpers.sources.groups import occupation_table, sector_table

if TYPE_CHECKING:
    from helpers.sources.synthetic.truth import Economy

# name, columns, implied decimals, label
LAYOUT = (
    ("YEAR", 4, 0, "Census year"),
    ("SAMPLE", 6, 0, "IPUMS sample identifier"),
    ("SERIAL", 8, 0, "Household serial number"),
    ("HHWT", 10, 2, "Household weight"),
    ("PERNUM", 4, 0, "Person number in sample unit"),
    ("PERWT", 10, 2, "Person weight"),
    ("MET2013", 5, 0, "Metropolitan area, 2013 delineations"),
    ("OCC1990", 3, 0, "Occupation, 1990 basis"),
    ("INDNAICS", 8, 0, "Industry, NAICS classification"),
    ("INCWAGE", 6, 0, "Wage and salary income"),
)
NAMESPACE = "ddi:codebook:2_5"
FIRST_METRO, METRO_STEP = 10_020, 20
NO_WAGE, MOST_WAGE = 999_999, 790_000
OTHER_OCCUPATIONS = (313, 379, 804, 889, 991)
_NO_METRO, _OTHER_WORK, _WAGE_UNKNOWN = 0.06, 0.08, 0.02
_WAGE_SPREAD = 0.55
_CHUNK = 250_000


def metro_codes(n_cities: int) -> np.ndarray:
    """MET2013 codes of the synthetic cities, in the order of their names."""
    return FIRST_METRO + METRO_STEP * np.arange(n_cities)


def _sector_given_cell(truth: Economy) -> np.ndarray:
    """P(sector | city, occupation) of the base year, (C, K, S).

    Raked so that a city's sector mix is the economy's kappa_cs and a cell's size is the
    model's, starting from kappa_cs gamma_ks, which keeps a sector's occupations near gamma_ks.
    """
    true = truth.shares(truth.years[0])
    kappa_cs = truth.kappa_cs.to_numpy()
    joint = kappa_cs[:, None, :] * truth.gamma_ks.to_numpy()
    phi_ck = true.phi_ck
    for _ in range(100):
        joint *= (phi_ck / joint.sum(axis=2))[:, :, None]
        joint *= (kappa_cs / joint.sum(axis=1))[:, None, :]
    return joint / joint.sum(axis=2, keepdims=True)


def _digits(values: np.ndarray, width: int) -> np.ndarray:
    """Whole numbers as ASCII digits, (n, width), zeros in front."""
    digits = np.empty((len(values), width), dtype=np.uint8)
    rest = values.astype(np.int64)
    for place in range(width - 1, -1, -1):
        rest, digits[:, place] = np.divmod(rest, 10)
    return digits + ord("0")


def _industry_codes(sectors: tuple[str, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """INDNAICS codes as rows of bytes, and which rows stand for each sector; last is blank."""
    table = sector_table()
    prefixes = table["prefix"].tolist()
    codes = [p + ("S" if p.endswith("M") else "1") for p in prefixes]
    rows = np.frombuffer("".join(f"{c:8}" for c in [*codes, "0"]).encode(), np.uint8)
    of_sector = [np.flatnonzero((table["sector"] == name).to_numpy()) for name in sectors]
    return rows.reshape(-1, 8), of_sector


def _occupation_codes(occupations: tuple[str, ...]) -> list[np.ndarray]:
    """First codes of the ranges that make up each occupation group."""
    table = occupation_table()
    return [table.loc[table["occupation"] == name, "first"].to_numpy() for name in occupations]


def _pick(options: list[np.ndarray], which: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of each row's options, at random."""
    sizes = np.array([len(each) for each in options])
    table = np.zeros((len(options), sizes.max()), dtype=np.int64)
    for row, each in enumerate(options):
        table[row, : len(each)] = each
    return table[which, (rng.random(len(which)) * sizes[which]).astype(np.int64)]


def _blocks(truth: Economy, n_rows: int, rng: np.random.Generator) -> Iterator[bytes]:
    """Records, a block at a time."""
    sector_given_cell = _sector_given_cell(truth)
    metros = metro_codes(len(truth.cities))
    occupations = _occupation_codes(truth.occupations)
    industries, of_sector = _industry_codes(tuple(truth.kappa_cs.columns))
    serial = 0
    for t, year in enumerate(truth.years):
        true = truth.shares(year)
        chance = (true.pi_ck * true.omega_k)[:, :, None] * sector_given_cell
        ladder = np.cumsum(chance.ravel())
        ladder /= ladder[-1]
        wage_ck = np.exp(truth.log_wage_tck[t])
        left = n_rows * (t + 1) // len(truth.years) - n_rows * t // len(truth.years)
        while left:
            n = min(left, _CHUNK)
            cell = np.searchsorted(ladder, rng.random(n), side="right")
            city, occupation, sector = np.unravel_index(cell, chance.shape)
            noise = rng.standard_normal(n) * _WAGE_SPREAD - _WAGE_SPREAD**2 / 2
            wage = np.rint(wage_ck[city, occupation] * np.exp(noise))
            wage = np.where(rng.random(n) < _WAGE_UNKNOWN, NO_WAGE, np.minimum(wage, MOST_WAGE))
            metro = np.where(rng.random(n) < _NO_METRO, 0, metros[city])
            code = _pick(occupations, occupation, rng)
            other = rng.random(n) < _OTHER_WORK
            code = np.where(other, rng.choice(OTHER_OCCUPATIONS, n), code)
            industry = np.where(code == 991, len(industries) - 1, _pick(of_sector, sector, rng))
            values = {
                "YEAR": np.full(n, year),
                "SAMPLE": np.full(n, year * 100 + 1),
                "SERIAL": np.arange(serial + 1, serial + n + 1),
                "HHWT": rng.integers(4_000, 16_000, n),
                "PERNUM": np.ones(n, dtype=np.int64),
                "PERWT": rng.integers(4_000, 16_000, n),
                "MET2013": metro,
                "OCC1990": code,
                "INCWAGE": wage,
            }
            parts = [
                industries[industry] if name == "INDNAICS" else _digits(values[name], width)
                for name, width, _, _ in LAYOUT
            ]
            newline = np.full((n, 1), ord("\n"), dtype=np.uint8)
            yield np.hstack([*parts, newline]).tobytes()
            serial, left = serial + n, left - n


def codebook(
    data_name: str,
    layout: Sequence[tuple[str, int, int, str]],
    labels: Mapping[str, Mapping[str, str]],
    years: Sequence[int],
    *,
    collection: str = "usa",
    structure: str = "rectangular",
) -> bytes:
    """DDI codebook of an extract.

    Parameters
    ----------
    data_name : str
    layout : sequence of (name, width, implied decimals, label)
        In the order of the record.
    labels : mapping
        Labels of codes, by variable. INDNAICS is the one that is not numeric.
    years : sequence of int
        Years of the samples.
    collection, structure : str

    Returns
    -------
    bytes
        XML.
    """
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.Element(f"{{{NAMESPACE}}}codeBook", {"version": "2.5"})
    _say_study(_add(root, "stdyDscr"), data_name, years, collection)
    _say_file(_add(root, "fileDscr", ID="ExtractData"), data_name, structure)
    _say_variables(_add(root, "dataDscr"), layout, labels)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str):
    """A child of an element of the codebook."""
    child = ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", attributes)
    child.text = text or None
    return child


def _say_study(
    study: ElementTree.Element, data_name: str, years: Sequence[int], collection: str
) -> None:
    """Title, collection, samples and conditions."""
    citation = _add(study, "citation")
    _add(_add(citation, "titlStmt"), "titl", f"Synthetic extract {data_name}")
    series = _add(citation, "serStmt")
    _add(series, "serName", f"IPUMS {collection.upper()}", abbr=collection)
    _add(series, "serInfo", "none: synthetic records")
    about = _add(study, "stdyInfo")
    for year in years:
        _add(about, "notes", f"A synthetic sample in the shape of IPUMS-USA, ACS {year}")
    access = _add(_add(study, "dataAccs"), "useStmt")
    _add(access, "conditions", "Synthetic records: no conditions.")
    _add(access, "citReq", "None.")


def _say_file(described: ElementTree.Element, data_name: str, structure: str) -> None:
    """How the file of records is laid out."""
    text = _add(described, "fileTxt")
    _add(text, "fileName", data_name)
    _add(text, "fileCont", "Microdata records")
    records = _add(text, "fileStrc", type=structure)
    if structure == "hierarchical":
        _add(records, "recGrp", rectype="H", recidvar="RECTYPE", keyvar="SERIAL")
        _add(records, "recGrp", rectype="P", recidvar="RECTYPE", keyvar="SERIAL")
    _add(text, "fileType", "ISO-8859-1 data file", charset="ISO-8859-1")
    _add(text, "format", "fixed length fields")
    _add(text, "filePlac", "made by helpers.sources.synthetic.write_extract")


def _say_variables(
    described: ElementTree.Element,
    layout: Sequence[tuple[str, int, int, str]],
    labels: Mapping[str, Mapping[str, str]],
) -> None:
    """Where each variable stands in a line, and what its codes mean."""
    start = 1
    for name, width, decimals, label in layout:
        variable = _add(
            described,
            "var",
            ID=name,
            name=name,
            files="ExtractData",
            dcml=str(decimals),
            intrvl="discrete" if name in labels else "contin",
        )
        end = start + width - 1
        _add(variable, "location", StartPos=str(start), EndPos=str(end), width=str(width))
        _add(variable, "labl", label)
        _add(variable, "txt", label)
        for code, meaning in labels.get(name, {}).items():
            category = _add(variable, "catgry")
            _add(category, "catValu", code)
            _add(category, "labl", meaning)
        _add(variable, "concept", "Synthetic", vocab="IPUMS")
        kind = "character" if name == "INDNAICS" else "numeric"
        _add(variable, "varFormat", schema="other", type=kind)
        start = end + 1


_MADE = b"made by helpers.sources.synthetic.write_extract"
_TITLE = "Synthetic productivity"


def _refuse_others(path: Path, of_others: bool) -> None:
    """Refuse to write over a file that somebody else made."""
    if path.exists() and of_others:
        raise DataError(
            f"{path}: not made by this package, and so not written over; name another place"
        )


def write(truth: Economy, folder: Path | str, n_rows: int, seed: int) -> tuple[Path, Path]:
    """Write an extract; see :func:`helpers.sources.synthetic.write_extract`."""
    if isinstance(n_rows, bool) or n_rows != int(n_rows) or n_rows < 0:
        raise ParameterError(f"n_rows: expected a whole number of at least 0, found {n_rows!r}")
    folder = Path(folder)
    book, data = folder / "synthetic.xml", folder / "synthetic.dat.gz"
    for path in (book, data):
        _refuse_others(path, not book.is_file() or _MADE not in book.read_bytes())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DataError(
            f"{folder}: cannot be made ({problem.strerror}); name a folder that you may write to"
        ) from None
    areas = zip(metro_codes(len(truth.cities)), truth.cities, strict=True)
    labels = {
        "YEAR": {f"{year}": f"{year}" for year in truth.years},
        "MET2013": {"00000": "Not in identifiable area"}
        | {f"{code:05d}": city for code, city in areas},
    }
    rng = np.random.default_rng([seed, int(n_rows)])
    with tempfile.TemporaryDirectory(prefix=".extract-", dir=folder) as beside:
        draft = Path(beside) / data.name
        with draft.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
            for block in _blocks(truth, int(n_rows), rng):
                stream.write(block)
        described = Path(beside) / book.name
        described.write_bytes(codebook(data.name.removesuffix(".gz"), LAYOUT, labels, truth.years))
        os.replace(draft, data)
        os.replace(described, book)
    return book, data


def write_tfp(truth: Economy, path: Path | str) -> Path:
    """Write the economy's productivity in the layout of the publisher's workbook.

    Industry, NAICS, Basis, Measure, Units and one column a year, under two lines of title; with
    a row of growth rates a sector as well, which a reader has to tell from the index.
    """
    names = sector_table().drop_duplicates("sector").set_index("sector")
    index = np.exp(truth.shifts.pivot(index="sector", columns="year", values="log_tfp"))
    rows = []
    for sector, values in index.iterrows():
        code = names.at[sector, "tfp"].split(" ")[0]
        if not code:
            continue
        start = [names.at[sector, "name"], code, "Sectoral output", "Total factor productivity"]
        growth = values.pct_change().mul(100).round(1)
        rows.append([*start, "Index (2010=100)", *values])
        rows.append([*start, "% Change from previous year", *growth])
    header = ["Industry", "NAICS", "Basis", "Measure", "Units", *map(str, index.columns)]
    title = [_TITLE, *[None] * (len(header) - 1)]
    blank = [None] * len(header)
    table = pd.DataFrame([title, blank, header, *rows])
    path = Path(path)
    if path.exists():
        try:
            first = pd.read_excel(path, sheet_name=0, header=None, nrows=1).iloc[0, 0]
        except Exception:
            first = None
        _refuse_others(path, first != _TITLE)
    with tempfile.TemporaryDirectory(prefix=".tfp-", dir=path.parent) as beside:
        draft = Path(beside) / "tfp.xlsx"
        table.to_excel(draft, sheet_name="Annual", header=False, index=False)
        os.replace(draft, path)
    return path
