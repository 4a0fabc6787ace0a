"""The author's published result files, read where they are or fetched, never copied.

Public repository ``seinjonetan/trade`` on GitHub, at one commit, each file checked by SHA-256.
The repository states no licence: the files are used, not redistributed.
"""

from __future__ import annotations

import logging
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import files
from helpers.errors import DataUnavailableError, GivenDataError, HashMismatchError, find_name
from helpers.files import sha256
from helpers.panel import Panel

COMMIT = "978129136436bd020c3257faa08f4a3c126ec200"
ADDRESS = f"https://raw.githubusercontent.com/seinjonetan/trade/{COMMIT}/estimations/results/"
CONNECT_SECONDS = 3
READ_SECONDS = 10
FILE_SECONDS = 30


@dataclass(frozen=True)
class PublishedFile:
    """A file of the author's: its path under :data:`ADDRESS` and its SHA-256."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.path.rsplit("/", 1)[-1]


FILES = {
    "panel": PublishedFile(
        "regressions/city_sec_iv.csv",
        "868581a5c6a88c18fb9e22a32505eba69d1b016bccd566f594c58b9e2b94c13a",
    ),
    "cells": PublishedFile(
        "regressions/city_occ_ols.csv",
        "2280f013ba318ba04067fa8ebbd1dd11e714568d6e2838310fd0d91f51a6e377",
    ),
    "cities": PublishedFile(
        "regressions/city_wage_ols.csv",
        "5d0f884a7b9a24ae397a86f9a46a6e7e0dcabe3e0020cfe0af921fbe6b884257",
    ),
    "T_c": PublishedFile(
        "params/T_c.csv", "3e3de82464517fd0eb3e608735f63d8443ee9c93f80662eb995127845e38844d"
    ),
    "T_k": PublishedFile(
        "params/T_k.csv", "25afd3e10643608f75e3a4c4a5b22ba89ba2e3b7e74853ff01abacd9ddffd537"
    ),
}


def _downloads():
    """Pooch, which warns at its first import in a kernel that cannot draw bars of progress."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pooch
    return pooch


def _download(published: PublishedFile, folder: Path) -> Path:
    """Fetch one file into the cache within :data:`FILE_SECONDS`, or raise."""
    pooch = _downloads()
    outcome: list[Path | Exception] = []
    downloader = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, READ_SECONDS), progressbar=False)

    def fetch() -> None:
        try:
            outcome.append(
                Path(
                    pooch.retrieve(
                        ADDRESS + published.path,
                        known_hash=f"sha256:{published.sha256}",
                        fname=published.name,
                        path=folder,
                        downloader=downloader,
                    )
                )
            )
        except Exception as problem:
            outcome.append(problem)

    pooch.get_logger().setLevel(logging.WARNING)
    # name look-ups have no time-out of their own, so the whole fetch is put under one
    worker = threading.Thread(target=fetch, daemon=True)
    worker.start()
    worker.join(FILE_SECONDS)
    if not outcome:
        raise DataUnavailableError(f"{published.name}: not fetched within {FILE_SECONDS} s")
    (result,) = outcome
    if isinstance(result, ValueError):
        # pooch keeps nothing of a download whose hash is wrong
        raise HashMismatchError(
            f"{published.name}: the download does not have SHA-256 {published.sha256}; deleted"
        ) from None
    import requests  # loaded by the download already, and by nothing else

    if isinstance(result, (requests.RequestException, OSError)):
        kind = type(result).__name__
        raise DataUnavailableError(f"{published.name}: could not be fetched ({kind})") from None
    if isinstance(result, Exception):
        raise result
    return result


def locate(name: str, download: bool = True) -> Path:
    """Path of one of the author's files whose hash has been checked.

    Parameters
    ----------
    name : str
        A key of :data:`FILES`.
    download : bool
        Whether to fetch the file when it is in neither ``COMPANION_DATA`` nor the cache.

    Raises
    ------
    GivenDataError
        If ``COMPANION_DATA`` names no folder, or one that lacks a file.
    HashMismatchError
        If a file is there with other bytes; a download is deleted, a reader's file is left.
    DataUnavailableError
        If the file is not there and could not be fetched in time.
    """
    published = FILES[list(FILES)[find_name("file", name, list(FILES))]]
    given = _given(published)
    if given is not None:
        path = given / published.name
        found = _sha256_of(path)
        if found != published.sha256:
            raise HashMismatchError(
                f"{path}: expected SHA-256 {published.sha256}, found {found}; put the author's "
                f"file there, or unset {files.DATA_VARIABLE} to have it fetched"
            )
        return path
    folder = Path(_downloads().os_cache("correlated-migration")) / COMMIT[:12]
    cached = folder / published.name
    if cached.is_file() and sha256(cached) == published.sha256:
        return cached
    if not download:
        raise DataUnavailableError(
            f"{published.name}: in neither COMPANION_DATA nor the cache; let it be fetched, or "
            "name the folder that holds it"
        )
    return _download(published, folder)  # a stale copy stays until a good one takes its place


def _given(published: PublishedFile) -> Path | None:
    """The folder that ``COMPANION_DATA`` names, with the file in it, or None where unset."""
    given = files.given_data()
    if given is None:
        return None
    unset = f"or unset {files.DATA_VARIABLE} to have the files fetched"
    if not given.is_dir():
        kind = "a file" if given.exists() else "not there"
        raise GivenDataError(
            f"{files.DATA_VARIABLE}: {given} is {kind}, expected a folder with "
            f"{', '.join(file.name for file in FILES.values())}; correct the path, {unset}"
        )
    if not (given / published.name).is_file():
        lacking = [file.name for file in FILES.values() if not (given / file.name).is_file()]
        raise GivenDataError(
            f"{files.DATA_VARIABLE}: {given} lacks {', '.join(lacking)}; put "
            f"{'it' if len(lacking) == 1 else 'them'} there, {unset}"
        )
    return given


def _sha256_of(path: Path) -> str:
    """SHA-256 of a reader's file, or the reason why it cannot be read, by name."""
    try:
        return sha256(path)
    except OSError as problem:
        raise GivenDataError(
            f"{path}: cannot be read ({problem.strerror}); change its permissions, or unset "
            f"{files.DATA_VARIABLE}"
        ) from None


def _parts(labels: pd.Series, pattern: str) -> pd.DataFrame:
    """Groups of a pattern in each label; a label that stands in many rows is read once."""
    codes, distinct = pd.factorize(labels)
    return pd.Series(distinct).str.extract(pattern).take(codes).set_axis(labels.index)


def _keys(table: pd.DataFrame) -> pd.DataFrame:
    """Split the author's ``(Akron, OH)_2010`` and ``(occ2_sales)_2010`` into plain columns."""
    parts = _parts(table["city_year"], r"^\((?P<city>.*)\)_(?P<year>\d{4})$")
    keys = {"year": parts["year"].astype(int), "city": parts["city"]}
    if "occ_year" in table:
        keys["occupation"] = _parts(table["occ_year"], r"^\(occ\d_(.*)\)_\d{4}$")[0]
    return pd.DataFrame(keys)


def load(download: bool = True) -> Panel:
    """The paper's panel, from the author's published files.

    Cells come from ``city_occ_ols.csv`` (265 cities in 2010-11, 260 from 2012), wages and
    the instrument from ``city_sec_iv.csv``, which lacks the 25 cities that enter the survey's
    geography in 2012 and so have no base-year exposure. City shares and the city wage term
    come from ``city_wage_ols.csv``.

    Raises
    ------
    HashMismatchError, DataUnavailableError
        As :func:`locate`.
    """
    found = {name: locate(name, download) for name in ("panel", "cells", "cities")}
    cells = pd.read_csv(found["cells"], usecols=["city_year", "occ_year", "shares"])
    cells = _keys(cells).assign(log_share=cells["shares"])
    wages = pd.read_csv(found["panel"], usecols=["city_year", "occ_year", "wage", "sim_wage"])
    wages = _keys(wages).assign(log_wage=wages["wage"], instrument=wages["sim_wage"])
    cells = cells.merge(wages, on=["year", "city", "occupation"], how="left", validate="1:1")
    cities = pd.read_csv(found["cities"])
    cities = _keys(cities).assign(
        log_city_share=cities["log_share"], log_city_wage=cities["log_wage"]
    )
    return Panel(
        cells=cells,
        cities=cities,
        source="replication",
        provenance={
            "repository": "seinjonetan/trade",
            "commit": COMMIT,
            "sha256": {FILES[name].name: FILES[name].sha256 for name in found},
        },
    )


def published_shifters() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The author's T_c and T_k, the files behind table 2.

    Returns
    -------
    DataFrame, DataFrame
        ``year``, ``city``, ``T_c`` and ``year``, ``occupation``, ``T_k``; the base cell of
        each is missing, as published.
    """
    T_c = pd.read_csv(locate("T_c"))
    T_k = pd.read_csv(locate("T_k")).assign(city_year="(none)_2010")
    occupations = _keys(T_k).drop(columns="city")
    occupations["year"] = T_k["occ_year"].str[-4:].astype(int)
    return _keys(T_c).assign(T_c=T_c["T_c"]), occupations.assign(T_k=T_k["T_k"])
