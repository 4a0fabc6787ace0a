"""A figure that the reader moves: its data, its drawing for paper, and what the page is given.

A page shows the drawing until the scripts have drawn the figure themselves; where there are
none (scripts off, a downloaded notebook, paper) the drawing stays. Scripts and style are static
files of the site, shipped once by :func:`write_static`.
"""

from __future__ import annotations

import base64
import html
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import pandas as pd

from helpers.exhibits import palette
from helpers.exhibits.data import bundle
from helpers.exhibits.exhibit import Exhibit
from helpers.exhibits.live import projection

FOLDER = "_static/companion"
_SHARED = ("engine.js", "live.js")
_FILES = (
    *_SHARED,
    "live.css",
    "draws.js",
    "towns.js",
    "cities.js",
    "world.js",
    "forest.js",
    "markets.js",
    "equilibrium.js",
    "tables.js",
    "whatif.js",
    "whatif.css",
)


@dataclass(frozen=True)
class Control:
    """A number that the reader moves, by a slider or in the sentence.

    Attributes
    ----------
    label : str
        What it is, in words.
    low, high, step : float
    style : str
        How it is written: ``number``, ``percent``, or ``change``, a percentage whose sign is
        left to the words around it when it stands in the sentence.
    digits : int
        Decimals shown.
    slider : bool
        Whether it has a slider; otherwise it stands in the sentence alone.
    """

    label: str
    low: float
    high: float
    step: float
    style: str = "number"
    digits: int = 2
    slider: bool = True


_LONG = re.compile(r"(?<![\w#.])(-?\d+\.\d{2})\d+(?![\w])")
CORRELATION = Control("Correlation ρ", 0.0, 0.95, 0.01)
CHANGE = Control("Productivity of the city", -0.5, 0.5, 0.01, "change", 0)


@dataclass(frozen=True, eq=False)
class LiveFigure:
    """A live figure; a notebook shows it by returning it.

    Attributes
    ----------
    name : str
        Name of the function that made it.
    kind : str
        Name under which a script has registered what draws it.
    alt : str
        What a reader who cannot see it should know of its first state.
    static : Exhibit
        Drawing of the first state, and the table of what it draws.
    setting : mapping
        First value of everything that the reader can change.
    controls : {name: Control}
        Those that are numbers.
    sentence : str
        Template of the sentence above the figure; ``{name}`` is a value or a control.
    values : mapping of str
        The values in the sentence's first state.
    content : mapping
        What else the script needs; plain numbers, texts and lists.
    scripts : tuple of str
        Scripts beyond the shared ones, in order.
    payload_id : str
        Identifier of the element that holds what the script is given, if it has one.
    """

    name: str
    kind: str
    alt: str
    static: Exhibit
    setting: Mapping
    controls: Mapping[str, Control]
    sentence: str
    values: Mapping[str, str]
    content: Mapping
    scripts: tuple[str, ...] = field(default=())
    payload_id: str = ""

    @cached_property
    def drawing(self) -> str:
        """The drawing for paper as SVG, made once: a second layout may differ by a hair."""
        return self.static.svg()

    @property
    def data(self) -> pd.DataFrame:
        """What is drawn at first, one row a mark."""
        return self.static.data

    def __repr__(self) -> str:
        """Give the first sentence and the moments of the data drawn, for comparing re-runs."""
        return f"{self.text()}\n{self.static!r}"

    def text(self) -> str:
        """The sentence in its first state."""
        shown = {n: written(self.setting[n], c, spoken=True) for n, c in self.controls.items()}
        return self.sentence.format(**{**shown, **self.values})

    def payload(self) -> dict:
        """What the script is given."""
        return {
            "name": self.name,
            "alt": self.alt,
            "setting": dict(self.setting),
            "controls": {name: vars(control) for name, control in self.controls.items()},
            "sentence": self.sentence,
            **self.content,
        }

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {
            "text/html": self.html(),
            "image/svg+xml": self.drawing,
            "text/plain": repr(self),
            **bundle(self.name, self.data),
        }

    def html(self, static: str = f"../{FOLDER}") -> str:
        """The figure as HTML with everything inside but the shared files.

        Parameters
        ----------
        static : str
            Where the shared files are, seen from the page.
        """
        data = json.dumps(self.payload(), separators=(",", ":"), ensure_ascii=False)
        data = data.replace("</", "<\\/").replace("<!--", "<\\!--")
        # as a picture, so that its names and styles stay apart from the page's
        drawing = base64.b64encode(_small(self.drawing).encode()).decode()
        identified = f' id="{self.payload_id}"' if self.payload_id else ""
        scripts = "".join(
            f'<script defer src="{static}/{name}"></script>' for name in (*_SHARED, *self.scripts)
        )
        return (
            f'<div class="live tex2jax_ignore mathjax_ignore" data-live="{self.kind}">'
            f'<link rel="stylesheet" href="{static}/live.css">'
            f'<p class="live-sentence">{html.escape(self.text())}</p>'
            f'<img class="live-static" alt="{html.escape(self.alt)}" style="max-width:100%" '
            f'src="data:image/svg+xml;base64,{drawing}">'
            f'<script type="application/json"{identified}>{data}</script></div>{scripts}'
        )


def written(value: float, control: Control, *, spoken: bool = False) -> str:
    """A control's value as the page writes it, beside a slider or in the sentence.

    Examples
    --------
    >>> written(-0.05, CHANGE), written(-0.05, CHANGE, spoken=True), written(0.64, CORRELATION)
    ('−5%', '5%', '0.64')
    """
    if control.style == "number":
        return plain(value, control.digits)
    if control.style == "percent":
        return percent(value, control.digits)
    return percent(abs(value) if spoken else value, control.digits, sign=not spoken)


def plain(value: float, digits: int) -> str:
    """A number with a true minus sign; never minus zero.

    Examples
    --------
    >>> plain(-1.25, 1), plain(-0.001, 2)
    ('−1.2', '0.00')
    """
    text = f"{value:.{digits}f}"
    text = text.lstrip("-") if not float(text) else text
    return text.replace("-", "−")


def percent(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """A share or a change in per cent.

    Examples
    --------
    >>> percent(0.0024, sign=True), percent(-0.05, 0)
    ('+0.24%', '−5%')
    """
    text = plain(100 * value, digits)
    return f"+{text}%" if sign and value > 0 and float(text) else f"{text}%"


def turn(change: float) -> str:
    """A word for a change: falls, rises, or changes where it is none.

    Examples
    --------
    >>> turn(-0.05)
    'falls'
    """
    if not change:
        return "changes"
    return "falls" if change < 0 else "rises"


def finite(value: float) -> float | None:
    """A number as JSON holds it: none where it is not finite."""
    return float(value) if math.isfinite(value) else None


def short_names(cities: tuple[str, ...]) -> list[str]:
    """First city and first state of metropolitan areas, as a label: New York, NY."""
    out = []
    for city in cities:
        head, _, state = city.partition(",")
        state = state.strip().split("-")[0]
        out.append(f"{head.split('-')[0]}, {state}" if state else head)
    # two areas may share a first city: those keep their names
    return [name if out.count(name) == 1 else cities[i] for i, name in enumerate(out)]


def write_static(folder: Path) -> None:
    """Write the files that every live figure shares: scripts, style and the country's outline.

    Parameters
    ----------
    folder : Path
        ``_static/companion`` of the site.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = files("helpers.exhibits.live")
    for name in _FILES:
        (folder / name).write_bytes((source / name).read_bytes())
    outline = {
        "width": projection.WIDTH,
        "height": projection.HEIGHT,
        "path": projection.outline_path(),
        "diverging": palette.DIVERGING,
    }
    text = json.dumps(outline, separators=(",", ":"))
    script = f"globalThis.companion=Object.assign(globalThis.companion||{{}},{{outline:{text}}});\n"
    (folder / "outline.js").write_text(script, encoding="utf-8")


def _small(svg: str) -> str:
    """The drawing with hundredths of a point, without comments and its own header."""
    svg = re.sub(
        r"<!--.*?-->|<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", svg, flags=re.S
    )
    # places are rounded, and what is written on an axis is not
    svg = re.sub(r"<[^>]+>", lambda tag: _LONG.sub(r"\1", tag.group()), svg)
    return re.sub(r"\n\s*", "\n", svg)
