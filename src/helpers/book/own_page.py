"""The first page of a book on a reader's own data: what runs on them, and why the rest does not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from helpers.book import pages
from helpers.book.own_chapters import CHAPTERS, ELSEWHERE, Chapter, lacking
from helpers.book.own_edition import address
from helpers.errors import CompanionError
from helpers.estimation import estimate
from helpers.panel import Capability, Panel, capabilities
from helpers.runs.scenario import LARGEST_RHO, Scenario, plain

LABEL = "page-own"


def page(panel: Panel, wanted: Scenario, stated: Sequence[str], title: str) -> str:
    """The page, in MyST Markdown.

    Parameters
    ----------
    panel : Panel
    wanted : Scenario
        With everything that its file left out filled in.
    stated : sequence of str
        Keys of the file.
    title : str

    Returns
    -------
    str
    """
    able = capabilities(panel)
    alike = []
    if any(one.what == "money" and one.lacks for one in able):
        alike = ["", "Where wages answer, all groups are taken to be paid alike before the shock, "
                 "since these data do not say what they are paid."]  # fmt: skip
    lines = [
        f"({LABEL})=",
        f"# {plain(title)}",
        "",
        f"This book is about the panel {plain(panel.source)}, and about no other data: its "
        "numbers, figures and tables are all computed from it.",
        "Its chapters were written about another country. Sentences about that country are left "
        "out; where a sentence that is left says how large something usually is and the number "
        "beside it says otherwise, believe the number.",
        f"The paper that the model comes from is in {_there('the default book', 'intro')}.",
        "",
        "## What was understood",
        "",
        *_understood(panel),
        "",
        "## What can be done with these data",
        "",
        *_table(("what", "possible", "what is lacking"), map(_capability, able)),
        *alike,
        "",
        "## The correlation",
        "",
        *correlation(panel, wanted),
        "",
        "## What is asked",
        "",
        *_asked(wanted, stated),
        "",
        "## What runs on these data, and why the rest does not",
        "",
        *_table(("chapter", "in this book", "why not"), _chapters(able, pages.titles())),
        "",
    ]
    return "\n".join(lines)


def _understood(panel: Panel) -> list[str]:
    """Sizes, and what reading the table found."""
    notes = [str(note) for note in panel.provenance.get("understood", ())]
    years = (
        f"{panel.years[0]}" if len(panel.years) == 1 else f"{panel.years[0]} to {panel.years[-1]}"
    )
    places = panel.cities["city"].nunique()
    first = (
        f"{places:,} places, {len(panel.occupations)} groups, years {years} ({len(panel.years)})"
    )
    columns = panel.provenance.get("columns", {})
    named = [f"{meaning}: {column}" for meaning, column in columns.items()]
    items = [first, *notes[1:], *(["columns " + ", ".join(named)] if named else [])]
    return [f"- {plain(item)}" for item in items]


def _capability(one: Capability) -> tuple[str, str, str]:
    return one.what, "yes" if one.possible else "no", plain(one.lacks)


def correlation(panel: Panel, wanted: Scenario) -> list[str]:
    """What rho is used, where it comes from, and what follows where the data's is outside."""
    lacks = next(one.lacks for one in capabilities(panel) if one.what == "estimate")
    if lacks:
        return [
            f"The correlation is given as {wanted.rho:g}: the data cannot say, since they lack "
            f"{plain(lacks)}."
        ]
    try:
        found = estimate(
            panel,
            years=wanted.years,
            clusters=wanted.clusters,
            wage_exponent=wanted.wage_exponent,
        )
    except CompanionError as problem:
        return [f"The correlation is given as {wanted.rho:g}; the data do not give it: "
                f"{plain(str(problem))}."]  # fmt: skip
    low, high = found.rho_interval
    said = (
        f"{found.rho:.3f}, with an interval from {low:.3f} to {high:.3f} at the level of "
        f"{found.spec['level']:.0%} (slope {found.beta:.3f}, standard error {found.se:.3f})"
    )
    if wanted.rho is None:
        return [f"The correlation is estimated from these data: {said}."]
    lines = [f"The correlation is given as {wanted.rho:g}.", f"These data give {said}."]
    if not 0 <= found.rho <= LARGEST_RHO:
        lines.append(
            "**That is outside the model**, which has draws with correlations from zero to below "
            "one only. A slope of shares on wages that is not above the wage exponent says that "
            "people answer to wages less than they would if all their draws were independent: the "
            "instrument, the groups or the unit of the wage are not what the model takes them for. "
            "So the shocks below rest on the number that was given and not on these data; chapters "
            "on the estimate show what the data say."
        )
    return lines


def _asked(wanted: Scenario, stated: Sequence[str]) -> list[str]:
    """Parameters, and which of them the data filled in."""
    reasons = {
        "year": "the last",
        "city": "the largest place",
        "second_city": "the place whose mix is farthest from the country's",
        "occupation": "the largest group",
        "second_occupation": "the second largest group",
        "policy_city": "the first city",
    }
    rows = []
    for name, why in reasons.items():
        rows.append(
            (
                name.replace("_", " "),
                plain(str(getattr(wanted, name))),
                "the scenario's file" if name in stated else f"the data: {why}",
            )
        )
    rows.append(("change of the city's scale", f"{wanted.city_hat:g}", ""))
    rows.append(("change of the occupation's scale", f"{wanted.occupation_hat:g}", ""))
    rows.append(("shape θ", f"{wanted.theta:g}", ""))
    return _table(("parameter", "value", "from"), rows)


def _chapters(able: Sequence[Capability], titles: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """A row a chapter, those of the default book alone at the end."""
    rows = []
    for chapter in CHAPTERS:
        lacks = lacking(chapter, able)
        rows.append((_linked(chapter, titles, lacks), "no" if lacks else "yes",
                     f"needs {plain(lacks)}" if lacks else ""))  # fmt: skip
    for stem, why in ELSEWHERE.items():
        if stem in titles:
            link = _there(titles[stem], stem)
            rows.append((link, "no", f"in the default book only: {why}"))
    return rows


def _linked(chapter: Chapter, titles: Mapping[str, str], lacks: str) -> str:
    title = _plain_title(titles.get(chapter.stem, chapter.stem))
    return _there(title, chapter.stem) if lacks else f"{{doc}}`notebooks/{chapter.stem}`"


def _there(words: str, stem: str) -> str:
    """A link to a page of the default book, from the first page of this one."""
    return f'<a href="{address(stem, "../../")}">{_plain_title(words)}</a>'


def _plain_title(title: str) -> str:
    return re.sub(r"\{math\}`\\?([^`]*)`|\$\\?([^$]*)\$", lambda m: m[1] or m[2], title)


def _table(head: tuple, rows) -> list[str]:
    def row(cells) -> str:
        return "| " + " | ".join(str(cell) for cell in cells) + " |"

    return [row(head), row("---" for _ in head), *(row(cells) for cells in rows)]
