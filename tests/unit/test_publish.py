"""Scenarios that are refused, prose that is checked, and books that are all or nothing."""

import json
from pathlib import Path

import pytest

from helpers import paths, publish, scenario
from helpers.errors import CompanionError, DataError, ParameterError, UnknownNameError
from helpers.prose import typed_results

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


@pytest.mark.parametrize("path", publish.scenarios(), ids=lambda p: p.stem)
def test_scenarios_that_ship_are_valid(path, made):
    scenario.read(path).check_panel(made)


def test_the_papers_scenario_is_the_default():
    assert scenario.read(paths.SCENARIOS / "paper.yml") == scenario.Scenario()


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
        scenario.read(path)


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
        scenario.read(paths.SCENARIOS / "detroyt.yml")


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
    publish.check_prose()
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("The estimate is 0.64.")
    with pytest.raises(publish.BookError, match=r"page\.md:1: 0\.64"):
        publish.check_prose([page])


def test_an_executed_notebook_has_its_parameters_and_no_traces(tmp_path):
    source, output = tmp_path / "99_small.md", tmp_path / "out" / "99_small.ipynb"
    source.write_text(NOTEBOOK % "print(rho * 2)")
    publish.execute(source, output, {"rho": 0.25, "theta": 3.0})
    notebook = json.loads(output.read_text())
    text = json.dumps(notebook)
    assert "0.5\\n" in text
    assert str(tmp_path) not in text
    assert "theta" not in text
    injected = [
        c for c in notebook["cells"] if "injected-parameters" in c["metadata"].get("tags", [])
    ]
    assert "remove-cell" in injected[0]["metadata"]["tags"]
    assert [path.name for path in output.parent.iterdir()] == ["99_small.ipynb"]


@pytest.mark.parametrize(
    "body", ["raise RuntimeError('no')", "import warnings; warnings.warn('no')"]
)
def test_a_failing_or_warning_notebook_leaves_what_was_there(tmp_path, body):
    source, output = tmp_path / "99_small.md", tmp_path / "out" / "99_small.ipynb"
    output.parent.mkdir()
    output.write_text("before")
    source.write_text(NOTEBOOK % body)
    with pytest.raises(Exception, match="no"):
        publish.execute(source, output, {})
    assert output.read_text() == "before"
    assert [path.name for path in output.parent.iterdir()] == ["99_small.ipynb"]


def _tiny_book(folder: Path, page: str) -> Path:
    folder.mkdir()
    (folder / "_config.yml").write_text("title: Tiny\nexecute:\n  execute_notebooks: 'off'\n")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (folder / "index.md").write_text(page)
    return folder


@pytest.mark.slow
def test_a_book_that_does_not_build_leaves_the_old_one(tmp_path):
    html = tmp_path / "site" / "html"
    publish.build(_tiny_book(tmp_path / "good", "# Hello\n"), html)
    (html / "scenarios").mkdir()
    before = (html / "index.html").read_text()
    with pytest.raises(publish.BookError, match="nowhere"):
        publish.build(_tiny_book(tmp_path / "bad", "# Hello\n\n{ref}`nowhere`\n"), html)
    assert (html / "index.html").read_text() == before
    publish.build(_tiny_book(tmp_path / "again", "# Hello again\n"), html)
    assert (html / "scenarios").is_dir()
    assert [path.name for path in html.parent.iterdir()] == ["html"]


def test_every_error_has_one_ancestor():
    assert issubclass(publish.BookError, CompanionError)
    assert issubclass(UnknownNameError, ValueError)


def test_the_banner_says_what_is_not_the_papers():
    run = {"parameters": {"source": "replication"}, "changes": {}, "reason": "", "title": "x"}
    assert publish.banner(run) == ""
    run |= {"parameters": {"source": "synthetic"}, "reason": "no network", "changes": {"rho": 0.0}}
    text = publish.banner(run)
    assert "synthetic economy" in text
    assert "no network" in text
    assert "rho = 0.0" in text


def test_launch_buttons_need_a_repository():
    import copy

    import yaml

    config = yaml.safe_load((paths.ROOT / "_config.yml").read_text())
    same = copy.deepcopy(config)
    publish.offer_launch(same, "")
    assert same == config
    publish.offer_launch(config, "https://github.com/someone/correlated-migration")
    assert config["launch_buttons"]["binderhub_url"] == "https://mybinder.org"
    assert config["repository"]["url"].endswith("correlated-migration")
    with pytest.raises(publish.BookError, match="COMPANION_REPOSITORY"):
        publish.offer_launch(config, "somewhere")


def test_a_portable_notebook_resolves_what_only_the_book_knows():
    from helpers import portable

    known = {"ch-model": ("The model", "02_model"), "eq-hat": ("eq-hat", "07")}
    text = (
        "(here)=\n# Title\n{math}`x` is {glue:text}`x:.1%`, {glue:text}`n:,d` and "
        "{glue:text}`who`; "
        "{ref}`ch-model`, {ref}`that <ch-model>`, {eq}`eq-hat`, {term}`shifters <shifter>`, "
        "{cite:p}`A2020`.\n\n```{math}\n:label: eq-a\na = b\n```\n\n```{exercise} By hand, easy\n"
        ":label: ex-1\nWhy?\n```\n\n```{solution} ex-1\n:class: dropdown\nSo.\n```\n"
    )
    numbers = {"x": 0.123, "n": 19280.0, "who": "Akron"}
    plain = portable.resolve(text, numbers, known, {"A2020": "Abel 2020"})
    assert "$x$ is 12.3%, 19,280 and Akron" in plain
    assert "[The model](02_model.ipynb), [that](02_model.ipynb), (eq-hat), shifters" in plain
    assert "(Abel 2020)" in plain
    assert "a = b \\tag{eq-a}" in plain
    assert "**Exercise (By hand, easy)**\n\nWhy?" in plain
    assert "<summary>Solution</summary>" in plain
    assert "{" not in plain.replace("\\tag{eq-a}", "")
