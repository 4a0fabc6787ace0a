"""Teach nbval to compare numbers by tolerance and drawings by the data they draw.

nbval compares outputs as text: a change in the last digit of a float fails, and a drawing
is either skipped (PNG) or compared letter by letter (SVG). Loaded with ``-p``, this plugin

* replaces every text output by a :class:`Text`, equal to another when the words are the same
  and each number agrees to the tolerances of :mod:`helpers.exhibits.data`;
* skips ``image/svg+xml``, the picture inside a live figure and the data in full: what a figure
  draws stands beside it as ``text/plain``, the moments of its data
  (:class:`helpers.exhibits.Exhibit`), and that is compared.
"""

from __future__ import annotations

import math
import re

from nbval import plugin

from helpers.exhibits.data import ABSOLUTE, MIME, RELATIVE

_NUMBER = re.compile(r"(?<![\w.])[-−+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?(?!\w)")


class Text(str):
    """Text that equals another up to rounding of the numbers in it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        mine, theirs = str(self), str(other)
        if _NUMBER.sub("#", mine) != _NUMBER.sub("#", theirs):
            return False
        pairs = zip(_NUMBER.findall(mine), _NUMBER.findall(theirs), strict=True)
        return all(
            math.isclose(_value(a), _value(b), rel_tol=RELATIVE, abs_tol=ABSOLUTE) for a, b in pairs
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def _value(digits: str) -> float:
    return float(digits.replace(",", "").replace("−", "-").rstrip("%"))


# names in a drawing are hashes of its places in full: a last digit changes them
_PICTURE = re.compile(r"(?<=data:image/svg\+xml;base64,)[A-Za-z0-9+/=]+")


def without_pictures(text: str) -> str:
    """Text of a page without the drawings that are written into it."""
    return _PICTURE.sub("", text)


_sanitize = plugin.IPyNbCell.sanitize
_compare = plugin.IPyNbCell.compare_outputs


def sanitize(self, text):
    """Nbval's own clean-up, then tolerance."""
    cleaned = _sanitize(self, text)
    return Text(without_pictures(cleaned)) if isinstance(cleaned, str) else cleaned


def compare_outputs(self, test, ref, skip_compare=None):
    """Nbval's comparison without the drawings themselves."""
    skip = (*(skip_compare or self.parent.skip_compare), "image/svg+xml", MIME)
    return _compare(self, test, ref, skip)


plugin.IPyNbCell.sanitize = sanitize
plugin.IPyNbCell.compare_outputs = compare_outputs
