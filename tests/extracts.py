"""Small extracts that tests write: any records, in any layout."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.sources.synthetic.extract import LAYOUT, codebook, metro_codes

CITIES = ("Akron, OH", "Boston, MA", "Chicago, IL")
YEARS = (2010, 2011)
# one code of each occupation group, and one outside
CODES = {
    "management": 15,
    "professional": 60,
    "sales": 275,
    "trades": 560,
    "primary": 479,
    "cleaners": 450,
    "security": 418,
    "service": 435,
}


def records(n: int = 3_000, seed: int = 1) -> pd.DataFrame:
    """Records of three cities and two years, every cell filled, some outside of every group."""
    rng = np.random.default_rng(seed)
    codes = np.array([*CODES.values(), 313])
    full = pd.MultiIndex.from_product(
        [YEARS, metro_codes(len(CITIES)), CODES.values()], names=["YEAR", "MET2013", "OCC1990"]
    ).to_frame(index=False)
    drawn = pd.DataFrame(
        {
            "YEAR": rng.choice(YEARS, n),
            "MET2013": rng.choice([0, *metro_codes(len(CITIES))], n, p=[0.1, 0.2, 0.3, 0.4]),
            "OCC1990": rng.choice(codes, n),
        }
    )
    table = pd.concat([full, drawn], ignore_index=True)
    size = len(table)
    return table.assign(
        SAMPLE=table["YEAR"] * 100 + 1,
        SERIAL=np.arange(1, size + 1),
        HHWT=rng.integers(1_000, 20_000, size) / 100,
        PERNUM=1,
        PERWT=rng.integers(1_000, 20_000, size) / 100,
        INDNAICS=rng.choice(["23", "5221M", "713Z", "4451", "31M", "0"], size),
        INCWAGE=rng.choice([0, 30_000, 45_500, 999_999, 999_998], size),
    )


def lines(table: pd.DataFrame, layout: Sequence[tuple] = LAYOUT) -> list[str]:
    """Fixed-width lines of records; a missing value is blank."""

    def cut(value: object, name: str, width: int, decimals: int) -> str:
        if name == "INDNAICS":
            return f"{value:<{width}}"
        if pd.isna(value):
            return " " * width
        return f"{round(value * 10**decimals):0{width}d}"

    columns = [
        [cut(value, name, width, decimals) for value in table[name]]
        for name, width, decimals, _ in layout
    ]
    return ["".join(parts) for parts in zip(*columns, strict=True)]


def write(
    folder: Path,
    table: pd.DataFrame | None = None,
    *,
    layout: Sequence[tuple] = LAYOUT,
    text: list[str] | None = None,
    end: str = "\n",
    **described: object,
) -> tuple[Path, Path]:
    """Write an extract and its codebook; ``text`` replaces the lines of the records."""
    table = records() if table is None else table
    body = lines(table, layout) if text is None else text
    book, data = folder / "small.xml", folder / "small.dat.gz"
    labels = {
        "MET2013": {"00000": "Not in identifiable area"}
        | {f"{c:05d}": n for c, n in zip(metro_codes(len(CITIES)), CITIES, strict=True)}
    }
    book.write_bytes(codebook("small.dat", layout, labels, YEARS, **described))
    with gzip.open(data, "wb") as stream:
        stream.write("".join(line + end for line in body).encode("latin-1"))
    return book, data
