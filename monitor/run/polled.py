"""One poll and what it changes: pure. What an answer means, when a feed is due and what is new is decided in fetch and
sources; here their decisions become one result for the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import FetchSettings
from monitor.fetch import schedule, words
from monitor.fetch.answers import Document, NotModified, Problem, Trouble
from monitor.fetch.schedule import Pace, Read, Settled
from monitor.fetch.state import PollState, pack
from monitor.model import Entry, FeedState, HttpAnswer, ParsedFeed, PollOutcome
from monitor.run.reading import carried
from monitor.sources.age import Age, FeedTime
from monitor.sources.identity import Intake, Known, Taken, take_in
from monitor.sources.keys import Keyed
from monitor.sources.prescan import Prescan
from monitor.store.listed import ListedEntry
from monitor.store.polls import FeedWork, PollRecord, PollResult

# Of a document with more news (a first poll, a return) the read step stores the texts: the index of their words costs more than
# all else of an entry (0.14 of 0.2 ms), and one commit of hundreds would keep every other feed waiting.
CARRIED_MOST = 8


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


def decide(
    one: Polled,
    entries: Sequence[Keyed],
    known: Mapping[str, Known],
    now: datetime,
    settings: PollSettings,
    pace: Pace,
    spread: float,
) -> PollResult:
    """Everything that one poll changes. ``entries`` are those of its document, ``known`` what their keys lead to; ``spread``
    in [0, 1) moves the next poll a little, so that feeds do not come due together."""
    state, work, found = one.state, one.work, one.found
    wait_until = one.started_at + timedelta(seconds=settings.fetch.article_wait_s)
    timing = {"now": now, "pace": pace, "spread": spread}
    if isinstance(found, Trouble):
        settled = schedule.settle_trouble(state, work.url, found, before=work.state, **timing)  # type: ignore[arg-type]
        return _result(one, wait_until, settled, Intake(), _trouble_record(one, found))
    if isinstance(found, NotModified):
        settled = schedule.settle_not_modified(state, work.url, found, **timing)  # type: ignore[arg-type]
        return _result(
            one, wait_until, settled, Intake(), _unchanged_record(one, found.answer, "nothing changed (304)")
        )
    if isinstance(found, SameBytes):
        settled = schedule.settle_same_bytes(state, work.url, found.document, **timing)  # type: ignore[arg-type]
        record = _unchanged_record(one, found.document.answer, "the same bytes as before")
        return _result(one, wait_until, settled, Intake(), record)
    age = Age(settings.alert_max_age_s, _feed_time(work), work.last_ok_at)
    intake = take_in(entries, known, now=now, age=age, skipped=found.scan.skipped)
    read = _read_of(found, intake)
    settled = schedule.settle_read(state, work.url, found.document, read, **timing)  # type: ignore[arg-type]
    return _result(one, wait_until, settled, intake, _read_record(one, found, intake))


def _result(one: Polled, wait_until: datetime, settled: Settled, intake: Intake, record: PollRecord) -> PollResult:
    few = len(intake.new) + len(intake.edited) <= CARRIED_MOST
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
        new=tuple(as_listed(taken, wait_until, with_text=few) for taken in intake.new),
        edited=tuple(as_listed(taken, wait_until, with_text=few) for taken in intake.edited),
        seen=intake.seen,
    )


def entries_of(one: Polled) -> Sequence[Entry]:
    found = one.found
    return found.feed.entries if isinstance(found, Parsed) and found.feed is not None else ()


def _feed_time(work: FeedWork) -> FeedTime:
    if work.last_ok_at is None:
        return FeedTime.FIRST
    return FeedTime.RETURN if work.state is FeedState.GONE else FeedTime.KNOWN


def as_listed(taken: Taken, wait_until: datetime, *, with_text: bool) -> ListedEntry:
    """A new or edited entry as it is stored; its page is waited for until then. ``with_text``: one that needs no page is
    stored as read, in the same transaction."""
    return ListedEntry(
        entry=taken.entry,
        keys=taken.keys,
        text_hash=taken.text_hash,
        order_at=taken.order_at,
        wait_until=wait_until,
        held=taken.held,
        late=taken.late,
        entry_id=taken.entry_id,
        article=carried(taken.entry) if with_text else None,
    )


def _read_of(found: Parsed, intake: Intake) -> Read:
    """What the schedule learns from a document."""
    feed = found.feed
    scan = found.scan
    common = {"new": len(intake.new), "prints": scan.prints, "stretch": scan.stretch, "body_hash": found.body_hash}
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
