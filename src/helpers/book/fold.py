"""Two layers of a chapter: the code that is the lesson is shown, the rest is folded.

What a cell is for is read from its tags and from its code. The folds are HTML's own
(``details``), so that they open without scripts; ``_static/fold.js`` adds a switch.
"""

from __future__ import annotations

import ast
import re

from bs4 import BeautifulSoup, Tag

SETUP, FIGURE, CODE, ANSWER = (
    "Setup",
    "Show the code of this figure",
    "Show the code",
    "Check it in the notebook",
)

_OPENING = 3  # imports, from which a cell may be what a page opens with


def only_prepares(code: str) -> bool:
    """Whether code imports, loads, asserts or records, and does nothing else.

    Parameters
    ----------
    code : str
        Of one cell. Beside an import, an assignment counts that loads the panel, takes a year's
        shares of it, or puts an estimate where a parameter is None; in a cell that is imports for
        the most part, every assignment counts.

    Examples
    --------
    >>> only_prepares("import numpy as np; assert np.pi > 3")
    True
    >>> only_prepares("from helpers.model import shares; pi = shares(z, t, rho)")
    False
    """
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return False
    body = [node for node in body if not _is_text(node)]
    imports = sum(isinstance(node, (ast.Import, ast.ImportFrom)) for node in body)
    if imports >= _OPENING and 2 * imports > len(body):  # what a page opens with
        return all(_prepares(node, True) or isinstance(node, ast.Assign) for node in body)
    return bool(body) and all(_prepares(node, imports > 0) for node in body)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _prepares(node: ast.stmt, opening: bool) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assert)):
        return True
    if isinstance(node, ast.Expr):
        return _calls(node.value, ("record",))
    if not isinstance(node, ast.Assign):
        return False
    value = node.value
    if isinstance(value, ast.IfExp):  # a parameter that is None becomes what was estimated
        test = value.test
        return isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Is, ast.IsNot))
    return _calls(value, ("load",)) or (opening and _is_method(value, ("shares",)))


def _calls(node: ast.expr, names: tuple[str, ...]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in names


def _is_method(node: ast.expr, names: tuple[str, ...]) -> bool:
    return _calls(node, names) and isinstance(node.func, ast.Attribute)


def _only_calls(code: str) -> bool:
    """Whether a cell is one call and nothing else, such as that of a figure."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return False
    return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Call)


def asks_for_an_answer(code: str) -> bool:
    """Whether a cell ends in a check of the reader's answer."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return False
    return bool(body) and isinstance(body[-1], ast.Expr) and _calls(
        body[-1].value, ("check", "check_rho")
    ) and "exercises" in code  # fmt: skip


def label(cell: dict) -> str:
    """What a cell's fold is called, or nothing where the code is the lesson and is shown.

    Parameters
    ----------
    cell : dict
        Of a notebook, executed or not.
    """
    tags = cell.get("metadata", {}).get("tags", [])
    code = _without_options("".join(cell["source"]))
    if {"parameters", "setup"} & set(tags) or only_prepares(code):
        return SETUP
    if asks_for_an_answer(code):
        return ANSWER
    shown = {mime for output in cell.get("outputs", []) for mime in output.get("data", {})}
    if "hide-input" not in tags:
        return FIGURE if "image/svg+xml" in shown and _only_calls(code) else ""
    if "image/svg+xml" in shown or "image/png" in shown:
        return FIGURE
    return SETUP if re.search(r"^record\(", code, re.M) and "text/html" not in shown else CODE


def _without_options(code: str) -> str:
    options = re.match(r"---\n.*?\n---\n", code, re.S)
    return code[options.end() :] if options else code


def fold(notebook: dict) -> None:
    """Mark the cells of a notebook that the page builder folds, and say what each fold is.

    Parameters
    ----------
    notebook : dict
        Executed; changed.
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        tags = cell["metadata"].setdefault("tags", [])
        if {"remove-input", "remove-cell", "hide-cell"} & set(tags) or not (words := label(cell)):
            continue
        if "hide-input" not in tags:
            tags.append("hide-input")
        cell["metadata"].setdefault("mystnb", {}).update(
            code_prompt_show=words, code_prompt_hide=words
        )


def join(page: BeautifulSoup) -> None:
    """Put folds that follow each other under one line, and give each fold a plain name."""
    for fold_ in page.select("details.hide.above-input"):
        words = fold_.select_one("summary .collapsed")
        fold_["class"] = [*fold_["class"], "code-fold"]
        summary = fold_.summary
        name = words.get_text(strip=True) if words else SETUP
        del summary["aria-label"]  # its words are its name
        summary.clear()
        summary.append(name)
    for fold_ in page.select("details.code-fold"):
        if fold_.decomposed:
            continue
        cell = fold_.parent
        if fold_.summary.get_text() != SETUP or not isinstance(cell, Tag):
            continue
        while (after := _next(cell)) is not None and _is_setup(after) and _silent(cell):
            for part in after.select_one("details.code-fold").find_all(recursive=False):
                if part.name != "summary":
                    fold_.append(part.extract())
            for output in after.select(":scope > .cell_output"):
                cell.append(output.extract())
            after.decompose()
    for fold_ in page.select("details.code-fold"):  # what a figure needs, in the figure's own line
        cell = fold_.parent
        if fold_.summary.get_text() != SETUP or not isinstance(cell, Tag) or not _silent(cell):
            continue
        after = _next(cell)
        inside = after and after.select_one(":scope > details.code-fold")
        if inside and inside.summary.get_text() in (FIGURE, CODE):
            for part in reversed(fold_.find_all(recursive=False)):
                if part.name != "summary":
                    inside.summary.insert_after(part.extract())
            after["class"] = list(dict.fromkeys([*after["class"], *cell["class"]]))
            cell.decompose()


def _next(cell: Tag) -> Tag | None:
    found = cell.find_next_sibling()
    return found if isinstance(found, Tag) and "cell" in found.get("class", []) else None


def _is_setup(cell: Tag) -> bool:
    inside = cell.select_one(":scope > details.code-fold > summary")
    return inside is not None and inside.get_text() == SETUP


def _silent(cell: Tag) -> bool:
    return cell.select_one(":scope > .cell_output") is None


def quiet_checks(page: BeautifulSoup) -> None:
    """Give margin notes about slips of the paper a style of their own, and a fold for a phone."""
    for note in page.select("aside.margin"):
        title = note.select_one(".sidebar-title")
        if title is None or not title.get_text(strip=True).lower().startswith("paper check"):
            continue
        note["class"] = [*note["class"], "paper-check"]
        box = page.new_tag("details", attrs={"open": ""})
        line = page.new_tag("summary")
        line.string = title.extract().get_text(strip=True)
        for part in list(note.contents):
            box.append(part.extract())
        box.insert(0, line)
        note.append(box)
