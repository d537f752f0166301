"""Verified copies of an SQLite database, made while it is written to, and the way back. (PostgreSQL has its own tools:
docs/operate.md.)

A copy appears under its name only when it is whole and has passed the integrity check; until then it is ``*.part`` beside it.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from monitor.errors import ConfigError, StoreError

PAGES_PER_STEP = 500  # 2 MB at a time: writers wait milliseconds, not for the whole copy
PAUSE_S = 0.01
NAME = "coopwatch-{at:%Y%m%dT%H%M%SZ}.db"
PATTERN = "coopwatch-*Z.db"


def backup(database: Path, folder: Path, now: datetime, *, keep: int) -> Path:
    """Copies ``database`` into ``folder`` and removes all but the newest ``keep`` copies. Returns the copy's path. Raises
    StoreError (nothing partial is left) where it cannot be made."""
    target = folder / NAME.format(at=now.astimezone(UTC))
    part = target.with_suffix(".part")
    with _cleaned(part, f"backup to {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with closing(_open(database)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy, pages=PAGES_PER_STEP, sleep=PAUSE_S)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, no -wal beside it
        _verify(part)
        _sync(part)
        part.replace(target)
        _sync(folder)
    for old in sorted(folder.glob(PATTERN))[:-keep]:
        old.unlink()
    return target


def restore(copy: Path, database: Path, now: datetime) -> Path | None:
    """Puts a verified ``copy`` in the place of ``database``; the old files are kept beside it under a dated name, which is
    returned (None where there were none). The service must be stopped: the caller holds its lock. Raises ConfigError for a
    copy that is not there or not whole."""
    if not copy.is_file():
        raise ConfigError(f"{copy} is not there; `coopwatch backup --list` names the copies")
    _verify(copy)
    part = database.with_name(database.name + ".part")
    kept = None
    with _cleaned(part, f"restore to {database}"):
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy, part)
        _sync(part)
        if database.exists():
            kept = database.with_name(f"{database.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
            with closing(_open(database)) as old:
                old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.replace(kept)
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        part.replace(database)
        _sync(database.parent)
    return kept


def copies(folder: Path) -> tuple[Path, ...]:
    """The copies in ``folder``, newest first."""
    return tuple(sorted(folder.glob(PATTERN), reverse=True))


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise StoreError(f"{path}: there is no database yet")
    connection = sqlite3.connect(path, timeout=30)
    connection.execute("PRAGMA busy_timeout = 30000")
    return connection


def _verify(path: Path) -> None:
    """Raises StoreError where the file is not a whole database."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            orphans = copy.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as exc:
        raise StoreError(f"{path}: {exc}") from exc
    if found != "ok" or orphans is not None:
        raise StoreError(f"{path}: the copy is not whole ({found if found != 'ok' else 'broken references'})")


@contextmanager
def _cleaned(part: Path, what: str) -> Iterator[None]:
    """Leaves no partial file behind, and says in one line why it failed."""
    try:
        yield
    except StoreError:
        _remove(part)
        raise
    except (OSError, sqlite3.Error) as exc:
        _remove(part)
        full = "full" in str(exc).lower() or getattr(exc, "errno", 0) == errno.ENOSPC
        advice = "free space and try again" if full else "nothing was changed"
        raise StoreError(f"{what} failed: {exc}; {advice}", restart_helps=full) from exc


def _remove(part: Path) -> None:
    with suppress(OSError):  # the folder itself may be the fault; the error that led here says more
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
