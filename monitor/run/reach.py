"""What people reach for by hand: the feeds at an address, one page as the service reads it, a feed for the list, a missed
announcement. Nothing here is told to any route."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

from monitor.errors import ConfigError
from monitor.fetch.egress import PAGE_TYPES, Egress, Request
from monitor.model import Article, FeedSpec, HttpAnswer, PageKind, ParsedFeed, ReadMethod
from monitor.rulebook.feeds import address_key, read_own, write_own
from monitor.run.curator import FoundFeed
from monitor.run.feeds import ParseFault, parse_feed
from monitor.run.pages import PageReader
from monitor.run.workers import WorkerPool

# Links to feeds that a page names in its head; tags only, the values are checked like any address.
_LINK = re.compile(r"<link\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_HEAD_CHARS = 200_000
MOST_FEEDS = 8


@dataclass(frozen=True, slots=True)
class Outreach:
    """The way to single addresses that a person names."""

    egress: Egress
    pool: WorkerPool
    reader: PageReader
    allow: frozenset[str]

    async def find_feeds(self, url: str) -> tuple[FoundFeed, ...]:
        """The feed at an address, or those that the page there names. Raises ConfigError where there is none."""
        answer = await self._get(url)
        found = await self._parse(answer, url)
        if isinstance(found, ParsedFeed):
            return (_found(url, found),)
        feeds = []
        for link in feed_links(answer)[:MOST_FEEDS]:
            try:
                named = await self._parse(await self._get(link), link)
            except ConfigError:
                continue
            if isinstance(named, ParsedFeed):
                feeds.append(_found(link, named))
        if not feeds:
            raise ConfigError(f"{url}: no feed there ({found.detail}) and none that the page names")
        return tuple(feeds)

    async def read_page(self, url: str, now: datetime) -> Article:
        """The article at an address, read as the service reads pages. Raises ConfigError where there is none."""
        answer = await self._get(url, accept=PAGE_TYPES)
        page = await self.reader.read(
            answer.body, content_type=answer.header("content-type"), url=answer.final_url, now=now
        )
        if page.kind not in (PageKind.ARTICLE, PageKind.PARTIAL) and not page.title:
            raise ConfigError(f"{url}: no article there: {page.reason or page.kind}")
        return Article(
            id=url,
            title=page.title,
            text=page.text,
            published_at=page.published_at,
            date_only=page.date_only,
            url=url,
            language=page.language,
            method=ReadMethod.PAGE,
        )

    async def _get(self, url: str, accept: str | None = None) -> HttpAnswer:
        request = Request(url, allow=self.allow)
        answer = await self.egress.get(request if accept is None else replace(request, accept=accept))
        if not isinstance(answer, HttpAnswer):
            raise ConfigError(f"{url}: {answer.detail}")
        if not 200 <= answer.status < 300:
            raise ConfigError(f"{url}: the server answers {answer.status}")
        return answer

    async def _parse(self, answer: HttpAnswer, url: str) -> ParsedFeed | ParseFault:
        return await parse_feed(
            self.pool,
            answer.body,
            content_type=answer.header("content-type"),
            feed=FeedSpec(url=url),
            final_url=answer.final_url,
            allow=self.allow,
        )


def feed_links(answer: HttpAnswer) -> tuple[str, ...]:
    """The addresses of feeds that an HTML page names in its head, in its order."""
    found = []
    for tag in _LINK.findall(answer.body.decode("utf-8", "replace")[:_HEAD_CHARS]):
        values = {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag)}
        is_feed = values.get("type", "").lower() in _FEED_TYPES and "alternate" in values.get("rel", "").lower()
        if is_feed and values.get("href"):
            found.append(urljoin(answer.final_url, values["href"].strip()))
    return tuple(dict.fromkeys(link for link in found if link.startswith(("http://", "https://"))))


def _found(url: str, feed: ParsedFeed) -> FoundFeed:
    titles = tuple(entry.title for entry in feed.entries[:5])
    return FoundFeed(url, feed.title, feed.format, feed.listed, titles)


def add_feeds(own: Path, feeds: Sequence[FeedSpec]) -> int:
    """Adds feeds to the product's own list, or lays them over what stands there; returns how many are new there. Raises
    RuleErrors where the list was damaged by hand."""
    listed = read_own(own)
    before = len(listed)
    for feed in feeds:
        values = {name: getattr(feed, name) for name in ("url", "title", "language", "country", "kind", "format")}
        kept = {name: value for name, value in values.items() if value and (name, value) != ("format", "auto")}
        key = address_key(feed.url)
        listed[key] = {name: value for name, value in listed.get(key, {}).items() if name != "enabled"} | kept
    write_own(own, listed)
    return len(listed) - before


def remove_feed(own: Path, url: str, elsewhere: bool) -> None:
    """Takes a feed off the list: out of the product's own file, or switched off there where another file lists it."""
    listed = read_own(own)
    key = address_key(url)
    if elsewhere:
        listed[key] = {"url": url, "enabled": False}
    else:
        listed.pop(key, None)
    write_own(own, listed)
