"""Dates as feeds write them to aware UTC. What cannot be read is absent; whether a date is plausible for "now" is
decided where entries are taken in (identity).
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from functools import lru_cache
from time import struct_time
from typing import Any

import feedparser
from babel import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names

_TIME_OF_DAY = re.compile(r"\d[:.]\d\d|T\d\d|\d\s*[ap]\.?m", re.I)
_WORD = re.compile(r"[^\W\d_]+\.?")
_OLDEST = datetime(1980, 1, 1, tzinfo=UTC)  # epoch zero and year 1 are what broken software writes
_NEWEST = datetime(2200, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"\s*(\d{4}-\d\d)-(\d\d)(?!\d)")
_DATE_CHARS = 100


def from_struct(value: struct_time | None, written: str) -> datetime | None:
    """feedparser's UTC time as a datetime; None for absent, impossible and epoch-zero dates.

    feedparser makes 3 March of ``2026-02-31``: what was ``written`` is looked at again.
    """
    iso = _ISO.match(written)
    if value is None or (iso is not None and int(iso[2]) > _last_day(int(iso[1][:4]), int(iso[1][5:]))):
        return None
    try:
        found = datetime(*value[:5], min(value[5], 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if _OLDEST <= found < _NEWEST else None


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
    try:
        value: Any = feedparser.datetimes._parse_date(text)
    except (ValueError, OverflowError, TypeError, IndexError, KeyError, AttributeError):
        return None  # feedparser's handlers trip over odd digits
    return from_struct(value, text)


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
