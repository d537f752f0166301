"""Databases with this version's schema: migrated once in a process, then copied. Thirty migrations a test were a third of
the time of the tests that need an empty store."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from monitor.store import Store, open_store
from monitor.store.engine import sqlite_file


def new_store(url: str) -> Store:
    """The store at an SQLite address; where there is no file yet, an empty one of this version's schema."""
    file = sqlite_file(url)
    assert file is not None, "other databases come from their cluster: url(is_empty=False)"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_template(), file)
    return open_store(url)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="coopwatch-schema-")  # goes with the process


@cache
def _template() -> Path:
    file = Path(_folder().name) / "coopwatch.db"
    open_store(f"sqlite:///{file}").close()
    return file
