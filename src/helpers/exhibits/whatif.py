"""The what-if page: every shock of the model, moved by the reader (paper, 5).

The page computes with the scripts of :mod:`helpers.exhibits.live`: shares after a shock as
:func:`helpers.counterfactuals.shock` has them and, where prices answer, as
:func:`helpers.equilibrium.solve` has them. It asks nobody for anything.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.resources import files
from string import Template
from urllib.parse import urlencode

import numpy as np

from helpers import equilibrium
from helpers.counterfactuals import shock
from helpers.equilibrium.economy import filled_wages
from helpers.exhibits.exhibit import Exhibit, canvas
from helpers.exhibits.live import cities
from helpers.exhibits.live.figure import (
    CORRELATION,
    FOLDER,
    LiveFigure,
    percent,
    short_names,
    turn,
)
from helpers.model import Shares
from helpers.names import NEW_YORK

_STANDARD = equilibrium.STANDARD

# control: label, smallest, largest, step, no change
CONTROLS = {
    "city_hat": ("Productivity of the city (T_c, new over old)", 0.5, 1.5, 0.005, 1.0),
    "occupation_hat": ("Scale of the occupation (T_k, new over old)", 0.5, 1.5, 0.005, 1.0),
    "cell_hat": ("Occupation in the city alone (t_ck, new over old)", 0.5, 1.5, 0.005, 1.0),
    "rho": ("Correlation ρ", 0.0, 0.95, 0.01, None),
    "theta": ("Shape θ of the draws", 0.5, 10.0, 0.1, None),
    "housing_share": ("Share of income spent on housing", 0.0, 0.8, 0.01, None),
    "supply_elasticity": ("Elasticity of housing supply", 0.0, 100.0, 0.05, None),
    "substitution": ("Substitution between occupations", 0.1, 100.0, 0.05, None),
    "demand_elasticity": ("Elasticity of demand for the city's product", 0.5, 100.0, 0.1, None),
    "agglomeration": ("Agglomeration: productivity per size of city", 0.0, 1.0, 0.01, None),
    "wage_exponent": ("Exponent of income in where people go", 0.1, 10.0, 0.1, None),
}
_SHOCKS = ("city_hat", "occupation_hat", "cell_hat", "rho", "theta")
_CLOSURE = tuple(name for name in CONTROLS if name not in _SHOCKS)
_COLUMNS = {
    "city": "City",
    "group": "Among the",
    "change": "Change of its share",
    "old": "Share of households before",
    "new": "Share after",
    "similarity": "Similarity of occupations",
}


@dataclass(frozen=True)
class Setting:
    """Where the controls stand when the page opens; the defaults are the paper's shock.

    The controls reach from end to end of :data:`CONTROLS`, and as far beyond as the setting lies.

    Attributes
    ----------
    rho : float, in [0, 1)
    theta : float, above 0
    city, occupation : str
    city_hat, occupation_hat, cell_hat : float, above 0
        Multiplicative changes of T_c, T_k and t_ck.
    centred : str
        Where colours and the scatter have their middle: at the ``median`` city, or at ``one``,
        no change.
    prices : str
        ``fixed``, as in the paper, or ``answer``, as in :func:`helpers.equilibrium.solve`.
    housing_share, supply_elasticity, substitution, demand_elasticity : float
    agglomeration, wage_exponent : float
        Of the closure with which prices answer (:class:`helpers.equilibrium.Closure`), the
        standard one's where nothing else is said. Wages are flexible.
    """

    rho: float
    theta: float = 3.0
    city: str = NEW_YORK
    occupation: str = "management"
    city_hat: float = 0.95
    occupation_hat: float = 1.0
    cell_hat: float = 1.0
    centred: str = "median"
    prices: str = "fixed"
    housing_share: float = _STANDARD.housing_share
    supply_elasticity: float = _STANDARD.supply_elasticity
    substitution: float = _STANDARD.substitution
    demand_elasticity: float = _STANDARD.demand_elasticity
    agglomeration: float = _STANDARD.agglomeration
    wage_exponent: float = _STANDARD.wage_exponent

    def bounds(self, name: str) -> tuple[float, float]:
        """Smallest and largest value of a control."""
        _, low, high, *_ = CONTROLS[name]
        value = getattr(self, name)
        return min(low, value), max(high, value)

    def hats(self) -> dict[str, dict]:
        """Shocks as :func:`helpers.counterfactuals.shock` takes them."""
        return {
            "city": {self.city: self.city_hat},
            "occupation": {self.occupation: self.occupation_hat},
            "city_occupation": {(self.city, self.occupation): self.cell_hat},
        }

    def closure(self) -> equilibrium.Closure:
        """How prices answer where they do."""
        return equilibrium.Closure(**{name: getattr(self, name) for name in _CLOSURE})


def query(part: Mapping) -> str:
    """Part of a setting as the end of an address, which the page opens with.

    Examples
    --------
    >>> query({"city": "Detroit-Warren-Dearborn, MI", "city_hat": 0.95})
    '?city=Detroit-Warren-Dearborn%2C+MI&city_hat=0.95'
    """
    return "?" + urlencode(part)


def in_words(setting: Setting, name: str) -> str:
    """The shocks of a setting as a sentence; ``name`` is what to call the city."""

    def moved(hat: float) -> str:
        size = 100 * abs(hat - 1)
        digits = 0 if abs(size - round(size)) < 1e-9 else 1
        return f"{turn(hat - 1)} by {percent(abs(hat - 1), digits)}"

    parts = []
    if setting.city_hat != 1:
        parts.append(f"productivity in {name} {moved(setting.city_hat)}")
    if setting.occupation_hat != 1:
        parts.append(
            f"the scale of {setting.occupation} {moved(setting.occupation_hat)} everywhere"
        )
    if setting.cell_hat != 1:
        parts.append(f"the scale of {setting.occupation} in {name} {moved(setting.cell_hat)}")
    if not parts:
        return "Nothing changes."
    text = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    return f"{text[0].upper()}{text[1:]}."


def answered(fixed: float, gain: float, rent_hat: float) -> str:
    """What prices that answer did to the change of a city's share, as a sentence."""
    verb, noun = ("lose", "loss") if fixed < 0 else ("gain", "gain")
    start = f" Prices answer: with prices fixed the city would {verb} {percent(abs(fixed), 1)}"
    rents = (
        f"; rents there {'fall' if rent_hat < 1 else 'rise'} by {percent(abs(rent_hat - 1), 1)}."
    )
    if abs(fixed) < cities.ALIKE:
        return start + rents
    part = (fixed - gain) / fixed
    if part < 0:
        return f"{start}, and rents and wages make that {noun} {percent(-part, 0)} larger{rents}"
    if part > 1:
        return f"{start}, and rents and wages turn that {noun} around{rents}"
    return f"{start}, and rents and wages take back {percent(part, 0)} of that {noun}{rents}"


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Controls, pictures and tables as one piece of HTML.

    Attributes
    ----------
    shares : Shares
        With labels.
    setting : Setting
        Where the controls stand at first.
    wages : array (C, K), optional
        Wages before the shock, which weigh occupations where prices answer; NaN where one is
        missing, which counts as the occupation's mean. None: equal wages.
    presets : sequence of {"title": str, "setting": {name: value}}
        Settings that a button brings; what they leave out stands as at first.
    """

    shares: Shares
    setting: Setting
    wages: np.ndarray | None = None
    presets: Sequence[Mapping] = ()

    def __repr__(self) -> str:
        """Give what the page computes from, so that a re-run is compared."""
        s = self.setting
        n_cities, n_occupations = self.shares.pi_ck.shape
        return (
            f"what if: {n_cities} cities, {n_occupations} occupations, "
            f"rho {s.rho:.10g}, theta {s.theta:.10g}, {s.city} {s.city_hat:.10g}"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {
            "text/html": self.html(),
            "image/svg+xml": self.figure.drawing,
            "text/plain": repr(self),
        }

    def gains(self, rho: float, prices: str = "fixed") -> tuple[np.ndarray, np.ndarray | None]:
        """New share over old less one of every city at a rho, and rents where prices answer."""
        s, before = self.setting, self.shares.pi_c
        if prices == "fixed":
            return shock(self.shares, rho, s.theta, **s.hats()).pi_c / before - 1, None
        found = equilibrium.solve(
            self.shares, rho, s.theta, s.closure(), wages=self.wages, **s.hats()
        )
        return found.shares.pi_c / before - 1, found.rent_hat

    @cached_property
    def figure(self) -> LiveFigure:
        """The live part of the page: sentence, bar, map and scatter, with their drawing."""
        s = self.setting
        at = self.shares.city_index(s.city)
        here = short_names(self.shares.cities)[at]
        gain, rent_hat = self.gains(s.rho, s.prices)
        even, _ = self.gains(0.0, s.prices)
        table = cities.gain_table(self.shares, s.city, gain, even)
        with_tones, span = cities.with_tones(table, self.shares)
        rest = cities.rest(table, self.shares, s.city)
        words = in_words(s, here)
        with canvas(12.0, 4.6) as (figure, left):
            left.set_position((0.0, 0.02, 0.48, 0.9))
            right = figure.add_axes((0.62, 0.12, 0.37, 0.8))
            place = cities.on_paper(self.shares).loc[s.city]
            cities.draw_map(left, with_tones, span, s.city, place, here)
            cities.draw_scatter(right, table, here, relative=s.centred == "median")
        prices = ""
        if rent_hat is not None:
            prices = answered(self.gains(s.rho)[0][at], gain[at], rent_hat[at])
        return LiveFigure(
            name="what_if",
            kind="whatif",
            alt=f"{words} Map of the cities, coloured by gain relative to the median city's. "
            f"{rest}",
            static=Exhibit("what_if", figure, with_tones),
            setting={field.name: getattr(s, field.name) for field in fields(s)},
            controls={"rho": CORRELATION},
            sentence="{shocks} With a correlation of {rho} {name} {own} of its households. "
            "{rest}{prices}",
            values={
                "shocks": words,
                "name": here,
                "own": cities.own(gain[at]),
                "rest": rest,
                "prices": prices,
            },
            content={
                **cities.content(self.shares, s.theta),
                **cities.map_content(self.shares),
                "occupations": list(self.shares.occupations),
                "wages": _payroll(self.wages, self.shares),
                "ranges": {name: list(s.bounds(name)) for name in CONTROLS},
                "presets": [dict(preset) for preset in self.presets],
            },
            scripts=(
                "outline.js", "cities.js", "markets.js", "equilibrium.js", "tables.js", "whatif.js",
            ),
            payload_id="what-if-spec",
        )  # fmt: skip

    def html(self, static: str = f"../{FOLDER}") -> str:
        """The page's figure, controls and tables as HTML, but for the files the site shares.

        Parameters
        ----------
        static : str
            Where the shared files are, seen from the page.
        """
        heads = "".join(
            f'<th scope="col"{" aria-sort=descending" if by == "change" else ""}>'
            f'<button type="button" data-by="{by}">{text}</button></th>'
            for by, text in _COLUMNS.items()
        )
        presets = "".join(
            f'<button type="button" data-preset="{i}">{html.escape(preset["title"])}</button>'
            for i, preset in enumerate(self.presets)
        )
        template = (files("helpers.exhibits.live") / "whatif.html").read_text(encoding="utf-8")
        return Template(template).substitute(
            style=f"{static}/whatif.css",
            figure=self.figure.html(static),
            presets=f"<span>Worked scenarios:</span>{presets}" if presets else "",
            occupations=_select("occupation", "Occupation", self.shares.occupations),
            centred=_select(
                "centred", "Middle of the colours and of the scatter", ("median", "one")
            ),
            shocks="".join(map(self._number, _SHOCKS)),
            closure="".join(map(self._number, _CLOSURE)),
            heads=heads,
        )

    def _number(self, name: str) -> str:
        label, *_ = CONTROLS[name]
        low, high = self.setting.bounds(name)
        return (
            f'<div><label for="what-if-{name}">{label}</label>'
            f'<input type="number" min="{low}" max="{high}" step="any" name="{name}" '
            f'id="what-if-{name}" aria-label="{label}" inputmode="decimal"></div>'
        )


def _payroll(wages: np.ndarray | None, shares: Shares) -> list[float] | None:
    """Wages of all cells row by row, as the page is given them."""
    if wages is None:
        return None
    return filled_wages(wages, shares).ravel().tolist()


def _select(name: str, label: str, options: Sequence[str]) -> str:
    words = {"median": "the median city", "one": "no change"}
    listed = "".join(
        f'<option value="{html.escape(option)}">{html.escape(words.get(option, option))}</option>'
        for option in options
    )
    return (
        f'<div><label for="what-if-{name}">{label}</label>'
        f'<select name="{name}" id="what-if-{name}">{listed}</select></div>'
    )
