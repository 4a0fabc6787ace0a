"""The page of worked scenarios: what ships, and what a reader has run."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from helpers import files
from helpers.runs import reading, scenario

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
        entries += [*lines, "```{raw} html", f"<p>{link}</p>", "```", ""]
    own = [
        "## Sweeps, and runs of your own",
        "",
        "Sweeps that ship, sweeps of your own and scenarios from other folders are listed here as "
        "soon as they have been run.",
        "",
        *("```{raw} html", _BEGIN, own_runs(site, folder), _END, "```", ""),
    ]
    return "\n".join([text, *entries, *own])


def own_runs(site: Path, folder: Path = files.SCENARIOS) -> str:
    """Links to every sweep, and to every scenario that is not among the files of the folder."""
    shipped = {reading.run_name(path) for path in reading.files(folder)[0]}
    items = []
    for index in sorted(site.glob("scenarios/*/index.html")):
        name = index.parent.name
        if name not in shipped:
            title = _title(files.BUILD / "runs" / name / "parameters.json", name)
            items.append(
                f'{title}: <a href="../scenarios/{name}/differences.html">what changes</a> · '
                f'<a href="../scenarios/{name}/index.html">the whole book with it</a>'
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
