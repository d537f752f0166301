"""The step that collects what waits into one message: digests at their time, what went over an hourly cap, what a pause
held, old alerts after an outage; and what ``tidings`` finds. What is due is decided by monitor.alert; the message and the memory
of what it carries are stored in one transaction, so that a kill in between sends it once or not yet."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.alert import collect, drafts
from monitor.alert.collect import Collapse, Collection, RouteMemory, Waiting
from monitor.alert.digest import Alive, Item, Kind, Period
from monitor.alert.report.message import report_drafts
from monitor.config import Channel, DeliverySettings, Route
from monitor.model import Decision, Owed, RouteMode, Story, Told, Why
from monitor.run import reports
from monitor.run.collected import CollectWork, memory_of, plan
from monitor.run.failpoints import failpoint
from monitor.run.match import Desk
from monitor.run.rendered import rendered
from monitor.run.step import Counts
from monitor.run.tidings import Tidings
from monitor.store import Store
from monitor.store.collecting import RouteWaits

logger = logging.getLogger(__name__)


class CollectStep:
    """See ``monitor.run.step.Step``. ``once`` lets what went over a cap wait for its end (``hold``) and no longer
    (``finish``)."""

    name = "collect"
    concurrency = 1

    def __init__(self, store: Store, desk: Desk, settings: DeliverySettings) -> None:
        self._store, self._stories, self._desk, self._settings = store.collects, store.stories, desk, settings
        self._whole = store
        self._is_held, self._is_last = False, False
        self._tidings = Tidings(store, desk)

    def use(self, desk: Desk) -> None:
        """From the next message on tells by these routes (a reload)."""
        self._desk = desk
        self._tidings.use(desk)

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
        rest = self._tidings.for_operators(now)
        return () if rest is None else (rest,)

    async def act(self, work: CollectWork) -> CollectWork:
        return work

    def commit(self, results: Sequence[CollectWork], now: datetime) -> Counts:
        counts: Counter[str] = Counter()
        for work in results:
            made = tuple(rendered(draft, now) for draft in work.drafts)
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

    def wakes(self, counts: Counts) -> tuple[str, ...]:
        return ("deliver",) if counts else ()

    def _due(self, route: Route, now: datetime) -> CollectWork | None:
        """The first thing that is due on a route."""
        waits = self._store.waits(route.name, now)
        left = collect.left_behind(Waiting(route, memory_of(waits.memory), self._ready(waits), waits.pause), now)
        if left is not None:
            return self._message(route, waits, left, memory_of(waits.memory), now)
        if route.mode is RouteMode.HEALTH:
            return None
        if route.mode is RouteMode.REPORT:
            return self._report(route, waits, now)
        return (
            self._collection(route, waits, now)
            or self._catch_up(route, waits, now)
            or self._tidings.of_route(route, waits, now)
        )

    # ------------------------------------------------------------------------------ digest, overflow, return

    def _collection(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        memory = memory_of(waits.memory)
        waiting = Waiting(route, memory, self._ready(waits), waits.pause, self._is_last)
        found, after = collect.due(waiting, now)
        if not found:
            return None if after == memory else CollectWork(plan(route, waits, after))
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
        value = replace(plan(route, waits, after), told=found.told, message_id=messages[0].message_id)
        return CollectWork(value, messages, found.kind.value)

    def _report(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        """A report is due at the same times as a digest; what stands in it is asked of the store, not of the outbox."""
        memory = memory_of(waits.memory)
        found, after = collect.due(Waiting(route, memory, (), waits.pause), now)
        if not found:
            return None if after == memory else CollectWork(plan(route, waits, after))
        first, words = found[0], self._desk.office.lexicon[route.language]
        messages = report_drafts(
            lambda: reports.of_route(self._whole, route, words, first.since, first.until),
            route,
            self._desk.office,
            now,
            first.key,
        )
        value = replace(plan(route, waits, after), message_id=messages[0].message_id)
        return CollectWork(value, messages, "report")

    def _ready(self, waits: RouteWaits) -> tuple[Told, ...]:
        return tuple(each for each in waits.told if not (self._is_held and each.owed.decision is Decision.HELD))

    def _period(self, found: Collection) -> Period:
        stories = self._stories.load({each.owed.story_id for each in found.told})
        items = tuple(
            Item(each.owed, stories[each.owed.story_id]) for each in found.told if each.owed.story_id in stories
        )
        # what a person called wrong while it waited is no news any more; a digest may say that nothing is
        right = tuple(item for item in items if item.story.state != "wrong")
        if found.kind is not Kind.DIGEST:
            return Period(found.since, found.until, right or items)
        period = Period(found.since, found.until, right)
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
            plan(route, waits, memory_of(waits.memory)), absorbed=absorbed, message_id=messages[0].message_id
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


def _unknown(route: Route, story: Story) -> Owed:
    """News of which nothing is remembered but its delivery."""
    return Owed(route.name, story.id, story.stage, "", Decision.IMMEDIATE, Why.NEW)
