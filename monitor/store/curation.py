"""What people change by hand: stories rewritten whole, deliveries sent again, feeds paused, and the line in the table of
actions that says who did it and why. Each call is one transaction; what to write is decided by the caller's pure function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from monitor.errors import ConfigError
from monitor.model import DeliveryState, FeedState, Story
from monitor.store.engine import Database
from monitor.store.statements import chunks
from monitor.store.stories import load_stories, save_story
from monitor.store.tables import action, delivery, entry, feed, judgement, report, silence, story, story_tag, target


@dataclass(frozen=True, slots=True)
class Action:
    """What a person did; ``detail`` is plain words that begin with the verdict, label or target where there is one."""

    actor: str
    kind: str
    subject: str
    subject_id: str
    detail: str = ""


# (story, its keys) of every story that changes
Rewritten = Sequence[tuple[Story, Collection[str]]]


class CurationStore:
    """The writing side of the operators' page and commands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rewrite(
        self, ids: Collection[str], decide: Callable[[Mapping[str, Story]], Rewritten], done: Action, now: datetime
    ) -> None:
        """Loads stories, lets ``decide`` say what becomes of them, stores that and the action. Raises ConfigError for an
        unknown story, and whatever ``decide`` raises: then nothing is changed."""
        with self._database.write() as connection:
            self._database.exclusive(connection, "coopwatch match commit")  # judging adds reports under the same lock
            found = load_stories(connection, ids)
            for story_id in ids:
                if story_id not in found:
                    raise ConfigError(f"there is no story {story_id!r}")
            for value, keys in decide(found):
                _replace(connection, value, keys, now, known=value.id in found)
            _note(connection, done, now)

    def note(self, done: Action, now: datetime) -> None:
        """Appends an action that changes nothing else."""
        with self._database.write() as connection:
            _note(connection, done, now)

    def end_silence(self, silence_id: int, done: Action, now: datetime) -> None:
        """Ends a silence early. Raises ConfigError where none is in force under this number."""
        with self._database.write() as connection:
            ended = connection.execute(
                update(silence).where(silence.c.id == silence_id, silence.c.ended_at.is_(None)).values(ended_at=now)
            )
            if not ended.rowcount:
                raise ConfigError(f"there is no silence {silence_id} in force")
            _note(connection, done, now)

    def replay(self, delivery_ids: Collection[str], done: Action, now: datetime, *, also_sent: bool = False) -> int:
        """Queues parked deliveries again, under their old ids and with their old bytes; a disabled target is enabled. Returns
        how many were queued. Others are left alone, unless ``also_sent``: then those that arrived go again too (a receiver
        that lost its memory asks for it). What could not be rendered has no bytes to send."""
        again = (DeliveryState.DEAD, DeliveryState.SENT) if also_sent else (DeliveryState.DEAD,)
        with self._database.write() as connection:
            parked = _chosen(connection, delivery_ids, delivery.c.state.in_(again), func.length(delivery.c.body) > 0)
            for row in parked:
                connection.execute(
                    update(delivery)
                    .where(delivery.c.id == row.id)
                    .values(
                        state=DeliveryState.QUEUED,
                        due_at=now,
                        ended_at=None,
                        attempts=0,
                        reason="replayed",
                        replays=delivery.c.replays + 1,
                    )
                )
                connection.execute(
                    update(target)
                    .where(target.c.route == row.route, target.c.target == row.target)
                    .values(disabled=False, failures=0, open_until=None, changed_at=now)
                )
            if parked:
                _note(connection, done, now)
            return len(parked)

    def hasten(self, delivery_ids: Collection[str], done: Action, now: datetime) -> int:
        """Makes waiting deliveries due at once and ends their targets' rest after failures: the other side was mended. How
        often they were tried stays. Returns how many there were."""
        with self._database.write() as connection:
            waiting = _chosen(connection, delivery_ids, delivery.c.state == DeliveryState.RETRY)
            for row in waiting:
                connection.execute(update(delivery).where(delivery.c.id == row.id).values(due_at=now))
            for route, name in {(row.route, row.target) for row in waiting}:
                rested = (target.c.route == route, target.c.target == name)
                connection.execute(update(target).where(*rested).values(open_until=None, changed_at=now))
            if waiting:
                _note(connection, done, now)
            return len(waiting)

    def set_feed(self, feed_id: str, state: FeedState, reason: str, done: Action, now: datetime) -> None:
        """Pauses or resumes a feed; a resumed one is due at once. Raises ConfigError for an unknown feed."""
        with self._database.write() as connection:
            changed = connection.execute(
                update(feed).where(feed.c.id == feed_id).values(state=state, reason=reason, due_at=now)
            )
            if not changed.rowcount:
                raise ConfigError(f"there is no feed {feed_id!r}")
            _note(connection, done, now)

    def quiet_articles(self, since: datetime, most: int) -> tuple[int, ...]:
        """The entries of articles that were judged since a moment and did not alert, oldest first: what a sample is drawn
        from."""
        alerting = select(judgement.c.entry_id).where(judgement.c.alert.is_(True))
        with self._database.read() as connection:
            rows = connection.execute(
                select(entry.c.id)
                .join(judgement, judgement.c.entry_id == entry.c.id)
                .where(judgement.c.judged_at >= since, entry.c.id.not_in(alerting))
                .distinct()
                .order_by(entry.c.id)
                .limit(most)
            )
            return tuple(rows.scalars())

    def opened_since(self, since: datetime) -> tuple[str, ...]:
        """The ids of the stories that opened since a moment."""
        with self._database.read() as connection:
            return tuple(connection.execute(select(story.c.id).where(story.c.opened_at >= since)).scalars())

    def judged_right(self) -> frozenset[str]:
        """The ids of the stories that a person called right, and nobody called otherwise later."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(action.c.subject_id, action.c.detail).where(action.c.kind == "judge").order_by(action.c.id)
            )
            last = {row.subject_id: row.detail for row in rows}
        return frozenset(story_id for story_id, detail in last.items() if detail.startswith("right"))


def _replace(connection: Connection, value: Story, keys: Collection[str], now: datetime, *, known: bool) -> None:
    if known:
        connection.execute(delete(report).where(report.c.story_id == value.id))
        connection.execute(delete(story_tag).where(story_tag.c.story_id == value.id))
    elif connection.execute(select(func.count()).select_from(report).where(report.c.story_id == value.id)).scalar_one():
        raise ConfigError(f"story {value.id} exists already")
    save_story(connection, value, keys, now, known=known, added=value.reports)


def _note(connection: Connection, done: Action, now: datetime) -> None:
    connection.execute(
        action.insert().values(
            done_at=now,
            actor=done.actor,
            kind=done.kind,
            subject=done.subject,
            subject_id=done.subject_id,
            detail=done.detail,
        )
    )


def _chosen(connection: Connection, ids: Collection[str], *conditions: ColumnElement[bool]) -> list[Any]:
    """Id, route and target of those deliveries that meet the conditions."""
    wanted = select(delivery.c.id, delivery.c.route, delivery.c.target).where(*conditions)
    found = [connection.execute(wanted.where(delivery.c.id.in_(chunk))).all() for chunk in chunks(ids)]
    return [row for rows in found for row in rows]
