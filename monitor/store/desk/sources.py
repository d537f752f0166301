"""Feeds and their polls, what was read today, and how long it took from publication to alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Subquery, cast, func, or_, select

from monitor.model import DeliveryState, EventType, FeedSpec
from monitor.store import tables
from monitor.store.types import from_json

_MOST_ENTRIES = 1_000_000  # of a week


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One feed as a list shows it."""

    id: str
    url: str
    title: str
    spec: FeedSpec
    state: str
    reason: str
    schedule: str  # as monitor.fetch.state packs it
    interval_s: float
    due_at: datetime
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    failing_since_at: datetime | None
    new_week: int
    gaps_week: int


@dataclass(frozen=True, slots=True)
class PollLine:
    started_at: datetime
    outcome: str
    words: str
    status: int
    listed: int
    new: int
    gap: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """One day in figures. ``latencies_s`` are seconds from publication to the alert, of the immediate alerts."""

    feeds: int
    polled: int
    reached: int
    failing: int
    in_full: int
    summary: int
    blocked: int
    gaps: int
    latencies_s: tuple[float, ...]


def feed_lines(
    connection: Connection,
    now: datetime,
    *,
    words: str = "",
    state: str = "",
    feed_id: str = "",
    page: int = 1,
    size: int = 100,
) -> tuple[tuple[FeedLine, ...], bool]:
    """One page of the feeds, failing ones first, then by title, and whether there are more."""
    feed = tables.feed.c
    new, gaps = _of_a_week(now - timedelta(days=7))
    statement = (
        select(tables.feed, new.c.number.label("new_week"), gaps.c.number.label("gaps_week"))
        .outerjoin(new, new.c.feed_id == feed.id)
        .outerjoin(gaps, gaps.c.feed_id == feed.id)
    )
    if feed_id:
        statement = statement.where(feed.id == feed_id)
    else:
        statement = statement.where(feed.state == state if state else feed.state != "removed")
    if words.strip():
        like = f"%{words.strip().replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(feed.title.ilike(like), feed.url.ilike(like)))
    statement = statement.order_by((feed.state == "ok"), func.lower(feed.title), feed.id)
    rows = connection.execute(statement.limit(size + 1).offset((page - 1) * size)).all()
    lines = tuple(
        FeedLine(
            row.id,
            row.url,
            row.title,
            from_json(FeedSpec, row.spec),
            row.state,
            row.reason,
            row.schedule,
            row.interval_s,
            row.due_at,
            row.last_polled_at,
            row.last_ok_at,
            row.last_new_at,
            row.failing_since_at,
            row.new_week or 0,
            row.gaps_week or 0,
        )
        for row in rows[:size]
    )
    return lines, len(rows) > size


def _of_a_week(since: datetime) -> tuple[Subquery, Subquery]:
    """New entries and possible gaps by feed, as columns ``number``. Entries are counted themselves: of polls only the last
    few are kept."""
    entry, poll = tables.entry.c, tables.poll.c
    # the limit keeps SQLite from flattening this: it would then walk every entry there is in the order of feeds
    seen = select(entry.feed_id).where(entry.first_seen_at >= since).limit(_MOST_ENTRIES).subquery()
    new = select(seen.c.feed_id, func.count().label("number")).group_by(seen.c.feed_id)
    gaps = select(poll.feed_id, func.count().label("number")).where(poll.started_at >= since, poll.gap)
    return new.subquery(), gaps.group_by(poll.feed_id).subquery()


def polls(connection: Connection, feed_id: str) -> tuple[PollLine, ...]:
    """A feed's last polls, newest first."""
    poll = tables.poll.c
    statement = select(poll.started_at, poll.outcome, poll.words, poll.status, poll.listed, poll.new, poll.gap)
    rows = connection.execute(statement.where(poll.feed_id == feed_id).order_by(poll.id.desc()).limit(30))
    return tuple(PollLine(*row) for row in rows)


def coverage(connection: Connection, since: datetime) -> Coverage:
    """What was polled and read since ``since``."""
    feed, poll, article = tables.feed.c, tables.poll.c, tables.article.c
    feeds = connection.execute(
        select(
            func.count(),
            func.count().filter(feed.last_polled_at >= since),
            func.count().filter(feed.last_ok_at >= since),
            func.count().filter(feed.state == "failing"),
        ).where(feed.state.in_(("ok", "failing")))
    ).one()
    read = connection.execute(
        select(article.method, func.count().label("articles")).where(article.read_at >= since).group_by(article.method)
    )
    methods = {row.method: row.articles for row in read}
    blocked = connection.execute(select(func.count()).where(article.read_at >= since, article.wall != "")).scalar_one()
    gaps = connection.execute(select(func.count()).where(poll.started_at >= since, poll.gap)).scalar_one()
    latencies_s = latencies(connection, since)
    in_full = methods.get("page", 0) + methods.get("feed", 0)
    summary = methods.get("summary", 0) + methods.get("title", 0)
    return Coverage(*feeds, in_full=in_full, summary=summary, blocked=blocked, gaps=gaps, latencies_s=latencies_s)


def latencies(connection: Connection, since: datetime, until: datetime | None = None) -> tuple[float, ...]:
    """Seconds from publication (else first sight) to the first sent message, of the articles told in a period."""
    delivery, entry = tables.delivery.c, tables.entry.c
    told = (
        select(entry.published_at, entry.first_seen_at, func.min(delivery.ended_at).label("sent_at"))
        .select_from(tables.delivery)
        .join(tables.entry, entry.id == cast(delivery.article_id, entry.id.type))
        .where(
            delivery.article_id != "",
            delivery.event == EventType.STORY_NEW,
            delivery.state == DeliveryState.SENT,
            delivery.ended_at >= since,
        )
        .group_by(delivery.article_id, entry.published_at, entry.first_seen_at)
        .limit(1000)
    )
    if until is not None:
        told = told.where(delivery.ended_at < until)
    return tuple(
        max(0.0, (row.sent_at - (row.published_at or row.first_seen_at)).total_seconds())
        for row in connection.execute(told)
    )
