"""Calls with a deadline: which are open, and the calendar that lists them (RFC 5545). Pure; the
words of a summary come from the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from monitor.model import ActType, Stage, Story

REMIND_BEFORE_DAYS = (14, 7, 2)
_OFF = frozenset({Stage.SUSPENDED, Stage.PROPOSED})  # suspended or ended, denied or taken back
_LINE_BYTES = 75  # RFC 5545, 3.1: longer lines are folded


@dataclass(frozen=True, slots=True)
class Call:
    """A call for projects that is not closed. ``deadline`` and ``days_left`` are None where no article named one."""

    story: Story
    deadline: date | None
    days_left: int | None


def open_calls(stories: Iterable[Story], today: date) -> tuple[Call, ...]:
    """The calls among the stories whose deadline is today or later, nearest first; those without a deadline last,
    newest first. A call is a story of type ``call`` or any act with a deadline; those that are off, wrong or merged are
    left out."""
    calls = [_call(story, today) for story in stories if _is_call(story)]
    kept = [call for call in calls if call.days_left is None or call.days_left >= 0]
    return tuple(sorted(kept, key=_order))


def calendar(calls: Sequence[Call], summaries: Mapping[str, str], now: datetime) -> str:
    """An iCalendar of the calls' deadlines, one all-day event each, with CRLF line ends.

    ``summaries`` gives the line to show for each story id. The event's UID is the story's id, so that a
    subscriber's calendar moves an extended deadline instead of listing it twice. Calls without a deadline have no
    day to stand on and are left out.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//coopwatch//calls//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for call in calls:
        if call.deadline is not None:
            lines += _event(call.story, call.deadline, summaries.get(call.story.id, call.story.id), now)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line))


def _event(story: Story, deadline: date, summary: str, now: datetime) -> list[str]:
    url = next((report.url for report in story.reports if report.url), "")
    lines = [
        "BEGIN:VEVENT",
        f"UID:{story.id}@coopwatch",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{deadline:%Y%m%d}",
        f"DTEND;VALUE=DATE:{deadline + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escape(summary)}",
        "TRANSP:TRANSPARENT",
        f"SEQUENCE:{max(0, len(story.stages) - 1)}",
    ]
    if url:
        lines.append(f"URL:{_uri(url)}")
    for before in REMIND_BEFORE_DAYS:
        lines += [
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_escape(summary)}",
            f"TRIGGER:-P{before}D",
            "END:VALARM",
        ]
    return [*lines, "END:VEVENT"]


def _is_call(story: Story) -> bool:
    told = story.state == "open" and not story.opened_by_mention and story.stage not in _OFF
    return told and (story.type is ActType.CALL or bool(story.deadline))


def _call(story: Story, today: date) -> Call:
    try:
        deadline = date.fromisoformat(story.deadline)
    except ValueError:  # none, or only its month is known
        return Call(story, None, None)
    return Call(story, deadline, (deadline - today).days)


def _order(call: Call) -> tuple[bool, date, float, str]:
    return call.deadline is None, call.deadline or date.min, -call.story.opened_at.timestamp(), call.story.id


def _escape(text: str) -> str:
    """TEXT of RFC 5545, 3.3.11; control characters become blanks, since a line break would begin a property."""
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _uri(url: str) -> str:
    return "".join(sign for sign in url if sign.isprintable() and not sign.isspace())


def _fold(line: str) -> list[str]:
    folded, current = [], ""
    for sign in line:
        if len((current + sign).encode()) > _LINE_BYTES:
            folded.append(current)
            current = " "
        current += sign
    return [*folded, current]
