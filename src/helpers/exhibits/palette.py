"""The colours of every figure: lines, occupations, and changes above and below a middle."""

from __future__ import annotations

from collections.abc import Sequence

BLUE, ORANGE, GREEN, GREY, PURPLE = "#0072b2", "#b35900", "#007a5a", "#666666", "#8e3a7d"
LINES = (BLUE, ORANGE, GREEN, PURPLE, GREY, "#5a4fcf")
# Apart in hue and in lightness, so that they stay apart without red against green and in grey;
# contrast is at least 3 on white and 2 on the dark ground. A test measures both.
_FIXED = {
    "management": "#0072b2",
    "professional": "#3d9dd6",
    "sales": "#9a4a00",
    "trades": "#d97706",
    "primary": "#2d6a3a",
    "cleaners": "#c2629b",
    "security": "#5b3a9b",
    "service": "#777777",
}
OCCUPATIONS = frozenset(_FIXED.values())
# a change below and above the middle, on a light ground and on a dark one
DIVERGING = {
    "light": ("#b35900", "#c4c4c4", "#0072b2"),
    "dark": ("#ff9d3c", "#5c6068", "#5ab4f0"),
}


def occupation_colours(occupations: Sequence[str]) -> dict[str, str]:
    """A colour for each occupation: the paper's eight have theirs, others take turns.

    Parameters
    ----------
    occupations : sequence of str

    Returns
    -------
    {occupation: colour}
        In the order given.

    Examples
    --------
    >>> occupation_colours(["trades", "weavers"])
    {'trades': '#d97706', 'weavers': '#0072b2'}
    """
    spare = [colour for name, colour in _FIXED.items() if name not in occupations]
    spare = spare or list(_FIXED.values())
    unknown = [name for name in occupations if name not in _FIXED]
    given = {name: spare[i % len(spare)] for i, name in enumerate(unknown)}
    return {name: _FIXED.get(name) or given[name] for name in occupations}
