"""Two runs of the book side by side: every number, table and drawing that changed.

Executed notebooks of the same sources are compared cell by cell. Numbers in the text are those
that a notebook recorded; tables and drawings carry their data (:mod:`helpers.exhibits.data`).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.errors import DataError
from helpers.exhibits import data as data_room
from helpers.exhibits.data import EXACT, MIME, relative

_RECORD = "application/papermill.record/"
_NUMBER = re.compile(r"(?<![\w.])[-−+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?")
_COLUMNS = ["chapter", "kind", "place", "row", "column", "baseline", "scenario", "relative"]


@dataclass(frozen=True)
class Drawing:
    """A figure before and after, as SVG."""

    chapter: str
    name: str
    baseline: str
    scenario: str


@dataclass
class Differences:
    """What changed between two runs.

    Attributes
    ----------
    rows : DataFrame
        One row per number: ``chapter``, ``kind`` (``number``, ``table``, ``figure`` or
        ``output``), ``place`` (the recorded name, the table's caption or the heading above it, the
        figure's name),
        ``row`` and ``column`` within it (for a number the words around it), ``baseline``,
        ``scenario``, and ``relative`` change where both are numbers.
    drawings : list of Drawing
        Figures of which any datum changed.
    counts : DataFrame
        Per chapter, how many of each kind there are, and how many changed.
    """

    rows: pd.DataFrame
    drawings: list[Drawing] = field(default_factory=list)
    counts: pd.DataFrame = field(default_factory=pd.DataFrame)


def compare(baseline: Path, scenario: Path) -> Differences:
    """Compare two folders of executed notebooks.

    Parameters
    ----------
    baseline, scenario : Path
        Folders with the same ``.ipynb`` files.

    Raises
    ------
    DataError
        If a notebook is missing in one of them or was made from other cells.
    """
    names = sorted(path.name for path in baseline.glob("*.ipynb"))
    rows: list[dict] = []
    drawings: list[Drawing] = []
    counts: list[dict] = []
    for name in names:
        if not (scenario / name).is_file():
            raise DataError(f"{scenario}: no {name}, which {baseline} has")
        pages = [json.loads((folder / name).read_text("utf-8")) for folder in (baseline, scenario)]
        chapter = Path(name).stem
        before, after = (_cells(page) for page in pages)
        if [source for source, *_ in before] != [source for source, *_ in after]:
            raise DataError(f"{name}: made from other cells in {scenario} than in {baseline}")
        found, drawn, seen = _compare_notebook(chapter, before, after)
        sentences = _sentences(pages[0])
        for row in found:
            if row["kind"] == "number":
                row["row"] = sentences.get(row["place"], "")
        rows += found
        drawings += drawn
        counts.append({"chapter": chapter, **_count(seen)})
    return Differences(pd.DataFrame(rows, columns=_COLUMNS), drawings, pd.DataFrame(counts))


def _cells(notebook: dict) -> list[tuple[str, str, list[dict]]]:
    """Source, heading above and outputs of each code cell, the parameters left out."""
    cells, heading = [], ""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = ([heading, *re.findall(r"^#+ +(.+)$", source, re.M)])[-1]
        elif "parameters" not in cell["metadata"].get("tags", []):
            cells.append((source, heading, cell.get("outputs", [])))
    return cells


def _sentences(notebook: dict) -> dict[str, str]:
    """Where the text refers to a recorded number: a few words around it."""
    found: dict[str, str] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        for line in "".join(cell["source"]).splitlines():
            plain = re.sub(r"\{glue:text\}`(\w+)[^`]*`", r"[\1]", line)
            plain = re.sub(r"\{[\w:]+\}`([^`]*)`", r"\1", plain).replace("**", "")
            for hit in re.finditer(r"\[(\w+)\]", plain):
                start, end = max(0, hit.start() - 70), hit.end() + 40
                words = ("…" if start else "") + plain[start:end] + ("…" if plain[end:] else "")
                found.setdefault(hit.group(1), words)
    return found


def _count(seen: list[tuple[str, bool]]) -> dict[str, int]:
    counted = {}
    for kind in ("number", "table", "figure", "output"):
        counted[f"{kind}s"] = sum(k == kind for k, _ in seen)
        counted[f"{kind}s changed"] = sum(k == kind and changed for k, changed in seen)
    return counted


def _compare_notebook(chapter, before, after):
    rows, drawings, seen = [], [], []
    for (_, heading, old_outputs), (*_, new_outputs) in zip(before, after, strict=True):
        for position, old in enumerate(old_outputs):
            new = new_outputs[position] if position < len(new_outputs) else {}
            for kind, named, changed in _compare_output(old, new):
                place = named or heading
                seen.append((kind, bool(changed)))
                rows += [{"chapter": chapter, "kind": kind, "place": place, **c} for c in changed]
                if kind == "figure" and changed:
                    svg = ["".join(o.get("data", {}).get("image/svg+xml", "")) for o in (old, new)]
                    drawings.append(Drawing(chapter, place, *svg))
    return rows, drawings, seen


def _compare_output(old: dict, new: dict):
    """Yield kind, place and changed numbers of one output."""
    data, other = old.get("data", {}), new.get("data", {})
    recorded = [key for key in data if key.startswith(_RECORD)]
    if recorded:
        place = old["metadata"].get("scrapbook", {}).get("name", "")
        place = place.removeprefix(_RECORD)
        pair = ["".join(d.get(recorded[0], "")).strip("'\"") for d in (data, other)]
        yield "number", place, _pair("", "", *map(_number, pair))
    elif MIME in data:
        content = data[MIME]
        kind = "figure" if "image/svg+xml" in data else "table"
        yield kind, content["name"], _tables(content, other.get(MIME))
    else:
        pair = ["".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for o in (old, new)]
        if any(pair):
            yield "output", "", _texts(*pair)


def _number(text: str) -> float | str:
    try:
        return float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return text


def _pair(row: str, column: str, before: object, after: object) -> list[dict]:
    """One changed value as a row, or none."""
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        change = relative(float(before), float(after))
        if abs(change) <= EXACT or abs(after - before) <= EXACT**1.5:
            return []
    elif before == after or (pd.isna(before) and pd.isna(after)):
        return []
    else:
        change = math.nan
    return [
        {
            "row": row,
            "column": column,
            "baseline": before,
            "scenario": after,
            "relative": change,
        }
    ]


def _tables(old: dict, new: dict | None) -> list[dict]:
    """Changed cells of a table; rows are matched by their words where these are unique."""
    if new is None:
        return [{"row": "", "column": "", "baseline": "a table", "scenario": "none"}]
    before, after = data_room.frame(old), data_room.frame(new)
    words = [c for c in before if not pd.api.types.is_numeric_dtype(before[c]) and c in after]
    keys = words
    for n in range(1, len(words) + 1):  # as few words as name a row
        if not (before.duplicated(words[:n]).any() or after.duplicated(words[:n]).any()):
            keys = words[:n]
            break
    unique = bool(keys) and not (before.duplicated(keys).any() or after.duplicated(keys).any())
    named = [
        frame.set_index(keys) if unique else frame.set_axis([f"row {n + 1}" for n in frame.index])
        for frame in (before, after)
    ]
    changed = []
    for label in named[0].index:
        row = " · ".join(map(str, label if isinstance(label, tuple) else (label,)))
        if label not in named[1].index:
            changed += _pair(row, "", "in the table", "not in it")
            continue
        for column in named[0]:
            if column in named[1]:
                one, other = (frame.loc[label, column] for frame in named)
                changed += _pair(row, str(column), *map(_as_number, (one, other)))
    for label in named[1].index.difference(named[0].index, sort=False):
        row = " · ".join(map(str, label if isinstance(label, tuple) else (label,)))
        changed += _pair(row, "", "not in the table", "in it")
    return changed


def _as_number(value: object) -> object:
    return _number(value) if isinstance(value, str) else value


def _texts(before: str, after: str) -> list[dict]:
    """Changed numbers of printed text; all of it where its words differ."""
    if before == after:
        return []
    if _NUMBER.sub("#", before) != _NUMBER.sub("#", after):
        return _pair("", "", before.strip(), after.strip())
    pairs = zip(_NUMBER.findall(before), _NUMBER.findall(after), strict=True)
    return [
        row
        for position, (old, new) in enumerate(pairs, 1)
        for row in _pair(f"number {position}", "", _number(old), _number(new))
    ]
