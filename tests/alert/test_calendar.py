from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.alert import calendar

ROME = ZoneInfo("Europe/Rome")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_new_digest_is_first_due_at_its_next_time() -> None:
    assert calendar.next_due(["08:00"], [], ROME, utc("2026-03-05T06:59")) == utc("2026-03-05T07:00")
    assert calendar.next_due(["08:00"], [], ROME, utc("2026-03-05T07:00")) == utc("2026-03-06T07:00")
    assert calendar.next_due(["18:00", "08:00"], [], ROME, utc("2026-03-05T09:00")) == utc("2026-03-05T17:00")


def test_weekdays_are_local_days() -> None:
    assert calendar.next_due(["00:30"], ["mon"], ROME, utc("2026-03-07T12:00")) == utc("2026-03-08T23:30")


@pytest.mark.parametrize("at", ["02:30", "00:00", "08:00", "03:00", "02:00"])
@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_over_a_clock_change_each_day_has_one_digest(at: str, night: str) -> None:
    moment = utc(f"{night}T12:00") - timedelta(days=3)
    end = moment + timedelta(days=6)
    found = []
    while (moment := calendar.next_due([at], [], ROME, moment)) < end:
        found.append(moment.astimezone(ROME).date())
    assert len(found) == len(set(found)) == 6


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_asked_every_minute_over_the_night_it_fires_once(night: str) -> None:
    start = utc(f"{night}T00:00") - timedelta(hours=3)
    due, fired = calendar.next_due(["02:30"], [], ROME, start), 0
    for minute in range(12 * 60):
        now = start + timedelta(minutes=minute)
        if now >= due:
            fired += 1
            due = calendar.next_due(["02:30"], [], ROME, now)
    assert fired == 1


def test_reminders_come_at_eight_local_14_7_and_2_days_before() -> None:
    def due(now: str, *told: int) -> int | None:
        return calendar.reminder_due("2026-04-10", ROME, frozenset(told), utc(now))

    assert due("2026-03-27T06:59") is None
    assert due("2026-03-27T07:00") == 14  # still winter time
    assert due("2026-03-27T07:00", 14) is None
    assert due("2026-04-03T05:59", 14) is None
    assert due("2026-04-03T06:00", 14) == 7  # summer time
    assert due("2026-04-08T06:00", 14, 7) == 2
    assert due("2026-04-08T06:00", 14, 7, 2) is None
    assert due("2026-04-09T22:00", 14, 7) is None  # its day has begun


def test_of_reminders_slept_through_only_the_last_comes() -> None:
    assert calendar.reminder_due("2026-04-10", ROME, frozenset(), utc("2026-04-09T06:00")) == 2
    assert calendar.reminder_due("2026-04-10", ROME, frozenset({2}), utc("2026-04-09T06:00")) is None


@pytest.mark.parametrize("deadline", ["", "2026-04", "spring"])
def test_a_deadline_that_is_not_a_day_reminds_of_nothing(deadline: str) -> None:
    assert calendar.reminder_due(deadline, ROME, frozenset(), utc("2026-04-09T06:00")) is None
    assert calendar.next_reminder(deadline, ROME, utc("2026-04-09T06:00")) is None


def test_the_next_reminder_is_known_ahead() -> None:
    assert calendar.next_reminder("2026-04-10", ROME, utc("2026-03-30T00:00")) == utc("2026-04-03T06:00")
    assert calendar.next_reminder("2026-04-10", ROME, utc("2026-04-09T00:00")) is None
