"""The few statements that both dialects spell differently, and claims. Internal to the store."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Integer, Table, TextClause, bindparam, or_, select, text, update
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from monitor.model import EntryState
from monitor.store.bulk import execute_many
from monitor.store.tables import entry
from monitor.store.types import UtcDateTime

T = TypeVar("T")

# SQLite's limit of bound variables is 32,766 (3.32 and later), PostgreSQL's 65,535.
IN_LIMIT = 5000
CANDIDATES_MAX = 5000

# The condition of the partial indexes of entries, letter for letter: with its values bound, or with one of them alone,
# SQLite does not see that the index holds the row, and reads the whole table at every claim.
AT_WORK = text("entry.state IN ('listed', 'read')")

# The same of feeds. SQLite without statistics prefers the index of all states, which holds nearly every feed (60 ms a claim
# with 100,000 of them, .2 with this one): it is told that the condition excludes little. PostgreSQL has statistics.
_POLLED = "feed.state IN ('ok', 'failing', 'gone')"
_POLLED_SQLITE, _POLLED_POSTGRESQL = text(f"likely({_POLLED})"), text(_POLLED)

# What claims are told at each call. Their statements are written once: to build one costs more than to execute it.
NOW: BindParameter[Any] = bindparam("now", type_=UtcDateTime)
MOST: BindParameter[Any] = bindparam("most", type_=Integer)
IDS: BindParameter[Any] = bindparam("ids", expanding=True)

# Picks up to so many of these ids and addresses, in their order.
Choose = Callable[[Sequence[tuple[Any, str]], int], list[Any]]


def first_ones(due: Sequence[tuple[Any, str]], limit: int) -> list[Any]:
    """The choice that prefers nobody."""
    return [key for key, _ in due[:limit]]


def reserved_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """So many new ids of a table, for rows that are inserted in this transaction: rows whose ids are known go in one
    statement, while asking for the ids of inserted rows in order means a statement a row on SQLite."""
    if not count:
        return []
    if connection.dialect.name == "postgresql":
        sequence = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return list(connection.execute(sequence, {"name": table.name, "count": count}).scalars())
    # the writer's lock is held, and inserting a row with an id raises the number kept here (the tables are AUTOINCREMENT)
    last = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    first = (connection.execute(last, {"name": table.name}).scalar() or 0) + 1
    return list(range(first, first + count))


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, of the connection's dialect."""
    return _insert(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> Any:
    # PostgreSQL's dialect brings that of every driver along, 20 ms of a start on SQLite
    return importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows; those that exist already stay as they are. Inserting twice is normal and harmless."""
    if rows:
        execute_many(connection, _insert_new(connection.dialect.name, table), rows)


@lru_cache(maxsize=64)
def _insert_new(dialect: str, table: Table) -> Any:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_nothing()


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows or, where their primary key exists, sets all other given columns."""
    if rows:
        execute_many(connection, _upsert(connection.dialect.name, table, tuple(rows[0])), rows)


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    """Built once: SQLAlchemy makes a copy of the whole table for ``excluded`` each time (2 ms an article)."""
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def is_polled(dialect: str) -> TextClause:
    """Feeds that are polled at all, as the index of due feeds has it."""
    return _POLLED_POSTGRESQL if dialect == "postgresql" else _POLLED_SQLITE


def unclaimed(table: Table, now: Any = NOW) -> ColumnElement[bool]:
    """Rows that nobody has, or whose holder's time ran out."""
    return or_(table.c.claim_until.is_(None), table.c.claim_until <= now)


def chosen(connection: Connection, due: Any, now: datetime, limit: int, choose: Choose) -> list[Any]:
    """Ids of due rows, as ``choose`` picks them. ``due`` selects id and address, longest due first, with the parameters
    NOW and MOST. When the first rows leave places free, more are looked at: one host's backlog must not hide the others
    behind it."""
    for many in (8 * limit, 64 * limit, CANDIDATES_MAX):
        rows = connection.execute(due, {NOW.key: now, MOST.key: many}).all()
        found = choose([(row[0], row[1]) for row in rows], limit)
        if len(found) >= limit or len(rows) < many:
            break
    return found


@lru_cache(maxsize=8)
def _claiming(table: Table) -> Any:
    return (
        update(table).where(table.c.id.in_(IDS)).values(claim_id=bindparam("new_claim"), claim_until=bindparam("until"))
    )


def claimed(connection: Connection, table: Table, ids: Sequence[Any], claim_id: str, until: datetime) -> None:
    """Puts a claim on these rows."""
    for chunk in chunks(ids):
        connection.execute(_claiming(table), {IDS.key: chunk, "new_claim": claim_id, "until": until})


_HELD = (
    select(entry.c.id, entry.c.claim_id)
    .where(entry.c.id.in_(IDS), entry.c.state == bindparam("state"))
    .order_by(entry.c.id)
    .with_for_update()
)


def claims_of(connection: Connection, ids: Iterable[int], state: EntryState) -> dict[int, str]:
    """Who holds these entries, of those in this state; the rows are locked until the transaction ends."""
    found: dict[int, str] = {}
    for chunk in chunks(sorted(ids)):
        rows = connection.execute(_HELD, {IDS.key: chunk, "state": state})
        found |= {row.id: row.claim_id for row in rows}
    return found


def chunks(values: Iterable[T], size: int = IN_LIMIT) -> Iterable[list[T]]:
    """Lists of at most ``size``, for statements with IN."""
    chunk: list[T] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
