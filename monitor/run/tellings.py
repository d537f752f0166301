"""What the self-watch tells, as deliveries of the health routes: that trouble began, lasts or is over, and that the canary
came through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alert import notice
from monitor.model import Delivery, RouteMode
from monitor.run.match import Desk
from monitor.run.rendered import rendered
from monitor.watch import HealthKind, Moment, News

CANARY_ID = "canary"
# told by the step that delivers, in the transaction in which it happens; the self-watch only remembers and measures them
TOLD_BY_DELIVERING = frozenset({HealthKind.TARGET_DISABLED, HealthKind.TARGET_FAILING, HealthKind.DEAD_LETTERS})


def of_trouble(news: News, desk: Desk, now: datetime) -> Iterator[Delivery]:
    """One moment of an episode, for each route of operational news in its language and time zone."""
    episode = news.episode
    if episode.kind in TOLD_BY_DELIVERING:
        return
    for route in notice.health_routes(desk.routes):
        words = desk.office.lexicon[route.language]
        title = words.text(
            f"watch.moment.{news.moment}", title=words.text(f"watch.{episode.kind}.title", words=episode.words)
        )
        since = words.moment(episode.started_at, ZoneInfo(route.timezone))
        text = {
            Moment.START: words.text(f"watch.{episode.kind}.text", words=episode.words),
            Moment.REMINDER: words.text("watch.lasting", since=since),
            Moment.END: words.text("watch.ended", since=since),
        }[news.moment]
        lines = episode.things if news.moment is not Moment.END else ()
        key = f"{episode.key}|{episode.started_at.isoformat()}|{news.moment}|{episode.told_at.isoformat()}"
        for draft in notice.health_drafts(title, text, route, desk.office, now, key, lines):
            yield rendered(draft, now)


def of_canary(took: timedelta, day: str, desk: Desk, now: datetime) -> tuple[Delivery, ...]:
    """That the canary came through, for the routes that asked for operational news; mail routes for stories are not
    bothered each day."""
    told = []
    for route in (route for route in desk.routes if route.mode is RouteMode.HEALTH):
        words = desk.office.lexicon[route.language]
        text = words.text("watch.canary.text", span=words.span(took.total_seconds()))
        made = notice.health_drafts(words.text("watch.canary.title"), text, route, desk.office, now, f"canary|{day}")
        told += [replace(rendered(draft, now), article_id=CANARY_ID) for draft in made]
    return tuple(told)
