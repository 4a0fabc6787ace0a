"""A drawing in fewer bytes that looks the same: discs as circles, shared looks said once.

A map of 281 cities is 200 kB as matplotlib writes it, and each drawing is kept in two forms.
"""

from __future__ import annotations

import math
import re

_DISC = re.compile(r'<path d="M (\S+) (\S+) \n((?:C [^\n"]*\n){8})z\n" ?')
_END = re.compile(r"(\S+) (\S+) ?$", re.M)
_ROUND = 0.03  # points, by which a disc of rounded curves may miss its circle
_PATH, _PLACE = re.compile(r'\bd="[^"]*"'), re.compile(r'\b(?:x|y|transform)="[^"]*"')
_FAMILY = re.compile(r"font-family: [^;\"]*; ?")
_LONG = re.compile(r"(\d\.\d\d)\d+")
_MARK = re.compile(
    r'(?P<head><(?:circle|use)(?: (?!style|clip-path)[\w:]+="[^"]*")+)'
    r'(?P<clip> clip-path="[^"]*")?(?: style="(?P<style>[^"]*)")?/>'
)
_DEFINED = re.compile(r'<path id="(?P<id>\w+)" (?P<shape>d="[^"]*") style="(?P<style>[^"]*)"/>')
_USED = re.compile(
    r'<use xlink:href="#(?P<id>\w+)"(?P<rest>[^>]*?)(?: style="(?P<style>[^"]*)")?/>'
)


def lighter(svg: str) -> str:
    r"""Return a drawing of matplotlib's without what only weighs.

    Parameters
    ----------
    svg : str
        Discs become circles; places keep a hundredth of a point, a seventh of a thousandth of
        an inch; marks that follow each other share one group with what is alike in their looks.

    Examples
    --------
    >>> lighter('<use x="1.23456" style="fill: #000"/>\n<use x="2" style="fill: #000"/>')
    '<g style="fill: #000">\n<use x="1.23"/>\n<use x="2"/>\n</g>'
    """
    text = re.sub(r"\n +", "\n", svg)
    text = re.sub(r"<metadata>.*?</metadata>\n", "", text, flags=re.S)
    text = _DISC.sub(_circle, text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = _PLACE.sub(_short, _PATH.sub(_short, text))
    text = _looks_where_used(_one_font(text))
    return "\n".join(_grouped(text.split("\n")))


def _short(hit: re.Match) -> str:
    return _LONG.sub(r"\1", hit.group())


def _one_font(text: str) -> str:
    """Say the family of letters once, for the whole drawing, where there is one."""
    families = set(_FAMILY.findall(text))
    if len(families) != 1 or '<g id="figure_1">' not in text:
        return text
    (family,) = families
    return _FAMILY.sub("", text).replace(
        '<g id="figure_1">', f'<g id="figure_1" style="{family.rstrip("; ")}">', 1
    )


def _looks_where_used(text: str) -> str:
    """Say how a mark looks where it is used, not where its shape is defined.

    A rule of the drawing reaches a mark that is used through what it inherits alone.
    """
    looks = {hit["id"]: hit["style"] for hit in _DEFINED.finditer(text)}

    def used(hit: re.Match) -> str:
        if hit["id"] not in looks:
            return hit.group()
        look = _declared(hit["style"] or "") | _declared(looks[hit["id"]])
        said = _style([f"{name}: {value}" for name, value in look.items()])
        return f'<use xlink:href="#{hit["id"]}"{hit["rest"]}{said}/>'

    text = _DEFINED.sub(r'<path id="\g<id>" \g<shape>/>', text)
    return _USED.sub(used, text)


def _declared(style: str) -> dict[str, str]:
    return dict(part.split(": ", 1) for part in style.split("; ") if part)


def _circle(hit: re.Match) -> str:
    """A path of eight curves as a circle, where it is one."""
    ends = [(float(x), float(y)) for x, y in _END.findall(hit[3])]
    across, down = zip(*ends, strict=True)
    x, y = (min(across) + max(across)) / 2, (min(down) + max(down)) / 2
    radius = (max(across) - min(across)) / 2
    if any(abs(math.hypot(a - x, b - y) - radius) > _ROUND for a, b in ends):
        return hit.group()
    return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" '


def _grouped(lines: list[str]) -> list[str]:
    """Lines in which marks that follow each other share one group with what is alike in them."""
    out: list[str] = []
    waiting: list[tuple[str, list[str]]] = []
    place = ""  # what the marks that wait are clipped to

    def put() -> None:
        first = waiting[0][1] if waiting else []
        alike = [part for part in first if all(part in look for _, look in waiting)]
        if len(waiting) > 1 and (place or alike):
            out.append(f"<g{place}{_style(alike)}>")
            for head, look in waiting:
                out.append(f"{head}{_style([part for part in look if part not in alike])}/>")
            out.append("</g>")
        else:
            out.extend(f"{head}{place}{_style(look)}/>" for head, look in waiting)
        waiting.clear()

    for line in lines:
        mark = _MARK.fullmatch(line)
        look = mark["style"].split("; ") if mark and mark["style"] else []
        # the opacity of a group is not that of each mark in it
        if mark is None or any(part.startswith("opacity:") for part in look):
            put()
            out.append(line)
            continue
        if (mark["clip"] or "") != place:
            put()
            place = mark["clip"] or ""
        waiting.append((mark["head"], look))
    put()
    return out


def _style(parts: list[str]) -> str:
    return f' style="{"; ".join(parts)}"' if parts else ""
