"""The step that collects what waits into one message: digests at their time, what went over an hourly cap, what a pause
held, old alerts after an outage, reminders of calls. What is due is decided by monitor.alert; the message and the memory of
what it carries are stored in one transaction, so that a kill in between sends it once or not yet."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alert import calendar, collect, drafts, notice
from monitor.alert.collect import Collapse, Collection, RouteMemory, Waiting
from monitor.alert.digest import Alive, Item, Kind, Period
from monitor.alert.drafts import Draft
from monitor.alert.facts import Alert
from monitor.alert.report.message import report_drafts
from monitor.config import Channel, DeliverySettings, Route
from monitor.model import Decision, Delivery, Owed, RouteMode, Story, Told, Why
from monitor.run import reports
from monitor.run.failpoints import failpoint
from monitor.run.guard import tried
from monitor.run.match import Desk
from monitor.run.step import Counts
from monitor.store import Store
from monitor.store.collecting import Collected, RouteWaits
from monitor.store.people import DigestState

logger = logging.getLogger(__name__)

MERGES_WITHIN = timedelta(days=7)  # older ones belong to a receiver that was added since
REMINDERS_EVERY = timedelta(minutes=1)  # they are due at full hours; no need to load calls at every look
ORPHANS_EVERY = timedelta(hours=1)  # routes are removed at a start or a reload, which look at once


@dataclass(frozen=True, slots=True)
class CollectWork:
    """One message to make, or with no drafts a memory to keep (a new digest's first due time)."""

    value: Collected
    drafts: tuple[Draft, ...] = ()
    kind: str = ""
    collapse: Collapse | None = None


class CollectStep:
    """See ``monitor.run.step.Step``. ``once`` lets what went over a cap wait for its end (``hold``) and no longer
    (``finish``)."""

    name = "collect"
    concurrency = 1

    def __init__(self, store: Store, desk: Desk, settings: DeliverySettings) -> None:
        self._store, self._stories, self._desk, self._settings = store.collects, store.stories, desk, settings
        self._whole = store
        self._is_held, self._is_last = False, False
        self._reminded_at: dict[str, datetime] = {}
        self._orphans_at = datetime.min.replace(tzinfo=UTC)

    def use(self, desk: Desk) -> None:
        """From the next message on tells by these routes (a reload)."""
        self._desk = desk
        self._orphans_at = datetime.min.replace(tzinfo=UTC)

    def hold(self) -> None:
        """More is coming: what goes over a cap waits."""
        self._is_held, self._is_last = True, False

    def finish(self) -> None:
        """Nothing more is coming: what went over a cap may go."""
        self._is_held, self._is_last = False, True

    def claim(self, now: datetime, limit: int) -> Sequence[CollectWork]:
        for route in self._desk.routes:
            work = self._due(route, now)
            if work is not None:
                return (work,)
        rest = self._ended_silence(now) or self._removed_route(now)
        return () if rest is None else (rest,)

    async def act(self, work: CollectWork) -> CollectWork:
        return work

    def commit(self, results: Sequence[CollectWork], now: datetime) -> Counts:
        counts: Counter[str] = Counter()
        for work in results:
            made = tuple(_rendered(draft, now) for draft in work.drafts)
            if work.collapse is not None:
                made = tuple(collect.catch_up(each, work.collapse) for each in made)
            failpoint("digest.rendered")
            if self._store.commit(replace(work.value, deliveries=made), now):
                failpoint("digest.committed")
                counts[work.kind or "planned"] += 1
                if work.kind:
                    logger.info(
                        "collected kind=%s route=%s news=%s deliveries=%s",
                        work.kind,
                        work.value.route,
                        len(work.value.told) or len(work.value.absorbed),
                        len(made),
                    )
        return counts

    def _due(self, route: Route, now: datetime) -> CollectWork | None:
        """The first thing that is due on a route."""
        waits = self._store.waits(route.name, now)
        left = collect.left_behind(Waiting(route, _memory(waits.memory), self._ready(waits), waits.pause), now)
        if left is not None:
            return self._message(route, waits, left, _memory(waits.memory), now)
        if route.mode is RouteMode.HEALTH:
            return None
        if route.mode is RouteMode.REPORT:
            return self._report(route, waits, now)
        return (
            self._collection(route, waits, now)
            or self._catch_up(route, waits, now)
            or self._reminder(route, waits, now)
            or self._merge(route, waits, now)
        )

    def _ended_silence(self, now: datetime) -> CollectWork | None:
        """The end of a silence is told to operators: nobody should wonder why alerts come again, or why none did."""
        found = next(iter(self._store.ended_silences(now)), None)
        if found is None:
            return None
        silence, muted = found
        office, messages = self._desk.office, list[Draft]()
        for route in notice.health_routes(self._desk.routes):
            title, text = notice.silence_end(silence, muted, office.reader(route))
            messages += notice.health_drafts(title, text, route, office, now, f"silence|{silence.id}")
        first = self._desk.routes[0].name
        waits = self._store.waits(first, now)
        value = Collected(first, waits.memory, waits.memory, silence_id=silence.id)
        return CollectWork(value, tuple(messages), "silence_end")

    def _removed_route(self, now: datetime) -> CollectWork | None:
        """What a route that is not configured any more still waited for is listed to operators: nothing owed is lost."""
        if now < self._orphans_at:
            return None
        found = self._store.orphans([route.name for route in self._desk.routes])
        if not found:
            self._orphans_at = now + ORPHANS_EVERY
            return None
        removed = found[0].owed.route
        told = tuple(each for each in found if each.owed.route == removed)
        period = self._period(Collection(Kind.RETURN, "", told[0].told_at, now, told))
        office, messages = self._desk.office, list[Draft]()
        for route in notice.health_routes(self._desk.routes):
            messages += notice.removed_drafts(removed, period.items, route, office, now)
        waits = self._store.waits(removed, now)
        value = Collected(removed, waits.memory, waits.memory, told=told, message_id=messages[0].message_id)
        return CollectWork(value, tuple(messages), "removed")

    # ------------------------------------------------------------------------------ digest, overflow, return

    def _collection(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        memory = _memory(waits.memory)
        waiting = Waiting(route, memory, self._ready(waits), waits.pause, self._is_last)
        found, after = collect.due(waiting, now)
        if not found:
            return None if after == memory else CollectWork(_plan(route, waits, after))
        # one message at a time: the memory of the others is made when their turn comes
        first = found[0]
        after = after if first.kind in (Kind.DIGEST, Kind.OVERFLOW) else memory
        return self._message(route, waits, first, after, now)

    def _message(
        self, route: Route, waits: RouteWaits, found: Collection, after: RouteMemory, now: datetime
    ) -> CollectWork:
        """The message that carries a collection."""
        period = self._period(found)
        messages = drafts.collected_drafts(found.kind, period, route, self._desk.office, now, found.key)
        value = replace(_plan(route, waits, after), told=found.told, message_id=messages[0].message_id)
        return CollectWork(value, messages, found.kind.value)

    def _report(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        """A report is due at the same times as a digest; what stands in it is asked of the store, not of the outbox."""
        memory = _memory(waits.memory)
        found, after = collect.due(Waiting(route, memory, (), waits.pause), now)
        if not found:
            return None if after == memory else CollectWork(_plan(route, waits, after))
        first, words = found[0], self._desk.office.lexicon[route.language]
        messages = report_drafts(
            lambda: reports.of_route(self._whole, route, words, first.since, first.until),
            route,
            self._desk.office,
            now,
            first.key,
        )
        value = replace(_plan(route, waits, after), message_id=messages[0].message_id)
        return CollectWork(value, messages, "report")

    def _ready(self, waits: RouteWaits) -> tuple[Told, ...]:
        return tuple(each for each in waits.told if not (self._is_held and each.owed.decision is Decision.HELD))

    def _period(self, found: Collection) -> Period:
        stories = self._stories.load({each.owed.story_id for each in found.told})
        items = tuple(
            Item(each.owed, stories[each.owed.story_id]) for each in found.told if each.owed.story_id in stories
        )
        period = Period(found.since, found.until, items)
        if found.kind is not Kind.DIGEST:
            return period
        articles, feeds = self._store.work_done(found.since, found.until)
        silences = self._store.silences_between(found.since, found.until)
        return replace(period, silences=silences, alive=Alive(articles, feeds))

    # ------------------------------------------------------------------------------ catch-up

    def _catch_up(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        """Old unsent alerts of a mailbox become one mail. Nothing of an absent route: its return comes first."""
        if route.channel is not Channel.EMAIL:
            return None
        after_s = self._settings.catch_up_after_s
        unsent, stories = self._store.unsent(route.name, now - timedelta(seconds=after_s))
        found = next(iter(collect.collapses(route, unsent, after_s, now)), None)
        if found is None:
            return None
        items = self._caught_up(route, found, stories)
        period = Period(found.deliveries[0].created_at, now, items)
        messages = drafts.collected_drafts(
            Kind.CATCHUP, period, route, self._desk.office, now, found.key, only=found.target
        )
        absorbed = tuple(each.id for each in found.deliveries)
        value = replace(
            _plan(route, waits, _memory(waits.memory)), absorbed=absorbed, message_id=messages[0].message_id
        )
        return CollectWork(value, messages, Kind.CATCHUP.value, found)

    def _caught_up(self, route: Route, found: Collapse, stories: dict[str, Story]) -> tuple[Item, ...]:
        told = {each.owed.story_id: each.owed for each in self._store.told_by(route.name, found.story_ids)}
        return tuple(
            Item(
                replace(told[key], decision=Decision.IMMEDIATE) if key in told else _unknown(route, stories[key]),
                stories[key],
            )
            for key in found.story_ids
            if key in stories
        )

    # ------------------------------------------------------------------------------ reminders

    def _reminder(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        """One reminder of a call that this route was told and that closes soon."""
        if not route.reminders or waits.pause is not None or now < self._reminded_at.get(route.name, now):
            return None
        zone = ZoneInfo(route.timezone)
        today = now.astimezone(zone).date()
        last = today + timedelta(days=max(calendar.REMINDER_DAYS))
        calls = self._store.calls(today.isoformat(), last.isoformat())
        told = self._store.told_by(route.name, list(calls)) if calls else ()
        dismissed = self._store.dismissed(calls) if calls else frozenset()
        for key, story in sorted(calls.items()):
            if (key, "") in dismissed or (key, route.name) in dismissed:
                continue
            mine = [each for each in told if each.owed.story_id == key]
            days = notice.reminder_days(story, route, mine, now)
            if days is None:
                continue
            messages = notice.reminder_drafts(story, days, route, self._desk.office, now)
            owed = notice.reminder_owed(story, route, days)
            value = replace(
                _plan(route, waits, _memory(waits.memory)), new_told=(Told(owed, now, messages[0].message_id),)
            )
            return CollectWork(value, messages, "reminder")
        self._reminded_at[route.name] = now + REMINDERS_EVERY
        return None

    # ------------------------------------------------------------------------------ merges

    def _merge(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        """An endpoint that was told a story hears that it ended in another one, and a digest gets a line. People get no
        mail for it: one of them did it, and nothing happened between the parties."""
        if route.channel is not Channel.WEBHOOK and route.mode is not RouteMode.DIGEST:
            return None
        closed = next(iter(self._store.merged(route.name, now - MERGES_WITHIN).values()), None)
        if closed is None or not closed.reports:
            return None
        change, owed = drafts.merge_of(closed, route)
        alert = Alert((change,), {})
        messages = drafts.alert_drafts(alert, (owed,), (route,), (), self._desk.office, now)
        told = drafts.remember((owed,), messages, now)
        return CollectWork(replace(_plan(route, waits, _memory(waits.memory)), new_told=told), messages, "merged")


def _plan(route: Route, waits: RouteWaits, after: RouteMemory) -> Collected:
    body = json.dumps({"overflow_at": after.overflow_at.isoformat()}) if after.overflow_at else ""
    state = DigestState(route.name, after.digest_due_at, after.digest_from_at, body)
    return Collected(route.name, waits.memory, state)


def _memory(state: DigestState) -> RouteMemory:
    kept = json.loads(state.body) if state.body else {}
    at = kept.get("overflow_at")
    return RouteMemory(state.due_at, state.told_until, datetime.fromisoformat(at).astimezone(UTC) if at else None)


def _unknown(route: Route, story: Story) -> Owed:
    """News of which nothing is remembered but its delivery."""
    return Owed(route.name, story.id, story.stage, "", Decision.IMMEDIATE, Why.NEW)


def _rendered(draft: Draft, now: datetime) -> Delivery:
    parked: Callable[[str], Delivery] = lambda fault: draft.parked(now, f"cannot be rendered: {fault}")  # noqa: E731
    return tried(lambda: draft.render(now), f"message {draft.delivery_id}", parked)
