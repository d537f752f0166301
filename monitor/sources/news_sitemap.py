"""Google news sitemaps (and plain ones, whose entries have an address and a date only)."""

from __future__ import annotations

from lxml import etree

from monitor.model import Entry, ParsedFeed
from monitor.sources import clean, dates
from monitor.sources.notafeed import NotAFeed, NotAFeedKind
from monitor.sources.rss import refuse_entities
from monitor.sources.scan import ROOT


def parse(text: str, *, feed_url: str, limit: int, allow: frozenset[str] = frozenset()) -> ParsedFeed:
    """The sitemap in ``text``. Raises NotAFeed, also for an index of sitemaps."""
    root = ROOT.search(text)
    if root is None or root[1].lower() != "urlset":
        raise NotAFeed(NotAFeedKind.UNKNOWN, "no news sitemap (an index of sitemaps lists no articles)")
    refuse_entities(text, root.start())
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    tree = etree.fromstring(text[root.start() :].encode("utf-8", "replace"), parser)
    if tree is None:
        raise NotAFeed(NotAFeedKind.UNKNOWN, "the sitemap cannot be read")
    nodes = [node for node in tree if isinstance(node.tag, str) and _name(node) == "url"]
    entries = [_entry(node, feed_url, allow) for node in nodes]
    newest = sorted(range(len(entries)), key=lambda place: _order(entries[place], place))[:limit]
    kept = [entries[place] for place in sorted(newest)]
    flags = (["many"] if len(nodes) > limit else []) + (["not_wellformed"] if parser.error_log else [])
    return ParsedFeed(
        format="news_sitemap",
        title=clean.title(next((_below(node, "name") for node in nodes), "")),
        entries=tuple(kept),
        language=next((_below(node, "language") for node in nodes), "")[:20],
        listed=len(nodes),
        flags=tuple(flags),
    )


def _name(node: etree._Element) -> str:
    """The name without its namespace. A prefix that nobody declared stays in the tag, and QName refuses such a tag."""
    return str(node.tag).rpartition("}")[2].rpartition(":")[2]


def _below(node: etree._Element, name: str) -> str:
    """The text of the first descendant of that name in any namespace."""
    for child in node.iterdescendants():
        if isinstance(child.tag, str) and _name(child) == name:
            return (child.text or "").strip()
    return ""


def _order(entry: Entry, place: int) -> tuple[float, int]:
    return (-entry.published_at.timestamp() if entry.published_at else 0.0, place)


def _entry(node: etree._Element, feed_url: str, allow: frozenset[str]) -> Entry:
    loc = _below(node, "loc")
    url = clean.link(loc, feed_url, allow) if loc else ""
    modified = dates.parse(_below(node, "lastmod"))
    published = dates.parse(_below(node, "publication_date"))
    at, date_only = published if published[0] is not None else modified
    return Entry(
        guid=clean.identifier(loc),
        url=url,
        title=clean.title(_below(node, "title")),
        published_at=at,
        date_only=date_only,
        updated_at=modified[0],
        language=_below(node, "language")[:20],
    )
