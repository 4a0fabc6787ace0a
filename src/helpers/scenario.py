"""Parameter sets for a rerun: read from ``scenarios/*.yml`` and refused early when wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import yaml

from helpers.errors import DataError, ParameterError, UnknownNameError, check_rho, nearest
from helpers.figures import NEW_YORK, VISALIA
from helpers.panel import OCCUPATIONS
from helpers.sources import NAMES


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
    clusters : str
        Clusters of the standard errors.
    """

    title: str = "The paper's values"
    source: str = "auto"
    year: int = 2019
    rho: float | None = None
    theta: float = 3.0
    city: str = NEW_YORK
    second_city: str = VISALIA
    city_hat: float = 0.95
    occupation: str = "management"
    second_occupation: str = "trades"
    occupation_hat: float = 1.10
    clusters: str = "city_occupation"

    def __post_init__(self) -> None:
        from helpers.estimation import CLUSTERS

        if self.rho is not None:
            check_rho(self.rho, 1)
        for name in ("theta", "city_hat", "occupation_hat"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ParameterError(f"{name}: expected a number above 0, found {value!r}")
        if isinstance(self.year, bool) or not isinstance(self.year, int):
            raise ParameterError(f"year: expected a year, found {self.year!r}")
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
        """Refuse a year or city that the panel lacks, with the nearest names."""
        shares = panel.shares(self.year)
        for name in (self.city, self.second_city):
            shares.city_index(name)

    def changes(self) -> dict[str, object]:
        """Parameters that differ from the paper's."""
        paper = Scenario().parameters()
        return {name: value for name, value in self.parameters().items() if value != paper[name]}


def _known(kind: str, name: object, known: tuple[str, ...]) -> None:
    if name not in known:
        hint = ", ".join(nearest(name, known)) or ", ".join(known)
        raise UnknownNameError(f"{kind}: {name!r} is not known; nearest: {hint}")


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
    if not path.is_file():
        others = ", ".join(sorted(p.name for p in path.parent.glob("*.yml"))) or "none"
        raise DataError(f"{path}: no such scenario; in that folder: {others}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as problem:
        raise DataError(f"{path}: not YAML: {problem}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected keys and values, found {type(content).__name__}")
    known = tuple(entry.name for entry in fields(Scenario))
    for key in content:
        _known(f"{path.name}, key", key, known)
    if content.get("rho") in ("estimated", "estimate"):
        content["rho"] = None
    return Scenario(**content)
