"""Scenarios that are refused, prose that is checked, and books that are all or nothing."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import psutil
import pytest
import yaml
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from helpers import files as files_room
from helpers.book import decorate, execute, locks, myst, pages, prose_checks, reach, site, stage
from helpers.book import run as runs_room
from helpers.book.prose_checks import typed_results
from helpers.book.run import Run
from helpers.errors import CompanionError, DataError, ParameterError, UnknownNameError
from helpers.files import BOOK, BUILD, NOTEBOOKS, ROOT, SCENARIOS, discard
from helpers.notebook import parameters
from helpers.runs import reading, scenario

NOTEBOOK = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Title

```{code-cell} ipython3
:tags: [parameters]
rho = 0.5
```

```{code-cell} ipython3
%s
```
"""


@pytest.mark.parametrize("path", pages.scenarios(), ids=lambda p: p.stem)
def test_scenarios_that_ship_are_valid(path, made):
    reading.read(path).check_panel(made)


def test_the_papers_scenario_is_the_default():
    assert reading.read(SCENARIOS / "paper.yml") == scenario.Scenario()


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("rhoo: 0.5", UnknownNameError, "rho"),
        ("rho: 1.0", ParameterError, "rho"),
        ("rho: high", ParameterError, "rho"),
        ("theta: -1", ParameterError, "theta"),
        ("city_hat: 0", ParameterError, "city_hat"),
        ("occupation: managment", UnknownNameError, "management"),
        ("source: replicate", UnknownNameError, "replication"),
        ("year: twenty", ParameterError, "year"),
        ("years: 2012", ParameterError, "list of years"),
        ("rho: [0.1, 0.2]", ParameterError, "make sweep"),
        ("city: {x: 1}", ParameterError, "expected a name"),
        ("theta: .inf", ParameterError, "theta"),
        ("rho: true", ParameterError, "rho"),
        ("title: 3", ParameterError, "title"),
        ("policies: {a: {citty: {x: 1}}}", UnknownNameError, "nearest: city"),
        ("- a list", DataError, "keys and values"),
        ("a: [", DataError, "YAML"),
    ],
)
def test_a_wrong_scenario_is_refused_by_name(tmp_path, text, error, message):
    path = tmp_path / "wrong.yml"
    path.write_text(text)
    with pytest.raises(error, match=message):
        reading.read(path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"second_city": "Visalia"}, "Visalia-Porterville, CA"),
        ({"years": [2010, 1999]}, "years"),
        ({"policies": {"a": {"city": {"Visalia": 1.1}}}}, "Visalia-Porterville, CA"),
    ],
)
def test_what_a_panel_lacks_is_refused_with_the_nearest(made, values, message):
    with pytest.raises(UnknownNameError, match=message):
        scenario.Scenario(**values).check_panel(made)


def test_a_misspelt_city_is_refused_with_the_nearest(made):
    with pytest.raises(UnknownNameError, match="Detroit-Warren-Dearborn, MI"):
        scenario.Scenario(city="Detroit, MI").check_panel(made)
    with pytest.raises(DataError, match=r"paper\.yml"):
        reading.read(SCENARIOS / "detroyt.yml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The estimate is 0.64.", ["1: 0.64"]),
        ("A loss of 33 % or 5 per cent.", ["1: 33", "1: 5"]),
        ("On 19,280 cells.", ["1: 19,280"]),
        ("With $\\rho = 0.64$ and\n{math}`\\rho = 0.65`.", ["1: 0.64", "2: 0.65"]),
        ("```{note}\nx\n```\nIt is 0.64.\n```bash\nx=0.5\n```", ["4: 0.64"]),
        ("::::{grid}\n:::{card}\nIt is 0.64.\n:::\n::::\n0.65", ["3: 0.64", "6: 0.65"]),
        ("Section 4.2, tables 1 and 8.2.1, equations (8)-(10), figure 1a, in 2019.", []),
        ("{glue:text}`rho:.2f` and `0.64`", []),
        ("```{code-cell} ipython3\nx = 0.64\n```", []),
        ("```{note}\nIt is 0.64.\n```", ["2: 0.64"]),
    ],
)
def test_results_typed_in_prose_are_seen(text, found):
    assert typed_results(text) == found


def test_pages_hold_no_typed_results_and_a_page_that_does_fails(tmp_path, monkeypatch):
    prose_checks.check_prose()
    monkeypatch.setattr(prose_checks, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("The estimate is 0.64.")
    with pytest.raises(execute.BookError, match=r"page\.md:1: 0\.64"):
        prose_checks.check_prose([page])


def test_an_executed_notebook_has_its_parameters_and_no_traces(tmp_path):
    source, output = tmp_path / "99_small.md", tmp_path / "out" / "99_small.ipynb"
    source.write_text(NOTEBOOK % "print(rho * 2)")
    execute.execute(source, output, {"rho": 0.25, "theta": 3.0})
    notebook = json.loads(output.read_text())
    text = json.dumps(notebook)
    assert "0.5\\n" in text
    assert str(tmp_path) not in text
    assert "theta" not in text
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert len(code) == 2, "no cell is put in"
    assert "".join(code[0]["source"]).strip() == "rho = 0.25"
    assert code[0]["metadata"]["tags"] == ["parameters"]
    assert [path.name for path in output.parent.iterdir()] == ["99_small.ipynb"]


def test_new_words_around_the_same_code_do_not_run_it(tmp_path):
    """Each run of the code takes another number; the same number is the same run."""
    source, output = tmp_path / "99_small.md", tmp_path / "99_small.ipynb"
    text = NOTEBOOK % "import uuid\nprint(uuid.uuid4())"

    def made(text, values, made_with):
        source.write_text(text)
        execute.execute(source, output, values, made_with)
        cells = json.loads(output.read_text())["cells"]
        words = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        return "".join(cells[-1]["outputs"][0]["text"]), words

    ran, _ = made(text, {"rho": 0.25}, "package 1")
    more = text.replace("# Title", "# Title\n\nA sentence.")
    kept, words = made(more, {"rho": 0.25}, "package 1")
    assert kept == ran
    assert words == ["# Title\n\nA sentence."]
    # the package, a value, the code, and outputs that nobody made
    for values, made_with in (({"rho": 0.25}, "package 2"), ({"rho": 0.5}, "package 2")):
        again, _ = made(more, values, made_with)
        assert again != kept
        kept = again
    again, _ = made(more.replace("print(uuid", "print(0, uuid"), values, made_with)
    assert again.startswith("0 ")
    output.write_text(output.read_text().replace(again.strip(), "0 typed in"))
    assert "typed in" not in made(more.replace("print(uuid", "print(0, uuid"), values, made_with)[0]


@pytest.mark.parametrize(
    "body", ["raise RuntimeError('no')", "import warnings; warnings.warn('no')"]
)
def test_a_failing_or_warning_notebook_leaves_what_was_there(tmp_path, body):
    source, output = tmp_path / "99_small.md", tmp_path / "out" / "99_small.ipynb"
    output.parent.mkdir()
    output.write_text("before")
    source.write_text(NOTEBOOK % body)
    with pytest.raises(Exception, match="no"):
        execute.execute(source, output, {})
    assert output.read_text() == "before"
    assert [path.name for path in output.parent.iterdir()] == ["99_small.ipynb"]


def test_a_bar_of_progress_is_no_part_of_a_page():
    view = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "FloatProgress"}
    bar = {"output_type": "display_data", "data": view}
    words = {"output_type": "stream", "name": "stdout", "text": ["1"]}
    notebook = {
        "metadata": {"widgets": {}},
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [bar, words]}],
    }
    execute._tidy(notebook, "x", 1.0)
    assert notebook["cells"][0]["outputs"] == [words]
    assert "widgets" not in notebook["metadata"]


def _tiny_book(folder: Path, page: str) -> Path:
    folder.mkdir()
    (folder / "_config.yml").write_text("title: Tiny\nexecute:\n  execute_notebooks: 'off'\n")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (folder / "index.md").write_text(page)
    return folder


@pytest.mark.slow
def test_a_book_that_does_not_build_leaves_the_old_one(tmp_path):
    html = tmp_path / "site" / "html"
    site.build(_tiny_book(tmp_path / "good", "# Hello\n"), html)
    (html / "scenarios").mkdir()
    before = (html / "index.html").read_text()
    with pytest.raises(execute.BookError, match="nowhere"):
        site.build(_tiny_book(tmp_path / "bad", "# Hello\n\n{ref}`nowhere`\n"), html)
    assert (html / "index.html").read_text() == before
    site.build(_tiny_book(tmp_path / "again", "# Hello again\n"), html)
    assert (html / "scenarios").is_dir()
    assert [path.name for path in html.parent.iterdir()] == ["html"]


@pytest.mark.slow
def test_pages_that_were_read_before_give_the_site_that_is_made_from_nothing(tmp_path, monkeypatch):
    """A title that changes stands on pages that did not change; what failed is not kept."""
    monkeypatch.setattr(files_room, "BUILD", tmp_path)
    kept, staged = tmp_path / "read", tmp_path / "staged"
    toc = "format: jb-book\nroot: index\nchapters:\n- file: other\n"
    for title in ("First", "Second"):
        before = stage._contents(staged)
        shutil.rmtree(staged, ignore_errors=True)
        (_tiny_book(staged, "# Hello\n\n{doc}`other`\n") / "_toc.yml").write_text(toc)
        (staged / "other.md").write_text(f"# {title} title\n")
        stage._keep_times(staged, before)
        site.build(staged, tmp_path / title, kept=kept)
    names = [path for path in (tmp_path / "Second").rglob("*") if path.is_file()]
    site.build(staged, tmp_path / "fresh")
    for path in names:
        other = tmp_path / "fresh" / path.relative_to(tmp_path / "Second")
        assert path.read_bytes() == other.read_bytes(), path.name
    assert "Second title" in (tmp_path / "Second" / "index.html").read_text()
    (staged / "other.md").write_text("# Other\n\n{ref}`nowhere`\n")
    for _ in range(2):  # the page is not read again as though it had been right
        with pytest.raises(execute.BookError, match="nowhere"):
            site.build(staged, tmp_path / "Second", kept=kept)


def test_files_that_are_what_they_were_keep_their_time(tmp_path):
    for name in ("same", "other"):
        (tmp_path / name).write_text("a")
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    before = stage._contents(tmp_path)
    for name, words in (("same", "a"), ("other", "b"), ("new", "c")):
        (tmp_path / name).write_text(words)
        os.utime(tmp_path / name, ns=(5 * 10**17, 5 * 10**17))  # as from an older copy
    stage._keep_times(tmp_path, before)
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert times["same"] == 10**18
    assert min(times["other"], times["new"]) > 10**18


def test_every_error_has_one_ancestor():
    assert issubclass(execute.BookError, CompanionError)
    assert issubclass(UnknownNameError, ValueError)


def test_the_banner_says_what_is_not_the_papers():
    run = Run("x", "x", {"source": "replication"})
    assert stage.banner(run) == ""
    text = stage.banner(Run("x", "x", {"source": "synthetic"}, {"rho": 0.0}, "no network"))
    assert "synthetic economy" in text
    assert "no network" in text
    assert "rho = 0.0" in text


def test_a_run_is_read_back_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(runs_room.files, "BUILD", tmp_path)
    changes = {"policies": {"one": {"city": {"Akron, OH": 1.1}}}, "rho": None}
    run = Run("a", "A <b>", {"source": "synthetic", "years": [2010]}, changes, "why", {"a": "0f"})
    run.write()
    assert Run.named("a") == Run.read(run.file) == run
    written = run.file.stat().st_mtime_ns
    run.write()
    assert run.file.stat().st_mtime_ns == written, "tasks depend on it"
    with pytest.raises(FrozenInstanceError):
        run.title = "B"
    run.write_parameters_of("05_x", ["rho", "years"])
    run.write_parameters_of("07_x", ["source"])
    assert json.loads(run.parameters_of("05_x").read_text()) == {
        "parameters": {"years": [2010]},
        "data": {},
    }
    assert json.loads(run.parameters_of("07_x").read_text())["data"] == {"a": "0f"}
    run.file.write_text('{"title": "x"}')
    with pytest.raises(DataError, match=r"no run.*make book"):
        Run.named("a")


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    place = tmp_path / "deep" / "a.txt"
    files_room.replace(place, "é")

    def fail() -> None:
        with files_room.whole(place) as beside:
            beside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert place.read_text("utf-8") == "é"
    assert [path.name for path in place.parent.iterdir()] == ["a.txt"]
    assert not files_room.write_changed(place, "é")
    assert files_room.write_changed(place, "e")


@pytest.fixture
def copied(tmp_path) -> reach.Package:
    """A copy of the package, to be edited."""
    shutil.copytree(reach.PACKAGE, tmp_path / "helpers")
    return reach.Package(tmp_path / "helpers")


def _put_out_of_date(package: reach.Package, edited: str) -> set[str]:
    """Notebooks that depend on a file of the package, or on one of a folder of it."""
    place = package.root / edited
    return {
        source.stem
        for source in pages.notebooks()
        if any(path.is_relative_to(place) for path in package.of_page(source.read_text("utf-8")))
    }


@pytest.mark.parametrize(
    "edited",
    [f"book/{name}.py" for name in ("stage", "site", "decorate", "run", "reach", "differences")]
    + [f"runs/{name}.py" for name in ("grid", "forecast", "lifeline", "compare")],
)
def test_how_a_page_is_published_puts_no_notebook_out_of_date(edited):
    assert (reach.PACKAGE / edited).is_file()
    assert _put_out_of_date(reach.Package(), edited) == set()


def test_a_notebook_depends_on_the_economics_that_it_uses(copied):
    every = {source.stem for source in pages.notebooks()}
    model = _put_out_of_date(copied, "counterfactuals")
    assert {"07_city_shocks", "08_occupation_shocks", "16_what_if", "17_policy"} <= model
    assert every == _put_out_of_date(copied, "book/execute.py")
    assert every == _put_out_of_date(copied, "notebook/parameters.py")
    assert _put_out_of_date(copied, "exhibits/whatif.py") == {"16_what_if"}
    assert "16_what_if" in _put_out_of_date(copied, "exhibits/live/whatif.js")
    assert "07_city_shocks" in _put_out_of_date(copied, "exhibits/live/engine.js")
    # its buttons are the worked scenarios
    assert _put_out_of_date(copied, "runs/scenario.py") == {"16_what_if"}
    assert "04_data" in _put_out_of_date(copied, "sources/metros.csv")
    # an import that is new is followed at once
    estimation = copied.root / "estimation" / "cells.py"
    estimation.write_text("from helpers.runs import forecast\n" + estimation.read_text())
    again = reach.Package(copied.root)
    assert "05_estimation" in _put_out_of_date(again, "runs/forecast.py")


@pytest.mark.parametrize(
    ("cell", "reached", "spared"),
    [
        ("from helpers import exhibits\nexhibits.figure_2(p)", "paper_figures", "whatif"),
        ("from helpers import exhibits as e\ne.live.gain_map(p)", "live/world", "live/towns"),
        ("from helpers import exhibits\nf(exhibits)", "whatif", "nothing"),
        ("import helpers.exhibits\nhelpers.exhibits.policy.gains_map(p)", "policy", "whatif"),
        ("from helpers.exhibits import *", "whatif", "nothing"),
        ("def f():\n    from helpers.exhibits import moving", "small_multiples", "whatif"),
        ("%matplotlib inline\nfrom helpers.exhibits.table import show", "table", "policy"),
    ],
)
def test_imports_are_followed_through_faces(cell, reached, spared):
    found = reach.of_page(f"# T\n\n```{{code-cell}} ipython3\n:tags: [x]\n\n{cell}\n```\n")
    names = {path.relative_to(reach.PACKAGE).as_posix() for path in found}
    assert f"exhibits/{reached}.py" in names
    assert f"exhibits/{spared}.py" not in names


@pytest.mark.slow
@pytest.mark.parametrize("stem", ["02_model", "10_replication_report", "13_identification"])
def test_whatever_a_notebook_loads_it_is_known_to_reach(stem, tmp_path):
    """A cell put at the end of it says what the kernel has loaded."""
    source = NOTEBOOKS / f"{stem}.md"
    text = source.read_text("utf-8")
    known = {path.as_posix() for path in reach.of_page(text)}
    copy, output = tmp_path / source.name, tmp_path / "out.ipynb"
    says = "print(*sorted(m.__file__ for n, m in sys.modules.items() if n[:7] == 'helpers'))"
    copy.write_text(f"{text}\n\n```{{code-cell}} ipython3\nimport sys\n{says}\n```\n", "utf-8")
    execute.execute(copy, output, {"source": "synthetic"})
    said = json.loads(output.read_text("utf-8"))["cells"][-1]["outputs"][0]["text"]
    loaded = set("".join(said).split())
    assert len(loaded) > 10
    assert loaded <= known


def test_a_title_and_names_of_policies_are_words_in_the_banner():
    changes = {"policies": {"<i>one</i>": {}}, "city": "A & B"}
    text = stage.banner(Run("x", "<b>", {"source": "replication"}, changes))
    assert "&lt;b&gt;" in text
    assert "&lt;i&gt;one&lt;/i&gt;, city = A &amp; B" in text.replace("policies: ", "")


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        (None, "None"),
        (0.0, "0.0"),
        (True, "True"),
        ([2011, 2015], "[2011, 2015]"),
        ("Coeur d'Alene, ID", '"Coeur d\'Alene, ID"'),
        ({"a": {"city": {"Akron, OH": 1.1}}}, '{"a": {"city": {"Akron, OH": 1.1}}}'),
    ],
)
def test_a_value_is_written_as_a_reader_would_write_it(value, spelt):
    assert parameters.literal(value) == spelt
    assert parameters.values(f"x = {spelt}") == {"x": value}


def test_values_take_the_place_of_others_and_leave_all_else():
    before = (
        'city = "Akron, OH"  # shocked\n'
        "rho = None  # None: the estimate\n"
        "theta = 3.0  # a shape\n"
        "policies = {\n"
        '    "one": {"city": {city: 1.1}},\n'
        "}\n"
        "print(city)\n"
    )
    same = {"city": "Akron, OH", "rho": None, "theta": 3, "unknown": 1}
    assert parameters.rewrite(before, same) == before
    after = parameters.rewrite(before, {"city": "Ithaca, NY", "rho": 0.5})
    assert after == before.replace('"Akron, OH"  # shocked', '"Ithaca, NY"').replace(
        "rho = None ", "rho = 0.5 "
    )
    # what a name above changes is set where it was not asked for
    kept = parameters.rewrite(
        before, {"city": "Ithaca, NY", "policies": {"one": {"city": {"Akron, OH": 1.1}}}}
    )
    assert parameters.values(kept)["policies"] == {"one": {"city": {"Akron, OH": 1.1}}}
    with pytest.raises(ParameterError, match="plain value"):
        parameters.values("x = open('file')")


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(value=plain_values, other=plain_values)
def test_whatever_a_scenario_gives_is_read_back_from_the_cell(value, other):
    code = parameters.rewrite("a = 1  # one\nb = {'x': [a]}\n", {"a": value, "b": other})
    assert parameters.values(code) == {"a": value, "b": other}


@pytest.mark.parametrize("source", pages.notebooks(), ids=lambda path: path.stem)
def test_every_parameters_cell_can_hold_other_values(source):
    """What a scenario may change is declared in plain values, and is shown when it is changed."""
    text = source.read_text(encoding="utf-8")
    names = pages.declared_parameters(text)
    wanted = {name: f"other {name}" for name in names}
    changed = parameters.with_values(text, wanted)
    cell = parameters._CELL.search(changed)
    assert (parameters.values(cell["body"]) if cell else {}) == wanted
    assert parameters.with_values(text, {}) == text


def _bound_and_read(code: str) -> tuple[set[str], set[str]]:
    """Names that a cell assigns, imports left out, and names that it reads."""
    names = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    defined = [n for n in ast.parse(code).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return bound | {node.name for node in defined}, read


def hidden_work(text: str) -> list[str]:
    """What is wrong with the cells of a page that are removed from it."""
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)^```", text, re.M | re.S)
    wrong, hidden = [], set()
    for options, body in cells:
        body = re.sub(r"\A---\n.*?\n---\n", "", body, flags=re.S)
        bound, read = _bound_and_read(body)
        if re.search(r":tags:.*\bremove-(?:cell|input)\b", options) is None:
            wrong += [f"{name}: computed where no reader sees it" for name in read & hidden]
            hidden -= bound
            continue
        hidden |= bound
        calls = [s.value for s in ast.parse(body).body if isinstance(s, ast.Expr)]
        names = {getattr(getattr(call, "func", None), "id", "") for call in calls}
        if "remove-cell" in options and not names <= {"record", "glue"}:
            wrong.append(f"{names - {'record', 'glue'}}: called where no reader sees it")
        if "remove-cell" in options and "parameters" not in options and not names:
            wrong.append(f"hands nothing to the text: {body[:60]!r}")
    return wrong


@pytest.mark.parametrize("source", pages.notebooks(), ids=lambda path: path.stem)
def test_what_a_visible_cell_uses_is_computed_in_a_visible_cell(source):
    """Removed cells hand numbers to the text, and nothing to the cells that a reader sees."""
    assert hidden_work(source.read_text(encoding="utf-8")) == []


def test_hidden_work_is_seen():
    page = "```{code-cell} ipython3\n:tags: [remove-cell]\n%s\n```\n\n```{code-cell}\n%s\n```\n"
    assert hidden_work(page % ("y = x.sum()\nrecord(total=y)", "x + 1")) == []
    assert "computed where no reader" in hidden_work(page % ("y = 1\nrecord(y=y)", "y"))[0]
    assert "called where no reader" in hidden_work(page % ("print(1)\nrecord(y=1)", "x"))[0]
    assert "hands nothing" in hidden_work(page % ("y = 1", "x"))[0]


@pytest.mark.slow
def test_launch_buttons_stand_on_the_pages_of_a_book_with_a_repository(tmp_path, monkeypatch):
    """Built from the book's own configuration, with a banner, and read as a browser would."""
    address = "https://github.com/someone/correlated-migration"
    notebook = {
        "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Data"}],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    run = Run("x", "x", {"source": "synthetic"})
    for repository, there in ((address, True), ("", False)):
        staged, html = tmp_path / f"staged-{there}", tmp_path / f"site-{there}" / "html"
        (staged / "notebooks").mkdir(parents=True)
        config = stage.configuration(replace(run, repository=repository))
        config.pop("bibtex_bibfiles")
        config["sphinx"]["config"].pop("bibtex_reference_style")
        (staged / "_config.yml").write_text(yaml.safe_dump(config))
        (staged / "_toc.yml").write_text(
            "format: jb-book\nroot: index\nchapters:\n- file: notebooks/04_data\n"
        )
        (staged / "index.md").write_text("# Hello\n")
        (staged / "notebooks" / "04_data.ipynb").write_text(json.dumps(notebook))
        shutil.copytree(BOOK / "_static", staged / "_static")
        site.build(staged, html)
        page = BeautifulSoup((html / "notebooks" / "04_data.html").read_text(), "html.parser")
        links = {link.get("href") for link in page.find_all("a")}
        expected = {
            address,
            "https://mybinder.org/v2/gh/someone/correlated-migration/main"
            "?urlpath=lab/tree/notebooks/04_data.ipynb",
            "https://colab.research.google.com/github/someone/correlated-migration/blob/main/"
            "notebooks/04_data.ipynb",
        }
        assert (links >= expected) if there else not (links & expected)
        assert "synthetic economy" in page.select_one(".bd-header-announcement").text
        assert page.select_one(".dropdown-download-buttons")


def test_an_address_that_is_none_is_refused(monkeypatch):
    for wrong in ("somewhere", "https://github.com/owner", "https://example.org/a/b", "a b"):
        monkeypatch.setenv("COMPANION_REPOSITORY", wrong)
        with pytest.raises(execute.BookError, match=r"COMPANION_REPOSITORY.*owner/name"):
            runs_room.repository()
    monkeypatch.setenv("COMPANION_REPOSITORY", "https://github.com/owner/a.name/")
    assert runs_room.repository() == "https://github.com/owner/a.name"


@pytest.mark.parametrize("name", ["a folder of mine", "_config.yml only"])
def test_nothing_is_removed_that_the_package_did_not_write(tmp_path, name):
    """Stage and site go into empty folders or over their own kind; anything else stays."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / ("_config.yml" if "_config" in name else "thesis.tex")).write_text("years of work")
    before = {path: path.read_bytes() for path in mine.iterdir()}
    run = Run("x", "x", {"source": "synthetic"})
    with pytest.raises(DataError, match="nothing was touched"):
        stage.stage(mine, tmp_path, run)
    with pytest.raises(DataError, match="nothing was touched"):
        site.build(tmp_path, mine)
    with pytest.raises(DataError, match="nothing was touched"):
        discard(mine)
    assert {path: path.read_bytes() for path in mine.iterdir()} == before
    BUILD.mkdir(exist_ok=True)
    with pytest.raises(DataError):
        discard(BUILD)
    assert BUILD.is_dir()
    link = tmp_path / "link"
    link.symlink_to(mine, target_is_directory=True)
    with pytest.raises(DataError):
        discard(link)


def test_every_removal_in_tools_and_publication_is_of_what_they_wrote():
    """Whoever adds a removal adds it here, with what it removes and why that is its own."""
    known = {
        "src/helpers/files.py": 3,  # discard: checked; a file that was not finished
        "src/helpers/book/stage.py": 1,  # a staged page
        "src/helpers/book/site.py": 5,  # unused parts of a new site, of a copy; its mark
        "src/helpers/book/decorate.py": 2,  # of a new site, what no page shows; of its own pages
        "tools/clean.py": 2,  # names of what is made, in this folder
        "tools/env.py": 6,  # environments under three names, known by pyvenv.cfg
    }
    words = re.compile(r"\b(?:rmtree|unlink|rmdir|os\.remove|shutil\.move)\(")
    files = [*(ROOT / "tools").glob("*.py"), *(ROOT / "tasks").glob("task_*.py")]
    files += [ROOT / "src/helpers/files.py", *(ROOT / "src/helpers/book").glob("*.py")]
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        if name != "tools/sweep.py":
            found = len(words.findall(file.read_text("utf-8")))
            assert found <= known.get(name, 0), f"{name}: {found} removals"
    assert "rm -" not in (ROOT / "Makefile").read_text()


def test_a_lock_is_free_when_its_owner_is_gone(tmp_path):
    place = tmp_path / "deep" / "book.lock"
    holder = (
        "import sys, time; from pathlib import Path; from helpers.book.locks import held\n"
        "with held(Path(sys.argv[1]), 'works'):\n    print('held', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", holder, str(place)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout.readline() == "held\n"
    assert place.read_text() == f"{owner.pid}\n"
    assert not locks.free(place)
    second = subprocess.Popen(
        [sys.executable, "-c", holder, str(place)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert f"another process ({owner.pid}) works here; waiting" in second.stderr.readline()
        owner.kill()
        assert second.stdout.readline() == "held\n"
        assert place.read_text() == f"{second.pid}\n"
    finally:
        for process in (owner, second):
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
    assert locks.free(place)
    assert locks.free(tmp_path / "nowhere")


@pytest.mark.slow
def test_whoever_asked_is_gone_and_so_is_all_that_was_started(tmp_path):
    """Killed outright, the caller leaves neither a worker nor one in a session of its own."""
    child = (
        "import subprocess, sys, time\n"
        "own = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'],"
        " start_new_session=True)\n"
        "print(own.pid, flush=True); time.sleep(99)"
    )
    caller = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, *sys.argv[1:]], stdin=subprocess.PIPE,"
        " start_new_session=True)\nprint(p.pid, flush=True)\np.wait()"
    )
    attend = str(ROOT / "tools" / "attend.py")
    started = subprocess.Popen(
        [sys.executable, "-c", caller, attend, sys.executable, "-c", child],
        stdout=subprocess.PIPE,
        text=True,
    )
    numbers = [int(started.stdout.readline()), int(started.stdout.readline())]
    processes = [psutil.Process(number) for number in numbers]
    started.kill()
    started.wait()
    started.stdout.close()
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_a_portable_notebook_resolves_what_only_the_book_knows():
    from helpers.book import plain_notebook

    known = {"ch-model": ("The model", "02_model"), "eq-hat": ("eq-hat", "07")}
    text = (
        "(here)=\n# Title\n{math}`x` is {glue:text}`x:.1%`, {glue:text}`n:,d` and "
        "{glue:text}`who`; "
        "{ref}`ch-model`, {ref}`that <ch-model>`, {eq}`eq-hat`, {term}`shifters <shifter>`, "
        "{cite:p}`A2020`.\n\n```{math}\n:label: eq-a\na = b\n```\n\n```{exercise} By hand, easy\n"
        ":label: ex-1\nWhy?\n```\n\n```{solution} ex-1\n:class: dropdown\nSo.\n```\n"
    )
    numbers = {"x": 0.123, "n": 19280.0, "who": "Akron"}
    plain = plain_notebook.resolve(text, numbers, known, {"A2020": "Abel 2020"})
    assert "$x$ is 12.3%, 19,280 and Akron" in plain
    assert "[The model](02_model.ipynb), [that](02_model.ipynb), (eq-hat), shifters" in plain
    assert "(Abel 2020)" in plain
    assert "a = b \\tag{eq-a}" in plain
    assert "**Exercise (By hand, easy)**\n\nWhy?" in plain
    assert "<summary>Solution</summary>" in plain
    assert "{" not in plain.replace("\\tag{eq-a}", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- item\n\n  ```python\n  x = 0.64\n  ```\n\n- It is 0.65.", ["7: 0.65"]),
        ("> `0.64` and ``a ` 0.63``\n>\n> ```\n> 0.5\n> ```\n> 0.66", ["6: 0.66"]),
        ("It costs \\$5.20, $x = 0.64$ and `$0.1$`.", ["1: 5.20", "1: 0.64"]),
        ("::::{grid}\n:::{card}\n0.64\n:::\n```{code-cell}\nx = 0.7\n```\n::::", ["3: 0.64"]),
        ("````{note}\n```\n0.1\n```\n0.2\n````\n0.3", ["5: 0.2", "7: 0.3"]),
        ("```{math}\n:label: eq-1.5\na = 0.5\n```\n$$\nb = 0.6\n$$", ["3: 0.5", "6: 0.6"]),
        ("{math}``x = 0.64`` and {math}`y\n= 0.5`", ["1: 0.64", "2: 0.5"]),
        ("```{note}\n---\nclass: v0.5\n---\n0.64\n```\n% 0.7\n\n(l-0.8)=\n# T", ["5: 0.64"]),
        ("| a | b |\n| --- | --- |\n| `0.1` | 0.2 |\n\n[0.3](x0.4.html)", ["3: 0.2", "5: 0.3"]),
        ("~~~{note}\n0.61\n~~~\n~~~\n0.62\n~~~\n\n```python\nx = 0.63", ["2: 0.61"]),
    ],
)
def test_a_page_is_read_as_its_builder_reads_it(text, found):
    """Fences in lists and quotes, colon fences in each other, dollars in code."""
    assert typed_results(text) == found


def test_pieces_stand_where_the_reader_says():
    text = (
        "---\na: b\n---\n(here)=\n# A *title*\n\n- Some ``a ` b``, {term}`words <word>`\n"
        "  and {glue:text}`x:.2f` or $y$.\n\n:::{note}\n:class: tip\n> {math}`z`\n:::\n"
    )
    page = myst.read(text)
    found = {(piece.kind, text[piece.start : piece.end]) for piece in page.pieces}
    assert found == {
        ("front", "---\na: b\n---"), ("label", "(here)="), ("heading", "# A *title*"),
        ("code", "``a ` b``"), ("role", "{term}`words <word>`"), ("role", "{glue:text}`x:.2f`"),
        ("math", "$y$"), ("fence", ":::{note}"), ("fence", ":::"), ("option", ":class: tip"),
        ("role", "{math}`z`"),
    }  # fmt: skip
    assert page.labels == {"here": "A *title*"}
    plain = page.without("role", roles=("term",))
    assert len(plain) == len(text)
    assert plain[text.index("words") :].startswith("words <word>")
    assert "x:.2f" not in plain


def test_labels_are_those_of_headings_equations_exercises_and_figures(tmp_path):
    page = tmp_path / "07_x.md"
    page.write_text(
        "---\nkernelspec:\n  name: python3\n---\n(ch-x)=\n# X\n\n```{math}\n:label: eq-x\na\n```\n"
        "````{note}\n```{exercise} By hand\n:label: ex-x\nWhy?\n```\n````\n"
        "```{code-cell} ipython3\n---\nmystnb:\n  figure:\n    name: fig-x\n---\n"
        "label: int = 1\n```\n"
        "```\n(no)=\n# code\n```\n"
    )
    assert myst.labels([page]) == {
        "ch-x": ("X", "07_x"),
        "eq-x": ("eq-x", "07_x"),
        "ex-x": ("ex-x", "07_x"),
        "fig-x": ("fig-x", "07_x"),
    }


words = st.sampled_from(
    [
        "word",
        "`0.1`",
        "$x$",
        "{math}`y`",
        "{term}`a <b>`",
        "[l](u.html)",
        "**b**:",
        "`` ` ``",
        "\\$",
    ]
)


@given(st.lists(st.lists(words, max_size=6).map(" ".join), max_size=6), st.booleans())
def test_whatever_is_blanked_out_all_else_keeps_its_place(lines, listed):
    text = "\n".join(f"- {line}" if listed else line for line in lines)
    for kinds in (("code",), ("role", "math"), ("code", "role", "math", "link", "address")):
        plain = myst.read(text).without(*kinds)
        assert len(plain) == len(text)
        assert all(a in (b, " ") for a, b in zip(plain, text, strict=True))
        assert plain.count("word") == text.count("word")


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ("A sentence.", "Another sentence.", {"a", "index"}),  # the page of contents always
        ("# First", "# Renamed", {"a", "b", "index"}),  # it stands in b's text and in the contents
    ],
)
def test_a_page_is_written_again_where_what_it_says_of_another_changed(
    tmp_path, before, after, again
):
    """The pages are those that a builder makes that starts from nothing."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    text = {
        "index": "# Contents\n\n```{toctree}\na\nb\n```\n",
        "a": "(here)=\n# First\n\nA sentence.\n",
        "b": "# Second\n\nAs {ref}`here` says.\n",
    }
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'helpers.book.outdated']\nhtml_theme = 'basic'\n"
        "html_last_updated_fmt = None\n"
    )

    def built(name: str) -> dict[str, tuple[str, int]]:
        for page, content in text.items():
            if not (file := source / f"{page}.md").exists() or file.read_text() != content:
                file.write_text(content)
        place = tmp_path / name
        with docutils_namespace():
            Sphinx(source, source, place, place / "read", "html", status=None, warning=None).build()
        pages = {page: place / f"{page}.html" for page in text}
        return {page: (p.read_text(), p.stat().st_mtime_ns) for page, p in pages.items()}

    first = built("kept")
    text["a"] = text["a"].replace(before, after)
    second = built("kept")
    assert {page for page in text if second[page][1] != first[page][1]} == again
    fresh = built("fresh")
    assert {page: words for page, (words, _) in second.items()} == {
        page: words for page, (words, _) in fresh.items()
    }


def test_a_finished_page_is_taken_until_what_it_is_made_from_changes(tmp_path, monkeypatch):
    page, waiting = tmp_path / "site" / "notebooks" / "a.html", tmp_path / "finished"
    page.parent.mkdir(parents=True)
    finished = []
    monkeypatch.setattr(decorate, "_finished", lambda text, *_: finished.append(text) or text + "!")
    for text in ("one", "one", "two"):
        page.write_text(text)
        decorate.finish_pages(tmp_path / "site", waiting)
        assert page.read_text() == text + "!"
    assert finished == ["one", "two"]
    assert len(list(waiting.iterdir())) == 1  # what no page uses is gone


def test_a_page_of_code_is_made_again_when_the_code_or_the_ledger_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(runs_room.files, "BUILD", tmp_path)
    made = []

    def page(run, executed):
        made.append((executed / "ledger.ipynb").read_text())
        return f"words\n{made[-1]}"

    run = Run("x", "x", {"source": "synthetic"})
    for ledger in ("one", "one", "two"):
        (tmp_path / "ledger.ipynb").write_text(ledger)
        assert stage._of_code(page, run, tmp_path, "equations") == f"words\n{ledger}"
    assert made == ["one", "two"]
