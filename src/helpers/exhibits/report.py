"""The replication in pictures and tables: printed beside computed, and verdicts on claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import arguments
from helpers.exhibits import data as data_of
from helpers.exhibits import table
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREEN, GREY, ORANGE
from helpers.exhibits.paper_tables import TITLES
from helpers.exhibits.words import symbols

_KINDS = {
    "reproduced": (BLUE, "o"),
    "reproduced by another computation": (GREEN, "s"),
    "differs": (ORANGE, "D"),
    "cannot be computed": (GREY, "x"),
}
_VERDICTS = {
    "holds": BLUE,
    "holds in part": "#3d9dd6",
    "does not hold": ORANGE,
    "cannot be decided": "#bbbbbb",
}
_SAID = {"holds": "hold", "holds in part": "hold in part", "does not hold": "do not"}


def in_units(numbers: pd.DataFrame) -> pd.DataFrame:
    """Differences in units of the last printed digit, and what kind each number is.

    Parameters
    ----------
    numbers : DataFrame
        As :func:`helpers.targets.compare` returns it; its tolerance is half a unit.

    Returns
    -------
    DataFrame
        ``id``, ``place``, ``difference`` (units of the last printed digit) and ``verdict``:
        reproduced, reproduced by another computation than its place says, differs, or cannot
        be computed.
    """
    arguments.columns("numbers", numbers, ["id", "place", "computed", "difference", "ok"])
    other = numbers["proper"].notna()
    verdict = np.select(
        [numbers["computed"].isna(), ~numbers["ok"].astype(bool), other],
        ["cannot be computed", "differs", "reproduced by another computation"],
        "reproduced",
    )
    return pd.DataFrame(
        {
            "id": numbers["id"],
            "place": numbers["place"],
            "difference": numbers["difference"] / (2 * numbers["tolerance"]),
            "verdict": verdict,
        }
    )


def printed_and_computed(numbers: pd.DataFrame) -> Exhibit:
    """How far each computed number lies from the printed one, in units of its last digit.

    Within the band, half a unit on either side, a number rounds to what is printed. Where some
    number lies far off, the axis is a log scale beyond one unit, so that far and near both show.

    Parameters
    ----------
    numbers : DataFrame
        As :func:`helpers.targets.compare` returns it.
    """
    data = in_units(numbers)
    rows = -np.arange(len(data), dtype=float)
    found = data["difference"].abs().replace(np.inf, np.nan).max()
    reach = max(2.0, 2 * found) if np.isfinite(found) else 2.0
    with canvas(7.2, 0.21 * len(data) + 1.5) as (figure, ax):
        ax.axvspan(-0.5, 0.5, color=BLUE, alpha=0.1)
        ax.axvline(0, color=GREY, linewidth=0.8)
        for kind, (colour, mark) in _KINDS.items():
            here = (data["verdict"] == kind).to_numpy()
            if here.any():
                at = data["difference"].fillna(0).to_numpy()[here]
                ax.plot(at, rows[here], mark, color=colour, label=f"{kind} ({here.sum()})")
        if reach > 10:
            ax.set_xscale("symlog", linthresh=1)
            ax.xaxis.get_major_locator().set_params(numticks=5)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))
        ax.set(yticks=rows, yticklabels=[*map(number_name, data["id"])], xlim=(-reach, reach))
        ax.set_xlabel("units of the last printed digit")
        ax.tick_params(axis="y", labelsize="small")
        ax.legend(
            frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=2
        )
    return Exhibit("printed_and_computed", figure, data)


def number_name(target: str) -> str:
    """A printed number's name in words: its column and row in the paper's table.

    Parameters
    ----------
    target : str
        Its ``id`` in :data:`helpers.targets.TARGETS`.

    Examples
    --------
    >>> number_name("iv-se"), number_name("T_k-sales"), number_name("T_c-new-york")
    ('IV, standard error', 'shifter of sales', 'shifter of New York')
    """
    if target in TITLES:
        return ", ".join(TITLES[target])
    symbol, _, name = target.partition("-")
    if not name:
        return {"rho": "ρ"}.get(symbol, symbol)
    return f"shifter of {name.replace('-', ' ').title() if symbol == 'T_c' else name}"


def _part(place: pd.Series) -> pd.Series:
    """Part of the paper in which a place is."""
    part = place.str.partition(".")[0]
    part = part.where(~part.str.fullmatch(r"\d+"), "section " + part)
    return part.str.replace(r"(table|figure).*", "tables and figures", regex=True)


def verdicts_by_section(words: pd.DataFrame) -> Exhibit:
    """How many claims of each section of the paper hold, in part, or do not.

    Parameters
    ----------
    words : DataFrame
        As :func:`helpers.targets.statements.check` returns it.
    """
    arguments.columns("words", words, ["place", "verdict"])
    part = _part(words["place"])
    counts = pd.crosstab(part, words["verdict"]).reindex(columns=list(_VERDICTS), fill_value=0)
    counts = counts.loc[list(dict.fromkeys(part))]
    with canvas(7.2, 0.36 * len(counts) + 1.4) as (figure, ax):
        left = np.zeros(len(counts))
        for verdict, colour in _VERDICTS.items():
            n = counts[verdict].to_numpy()
            bars = ax.barh(counts.index, n, left=left, color=colour, label=verdict)
            dark = verdict in ("holds", "does not hold")
            ax.bar_label(
                bars, [str(i) if i else "" for i in n], label_type="center", fontsize="small",
                color="white" if dark else "black",
            )  # fmt: skip
            left += n
        ax.invert_yaxis()
        ax.set_xlabel("claims")
        ax.legend(
            frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=4
        )
    data = counts.rename_axis("section").reset_index()
    data.columns.name = None
    return Exhibit("verdicts_by_section", figure, data)


@dataclass(frozen=True, eq=False)
class Parts:
    """A long table in parts that a reader opens one by one; in print all are open.

    Attributes
    ----------
    frame : DataFrame
        All rows, with all digits.
    parts : {str: DataFrame}
        What is shown, by the line that is seen while a part is closed. A single part without
        a line is shown open.
    name : str
        Of the data.
    """

    frame: pd.DataFrame
    parts: Mapping[str, pd.DataFrame]
    name: str

    def to_html(self) -> str:
        """Return the parts as HTML, each a table that folds."""
        blocks = []
        for number, (line, rows) in enumerate(self.parts.items()):
            style = table.show(rows).style.set_uuid(f"{self.name}-{number}")
            body = style.to_html()
            opening = f"<details><summary>{line}</summary>" if line else ""
            blocks.append(f"{opening}{body}{'</details>' if line else ''}")
        return "\n".join(blocks)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {
            "text/html": self.to_html(),
            "text/plain": repr(self),
            **data_of.bundle(self.name, self.frame),
        }

    def __repr__(self) -> str:
        return table.in_full(self.frame)


def numbers_by_place(numbers: pd.DataFrame) -> Parts:
    """Every printed number beside the computed one, by the table or section that prints it.

    Parameters
    ----------
    numbers : DataFrame
        As :func:`helpers.targets.compare` returns it. The computed number is shown with one
        digit more than the printed one, or none where that has no decimals.
    """
    needed = ["id", "place", "digits", "computed", "difference", "tolerance", "ok"]
    arguments.columns("numbers", numbers, needed)
    verdicts = in_units(numbers)["verdict"]
    decimals = numbers["digits"].str.partition(".")[2].str.len()
    shown = pd.DataFrame(
        {
            "number": numbers["id"].map(number_name),
            "as printed": numbers["digits"],
            "computed": [
                "" if pd.isna(value) else f"{value:.{places + (places > 0)}f}"
                for value, places in zip(numbers["computed"], decimals, strict=True)
            ],
            "verdict": verdicts,
        }
    )
    places = numbers["place"].str.replace(r" \(\d\)$", "", regex=True)
    places = places.where(places.str.startswith("table"), "section " + places)
    parts = {
        f"{place[:1].upper()}{place[1:]}: {numbers.loc[rows.index, 'ok'].sum()} of {len(rows)} "
        "come out": _shorter(rows)
        for place, rows in shown.groupby(places, sort=False)
    }
    return Parts(numbers[needed], parts, "printed_numbers")


def _shorter(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one table whose names do not all begin with the same column of it."""
    column = rows["number"].str.partition(", ")
    same = column[1].ne("").all() and len(set(column[0])) == 1
    return rows.assign(number=column[2]) if same else rows


def numbers_explained(numbers: pd.DataFrame) -> Parts:
    """Printed numbers that another computation gives than their place says, or none, and why.

    Parameters
    ----------
    numbers : DataFrame
        Rows of what :func:`helpers.targets.compare` returns.
    """
    needed = ["id", "digits", "computation", "proper", "note"]
    arguments.columns("numbers", numbers, needed)
    shown = pd.DataFrame(
        {
            "number": [
                f"<b>{number_name(row.id)}</b><br>printed {row.digits}"
                + ("" if pd.isna(row.proper) else f"; its name asks for {row.proper:.3f}")
                for row in numbers.itertuples()
            ],
            "what gives it, and why": [
                f"{symbols(row.computation[:1].upper() + row.computation[1:])}. {symbols(row.note)}"
                for row in numbers.itertuples()
            ],
        }
    )
    return Parts(numbers[needed], {"": shown}, "numbers_explained")


def claims(words: pd.DataFrame, fold: bool = False) -> Parts:
    """Claims of the paper with their verdicts and, below each, the statistic that decides it.

    Parameters
    ----------
    words : DataFrame
        As :func:`helpers.targets.statements.check` returns it.
    fold : bool
        Whether each part of the paper folds; its line says how many of its claims hold.
    """
    needed = ["place", "claim", "verdict", "statistic"]
    arguments.columns("words", words, needed)
    shown = pd.DataFrame(
        {
            "place": words["place"].str.replace(r"^(?=\d)", "§ ", regex=True),
            "claim, and what decides it": [
                f"<b>{symbols(claim)}</b><br>{symbols(statistic)}"
                for claim, statistic in zip(words["claim"], words["statistic"], strict=True)
            ],
            "verdict": words["verdict"],
        }
    )
    parts = {"": shown}
    if fold:
        parts = {}
        for part, rows in shown.groupby(_part(words["place"]), sort=False):
            counts = rows["verdict"].value_counts().reindex(list(_VERDICTS)).dropna()
            said = ", ".join(
                f"{int(n)} {what if n == 1 else _SAID.get(what, what)}"
                for what, n in counts.items()
            )
            parts[f"{part[:1].upper()}{part[1:]}: {said}"] = rows
    return Parts(words[needed], parts, "claims")
