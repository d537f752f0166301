"""Faults and episodes, as values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.model import Episode
from monitor.watch import Facts, FeedFact, HealthKind, Moment, advance, faults, is_silent, is_stale

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CALM = Facts(
    started_at=NOW - timedelta(days=100),
    last_poll_at=NOW,
    polled_feeds=20,
    disk_free_bytes=10**11,
    disk_total_bytes=2 * 10**11,
)


def kinds(facts: Facts, now: datetime = NOW) -> list[HealthKind]:
    return [fault.kind for fault in faults(facts, now)]


def failing(n: int, hours: float) -> tuple[FeedFact, ...]:
    return tuple(
        FeedFact(str(i), f"feed {i}", "HTTP 500", failing_since=NOW - timedelta(hours=hours)) for i in range(n)
    )


def test_a_calm_service_has_no_faults() -> None:
    assert kinds(CALM) == []


def test_nothing_polled_for_half_an_hour_is_a_fault_even_before_the_first_poll() -> None:
    assert kinds(replace(CALM, last_poll_at=NOW - timedelta(minutes=31))) == [HealthKind.NOTHING_POLLED]
    assert kinds(replace(CALM, last_poll_at=None)) == [HealthKind.NOTHING_POLLED]
    assert kinds(replace(CALM, last_poll_at=None, polled_feeds=0)) == []


def test_many_failing_feeds_are_one_fault_and_no_feed_is_blamed_by_itself() -> None:
    found = faults(replace(CALM, feeds=failing(7, hours=30)), NOW)
    assert [fault.kind for fault in found] == [HealthKind.MANY_FEEDS_FAILING]
    assert len(found[0].things) == 7


def test_a_single_feed_is_named_after_a_day_of_failing() -> None:
    assert kinds(replace(CALM, feeds=failing(2, hours=23))) == []
    assert kinds(replace(CALM, feeds=failing(2, hours=25))) == [HealthKind.FEED_FAILING] * 2


def test_gone_silent_and_stale_feeds_are_told_apart() -> None:
    feeds = (
        FeedFact("1", "a", "410 Gone", gone=True, failing_since=NOW - timedelta(days=3)),
        FeedFact("2", "b", "nothing new", silent=True),
        FeedFact("3", "c", "items of 2017", stale=True),
    )
    assert kinds(replace(CALM, feeds=feeds)) == [HealthKind.FEED_GONE, HealthKind.FEED_SILENT, HealthKind.FEED_STALE]


def test_an_old_outbox_dead_letters_and_a_disabled_target_are_faults() -> None:
    facts = replace(
        CALM, outbox_oldest_at=NOW - timedelta(minutes=31), dead_letters=("hook: 400",), targets_disabled=("hook",)
    )
    assert kinds(facts) == [HealthKind.OUTBOX_OLD, HealthKind.DEAD_LETTERS, HealthKind.TARGET_DISABLED]


def test_a_small_disk_fills_at_five_percent_and_a_large_one_at_half_a_gigabyte() -> None:
    assert kinds(replace(CALM, disk_free_bytes=400_000_000)) == [HealthKind.DISK_FILLING]
    assert kinds(replace(CALM, disk_free_bytes=600_000_000)) == []
    assert kinds(replace(CALM, disk_total_bytes=20_000_000, disk_free_bytes=2_000_000)) == []
    assert kinds(replace(CALM, disk_total_bytes=20_000_000, disk_free_bytes=900_000)) == [HealthKind.DISK_FILLING]


def test_far_fewer_announcements_than_usual_is_a_fault_only_with_enough_history() -> None:
    quiet = replace(CALM, announcements_7d=2, announcements_8w_before=160, watched_for=timedelta(weeks=10))
    assert kinds(quiet) == [HealthKind.FEW_ANNOUNCEMENTS]
    assert kinds(replace(quiet, watched_for=timedelta(weeks=8))) == []
    assert kinds(replace(quiet, announcements_8w_before=40)) == []
    assert kinds(replace(quiet, announcements_7d=8)) == []


def test_a_canary_that_does_not_arrive_is_a_fault() -> None:
    assert kinds(replace(CALM, canary_enabled=True, canary_at=NOW - timedelta(hours=27))) == [HealthKind.CANARY_LOST]
    assert kinds(replace(CALM, canary_enabled=True, canary_at=NOW - timedelta(hours=25))) == []


def test_an_episode_is_told_at_its_start_each_day_and_at_its_end() -> None:
    found = faults(replace(CALM, rules_refused="rules/x.yaml:3: unknown key"), NOW)
    episodes, news = advance((), found, NOW)
    assert [item.moment for item in news] == [Moment.START]
    episodes, news = advance(episodes, found, NOW + timedelta(hours=1))
    assert news == ()
    episodes, news = advance(episodes, found, NOW + timedelta(hours=24))
    assert [item.moment for item in news] == [Moment.REMINDER]
    episodes, news = advance(episodes, (), NOW + timedelta(hours=25))
    assert news == ()
    episodes, news = advance(episodes, (), NOW + timedelta(hours=26))
    assert [item.moment for item in news] == [Moment.END]
    assert episodes[0].ended_at == NOW + timedelta(hours=26)


def test_a_fault_that_flaps_stays_one_episode() -> None:
    found = faults(replace(CALM, rules_refused="x"), NOW)
    episodes: tuple[Episode, ...] = ()
    told = []
    for minute in range(0, 120, 10):
        episodes, news = advance(episodes, found if minute % 20 == 0 else (), NOW + timedelta(minutes=minute))
        told += [item.moment for item in news]
    assert told == [Moment.START]


def test_the_same_facts_twice_tell_once() -> None:
    found = faults(replace(CALM, feeds=failing(7, hours=1)), NOW)
    episodes, first = advance((), found, NOW)
    _, second = advance(episodes, found, NOW)
    assert (len(first), second) == (1, ())


def test_a_feed_is_silent_after_five_of_its_own_gaps_and_not_before_seven_days() -> None:
    hour = 3600.0
    assert not is_silent(hour, NOW - timedelta(days=6), NOW)
    assert is_silent(hour, NOW - timedelta(days=8), NOW)
    assert not is_silent(72 * hour, NOW - timedelta(days=14), NOW)
    assert is_silent(72 * hour, NOW - timedelta(days=16), NOW)
    assert not is_silent(hour, None, NOW)


def test_a_feed_of_other_years_is_stale() -> None:
    assert is_stale(datetime(2017, 12, 1, tzinfo=UTC), NOW)
    assert not is_stale(NOW - timedelta(days=300), NOW)
    assert not is_stale(None, NOW)
