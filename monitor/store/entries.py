"""Entries on their way to being articles: claims of those whose page is to be read, and what reading them gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from monitor.model import Entry, EntryState, FeedSpec, ReadMethod
from monitor.store.bulk import execute_many
from monitor.store.engine import Database
from monitor.store.statements import (
    AT_WORK,
    IDS,
    MOST,
    NOW,
    Choose,
    chosen,
    claimed,
    claims_of,
    first_ones,
    unclaimed,
    upsert,
)
from monitor.store.tables import article, entry, feed
from monitor.store.types import spec_from_json


@dataclass(frozen=True, slots=True)
class ReadWork:
    """An entry that was claimed for reading."""

    entry_id: int
    feed_id: str
    spec: FeedSpec
    entry: Entry
    attempts: int  # of reading its page, this one not counted
    wait_until: datetime  # from then on the summary stands in
    claim_id: str


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What an entry's text was found to be, and how it was come by."""

    title: str
    text: str
    method: ReadMethod
    reason: str = ""  # why it is not the page, in plain words
    url: str = ""
    canonical_url: str = ""
    published_at: datetime | None = None
    date_only: bool = False
    language: str = ""
    wall: str = ""
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What one reading changes: the article, or the time of the next try."""

    work: ReadWork
    article: ArticleText | None
    retry_at: datetime | None = None
    reason: str = ""


class ReadStore:
    """What reading needs of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, now: datetime, limit: int, lease_s: float, *, choose: Choose = first_ones) -> list[ReadWork]:
        """Up to ``limit`` entries whose page is to be read now, oldest due first; ``choose`` picks among them."""
        claim_id = self._database.new_claim()
        with self._database.write() as connection:
            ids = chosen(connection, _DUE, now, limit, choose)
            if not ids:
                return []
            claimed(connection, entry, ids, claim_id, now + timedelta(seconds=lease_s))
            rows = connection.execute(_CLAIMED, {IDS.key: ids}).all()
        return [_work(row, claim_id) for row in rows]

    def commit(self, results: Sequence[ReadResult], now: datetime) -> int:
        """Stores articles and next tries in one transaction; returns how many claims still stood."""
        with self._database.write() as connection:
            standing = _standing(connection, results)
            ended = [_ended(result) for result in standing if result.article is not None]
            execute_many(connection, _END_READ, ended)
            execute_many(connection, _END_RETRY, [_ended(result) for result in standing if result.article is None])
            articles = [
                article_values(result.work.entry_id, result.article, now)
                for result in standing
                if result.article is not None
            ]
            upsert(connection, article, articles)
        return len(standing)


# Written once: a statement that is built for each entry costs more than its execution.
_DUE = (
    select(entry.c.id, entry.c.url)
    .where(AT_WORK, entry.c.state == EntryState.LISTED, entry.c.due_at <= NOW, unclaimed(entry))
    .order_by(entry.c.due_at, entry.c.order_at, entry.c.id)
    .limit(MOST)
    .with_for_update(skip_locked=True)
)
_CLAIMED = (
    select(
        entry.c.id, entry.c.feed_id, entry.c.guid, entry.c.url, entry.c.title, entry.c.summary, entry.c.content,
        entry.c.published_at, entry.c.date_only, entry.c.updated_at, entry.c.language, entry.c.attempts,
        entry.c.wait_until, feed.c.spec,
    )
    .join(feed, feed.c.id == entry.c.feed_id)
    .where(entry.c.id.in_(IDS))
    .order_by(entry.c.due_at, entry.c.order_at, entry.c.id)
)  # fmt: skip
_ENDED: dict[str, Any] = {
    "claim_id": "",
    "claim_until": None,
    "attempts": entry.c.attempts + 1,
    "reason": bindparam("new_reason"),
}
_END_READ = update(entry).where(entry.c.id == bindparam("entry_id")).values(**_ENDED, state=EntryState.READ, content="")
_END_RETRY = update(entry).where(entry.c.id == bindparam("entry_id")).values(**_ENDED, due_at=bindparam("new_due_at"))


def _standing(connection: Connection, results: Sequence[ReadResult]) -> list[ReadResult]:
    """The results whose claim still stands; their rows are locked until the transaction ends."""
    held = claims_of(connection, (result.work.entry_id for result in results), EntryState.LISTED)
    return [result for result in results if held.get(result.work.entry_id) == result.work.claim_id]


def _ended(result: ReadResult) -> dict[str, Any]:
    """What ends a claim: an article, or the time of the next try."""
    key = {"entry_id": result.work.entry_id}
    if result.article is not None:
        return key | {"new_reason": result.reason or result.article.reason}
    assert result.retry_at is not None, "a reading ends in an article or in a time for the next try"
    return key | {"new_reason": result.reason or "", "new_due_at": result.retry_at}


def _work(row: Any, claim_id: str) -> ReadWork:
    return ReadWork(
        entry_id=row.id,
        feed_id=row.feed_id,
        spec=spec_from_json(row.spec),
        entry=Entry(
            guid=row.guid,
            url=row.url,
            title=row.title,
            summary=row.summary,
            content=row.content,
            published_at=row.published_at,
            date_only=row.date_only,
            updated_at=row.updated_at,
            language=row.language,
        ),
        attempts=row.attempts,
        wait_until=row.wait_until,
        claim_id=claim_id,
    )


def article_values(entry_id: int, text: ArticleText, now: datetime) -> dict[str, Any]:
    """The row of an article that was read now."""
    return {
        "entry_id": entry_id,
        "title": text.title,
        "text": text.text,
        "url": text.url,
        "canonical_url": text.canonical_url,
        "published_at": text.published_at,
        "language": text.language,
        "method": text.method,
        "wall": text.wall,
        "read_at": now,
        "text_hash": text.text_hash,
        "simhash": "",
    }
