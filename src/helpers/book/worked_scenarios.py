"""The page of worked scenarios: what ships, and what a reader has run."""

from __future__ import annotations

import html
import json
import re
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

from helpers import files
from helpers.errors import CompanionError
from helpers.estimation import estimate
from helpers.exhibits import whatif
from helpers.exhibits.live.figure import percent, short_names
from helpers.model import Shares
from helpers.runs import reading, scenario
from helpers.runs.presets import shocks
from helpers.sources import load, resolve

_BEGIN, _END = "<!-- own runs -->", "<!-- end of own runs -->"


def page(text: str, site: Path = files.HTML, folder: Path = files.SCENARIOS) -> str:
    """The page: the stories of the scenarios that ship, and a link to each that is published.

    Parameters
    ----------
    text : str
        How the page begins.
    site : Path
        The default book, beside which scenarios and sweeps stand.
    folder : Path
        Of the scenario files; those that cannot be read are left out.

    Returns
    -------
    str
        MyST Markdown.
    """
    entries = []
    for path in reading.files(folder)[0]:
        name = reading.run_name(path)
        story = " ".join(re.findall(r"^# ?(.*)$", path.read_text("utf-8-sig"), re.M))
        link = (
            f'<a href="../scenarios/{name}/differences.html">What changes</a> · '
            f'<a href="../scenarios/{name}/index.html">the whole book with it</a>'
            if (site / "scenarios" / name / "index.html").is_file()
            else f"<code>make rerun SCENARIO=scenarios/{html.escape(path.name)}</code>"
        )
        title = reading.read(path).title
        lines = [f"## {scenario.plain(title)}", "", scenario.plain(story), ""]
        numbers = before_and_after(path)
        entries += [*lines, "```{raw} html", *numbers, f"<p>{link}</p>", "```", ""]
    own = [
        "## Sweeps, and runs of your own",
        "",
        "Sweeps that ship, sweeps of your own and scenarios from other folders are listed here as "
        "soon as they have been run.",
        "",
        *("```{raw} html", _BEGIN, own_runs(site, folder), _END, "```", ""),
    ]
    return "\n".join([text, *entries, *own])


@lru_cache(maxsize=1)
def _default() -> tuple[Shares, float]:
    """Shares of the default panel in the paper's year, and the estimate of rho."""
    panel = load(resolve().source)
    return panel.shares(scenario.Scenario.year), round(float(estimate(panel).rho), 4)


def before_and_after(path: Path) -> list[str]:
    """What a scenario does on the default panel, as HTML: shares before and after, in a table.

    Each of its shocks opens as a setting of the what-if page. Empty where the panel has not got
    what the scenario names.
    """
    names = {entry.name for entry in fields(whatif.Setting)}
    rows = []
    for entry in shocks(path):
        asked = {name: value for name, value in entry["setting"].items() if name in names}
        try:
            shares, rho = _default()
            setting = whatif.Setting(**{"rho": rho, **asked})
            rows += _compared(shares, setting, whatif.query(asked), "rho" not in asked)
        except CompanionError:
            continue
    if not rows:
        return []
    words = [f'<th scope="col">{text}</th>' for text in ("Shock", "City")]
    numbers = ("Share of households before", "After", "Change")
    words += [f'<th scope="col" class="text-end">{text}</th>' for text in numbers]
    head = "".join(words)
    return [f"<table><thead><tr>{head}</tr></thead><tbody>", *rows, "</tbody></table>"]


def _compared(shares: Shares, setting: whatif.Setting, query: str, estimated: bool) -> list[str]:
    """Rows for the city itself, and for those of the others that gain most and least."""
    gain, _ = whatif.WhatIf(shares, setting).gains(setting.rho)
    short = short_names(shares.cities)
    c = shares.city_index(setting.city)
    others = [d for d in gain.argsort() if d != c]
    named = [(c, "")]
    if gain[others[-1]] - gain[others[0]] > 1e-9:
        named += [(others[-1], "gains most"), (others[0], "gains least")]
    else:
        named.append((max(others, key=lambda d: shares.pi_c[d]), "as every other city"))
    address = f"../notebooks/16_what_if.html{query}"
    words = html.escape(whatif.in_words(setting, short[c]))
    rho = "" if estimated else f" Correlation {setting.rho:.2f}."
    link = f'<a href="{html.escape(address)}">{words}</a>{rho}'
    rows = []
    for row, (d, role) in enumerate(named):
        first = f'<th scope="rowgroup" rowspan="{len(named)}">{link}</th>' if row == 0 else ""
        old, new = shares.pi_c[d], shares.pi_c[d] * (1 + gain[d])
        cells = (percent(old), percent(new), percent(gain[d], sign=True))
        values = "".join(f'<td class="text-end">{text}</td>' for text in cells)
        role = f"<br><small>{role}</small>" if role else ""
        named_city = f'<td class="whole">{html.escape(short[d])}{role}</td>'
        rows.append(f"<tr>{first}{named_city}{values}</tr>")
    return rows


def own_runs(site: Path, folder: Path = files.SCENARIOS) -> str:
    """Links to every sweep, and to every scenario that is not among the files of the folder."""
    shipped = {reading.run_name(path) for path in reading.files(folder)[0]}
    items = []
    for index in sorted(site.glob("scenarios/*/index.html")):
        name = index.parent.name
        if name not in shipped:
            title = _title(files.BUILD / "runs" / name / "parameters.json", name)
            changes = f'<a href="../scenarios/{name}/differences.html">what changes</a> · '
            if (index.parent / "own.html").is_file():
                changes = ""  # a book on other data: nothing is held against the default
            items.append(
                f'{title}: {changes}<a href="../scenarios/{name}/index.html">the whole book with '
                "it</a>"
            )
    for index in sorted(site.glob("sweeps/*/index.html")):
        name = index.parent.name
        title = _title(files.BUILD / "sweeps" / name / "about.json", name)
        items.append(f'Sweep: <a href="../sweeps/{name}/index.html">{title}</a>')
    if not items:
        return "<p>None has been run so far.</p>"
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _title(about: Path, name: str) -> str:
    """Title that a run wrote down, its name where it wrote none."""
    try:
        title = json.loads(about.read_text("utf-8")).get("title", name)
    except (OSError, ValueError):
        title = name
    return html.escape(str(title))


def refresh(site: Path) -> None:
    """Bring the list of runs up to date in a book that is built already."""
    built = site / "book" / "scenarios.html"
    if not built.is_file():
        return
    before = built.read_text("utf-8")
    pattern = f"{re.escape(_BEGIN)}.*?{re.escape(_END)}"
    listed = f"{_BEGIN}\n{own_runs(site)}\n{_END}"
    after = re.sub(pattern, lambda _: listed, before, flags=re.S)
    if after != before:
        files.replace(built, after)
