"""The notation page is complete: public arguments that are named after a symbol are in it."""

import ast
import importlib
import inspect
import pkgutil
import re
from dataclasses import replace

import helpers
from helpers import files
from helpers.derivations import notation

GREEK = "pi|omega|phi|rho|theta|beta|lambda|gamma|kappa|delta|sigma|epsilon|eta|alpha"
# a symbol: a Greek name or one letter, alone or with axes
SYMBOL = re.compile(rf"(?:log_)?(?:{GREEK}|[TtzGAWZ])(?:_[cks]{{1,2}})?$")
# letters that are a function's own and no symbol of the paper: instruments and a t statistic
OWN = {"Z", "z", "t"}


def _public():
    for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
        loaded = importlib.import_module(module.name)
        if "derivations" in module.name:
            continue
        for name, thing in vars(loaded).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.name:
                continue
            if inspect.isclass(thing) and issubclass(thing, Exception):
                continue
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{module.name}.{name}", thing


def test_every_argument_named_after_a_symbol_is_in_the_table():
    known, seen = notation.names(), set()
    for where, thing in _public():
        for argument in inspect.signature(thing).parameters:
            if SYMBOL.match(argument) and argument not in OWN:
                assert argument in known, (
                    f"{where}: {argument} is not in helpers.derivations.notation"
                )
                seen.add(argument)
    assert {"pi_ck", "omega_k", "rho", "theta", "t_ck", "T_k", "z_c", "W", "beta"} <= seen


def _names_in_code() -> set[str]:
    """Arguments, attributes and functions of the package, the table's own module left out."""
    found = set()
    for path in (files.ROOT / "src").rglob("*.py"):
        if path.name == "notation.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)  # a column of a table
    return found


def _unused(symbols) -> list[str]:
    """Names of a table of symbols that no code outside the table has."""
    known = _names_in_code()
    return [
        name
        for symbol in symbols
        for name in symbol.code
        if not (
            any(word.endswith(name.removeprefix("...")) for word in known)
            if name.startswith("...")
            else name in known
        )
    ]


def test_every_name_in_the_table_is_used():
    assert _unused(notation.SYMBOLS) == []
    for symbol in notation.SYMBOLS:
        assert symbol.meaning
        assert symbol.equation


def test_a_name_that_nothing_uses_is_found():
    """The check reads code and not the table that it checks."""
    invented = replace(notation.SYMBOLS[0], code=("pi_ck", "upsilon_ck", "..._old"))
    assert _unused([invented]) == ["upsilon_ck", "..._old"]


def test_the_shape_says_how_many_axes_the_name_has():
    for symbol in notation.SYMBOLS:
        for name in symbol.code:
            axes = re.search(r"_([cks]{1,2})$", name)
            shapes = re.findall(r"\(([^)]*)\)", symbol.shape)
            if axes and shapes:
                sizes = {len([a for a in shape.split(",") if a.strip()]) for shape in shapes}
                assert len(axes.group(1)) in sizes, name


def test_terms_are_linked_to_the_glossary_where_a_chapter_first_uses_them():
    from helpers.book.prose_checks import first_uses

    glossary = (files.BOOK / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^(\w[^\n]*)\n  ", glossary, re.M)
    assert len(terms) >= 18
    assert terms == sorted(terms, key=str.casefold)
    used = set()
    for source in sorted(files.NOTEBOOKS.glob("[0-9]*.md")):
        for term, (*_, linked) in first_uses(source.read_text("utf-8"), terms).items():
            assert linked, f"{source.name}: the first {term!r} is not linked"
            used.add(term)
    assert len(used) >= 15


WITHOUT_DOI = {"KimVogel2021"}  # its address could not be confirmed
NEEDED = {
    "article": ("author", "title", "journal", "year", "volume", "pages"),
    "incollection": ("author", "title", "booktitle", "publisher", "year", "pages"),
    "book": ("author", "title", "publisher", "year"),
    "techreport": ("author", "title", "institution", "number", "year"),
    "misc": ("author", "title", "year"),
}


def _references() -> dict[str, tuple[str, dict[str, str]]]:
    text = (files.BOOK / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"@(\w+)\{(\w+),(.*?)\n\}", text, re.S)
    keys = [key for _, key, _ in entries]
    assert len(keys) == len(set(keys)), "two entries have one key"
    return {
        key: (kind, dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, re.M)))
        for kind, key, body in entries
    }


def test_references_have_addresses_that_last():
    """A DOI for every article, and what else its kind needs."""
    entries = _references()
    assert len(entries) >= 35
    dois = [fields["doi"] for _, fields in entries.values() if "doi" in fields]
    assert len(dois) == len(set(dois))
    for key, (kind, fields) in entries.items():
        for name in NEEDED[kind]:
            assert fields.get(name), f"{key} has no {name}"
        if kind == "article" and key not in WITHOUT_DOI:
            assert fields["doi"].startswith("10."), key


def test_every_reference_of_the_paper_and_of_its_field_is_cited_where_it_is_used():
    cited = set()
    for page in (*files.NOTEBOOKS.glob("[0-9]*.md"), *files.BOOK.glob("*.md")):
        for keys in re.findall(r"\{cite:\w+\}`([^`]*)`", page.read_text(encoding="utf-8")):
            cited |= {key.strip() for key in keys.split(",")}
    entries = set(_references())
    assert cited <= entries, f"cited and not listed: {sorted(cited - entries)}"
    assert cited == entries, f"listed and not cited: {sorted(entries - cited)}"
    where = {
        "02_model": {"McFadden1978", "Cardell1997", "LagakosWaugh2013"},
        "06_shifters": {"Berry1994"},
        "07_city_shocks": {"DekleEatonKortum2008", "DingelTintelnot2020"},
        "09_discussion": {"ConlonMortimer2021", "KlineMoretti2014"},
        "17_policy": {"KlineMoretti2014", "HsiehHurstJonesKlenow2019"},
    }
    for chapter, keys in where.items():
        text = (files.NOTEBOOKS / f"{chapter}.md").read_text(encoding="utf-8")
        for key in keys:
            assert key in text, f"{chapter}: {key}"


def test_every_chapter_says_what_it_asks_and_gives():
    for source in sorted(files.NOTEBOOKS.glob("[0-9]*.md")):
        text = source.read_text(encoding="utf-8")
        assert "**Prerequisites**:" in text, source.name
        assert "**You will learn**" in text, source.name
