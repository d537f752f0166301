"""``coopwatch import``: articles of a file become part of what is known; nobody is told of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, say
from monitor.cli.stores import actor, writing_store
from monitor.errors import ConfigError
from monitor.model import Article
from monitor.quality.labels import article_of
from monitor.store.curation import Action

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
    articles = list(_articles(file))  # every line is checked before the first is stored
    new = 0
    with writing_store(settings) as store:
        for start in range(0, len(articles), _AT_ONCE):
            new += store.imports.add(articles[start : start + _AT_ONCE], now)
        store.curation.note(Action(actor(), "import", "articles", str(file), f"{new} new of {len(articles)}"), now)
    if as_json:
        print_json({"read": len(articles), "new": new})
    else:
        say(f"{len(articles)} articles, {new} of them new; they are judged by the service or the next coopwatch once")


def _articles(file: Path) -> Iterator[Article]:
    if str(file) == "-":
        yield from _parse("standard input", sys.stdin.buffer)
        return
    try:
        with file.open("rb") as opened:
            yield from _parse(str(file), opened)
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {exc.strerror}") from exc


def _parse(name: str, lines: BinaryIO) -> Iterator[Article]:
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            record = json.loads(raw)
            if not isinstance(record, dict) or not record.get("id"):
                raise ValueError('needs an object with an "id"')
            yield article_of(record)
        except (ValueError, TypeError, RecursionError) as exc:
            raise ConfigError(f"{name}:{number}: not an article: {exc}") from exc
