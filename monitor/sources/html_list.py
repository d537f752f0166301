"""A list of articles on an HTML page, for publishers without a feed: a CSS selector names the links."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree, html
from lxml.cssselect import CSSSelector, SelectorError

from monitor.errors import ConfigError
from monitor.model import Entry, ParsedFeed
from monitor.sources import clean, dates
from monitor.sources.notafeed import NotAFeed, NotAFeedKind

_CLIMB = 4  # how far above a link its date may stand


def check_selector(selector: str) -> None:
    """Raises ConfigError for a selector that cannot be used."""
    try:
        CSSSelector(selector, translator="html")
    except (SelectorError, SyntaxError) as exc:
        raise ConfigError(f"the CSS selector {selector!r} cannot be read: {exc}") from exc


def parse(
    text: str, *, feed_url: str, selector: str, limit: int, language: str = "", allow: frozenset[str] = frozenset()
) -> ParsedFeed:
    """The links that ``selector`` finds, each once. Raises NotAFeed(NO_MATCH) when it finds none (a rebuilt page)."""
    if not selector:
        raise ConfigError(f"{feed_url}: a feed of format html_list needs a selector")
    check_selector(selector)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError) as exc:
        raise NotAFeed(NotAFeedKind.EMPTY, "the page is empty") from exc
    base = _base(tree, feed_url)
    found: dict[str, Entry] = {}
    for node in CSSSelector(selector, translator="html")(tree):
        entry = _entry(node, base, language or (tree.get("lang") or ""), allow)
        if entry is not None and entry.url not in found:
            found[entry.url] = entry
    if not found:
        raise NotAFeed(NotAFeedKind.NO_MATCH, f"the selector {selector!r} finds no link on the page")
    return ParsedFeed(
        format="html_list",
        title=clean.title(tree.findtext(".//title") or ""),
        entries=tuple(found.values())[:limit],
        language=(tree.get("lang") or "")[:20],
        site_url=clean.link(feed_url, "", allow),
        listed=len(found),
        flags=("many",) if len(found) > limit else (),
    )


def _base(tree: html.HtmlElement, feed_url: str) -> str:
    """The page's base address, believed on its own host only."""
    node = tree.find(".//base[@href]")
    base = urljoin(feed_url, node.get("href") or "") if node is not None else feed_url
    return base if urlsplit(base).netloc == urlsplit(feed_url).netloc else feed_url


def _entry(node: html.HtmlElement, base: str, language: str, allow: frozenset[str]) -> Entry | None:
    anchor = node if node.tag == "a" else node.find(".//a[@href]")
    href = anchor.get("href") if anchor is not None else None
    url = clean.link(href, base, allow).partition("#")[0] if href else ""
    if not url:
        return None
    # text_content glues neighbouring blocks together; itertext keeps them apart
    title = clean.title(" ".join(anchor.itertext()), marked=False) or clean.title(
        " ".join(node.itertext()), marked=False
    )
    published, date_only = _date(node, language[:2])
    return Entry(guid=url, url=url, title=title, published_at=published, date_only=date_only) if title else None


def _date(node: html.HtmlElement, language: str) -> tuple[datetime | None, bool]:
    """The date of the first time element in or closely above a link, unless that spot holds other links' dates too."""
    here: html.HtmlElement | None = node
    for _ in range(_CLIMB):
        if here is None:
            break
        times = here.findall(".//time")
        if len(times) > 1 and here is not node:
            break
        if times:
            return dates.parse(times[0].get("datetime") or "".join(times[0].itertext()), language)
        here = here.getparent()
    return None, False
