"""What the self-watch asks of the store: how feeds, outbox and judgements stand, and the episodes it remembers. A few
statements a minute, whatever the number of feeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal, not_, or_, select, update

from monitor.model import Decision, Delivery, DeliveryState, Episode, PollOutcome, Told
from monitor.store.desk.sources import latencies
from monitor.store.engine import Database
from monitor.store.outbox import insert_deliveries, to_delivery
from monitor.store.statements import upsert
from monitor.store.tables import delivery, episode, feed, judgement, meta, poll, route_state, target, told
from monitor.store.told import to_told
from monitor.store.types import from_json, to_json

WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY)
ASKED = ("ok", "failing")
# a poll that reached no server, or no answer of it: the name unknown, the port closed, the line cut
NO_ANSWER = (poll.c.outcome == PollOutcome.FAILED) & (poll.c.status == 0)
CANARY_KEY = "canary_at"
DEAD_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FeedStanding:
    """A feed that the self-watch may have something to say about; ``schedule`` is opaque here."""

    feed_id: str
    title: str
    state: str
    reason: str
    schedule: str
    failing_since_at: datetime | None
    last_polled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The store at one moment."""

    polled_feeds: int
    last_poll_at: datetime | None
    last_answer_at: datetime | None
    unanswered: frozenset[str]
    troubled: tuple[FeedStanding, ...]
    outbox_waiting: int
    outbox_oldest_at: datetime | None
    dead_letters: tuple[str, ...]
    dead_total: int
    targets_disabled: tuple[str, ...]
    targets_failing: tuple[str, ...]
    announcements_7d: int
    announcements_8w_before: int
    judging_since: datetime | None
    feeds: dict[str, int]
    most_overdue_at: datetime | None
    canary_at: datetime | None


class HealthStore:
    """What the self-watch needs of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, now: datetime) -> Standing:
        """How things stand."""
        with self._database.read() as connection:
            return _standing(connection, now)

    def quiet(self, before: datetime) -> tuple[FeedStanding, ...]:
        """The feeds that answer and brought nothing new since ``before``, those that never did among them: whether that is
        long for them is decided elsewhere. Of very many feeds this is the dearest question of all."""
        never = feed.c.last_new_at.is_(None) & (feed.c.polls > 0)
        with self._database.read() as connection:
            return _feeds(connection, (feed.c.state == "ok") & or_(feed.c.last_new_at < before, never))

    def episodes(self) -> tuple[Episode, ...]:
        """The episodes that have not ended."""
        with self._database.read() as connection:
            return open_episodes(connection)

    def over_since(self, kind: str, now: datetime) -> datetime | None:
        """Since when the newest trouble of a kind is over, or seems to be: ``now`` where the last look still saw it; None
        where there was none."""
        with self._database.read() as connection:
            newest = connection.execute(
                select(episode.c.detail).where(episode.c.kind == kind).order_by(episode.c.id.desc()).limit(1)
            ).scalar()
        return (from_json(Episode, newest).calm_since or now) if newest else None

    def commit(self, episodes: Sequence[Episode], deliveries: Sequence[Delivery], now: datetime) -> None:
        """Stores the episodes as they are now together with what is told of them, in one transaction. A delivery that is
        there already is not queued again."""
        with self._database.write() as connection:
            for value in episodes:
                _save(connection, value, now)
            known = select(delivery.c.id).where(delivery.c.id.in_([each.id for each in deliveries]))
            there = set(connection.execute(known).scalars())
            insert_deliveries(connection, [each for each in deliveries if each.id not in there])

    def canary_at(self) -> datetime | None:
        """When the last canary went through."""
        with self._database.read() as connection:
            found = connection.execute(select(meta.c.value).where(meta.c.key == CANARY_KEY)).scalar()
        return datetime.fromisoformat(found) if found else None

    def accounts(self, since: datetime) -> tuple[tuple[Told, ...], dict[str, tuple[Delivery, ...]]]:
        """What routes were told since a moment, and what waits for a message however long; the deliveries by the message
        that they carry (one message to several mailboxes is several deliveries, each id the message's with a suffix),
        without their bytes."""
        waits = (told.c.delivery_id == "") & (told.c.decision != Decision.SILENCED)
        columns = [column for column in delivery.c if column.name != "body"]
        with self._database.read() as connection:
            rows = connection.execute(select(told).where((told.c.told_at >= since) | waits)).all()
            sent = connection.execute(
                select(*columns, literal(b"").label("body")).where(delivery.c.created_at >= since - timedelta(days=1))
            ).all()
        by_message: dict[str, list[Delivery]] = {}
        for row in sent:
            by_message.setdefault(row.id.split(".", 1)[0], []).append(to_delivery(row))
        return tuple(to_told(row) for row in rows), {key: tuple(found) for key, found in by_message.items()}

    def absences(self) -> dict[str, datetime]:
        """When each route's last absence ends or ended; routes that were never absent are left out."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(route_state.c.route, route_state.c.paused_until).where(route_state.c.paused_until.is_not(None))
            ).all()
        return {row.route: row.paused_until for row in rows}

    def latencies_s(self, since: datetime, until: datetime) -> tuple[float, ...]:
        """Seconds from publication to the first sent message, of the articles told in a period."""
        with self._database.read() as connection:
            return latencies(connection, since, until)

    def size_bytes(self) -> int:
        """What the database takes on disk."""
        with self._database.read() as connection:
            if self._database.dialect == "postgresql":
                return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0)
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
            return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar() or 0)

    def note_canary(self, at: datetime) -> None:
        """The canary went through the whole line."""
        with self._database.write() as connection:
            upsert(connection, meta, [{"key": CANARY_KEY, "value": at.isoformat()}])


def open_episodes(connection: Connection) -> tuple[Episode, ...]:
    """The episodes that have not ended, oldest first."""
    rows = connection.execute(select(episode.c.detail).where(episode.c.ended_at.is_(None)).order_by(episode.c.id))
    return tuple(from_json(Episode, row.detail) for row in rows)


def _save(connection: Connection, value: Episode, now: datetime) -> None:
    row = {
        "kind": value.kind,
        "subject": value.key,
        "started_at": value.started_at,
        "seen_at": now,
        "ended_at": value.ended_at,
        "told_at": value.told_at,
        "detail": to_json(value),
    }
    changed = connection.execute(
        update(episode).where(episode.c.subject == value.key, episode.c.ended_at.is_(None)).values(row)
    )
    if not changed.rowcount:
        connection.execute(episode.insert().values(row))


def _standing(connection: Connection, now: datetime) -> Standing:
    asked = feed.c.state.in_(ASKED)
    polled, overdue = connection.execute(select(func.count(), func.min(feed.c.due_at)).where(asked)).one()
    last_poll = connection.execute(select(func.max(poll.c.started_at))).scalar()
    last_answer = connection.execute(select(func.max(poll.c.started_at)).where(not_(NO_ANSWER))).scalar()
    waiting, oldest = connection.execute(
        # by when they were made: a retry's due time moves on and on while a mail server is down
        select(func.count(), func.min(delivery.c.created_at)).where(delivery.c.state.in_(WAITING))
    ).one()
    dead = connection.execute(
        select(delivery.c.route, delivery.c.target, delivery.c.reason)
        .where(delivery.c.state == DeliveryState.DEAD, delivery.c.ended_at >= now - timedelta(days=1))
        .order_by(delivery.c.ended_at.desc())
        .limit(DEAD_SHOWN)
    ).all()
    week, weeks = now - timedelta(days=7), now - timedelta(weeks=9)
    announced = select(func.count()).where(judgement.c.verdict == "announcement")
    canary = connection.execute(select(meta.c.value).where(meta.c.key == CANARY_KEY)).scalar()
    return Standing(
        polled_feeds=polled,
        last_poll_at=last_poll,
        last_answer_at=last_answer,
        unanswered=_asked_since(connection, last_answer),
        troubled=_feeds(connection, feed.c.state.in_(("failing", "gone"))),
        outbox_waiting=waiting,
        outbox_oldest_at=oldest,
        dead_letters=tuple(f"{row.route}: {row.target}: {row.reason}" for row in dead),
        dead_total=connection.execute(select(func.count()).where(delivery.c.state == DeliveryState.DEAD)).scalar_one(),
        targets_disabled=_targets(connection, target.c.disabled.is_(True)),
        targets_failing=_targets(connection, target.c.open_until > now),
        announcements_7d=connection.execute(announced.where(judgement.c.judged_at >= week)).scalar_one(),
        announcements_8w_before=connection.execute(
            announced.where(judgement.c.judged_at >= weeks, judgement.c.judged_at < week)
        ).scalar_one(),
        judging_since=connection.execute(select(func.min(judgement.c.judged_at))).scalar(),
        feeds={row[0]: row[1] for row in connection.execute(select(feed.c.state, func.count()).group_by(feed.c.state))},
        most_overdue_at=overdue,
        canary_at=datetime.fromisoformat(canary) if canary else None,
    )


def _asked_since(connection: Connection, at: datetime | None) -> frozenset[str]:
    """The feeds asked after a moment that are still to be asked."""
    asked = select(poll.c.feed_id).join(feed, feed.c.id == poll.c.feed_id).where(feed.c.state.in_(ASKED))
    return frozenset(connection.execute(asked.where(poll.c.started_at > at) if at else asked).scalars())


def _feeds(connection: Connection, which: ColumnElement[bool]) -> tuple[FeedStanding, ...]:
    kept = (feed.c.title, feed.c.url, feed.c.state, feed.c.reason, feed.c.schedule)
    rows = connection.execute(
        select(feed.c.id, *kept, feed.c.failing_since_at, feed.c.last_polled_at).where(which).order_by(feed.c.id)
    )
    return tuple(
        FeedStanding(
            row.id, row.title or row.url, row.state, row.reason, row.schedule, row.failing_since_at, row.last_polled_at
        )
        for row in rows
    )


def _targets(connection: Connection, condition: object) -> tuple[str, ...]:
    rows = connection.execute(select(target.c.route, target.c.target).where(condition).order_by(target.c.route))  # type: ignore[arg-type]
    return tuple(f"{row.route}: {row.target}" for row in rows)


__all__ = ["FeedStanding", "HealthStore", "Standing"]
