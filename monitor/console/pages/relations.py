"""Who acts with whom: the heat table, and the time line of two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from monitor.alert.words import Words
from monitor.console import picture, shown
from monitor.console.days import day_or_none, midnight
from monitor.console.pages.base import Page, Pages, Text
from monitor.console.shown import Tongue
from monitor.model import ActType, Party
from monitor.store import desk
from monitor.store.desk import PairCount, StoryFilter

HEAT_SIZE = 16  # principals on the axes; the table beside the picture holds every pair
PAIRS_SHOWN = 60
MARKS_SHOWN = 200  # the newest; more would hide one another


def relations(pages: Pages) -> Page:
    def show(request: Request, since: Text = "", until: Text = "", type: Text = "", between: Text = "") -> HTMLResponse:
        tongue = pages.tongue(request)
        today = pages.behind.clock().astimezone(tongue.zone).date()
        first = day_or_none(since) or today - timedelta(days=365)
        last = day_or_none(until) or today
        start, end = midnight(first, tongue.zone), midnight(last + timedelta(days=1), tongue.zone)
        sides = tuple(between.split(",")[:2]) if between.count(",") == 1 else ()
        with pages.behind.database.read() as connection:
            counts = desk.pair_counts(connection, since=start, until=end, type=type)
            lines, _ = (
                desk.find_stories(
                    connection, StoryFilter(principals=sides, type=type, since=start, until=end), size=300
                )
                if sides
                else ((), False)
            )
        fields = {"since": first.isoformat(), "until": last.isoformat(), "type": type}
        values = relation_values(counts, fields, tongue)
        rows = [shown.story_line(line, tongue) for line in lines]
        marks = [
            picture.Mark(
                line.story.opened_at.astimezone(tongue.zone).date(),
                str(line.story.type),
                str(row["headline"]),
                f"/stories/{line.story.id}",
            )
            for line, row in zip(lines, rows, strict=True)
        ]
        lanes = [
            (key, name) for key, name in tongue.closed("type", list(ActType)) if any(mark.type == key for mark in marks)
        ]
        begin = picture.shown_from(marks, first, last)
        drawn = picture.time_line(marks, begin, last, lanes, tongue.months()) if marks else ""
        return pages.render(
            request,
            "relations.html",
            "/relations",
            tongue("relations.title"),
            **values,
            f=fields,
            options={"type": tongue.closed("type", list(ActType))},
            between=" – ".join(_name(side, tongue.words) for side in sides),
            timeline=Markup(drawn),
            lines=rows[:PAIRS_SHOWN],
        )

    return show


def relation_values(counts: Sequence[PairCount], fields: Mapping[str, str], tongue: Tongue) -> dict[str, Any]:
    """The heat table and the rows beside it."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    by_type: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    weight: dict[str, int] = defaultdict(int)
    for count in counts:
        pair = (count.left, count.right)
        totals[pair] += count.acts
        by_type[pair][count.type] = count.acts
        weight[count.left] += count.acts
        weight[count.right] += count.acts
    href = {pair: "/relations?" + urlencode({**fields, "between": ",".join(pair)}) + "#between" for pair in totals}
    axis = sorted(weight, key=lambda side: (-weight[side], side))[:HEAT_SIZE]
    names = [(side, _name(side, tongue.words)) for side in axis]
    most = max(totals.values(), default=1)
    ordered = sorted(totals, key=lambda pair: (-totals[pair], pair))
    return {
        "heat": Markup(picture.heat_table(names, totals, href)) if totals else "",
        "pairs": [
            {
                "name": " – ".join(_name(side, tongue.words) for side in pair),
                "href": href[pair],
                "total": totals[pair],
                "width": max(1, round(9 * totals[pair] / most)),
                "by_type": [by_type[pair].get(str(kind), 0) for kind in ActType],
            }
            for pair in ordered[:PAIRS_SHOWN]
        ],
    }


def _name(party_id: str, words: Words) -> str:
    return words.party(Party(party_id, "", None, words.name_of(party_id) or party_id))
