"""The parameters cell of a notebook: the one place that shows and holds the values that ran.

Values are written into the cell before it is executed; no second cell sets them again. A reader
who changes a value there, in a download as in the source, changes what runs.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping

from helpers.errors import ParameterError

WIDTH = 84
_CELL = re.compile(
    r"(?P<head>^```\{code-cell\}[^\n]*\n:tags: \[(?:[\w-]+, *)*parameters(?:, *[\w-]+)*\]\n)"
    r"(?P<body>.*?)(?P<end>^```[ \t]*$)",
    re.M | re.S,
)


def declared(source: str) -> list[str]:
    r"""Names that a notebook's parameters cell assigns, in order.

    Parameters
    ----------
    source : str
        The notebook in MyST Markdown.

    Examples
    --------
    >>> declared("```{code-cell} ipython3\n:tags: [parameters]\nrho = None\n```\n")
    ['rho']
    """
    cell = _CELL.search(source)
    return [name for name, _ in _assigned(cell["body"])] if cell else []


def with_values(source: str, values: Mapping[str, object]) -> str:
    r"""The notebook with other values in its parameters cell; all else stays as it is.

    Parameters
    ----------
    source : str
        The notebook in MyST Markdown.
    values : mapping
        Values by name; names that the cell does not declare are left out. A value that the cell
        has already keeps its spelling and its comment.

    Examples
    --------
    >>> text = "```{code-cell} ipython3\n:tags: [parameters]\nrho = None  # estimated\n```\n"
    >>> print(with_values(text, {"rho": 0.5}))
    ```{code-cell} ipython3
    :tags: [parameters]
    rho = 0.5
    ```
    <BLANKLINE>
    """
    cell = _CELL.search(source)
    if not cell:
        return source
    return source[: cell.start("body")] + rewrite(cell["body"], values) + source[cell.end("body") :]


def with_cell(source: str, body: str) -> str:
    """The notebook with another parameters cell, as an executed notebook has it."""
    cell = _CELL.search(source)
    if not cell:
        return source
    lead = re.match(r"\n*", cell["body"]).group()
    return (
        source[: cell.start("body")] + lead + body.strip("\n") + "\n" + source[cell.end("body") :]
    )


def shown(notebook: Mapping) -> str | None:
    """Code of the parameters cell of an executed notebook, None where it has none."""
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            return "".join(cell["source"])
    return None


def values(code: str) -> dict[str, object]:
    r"""What the assignments of a parameters cell hold.

    Examples
    --------
    >>> values("city = 'Akron, OH'\npolicies = {city: 1.1}")
    {'city': 'Akron, OH', 'policies': {'Akron, OH': 1.1}}
    """
    found: dict[str, object] = {}
    for name, node in _assigned(code):
        found[name] = _evaluate(name, node, found)
    return found


def rewrite(code: str, wanted: Mapping[str, object]) -> str:
    """The code of a parameters cell with other values.

    A comment behind a value that changes is dropped, since it described the old one, unless it
    says what ``None`` means.
    """
    lines = code.encode().splitlines(keepends=True)
    held: dict[str, object] = {}
    changed: list[tuple[str, ast.expr]] = []
    for name, node in _assigned(code):
        value = _evaluate(name, node, held)
        if name in wanted and not _same(value, wanted[name]):
            value = wanted[name]
            changed.append((name, node))
        held[name] = value
    for name, node in reversed(changed):
        first, last = node.lineno - 1, node.end_lineno - 1
        tail = lines[last][node.end_col_offset :].decode()
        comment = tail.rstrip("\n") if "None" in tail else ""
        end = "\n" if tail.endswith("\n") else ""
        text = lines[first][: node.col_offset].decode()
        text += literal(held[name], node.col_offset) + comment + end
        lines[first : last + 1] = [text.encode()]
    return b"".join(lines).decode()


def literal(value: object, column: int = 0, indent: int = 0) -> str:
    """A value as Python writes it, on one line where it fits, else an entry a line.

    Examples
    --------
    >>> literal({"city": "Akron, OH", "hats": [0.9, None, True]})
    '{"city": "Akron, OH", "hats": [0.9, None, True]}'
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list, tuple)):
        return repr(value)
    step = indent + 4
    if isinstance(value, dict):
        opening, closing = "{}"
        heads, parts = [literal(key) + ": " for key in value], list(value.values())
    else:
        opening, closing = "[]"
        heads, parts = [""] * len(value), list(value)
    pairs = list(zip(heads, parts, strict=True))
    line = opening + ", ".join(head + literal(part) for head, part in pairs) + closing
    if column + len(line) <= WIDTH and "\n" not in line:
        return line
    entries = [
        " " * step + head + literal(part, step + len(head) + 1, step) + ",\n"
        for head, part in pairs
    ]
    return opening + "\n" + "".join(entries) + " " * indent + closing


def _assigned(code: str) -> list[tuple[str, ast.expr]]:
    """Names and expressions of the assignments of a cell, in order."""
    try:
        statements = ast.parse(code).body
    except SyntaxError as problem:
        raise ParameterError(f"parameters cell, line {problem.lineno}: {problem.msg}") from None
    found = []
    for statement in statements:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets = [statement.target]
        elif isinstance(statement, ast.Assign):
            targets = statement.targets
        else:
            continue
        found += [(t.id, statement.value) for t in targets if isinstance(t, ast.Name)]
    return found


def _evaluate(name: str, node: ast.expr, held: Mapping[str, object]) -> object:
    """Value of an expression of literals and of names that stand above it."""

    class Known(ast.NodeTransformer):
        def visit_Name(self, inner: ast.Name) -> ast.expr:
            if inner.id not in held:
                return inner
            return ast.parse(repr(held[inner.id]), mode="eval").body

    copy = ast.parse(ast.unparse(node), mode="eval").body
    try:
        return ast.literal_eval(Known().visit(copy))
    except ValueError:
        raise ParameterError(
            f"parameters cell, {name}: expected a plain value or a name above it, "
            f"found {ast.unparse(node)}"
        ) from None


def _same(one: object, other: object) -> bool:
    """Whether two values are the same to whoever reads them: True is not 1, 3 is 3.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other
