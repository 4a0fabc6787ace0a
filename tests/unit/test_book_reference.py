"""The reference: every public name is on it, with an example that runs, and every link leads on."""

import importlib
import json
import re
import subprocess
import sys

import pytest

from helpers import files
from helpers.book import public, reference
from helpers.book.execute import BookError
from helpers.book.run import Run
from helpers.derivations import notation

ROOMS = public.rooms()
NAMES = [each for _, names in ROOMS.values() for each in names]
RUN = Run("paper", "x", {"source": "synthetic"}, repository="https://github.com/someone/thing")
# what the design fixes for readers
FIXED = """
model.Shares model.shares model.simulate_households elasticities.own_city_occupation
elasticities.cross_city_occupation elasticities.own_city elasticities.cross_city
elasticities.occupation derivations.ledger panel.Panel panel.Panel.from_table sources.load
estimation.estimate shifters.recover counterfactuals.shock counterfactuals.diversion
counterfactuals.stayers counterfactuals.redirection sources.ipums.scan build.build_panel
sources.synthetic.economy sources.synthetic.write_extract shiftshare.regress
shiftshare.rotemberg_weights targets.compare inference.wild_interval
inference.wild_anderson_rubin inference.overidentification equilibrium.Closure
equilibrium.PAPER equilibrium.STANDARD equilibrium.solve
"""
WITH_EXAMPLES = {
    "model", "elasticities", "counterfactuals", "shifters", "instrument", "estimation",
    "shiftshare", "panel", "sources", "sources.synthetic", "sources.ipums", "build",
    "equilibrium", "inference",
}  # fmt: skip
# it orders an extract over the network, with a key of the reader's
# what needs a network and a key, or a survey with replicate weights
WITHOUT_EXAMPLE = {"helpers.sources.ipums.fetch", "helpers.build.build_replicates"}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A folder with a chapter that shows a ledger of the equations that functions name."""
    from helpers.book import equations

    ids = {name for each in equations.implementations() for name in each.equations}
    rows = "\n".join(f'| <a id="claim-{i}"></a>place of {i} | exact | $x$ |' for i in sorted(ids))
    folder = tmp_path_factory.mktemp("executed")
    notebook = {"cells": [{"outputs": [{"data": {"text/markdown": rows}}]}]}
    (folder / "ledger.ipynb").write_text(json.dumps(notebook), "utf-8")
    return folder


@pytest.fixture(scope="module")
def page(executed):
    return reference.page(RUN, executed)


def test_what_the_faces_hand_on_is_what_the_page_reads():
    """Read from the code, not imported: both give the same names."""
    for room, (_, names) in ROOMS.items():
        face = importlib.import_module(f"helpers.{room}")
        for each in names:
            assert hasattr(face, each.name), each.full
        handed = getattr(face, "__all__", [each.name for each in names])
        assert sorted(handed) == sorted(each.name for each in names)


def test_rooms_stand_in_the_order_of_the_house(page):
    found = re.findall(r"^## helpers\.([\w.]+)$", page, re.M)
    assert found == list(ROOMS)
    order = public.floors()
    places = [order.index(room.partition(".")[0]) for room in found]
    assert places == sorted(places)
    assert {"model", "elasticities", "shifters", "equilibrium", "sources.ipums"} <= set(found)


def test_every_public_name_is_on_the_page(page):
    entries = re.findall(r"^\.\. py:\w+:: ([\w.]+)", page, re.M)
    assert len(entries) == len(set(entries))
    assert set(entries) == {each.full for each in NAMES}
    every = {each.full for top in NAMES for each in (top, *top.members)}
    assert {f"helpers.{name}" for name in FIXED.split()} <= every


@pytest.mark.parametrize("each", [e for e in NAMES if e.kind == "function"], ids=lambda e: e.full)
def test_every_public_function_says_what_it_does_and_shows_it(each):
    assert re.match(r"[A-Z0-9].+[.:?!]", each.doc.partition("\n\n")[0].replace("\n", " ")), (
        each.full
    )
    if each.room in WITH_EXAMPLES and each.full not in WITHOUT_EXAMPLE:
        assert ">>> " in each.doc, f"{each.full}: no example"
        assert re.search(rf"(>>>|\.\.\.) .*\b{each.name}\(", each.doc), (
            "an example of something else"
        )


def test_an_entry_has_signature_shapes_equation_and_example(page):
    entry = page.partition(".. py:function:: helpers.model.shares(")[2].partition(".. py:")[0]
    assert entry.startswith("t_ck, T_k, z_c, rho)")
    for name in ("t_ck", "T_k", "z_c", "rho"):
        assert f"`{name} <notation.html#symbol-{name}>`__" in entry
    assert "(C, K)" in entry
    assert "<equations.html#equation-eq-3>" in entry
    assert "<ledger.html#claim-eq-3>" in entry
    assert ">>> " in entry
    assert "helpers.errors.ParameterError" in entry
    assert "blob/main/src/helpers/model/choice.py#L" in entry


def test_notation_and_reference_lead_to_each_other(page):
    table = notation.markdown()
    to_reference = re.findall(r'id="symbol-(\S+?)" href="reference\.html#uses-(\S+?)"', table)
    back = re.findall(r'id="uses-(\S+?)" href="notation\.html#symbol-(\S+?)"', page)
    assert to_reference == back
    assert {one for one, _ in back} == {n for n in notation.names() if notation.has_place(n)}
    for name, other in back:
        assert name == other
        (row,) = [line for line in page.splitlines() if f'id="uses-{name}"' in line]
        assert 'href="#helpers.' in row, f"nothing takes or has {name}"


def test_every_link_of_the_page_has_an_end(page):
    anchors = set(re.findall(r'id="([^"]+)"', page)) | set(re.findall(r"^\((\S+)\)=$", page, re.M))
    anchors |= {each.full for top in NAMES for each in (top, *top.members)}
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in anchors
    for role_target in re.findall(r":py:\w+:`[^`<]*<([\w.]+)>`", page):
        assert role_target in anchors
    symbols = set(re.findall(r'id="(symbol-\S+?)"', notation.markdown()))
    assert set(re.findall(r"<notation\.html#(\S+?)>", page)) <= symbols


def test_a_face_that_hands_on_what_is_not_there_is_refused(tmp_path, monkeypatch):
    room = tmp_path / "src" / "helpers" / "model"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text(
        "import lazy_loader\nx = lazy_loader.attach(1, submod_attrs={'a': ['gone']})\n"
    )
    (room / "a.py").write_text('def here(x: int = 1) -> int:\n    """One."""\n')
    monkeypatch.setattr(public, "PACKAGE", tmp_path / "src" / "helpers")
    monkeypatch.setattr(public, "floors", lambda: ["model"])
    with pytest.raises(BookError, match="gone"):
        public.rooms()
    (room / "__init__.py").write_text(
        "import lazy_loader\ny = lazy_loader.attach(1, submod_attrs={'a': ['here']})\n"
    )
    public.tree_of.cache_clear()
    ((_, (found,)),) = public.rooms().values()
    assert (found.signature, found.types) == ("x=1", {"x": "int", "return": "int"})


@pytest.mark.slow
def test_the_page_builds_with_every_warning_an_error(tmp_path, page):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "reference.md").write_text(page, "utf-8")
    for name, text in (("notation", notation.markdown()), ("equations", "")):
        words = f"(page-{name})=\n# {name}\n\n{text}\n"
        (tmp_path / "book" / f"{name}.md").write_text(words, "utf-8")
    toc = "\n".join(f"book/{name}" for name in ("reference", "notation", "equations"))
    (tmp_path / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{toc}\n```\n", "utf-8")
    (tmp_path / "conf.py").write_text(
        "extensions = ['myst_parser']\nmyst_enable_extensions = ['dollarmath']\n"
    )
    command = [sys.executable, "-m", "sphinx", "-nWqE", "-b", "html", ".", "html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "html" / "book" / "reference.html").read_text("utf-8")
    for each in NAMES:
        assert f'id="{each.full}"' in html
    assert (files.BOOK / "reference.md").is_file()
