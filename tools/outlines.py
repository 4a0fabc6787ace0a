"""Prepare the outlines of the states: ``python tools/outlines.py states-10m.json``.

The file is that of us-atlas 3 (ISC licence), made from the Census Bureau's cartographic
boundaries, which are in the public domain. Only the states are kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from helpers.files import ROOT, replace

TARGET = ROOT / "src" / "helpers" / "sources" / "states.json"


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


def main(arguments: list[str]) -> int:
    """Rewrite the outlines from the file that is named."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print("usage: python tools/outlines.py states-10m.json (of us-atlas 3)", file=sys.stderr)
        return 2
    try:
        prepared = prepare(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError):
        print(f"{arguments[0]}: expected TopoJSON with an object 'states'", file=sys.stderr)
        return 2
    replace(TARGET, json.dumps(prepared, separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
