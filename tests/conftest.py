"""Fixtures that every test shares; floating-point errors raise during tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from helpers import files
from helpers.errors import DataUnavailableError
from helpers.panel import Panel
from helpers.sources import replication, synthetic

sys.path.insert(0, str(Path(__file__).parent))  # for tests/extracts.py


# an example that takes long on a busy machine says nothing about the economics
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def floating_errors_raise():
    """A division by zero or an invalid operation is a mistake, not a warning."""
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        yield


@pytest.fixture(scope="session")
def truth() -> synthetic.Economy:
    """The synthetic economy whose parameters are known."""
    return synthetic.economy()


@pytest.fixture(scope="session")
def made(truth) -> Panel:
    """The synthetic panel."""
    return truth.panel()


@pytest.fixture(scope="session")
def published() -> Panel:
    """The author's panel; tests that need it are skipped, and counted, where it is not."""
    try:
        return replication.load(download=False)
    except DataUnavailableError as problem:
        pytest.skip(f"the author's files are not here: {problem}")


@pytest.fixture(params=["synthetic", "replication"])
def panel(request, made) -> Panel:
    """Either source, under the same contract."""
    return made if request.param == "synthetic" else request.getfixturevalue("published")


@pytest.fixture(scope="session")
def external() -> Callable[[str], Path]:
    """Folders of other people's data, beside the author's; skipped, and counted, elsewhere."""

    def find(name: str) -> Path:
        given = files.given_data()
        folder = None if given is None else given.resolve().parent / "external" / name
        if folder is None or not folder.is_dir():
            pytest.skip(f"the data {name!r} are not here")
        return folder

    return find
