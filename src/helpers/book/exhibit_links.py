"""What stands below every figure of the book: the drawing, its data and its code to take away."""

from __future__ import annotations

import ast
import csv
import html
import io
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from pygments import highlight
from pygments.filter import simplefilter
from pygments.filters import TokenMergeFilter
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import Name, Operator, Punctuation, Text

from helpers.book import drawings
from helpers.exhibits.data import MIME

_DRAWN = ("Exhibit", "LiveFigure")  # what a function that draws returns


def _modules() -> list[str]:
    """Modules of `helpers.exhibits` in which some public function draws, dotted from there."""
    found = []
    for folder in ("", "live/"):
        for path in sorted((files("helpers.exhibits") / folder).iterdir(), key=lambda p: p.name):
            if path.name.endswith(".py") and path.name != "__init__.py":
                found.append(folder.replace("/", ".") + path.name.removesuffix(".py"))
    return [module for module in found if any(True for _ in _drawers(module))]


def _drawers(module: str) -> Iterator[ast.FunctionDef]:
    """Public functions of a module that return a drawing."""
    for node in ast.parse(_source(module)).body:
        public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if public and isinstance(node.returns, ast.Name) and node.returns.id in _DRAWN:
            yield node


def _source(module: str) -> str:
    """Text of a module of `helpers.exhibits`."""
    inside = module.replace(".", "/") + ".py"
    return (files("helpers.exhibits") / inside).read_text(encoding="utf-8")


@cache
def functions() -> dict[str, tuple[str, int]]:
    """Functions that draw: their module and the line that they begin on."""
    found = {}
    for module in _modules():
        for node in _drawers(module):
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
                name = f"{name}-{sum(1 for _ in folder.glob(f'{name}*.csv')) + 1}"
            drawings.write(folder / name, "".join(data["image/svg+xml"]), content.get("narrow"))
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
                    f'<p class="exhibit-links" data-drawing="{name}">'
                    f"{words}: {' · '.join(links)}</p>\n```",
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


def write_code(folder: Path, chapters: Mapping[str, str] | None = None) -> None:
    """Write the modules that draw as pages with numbered lines, in light and dark.

    Parameters
    ----------
    folder : Path
        ``_static/code`` of the site.
    chapters : {address: title}, optional
        Pages that the figures stand on, relative to ``folder``; each is linked at the top.
    """
    folder.mkdir(parents=True, exist_ok=True)
    colours = "\n".join(
        f"@media (prefers-color-scheme: {scheme}) {{ {look} }}"
        for scheme in ("light", "dark")
        for look in [
            HtmlFormatter(style=f"a11y-high-contrast-{scheme}").get_style_defs(".highlight")
        ]
    )
    (folder / "code.css").write_text(f"{_LOOK}{colours}\n", "utf-8")
    for module in _modules():
        look = HtmlFormatter(linespans="L", wrapcode=True)
        shown = [(a, t) for a, t in (chapters or {}).items() if a.startswith(f"{module}.html ")]
        back = " · ".join(
            f'<a href="{html.escape(address.partition(" ")[2])}">{html.escape(title)}</a>'
            for address, title in shown
        )
        page = _CODE_PAGE.format(
            title=f"helpers.exhibits.{module}",
            back=back or '<a href="../../index.html">The book</a>',
            code=highlight(_source(module), _lexer(), look),
        )  # fmt: skip
        (folder / f"{module}.html").write_text(page, encoding="utf-8")


def _lexer() -> PythonLexer:
    """Python, in which what has no colour of its own is one piece of text."""
    lexer = PythonLexer()
    lexer.add_filter(_plain())
    lexer.add_filter(TokenMergeFilter())
    return lexer


@simplefilter
def _plain(self, lexer, stream, options):
    """Give names, signs and spaces no class: no style colours them."""
    for kind, words in stream:
        dull = kind is Name or kind in Punctuation or kind is Operator or kind in Text
        yield (Text if dull else kind), words


_LOOK = """:root { color-scheme: light dark; }
body { max-width: 62rem; margin: 1rem auto; padding: 0 1rem; font-family: system-ui, sans-serif;
  background: light-dark(#fff, #14181e); color: light-dark(#222, #ced6dd); }
a { color: light-dark(#0b55b3, #8ab8f8); }
.highlight pre { overflow-x: auto; font-size: 0.85rem; line-height: 1.45; }
.highlight { background: none !important; }
code { counter-reset: line; }
[id^="L-"] { counter-increment: line; }
[id^="L-"]::before { content: counter(line); display: inline-block; width: 2.2em;
  text-align: right; color: light-dark(#595959, #a0a8b0); margin-right: 0.8em; }
:target { background: light-dark(#fff3c4, #3a3413); }
@media (max-width: 600px) { .highlight pre { white-space: pre-wrap; overflow-wrap: anywhere; } }
"""

# the theme that the reader chose in the book, where the browser lets this page know
_CODE_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="../favicon.svg">
<link rel="stylesheet" href="code.css">
</head>
<body>
<nav aria-label="Back to the book">← {back}</nav>
<main>
<h1><code>{title}</code></h1>
{code}
</main>
</body>
</html>
"""


def chapters(site: Path) -> dict[str, str]:
    """Pages that link to a module's code: ``"module.html address"`` and the page's title.

    Parameters
    ----------
    site : Path
        A built site.
    """
    found = {}
    for page in sorted([*site.glob("notebooks/*.html"), *site.glob("book/*.html")]):
        text = page.read_text("utf-8")
        title = re.search(r"<title>(.*?)(?: — .*)?</title>", text, re.S)
        for module in dict.fromkeys(re.findall(r"_static/code/([\w.]+)\.html#", text)):
            address = f"../../{page.relative_to(site).as_posix()}"
            found[f"{module}.html {address}"] = html.unescape(title[1]) if title else page.stem
    return found
