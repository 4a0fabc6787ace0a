"""Checks of numbers and names that the model shares: what is refused, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np

from helpers.errors.named import ParameterError, UnknownNameError


def as_numbers(name: str, values: object) -> np.ndarray:
    """Return ``values`` as an array of floats; what is no number is refused by name.

    Parameters
    ----------
    name : str
        The argument, for the message.
    values : number, sequence, array, Series or DataFrame
        Numbers. ``None``, ``pandas.NA`` and masked entries become NaN, for the caller to refuse
        with their place; truth values count as 0 and 1 within arrays.

    Returns
    -------
    array of float
        Of any shape, taken by position: :mod:`helpers.errors.arguments` aligns labels.

    Raises
    ------
    ParameterError
        For text, dates, complex numbers, and whatever else is no number.
    """
    if values is None:
        raise ParameterError(f"{name}: expected numbers, found None")
    if isinstance(values, (str, bytes, bool, dict, set)):
        raise ParameterError(f"{name}: expected numbers, found {shown(values)}")
    try:
        if hasattr(values, "to_numpy"):
            values = values.to_numpy()
        if isinstance(values, np.ma.MaskedArray):
            values = values.astype(float).filled(np.nan)
        array = np.asarray(values)
        if array.dtype.kind in "biuf":
            return np.asarray(array, dtype=float)
        if array.dtype.kind == "O":
            flat = [_as_number(name, value) for value in array.ravel()]
            return np.array(flat, dtype=float).reshape(array.shape)
    except ParameterError:
        raise
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise ParameterError(f"{name}: expected numbers, found {shown(values)}") from None
    example = array.ravel()[0] if array.size else array
    raise ParameterError(f"{name}: expected numbers, found {shown(example)}")


def _as_number(name: str, value: object) -> float:
    """One entry of an array of objects."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return float("nan")
    if isinstance(value, (str, bytes, complex)):
        raise ParameterError(f"{name}: expected numbers, found {shown(value)}")
    return float(value)


def shown(value: object) -> str:
    """A value as a message shows it: plain, and on one short line."""
    if isinstance(value, np.generic):
        value = value.item()
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


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
        rho_k = as_numbers("rho", rho)
    except ParameterError:
        raise ParameterError(f"rho: expected a number in [0, 1), found {shown(rho)}") from None
    if rho_k.shape not in ((), (n_occupations,)):
        raise ParameterError(
            f"rho: expected one number or one for each of {n_occupations} occupations, "
            f"found shape {rho_k.shape}"
        )
    if rho_k.ndim == 0 and not 0 <= rho_k < 1:
        why = (
            "; no draws have a negative correlation: as an estimate, it says that the slope is "
            "under the wage exponent"
            if rho_k < 0
            else ""
        )
        raise ParameterError(f"rho: expected a number in [0, 1), found {float(rho_k):g}{why}")
    outside = np.flatnonzero(~((rho_k >= 0) & (rho_k < 1)))
    if rho_k.ndim and outside.size:
        raise ParameterError(
            f"rho: expected numbers in [0, 1), found {float(rho_k[outside[0]]):g} "
            f"at position {outside[0]}"
        )
    return np.broadcast_to(rho_k, (n_occupations,))


def check_theta(theta: float) -> float:
    """Return the Frechet shape as a float, or raise :class:`ParameterError` unless > 0."""
    try:
        value = as_numbers("theta", theta)
    except ParameterError:
        value = None
    if value is None or value.ndim:
        raise ParameterError(f"theta: expected a number above 0, found {shown(theta)}")
    value = float(value)
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"theta: expected a finite number above 0, found {value:g}")
    return value


def check_positive(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return ``values`` as a float array of the given shape with finite entries above 0."""
    array = as_numbers(name, values)
    if array.shape != shape:
        raise ParameterError(f"{name}: expected shape {shape}, found {array.shape}")
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        at = f" at {where if len(where) > 1 else f'position {where[0]}'}" if where else ""
        raise ParameterError(f"{name}: expected finite numbers above 0, found {array[where]:g}{at}")
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
    except (TypeError, ValueError):
        candidates = nearest(name, known)
        hint = f"; nearest: {', '.join(candidates)}" if candidates else ""
        raise UnknownNameError(
            f"{kind}: {shown(name)} is not among {len(known)} names{hint}"
        ) from None
