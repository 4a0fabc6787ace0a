"""The page of a scenario that shows everything that differs from the default."""

from __future__ import annotations

import html
import json
import math
from pathlib import Path

import pandas as pd

from helpers.book.run import Run
from helpers.runs.compare import Differences, Drawing
from helpers.runs.scenario import plain

SHOWN = 12


def _written(value: object) -> str:
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    words = str(value)
    if "\n" in words:
        lines = words.splitlines()
        cut = [line[:70] for line in lines[:8]] + (["…"] if len(lines) > 8 else [])
        return f"<pre>{html.escape(chr(10).join(cut))}</pre>"
    return html.escape(words if len(words) < 160 else f"{words[:160]}…")


def _percent(change: float) -> str:
    if math.isnan(change):
        return ""
    return "from zero" if math.isinf(change) else f"{100 * change:+,.3g} %"


def _html_table(frame: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{html.escape(str(column))}</th>' for column in frame)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def page(found: Differences, run: Run, titles: dict[str, str], folder: Path, baseline: str) -> str:
    """Write the difference page and what it links to.

    Parameters
    ----------
    found : Differences
    run : Run
        The scenario's.
    titles : {chapter: title}
    folder : Path
        Where the page will be built; drawings and the table of all differences are put there.
    baseline : str
        Relative address of the default book from the page.

    Returns
    -------
    str
        MyST Markdown.
    """
    inside = folder / "_static" / "differences"
    inside.mkdir(parents=True)
    found.rows.to_csv(inside / "differences.csv", index=False)
    lines = [f"# What changes: {plain(run.title)}", ""]
    lines += ["Every number, table and figure of this run that differs from the default book.", ""]
    changed = pd.DataFrame(
        [
            {"parameter": key, "here": html.escape(json.dumps(value, ensure_ascii=False))}
            for key, value in run.changes.items()
        ]
    )
    lines += ["```{raw} html", _html_table(changed) if len(changed) else "No change.", "```", ""]
    counts = found.counts.copy()
    touched = set(found.rows["chapter"])
    counts["chapter"] = [
        f'<a href="#{_anchor(name)}">{html.escape(titles.get(name, name))}</a>'
        if name in touched
        else html.escape(titles.get(name, name))
        for name in counts["chapter"]
    ]
    lines += ["## Summary", "", "```{raw} html", _html_table(_folded(counts)), "```", ""]
    lines += [
        "All differences, one a row: "
        '<a href="_static/differences/differences.csv" download>differences.csv</a>.',
        "",
    ]
    for chapter in found.counts["chapter"]:
        rows = found.rows[found.rows["chapter"] == chapter]
        if rows.empty:
            continue
        address = "book/" if chapter == "errata" else "notebooks/"
        lines += [f"({_anchor(chapter)})=", f"## {titles.get(chapter, chapter)}", ""]
        lines += [
            f'<a href="{address}{chapter}.html">Here</a> · '
            f'<a href="{baseline}{address}{chapter}.html">in the default book</a>',
            "",
        ]
        lines += _chapter(rows, [d for d in found.drawings if d.chapter == chapter], inside)
    return "\n".join(lines)


def _folded(counts: pd.DataFrame) -> pd.DataFrame:
    """Changed of all, in one column a kind."""
    table = pd.DataFrame({"chapter": counts["chapter"]})
    for kind in ("numbers", "tables", "figures", "outputs"):
        changed = counts[f"{kind} changed"]
        table[kind] = [
            f"{c} of {n}" if n else "" for c, n in zip(changed, counts[kind], strict=True)
        ]
    return table.rename(columns={"numbers": "numbers in the text", "outputs": "other outputs"})


def _anchor(chapter: str) -> str:
    return f"diff-{chapter.replace('_', '-')}"


def _chapter(rows: pd.DataFrame, drawings: list[Drawing], inside: Path) -> list[str]:
    lines = []
    for kind, heading in (
        ("number", "Numbers in the text"),
        ("table", "Tables"),
        ("output", "Other outputs"),
    ):
        some = rows[rows["kind"] == kind]
        if some.empty:
            continue
        lines += [f"### {heading}", ""]
        for place, part in some.groupby("place", sort=False) if kind == "table" else [("", some)]:
            order = part["relative"].abs().sort_values(ascending=False, na_position="first").index
            top = part.loc[order].head(SHOWN if kind == "table" else 60)
            shown = pd.DataFrame(
                {
                    "name" if kind == "number" else "row": (
                        top["place"] if kind == "number" else top["row"]
                    ).map(_written),
                    "column": top["column"],
                    "baseline": top["baseline"].map(_written),
                    "scenario": top["scenario"].map(_written),
                    "change": top["relative"].map(_percent),
                }
            )
            if kind == "number":
                shown["in the text"] = top["row"].map(_written)
            if not shown["column"].any():
                shown = shown.drop(columns="column")
            if place:
                lines += [f"**{place}**", ""]
            lines += ["```{raw} html", f"<div class='wide'>{_html_table(shown)}</div>", "```", ""]
            if len(part) > len(top):
                lines += [f"The largest {len(top)} of {len(part)} changes.", ""]
    if drawings:
        lines += ["### Figures", ""]
    for position, drawing in enumerate(drawings):
        files = []
        for which in ("baseline", "scenario"):
            file = f"{drawing.chapter}-{position}-{which}.svg"
            (inside / file).write_text(getattr(drawing, which), encoding="utf-8")
            words = f"{drawing.name}, {which}"
            files.append(
                f'<figure><img src="_static/differences/{file}" alt="{words}">'
                f"<figcaption>{words}</figcaption></figure>"
            )
        lines += ["```{raw} html", f'<div class="side-by-side">{"".join(files)}</div>', "```", ""]
        part = rows[(rows["kind"] == "figure") & (rows["place"] == drawing.name)]
        worst = part["relative"].abs().max()
        lines += [
            f"`{drawing.name}`: {len(part)} data changed"
            + (f", by at most {100 * worst:,.3g} %." if math.isfinite(worst) else "."),
            "",
        ]
    return lines
