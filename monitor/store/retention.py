"""How long data stays: texts first, identities and messages later, stories with their quotes, scores and hashes for good.

Everything goes in small transactions, so that nobody who writes waits for it. What an entry is known by outlives its text by
far (``keep.identity``, at least 400 days after a feed listed it last), so that nothing old that reappears is told as new.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Text, and_, cast, delete, exists, or_, select, update

from monitor.config import KeepSettings
from monitor.model import DeliveryState, EntryState
from monitor.store.engine import Database
from monitor.store.statements import upsert
from monitor.store.tables import (
    article,
    attempt,
    delivery,
    delivery_story,
    entry,
    entry_key,
    judgement,
    meta,
    report,
    story,
    story_key,
    verdict,
)

BATCH = 500  # rows a transaction: some milliseconds, with the search index
EVERY = timedelta(days=1)
KINDS = ("texts", "entries", "story_keys", "deliveries", "verdicts")
_DONE_AT = "retention_done_at"
_EMPTIED_TO = "retention_emptied_to"
_LOOKED_TO = "retention_looked_to"
_START = (datetime(1970, 1, 1, tzinfo=UTC), 0)
_IN_OUTBOX = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.RETRY)
_AT_WORK = (EntryState.LISTED, EntryState.READ)

Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one batch did; ``is_done`` when nothing is left to do."""

    texts: int = 0
    entries: int = 0
    story_keys: int = 0
    deliveries: int = 0
    verdicts: int = 0
    is_done: bool = False

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(
            self.texts + other.texts,
            self.entries + other.entries,
            self.story_keys + other.story_keys,
            self.deliveries + other.deliveries,
            self.verdicts + other.verdicts,
            other.is_done,
        )


class RetentionStore:
    """What upkeep and ``coopwatch texts delete`` need of the store."""

    def __init__(self, database: Database, batch: int = BATCH) -> None:
        self._database, self._batch = database, batch
        self._left: tuple[str, ...] = KINDS

    def is_due(self, now: datetime) -> bool:
        """Whether a day has passed since everything was pruned last."""
        with self._database.read() as connection:
            done = _value(connection, _DONE_AT)
        return done is None or now - datetime.fromisoformat(done) >= EVERY

    def prune(self, keep: KeepSettings, now: datetime) -> Pruned:
        """One batch of one kind, in one transaction. To be called again until ``is_done``."""
        identity_before = now - timedelta(seconds=keep.identity_s)
        messages_before = now - timedelta(seconds=keep.deliveries_s)
        done, more = Pruned(), False
        match self._left[0]:
            case "texts":
                texts, more = self._empty(now - timedelta(seconds=keep.texts_s))
                done = Pruned(texts=texts)
            case "entries":
                entries, more = self._forget_entries(identity_before)
                done = Pruned(entries=entries)
            case "story_keys":
                done = Pruned(story_keys=self._forget_story_keys(identity_before))
                more = done.story_keys == self._batch
            case "deliveries":
                done = Pruned(deliveries=self._drop_deliveries(messages_before))
                more = done.deliveries == self._batch
            case _:
                done = Pruned(verdicts=self._drop_verdicts(messages_before))
                more = done.verdicts == self._batch
        if not more:
            self._left = self._left[1:]
        if self._left:
            return done
        self._left = KINDS
        with self._database.write() as connection:
            _set(connection, _DONE_AT, now.isoformat())
            _set(connection, _LOOKED_TO, "")
        return replace(done, is_done=True)

    def empty_feed(self, feed_id: str) -> int:
        """One batch of deleting the texts of one feed, whatever their age; to be called until it gives 0. Titles, quotes
        and what the entries are known by stay."""
        filled = or_(entry.c.summary != "", entry.c.content != "", article.c.text != "")
        with self._database.write() as connection:
            ids = connection.execute(
                select(entry.c.id)
                .join(article, article.c.entry_id == entry.c.id, isouter=True)
                .where(entry.c.feed_id == feed_id, filled)
                .limit(self._batch)
            ).scalars()
            return _empty_texts(connection, list(ids))

    def _empty(self, before: datetime) -> tuple[int, bool]:
        """Texts of articles read before a moment; goes on where the last batch ended. A text that was still to be judged
        then is left alone."""
        with self._database.write() as connection:
            at, last = _place(connection, _EMPTIED_TO)
            rows = connection.execute(
                select(article.c.entry_id, article.c.read_at, entry.c.state)
                .join(entry, entry.c.id == article.c.entry_id)
                .where(
                    article.c.read_at >= at,
                    article.c.read_at < before,
                    or_(article.c.read_at > at, and_(article.c.read_at == at, article.c.entry_id > last)),
                )
                .order_by(article.c.read_at, article.c.entry_id)
                .limit(self._batch)
            ).all()
            emptied = _empty_texts(connection, [row.entry_id for row in rows if row.state not in _AT_WORK])
            if rows:
                _set_place(connection, _EMPTIED_TO, (rows[-1].read_at, rows[-1].entry_id))
            return emptied, len(rows) == self._batch

    def _forget_entries(self, before: datetime) -> tuple[int, bool]:
        """Entries that no feed has listed since a moment and no story reports."""
        listed_since = exists().where(entry_key.c.entry_id == entry.c.id, entry_key.c.last_seen_at >= before)
        reported = exists().where(report.c.article_id == cast(entry.c.id, Text))
        with self._database.write() as connection:
            at, last = _place(connection, _LOOKED_TO)
            rows = connection.execute(
                select(entry.c.id, entry.c.first_seen_at, entry.c.state, or_(listed_since, reported).label("stays"))
                .where(
                    entry.c.first_seen_at >= at,
                    entry.c.first_seen_at < before,
                    or_(entry.c.first_seen_at > at, and_(entry.c.first_seen_at == at, entry.c.id > last)),
                )
                .order_by(entry.c.first_seen_at, entry.c.id)
                .limit(self._batch)
            ).all()
            ids = [row.id for row in rows if not row.stays and row.state not in _AT_WORK]
            for column in (entry_key.c.entry_id, article.c.entry_id, judgement.c.entry_id, entry.c.id):
                connection.execute(delete(column.table).where(column.in_(ids)))
            if rows:
                _set_place(connection, _LOOKED_TO, (rows[-1].first_seen_at, rows[-1].id))
            return len(ids), len(rows) == self._batch

    def _forget_story_keys(self, before: datetime) -> int:
        """The keys of stories that did not change since a moment: no new report finds them any more."""
        with self._database.write() as connection:
            rows = connection.execute(
                select(story_key.c.key, story_key.c.story_id)
                .join(story, story.c.id == story_key.c.story_id)
                .where(story.c.changed_at < before)
                .limit(self._batch)
            ).all()
            for row in rows:
                connection.execute(
                    delete(story_key).where(story_key.c.key == row.key, story_key.c.story_id == row.story_id)
                )
            return len(rows)

    def _drop_deliveries(self, before: datetime) -> int:
        with self._database.write() as connection:
            ids = list(
                connection.execute(
                    select(delivery.c.id)
                    .where(delivery.c.created_at < before, delivery.c.state.not_in(_IN_OUTBOX))
                    .limit(self._batch)
                ).scalars()
            )
            for column in (attempt.c.delivery_id, delivery_story.c.delivery_id, delivery.c.id):
                connection.execute(delete(column.table).where(column.in_(ids)))
            return len(ids)

    def _drop_verdicts(self, before: datetime) -> int:
        """Ids grow with time, so the oldest stand first; the column of times needs no index."""
        with self._database.write() as connection:
            rows = connection.execute(
                select(verdict.c.id, verdict.c.decided_at).order_by(verdict.c.id).limit(self._batch)
            ).all()
            ids = [row.id for row in rows if row.decided_at < before]
            connection.execute(delete(verdict).where(verdict.c.id.in_(ids)))
            return len(ids)


def _empty_texts(connection: Connection, ids: Sequence[int]) -> int:
    if ids:
        connection.execute(update(article).where(article.c.entry_id.in_(ids), article.c.text != "").values(text=""))
        connection.execute(update(entry).where(entry.c.id.in_(ids)).values(summary="", content=""))
    return len(ids)


def _place(connection: Connection, key: str) -> Place:
    kept = _value(connection, key)
    if not kept:
        return _START
    at, last = json.loads(kept)
    return datetime.fromisoformat(at), last


def _set_place(connection: Connection, key: str, place: Place) -> None:
    _set(connection, key, json.dumps([place[0].isoformat(), place[1]]))


def _value(connection: Connection, key: str) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def _set(connection: Connection, key: str, value: str) -> None:
    upsert(connection, meta, [{"key": key, "value": value}])
