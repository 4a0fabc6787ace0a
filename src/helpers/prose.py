"""Numbers in prose: recorded by the run, and never typed.

A notebook hands its results to :func:`record`; the text refers to them by name. What is left
of digits in the text is checked by :func:`typed_results`, so that no result can be typed in.
"""

from __future__ import annotations

import re
from numbers import Integral, Real

_FENCE = re.compile(r"^\s*(?P<marks>`{3,}|~{3,}|:{3,})\s*(?P<info>.*?)\s*$")
# directives whose content is code; that of all others is prose
_CODE = re.compile(r"\{(?:code-cell|code-block|code|bibliography|glue)")
_NOT_PROSE = (
    r"\{[a-z:-]+\}`[^`]*`",  # roles, but for mathematics
    r"(?<!`)`[^`\n]+`(?!`)",  # inline code
    r"\]\([^)]*\)",  # addresses of links
    r"<https?://[^>]*>",
    r"^:\w[\w-]*:.*$",  # options of directives
    r"^\([\w:.-]+\)=\s*$",  # labels
)
# a place in the paper is no result: section 4.2, table 8.2.1, equations (8)-(10), figure 1a
_PLACES = (
    r"\b(?:[Ss]ections?|[Tt]ables?|[Ff]igures?|[Ee]quations?|[Aa]ppendix|[Cc]hapters?|[Ll]evels?)"
    r"\s+\(?\d[\d.]*[a-dA-D]?\)?(?:(?:\s*(?:,|and|to|or|-|–)\s*)+\(?\d[\d.]*[a-dA-D]?\)?)*"
)
_RESULT = re.compile(
    r"(?<![\w.])[-−+]?(?:\d+\.\d+(?:[eE][-+]?\d+)?|\d{1,3}(?:,\d{3})+|\d+(?=\s*(?:%|\\%|per cent)))"
)


def record(**values: object) -> None:
    """Record results under their names, for ``{glue:text}`` in the text.

    Parameters
    ----------
    **values
        Numbers (numpy's become Python's) and strings. Nothing is shown.
    """
    from myst_nb import glue

    for name, value in values.items():
        if isinstance(value, Integral) and not isinstance(value, bool):
            value = int(value)
        elif isinstance(value, Real):
            value = float(value)
        glue(name, value, display=False)


def typed_results(text: str) -> list[str]:
    """Numbers in a page's prose that look like results: decimals, percentages, thousands.

    Code, roles, labels, addresses and places in the paper are passed over; mathematics is
    not, since a result can be typed there as well.

    Parameters
    ----------
    text : str
        A page in MyST Markdown.

    Returns
    -------
    list of str
        ``line: number`` for each, empty for a clean page.

    Examples
    --------
    >>> typed_results("Section 4.2 finds a correlation of 0.64.")
    ['1: 0.64']
    >>> typed_results("It finds {glue:text}`rho:.2f` with `theta=3.0`.")
    []
    """

    def blank(found: re.Match) -> str:
        return re.sub(r"[^\n]", " ", found.group())

    text = re.sub(r"\{math\}`([^`]*)`", r"\1", _without_code(text))
    for pattern in _NOT_PROSE:
        text = re.sub(pattern, blank, text, flags=re.M)
    text = re.sub(_PLACES, blank, text)
    return [
        f"{text.count(chr(10), 0, found.start()) + 1}: {found.group()}"
        for found in _RESULT.finditer(text)
    ]


def first_uses(text: str, terms: list[str]) -> dict[str, tuple[int, int, bool]]:
    """Where each term first stands in a page's prose, headings left out.

    Parameters
    ----------
    text : str
        A page in MyST Markdown.
    terms : list of str
        Singular; a plural counts as well.

    Returns
    -------
    {term: (start, end, linked)}
        Places in ``text``, and whether the glossary is linked there.

    Examples
    --------
    >>> first_uses("An {term}`appeal`, and another appeal.", ["appeal"])
    {'appeal': (10, 16, True)}
    """
    mathematics = re.compile(r"^```\{math\}.*?^```$", re.M | re.S)
    plain = _same_length(mathematics.sub(lambda m: _blank(m.group()), text))
    found = {}
    for term in terms:
        words = re.escape(term).replace(r"\ ", r"\s+")
        hit = re.search(rf"(?<![\w-]){words}(?:s|es)?(?![\w-])", plain, re.I)
        if hit:
            before = text[: hit.start()]
            linked = before.endswith("{term}`") or bool(re.search(r"\{term\}`[^`]*<$", before))
            found[term] = (hit.start(), hit.end(), linked)
    return found


def _same_length(text: str) -> str:
    """The text with all that is no running prose blanked out, places unchanged."""
    lines = zip(text.splitlines(keepends=True), _without_code(text).split("\n"), strict=False)
    kept = "".join(
        whole if prose and not prose.lstrip().startswith(("#", "|", ":", "(")) else _blank(whole)
        for whole, prose in lines
    )
    kept = re.sub(r"\{(?!term)[\w:-]+\}`[^`]*`", lambda m: _blank(m.group()), kept)
    kept = re.sub(r"(?<![`}])`[^`\n]+`", lambda m: _blank(m.group()), kept)
    return re.sub(r"\]\([^)]*\)|\*\*[^*\n]+\*\*:|\[[^\]\n]*\]", lambda m: _blank(m.group()), kept)


def _blank(words: str) -> str:
    return re.sub(r"[^\n]", " ", words)


def _without_code(text: str) -> str:
    """Blank front matter and code blocks, line by line; fences of other directives stay open."""
    kept, open_fences = [], []
    front = text.startswith("---\n")
    for number, line in enumerate(text.splitlines()):
        fence = _FENCE.match(line)
        in_code = bool(open_fences) and open_fences[-1][1]
        if front:
            front = number == 0 or line != "---"
            kept.append("")
        elif fence and open_fences and not fence["info"]:
            marks, _ = open_fences[-1]
            if fence["marks"].startswith(marks):
                open_fences.pop()
            kept.append("")
        elif fence and not in_code:
            code = not fence["info"].startswith("{") or bool(_CODE.match(fence["info"]))
            open_fences.append((fence["marks"], code))
            kept.append("")
        else:
            kept.append("" if in_code else line)
    return "\n".join(kept)


def describe(panel) -> str:
    """Say in a few words where a panel comes from, for captions."""
    if panel.source == "replication":
        about = panel.provenance
        return f"the author's published files ({about['repository']} at {about['commit'][:7]})"
    if panel.source == "synthetic":
        return f"the synthetic economy (seed {panel.provenance['seed']})"
    return f"the panel {panel.source!r}"
