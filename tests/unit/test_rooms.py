"""The rooms of the package: what stands on the top floor, and what may reach where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "helpers"
# what a reader imports, then the wings
TOP_FLOOR = {
    "errors", "files", "names", "model", "elasticities", "counterfactuals", "shifters", "panel",
    "instrument", "estimation", "shiftshare", "sources", "build", "derivations", "targets",
    "equilibrium", "inference", "exhibits", "notebook", "runs", "book",
}  # fmt: skip
TABLES = {"targets/numbers.py", "derivations/notation.py"}
MODULES = sorted(PACKAGE.rglob("*.py"))
LIGHT = (
    "model", "counterfactuals", "elasticities", "shifters", "instrument", "targets",
    "runs.scenario",
)  # fmt: skip


def _place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_the_top_floor_is_what_the_plan_says():
    found = {
        path.stem
        for path in PACKAGE.iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
    }
    assert found == TOP_FLOOR


def test_the_floors_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", LIGHT)
def test_the_economics_knows_nothing_of_drawing(module):
    heavy = "{'matplotlib', 'seaborn', 'pyfixest', 'sympy', 'jupytext'}"
    code = f"import sys, helpers.{module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=_place)
def test_no_module_reaches_into_another_s_private_names(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    borrowed = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
            for alias in node.names:
                private = alias.name.startswith("_") and not alias.name.startswith("__")
                assert not private, f"{path.name} imports {node.module}.{alias.name}"
                borrowed[alias.asname or alias.name] = alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            reached = node.value.id in borrowed and node.attr.startswith("_")
            # a class may be made by its own room's private constructor
            assert not reached or node.attr.startswith("__"), f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize("path", MODULES, ids=_place)
def test_a_module_is_one_idea_and_a_function_too(path):
    text = path.read_text(encoding="utf-8")
    if _place(path) not in TABLES:
        assert len(text.splitlines()) <= 350


def test_faces_only_hand_names_on():
    for path in PACKAGE.rglob("__init__.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            plain = isinstance(node, ast.Expr | ast.Import | ast.ImportFrom | ast.Assign)
            assert plain, f"{_place(path)}: line {node.lineno}"
