"""What is known of the service at one moment, and what is wrong with it. Pure; the facts are gathered by the runner.

Limits are those that operators of feed readers and alert systems ask for: one mail when nothing is polled, one when many
feeds fail at once, never one for each feed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

LATE_AFTER = timedelta(minutes=30)  # polls and deliveries; [watch] late_after
MANY_FEEDS_SHARE = 0.3
MANY_FEEDS_LEAST = 5  # three of four feeds on a desk is not an outage of the network
FEED_FAILING_AFTER = timedelta(hours=24)
DISK_FREE_LEAST_BYTES = 500_000_000
DISK_FREE_LEAST_SHARE = 0.05
CANARY_LATE_AFTER = timedelta(hours=26)  # it runs once a day; two hours for a busy line
FEW_LEAST_EXPECTED = 8.0  # below this many a week, a quiet week is chance
FEW_SHARE = 0.3  # of the usual week
SILENT_LEAST = timedelta(days=7)
SILENT_GAPS = 5  # times the usual time between two new entries
STALE_AFTER = timedelta(days=365)  # a feed that serves items of other years as its newest is a zombie


class HealthKind(StrEnum):
    NOTHING_POLLED = "nothing_polled"
    MANY_FEEDS_FAILING = "many_feeds_failing"
    FEED_FAILING = "feed_failing"
    FEED_GONE = "feed_gone"
    FEED_SILENT = "feed_silent"
    FEED_STALE = "feed_stale"
    OUTBOX_OLD = "outbox_old"
    DEAD_LETTERS = "dead_letters"
    TARGET_DISABLED = "target_disabled"
    TARGET_FAILING = "target_failing"
    DISK_FILLING = "disk_filling"
    RULES_REFUSED = "rules_refused"
    RULES_EXAMPLES = "rules_examples"
    FEW_ANNOUNCEMENTS = "few_announcements"
    CANARY_LOST = "canary_lost"
    ACCOUNTING = "accounting"
    CLOCK_JUMPED = "clock_jumped"
    STEP_FAILING = "step_failing"


@dataclass(frozen=True, slots=True)
class FeedFact:
    """One feed's state in plain words. ``failing_since`` is None for a healthy feed."""

    id: str
    title: str
    words: str
    failing_since: datetime | None = None
    asked_at: datetime | None = None
    gone: bool = False
    silent: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """The service at one moment. Times are aware UTC; None means never."""

    started_at: datetime
    last_poll_at: datetime | None = None  # the last poll that ended, well or not
    last_answer_at: datetime | None = None  # the last poll that some server answered, whatever it said
    unanswered: frozenset[str] = frozenset()  # feeds asked since then: none of them was answered
    most_overdue_at: datetime | None = None  # since when the most overdue feed waits to be asked
    network_back_at: datetime | None = None  # end of the last time that nothing was polled
    feeds: tuple[FeedFact, ...] = ()
    polled_feeds: int = 0  # enabled, not gone
    outbox_oldest_at: datetime | None = None  # when the oldest unsent delivery was made
    dead_letters: tuple[str, ...] = ()  # "route: target: why", of the last day
    targets_disabled: tuple[str, ...] = ()
    targets_failing: tuple[str, ...] = ()  # circuit open
    disk_free_bytes: int | None = None
    disk_total_bytes: int | None = None
    rules_refused: str = ""  # the error of the last refused set; "" once a good one is loaded
    rules_examples: tuple[str, ...] = ()
    announcements_7d: int = 0
    announcements_8w_before: int = 0
    watched_for: timedelta = timedelta(0)  # how long this store has been judging
    canary_at: datetime | None = None  # the last canary that arrived
    canary_enabled: bool = False
    canary_fault: str = ""  # where the last one was lost
    accounting: tuple[str, ...] = ()  # stories owed and not accounted for
    clock_jump_s: float = 0.0
    steps_failing: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong now. ``key`` names the episode; ``words`` hold only facts (numbers, names, errors)."""

    kind: HealthKind
    key: str
    words: str
    things: tuple[str, ...] = ()


def is_silent(rhythm_s: float | None, last_new_at: datetime | None, now: datetime) -> bool:
    """Whether a feed that answers has brought nothing new for much longer than its own rhythm (at least seven days)."""
    if last_new_at is None:
        return False
    return now - last_new_at > max(SILENT_LEAST, timedelta(seconds=SILENT_GAPS * (rhythm_s or 0.0)))


def is_stale(newest_at: datetime | None, now: datetime) -> bool:
    """Whether the newest date that any of a feed's entries bears is years old."""
    return newest_at is not None and now - newest_at > STALE_AFTER


def faults(facts: Facts, now: datetime, *, late_after: timedelta = LATE_AFTER) -> tuple[Fault, ...]:
    """Everything that is wrong at ``now``, in the order of the kinds."""
    found = [
        *_polling(facts, now, late_after),
        *_feeds(facts),
        *_outbox(facts, now, late_after),
        *_machine(facts),
        *_understanding(facts, now),
    ]
    order = list(HealthKind)
    return tuple(sorted(found, key=lambda fault: (order.index(fault.kind), fault.key)))


def _polling(facts: Facts, now: datetime, late_after: timedelta) -> Iterator[Fault]:
    if _stands_still(facts, now, late_after) or _is_cut_off(facts, now, late_after):
        answered = facts.last_answer_at or facts.started_at
        yield Fault(HealthKind.NOTHING_POLLED, "nothing_polled", f"{answered:%Y-%m-%d %H:%M} UTC")
        return  # while the network is the fault, no feed is blamed
    failing = [feed for feed in facts.feeds if _fails_by_itself(feed, facts)]
    if len(failing) >= MANY_FEEDS_LEAST and len(failing) > MANY_FEEDS_SHARE * facts.polled_feeds:
        names = tuple(f"{feed.title}: {feed.words}" for feed in failing)
        yield Fault(HealthKind.MANY_FEEDS_FAILING, "many_feeds_failing", f"{len(failing)}/{facts.polled_feeds}", names)
        return  # one message, not one for each
    for feed in failing:
        if feed.failing_since is not None and now - feed.failing_since > FEED_FAILING_AFTER:
            yield Fault(HealthKind.FEED_FAILING, f"feed_failing:{feed.id}", f"{feed.title}: {feed.words}")


def _stands_still(facts: Facts, now: datetime, late_after: timedelta) -> bool:
    """Feeds are due and none is asked. Time before this start does not count: a service that was stopped catches up first."""
    if facts.most_overdue_at is None or not facts.polled_feeds:
        return False
    ended_at = max(facts.last_poll_at or facts.started_at, facts.started_at)
    return now - max(facts.most_overdue_at, ended_at) > late_after


def _is_cut_off(facts: Facts, now: datetime, late_after: timedelta) -> bool:
    """Feeds are asked and no server answers: so many in a row that it cannot be they (fault case PRC-08). Where few feeds are
    watched, all of them and for a while."""
    silent, asked = len(facts.unanswered), facts.polled_feeds
    if silent >= MANY_FEEDS_LEAST and silent > MANY_FEEDS_SHARE * asked:
        return True
    answered_at = max(facts.last_answer_at or facts.started_at, facts.started_at)
    return bool(asked) and silent >= asked and now - answered_at > late_after


def _fails_by_itself(feed: FeedFact, facts: Facts) -> bool:
    """Whether a failing feed may be blamed: not while nobody else has answered since it was asked, and not before it was asked
    again after the network was away."""
    if feed.failing_since is None or feed.gone or feed.id in facts.unanswered:
        return False
    back_at = facts.network_back_at
    return back_at is None or feed.asked_at is None or feed.asked_at > back_at


def _feeds(facts: Facts) -> Iterator[Fault]:
    for feed in facts.feeds:
        if feed.gone:
            yield Fault(HealthKind.FEED_GONE, f"feed_gone:{feed.id}", f"{feed.title}: {feed.words}")
        elif feed.silent:
            yield Fault(HealthKind.FEED_SILENT, f"feed_silent:{feed.id}", f"{feed.title}: {feed.words}")
        elif feed.stale:
            yield Fault(HealthKind.FEED_STALE, f"feed_stale:{feed.id}", f"{feed.title}: {feed.words}")


def _outbox(facts: Facts, now: datetime, late_after: timedelta) -> Iterator[Fault]:
    if facts.outbox_oldest_at is not None and now - facts.outbox_oldest_at > late_after:
        since = facts.outbox_oldest_at.isoformat(timespec="minutes")
        yield Fault(HealthKind.OUTBOX_OLD, "outbox_old", f"{since}")
    if facts.dead_letters:
        yield Fault(HealthKind.DEAD_LETTERS, "dead_letters", str(len(facts.dead_letters)), facts.dead_letters)
    for target in facts.targets_disabled:
        yield Fault(HealthKind.TARGET_DISABLED, f"target_disabled:{target}", target)
    for target in facts.targets_failing:
        yield Fault(HealthKind.TARGET_FAILING, f"target_failing:{target}", target)


def _machine(facts: Facts) -> Iterator[Fault]:
    if facts.disk_free_bytes is not None and facts.disk_total_bytes:
        # a small disk is full at 5 %, a large one at half a gigabyte: whichever is less room
        least = min(DISK_FREE_LEAST_BYTES, DISK_FREE_LEAST_SHARE * facts.disk_total_bytes)
        if facts.disk_free_bytes < least:
            yield Fault(HealthKind.DISK_FILLING, "disk_filling", f"{facts.disk_free_bytes // 1_000_000} MB")
    if facts.clock_jump_s:
        yield Fault(HealthKind.CLOCK_JUMPED, "clock_jumped", f"{facts.clock_jump_s:+.0f} s")
    if facts.steps_failing:
        yield Fault(HealthKind.STEP_FAILING, "step_failing", "; ".join(facts.steps_failing), facts.steps_failing)


def _understanding(facts: Facts, now: datetime) -> Iterator[Fault]:
    if facts.rules_refused:
        yield Fault(HealthKind.RULES_REFUSED, "rules_refused", facts.rules_refused)
    if facts.rules_examples:
        yield Fault(HealthKind.RULES_EXAMPLES, "rules_examples", str(len(facts.rules_examples)), facts.rules_examples)
    usual = facts.announcements_8w_before / 8
    enough = facts.watched_for >= timedelta(weeks=9) and usual >= FEW_LEAST_EXPECTED
    if enough and facts.announcements_7d < FEW_SHARE * usual:
        yield Fault(HealthKind.FEW_ANNOUNCEMENTS, "few_announcements", f"{facts.announcements_7d} / {usual:.1f}")
    heard = facts.canary_at or facts.started_at
    if facts.canary_fault:
        yield Fault(HealthKind.CANARY_LOST, "canary_lost", facts.canary_fault)
    elif facts.canary_enabled and now - heard > CANARY_LATE_AFTER:
        yield Fault(HealthKind.CANARY_LOST, "canary_lost", f"last heard {heard.isoformat(timespec='minutes')}")
    if facts.accounting:
        yield Fault(HealthKind.ACCOUNTING, "accounting", str(len(facts.accounting)), facts.accounting)
