"""Bytes to a feed: finds out what the bytes are and hands them to the format's own module. Pure; its time is not
bounded here, so callers run it in a worker that can be killed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

from monitor.errors import ConfigError
from monitor.model import Entry, ParsedFeed
from monitor.sources import dates, html_list, json_feed, news_sitemap, rss
from monitor.sources.detection import decode_any
from monitor.sources.notafeed import NotAFeed, NotAFeedKind, name_page
from monitor.sources.scan import ROOT

LIMIT = 500  # entries of one document that are taken; the newest ones, the rest is counted

_MAGIC = (b"\x1f\x8b", b"PK\x03\x04", b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"BZh", b"\x28\xb5\x2f\xfd")
_LOOKS_HTML = re.compile(r"<!doctype\s+html|<(?:script|meta|div|p|a|br)\b", re.I)
FORMATS = ("auto", "rss", "json_feed", "news_sitemap", "html_list")


def parse(
    body: bytes,
    *,
    content_type: str = "",
    feed_url: str,
    format: str = "auto",
    selector: str = "",
    limit: int = LIMIT,
    allow: frozenset[str] = frozenset(),
    timezone: str = "",
) -> ParsedFeed:
    """The feed in ``body``, whatever its format. ``feed_url`` is the address it came from, to which links are relative;
    ``allow`` holds exact host:port exceptions for links into the own network; dates without a zone are read in
    ``timezone`` (else Europe/Rome).

    Raises NotAFeed where something else stands in its place, ConfigError for an unknown format or a bad selector.
    """
    if format not in FORMATS:
        raise ConfigError(f"{feed_url}: unknown feed format {format!r}; one of {', '.join(FORMATS)}")
    if body.startswith(_MAGIC):
        raise NotAFeed(NotAFeedKind.BINARY, "compressed or binary data that no header announced")
    text, flags = decode_any(body, content_type)
    if not text.strip("\ufeff\x00 \t\r\n"):
        raise NotAFeed(NotAFeedKind.EMPTY, "the body is empty")
    if format == "html_list":
        feed = html_list.parse(text, feed_url=feed_url, selector=selector, limit=limit, allow=allow)
    else:
        feed = _module(text, format).parse(text, feed_url=feed_url, limit=limit, allow=allow)
    entries = tuple(_placed(entry, timezone) for entry in feed.entries)
    return replace(feed, entries=entries, flags=(*flags, *feed.flags))


def _placed(entry: Entry, zone: str) -> Entry:
    if not any(date is not None and date.tzinfo is dates.FLOATING for date in (entry.published_at, entry.updated_at)):
        return entry
    return replace(
        entry,
        published_at=dates.placed(entry.published_at, entry.date_only, zone),
        updated_at=dates.placed(entry.updated_at, False, zone),
    )


def _module(text: str, format: str) -> ModuleType:
    """The module that reads ``text``. Raises NotAFeed for HTML and for what is nothing known."""
    if format == "json_feed" or (format == "auto" and text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")):
        return json_feed
    root = ROOT.search(text)
    if root is None:
        if _LOOKS_HTML.search(text, 0, 5000):
            raise name_page(text)
        raise NotAFeed(NotAFeedKind.UNKNOWN, "no feed element in the document")
    if root[1].lower() == "html":
        raise name_page(text)
    return news_sitemap if format == "news_sitemap" or root[1].lower() in ("urlset", "sitemapindex") else rss
