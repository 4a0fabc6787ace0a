"""An executed notebook that reads well outside the book: roles and directives resolved.

The book's builder knows MyST; Jupyter does not. Numbers are put in, references become words and
links between notebooks, mathematics gets dollars, exercises become headings, captions follow
their figures.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

import yaml

from helpers.notebook import records

_ROLE = re.compile(r"\{(?P<role>[a-z:]+)\}`(?P<text>[^`]*)`")
_TITLED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^>]+)>$", re.S)


def authors(bibliography: str) -> dict[str, str]:
    """Author and year of every entry of a BibTeX file, as a citation in words."""
    found = {}
    for key, body in re.findall(r"@\w+\{(\w+),(.*?)\n\}", bibliography, re.S):
        names = re.search(r"author\s*=\s*\{(.*?)\},?\n", body, re.S)
        year = re.search(r"year\s*=\s*\{(\d+)", body)
        people = re.sub(r"[{}]", "", names.group(1)).split(" and ") if names else [key]
        last = [person.split(",")[0].strip() for person in people]
        short = last[0] if len(last) == 1 else " and ".join(last[:2])
        short = f"{last[0]} et al." if len(last) > 2 else short
        found[key] = f"{short} {year.group(1)}" if year else short
    return found


def resolve(
    text: str,
    numbers: Mapping[str, float | str],
    known: Mapping[str, tuple[str, str]],
    cited: Mapping[str, str],
) -> str:
    """One cell of Markdown with its roles and directives turned into plain Markdown.

    Examples
    --------
    >>> resolve("{math}`x` is {glue:text}`x:.2f`.", {"x": 0.5}, {}, {})
    '$x$ is 0.50.'
    """

    def role(hit: re.Match) -> str:
        name, inside = hit["role"], hit["text"]
        titled = _TITLED.match(inside)
        if name == "math":
            return f"${inside}$"
        if name == "glue:text":
            key, _, form = inside.partition(":")
            value = numbers.get(key, f"[{key}]")
            if form and not isinstance(value, str):
                return format(int(value) if form.endswith("d") else value, form)
            return _plain(value)
        if name in ("ref", "doc"):
            target = titled["target"] if titled else inside
            title, page = known.get(target, (target, ""))
            return f"[{titled['text'] if titled else title}]({page}.ipynb)" if page else title
        if name == "eq":
            return f"({inside})"
        if name.startswith("cite"):
            names = "; ".join(cited.get(key.strip(), key) for key in inside.split(","))
            return names if name == "cite:t" else f"({names})"
        return titled["text"] if titled else inside

    text = re.sub(
        r"^```\{math\}\n(?::label: (\S+)\n)?(.*?)^```", _equation, text, flags=re.M | re.S
    )
    text = re.sub(
        r"^```\{(exercise|note)\} ?([^\n]*)\n((?::\w+:[^\n]*\n)*)(.*?)^```",
        _block, text, flags=re.M | re.S,
    )  # fmt: skip
    text = re.sub(
        r"^```\{solution\} [^\n]*\n((?::\w+:[^\n]*\n)*)(.*?)^```",
        r"<details><summary>Solution</summary>\n\n\2\n</details>",
        text,
        flags=re.M | re.S,
    )
    text = re.sub(r"^```\{solution-start\}.*?^```", "**Solution**", text, flags=re.M | re.S)
    text = re.sub(r"^```\{solution-end\}\n```", "", text, flags=re.M)
    text = re.sub(r"^```\{raw\} html\n(.*?)^```", r"\1", text, flags=re.M | re.S)
    for fence in (":::+", "```+"):  # what is left of directives becomes its title and its words
        for _ in range(3):  # one inside another
            text = re.sub(
                rf"^({fence})\{{([\w:-]+)\}} ?([^\n]*)\n((?::[\w-]+:[^\n]*\n)*)(.*?)^\1$",
                _box, text, flags=re.M | re.S,
            )  # fmt: skip
    text = re.sub(r"^\([\w:.-]+\)=\n", "", text, flags=re.M)
    return _ROLE.sub(role, text)


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _equation(hit: re.Match) -> str:
    tag = rf" \tag{{{hit[1]}}}" if hit[1] else ""
    return f"$$\n{hit[2].rstrip()}{tag}\n$$"


def _block(hit: re.Match) -> str:
    kind, title, _, body = hit.groups()
    head = f"**{kind.capitalize()}" + (f" ({title.strip()})" if title.strip() else "") + "**"
    return f"{head}\n\n{body.rstrip()}"


def _box(hit: re.Match) -> str:
    """A directive as a quotation under its title; mathematics and code keep their form."""
    _, kind, title, _, body = hit.groups()
    if kind in ("code", "code-block", "code-cell"):
        return f"~~~{title}\n{body}~~~"
    head = f"**{title.strip()}**\n\n" if title.strip() else ""
    quoted = (head + body.strip()).splitlines()
    return "\n".join(f"> {line}".rstrip() for line in quoted) + "\n"


def first_cell(repository: str) -> dict:
    """Code cell that says where the package comes from, and stops where it is missing.

    Parameters
    ----------
    repository : str
        Address of the repository, or nothing: then the archive of the book.
    """
    if repository:
        name = repository.rsplit("/", 1)[-1]
        how = f"pip install git+{repository}"
        also = f"# or: git clone {repository}, and in the folder {name}: make env"
    else:
        how = "unpack correlated-migration.zip, the book's archive; in its folder: pip install ."
        also = "# or, with the versions that the book was made with, in that folder: make env"
    source = "\n".join(
        [
            "# This notebook needs the book's package, `helpers`:",
            f"# {how}",
            also,
            "try:",
            "    import helpers.notebook",
            "except ImportError:",
            "    raise ImportError(",
            '        "the book\'s package, helpers, is not installed: "',
            f'        "{how}"',
            "    ) from None",
        ]
    )
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": ["setup"]},
        "outputs": [],
        "source": source,
    }


def notebook(
    executed: dict,
    known: Mapping[str, tuple[str, str]],
    cited: Mapping[str, str],
    repository: str = "",
) -> dict:
    """A copy of an executed notebook without anything that only the book's builder knows.

    Parameters
    ----------
    executed : dict
        As :func:`helpers.book.execute.execute` wrote it.
    known, cited : mapping
        As :func:`labels` and :func:`authors` return them.
    repository : str
        Where the package can be had; empty for the archive.
    """
    out = copy.deepcopy(executed)
    numbers = records(executed)
    cells = []
    for cell in out["cells"]:
        if cell["cell_type"] == "markdown":
            text = resolve("".join(cell["source"]), numbers, known, cited).strip()
            if text:
                cells.append({**cell, "source": text})
            continue
        cell["outputs"] = [o for o in cell["outputs"] if not _recorded(o)]
        for output in cell["outputs"]:  # a live figure's scripts are the site's: its drawing stays
            data = output.get("data", {})
            if "image/svg+xml" in data and 'class="live ' in "".join(data.get("text/html", "")):
                del data["text/html"]
            if "image/svg+xml" in data:  # a string a line is a tenth longer
                data["image/svg+xml"] = "".join(data["image/svg+xml"])
        caption = cell["metadata"].pop("mystnb", {}).get("figure", {}).get("caption")
        source = "".join(cell["source"])
        options = re.match(r"---\n(.*?)\n---\n", source, re.S)
        if options:  # a cell's options, written in its text
            caption = (
                (yaml.safe_load(options[1]) or {})
                .get("mystnb", {})
                .get("figure", {})
                .get("caption", caption)
            )
            cell["source"] = source[options.end() :]
        cells.append(cell)
        if caption:
            words = resolve(caption, numbers, known, cited).strip()
            cells.append({"cell_type": "markdown", "metadata": {}, "source": f"*{words}*"})
    cells.insert(0, first_cell(repository))
    for position, cell in enumerate(cells):
        cell["id"] = f"cell-{position}"
    out["cells"] = cells
    return out


def _recorded(output: dict) -> bool:
    """Whether an output only hands a number to the text."""
    data = output.get("data", {})
    return bool(data) and all(mime.startswith("application/papermill.record/") for mime in data)
