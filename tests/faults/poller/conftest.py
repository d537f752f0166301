"""The subject of the fault cases: the product, or the naive client (see tests/faults/subject.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor import config
from monitor.app import learn
from monitor.rulebook.pages import load_page_phrases
from tests.conftest import ROOT
from tests.faults.subject import Bench, Naive, Product, Subject, bench_of
from tests.origin import Origin

IS_NAIVE = os.environ.get("COOPWATCH_SUBJECT") == "naive"


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, rules_cache: Path) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    shutil.copytree(rules_cache, folder / "state" / "cache")
    file = folder / "coopwatch.toml"
    file.write_text(f'rules_dir = "{ROOT / "rules"}"\nstate_dir = "state"\n')
    made = bench_of(config.load(file, environ={}), load_page_phrases([ROOT / "rules"]), learn)
    yield made
    made.close()


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


@pytest.fixture
def canary() -> Iterator[Origin]:
    """An internal service that nobody may reach."""
    with Origin() as running:
        yield running
        assert running.connections == 0, f"the canary was hit: {running.asked}"


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path, origin: Origin) -> Iterator[Callable[..., Subject]]:
    """Makes a subject with settings of its own."""
    made: list[Any] = []

    def build(**options: Any) -> Subject:
        if IS_NAIVE:
            made.append(Naive())
        else:
            allow = options.pop("allow", frozenset({origin.place}))
            made.append(Product(request.getfixturevalue("bench"), tmp_path, allow, **options))
        subject: Subject = made[-1]
        return subject

    yield build
    for one in made:
        one.close()


@pytest.fixture
def subject(make: Callable[..., Subject]) -> Subject:
    return make()


@pytest.fixture(autouse=True)
def _named(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """Writes the ids of the cases that a test plays into the report, for the comparison with the naive client."""
    for mark in request.node.iter_markers("fault"):
        record_property("fault", mark.args[0])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Against the naive client only what plays a subject is run."""
    if IS_NAIVE:
        items[:] = [item for item in items if "make" in getattr(item, "fixturenames", ())]
