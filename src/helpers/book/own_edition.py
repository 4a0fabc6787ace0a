"""A chapter's text for a reader's own data: without the paper's numbers, claims and names.

Sources hold one sentence a line, so that a sentence about the paper's data can be left out by
rule. Cities and occupations that chapters name by the paper's defaults become those of the
scenario; numbers are recorded by the code that runs and need no change.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.book import myst
from helpers.book.own_chapters import Chapter
from helpers.names import DETROIT, NEW_YORK, VISALIA, short_name
from helpers.runs.scenario import plain

_PAPERS = re.compile(
    r"New York|Visalia|Detroit|Saginaw|Toledo|Flint|Houston|Los Angeles|Chicago|Washington"
    r"|United States|American|\bauthor'?s?\b|\bprint(s|ed)\b|\bpublished?\b|\berrata\b|\bledger\b"
    r"|\b[Tt]able [12]\b|\bpapers?\b(?!'s (equation|notation|correlation function|formula))"
)
_ALLOWED = re.compile(r"\bon paper\b|\bworking papers?\b")
_OF_PAPER = re.compile(r"(?<![\w.])(targets|statements|evidence|verdicts)\b[.\[]|exhibits\.table_")
_LABEL = re.compile(r"\{(ref|eq|numref|prf:ref|doc)\}`(?:([^`<]*?)\s*<([^`>]+)>|([^`<]+))`")
_PAGE = re.compile(r'href="\.\./(book|notebooks)/([\w-]+)\.html(#[\w-]*)?"')


@dataclass(frozen=True)
class Names:
    """What stands for the paper's defaults.

    Attributes
    ----------
    city, second_city, policy_city, occupation, second_occupation : str
        As the scenario has them.
    groups : int
        Number of occupations.
    paid : bool
        Whether wages of all groups are known; otherwise all are taken to be paid alike.
    """

    city: str
    second_city: str
    policy_city: str
    occupation: str
    second_occupation: str
    groups: int
    paid: bool = True

    def in_code(self, code: str) -> str:
        """Code in which quoted names are the scenario's."""
        for old, new in (
            (NEW_YORK, self.city), (VISALIA, self.second_city), (DETROIT, self.policy_city),
            ("management", self.occupation), ("trades", self.second_occupation),
        ):  # fmt: skip
            code = code.replace(f'"{old}"', _quoted(new))
        if not self.paid:
            code = re.sub(
                r"^wages = (equilibrium\.)?panel_wages\(.*\)$",
                "wages = 1 + 0 * shares.pi_ck  # not known: all are paid alike",
                code,
                flags=re.M,
            )
        # names of other countries are not cut at their hyphens
        code = re.sub(r'(\.str)?\.split\("[-,]"\)(\.str)?\[0\]', "", code)
        code = code.replace(", dollars a year", " a year").replace("dollars a year", "a year")
        return code.replace("in the trades", f"in {self.second_occupation}".replace('"', "'"))

    def in_prose(self, line: str) -> str:
        """A sentence in which cities and occupations are the scenario's."""
        for old, new in (
            ("New York", self.city), ("Visalia-Porterville", self.second_city),
            ("Visalia", self.second_city), ("Detroit", self.policy_city),
            ("the trades", self.second_occupation), ("The trades", self.second_occupation),
            ("trades", self.second_occupation),
        ):  # fmt: skip
            line = line.replace(old, plain(short_name(new)))
        if line.startswith(("**", "## ", "# ")):  # what a chapter or section is about
            line = re.sub(r"\b(T|t)he paper('s| works)", r"\g<1>he model\g<2>", line)
        number = {1: "one group", 2: "two groups"}.get(self.groups, f"{self.groups} groups")
        line = re.sub(r"\beight (broad |)occupations\b", rf"\g<1>{number}", line)
        line = re.sub(r"\beight clusters\b", f"so few clusters ({self.groups})", line)
        line = re.sub(r"\b[Ee]ight\b", str(self.groups), line)
        return re.sub(r"\ba year in dollars\b|\bdollars a year\b", "a year", line).replace(
            " dollars", ""
        )


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True)
class Block:
    """A fenced block or a line outside of one."""

    kind: str  # "cell", "margin", "exercise", "solution-start", "fence" or "line"
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it stands in the source."""
        return "\n".join(self.lines)


def blocks(text: str) -> list[Block]:
    """Fenced blocks, and single lines between them."""
    found, lines = [], text.split("\n")
    at = 0
    while at < len(lines):
        fence = re.match(r"(`{3,}|:{3,}|~{3,})\s*(?:\{([\w-]+)\})?", lines[at])
        if not fence:
            found.append(Block("line", (lines[at],)))
            at += 1
            continue
        end = at + 1
        while end < len(lines) and not re.match(rf"{re.escape(fence[1])}\s*$", lines[end]):
            end += 1
        kind = {"code-cell": "cell", None: "fence"}.get(fence[2], fence[2])
        found.append(Block(kind, tuple(lines[at : end + 1])))
        at = end + 1
    return found


def edit(text: str, chapter: Chapter, names: Names, sections: Sequence[str] = ()) -> str:
    """The chapter for own data: what is left of it runs and speaks of nothing that is not there.

    Parameters
    ----------
    text : str
        MyST Markdown of the chapter.
    chapter : Chapter
    names : Names
    sections : sequence of str
        Beginnings of the headings of sections that are left out.

    Returns
    -------
    str
    """
    head, body = _front(text)
    for old, new in chapter.replaced:
        body = body.replace(old, new)
    kept: list[str] = []
    parts = _exercises(_sections(blocks(body), sections), names)
    for block in parts:
        if block.kind == "margin" and "Paper check" in block.lines[0]:
            continue
        if block.kind == "cell":
            code = _cell(block, chapter, names)
            kept += [code] if code else []
        elif block.kind == "line" or block.kind in ("exercise", "margin", "admonition", "note"):
            lines = [line for line in block.lines if names.paid or "dollars" not in line]
            kept += [line for line in map(names.in_prose, lines) if speaks(line)]
        else:
            kept.append(block.text)
    return head + _without_lost_numbers("\n".join(kept))


def speaks(line: str) -> bool:
    """Whether a sentence may stand in a book on other data."""
    return not line.startswith("Paper: ") and not _PAPERS.search(_ALLOWED.sub("", line))


def _front(text: str) -> tuple[str, str]:
    match = re.match(r"---\n.*?\n---\n", text, re.S)
    return (match[0], text[match.end() :]) if match else ("", text)


def _sections(parts: list[Block], sections: Sequence[str]) -> list[Block]:
    """Without sections on the paper's claims and those that are named."""
    kept, leaving = [], False
    left_out = ("Claims ", *sections)
    for block in parts:
        if block.kind == "line" and block.lines[0].startswith("## "):
            leaving = block.lines[0][3:].startswith(left_out)
            if leaving and kept and re.match(r"\([\w-]+\)=$", kept[-1].lines[0]):
                kept.pop()  # the label of the section
        if not leaving:
            kept.append(block)
    return kept


def _exercises(parts: list[Block], names: Names) -> list[Block]:
    """Without exercises whose question or answer is about the paper's data."""
    kept, at = [], 0
    while at < len(parts):
        if parts[at].kind != "exercise":
            kept.append(parts[at])
            at += 1
            continue
        end = at + 1
        while end < len(parts) and parts[end - 1].kind != "solution-end":
            end += 1
        whole = parts[at:end]
        words = [names.in_prose(line) for one in whole if one.kind != "cell" for line in one.lines]
        codes = [one.text for one in whole if one.kind == "cell"]
        if all(map(speaks, words)) and not any(map(_OF_PAPER.search, codes)):
            kept += whole
        elif imports := _imports(codes):
            kept.append(
                Block("cell", ("```{code-cell} ipython3", ":tags: [setup]", "", *imports, "```"))
            )
        at = end
    return kept


def _imports(codes: list[str]) -> list[str]:
    """Lines of imports, which cells below may rely on."""
    return [
        line
        for code in codes
        for line in code.split("\n")
        if re.match(r"(from [\w.]+ )?import [^(]*$", line)
    ]


def _cell(block: Block, chapter: Chapter, names: Names) -> str:
    """A cell with the scenario's names, or nothing where it is about the paper."""
    lines = [
        line for line in block.lines
        if not re.match(r"\s+\w+=(targets\.printed|targets\.get)\(.*\),?$", line)
    ]  # fmt: skip
    start = lines.index("---", 2) + 1 if len(lines) > 1 and lines[1] == "---" else 1
    options, code = "\n".join(lines[:start]), "\n".join(lines[start:])
    body = re.sub(r"^(from|import) .*$", "", code, flags=re.M)
    if _OF_PAPER.search(body) or any(piece in code for piece in chapter.cells):
        imports = _imports([code])
        return "\n".join([options, ":tags: [setup]", "", *imports, "```"]) if imports else ""
    options = re.sub(r"Figure \w+ of the paper: (\w)", lambda m: m[1].upper(), options)
    for old, new in (
        ("New York", "the first city"), ("Visalia", "the second city"), ("Detroit", "the city"),
        ("a map of the United States", "a map"), ("A map of the United States", "A map"),
        ("eight segments", "segments"), ("eight occupations", "the occupations"),
    ):  # fmt: skip
        options = options.replace(old, new)
    options = re.sub(r"Map of the United States", "Map", options)
    return f"{options}\n{names.in_code(code)}"


def code_of(block: Block) -> str:
    """The code of a cell, without its fence and options."""
    code = "\n".join(block.lines[1:-1])
    code = re.sub(r"\A---\n.*?\n---\n", "", code, flags=re.S)
    return re.sub(r"^:\w+:.*$", "", code, flags=re.M)


def references(text: str) -> list[tuple[str, str, str, str]]:
    """Role, words, label and label without words of every reference to a place in a book."""
    return _LABEL.findall(text)


def _without_lost_numbers(text: str) -> str:
    """Without sentences whose numbers no cell records any more."""
    recorded: set[str] = set()
    for block in blocks(text):
        if block.kind == "cell" and "record(" in block.text:
            for call in ast.walk(ast.parse(code_of(block))):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "record":
                    names = {keyword.arg for keyword in call.keywords}
                    if None in names:  # names that only the run knows
                        return text
                    recorded |= names

    def told(line: str) -> bool:
        return set(re.findall(r"\{glue:text\}`(\w+)", line)) <= recorded

    kept = []
    for block in blocks(text):
        if block.kind == "cell":
            kept.append(block.text)
        else:
            kept += [line for line in block.lines if told(line)]
    return "\n".join(kept)


def labels(text: str) -> set[str]:
    """Labels that a page defines: headings, figures, equations, exercises."""
    found = set(myst.read(text).labels)
    found |= set(re.findall(r"^\s*:(?:label|name): ([\w-]+)\s*$", text, re.M))
    found |= set(re.findall(r"^ {4}name: ([\w-]+)\s*$", text, re.M))
    return found | set(re.findall(r"^\(([\w-]+)\)=\s*$", text, re.M))


def relink(
    text: str, here: set[str], stems: set[str], elsewhere: Mapping[str, tuple[str, str]]
) -> str:
    """References to pages that this book lacks, as links to the default book.

    Parameters
    ----------
    text : str
    here : set of str
        Labels of this book.
    stems : set of str
        Its pages.
    elsewhere : {label: (title, page)}
        Labels of the default book.
    """

    def link(match: re.Match) -> str:
        role, words, given, bare = match.groups()
        label = (given or bare).strip()
        if label in here:
            return match[0]
        title, stem = elsewhere.get(label, ("", ""))
        if role == "doc":
            stem = label.rsplit("/", 1)[-1]
            if stem in stems:
                return match[0]
        if not stem:
            return words or "the default book"
        words = words or title or "an equation there"
        return f'<a href="{address(stem)}">{_shown(words)}</a>'

    def page(match: re.Match) -> str:
        folder, stem, anchor = match.groups()
        if stem in stems:
            return match[0]
        return f'href="../../../{folder}/{stem}.html{anchor or ""}"'

    return _PAGE.sub(page, _LABEL.sub(link, text))


def address(stem: str, up: str = "../../../") -> str:
    """A page of the default book, seen from a page of this one in a folder, or from its first."""
    folder = "notebooks" if re.match(r"\d\d_", stem) else "book"
    return f"{up}{folder}/{stem}.html"


def _shown(words: str) -> str:
    """A title as words inside a link: mathematics as its plain letters."""
    words = re.sub(r"\{math\}`([^`]*)`|\$([^$]*)\$", lambda m: m[1] or m[2], words)
    return words.replace("\\rho", "ρ").replace("\\theta", "θ").replace("\\", "")
