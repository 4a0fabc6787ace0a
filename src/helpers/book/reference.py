"""The page of public functions: what each takes, gives and computes, with an example that runs.

Written at staging from the docstrings (:mod:`helpers.book.public`), which Sphinx's napoleon
parses. An argument that is a symbol of the paper leads to the page of notation, and a name of
that page to :data:`symbols <helpers.derivations.notation.SYMBOLS>` here, where everything that
takes or has it is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from helpers.book import equations, public
from helpers.book.public import Public
from helpers.book.run import Run
from helpers.derivations import notation
from helpers.files import ROOT

LEDGER = "ledger.html"
# names of arguments and attributes as napoleon sets them: **rho, theta** (*float*) -- ...
_SET = re.compile(r"^(?P<before>\s*(?::\w+: )?(?:\* )?)\*\*(?P<names>[\w, ]+)\*\*(?=\s|$)", re.M)
_ROLE = re.compile(r":(?:py:)?(?:func|class|meth|attr|data|mod|exc):`~?(?:[^`<]*<)?([\w.]+)>?`")
_EXAMPLES = re.compile(r"(^ *>>> .*?(?:\n *\n|\Z))", re.M | re.S)
_ROLES = {"function": "func", "class": "class", "exception": "exc", "data": "data",
          "method": "meth", "property": "meth"}  # fmt: skip
_TAKES_ARGUMENTS = ("function", "class", "exception", "method")


def page(run: Run, executed: Path) -> str:
    """The page, in MyST Markdown.

    Parameters
    ----------
    run : Run
        Its repository, where it has one, is linked.
    executed : Path
        Folder of executed notebooks; that of the ledger names the equations.
    """
    ledger = equations.printed(executed / "ledger.ipynb")
    rooms = public.rooms()
    everything = [each for _, names in rooms.values() for each in names]
    known = _addresses(everything)
    implemented = {
        f"{each.room}.{each.name}": each.equations for each in equations.implementations()
    }
    lines = [
        "(page-reference)=",
        "# Reference",
        "",
        "What a reader imports, room by room: the arguments, their shapes and units, what comes "
        "back, the equation that is computed, and an example.",
        "Suffix letters of a name are its axes ({ref}`page-notation`): `C` cities, `K` "
        "occupations.",
        "Every example is run by the tests, and prints what stands below it.",
        "{ref}`page-equations` goes the other way, from an equation to its functions.",
        "",
        "| room | names |",
        "| --- | --- |",
    ]
    for room, (_, names) in rooms.items():
        links = ", ".join(_link(each.full, each.name) for each in names)
        lines.append(f'| <a href="#room-{_slug(room)}"><code>{room}</code></a> | {links} |')
    lines += ["", *_symbols(everything), ""]
    for room, (said, names) in rooms.items():
        lines += [f"(room-{_slug(room)})=", f"## helpers.{room}", ""]
        lines += ["````{eval-rst}", _roles(_napoleon(said), known, room), ""]
        for each in names:
            lines += [_entry(each, run, ledger, implemented, known), ""]
        lines += ["````", ""]
    return "\n".join(lines)


def _slug(room: str) -> str:
    return room.replace(".", "-")


def _link(full: str, words: str) -> str:
    return f'<a href="#{full}"><code>{words}</code></a>'


def _addresses(everything: Iterable[Public]) -> dict[str, tuple[str, str]]:
    """Role and full name of every public name, by what docstrings call it.

    A docstring names a thing by its face or by its module; of two things that bear one name, a
    name without its room leads to neither but from the room itself.
    """
    found, bare = {}, {}
    for top in everything:
        module = ".".join(top.path.relative_to(public.PACKAGE).with_suffix("").parts)
        for each in (top, *top.members):
            target = (f"py:{_ROLES[each.kind]}", each.full)
            found[each.full] = found[f"helpers.{module}.{each.name}"] = target
            bare.setdefault(each.name, set()).add(target)
    return found | {name: next(iter(some)) for name, some in bare.items() if len(some) == 1}


def uses(name: str, everything: Iterable[Public]) -> list[Public]:
    """Public names that take or have a symbol under its name in code, or that speak of it.

    Those that speak of it, as of the column of a table, count where none takes or has it. From
    the ground floor upwards: theory first.
    """
    every = [each for top in everything for each in (top, *top.members)]
    having = [each for each in every if name in each.arguments or each.bare == name]
    return (having or [each for each in every if re.search(rf"\b{name}\b", each.doc)])[::-1]


def _symbols(everything: list[Public]) -> list[str]:
    lines = [
        "(reference-symbols)=",
        "## The paper's symbols in code",
        "",
        "What takes or has each; the name in code leads to its row in {ref}`page-notation`.",
        "",
        "| symbol | in code | where |",
        "| --- | --- | --- |",
    ]
    for symbol in notation.SYMBOLS:
        for name in filter(notation.has_place, symbol.code):
            where = ", ".join(
                _link(each.full, f"{each.room}.{each.name}") for each in uses(name, everything)
            )
            lines.append(
                f'| ${symbol.tex}$ | <a id="uses-{name}" href="notation.html#symbol-{name}">'
                f"<code>{name}</code></a> | {where} |"
            )
    return lines


def _entry(
    each: Public,
    run: Run,
    ledger: dict[str, dict[str, str]],
    implemented: dict[str, tuple[str, ...]],
    known: dict[str, tuple[str, str]],
    depth: int = 0,
) -> str:
    """One name as a directive of Sphinx's Python domain, its members inside it."""
    called = f"({each.signature})" if each.kind in _TAKES_ARGUMENTS else ""
    name = each.bare if depth else each.full
    head = f".. py:{each.kind}:: {name}{called}"
    body = _roles(_napoleon(_with_types(each)), known, each.room)
    parts = [_linked_symbols(body)]
    if some := implemented.get(f"{each.room}.{each.name}"):
        parts.append(_equations(some, ledger))
    if run.repository and not depth:
        place = each.path.relative_to(ROOT).as_posix()
        parts.append(f"`Source <{run.repository}/blob/main/{place}#L{each.line}>`__")
    parts += [_entry(member, run, ledger, implemented, known, depth + 1) for member in each.members]
    inside = "\n\n".join(part.strip("\n") for part in parts)
    return f"{head}\n\n{_indented(inside)}"


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())


def _with_types(each: Public) -> str:
    """The docstring, with the types of arguments from the signature where it names none."""
    doc = each.doc
    if each.kind not in ("function", "method"):
        return doc
    if each.arguments and not re.search(r"^Parameters\n-+$", doc, re.M):
        listed = "\n".join(
            f"{name} : {kind}" if kind else name
            for name, kind in each.types.items()
            if name != "return"
        )
        doc = _put_in(doc, f"Parameters\n----------\n{listed}")
    given = each.types.get("return", "None")
    if given != "None" and not re.search(r"^(Returns|Yields)\n-+$", doc, re.M):
        doc = _put_in(doc, f"Returns\n-------\n{given}")
    return doc


def _put_in(doc: str, section: str) -> str:
    """A section put before those that follow arguments, at the end where there are none."""
    later = "Raises|Notes|Examples|Warns"
    if not section.startswith("Returns"):
        later += "|Returns|Yields"
    found = re.search(rf"^({later})\n-+$", doc, re.M)
    at = found.start() if found else len(doc)
    return f"{doc[:at].rstrip()}\n\n{section}\n\n{doc[at:]}"


def _napoleon(doc: str) -> str:
    """A docstring in NumPy's style as reStructuredText."""
    from sphinx.ext.napoleon import Config, NumpyDocstring

    lists = [(name, "params_style") for name in ("Attributes", "Raises", "Warns")]
    config = Config(
        napoleon_use_param=False, napoleon_use_rtype=False, napoleon_custom_sections=lists
    )
    # a stroke is one of a formula, and none of a substitution; examples are left as they are
    pieces = _EXAMPLES.split(str(NumpyDocstring(doc, config)))
    return "".join(
        piece if place % 2 else re.sub(r"(?<!`)\|", r"\|", piece)
        for place, piece in enumerate(pieces)
    )


def _linked_symbols(text: str) -> str:
    """Names of arguments that are symbols of the paper, linked to the page of notation."""
    symbols = notation.names()

    def set_name(name: str) -> str:
        if name in symbols and notation.has_place(name):
            return f"`{name} <notation.html#symbol-{name}>`__"
        return f"**{name}**"

    def set_names(found: re.Match) -> str:
        return found["before"] + ", ".join(map(set_name, found["names"].split(", ")))

    return _SET.sub(set_names, text)


def _roles(text: str, known: dict[str, tuple[str, str]], room: str) -> str:
    """References to what stands on the page, as such; all others as code."""

    def set_role(found: re.Match) -> str:
        name = found[1]
        target = known.get(f"helpers.{room}.{name}") or known.get(name)
        words = name.removeprefix("helpers.")
        return f":{target[0]}:`{words} <{target[1]}>`" if target else f"``{words}``"

    text = _ROLE.sub(set_role, text)
    return re.sub(
        r"\*\*(\w+(?:Error|Warning))\*\*",
        lambda found: set_role(found) if found[1] in known else found[0],
        text,
    )


def _equations(names: Iterable[str], ledger: dict[str, dict[str, str]]) -> str:
    links = ", ".join(
        f"`{ledger[name]['place']} <equations.html#equation-{name}>`__ "
        f"(`proof <{LEDGER}#claim-{name}>`__)"
        for name in names
    )
    return f":Implements: {links}"
