"""From the bytes of a page to what it says: the one function of this package that others call. Runs in a worker
process; reads no clock, file or network."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from monitor.extract import body, guard, head, linked_data, walls
from monitor.extract.decode import decode
from monitor.model import Page, PageKind, PagePhrases

MAX_BODY_BYTES = 10 * 2**20
MAX_TEXT_CHARS = 200_000
_NO_PHRASES = PagePhrases()

_MAGIC = (
    (b"%PDF-", PageKind.PDF, "a PDF"),
    (b"\x89PNG\r\n", PageKind.IMAGE, "a PNG image"),
    (b"\xff\xd8\xff", PageKind.IMAGE, "a JPEG image"),
    (b"GIF87a", PageKind.IMAGE, "a GIF image"),
    (b"GIF89a", PageKind.IMAGE, "a GIF image"),
    (b"II*\x00", PageKind.IMAGE, "a TIFF image"),
    (b"PK\x03\x04", PageKind.NOT_HTML, "an archive or office document"),
    (b"\x1f\x8b", PageKind.NOT_HTML, "a gzip file"),
    (b"\xd0\xcf\x11\xe0", PageKind.NOT_HTML, "an office document"),
    (b"{\\rtf", PageKind.NOT_HTML, "an RTF document"),
    (b"ID3", PageKind.NOT_HTML, "an audio file"),
)
_HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"})
_FEED_STARTS = ("<rss", "<feed", "<rdf:rdf", "<urlset", "<sitemapindex")


def extract(
    content: bytes,
    content_type: str,
    url: str,
    now: datetime,
    phrases: PagePhrases = _NO_PHRASES,
    zone: str = "Europe/Rome",
    search_date: bool = True,
) -> Page:
    """What the page at ``url`` says. ``content_type`` is its header as sent ("" = unknown); times without an offset
    are read in ``zone``; dates more than two days after ``now`` are refused. ``search_date`` False: a date that the page
    does not declare is not looked for, since the caller has one.

    Never fails on a document: what cannot be read has a kind and a reason. Time is linear in the size for all inputs
    that tests know of; the caller still sets a deadline.
    """
    if refused := _refused(content, content_type):
        return refused
    text, was_cut = guard.trim(decode(content[:MAX_BODY_BYTES], content_type))
    start = text[:1000].lstrip().lower()
    if any(mark in start for mark in _FEED_STARTS):
        return Page(PageKind.NOT_HTML, reason="a feed or sitemap, not a page")
    if _media_type(content_type) == "text/plain" and "<html" not in start:
        return _plain(text)
    safe = guard.tree(text)
    if safe is None:
        return Page(PageKind.EMPTY, reason="no element in the page")
    page = _read(safe, url, now, _folded(phrases), zone, search_date)
    if was_cut or safe.was_cut or not safe.is_rich:
        page = replace(page, reason=page.reason or "a very large page, read in a simpler way")
    return page


def _refused(content: bytes, content_type: str) -> Page | None:
    """What is no page at all, by its first bytes, then by its type."""
    start = content[:1024].lstrip()
    if not start:
        return Page(PageKind.EMPTY, reason="no bytes")
    for magic, kind, what in _MAGIC:
        if start.startswith(magic):
            return Page(kind, reason=f"the bytes are {what}")
    if start[:4] == b"RIFF" or start[4:8] == b"ftyp":
        is_image = start[8:12] in (b"WEBP", b"avif", b"heic", b"mif1")
        return Page(PageKind.IMAGE if is_image else PageKind.NOT_HTML, reason="the bytes are an image, sound or film")
    media_type = _media_type(content_type)
    if media_type == "application/pdf":
        return Page(PageKind.PDF, reason="sent as application/pdf")
    if media_type.startswith("image/"):
        return Page(PageKind.IMAGE, reason=f"sent as {media_type[:60]}")
    if media_type not in _HTML_TYPES and b"<html" not in start.lower():
        return Page(PageKind.NOT_HTML, reason=f"sent as {media_type[:60]}")
    return None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _plain(text: str) -> Page:
    lines = tuple(line for line in map(head.squeezed, text.splitlines()) if line)
    if sum(map(len, lines)) < 40:
        return Page(PageKind.EMPTY, reason="no text")
    return Page(PageKind.ARTICLE, title=lines[0][:200], text="\n".join(lines)[:MAX_TEXT_CHARS], method="plain")


@lru_cache(maxsize=4)
def _folded(phrases: PagePhrases) -> PagePhrases:
    return PagePhrases(*(tuple(map(walls.fold, getattr(phrases, name))) for name in PagePhrases.__slots__))


def _read(safe: guard.SafeTree, url: str, now: datetime, phrases: PagePhrases, zone: str, search_date: bool) -> Page:
    linked = linked_data.read(safe.scripts)
    meta = head.metas(safe.root)
    title = head.title(safe.root, meta, linked)
    found = body.find(
        safe.root,
        linked_body=linked.body,
        description=meta.get("og:description") or meta.get("description", ""),
        is_rich=safe.is_rich,
        has_microdata=safe.has_microdata,
    )
    finding = walls.judge(
        walls.tidy(found, title, phrases),
        title=title,
        phrases=phrases,
        is_paid=linked.is_paid,
        has_password=safe.has_password,
        has_scripts=safe.has_scripts,
    )
    published = head.published(
        safe.root, meta, linked, url, zone=zone, now=now, search=search_date, has_microdata=safe.has_microdata
    )
    return Page(
        kind=finding.kind,
        title=title,
        text="\n".join(finding.body.paragraphs)[:MAX_TEXT_CHARS],
        published_at=published.at if published else None,
        date_only=published.date_only if published else False,
        language=head.language(safe.root, meta, linked),
        canonical_url=head.canonical(safe.root, meta, url),
        method=finding.body.method,
        reason=finding.reason,
    )
