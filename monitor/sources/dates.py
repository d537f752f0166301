"""Dates as feeds write them to aware UTC. What cannot be read is absent; whether a date is plausible for "now" is
decided where entries are taken in (identity).

A date and time without a zone comes marked as ``FLOATING``; ``placed`` reads it in the feed's zone. A day without a time is
that day, in UTC: a zone would move it to its neighbour.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from time import struct_time
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names

_TIME_OF_DAY = re.compile(r"\d[:.]\d\d|T\d\d|\d\s*[ap]\.?m", re.I)
_WORD = re.compile(r"[^\W\d_]+\.?")
_OLDEST = datetime(1980, 1, 1, tzinfo=UTC)  # epoch zero and year 1 are what broken software writes
_NEWEST = datetime(2200, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"\s*(\d{4}-\d\d)-(\d\d)(?!\d)")
_DATE_CHARS = 100
# what stands behind the time: an offset, or the name of a zone (not the half of the day, nor a year as in asctime)
_TIME_AND_ZONE = re.compile(
    r"\d[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?\s*)?"
    r"(?P<zone>[+-]\d\d|[A-Z]{1,5}\b|[A-Z][a-z]+/|(?i:gmt|utc?|z)\b)?"
)
# names that feedparser knows not and takes for UTC; hours
_HOURS = {
    "WEST": 1,
    "CET": 1,
    "BST": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "HKT": 8,
    "SGT": 8,
    "JST": 9,
    "KST": 9,
}
# 2026/1/5 10:30 and other signs between year, month, day and time
_YEAR_FIRST = re.compile(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?!\d)\D{0,3}(?:(\d{1,2}[:.]\d\d)(.*))?$")
FLOATING = timezone(timedelta(0), "floating")  # only its identity says so: as a zone it equals UTC
ZONE_ELSE = "Europe/Rome"  # of feeds whose zone nobody wrote down


def from_struct(value: struct_time | None, written: str) -> datetime | None:
    """feedparser's UTC time as a datetime; None for absent, impossible and epoch-zero dates.

    feedparser makes 3 March of ``2026-02-31``: what was ``written`` is looked at again.
    """
    iso = _ISO.match(written)
    if iso is None and _YEAR_FIRST.match(written.strip()):
        return None  # feedparser reads 2026年11月21日 as the first of November; ``parse`` does better
    if value is None or (iso is not None and int(iso[2]) > _last_day(int(iso[1][:4]), int(iso[1][5:]))):
        return None
    try:
        found = datetime(*value[:5], min(value[5], 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return _zoned(found, written) if _OLDEST <= found < _NEWEST else None


def _zoned(found: datetime, written: str) -> datetime:
    """feedparser's time with what it overlooks: that no zone is written, or one that it does not know."""
    time = _TIME_AND_ZONE.search(written)
    if time is None:
        return found
    zone = (time["zone"] or "").upper()
    return found.replace(tzinfo=FLOATING) if not zone else found - timedelta(hours=_HOURS.get(zone, 0))


def placed(found: datetime | None, date_only: bool, zone: str) -> datetime | None:
    """A date as aware UTC: one without a zone is read in ``zone`` (else ZONE_ELSE)."""
    if found is None or found.tzinfo is not FLOATING:
        return found
    local = UTC if date_only else ZoneInfo(zone or ZONE_ELSE)
    return found.replace(tzinfo=local).astimezone(UTC)


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1] if 1 <= month <= 12 else 0


def has_no_time(text: str) -> bool:
    """Whether a written date names a day and no time of day."""
    return not _TIME_OF_DAY.search(text)


def parse(text: str, language: str = "") -> tuple[datetime | None, bool]:
    """A written date as UTC and whether it names a day only. Names of months and days may be in ``language``."""
    text = " ".join(text[:_DATE_CHARS].split())
    if not text:
        return None, False
    found = _read(text)
    if found is None and language:
        table = _names(language[:2].lower())
        found = _read(_WORD.sub(lambda match: table.get(match[0].lower().rstrip("."), match[0]), text))
    return found, found is not None and has_no_time(text)


def _read(text: str) -> datetime | None:
    year_first = _YEAR_FIRST.match(text)
    if year_first is not None and not _ISO.match(text):
        year, month, day, time, rest = year_first.groups()
        text = f"{year}-{month:0>2}-{day:0>2}" + (f"T{time:0>5}{rest}" if time else "")
    # feedparser reads no time of day without a zone in the form of RFC 822
    return _feedparser(text, text) or _feedparser(f"{text} +0000", text)


def _feedparser(text: str, written: str) -> datetime | None:
    try:
        value: Any = feedparser.datetimes._parse_date(text)
    except (ValueError, OverflowError, TypeError, IndexError, KeyError, AttributeError):
        return None  # feedparser's handlers trip over odd digits
    return from_struct(value, written)


@lru_cache(maxsize=32)
def _names(language: str) -> dict[str, str]:
    """CLDR's names of months and days in a language, to the English ones that RFC 822 knows."""
    try:
        Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return {}
    table: dict[str, str] = {}
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            for get, english in ((get_month_names, "en"), (get_day_names, "en")):
                names, targets = get(width, context, language), get("abbreviated", "format", english)
                table |= {str(names[key]).lower().rstrip("."): str(targets[key]) for key in names}
    return table
