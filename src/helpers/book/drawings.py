"""Each drawing four times: for wide and narrow pages, on a light ground and on a dark one."""

from __future__ import annotations

import colorsys
import re
from pathlib import Path

from bs4 import BeautifulSoup

from helpers.exhibits import palette

NARROW = "(max-width: 600px)"
INK, GROUND = "#e3e7ec", "#121212"  # of the dark theme: its text and its page
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_TOLD_APART = 4  # colours of occupations, from which a drawing is about occupations
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


def _contrast(colour: str) -> float:
    """Contrast of a colour with the dark ground, as WCAG has it."""

    def luminance(of: str) -> float:
        parts = (int(of[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
        return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    return (luminance(colour) + 0.05) / (luminance(GROUND) + 0.05)


def dark(svg: str) -> str:
    """The same drawing for a dark ground; pictures inside it stay as they are.

    Parameters
    ----------
    svg : str
        As matplotlib writes it: colours in hexadecimal, black where none is named.
    """
    parts = re.split(r'("data:image/[^"]*")', svg)
    used = {colour.lower() for part in parts[::2] for colour in _COLOUR.findall(part)}
    told_apart = len(used & {colour.lower() for colour in palette.OCCUPATIONS}) >= _TOLD_APART
    parts[::2] = [
        _COLOUR.sub(lambda hit: on_dark(hit.group(), told_apart=told_apart), part)
        for part in parts[::2]
    ]
    text = "".join(parts)
    # what shines through on a light ground is dim on a dark one
    text = re.sub(r"opacity: (0\.\d+)", lambda hit: f"opacity: {float(hit[1]) ** 0.6:.3g}", text)
    # what names no colour is black, and inherits it from here
    return re.sub(r"<svg\b", f'<svg fill="{INK}"', text, count=1)


def write(file: Path, wide: str, narrow: str | None) -> None:
    """Write a drawing in all its forms: ``NAME.svg``, ``-dark``, ``-narrow``, ``-narrow-dark``.

    Parameters
    ----------
    file : Path
        Without its ending.
    wide, narrow : str
        SVG; narrow is None where nobody drew one.
    """
    for form, svg in (("", wide), ("-narrow", narrow)):
        if svg is None:
            continue
        file.with_name(f"{file.name}{form}.svg").write_text(svg, "utf-8")
        file.with_name(f"{file.name}{form}-dark.svg").write_text(dark(svg), "utf-8")


def choose(page: BeautifulSoup, file: Path, site: Path) -> None:
    """Let the browser pick among the forms of each drawing, and load no other.

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
        if picture is None or not (folder / f"{name}-dark.svg").is_file():
            continue
        # the scheme is the reader's choice on the page, which no media query knows
        bright = picture.wrap(page.new_tag("picture", attrs={"class": "on-light"}))
        other = page.new_tag("picture", attrs={"class": "on-dark"})
        image = page.new_tag("img", attrs={**picture.attrs, "loading": "lazy"})
        image["src"] = f"{root}_static/exhibits/{name}-dark.svg"
        picture["loading"] = "lazy"
        other.append(image)
        bright.insert_after(other)
        if (folder / f"{name}-narrow.svg").is_file():
            for holder, form in ((bright, "narrow"), (other, "narrow-dark")):
                source = page.new_tag(
                    "source",
                    attrs={"media": NARROW, "srcset": f"{root}_static/exhibits/{name}-{form}.svg"},
                )
                holder.insert(0, source)
