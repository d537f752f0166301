"""The subject of the delivery cases: the product, or the naive sender (see bench.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.alerts.bench import Naive, Product, Street

IS_NAIVE = os.environ.get("COOPWATCH_SUBJECT") == "naive"


@pytest.fixture
def street() -> Iterator[Street]:
    made = Street()
    yield made
    made.close()


@pytest.fixture
def subject(tmp_path: Path) -> Iterator[Any]:
    made = Naive(tmp_path) if IS_NAIVE else Product(tmp_path)
    yield made
    made.close()
