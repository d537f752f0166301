"""Days as readers name them in forms, and the moments at which they begin."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

YEARS = range(1900, 2200)  # beyond, a day has no moment in every zone


def day_or_none(text: str) -> date | None:
    """The day that a form field names, or None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a local day begins, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)
