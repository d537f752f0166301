"""What else would change if what told one story were changed: a threshold just above it, or its rule switched off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from monitor.model import Story
from monitor.store import tables
from monitor.store.types import from_json

PERIOD = timedelta(days=30)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Effect:
    """Other stories of the last 30 days that would not have been told: how many, and the newest of them."""

    count: int
    newest: tuple[Story, ...]


def with_threshold(connection: Connection, story_id: str, threshold: float, now: datetime) -> Effect:
    """With a threshold just above ``threshold``."""
    return _effect(connection, story_id, now, tables.story.c.score <= threshold)


def without_rule(connection: Connection, story_id: str, rule: str, now: datetime) -> Effect:
    """Without a rule: the stories that no other rule found."""
    report = tables.report.c
    found = and_(report.story_id == tables.story.c.id, report.reason == "")
    by_it, by_another = exists().where(found, report.rule == rule), exists().where(found, report.rule != rule)
    return _effect(connection, story_id, now, by_it, ~by_another)


def _effect(connection: Connection, story_id: str, now: datetime, *conditions: ColumnElement[bool]) -> Effect:
    story = tables.story.c
    told = (story.opened_at >= now - PERIOD, story.opened_by_mention.is_(False), story.state == "open")
    others = (*told, story.id != story_id, *conditions)
    newest = select(story.body, func.count().over().label("all_of_them")).where(*others)
    rows = connection.execute(newest.order_by(story.opened_at.desc()).limit(SHOWN)).all()
    return Effect(rows[0].all_of_them if rows else 0, tuple(from_json(Story, row.body) for row in rows))
