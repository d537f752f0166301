"""Two pictures as SVG: who does what with whom (a heat table), and the acts between two over time. Pure: values in, text out.

Nothing is styled inline (the page's CSP forbids it): colours come from classes ``heat-0`` to ``heat-5`` and ``type-*``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

CELL = 40
LABEL = 132
LANE = 48
LANE_AT = 36  # of its height: the name stands above the line, so that a phone has the whole width for the acts
SIDE = 24
WIDTH = 960
LEAST_DAYS = 30
SOME_TICKS = 4  # every so many months keep their name on a phone


@dataclass(frozen=True, slots=True)
class Mark:
    """One act on the time line: its day, type, headline and the address of its story."""

    day: date
    type: str
    headline: str
    href: str


def heat_level(count: int, most: int) -> int:
    """0 for none, else 1 to 5 in proportion to the largest count; one act is always visible, and where nobody has more than a
    few none is drawn as if it were many."""
    if count <= 0:
        return 0
    return max(1, min(5, round(5 * count / max(most, 5))))


def heat_table(
    names: Sequence[tuple[str, str]], counts: Mapping[tuple[str, str], int], href: Mapping[tuple[str, str], str]
) -> str:
    """Principals against principals. ``names`` is (id, shown name) in the order of the axes; ``counts`` and ``href`` are
    keyed by a pair of ids in either order."""
    most = max(counts.values(), default=0)
    size = LABEL + CELL * len(names)
    width = size + 70  # the last slanted name leans out to the right
    parts = [
        f'<svg class="heat" width="{width}" height="{size}" viewBox="0 0 {width} {size}" role="group" '
        f'aria-labelledby="heat-title" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="heat-title">{len(names)} × {len(names)}</title>'
    ]
    for index, (_, name) in enumerate(names):
        middle = LABEL + CELL * index + CELL / 2
        short = escape(_shorten(name, 18))
        parts.append(f'<text class="axis" x="{LABEL - 10}" y="{middle + 4}" text-anchor="end">{short}</text>')
        parts.append(
            f'<text class="axis" x="{middle + 4}" y="{LABEL - 10}" transform="rotate(-55 {middle + 4} {LABEL - 10})">'
            f"{short}</text>"
        )
    for row, (left, left_name) in enumerate(names):
        for column, (right, right_name) in enumerate(names):
            parts.append(_cell(row, column, (left, left_name), (right, right_name), counts, href, most))
    return "".join(parts) + "</svg>"


def _cell(
    row: int,
    column: int,
    left: tuple[str, str],
    right: tuple[str, str],
    counts: Mapping[tuple[str, str], int],
    href: Mapping[tuple[str, str], str],
    most: int,
) -> str:
    x, y = LABEL + CELL * column, LABEL + CELL * row
    box = f'x="{x + 1.5}" y="{y + 1.5}" width="{CELL - 3}" height="{CELL - 3}" rx="4"'
    if left[0] == right[0]:
        return f'<rect class="heat-self" {box}/>'
    pair = (left[0], right[0]) if (left[0], right[0]) in counts else (right[0], left[0])
    count = counts.get(pair, 0)
    if not count:
        return f'<rect class="heat-0" {box}/>'
    level = heat_level(count, most)
    title = escape(f"{left[1]} – {right[1]}: {count}")
    number = f'<text class="count heat-text-{level}" x="{x + CELL / 2}" y="{y + CELL / 2 + 4}">{count}</text>'
    rect = f'<rect class="heat-{level}" {box}><title>{title}</title></rect>'
    return f'<a href="{escape(href.get(pair, "#"))}" aria-label="{title}">{rect}{number}</a>'


def time_line(
    marks: Sequence[Mark], first: date, last: date, lanes: Sequence[tuple[str, str]], months: Sequence[str]
) -> str:
    """The acts between two principals, one lane for each type. ``lanes`` is (type, shown name), ``months`` the twelve
    short month names of the page's language."""
    span = max((last - first).days, 1)
    height = LANE * len(lanes) + 40
    left, right = SIDE, WIDTH - SIDE

    def at(day: date) -> float:
        return left + (right - left) * (day - first).days / span

    parts = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="group" aria-labelledby="time-title" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="time-title">{first.isoformat()} – {last.isoformat()}</title>'
    ]
    for number, tick in enumerate(month_ticks(first, last)):
        label = f"{months[tick.month - 1]} {tick.year}" if tick.month == 1 or tick == first else months[tick.month - 1]
        parts.append(f'<line class="tick" x1="{at(tick):.1f}" y1="8" x2="{at(tick):.1f}" y2="{height - 26}"/>')
        often = " often" if number % SOME_TICKS else ""
        at_foot = f'x="{at(tick):.1f}" y="{height - 8}" text-anchor="middle"'
        parts.append(f'<text class="axis{often}" {at_foot}>{label}</text>')
    placed: dict[tuple[str, int], int] = {}
    for row, (kind, name) in enumerate(lanes):
        y = LANE * row + LANE_AT
        parts.append(f'<text class="axis" x="{left}" y="{y - 12}">{escape(name)}</text>')
        parts.append(f'<line class="lane" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>')
        for mark in (mark for mark in marks if mark.type == kind):
            x = at(mark.day)
            stacked = placed.get((kind, round(x / 9)), 0)  # several on one spot stand a little higher, none hidden
            placed[kind, round(x / 9)] = stacked + 1
            title = escape(f"{mark.day.isoformat()} · {mark.headline}")
            parts.append(
                f'<a href="{escape(mark.href)}" aria-label="{title}"><circle class="mark type-{escape(kind)}" '
                f'cx="{x:.1f}" cy="{y - 5 * min(stacked, 4):.1f}" r="6.5"><title>{title}</title></circle></a>'
            )
    return "".join(parts) + "</svg>"


def shown_from(marks: Sequence[Mark], first: date, last: date) -> date:
    """Where the time line begins: a little before the first act, so that what is there fills the picture; never less than
    ``LEAST_DAYS`` before ``last`` (acts of one week do not lie a hand apart), never before ``first``."""
    days = [mark.day for mark in marks if first <= mark.day <= last]
    if not days:
        return first
    return max(first, min(min(days) - timedelta(days=7), last - timedelta(days=LEAST_DAYS)))


def month_ticks(first: date, last: date) -> list[date]:
    """The first days of months between two dates, thinned so that at most thirteen remain."""
    ticks, year, month = [], first.year, first.month
    while date(year, month, 1) <= last:
        if date(year, month, 1) >= first:
            ticks.append(date(year, month, 1))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    step = len(ticks) // 13 + 1
    return ticks[::step] or [first]


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
