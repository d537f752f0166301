"""``coopwatch audit``: everything about a story or an address, in order of time."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table
from monitor.cli.stores import existing_store
from monitor.errors import ConfigError
from monitor.store.audit import AuditStore


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("audit", help="Everything about a story or an address, in order of time.")(run)


def run(
    name: Annotated[str, typer.Argument(help="A story's id, an article's id or address.", metavar="STORY|URL")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    with existing_store(settings) as store:
        lines = AuditStore(store.database).timeline(name) if store else ()
    if not lines:
        raise ConfigError(f"nothing is known of {name}: neither a story, nor an address that a feed listed")
    if as_json:
        print_json(lines)
        return
    rows = [(f"{line.at:%Y-%m-%d %H:%M:%S}", line.what, line.subject, line.words) for line in lines]
    print_table("Times are UTC", ("when", "what", "of", "words"), rows)
