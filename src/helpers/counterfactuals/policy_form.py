"""The form of policies in a scenario file: what is checked before any data are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from numbers import Real

from helpers.errors import ParameterError, UnknownNameError, nearest

EQUAL = "equal"
PARTS = ("city", "occupation", "city_occupation")
LEAST, MOST = 1e-3, 1e3


def parse(policies: object) -> dict[str, dict]:
    """Check the form of policies as a scenario file holds them; names are checked later.

    Parameters
    ----------
    policies : mapping
        ``{name: {part: {label: hat}}}`` with the parts ``city``, ``occupation`` and
        ``city_occupation``, the last ``{city: {occupation: hat}}``. A hat is a number from
        :data:`LEAST` to :data:`MOST`, or ``equal``: as large as makes the outlay that of the
        first policy. A name may be written as a number and is text from here on.

    Returns
    -------
    {name: {part: {label: hat}}}

    Raises
    ------
    ParameterError
        If the form is another.
    UnknownNameError
        For a part that is not known, with the nearest.
    """
    if not isinstance(policies, Mapping) or not policies:
        raise ParameterError(
            'policies: expected names and shocks, such as {mine: {city: {"Akron, OH": 1.05}}}, '
            f"found {found(policies)}"
        )
    named: dict[str, dict] = {}
    for position, (key, parts) in enumerate(policies.items()):
        name = _name(key)
        if name in named:
            raise ParameterError(f"policies: {name!r} is there twice; give each its own name")
        where = f"policies, {name}"
        if not isinstance(parts, Mapping) or not parts:
            raise ParameterError(
                f"{where}: expected some of {', '.join(PARTS)}, found {found(parts)}"
            )
        for part in parts:
            if part not in PARTS:
                hint = ", ".join(nearest(part, PARTS)) or ", ".join(PARTS)
                raise UnknownNameError(f"{where}: {part!r} is not known; nearest: {hint}")
        flat = list(hats(where, parts))
        equal = [label for label, hat in flat if hat == EQUAL]
        if equal and (position == 0 or len(flat) > 1):
            raise ParameterError(
                f"{where}: {EQUAL!r} stands alone in a policy, and not in the first; give a number"
            )
        for label, hat in flat:
            if hat != EQUAL:
                words = " in ".join(reversed(label)) if isinstance(label, tuple) else label
                check_hat(f"{where}, {words}", hat)
        named[name] = {part: dict(labels) for part, labels in parts.items()}
    return named


def _name(key: object) -> str:
    """A policy's name as text."""
    if isinstance(key, bool) or not isinstance(key, (str, Real)) or not str(key).strip():
        raise ParameterError(f"policies: expected a name, found {found(key)}; write it in quotes")
    if "\n" in str(key):
        raise ParameterError(f"policies: expected a name on one line, found {found(key)}")
    return str(key)


def check_hat(where: str, hat: object) -> float:
    """Return a multiplicative change as a float, or refuse it."""
    return number(where, hat, LEAST, MOST, "1.05 is a gain of five per cent")


def number(where: str, value: object, least: float, most: float, hint: str) -> float:
    """Return a number from ``least`` to ``most`` as a float, or say what was found."""
    good = isinstance(value, Real) and not isinstance(value, bool)
    if not good or not least <= value <= most:
        above = " above 0," if least > 0 else ""
        if isinstance(value, str) and re.fullmatch(r"[-+.eE_\d]+", value):
            hint = "write a plain number, without quotes"
        raise ParameterError(
            f"{where}: expected a number{above} from {least:g} to {most:g}, "
            f"found {found(value)}; {hint}"
        )
    return float(value)


def found(value: object) -> str:
    """What a file holds, in words short enough for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        text = value if len(value) <= 60 else f"{value[:60]}…"
        return f"the text {text!r}"
    if isinstance(value, bool):
        return f"the truth value {value}"
    try:
        text = repr(value)
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= 100 else f"{text[:100]}…"


def hats(where: str, parts: Mapping) -> Iterator[tuple[str | tuple[str, str], object]]:
    """Every label and hat of a policy, flat."""
    for part, labels in parts.items():
        if not isinstance(labels, Mapping) or not labels:
            raise ParameterError(f"{where}, {part}: expected names and hats, found {found(labels)}")
        for label, hat in labels.items():
            if not isinstance(label, str):
                raise ParameterError(
                    f"{where}, {part}: expected a name, found {found(label)}; write it in quotes"
                )
            if part != "city_occupation":
                yield label, hat
            elif isinstance(hat, Mapping) and hat:
                for inner, value in hat.items():
                    if not isinstance(inner, str):
                        raise ParameterError(
                            f"{where}, {label}: expected an occupation, found {found(inner)}; "
                            "write it in quotes"
                        )
                    yield (label, inner), value
            else:
                raise ParameterError(f"{where}, {label}: expected occupations, found {found(hat)}")
