"""Reports from the store: which stories, how much was seen, what people said of them. The document itself is composed by
monitor.alert.report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.alert import grammar, report
from monitor.alert.report import Asked, Coverage, Report
from monitor.alert.words import Words
from monitor.config import Route
from monitor.model import Story
from monitor.store import Store
from monitor.store.desk import coverage
from monitor.store.desk.stories import judged

REACHED_WITHIN = timedelta(days=1)
GAPS_WITHIN = timedelta(days=7)


def make(
    store: Store,
    asked: Asked,
    words: Words,
    zone: ZoneInfo,
    now: datetime,
    wanted: Callable[[Story], bool] = lambda story: True,
) -> Report:
    """The report on the stories of the store; ``wanted`` narrows them further. Reads only."""
    first = datetime.combine(asked.since, time(), zone).astimezone(UTC)
    stories = store.stories.load(store.curation.opened_since(first))
    with store.database.read() as connection:
        said = judged(connection, list(stories))
        seen = coverage(connection, now - REACHED_WITHIN)
        gaps = coverage(connection, now - GAPS_WITHIN).gaps
    return report.compose(
        [story for story in stories.values() if wanted(story)],
        asked,
        words,
        zone=zone,
        now=now,
        coverage=Coverage(seen.feeds, seen.reached, gaps),
        right=frozenset(key for key, verdict in said.items() if verdict == "right"),
        wrong=frozenset(key for key, verdict in said.items() if verdict != "right"),
    )


def of_route(store: Store, route: Route, words: Words, since: datetime, until: datetime) -> Report:
    """What a route with ``mode = "report"`` is sent: its stories since the report before, by its match tables and its
    threshold; a single pair in them gives the report its name."""
    zone = ZoneInfo(route.timezone)
    pairs = {pair for clause in route.match for pair in clause.pairs}
    between = next(iter(pairs)) if len(pairs) == 1 and len(route.match) == 1 else ()
    asked = Asked(since.astimezone(zone).date(), until.astimezone(zone).date(), between=between)

    def wanted(story: Story) -> bool:
        if not (since < story.opened_at <= until) or story.score < route.threshold or not story.reports:
            return False
        best = max(story.reports, key=lambda each: (each.reason is None, each.announcement.score))
        return not route.match or grammar.refusal(route.match, grammar.subject(story, best)) is None

    return make(store, asked, words, zone, until, wanted)
