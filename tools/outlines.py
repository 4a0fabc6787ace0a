"""Prepare the outlines of the states: ``python tools/outlines.py states-10m.json``.

The file is that of us-atlas 3 (ISC licence), made from the Census Bureau's cartographic
boundaries, which are in the public domain. Only the states are kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "helpers" / "sources" / "states.json"


def prepare(topology: dict) -> dict:
    """Keep the arcs and the states, without names and identifiers."""
    states = topology["objects"]["states"]
    for state in states["geometries"]:
        state.pop("properties", None)
        state.pop("id", None)
    return {
        "type": "Topology",
        "objects": {"states": states},
        "arcs": topology["arcs"],
        "transform": topology["transform"],
    }


if __name__ == "__main__":
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TARGET.write_text(json.dumps(prepare(topology), separators=(",", ":")) + "\n", "utf-8")
