"""What is put to the test on one page goes to one worker, which executes the page once."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items):
    """With ``--dist loadgroup``: tests that name a page stay together, all others are free."""
    for item in items:
        page = getattr(item, "callspec", None) and item.callspec.params.get("page")
        if page:
            item.add_marker(pytest.mark.xdist_group(page))
