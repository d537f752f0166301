"""Finds dates in folded text by the month names and relative words of one language; tells years from quantities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

# what may not stand before a year is looked for behind it: so the regex engine jumps from one 1 or 2 to the next
_YEAR = re.compile(r"(1[89]\d\d|20\d\d)(?<![\d.,/-]....)(?![\d,]|[.]\d)")
_ISO = re.compile(r"(?<!\d)(20\d\d|19\d\d)-(\d\d)-(\d\d)(?!\d)")
_HAN = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")
# "6日签署": news agencies leave the month out; not "10日内" (within ten days), "为期3日" (for three), "日电" (a dateline)
_HAN_DAY = re.compile(r"(?<![\d月期近])(\d{1,2})日(?![内电报间本])")
_DAY_BEFORE = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|o|\.|°)? (?:de |of )?$")
_DAY_AFTER = re.compile(r" (\d{1,2})(?:st|nd|rd|th)?(?!\d)")
_WORD = re.compile(r"[^\W\d_]+\.?")
_YEAR_AFTER = re.compile(r",? (?:de |del |of )?(\d{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class DateTables:
    """A language's folded month names (name to 1-12), and relative words to days from the publication day."""

    months: Mapping[str, int]
    relative: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date in the text, as ISO 8601 cut to what is known, and whether it was explicit or relative."""

    start: int
    end: int
    iso: str
    basis: str


def years(folded: str) -> list[tuple[int, int]]:
    """(offset, year) of everything that reads as a year from 1800 to 2099."""
    return [(m.start(), int(m.group(1))) for m in _YEAR.finditer(folded)]


def find_dates(folded: str, tables: DateTables, published: date) -> list[DateFound]:
    """Dates in order of appearance. A day and month without a year take the year nearest to ``published``, a day alone
    the month."""
    # each search is dear, what it cannot do without is found at once, and most sentences do not hold it
    out = []
    if "-" in folded:
        out += [DateFound(m.start(), m.end(), m.group(0), "explicit") for m in _ISO.finditer(folded)]
    if "月" in folded:
        for m in _HAN.finditer(folded):
            out += _made(m.start(), m.end(), m.group(1), int(m.group(2)), int(m.group(3)), published)
    if "日" in folded:
        for m in _HAN_DAY.finditer(folded):
            out += _in_month(m.start(), m.end(), int(m.group(1)), published)
    for word in _WORD.finditer(folded) if any(name in folded for name in tables.months) else ():
        month = tables.months.get(word.group(0).rstrip("."))
        if month:
            out += _around(folded, word.start(), word.end(), month, published)
    for phrase, days in tables.relative.items():
        at = folded.find(phrase)
        while at >= 0:
            end = at + len(phrase)
            if _stands_alone(folded, at, end):
                out.append(DateFound(at, end, (published + timedelta(days=days)).isoformat(), "relative"))
                break
            at = folded.find(phrase, end)
    return sorted(out, key=lambda d: d.start)


def _stands_alone(text: str, start: int, end: int) -> bool:
    if text[start] > "\u2e80":
        return True
    return not (start and text[start - 1].isalnum()) and not (end < len(text) and text[end].isalnum())


def _around(folded: str, start: int, end: int, month: int, published: date) -> list[DateFound]:
    """The date whose month name stands at [start, end): day before or after it, year after that."""
    before = _DAY_BEFORE.search(folded, max(0, start - 9), start)
    if before:
        year = _YEAR_AFTER.match(folded, end)
        stop = year.end() if year else end
        return _made(before.start(), stop, year.group(1) if year else None, month, int(before.group(1)), published)
    after = _DAY_AFTER.match(folded, end)
    if after and not _YEAR_AFTER.match(folded, end):
        year = _YEAR_AFTER.match(folded, after.end())
        stop = year.end() if year else after.end()
        return _made(start, stop, year.group(1) if year else None, month, int(after.group(1)), published)
    year = _YEAR_AFTER.match(folded, end)
    if year and 1800 <= int(year.group(1)) <= 2099:
        return [DateFound(start, year.end(), f"{year.group(1)}-{month:02d}", "explicit")]
    return []


def _in_month(start: int, end: int, day: int, published: date) -> list[DateFound]:
    """The day of that number nearest to ``published``."""
    around = (published + timedelta(days=days) for days in range(-15, 16))
    return [DateFound(start, end, each.isoformat(), "explicit") for each in around if each.day == day][:1]


def _made(start: int, end: int, year: str | None, month: int, day: int, published: date) -> list[DateFound]:
    if year and not 1800 <= int(year) <= 2099:
        year = None
    candidates = [int(year)] if year else [published.year - 1, published.year, published.year + 1]
    possible = []
    for y in candidates:
        try:
            possible.append(date(y, month, day))
        except ValueError:
            continue
    if not possible:
        return []
    nearest = min(possible, key=lambda d: abs((d - published).days))
    return [DateFound(start, end, nearest.isoformat(), "explicit")]
