"""Articles to be judged, in their order, and the one transaction in which a judgement, the stories that it moves and the
deliveries that are owed for it are stored together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from monitor.model import (
    Article,
    Delivery,
    Disposition,
    EntryState,
    Judgement,
    Owed,
    ReadMethod,
    Report,
    Story,
    Told,
)
from monitor.store.bulk import execute_many
from monitor.store.engine import Database
from monitor.store.outbox import insert_deliveries
from monitor.store.statements import IDS, claimed, claims_of, insert_new
from monitor.store.stories import save_story, versions_under
from monitor.store.tables import article, entry, feed, judgement, told, verdict
from monitor.store.turns import whose_turn
from monitor.store.types import spec_from_json, to_json


@dataclass(frozen=True, slots=True)
class MatchWork:
    """An article that was claimed for judging. ``held``: older than alert_max_age, told by no immediate alert;
    ``late``: told and marked; ``quiet``: imported, never told; ``edited``: not the first version of it,
    and read without a wall before it."""

    entry_id: int
    article: Article
    held: bool
    late: bool
    quiet: bool
    claim_id: str
    edited: bool = False


@dataclass(frozen=True, slots=True)
class StorySave:
    """A story as it is after an article: its new value, keys and the reports that the article adds. ``known`` is
    False when the article opened it."""

    story: Story
    keys: frozenset[str]
    added: tuple[Report, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class MatchResult:
    """Everything that judging one article changes. ``versions`` are the stories that stood under ``lookup`` when it was
    decided; None when none were looked for."""

    work: MatchWork
    disposition: Disposition
    judgement: Judgement | None = None
    reason: str = ""
    lookup: frozenset[str] = frozenset()
    versions: Mapping[str, int] | None = None
    stories: tuple[StorySave, ...] = ()
    told: tuple[Told, ...] = ()
    verdicts: tuple[Owed, ...] = ()  # every route's, also each "not"
    deliveries: tuple[Delivery, ...] = ()


class Committed(StrEnum):
    """What became of a result."""

    DONE = "done"
    STALE = "stale"  # the stories moved on since it was decided: decide again
    LOST = "lost"  # the claim no longer stands: somebody else has the article


class MatchStore:
    """What matching needs of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, now: datetime, limit: int, lease_s: float) -> list[MatchWork]:
        """Up to ``limit`` articles in the order of (published, first seen, id) within each poll. An article waits for
        the ones before it, whichever was read first; it does not wait for the ones after it."""
        claim_id = self._database.new_claim()
        with self._database.write() as connection:
            self._database.exclusive(connection, "coopwatch match claim")
            ready = whose_turn(connection, now, limit)
            if not ready:
                return []
            claimed(connection, entry, ready, claim_id, now + timedelta(seconds=lease_s))
            rows = _article_rows(connection, ready)
        return [to_work(rows[entry_id], claim_id) for entry_id in ready]

    def commit(self, results: Sequence[MatchResult], now: datetime) -> list[Committed]:
        """Stores results in one transaction, each whole or not at all."""
        with self._database.write() as connection:
            self._database.exclusive(connection, "coopwatch match commit")
            if all(_is_plain(result) for result in results):
                return _commit_plain(connection, results, now)
            return [_commit_one(connection, result, now) for result in results]


def _article_rows(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for start in range(0, len(ids), 500):
        rows = connection.execute(_articles(), {IDS.key: ids[start : start + 500]})
        found |= {row.id: row for row in rows}
    return found


def article_query() -> Any:
    """Articles with what their feed says of them, for ``to_article``."""
    return (
        select(
            entry.c.id,
            entry.c.feed_id,
            entry.c.url.label("entry_url"),
            entry.c.published_at.label("listed_at"),
            entry.c.date_only,
            entry.c.language.label("entry_language"),
            entry.c.first_seen_at,
            entry.c.held,
            entry.c.late,
            entry.c.quiet,
            entry.c.edits,
            article.c.title,
            article.c.text,
            article.c.url,
            article.c.published_at,
            article.c.language,
            article.c.method,
            article.c.wall,
            feed.c.title.label("feed_title"),
            feed.c.spec,
        )
        .join(article, article.c.entry_id == entry.c.id)
        .join(feed, feed.c.id == entry.c.feed_id)
    )


@lru_cache(maxsize=1)
def _articles() -> Any:
    return article_query().where(entry.c.id.in_(IDS))


def to_article(row: Any) -> Article:
    """The article of a row of ``article_query``. Its address is the one that the feed gave: readers open that."""
    spec = spec_from_json(row.spec)
    return Article(
        id=str(row.id),
        title=row.title,
        text=row.text,
        published_at=row.published_at or row.listed_at,
        date_only=row.date_only,
        url=row.entry_url or row.url,
        language=row.language or row.entry_language or spec.language,
        feed_id=row.feed_id,
        feed_title=row.feed_title,
        publisher_party=spec.publisher_party,
        timezone=spec.timezone,
        first_seen_at=row.first_seen_at,
        method=ReadMethod(row.method),
    )


def to_work(row: Any, claim_id: str) -> MatchWork:
    """The claimed work of a row of ``article_query``."""
    return MatchWork(
        row.id, to_article(row), row.held, row.late, row.quiet, claim_id, edited=row.edits > 0 and not row.wall
    )


# written once: a statement that is built for each article costs more than its execution
_END_STANDING = (
    update(entry)
    .where(entry.c.id == bindparam("entry_id"))
    .values(
        state=bindparam("new_state"),
        disposition=bindparam("new_disposition"),
        reason=bindparam("new_reason"),
        claim_id="",
        claim_until=None,
    )
)
_END_MATCH = _END_STANDING.where(entry.c.claim_id == bindparam("held_claim"), entry.c.state == EntryState.READ)
_INSERT_JUDGEMENT = judgement.insert()
_INSERT_VERDICT = verdict.insert()


def _is_plain(result: MatchResult) -> bool:
    """Whether a result changes nothing but its own article, as most do."""
    return result.versions is None and not (result.stories or result.told or result.verdicts or result.deliveries)


def _commit_plain(connection: Connection, results: Sequence[MatchResult], now: datetime) -> list[Committed]:
    """Results that touch no story, all in a fixed number of statements."""
    held = claims_of(connection, (result.work.entry_id for result in results), EntryState.READ)
    stands = [held.get(result.work.entry_id) == result.work.claim_id for result in results]
    standing = [result for result, does in zip(results, stands, strict=True) if does]
    execute_many(connection, _END_STANDING, [{"entry_id": one.work.entry_id} | _found(one) for one in standing])
    judged = [(one.work.entry_id, one.judgement) for one in standing if one.judgement is not None]
    execute_many(connection, _INSERT_JUDGEMENT, [_judgement_row(key, value, now) for key, value in judged])
    return [Committed.DONE if does else Committed.LOST for does in stands]


def _found(result: MatchResult) -> dict[str, Any]:
    state = EntryState.PARKED if result.disposition is Disposition.PARKED else EntryState.JUDGED
    return {"new_state": state, "new_disposition": result.disposition, "new_reason": result.reason}


def _commit_one(connection: Connection, result: MatchResult, now: datetime) -> Committed:
    work = result.work
    if result.versions is not None and versions_under(connection, result.lookup) != result.versions:
        return Committed.STALE
    done = connection.execute(_END_MATCH, {"entry_id": work.entry_id, "held_claim": work.claim_id} | _found(result))
    if not done.rowcount:
        return Committed.LOST
    if result.judgement is not None:
        execute_many(connection, _INSERT_JUDGEMENT, [_judgement_row(work.entry_id, result.judgement, now)])
    for save in result.stories:
        save_story(connection, save.story, save.keys, now, known=save.known, added=save.added)
    insert_new(connection, told, [told_row(one) for one in result.told])
    execute_many(connection, _INSERT_VERDICT, [_owed_row(one) | {"decided_at": now} for one in result.verdicts])
    insert_deliveries(connection, result.deliveries)
    return Committed.DONE


def _judgement_row(entry_id: int, value: Judgement, now: datetime) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "judged_at": now,
        "ruleset": value.ruleset,
        "verdict": value.verdict,
        "score": value.score,
        "alert": value.alert,
        "body": to_json(value),
    }


def _owed_row(value: Owed) -> dict[str, Any]:
    return {
        "story_id": value.story_id,
        "route": value.route,
        "stage": value.stage,
        "change": value.change,
        "decision": value.decision,
        "why": value.why,
        "article_id": value.article_id,
        "detail": value.detail,
    }


def told_row(value: Told) -> dict[str, Any]:
    """The row of a Told."""
    return _owed_row(value.owed) | {"told_at": value.told_at, "delivery_id": value.delivery_id}
