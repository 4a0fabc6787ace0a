"""Fill the parts of README.md that can be generated: ``make readme``.

Blocks stand between ``<!-- made: NAME -->`` and ``<!-- end -->``. All but ``run`` depend on the
sources alone, and a test makes them anew and compares; ``run`` is what the last build recorded.
"""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import targets
from helpers.book import exhibit_links, pages, reproducibility
from helpers.exhibits import printed
from helpers.files import BUILD, ROOT
from helpers.sources import replication

README = ROOT / "README.md"
ENVIRONMENT = ROOT / "environment.yml"
BINDER = ROOT / "binder" / "environment.yml"
PRINTED = {
    each.function: f"{each.name}, {each.about}" if each.about else each.name
    for each in printed.PRINTED
}
LINUX = {
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
_SEED = re.compile(
    r"seed: int = \d+|SEED\w*\s*=\s*\d[\d_]*|seed=\d+|default_rng\((?:seed=)?\d[\d_]*"
)


def defined() -> dict[str, tuple[str, int]]:
    """Top-level functions of the package: file and line."""
    found = {}
    rooms = ("exhibits", "inference", "counterfactuals")
    for path in (p for room in rooms for p in sorted((ROOT / "src/helpers" / room).rglob("*.py"))):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.setdefault(node.name, (path.relative_to(ROOT).as_posix(), node.lineno))
    return found


def table(head: tuple[str, ...], rows: list[tuple]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines)


def exhibits() -> str:
    """Every exhibit of the paper, and every figure beyond it: program, line, output."""
    functions = defined()
    rows = []
    drawn = exhibit_links.functions()
    calls = re.compile(r"\b(?:exhibits|live)\.(\w+)\(")
    seen = set()
    for source in pages.numbered():
        for number, line in enumerate(source.read_text("utf-8").splitlines(), 1):
            for name in calls.findall(line):
                if (
                    (name not in PRINTED and name not in drawn)
                    or name not in functions
                    or (source.stem, name) in seen
                ):
                    continue
                seen.add((source.stem, name))
                file, at = functions[name]
                rows.append(
                    (
                        PRINTED.get(name, "beyond the paper"),
                        f"`{name}`, `{file}` line {at}",
                        f"`notebooks/{source.name}` line {number}",
                        f"`{source.stem}.html`"
                        + (
                            ""
                            if name.startswith("table")
                            else f", `{source.stem}-{name}.svg`, `.csv`"
                        ),
                    )
                )
    order = list(PRINTED.values())
    rows.sort(key=lambda row: order.index(row[0]) if row[0] in order else len(order))
    return table(("exhibit", "function", "called in", "output"), rows)


def seeds() -> str:
    """Every place where a seed is set."""
    rows = []
    files = [*sorted((ROOT / "src" / "helpers").rglob("*.py")), *pages.numbered()]
    for path in files:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if _SEED.search(line) and ">>>" not in line:
                where = path.relative_to(ROOT)
                rows.append(
                    (f"`{where}` line {number}", f"`{line.strip()[:90]}`".replace("|", "\\|"))
                )
    return table(("where", "what"), rows)


def versions() -> str:
    """Locked versions of every direct requirement of package and book, for Python 3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = locked()
    asked = [*project["dependencies"], *project["optional-dependencies"]["book"]]
    names = sorted({re.split(r"[<>=!~\[; ]", entry)[0].lower() for entry in asked})
    return ", ".join(f"{name} {lock[name]}" for name in names) + "."


def programs() -> str:
    """What each program does, by the first line of it."""
    rows = []
    for folder in ("tools", "tasks"):
        for path in sorted((ROOT / folder).glob("*.py")):
            doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            rows.append((f"`{folder}/{path.name}`", doc.splitlines()[0]))
    for stem, title in pages.titles().items():
        if stem[0].isdigit():
            rows.append((f"`notebooks/{stem}.md`", title))
    return table(("program", "what it does"), rows)


def run() -> str:
    """Machine and times of the last build."""
    executed = BUILD / "runs" / "paper" / "executed"
    recorded = reproducibility.times(executed)
    machine = ", ".join(f"{name} {value}" for name, value in reproducibility.machine().items())
    dates = sorted(about["date"] for about in recorded.values())
    rows = [(f"`{name}`", f"{about['seconds']:.0f}") for name, about in recorded.items()]
    total = sum(about["seconds"] for about in recorded.values())
    rows.append(("all, one after another", f"{total:.0f}"))
    return f"Last run {dates[-1]} UTC on {machine}.\n\n" + table(("notebook", "seconds"), rows)


def hashes() -> str:
    """The author's files, by name, address below the repository and SHA-256."""
    rows = [
        (f"`{file.name}`", f"`estimations/results/{file.path}`", f"`{file.sha256}`")
        for file in replication.FILES.values()
    ]
    return table(("file", "in the repository", "SHA-256"), rows)


def numbers() -> str:
    """Numbers that the paper prints outside its tables: value, section, chapter."""
    rows = [
        (f"{target.id} = {target.printed}", f"section {target.place}", f"`{target.computation}`")
        for target in targets.TARGETS
        if not target.place.startswith("table")
    ]
    report = "`10_replication_report.html`"
    rows = [(*row, report) for row in rows]
    return table(("number", "printed in", "computed as", "output"), rows)


BLOCKS = {
    "hashes": hashes,
    "numbers": numbers,
    "exhibits": exhibits,
    "seeds": seeds,
    "versions": versions,
    "programs": programs,
}


def fill(text: str, blocks: dict) -> str:
    """The text with each named block made anew."""
    for name, make in blocks.items():
        pattern = rf"(<!-- made: {name} -->\n).*?(<!-- end -->)"
        if not re.search(pattern, text, re.S):
            raise SystemExit(f"README.md: no block {name}")
        text = re.sub(
            pattern, lambda hit, make=make: f"{hit[1]}{make()}\n{hit[2]}", text, flags=re.S
        )
    return text


def locked() -> dict[str, str]:
    """Name and version of every package that the lock gives to Linux and Python 3.11."""
    lines = (ROOT / "requirements.lock").read_text("utf-8")
    found = {}
    for name, version, marker in re.findall(r"^([\w.-]+)==(\S+)(?: ; ([^\\\n]+))?", lines, re.M):
        if not marker or Marker(marker.strip()).evaluate(LINUX):
            found[name] = version
    return found


def readers() -> set[str]:
    """Names of what a reader needs: the package's and the book's requirements, and theirs.

    With what ``binder/postBuild`` builds the package with; tools of tests stay out.
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = settings["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["book"]]
    asked += [*settings["build-system"]["requires"], "editables"]
    waiting = [Requirement(text) for text in asked]
    found: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        for extra in ("", *wanted.extras):
            key = (canonicalize_name(wanted.name), extra)
            if key in found:
                continue
            found.add(key)
            try:
                needs = importlib.metadata.requires(wanted.name) or ()
            except importlib.metadata.PackageNotFoundError:
                continue  # of another system than this one
            for need in map(Requirement, needs):
                if need.marker is None or need.marker.evaluate({**LINUX, "extra": extra}):
                    waiting.append(need)
    return {name for name, _ in found}


def binder() -> str:
    """The environment for Binder: what a reader needs, as locked; the project afterwards."""
    content = yaml.safe_load(ENVIRONMENT.read_text("utf-8"))
    needed = readers()
    pins = [
        f"{name}=={version}"
        for name, version in locked().items()
        if canonicalize_name(name) in needed
    ]
    for entry in content["dependencies"]:
        if isinstance(entry, dict):
            entry["pip"] = pins
    return "# made from ../environment.yml and ../requirements.lock by make readme\n" + (
        yaml.safe_dump(content, sort_keys=False)
    )


def main() -> int:
    """Write README.md and Binder's environment."""
    if not any((BUILD / "runs" / "paper" / "executed").glob("*.ipynb")):
        print("no executed notebooks, whose times README.md lists: run make book", file=sys.stderr)
        return 2
    README.write_text(fill(README.read_text("utf-8"), BLOCKS | {"run": run}), "utf-8")
    Path(BINDER).parent.mkdir(exist_ok=True)
    BINDER.write_text(binder(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
