"""The ledger and the errata as pages: Markdown that the book and Jupyter both show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from helpers.derivations import Claim
from helpers.derivations.causes import CAUSES

if TYPE_CHECKING:
    from IPython.display import Markdown


def _show(text: str) -> Markdown:
    from IPython.display import Markdown

    return Markdown(text)


def _inline(tex: str) -> str:
    """TeX for a cell of a table, where a bar would end the cell."""
    return f"${tex.replace('|', chr(92) + 'vert ')}$"


_GREEK = "alpha|pi|phi|omega|lambda|gamma|kappa|rho|theta|beta|eta|delta"
_ORDER = ("exact", "definition", "approximation", "typo", "wrong")
_SYMBOL = re.compile(
    rf"(?<![\w$\\])(?P<base>(?:{_GREEK})(?![a-z])|[TtZzGSRsuAwW](?=[_^]))"
    r"(?:_(?P<sub>[A-Za-z]+'?[a-z]*))?(?:\^(?P<power>-?theta|\(1-rho\)|k))?(?![A-Za-z_])"
)


def in_symbols(words: str) -> str:
    """Set the quantities that plain words name, such as pi_ck or T_c^theta, in TeX."""

    def tex(found: re.Match) -> str:
        base = found["base"] if len(found["base"]) == 1 else rf"\{found['base']}"
        sub = f"_{{{found['sub']}}}" if found["sub"] else ""
        power = re.sub("rho|theta", lambda name: rf"\{name.group()}", found["power"] or "")
        return f"${base}{sub}" + (f"^{{{power.strip('()')}}}" if power else "") + "$"

    return _SYMBOL.sub(tex, words)


def ledger_table(claims: Iterable[Claim]) -> Markdown:
    """One row a claim: place, expression as printed, verdict; each with an anchor.

    The anchor of a claim is ``claim-`` and its id; what is not exact links to the errata.
    """
    rows = ["| place | verdict | as printed |", "| --- | --- | --- |"]
    for claim in claims:
        verdict = claim.verdict
        if claim.corrected is not None:
            verdict = f'<a href="../book/errata.html#errata-{claim.id}">{verdict}</a>'
        rows.append(
            f'| <a id="claim-{claim.id}"></a>{claim.place} | {verdict} | {_inline(claim.printed)} |'
        )
    return _show("\n".join(rows))


def results_table(claims: Iterable[Claim]) -> Markdown:
    """Results beyond the paper: what each says, and below it the expression."""
    items = [
        f'<a id="claim-{claim.id}"></a>{in_symbols(claim.note)}\n\n$$\n'
        f"{_one_below_another(claim.printed)}\n$$"
        for claim in claims
    ]
    return _show("\n\n".join(items))


def _one_below_another(tex: str) -> str:
    """Statements side by side, each in a line of its own, as a phone needs them."""
    parts = tex.split(r",\quad ")
    if len(parts) == 1:
        return tex
    return r"\begin{gathered} " + r", \\ ".join(parts) + r" \end{gathered}"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.4g}".replace("-", "−")


def _entry(claim: Claim, effects: pd.DataFrame) -> str:
    """What is printed, what it should be, why, and what it changes."""
    lines = [
        f'<a id="errata-{claim.id}"></a>**{claim.place}** ({claim.verdict})',
        f"Printed:\n\n$$\n{claim.printed}\n$$",
        f"{'Exact' if claim.verdict == 'approximation' else 'Corrected'}:\n\n"
        f"$$\n{claim.corrected}\n$$",
        in_symbols(claim.note),
    ]
    rows = effects[effects["id"] == claim.id]
    table = ["| what it changes | as printed | corrected |", "| --- | ---: | ---: |"]
    table += [
        f"| {in_symbols(row.quantity)} | {_number(row.printed)} | {_number(row.corrected)} |"
        for row in rows.itertuples()
    ]
    lines.append("\n".join(table))
    lines.append(
        f"<details><summary>Proof</summary>\n\n{in_symbols(claim.proof.method)}; "
        f"{in_symbols(claim.proof.scope)}. As printed, the two sides differ: "
        f"`{claim.proof.counterexample}`.\n\n</details>"
    )
    return "\n\n".join(lines)


def by_cause(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    """Claims that are approximations, typos or wrong, by root cause, in the order of causes."""
    found = list(claims)
    groups = {cause: [c for c in found if c.cause == cause] for cause in CAUSES}
    return {cause: members for cause, members in groups.items() if members}


def errata(claims: Iterable[Claim], effects: pd.DataFrame) -> Markdown:
    """Entries for the claims that are approximations, typos or wrong, under their causes.

    Parameters
    ----------
    claims : iterable of Claim
        Exact ones and definitions are passed over.
    effects : DataFrame
        As :func:`helpers.targets.effects` returns it.
    """
    blocks, folded = [], []
    for cause, members in by_cause(claims).items():
        entries = "\n\n---\n\n".join(_entry(claim, effects) for claim in members)
        count = f"{len(members)} place{'s' * (len(members) > 1)}"
        title = f'<a id="cause-{cause}"></a>**{in_symbols(CAUSES[cause].words)}** ({count})'
        (folded if CAUSES[cause].notation_only else blocks).append(f"{title}\n\n{entries}")
    if folded:
        inside = "\n\n---\n\n".join(folded)
        blocks.append(
            "<details><summary>Notation only: the lines around have it right</summary>\n\n"
            f"{inside}\n\n</details>"
        )
    return _show("\n\n---\n\n".join(blocks))


def causes(claims: Iterable[Claim]) -> Markdown:
    """One row a root cause: what happened, the verdict, in how many places, and where."""
    rows = ["| cause | verdict | places |", "| --- | --- | --- |"]
    for cause, members in by_cause(claims).items():
        verdicts = ", ".join(sorted({claim.verdict for claim in members}))
        places = ", ".join(f'<a href="#errata-{c.id}">{c.place}</a>' for c in members)
        only = ", of notation only" if CAUSES[cause].notation_only else ""
        rows.append(
            f"| {in_symbols(CAUSES[cause].words)} | {verdicts}{only} | {len(members)}: {places} |"
        )
    return _show("\n".join(rows))


def cause_counts(claims: Iterable[Claim]) -> dict[str, int]:
    """How many places are not exact, and how many root causes they have.

    Returns
    -------
    dict
        ``places`` and ``causes`` of all; ``slips`` and ``slip_causes`` without approximations;
        ``notation_causes``, those that stay where they are written.
    """
    groups = by_cause(claims)
    slips = {
        cause: [c for c in members if c.verdict != "approximation"]
        for cause, members in groups.items()
    }
    slips = {cause: members for cause, members in slips.items() if members}
    return {
        "places": sum(map(len, groups.values())),
        "causes": len(groups),
        "slips": sum(map(len, slips.values())),
        "slip_causes": len(slips),
        "notation_causes": sum(CAUSES[cause].notation_only for cause in slips),
    }


def part(claim: Claim) -> str:
    """Part of the paper that a claim belongs to: section 2, section 3 or appendix 8.1."""
    if claim.id.startswith("a-") or claim.id == "eq-12":
        return "appendix 8.1"
    return "section 3" if claim.id.startswith("s3") else "section 2"


def counts(claims: Iterable[Claim]) -> pd.DataFrame:
    """How many claims have which verdict, by part of the paper."""
    table = pd.DataFrame([(part(c), c.verdict) for c in claims], columns=["part", "verdict"])
    found = pd.crosstab(table["part"], table["verdict"])
    found = found.reindex(sorted(found.index, key=lambda name: name.startswith("appendix")))
    order = [verdict for verdict in _ORDER if verdict in found]
    return found[order].reset_index().rename_axis(columns=None)
