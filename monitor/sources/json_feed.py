"""JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not read."""

from __future__ import annotations

import json
from typing import Any

from monitor.model import Entry, ParsedFeed
from monitor.sources import clean, dates
from monitor.sources.notafeed import NotAFeed, NotAFeedKind


def parse(text: str, *, feed_url: str, limit: int, allow: frozenset[str] = frozenset()) -> ParsedFeed:
    """The feed in ``text``. Raises NotAFeed."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise NotAFeed(NotAFeedKind.UNKNOWN, f"neither XML nor readable JSON: {str(exc)[:100]}") from exc
    records = document.get("items") if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise NotAFeed(NotAFeedKind.UNKNOWN, "JSON, but no JSON Feed: it has no list of items")
    language = _text(document, "language")
    entries = tuple(_entry(record, feed_url, allow) for record in records[:limit] if isinstance(record, dict))
    return ParsedFeed(
        format="json_feed",
        title=clean.title(_text(document, "title")),
        entries=entries,
        language=language[:20],
        site_url=clean.link(_text(document, "home_page_url"), feed_url, allow),
        next_page=clean.link(_text(document, "next_url"), feed_url, allow) if _text(document, "next_url") else "",
        listed=len(records),
        flags=("many",) if len(records) > limit else (),
    )


def _text(record: dict[str, Any], *keys: str) -> str:
    """The first of ``keys`` that holds text; numbers are ids that a careless publisher did not quote."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def _entry(record: dict[str, Any], feed_url: str, allow: frozenset[str]) -> Entry:
    published, date_only = dates.parse(_text(record, "date_published", "date_modified"))
    url = _text(record, "url", "external_url")
    return Entry(
        guid=clean.identifier(_text(record, "id")),
        url=clean.link(url, feed_url, allow) if url else "",
        title=clean.title(_text(record, "title")),
        summary=clean.paragraphs(_text(record, "summary")),
        content=clean.paragraphs(_text(record, "content_html", "content_text")),
        published_at=published,
        date_only=date_only,
        updated_at=dates.parse(_text(record, "date_modified"))[0],
        language=_text(record, "language")[:20],
    )
