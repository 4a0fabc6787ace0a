"""Named errors, and the checks of parameters that every entry point shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np


class CompanionError(Exception):
    """Base of every error that this package raises on purpose."""


class ParameterError(CompanionError, ValueError):
    """A parameter lies outside its domain; the message says which, found and expected."""


class UnknownNameError(ParameterError):
    """A city, occupation, source or key that does not exist; the message has the nearest."""


class DataError(CompanionError):
    """An input file or table cannot be used; the message says which and why."""


class PanelError(DataError):
    """A table breaks the contract of :class:`helpers.panel.Panel`."""


class HashMismatchError(DataError):
    """A file does not have the bytes that it should have."""


class DataUnavailableError(DataError):
    """A file that could neither be found nor fetched in time."""


def check_rho(rho: float | Sequence[float] | np.ndarray, n_occupations: int) -> np.ndarray:
    """Return the correlation as an array with one value an occupation.

    Parameters
    ----------
    rho : float or array (K,)
        Correlation within an occupation across cities, in [0, 1).
    n_occupations : int
        K.

    Returns
    -------
    array (K,)

    Raises
    ------
    ParameterError
        If a value is not in [0, 1) or the shape is neither () nor (K,).
    """
    try:
        rho_k = np.asarray(rho, dtype=float)
    except (TypeError, ValueError):
        raise ParameterError(f"rho: expected a number in [0, 1), found {rho!r}") from None
    if rho_k.shape not in ((), (n_occupations,)):
        raise ParameterError(
            f"rho: expected one number or one for each of {n_occupations} occupations, "
            f"found shape {rho_k.shape}"
        )
    outside = rho_k[~((rho_k >= 0) & (rho_k < 1))] if rho_k.ndim else rho_k
    if rho_k.ndim == 0 and not 0 <= rho_k < 1:
        raise ParameterError(f"rho: expected a number in [0, 1), found {float(rho_k):g}")
    if rho_k.ndim and outside.size:
        raise ParameterError(f"rho: expected numbers in [0, 1), found {float(outside[0]):g}")
    return np.broadcast_to(rho_k, (n_occupations,))


def check_theta(theta: float) -> float:
    """Return the Frechet shape as a float, or raise :class:`ParameterError` unless > 0."""
    try:
        value = float(theta)
    except (TypeError, ValueError):
        raise ParameterError(f"theta: expected a number above 0, found {theta!r}") from None
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"theta: expected a finite number above 0, found {value:g}")
    return value


def check_positive(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return ``values`` as a float array of the given shape with finite entries above 0."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ParameterError(f"{name}: expected numbers, found {values!r}") from None
    if array.shape != shape:
        raise ParameterError(f"{name}: expected shape {shape}, found {array.shape}")
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ParameterError(
            f"{name}: expected finite numbers above 0, found {array[where]:g} at {where}"
        )
    return array


def nearest(name: object, known: Iterable[str], n: int = 3) -> list[str]:
    """Names in ``known`` that a reader who typed ``name`` may have meant, best first."""
    known = [str(candidate) for candidate in known]
    typed = str(name).casefold()
    folded = {candidate.casefold(): candidate for candidate in known}
    inside = [folded[key] for key in folded if typed and typed in key]
    # a metropolitan area is often known by its first city alone
    heads = {key.split("-")[0].split(",")[0]: original for key, original in folded.items()}
    close = [heads[key] for key in get_close_matches(typed, heads, n=n, cutoff=0.6)]
    close += [folded[key] for key in get_close_matches(typed, folded, n=n, cutoff=0.4)]
    return list(dict.fromkeys(inside + close))[:n]


def find_name(kind: str, name: object, known: Sequence[str]) -> int:
    """Position of ``name`` in ``known``, or :class:`UnknownNameError` with the nearest names."""
    try:
        return list(known).index(name)
    except ValueError:
        candidates = nearest(name, known)
        hint = f"; nearest: {', '.join(candidates)}" if candidates else ""
        raise UnknownNameError(f"{kind}: {name!r} is not among {len(known)} names{hint}") from None


class GivenDataError(DataError):
    """``COMPANION_DATA`` names what is no folder, or a folder that lacks a file."""


class CodebookError(DataError):
    """A codebook cannot be read, or describes an extract that cannot be used."""


class HierarchicalExtractError(CodebookError):
    """An extract whose records are of several types; ask IPUMS for a rectangular one."""


class WrongCollectionError(CodebookError):
    """An extract of another IPUMS collection than the model needs."""


class MissingVariableError(CodebookError):
    """A variable that is needed and not in the extract."""


class TruncatedFileError(DataError):
    """A compressed file that ends early or was damaged."""


class RecordError(DataError):
    """A line that cannot be read; the message says file, line, variable, found and expected."""


class SampleError(DataError):
    """Readable data from which no panel can be built, such as an extract with one city."""


class TfpError(DataError):
    """A table of total factor productivity with another layout, or a gap in it."""


class ExtractRequestError(DataError):
    """An extract that could not be ordered or fetched; the key is never in the message."""
