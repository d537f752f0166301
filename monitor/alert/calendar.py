"""Local times: when a digest is next due, when a call's reminders are due. Right over clock changes: each local day has
each time once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REMINDER_DAYS = (14, 7, 2)
REMINDER_TIME = time(8, 0)


def next_due(at: Sequence[str], days: Sequence[str], zone: ZoneInfo, after: datetime) -> datetime:
    """The first of the local times ``at`` (HH:MM) on one of ``days`` (empty = every day) that lies after ``after``.
    A time that a clock change skips is taken as if the clock had not changed; one that comes twice counts once."""
    start = after.astimezone(zone).date() - timedelta(days=1)
    for offset in range(10):
        day = start + timedelta(days=offset)
        if days and DAYS[day.weekday()] not in days:
            continue
        for moment in sorted(local(day, time.fromisoformat(each), zone) for each in at):
            if moment > after:
                return moment
    raise AssertionError("a digest has a time within ten days")


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time; the first of two."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def reminder_due(
    deadline: str, zone: ZoneInfo, told: frozenset[int], now: datetime, heard_at: datetime | None = None
) -> int | None:
    """Which reminder (14, 7 or 2 days before) is due, or None. Of several that were slept through only the last; none
    whose time was over when the call was told (``heard_at``), none once the deadline's day has begun, none for a deadline
    that is not a whole date."""
    try:
        last = date.fromisoformat(deadline)
    except ValueError:
        return None
    if now >= local(last, time(0), zone):
        return None
    due = [days for days in REMINDER_DAYS if local(last - timedelta(days=days), REMINDER_TIME, zone) <= now]
    latest = min(due, default=None)
    if latest is None or any(days <= latest for days in told):
        return None
    is_news = heard_at is not None and local(last - timedelta(days=latest), REMINDER_TIME, zone) <= heard_at
    return None if is_news else latest


def next_reminder(deadline: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the next reminder of a deadline is due after ``now``, or None."""
    try:
        last = date.fromisoformat(deadline)
    except ValueError:
        return None
    moments = (local(last - timedelta(days=days), REMINDER_TIME, zone) for days in REMINDER_DAYS)
    return min((moment for moment in moments if moment > now), default=None)
