"""Worlds with warm caches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import rulebook
from tests.conftest import ROOT
from tests.flow.world import World, world


@pytest.fixture(scope="session")
def forms_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The expanded forms of the shipped rules."""
    folder = tmp_path_factory.mktemp("cache")
    rulebook.load([ROOT / "rules"], cache_dir=folder)
    return folder


@pytest.fixture
def place(tmp_path: Path, forms_cache: Path) -> Iterator[World]:
    """A configured world without stories."""
    with world(tmp_path) as made:
        made.use_cache(forms_cache)
        made.configure()
        yield made
