"""Brings a database to this version's schema, forward only; refuses one that is newer, damaged or read-only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from monitor.errors import StoreError
from monitor.store.engine import Database, sqlite_file

FOLDER = Path(__file__).resolve().parent / "migrations"


def prepare(database: Database, url: str) -> None:
    """Makes the database usable: its folder, its integrity, its schema. All migrations run in one transaction, so that
    a kill leaves the old or the new schema, never something between. Raises StoreError."""
    file = sqlite_file(url)
    if file is not None:
        _make_folder(file)
        if file.exists() and file.stat().st_size:
            check_integrity(database)
    with database.read() as connection:
        behind = _steps_behind(connection, database.shown)
    if not behind:
        return
    with database.write() as connection:
        database.exclusive(connection, "coopwatch migration")
        upgrade(connection, database.shown)


def check_integrity(database: Database) -> None:
    """SQLite's own quick check. Raises StoreError that says what to do when a page is damaged."""
    with database.read() as connection:
        rows = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
    if rows != ["ok"]:
        raise StoreError(
            f"{database.shown}: is damaged ({rows[0] if rows else 'no answer'}); it was not touched. "
            "Stop the service and restore the last backup (coopwatch restore)"
        )


def head() -> str:
    """The schema version that this code needs."""
    newest = _scripts().get_current_head()
    assert newest is not None
    return newest


def current(connection: Connection) -> str | None:
    """The schema version of a database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, shown: str) -> None:
    """Runs the missing migrations on an open transaction."""
    scripts = _scripts()

    def missing(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(connection, opts={"fn": missing, "transactional_ddl": True})
    _check_known(context.get_current_revision(), shown)
    with Operations.context(context):
        context.run_migrations()


def _steps_behind(connection: Connection, shown: str) -> bool:
    revision = current(connection)
    _check_known(revision, shown)
    return revision != head()


def _check_known(revision: str | None, shown: str) -> None:
    if revision is not None and revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreError(
            f"{shown}: was written by a newer coopwatch (schema {revision}, this one knows {head()}); "
            "nothing was changed. Start the newer version, or restore the backup made before the upgrade"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise StoreError(f"{file.parent}: cannot be made: {exc.strerror}") from exc
    for path in (file.parent, *([file] if file.exists() else [])):
        if not os.access(path, os.W_OK):
            raise StoreError(f"{path}: is read-only; the store must be writable")
