"""The one reader of pages: what in a page of MyST Markdown is prose, code, mathematics, a label.

Pages are read by the parser that the page builder itself uses (markdown-it-py with the plugins of
MyST), so that a fence in a list, a dollar in code or a colon fence in another is taken for what it
is. The parser says on which lines a block stands; where in a line a role or a piece of code
stands is noted while it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

# directives whose content is code or a name; that of all others is prose or mathematics
CODE = re.compile(r"code-cell|code-block|code|bibliography|glue.*")
_DIRECTIVE = re.compile(r"^\{(?P<name>[^}]+)\}\s*(?P<argument>.*)$")
_OPTION = re.compile(r"^:(?P<key>[\w-]+):\s*(?P<value>.*)$")
_SPAN = "span"


@dataclass(frozen=True)
class Piece:
    """A part of a page that is not plain words.

    Attributes
    ----------
    kind : str
        ``front``, ``code``, ``fence``, ``option``, ``label``, ``heading``, ``table``, ``math``,
        ``html``, ``comment``, ``role``, ``link``, ``address`` or ``strong``.
    start, end : int
        Where it stands in the text of the page.
    name : str
        Of a role or a label.
    inside : (int, int)
        Where its content stands, for a role and for mathematics.
    """

    kind: str
    start: int
    end: int
    name: str = ""
    inside: tuple[int, int] = (0, 0)


@dataclass
class Page:
    """A page that has been read.

    Attributes
    ----------
    text : str
    pieces : list of Piece
        In no order; one may lie in another.
    labels : {label: title}
        Labels that can be referred to, with the heading that they stand on, else themselves.
    """

    text: str
    pieces: list[Piece] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)

    def without(self, *kinds: str, roles: tuple[str, ...] = ()) -> str:
        """The text with some pieces blanked out, all places unchanged.

        Parameters
        ----------
        *kinds : str
            Kinds of pieces that go.
        roles : tuple of str
            Of roles, those whose content stays.
        """
        text = list(self.text)
        kept = []
        for piece in self.pieces:
            if piece.kind not in kinds:
                continue
            if piece.kind == "role" and piece.name in roles:
                kept.append((piece.inside, self.text[slice(*piece.inside)]))
            for place in range(piece.start, piece.end):
                if text[place] != "\n":
                    text[place] = " "
        for (start, end), words in kept:
            text[start:end] = words
        return "".join(text)


def _noting(rule):
    """A rule of the parser that also notes where in its line a token stands."""

    def noted(state, silent: bool) -> bool:
        start, before = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent:
            for token in state.tokens[before:]:
                token.meta = {_SPAN: (start, state.pos)} | (token.meta or {})
        return found

    return noted


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    for plugin in (
        *(front_matter_plugin, myst_block_plugin, myst_role_plugin, colon_fence_plugin),
        *(dollarmath_plugin, amsmath_plugin, deflist_plugin),
    ):
        parser.use(plugin)
    for rule in parser.inline.ruler.get_all_rules():
        known = parser.inline.ruler.__rules__[parser.inline.ruler.__find__(rule)]
        parser.inline.ruler.at(rule, _noting(known.fn), {"alt": known.alt})
    return parser


@dataclass(frozen=True)
class _Line:
    """A line of a page, or of a directive's content in it: where it begins, and its words."""

    start: int
    words: str

    @property
    def end(self) -> int:
        return self.start + len(self.words)


def read(text: str) -> Page:
    r"""Read a page in MyST Markdown.

    Examples
    --------
    >>> page = read("(here)=\n# A title\n\nSome `code` and {math}`x`.\n")
    >>> sorted(piece.kind for piece in page.pieces)
    ['code', 'heading', 'label', 'role']
    >>> page.labels
    {'here': 'A title'}
    """
    page = Page(text)
    lines, start = [], 0
    for words in text.split("\n"):
        lines.append(_Line(start, words))
        start += len(words) + 1
    _read(page, lines)
    return page


def _read(page: Page, lines: list[_Line]) -> None:
    tokens = _parser().parse("\n".join(line.words for line in lines))
    cursor = dict.fromkeys(range(len(lines)), 0)
    for position, token in enumerate(tokens):
        if token.type in ("fence", "colon_fence"):
            _fence(page, token, lines)
        elif token.type == "inline":
            _inline(page, token, lines, cursor)
        elif token.type == "myst_target":
            page.pieces.append(_piece("label", token, lines, token.content))
            title = next(
                (t.content for t in tokens[position + 2 : position + 3]
                 if tokens[position + 1].type == "heading_open"), None,
            )  # fmt: skip
            if title is not None:
                page.labels[token.content] = title
        elif token.type in _BLOCKS and token.map:
            page.pieces.append(_piece(_BLOCKS[token.type], token, lines))


_BLOCKS = {
    "front_matter": "front",
    "code_block": "code",
    "heading_open": "heading",
    "table_open": "table",
    "math_block": "math",
    "math_block_label": "math",
    "amsmath": "math",
    "html_block": "html",
    "myst_line_comment": "comment",
    "myst_block_break": "fence",
}


def _piece(kind: str, token: Token, lines: list[_Line], name: str = "") -> Piece:
    first, after = token.map
    start, end = lines[first].start, lines[max(first, after - 1)].end
    return Piece(kind, start, end, name, (start, end))


def _fence(page: Page, token: Token, lines: list[_Line]) -> None:
    """A block between fences: code, or a directive, whose content is read in its turn."""
    first, after = token.map
    found = _DIRECTIVE.match(token.info.strip())
    if found is None:
        page.pieces.append(_piece("code", token, lines))
        return
    words = token.content.split("\n")[:-1]
    inner = [
        _Line(line.end - len(inside), inside)
        for line, inside in zip(lines[first + 1 :], words, strict=False)
    ]
    options, n_options = _options(words)
    for label in _named(options):
        page.labels.setdefault(label, label)
    if CODE.fullmatch(found["name"]):
        page.pieces.append(_piece("code", token, lines))
        return
    for line in (lines[first], *lines[first + 1 + len(inner) : after]):
        page.pieces.append(Piece("fence", line.start, line.end))
    for line in inner[:n_options]:
        page.pieces.append(Piece("option", line.start, line.end))
    content = inner[n_options:]
    if not content:
        return
    if found["name"] == "math":
        start, end = content[0].start, content[-1].end
        page.pieces.append(Piece("math", start, end, "", (start, end)))
    elif found["name"] == "raw":
        page.pieces.append(Piece("html", content[0].start, content[-1].end))
    else:
        _read(page, content)


def _options(words: list[str]) -> tuple[Mapping, int]:
    """Options at the beginning of a directive, and on how many lines they stand."""
    if words and words[0].strip() == "---":
        end = next((n for n, line in enumerate(words[1:], 1) if line.strip() == "---"), None)
        if end is None:
            return {}, 0
        try:
            found = yaml.safe_load("\n".join(words[1:end]))
        except yaml.YAMLError:
            found = {}
        return found if isinstance(found, dict) else {}, end + 1
    found = {}
    for count, line in enumerate(words):
        option = _OPTION.match(line)
        if option is None:
            return found, count
        found[option["key"]] = option["value"].strip()
    return found, len(words)


def _named(options: Mapping) -> Iterator[str]:
    """Labels that options give, those of a figure of a cell included."""
    for key, value in options.items():
        if key in ("label", "name") and isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _named(value)


def _inline(page: Page, token: Token, lines: list[_Line], cursor: dict[int, int]) -> None:
    """Pieces within the lines of a paragraph, a heading or a cell of a table."""
    starts, places, at = [], [], 0
    for number, words in enumerate(token.content.split("\n"), token.map[0]):
        column = lines[number].words.find(words, cursor[number])
        if column < 0:  # a bar that was escaped: the cell is not found again in its line
            return
        cursor[number] = column + len(words)
        starts.append(at)
        places.append(lines[number].start + column)
        at += len(words) + 1

    def place(offset: int) -> int:
        number = max(n for n, start in enumerate(starts) if start <= offset)
        return places[number] + offset - starts[number]

    opened: list[int] = []
    for child in token.children or ():
        if child.type == "strong_open":
            opened.append(child.meta.get(_SPAN, (0, 0))[0])
        if _SPAN not in (child.meta or {}):
            continue
        start, end = child.meta[_SPAN]
        raw = token.content[start:end]
        if child.type == "code_inline":
            page.pieces.append(Piece("code", place(start), place(end)))
        elif child.type == "myst_role":
            marks = re.match(r"\{[^}]*\}(`+)", raw)
            inside = (place(start + marks.end()), place(end - len(marks[1])))
            page.pieces.append(Piece("role", place(start), place(end), child.meta["name"], inside))
        elif child.type in ("math_inline", "math_inline_double"):
            page.pieces.append(Piece("math", place(start), place(end)))
        elif child.type in ("link_open", "image"):
            page.pieces.append(Piece("link", place(start), place(end)))
            target = raw.rfind("](")
            if raw.startswith("<") or target >= 0:
                page.pieces.append(Piece("address", place(start + max(target, 0)), place(end)))


def labels(sources: list[Path]) -> dict[str, tuple[str, str]]:
    """Every label in the book's sources: its title and the page that it is on.

    Parameters
    ----------
    sources : list of Path
        MyST Markdown.

    Returns
    -------
    {label: (title, page)}
        Titles without number signs; pages are stems.
    """
    found: dict[str, tuple[str, str]] = {}
    for source in sources:
        for label, title in read(source.read_text(encoding="utf-8")).labels.items():
            found.setdefault(label, (title, source.stem))
    return found
