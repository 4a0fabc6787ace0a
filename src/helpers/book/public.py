"""What a reader may import: the names that the faces of the rooms hand on, read from the code.

Nothing is imported: a page of the book is written from this, and loading every room would take
longer than building the page.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from helpers.book.execute import BookError
from helpers.files import ROOT

PACKAGE = ROOT / "src" / "helpers"
_HANDED_ON = "submod_attrs"
# modules of the ground floor that are no room of a reader's
_PLUMBING = ("files", "names")


@dataclass(frozen=True)
class Public:
    """A name that a room hands on.

    Attributes
    ----------
    room, name : str
        ``counterfactuals`` and ``shock``; of a member of a class ``Shares.pi_c``.
    kind : str
        ``function``, ``class``, ``exception``, ``data``, ``method`` or ``property``.
    signature : str
        Arguments and defaults, as they are written, types left out.
    doc : str
        Docstring; empty where there is none.
    types : {str: str}
        Annotations of arguments, and of what is returned under ``return``.
    path, line : Path, int
        Where it is defined.
    members : tuple of Public
        Methods and properties of a class.
    """

    room: str
    name: str
    kind: str
    signature: str
    doc: str
    types: dict[str, str]
    path: Path
    line: int
    members: tuple[Public, ...] = field(default=(), repr=False)

    @property
    def full(self) -> str:
        """As a reader writes it: ``helpers.counterfactuals.shock``."""
        return f"helpers.{self.room}.{self.name}"

    @property
    def bare(self) -> str:
        """Name without the class that it belongs to."""
        return self.name.rpartition(".")[2]

    @property
    def arguments(self) -> list[str]:
        """Names of arguments or, of a class, of fields."""
        return [name for name in self.types if name != "return"]


def floors() -> list[str]:
    """Rooms of the package from the top floor to the ground, as the layers of the house say."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (layers,) = [c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    return [room.strip() for floor in layers["layers"] for room in floor.split("|")]


def rooms() -> dict[str, tuple[str, list[Public]]]:
    """Public names by room, with what the room says of itself.

    Returns
    -------
    {room: (str, list of Public)}
        Rooms in the order of the house, one inside another after it (``sources.ipums``); a room
        that hands nothing on is left out.
    """
    found = {}
    for room in floors():
        if room in _PLUMBING:
            continue
        single = PACKAGE / f"{room}.py"
        if single.is_file():
            tree = tree_of(single)
            names = [_of(room, node.name, single) for node in _defined(tree)]
            found[room] = (ast.get_docstring(tree) or "", names)
            continue
        for face in sorted((PACKAGE / room).rglob("__init__.py")):
            inside = ".".join(face.parent.relative_to(PACKAGE).parts)
            tree = tree_of(face)
            names = [
                _of(inside, name, face.with_name(f"{module}.py"))
                for module, handed in _handed_on(tree).items()
                for name in handed
            ]
            found[inside] = (ast.get_docstring(tree) or "", names)
    return {room: entry for room, entry in found.items() if entry[1]}


@cache
def tree_of(path: Path) -> ast.Module:
    """A module's code as a tree, read once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def _defined(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def _handed_on(tree: ast.Module) -> dict[str, list[str]]:
    """Names by submodule that a lazy face hands on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == _HANDED_ON:
            return ast.literal_eval(node.value)
    return {}


def _of(room: str, name: str, path: Path) -> Public:
    """A public name of a room, from the module that defines it.

    Raises
    ------
    BookError
        If the module does not define it.
    """
    body = tree_of(path).body
    for place, node in enumerate(body):
        if getattr(node, "name", "") == name:
            if isinstance(node, ast.ClassDef):
                return _class(room, node, path)
            return _function(room, name, "function", node, path)
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        bound = {
            leaf.id for t in targets if t for leaf in ast.walk(t) if isinstance(leaf, ast.Name)
        }
        if name in bound:
            return Public(
                room, name, "data", "", _said(body, place, path), {}, path, node.lineno
            )  # fmt: skip
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if name == (alias.asname or alias.name):
                origin = ROOT / "src" / Path(*node.module.split(".")).with_suffix(".py")
                return replace(_of(room, alias.name, origin), name=name)
    raise BookError(f"{path.name}: {room} hands on {name}, which is not defined there")


def _said(body: list[ast.stmt], place: int, path: Path) -> str:
    """What stands of a constant: the text below it, or the remark above or beside it."""
    below = body[place + 1] if place + 1 < len(body) else None
    if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
        return str(below.value.value).strip()
    lines = path.read_text("utf-8").splitlines()
    above, at = [], body[place].lineno - 2
    while at >= 0 and lines[at].startswith("#"):
        above.insert(0, lines[at].lstrip("# "))
        at -= 1
    beside = re.search(r"\s# (.+)$", lines[body[place].end_lineno - 1])
    text = " ".join(above) or (beside[1] if beside else "")
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


class _Bare(ast.NodeTransformer):
    """Arguments without types; a default that is worked out when it is read is left open."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant(...)


def _function(room: str, name: str, kind: str, node: ast.FunctionDef, path: Path) -> Public:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    types = {each.arg: ast.unparse(each.annotation) if each.annotation else "" for each in every}
    signature = ast.unparse(_Bare().visit(deepcopy(arguments)))
    if kind in ("method", "property"):
        signature = re.sub(r"^(self|cls)(, )?", "", signature)
        types = {key: value for key, value in types.items() if key not in ("self", "cls")}
    if node.returns is not None:
        types["return"] = ast.unparse(node.returns)
    doc = ast.get_docstring(node) or ""
    return Public(room, name, kind, signature, doc, types, path, node.lineno)


def _class(room: str, node: ast.ClassDef, path: Path) -> Public:
    """A class with the methods and properties that say what they do."""
    types, fields, members = {}, [], []
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and not each.target.id.startswith("_"):
            types[each.target.id] = ast.unparse(each.annotation)
            default = f"={ast.unparse(each.value)}" if each.value else ""
            fields.append(each.target.id + ("=..." if "field(" in default else default))
        if not isinstance(each, ast.FunctionDef) or not ast.get_docstring(each):
            continue
        if each.name == "__init__":
            made = _function(room, node.name, "method", each, path)
            types, fields = dict(made.types), [made.signature]
        elif not each.name.startswith("_"):
            words = {ast.unparse(decorator).rpartition(".")[2] for decorator in each.decorator_list}
            kind = "property" if words & {"property", "cached_property"} else "method"
            members.append(_function(room, f"{node.name}.{each.name}", kind, each, path))
    bases = {ast.unparse(base) for base in node.bases}
    error = any(re.search(r"(Error|Exception|Warning)$", base) for base in bases)
    return Public(
        room,
        node.name,
        "exception" if error else "class",
        ", ".join(fields),
        ast.get_docstring(node) or "",
        types,
        path,
        node.lineno,
        tuple(members),
    )
