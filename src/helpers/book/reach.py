"""What a notebook stands on: the files of the package that its imports can reach.

A notebook that was executed is out of date when one of these files changes, and only then.
They are found in the source, without importing anything: import statements are followed from
module to module, through the faces of packages to the module that defines a name. Where a face
is handed on as a whole, and nobody can tell which of its names will be asked for, everything
behind it counts.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from helpers.files import ROOT, package_files

PACKAGE = ROOT / "src" / "helpers"
# what runs a notebook, whatever it imports
_RUNNER = ("helpers.book.execute",)


@dataclass(frozen=True)
class Module:
    """A module of the package: its dotted name and its file."""

    name: str
    path: Path

    @property
    def is_package(self) -> bool:
        """Whether other modules stand below it."""
        return self.path.name == "__init__.py"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Its source, parsed, from the outside in."""
        return list(ast.walk(ast.parse(self.path.read_text(encoding="utf-8"))))

    @cached_property
    def face(self) -> dict[str, str]:
        """Names that a face hands on, and the modules that define them."""
        found = {}
        for node in self.nodes if self.is_package else ():
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("attach"):
                continue
            given = {word.arg: word.value for word in node.keywords}
            names = ast.literal_eval(given["submod_attrs"]) if "submod_attrs" in given else {}
            below = ast.literal_eval(given["submodules"]) if "submodules" in given else []
            found |= {name: f"{self.name}.{name}" for name in below}
            found |= {
                name: f"{self.name}.{module}" for module, defined in names.items()
                for name in defined
            }  # fmt: skip
        return found


class Package:
    """The modules of the package and what each of them imports.

    Parameters
    ----------
    root : Path
        Folder of the package ``helpers``.
    """

    def __init__(self, root: Path = PACKAGE) -> None:
        self.root = root
        self.modules = {
            module.name: module for path in sorted(root.rglob("*.py"))
            for module in [Module(self._name(path), path)]
        }  # fmt: skip
        self._direct: dict[str, set[str]] = {}
        self._opened: dict[str, set[str]] = {}

    def _name(self, path: Path) -> str:
        inside = path.relative_to(self.root.parent).with_suffix("")
        return ".".join(inside.parts).removesuffix(".__init__")

    def below(self, name: str) -> set[str]:
        """A module and all that stand below it."""
        return {other for other in self.modules if other == name or other.startswith(f"{name}.")}

    def _resolve(self, name: str, asked: str) -> str | None:
        """Module that a name of another module leads to, None where it is defined there."""
        inside = f"{name}.{asked}"
        if inside in self.modules:
            return inside
        module = self.modules[name]
        return module.face.get(asked) if module.is_package else None

    def imports(self, nodes: list[ast.AST]) -> set[str]:
        """Modules of the package that some code names, those behind faces included."""
        found: set[str] = set()
        bound: dict[str, str] = {}
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in self.modules:
                        found.add(alias.name)
                        top = alias.name.partition(".")[0]
                        bound[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module in self.modules:
                found.add(node.module)
                for alias in node.names:
                    if alias.name == "*":
                        found |= self.below(node.module)
                    elif inner := self._resolve(node.module, alias.name):
                        found.add(inner)
                        bound[alias.asname or alias.name] = inner
        faces = {name: module for name, module in bound.items() if self.modules[module].is_package}
        return found | self._asked(nodes, faces) if faces else found

    def _asked(self, nodes: list[ast.AST], faces: dict[str, str]) -> set[str]:
        """Modules behind the attributes that are asked of packages; all where that is open."""
        found: set[str] = set()
        seen: set[int] = set()  # what an attribute around it has dealt with
        for node in nodes:
            if isinstance(node, ast.Attribute) and id(node) not in seen:
                asked, inner = [], node
                while isinstance(inner, ast.Attribute):
                    seen.add(id(inner))
                    asked.append(inner.attr)
                    inner = inner.value
                if isinstance(inner, ast.Name) and inner.id in faces:
                    seen.add(id(inner))
                    found |= self._followed(faces[inner.id], asked[::-1])
            elif isinstance(node, ast.Name) and node.id in faces and id(node) not in seen:
                found |= self.below(faces[node.id])
        return found

    def _followed(self, name: str, asked: list[str]) -> set[str]:
        found: set[str] = set()
        for attribute in asked:
            inner = self._resolve(name, attribute)
            if inner is None:
                return found
            found.add(inner)
            if not self.modules[inner].is_package or not inner.endswith(f".{attribute}"):
                return found
            name = inner
        return found | self.below(name)

    def direct(self, name: str) -> set[str]:
        """Modules that a module imports, with the packages that they stand in."""
        if name not in self._direct:
            self._direct[name] = self.imports(self.modules[name].nodes)
        return self._direct[name]

    def reached(self, names: set[str]) -> set[str]:
        """All modules that some modules lead to, themselves included."""
        found: set[str] = set()
        ahead = list(names)
        while ahead:
            name = ahead.pop()
            if name in found:
                continue
            found.add(name)
            ahead += self.direct(name)
            if "." in name:
                ahead.append(name.rpartition(".")[0])
        return found

    def opened(self, name: str) -> set[str]:
        """Packages whose data a module opens: those that it names in words."""
        if name not in self._opened:
            self._opened[name] = {
                node.value for node in self.modules[name].nodes
                if isinstance(node, ast.Constant) and node.value in self.modules
            }  # fmt: skip
        return self._opened[name]

    def files(self, names: set[str]) -> list[Path]:
        """Files of some modules, and the data in the packages that they open."""
        paths = {self.modules[name].path for name in names}
        packages = {package for name in names for package in self.opened(name)}
        folders = {self.modules[package].path.parent for package in packages}
        data = (path for path in package_files(self.root) if path.suffix != ".py")
        return sorted(paths | {path for path in data if path.parent in folders})

    def of_page(self, text: str) -> list[Path]:
        """Files that a page with code stands on, whatever runs it included.

        Parameters
        ----------
        text : str
            The page in MyST Markdown.
        """
        return self.files(self.reached({*self.imports(code(text)), *_RUNNER}))


def code(text: str) -> list[ast.AST]:
    """Cells of a page in MyST Markdown, parsed as one module: names go from cell to cell."""
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```[ \t]*$", text, re.M | re.S)
    return list(ast.walk(ast.parse("\n".join(map(_plain, cells)))))


def _plain(cell: str) -> str:
    """A cell without its options and without lines that only IPython knows."""
    cell = re.sub(r"\A---\n.*?\n---\n", "", cell, flags=re.S)
    cell = re.sub(r"\A(?::[^\n]*\n)+", "", cell)
    return re.sub(r"^\s*[%!].*$", "", cell, flags=re.M)


@lru_cache(maxsize=1)
def _package() -> Package:
    return Package()


def of_page(text: str) -> list[Path]:
    """Files of the package, as it stands on the disk, that a page in MyST Markdown stands on."""
    return _package().of_page(text)
