"""What one poll changes, and the transaction that stores it: the feed's next state, the poll itself, and what its document
listed (listed.py). Decides nothing: what is new and when the feed is due again comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Boolean, Connection, bindparam, case, delete, func, insert, not_, or_, select, update

from monitor.model import FeedSpec, FeedState, PollOutcome
from monitor.store.bulk import execute_many
from monitor.store.listed import Brought, ListedEntry, store_listed
from monitor.store.statements import IDS, chunks, reserved_ids
from monitor.store.tables import feed, poll
from monitor.store.types import UtcDateTime

POLLS_KEPT = 30
GAPS_KEPT = timedelta(days=8)  # longer than the week over which the page and reports count them
DUE_STATES = (FeedState.OK, FeedState.FAILING, FeedState.GONE)  # a retired feed is still looked at, seldom


@dataclass(frozen=True, slots=True)
class FeedWork:
    """A feed that was claimed for polling. ``schedule`` is what the fetching side remembers (opaque here)."""

    feed_id: str
    url: str
    spec: FeedSpec
    state: FeedState
    schedule: str
    interval_s: float
    failures: int
    polls: int
    last_ok_at: datetime | None
    last_new_at: datetime | None
    claim_id: str


@dataclass(frozen=True, slots=True)
class PollRecord:
    """One poll in words and numbers. listed = new + edited + known + repeated + refused + left_out."""

    started_at: datetime
    outcome: PollOutcome
    words: str = ""
    elapsed_s: float = 0.0
    status: int = 0
    wire_bytes: int = 0
    listed: int = 0
    new: int = 0
    edited: int = 0
    known: int = 0
    repeated: int = 0
    refused: int = 0
    left_out: int = 0
    gap: bool = False
    flags: str = ""


@dataclass(frozen=True, slots=True)
class PollResult:
    """Everything that one poll changes."""

    work: FeedWork
    record: PollRecord
    url: str
    state: FeedState
    reason: str
    schedule: str
    interval_s: float
    due_at: datetime
    failures: int
    new: tuple[ListedEntry, ...] = ()
    edited: tuple[ListedEntry, ...] = ()
    seen: tuple[tuple[str, int], ...] = ()  # keys (old and newly found) of known entries


_RECORDED = tuple(PollRecord.__dataclass_fields__)


def store_polls(connection: Connection, results: Sequence[PollResult], now: datetime) -> int:
    """Stores what polls brought; results of a claim that no longer stands are dropped. Returns how many were stored."""
    standing = _standing(connection, results)
    if standing:
        _settle_feeds(connection, standing)
        ids = _insert_polls(connection, standing)
        store_listed(connection, [_brought(*each) for each in zip(standing, ids, strict=True)], now)
    return len(standing)


def _brought(result: PollResult, poll_id: int) -> Brought:
    return Brought(result.work.feed_id, poll_id, result.new, result.edited, result.seen)


# The state is looked at here: asked for it beside more than 32 ids, SQLite walks all feeds of these states instead.
_HELD = select(feed.c.id, feed.c.claim_id, feed.c.state).where(feed.c.id.in_(IDS)).order_by(feed.c.id).with_for_update()


def _standing(connection: Connection, results: Sequence[PollResult]) -> list[PollResult]:
    """The results whose claim still stands; their rows are locked until the transaction ends."""
    stored: dict[str, str] = {}
    for chunk in chunks(sorted(result.work.feed_id for result in results)):
        rows = connection.execute(_HELD, {IDS.key: chunk})
        stored |= {feed_id: claim_id for feed_id, claim_id, state in rows if state in DUE_STATES}
    return [result for result in results if stored.get(result.work.feed_id) == result.work.claim_id]


# Written once for all: a statement that is built for each poll costs more than its execution (0.8 of 1.0 ms).
_SETTLE_FEED = (
    update(feed)
    .where(feed.c.id == bindparam("key"))
    .values(
        url=bindparam("new_url"),
        host=bindparam("new_host"),
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        schedule=bindparam("new_schedule"),
        interval_s=bindparam("new_interval_s"),
        due_at=bindparam("new_due_at"),
        failures=bindparam("new_failures"),
        claim_id="",
        claim_until=None,
        last_polled_at=bindparam("polled_at"),
        polls=feed.c.polls + 1,
        entries=feed.c.entries + bindparam("more_entries"),
        failing_since_at=case(
            (bindparam("has_failed", type_=Boolean), func.coalesce(feed.c.failing_since_at, bindparam("polled_at"))),
            else_=None,
        ),
        last_ok_at=func.coalesce(bindparam("ok_at", type_=UtcDateTime), feed.c.last_ok_at),
        last_new_at=func.coalesce(bindparam("new_at", type_=UtcDateTime), feed.c.last_new_at),
    )
)
_INSERT_POLL = insert(poll)
_DROP_OLD_POLLS = delete(poll).where(
    poll.c.feed_id == bindparam("key"),
    or_(not_(poll.c.gap), poll.c.started_at < bindparam("gaps_since", type_=UtcDateTime)),
    poll.c.id
    < select(poll.c.id)
    .where(poll.c.feed_id == bindparam("key"))
    .order_by(poll.c.id.desc())
    .offset(POLLS_KEPT - 1)
    .limit(1)
    .scalar_subquery(),
)


def _settle_feeds(connection: Connection, results: Sequence[PollResult]) -> None:
    """Each feed's new state; their claims end."""
    execute_many(connection, _SETTLE_FEED, [_settled(result) for result in results])


def _settled(result: PollResult) -> dict[str, Any]:
    record = result.record
    failed = record.outcome in (PollOutcome.FAILED, PollOutcome.NOT_A_FEED, PollOutcome.GONE)
    return {
        "key": result.work.feed_id,
        "new_url": result.url,
        "new_host": urlsplit(result.url).hostname or "",
        "new_state": result.state,
        "new_reason": result.reason,
        "new_schedule": result.schedule,
        "new_interval_s": result.interval_s,
        "new_due_at": result.due_at,
        "new_failures": result.failures,
        "polled_at": record.started_at,
        "more_entries": len(result.new),
        "has_failed": failed,
        "ok_at": None if failed else record.started_at,
        "new_at": record.started_at if result.new else None,
    }


def _insert_polls(connection: Connection, results: Sequence[PollResult]) -> list[int]:
    """Records the polls; gives their ids."""
    ids = reserved_ids(connection, poll, len(results))
    rows = [_poll_row(result, poll_id) for result, poll_id in zip(results, ids, strict=True)]
    execute_many(connection, _INSERT_POLL, rows)
    due = [
        {"key": result.work.feed_id, "gaps_since": result.record.started_at - GAPS_KEPT}
        for result in results
        if result.work.polls % 10 == 9
    ]
    if due:  # now and then: what is kept may run ten over
        execute_many(connection, _DROP_OLD_POLLS, due)
    return ids


def _poll_row(result: PollResult, poll_id: int) -> dict[str, Any]:
    record = result.record
    return {name: getattr(record, name) for name in _RECORDED} | {"id": poll_id, "feed_id": result.work.feed_id}
