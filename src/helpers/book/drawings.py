"""Each drawing twice, for wide and for narrow pages; both know how they look on a dark ground.

What a drawing names in its marks is its look on a light ground, in any program. Asked for by
``NAME.svg#dark``, it is the target of its address, and rules of its own give it other colours.
"""

from __future__ import annotations

import colorsys
import re
from pathlib import Path

import numpy as np
from bs4 import BeautifulSoup

from helpers.exhibits import palette

NARROW = "(max-width: 600px)"
INK, GROUND = "#e3e7ec", "#121212"  # of the dark theme: its text and its page
_TOLD_APART = 4  # colours of occupations, from which a drawing is about occupations
_SCALE = 6  # colours of the scale around the median, from which a drawing has one
_ROUNDED = 0.01  # by which a colour may lie beside it
_CONTRAST = 4.5  # of lines, marks and words of a colour with the dark ground


def on_dark(colour: str, *, told_apart: bool = True) -> str:
    """The colour that stands for another on a dark ground: the same hue, ink light, paper dark.

    Parameters
    ----------
    colour : str
        ``#rrggbb``.
    told_apart : bool
        Whether the drawing tells occupations apart by their colours, which then stay.

    Examples
    --------
    >>> on_dark("#000000"), on_dark("#ffffff"), on_dark("#d97706")
    ('#e3e7ec', '#121212', '#d97706')
    """
    if told_apart and colour.lower() in palette.OCCUPATIONS:  # one colour everywhere
        return colour
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    if full < 0.12:  # greys turn round between ink and paper
        ink, ground = (int(c[1:3], 16) / 255 for c in (INK, GROUND))
        if light <= 0.14:
            return INK
        if light >= 0.99:
            return GROUND
        grey = round(255 * (ink + (ground - ink) * light**1.3))
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    found = colour
    while _contrast(found) < _CONTRAST:
        light += 0.02
        parts = colorsys.hls_to_rgb(hue, light, full)
        found = "#" + "".join(f"{round(255 * part):02x}" for part in parts)
    return found


def on_dark_scale(colour: str) -> str | None:
    """A colour of the scale around the median on its dark form; None for one that is not on it.

    Examples
    --------
    >>> on_dark_scale("#c4c4c4"), on_dark_scale("#0072b2"), on_dark_scale("#009e73")
    ('#5c6068', '#5ab4f0', None)
    """
    here = _parts(colour)
    light, dark = (np.array([_parts(c) for c in palette.DIVERGING[s]]) for s in ("light", "dark"))
    for end in (0, 2):
        way = light[end] - light[1]
        part = float(np.clip((here - light[1]) @ way / (way @ way), 0, 1))
        if np.abs(light[1] + part * way - here).max() < _ROUNDED:
            found = dark[1] + part * (dark[end] - dark[1])
            return "#" + "".join(f"{round(255 * c):02x}" for c in found)
    return None


def _parts(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def _contrast(colour: str) -> float:
    """Contrast of a colour with the dark ground, as WCAG has it."""

    def luminance(of: str) -> float:
        parts = (int(of[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    return (luminance(colour) + 0.05) / (luminance(GROUND) + 0.05)


_SCHEME = "dark"  # the fragment of an address that asks for the dark look
_DECLARED = re.compile(r"\b(fill|stroke): (#[0-9a-fA-F]{6})\b")
_SHINES = re.compile(r"(?P<before>[;\"] ?)(?P<name>(?:fill-|stroke-)?opacity): (?P<value>0\.\d+)")


def with_dark(svg: str) -> str:
    """The same drawing, with rules for its look on a dark ground; pictures in it stay as they are.

    Parameters
    ----------
    svg : str
        As :func:`helpers.exhibits.lighter.lighter` leaves it: the look of a mark is what it says
        of itself, or of the group around it; black where none is named.

    Returns
    -------
    str
        With ``#dark`` behind its address the drawing shows its colours as :func:`on_dark` has
        them, and what shines through is less dim.
    """
    plain = re.sub(r'"data:image/[^"]*"', "", svg)
    colours = {colour.lower() for _, colour in _DECLARED.findall(plain)}
    told_apart = len(colours & {colour.lower() for colour in palette.OCCUPATIONS}) >= _TOLD_APART
    scaled = {c: on_dark_scale(c) for c in colours}
    if sum(found is not None for found in scaled.values()) < _SCALE:
        scaled = {}
    rules = [f"#{_SCHEME}:target{{fill:{INK}}}"]  # what names no colour inherits it from here
    for name, colour in sorted(set(_DECLARED.findall(plain))):
        other = (name == "fill" and scaled.get(colour.lower())) or on_dark(
            colour, told_apart=told_apart
        )
        if other != colour:
            rules.append(_rule(f'[style*="{name}: {colour}"]', name, other))
    found = {(hit["name"], hit["value"]) for hit in _SHINES.finditer(plain)}
    for name, value in sorted(found, key=lambda pair: (pair[0], len(pair[1]), pair[1])):
        said = f"{name}: {value}"  # 0.5 begins 0.55, whose rule comes later and wins
        where = (f'[style^="{said}"]', f'[style*="; {said}"]')
        rules += [_rule(place, name, f"{float(value) ** 0.6:.3g}") for place in where]
    return re.sub(
        r"<svg\b([^>]*)>",
        lambda hit: f'<svg id="{_SCHEME}"{hit[1]}>\n<style>{"".join(rules)}</style>',
        svg,
        count=1,
    )


def _rule(where: str, name: str, value: str) -> str:
    """What a mark with a certain look has instead, though it says so itself."""
    return f":target {where}{{{name}:{value}!important}}"


def write(file: Path, wide: str, narrow: str | None) -> None:
    """Write a drawing in both its forms: ``NAME.svg`` and ``NAME-narrow.svg``.

    Parameters
    ----------
    file : Path
        Without its ending.
    wide, narrow : str
        SVG; narrow is None where nobody drew one.
    """
    for form, svg in (("", wide), ("-narrow", narrow)):
        if svg is not None:
            file.with_name(f"{file.name}{form}.svg").write_text(with_dark(svg), "utf-8")


def choose(page: BeautifulSoup, file: Path, site: Path) -> None:
    """Let the browser pick among the looks of each drawing, and load no other.

    Parameters
    ----------
    page : BeautifulSoup
        Changed.
    file : Path
        Where the page stands.
    site : Path
    """
    folder = site / "_static" / "exhibits"
    root = "../" * (len(file.relative_to(site).parts) - 1)
    for links in page.select("p.exhibit-links[data-drawing]"):
        figure = links.find_previous("figure")
        if figure is None or figure.select_one(".live, picture"):  # a live one draws itself
            continue
        picture = figure.find("img", src=re.compile(r"_images/"))
        name = links["data-drawing"]
        address = f"{root}_static/exhibits/{name}"
        if picture is None or not (folder / f"{name}.svg").is_file():
            continue
        # the scheme is the reader's choice on the page, which no media query knows
        picture["src"], picture["loading"] = f"{address}.svg", "lazy"
        bright = picture.wrap(page.new_tag("picture", attrs={"class": "on-light"}))
        other = page.new_tag("picture", attrs={"class": "on-dark"})
        image = page.new_tag("img", attrs={**picture.attrs, "src": f"{address}.svg#{_SCHEME}"})
        other.append(image)
        bright.insert_after(other)
        if (folder / f"{name}-narrow.svg").is_file():
            for holder, scheme in ((bright, ""), (other, f"#{_SCHEME}")):
                form = {"media": NARROW, "srcset": f"{address}-narrow.svg{scheme}"}
                holder.insert(0, page.new_tag("source", attrs=form))
