"""Which schema a database has, and whether that is this version's; refuses one that is newer, damaged or read-only. Alembic, a
tenth of a second of a start, is loaded only to bring an older one forward: the numbers of the migrations are their file names'.
"""

from __future__ import annotations

import importlib
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect

from monitor.errors import StoreError
from monitor.store.checked import is_checked, note_check
from monitor.store.engine import Database, sqlite_file

FOLDER = Path(__file__).resolve().parent / "migrations"
VERSION_TABLE = "alembic_version"


def prepare(database: Database, url: str) -> None:
    """Makes the database usable: its folder, its integrity (unless the file is as a clean end left it), its schema. All
    migrations run in one transaction, so that a kill leaves the old or the new schema, never something between. Raises
    StoreError."""
    file = sqlite_file(url)
    if file is not None:
        _make_folder(file)
        now = datetime.now(UTC)
        if file.exists() and file.stat().st_size and not is_checked(file, now):
            check_integrity(database)
            note_check(file, now)
    with database.read() as connection:
        behind = _steps_behind(connection, database.shown)
    if not behind:
        return
    with database.write() as connection:
        database.exclusive(connection, "coopwatch migration")
        if _steps_behind(connection, database.shown):  # still: another runner may have been faster
            importlib.import_module("monitor.store.migrate").upgrade(connection, FOLDER)


def check_integrity(database: Database) -> None:
    """SQLite's own quick check. Raises StoreError that says what to do when a page is damaged."""
    with database.read() as connection:
        rows = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
    if rows != ["ok"]:
        raise StoreError(
            f"{database.shown}: is damaged ({rows[0] if rows else 'no answer'}); it was not touched. "
            "Stop the service and restore the last backup (coopwatch restore)"
        )


def revisions() -> tuple[str, ...]:
    """The numbers of all migrations, oldest first."""
    return tuple(sorted(path.stem.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")))


def head() -> str:
    """The schema version that this code needs."""
    return revisions()[-1]


def current(connection: Connection) -> str | None:
    """The schema version of a database; None for an empty one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    return found


def _steps_behind(connection: Connection, shown: str) -> bool:
    revision = current(connection)
    if revision is not None and revision not in revisions():
        raise StoreError(
            f"{shown}: was written by a newer coopwatch (schema {revision}, this one knows {head()}); "
            "nothing was changed. Start the newer version, or restore the backup made before the upgrade"
        )
    return revision != head()


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise StoreError(f"{file.parent}: cannot be made: {exc.strerror}") from exc
    for path in (file.parent, *([file] if file.exists() else [])):
        if not os.access(path, os.W_OK):
            raise StoreError(f"{path}: is read-only; the store must be writable")
