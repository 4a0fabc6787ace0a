"""The notation page is complete: public arguments that are named after a symbol are in it."""

import importlib
import inspect
import pkgutil
import re

import pytest

import helpers
from helpers import notation, paths

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
                assert argument in known, f"{where}: {argument} is not in helpers.notation"
                seen.add(argument)
    assert {"pi_ck", "omega_k", "rho", "theta", "t_ck", "T_k", "z_c", "W", "beta"} <= seen


@pytest.mark.parametrize("symbol", notation.SYMBOLS, ids=lambda s: s.tex)
def test_every_name_in_the_table_is_used(symbol):
    code = "\n".join(path.read_text() for path in (paths.ROOT / "src").rglob("*.py"))
    for name in symbol.code:
        assert re.search(rf"\b{name.removeprefix('...')}\b|\w{name.removeprefix('...')}\b", code)
    assert symbol.meaning
    assert symbol.equation


def test_the_shape_says_how_many_axes_the_name_has():
    for symbol in notation.SYMBOLS:
        for name in symbol.code:
            axes = re.search(r"_([cks]{1,2})$", name)
            shapes = re.findall(r"\(([^)]*)\)", symbol.shape)
            if axes and shapes:
                sizes = {len([a for a in shape.split(",") if a.strip()]) for shape in shapes}
                assert len(axes.group(1)) in sizes, name


def test_terms_are_linked_to_the_glossary_where_a_chapter_first_uses_them():
    from helpers.prose import first_uses

    glossary = (paths.BOOK / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^(\w[^\n]*)\n  ", glossary, re.M)
    assert len(terms) >= 18
    assert terms == sorted(terms, key=str.casefold)
    used = set()
    for source in sorted(paths.NOTEBOOKS.glob("[0-9]*.md")):
        for term, (*_, linked) in first_uses(source.read_text("utf-8"), terms).items():
            assert linked, f"{source.name}: the first {term!r} is not linked"
            used.add(term)
    assert len(used) >= 15


def test_references_have_addresses_that_last():
    """A DOI for every article; what has none is no article."""
    text = (paths.BOOK / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"@(\w+)\{(\w+),(.*?)\n\}", text, re.S)
    assert len(entries) >= 10
    for kind, key, body in entries:
        assert kind == "misc" or re.search(r"doi\s*=\s*\{10\.", body), key


def test_every_chapter_says_what_it_asks_and_gives():
    for source in sorted(paths.NOTEBOOKS.glob("[0-9]*.md")):
        text = source.read_text(encoding="utf-8")
        assert "**Prerequisites**:" in text, source.name
        assert "**You will learn**" in text, source.name
