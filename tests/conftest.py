"""What every test may ask for: the parts of the machine that are not in the lock file, each with its reason to skip.

``COOPWATCH_REQUIRE=shared,chromium,postgresql,exim4,faketime,systemd`` (a comma list) turns a skip for want of that part into a
failure.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import rulebook
from tests import postgresql as postgresql_cluster

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = frozenset(part for part in os.environ.get("COOPWATCH_REQUIRE", "").split(",") if part)


def absent(part: str, reason: str) -> None:
    """Skips the running test, or fails it where ``part`` is required."""
    if part in REQUIRED:
        pytest.fail(f"{part} is required and absent: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with labelled articles, feeds, pages and the examiner, beside the checkout."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        absent("shared", "../shared is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def rules_dir() -> Path:
    """The shipped rules."""
    return ROOT / "rules"


@pytest.fixture(scope="session")
def rules_cache() -> Path:
    """What the shipped rules were compiled to, kept between runs and workers: opening the dictionaries takes ten seconds of
    a core."""
    folder = ROOT / ".pytest_cache" / "rules"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the second worker waits for the first one's work
        rulebook.load([ROOT / "rules"], cache_dir=folder)
    return folder


@pytest.fixture
def kept_forms(tmp_path: Path, rules_cache: Path) -> Path:
    """A cache that knows the forms of words and no rule set, for tests that load rules of their own."""
    folder = tmp_path / "kept-forms"
    folder.mkdir()
    shutil.copy(rules_cache / "forms.json", folder)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        absent("chromium", "chromium is not installed")
    return str(path)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgresql_cluster.Cluster]:
    """A throw-away PostgreSQL cluster; ``url()`` gives a new database."""
    bin_dir = postgresql_cluster.binaries()
    if bin_dir is None:
        absent("postgresql", "PostgreSQL's binaries are not installed")
    assert bin_dir is not None
    with postgresql_cluster.cluster(bin_dir) as made:
        yield made
