"""Looks at an installation from outside and says in plain words what is wrong and what to do. Sends nothing, changes nothing.

Each check is a function of its own and gives findings; the worst one decides the exit code (contract 2).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from monitor.config import Settings
from monitor.errors import ConfigError, CoopwatchError
from monitor.fetch.egress import Egress
from monitor.model import FeedSpec, PageKind, PagePhrases
from monitor.rulebook.feeds import load_feeds
from monitor.rulebook.pages import load_page_phrases
from monitor.run import reachable
from monitor.run.examples import load_rules
from monitor.run.finding import Finding, Level
from monitor.run.pages import PageReader
from monitor.run.workers import WorkerPool
from monitor.store.engine import open_database, sqlite_file
from monitor.store.schema import check_integrity, current, head
from monitor.text import counted
from monitor.watch import facts

PAGE = (
    "<html><body><article><h1>Doctor</h1>"
    + 9 * "<p>A page that shows whether pages can be read here.</p>"
    + "</article>"
)


def check_settings(settings: Settings) -> tuple[Finding, ...]:
    """What a valid configuration still leaves to be wished."""
    found = [
        Finding(
            "configuration",
            Level.OK,
            f"{counted(len(settings.routes), 'route', 'routes')}, state in {settings.state_dir}",
        )
    ]
    if settings.sends_nothing:
        words, advice = (
            "no alert leaves this machine",
            "add a route with channel email, webhook or apprise ([[routes]])",
        )
        found.append(Finding("configuration", Level.WARNING, words, advice))
    if not settings.contact:
        advice = 'set contact = "https://..." or a mailbox, so that publishers can reach you before they block you'
        found.append(Finding("configuration", Level.WARNING, "the robot gives no contact", advice))
    shown_outside = settings.console.host not in ("127.0.0.1", "::1", "localhost")
    if settings.console.enabled and shown_outside and not settings.console.secure_cookie:
        words = f"the console listens on {settings.console.host} without https"
        found.append(
            Finding("configuration", Level.WARNING, words, "put it behind a reverse proxy; see docs/operate.md")
        )
    return tuple(found)


def check_rules(settings: Settings) -> tuple[tuple[Finding, ...], tuple[FeedSpec, ...]]:
    """Rules, phrases and feeds files as the service loads them, and the feeds."""
    try:
        rules = load_rules(settings)
        load_page_phrases(settings.rules_dir)
        specs = load_feeds(settings.feeds_file, settings.own_feeds_file)
    except ConfigError as exc:
        return (Finding("rules", Level.FAULT, str(exc), "edit the lines named", 2),), ()
    found = [Finding("rules", Level.OK, f"{rules.digest[:12]}, {counted(len(specs), 'feed', 'feeds')}")]
    if not any(spec.enabled for spec in specs):
        found.append(Finding("feeds", Level.WARNING, "no feed is listed", "add one: coopwatch feeds add URL"))
    return tuple(found), specs


def check_database(settings: Settings) -> tuple[Finding, ...]:
    """Whether the database can be reached, is whole, has this version's schema and may be written."""
    file = sqlite_file(settings.database_url)
    try:
        if file is not None and not file.exists():
            return _new_database(file)
        database = open_database(settings.database_url)
        try:
            if file is not None:
                check_integrity(database)
            with database.read() as connection:
                revision = current(connection)
            with database.write():
                pass  # a lock for writing can be had
        finally:
            database.close()
    except CoopwatchError as exc:
        advice = "free space, or start the database server" if exc.exit_code == 4 else "see docs/operate.md, restore"
        return (Finding("database", Level.FAULT, str(exc), advice, exc.exit_code),)
    if revision == head():
        return (Finding("database", Level.OK, f"schema {revision}, whole and writable"),)
    words, advice = f"schema {revision}, this version needs {head()}", "the next start does it; or coopwatch db upgrade"
    return (Finding("database", Level.WARNING, words, advice),)


def _new_database(file: Path) -> tuple[Finding, ...]:
    folder = next(folder for folder in file.parents if folder.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        return (Finding("database", Level.FAULT, f"{folder} cannot be written", "give the service this folder", 3),)
    return (Finding("database", Level.OK, f"{file} is not there yet; the first start makes it"),)


async def check_reader() -> Finding:
    """Whether worker processes start here and read a page: all libraries of reading take part."""
    pool = WorkerPool(1)
    try:
        page = await PageReader(pool, PagePhrases()).read(
            PAGE.encode(), content_type="text/html", url="https://doctor.invalid/", now=datetime.now(UTC)
        )
    finally:
        await pool.close()
    if page.kind is PageKind.ARTICLE and page.text:
        return Finding("reader", Level.OK, "a page is read in a process of its own")
    words = page.reason or f"a plain page is taken for {page.kind}"
    return Finding("reader", Level.FAULT, words, "install again (make install-service); if it stays, report it", 2)


def check_disk(folder: Path) -> tuple[Finding, ...]:
    """Room where the state lies."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    usage = shutil.disk_usage(there)
    least = min(facts.DISK_FREE_LEAST_BYTES, facts.DISK_FREE_LEAST_SHARE * usage.total)
    words = f"{usage.free / 1e9:.1f} GB free at {there}"
    if usage.free < least:
        return (Finding("disk", Level.FAULT, words, "free space: the service stops storing when it is full", 4),)
    return (Finding("disk", Level.OK, words),)


async def examine(
    settings: Settings, egress: Egress, helo: str, *, offline: bool, tell: Callable[[Finding], None]
) -> tuple[Finding, ...]:
    """Every check in order; ``tell`` hears each finding as it is made. ``offline`` leaves the network alone."""
    found: list[Finding] = []

    def add(*findings: Finding) -> None:
        for finding in findings:
            found.append(finding)
            tell(finding)

    add(*check_settings(settings))
    on_rules, specs = await asyncio.to_thread(check_rules, settings)
    add(*on_rules)
    add(*await asyncio.to_thread(check_database, settings))
    add(*check_disk(settings.state_dir))
    add(await check_reader())
    if offline:
        return tuple(found)
    async for seen in reachable.examine(settings, specs, egress, helo):
        add(*seen)
    return tuple(found)
