"""Title, date, language and canonical address of a page, from what it declares. The text is found elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from html import unescape
from urllib.parse import urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement

from monitor.extract.linked_data import LinkedData

MAX_TITLE_CHARS = 500
# htmldate reads the text for dates; beyond this it is too slow and what it finds is chance
_DATE_SEARCH_CHARS = 60_000
_DATE_SEARCH_ELEMENTS = 6_000
_OLDEST = date(1995, 1, 1)
_SEPARATOR = re.compile(r"\s+[|\-–—·•:»«/]{1,2}\s+|\s*[|]\s*|(?<=[\u3400-\u9fff])[_\-—|]{1,2}|\s+::\s+")
_HEADLINE_CHARS = 20
_KINSHIP = 0.15
_DATE_NAMES = (
    "article:published_time", "og:published_time", "datepublished", "date", "dc.date.issued", "dc.date", "dcterms.created",
    "dcterms.date", "dcterms.issued", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate", "publish-date",
    "publish_date", "publication_date", "publicationdate", "cxenseparse:recs:publishtime", "article.published",
    "published_time", "published", "citation_date", "citation_publication_date", "rnews:datepublished", "displaydate",
    "date.created", "created", "ptime", "bt:pubdate", "article:published", "analyticsattributes.articledate", "pdate",
    "og:article:published_time", "vr:published_time", "last_updated_date", "dc.date.created", "og:pubdate", "pub_date",
)  # fmt: skip
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?",
    re.I,
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T\s]?(\d{2})(\d{2})(?:\d{2})?)?$")
_IN_ADDRESS = re.compile(r"/((?:19|20)\d{2})[/\-_]?(0[1-9]|1[0-2])[/\-_]?(0[1-9]|[12]\d|3[01])(?=[/\-_.?]|$)")
_MARKED_DATE = etree.XPath("descendant::*[@itemprop][@itemprop='datePublished']")
_LANGUAGE = re.compile(r"^\s*([A-Za-z]{2,3})(?=$|[-_\s])")


@dataclass(frozen=True, slots=True)
class Published:
    """When the page says it was published. ``date_only``: without a time; then ``at`` is that day's midnight."""

    at: datetime
    date_only: bool


def metas(root: HtmlElement) -> dict[str, str]:
    """The page's meta elements, the first of each name, names in lower case."""
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        content = (element.get("content") or "").strip()
        name = (
            element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv") or ""
        )
        if content and name:
            found.setdefault(name.strip().lower(), content)
    return found


# control characters and line separators end a word; soft hyphens, zero-width and direction characters are nothing
_PLAIN = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ") | dict.fromkeys(
    map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"), None
)


def squeezed(text: str) -> str:
    """One line of plain text: spaces single, control and direction characters gone, NFC."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_PLAIN))
    elif not text.isprintable():
        text = text.translate(_PLAIN)
    return " ".join(text.split())


def title(root: HtmlElement, meta: dict[str, str], linked: LinkedData) -> str:
    """The headline: what the page shows as its heading where its declarations agree with it, else what they say."""
    page_title = squeezed(root.findtext(".//title") or "")[:MAX_TITLE_CHARS]
    sites = {name.casefold() for name in (meta.get("og:site_name", ""), linked.site) if name}
    declared = [
        _without_site(squeezed(unescape(text))[:MAX_TITLE_CHARS], sites)
        for text in (meta.get("og:title", ""), linked.headline, meta.get("twitter:title", ""))
    ]
    named = next((text for text in declared if len(text) > 3), "") or _without_site(page_title, sites, cut=True)
    headings = [
        squeezed(element.text_content())[:MAX_TITLE_CHARS]
        for element, _ in zip(root.iter("h1"), range(6), strict=False)
    ]
    headings = [text for text in headings if len(text) > 3 and text.casefold() not in sites]
    if not named:
        return max(headings, key=len, default="")
    agreed = [text for text in headings if _share(text, named) >= 0.6 or _share(text, page_title) >= 0.8]
    if agreed:
        return max(agreed, key=lambda text: _share(text, named))
    # editors often write another headline for search engines; what readers see is the headline
    if len(headings) == 1 and len(headings[0]) >= _HEADLINE_CHARS and _share(headings[0], named) >= _KINSHIP:
        return headings[0]
    return named


def _share(one: str, other: str) -> float:
    """How many of the first text's words (or characters, without spaces) the second has."""
    words = one.casefold().split() if " " in one else list(one)
    known = set(other.casefold().split() if " " in other else other)
    return sum(word in known for word in words) / len(words) if words else 0.0


def _without_site(text: str, sites: set[str], *, cut: bool = False) -> str:
    """A title without the site's name at either end; with ``cut`` also without a short last part that looks like one."""
    pieces = [(match.start(), match.end()) for match in _SEPARATOR.finditer(text)]
    if not pieces:
        return text
    start, end = pieces[-1][0], pieces[-1][1]
    last, first = text[end:].strip(), text[: pieces[0][0]].strip()
    if last.casefold() in sites and start > 10:
        return text[:start].strip()
    if first.casefold() in sites and len(text) - pieces[0][1] > 10:
        return text[pieces[0][1] :].strip()
    if cut and start > 15 and len(last) < 0.5 * start:
        return text[:start].strip()
    return text


def published(
    root: HtmlElement,
    meta: dict[str, str],
    linked: LinkedData,
    url: str,
    *,
    zone: str,
    now: datetime,
    search: bool = True,
    has_microdata: bool = True,
) -> Published | None:
    """When the page was published: declarations first, then its time elements, its address, and the places where sites
    write it. ``search`` False leaves out those places, which cost a third of reading a page; ``has_microdata`` False: no
    element names what it holds.

    Dates before 1995 and more than two days after ``now`` are refused.
    """
    for text in filter(None, _declared_dates(root, meta, linked, has_microdata)):
        if (found := parse_date(text, zone)) and _is_sane(found, now):
            return found
    if match := _IN_ADDRESS.search(url[:2000]):
        found = parse_date("-".join(match.groups()), zone)
        if found and _is_sane(found, now):
            return found
    guessed = _searched(root, url, now) if search else ""
    found = parse_date(guessed, zone) if guessed else None
    return found if found and _is_sane(found, now) else None


def _declared_dates(root: HtmlElement, meta: dict[str, str], linked: LinkedData, has_microdata: bool) -> Iterator[str]:
    """What may be the date, the likeliest first; the elements are looked at only where the head says nothing."""
    yield from (meta.get("article:published_time", ""), linked.published)
    yield from (meta.get(name, "") for name in _DATE_NAMES)
    for element in _MARKED_DATE(root)[:1] if has_microdata else ():
        yield element.get("datetime") or element.get("content") or element.text_content()[:60]
    times = [element for element in root.iter("time") if element.get("datetime") is not None]
    marked = [element for element in times if element.get("pubdate") is not None]
    yield from (element.get("datetime") or "" for element in (*marked[:3], *times[:1]))


def _searched(root: HtmlElement, url: str, now: datetime) -> str:
    """What htmldate finds in the usual places, bounded. Its extensive search is left alone: it found wrong dates as often
    as right ones on real pages (.920 against .939 of all dates) and imports dateparser, 1.2 s and 30 MB."""
    size = sum(len(text) for text in root.itertext())
    if size > _DATE_SEARCH_CHARS or sum(1 for _ in root.iter()) > _DATE_SEARCH_ELEMENTS:
        return ""
    latest = now + timedelta(days=2)
    try:
        found = find_date(
            root, url=url or None, original_date=True, extensive_search=False, max_date=latest.strftime("%Y-%m-%d")
        )
    except (ValueError, TypeError, OverflowError, AttributeError):
        return ""
    return str(found or "")


def parse_date(text: str, zone: str) -> Published | None:
    """An ISO-like date (or twelve and fourteen digits) as a time; a time without an offset is read in ``zone``."""
    text = text.strip()[:60]
    match = _ISO.search(text) or _COMPACT.match(text)
    if match is None:
        return None
    parts = [part or "" for part in (*match.groups(), "", "")]
    year, month, day = (int(part) for part in parts[:3])
    has_time = bool(parts[3])
    try:
        hour, minute, second = (int(part or 0) for part in parts[3:6])
        local = datetime(year, month, day, hour, minute, second, tzinfo=_offset(parts[6]) or ZoneInfo(zone))
        return Published(local.replace(tzinfo=timezone(local.utcoffset() or timedelta())), date_only=not has_time)
    except (ValueError, OverflowError, KeyError):
        return None


def _offset(text: str) -> timezone | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if text[0] == "-" else delta)


def _is_sane(found: Published, now: datetime) -> bool:
    return found.at.date() >= _OLDEST and found.at <= now + timedelta(days=2)


def language(root: HtmlElement, meta: dict[str, str], linked: LinkedData) -> str:
    """The language the page declares (two or three letters), or ""."""
    html = root if root.tag == "html" else root.find(".//html")
    candidates = [
        (html.get("lang") or html.get("xml:lang") or "") if html is not None else "",
        meta.get("content-language", ""),
        linked.language,
        meta.get("og:locale", ""),
    ]
    return next((match.group(1).lower() for text in candidates if (match := _LANGUAGE.match(text))), "")


def canonical(root: HtmlElement, meta: dict[str, str], url: str) -> str:
    """The address the page calls its own, if it lies on the same host as ``url``: only then is it trusted."""
    links = [
        element.get("href") or ""
        for element in root.iter("link")
        if "canonical" in (element.get("rel") or "").lower().split()
    ]
    try:
        here = urlsplit(url).netloc.lower()
    except ValueError:
        return ""
    for text in (*links[:1], meta.get("og:url", "")):
        try:
            there = urlsplit(urljoin(url, text.strip()))
        except ValueError:
            continue
        if text and url and there.scheme in ("http", "https") and there.netloc.lower() == here:
            return str(urlunsplit(there._replace(fragment="")))
    return ""
