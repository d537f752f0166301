"""Looks at an installation from outside and says in plain words what is wrong and what to do. Sends nothing, changes nothing.

Each check is a function of its own and gives findings; the worst one decides the exit code (contract 2).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from monitor.alert.channels import email
from monitor.config import Channel, Settings, Smtp
from monitor.errors import ConfigError, CoopwatchError
from monitor.fetch.egress import Egress, Request
from monitor.model import FeedSpec, HttpFailure
from monitor.rulebook.feeds import load_feeds
from monitor.rulebook.pages import load_page_phrases
from monitor.run.examples import load_rules
from monitor.sources.notafeed import NotAFeed
from monitor.sources.parse import parse
from monitor.store.engine import open_database, sqlite_file
from monitor.store.schema import check_integrity, current, head
from monitor.text import counted
from monitor.watch import facts

SAMPLE = 5  # feeds asked, each of another host
CLOCK_MAY_DIFFER = timedelta(minutes=2)  # a Date header is whole seconds old and its server's clock as good as ours
LOOK_UP_S = 10.0
CONNECT_S = 10.0


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do. ``exit_code`` is 0 unless it is a fault."""

    part: str
    level: Level
    words: str
    advice: str = ""
    exit_code: int = 0


def exit_code(findings: Iterable[Finding]) -> int:
    """The code of the worst finding: what a restart cannot mend (3, then 2) before what time may mend (4)."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in (3, 2, 4) if code in codes), 0)


def check_settings(settings: Settings) -> tuple[Finding, ...]:
    """What a valid configuration still leaves to be wished."""
    found = [
        Finding("configuration", Level.OK, f"{_count(len(settings.routes), 'route')}, state in {settings.state_dir}")
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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def check_rules(settings: Settings) -> tuple[tuple[Finding, ...], tuple[FeedSpec, ...]]:
    """Rules, phrases and feeds files as the service loads them, and the feeds."""
    try:
        rules = load_rules(settings)
        load_page_phrases(settings.rules_dir)
        specs = load_feeds(settings.feeds_file, settings.own_feeds_file)
    except ConfigError as exc:
        return (Finding("rules", Level.FAULT, str(exc), "edit the lines named", 2),), ()
    found = [Finding("rules", Level.OK, f"{rules.digest[:12]}, {_count(len(specs), 'feed')}")]
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


def check_disk(folder: Path) -> tuple[Finding, ...]:
    """Room where the state lies."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    usage = shutil.disk_usage(there)
    least = min(facts.DISK_FREE_LEAST_BYTES, facts.DISK_FREE_LEAST_SHARE * usage.total)
    words = f"{usage.free / 1e9:.1f} GB free at {there}"
    if usage.free < least:
        return (Finding("disk", Level.FAULT, words, "free space: the service stops storing when it is full", 4),)
    return (Finding("disk", Level.OK, words),)


def check_clock(offsets: Sequence[timedelta]) -> tuple[Finding, ...]:
    """The clock against the Date headers of the servers that answered."""
    if not offsets:
        return ()
    off = timedelta(seconds=median(offset.total_seconds() for offset in offsets))
    words = f"{off.total_seconds():+.0f} s against {len(offsets)} servers"
    if abs(off) > CLOCK_MAY_DIFFER:
        return (Finding("clock", Level.WARNING, words, "switch on time synchronisation (timedatectl set-ntp true)"),)
    return (Finding("clock", Level.OK, words),)


def sample_of(specs: Sequence[FeedSpec], most: int = SAMPLE) -> tuple[FeedSpec, ...]:
    """Feeds of different hosts, spread over the list."""
    by_host = {urlsplit(spec.url).hostname or "": spec for spec in reversed(specs) if spec.enabled}
    hosts = list(reversed(by_host.values()))
    step = max(1, len(hosts) // most)
    return tuple(hosts[::step][:most])


async def check_feed(spec: FeedSpec, egress: Egress, allow: frozenset[str]) -> tuple[Finding, timedelta | None]:
    """One feed as the service asks for it, and how far the clocks differ."""
    answer = await egress.get(Request(spec.url, allow=allow))
    name = f"feed {spec.url}"
    if isinstance(answer, HttpFailure):
        return Finding(name, Level.WARNING, f"{answer.kind}: {answer.detail}", "is the network open to it?"), None
    offset = None
    with suppress(ValueError):  # no Date header, or none that is a date
        offset = datetime.now(UTC) - parsedate_to_datetime(answer.header("date"))
    if answer.status != 200:
        return Finding(name, Level.WARNING, f"HTTP {answer.status}", "open it in a browser; has it moved?"), offset
    try:
        parsed = await asyncio.to_thread(
            parse,
            answer.body,
            content_type=answer.header("content-type"),
            feed_url=answer.final_url,
            format=spec.format,
            selector=spec.selector,
            allow=allow,
        )
    except NotAFeed as exc:
        return Finding(name, Level.WARNING, str(exc), "name the feed itself, not the page"), offset
    return Finding(
        name, Level.OK, f"{counted(len(parsed.entries), 'entry', 'entries')} in {answer.elapsed_s:.1f} s"
    ), offset


async def look_up(host: str) -> str:
    """Why a name does not resolve; "" where it does."""
    try:
        async with asyncio.timeout(LOOK_UP_S):
            await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as exc:
        return exc.strerror or "no answer"
    except TimeoutError:
        return "no answer"
    return ""


def judge_names(ours: Mapping[str, str], publishers: Mapping[str, str]) -> tuple[Finding, ...]:
    """What became of looking names up (name to fault, "" = found): each of our own servers is needed; one unknown publisher
    is that publisher's affair, all of them unknown are one fault of this machine's network."""
    found = [
        Finding("dns", Level.FAULT, f"{host}: {fault}", "see the name and /etc/resolv.conf", 4)
        for host, fault in ours.items()
        if fault
    ]
    unknown = {host: fault for host, fault in publishers.items() if fault}
    if unknown and len(unknown) == len(publishers):
        words = f"no publisher's name can be looked up ({', '.join(unknown)}: {next(iter(unknown.values()))})"
        found.append(Finding("dns", Level.FAULT, words, "is this machine on the internet? see /etc/resolv.conf", 4))
    else:
        advice = "its feeds rest until the name is back; has it moved?"
        found += [Finding("dns", Level.WARNING, f"{host}: {fault}", advice) for host, fault in unknown.items()]
    return tuple(found) or (Finding("dns", Level.OK, f"{len(ours) + len(publishers)} names found"),)


async def check_mail_server(smtp: Smtp, helo: str) -> Finding:
    """A mail server up to its readiness to take mail; nothing is sent."""
    name = f"mail server {smtp.host}:{smtp.port}"
    result = await email.probe(email.Settings(smtp, "", helo, min(smtp.timeout_s, 30.0)))
    if result.ok:
        return Finding(name, Level.OK, "lets us in" if smtp.username else "answers")
    return Finding(name, Level.FAULT, f"{result.fault}: {result.answer}", "check [smtp] and the firewall", 4)


async def check_endpoint(url: str, route: str) -> Finding:
    """Whether a webhook's server takes connections (with TLS where the address says so); nothing is sent."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    name = f"webhook of route {route}"
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(
                parts.hostname,
                parts.port or (443 if secure else 80),
                ssl=ssl.create_default_context() if secure else None,
            )
        writer.close()
    except (OSError, TimeoutError, ValueError) as exc:
        return Finding(name, Level.FAULT, f"{parts.hostname}: {exc or 'no answer'}", "is the receiver running?", 4)
    return Finding(name, Level.OK, f"{parts.hostname} takes connections")


def own_names(settings: Settings) -> tuple[str, ...]:
    """The hosts that deliveries need: mail servers and webhooks."""
    urls = [route.endpoint for route in settings.routes if route.channel is Channel.WEBHOOK]
    hosts = [smtp.host for smtp in mail_servers(settings)] + [urlsplit(url).hostname or "" for url in urls]
    return tuple(dict.fromkeys(host for host in hosts if host))


def mail_servers(settings: Settings) -> tuple[Smtp, ...]:
    """The mail servers that some route sends through, each once."""
    found = [route.smtp or settings.smtp for route in settings.routes if route.channel is Channel.EMAIL]
    return tuple(dict.fromkeys(smtp for smtp in found if smtp is not None))


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
    if offline:
        return tuple(found)
    sample = {urlsplit(spec.url).hostname or "": spec for spec in sample_of(specs)}
    own = own_names(settings)
    names = dict.fromkeys((*own, *sample))
    faults = dict(zip(names, await asyncio.gather(*map(look_up, names)), strict=True))
    add(*judge_names({host: faults[host] for host in own}, {host: faults[host] for host in sample if host not in own}))
    add(*await asyncio.gather(*(check_mail_server(smtp, helo) for smtp in mail_servers(settings))))
    hooks = [route for route in settings.routes if route.channel is Channel.WEBHOOK]
    add(*await asyncio.gather(*(check_endpoint(route.endpoint, route.name) for route in hooks)))
    allow = frozenset(settings.fetch.allow_private)
    reachable = [spec for host, spec in sample.items() if not faults[host]]
    asked = await asyncio.gather(*(check_feed(spec, egress, allow) for spec in reachable))
    add(*(finding for finding, _ in asked))
    add(*check_clock([offset for _, offset in asked if offset is not None]))
    return tuple(found)
