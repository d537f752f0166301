"""``coopwatch db``: the schema of the database."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.store import open_store, runner_lock
from monitor.store.engine import open_database, sqlite_file
from monitor.store.move import move
from monitor.store.schema import current


def register(app: typer.Typer) -> None:
    """Adds the command group."""
    group = typer.Typer(no_args_is_help=True, help="The database: bring its schema to this version.")
    group.callback()(_group)
    group.command("upgrade", help="Bring the database to this version's schema (run and once do so too).")(upgrade)
    group.command("move", help="Carry everything over to another, empty database.")(move_to)
    app.add_typer(group, name="db")


def _group() -> None:
    """Keeps the group a group while it has one command."""


def move_to(
    to: Annotated[
        str, typer.Option("--to", help="Address of the empty database: postgresql+psycopg://...", metavar="URL")
    ],
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    lock = runner_lock(settings.database_url)
    if lock is not None:
        lock.take()  # nothing may be written while it is copied
    source, target = open_store(settings.database_url), open_store(to)
    try:
        counts = move(
            source.database, target.database, lambda table, rows: None if as_json else say(f"{table}: {rows}")
        )
    finally:
        source.close()
        target.close()
        if lock is not None:
            lock.release()
    if as_json:
        print_json({"to": target.database.shown, "rows": counts})
    else:
        say(f"{sum(counts.values())} rows are in {target.database.shown} now; set database_url to it")


def upgrade(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    before = schema_of(settings.database_url)
    lock = runner_lock(settings.database_url)
    if lock is not None:
        file = sqlite_file(settings.database_url)
        assert file is not None
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.take()
    try:
        open_store(settings.database_url).close()
    finally:
        if lock is not None:
            lock.release()
    after = schema_of(settings.database_url)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        say(f"the database has this version's schema ({after}) already")
    else:
        say(f"the database was brought from schema {before or 'nothing'} to {after}")


def schema_of(url: str) -> str | None:
    """The schema version of the database at ``url``; None where there is none yet. Raises StoreError."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return None
    database = open_database(url)
    try:
        with database.read() as connection:
            return current(connection)
    finally:
        database.close()
