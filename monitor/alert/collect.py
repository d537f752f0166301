"""When what waits is collected into one message: a digest at its time, the overflow of an hour, what a pause held at its
end, old alerts after an outage. Pure; the step that uses it stores each collection in one transaction with the memory
of what it carries, so that a kill in between sends it once or not yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alert import calendar
from monitor.alert.digest import Kind
from monitor.config import Channel, Route
from monitor.model import Decision, Delivery, DeliveryState, EventType, Pause, RouteMode, Told

# The first held alert waits this long for those behind it, unless nothing more is coming (`once`).
OVERFLOW_WAIT = timedelta(minutes=2)
OVERFLOW_EVERY = timedelta(hours=1)
_TOLD_AT_ONCE = frozenset({EventType.STORY_NEW, EventType.STORY_UPDATED})
# What no message of a mode carries: it waits there only when the mode was changed.
_LINES = (Decision.DIGEST, Decision.NEAR)
_EVERYTHING = (*_LINES, Decision.HELD, Decision.PAUSED)
_LEFT_BEHIND: Mapping[RouteMode, tuple[Decision, ...]] = {
    RouteMode.IMMEDIATE: _LINES,
    RouteMode.DIGEST: (),
    RouteMode.REPORT: _EVERYTHING,
    RouteMode.HEALTH: _EVERYTHING,
}
_WAITING = frozenset({DeliveryState.QUEUED, DeliveryState.RETRY})


@dataclass(frozen=True, slots=True)
class RouteMemory:
    """What a route remembers between its collecting messages."""

    digest_due_at: datetime | None = None
    digest_from_at: datetime | None = None
    overflow_at: datetime | None = None  # the last overflow message


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits on one route: news without a message, oldest first, and its absence. ``is_idle``: no article is about
    to be judged."""

    route: Route
    memory: RouteMemory
    told: tuple[Told, ...] = ()
    pause: Pause | None = None
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """One message to make now: what it collects, since when, and the key that tells it from others of its kind."""

    kind: Kind
    key: str
    since: datetime
    until: datetime
    told: tuple[Told, ...]


def due(waiting: Waiting, now: datetime) -> tuple[tuple[Collection, ...], RouteMemory]:
    """The messages that are due on a route, and what it remembers afterwards. An absent route gets none."""
    memory, found = waiting.memory, []
    if waiting.route.mode in (RouteMode.DIGEST, RouteMode.REPORT):
        collection, memory = _digest(waiting, now)
        found += [collection] if collection else []
    else:  # a digest that is made one again is first due at its next time
        memory = replace(memory, digest_due_at=None, digest_from_at=None)
    if waiting.pause is not None and waiting.pause.until > now:
        return tuple(found), memory
    returned = _chosen(waiting, Decision.PAUSED)
    if returned:
        found.append(Collection(Kind.RETURN, _key(returned), returned[0].told_at, now, returned))
    held = _chosen(waiting, Decision.HELD)
    if held and _overflow_is_due(held[0].told_at, waiting, now):
        found.append(Collection(Kind.OVERFLOW, _key(held), held[0].told_at, now, held))
        memory = replace(memory, overflow_at=now)
    return tuple(found), memory


def left_behind(waiting: Waiting, now: datetime) -> Collection | None:
    """What waits on a route that has no message of that kind any more, since its mode was changed: one last digest tells
    it. An absent route gets it at its return."""
    lines = _chosen(waiting, *_LEFT_BEHIND[waiting.route.mode])
    if not lines or (waiting.pause is not None and waiting.pause.until > now):
        return None
    since = waiting.memory.digest_from_at or lines[0].told_at
    return Collection(Kind.DIGEST, f"last:{_key(lines)}", since, now, lines)


def _digest(waiting: Waiting, now: datetime) -> tuple[Collection | None, RouteMemory]:
    """A new digest is first due at its next time; one that was slept through comes once, with all that waits; one that
    falls into an absence waits for the next."""
    route, memory = waiting.route, waiting.memory
    zone = ZoneInfo(route.timezone)
    due_at = memory.digest_due_at
    if due_at is None:
        first = calendar.next_due(route.at, route.days, zone, now)
        return None, replace(memory, digest_due_at=first, digest_from_at=now)
    if due_at > now:
        return None, memory
    following = replace(memory, digest_due_at=calendar.next_due(route.at, route.days, zone, now))
    if waiting.pause is not None and waiting.pause.until > now:
        return None, following
    told = _chosen(waiting, Decision.DIGEST, Decision.NEAR, Decision.SILENCED)
    since = memory.digest_from_at or due_at
    collection = Collection(Kind.DIGEST, due_at.isoformat(), since, now, told)
    return collection, replace(following, digest_from_at=now)


def _chosen(waiting: Waiting, *decisions: Decision) -> tuple[Told, ...]:
    """What waits for one of these reasons, oldest first."""
    found = (each for each in waiting.told if each.owed.decision in decisions)
    return tuple(sorted(found, key=lambda each: each.told_at))


def _overflow_is_due(oldest_at: datetime, waiting: Waiting, now: datetime) -> bool:
    last = waiting.memory.overflow_at
    if last is not None and now - last < OVERFLOW_EVERY:
        return False
    return waiting.is_idle or now - oldest_at >= OVERFLOW_WAIT


def _key(told: Iterable[Told]) -> str:
    """The same collection made twice has the same key; the next one has another."""
    return min(f"{each.owed.story_id}/{each.owed.stage}/{each.owed.change}" for each in told)


@dataclass(frozen=True, slots=True)
class Collapse:
    """Old unsent alerts to one mailbox that become one catch-up mail; they end as digested."""

    target: str
    deliveries: tuple[Delivery, ...]

    @property
    def key(self) -> str:
        return f"{self.target}|{self.deliveries[0].id}|{len(self.deliveries)}"

    @property
    def story_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(story_id for each in self.deliveries for story_id in each.story_ids))


def collapses(route: Route, deliveries: Iterable[Delivery], after_s: float, now: datetime) -> tuple[Collapse, ...]:
    """Which waiting alerts of a mail route are old enough (``after_s``) to be told in one catch-up mail per mailbox: two
    at least. Catch-up mails that could not leave either are taken up into the next. Webhooks all arrive, so they never
    collapse; neither may ``deliveries`` hold one whose answer was lost: it may have arrived, and goes again as it is."""
    if route.channel is not Channel.EMAIL:
        return ()
    oldest = now - timedelta(seconds=after_s)
    # what an immediate route collects is an earlier catch-up, an overflow, a return: they join; a digest keeps its time
    collapsible = _TOLD_AT_ONCE | ({EventType.DIGEST} if route.mode is RouteMode.IMMEDIATE else set())
    by_target: dict[str, list[Delivery]] = {}
    for each in sorted(deliveries, key=lambda each: (each.created_at, each.id)):
        if each.event in collapsible and each.state in _WAITING and each.created_at <= oldest:
            by_target.setdefault(each.target, []).append(each)
    return tuple(Collapse(target, tuple(each)) for target, each in by_target.items() if len(each) > 1)


def catch_up(rendered: Delivery, collapse: Collapse) -> Delivery:
    """The catch-up mail as the outbox keeps it: as old as the oldest alert in it, so that a longer outage ends with one
    mail too."""
    return replace(rendered, created_at=collapse.deliveries[0].created_at)
