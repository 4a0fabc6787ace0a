"""Checks of arguments that every entry point shares: labels, shapes, missing values, memory.

What carries labels is aligned by them: a pandas object whose labels are those of the others in
another order is put into their order, and one whose labels differ is refused with the mismatch
named. What carries none, such as a NumPy array, is taken by position.
"""

from __future__ import annotations

import numbers
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.errors.checks import as_numbers, check_rho, nearest, shown
from helpers.errors.named import DataError, MemoryLimitError, ParameterError, UnknownNameError

_PART_OF_MEMORY = 0.8
_MEMORY_WHERE_UNKNOWN = 8 * 2**30


class Axis:
    """What several arguments have in common along one axis: a length and, maybe, labels.

    The first argument fixes the length, and the first that has labels the order of all that
    have them.

    Parameters
    ----------
    what : str
        What the axis holds, in the singular, for messages: ``row``, ``sector``, ``city``.
    labels : sequence, optional
        Labels that are known beforehand.
    size : int, optional
        Length that is known beforehand.
    """

    def __init__(self, what: str, labels: Sequence | None = None, size: int | None = None):
        self.what = what
        known = labels is None or isinstance(labels, pd.Index)
        self.labels = labels if known else pd.Index(list(labels))
        self.size = len(self.labels) if labels is not None else size
        self.owner = None

    def align(self, name: str, values: object, axis: int = 0) -> object:
        """Put a labelled object into the order of this axis; others are left as they are."""
        if not isinstance(values, (pd.Series, pd.DataFrame)) or axis >= values.ndim:
            return values
        found = values.axes[axis]
        if self.labels is None:
            self.labels, self.owner = found, name
            return values
        if self.labels.equals(found):
            return values
        owner = f" of {self.owner}" if self.owner else ""
        if not (self.labels.is_unique and found.is_unique):
            raise DataError(
                f"{name}: its {self.what} labels are not in the order of those{owner}, and some "
                "occur more than once, so that they cannot be matched; make them unique, or give "
                "arrays in one order"
            )
        try:
            absent, foreign = self.labels.difference(found), found.difference(self.labels)
        except TypeError:  # labels of kinds that have no order
            absent = [label for label in self.labels if label not in found]
            foreign = [label for label in found if label not in self.labels]
        if len(absent) or len(foreign):
            parts = []
            if len(absent):
                parts.append(f"lacks {len(absent)} of them, such as {shown(absent[0])}")
            if len(foreign):
                close = nearest(foreign[0], self.labels)[:1]
                hint = f" (nearest: {close[0]})" if close else ""
                parts.append(f"has {len(foreign)} others, such as {shown(foreign[0])}{hint}")
            error = UnknownNameError if len(foreign) else DataError
            raise error(
                f"{name}: expected the {self.what} labels{owner}, but it {' and '.join(parts)}; "
                "give the same labels in any order, or an array to be taken by position"
            )
        return values.reindex(self.labels, axis=axis)

    def check(self, name: str, found: int, shape: tuple[int, ...], expected: str) -> None:
        """Refuse a length that is not that of the axis; the first one fixes it."""
        if self.size is None:
            self.size = found
        elif found != self.size:
            raise ParameterError(
                f"{name}: expected {expected} with {self.size} {self.what}s, found shape {shape}"
            )

    def at(self, position: int) -> str:
        """Where a value stands: by label where there is one."""
        if self.labels is not None and len(self.labels) > position:
            return f"{self.what} {shown(self.labels[position])}"
        return f"{self.what} {position}"

    def column(self, name: str, values: object, *, positive: bool = False) -> np.ndarray:
        """One finite number an entry of the axis, as an array."""
        array = as_numbers(name, self.align(name, values))
        if array.ndim != 1:
            wanted = f"{self.size} values" if self.size else "one value a " + self.what
            raise ParameterError(f"{name}: expected {wanted}, found shape {array.shape}")
        self.check(name, len(array), array.shape, f"{self.size} values")
        bad = np.flatnonzero(~np.isfinite(array))
        if bad.size:
            raise DataError(
                f"{name}: {bad.size} values are missing or not finite, the first ({array[bad[0]]:g}"
                f") at {self.at(bad[0])}; drop or fill them in every argument"
            )
        if positive and not (array > 0).all():
            first = np.flatnonzero(array <= 0)[0]
            raise ParameterError(
                f"{name}: expected numbers above 0, found {array[first]:g} at {self.at(first)}"
            )
        return array

    def matrix(
        self, name: str, values: object, columns: Axis | None = None, *, vector: bool = True
    ) -> np.ndarray:
        """Finite numbers, (entries, M); with ``vector``, one dimension means one column."""
        values = self.align(name, values)
        if columns is not None:
            values = columns.align(name, values, axis=1)
        names = values.columns if isinstance(values, pd.DataFrame) else None
        array = as_numbers(name, values)
        if vector and array.ndim == 1:
            array = array[:, None]
        if array.ndim != 2:
            raise ParameterError(
                f"{name}: expected shape (N, M) with one row a {self.what}, "
                f"found shape {array.shape}"
            )
        self.check(name, array.shape[0], array.shape, "one row each")
        if columns is not None:
            columns.check(name, array.shape[1], array.shape, "one column each")
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            row, column = (int(i) for i in bad[0])
            which = column if names is None else shown(names[column])
            raise DataError(
                f"{name}: {len(bad)} values are missing or not finite, the first "
                f"({array[row, column]:g}) at {self.at(row)}, column {which}; drop or fill them "
                "in every argument"
            )
        return array

    def groups(self, name: str, values: object) -> np.ndarray:
        """Cluster codes 0, 1, ... of labels of any kind; a missing label is no cluster."""
        values = self.align(name, values)
        if values is None or isinstance(values, (str, bytes, Mapping, pd.DataFrame)):
            raise ParameterError(f"{name}: expected one label a {self.what}, found {shown(values)}")
        try:
            labels = values if isinstance(values, pd.Series) else np.asarray(values)
            if isinstance(labels, np.ndarray) and labels.dtype.kind == "U":
                # text and None together would have become text
                labels = np.asarray(values, dtype=object)
        except ValueError:
            raise ParameterError(f"{name}: expected one label a {self.what}") from None
        if labels.ndim != 1:
            wanted = f"{self.size} values" if self.size else "one value a " + self.what
            raise ParameterError(f"{name}: expected {wanted}, found shape {labels.shape}")
        self.check(name, len(labels), labels.shape, f"{self.size} values")
        try:
            codes, distinct = pd.factorize(labels, sort=False)
        except TypeError:
            raise ParameterError(
                f"{name}: expected labels such as names or whole numbers"
            ) from None
        missing = codes < 0
        kind = getattr(labels.dtype, "kind", "O")
        if kind == "f":
            missing |= ~np.isfinite(np.asarray(labels, dtype=float))
        elif kind == "O":
            endless = [isinstance(v, float) and not np.isfinite(v) for v in distinct]
            missing |= np.append(endless, True)[codes]
        if missing.any():
            first = np.flatnonzero(missing)[0]
            raise DataError(
                f"{name}: {int(missing.sum())} labels are missing, the first at {self.at(first)}; "
                "a missing label is not a cluster of its own: drop these or name their cluster"
            )
        try:
            order = np.argsort(np.argsort(np.asarray(distinct), kind="stable"))
        except TypeError:  # names and numbers together: in the order in which they occur
            return codes
        return order[codes]


def level(value: object, name: str = "level") -> float:
    """Return a confidence level in (0, 1)."""
    try:
        found = as_numbers(name, value)
    except ParameterError:
        found = np.array(np.nan)
    if found.ndim or not 0 < found < 1:
        raise ParameterError(f"{name}: expected a number in (0, 1), found {shown(value)}")
    return float(found)


def number(name: str, value: object, *, positive: bool = False) -> float:
    """Return a finite number, above 0 where that is asked."""
    try:
        found = as_numbers(name, value)
    except ParameterError:
        found = np.array(np.nan)
    if found.ndim or not np.isfinite(found) or (positive and found <= 0):
        wanted = "a finite number above 0" if positive else "a finite number"
        raise ParameterError(f"{name}: expected {wanted}, found {shown(value)}")
    return float(found)


def whole(name: str, value: object, least: int | None = None) -> int:
    """Return a whole number, such as a year or how many draws to take."""
    ok = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
    if not ok or not abs(value) < 2**62 or int(value) != value:
        raise ParameterError(f"{name}: expected a whole number, found {shown(value)}")
    if least is not None and value < least:
        raise ParameterError(f"{name}: expected a whole number of at least {least}, found {value}")
    return int(value)


def flag(name: str, value: object) -> bool:
    """Return a truth value; numbers and arrays are none."""
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterError(f"{name}: expected True or False, found {shown(value)}")
    return bool(value)


def instance(name: str, value: object, kind: type) -> None:
    """Refuse a value that is not of a class of this package, or of pandas."""
    if not isinstance(value, kind):
        raise ParameterError(
            f"{name}: expected a {kind.__name__}, found {type(value).__name__} {shown(value)}"
        )


def generator(seed: object) -> np.random.Generator:
    """Return the random numbers of a seed."""
    if isinstance(seed, (bool, np.bool_)) or seed is None:
        raise ParameterError(f"seed: expected a whole number, found {seed!r}")
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise ParameterError(
            f"seed: expected a whole number of at least 0, found {shown(seed)}"
        ) from None


def columns(name: str, table: object, needed: Sequence[str]) -> pd.DataFrame:
    """Return a data frame that has the columns asked for; others are left in it."""
    instance(name, table, pd.DataFrame)
    absent = [column for column in needed if column not in table.columns]
    if absent:
        close = nearest(absent[0], map(str, table.columns))[:1]
        hint = f"; nearest: {close[0]}" if close else ""
        raise DataError(f"{name}: expected a column {absent[0]!r}, found none{hint}")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"{name}: column {twice!r} occurs twice")
    if table.empty:
        raise DataError(f"{name}: the table is empty")
    return table


def rho_by_occupation(rho: object, n_occupations: int, occupations: Sequence | None) -> np.ndarray:
    """Return the correlations, (K,); a Series or mapping is matched to occupations by name."""
    if isinstance(rho, Mapping):
        rho = pd.Series(rho, dtype=object)
    if isinstance(rho, (pd.Series, pd.DataFrame)):
        labels = range(n_occupations) if occupations is None else occupations
        rho = Axis("occupation", labels).align("rho", rho)
    return check_rho(rho, n_occupations)


def exponential(what: str, log: float) -> float:
    """Return exp of a logarithm; one that no float can hold is refused by name."""
    if not -745 < log < 709.7:
        raise ParameterError(
            f"{what}: about 10^{log / np.log(10):.0f}, which no float can hold; take changes nearer"
            " to one"
        )
    return float(np.exp(log))


def memory() -> int:
    """Bytes of memory of this machine; 8 GiB where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return _MEMORY_WHERE_UNKNOWN


def fits(what: str, shape: tuple[int, ...], instead: str, copies: float = 1) -> None:
    """Refuse a result that would not fit in memory, before anything is allocated.

    Parameters
    ----------
    what : str
        What would be computed.
    shape : tuple of int
        Shape of the array of floats.
    instead : str
        What to do instead.
    copies : float
        How many arrays of that size there are at the same time.
    """
    need = 8 * copies * np.prod([float(size) for size in shape])
    if need > _PART_OF_MEMORY * memory():
        sizes = " x ".join(f"{size:,}" for size in shape)
        raise MemoryLimitError(
            f"{what}: {sizes} numbers need about {need / 2**30:,.1f} GiB, and this machine has "
            f"{memory() / 2**30:,.1f} GiB; {instead}"
        )
