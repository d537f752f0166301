"""``coopwatch import``: articles of a file become part of what is known; nobody is told of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.articles import articles_in
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.cli.stores import actor, writing_store
from monitor.store.curation import Action
from monitor.text import counted

_AT_ONCE = 500


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import", help="Store the articles of a JSON lines file (the lines of check); they are never told.")(
        import_file
    )


def import_file(
    file: Annotated[Path, typer.Argument(help="JSON lines as for check; - is standard input.", metavar="FILE")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    now = datetime.now(UTC)
    articles = list(articles_in(file))  # every line is checked before the first is stored
    new = 0
    with writing_store(settings) as store:
        for start in range(0, len(articles), _AT_ONCE):
            new += store.imports.add(articles[start : start + _AT_ONCE], now)
        store.curation.note(Action(actor(), "import", "articles", str(file), f"{new} new of {len(articles)}"), now)
    if as_json:
        print_json({"read": len(articles), "new": new})
    else:
        say(f"{counted(len(articles), 'article')}, {new} of them new; the service or coopwatch once judges what is new")
