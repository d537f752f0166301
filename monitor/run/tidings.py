"""Messages beside the news: reminders of calls, merged stories, the end of a silence, what a removed route still waited for.
Each is made by the collecting step, in one transaction with its memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alert import calendar, drafts, notice
from monitor.alert.digest import Item
from monitor.alert.drafts import Draft
from monitor.alert.facts import Alert
from monitor.config import Channel, Route
from monitor.model import RouteMode, Told
from monitor.run import in_force
from monitor.run.collected import CollectWork, memory_of, plan
from monitor.run.match import Desk
from monitor.store import Store
from monitor.store.collecting import Collected, RouteWaits

MERGES_WITHIN = timedelta(days=7)  # older ones belong to a receiver that was added since
REMINDERS_EVERY = timedelta(minutes=1)  # they are due at full hours; no need to load calls at every look
ORPHANS_EVERY = timedelta(hours=1)  # routes are removed at a start or a reload, which look at once
OUTDATED_FOR = timedelta(minutes=1)  # a reload notes what is in force a moment after it is used


class Tidings:
    """Finds the first message of its kinds that is due; none of an absent route's own."""

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store, self._stories, self._people = store.collects, store.stories, store.people
        self._reminded_at: dict[str, datetime] = {}
        self.use(desk)

    def use(self, desk: Desk) -> None:
        """From the next message on tells by these routes (a reload)."""
        self._desk = desk
        self._orphans_at = datetime.min.replace(tzinfo=UTC)

    def of_route(self, route: Route, waits: RouteWaits, now: datetime) -> CollectWork | None:
        """A reminder or a merge that one route is owed."""
        return self._reminder(route, waits, now) or self._merge(route, waits, now)

    def for_operators(self, now: datetime) -> CollectWork | None:
        """What concerns no route of its own."""
        return self._ended_silence(now) or self._removed_route(now)

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
        """What a route that is not configured any more still waited for is listed to operators: nothing owed is lost. A
        machine that has not read the newest configuration knows not what is removed."""
        if now < self._orphans_at:
            return None
        if in_force.is_outdated(self._people, self._desk.routes):
            self._orphans_at = now + OUTDATED_FOR
            return None
        found = self._store.orphans([route.name for route in self._desk.routes])
        if not found:
            self._orphans_at = now + ORPHANS_EVERY
            return None
        removed = found[0].owed.route
        told = tuple(each for each in found if each.owed.route == removed)
        stories = self._stories.load({each.owed.story_id for each in told})
        items = [Item(each.owed, stories[each.owed.story_id]) for each in told if each.owed.story_id in stories]
        office, messages = self._desk.office, list[Draft]()
        for route in notice.health_routes(self._desk.routes):
            messages += notice.removed_drafts(removed, items, route, office, now)
        waits = self._store.waits(removed, now)
        value = Collected(removed, waits.memory, waits.memory, told=told, message_id=messages[0].message_id)
        return CollectWork(value, tuple(messages), "removed")

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
                plan(route, waits, memory_of(waits.memory)), new_told=(Told(owed, now, messages[0].message_id),)
            )
            return CollectWork(value, messages, "reminder")
        self._reminded_at[route.name] = now + REMINDERS_EVERY
        return None

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
        return CollectWork(replace(plan(route, waits, memory_of(waits.memory)), new_told=told), messages, "merged")
