"""A reader's own panel: kept where a run finds it, and its hashes."""

from __future__ import annotations

import re
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from helpers.errors import DataError
from helpers.files import BUILD, ROOT
from helpers.names import SOURCES
from helpers.runs.reading import TABLES


def kept_source(source: str) -> str:
    """The source as pages and notebooks may name it: never with a path of this machine.

    A reader's own panel is copied to ``_build/panels``, in a folder named after its content, so
    that a run goes on with what it began with and a changed panel is another source.

    Parameters
    ----------
    source : str
        A name, or the folder of a built panel.

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
    if inside.parent == place.resolve():
        return inside.relative_to(ROOT.resolve()).as_posix()
    content = _panel_files(inside, source)
    digest = sha256()
    for file in content:
        digest.update(file.name.encode() + sha256(file.read_bytes()).digest())
    name = re.sub(r"[^\w-]+", "-", inside.name).strip("-") or "panel"
    target = place / f"{name}-{digest.hexdigest()[:10]}"
    if not target.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".panel-", dir=place) as beside:
            whole = Path(beside) / "whole"
            whole.mkdir()
            for file in content:
                shutil.copyfile(file, whole / file.name)
            try:
                whole.rename(target)
            except OSError:  # another run was quicker with the same content
                if not target.is_dir():
                    raise
    return target.relative_to(ROOT).as_posix()


def _panel_files(folder: Path, named: str) -> list[Path]:
    wanted = [folder / "about.json", *(folder / f"{name}.parquet" for name in TABLES)]
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
