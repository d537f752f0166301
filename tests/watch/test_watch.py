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
    last_answer_at=NOW,
    most_overdue_at=NOW,
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


def test_feeds_that_are_due_and_not_asked_for_half_an_hour_are_a_fault() -> None:
    late = NOW - timedelta(minutes=31)
    still = replace(CALM, last_poll_at=late, most_overdue_at=late)
    assert kinds(still) == [HealthKind.NOTHING_POLLED]
    assert kinds(replace(still, last_poll_at=None)) == [HealthKind.NOTHING_POLLED]
    assert kinds(replace(still, polled_feeds=0)) == []
    assert kinds(replace(still, most_overdue_at=NOW + timedelta(hours=6))) == [], "a feed asked once a day is not late"
    assert kinds(replace(still, started_at=NOW - timedelta(minutes=2))) == [], "it was stopped, and catches up"
    assert kinds(replace(still), NOW - timedelta(minutes=10)) == []


def names(n: int) -> frozenset[str]:
    return frozenset(str(i) for i in range(n))


def test_servers_that_answer_nobody_are_one_fault_of_the_network_and_no_feed_is_blamed() -> None:
    cut_off = replace(CALM, feeds=failing(7, hours=0.1), unanswered=names(7))
    (fault,) = faults(cut_off, NOW)
    assert (fault.kind, fault.words) == (HealthKind.NOTHING_POLLED, "2026-03-01 09:00 UTC")
    assert kinds(replace(cut_off, feeds=failing(7, hours=30))) == [HealthKind.NOTHING_POLLED]
    assert kinds(replace(cut_off, unanswered=names(6), polled_feeds=200)) == [], "six of two hundred are chance"
    assert kinds(replace(cut_off, unanswered=names(4))) == [], "four of twenty are not decided yet"


def test_a_desk_with_few_feeds_is_cut_off_when_none_answers_for_half_an_hour() -> None:
    few = replace(CALM, polled_feeds=3, unanswered=names(3), feeds=failing(3, hours=1))
    assert kinds(few) == []
    assert kinds(replace(few, last_answer_at=NOW - timedelta(minutes=31))) == [HealthKind.NOTHING_POLLED]
    assert kinds(few, NOW + timedelta(minutes=31)) == [HealthKind.NOTHING_POLLED]


def test_feeds_are_not_blamed_before_they_were_asked_again_after_the_network_was_away() -> None:
    asked_then = tuple(replace(feed, asked_at=NOW - timedelta(minutes=20)) for feed in failing(7, hours=1))
    back = replace(CALM, feeds=asked_then, network_back_at=NOW - timedelta(minutes=5))
    assert kinds(back) == []
    asked_since = tuple(replace(feed, asked_at=NOW - timedelta(minutes=1)) for feed in asked_then)
    assert kinds(replace(back, feeds=asked_since)) == [HealthKind.MANY_FEEDS_FAILING]


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
