"""The bibliography's labels: author and year, as the text cites them."""

from __future__ import annotations

from typing import Any

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle

NAME = "author_year_labels"


def label(entry: Any) -> str:
    """Author and year of an entry: two authors by name, more as "et al.".

    Parameters
    ----------
    entry : pybtex.database.Entry
    """
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    last = [" ".join(str(part) for part in (*one.prelast_names, *one.last_names)) for one in people]
    last = [name.replace("{", "").replace("}", "") for name in last] or [entry.key]
    names = last[0] if len(last) == 1 else " and ".join(last[:2])
    names = f"{last[0]} et al." if len(last) > 2 else names
    return f"{names} {entry.fields.get('year', '')}".strip()


class AuthorYear(BaseLabelStyle):
    """Labels by author and year; a letter tells entries of the same year apart."""

    def format_labels(self, sorted_entries):
        """Yield a label for each entry."""
        labels = [label(entry) for entry in sorted_entries]
        seen: dict[str, int] = {}
        for text in labels:
            again = seen.get(text, 0)
            seen[text] = again + 1
            yield text + (chr(ord("a") + again) if labels.count(text) > 1 else "")


class Bibliography(Style):
    """Entries as the plain style has them, with these labels."""

    default_label_style = AuthorYear


def setup(app: Any) -> dict[str, bool]:
    """Make the style the default one, where the book has a bibliography."""
    register_plugin("pybtex.style.formatting", NAME, Bibliography)

    def choose(_: Any, config: Any) -> None:
        if "bibtex_default_style" in config:
            config.bibtex_default_style = NAME

    app.connect("config-inited", choose)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
