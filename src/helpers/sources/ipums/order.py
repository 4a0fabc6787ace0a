"""Ordering an extract from IPUMS."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from helpers.errors import DataError, ExtractRequestError

SAMPLES = tuple(f"us{year}a" for year in range(2010, 2020))
VARIABLES = ("YEAR", "HHWT", "PERWT", "MET2013", "OCC1990", "INDNAICS", "INCWAGE")
KEY_VARIABLE = "IPUMS_API_KEY"


def fetch(
    folder: Path | str,
    samples: Sequence[str] = SAMPLES,
    variables: Sequence[str] = VARIABLES,
    *,
    address: str | None = None,
    patience: float = 24 * 3600,
) -> tuple[Path, Path]:
    """Order the extract that the paper needs from IPUMS USA, wait for it and download it.

    The key is read from the environment variable ``IPUMS_API_KEY`` and goes nowhere else: not
    into a file, a message or a page.

    Parameters
    ----------
    folder : path
        Where to put codebook and data.
    samples : sequence of str
        IPUMS sample ids; the American Community Surveys of 2010 to 2019 by default.
    variables : sequence of str
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
        Without a key, or if IPUMS refuses or does not answer in time.
    """
    from ipumspy import IpumsApiClient, MicrodataExtract

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
    try:
        client = IpumsApiClient(key, **options)
        extract = MicrodataExtract(
            "usa",
            list(samples),
            list(variables),
            description="Correlated Migration: an executable companion",
        )
        client.submit_extract(extract)
        names = [f"usa_{extract.extract_id:05d}{ending}" for ending in (".xml", ".dat.gz")]
        for name in names:
            if (folder / name).exists():
                raise ExtractRequestError(
                    f"{folder / name}: is there already and is not written over; extract "
                    f"{extract.extract_id} is ordered: move the file away and download it from "
                    "your IPUMS account, or name another folder"
                )
        client.wait_for_extract(extract, timeout=patience)
        with tempfile.TemporaryDirectory(prefix=".ipums-", dir=folder) as beside:
            client.download_extract(extract, download_dir=Path(beside))
            for name in names:
                os.replace(Path(beside) / name, folder / name)
    except ExtractRequestError:
        raise
    except Exception as problem:
        said = str(problem).replace(key, "***")
        raise ExtractRequestError(
            f"IPUMS: {type(problem).__name__}: {said}; look at the extract in your IPUMS account, "
            "and try again"
        ) from None
    return folder / names[0], folder / names[1]
