"""The outbox: deliveries that were stored with their bytes, claims of what is due (one at a time for each target, so that
a slow one delays no other), attempts and their ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, update

from monitor.model import Delivery, DeliveryState, EventType, TargetState
from monitor.store.bulk import execute_many
from monitor.store.engine import Database
from monitor.store.statements import IDS, MOST, NOW, insert_new, unclaimed, upsert
from monitor.store.tables import attempt, delivery, delivery_story, target

WAITING = (DeliveryState.QUEUED, DeliveryState.RETRY)


@dataclass(frozen=True, slots=True)
class SendWork:
    """A delivery that was claimed for sending; ``delivery.attempts`` counts this attempt. ``again`` is set when an
    earlier attempt began and nobody recorded its end: it may have arrived."""

    delivery: Delivery
    claim_id: str
    again: bool


@dataclass(frozen=True, slots=True)
class SendEnd:
    """How an attempt ended and what becomes of the delivery and its target."""

    work: SendWork
    state: DeliveryState  # sent, retry or dead
    due_at: datetime
    answer: str
    target: TargetState
    reason: str = ""
    doubtful: bool = False
    recovered: bool = False  # its target works again after a long trouble: what waits there may go


class OutboxStore:
    """What delivering needs of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, now: datetime, limit: int, lease_s: float) -> list[SendWork]:
        """Up to ``limit`` due deliveries of different targets, oldest due first. They are stored as sending before the
        first byte leaves, so that a crash leaves a known doubt."""
        claim_id = self._database.new_claim()
        with self._database.write() as connection:
            self._database.exclusive(connection, "coopwatch outbox claim")
            rows = connection.execute(_due(), {NOW.key: now, MOST.key: limit}).all()
            if not rows:
                return []
            ids, until = [row.id for row in rows], now + timedelta(seconds=lease_s)
            connection.execute(_CLAIM, {IDS.key: ids, "new_claim": claim_id, "until": until})
            begun = [
                {"delivery_id": row.id, "number": row.attempts + 1, "started_at": now, "result": "unknown"}
                for row in rows
            ]
            execute_many(connection, _BEGIN_ATTEMPT, begun)
            stories = _story_ids(connection, ids)
        return [
            SendWork(
                to_delivery(row, stories.get(row.id, ()), attempts=row.attempts + 1),
                claim_id,
                again=row.state == DeliveryState.SENDING,
            )
            for row in rows
        ]

    def targets(self, works: Sequence[SendWork]) -> dict[tuple[str, str], TargetState]:
        """How the targets of these works fared so far, by route and target; none for one never tried."""
        wanted = sorted({work.delivery.route for work in works})
        with self._database.read() as connection:
            rows = connection.execute(_TARGETS, {IDS.key: wanted}).all()
        return {(row.route, row.target): to_target(row) for row in rows}

    def commit(self, ends: Sequence[SendEnd], now: datetime, notices: Sequence[Delivery] = ()) -> int:
        """Stores how attempts ended, and the messages that tell operators of trouble; returns how many claims still
        stood."""
        with self._database.write() as connection:
            insert_deliveries(connection, notices)
            return sum(_commit_one(connection, end, now) for end in ends)


# Written once for all: to build a statement costs more than to execute it.
_CLAIM = (
    update(delivery)
    .where(delivery.c.id.in_(IDS))
    .values(
        state=DeliveryState.SENDING,
        claim_id=bindparam("new_claim"),
        claim_until=bindparam("until"),
        attempts=delivery.c.attempts + 1,
    )
)
_BEGIN_ATTEMPT = attempt.insert()
_TARGETS = select(target).where(target.c.route.in_(IDS))
_STORIES = (
    select(delivery_story.c.delivery_id, delivery_story.c.story_id)
    .where(delivery_story.c.delivery_id.in_(IDS))
    .order_by(delivery_story.c.delivery_id, delivery_story.c.position)
)
_END = (
    update(delivery)
    .where(
        delivery.c.id == bindparam("key"),
        delivery.c.claim_id == bindparam("held_claim"),
        delivery.c.state == DeliveryState.SENDING,
    )
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("next_at"),
        reason=bindparam("new_reason"),
        ended_at=bindparam("over_at"),
        doubtful=delivery.c.doubtful + bindparam("doubts"),
        claim_id="",
        claim_until=None,
    )
)
_END_ATTEMPT = (
    update(attempt)
    .where(
        attempt.c.delivery_id == bindparam("key"),
        attempt.c.number == bindparam("of_number"),
        attempt.c.ended_at.is_(None),
    )
    .values(ended_at=bindparam("over_at"), result=bindparam("found"), answer=bindparam("said"))
)


@lru_cache(maxsize=1)
def _due() -> Any:
    """The first due delivery of each target that is neither busy, nor resting after failures, nor switched off."""
    other = delivery.alias()
    busy = exists().where(
        other.c.route == delivery.c.route,
        other.c.target == delivery.c.target,
        other.c.state == DeliveryState.SENDING,
        other.c.claim_until > NOW,
    )
    resting = exists().where(
        target.c.route == delivery.c.route,
        target.c.target == delivery.c.target,
        or_(target.c.disabled.is_(True), target.c.open_until > NOW),
    )
    turn = func.row_number().over(
        partition_by=(delivery.c.route, delivery.c.target),
        order_by=(delivery.c.due_at, delivery.c.created_at, delivery.c.id),
    )
    waiting = and_(delivery.c.state.in_(WAITING), delivery.c.due_at <= NOW)
    left_behind = and_(delivery.c.state == DeliveryState.SENDING, unclaimed(delivery))
    first = select(delivery.c.id, turn.label("turn")).where(or_(waiting, left_behind), ~busy, ~resting).subquery()
    return (
        select(delivery)
        .join(first, first.c.id == delivery.c.id)
        .where(first.c.turn == 1)
        .order_by(delivery.c.due_at, delivery.c.created_at, delivery.c.id)
        .limit(MOST)
    )


def _story_ids(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(_STORIES, {IDS.key: ids}):
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), row.story_id)
    return found


def to_target(row: Any) -> TargetState:
    """How a target fares, from its row."""
    return TargetState(row.route, row.target, row.failures, row.open_until, row.disabled, row.answer)


def to_delivery(row: Any, story_ids: tuple[str, ...] = (), *, attempts: int | None = None) -> Delivery:
    """The delivery of a row of the table."""
    return Delivery(
        id=row.id,
        route=row.route,
        channel=row.channel,
        target=row.target,
        event=EventType(row.event),
        story_ids=story_ids,
        body=bytes(row.body),
        state=DeliveryState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts if attempts is None else attempts,
        subject=row.subject,
        article_id=row.article_id,
        reason=row.reason,
    )


def insert_deliveries(connection: Connection, values: Sequence[Delivery]) -> None:
    """Adds deliveries; one whose id is known already stays as it is."""
    if not values:
        return
    insert_new(connection, delivery, [_row(value) for value in values])
    insert_new(
        connection,
        delivery_story,
        [
            {"delivery_id": value.id, "story_id": story_id, "position": position}
            for value in values
            for position, story_id in enumerate(value.story_ids)
        ],
    )


def _row(value: Delivery) -> dict[str, Any]:
    ended = value.state not in (*WAITING, DeliveryState.SENDING)
    return {
        "id": value.id,
        "route": value.route,
        "channel": value.channel,
        "target": value.target,
        "event": value.event,
        "article_id": value.article_id,
        "subject": value.subject,
        "body": value.body,
        "state": value.state,
        "reason": value.reason,
        "created_at": value.created_at,
        "due_at": value.due_at,
        "ended_at": value.created_at if ended else None,
        "attempts": value.attempts,
        "doubtful": 0,
        "replays": 0,
        "claim_id": "",
    }


def _commit_one(connection: Connection, end: SendEnd, now: datetime) -> bool:
    sent, work = end.work.delivery, end.work
    over = end.state not in WAITING
    done = connection.execute(
        _END,
        {
            "key": sent.id,
            "held_claim": work.claim_id,
            "new_state": end.state,
            "next_at": end.due_at,
            "new_reason": end.reason,
            "over_at": now if over else None,
            "doubts": int(end.doubtful or work.again),
        },
    )
    tried = {"key": sent.id, "of_number": sent.attempts, "over_at": now, "found": end.state, "said": end.answer}
    connection.execute(_END_ATTEMPT, tried)
    upsert(
        connection,
        target,
        [
            {
                "route": sent.route,
                "target": sent.target,
                "failures": end.target.failures,
                "open_until": end.target.open_until,
                "disabled": end.target.disabled,
                "answer": end.target.answer,
                "changed_at": now,
            }
        ],
    )
    if end.recovered:
        connection.execute(
            update(delivery)
            .where(
                delivery.c.route == sent.route,
                delivery.c.target == sent.target,
                delivery.c.state == DeliveryState.RETRY,
                delivery.c.due_at > now,
            )
            .values(due_at=now)
        )
    return bool(done.rowcount)
