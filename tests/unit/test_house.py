"""The house is what its documents say: requirements, versions, doctests, names."""

import doctest
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import helpers

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _bare(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement)[0].lower()


def _required(*extras: str) -> set[str]:
    """Requirements of the package, with those of extras."""
    project = SETTINGS["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][name] for name in extras)]
    return {requirement for requirements in lists for requirement in requirements}


def _pip(path: str) -> set[str]:
    environment = yaml.safe_load((ROOT / path).read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    return set(pip) - {"--editable ."}


def test_environment_yml_asks_for_what_a_reader_needs():
    assert _pip("environment.yml") == _required("book")


def test_binder_has_what_a_reader_needs_and_no_tool_of_tests():
    """Pinned, all of it; what no reader's requirement leads to stays out."""
    pinned = {_bare(entry).replace("_", "-") for entry in _pip("binder/environment.yml")}
    assert {_bare(entry) for entry in _required("book")} <= pinned
    # what binder/postBuild builds the package with
    assert {"hatchling", "editables"} <= pinned
    for tool in ("pytest", "hypothesis", "playwright", "ruff", "pyblp", "nbval", "pypdf"):
        assert tool not in pinned


def test_every_requirement_is_imported_or_run():
    """What nobody imports is asked for by nobody."""
    run = {"ipykernel", "jupyter-book", "pydata-sphinx-theme", "pytask-parallel", "sphinx-exercise",
           "sphinx-mathjax-offline", "sphinx-proof", "openpyxl", "pyarrow", "tabulate",
           "import-linter", "nbval", "pre-commit", "pytest-timeout", "pytest-xdist", "ruff",
           "uv", "editables", "hatchling", "jupytext"}  # fmt: skip
    modules = {"ibis-framework": "ibis", "lazy-loader": "lazy_loader", "pyyaml": "yaml",
               "axe-playwright-python": "axe_playwright_python", "myst-nb": "myst_nb",
               "markdown-it-py": "markdown_it", "mdit-py-plugins": "mdit_py_plugins"}  # fmt: skip
    files = [p for folder in ("src", "tests", "tools", "tasks", "benchmarks")
             for p in (ROOT / folder).rglob("*.py")]  # fmt: skip
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for requirement in {_bare(entry) for entry in _required("book", "test", "dev")} - run:
        module = modules.get(requirement, requirement)
        assert re.search(rf"^\s*(import|from) {module}\b", text, re.M), f"nobody imports {module}"


def test_the_lock_has_every_requirement_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    cluster = (ROOT / "requirements-cluster.lock").read_text()
    assert "pyspark==" in cluster
    assert "://" not in lock + cluster
    locked = set(re.findall(r"^([a-zA-Z0-9_.-]+)==", lock, re.M))
    assert {_bare(requirement) for requirement in _required("book", "test", "dev")} <= {
        n.lower() for n in locked
    }
    assert lock.count("--hash=sha256:") > len(locked)


@pytest.mark.parametrize(
    "name", [m.name for m in pkgutil.walk_packages(helpers.__path__, "helpers.")]
)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def test_notebooks_are_paired_and_in_sync():
    """The .ipynb has the cells of the .md, and no outputs."""
    import jupytext

    sources = sorted((ROOT / "notebooks").glob("[0-9]*.md"))
    assert sources
    for source in sources:
        text = jupytext.read(source)
        paired = jupytext.read(source.with_suffix(".ipynb"))
        assert [(c.cell_type, c.source) for c in text.cells] == [
            (c.cell_type, c.source) for c in paired.cells
        ], f"{source.name}: run make sync"
        assert not [c for c in paired.cells if c.cell_type == "code" and c.outputs]


@pytest.mark.slow
def test_no_file_names_this_machine_or_a_registry():
    listed = [p for p in ROOT.rglob("*") if p.suffix in {".md", ".py", ".yml", ".toml", ".ipynb"}]
    hidden = (".venv", ".cluster", "_build", ".git", ".pytask")
    for path in listed:
        if any(part in hidden for part in path.relative_to(ROOT).parts):
            continue
        text = path.read_text(encoding="utf-8")
        for word in ("/" + "work/", "pypi." + "org", "files.python" + "hosted"):
            assert word not in text, f"{path}: {word}"


def test_citation_and_version_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == SETTINGS["project"]["version"] == helpers.__version__
    assert citation["license"] == SETTINGS["project"]["license"]
