"""Ordering an extract from IPUMS."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from helpers.errors import DataError, ExtractRequestError, ParameterError

SAMPLES = tuple(f"us{year}a" for year in range(2010, 2020))
VARIABLES = ("YEAR", "HHWT", "PERWT", "MET2013", "OCC1990", "INDNAICS", "INCWAGE")
KEY_VARIABLE = "IPUMS_API_KEY"


def fetch(
    folder: Path | str,
    samples: Sequence[str] = SAMPLES,
    variables: Sequence[str] = VARIABLES,
    *,
    extract: int | None = None,
    address: str | None = None,
    patience: float = 24 * 3600,
) -> tuple[Path, Path]:
    """Order the extract that the paper needs from IPUMS USA, wait for it and download it.

    The extract's number is printed when it is ordered, and written into the folder
    (``usa_00012.ordered``), so that it can be taken up after an interruption: give the number as
    ``extract``, and nothing is ordered again.

    The key is read from the environment variable ``IPUMS_API_KEY`` and goes nowhere else: not
    into a file, a message or a page.

    Parameters
    ----------
    folder : path
        Where to put codebook and data.
    samples : sequence of str
        IPUMS sample ids; the American Community Surveys of 2010 to 2019 by default.
    variables : sequence of str
    extract : int, optional
        Number of an extract that is ordered already, by this function or by hand: it is waited
        for and downloaded, whatever ``samples`` and ``variables`` say.
    address : str, optional
        Of another server of the same interface.
    patience : float
        Seconds to wait for IPUMS to make the extract.

    Returns
    -------
    (Path, Path)
        Codebook and data.

    Raises
    ------
    ExtractRequestError
        Without a key, or if IPUMS refuses or does not answer in time; with the extract's number
        where one is ordered.
    ParameterError
        For a number that cannot be an extract's.
    """
    from ipumspy import IpumsApiClient, MicrodataExtract

    if extract is not None and (
        isinstance(extract, bool) or not isinstance(extract, int) or extract < 1
    ):
        raise ParameterError(
            f"extract: expected the number of an extract such as 12, found {extract!r}; it stands "
            "in the list of extracts of your IPUMS account"
        )
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise ExtractRequestError(
            f"{KEY_VARIABLE} is not set: make a key under 'API keys' in your IPUMS account and "
            "put it into the environment"
        )
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DataError(
            f"{folder}: cannot be made ({problem.strerror}); name a folder that you may write to"
        ) from None
    options = {"base_url": address} if address else {}
    number = extract
    try:
        client = IpumsApiClient(key, **options)
        if number is None:
            order = MicrodataExtract(
                "usa",
                list(samples),
                list(variables),
                description="Correlated Migration: an executable companion",
            )
            client.submit_extract(order)
            number = int(order.extract_id)
            names = _names(folder, number)
            _note(folder, number)
        else:
            names = _names(folder, number)
        client.wait_for_extract(number, collection="usa", timeout=patience)
        with tempfile.TemporaryDirectory(prefix=".ipums-", dir=folder) as beside:
            client.download_extract(number, collection="usa", download_dir=Path(beside))
            for name in names:
                os.replace(Path(beside) / name, folder / name)
        (folder / f"usa_{number:05d}.ordered").unlink(missing_ok=True)
    except ExtractRequestError:
        raise
    except KeyboardInterrupt:
        print(f"stopped; {_take_up(number)}", file=sys.stderr)
        raise
    except Exception as problem:
        said = str(problem).replace(key, "***")
        again = _take_up(number) if number else "look at your IPUMS account, and try again"
        raise ExtractRequestError(f"IPUMS: {type(problem).__name__}: {said}; {again}") from None
    return folder / names[0], folder / names[1]


def _note(folder: Path, number: int) -> None:
    """Say and write down the number of an extract that is ordered."""
    print(f"extract {number} is ordered; {_take_up(number)}", flush=True)
    (folder / f"usa_{number:05d}.ordered").write_text(
        f"Extract {number} of IPUMS USA is ordered; {_take_up(number)}\n", encoding="utf-8"
    )


def _take_up(number: int | None) -> str:
    if number is None:
        return "nothing is ordered: run the same command again"
    return f"to take it up after an interruption: ipums.fetch(folder, extract={number})"


def _names(folder: Path, number: int) -> list[str]:
    """Names of codebook and data; one that is there is not written over."""
    names = [f"usa_{number:05d}{ending}" for ending in (".xml", ".dat.gz")]
    for name in names:
        if (folder / name).exists():
            raise ExtractRequestError(
                f"{folder / name}: is there already and is not written over; extract {number} is "
                "ordered: move the file away and fetch again with "
                f"extract={number}, or name another folder"
            )
    return names
