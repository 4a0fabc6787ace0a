"""The page of equations: what the paper prints, where the book shows it, what computes it.

Which function implements an equation stands in its docstring and nowhere else: the number in
its first line, ``(equation 7)``, or the name of a display in the ledger of derivations, in
double backticks, ``s31-instrument``. Which test holds it to that is found in the tests.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helpers.book.execute import BookError
from helpers.book.run import Run
from helpers.files import ROOT

PACKAGE, TESTS = ROOT / "src" / "helpers", ROOT / "tests"
# rooms that implement the paper's theory and estimation
ROOMS = ("model", "elasticities", "instrument", "estimation", "shifters", "counterfactuals")
# where a chapter sets an equation of the paper in its own notation
LABELS = {
    "eq-1": "eq-joint",
    "eq-2": "eq-shares",
    "eq-3": "eq-shares",
    "eq-5": "eq-shares",
    "eq-7": "eq-shares",
    "eq-8": "eq-elasticity",
    "eq-9": "eq-elasticity",
    "eq-11": "eq-occupation",
    "eq-12": "eq-elasticity",
    "s31-instrument": "eq-instrument",
    "s31-model": "eq-estimating",
    "s32-effects": "eq-two-way",
    "s32-T_c": "eq-printed-city",
}
SHOWN = 1
_NUMBERS = re.compile(r"equations? (\d+(?:(?:, | and |-)\d+\b(?!\.\d))*)")
_DISPLAYS = re.compile(r"``(s\d+-[\w-]+)``")
_ROW = re.compile(
    r'^\| <a id="claim-(?P<id>[\w-]+)"></a>(?P<place>[^|]+?) \| (?P<verdict>[^|]+?) '
    r"\| (?P<printed>.+) \|$",
    re.M,
)


@dataclass(frozen=True)
class Implementation:
    """A function that implements an equation, or several.

    Attributes
    ----------
    room, name : str
        As a reader imports it: ``model`` and ``shares``, or ``Shares.pi_c``.
    path : Path
        Its module.
    line : int
        Where it begins.
    doc : str
        Its docstring.
    """

    room: str
    name: str
    path: Path
    line: int
    doc: str

    @cached_property
    def equations(self) -> tuple[str, ...]:
        """Ids, in the ledger of derivations, of what it implements."""
        found = []
        for numbers in _NUMBERS.findall(self.doc.partition("\n")[0]):
            for part in re.split(r", | and ", numbers):
                first, _, last = part.partition("-")
                found += [f"eq-{n}" for n in range(int(first), int(last or first) + 1)]
        return tuple(dict.fromkeys([*found, *_DISPLAYS.findall(self.doc)]))

    @property
    def bare(self) -> str:
        """Name without the class that it belongs to."""
        return self.name.rpartition(".")[2]


def implementations(package: Path = PACKAGE) -> list[Implementation]:
    """Public functions and methods of the rooms whose docstrings name an equation."""
    found = []
    for room in ROOMS:
        single = package / f"{room}.py"
        for path in [single] if single.is_file() else sorted((package / room).glob("*.py")):
            for name, node in _functions(ast.parse(path.read_text(encoding="utf-8")).body):
                each = Implementation(room, name, path, node.lineno, ast.get_docstring(node) or "")
                if each.equations:
                    found.append(each)
    return found


def _functions(body: Iterable[ast.stmt], inside: str = ""):
    for node in body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.FunctionDef):
            yield f"{inside}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{node.name}.")


def callers(functions: list[Implementation], folder: Path = TESTS) -> dict[str, list[str]]:
    """Tests that use each function, those of its own room first, the most particular first.

    Parameters
    ----------
    functions : list of Implementation
    folder : Path
        Of the tests.

    Returns
    -------
    {name: list of str}
        By the function's room and name, ``tests/unit/test_model.py::test_...``.
    """
    found: dict[str, list[tuple]] = {_key(each): [] for each in functions}
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bound = _bound(tree)
        for test in ast.walk(tree):
            if not (isinstance(test, ast.FunctionDef) and test.name.startswith("test_")):
                continue
            asked, attributes = _asked(test, bound)
            used = [each for each in functions if _is_used(each, asked, attributes)]
            # what is refused says little about an equation
            refusal = "raises" in attributes
            for each in used:
                own = path.stem == f"test_{each.room}" or path.stem.startswith(f"test_{each.room}_")
                place = f"{path.relative_to(folder.parent).as_posix()}::{test.name}"
                found[_key(each)].append((refusal, not own, len(used), place))
    return {name: [place for *_, place in sorted(rows)] for name, rows in found.items()}


def _key(each: Implementation) -> str:
    return f"{each.room}.{each.name}"


def _bound(tree: ast.AST) -> dict[str, str]:
    """Names that a file imports from the package, and where they come from."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _asked(test: ast.AST, bound: dict[str, str]) -> tuple[set[str], set[str]]:
    """What a test uses of the package, by full name, and all attributes that it asks for."""
    asked, attributes = set(), set()
    for node in ast.walk(test):
        if isinstance(node, ast.Attribute):
            attributes.add(node.attr)
            if isinstance(node.value, ast.Name) and node.value.id in bound:
                asked.add(f"{bound[node.value.id]}.{node.attr}")
        elif isinstance(node, ast.Name) and node.id in bound:
            asked.add(bound[node.id])
    return asked, attributes


def _is_used(each: Implementation, asked: set[str], attributes: set[str]) -> bool:
    if "." in each.name:  # of a class, which any object may be
        return each.bare in attributes
    room = f"helpers.{each.room}."
    return any(name.startswith(room) and name.endswith(f".{each.name}") for name in asked)


def printed(derivations: Path) -> dict[str, dict[str, str]]:
    """Rows of the ledger as its page shows it.

    Parameters
    ----------
    derivations : Path
        The executed chapter, whose proofs have run.

    Returns
    -------
    {id: {"place", "verdict", "printed"}}
        In the order of the ledger.

    Raises
    ------
    BookError
        If the page shows no ledger.
    """
    notebook = json.loads(derivations.read_text(encoding="utf-8"))
    texts = (
        "".join(output.get("data", {}).get("text/markdown", ""))
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
    )
    rows = {row["id"]: row.groupdict() for text in texts for row in _ROW.finditer(text)}
    if not rows:
        raise BookError(f"{derivations.name}: shows no ledger, from which equations are listed")
    return rows


def page(run: Run, executed: Path) -> str:
    """The page, in MyST Markdown.

    Parameters
    ----------
    run : Run
        Its repository, where it has one, is linked.
    executed : Path
        Folder of executed notebooks.

    Raises
    ------
    BookError
        If a docstring names an equation that the ledger does not hold.
    """
    ledger = printed(executed / "ledger.ipynb")
    functions = implementations()
    checked = callers(functions)
    unknown = {name for each in functions for name in each.equations} - set(ledger)
    if unknown:
        raise BookError(f"docstrings name equations that the ledger lacks: {sorted(unknown)}")
    numbered = sorted((i for i in ledger if i.startswith("eq-")), key=lambda i: int(i[3:]))
    named = {name for each in functions for name in each.equations}
    others = [i for i in ledger if i in named and not i.startswith("eq-")]
    lines = [
        "(page-equations)=",
        "# Equations and functions",
        "",
        "Every numbered equation of the paper, where the book shows it, the functions that compute "
        "it and tests that hold them to it; then the displays without a number that a function "
        "implements.",
        "The link in the first column leads to the {ref}`page-ledger`, which shows "
        "the printed expression and says what it is worth.",
        "Written by the run that made this book, from the docstrings of the functions and the "
        "code of the tests.",
        "",
    ]
    for title, ids in (("Numbered equations", numbered), ("Displays without a number", others)):
        lines += [f"## {title}", "", "| equation | function | tests |", "| --- | --- | --- |"]
        for name in ids:
            some = [each for each in functions if name in each.equations]
            cells = (
                f'<a id="equation-{name}" href="ledger.html#claim-{name}">'
                f"{ledger[name]['place']}</a>"
                + (f", here {{eq}}`{LABELS[name]}`" if name in LABELS else ""),
                "<br>".join(_function(each, run.repository) for each in some),
                "<br>".join(dict.fromkeys(_tests(each, checked) for each in some)),
            )
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _function(each: Implementation, repository: str) -> str:
    name = f'<code class="whole">{each.room}.<wbr>{each.name}</code>'
    if not repository:
        return name
    place = each.path.relative_to(ROOT).as_posix()
    return f'<a href="{repository}/blob/main/{place}#L{each.line}">{name}</a>'


def _tests(each: Implementation, checked: dict[str, list[str]]) -> str:
    places = checked[_key(each)]
    shown = []
    for place in places[:SHOWN]:
        file, _, name = place.partition("::")
        shown.append(f"<code>{file}</code>: {name.removeprefix('test_').replace('_', ' ')}")
    more = len(places) - len(shown)
    return "<br>".join(shown + ([f"and {more} more"] if more else []))
