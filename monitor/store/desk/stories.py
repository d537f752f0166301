"""Stories as operators look for them: by filters and words, and one story with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Select, String, and_, exists, func, literal, select, union_all

from monitor.model import Decision, Judgement, Report, Story
from monitor.store import search, tables
from monitor.store.stories import load_stories
from monitor.store.types import from_json

PAGE = 50


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """What must hold, all of it; empty = any. Of ``principals`` every one must take part. Times are aware UTC."""

    words: str = ""
    principals: tuple[str, ...] = ()
    type: str = ""
    stage: str = ""
    sector: str = ""
    topic: str = ""
    lang: str = ""
    feed: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A story as a list shows it: without its reports."""

    story: Story
    sources: int  # articles that announce it; mentions prove nothing
    judged: str = ""  # the last judgement of a person: right, wrong, old, duplicate


@dataclass(frozen=True, slots=True)
class ArticleText:
    """The text behind a report, while it is kept."""

    article_id: str
    title: str
    text: str
    method: str
    judgement: Judgement | None


@dataclass(frozen=True, slots=True)
class StoryFile:
    """One story with its reports, and what is known besides: (route, target, event, state, reason, when) of its deliveries
    and of what waits for one, (when, who, what, detail) of what people did, (route, decision, reason, when) of each route's
    verdict."""

    story: Story
    articles: tuple[ArticleText, ...]
    deliveries: tuple[tuple[str, str, str, str, str, datetime], ...]
    actions: tuple[tuple[datetime, str, str, str], ...]
    verdicts: tuple[tuple[str, str, str, datetime], ...]


def find_stories(
    connection: Connection, wanted: StoryFilter, *, page: int = 1, size: int = PAGE
) -> tuple[tuple[StoryLine, ...], bool]:
    """One page of the stories that pass, newest first, and whether there are more."""
    statement = (
        _filtered(connection, wanted)
        .order_by(tables.story.c.opened_at.desc(), tables.story.c.id)
        .limit(size + 1)
        .offset((page - 1) * size)
    )
    rows = connection.execute(statement).all()
    ids = [str(row.id) for row in rows[:size]]
    said, sources = judged(connection, ids), _sources(connection, ids)
    lines = tuple(
        StoryLine(replace(from_json(Story, row.body), reports=()), sources.get(row.id, 0), said.get(row.id, ""))
        for row in rows[:size]
    )
    return lines, len(rows) > size


def _sources(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """How many articles announce each story: one that tells it in two sentences is one."""
    report = tables.report.c
    counted = (
        select(report.story_id, func.count(report.article_id.distinct()).label("articles"))
        .where(report.story_id.in_(ids), report.reason == "")
        .group_by(report.story_id)
    )
    return {str(row.story_id): int(row.articles) for row in connection.execute(counted)}


def _filtered(connection: Connection, wanted: StoryFilter) -> Select[tuple[str, str]]:
    story, tag = tables.story.c, tables.story_tag.c
    conditions = [story.state == wanted.state] if wanted.state else [story.state != "merged"]
    if not wanted.state:
        conditions.append(story.opened_by_mention.is_(False))
    for column, value in ((story.type, wanted.type), (story.stage, wanted.stage)):
        if value:
            conditions.append(column == value)
    if wanted.since is not None:
        conditions.append(story.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(story.opened_at < wanted.until)
    tags = [("principal", code) for code in wanted.principals]
    tags += [(kind, value) for kind, value in _single_tags(wanted) if value]
    for kind, value in tags:
        conditions.append(exists().where(and_(tag.story_id == story.id, tag.kind == kind, tag.value == value)))
    if wanted.words.strip():
        conditions.append(story.id.in_(search.stories_with(connection, wanted.words)))
    return select(story.id, story.body).where(*conditions)


def newest_stories(connection: Connection, threshold: float, size: int) -> tuple[Story, ...]:
    """The open stories of at least this score that changed last, with their reports, latest change first."""
    story = tables.story.c
    worth_telling = (story.state == "open", story.opened_by_mention.is_(False), story.score >= threshold)
    return _whole(connection, select(story.id).where(*worth_telling).order_by(story.changed_at.desc()).limit(size))


def stories_with_deadline(connection: Connection, since: datetime) -> tuple[Story, ...]:
    """The open stories since a moment that have a deadline, with their reports, newest first."""
    story = tables.story.c
    dated = (story.state == "open", story.opened_by_mention.is_(False), story.deadline != "", story.opened_at >= since)
    return _whole(connection, select(story.id).where(*dated).order_by(story.opened_at.desc()))


def _whole(connection: Connection, ids: Select[tuple[str]]) -> tuple[Story, ...]:
    wanted = [str(row.id) for row in connection.execute(ids)]
    found = load_stories(connection, wanted)
    return tuple(found[key] for key in wanted)


def _single_tags(wanted: StoryFilter) -> tuple[tuple[str, str], ...]:
    return (("sector", wanted.sector), ("topic", wanted.topic), ("lang", wanted.lang), ("feed", wanted.feed))


def judged(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What people said of stories last (right, wrong ...), by id; those of which nobody spoke are left out."""
    action = tables.action.c
    rows = connection.execute(
        select(action.subject_id, action.detail)
        .where(action.kind == "judge", action.subject == "story", action.subject_id.in_(ids))
        .order_by(action.id)
    )
    return {row.subject_id: row.detail.split(" ", 1)[0] for row in rows}


def choices(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The values that topic, lang and feed filters may take, from the stories there are."""
    tag = tables.story_tag.c
    rows = connection.execute(
        select(tag.kind, tag.value).where(tag.kind.in_(("topic", "lang", "feed"))).distinct()
    ).all()
    return {kind: tuple(sorted(row.value for row in rows if row.kind == kind)) for kind in ("topic", "lang", "feed")}


def feed_titles(connection: Connection, feed_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(id, title) of the feeds with these ids, by title."""
    feed = tables.feed.c
    rows = connection.execute(select(feed.id, feed.title).where(feed.id.in_(feed_ids)).order_by(func.lower(feed.title)))
    return [(row.id, row.title or row.id) for row in rows]


def rule_hits(connection: Connection, since: datetime) -> dict[str, int]:
    """How many reports each rule made since a moment."""
    report = tables.report.c
    rows = connection.execute(
        select(report.rule, func.count()).where(report.seen_at >= since, report.reason == "").group_by(report.rule)
    )
    return {row[0]: row[1] for row in rows}


def story_file(connection: Connection, story_id: str) -> StoryFile | None:
    """All that is known of one story, or None where there is none."""
    body = connection.execute(select(tables.story.c.body).where(tables.story.c.id == story_id)).scalar()
    if body is None:
        return None
    report = tables.report.c
    rows = connection.execute(
        select(report.body).where(report.story_id == story_id).order_by(report.position)
    ).scalars()
    reports = tuple(from_json(Report, row) for row in rows)
    story = replace(from_json(Story, body), reports=reports)
    return StoryFile(
        story,
        _articles(connection, [each.article_id for each in reports]),
        _deliveries(connection, story_id),
        _actions(connection, [story_id]),
        _verdicts(connection, story_id),
    )


def _articles(connection: Connection, article_ids: Sequence[str]) -> tuple[ArticleText, ...]:
    entry_ids = [int(each) for each in article_ids if each.isdecimal()]
    article, judgement = tables.article.c, tables.judgement
    latest = (
        select(judgement.c.entry_id, judgement.c.body)
        .where(judgement.c.entry_id.in_(entry_ids))
        .order_by(judgement.c.id)
    )
    judged = {row.entry_id: row.body for row in connection.execute(latest)}
    rows = connection.execute(
        select(article.entry_id, article.title, article.text, article.method).where(article.entry_id.in_(entry_ids))
    )
    return tuple(
        ArticleText(
            str(row.entry_id),
            row.title,
            row.text,
            row.method,
            from_json(Judgement, judged[row.entry_id]) if row.entry_id in judged else None,
        )
        for row in rows
    )


def _deliveries(connection: Connection, story_id: str) -> tuple[tuple[str, str, str, str, str, datetime], ...]:
    """The deliveries of a story and what routes are owed of it without a message yet: there the state is what holds it."""
    delivery, carried, told = tables.delivery.c, tables.delivery_story.c, tables.told.c
    at = func.coalesce(delivery.ended_at, delivery.created_at).label("at")
    sent = (
        select(delivery.route, delivery.target, delivery.event, delivery.state, delivery.reason, at)
        .join(tables.delivery_story, carried.delivery_id == delivery.id)
        .where(carried.story_id == story_id)
    )
    nothing = literal("", String)
    held = select(told.route, nothing, nothing, told.decision, nothing, told.told_at).where(
        told.story_id == story_id, told.delivery_id == "", told.decision != Decision.NOT
    )
    rows = connection.execute(union_all(sent, held).order_by("at"))
    return tuple((row.route, row.target, row.event, row.state, row.reason, row.at) for row in rows)


def _actions(connection: Connection, subject_ids: Sequence[str]) -> tuple[tuple[datetime, str, str, str], ...]:
    action = tables.action.c
    statement = select(action.done_at, action.actor, action.kind, action.detail).where(
        action.subject_id.in_(subject_ids)
    )
    return tuple(
        (row.done_at, row.actor, row.kind, row.detail) for row in connection.execute(statement.order_by(action.id))
    )


def _verdicts(connection: Connection, story_id: str) -> tuple[tuple[str, str, str, datetime], ...]:
    verdict = tables.verdict.c
    columns = (verdict.route, verdict.decision, verdict.why, verdict.detail, verdict.decided_at)
    rows = connection.execute(select(*columns).where(verdict.story_id == story_id).order_by(verdict.id))
    return tuple((row.route, row.decision, f"{row.why} {row.detail}".strip(), row.decided_at) for row in rows)
