"""The step that polls: a due feed is asked, what came is parsed in a worker, and new and edited entries are stored with
the feed's next due time. When it is due, what is new and what an answer means is decided in fetch and sources."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import FetchSettings
from monitor.fetch import schedule, words
from monitor.fetch.answers import Document, NotModified, Problem, Trouble, read_answer
from monitor.fetch.egress import Egress, Request
from monitor.fetch.pacing import Pacing
from monitor.fetch.schedule import Pace, Read, Settled
from monitor.fetch.state import PollState, pack, unpack
from monitor.model import Entry, FeedState, HttpAnswer, HttpFailure, ParsedFeed, PollOutcome
from monitor.run.archive import may_have_gap, with_older
from monitor.run.failpoints import failpoint
from monitor.run.feeds import ParseFault, parse_feed
from monitor.run.guard import guarded
from monitor.run.shares import Shares
from monitor.run.step import Counts
from monitor.run.workers import WorkerPool
from monitor.sources.age import Age, FeedTime
from monitor.sources.identity import Intake, Known, Taken, take_in
from monitor.sources.keys import Keyed, keyed, keys_of
from monitor.sources.prescan import Prescan, prescan
from monitor.store.feeds import FeedStore
from monitor.store.polls import FeedWork, ListedEntry, PollRecord, PollResult

logger = logging.getLogger(__name__)

# A lease ends only after every limit of a poll, waiting for its host's turn included.
LEASE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document that was a feed. ``feed`` is None when the scan alone showed that nothing is new."""

    document: Document
    scan: Prescan
    body_hash: str
    feed: ParsedFeed | None


@dataclass(frozen=True, slots=True)
class SameBytes:
    """A 200 with the body that was read before."""

    document: Document


Found = Parsed | SameBytes | NotModified | Trouble


@dataclass(frozen=True, slots=True)
class Polled:
    """One poll and what came of it."""

    work: FeedWork
    state: PollState
    started_at: datetime
    elapsed_s: float
    found: Found


@dataclass(frozen=True, slots=True)
class PollSettings:
    """What polling follows."""

    fetch: FetchSettings
    alert_max_age_s: float
    allow: frozenset[str]

    @property
    def pace(self) -> Pace:
        """The part of it that the schedule follows."""
        fetch = self.fetch
        return Pace(
            min_interval_s=fetch.min_interval_s,
            max_interval_s=fetch.max_interval_s,
            move_after_s=fetch.move_after_s,
            gone_after_s=fetch.gone_after_s,
            full_refetch_after_s=fetch.full_refetch_after_s,
        )


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
        self._store, self._egress, self._pacing, self._pool = store, egress, pacing, pool
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

        try:
            found = await guarded(ask, f"feed {work.feed_id}", lambda fault: Trouble(Problem.UNREADABLE, fault))
        finally:
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
        scan = prescan(answer.body, answer.header("content-type"), known, limit)
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
        read = {one.work.feed_id: keyed(entries) for one in results if (entries := _entries_of(one))}
        # a feed that was never polled has no entries: nothing of a first fetch is looked up
        met = {one.work.feed_id for one in results if one.work.polls}
        known = self._store.known({key: keys_of(entries) for key, entries in read.items() if key in met})
        decided = [
            self._decide(one, read.get(one.work.feed_id, ()), known.get(one.work.feed_id, {}), now) for one in results
        ]
        failpoint("poll.decided")
        self._store.commit(decided, now)
        failpoint("poll.committed")
        for result in decided:
            _log(result)
        counts = Counter(str(result.record.outcome) for result in decided)
        counts["entries"] += sum(len(result.new) for result in decided)
        counts["edits"] += sum(len(result.edited) for result in decided)
        return counts

    def wakes(self, counts: Counts) -> Collection[str]:
        return ("read",) if counts.get("entries") or counts.get("edits") else ()

    def _decide(self, one: Polled, entries: Sequence[Keyed], known: Mapping[str, Known], now: datetime) -> PollResult:
        """Everything that one poll changes. ``entries`` are those of its document, ``known`` what their keys lead to."""
        state, work, found, pace = one.state, one.work, one.found, self._pace
        timing = {"now": now, "pace": pace, "spread": self._chance()}
        if isinstance(found, Trouble):
            settled = schedule.settle_trouble(state, work.url, found, before=work.state, **timing)  # type: ignore[arg-type]
            return self._result(one, settled, Intake(), _trouble_record(one, found))
        if isinstance(found, NotModified):
            settled = schedule.settle_not_modified(state, work.url, found, **timing)  # type: ignore[arg-type]
            return self._result(one, settled, Intake(), _unchanged_record(one, found.answer, "nothing changed (304)"))
        if isinstance(found, SameBytes):
            settled = schedule.settle_same_bytes(state, work.url, found.document, **timing)  # type: ignore[arg-type]
            record = _unchanged_record(one, found.document.answer, "the same bytes as before")
            return self._result(one, settled, Intake(), record)
        age = Age(self._settings.alert_max_age_s, _feed_time(work), work.last_ok_at)
        intake = take_in(entries, known, now=now, age=age, skipped=found.scan.skipped)
        read = _read_of(found, intake)
        settled = schedule.settle_read(state, work.url, found.document, read, **timing)  # type: ignore[arg-type]
        return self._result(one, settled, intake, _read_record(one, found, intake))

    def _result(self, one: Polled, settled: Settled, intake: Intake, record: PollRecord) -> PollResult:
        wait_until = one.started_at + timedelta(seconds=self._settings.fetch.article_wait_s)
        return PollResult(
            work=one.work,
            record=record,
            url=settled.url,
            state=settled.feed_state,
            reason=words.feed_words(settled.state, settled.feed_state),
            schedule=pack(settled.state),
            interval_s=settled.interval_s,
            due_at=settled.due_at,
            failures=settled.state.failures,
            new=tuple(as_listed(taken, wait_until) for taken in intake.new),
            edited=tuple(as_listed(taken, wait_until) for taken in intake.edited),
            seen=intake.seen,
        )


def _entries_of(one: Polled) -> Sequence[Entry]:
    found = one.found
    return found.feed.entries if isinstance(found, Parsed) and found.feed is not None else ()


def _feed_time(work: FeedWork) -> FeedTime:
    if work.last_ok_at is None:
        return FeedTime.FIRST
    return FeedTime.RETURN if work.state is FeedState.GONE else FeedTime.KNOWN


def as_listed(taken: Taken, wait_until: datetime) -> ListedEntry:
    """A new or edited entry as it is stored; its page is waited for until then."""
    return ListedEntry(
        entry=taken.entry,
        keys=taken.keys,
        text_hash=taken.text_hash,
        order_at=taken.order_at,
        wait_until=wait_until,
        held=taken.held,
        late=taken.late,
        entry_id=taken.entry_id,
    )


def _read_of(found: Parsed, intake: Intake) -> Read:
    """What the schedule learns from a document."""
    feed = found.feed
    common = {"new": len(intake.new), "prints": found.scan.prints, "body_hash": found.body_hash}
    if feed is None:
        return Read(listed=found.scan.skipped, parsed=False, **common)  # type: ignore[arg-type]
    return Read(
        listed=found.scan.skipped + len(feed.entries),
        dates=tuple(entry.published_at for entry in feed.entries if entry.published_at),
        hint_s=feed.ttl_s,
        skip_hours=feed.skip_hours,
        skip_days=feed.skip_days,
        gap=intake.gap,
        cut="cut" in feed.flags,
        **common,  # type: ignore[arg-type]
    )


def _trouble_record(one: Polled, trouble: Trouble) -> PollRecord:
    outcome = PollOutcome.FAILED
    if trouble.kind == Problem.GONE:
        outcome = PollOutcome.GONE
    elif 200 <= trouble.status < 300:
        outcome = PollOutcome.NOT_A_FEED
    return PollRecord(
        one.started_at, outcome, words.poll_words(trouble), elapsed_s=one.elapsed_s, status=trouble.status
    )


def _unchanged_record(one: Polled, answer: HttpAnswer, said: str) -> PollRecord:
    return PollRecord(
        one.started_at,
        PollOutcome.NOT_MODIFIED,
        said,
        elapsed_s=one.elapsed_s,
        status=answer.status,
        wire_bytes=answer.wire_bytes,
    )


def _read_record(one: Polled, found: Parsed, intake: Intake) -> PollRecord:
    feed, answer = found.feed, found.document.answer
    left_out = max(0, feed.listed - len(feed.entries)) if feed else 0
    new, edited = len(intake.new), len(intake.edited)
    counted = new + edited + intake.known + intake.repeated + intake.refused + left_out
    said = f"{counted} listed: {new} new, {edited} edited, {intake.known} known"
    extra = [(intake.repeated, "listed twice"), (intake.refused, "without text"), (left_out, "beyond the limit")]
    said += "".join(f", {number} {text}" for number, text in extra if number)
    said += "; entries may have been missed" if intake.gap else ""
    said += "; the feed lists its past again" if intake.mass else ""
    return PollRecord(
        started_at=one.started_at,
        outcome=PollOutcome.NEW if new or edited else PollOutcome.NOTHING_NEW,
        words=said,
        elapsed_s=one.elapsed_s,
        status=answer.status,
        wire_bytes=answer.wire_bytes,
        listed=counted,
        new=new,
        edited=edited,
        known=intake.known,
        repeated=intake.repeated,
        refused=intake.refused,
        left_out=left_out,
        gap=intake.gap,
        flags=",".join(feed.flags) if feed else "",
    )


def _log(result: PollResult) -> None:
    record, work = result.record, result.work
    failed = record.outcome in (PollOutcome.FAILED, PollOutcome.NOT_A_FEED, PollOutcome.GONE)
    logger.log(
        logging.WARNING if failed else logging.INFO,
        "poll done feed=%s outcome=%s status=%s new=%s edited=%s known=%s ms=%.0f words=%r",
        work.feed_id,
        record.outcome,
        record.status,
        record.new,
        record.edited,
        record.known,
        1000 * record.elapsed_s,
        record.words,
    )
