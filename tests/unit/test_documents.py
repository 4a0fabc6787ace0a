"""README, citation, archive, containers: true, whole, and the same twice."""

import bz2
import gzip
import importlib.util
import io
import lzma
import re
import shutil
import subprocess
import sys
import zipfile

import pandas as pd
import pytest
import yaml

from helpers import files as places_of
from helpers.book import pages
from helpers.exhibits import paper_tables
from helpers.sources import replication, synthetic
from helpers.targets import TARGETS

ROOT = places_of.ROOT


def _tool(name: str):
    sys.path.insert(0, str(ROOT / "tools"))  # tools call each other
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


def test_printed_exhibits_are_one_list_and_each_is_made_where_it_says():
    from helpers import exhibits
    from helpers.exhibits import printed

    for each in printed.PRINTED:
        assert callable(getattr(exhibits, each.function))
        chapter = (ROOT / "notebooks" / f"{each.chapter}.md").read_text("utf-8")
        assert f".{each.function}(" in chapter, f"{each.name} is not made in {each.chapter}"
        assert each.lacks or each.level == 5
    assert set(printed.levels(assessed=False)["level"]) == {"not assessed"}
    listed = _tool("readme").exhibits()
    assert all(f"| {each.name}" in listed for each in printed.PRINTED)


def test_the_readme_has_every_part_that_data_editors_ask_for(readme):
    for part in (
        *("Overview", "Data availability and provenance", "Dataset list and dictionary"),
        *("Computational requirements", "Programs", "Instructions", "Exhibits", "References"),
    ):
        assert f"### {part}" in readme
    for words in ("rights", "licence", "access", "time, money", "Memory", "Storage", "Seeds"):
        assert words.casefold() in readme.casefold()
    for stem in pages.titles():
        assert f"`{stem}`" in readme, f"{stem} has no running time"
    for name in ("table 1", "table 8.2.1", "figure 1a", "figure 5"):
        assert f"| {name} |" in readme


def test_the_readme_calls_the_papers_tables_as_the_paper_does(readme, made):
    """By what each function returns on a panel and by where each printed number stands."""
    rows = re.findall(r"^\| (table 2[AB]), (\w+) \| `(\w+)`", readme, re.M)
    assert len(rows) == 2
    for label, what, function in rows:
        shown = getattr(paper_tables, function)(made)
        assert plural(shown.columns[0]) == what
        printed = {target.printed for target in TARGETS if target.place == label}
        assert printed == set(shown["printed"])
        kinds = {target.id.split("-")[0] for target in TARGETS if target.place == label}
        assert kinds == ({"T_k"} if what == "occupations" else {"T_c"})
    for name in ("table 1", "table 8.2.1", *(f"figure {n}" for n in ("1a", "1b", *"2345"))):
        (function,) = re.findall(rf"^\| {re.escape(name)} \| `(\w+)`", readme, re.M)
        assert function == name.replace(" ", "_").replace(".", "_")


def plural(word: str) -> str:
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def test_the_readme_answers_what_a_deposit_asks(readme):
    """The social-science template's statements and the deposit form's fields."""
    for words in (
        *("Statement about rights", "Summary of availability", "legitimate access"),
        *("JEL codes", "keywords", "contact", "accessed", "address", "title"),
        *("The provided code reproduces", "Numbers in the text", "ISC", "CC BY 4.0"),
        *("not redistributed", "without fee", "scenarios that ship"),
    ):
        assert words in readme, words
    for file in replication.FILES.values():
        assert file.sha256 in readme
    for target in TARGETS:
        if not target.place.startswith("table"):
            assert f"{target.id} = {target.printed}" in readme
    for link in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / link).is_file(), link


def test_docker_leaves_its_result_outside_by_an_absolute_mount(readme):
    for text in (readme, (ROOT / "Dockerfile").read_text()):
        runs = re.findall(r"docker run.*", text)
        assert runs
        for run in runs:
            mounts = re.findall(r'-v "?([^": ]+(?: [^": ]+)*):(/[\w/]+)', run)
            assert ("$(pwd)/_build", "/companion/_build") in mounts, run
            assert all(outside.startswith(("/", "$(pwd)/")) for outside, _ in mounts), run
    assert "WORKDIR /companion" in (ROOT / "Dockerfile").read_text()


def test_citation_and_changelog_agree_on_release_and_date():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    heading = re.search(r"^## (\S+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    version, date = heading.groups()
    if date == "unreleased":
        assert "date-released" not in cited
    else:
        assert (str(cited["version"]), str(cited["date-released"])) == (version, date)


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
    (pinned,) = [
        entry["pip"]
        for entry in yaml.safe_load(tool.BINDER.read_text())["dependencies"]
        if isinstance(entry, dict)
    ]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in pinned)
    lock = (ROOT / "requirements.lock").read_text()
    assert all(re.search(rf"^{re.escape(line)}\b", lock, re.M) for line in pinned)
    asked = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (wanted,) = [entry["pip"] for entry in asked if isinstance(entry, dict)]
    names = {re.split(r"[<>=!~\[; ]", line)[0].lower() for line in wanted} - {"--editable"}
    assert names <= {line.partition("==")[0].lower() for line in pinned}


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


def test_what_belongs_to_the_project_could_be_deposited():
    """No empty file, no duplicate, no key, no records, no path of a machine among its files."""
    tool = _tool("archive")
    try:
        files = tool.tracked()
    except tool.ArchiveError:
        pytest.skip("neither a git repository nor an unpacked archive")
    tool.check({str(path.relative_to(ROOT)): path.read_bytes() for path in files})


IPUMS_KEY = "59cba10d8a5da536fc06b59d" + "0f" * 16
TABLE = pd.DataFrame({"year": [2019, 2019], "serial": [1, 2], "hhwt": [100.0, 90.0]})


def _written(write) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def test_records_and_keys_are_seen_whatever_their_name(tmp_path):
    why_not = _tool("confidential").why_not
    book, data = synthetic.write_extract(tmp_path, 200, seed=1)
    packed = data.read_bytes()
    secret = "a1b2c3d4" * 4
    for content in (
        *(packed, gzip.decompress(packed), gzip.compress(gzip.compress(b"x")), book.read_bytes()),
        *(bz2.compress(packed), lzma.compress(packed)),
        *(_written(TABLE.to_stata), _written(TABLE.to_parquet)),
        *(TABLE.to_csv(index=False).encode(), TABLE.to_csv(index=False, sep="\t").encode()),
        *(b"$FL2@(#) SPSS", b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14", b"RDX3\nX"),
        f"IPUMS_API_KEY={IPUMS_KEY}\n".encode(),
        f"the key is {IPUMS_KEY}".encode(),
        f'API_KEY = "{secret}"'.encode(),
        f"password: {secret}".encode(),
        b"-----BEGIN OPENSSH " + b"PRIVATE KEY-----\nx",
        b"-----BEGIN " + b"PRIVATE KEY-----\nx",
        b"ghp_" + b"a" * 36,
        b"AKIA" + b"A1" * 8,
    ):
        assert why_not("notes.txt", content), content[:60]
    for name in (".env", "a/.env", ".env.local", "x.dta", "x.SAV", "x.dat.gz", "p/cells.parquet"):
        assert why_not(name, b"nothing that tells"), name
    for name, content in {
        "lock": b"--hash=sha256:" + b"0f" * 32,
        "commit": b"978129136436bd020c3257faa08f4a3c126ec200",
        "say.py": b"api_key = os.environ['IPUMS_API_KEY']  # your own",
        "a.csv": b"city,year,share\n" + b"Akron,2019,0.5\n" * 30,
        "b.csv": b"x,y\n" + b"".join(b"%d,%d.5\n" % (i, i) for i in range(99)),
        "words.txt": b"a sentence of some length\n" * 40,
        ".env.example": b"IPUMS_API_KEY=your-key\n",
    }.items():
        assert why_not(name, content) is None, name


def test_git_leaves_out_what_must_not_be_passed_on(tmp_path):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    shutil.copy(ROOT / ".dockerignore", tmp_path)
    for name, ignored in {
        **dict.fromkeys(("extract/usa_00001.dat.gz", ".env", "acs-panel/cells.parquet"), True),
        **dict.fromkeys(("my-panel/about.json", "usa_00001.xml", "usa_00001.dat"), True),
        **dict.fromkeys((".venv/x", ".venv-new/x", "_build/html/index.html"), True),
        **dict.fromkeys(
            ("src/helpers/panel/table.py", "src/helpers/sources/synthetic/extract.py"), False
        ),
        **dict.fromkeys(("notebooks/04_data.md", "src/helpers/sources/states.json"), False),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        code = subprocess.run(["git", "-C", str(tmp_path), "check-ignore", "-q", name]).returncode
        assert (code == 0) == ignored, name


def test_a_link_to_what_an_archive_leaves_out_says_how_to_make_it():
    tool = _tool("archive")
    page = '<p><a class="x" href="../scenarios/detroit/differences.html">What changes</a>'
    mended = tool.without_dead_links("book/scenarios.html", page + '<a href="intro.html">A</a>')
    assert "make rerun SCENARIO=scenarios/detroit.yml" in mended
    assert "differences.html" not in mended
    assert '<a href="intro.html">A</a>' in mended
    good = {"site/book/a.html": b'<a href="b.html#x">b</a>', "site/book/b.html": b"b"}
    tool.check(good)
    with pytest.raises(tool.ArchiveError, match=r"a link to c\.html"):
        tool.check(good | {"site/book/a.html": b'<a href="c.html">c</a>'})


def test_external_links_are_asked_every_week():
    tool = _tool("links")
    assert tool.addresses("(https://a.org/b). `https://github.com/owner/name`") == [
        "https://a.org/b"
    ]
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "links.yml").read_text())
    assert job[True]["schedule"][0]["cron"].endswith("* * 1")  # YAML reads "on" as true
    assert {"run": "make links"} in job["jobs"]["links"]["steps"]
    assert {"references.bib", "README.md"} <= {path.name for path in tool.sources()}


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.M))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.M).group(1).split())
    assert targets == phony
    described = set(re.findall(r"^([a-z]+):.*##", text, re.M))
    assert targets - described == set()
    assert sys.version_info >= (3, 11)
