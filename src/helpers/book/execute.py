"""Execute a notebook with a set of parameters."""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from helpers.errors import CompanionError
from helpers.files import ROOT
from helpers.notebook import parameters

_WIDGET = "application/vnd.jupyter.widget-view+json"


class BookError(CompanionError):
    """The book could not be built; the message says which page and why."""


def execute(source: Path, output: Path, values: dict) -> None:
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
    """
    import jupytext
    import papermill
    from traitlets.config import Config

    text = parameters.with_values(source.read_text(encoding="utf-8"), values)
    output.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=f".{source.stem}-", dir=output.parent) as folder:
        before, after = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        jupytext.write(jupytext.reads(text, fmt="md:myst"), before)
        papermill.execute_notebook(
            before,
            after,
            kernel_name="python3",
            progress_bar=False,
            cwd=ROOT,
            # what goes to and from a kernel is nobody else's; it warns where it is not encrypted
            config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        )
        executed = json.loads(after.read_text(encoding="utf-8"))
        _tidy(executed, source.stem, time.perf_counter() - started)
        after.write_text(json.dumps(executed, indent=1, ensure_ascii=False) + "\n", "utf-8")
        os.replace(after, output)


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
