"""Feeds: the list as the files give it, claims of what is due, and what is known of entries that are listed again. What a
poll brought is stored by polls.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ARRAY, Connection, Text, and_, bindparam, func, or_, select, update

from monitor.model import FeedSpec, FeedState
from monitor.store.bulk import execute_many
from monitor.store.engine import Database
from monitor.store.polls import FeedWork, PollResult, store_polls
from monitor.store.statements import (
    IDS,
    MOST,
    NOW,
    Choose,
    chosen,
    chunks,
    first_ones,
    insert_new,
    is_polled,
    unclaimed,
)
from monitor.store.tables import entry, entry_key, feed
from monitor.store.types import UtcDateTime, spec_from_json, to_json

IMPORT_FEED = "import"  # what a person brought in by file or by hand; never polled


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry that one of the looked-up keys leads to."""

    entry_id: int
    text_hash: str
    edits: int
    title: str
    url: str
    first_seen_at: datetime


def feed_id_of(listed_url: str) -> str:
    """The id of a feed: short, stable over moves, the same on every machine."""
    return hashlib.sha256(listed_url.encode()).hexdigest()[:10]


class FeedStore:
    """What polling needs of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, specs: Sequence[FeedSpec], now: datetime, interval_s: float) -> None:
        """Makes the stored list equal to the files': new feeds are due at once, missing ones end as removed with their
        history kept, returning ones go on."""
        with self._database.write() as connection:
            rows = connection.execute(select(feed.c.id, feed.c.spec, feed.c.state)).all()
            stored = {row.id: (row.spec, row.state) for row in rows}
            listed = {feed_id_of(spec.url): spec for spec in specs if spec.enabled}
            insert_new(
                connection,
                feed,
                [_new_feed(key, spec, now, interval_s) for key, spec in listed.items() if key not in stored],
            )
            for key, spec in listed.items():
                if key in stored and stored[key] != (to_json(spec), stored[key][1]):
                    values: dict[str, Any] = {"spec": to_json(spec), "title": spec.title}
                    connection.execute(update(feed).where(feed.c.id == key).values(values))
            back = [key for key in listed if key in stored and stored[key][1] == FeedState.REMOVED]
            kept = {*listed, IMPORT_FEED}
            gone = [key for key, (_, state) in stored.items() if key not in kept and state != FeedState.REMOVED]
            _set_state(connection, back, FeedState.OK, "listed again", due_at=now)
            _set_state(connection, gone, FeedState.REMOVED, "no longer in any feeds file")

    def claim(
        self,
        now: datetime,
        limit: int,
        lease_s: float,
        *,
        not_since: datetime | None = None,
        choose: Choose = first_ones,
    ) -> list[FeedWork]:
        """Up to ``limit`` due feeds, longest due first; their next due time is stored before anything is asked.
        ``not_since`` leaves out those polled since then (``once`` asks each feed once); ``choose`` picks among them."""
        claim_id, until = self._database.new_claim(), now + timedelta(seconds=lease_s)
        due = _due(self._database.dialect)
        if not_since is not None:
            due = _due_once(self._database.dialect).params(since=not_since)
        with self._database.write() as connection:
            ids = chosen(connection, due, now, limit, choose)
            if not ids:
                return []
            rows = connection.execute(_CLAIMED, {IDS.key: ids}).all()
            claims = [
                {
                    "key": row.id,
                    "new_claim": claim_id,
                    "until": until,
                    "next_at": now + timedelta(seconds=row.interval_s),
                }
                for row in rows
            ]
            execute_many(connection, _CLAIM, claims)
        return [_work(row, claim_id) for row in rows]

    def known(self, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, KnownEntry]]:
        """For each of these feeds, which of these keys are known in it, and as what."""
        found: dict[str, dict[str, KnownEntry]] = {feed_id: {} for feed_id in wanted}
        pairs = [(feed_id, key) for feed_id, keys in wanted.items() for key in keys]
        if not pairs:  # a round without news costs no transaction
            return found
        with self._database.read() as connection:
            for chunk in chunks(pairs):
                for row in connection.execute(_known(self._database.dialect), _pairs(self._database.dialect, chunk)):
                    found[row[0]][row[1]] = KnownEntry(*row[2:])
        return found

    def commit(self, results: Sequence[PollResult], now: datetime) -> int:
        """Stores what polls brought, in one transaction; results of a claim that no longer stands are dropped. Returns
        how many were stored."""
        with self._database.write() as connection:
            return store_polls(connection, results, now)


# Written once: to build a statement costs more than to execute it.
@lru_cache(maxsize=2)
def _due(dialect: str) -> Any:
    return (
        select(feed.c.id, feed.c.url)
        .where(feed.c.due_at <= NOW, is_polled(dialect), unclaimed(feed))
        .order_by(feed.c.due_at, feed.c.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )


@lru_cache(maxsize=2)
def _due_once(dialect: str) -> Any:
    never = feed.c.last_polled_at.is_(None)
    return _due(dialect).where(or_(never, feed.c.last_polled_at < bindparam("since", type_=UtcDateTime)))


_CLAIMED = (
    select(
        feed.c.id, feed.c.url, feed.c.spec, feed.c.state, feed.c.schedule, feed.c.interval_s, feed.c.failures, feed.c.polls,
        feed.c.last_ok_at, feed.c.last_new_at,
    )
    .where(feed.c.id.in_(IDS))
    .order_by(feed.c.due_at, feed.c.id)
)  # fmt: skip
_CLAIM = (
    update(feed)
    .where(feed.c.id == bindparam("key"))
    .values(claim_id=bindparam("new_claim"), claim_until=bindparam("until"), due_at=bindparam("next_at"))
)


@lru_cache(maxsize=2)
def _known(dialect: str) -> Any:
    """What keys of feeds lead to. All in one parameter: a statement with 90 of them takes three times as long to write as to
    execute."""
    if dialect == "postgresql":
        feeds, keys = (bindparam(name, type_=ARRAY(Text)) for name in ("feeds", "keys"))
        wanted = func.unnest(feeds, keys).table_valued("feed_id", "key").render_derived()
        is_wanted = and_(entry_key.c.feed_id == wanted.c.feed_id, entry_key.c.key == wanted.c.key)
    else:
        wanted = func.json_each(bindparam("pairs", type_=Text)).table_valued("value")
        part = func.json_extract
        is_wanted = and_(
            entry_key.c.feed_id == part(wanted.c.value, "$[0]"), entry_key.c.key == part(wanted.c.value, "$[1]")
        )
    columns = (entry_key.c.feed_id, entry_key.c.key, entry.c.id, entry.c.text_hash, entry.c.edits, entry.c.title)
    return (
        select(*columns, entry.c.url, entry.c.first_seen_at)
        .select_from(wanted)
        .join(entry_key, is_wanted)
        .join(entry, entry.c.id == entry_key.c.entry_id)
    )


def _pairs(dialect: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    if dialect == "postgresql":
        return {"feeds": [feed_id for feed_id, _ in pairs], "keys": [key for _, key in pairs]}
    return {"pairs": json.dumps(pairs)}


def _new_feed(key: str, spec: FeedSpec, now: datetime, interval_s: float) -> dict[str, Any]:
    return {
        "id": key,
        "listed_url": spec.url,
        "url": spec.url,
        "host": urlsplit(spec.url).hostname or "",
        "title": spec.title,
        "spec": to_json(spec),
        "state": FeedState.OK,
        "reason": "not polled yet",
        "schedule": "",
        "interval_s": interval_s,
        "due_at": now,
        "claim_id": "",
        "added_at": now,
        "failures": 0,
        "polls": 0,
        "entries": 0,
    }


def _set_state(connection: Connection, keys: Sequence[str], state: FeedState, reason: str, **more: Any) -> None:
    for chunk in chunks(keys):
        connection.execute(update(feed).where(feed.c.id.in_(chunk)).values(state=state, reason=reason, **more))


def _work(row: Any, claim_id: str) -> FeedWork:
    return FeedWork(
        feed_id=row.id,
        url=row.url,
        spec=spec_from_json(row.spec),
        state=FeedState(row.state),
        schedule=row.schedule,
        interval_s=row.interval_s,
        failures=row.failures,
        polls=row.polls,
        last_ok_at=row.last_ok_at,
        last_new_at=row.last_new_at,
        claim_id=claim_id,
    )
