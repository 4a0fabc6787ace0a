"""What search knows of a page: its words, with and without accents, and no TeX and no code."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

from helpers.book.execute import BookError

# what an excerpt leaves out: mathematics as TeX, code, controls
_DROPPED = (".math", ".cell_input", "pre", ".exhibit-links", ".exercise-answer", ".run-this")
_REMOVALS = '[".headerlink", "script", "style"]'
_LOWER = "const textLower = text.toLowerCase();"
_INDEX = re.compile(r"^Search\.setIndex\((.*)\)$", re.S)


def fold_accents(word: str) -> str:
    """A word as it is typed on a plain keyboard.

    Examples
    --------
    >>> fold_accents("fréchet")
    'frechet'
    """
    bare = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def plain_words(site: Path) -> None:
    """Let search find words with accents by their plain spelling.

    Parameters
    ----------
    site : Path
        A built site; its ``searchindex.js`` is written anew.
    """
    file = site / "searchindex.js"
    found = _INDEX.match(file.read_text("utf-8").strip()) if file.is_file() else None
    if found is None:
        return
    index = json.loads(found[1])
    for part in ("terms", "titleterms"):
        # of a page that was written again words stay that it no longer has, on no page
        index[part] = {word: where for word, where in index.get(part, {}).items() if where != []}
        _join(index[part])
    # functions, which `objects` holds too; of pages that were not written again there are none
    index["indexentries"] = {}
    titles = index.get("alltitles", {})
    for title in list(titles):
        folded = fold_accents(title)
        if folded != title:
            titles.setdefault(folded, titles[title])
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    file.write_text(f"Search.setIndex({text})", "utf-8")
    excerpts(site / "_static" / "searchtools.js")


def excerpts(tools: Path) -> None:
    """Let the lines below a result show words: no TeX, no code, and the word with its accent.

    Raises
    ------
    BookError
        Where the builder's search is not the one that this knows.
    """
    text = tools.read_text("utf-8")
    if _REMOVALS not in text or _LOWER not in text:
        raise BookError(f"{tools.name}: Sphinx makes excerpts in another way now; see book/search")
    more = ", ".join(json.dumps(part) for part in _DROPPED)
    text = text.replace(_REMOVALS, f"{_REMOVALS[:-1]}, {more}]")
    text = text.replace(
        _LOWER,
        'const textLower = text.normalize("NFC").replace(/\\p{L}/gu, '
        '(x) => x.normalize("NFD")[0]).toLowerCase();',
    )
    text = text.replace(
        "textLower.indexOf(k.toLowerCase())",
        'textLower.indexOf(k.normalize("NFD").replace(/\\p{M}/gu, "").toLowerCase())',
    )
    # gaps that mathematics and code leave are no reason to show fewer words
    text = text.replace(
        "if (anchorContent) return anchorContent.textContent;",
        'if (anchorContent) return anchorContent.textContent.replace(/\\s+/g, " ");',
    ).replace(
        "if (docContent) return docContent.textContent;",
        'if (docContent) return docContent.textContent.replace(/\\s+/g, " ");',
    )
    tools.write_text(text, "utf-8")


def _join(terms: dict) -> None:
    """Enter each word under its plain spelling as well; both lead to the pages of both."""
    groups: dict[str, list[str]] = {}
    for word in terms:
        groups.setdefault(fold_accents(word), []).append(word)
    for plain, words in groups.items():
        if words == [plain]:
            continue
        pages: set[int] = set()
        for word in words:
            found = terms[word]
            pages |= set(found if isinstance(found, list) else [found])
        both = sorted(pages)
        for word in (*words, plain):
            terms[word] = both[0] if len(both) == 1 else both
