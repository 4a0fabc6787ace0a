"""A slider over specialisation: how many are redirected with coarse and with fine occupations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import pandas as pd

from helpers.exhibits.data import bundle
from helpers.exhibits.palette import BLUE, DIVERGING, GREY, ORANGE

_BARS = (
    ("redirected", "as it is"),
    ("measured", "in a survey"),
    ("broad", "in eight groups"),
)
_COLUMNS = ["occupations", "specialisation", *(name for name, _ in _BARS)]
_COLOURS = {
    "light": (BLUE, ORANGE, GREY),
    "dark": (DIVERGING["dark"][2], DIVERGING["dark"][0], "#a3abb3"),
}
# the theme puts HTML on white in the dark; this knows the dark
_STYLE = (
    ".fineness{max-width:44em;margin:1em 0}.fineness input{width:100%;min-height:24px}"
    ".fineness .rows{display:grid;grid-template-columns:minmax(6.5em,11em) 1fr 3.8em;gap:.2em .6em}"
    ".fineness strong{grid-column:1/-1}.fineness [data-bar]{display:block;height:1em}"
    ".fineness .number{text-align:right;font-variant-numeric:tabular-nums}"
    'html[data-theme="dark"] .bd-content div.cell_output .text_html.text_html:has(> .fineness)'
    "{background-color:transparent;color:inherit;padding:0}"
)


@dataclass(frozen=True, eq=False)
class Slider:
    """A control and bars; a notebook shows it by returning it.

    Attributes
    ----------
    data : DataFrame
        ``occupations``, ``specialisation``, ``redirected``, ``measured``, ``broad``.
    start : int
        Position of the specialisation that is shown first, in the order of the data.
    """

    data: pd.DataFrame
    start: int

    def to_html(self) -> str:
        """Return the figure as a piece of a page; without scripts its first state stays."""
        levels = list(dict.fromkeys(self.data["specialisation"]))
        shown = self.data[self.data["specialisation"] == levels[self.start]]
        most = float(self.data[[name for name, _ in _BARS]].to_numpy().max())
        body = []
        for row in shown.to_dict("records"):
            n = int(row["occupations"])
            body.append(f"<strong>{n} occupations</strong>")
            for name, words in _BARS:
                width = 100 * row[name] / most if most else 0.0
                body.append(
                    f"<span>{words}</span><span><span data-bar='{n} {name}' class='{name}' "
                    f"style='width:{width:.3f}%'></span></span>"
                    f"<span class='number'>{row[name]:.2%}</span>"
                )
        script = files("helpers.exhibits").joinpath("fineness.js").read_text(encoding="utf-8")
        rows = json.dumps(self.data[_COLUMNS].to_dict("records")).replace("<", "\\u003c")
        return (
            f'<div class="fineness" data-most="{most!r}"><style>{_STYLE}{_colours()}</style>'
            f'<label style="display:block">Specialisation <output>{levels[self.start]:.2f}'
            f'</output><input type="range" min="0" max="{len(levels) - 1}" step="1" '
            f'value="{self.start}" '
            f'aria-valuetext="specialisation {levels[self.start]:.2f}"></label>'
            f'<div class="rows">{"".join(body)}</div>'
            f'<script type="application/json" data-rows>{rows}</script>'
            f"<script>{script}</script></div>"
        )

    def __repr__(self) -> str:
        """Give what a re-run is compared with: the numbers behind the bars."""
        return self.data[_COLUMNS].to_string(index=False, float_format=lambda x: f"{x:.10g}")

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {
            "text/html": self.to_html(),
            "text/plain": repr(self),
            **bundle("slider", self.data[_COLUMNS]),
        }


def _colours() -> str:
    """Rules for the bars, in the light and in the dark."""
    rules = []
    for scheme, before in (("light", ""), ("dark", 'html[data-theme="dark"] ')):
        rules += [
            f"{before}.fineness .{name}{{background:{colour}}}"
            for (name, _), colour in zip(_BARS, _COLOURS[scheme], strict=True)
        ]
    return "".join(rules)


def slider(table: pd.DataFrame, near: float = 1.0) -> Slider:
    """Bars of redirection that a slider moves from one specialisation to the next.

    Parameters
    ----------
    table : DataFrame
        As :func:`helpers.inference.finer_groups.finer` returns it.
    near : float
        Specialisation to begin with; the nearest in the table is taken.
    """
    levels = pd.Series(table["specialisation"].unique())
    return Slider(table.reset_index(drop=True), int((levels - near).abs().argmin()))
