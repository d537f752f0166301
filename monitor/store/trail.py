"""All that is known of one article, in order of time: when it was listed, how it was read, what was decided under which
rules, whom it was told to and why not to others. For ``explain`` and the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from monitor.model import Article, Judgement
from monitor.store.articles import article_query, to_article
from monitor.store.engine import Database
from monitor.store.tables import article, delivery, delivery_story, entry, feed, judgement, report, verdict
from monitor.store.types import from_json


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement of an article."""

    at: datetime
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Said:
    """What a route was found to owe for a story of the article."""

    at: datetime
    story_id: str
    route: str
    stage: str
    decision: str
    why: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery that tells a story of the article."""

    delivery_id: str
    route: str
    target: str
    event: str
    state: str
    reason: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trail:
    """One article's way. ``article`` is None while its page was not read."""

    entry_id: int
    feed_id: str
    feed_title: str
    url: str
    title: str
    first_seen_at: datetime
    published_at: datetime | None
    edits: int
    state: str
    disposition: str
    reason: str
    held: bool
    late: bool
    quiet: bool
    attempts: int
    read_at: datetime | None
    method: str
    wall: str
    article: Article | None
    judged: tuple[Judged, ...]
    stories: tuple[str, ...]
    said: tuple[Said, ...]
    sent: tuple[Sent, ...]


class TrailStore:
    """Looks articles up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, name: str) -> tuple[Trail, ...]:
        """The articles with this id or address, or of the story with this id; newest first, at most 20."""
        with self._database.read() as connection:
            return tuple(_trail(connection, entry_id) for entry_id in _ids(connection, name))


def _ids(connection: Connection, name: str) -> Sequence[int]:
    where = [entry.c.url == name, entry.c.guid == name, article.c.url == name, article.c.canonical_url == name]
    if name.isdecimal():
        where.append(entry.c.id == int(name))
    of_story = select(report.c.article_id).where(report.c.story_id == name)
    known = [int(each) for each in connection.execute(of_story).scalars() if each.isdecimal()]
    if known:
        where.append(entry.c.id.in_(known))
    query = select(entry.c.id).outerjoin(article, article.c.entry_id == entry.c.id).where(or_(*where))
    return connection.execute(query.order_by(entry.c.id.desc()).limit(20)).scalars().all()


def _trail(connection: Connection, entry_id: int) -> Trail:
    row = connection.execute(
        select(entry, feed.c.title.label("feed_title"))
        .join(feed, feed.c.id == entry.c.feed_id)
        .where(entry.c.id == entry_id)
    ).one()
    read = connection.execute(article_query().where(entry.c.id == entry_id)).one_or_none()
    own = connection.execute(select(article).where(article.c.entry_id == entry_id)).one_or_none()
    key = str(entry_id)
    stories = connection.execute(select(report.c.story_id).where(report.c.article_id == key).distinct()).scalars().all()
    return Trail(
        **{name: getattr(row, name) for name in _COPIED},
        entry_id=row.id,
        read_at=own.read_at if own else None,
        method=own.method if own else "",
        wall=own.wall if own else "",
        article=to_article(read) if read else None,
        judged=_judged(connection, entry_id),
        stories=tuple(sorted(stories)),
        said=_said(connection, key),
        sent=_sent(connection, stories),
    )


_COPIED = (
    "feed_id",
    "feed_title",
    "url",
    "title",
    "first_seen_at",
    "published_at",
    "edits",
    "state",
    "disposition",
    "reason",
    "held",
    "late",
    "quiet",
    "attempts",
)


def _judged(connection: Connection, entry_id: int) -> tuple[Judged, ...]:
    rows = connection.execute(
        select(judgement.c.judged_at, judgement.c.body).where(judgement.c.entry_id == entry_id).order_by(judgement.c.id)
    )
    return tuple(Judged(row.judged_at, from_json(Judgement, row.body)) for row in rows)


def _said(connection: Connection, article_id: str) -> tuple[Said, ...]:
    rows: Any = connection.execute(select(verdict).where(verdict.c.article_id == article_id).order_by(verdict.c.id))
    return tuple(
        Said(row.decided_at, row.story_id, row.route, row.stage, row.decision, f"{row.why} {row.detail}".strip())
        for row in rows
    )


def _sent(connection: Connection, stories: Sequence[str]) -> tuple[Sent, ...]:
    rows: Any = connection.execute(
        select(delivery)
        .join(delivery_story, delivery_story.c.delivery_id == delivery.c.id)
        .where(delivery_story.c.story_id.in_(stories))
        .order_by(delivery.c.created_at, delivery.c.id)
        .distinct()
    )
    return tuple(
        Sent(row.id, row.route, row.target, row.event, row.state, row.reason, row.created_at, row.ended_at)
        for row in rows
    )
