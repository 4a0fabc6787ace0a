"""Parameter sets for a rerun: read from ``scenarios/*.yml`` and refused early when wrong."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import yaml

from helpers import policy
from helpers.errors import (
    DataError,
    ParameterError,
    UnknownNameError,
    check_rho,
    find_name,
    nearest,
)
from helpers.figures import NEW_YORK, VISALIA
from helpers.panel import OCCUPATIONS
from helpers.sources import NAMES

DETROIT = "Detroit-Warren-Dearborn, MI"
_POLICIES = {
    "targeted": {"city_occupation": {DETROIT: {"trades": 1.10}}},
    "general": {"city": {DETROIT: policy.EQUAL}},
    "everywhere": {"occupation": {"trades": policy.EQUAL}},
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
        Years of the sample that rho is estimated on; None for all.
    rho : float or None
        Correlation in [0, 1); None (in the file: ``estimated``) for the estimate.
    theta : float
        Frechet shape, above 0.
    city, second_city : str
        Cities that are shocked in section 5.1.
    city_hat : float
        Multiplicative change of their T_c, above 0.
    occupation, second_occupation : str
        Occupations that are shocked in section 5.2.
    occupation_hat : float
        Multiplicative change of their T_k, above 0.
    cell_hat : float
        Multiplicative change of t_ck of ``occupation`` in ``city``, above 0; for sweeps.
    policy_city : str
        The city that chapter 17 looks at.
    policies : mapping
        Policies that chapter 17 compares, each any number of shocks
        (:func:`helpers.policy.parse`).
    clusters : str
        Clusters of the standard errors.
    """

    title: str = "The paper's values"
    source: str = "auto"
    year: int = 2019
    years: list[int] | None = None
    rho: float | None = None
    theta: float = 3.0
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

    def __post_init__(self) -> None:
        from helpers.estimation import CLUSTERS

        if not isinstance(self.title, str) or not self.title.strip():
            raise ParameterError(f"title: expected words, found {self.title!r}")
        if self.rho is not None:
            if isinstance(self.rho, bool):
                raise ParameterError(f"rho: expected a number in [0, 1), found {self.rho!r}")
            check_rho(self.rho, 1)
        for name in ("theta", "city_hat", "occupation_hat", "cell_hat"):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 < value < float("inf"):
                raise ParameterError(f"{name}: expected a number above 0, found {value!r}")
        for name in ("city", "second_city", "policy_city"):
            if not isinstance(getattr(self, name), str):
                raise ParameterError(f"{name}: expected a name, found {getattr(self, name)!r}")
        if isinstance(self.year, bool) or not isinstance(self.year, int):
            raise ParameterError(f"year: expected a year, found {self.year!r}")
        if self.years is not None:
            years = self.years if isinstance(self.years, list) else []
            if not years or any(isinstance(y, bool) or not isinstance(y, int) for y in years):
                raise ParameterError(f"years: expected a list of years, found {self.years!r}")
        policy.parse(self.policies)
        for name, known in (
            ("occupation", OCCUPATIONS),
            ("second_occupation", OCCUPATIONS),
            ("clusters", CLUSTERS),
        ):
            _known(name, getattr(self, name), known)
        if self.source not in NAMES and not Path(self.source).is_dir():
            _known("source", self.source, NAMES)

    def parameters(self) -> dict[str, object]:
        """What a notebook's parameters cell may take."""
        return {name: value for name, value in asdict(self).items() if name != "title"}

    def check_panel(self, panel) -> None:
        """Refuse a year, city or policy that the panel cannot have, with the nearest names."""
        shares = panel.shares(self.year)
        for name in ("city", "second_city", "policy_city"):
            find_name(name, getattr(self, name), shares.cities)
        for year in self.years or ():
            find_name("years", year, panel.years)
        policy.settle(self.policies, shares, self.theta)

    def changes(self) -> dict[str, object]:
        """Parameters that differ from the paper's."""
        paper = Scenario().parameters()
        return {name: value for name, value in self.parameters().items() if value != paper[name]}


def _known(kind: str, name: object, known: tuple[str, ...]) -> None:
    if name not in known:
        hint = ", ".join(nearest(name, known)) or ", ".join(known)
        raise UnknownNameError(f"{kind}: {name!r} is not known; nearest: {hint}")


def read_mapping(path: Path) -> dict:
    """Keys and values of a YAML file.

    Raises
    ------
    DataError
        If the file is missing, is not YAML or holds something else.
    """
    if not path.is_file():
        others = ", ".join(sorted(p.name for p in path.parent.glob("*.yml"))) or "none"
        raise DataError(f"{path}: no such scenario; in that folder: {others}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as problem:
        raise DataError(f"{path}: not YAML: {problem}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected keys and values, found {type(content).__name__}")
    return content


def read(path: Path | str) -> Scenario:
    """Read a scenario; keys left out keep the paper's values.

    Raises
    ------
    DataError
        If the file is missing or not a mapping.
    UnknownNameError
        For an unknown key or name, with the nearest.
    ParameterError
        For a value outside its domain.
    """
    path = Path(path)
    content = read_mapping(path)
    known = tuple(entry.name for entry in fields(Scenario))
    for key in content:
        _known(f"{path.name}, key", key, known)
    for key, value in content.items():
        grid = isinstance(value, dict) and set(value) == {"from", "to", "number"}
        if key not in ("years", "policies") and (isinstance(value, list) or grid):
            raise ParameterError(
                f"{path.name}, {key}: expected one value, found {value!r}; "
                "make sweep runs every combination of lists"
            )
    if content.get("rho") in ("estimated", "estimate"):
        content["rho"] = None
    return Scenario(**content)
