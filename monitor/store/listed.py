"""What a document listed, as it is stored with its poll: new and edited entries, their keys, and the articles of those that
carry their text. Decides nothing. Part of the poll's transaction (polls.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from monitor.model import Entry, EntryState
from monitor.store.bulk import execute_many
from monitor.store.entries import ArticleText, article_values
from monitor.store.statements import chunks, insert_new, reserved_ids, upsert
from monitor.store.tables import article, entry, entry_key


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A new or edited entry as a poll found it. ``entry_id`` is set for an edited one, ``article`` for one that needs no page:
    it is stored as read."""

    entry: Entry
    keys: tuple[str, ...]
    text_hash: str
    order_at: datetime
    wait_until: datetime
    held: bool = False
    late: bool = False
    entry_id: int | None = None
    article: ArticleText | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """What one poll's document brought. ``seen`` are keys (old and newly found) of known entries."""

    feed_id: str
    poll_id: int
    new: tuple[ListedEntry, ...]
    edited: tuple[ListedEntry, ...]
    seen: tuple[tuple[str, int], ...]


def store_listed(connection: Connection, brought: Sequence[Brought], now: datetime) -> None:
    """Stores what documents listed, each kind of row in one statement: a statement a row costs three times as much."""
    articles = [*_insert_entries(connection, brought, now), *_update_entries(connection, brought, now)]
    upsert(connection, article, articles)
    _touch_keys(connection, brought, now)


# What an entry has before anything was done with it: new, or once more after an edit.
_UNTOUCHED: dict[str, Any] = {"disposition": "", "claim_id": "", "claim_until": None}
_FOUND = (
    "batch", "guid", "url", "title", "summary", "content", "published_at", "date_only", "updated_at", "language",
    "order_at", "text_hash", "held", "late", "due_at", "wait_until", "state", "reason", "attempts",
)  # fmt: skip
_INSERT_ENTRY = insert(entry)
_EDIT_ENTRY = (
    update(entry)
    .where(entry.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _FOUND} | _UNTOUCHED | {"edits": entry.c.edits + 1})
)


def _entry_values(listed: ListedEntry, poll_id: int, now: datetime) -> dict[str, Any]:
    """An entry's columns: to be read, or as reading leaves it (entries.py) where it brings its article along."""
    found, text = listed.entry, listed.article
    return {
        "batch": poll_id,
        "guid": found.guid,
        "url": found.url,
        "title": found.title,
        "summary": found.summary,
        "content": found.content if text is None else "",
        "published_at": found.published_at,
        "date_only": found.date_only,
        "updated_at": found.updated_at,
        "language": found.language,
        "order_at": listed.order_at,
        "text_hash": listed.text_hash,
        "held": listed.held,
        "late": listed.late,
        "due_at": now,
        "wait_until": listed.wait_until,
        "state": EntryState.LISTED if text is None else EntryState.READ,
        "reason": "" if text is None else text.reason,
        "attempts": 0 if text is None else 1,
    }


def _insert_entries(connection: Connection, brought: Sequence[Brought], now: datetime) -> Iterator[dict[str, Any]]:
    """Stores new entries and their keys; gives the rows of their articles."""
    found = [(one, listed) for one in brought for listed in one.new]
    placed = list(zip(reserved_ids(connection, entry, len(found)), found, strict=True))
    first = {"first_seen_at": now, "edits": 0, "quiet": False, **_UNTOUCHED}
    rows = [
        {"id": entry_id, "feed_id": one.feed_id, **first, **_entry_values(listed, one.poll_id, now)}
        for entry_id, (one, listed) in placed
    ]
    execute_many(connection, _INSERT_ENTRY, rows)
    _insert_keys(
        connection, {(one.feed_id, key): entry_id for entry_id, (one, listed) in placed for key in listed.keys}, now
    )
    return (article_values(key, listed.article, now) for key, (_, listed) in placed if listed.article is not None)


def _update_entries(connection: Connection, brought: Sequence[Brought], now: datetime) -> Iterator[dict[str, Any]]:
    """Stores edits, in the order of their entries (as everybody locks them); gives the rows of their articles."""
    edited = [(listed.entry_id or 0, listed, one.poll_id) for one in brought for listed in one.edited]
    edited.sort(key=lambda each: each[0])
    rows = [
        {f"new_{name}": value for name, value in _entry_values(listed, poll_id, now).items()} | {"key": key}
        for key, listed, poll_id in edited
    ]
    execute_many(connection, _EDIT_ENTRY, rows)
    return (article_values(key, listed.article, now) for key, listed, _ in edited if listed.article is not None)


def _insert_keys(connection: Connection, keys: Mapping[tuple[str, str], int], now: datetime) -> None:
    """Keys with the entries that they lead to; a key that leads somewhere already goes on doing so."""
    insert_new(
        connection,
        entry_key,
        [
            {"feed_id": feed_id, "key": key, "entry_id": entry_id, "first_seen_at": now, "last_seen_at": now}
            for (feed_id, key), entry_id in keys.items()
        ],
    )


_SEEN_KEYS = select(entry_key.c.key, entry_key.c.last_seen_at).where(
    entry_key.c.feed_id == bindparam("feed"), entry_key.c.key.in_(bindparam("keys", expanding=True))
)
_TOUCH_KEY = (
    update(entry_key)
    .where(entry_key.c.feed_id == bindparam("of_feed"), entry_key.c.key == bindparam("of_key"))
    .values(last_seen_at=bindparam("seen_at"))
)


def _touch_keys(connection: Connection, brought: Sequence[Brought], now: datetime) -> None:
    """Keys of known entries: new ones are added. That they were seen again is written once a day only, which is exact
    enough for a memory of 400 days and keeps an unchanged feed from costing a write per entry."""
    learnt: dict[tuple[str, str], int] = {}
    stale: list[dict[str, Any]] = []
    for one in brought:
        stored = dict[str, datetime]()
        for chunk in chunks([key for key, _ in one.seen]):
            rows = connection.execute(_SEEN_KEYS, {"feed": one.feed_id, "keys": chunk})
            stored |= {row.key: row.last_seen_at for row in rows}
        learnt |= {(one.feed_id, key): entry_id for key, entry_id in one.seen if key not in stored}
        aged = [key for key, seen_at in stored.items() if seen_at < now - timedelta(days=1)]
        stale += [{"of_feed": one.feed_id, "of_key": key, "seen_at": now} for key in aged]
    _insert_keys(connection, learnt, now)
    execute_many(connection, _TOUCH_KEY, stale)
