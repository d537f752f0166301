"""Every store test runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store, open_store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/coopwatch.db"
    address: str = request.getfixturevalue("postgresql").url()
    return address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store."""
    made = open_store(url)
    yield made
    made.close()
