"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store
from tests.databases import new_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The database that a configuration in ``tmp_path`` leads to."""
    (tmp_path / "state").mkdir()
    opened = new_store(f"sqlite:///{tmp_path}/state/coopwatch.db")
    yield opened
    opened.close()
