"""How old an entry may be to be told at once, and when a date can be true (contract 6). Pure; ``now`` is an argument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model import Entry

_FUTURE = timedelta(hours=1)  # a date further ahead than this is no date


class FeedTime(StrEnum):
    """How the age of a feed's new entries is counted (contract 6)."""

    FIRST = "first"  # the first good poll
    RETURN = "return"  # the first one after a retirement
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Age:
    """The age rule's inputs. ``max_age_s`` 0 = no limit; ``last_ok_at`` is this feed's last good poll."""

    max_age_s: float
    feed_time: FeedTime
    last_ok_at: datetime | None = None


def dated(entry: Entry, now: datetime) -> Entry:
    """The entry with a date that can be true: one more than an hour ahead is dropped, so that first sight counts."""
    if entry.published_at is not None and entry.published_at > now + _FUTURE and not _is_today(entry, now):
        return replace(entry, published_at=None, date_only=False)
    return entry


def _is_today(entry: Entry, now: datetime) -> bool:
    # a date without a time may be "tomorrow" in UTC's eyes already
    return entry.date_only and entry.published_at is not None and entry.published_at <= now + timedelta(hours=14)


def is_old(entry: Entry, now: datetime, age: Age) -> bool:
    """Whether an entry was published longer ago than the limit allows."""
    until = _published_until(entry)
    return age.max_age_s > 0 and until is not None and now - until > _limit(now, age)


def _published_until(entry: Entry) -> datetime | None:
    """When an entry was published at the latest: a date without a time counts to the end of its day."""
    if entry.published_at is None:
        return None
    return entry.published_at + timedelta(days=1) if entry.date_only else entry.published_at


def _limit(now: datetime, age: Age) -> timedelta:
    """How old an entry may be; stretched by the time since the last good poll, for that is our delay, not its."""
    limit = timedelta(seconds=age.max_age_s)
    if age.feed_time != FeedTime.KNOWN or age.last_ok_at is None:
        return limit
    return limit + max(now - age.last_ok_at, timedelta(0))
