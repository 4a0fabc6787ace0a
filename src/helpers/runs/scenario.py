"""Parameter sets for a rerun: read from ``scenarios/*.yml`` and refused early when wrong.

Reading needs neither data nor drawings and takes a fraction of a second; what only a panel can
tell, such as whether a city exists, :meth:`Scenario.check_panel` asks it.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields

from helpers.counterfactuals import policy_form
from helpers.errors import EquilibriumError, ParameterError, UnknownNameError, nearest
from helpers.names import DETROIT, NEW_YORK, SOURCES, VISALIA
from helpers.runs.values import (
    LARGEST_RHO,
    NO_OUTLINES,
    NUMBERS,
    RANGE,
    THETA,
    WAGE_EXPONENT,
    check,
    known_name,
)

__all__ = [
    "LARGEST_RHO",
    "NO_OUTLINES",
    "NUMBERS",
    "RANGE",
    "THETA",
    "WAGE_EXPONENT",
    "Scenario",
    "as_json",
    "check",
    "in_panel",
    "known_name",
    "plain",
]

_EMPTIEST = 1e-100
_POLICIES = {
    "targeted": {"city_occupation": {DETROIT: {"trades": 1.10}}},
    "general": {"city": {DETROIT: policy_form.EQUAL}},
    "everywhere": {"occupation": {"trades": policy_form.EQUAL}},
}


@dataclass(frozen=True)
class Scenario:
    """Parameters of a run of the notebooks; the defaults are the paper's.

    Attributes
    ----------
    title : str
        What the run is called in the book.
    source : str
        ``auto``, ``replication``, ``synthetic`` or the folder of a built panel.
    year : int
        Year of the shifters and the counterfactuals.
    years : list of int or None
        Years of the sample that rho is estimated on, each once; None for all.
    rho : float or None
        Correlation from 0 to :data:`LARGEST_RHO`; None (in the file: ``estimated``) for the
        estimate.
    theta : float
        Frechet shape, within :data:`THETA`.
    wage_exponent : float
        Power with which a wage enters the scale of a cell, within :data:`WAGE_EXPONENT`: the
        estimate is rho = 1 - wage_exponent / slope.
    city, second_city : str
        Cities that are shocked in section 5.1, two different ones.
    city_hat : float
        Multiplicative change of their T_c, from 0.001 to 1000.
    occupation, second_occupation : str
        Occupations that are shocked in section 5.2, two different ones.
    occupation_hat : float
        Multiplicative change of their T_k, from 0.001 to 1000.
    cell_hat : float
        Multiplicative change of t_ck of ``occupation`` in ``city``, likewise; for sweeps.
    policy_city : str
        The city that chapter 17 looks at.
    policies : mapping
        Policies that chapter 17 compares, each any number of shocks
        (:func:`helpers.counterfactuals.policy_form.parse`).
    clusters : str
        Clusters of the standard errors.
    closure : str or mapping
        What answers in the chapters on equilibrium: ``standard``, ``paper``, or parameters of a
        :class:`helpers.equilibrium.Closure` with their values.
    outlines : str
        GeoJSON file with borders for the maps of a reader's own panel that has coordinates;
        ``none`` for maps without.

    Raises
    ------
    ParameterError
        For a value of another type or outside its domain; the message has the parameter.
    UnknownNameError
        For a name that does not exist, with the nearest.
    """

    title: str = "The paper's values"
    source: str = "auto"
    year: int = 2019
    years: list[int] | None = None
    rho: float | None = None
    theta: float = 3.0
    wage_exponent: float = 1.0
    city: str = NEW_YORK
    second_city: str = VISALIA
    city_hat: float = 0.95
    occupation: str = "management"
    second_occupation: str = "trades"
    occupation_hat: float = 1.10
    cell_hat: float = 1.0
    policy_city: str = DETROIT
    policies: dict = field(default_factory=lambda: deepcopy(_POLICIES))
    clusters: str = "city_occupation"
    closure: str | dict = "standard"
    outlines: str = NO_OUTLINES

    def __post_init__(self) -> None:
        own = self.source if isinstance(self.source, str) else ""
        for name in (entry.name for entry in fields(self)):
            value = check(name, getattr(self, name), own_names=own not in SOURCES)
            object.__setattr__(self, name, value)
        if self.outlines != NO_OUTLINES and not self.is_own:
            raise ParameterError(
                "outlines: only maps of a panel of your own take them; name its folder as source, "
                "or take the line out"
            )
        for one in ("city", "occupation"):
            name = getattr(self, one)
            if name == getattr(self, f"second_{one}") and not (self.is_own and one != "city"):
                raise ParameterError(
                    f"second_{one}: {name!r} is the first {one} already; name another"
                )

    @property
    def is_own(self) -> bool:
        """Whether the data are a reader's own panel."""
        return self.source not in SOURCES

    def parameters(self) -> dict[str, object]:
        """What a notebook's parameters cell may take."""
        of_run = ("title", "outlines")
        return {name: value for name, value in asdict(self).items() if name not in of_run}

    def check_panel(self, panel, estimates: dict | None = None) -> None:
        """Refuse what cannot run on a panel: try each step that the chapters build on.

        Parameters
        ----------
        panel : Panel
        estimates : dict, optional
            Estimates of rho by years and clusters, kept from one scenario to the next.

        Raises
        ------
        UnknownNameError
            For a year, city, occupation or policy that the panel lacks, with the nearest names.
        ParameterError
            If rho as it is estimated, or shares after the shocks, are beyond what can be shown.
        """
        from helpers import counterfactuals
        from helpers.counterfactuals import policy
        from helpers.estimation import estimate
        from helpers.panel import capabilities
        from helpers.panel.contract import PAPERS

        in_panel("year", self.year, panel.years)
        for year in self.years or ():
            in_panel("years", year, panel.years)
        shares = panel.shares(self.year)
        for name in ("city", "second_city", "policy_city"):
            in_panel(name, getattr(self, name), shares.cities)
        for name in ("occupation", "second_occupation"):
            in_panel(name, getattr(self, name), shares.occupations)
        if self.occupation == self.second_occupation and len(shares.occupations) > 1:
            raise ParameterError(
                f"second_occupation: {self.occupation!r} is the first occupation already; name "
                "another"
            )
        settled = policy.settle(self.policies, shares, self.theta)
        rho = self.rho
        if rho is None and panel.source not in PAPERS:
            lacks = {one.what: one.lacks for one in capabilities(panel)}["estimate"]
            if lacks:
                raise ParameterError(
                    f"rho: these data do not give it, since they lack {lacks}; write a number "
                    f"from 0 to {LARGEST_RHO}, such as rho: 0.6"
                )
        # with the paper's kind of data every chapter runs, and chapter 5 asks anyway
        if rho is None or (self.is_own and panel.source in PAPERS):
            estimates = {} if estimates is None else estimates
            sample = (str(self.years), self.clusters, self.wage_exponent)
            if sample not in estimates:
                fit = estimate(
                    panel,
                    years=self.years,
                    clusters=self.clusters,
                    wage_exponent=self.wage_exponent,
                )
                estimates[sample] = float(fit.rho)
            rho = estimates[sample] if rho is None else rho
            if not 0 <= rho <= LARGEST_RHO:
                raise ParameterError(
                    f"rho: this sample's estimate is {rho:.4g} with a wage exponent of "
                    f"{self.wage_exponent:g}, outside [0, {LARGEST_RHO}]; choose other years or "
                    "another wage_exponent, or give a number"
                )
        shocks = {
            "city_hat": {"city": {self.city: self.city_hat}},
            "city_hat, second_city": {"city": {self.second_city: self.city_hat}},
            "occupation_hat": {"occupation": {self.occupation: self.occupation_hat}},
            "cell_hat": {"city_occupation": {(self.city, self.occupation): self.cell_hat}},
        }
        for name, one in settled.items():
            shocks[f"policies, {name}"] = {
                "city": one.city,
                "occupation": one.occupation,
                "city_occupation": one.city_occupation,
            }
        for name, shock in shocks.items():
            new = counterfactuals.shock(shares, rho, self.theta, **shock)
            if name == "city_hat":
                _check_closure(self.closure, panel, self.year, rho, self.theta, shock)
            gone = (new.pi_c < _EMPTIEST) & (shares.pi_c > 0)
            if gone.any():
                city = shares.cities[int(gone.argmax())]
                raise ParameterError(
                    f"{name}: with rho {rho:.4g} and theta {self.theta:g} this shock leaves "
                    f"nobody in {city}; choose a hat nearer to one"
                )

    def changes(self) -> dict[str, object]:
        """Parameters that differ from the paper's."""
        paper = Scenario().parameters()
        return {name: value for name, value in self.parameters().items() if value != paper[name]}


def _check_closure(closure: str | dict, panel, year: int, rho: float, theta: float, shock) -> None:
    """Refuse a closure under which the first shock has no equilibrium."""
    from helpers import equilibrium

    wages = equilibrium.panel_wages(panel, year)
    if (wages != wages).all(axis=0).any():  # a group that nobody knows the pay of
        wages = None
    here = equilibrium.read_closure(closure)
    try:
        equilibrium.solve(panel.shares(year), rho, theta, here, wages=wages, **shock)
    except EquilibriumError as problem:
        raise EquilibriumError(f"closure: {problem}") from None


def in_panel(parameter: str, value: object, known) -> None:
    """Refuse what a panel lacks; say so when it is the paper's value that nobody asked for."""
    if value in known:
        return
    candidates = nearest(value, [str(name) for name in known]) or [str(n) for n in known[:3]]
    default = "" if parameter == "years" else getattr(Scenario, parameter, None)
    paper = " (the paper's, since the file names none)" if value == default else ""
    raise UnknownNameError(
        f"{parameter}: {value!r}{paper} is not among the {len(known)} of the panel; "
        f"nearest: {', '.join(candidates)}; write one of them"
    )


def plain(text: str) -> str:
    r"""Words of a reader as Markdown that means only these words.

    Examples
    --------
    >>> print(plain("a *b* {c}"))
    a \*b\* \{c\}
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def as_json(value: object) -> str:
    """A value as one line of JSON, for tables of what was run."""
    return json.dumps(value, ensure_ascii=False)
