"""RSS 0.9x, 1.0 and 2.0 and Atom through feedparser, with the checks and the cleaning that feedparser leaves out."""

from __future__ import annotations

import io
import re
from datetime import datetime
from time import struct_time
from typing import Any

import feedparser

from monitor.model import Entry, ParsedFeed
from monitor.sources import clean, dates, lighter, strict
from monitor.sources.notafeed import NotAFeed, NotAFeedKind
from monitor.sources.scan import ROOT, Scan, scan

_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,400}\?>", re.I)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]{0,1000}(?:\[[^\]]{0,20000}\]\s*)?>", re.I)
_ENTITY = re.compile(r"<!ENTITY", re.I)
_NOT_XML = re.compile("\x1b\\[[0-9;?]{0,20}[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLOCK_DATE = re.compile(r"<(?:pubDate|dc:date|published|updated)[^>]{0,100}>\s*(?:<!\[CDATA\[)?([^<\]]{6,60})", re.I)
_SKIP = re.compile(r"<(hour|day)>\s*([A-Za-z0-9]{1,9})\s*</\1>", re.I)
_PERIOD_S = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")  # RSS 2.0's own constants
_HINT_MAX_S = 366 * 86400.0
_BARE_AMP = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)", re.I)
_NESTED_MIN, _LONG_TAG_CHARS = 500, 8000
_NESTED = re.compile(rf"(?:<[A-Za-z][^<>/]{{0,200}}>\s{{0,20}}){{{_NESTED_MIN}}}")
_LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{_LONG_TAG_CHARS},}}")
_MOST_ATTRIBUTES = 1000
# what feedparser raises over damaged markup
_TRIPS = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError)
_PARTIAL = re.compile(r"<(item|entry)(?=[\s>])", re.I)

lighter.lighten(feedparser)


def refuse_entities(text: str, until: int) -> None:
    """Raises NotAFeed(ENTITIES) when the prolog or the head of a document defines entities."""
    if _ENTITY.search(text, 0, max(until, 65536)):
        raise NotAFeed(NotAFeedKind.ENTITIES, "the document defines XML entities, which are refused unread")


def refuse_bombs(text: str) -> None:
    """Raises NotAFeed(BOMB) for what makes feedparser quadratic: 100,000 attributes take it over 20 s, 200,000 nested
    elements 4 s. No real feed opens 500 elements in a row; an inline image is one long attribute, not a thousand."""
    if text.count("<") - text.count("</") >= _NESTED_MIN and _NESTED.search(text):
        raise NotAFeed(NotAFeedKind.BOMB, "hundreds of elements opened inside each other")
    has_long_tag = max(map(len, text.split("<"))) >= _LONG_TAG_CHARS
    if has_long_tag and any(match[0].count("=") > _MOST_ATTRIBUTES for match in _LONG_TAG.finditer(text)):
        raise NotAFeed(NotAFeedKind.BOMB, "an element of more than a thousand attributes")


def parse(text: str, *, feed_url: str, limit: int, allow: frozenset[str] = frozenset()) -> ParsedFeed:
    """The feed in ``text``. Raises NotAFeed. ``listed`` counts its entries, ``entries`` holds the newest ``limit``."""
    root = ROOT.search(text)
    if root is None:
        raise NotAFeed(NotAFeedKind.UNKNOWN, "no feed element in the document")
    refuse_entities(text, root.start())
    refuse_bombs(text)
    text, flags = _trimmed(text, root.start())
    cut = scan(text)
    whole = _without_cut_end(text) if cut is None else None
    if whole is not None:
        text, cut = whole, scan(whole)
        flags.append("cut")
    listed = len(cut.blocks) if cut is not None else -1
    if cut is not None and listed > limit:
        text = cut.keeping(_newest(cut, limit))
        flags.append("many")
    parsed = _feedparser(text, feed_url)
    if parsed.bozo and (mended := _BARE_AMP.sub("&amp;", text)) != text:
        parsed = _feedparser(mended, feed_url)
        flags.append("not_wellformed")
    if not parsed.version and not parsed.entries and "<channel" not in text:
        raise NotAFeed(NotAFeedKind.UNKNOWN, "the document is XML but no feed that is known")
    if parsed.bozo and not {"cut", "not_wellformed"} & set(flags):
        flags.append("not_wellformed")
    head = cut.head if cut is not None else text[:20_000]
    return _feed(parsed, head, feed_url, limit, allow, max(listed, len(parsed.entries)), flags)


def _trimmed(text: str, root_at: int) -> tuple[str, list[str]]:
    """The document from its root on, freed of declaration, DOCTYPE, and of characters that XML forbids."""
    before = _DOCTYPE.sub("", _DECLARATION.sub("", text[:root_at], count=1))
    before = re.sub(r"<!--.*?-->|<\?.*?\?>", "", before, flags=re.S)
    flags = ["junk_before"] if before.strip("\ufeff \t\r\n") else []
    body = text[root_at:]
    printed = body.replace("\n", " ").replace("\t", " ").replace("\r", " ").isprintable()
    cleaned = body if printed else _NOT_XML.sub("", body)
    if len(cleaned) != len(body):
        flags.append("control_characters")
    return cleaned, flags


def _without_cut_end(text: str) -> str | None:
    """A document that breaks off, closed behind its last whole entry; None where it does not break off.

    A half entry must not be taken for a whole one: it would be stored without its end and its validators with it.
    """
    root = ROOT.match(text)
    assert root is not None
    name = root[0][1:]
    tag = "entry" if root[1].lower() == "feed" else "item"
    if f"</{name}" in text[-2000:] or text.rstrip().endswith("/>"):
        return None
    end = text.rfind(f"</{tag}>")
    begin = end + len(tag) + 3 if end >= 0 else 0
    opening = _PARTIAL.search(text, begin)
    whole = text[: opening.start()] if opening else text[: begin or text.rfind("<")]
    # An entry that breaks off in its long text, behind a whole summary, is told by title, link and summary.
    summary = max(text.find("</description>", len(whole)), text.find("</summary>", len(whole)))
    if opening and summary >= 0:
        whole = f"{text[: text.index('>', summary) + 1]}</{tag}>"
    in_channel = "<channel" in whole and "</channel" not in whole
    return f"{whole}{'</channel>' if in_channel else ''}</{name}>"


def _newest(cut: Scan, limit: int) -> list[bool]:
    """Which entries to keep: the newest by date where all have one, else the first in the document."""
    stamps: list[datetime] = []
    for block in cut.blocks:
        match = _BLOCK_DATE.search(block)
        stamp = dates.parse(match[1])[0] if match else None
        if stamp is None:
            return [place < limit for place in range(len(cut.blocks))]
        stamps.append(stamp)
    order = sorted(range(len(stamps)), key=lambda place: (-stamps[place].timestamp(), place))
    kept = set(order[:limit])
    return [place in kept for place in range(len(stamps))]


def _feedparser(text: str, feed_url: str) -> Any:
    """feedparser's reading of a document that is known to be UTF-8 and free of entities."""
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8")
    root = ROOT.match(text)
    try:
        found = strict.read(body, feed_url, in_pieces=root is None or root[1].lower() != "rss")
    except _TRIPS:
        found = None
    if found is not None:
        return found
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": feed_url}
    try:
        return feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except _TRIPS as exc:
        # its loose parser trips over some damaged markup (feedparser#460 and others)
        raise NotAFeed(NotAFeedKind.UNKNOWN, f"the feed cannot be read: {type(exc).__name__}") from exc


def _feed(
    parsed: Any, head: str, feed_url: str, limit: int, allow: frozenset[str], listed: int, flags: list[str]
) -> ParsedFeed:
    feed = parsed.feed
    language = _text(feed, "language")[:20]
    atom = str(parsed.version).startswith("atom")
    entries = tuple(_entry(entry, feed_url, language, atom, allow) for entry in parsed.entries[:limit])
    hours, days = _skips(head)
    return ParsedFeed(
        format=str(parsed.version) or "xml",
        title=clean.title(_text(feed, "title")),
        entries=entries,
        language=language,
        site_url=clean.link(_text(feed, "link"), feed_url, allow),
        ttl_s=_hint_s(feed),
        skip_hours=hours,
        skip_days=days,
        next_page=_next_page(feed, feed_url, allow),
        listed=listed,
        flags=tuple(flags),
    )


def _text(record: Any, key: str) -> str:
    value = dict.get(record, key)
    return value if isinstance(value, str) else ""


def _entry(record: Any, feed_url: str, language: str, atom: bool, allow: frozenset[str]) -> Entry:
    title_type = _text(dict.get(record, "title_detail") or {}, "type")
    content, summary = _bodies(record)
    published, date_only = _date(record, ("published", "created", "updated"), language)
    return Entry(
        guid=clean.identifier(_text(record, "id")),
        url=_link(record, feed_url, allow),
        title=clean.title(_text(record, "title"), marked=not (atom and title_type == "text/plain")),
        summary=clean.paragraphs(summary),
        content=clean.paragraphs(content),
        published_at=published,
        date_only=date_only,
        updated_at=_date(record, ("updated",), language)[0],
        language=_text(dict.get(record, "title_detail") or {}, "language")[:20],
    )


def _bodies(record: Any) -> tuple[str, str]:
    """The full text, where the feed carries one beside its summary, and the summary."""
    contents = [_text(part, "value") for part in dict.get(record, "content") or () if isinstance(part, dict)]
    content, summary = max(contents, key=len, default=""), _text(record, "summary")
    return (content, summary if summary != content else "") if content else ("", summary)


def _link(record: Any, feed_url: str, allow: frozenset[str]) -> str:
    # FeedBurner's redirects and newer proxies name the article's own address beside theirs
    return clean.link(_text(record, "feedburner_origlink") or _text(record, "link"), feed_url, allow)


def _date(record: Any, keys: tuple[str, ...], language: str) -> tuple[datetime | None, bool]:
    for key in keys:
        written = _text(record, key)
        value = dict.get(record, f"{key}_parsed")
        found = dates.from_struct(value if isinstance(value, struct_time) else None, written)
        if found is not None:
            return found, dates.has_no_time(written)
        if written:
            found, date_only = dates.parse(written, language or "it")
            if found is not None:
                return found, date_only
    return None, False


def _hint_s(feed: Any) -> float | None:
    """The longest of ttl (minutes) and the syndication module's period, in seconds; absurd values are no hint."""
    hints = []
    ttl = _text(feed, "ttl").strip()
    if ttl.isascii() and ttl.isdigit():
        hints.append(int(ttl[:12]) * 60.0)
    period = _PERIOD_S.get(_text(feed, "sy_updateperiod").strip().lower())
    frequency = _text(feed, "sy_updatefrequency").strip() or "1"
    if period is not None and frequency.isascii() and frequency.isdigit() and int(frequency[:6]) > 0:
        hints.append(period / int(frequency[:6]))
    hints = [hint for hint in hints if hint > 0]
    return min(max(hints), _HINT_MAX_S) if hints else None


def _skips(head: str) -> tuple[frozenset[int], frozenset[int]]:
    """Hours (UTC) and weekdays in which the feed asks not to be polled."""
    found = _SKIP.findall(head[:20_000])
    hours = {int(value) % 24 for kind, value in found if kind.lower() == "hour" and value.isdigit() and len(value) < 3}
    days = {_DAYS.index(value.lower()) for kind, value in found if kind.lower() == "day" and value.lower() in _DAYS}
    return frozenset(hours), frozenset(days)


def _next_page(feed: Any, feed_url: str, allow: frozenset[str]) -> str:
    for rel in ("prev-archive", "next"):
        for record in dict.get(feed, "links") or ():
            if _text(record, "rel") == rel and (target := clean.link(_text(record, "href"), feed_url, allow)):
                return target
    return ""
