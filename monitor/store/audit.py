"""One story or address in order of time: every poll that listed it, reading, decision, route's verdict, delivery attempt with the
server's answer, and what people did. Reads only; what was let go (old polls, old messages) is not there any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, or_, select

from monitor.model import Decision, Judgement, Mention, PollOutcome
from monitor.store.engine import Database
from monitor.store.tables import (
    action,
    article,
    attempt,
    delivery,
    delivery_story,
    entry,
    entry_key,
    feed,
    judgement,
    poll,
    report,
    ruleset,
    verdict,
)
from monitor.store.types import from_json
from monitor.text import counted

QUOTE = 200
# a document that did not change lists what it listed before
_LISTS = (PollOutcome.NEW, PollOutcome.NOTHING_NEW, PollOutcome.NOT_MODIFIED)


class What(StrEnum):
    """The kinds of line, in the order in which they happen where times are equal."""

    LISTED = "listed"
    POLLED = "polled"
    READ = "read"
    JUDGED = "judged"
    VERDICT = "verdict"
    QUEUED = "queued"
    ATTEMPT = "attempt"
    ENDED = "ended"
    ACTION = "action"


_ORDER = {what: number for number, what in enumerate(What)}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. ``subject`` is an article, story, route or delivery; ``words`` say what, for people."""

    at: datetime
    what: What
    subject: str
    words: str


class AuditStore:
    """Looks stories and addresses up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def timeline(self, name: str) -> tuple[Line, ...]:
        """Everything about a story's id, an article's id or address; empty where nothing is known of it."""
        with self._database.read() as connection:
            entries = _entries(connection, name)
            articles = [str(each) for each in entries]
            stories = set(
                connection.execute(select(report.c.story_id).where(report.c.article_id.in_(articles))).scalars()
            ) or {name}
            found = [
                *_listed(connection, entries),
                *_read(connection, entries),
                *_judged(connection, entries),
                *_verdicts(connection, sorted(stories)),
                *_deliveries(connection, sorted(stories)),
                *_actions(connection, [*stories, *articles]),
            ]
        return tuple(sorted(found, key=lambda line: (line.at, _ORDER[line.what])))


def _entries(connection: Connection, name: str) -> list[int]:
    """The entries that an operator means: of a story, or with this address or id."""
    of_story = connection.execute(select(report.c.article_id).where(report.c.story_id == name)).scalars()
    ids = {int(each) for each in of_story if each.isdecimal()}
    where = [entry.c.url == name, entry.c.guid == name, article.c.url == name, article.c.canonical_url == name]
    if name.isdecimal():
        where.append(entry.c.id == int(name))
    query = select(entry.c.id).outerjoin(article, article.c.entry_id == entry.c.id).where(or_(*where))
    return sorted(ids | set(connection.execute(query).scalars()))


def _listed(connection: Connection, ids: Sequence[int]) -> Iterator[Line]:
    rows = connection.execute(
        select(
            entry.c.id,
            entry.c.title,
            entry.c.feed_id,
            entry.c.first_seen_at,
            entry.c.edits,
            entry.c.batch,
            feed.c.title.label("feed"),
        )
        .join(feed, feed.c.id == entry.c.feed_id)
        .where(entry.c.id.in_(ids))
    )
    for row in rows.all():
        edits = f", edited {counted(row.edits, 'time')} since" if row.edits else ""
        yield Line(row.first_seen_at, What.LISTED, str(row.id), f"{row.feed} listed “{row.title}”{edits}")
        last = max(
            connection.execute(select(entry_key.c.last_seen_at).where(entry_key.c.entry_id == row.id)).scalars(),
            default=row.first_seen_at,
        )
        polls = connection.execute(
            select(poll.c.started_at, poll.c.outcome, poll.c.words, poll.c.status)
            .where(poll.c.feed_id == row.feed_id, poll.c.outcome.in_(_LISTS))
            .where(or_(poll.c.id == row.batch, poll.c.started_at.between(row.first_seen_at, last)))
            .order_by(poll.c.id)
        )
        for each in polls:
            yield Line(
                each.started_at, What.POLLED, row.feed_id, f"{row.feed}: {each.outcome}, {each.words}".rstrip(", ")
            )


def _read(connection: Connection, ids: Sequence[int]) -> Iterator[Line]:
    rows = connection.execute(
        select(
            article.c.entry_id, article.c.read_at, article.c.method, article.c.wall, entry.c.attempts, entry.c.reason
        )
        .join(entry, entry.c.id == article.c.entry_id)
        .where(article.c.entry_id.in_(ids))
    )
    for row in rows:
        wall = f", {row.wall}" if row.wall else ""
        yield Line(row.read_at, What.READ, str(row.entry_id), f"from its {row.method}{wall}, attempt {row.attempts}")


def _judged(connection: Connection, ids: Sequence[int]) -> Iterator[Line]:
    loaded = {row.digest: row.loaded_at for row in connection.execute(select(ruleset.c.digest, ruleset.c.loaded_at))}
    rows = connection.execute(
        select(judgement.c.entry_id, judgement.c.judged_at, judgement.c.ruleset, judgement.c.body)
        .where(judgement.c.entry_id.in_(ids))
        .order_by(judgement.c.id)
    )
    for row in rows:
        said = from_json(Judgement, row.body)
        since = f" (loaded {loaded[row.ruleset]:%Y-%m-%d %H:%M} UTC)" if row.ruleset in loaded else ""
        words = f"{said.verdict}, score {said.score:.2f}, rules {row.ruleset}{since}"
        yield Line(row.judged_at, What.JUDGED, str(row.entry_id), words)
        for announcement in said.announcements:
            sides = " + ".join(party.id for party in announcement.parties)
            shown = f"{announcement.type} {announcement.stage} {sides} by rule {announcement.rule}"
            yield Line(row.judged_at, What.JUDGED, str(row.entry_id), f"{shown}: “{announcement.quote[:QUOTE]}”")
        # one sentence may be refused under several rules
        for refused in dict.fromkeys(_refused(mention) for mention in said.mentions):
            yield Line(row.judged_at, What.JUDGED, str(row.entry_id), refused)


def _refused(mention: Mention) -> str:
    return f"refused, {mention.reason}: “{mention.announcement.quote[:QUOTE]}”"


def _verdicts(connection: Connection, stories: Sequence[str]) -> Iterator[Line]:
    rows = connection.execute(select(verdict).where(verdict.c.story_id.in_(stories)).order_by(verdict.c.id))
    for row in rows:
        decided = "not sent" if row.decision == Decision.NOT else row.decision
        detail = f" ({row.detail})" if row.detail else ""
        change = f" {row.change}" if row.change else ""
        words = f"{decided} because {row.why}{detail}; story {row.story_id}, {row.stage}{change}"
        yield Line(row.decided_at, What.VERDICT, row.route, words)


def _deliveries(connection: Connection, stories: Sequence[str]) -> Iterator[Line]:
    ids = select(delivery_story.c.delivery_id).where(delivery_story.c.story_id.in_(stories))
    rows = connection.execute(
        select(
            delivery.c.id,
            delivery.c.route,
            delivery.c.target,
            delivery.c.event,
            delivery.c.state,
            delivery.c.reason,
            delivery.c.created_at,
            delivery.c.ended_at,
        ).where(delivery.c.id.in_(ids))
    )
    for row in rows.all():
        yield Line(row.created_at, What.QUEUED, row.id, f"{row.event} for {row.target} on route {row.route}")
        tries = connection.execute(select(attempt).where(attempt.c.delivery_id == row.id).order_by(attempt.c.id))
        for each in tries:
            words = f"attempt {each.number}: {each.result}; answer: {each.answer or '-'}"
            yield Line(each.ended_at or each.started_at, What.ATTEMPT, row.id, words)
        if row.ended_at is not None:
            yield Line(row.ended_at, What.ENDED, row.id, f"{row.state}{f': {row.reason}' if row.reason else ''}")


def _actions(connection: Connection, subjects: Sequence[str]) -> Iterator[Line]:
    rows = connection.execute(select(action).where(action.c.subject_id.in_(subjects)).order_by(action.c.id))
    for row in rows:
        yield Line(row.done_at, What.ACTION, row.subject_id, f"{row.actor}: {row.kind} {row.detail}".rstrip())
