"""YAML as its version 1.2 reads it, and no more than a parameter file needs.

PyYAML follows version 1.1, in which ``1e-1`` is text, ``1:30`` is ninety, ``010`` is eight,
``no`` is false, and the second of two equal keys wins without a word. Here a number is what a
reader of the file would call one, everything else is text, and a key that is there twice is
refused with both lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from helpers.errors import DataError

LARGEST = 1_000_000
"""Bytes of a file that somebody wrote by hand, with room to spare."""
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Content:
    """What a file says, and where.

    Attributes
    ----------
    values : dict
    lines : {key: int}
        Line of each key of the file, from one.
    empty : tuple of str
        Keys behind whose colon nothing stands.
    """

    values: dict
    lines: dict = field(default_factory=dict)
    empty: tuple = ()


class _Loader(yaml.SafeLoader):
    """Safe, with the scalars of YAML 1.2 and without keys that are there twice."""

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012

    def construct_mapping(self, node, deep=False):
        """Build a mapping; a key that is there twice is refused."""
        lines: dict = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            try:
                before = lines.get(key)
            except TypeError:
                raise _problem(key_node, "a key has to be one word or text") from None
            if before is not None:
                raise _problem(key_node, f"the key {key!r} is there twice, first in line {before}")
            lines[key] = key_node.start_mark.line + 1
        return super().construct_mapping(node, deep=True)

    def construct_whole(self, node):
        """An integer: decimal whatever it begins with."""
        text = self.construct_scalar(node)
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)


def _problem(node: yaml.Node, text: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, text, node.start_mark)


for _name, _pattern, _first in (
    ("null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    ("int", _INT, list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
):
    _whole = re.compile(rf"^(?:{_pattern.pattern})$")
    _Loader.add_implicit_resolver(_TAG + _name, _whole, _first)
_Loader.add_constructor(_TAG + "int", _Loader.construct_whole)


def read(path: Path) -> Content:
    """Keys and values of a parameter file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Content

    Raises
    ------
    DataError
        If the file is missing, empty, too large, no text in UTF-8, no YAML, holds something
        else than keys and values or a key twice; the message has the line.
    """
    text = _text(path)
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        values = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as problem:
        raise DataError(_words(path, problem)) from None
    except (ValueError, RecursionError) as problem:
        raise DataError(f"{path}: not YAML that can be read: {problem}; mend it") from None
    finally:
        if loader is not None:
            loader.dispose()
    if values is None:
        raise DataError(f"{path}: holds no key; write some, such as rho: 0.5")
    if not isinstance(values, dict):
        found = {"list": "a list", "str": "text"}.get(type(values).__name__, repr(values))
        raise DataError(
            f"{path}: expected keys and values, found {found}; write lines such as rho: 0.5"
        )
    lines, empty = {}, []
    for (key_node, value_node), key in zip(node.value, values, strict=True):
        lines[key] = key_node.start_mark.line + 1
        if isinstance(value_node, yaml.ScalarNode) and value_node.value == "":
            empty += [] if value_node.style else [key]
    return Content(values, lines, tuple(empty))


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise DataError(f"{path}: expected a file, found a folder; name a file in it")
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(_missing(path)) from None
    except OSError as problem:
        raise DataError(f"{path}: cannot be read: {problem.strerror}; check its rights") from None
    if len(content) > LARGEST:
        raise DataError(
            f"{path}: {len(content):,} bytes, expected a short text of keys and values; "
            "is this the right file?"
        )
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path}: saved as UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise DataError(
            f"{path}, line {line}: the byte 0x{content[problem.start]:02x} is no UTF-8; "
            "save the file as UTF-8"
        ) from None


def _missing(path: Path) -> str:
    folder = path.parent
    others = sorted(p.name for pattern in ("*.yml", "*.yaml") for p in folder.glob(pattern))
    if not others and not folder.is_dir():
        return f"{path}: no such file; expected a path such as scenarios/detroit.yml"
    return f"{path}: no such scenario; in that folder: {', '.join(others) or 'none'}"


def _words(path: Path, problem: yaml.YAMLError) -> str:
    """What YAML said, with one line number."""
    if isinstance(problem, yaml.reader.ReaderError):
        return (
            f"{path}: not a text file (character 0x{problem.character:02x} "
            f"at position {problem.position}); expected YAML in UTF-8"
        )
    mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
    where = f"{path}, line {mark.line + 1}" if mark else f"{path}"
    context = getattr(problem, "context", None)
    said = getattr(problem, "problem", None) or str(problem)
    said = f"{context}, {said}" if context else said
    return f"{where}: not YAML: {said}; mend that line (a name with : or # goes in quotes)"
