"""Worlds with warm caches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.world import World, world


@pytest.fixture(scope="session")
def forms_cache(tmp_path_factory: pytest.TempPathFactory, rules_cache: Path) -> Path:
    """What the shipped rules were compiled to, for this worker alone."""
    return Path(shutil.copytree(rules_cache, tmp_path_factory.mktemp("rules") / "cache"))


@pytest.fixture
def place(tmp_path: Path, forms_cache: Path) -> Iterator[World]:
    """A configured world without stories."""
    with world(tmp_path) as made:
        made.use_cache(forms_cache)
        made.configure()
        yield made
