"""A reader's own panel: kept where a run finds it, and its hashes."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from helpers.counterfactuals import policy_form
from helpers.errors import DataError, ParameterError
from helpers.files import BUILD, ROOT
from helpers.names import SOURCES
from helpers.panel import Panel
from helpers.panel.contract import PAPERS
from helpers.runs.reading import TABLES
from helpers.runs.scenario import Scenario, in_panel
from helpers.sources.places import OUTLINES


def of_another_kind(panel: Panel) -> bool:
    """Whether a panel is of other places and groups than the paper's, so that its book differs."""
    return panel.source not in PAPERS


def filled(wanted: Scenario, stated: Collection[str], panel: Panel) -> Scenario:
    """A scenario on a reader's panel, with what its file does not give taken from the data.

    The year is the last, the city the largest, the second city the one whose mix of occupations
    is farthest from the country's, the occupations the two largest; policies are those of the
    paper for the city and the first occupation.

    Parameters
    ----------
    wanted : Scenario
        As the file says.
    stated : collection of str
        Keys that stand in the file.
    panel : Panel

    Returns
    -------
    Scenario

    Raises
    ------
    ParameterError
        If the panel has one place only.
    UnknownNameError
        If the year is not in the panel.
    """
    year = wanted.year if "year" in stated else panel.years[-1]
    in_panel("year", year, panel.years)
    shares = panel.shares(year)
    if len(shares.cities) < 2:
        raise ParameterError(
            f"source: in {year} the panel has one place, {shares.cities[0]!r}; with nowhere else "
            "to go nothing can be asked: give the panel a second place"
        )
    apart = np.abs(shares.phi_ck - shares.omega_k).sum(axis=1)
    ranked = {
        "city": np.argsort(-shares.pi_c, kind="stable"),
        # where all mixes are the same, by size
        "second_city": np.lexsort((-shares.pi_c, -apart.round(12))),
        "occupation": np.argsort(-shares.omega_k, kind="stable"),
    }
    ranked["second_occupation"] = ranked["occupation"]
    names: dict[str, object] = {"year": year}
    for key, order in ranked.items():
        if key in stated:
            continue
        known = shares.cities if key.endswith("city") else shares.occupations
        one = key.removeprefix("second_")
        other = f"second_{one}" if key == one else one
        taken = names.get(other, getattr(wanted, other) if other in stated else None)
        left = [known[i] for i in order if known[i] != taken]
        names[key] = left[0] if left else known[0]
    city = names.get("city", wanted.city)
    occupation = names.get("occupation", wanted.occupation)
    if "policy_city" not in stated:
        names["policy_city"] = city
    if "policies" not in stated:
        where = names.get("policy_city", wanted.policy_city)
        names["policies"] = {
            "targeted": {"city_occupation": {where: {occupation: 1.10}}},
            "general": {"city": {where: policy_form.EQUAL}},
            "everywhere": {"occupation": {occupation: policy_form.EQUAL}},
        }
    return replace(wanted, **names)


def kept_source(source: str, outlines: str | None = None) -> str:
    """The source as pages and notebooks may name it: never with a path of this machine.

    A reader's own panel is copied to ``_build/panels``, in a folder named after its content, so
    that a run goes on with what it began with and a changed panel is another source.

    Parameters
    ----------
    source : str
        A name, or the folder of a built panel.
    outlines : path, optional
        Borders for its maps, kept beside the tables.

    Returns
    -------
    str
        The name, or the folder of the copy relative to the project.

    Raises
    ------
    DataError
        If the folder is no built panel.
    """
    if source in SOURCES:
        return source
    folder = Path(source).expanduser()
    folder = folder if folder.is_absolute() or folder.is_dir() else ROOT / source
    inside = folder.resolve()
    place = BUILD / "panels"
    if inside.parent == place.resolve() and outlines is None:
        return inside.relative_to(ROOT.resolve()).as_posix()
    content = _panel_files(inside, source)
    named = {file.name: file for file in content}
    if outlines is not None:
        named[OUTLINES] = Path(outlines).expanduser()
    digest = sha256()
    for title, file in named.items():
        digest.update(title.encode() + sha256(file.read_bytes()).digest())
    name = re.sub(r"[^\w-]+", "-", inside.name).strip("-") or "panel"
    target = place / f"{name}-{digest.hexdigest()[:10]}"
    if not target.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".panel-", dir=place) as beside:
            whole = Path(beside) / "whole"
            whole.mkdir()
            for title, file in named.items():
                shutil.copyfile(file, whole / title)
            try:
                whole.rename(target)
            except OSError:  # another run was quicker with the same content
                if not target.is_dir():
                    raise
    return target.relative_to(ROOT).as_posix()


def _panel_files(folder: Path, named: str) -> list[Path]:
    tables = (folder / f"{name}.parquet" for name in TABLES)
    wanted = [folder / "about.json", *tables, folder / OUTLINES]
    there = [file for file in wanted if file.is_file()]
    if len(there) < 3 or there[0].name != "about.json":
        raise DataError(
            f"source: {named}: expected the folder of a panel that Panel.save wrote, with "
            "about.json, cells.parquet and cities.parquet; name such a folder"
        )
    return there


def data_hashes(source: str) -> dict[str, str]:
    """Hashes of the files that a source reads; the synthetic one is code.

    Parameters
    ----------
    source : str
        ``replication``, ``synthetic``, or the folder of a built panel.
    """
    from helpers.sources import replication

    if source == "replication":
        return {file.name: file.sha256 for file in replication.FILES.values()}
    if source == "synthetic":
        return {}
    folder = ROOT / Path(source).expanduser()
    return {
        file.name: sha256(file.read_bytes()).hexdigest() for file in _panel_files(folder, source)
    }
