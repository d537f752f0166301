"""Articles that people bring in: stored and judged like others, never told to anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.model import Article, EntryState, FeedSpec, FeedState, ReadMethod
from monitor.store.articles import MatchWork, article_query, to_work
from monitor.store.engine import Database
from monitor.store.feeds import IMPORT_FEED
from monitor.store.statements import insert, insert_new, unclaimed, upsert
from monitor.store.tables import article, entry, entry_key, feed, poll
from monitor.store.types import to_json
from monitor.text import counted


class ImportStore:
    """Takes in articles without a feed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, articles: Sequence[Article], now: datetime) -> int:
        """Stores articles to be judged, in one transaction; those that were brought in before (by id) are left alone.
        Returns how many are new."""
        with self._database.write() as connection:
            _ensure_feed(connection, now)
            keys = {f"i:{_digest(each.id)}": each for each in articles}
            known = connection.execute(
                select(entry_key.c.key).where(entry_key.c.feed_id == IMPORT_FEED, entry_key.c.key.in_(list(keys)))
            ).scalars()
            fresh = {key: each for key, each in keys.items() if key not in set(known)}
            if fresh:
                _insert(connection, fresh, now)
        return len(fresh)

    def claim(self, article_id: str, now: datetime, lease_s: float) -> MatchWork | None:
        """An article that was brought in and waits to be judged; None where somebody has it or it was judged. No other
        article is touched."""
        claim_id = self._database.new_claim()
        with self._database.write() as connection:
            found = connection.execute(
                update(entry)
                .where(entry.c.id.in_(_brought_in(article_id)), entry.c.state == EntryState.READ, unclaimed(entry, now))
                .values(claim_id=claim_id, claim_until=now + timedelta(seconds=lease_s))
                .returning(entry.c.id)
            ).scalar()
            if found is None:
                return None
            row = connection.execute(article_query().where(entry.c.id == found)).one()
        return to_work(row, claim_id)


def _brought_in(article_id: str) -> Any:
    return select(entry_key.c.entry_id).where(
        entry_key.c.feed_id == IMPORT_FEED, entry_key.c.key == f"i:{_digest(article_id)}"
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _ensure_feed(connection: Connection, now: datetime) -> None:
    spec = FeedSpec(url="import:", title="imported")
    insert_new(
        connection,
        feed,
        [
            {
                "id": IMPORT_FEED,
                "listed_url": spec.url,
                "url": spec.url,
                "title": spec.title,
                "spec": to_json(spec),
                "state": FeedState.PAUSED,
                "reason": "articles that people brought in; never polled",
                "due_at": now,
                "added_at": now,
            }
        ],
    )


def _insert(connection: Connection, fresh: dict[str, Article], now: datetime) -> None:
    poll_id = connection.execute(
        insert(connection, poll)
        .values(
            feed_id=IMPORT_FEED, started_at=now, outcome="new", words=counted(len(fresh), "article"), new=len(fresh)
        )
        .returning(poll.c.id)
    ).scalar_one()
    rows = [_entry_row(each, poll_id, now) for each in fresh.values()]
    ids = connection.execute(insert(connection, entry).returning(entry.c.id, sort_by_parameter_order=True), rows)
    found = dict(zip(fresh, ids.scalars().all(), strict=True))
    insert_new(
        connection,
        entry_key,
        [
            {"feed_id": IMPORT_FEED, "key": key, "entry_id": key_id, "first_seen_at": now, "last_seen_at": now}
            for key, key_id in found.items()
        ],
    )
    upsert(connection, article, [_article_row(found[key], each, now) for key, each in fresh.items()])


def _entry_row(value: Article, poll_id: int, now: datetime) -> dict[str, object]:
    return {
        "feed_id": IMPORT_FEED,
        "batch": poll_id,
        "guid": value.id,
        "url": value.url,
        "title": value.title,
        "published_at": value.published_at,
        "date_only": value.date_only,
        "language": value.language,
        "first_seen_at": now,
        "order_at": value.published_at or now,
        "quiet": True,
        "state": EntryState.READ,
        "reason": "imported",
        "due_at": now,
        "wait_until": now,
    }


def _article_row(entry_id: int, value: Article, now: datetime) -> dict[str, object]:
    return {
        "entry_id": entry_id,
        "title": value.title,
        "text": value.text,
        "url": value.url,
        "published_at": value.published_at,
        "language": value.language,
        "method": ReadMethod.PAGE if value.text else ReadMethod.TITLE,
        "read_at": now,
    }
