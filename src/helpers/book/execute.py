"""Execute a notebook with a set of parameters."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from helpers.errors import CompanionError
from helpers.files import ROOT, replace
from helpers.notebook import parameters

_WIDGET = "application/vnd.jupyter.widget-view+json"


class BookError(CompanionError):
    """The book could not be built; the message says which page and why."""


def execute(source: Path, output: Path, values: dict, made_with: str | None = None) -> None:
    """Execute a notebook with papermill; the output appears only when all of it ran.

    Parameters
    ----------
    source : Path
        MyST Markdown.
    output : Path
        Executed notebook to write.
    values : dict
        Values for the parameters cell, written into it before it runs; those it does not
        declare are left out.
    made_with : str, optional
        Hash of all that the outputs depend on beside the notebook's code: the modules that it
        reaches, libraries, data. An executed notebook that is there and was made with the same,
        by the same code, keeps its outputs under the new text.
    """
    import jupytext

    text = parameters.with_values(source.read_text(encoding="utf-8"), values)
    notebook = jupytext.reads(text, fmt="md:myst")
    made_from = _hash([made_with, _code(notebook)]) if made_with else None
    executed = _under_new_text(notebook, output, made_from) if made_from else None
    if executed is None:
        started = time.perf_counter()
        executed = _executed(notebook, source.stem, output.parent)
        _tidy(executed, source.stem, time.perf_counter() - started)
        if made_from:
            executed["metadata"]["companion"]["made_from"] = _seal(made_from, executed)
    replace(output, json.dumps(executed, indent=1, ensure_ascii=False) + "\n")


def _hash(what: object) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _seal(made_from: str, executed: dict) -> str:
    """Hash of what outputs were made from and of the outputs: nobody else's are kept."""
    outputs = [cell["outputs"] for cell in executed["cells"] if "outputs" in cell]
    return _hash([made_from, outputs])


def _code(notebook: dict) -> list[tuple[str, bool]]:
    """What runs: the code of each cell, and whether it may fail."""
    return [
        (cell["source"], "raises-exception" in cell["metadata"].get("tags", []))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def _under_new_text(notebook: dict, output: Path, made_from: str) -> dict | None:
    """The notebook with the outputs that its code gave before; None where it has to run."""
    import jupytext

    try:
        before = json.loads(output.read_text(encoding="utf-8"))
        sealed = before["metadata"]["companion"].get("made_from")
    except (OSError, ValueError, KeyError):
        return None
    if sealed != _seal(made_from, before):
        return None
    now = json.loads(jupytext.writes(notebook, fmt="ipynb"))
    now["metadata"] = before["metadata"]
    ran = (cell for cell in before["cells"] if cell["cell_type"] == "code")
    for cell in now["cells"]:
        cell["metadata"].setdefault("tags", [])
        if cell["cell_type"] == "code":
            old = next(ran)
            cell |= {key: old[key] for key in ("execution_count", "outputs")}
    return now


def _executed(notebook: dict, name: str, beside: Path) -> dict:
    """Run a notebook in a kernel of its own."""
    import jupytext
    import papermill
    from traitlets.config import Config

    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=beside) as folder:
        before, after = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        jupytext.write(notebook, before)
        papermill.execute_notebook(
            before,
            after,
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            cwd=ROOT,
            # what goes to and from a kernel is nobody else's; it warns where it is not encrypted
            config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        )
        return json.loads(after.read_text(encoding="utf-8"))


def _tidy(notebook: dict, name: str, seconds: float) -> None:
    """Drop paths, times and bars of progress from an executed notebook.

    A database shows a bar where a query takes seconds, as on a busy machine; in a page it says
    nothing, and its script would be loaded from another host.
    """
    for key in ("papermill", "widgets"):
        notebook["metadata"].pop(key, None)
    notebook["metadata"]["companion"] = {
        "notebook": name,
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
    }
    for cell in notebook["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
        if "outputs" in cell:
            cell["outputs"] = [o for o in cell["outputs"] if _WIDGET not in o.get("data", {})]
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise BookError(f"{name}: a cell warns:\n{''.join(output['text'])}")
