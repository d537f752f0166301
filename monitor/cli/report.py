"""``coopwatch report``: what happened between some principals in a period, as a document."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from monitor import rulebook
from monitor.alert import words
from monitor.alert.report import Asked, Report, csv, docx, html, markdown
from monitor.cli.options import Config, read_settings
from monitor.cli.output import note
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.run import reports
from monitor.store import open_store

LAST_DAYS = 30
_CODE = re.compile(r"[A-Z]{2}|[A-Za-z]+\.[\w.-]+")


class Format(StrEnum):
    HTML = "html"
    MD = "md"
    CSV = "csv"
    DOCX = "docx"


_TEXTS: dict[Format, Callable[[Report], str]] = {Format.HTML: html, Format.MD: markdown, Format.CSV: csv}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("report", help="Acts between principals in a period, as html, md, csv or docx.")(run)


def run(
    config: Config = None,
    between: Annotated[str, typer.Option(help="Both sides take part: IT,CN.", metavar="A,B")] = "",
    principals: Annotated[str, typer.Option(help="Any of these takes part: IT,CN,org.un.", metavar="A,B,...")] = "",
    since: Annotated[str, typer.Option(help="First day, 2026-01-01; default: 30 days ago.")] = "",
    until: Annotated[str, typer.Option(help="Last day; default: today.")] = "",
    format: Annotated[Format, typer.Option(help="Form of the document.")] = Format.HTML,
    language: Annotated[str, typer.Option(help="it or en.")] = "it",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; default: standard output.")] = None,
) -> None:
    settings = read_settings(config)
    if format is Format.DOCX and output is None and sys.stdout.isatty():
        raise ConfigError("--format docx needs -o FILE: a terminal shows no documents")
    now = datetime.now(UTC)
    asked = asked_for(between, principals, since, until, now.astimezone(ZoneInfo(settings.timezone)).date())
    body = _rendered(_made(settings, asked, language, now), format)
    if output is None:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return
    try:
        output.write_bytes(body)
    except OSError as exc:
        raise ConfigError(f"{output}: cannot be written: {exc.strerror}") from exc
    note(f"{output} is written")


def asked_for(between: str, principals: str, since: str, until: str, today: date) -> Asked:
    """What the options ask for. Raises ConfigError."""
    sides, any_of = codes(between), codes(principals)
    if between and len(sides) != 2:
        raise ConfigError(f"--between {between}: name two sides, such as IT,CN")
    first = _day(since, today - timedelta(days=LAST_DAYS), "--since")
    last = _day(until, today, "--until")
    if last < first:
        raise ConfigError(f"--until {last} lies before --since {first}")
    return Asked(first, last, between=sides, principals=any_of)


def codes(text: str) -> tuple[str, ...]:
    """Ids of principals: states in two letters (case does not matter), all others by their prefixed id."""
    found = [each.strip() for each in text.split(",") if each.strip()]
    shown = tuple(each.upper() if len(each) == 2 else each for each in found)
    for each in shown:
        if not _CODE.fullmatch(each):
            raise ConfigError(f"{each!r} is no principal: states have two letters (IT), others an id such as org.un")
    return shown


def _day(text: str, default: date, option: str) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError as exc:
        raise ConfigError(f"{option} {text!r} is not a day such as 2026-01-31") from exc


def _made(settings: Settings, asked: Asked, language: str, now: datetime) -> Report:
    if language not in words.languages():
        raise ConfigError(f"--language {language}: there are {', '.join(words.languages())}")
    rules = rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir)
    store = open_store(settings.database_url)
    try:
        return reports.make(
            store, asked, words.load(language, rules.names(words.languages())), ZoneInfo(settings.timezone), now
        )
    finally:
        store.close()


def _rendered(report: Report, format: Format) -> bytes:
    if format is Format.DOCX:
        return docx.render(report)
    return _TEXTS[format](report).encode()
