"""``coopwatch texts delete``: the texts of one source go, at its publisher's wish; what was understood stays."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.errors import ConfigError
from monitor.store import Store, open_store
from monitor.store.curation import Action
from monitor.store.retention import RetentionStore
from monitor.text import counted


def register(app: typer.Typer) -> None:
    """Adds the command group."""
    group = typer.Typer(no_args_is_help=True, help="Delete the texts of one source.")
    group.callback()(_group)
    group.command("delete", help="Empty the texts of a feed's articles; titles, quotes and scores stay.")(delete)
    app.add_typer(group, name="texts")


def _group() -> None:
    """Keeps the group a group while it has one command."""


def delete(
    feed: Annotated[str, typer.Option("--feed", help="The feed's id or address.", metavar="ID")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    store = open_store(settings.database_url)
    try:
        feed_id = find_feed(store, feed)
        retention, emptied = RetentionStore(store.database), 0
        while done := retention.empty_feed(feed_id):
            emptied += done
        store.curation.note(
            Action(getpass.getuser(), "delete", "texts", feed_id, counted(emptied, "text")), datetime.now(UTC)
        )
    finally:
        store.close()
    if as_json:
        print_json({"feed": feed_id, "emptied": emptied})
    else:
        say(f"deleted {counted(emptied, 'text')} of feed {feed_id}; older backups still hold what they held")


def find_feed(store: Store, named: str) -> str:
    """The id of the feed that an operator names by id or address, also of one that was removed. Raises ConfigError."""
    for found in store.views.feeds():
        if named in (found.feed_id, found.url, found.listed_url):
            return found.feed_id
    raise ConfigError(f"there is no feed {named!r}")
