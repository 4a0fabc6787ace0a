"""The replication as a picture: printed beside computed, and verdicts on claims."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import arguments
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.palette import BLUE, GREEN, GREY, ORANGE
from helpers.exhibits.paper_tables import TITLES

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
        ax.set(yticks=rows, yticklabels=[*map(_in_words, data["id"])], xlim=(-reach, reach))
        ax.set_xlabel("computed less printed, in units of the last printed digit")
        ax.tick_params(axis="y", labelsize="small")
        ax.legend(
            frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=2
        )
    return Exhibit("printed_and_computed", figure, data)


def _in_words(target: str) -> str:
    """A number's name in a figure: its column and row in the paper's table."""
    if target in TITLES:
        return ", ".join(TITLES[target])
    symbol, _, name = target.partition("-")
    return f"{symbol}, {name.replace('-', ' ').title() if symbol == 'T_c' else name}".strip(", ")


def verdicts_by_section(words: pd.DataFrame) -> Exhibit:
    """How many claims of each section of the paper hold, in part, or do not.

    Parameters
    ----------
    words : DataFrame
        As :func:`helpers.targets.statements.check` returns it.
    """
    arguments.columns("words", words, ["place", "verdict"])
    part = words["place"].str.partition(".")[0]
    part = part.where(~part.str.fullmatch(r"\d+"), "section " + part)
    part = part.str.replace(r"(table|figure).*", "tables and figures", regex=True)
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
