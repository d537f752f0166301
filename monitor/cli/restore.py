"""``coopwatch restore``: puts a verified copy in the place of the database, and carries over what was told since."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.backup import database_file
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.errors import StoreError
from monitor.store import runner_lock
from monitor.store.backup import copies, restore
from monitor.store.carry import Carried, carry_over
from monitor.text import counted

LATEST = "latest"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("restore", help="Put a copy in the place of the database (the service must be stopped).")(run)


def run(
    copy: Annotated[str, typer.Argument(help='A copy\'s path or name, or "latest".', metavar="COPY")],
    config: Config = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Exactly the copy: forget what was told since; it may be told once more."),
    ] = False,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    database = database_file(settings, "restore")
    lock = runner_lock(settings.database_url)
    assert lock is not None, "SQLite has a lock"
    database.parent.mkdir(parents=True, exist_ok=True)
    lock.take()
    try:
        found = find_copy(copy, settings.backup_dir)
        kept = restore(found, database, datetime.now(UTC))
        carried, fault = _carry(kept, database) if kept is not None and not exact else (None, "")
    finally:
        lock.release()
    if as_json:
        print_json({"database": str(database), "kept": str(kept) if kept else None, "carried": carried, "fault": fault})
        return
    say(f"{database} is restored from {found}")
    if kept is not None:
        say(f"the database that stood there is kept as {kept}")
    if carried is not None:
        say(
            f"carried over from it: {counted(carried.entries, 'entry', 'entries')}, "
            f"{counted(carried.stories, 'story', 'stories')}, {counted(carried.deliveries, 'delivery', 'deliveries')}"
        )
    elif not exact:
        say(
            f"nothing could be carried over{f' ({fault})' if fault else ''}: what was told since the copy may be told again"
        )


def find_copy(named: str, folder: Path) -> Path:
    """The copy that an operator means: a path, a name in the folder of copies, or the newest."""
    if named == LATEST:
        return next(iter(copies(folder)), folder / "any copy")
    path = Path(named).expanduser()
    return path if path.exists() or path.is_absolute() else folder / path.name


def _carry(kept: Path, database: Path) -> tuple[Carried | None, str]:
    """What could be carried over, or why not: a damaged database is a reason to restore, not one to give up."""
    try:
        return carry_over(kept, database), ""
    except StoreError as exc:
        return None, str(exc)
