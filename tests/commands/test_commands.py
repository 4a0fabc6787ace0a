"""Commands that lose nothing and leak nothing, in a clone whose path has a space and an umlaut."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from conftest import copy_project
from helpers import files
from helpers.book import locks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
OFFLINE = {
    "UV_OFFLINE": "1",
    "UV_NO_CONFIG": "1",
    "UV_NO_INDEX": "1",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": "",
    "PIP_CONFIG_FILE": os.devnull,
}
SMALL = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# {title}

```{{code-cell}} ipython3
:tags: [parameters]

rho = None  # None: the estimate
source = "auto"
```

```{{code-cell}} ipython3
import time

time.sleep({seconds})
print(rho, source)
```
"""


def _tree(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.lstat().st_mtime_ns for p in folder.rglob("*")}


@pytest.fixture
def clone(tmp_path) -> Path:
    """A clone of one's own, with two small notebooks in place of the book's."""
    clone = copy_project(tmp_path / "kleine Bücher" / "eins")
    (clone / ".venv").symlink_to(files.ROOT / ".venv", target_is_directory=True)
    for folder in ("notebooks", "scenarios"):
        for file in (clone / folder).iterdir():
            file.unlink()
    (clone / "scenarios" / "paper.yml").write_text("source: synthetic\n")
    for page in (clone / "book").glob("*.md"):
        page.unlink()
    (clone / "book" / "intro.md").write_text("# A small book\n")
    for page in ("reproducibility", "scenarios"):
        (clone / "book" / f"{page}.md").write_text(f"# {page.title()}\n")
    for name in ("01_one", "02_two"):
        text = SMALL.format(title=name.split("_")[1].title(), seconds=0)
        (clone / "notebooks" / f"{name}.md").write_text(text)
    (clone / "_toc.yml").write_text(
        "format: jb-book\nroot: book/intro\nchapters:\n- file: notebooks/01_one\n"
        "- file: notebooks/02_two\n- file: book/reproducibility\n- file: book/scenarios\n"
    )
    return clone


def _book(clone: Path, **more: str) -> subprocess.Popen:
    around = {k: v for k, v in os.environ.items() if not k.startswith(("COMPANION_", "MAKE"))}
    return subprocess.Popen(
        ["make", "--no-print-directory", "-o", "env", "book"],
        cwd=clone,
        env={**around, "PYTHONPATH": str(clone / "src"), "COMPANION_WORKERS": "2", **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _under(clone: Path) -> list[psutil.Process]:
    """Processes that work in the clone."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(clone) and process.status() != "zombie":
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _until(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("how", ["make alone", "the whole group", "the program alone"])
def test_a_killed_book_leaves_no_process_and_no_lock(clone, how):
    for name in ("01_one", "02_two"):
        text = SMALL.format(title="Slow", seconds=300)
        (clone / "notebooks" / f"{name}.md").write_text(text)
    running = _book(clone)
    lock = clone / "_build" / "book.lock"
    try:
        _until(lambda: sum("ipykernel" in " ".join(p.cmdline()) for p in _under(clone)) == 2)
        number = int(lock.read_text())
        if how == "make alone":
            os.kill(running.pid, signal.SIGKILL)
        elif how == "the whole group":
            os.killpg(running.pid, signal.SIGKILL)
        else:
            os.kill(number, signal.SIGKILL)
        running.wait(timeout=60)
        _until(lambda: not _under(clone), 30)
        assert locks.free(lock)
    finally:
        running.stdout.close()
        for process in _under(clone):
            process.kill()


def test_two_books_at_once_are_made_one_after_the_other(clone):
    """The second says so, waits, and finds all of it made; values stand in the one cell."""
    for name in ("01_one", "02_two"):
        text = SMALL.format(title="Slow", seconds=4)
        (clone / "notebooks" / f"{name}.md").write_text(text)
    first = _book(clone)
    _until(lambda: (clone / "_build" / "book.lock").exists() or first.poll() is not None)
    second = _book(clone)
    said = [process.communicate(timeout=400)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert "waiting until it is done" in "".join(said)
    for process, words in ((first, said[0]), (second, said[1])):
        if "waiting until" in words:
            assert "Skipped because unchanged" in words, process
    page = (clone / "_build" / "html" / "notebooks" / "01_one.html").read_text()
    assert "synthetic" in page
    executed = clone / "_build" / "runs" / "paper" / "executed" / "01_one.ipynb"
    cells = [c for c in json.loads(executed.read_text())["cells"] if c["cell_type"] == "code"]
    assert [line.split("=")[0].strip() for line in cells[0]["source"]] == ["rho", "source"]
    assert "".join(cells[0]["source"]) == ('rho = None  # None: the estimate\nsource = "synthetic"')
    assert len(cells) == 2


def test_another_repository_shows_in_the_pages_and_runs_nothing_again(clone):
    address = "https://github.com/someone/companion"
    page = clone / "_build" / "html" / "notebooks" / "01_one.html"
    executed = clone / "_build" / "runs" / "paper" / "executed" / "01_one.ipynb"
    times = []
    for repository in ("", address, ""):
        running = _book(clone, COMPANION_REPOSITORY=repository)
        said, _ = running.communicate(timeout=300)
        assert running.returncode == 0, said
        text = page.read_text()
        assert (f'href="{address}"' in text) == bool(repository)
        assert ("mybinder.org/v2/gh/someone/companion" in text) == bool(repository)
        assert ("colab.research.google.com/github/someone" in text) == bool(repository)
        times.append(executed.stat().st_mtime_ns)
    assert len(set(times)) == 1


def test_a_panel_from_elsewhere_leaves_no_path_in_a_page(clone, made, tmp_path):
    """A reader's own panel, far from the project: every page shows it without its place."""
    folder = made.save(tmp_path / "private place" / "my-panel")
    (clone / "scenarios" / "paper.yml").write_text(f"source: {folder}\n")
    running = _book(clone)
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    for file in (clone / "_build" / "html").rglob("*"):
        if file.suffix in (".html", ".ipynb", ".md", ".js", ".csv"):
            text = file.read_text("utf-8")
            assert "private place" not in text, file
            assert str(clone) not in text, file
    source = (clone / "_build" / "html" / "_sources" / "notebooks" / "01_one.md").read_text()
    assert re.search(r'source = "_build/panels/my-panel-\w+"', source)


def _env(clone: Path, **environment: str) -> subprocess.CompletedProcess:
    around = {k: v for k, v in os.environ.items() if not k.startswith(("COMPANION_", "MAKE"))}
    return subprocess.run(
        ["make", "--no-print-directory", f"PYTHON={sys.executable}", "env"],
        cwd=clone,
        env=around | environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def with_environment(tmp_path) -> Path:
    """A clone with an environment of an older lock, to which a reader may have added things."""
    clone = copy_project(tmp_path / "noch ein größerer" / "Klon")
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "pyvenv.cfg").write_text("home = somewhere\n")
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (clone / ".venv" / "mine.txt").write_text("added by hand")
    (clone / ".venv" / ".companion-stamp").write_text("older")
    return clone


def test_without_a_network_the_environment_that_was_there_stays(with_environment, tmp_path):
    before = _tree(with_environment / ".venv")
    empty = {"UV_CACHE_DIR": str(tmp_path / "cache"), "PIP_CACHE_DIR": str(tmp_path / "cache")}
    done = _env(with_environment, **OFFLINE, **empty)
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert "stays as it was" in said[0]
    assert "could not be fetched" in said[0]
    assert _tree(with_environment / ".venv") == before
    assert not [p for p in with_environment.iterdir() if p.name.startswith(".venv-")]


def test_what_is_no_environment_is_left_alone(with_environment):
    for content in ("a folder", "a file"):
        shutil.rmtree(with_environment / ".venv")
        mine = with_environment / ".venv"
        if content == "a folder":
            mine.mkdir()
            mine = mine / "notes.txt"
        mine.write_text("mine")
        done = _env(with_environment, **OFFLINE)
        assert done.returncode != 0
        assert "no Python environment; move it away" in done.stderr
        assert "Traceback" not in done.stderr
        assert mine.read_text() == "mine"
        if content == "a file":
            return


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_named(with_environment):
    before = _tree(with_environment)
    with_environment.chmod(0o555)
    try:
        done = _env(with_environment, **OFFLINE)
    finally:
        with_environment.chmod(0o755)
    assert done.returncode != 0
    assert "cannot be written to by this user" in done.stderr
    assert _tree(with_environment) == before


def test_an_environment_that_was_half_swapped_comes_back(with_environment):
    """Killed between the two renames: the old one is put back before anything else."""
    (with_environment / ".venv").rename(with_environment / ".venv-old")
    done = _env(with_environment, **OFFLINE)
    assert done.returncode != 0
    assert (with_environment / ".venv" / "mine.txt").read_text() == "added by hand"
    assert not (with_environment / ".venv-old").exists()


def test_clean_removes_what_was_made_and_nothing_else(clone):
    for name in ("_build/html", ".pytask", ".ruff_cache", "mine", "src/helpers/__pycache__"):
        (clone / name).mkdir(parents=True)
        (clone / name / "file").write_text("x")
    tracked = _tree(clone / "tools")
    with locks.held(clone / "_build" / "book.lock", "makes a book"):
        done = _make_clean(clone)
        assert done.returncode != 0
        assert "a book is being made" in done.stderr
        assert (clone / "_build" / "html" / "file").exists()
    assert _make_clean(clone).returncode == 0
    left = {path.name for path in clone.iterdir()}
    assert not left & {"_build", ".pytask", ".ruff_cache", "pytask.lock"}
    assert {"mine", ".venv", "src"} <= left
    assert not list((clone / "src").rglob("__pycache__"))
    assert _tree(clone / "tools") == tracked


def _make_clean(clone: Path) -> subprocess.CompletedProcess:
    command = ["make", f"PYTHON={sys.executable}", "clean"]
    return subprocess.run(
        command,
        cwd=clone,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )


def test_the_archive_takes_what_belongs_to_the_project_and_unpacks_into_it(clone, made, tmp_path):
    """Untracked extracts and keys stay out; tracked ones stop it; unpacked, it packs again."""
    from helpers.sources import synthetic

    running = _book(clone)
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
    (clone / ".env").write_text("IPUMS_API_KEY=" + "59cba10d8a5da536fc06b59d" + "0f" * 16)
    _, records = synthetic.write_extract(clone / "extract", 300, seed=1)
    made.save(clone / "acs-panel")
    (clone / "notes.txt").write_text("not of the project\n")

    def archive(folder: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(clone / ".venv" / "bin" / "python"), "tools/archive.py"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder / "src")},
            capture_output=True,
            text=True,
        )

    status = subprocess.run(
        ["git", "-C", str(clone), "status", "--short"], capture_output=True, text=True
    ).stdout
    assert [line for line in status.splitlines() if line.startswith("??")] == ["?? notes.txt"]
    done = archive(clone)
    assert done.returncode == 0, done.stderr
    packed = clone / "_build" / "correlated-migration.zip"
    with zipfile.ZipFile(packed) as opened:
        names = {name.partition("/")[2] for name in opened.namelist()}
        modes = {i.filename.partition("/")[2]: i.external_attr >> 16 for i in opened.infolist()}
        opened.extractall(tmp_path / "ausgepackt")
    assert not [n for n in names if "extract/" in n or n.startswith((".env", "acs", "notes.txt"))]
    assert modes["binder/postBuild"] & 0o111
    assert {".github/page.png", "MANIFEST.sha256", "site/index.html"} <= names

    # without git, from the manifest; what lies about there stays out as well
    unpacked = tmp_path / "ausgepackt" / "correlated-migration"
    shutil.copytree(clone / "_build", unpacked / "_build", symlinks=True)
    (unpacked / "notes.txt").write_text("not of the project\n")
    shutil.copy(records, unpacked)
    done = archive(unpacked)
    assert done.returncode == 0, done.stderr
    again = unpacked / "_build" / "correlated-migration.zip"
    assert again.read_bytes() == packed.read_bytes()

    # tracked by mistake, under a name that says nothing
    before = packed.read_bytes()
    for content in (records.read_bytes(), (clone / ".env").read_bytes()):
        (clone / "tools" / "table.bin").write_bytes(content)
        subprocess.run(["git", "-C", str(clone), "add", "-f", "tools/table.bin"], check=True)
        done = archive(clone)
        assert done.returncode != 0
        assert "tools/table.bin" in done.stderr
        assert "must not be passed on" in done.stderr
        assert packed.read_bytes() == before
    subprocess.run(["git", "-C", str(clone), "rm", "-qf", "tools/table.bin"], check=True)

    # a source that is newer than the site
    with (clone / "notebooks" / "01_one.md").open("a") as page:
        page.write("\nMore.\n")
    done = archive(clone)
    assert done.returncode != 0
    assert "notebooks/01_one.md: changed since the site was made; run make book" in done.stderr


def test_scripts_keep_their_line_ends_on_a_machine_that_changes_them(clone, tmp_path):
    """Checked out as Git for Windows does, shell scripts have LF and are executable."""
    other = tmp_path / "windows"
    subprocess.run(
        ["git", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", "clone", "--quiet", str(clone),
         str(other)],
        check=True,
    )  # fmt: skip
    for name in ("reproduce.sh", "reproduce_min.sh", "binder/postBuild", "Makefile", "Dockerfile"):
        assert b"\r" not in (other / name).read_bytes(), name


def test_env_relocates_every_file_that_names_its_place(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("env", files.ROOT / "tools" / "env.py")
    env = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(env)
    new, there = tmp_path / ".venv-new", tmp_path / ".venv"
    (new / "bin").mkdir(parents=True)
    (new / "bin" / "tool").write_text(f"#!{new}/bin/python\n")
    (new / "bin" / "binary").write_bytes(b"\0" + str(new).encode())
    (new / "pyvenv.cfg").write_text(f"command = python -m venv {new}\n")
    monkeypatch.setattr(env, "NEW", new)
    monkeypatch.setattr(env, "VENV", there)
    env.relocate()
    assert (new / "bin" / "tool").read_text() == f"#!{there}/bin/python\n"
    assert str(there) in (new / "pyvenv.cfg").read_text()
    assert (new / "bin" / "binary").read_bytes() == b"\0" + str(new).encode()
