"""Feeds and their polls: the list as the files give it, claims of what is due, and the one transaction that stores what
a poll brought. Decides nothing: what is new and when the feed is due again comes in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Boolean, Connection, bindparam, case, delete, func, select, update

from monitor.model import Entry, EntryState, FeedSpec, FeedState, PollOutcome
from monitor.store.engine import Database
from monitor.store.statements import Choose, chosen, chunks, first_ones, insert, insert_new, unclaimed
from monitor.store.tables import entry, entry_key, feed, poll
from monitor.store.types import UtcDateTime, from_json, to_json

POLLS_KEPT = 30
IMPORT_FEED = "import"  # what a person brought in by file or by hand; never polled
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
class KnownEntry:
    """An entry that one of the looked-up keys leads to."""

    entry_id: int
    text_hash: str
    edits: int
    title: str
    url: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A new or edited entry as a poll found it. ``entry_id`` is set for an edited one."""

    entry: Entry
    keys: tuple[str, ...]
    text_hash: str
    order_at: datetime
    wait_until: datetime
    held: bool = False
    late: bool = False
    entry_id: int | None = None


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


def feed_id_of(listed_url: str) -> str:
    """The id of a feed: short, stable over moves, the same on every machine."""
    return hashlib.sha256(listed_url.encode()).hexdigest()[:10]


class FeedStore:
    """What polling needs of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, specs: Sequence[FeedSpec], now: datetime, interval_s: float) -> None:
        """Makes the stored list equal to the files': new feeds are due at once, missing ones end as removed with their
        history kept, returning ones go on."""
        with self._database.write() as connection:
            rows = connection.execute(select(feed.c.id, feed.c.spec, feed.c.state)).all()
            stored = {row.id: (row.spec, row.state) for row in rows}
            listed = {feed_id_of(spec.url): spec for spec in specs if spec.enabled}
            insert_new(
                connection,
                feed,
                [_new_feed(key, spec, now, interval_s) for key, spec in listed.items() if key not in stored],
            )
            for key, spec in listed.items():
                if key in stored and stored[key] != (to_json(spec), stored[key][1]):
                    values: dict[str, Any] = {"spec": to_json(spec), "title": spec.title}
                    connection.execute(update(feed).where(feed.c.id == key).values(values))
            back = [key for key in listed if key in stored and stored[key][1] == FeedState.REMOVED]
            kept = (*listed, IMPORT_FEED)
            gone = [key for key, (_, state) in stored.items() if key not in kept and state != FeedState.REMOVED]
            _set_state(connection, back, FeedState.OK, "listed again", due_at=now)
            _set_state(connection, gone, FeedState.REMOVED, "no longer in any feeds file")

    def claim(
        self,
        now: datetime,
        limit: int,
        lease_s: float,
        *,
        not_since: datetime | None = None,
        choose: Choose = first_ones,
    ) -> list[FeedWork]:
        """Up to ``limit`` due feeds, longest due first; their next due time is stored before anything is asked.
        ``not_since`` leaves out those polled since then (``once`` asks each feed once); ``choose`` picks among them."""
        claim_id = self._database.new_claim()
        due = (
            select(feed.c.id, feed.c.url)
            .where(feed.c.due_at <= now, feed.c.state.in_(DUE_STATES), unclaimed(feed, now))
            .order_by(feed.c.due_at, feed.c.id)
            .with_for_update(skip_locked=True)
        )
        if not_since is not None:
            due = due.where((feed.c.last_polled_at.is_(None)) | (feed.c.last_polled_at < not_since))
        with self._database.write() as connection:
            ids = chosen(connection, due, limit, choose)
            if not ids:
                return []
            rows = connection.execute(
                update(feed)
                .where(feed.c.id.in_(ids))
                .values(claim_id=claim_id, claim_until=now + timedelta(seconds=lease_s))
                .returning(feed)
            ).all()
            if rows:
                connection.execute(
                    update(feed).where(feed.c.id == bindparam("key")).values(due_at=bindparam("next_at")),
                    [{"key": row.id, "next_at": now + timedelta(seconds=row.interval_s)} for row in rows],
                )
        return [_work(row) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]

    def known(self, feed_id: str, keys: Sequence[str]) -> dict[str, KnownEntry]:
        """Which of these keys are known in this feed, and as what."""
        found: dict[str, KnownEntry] = {}
        with self._database.read() as connection:
            for chunk in chunks(keys):
                rows = connection.execute(
                    select(
                        entry_key.c.key,
                        entry.c.id,
                        entry.c.text_hash,
                        entry.c.edits,
                        entry.c.title,
                        entry.c.url,
                        entry.c.first_seen_at,
                    )
                    .join(entry, entry.c.id == entry_key.c.entry_id)
                    .where(entry_key.c.feed_id == feed_id, entry_key.c.key.in_(chunk))
                )
                found |= {row[0]: KnownEntry(*row[1:]) for row in rows}
        return found

    def commit(self, results: Sequence[PollResult], now: datetime) -> int:
        """Stores what polls brought, in one transaction; results of a claim that no longer stands are dropped. Returns
        how many were stored."""
        with self._database.write() as connection:
            standing = _standing(connection, results)
            if standing:
                _settle_feeds(connection, standing)
                poll_ids = _insert_polls(connection, standing)
                for result in standing:
                    poll_id = poll_ids.get(result.work.feed_id, 0)
                    _insert_entries(connection, result, poll_id, now)
                    _update_entries(connection, result, poll_id, now)
                    _touch_keys(connection, result, now)
        return len(standing)


def _new_feed(key: str, spec: FeedSpec, now: datetime, interval_s: float) -> dict[str, Any]:
    return {
        "id": key,
        "listed_url": spec.url,
        "url": spec.url,
        "host": urlsplit(spec.url).hostname or "",
        "title": spec.title,
        "spec": to_json(spec),
        "state": FeedState.OK,
        "reason": "not polled yet",
        "schedule": "",
        "interval_s": interval_s,
        "due_at": now,
        "claim_id": "",
        "added_at": now,
        "failures": 0,
        "polls": 0,
        "entries": 0,
    }


def _set_state(connection: Connection, keys: Sequence[str], state: FeedState, reason: str, **more: Any) -> None:
    for chunk in chunks(keys):
        connection.execute(update(feed).where(feed.c.id.in_(chunk)).values(state=state, reason=reason, **more))


def _work(row: Any) -> FeedWork:
    return FeedWork(
        feed_id=row.id,
        url=row.url,
        spec=from_json(FeedSpec, row.spec),
        state=FeedState(row.state),
        schedule=row.schedule,
        interval_s=row.interval_s,
        failures=row.failures,
        polls=row.polls,
        last_ok_at=row.last_ok_at,
        last_new_at=row.last_new_at,
        claim_id=row.claim_id,
    )


def _standing(connection: Connection, results: Sequence[PollResult]) -> list[PollResult]:
    """The results whose claim still stands; their rows are locked until the transaction ends."""
    stored: dict[str, str] = {}
    for chunk in chunks(sorted(result.work.feed_id for result in results)):
        rows = connection.execute(
            select(feed.c.id, feed.c.claim_id)
            .where(feed.c.id.in_(chunk), feed.c.state.in_(DUE_STATES))
            .order_by(feed.c.id)
            .with_for_update()
        )
        stored |= {row.id: row.claim_id for row in rows}
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
_DROP_OLD_POLLS = delete(poll).where(
    poll.c.feed_id == bindparam("key"),
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
    connection.execute(_SETTLE_FEED, [_settled(result) for result in results])


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


def _insert_polls(connection: Connection, results: Sequence[PollResult]) -> dict[str, int]:
    """Records the polls; gives the id of each poll that brought entries, by feed."""
    quiet = [_poll_row(result) for result in results if not (result.new or result.edited)]
    if quiet:
        connection.execute(insert(connection, poll), quiet)
    brought = [_poll_row(result) for result in results if result.new or result.edited]
    ids: Sequence[int] = ()
    if brought:
        statement = insert(connection, poll).returning(poll.c.id, sort_by_parameter_order=True)
        ids = connection.execute(statement, brought).scalars().all()
    due = [{"key": result.work.feed_id} for result in results if result.work.polls % 10 == 0]
    if due:  # now and then: what is kept may run ten over
        connection.execute(_DROP_OLD_POLLS, due)
    return {row["feed_id"]: poll_id for row, poll_id in zip(brought, ids, strict=True)}


def _poll_row(result: PollResult) -> dict[str, Any]:
    record = result.record
    return {name: getattr(record, name) for name in PollRecord.__dataclass_fields__} | {"feed_id": result.work.feed_id}


def _entry_values(listed: ListedEntry, poll_id: int, now: datetime) -> dict[str, Any]:
    found = listed.entry
    return {
        "batch": poll_id,
        "guid": found.guid,
        "url": found.url,
        "title": found.title,
        "summary": found.summary,
        "content": found.content,
        "published_at": found.published_at,
        "date_only": found.date_only,
        "updated_at": found.updated_at,
        "language": found.language,
        "order_at": listed.order_at,
        "text_hash": listed.text_hash,
        "held": listed.held,
        "late": listed.late,
        "state": EntryState.LISTED,
        "disposition": "",
        "reason": "",
        "due_at": now,
        "wait_until": listed.wait_until,
        "attempts": 0,
        "claim_id": "",
        "claim_until": None,
    }


def _insert_entries(connection: Connection, result: PollResult, poll_id: int, now: datetime) -> None:
    if not result.new:
        return
    rows = [
        _entry_values(listed, poll_id, now)
        | {"feed_id": result.work.feed_id, "first_seen_at": now, "edits": 0, "quiet": False}
        for listed in result.new
    ]
    statement = insert(connection, entry).returning(entry.c.id, sort_by_parameter_order=True)
    ids = connection.execute(statement, rows).scalars().all()
    keys = {key: entry_id for listed, entry_id in zip(result.new, ids, strict=True) for key in listed.keys}
    insert_new(
        connection,
        entry_key,
        [
            {
                "feed_id": result.work.feed_id,
                "key": key,
                "entry_id": entry_id,
                "first_seen_at": now,
                "last_seen_at": now,
            }
            for key, entry_id in keys.items()
        ],
    )


def _update_entries(connection: Connection, result: PollResult, poll_id: int, now: datetime) -> None:
    for listed in result.edited:
        values = _entry_values(listed, poll_id, now) | {"edits": entry.c.edits + 1}
        connection.execute(update(entry).where(entry.c.id == listed.entry_id).values(values))


def _touch_keys(connection: Connection, result: PollResult, now: datetime) -> None:
    """Keys of known entries: new ones are added. That they were seen again is written once a day only, which is exact
    enough for a memory of 400 days and keeps an unchanged feed from costing a write per entry."""
    if not result.seen:
        return
    feed_id = result.work.feed_id
    stored: dict[str, datetime] = {}
    for chunk in chunks([key for key, _ in result.seen]):
        rows = connection.execute(
            select(entry_key.c.key, entry_key.c.last_seen_at).where(
                entry_key.c.feed_id == feed_id, entry_key.c.key.in_(chunk)
            )
        )
        stored |= {row.key: row.last_seen_at for row in rows}
    fresh = {key: entry_id for key, entry_id in result.seen if key not in stored}
    insert_new(
        connection,
        entry_key,
        [
            {"feed_id": feed_id, "key": key, "entry_id": entry_id, "first_seen_at": now, "last_seen_at": now}
            for key, entry_id in fresh.items()
        ],
    )
    stale = [key for key, seen_at in stored.items() if seen_at < now - timedelta(days=1)]
    for chunk in chunks(stale):
        connection.execute(
            update(entry_key).where(entry_key.c.feed_id == feed_id, entry_key.c.key.in_(chunk)).values(last_seen_at=now)
        )
