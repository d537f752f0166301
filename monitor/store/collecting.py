"""What collecting messages need of the store: what waits for a digest, an overflow message, a return or a catch-up, and one
transaction that stores the message together with the memory of what it carries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from monitor.model import Decision, Delivery, DeliveryState, Pause, Silence, Story, Told
from monitor.store.articles import told_row
from monitor.store.engine import Database
from monitor.store.outbox import WAITING, insert_deliveries, to_delivery
from monitor.store.people import DigestState, to_silence
from monitor.store.statements import insert_new
from monitor.store.stories import load_stories
from monitor.store.tables import (
    action,
    delivery,
    delivery_story,
    feed,
    judgement,
    route_state,
    silence,
    story,
    told,
)
from monitor.store.told import to_told

DISMISS = "dismiss"  # the action of a person who wants no more reminders
MERGED = "merged"  # the change under which a merge is remembered


@dataclass(frozen=True, slots=True)
class RouteWaits:
    """What one route waits for: news without a message (and what was muted since the last digest), what it remembers of
    its digest, its absence."""

    told: tuple[Told, ...]
    memory: DigestState
    pause: Pause | None


@dataclass(frozen=True, slots=True)
class Collected:
    """A collecting message with everything that storing it changes. ``told`` are the news it carries, under
    ``message_id``; ``absorbed`` the deliveries that end in it; ``new_told`` memory that it makes itself (reminders);
    ``silence_id`` the silence whose end it reports."""

    route: str
    before: DigestState
    after: DigestState
    deliveries: tuple[Delivery, ...] = ()
    told: tuple[Told, ...] = ()
    message_id: str = ""
    absorbed: tuple[str, ...] = ()
    new_told: tuple[Told, ...] = ()
    silence_id: str = ""


class CollectStore:
    """See the module."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waits(self, route: str, now: datetime) -> RouteWaits:
        """Everything that waits on a route."""
        with self._database.read() as connection:
            state, pause = _state(connection, route, now)
            waiting = told.select().where(
                told.c.route == route, told.c.delivery_id == "", told.c.decision != Decision.SILENCED
            )
            rows = list(connection.execute(waiting.order_by(told.c.id)))
            if state.told_until is not None:
                muted = told.select().where(
                    told.c.route == route,
                    told.c.decision == Decision.SILENCED,
                    told.c.told_at > state.told_until,
                    told.c.told_at <= now,
                )
                rows += connection.execute(muted.order_by(told.c.id))
        return RouteWaits(tuple(to_told(row) for row in rows), state, pause)

    def orphans(self, routes: Collection[str]) -> tuple[Told, ...]:
        """What waits for a message of a route that is none of these, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(told)
                .where(told.c.delivery_id == "", told.c.decision != Decision.SILENCED, told.c.route.not_in(routes))
                .order_by(told.c.id)
            )
            return tuple(to_told(row) for row in rows)

    def unsent(self, route: str, before: datetime) -> tuple[tuple[Delivery, ...], dict[str, Story]]:
        """Deliveries of a route that were made before a moment and have not left, none of which may have arrived; and
        the stories that they tell."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(delivery)
                .where(
                    delivery.c.route == route,
                    delivery.c.state.in_(WAITING),
                    delivery.c.created_at <= before,
                    delivery.c.doubtful == 0,
                )
                .order_by(delivery.c.created_at, delivery.c.id)
            ).all()
            of: dict[str, list[str]] = {}
            for row in connection.execute(
                select(delivery_story)
                .where(delivery_story.c.delivery_id.in_([row.id for row in rows]))
                .order_by(delivery_story.c.delivery_id, delivery_story.c.position)
            ):
                of.setdefault(row.delivery_id, []).append(row.story_id)
            found = tuple(to_delivery(row, tuple(of.get(row.id, ()))) for row in rows)
            stories = load_stories(connection, {key for keys in of.values() for key in keys})
        return found, stories

    def told_by(self, route: str, story_ids: Sequence[str]) -> tuple[Told, ...]:
        """What a route was told of stories, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(told).where(told.c.route == route, told.c.story_id.in_(list(story_ids))).order_by(told.c.id)
            )
            return tuple(to_told(row) for row in rows)

    def calls(self, first: str, last: str) -> dict[str, Story]:
        """Open stories whose deadline (an ISO day) lies between two days, both included."""
        with self._database.read() as connection:
            ids = connection.execute(
                select(story.c.id).where(
                    story.c.state == "open", story.c.deadline >= first, story.c.deadline <= last, story.c.deadline != ""
                )
            ).scalars()
            return load_stories(connection, set(ids))

    def dismissed(self, story_ids: Collection[str]) -> frozenset[tuple[str, str]]:
        """Of which stories people want no more reminders: (story, route), an empty route for all."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(action.c.subject_id, action.c.detail).where(
                    action.c.kind == DISMISS, action.c.subject == "story", action.c.subject_id.in_(list(story_ids))
                )
            ).all()
        return frozenset((row.subject_id, row.detail) for row in rows)

    def merged(self, route: str, since: datetime) -> dict[str, Story]:
        """Stories that a route was told and that ended in another one since a moment, without its having heard of it."""
        heard = select(told.c.story_id).where(told.c.route == route, told.c.change == MERGED)
        reached = select(told.c.story_id).where(told.c.route == route, told.c.change == "", told.c.delivery_id != "")
        with self._database.read() as connection:
            ids = connection.execute(
                select(story.c.id).where(
                    story.c.state == "merged",
                    story.c.changed_at >= since,
                    story.c.id.in_(reached),
                    story.c.id.not_in(heard),
                )
            ).scalars()
            return load_stories(connection, set(ids))

    def work_done(self, since: datetime, until: datetime) -> tuple[int, int]:
        """Articles judged in a period, and feeds that were read in it: that the program runs."""
        with self._database.read() as connection:
            judged = select(func.count(judgement.c.entry_id.distinct())).where(
                judgement.c.judged_at > since, judgement.c.judged_at <= until
            )
            polled = select(func.count()).select_from(feed).where(feed.c.last_ok_at > since)
            return connection.execute(judged).scalar_one(), connection.execute(polled).scalar_one()

    def silences_between(self, since: datetime, until: datetime) -> tuple[tuple[Silence, int], ...]:
        """The silences that were in force at some time of a period, with how many news each muted in it."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(silence)
                .where(silence.c.created_at <= until, silence.c.until > since)
                .where((silence.c.ended_at.is_(None)) | (silence.c.ended_at > since))
                .order_by(silence.c.id)
            ).all()
            counts = connection.execute(
                select(told.c.detail, func.count())
                .where(told.c.decision == Decision.SILENCED, told.c.told_at > since, told.c.told_at <= until)
                .group_by(told.c.detail)
            ).all()
        counted: dict[str, int] = {row[0]: row[1] for row in counts}
        return tuple((to_silence(row), counted.get(str(row.id), 0)) for row in rows)

    def ended_silences(self, now: datetime) -> tuple[tuple[Silence, int], ...]:
        """The silences that ran out and were not reported, with how many news each muted in all."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(silence).where(silence.c.until <= now, silence.c.ended_at.is_(None)).order_by(silence.c.id)
            ).all()
            counts = connection.execute(
                select(told.c.detail, func.count())
                .where(told.c.decision == Decision.SILENCED, told.c.detail.in_([str(row.id) for row in rows]))
                .group_by(told.c.detail)
            ).all()
        counted: dict[str, int] = {row[0]: row[1] for row in counts}
        return tuple((to_silence(row), counted.get(str(row.id), 0)) for row in rows)

    def commit(self, value: Collected, now: datetime) -> bool:
        """Stores a message, or nothing when anything that it rests on moved since: another machine was first, a delivery
        left after all. Then it is collected anew."""
        try:
            with self._database.write() as connection:
                self._database.exclusive(connection, "coopwatch collect")
                self._commit(connection, value, now)
        except _MovedOnError:
            return False
        return True

    def _commit(self, connection: Connection, value: Collected, now: datetime) -> None:
        state, _ = _state(connection, value.route, now)
        if state != value.before:
            raise _MovedOnError
        for each in value.told:
            if each.owed.decision is Decision.SILENCED:
                continue  # mentioned in the digest, but stays muted
            done = connection.execute(
                update(told)
                .where(
                    told.c.story_id == each.owed.story_id,
                    told.c.route == each.owed.route,
                    told.c.stage == each.owed.stage,
                    told.c.change == each.owed.change,
                    told.c.delivery_id == "",
                )
                .values(delivery_id=value.message_id)
            )
            if not done.rowcount:
                raise _MovedOnError
        for key in value.absorbed:
            done = connection.execute(
                update(delivery)
                .where(delivery.c.id == key, delivery.c.state.in_(WAITING))
                .values(state=DeliveryState.DIGESTED, ended_at=now, reason=f"told in {value.message_id}")
            )
            if not done.rowcount:
                raise _MovedOnError
        if value.silence_id:
            done = connection.execute(
                update(silence)
                .where(silence.c.id == int(value.silence_id), silence.c.ended_at.is_(None))
                .values(ended_at=silence.c.until)
            )
            if not done.rowcount:
                raise _MovedOnError
        insert_new(connection, told, [told_row(each) for each in value.new_told])
        insert_deliveries(connection, value.deliveries)
        after = value.after
        insert_new(connection, route_state, [{"route": value.route, "paused_to": "", "paused_by": "", "body": ""}])
        connection.execute(
            update(route_state)
            .where(route_state.c.route == value.route)
            .values(digest_due_at=after.due_at, digest_from_at=after.told_until, body=after.body)
        )


class _MovedOnError(Exception):
    """What a message rests on changed: its transaction is rolled back. Never leaves this module."""


def _state(connection: Connection, route: str, now: datetime) -> tuple[DigestState, Pause | None]:
    row = connection.execute(select(route_state).where(route_state.c.route == route)).first()
    if row is None:
        return DigestState(route), None
    pause = None
    if row.paused_until is not None and row.paused_until > now:
        pause = Pause(route, row.paused_since_at, row.paused_until, row.paused_to, row.paused_by)
    return DigestState(route, row.digest_due_at, row.digest_from_at, row.body), pause
