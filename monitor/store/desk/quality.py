"""What people judged, and the random sample that they are asked to label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.store import tables


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """Judgements since a day: alerts judged right and wrong (old and duplicates count as wrong), the sample's labels, and
    how many stories alerted and articles did not, to weigh the sample with."""

    right: int
    wrong: int
    sampled: int
    sampled_missed: int
    alerts: int
    quiet_articles: int
    by_rule: dict[str, tuple[int, int]]  # rule -> right, wrong


@dataclass(frozen=True, slots=True)
class SampleArticle:
    article_id: str
    title: str
    text: str
    url: str
    feed_title: str
    published_at: datetime | None
    score: float


def quality(connection: Connection, since: datetime) -> QualityFigures:
    """The figures of the quality page; a story's last judgement counts."""
    verdicts = dict(_judgements(connection, since))
    rules = _rules_of(connection, list(verdicts))
    by_rule: dict[str, tuple[int, int]] = {}
    for story_id, right in verdicts.items():
        was = by_rule.get(rules.get(story_id, ""), (0, 0))
        by_rule[rules.get(story_id, "")] = (was[0] + int(right), was[1] + int(not right))
    action, judgement, story = tables.action.c, tables.judgement.c, tables.story.c
    labels = (
        connection.execute(
            select(action.detail).where(action.kind == "label", action.subject == "sample", action.done_at >= since)
        )
        .scalars()
        .all()
    )
    alerts = connection.execute(
        select(func.count()).where(story.opened_at >= since, story.opened_by_mention.is_(False))
    ).scalar_one()
    quiet = connection.execute(
        select(func.count()).where(judgement.judged_at >= since, judgement.alert.is_(False))
    ).scalar_one()
    right_ones = sum(verdicts.values())
    missed = sum(label.split(" ", 1)[0] == "announcement" for label in labels)
    return QualityFigures(right_ones, len(verdicts) - right_ones, len(labels), missed, alerts, quiet, by_rule)


def _judgements(connection: Connection, since: datetime) -> Iterator[tuple[str, bool]]:
    action = tables.action.c
    rows = connection.execute(
        select(action.subject_id, action.detail)
        .where(action.kind == "judge", action.subject == "story", action.done_at >= since)
        .order_by(action.id)
    )
    for row in rows:
        yield row.subject_id, row.detail.split(" ", 1)[0] == "right"


def _rules_of(connection: Connection, story_ids: list[str]) -> dict[str, str]:
    """The rule of each story's first report."""
    report = tables.report.c
    rows = connection.execute(
        select(report.story_id, report.rule).where(report.story_id.in_(story_ids), report.position == 0)
    )
    return {row.story_id: row.rule for row in rows}


def sample(connection: Connection, ids: tuple[int, ...]) -> tuple[SampleArticle, ...]:
    """The articles of today's sample that nobody has labelled yet."""
    entry, article, judgement, feed, action = (
        tables.entry.c,
        tables.article.c,
        tables.judgement.c,
        tables.feed.c,
        tables.action.c,
    )
    done = select(action.subject_id).where(action.kind == "label", action.subject == "sample")
    labelled = set(connection.execute(done).scalars())
    wanted = [each for each in ids if str(each) not in labelled]
    score = select(func.max(judgement.score)).where(judgement.entry_id == entry.id).scalar_subquery()
    statement = (
        select(
            entry.id,
            article.title,
            article.text,
            entry.url,
            feed.title.label("feed_title"),
            entry.published_at,
            score.label("score"),
        )
        .join_from(tables.entry, tables.article, article.entry_id == entry.id)
        .join(tables.feed, feed.id == entry.feed_id)
        .where(entry.id.in_(wanted))
    )
    return tuple(
        SampleArticle(
            str(row.id), row.title, row.text[:700], row.url, row.feed_title, row.published_at, row.score or 0.0
        )
        for row in connection.execute(statement)
    )
