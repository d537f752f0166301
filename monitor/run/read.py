"""The step that reads: an entry's page is asked for politely and read in a worker. Where the page gives no article, the
feed's own text stands in, marked and with its reason; an alert never waits longer than ``article_wait`` for a page."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.config import FetchSettings
from monitor.fetch import robots as robots_rules
from monitor.fetch.answers import retry_after_s
from monitor.fetch.egress import PAGE_TYPES, Egress, Request
from monitor.fetch.pacing import Pacing
from monitor.fetch.robots import Robots
from monitor.model import HttpAnswer, HttpFailure, Page, PageKind, ReadMethod
from monitor.run.failpoints import failpoint
from monitor.run.guard import guarded
from monitor.run.pages import PageReader
from monitor.run.shares import Shares
from monitor.run.step import Counts
from monitor.store.entries import ArticleText, ReadResult, ReadStore, ReadWork

logger = logging.getLogger(__name__)

LEASE_S = 3600.0
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

RobotsOf = Callable[[str, datetime], Awaitable[Robots]]


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


class ReadStep:
    """See ``monitor.run.step.Step``. ``robots_of`` gives the robots.txt that holds for an address."""

    name = "read"

    def __init__(
        self,
        store: ReadStore,
        egress: Egress,
        pacing: Pacing,
        reader: PageReader,
        robots_of: RobotsOf,
        settings: FetchSettings,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._egress, self._pacing, self._reader = store, egress, pacing, reader
        self._robots_of, self._settings, self._clock = robots_of, settings, clock
        self._shares = Shares(2 * settings.host_concurrency)
        self.concurrency = settings.concurrency

    def use(self, settings: FetchSettings, reader: PageReader) -> None:
        """From the next page on follows these (a reload)."""
        self._settings, self._reader = settings, reader

    def claim(self, now: datetime, limit: int) -> Sequence[ReadWork]:
        works = self._store.claim(now, limit, LEASE_S, choose=self._shares.choose)
        self._shares.take(work.entry.url for work in works)
        if works:
            failpoint("read.claimed")
        return works

    async def act(self, work: ReadWork) -> Reading:
        try:
            if not needs_page(work):
                return Reading(work, None)
            got = await guarded(
                lambda: self._fetch(work), f"entry {work.entry_id}", lambda fault: Refused(f"a fault of ours: {fault}")
            )
            return Reading(work, got)
        finally:
            self._shares.give(work.entry.url)

    async def _fetch(self, work: ReadWork) -> Got:
        now, url = self._clock(), work.entry.url
        allow = frozenset(self._settings.allow_private)
        robots = await self._robots_of(url, now)
        if not robots_rules.is_allowed(robots, url):
            unreachable = robots.verdict == robots_rules.RobotsVerdict.DENY
            return Refused("robots.txt cannot be read" if unreachable else "robots.txt forbids the page")
        async with self._pacing.turn(url, robots_rules.crawl_delay_s(robots)):
            answer = await self._egress.get(Request(url, accept=PAGE_TYPES, allow=allow))
        failpoint("read.answered")
        refused = refusal(answer, now)
        if refused is not None:
            if refused.retry_after_s:
                self._pacing.slow_down(url, refused.retry_after_s)
            return refused
        assert isinstance(answer, HttpAnswer)
        page = await self._reader.read(
            answer.body,
            content_type=answer.header("content-type"),
            url=answer.final_url,
            now=now,
            zone=work.spec.timezone,
            search_date=work.entry.published_at is None,  # the feed's date is the one that counts
        )
        failpoint("read.extracted")
        return PageFound(page, answer.final_url)

    def commit(self, results: Sequence[Reading], now: datetime) -> Counts:
        settled = [settle(one, now) for one in results]
        failpoint("read.commit")
        self._store.commit(settled, now)
        failpoint("read.committed")
        for result in settled:
            _log(result)
        return Counter(str(result.article.method) if result.article else "retry" for result in settled)

    def wakes(self, counts: Counts) -> Collection[str]:
        return ("match",) if any(count for what, count in counts.items() if what != "retry") else ()


def needs_page(work: ReadWork) -> bool:
    """Whether the page is asked for at all: not where the feed carries the whole text, nor where no page can be."""
    entry = work.entry
    if not entry.url or (urlsplit(entry.url).hostname or "") in TITLE_ONLY_HOSTS:
        return False
    return len(entry.content) < FULL_TEXT_CHARS


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
    return ReadResult(work, _from_feed(work, got))


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


def _from_feed(work: ReadWork, got: Got) -> ArticleText:
    """What the feed itself says, with the reason why it is not the page."""
    entry = work.entry
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


def _log(result: ReadResult) -> None:
    if result.article is None:
        logger.warning("read postponed id=%s until=%s reason=%r", result.work.entry_id, result.retry_at, result.reason)
    else:
        article = result.article
        logger.info("read done id=%s method=%s reason=%r", result.work.entry_id, article.method, article.reason)
