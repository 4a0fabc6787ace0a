"""Every table of the site in one style, whatever printed it: words, aligned numbers, a scroll box.

A chapter shows a table through :func:`helpers.exhibits.show` or as a bare frame. Readers see no
difference: this pass reads the built page, says names of variables in words, drops the index
that pandas counts, lines up decimal points and rounds what nobody rounded.
"""

from __future__ import annotations

import re

import numpy as np
from bs4 import BeautifulSoup, Tag

from helpers.exhibits import words

WIDE, FEW = 11, 8  # more columns than fit beside each other; rows that fit instead
_NUMBER = re.compile(r"[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<after>\d+))?(?P<e>e[-+]?\d+)?%?")
_MISSING = ("NaN", "nan", "None", "<NA>", "NaT")
_YES = {"True": "yes", "False": "no"}
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"  # as wide as a digit and as a point
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_YEARS = range(1900, 2101)
_OCCUPATIONS = frozenset(("management", "professional", "sales", "trades"))


def tidy(page: BeautifulSoup) -> None:
    """Bring every table that a cell printed into the book's style.

    Parameters
    ----------
    page : BeautifulSoup
        A built page; changed.
    """
    for table in page.select("table.dataframe"):
        bare = table.has_attr("border")  # pandas' own printing, which nobody rounded
        _one_row_of_headings(table)
        _without_counting(table)
        if _plain(table):
            _turn_if_wide(page, table)
        _say_in_words(table)
        for column in _columns(table):
            _line_up(column, bare)
        for name in ("border", "style"):
            del table[name]
        if table.parent.get("class") != ["table-scroll"]:
            table.wrap(page.new_tag("div", attrs={"class": "table-scroll"}))


def _rows(table: Tag, part: str) -> list[list[Tag]]:
    body = table.find(part)
    rows = body.find_all("tr") if body else []
    return [row.find_all(["th", "td"]) for row in rows]


def _text(cell: Tag) -> str:
    return cell.get_text(strip=True)


def _plain(table: Tag) -> bool:
    """Whether no cell spans others."""
    return not any(
        int(cell.get("colspan", 1)) > 1 or int(cell.get("rowspan", 1)) > 1
        for cell in table.find_all(["th", "td"])
    )


def _one_row_of_headings(table: Tag) -> None:
    """Write the index's name over its column, not in a row of its own."""
    head = _rows(table, "thead")
    if len(head) != 2 or len(head[0]) != len(head[1]) or not _plain(table):
        return
    first = next(iter(_rows(table, "tbody")), [])
    labels = sum(cell.name == "th" for cell in first)
    if any(_text(cell) for cell in head[1][labels:]):
        return
    for above, below in zip(head[0][:labels], head[1][:labels], strict=True):
        above.string = _text(below)
    head[1][0].parent.decompose()


def _without_counting(table: Tag) -> None:
    """Drop an index that is only a count; leave no heading empty where words are at hand."""
    head, body = _rows(table, "thead"), _rows(table, "tbody")
    if len(head) != 1 or not body or not head[0]:
        return
    corner = head[0][0]
    labels = [row[0] for row in body]
    single = all(row and row[0].name == "th" for row in body) and not any(
        len(row) > 1 and row[1].name == "th" for row in body
    )
    if not single or _text(corner) not in ("", "index"):
        return
    names = [_text(label) for label in labels]
    if all(re.fullmatch(r"\d+", name) for name in names):
        for cell in (corner, *labels):
            cell.decompose()
    elif set(names) <= words.SUMMARY:
        corner.string = "Statistic"
    elif _OCCUPATIONS & set(names):
        corner.string = "Occupation"
    elif all(re.search(r", [A-Z]{2}(-[A-Z]{2})*$", name) for name in names):
        corner.string = "City"
    else:  # a corner over labels that speak for themselves is no heading
        corner.name = "td"


def _turn_if_wide(page: BeautifulSoup, table: Tag) -> None:
    """Lay a table on its side that has many columns and few rows."""
    head, body = _rows(table, "thead"), _rows(table, "tbody")
    if len(head) != 1 or not (len(head[0]) > WIDE and 0 < len(body) <= FEW):
        return
    if any(len(row) != len(head[0]) for row in body):
        return
    turned = [list(line) for line in zip(head[0], *body, strict=True)]
    for place, line in enumerate(turned):
        for cell in line:
            cell.extract()
            del cell["style"]
            cell.name = "th" if place == 0 else "td"
        line[0].name = "th"
    for part in ("thead", "tbody"):
        table.find(part).clear()
    for place, line in enumerate(turned):
        row = page.new_tag("tr")
        row.extend(line)
        table.find("tbody" if place else "thead").append(row)


def _say_in_words(table: Tag) -> None:
    for row in _rows(table, "thead"):
        for cell in row:
            said = words.heading(_text(cell))
            if said != _text(cell):
                cell.string = said
            if cell.name == "th":
                cell["scope"] = "col"
            del cell["style"]
    for row in _rows(table, "tbody"):
        for cell in row:
            if cell.find(True) is not None:
                continue
            text = _text(cell)
            if cell.name == "th":
                cell["scope"] = "row"
            if text in _MISSING:
                cell.string = ""
            elif text in _YES:
                cell.string = _YES[text]
    for heading, *cells in _columns(table):
        if "unction" in _text(heading):  # code is code
            continue
        summary = {_text(cell) for cell in cells} <= words.SUMMARY
        if summary and cells[0].name == "td":
            heading.string = "Statistic"
        for cell in cells:
            text = _text(cell)
            if cell.find(True) is None and (summary or text not in words.SUMMARY):
                said = words.heading(text) if cell.name == "th" and "_" in text else words.row(text)
                if said != text:
                    cell.string = said


def _columns(table: Tag) -> list[list[Tag]]:
    """Cells of the body by column, with the heading over them; none where cells span others."""
    head, body = _rows(table, "thead"), _rows(table, "tbody")
    if not body or not head or not _plain(table):
        return []
    if any(len(row) != len(head[-1]) for row in body):
        return []
    return [list(column) for column in zip(head[-1], *body, strict=True)]


def _line_up(column: list[Tag], bare: bool) -> None:
    """Put decimal points of a column under each other; round what was printed in full."""
    heading, *cells = column
    shown = [cell for cell in cells if _text(cell)]
    found = [_NUMBER.fullmatch(_text(cell)) for cell in shown]
    if not shown or not all(found):
        return
    texts = [_text(cell) for cell in shown]
    percent = all(text.endswith("%") for text in texts)
    if bare and not percent:
        texts = rounded(texts)
    places = [_NUMBER.fullmatch(text) for text in texts]
    most = max(len(place["after"] or "") for place in places)
    power = any(place["e"] for place in places)
    for cell, text, place in zip(shown, texts, places, strict=True):
        after = len(place["after"] or "")
        pad = _FIGURE_SPACE * (most - after) + (_POINT_SPACE if most and not after else "")
        cell.string = _power(text) + ("" if power or "%" in text else pad)
    for cell in (heading, *cells):
        cell["class"] = [*cell.get("class", []), "number"]
        del cell["style"]


def _power(text: str) -> str:
    """A number as it is set: a true minus, a power of ten with its exponent raised."""
    number, mark, power = text.replace("+", "").partition("e")
    raised = str(int(power)).translate(_RAISED) if mark else ""
    return number.replace("-", "−") + (f"×10{raised}" if mark else "")


def rounded(texts: list[str]) -> list[str]:
    """Numbers of a column with the digits that tell them apart, three at least, the same for all.

    Parameters
    ----------
    texts : list of str
        As pandas printed them.

    Examples
    --------
    >>> rounded(["0.998094", "0.951127"]), rounded(["1234.500000", "8.250000"])
    (['0.998', '0.951'], ['1,234', '8'])
    >>> rounded(["1.011400", "1.026510"])
    ['1.011', '1.027']
    """
    values = np.array([float(text.replace(",", "").replace("−", "-")) for text in texts])
    if all("." not in text and "e" not in text for text in texts):
        years = all(value in _YEARS for value in values)
        return [
            f"{value:.0f}" if years or abs(value) < 1e4 else f"{value:,.0f}" for value in values
        ]
    largest = float(np.abs(values).max())
    if largest == 0:
        return ["0" for _ in texts]
    if largest < 1e-6:
        return [f"{value:.1e}" for value in values]
    digits = 3 if largest >= 0.1 else 2 - int(np.floor(np.log10(largest)))
    digits = 0 if largest >= 1000 else 1 if largest >= 100 else 2 if largest >= 10 else digits
    return [f"{value:,.{digits}f}" for value in values]
