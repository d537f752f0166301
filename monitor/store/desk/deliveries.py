"""The outbox, its dead letters, and what is silenced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.model import Decision, DeliveryState
from monitor.store import tables
from monitor.store.told import held

_HELD = (Decision.HELD, Decision.PAUSED)  # what waits for a digest is where it belongs
WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY)


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery as a list shows it; ``answer`` is what the other side said last."""

    id: str
    route: str
    channel: str
    target: str
    event: str
    subject: str
    state: str
    reason: str
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    attempts: int
    story_id: str


@dataclass(frozen=True, slots=True)
class Outbox:
    """How many deliveries are in which state, the oldest that waits, how many left since ``sent_since``, and how much news a
    route's limit or absence holds back."""

    counts: dict[str, int]
    oldest_due_at: datetime | None
    sent_since: int
    held: int


@dataclass(frozen=True, slots=True)
class SilenceLine:
    id: int
    author: str
    reason: str
    clause: str  # a match table as JSON
    created_at: datetime
    until: datetime
    muted: int


def deliveries(
    connection: Connection, *, state: str = "", route: str = "", page: int = 1, size: int = 50
) -> tuple[tuple[DeliveryLine, ...], bool]:
    """One page of the deliveries, newest first, and whether there are more."""
    delivery, told = tables.delivery.c, tables.delivery_story.c
    first_story = (
        select(told.story_id).where(told.delivery_id == delivery.id).order_by(told.position).limit(1).scalar_subquery()
    )
    columns = (
        delivery.id,
        delivery.route,
        delivery.channel,
        delivery.target,
        delivery.event,
        delivery.subject,
        delivery.state,
        delivery.reason,
        delivery.created_at,
        delivery.due_at,
        delivery.ended_at,
        delivery.attempts,
    )
    statement = select(*columns, first_story.label("story_id"))
    if state:
        statement = statement.where(delivery.state == state)
    if route:
        statement = statement.where(delivery.route == route)
    statement = statement.order_by(delivery.created_at.desc(), delivery.id).limit(size + 1).offset((page - 1) * size)
    rows = connection.execute(statement).all()
    lines = tuple(
        DeliveryLine(
            row.id,
            row.route,
            row.channel,
            row.target,
            row.event,
            row.subject,
            row.state,
            row.reason,
            row.created_at,
            row.due_at,
            row.ended_at,
            row.attempts,
            row.story_id or "",
        )
        for row in rows[:size]
    )
    return lines, len(rows) > size


def outbox(connection: Connection, *, sent_since: datetime) -> Outbox:
    """The outbox in four figures."""
    delivery = tables.delivery.c
    counts = connection.execute(select(delivery.state, func.count()).group_by(delivery.state)).all()
    oldest = connection.execute(select(func.min(delivery.due_at)).where(delivery.state.in_(WAITING))).scalar()
    sent = connection.execute(
        select(func.count()).where(delivery.state == DeliveryState.SENT, delivery.ended_at >= sent_since)
    ).scalar_one()
    waiting = [number for by in held(connection).values() for kind, number in by.items() if kind in _HELD]
    return Outbox({row[0]: row[1] for row in counts}, oldest, sent, sum(waiting))


def silences(connection: Connection, now: datetime) -> tuple[SilenceLine, ...]:
    """The silences in force at ``now``, the first to end first, each with how many alerts it has muted."""
    silence, told = tables.silence.c, tables.told.c
    rows = connection.execute(
        select(tables.silence).where(silence.until > now, silence.ended_at.is_(None)).order_by(silence.until)
    )
    counts = connection.execute(
        select(told.detail, func.count()).where(told.decision == Decision.SILENCED).group_by(told.detail)
    ).all()
    muted = {row[0]: row[1] for row in counts}
    return tuple(
        SilenceLine(
            row.id, row.author, row.reason, row.clause, row.created_at, row.until, muted.get(str(row.id), row.muted)
        )
        for row in rows
    )
