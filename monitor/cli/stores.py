"""The store as commands use it, apart from the options so that commands without a store do not load it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser

from monitor.config import Settings
from monitor.store import Store, open_store
from monitor.store.engine import sqlite_file


@contextmanager
def existing_store(settings: Settings) -> Iterator[Store | None]:
    """The store for a command that looks; None where no database was made yet. Raises StoreError."""
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        yield None
        return
    store = open_store(settings.database_url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def writing_store(settings: Settings) -> Iterator[Store]:
    """The store for a command that changes something; made where there is none. Raises StoreError."""
    store = open_store(settings.database_url)
    try:
        yield store
    finally:
        store.close()


def actor() -> str:
    """Who types, for the list of what people did."""
    try:
        return getuser()
    except (KeyError, OSError):  # a service user without an entry in passwd
        return f"uid {os.getuid()}"
