"""Where things are: every path of the project in one place."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = ROOT / "notebooks"
SCENARIOS = ROOT / "scenarios"
BUILD = ROOT / "_build"
HTML = BUILD / "html"
DATA_VARIABLE = "COMPANION_DATA"


def given_data() -> Path | None:
    """Folder that the reader's ``COMPANION_DATA`` names, None where it is unset or empty."""
    named = os.environ.get(DATA_VARIABLE, "").strip()
    return Path(named).expanduser() if named else None
