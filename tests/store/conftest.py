"""Every store test runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store, open_store
from tests.databases import new_store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "sqlite":
        made = new_store(f"sqlite:///{tmp_path}/state/coopwatch.db")
    else:
        made = open_store(request.getfixturevalue("postgresql").url(is_empty=False))
    yield made
    made.close()
