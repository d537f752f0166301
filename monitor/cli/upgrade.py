"""``coopwatch upgrade --check``: what this version, with the site's own files, would do to the site's data and alerts."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from monitor import rulebook
from monitor.cli.backup import make_backup
from monitor.cli.db import schema_of
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import print_json, print_table, progress, say
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.match import Matcher
from monitor.quality.difference import Difference, Kind, difference
from monitor.rulebook.feeds import load_feeds
from monitor.rulebook.pages import load_page_phrases
from monitor.store import open_store
from monitor.store.engine import Database, open_database, sqlite_file
from monitor.store.rejudge import judged_since, with_judgements
from monitor.store.schema import head
from monitor.text import counted

DAYS = 7
HOW = (
    "coopwatch upgrade --check shows what this version would do; to upgrade: make install-service with the new version, "
    "then systemctl restart coopwatch (docs/operate.md)"
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was found. ``backup`` is the copy that the way back starts from."""

    backup: str
    schema_before: str | None
    schema_after: str | None
    rules: str
    feeds: int
    articles: int
    differences: tuple[Difference, ...]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("upgrade", help="--check: what this version would do to your data and tell differently.")(run)


def run(
    config: Config = None,
    check: Annotated[bool, typer.Option("--check", help="Look, and change nothing but make a backup.")] = False,
    days: Annotated[int, typer.Option(min=1, max=60, help="Judge the articles of so many days again.")] = DAYS,
    as_json: Json = False,
) -> None:
    if not check:
        raise ConfigError(HOW)
    outlook = look_ahead(read_settings(config), datetime.now(UTC), days)
    if as_json:
        print_json(outlook)
    else:
        _show(outlook, days)


def look_ahead(settings: Settings, now: datetime, days: int) -> Outlook:
    """Backs up, migrates a copy of the backup, loads the site's rules, feeds and phrases, and judges the copy's articles
    again. Raises ConfigError (RuleErrors) for what the site must mend, StoreError for a database that cannot be read."""
    rules = rulebook.load(settings.rules_dir, cache_dir=settings.cache_dir)
    load_page_phrases(settings.rules_dir)
    feeds = load_feeds(settings.feeds_file, settings.own_feeds_file)
    before, matcher, since = schema_of(settings.database_url), Matcher(rules), now - timedelta(days=days)
    if sqlite_file(settings.database_url) is None:
        count, differences = _judge_in_place(settings.database_url, before, matcher, since)
        return Outlook("", before, before, rules.digest, len(feeds), count, differences)
    backup = make_backup(settings, now)
    with tempfile.TemporaryDirectory(prefix="coopwatch-upgrade-", dir=backup.parent) as folder:
        trial = Path(folder) / "trial.db"
        shutil.copyfile(backup, trial)
        store = open_store(f"sqlite:///{trial}")
        try:
            count, differences = judge_again(store.database, matcher, since)
        finally:
            store.close()
        after = schema_of(f"sqlite:///{trial}")
    return Outlook(str(backup), before, after, rules.digest, len(feeds), count, differences)


def _judge_in_place(
    url: str, schema: str | None, matcher: Matcher, since: datetime
) -> tuple[int, tuple[Difference, ...]]:
    """PostgreSQL copies itself: what is only read needs no copy. Raises ConfigError where it would have to be migrated."""
    if schema != head():
        raise ConfigError(
            f"this version needs schema {head()}, the database has {schema}: carry a dump to a second database "
            "(pg_dump, pg_restore), run coopwatch db upgrade on it and set COOPWATCH_DATABASE_URL to it for this check"
        )
    database = open_database(url)
    try:
        return judge_again(database, matcher, since)
    finally:
        database.close()


def judge_again(database: Database, matcher: Matcher, since: datetime) -> tuple[int, tuple[Difference, ...]]:
    """How many articles were judged since a moment, and those of which other things would be told now."""
    ids = judged_since(database, since)
    rows = progress(with_judgements(database, ids), len(ids), "judging again")
    found = (difference(article, then, matcher.judge(article, now=at)) for article, then, at in rows)
    return len(ids), tuple(each for each in found if each is not None)


def _show(outlook: Outlook, days: int) -> None:
    if outlook.backup:
        say(f"backup    {outlook.backup} (the way back: coopwatch restore, see docs/operate.md)")
    else:
        say("backup    none: PostgreSQL has its own tools, see docs/operate.md")
    moved = outlook.schema_before != outlook.schema_after
    say(f"database  schema {outlook.schema_before}" + (f" becomes {outlook.schema_after}" if moved else ", as now"))
    say(f"rules     {outlook.rules}, {counted(outlook.feeds, 'feed')}: loaded without a fault")
    counts = Counter(each.kind for each in outlook.differences)
    shown = ", ".join(f"{counts[kind]} {kind}" for kind in Kind)
    span = f"the last {days} days" if days != 1 else "the last day"
    say(f"alerts    {counted(outlook.articles, 'article')} of {span} judged again: {shown}", bold=True)
    print_table(
        "",
        ("", "title", "then", "now"),
        [(each.kind, each.title, each.then, each.now) for each in outlook.differences],
    )
