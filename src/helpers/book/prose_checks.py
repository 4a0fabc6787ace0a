"""Numbers in prose: recorded by the run, and never typed.

A notebook hands its results to :func:`record`; the text refers to them by name. What is left
of digits in the text is checked by :func:`typed_results`, so that no result can be typed in.
"""

from __future__ import annotations

import re
from pathlib import Path

from helpers.book import myst
from helpers.book.execute import BookError
from helpers.book.pages import pages
from helpers.files import ROOT

# what is no prose: code, names and addresses; mathematics is, since a result can be typed there
_NO_WORDS = ("front", "code", "fence", "option", "label", "comment", "role")
# what is passed over besides where a term of the glossary is looked for
_NO_SENTENCE = ("heading", "table", "math", "link")
_LEAD = re.compile(r"\*\*[^*\n]+\*\*:")
# a place in the paper is no result: section 4.2, table 8.2.1, equations (8)-(10), figure 1a
_PLACES = re.compile(
    r"\b(?:[Ss]ections?|[Tt]ables?|[Ff]igures?|[Ee]quations?|[Aa]ppendix|[Cc]hapters?|[Ll]evels?)"
    r"\s+\(?\d[\d.]*[a-dA-D]?\)?(?:(?:\s*(?:,|and|to|or|-|–)\s*)+\(?\d[\d.]*[a-dA-D]?\)?)*"
)
_RESULT = re.compile(
    r"(?<![\w.])[-−+]?(?:\d+\.\d+(?:[eE][-+]?\d+)?|\d{1,3}(?:,\d{3})+|\d+(?=\s*(?:%|\\%|per cent)))"
)


def _blank(found: re.Match) -> str:
    return re.sub(r"[^\n]", " ", found.group())


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
    text = myst.read(text).without(*_NO_WORDS, "address", roles=("math",))
    text = _PLACES.sub(_blank, text)
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
    plain = myst.read(text).without(*_NO_WORDS, *_NO_SENTENCE, roles=("term",))
    plain = _LEAD.sub(_blank, plain)
    found = {}
    for term in terms:
        words = re.escape(term).replace(r"\ ", r"\s+")
        hit = re.search(rf"(?<![\w-]){words}(?:s|es)?(?![\w-])", plain, re.I)
        if hit:
            before = text[: hit.start()]
            linked = before.endswith("{term}`") or bool(re.search(r"\{term\}`[^`]*<$", before))
            found[term] = (hit.start(), hit.end(), linked)
    return found


def check_prose(files: list[Path] | None = None) -> None:
    """Refuse a page that holds a result as a typed number.

    Raises
    ------
    BookError
        Naming each page, line and number.
    """
    found = [
        f"{page.relative_to(ROOT)}:{hit}"
        for page in files or pages()
        for hit in typed_results(page.read_text(encoding="utf-8"))
    ]
    if found:
        raise BookError(
            "results are typed in the prose; record them and refer by name:\n" + "\n".join(found)
        )
