"""What routes were told, and what they wait for: the memory that keeps every act from being told twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from monitor.model import Decision, Owed, Stage, Told, Why
from monitor.store.engine import Database
from monitor.store.statements import IDS, chunks
from monitor.store.tables import told, verdict
from monitor.store.types import UtcDateTime

_WAITS = (told.c.delivery_id == "", told.c.decision != Decision.SILENCED)

# written once for all: to build a statement costs more than to execute it
_OF_STORIES = select(told).where(told.c.story_id.in_(IDS)).order_by(told.c.id)
_MESSAGES_SINCE = (
    select(told.c.route, func.count(told.c.delivery_id.distinct()))
    .where(
        told.c.told_at > bindparam("since", type_=UtcDateTime),
        told.c.decision == Decision.IMMEDIATE,
        told.c.delivery_id != "",
    )
    .group_by(told.c.route)
)


class ToldStore:
    """Reads what was told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_stories(self, ids: Collection[str]) -> tuple[Told, ...]:
        """Everything that any route was told of these stories, oldest first."""
        found: list[Told] = []
        with self._database.read() as connection:
            for chunk in chunks(sorted(ids)):
                rows = connection.execute(_OF_STORIES, {IDS.key: chunk})
                found += [to_told(row) for row in rows]
        return tuple(found)

    def messages_past_hour(self, now: datetime) -> dict[str, int]:
        """How many messages of their own each route got in the past hour."""
        with self._database.read() as connection:
            rows = connection.execute(_MESSAGES_SINCE, {"since": now - timedelta(hours=1)}).all()
        return {row[0]: row[1] for row in rows}

    def since(self, moment: datetime, decisions: Collection[Decision]) -> tuple[Told, ...]:
        """What any route was told since a moment under one of these decisions, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(told)
                .where(told.c.told_at >= moment, told.c.decision.in_([each.value for each in decisions]))
                .order_by(told.c.id)
            )
            return tuple(to_told(row) for row in rows)

    def decisions(self, story_id: str) -> tuple[tuple[datetime, Owed], ...]:
        """Every decision about a story, on every route, also each "not", oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(verdict).where(verdict.c.story_id == story_id).order_by(verdict.c.id))
            return tuple((row.decided_at, to_owed(row)) for row in rows)

    def waiting(self, route: str) -> tuple[Told, ...]:
        """What a route is owed and no message carries yet: lines of its digest, what its cap or its absence held."""
        with self._database.read() as connection:
            rows = connection.execute(select(told).where(told.c.route == route, *_WAITS).order_by(told.c.id))
            return tuple(to_told(row) for row in rows)


def held(connection: Connection) -> dict[str, dict[str, int]]:
    """How many pieces of news wait for a message, by route and by what holds them."""
    rows = connection.execute(
        select(told.c.route, told.c.decision, func.count())
        .where(*_WAITS)
        .group_by(told.c.route, told.c.decision)
        .order_by(told.c.route, told.c.decision)
    )
    found: dict[str, dict[str, int]] = {}
    for route, decision, number in rows:
        found.setdefault(route, {})[decision] = number
    return found


def to_told(row: Any) -> Told:
    """The Told of a row of the table."""
    return Told(to_owed(row), row.told_at, row.delivery_id)


def to_owed(row: Any) -> Owed:
    """What a row of told or verdict says was owed."""
    return Owed(
        route=row.route,
        story_id=row.story_id,
        stage=Stage(row.stage),
        change=row.change,
        decision=Decision(row.decision),
        why=Why(row.why),
        article_id=row.article_id,
        detail=row.detail,
    )
