"""README, citation, archive, containers: true, whole, and the same twice."""

import importlib.util
import re
import subprocess
import sys
import zipfile

import pytest
import yaml

from helpers import paths, publish

ROOT = paths.ROOT


def _tool(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_parts_of_the_readme_are_true(readme):
    tool = _tool("readme")
    assert tool.fill(readme, tool.BLOCKS) == readme, "run make readme"


def test_the_readme_has_every_part_that_data_editors_ask_for(readme):
    for part in (
        *("Overview", "Data availability and provenance", "Dataset list and dictionary"),
        *("Computational requirements", "Programs", "Instructions", "Exhibits", "References"),
    ):
        assert f"### {part}" in readme
    for words in ("rights", "licence", "access", "time, money", "Memory", "Storage", "Seeds"):
        assert words.casefold() in readme.casefold()
    for stem in publish.titles():
        assert f"`{stem}`" in readme, f"{stem} has no running time"
    for name in ("table 1", "table 8.2.1", "figure 1a", "figure 5"):
        assert f"| {name} |" in readme


def test_lines_named_in_the_readme_are_where_it_says(readme):
    block = re.search(r"<!-- made: exhibits -->(.*?)<!-- end -->", readme, re.S).group(1)
    found = re.findall(r"`(\w+)`, `(src/[\w/.]+)` line (\d+) \| `([\w/.]+)` line (\d+)", block)
    assert len(found) >= 15
    for name, file, line, notebook, called in found:
        code = (ROOT / file).read_text().splitlines()
        assert code[int(line) - 1].startswith(f"def {name}(")
        cell = (ROOT / notebook).read_text().splitlines()
        assert f"{name}(" in cell[int(called) - 1]


def test_binder_asks_for_the_same_requirements():
    tool = _tool("readme")
    assert (ROOT / "binder" / "environment.yml").read_text() == tool.binder(), "run make readme"
    build = (ROOT / "binder" / "postBuild").read_text()
    assert "--editable ." in build


def test_the_citation_has_what_its_standard_requires():
    """Required keys of the Citation File Format 1.2.0, and no key that it does not know."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert set(cited) <= {
        *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi"),
        *("identifiers", "keywords", "license", "license-url", "message", "preferred-citation"),
        *("references", "repository", "repository-artifact", "repository-code", "title", "type"),
        *("url", "version"),
    }
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] in ("software", "dataset")
    assert all({"name"} <= set(a) or {"family-names"} <= set(a) for a in cited["authors"])
    for reference in cited["references"]:
        assert {"authors", "title", "type"} <= set(reference)
    settings = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{cited["version"]}"' in settings


@pytest.mark.parametrize("name", ["reproduce.sh", "reproduce_min.sh", "binder/postBuild"])
def test_scripts_can_be_run_and_call_make(name):
    path = ROOT / name
    assert path.stat().st_mode & 0o100
    shell = "bash" if "postBuild" in name else "sh"
    assert subprocess.run([shell, "-n", str(path)]).returncode == 0
    if name.endswith(".sh"):
        assert "make book" in path.read_text()


def test_the_container_copies_no_build_and_makes_the_environment():
    text = (ROOT / "Dockerfile").read_text()
    assert "make env" in text
    assert {".venv", "_build", ".git"} <= set((ROOT / ".dockerignore").read_text().split())


def test_the_archive_is_the_same_twice_and_refuses_what_does_not_belong(tmp_path):
    tool = _tool("archive")
    found = {f"src/{path.name}": path.read_bytes() for path in (ROOT / "tools").glob("*.py")}
    found["reproduce.sh"] = b"#!/bin/sh\nmake book\n"
    tool.check(found)
    for name in ("one.zip", "two.zip"):
        tool.write(found, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == archive.namelist()
        script = archive.getinfo("correlated-migration/reproduce.sh")
        assert script.external_attr >> 16 & 0o100
    for bad, message in (
        ({"a": b""}, "empty"),
        ({"a": b"x", "b": b"x"}, "the same as a"),
        ({"a": str(ROOT).encode()}, "path of this machine"),
        ({"a": b"see /" + b"home/me"}, "path of this machine"),
    ):
        with pytest.raises(tool.ArchiveError, match=message):
            tool.check(bad)
    tool.check({"site/a": b"x", "site/b": b"x"})


def test_what_git_tracks_could_be_deposited():
    """No empty file, no duplicate, no path of a machine among the project's own files."""
    if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("not a git repository")
    tool = _tool("archive")
    tool.check({str(path.relative_to(ROOT)): path.read_bytes() for path in tool.tracked()})


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.M))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.M).group(1).split())
    assert targets == phony
    described = set(re.findall(r"^([a-z]+):.*##", text, re.M))
    assert targets - described == set()
    assert sys.version_info >= (3, 11)
