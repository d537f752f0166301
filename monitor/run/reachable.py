"""The doctor's looks at the network: names, clock, mail server, webhooks, some feeds. Sends nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from urllib.parse import urlsplit

from monitor.alert.channels import email
from monitor.config import Channel, Settings, Smtp
from monitor.fetch.egress import Egress, Request
from monitor.model import FeedSpec, HttpFailure
from monitor.run.finding import Finding, Level
from monitor.sources.notafeed import NotAFeed
from monitor.sources.parse import parse
from monitor.text import counted

SAMPLE = 5  # feeds asked, each of another host
CLOCK_MAY_DIFFER = timedelta(minutes=2)  # a Date header is whole seconds old and its server's clock as good as ours
LOOK_UP_S = 10.0
CONNECT_S = 10.0


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
    settings: Settings, specs: Sequence[FeedSpec], egress: Egress, helo: str
) -> AsyncIterator[tuple[Finding, ...]]:
    """Every look at the network in order, each with its findings when they are made."""
    sample = {urlsplit(spec.url).hostname or "": spec for spec in sample_of(specs)}
    own = own_names(settings)
    names = dict.fromkeys((*own, *sample))
    faults = dict(zip(names, await asyncio.gather(*map(look_up, names)), strict=True))
    ours = {host: faults[host] for host in own}
    yield judge_names(ours, {host: faults[host] for host in sample if host not in own})
    yield tuple(await asyncio.gather(*(check_mail_server(smtp, helo) for smtp in mail_servers(settings))))
    hooks = [route for route in settings.routes if route.channel is Channel.WEBHOOK]
    yield tuple(await asyncio.gather(*(check_endpoint(route.endpoint, route.name) for route in hooks)))
    allow = frozenset(settings.fetch.allow_private)
    reached = [spec for host, spec in sample.items() if not faults[host]]
    asked = await asyncio.gather(*(check_feed(spec, egress, allow) for spec in reached))
    yield tuple(finding for finding, _ in asked)
    yield check_clock([offset for _, offset in asked if offset is not None])
