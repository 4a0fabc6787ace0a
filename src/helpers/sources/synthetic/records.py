"""The synthetic economy as survey records, and its productivity as a workbook."""

from __future__ import annotations

from pathlib import Path

from helpers.sources.synthetic.truth import DEFAULT_SEED, economy


def write_extract(folder: Path | str, n_rows: int, seed: int = DEFAULT_SEED) -> tuple[Path, Path]:
    """Write survey records of :func:`economy`, in the shape of an IPUMS USA extract.

    One record is a household: an area, an occupation, an industry and a wage, with weights.
    Some live in no area, some work in none of the eight groups, some have no wage.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    n_rows : int
        Records, spread evenly over the years.
    seed : int
        Of the economy and of the draws.

    Returns
    -------
    (Path, Path)
        Codebook (``.xml``) and data (``.dat.gz``); the same bytes for the same arguments.

    Examples
    --------
    A codebook and the lines that it describes:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     codebook, data = write_extract(folder, n_rows=200)
    ...     codebook.suffix, data.name.endswith(".dat.gz")
    ('.xml', True)
    """
    from helpers.sources.synthetic import extract

    return extract.write(economy(seed), folder, n_rows, seed)


def write_tfp(path: Path | str, seed: int = DEFAULT_SEED) -> Path:
    """Write the economy's productivity as a workbook in its publisher's layout.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_tfp(Path(folder) / "tfp.xlsx").stat().st_size > 0
    True
    """
    from helpers.sources.synthetic import extract

    return extract.write_tfp(economy(seed), path)
