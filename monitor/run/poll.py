"""The step that polls: a due feed is asked, what came is parsed in a worker, and new and edited entries are stored with
the feed's next due time. When it is due, what is new and what an answer means is decided in fetch and sources."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from monitor.fetch import schedule
from monitor.fetch.answers import Document, Problem, Trouble, read_answer
from monitor.fetch.egress import Egress, Request
from monitor.fetch.pacing import Pacing
from monitor.fetch.state import PollState, unpack
from monitor.model import HttpAnswer, HttpFailure, ParsedFeed
from monitor.run.archive import may_have_gap, with_older
from monitor.run.failpoints import failpoint
from monitor.run.feeds import ParseFault, parse_feed
from monitor.run.guard import guarded
from monitor.run.polled import Found, Parsed, Polled, PollSettings, SameBytes, decide, entries_of
from monitor.run.polllog import PollLog
from monitor.run.shares import Shares
from monitor.run.step import Counts
from monitor.run.together import Together
from monitor.run.workers import WorkerPool
from monitor.sources.keys import keyed, keys_of
from monitor.sources.prescan import Prescan, prescan
from monitor.store.entries import ArticleText
from monitor.store.feeds import FeedStore
from monitor.store.polls import FeedWork, PollResult

logger = logging.getLogger(__name__)

# A lease ends only after every limit of a poll, waiting for its host's turn included.
LEASE_S = 3600.0
READ = "read_"  # begins what is counted of entries that brought their article along


class PollStep:
    """See ``monitor.run.step.Step``."""

    name = "poll"

    def __init__(
        self,
        store: FeedStore,
        egress: Egress,
        pacing: Pacing,
        pool: WorkerPool,
        settings: PollSettings,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
    ) -> None:
        self._store, self._egress, self._pacing = store, egress, pacing
        self._acting, self._log = 0, PollLog()
        self._pool = Together(pool, lambda: self._acting)
        self._settings, self._clock, self._chance = settings, clock, chance
        self._pace = settings.pace
        self._not_since: datetime | None = None
        # two asked, two waiting for their turn: more of one host would take the places of others
        self._shares = Shares(2 * settings.fetch.host_concurrency)
        self.concurrency = settings.fetch.concurrency

    def use(self, settings: PollSettings) -> None:
        """From the next poll on follows these (a reload)."""
        self._settings, self._pace = settings, settings.pace
        self._shares.most = 2 * settings.fetch.host_concurrency
        self.concurrency = settings.fetch.concurrency

    def ask_each_once(self, since: datetime) -> None:
        """Leaves feeds alone that were polled since then (``once``)."""
        self._not_since = since

    def claim(self, now: datetime, limit: int) -> Sequence[FeedWork]:
        works = self._store.claim(now, limit, LEASE_S, not_since=self._not_since, choose=self._shares.choose)
        self._shares.take(work.url for work in works)
        if works:
            failpoint("poll.claimed")
        return works

    async def act(self, work: FeedWork) -> Polled:
        now, state = self._clock(), unpack(work.schedule)
        elapsed_s = 0.0

        async def ask() -> Found:
            nonlocal elapsed_s
            answer, conditional = await self._ask(work, state, now)
            elapsed_s = answer.elapsed_s
            failpoint("poll.answered")
            found = read_answer(answer, conditional=conditional, now=now)
            if isinstance(found, Trouble) and found.retry_after_s:
                self._pacing.slow_down(work.url, found.retry_after_s)
            return await self._read(work, state, found) if isinstance(found, Document) else found

        self._acting += 1
        try:
            found = await guarded(ask, f"feed {work.feed_id}", lambda fault: Trouble(Problem.UNREADABLE, fault))
        finally:
            self._acting -= 1
            self._shares.give(work.url)
        return Polled(work, state, now, elapsed_s, found)

    async def _ask(self, work: FeedWork, state: PollState, now: datetime) -> tuple[HttpAnswer | HttpFailure, bool]:
        headers = schedule.validators(state, now, self._pace)
        request = Request(work.url, headers=headers, allow=self._settings.allow)
        async with self._pacing.turn(work.url):
            return await self._egress.get(request), bool(headers)

    async def _read(self, work: FeedWork, state: PollState, found: Document) -> Found:
        """Parses a document, unless its bytes or its entries' bytes were parsed before."""
        answer = found.answer
        body_hash = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
        if body_hash == state.body_hash:
            return SameBytes(found)
        limit, known = self._settings.fetch.max_entries, state.known_prints()
        scan = prescan(answer.body, answer.header("content-type"), known, limit, state.stretch)
        if scan.is_nothing_new:
            return Parsed(found, scan, body_hash, None)

        async def parse(part: Prescan, page: HttpAnswer) -> ParsedFeed | ParseFault:
            return await parse_feed(
                self._pool,
                part.body,
                content_type=page.header("content-type"),
                feed=work.spec,
                final_url=page.final_url,
                limit=limit,
                allow=self._settings.allow,
            )

        async def get(url: str) -> HttpAnswer | HttpFailure:
            async with self._pacing.turn(url):
                return await self._egress.get(Request(url, allow=self._settings.allow))

        feed = await parse(scan, answer)
        failpoint("poll.parsed")
        if isinstance(feed, ParseFault):
            return Trouble(feed.kind, feed.detail, answer.status)
        if feed.next_page and may_have_gap(scan, known):
            feed, scan = await with_older(feed, scan, known, answer.final_url, limit, get=get, parse=parse)
        return Parsed(found, scan, body_hash, feed)

    def commit(self, results: Sequence[Polled], now: datetime) -> Counts:
        read = {one.work.feed_id: keyed(entries) for one in results if (entries := entries_of(one))}
        # a feed that was never polled has no entries: nothing of a first fetch is looked up
        met = {one.work.feed_id for one in results if one.work.polls}
        known = self._store.known({key: keys_of(entries) for key, entries in read.items() if key in met})
        decided = [
            decide(
                *(one, read.get(one.work.feed_id, ()), known.get(one.work.feed_id, {}), now),
                *(self._settings, self._pace, self._chance()),
            )
            for one in results
        ]
        failpoint("poll.decided")
        self._store.commit(decided, now)
        failpoint("poll.committed")
        for result in decided:
            self._log.write(result)
        counts = Counter(str(result.record.outcome) for result in decided)
        counts["entries"] += sum(len(result.new) for result in decided)
        counts["edits"] += sum(len(result.edited) for result in decided)
        return counts + Counter(f"{READ}{article.method}" for result in decided for article in _articles(result))

    def wakes(self, counts: Counts) -> Collection[str]:
        listed = counts.get("entries", 0) + counts.get("edits", 0)
        read = sum(count for what, count in counts.items() if what.startswith(READ))
        return (*(("read",) if listed > read else ()), *(("match",) if read else ()))


def _articles(result: PollResult) -> Iterator[ArticleText]:
    """Those that entries brought along."""
    return (one.article for one in (*result.new, *result.edited) if one.article is not None)
