"""The page of equations: every number of the paper has its function, and every function a test."""

import ast
import json
import re
from pathlib import Path

import pytest

from helpers.book import equations, pages
from helpers.book.execute import BookError
from helpers.book.run import Run
from helpers.derivations import ledger
from helpers.exhibits.ledger import ledger_table
from helpers.files import ROOT

NUMBERED = [f"eq-{number}" for number in range(1, 13)]  # (1) to (11) in section 2, (12) in 8.1
FUNCTIONS = equations.implementations()
RUN = Run("paper", "x", {"source": "synthetic"}, repository="https://github.com/someone/thing")


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> Path:
    """A folder with a chapter of derivations that shows the ledger."""
    folder = tmp_path_factory.mktemp("executed")
    output = {"data": {"text/markdown": ledger_table(ledger()).data}}
    notebook = {"cells": [{"outputs": [output]}]}
    (folder / "ledger.ipynb").write_text(json.dumps(notebook), "utf-8")
    return folder


@pytest.mark.parametrize("name", NUMBERED)
def test_every_numbered_equation_has_a_function(name):
    assert [each.name for each in FUNCTIONS if name in each.equations]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("eq-3", "model.shares"),
        ("eq-5", "model.shares"),
        ("eq-7", "model.Shares.pi_c"),
        ("eq-10", "elasticities.cross_city"),
        ("eq-12", "elasticities.cross_city_occupation"),
        ("s31-instrument", "instrument.shift_share"),
        ("s32-T_k", "shifters.recover"),
    ],
)
def test_equations_lead_to_the_functions_that_compute_them(name, function):
    assert function in {f"{e.room}.{e.name}" for e in FUNCTIONS if name in e.equations}
    # a section that is named beside an equation is no equation
    assert "eq-8" not in next(e for e in FUNCTIONS if e.name == "cross_city").equations


def test_every_function_that_implements_an_equation_gives_the_mathematics_and_is_tested():
    callers = equations.callers(FUNCTIONS)
    for each in FUNCTIONS:
        assert re.search(r"[=]|->", each.doc), f"{each.name}: no mathematics in its docstring"
        assert callers[f"{each.room}.{each.name}"], f"{each.name}: no test uses it"
    for places in callers.values():
        for place in places:
            file, _, name = place.partition("::")
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            assert name in {getattr(node, "name", "") for node in ast.walk(tree)}


def test_a_test_counts_where_it_uses_the_function_of_that_room(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_model.py").write_text(
        "from helpers import model\nfrom helpers.model import shares as s\n"
        "def test_a(): assert model.shares(1)\ndef test_b(): s()\n"
        "def test_c(panel): panel.shares(2019)\ndef test_d(): shares()\n"
        "def test_e(x):\n    with pytest.raises(E): s(x)\n"
    )
    found = equations.callers(FUNCTIONS, tmp_path / "tests")["model.shares"]
    assert [place.partition("::")[2] for place in found] == ["test_a", "test_b", "test_e"]


@pytest.mark.slow
def test_the_page_has_every_equation_with_label_function_and_test(executed):
    page = equations.page(RUN, executed)
    for number in range(1, 13):
        (row,) = re.findall(rf"^\| <a [^>]*#claim-eq-{number}\">.*$", page, re.M)
        place, function, tests = (cell.strip() for cell in row.split("|")[1:-1])
        assert f"equation ({number})" in place
        assert "blob/main/src/helpers/" in function
        assert "<code>tests/" in tests
    for name in equations.LABELS:
        assert f"#claim-{name}" in page


def test_labels_of_equations_are_in_the_chapters():
    labels = {
        label
        for page in pages.pages()
        for label in re.findall(r"^:label: (\S+)$", page.read_text("utf-8"), re.M)
    }
    assert set(equations.LABELS.values()) <= labels


def test_an_equation_that_the_ledger_lacks_stops_the_book(tmp_path, executed, monkeypatch):
    other = equations.Implementation("model", "f", ROOT / "x.py", 1, "A share (equation 99).")
    monkeypatch.setattr(equations, "implementations", lambda: [other])
    with pytest.raises(BookError, match="eq-99"):
        equations.page(RUN, executed)
    (tmp_path / "ledger.ipynb").write_text('{"cells": []}')
    with pytest.raises(BookError, match="shows no ledger"):
        equations.page(RUN, tmp_path)
