"""The step that reads: an entry's page is asked for politely and read in a worker. Where the page gives no article, the
feed's own text stands in, marked and with its reason; an alert never waits longer than ``article_wait`` for a page."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from monitor.config import FetchSettings
from monitor.fetch import robots as robots_rules
from monitor.fetch.egress import PAGE_TYPES, Egress, Request
from monitor.fetch.pacing import Pacing
from monitor.fetch.robots import Robots
from monitor.model import HttpAnswer, PageKind, ReadMethod
from monitor.run.failpoints import failpoint
from monitor.run.guard import guarded, note
from monitor.run.pages import PageReader
from monitor.run.reading import Got, PageFound, Reading, Refused, needs_page, refusal, settle
from monitor.run.shares import Shares
from monitor.run.step import Counts
from monitor.store.entries import ReadResult, ReadStore, ReadWork

logger = logging.getLogger(__name__)

LEASE_S = 3600.0
CRASHES_OF_PAGES = 7  # in a row with no page read between: more is no accident of documents

RobotsOf = Callable[[str, datetime], Awaitable[Robots]]


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
        self._allow = frozenset(settings.allow_private)
        self._shares = Shares(2 * settings.host_concurrency)
        self._crashes = 0  # pages in a row that killed their reader
        self.concurrency = settings.concurrency

    def use(self, settings: FetchSettings, reader: PageReader) -> None:
        """From the next page on follows these (a reload)."""
        self._settings, self._reader = settings, reader
        self._allow = frozenset(settings.allow_private)

    def claim(self, now: datetime, limit: int) -> Sequence[ReadWork]:
        works = self._store.claim(now, limit, LEASE_S, choose=self._shares.choose)
        self._shares.take(work.entry.url for work in works)
        if works:
            failpoint("read.claimed")
        return works

    async def act(self, work: ReadWork) -> Reading:
        try:
            if not needs_page(work.entry):
                return Reading(work, None)
            got = await guarded(
                lambda: self._fetch(work), f"entry {work.entry_id}", lambda fault: Refused(f"a fault of ours: {fault}")
            )
            return Reading(work, got)
        finally:
            self._shares.give(work.entry.url)

    async def _fetch(self, work: ReadWork) -> Got:
        now, url = self._clock(), work.entry.url
        robots = await self._robots_of(url, now)
        if not robots_rules.is_allowed(robots, url):
            unreachable = robots.verdict == robots_rules.RobotsVerdict.DENY
            return Refused("robots.txt cannot be read" if unreachable else "robots.txt forbids the page")
        async with self._pacing.turn(url, robots_rules.crawl_delay_s(robots)):
            answer = await self._egress.get(Request(url, accept=PAGE_TYPES, allow=self._allow))
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
            self._watch_reader(result)
        return Counter(str(result.article.method) if result.article else "retry" for result in settled)

    def _watch_reader(self, result: ReadResult) -> None:
        """One page that kills its reader is that page's affair; when each page does, the reader is broken (on some Python,
        after some upgrade of a library): that is said, since articles would be judged by their summaries for ever."""
        article = result.article
        if article is not None and article.method is ReadMethod.PAGE:
            self._crashes = 0
        if article is None or article.wall != PageKind.EXTRACT_CRASH:
            return
        self._crashes += 1
        if self._crashes > CRASHES_OF_PAGES:
            note(f"page of entry {result.work.entry_id}", article.reason)

    def wakes(self, counts: Counts) -> Collection[str]:
        return ("match",) if any(count for what, count in counts.items() if what != "retry") else ()


def _log(result: ReadResult) -> None:
    if result.article is None:
        logger.warning("read postponed id=%s until=%s reason=%r", result.work.entry_id, result.retry_at, result.reason)
    else:
        article = result.article
        level = logging.WARNING if article.wall == PageKind.EXTRACT_CRASH else logging.INFO
        logger.log(level, "read done id=%s method=%s reason=%r", result.work.entry_id, article.method, article.reason)
