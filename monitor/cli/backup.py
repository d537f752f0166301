"""``coopwatch backup``: a verified copy of the database, made while the service writes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table, say
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.store.backup import backup, copies
from monitor.store.engine import sqlite_file
from monitor.text import counted

POSTGRESQL = (
    "{what} is for SQLite; PostgreSQL has its own tools:\n"
    "  back up:  pg_dump --format=custom --file=coopwatch.dump DATABASE\n"
    "  restore:  stop coopwatch, then pg_restore --clean --if-exists --dbname=DATABASE coopwatch.dump"
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("backup", help="Copy the database, verified, while the service runs.")(run)


def run(
    config: Config = None,
    listed: Annotated[bool, typer.Option("--list", help="Name the copies there are, newest first.")] = False,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    if listed:
        show_copies(copies(settings.backup_dir), settings.backup_dir, as_json)
        return
    made = make_backup(settings, datetime.now(UTC))
    kept = copies(settings.backup_dir)
    if as_json:
        print_json({"copy": str(made), "size_bytes": made.stat().st_size, "kept": len(kept)})
    else:
        say(f"{made} ({_megabytes(made)} MB, verified; {counted(len(kept), 'copy', 'copies')} kept)")


def make_backup(settings: Settings, now: datetime) -> Path:
    """A verified copy in the folder that the settings name. Raises ConfigError on PostgreSQL, StoreError."""
    return backup(database_file(settings, "backup"), settings.backup_dir, now, keep=settings.keep.backups)


def database_file(settings: Settings, what: str) -> Path:
    """The SQLite file of these settings. Raises ConfigError that says what to use instead where there is none."""
    file = sqlite_file(settings.database_url)
    if file is None:
        raise ConfigError(POSTGRESQL.format(what=f"coopwatch {what}"))
    return file


def show_copies(found: tuple[Path, ...], folder: Path, as_json: bool) -> None:
    """The copies, newest first."""
    if as_json:
        print_json([{"copy": str(path), "size_bytes": path.stat().st_size} for path in found])
    elif found:
        print_table("", ("copy", "MB"), [(path, _megabytes(path)) for path in found])
    else:
        say(f"no copies in {folder} yet")


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f}"
