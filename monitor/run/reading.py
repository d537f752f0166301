"""What becomes of an entry's text: pure. Whether its page is needed at all, what an answer means, and the article in the end -
the page's, or the feed's own text, marked and with its reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.fetch.answers import retry_after_s
from monitor.model import Entry, HttpAnswer, HttpFailure, Page, PageKind, ReadMethod
from monitor.store.entries import ArticleText, ReadResult, ReadWork

TRIES = 5
FIRST_RETRY_S = 20.0
# A feed that carries this much of an article carries it whole: its page would only add furniture.
FULL_TEXT_CHARS = 1500
# Addresses of these hosts are redirects by script: the page behind them says nothing.
TITLE_ONLY_HOSTS = frozenset({"news.google.com"})
# Time heals these; every other refusal is final for this article.
_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_FINAL_FAILURES = frozenset(
    {"refused_address", "scheme", "port", "url", "too_large", "redirects", "cookie_wall", "coding"}
)


@dataclass(frozen=True, slots=True)
class Refused:
    """No page: why, and when it may be tried again (None = never)."""

    reason: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class PageFound:
    """A page that was read, and where it was found."""

    page: Page
    url: str


Got = PageFound | Refused | None  # None: the feed's text is enough


@dataclass(frozen=True, slots=True)
class Reading:
    """One attempt to read an entry."""

    work: ReadWork
    got: Got


def needs_page(entry: Entry) -> bool:
    """Whether the page is asked for at all: not where the feed carries the whole text, nor where no page can be."""
    if not entry.url or (urlsplit(entry.url).hostname or "") in TITLE_ONLY_HOSTS:
        return False
    return len(entry.content) < FULL_TEXT_CHARS


def carried(entry: Entry) -> ArticleText | None:
    """The article of an entry that needs no page; None where the page is to be read."""
    return None if needs_page(entry) else _from_feed(entry, None)


def refusal(answer: HttpAnswer | HttpFailure, now: datetime) -> Refused | None:
    """Why an answer holds no page; None when it may hold one."""
    if isinstance(answer, HttpFailure):
        final = answer.kind in _FINAL_FAILURES
        return Refused(f"{answer.kind}: {answer.detail}", None if final else 0.0)
    if 200 <= answer.status < 300 and answer.status not in (204, 205):
        return None
    wait_s = retry_after_s(answer.header("retry-after"), now) or 0.0
    return Refused(f"the server answers {answer.status}", wait_s if answer.status in _RETRIED_STATUS else None)


def settle(one: Reading, now: datetime) -> ReadResult:
    """What a reading leads to: an article from the page, another try in time, or the feed's own text."""
    work, got = one.work, one.got
    if isinstance(got, PageFound) and got.page.kind in (PageKind.ARTICLE, PageKind.PARTIAL) and got.page.text:
        return ReadResult(work, _from_page(work, got))
    if isinstance(got, Refused) and got.retry_after_s is not None and work.attempts + 1 < TRIES:
        # a server that names a time is believed, also when it is short: an alert may wait for this page
        wait_s = max(1.0, got.retry_after_s) if got.retry_after_s else FIRST_RETRY_S * 2**work.attempts
        retry_at = now + timedelta(seconds=wait_s)
        if retry_at < work.wait_until:
            return ReadResult(work, None, retry_at=retry_at, reason=f"{got.reason}; tried again")
    return ReadResult(work, _from_feed(work.entry, got))


def _from_page(work: ReadWork, found: PageFound) -> ArticleText:
    entry, page = work.entry, found.page
    # the feed's title is the editor's; the page's often carries the site's name
    title, text = entry.title or page.title, page.text
    if page.kind is PageKind.PARTIAL and len(entry.summary) > len(text):
        text = entry.summary
    return ArticleText(
        title=title,
        text=text,
        method=ReadMethod.PAGE,
        reason=page.reason,
        url=found.url,
        canonical_url=page.canonical_url,
        published_at=entry.published_at or page.published_at,
        date_only=entry.date_only if entry.published_at else page.date_only,
        language=page.language or entry.language,
        wall="" if page.kind is PageKind.ARTICLE else page.kind,
        text_hash=_hash(title, text),
    )


def _from_feed(entry: Entry, got: Got) -> ArticleText:
    """What the feed itself says, with the reason why it is not the page."""
    reason, wall = "", ""
    if isinstance(got, Refused):
        reason = wall = got.reason
    elif isinstance(got, PageFound):
        reason, wall = got.page.reason or got.page.kind, str(got.page.kind)
    elif len(entry.content) < FULL_TEXT_CHARS:
        reason = "no page to read" if not entry.url else "an address that only redirects by script"
    text = max(entry.content, entry.summary, key=len)
    title = entry.title
    if isinstance(got, PageFound) and not title:
        title = got.page.title
    method = ReadMethod.SUMMARY if text and text != title else ReadMethod.TITLE
    if got is None and len(entry.content) >= FULL_TEXT_CHARS:
        method = ReadMethod.FEED
    return ArticleText(
        title=title,
        text=text,
        method=method,
        reason=reason,
        published_at=entry.published_at,
        date_only=entry.date_only,
        language=entry.language,
        wall=wall,
        text_hash=_hash(title, text),
    )


def _hash(title: str, text: str) -> str:
    return hashlib.blake2b(f"{title}\n{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()
