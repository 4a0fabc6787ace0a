"""The source of a page: its cells, its labels, its code."""

from __future__ import annotations

import re
from pathlib import Path

_LABEL = re.compile(r"^\(([\w-]+)\)=\n\s*(#+ .+)$", re.M)


def labels(sources: list[Path]) -> dict[str, tuple[str, str]]:
    """Every label in the book's sources: its title and the page that it is on.

    Parameters
    ----------
    sources : list of Path
        MyST Markdown.

    Returns
    -------
    {label: (title, page)}
        Titles without number signs; pages are stems.
    """
    found: dict[str, tuple[str, str]] = {}
    for source in sources:
        text = source.read_text(encoding="utf-8")
        for label, heading in _LABEL.findall(text):
            found[label] = (heading.lstrip("# "), source.stem)
        for label in re.findall(r"^ *:?(?:label|name): (\S+)$", text, re.M):
            found.setdefault(label, (label, source.stem))
    return found


_FENCE = re.compile(r"^\s*(?P<marks>`{3,}|~{3,}|:{3,})\s*(?P<info>.*?)\s*$")
# directives whose content is code; that of all others is prose
_CODE = re.compile(r"\{(?:code-cell|code-block|code|bibliography|glue)")


def same_length(text: str) -> str:
    """The text with all that is no running prose blanked out, places unchanged."""
    lines = zip(text.splitlines(keepends=True), without_code(text).split("\n"), strict=False)
    kept = "".join(
        whole if prose and not prose.lstrip().startswith(("#", "|", ":", "(")) else blank(whole)
        for whole, prose in lines
    )
    kept = re.sub(r"\{(?!term)[\w:-]+\}`[^`]*`", lambda m: blank(m.group()), kept)
    kept = re.sub(r"(?<![`}])`[^`\n]+`", lambda m: blank(m.group()), kept)
    return re.sub(r"\]\([^)]*\)|\*\*[^*\n]+\*\*:|\[[^\]\n]*\]", lambda m: blank(m.group()), kept)


def blank(words: str) -> str:
    return re.sub(r"[^\n]", " ", words)


def without_code(text: str) -> str:
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
