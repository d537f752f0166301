"""Runs the missing migrations (Alembic), forward only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection, folder: Path) -> None:
    """Brings a database of an older version forward on an open transaction; ``folder`` holds the migrations."""
    scripts = ScriptDirectory(str(folder))

    def missing(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(connection, opts={"fn": missing, "transactional_ddl": True})
    with Operations.context(context):
        context.run_migrations()
