"""What people and programs look at: counts, lists, one feed's last polls. Reads only; each call is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from monitor.model import Delivery, Episode, TargetState
from monitor.store.engine import Database
from monitor.store.health import open_episodes
from monitor.store.outbox import WAITING, to_delivery, to_target
from monitor.store.tables import attempt, delivery, entry, feed, poll, story, target
from monitor.store.told import held


@dataclass(frozen=True, slots=True)
class Overview:
    """How the work stands, in numbers."""

    feeds: Mapping[str, int]  # by state
    entries: Mapping[str, int]  # by state
    dispositions: Mapping[str, int]
    stories: int
    deliveries: Mapping[str, int]  # by state
    next_poll_at: datetime | None
    oldest_waiting_at: datetime | None
    held: Mapping[str, Mapping[str, int]]  # route -> decision -> news that no message carries yet
    trouble: tuple[Episode, ...]  # what is wrong, as the service saw it last


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed as people see it."""

    feed_id: str
    url: str
    listed_url: str
    title: str
    state: str
    reason: str
    due_at: datetime
    interval_s: float
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    failing_since_at: datetime | None
    failures: int
    polls: int
    entries: int


@dataclass(frozen=True, slots=True)
class PollView:
    """One poll as people see it."""

    started_at: datetime
    outcome: str
    words: str
    status: int
    elapsed_s: float
    listed: int
    new: int
    edited: int
    known: int
    repeated: int
    refused: int
    left_out: int
    gap: bool


def _shown(url: str) -> str:
    """An address without user name and password: nobody who looks at a feed needs them."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"


class ViewStore:
    """What the command line and the page read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def overview(self) -> Overview:
        """How the work stands."""
        with self._database.read() as connection:

            def counts(column: Any) -> dict[str, int]:
                rows = connection.execute(select(column, func.count()).group_by(column))
                return {name: count for name, count in rows if name}

            return Overview(
                feeds=counts(feed.c.state),
                entries=counts(entry.c.state),
                dispositions=counts(entry.c.disposition),
                stories=connection.execute(
                    select(func.count()).select_from(story).where(story.c.opened_by_mention.is_(False))
                ).scalar_one(),
                deliveries=counts(delivery.c.state),
                next_poll_at=connection.execute(
                    select(func.min(feed.c.due_at)).where(feed.c.state.in_(("ok", "failing")))
                ).scalar_one(),
                oldest_waiting_at=connection.execute(
                    select(func.min(delivery.c.created_at)).where(delivery.c.state.in_(WAITING))
                ).scalar_one(),
                held=held(connection),
                trouble=open_episodes(connection),
            )

    def feeds(self) -> tuple[FeedView, ...]:
        """All feeds, by title."""
        with self._database.read() as connection:
            rows = connection.execute(select(feed).order_by(feed.c.title, feed.c.id)).all()
        names = FeedView.__dataclass_fields__
        views = (
            FeedView(feed_id=row.id, **{name: getattr(row, name) for name in names if name != "feed_id"})
            for row in rows
        )
        return tuple(replace(view, url=_shown(view.url), listed_url=_shown(view.listed_url)) for view in views)

    def polls(self, feed_id: str, limit: int = 30) -> tuple[PollView, ...]:
        """The last polls of a feed, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(poll).where(poll.c.feed_id == feed_id).order_by(poll.c.id.desc()).limit(limit)
            ).all()
        return tuple(PollView(**{name: getattr(row, name) for name in PollView.__dataclass_fields__}) for row in rows)

    def deliveries(self, states: tuple[str, ...] = (), limit: int = 200) -> tuple[Delivery, ...]:
        """Deliveries in some states (empty: all), newest first."""
        query = select(delivery).order_by(delivery.c.created_at.desc(), delivery.c.id).limit(limit)
        if states:
            query = query.where(delivery.c.state.in_(states))
        with self._database.read() as connection:
            return tuple(to_delivery(row) for row in connection.execute(query))

    def resting(self, now: datetime) -> tuple[TargetState, ...]:
        """The targets that are left alone for a while after failures, or switched off."""
        chosen = select(target).where(or_(target.c.open_until > now, target.c.disabled.is_(True)))
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(target.c.route, target.c.target)).all()
        return tuple(to_target(row) for row in rows)

    def attempts(self, delivery_id: str) -> tuple[tuple[int, datetime, str, str], ...]:
        """Number, start, result and answer of each attempt of a delivery."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(attempt.c.number, attempt.c.started_at, attempt.c.result, attempt.c.answer)
                .where(attempt.c.delivery_id == delivery_id)
                .order_by(attempt.c.id)
            )
            return tuple((row.number, row.started_at, row.result, row.answer) for row in rows)
