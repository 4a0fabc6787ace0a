"""Write the texts of a book on a reader's own data, before anything of it is executed."""

from __future__ import annotations

from pathlib import Path

import yaml

from helpers import files
from helpers.book import myst, own_edition, own_page, pages
from helpers.book.own_chapters import left_out, that_run
from helpers.panel import Panel, capabilities
from helpers.runs.scenario import Scenario

PROSE = ("glossary", "bibliography")
FIRST = "own"


def write(folder: Path, panel: Panel, wanted: Scenario, stated: tuple[str, ...]) -> list[str]:
    """Write the chapters that run on a panel, its first page and its contents.

    Parameters
    ----------
    folder : Path
        Of the texts; emptied first, since an earlier run may have had more chapters.
    panel : Panel
    wanted : Scenario
    stated : tuple of str
        Keys of the scenario's file.

    Returns
    -------
    list of str
        Stems of the chapters.
    """
    files.discard(folder)
    able = capabilities(panel)
    chapters = that_run(able)
    names = own_edition.Names(
        *(wanted.city, wanted.second_city, wanted.policy_city),
        *(wanted.occupation, wanted.second_occupation, len(panel.occupations)),
        paid=all(one.possible for one in able if one.what == "money"),
    )
    texts = {
        f"notebooks/{each.stem}.md": own_edition.edit(
            (files.NOTEBOOKS / f"{each.stem}.md").read_text("utf-8"),
            *(each, names, left_out(each, able)),
        )
        for each in chapters
    }
    for name in PROSE:
        text = (files.BOOK / f"{name}.md").read_text("utf-8")
        texts[f"book/{name}.md"] = text
    texts[f"{FIRST}.md"] = own_page.page(panel, wanted, stated, wanted.title)
    here = set().union(*map(own_edition.labels, texts.values())) | {"page-reproducibility"}
    stems = {Path(name).stem for name in texts} | {"reproducibility"}
    default = myst.labels(pages.pages())
    for name, text in texts.items():
        linked = own_edition.relink(text, here, stems, default)
        files.write_changed(folder / name, linked)
    files.write_changed(folder / "_toc.yml", contents(chapters))
    return [each.stem for each in chapters]


def contents(chapters) -> str:
    """The book's contents: the parts with the chapters that run."""
    parts: dict[str, list[dict]] = {}
    for each in chapters:
        parts.setdefault(each.part, []).append({"file": f"notebooks/{each.stem}"})
    last = [{"file": f"book/{name}"} for name in ("reproducibility", *PROSE)]
    listed = [{"caption": name, "chapters": some} for name, some in parts.items()]
    listed.append({"caption": "Reference", "chapters": last})
    toc = {"format": "jb-book", "root": FIRST, "parts": listed}
    return yaml.safe_dump(toc, sort_keys=False, allow_unicode=True)
