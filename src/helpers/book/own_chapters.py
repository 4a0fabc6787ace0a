"""Which chapters a book on a reader's own data has, what each needs, and what is left out of it.

Chapters are written about one paper's data. For other data their text is edited by rule
(:mod:`helpers.book.own_edition`); the table below holds what rules cannot know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.panel import Capability


@dataclass(frozen=True)
class Chapter:
    """A chapter of the book on own data.

    Attributes
    ----------
    stem : str
    part : str
        The part of the contents that it stands in.
    needs : tuple of str
        What :func:`helpers.panel.capabilities` has to find possible.
    sections : tuple of str
        Beginnings of headings of sections that are about the paper's data and left out.
    cells : tuple of str
        Pieces of code; a cell with one of them is left out.
    where : tuple of (str, str)
        Beginnings of headings, and the capability without which the section is left out.
    replaced : tuple of (str, str)
        Words, and what stands for them.
    """

    stem: str
    part: str
    needs: tuple[str, ...]
    sections: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()


_DATA, _RHO, _SHOCKS = "The model and the data", "The correlation", "Shocks and policies"
_PRICES = "When prices answer"

CHAPTERS = (
    Chapter("02_model", _DATA, ("counterfactuals", "shocks to groups")),
    Chapter(
        "04_data",
        _DATA,
        ("counterfactuals",),
        where=(("What the instrument varies by", "estimate"), ("Who drops out", "estimate")),
        sections=("A line a household", "From households to cells", "One cell's instrument"),
        cells=("folder.cleanup()",),
        replaced=(
            (
                "how survey records become the shares and wages that the paper works with, who is "
                "lost on the way, how unequal and how alike cities are, and how the instrument of "
                "a single cell is built by hand",
                "how unequal and how alike the places are, who is lost on the way to the "
                "estimate, and what the instrument varies by",
            ),
            ("by metropolitan area", "by place"),
            (
                "what it earns there, and a number that predicts the wage from the city's "
                "industries.",
                "and, where they are known, what it earns there and a number that predicts the "
                "wage from the city's industries.",
            ),
            (
                "Where does such a table come from, and what may have gone wrong before anyone "
                "runs a regression on it?",
                "What is in this one?",
            ),
            (
                "The survey's records cannot be passed on, so the first part of this chapter makes "
                "its own: synthetic records in the shape in which IPUMS, the archive that hands "
                "them out, ships them.\n{ref}`page-microdata` does the same with a real "
                "{term}`extract`.\n",
                "",
            ),
            (
                "The sector shares of the base year do nearly all the work, the productivity "
                "{term}`shifts <shift>` nearly none.\n",
                "",
            ),
            (
                "What holds for Detroit holds for the panel: this instrument compares places, and "
                "not years. {ref}`ch-identification` asks what follows from that.",
                "Where an instrument varies says what it compares: places at one time, or one "
                "place over time.",
            ),
            ("That is why redirection", "Where they are alike, redirection"),
        ),
    ),
    Chapter(
        "05_estimation",
        _RHO,
        ("estimate",),
        sections=("Which computation gives the printed numbers",),
        replaced=(
            ("The paper assumes that a cell", "The model assumes that a cell"),
            ("keeps the paper's reading", "keeps the usual reading"),
            ("The paper's instrument is", "The instrument is"),
            ("in Detroit in 2014, and", "in Detroit in some year, and"),
            ("in Detroit in 2014 and in 2015", "in Detroit in one year and in the next"),
            ("say trades in", "say the trades in"),
        ),
    ),
    Chapter(
        "06_shifters",
        _SHOCKS,
        ("counterfactuals", "shifters"),
        sections=("Table 2, ", "What the author's files say"),
        cells=("paper.rebuild", "replace(paper"),
    ),
    Chapter("07_city_shocks", _SHOCKS, ("counterfactuals", "shocks to groups")),
    Chapter(
        "08_occupation_shocks",
        _SHOCKS,
        ("counterfactuals", "shocks to groups"),
        where=(("The line that figure 5", "shifters"),),
        cells=("exhibits.figure_4",),
        replaced=(
            ("Does it matter which occupation is set against management?\n", ""),
            ("The line that figure 5 has to be", "With correlation and without it"),
            (
                "after minus five per cent in\n      management, at",
                "after a fall by five per cent of the first\n      occupation, at",
            ),
            ("rho, theta, year)", "rho, theta, year, occupation)"),
        ),
    ),
    Chapter("11_inference", _RHO, ("estimate",)),
    Chapter(
        "12_shift_share",
        _RHO,
        ("inference by sector",),
        replaced=(
            (
                'titles = sector_table().drop_duplicates("sector").set_index("sector")["name"]',
                "titles = pd.Series(exposure.columns, exposure.columns)",
            ),
        ),
    ),
    Chapter("18_wage_unit", _RHO, ("estimate",)),
    Chapter("16_what_if", _SHOCKS, ("counterfactuals", "shocks to groups")),
    Chapter("17_policy", _SHOCKS, ("counterfactuals", "shocks to groups")),
    Chapter("23_housing", _PRICES, ("equilibrium",)),
    Chapter("24_wages", _PRICES, ("equilibrium",)),
    Chapter("25_unemployment", _PRICES, ("equilibrium", "shocks to groups")),
    Chapter("26_equilibrium", _PRICES, ("equilibrium",)),
)

ELSEWHERE = {
    "00_frechet": "it is about the model alone",
    "01_introduction": "it introduces the paper and its findings",
    "03_derivations": "it derives the paper's formulas and holds them against what is printed",
    "09_discussion": "it discusses sections 6 and 7 of the paper",
    "10_replication_report": "it holds the paper's printed numbers against recomputed ones",
    "13_identification": "its alternatives use regions of the United States",
    "14_monte_carlo": "it is about simulated worlds alone",
    "15_conclusions": "it decides the paper's claims",
    "19_observed_wages": "it is about simulated worlds and the paper's instrument",
    "20_who_moves_where": "it judges the paper's thesis",
    "21_did_it_happen": "it looks back on the paper's ten years",
    "22_as_run": "it traces how the paper's figures were made",
    "27_your_own_cities": "it shows how this book is asked for",
}
"""Chapters that stay in the default book, and why."""


def lacking(chapter: Chapter, capabilities: Sequence[Capability]) -> str:
    """What a chapter lacks on a panel, in words; empty where it runs."""
    found = {one.what: one.lacks for one in capabilities}
    return " and ".join(dict.fromkeys(found[need] for need in chapter.needs if found[need]))


def left_out(chapter: Chapter, capabilities: Sequence[Capability]) -> tuple[str, ...]:
    """Beginnings of the headings of sections that a panel's book does not have."""
    possible = {one.what for one in capabilities if one.possible}
    return (*chapter.sections, *(name for name, need in chapter.where if need not in possible))


def that_run(capabilities: Sequence[Capability]) -> tuple[Chapter, ...]:
    """Chapters that run on a panel with these capabilities, in order."""
    return tuple(chapter for chapter in CHAPTERS if not lacking(chapter, capabilities))
