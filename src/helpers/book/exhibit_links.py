"""What stands below every figure of the book: the drawing, its data and its code to take away."""

from __future__ import annotations

import ast
import csv
import html
import io
import re
from importlib.resources import files
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from helpers.exhibits.data import MIME

# modules that draw, as the faces of `helpers.exhibits` and of its live figures know them
_MODULES = (
    *("paper_figures", "foundations", "inference", "intuition", "markets", "policy"),
    *("robustness", "small_multiples"),
    *("live.draws", "live.forest", "live.towns", "live.world"),
)


def _source(module: str) -> str:
    """Text of a module of `helpers.exhibits`."""
    inside = module.replace(".", "/") + ".py"
    return (files("helpers.exhibits") / inside).read_text(encoding="utf-8")


def functions() -> dict[str, tuple[str, int]]:
    """Functions that draw: their module and the line that they begin on."""
    found = {}
    for module in _MODULES:
        tree = ast.parse(_source(module))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found[node.name] = (module, node.lineno)
    return found


def write(notebook: dict, stem: str, folder: Path) -> None:
    """Write every drawing of a notebook and its data, and put links below it.

    Parameters
    ----------
    notebook : dict
        Executed; cells with links are added to it.
    stem : str
        Name of the page.
    folder : Path
        Where the files go, ``_static/exhibits`` of the book.
    """
    cells = []
    drawers = functions()
    for cell in notebook["cells"]:
        cells.append(cell)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME not in data or "image/svg+xml" not in data:
                continue
            content = data[MIME]
            name = f"{stem}-{content['name']}"
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / f"{name}.svg").exists():
                name = f"{name}-{sum(1 for _ in folder.glob(f'{name}*.svg')) + 1}"
            (folder / f"{name}.svg").write_text("".join(data["image/svg+xml"]), "utf-8")
            (folder / f"{name}.csv").write_text(as_csv(content), "utf-8")
            links = [
                f'<a href="../_static/exhibits/{name}.{kind}" download>{kind.upper()}</a>'
                for kind in ("svg", "csv")
            ]
            if content["name"] in drawers:
                module, line = drawers[content["name"]]
                links.append(f'<a href="../_static/code/{module}.html#L-{line}">code</a>')
            words = html.escape(content["name"].replace("_", " "))
            cells.append(
                {
                    "cell_type": "markdown",
                    "metadata": {},
                    "id": re.sub(r"\W", "-", f"links-{name}")[:64],
                    "source": "```{raw} html\n"
                    f'<p class="exhibit-links">{words}: {" · ".join(links)}</p>\n```',
                }
            )
    notebook["cells"] = cells


def as_csv(content: dict) -> str:
    """Data of a drawing as CSV."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(content["columns"])
    writer.writerows(content["rows"])
    return sink.getvalue()


def write_code(folder: Path) -> None:
    """Write the modules that draw as pages with numbered lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for module in _MODULES:
        text = _source(module)
        look = HtmlFormatter(
            full=True, title=f"helpers.exhibits.{module}", linenos="inline", lineanchors="L",
            style="a11y-high-contrast-light", wrapcode=True,
        )  # fmt: skip
        page = highlight(text, PythonLexer(), look)
        page = page.replace("<html>", '<html lang="en">', 1)
        (folder / f"{module}.html").write_text(page, encoding="utf-8")
