"""What outlives a restart and holds for all machines: robots.txt, claims that a dead runner left behind, due times when
the clock jumps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, update

from monitor.model import DeliveryState, EntryState
from monitor.store.engine import Database
from monitor.store.outbox import WAITING
from monitor.store.polls import DUE_STATES
from monitor.store.statements import IDS, chunks, upsert
from monitor.store.tables import delivery, entry, feed, robots


@dataclass(frozen=True, slots=True)
class StoredRobots:
    """robots.txt of one origin as it was fetched."""

    origin: str
    fetched_at: datetime
    expires_at: datetime
    verdict: str
    body: str


_ROBOTS = select(robots).where(robots.c.origin.in_(IDS))  # written once


class MannersStore:
    """robots.txt, and what a start cleans up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def robots(self, origins: Iterable[str]) -> dict[str, StoredRobots]:
        """What is known of the robots.txt of these origins, fresh or not; those of which nothing is known are left out."""
        found: dict[str, StoredRobots] = {}
        with self._database.read() as connection:
            for chunk in chunks(sorted(origins)):
                rows = connection.execute(_ROBOTS, {IDS.key: chunk})
                found |= {row.origin: StoredRobots(**row._mapping) for row in rows}
        return found

    def keep_robots(self, found: StoredRobots) -> None:
        """Replaces what is known of an origin's robots.txt."""
        with self._database.write() as connection:
            upsert(connection, robots, [{name: getattr(found, name) for name in StoredRobots.__dataclass_fields__}])

    def release_claims(self, now: datetime) -> None:
        """Ends every claim: for the start of the only runner (SQLite), whose predecessor is dead. Deliveries that were
        being sent keep their state, so that the next attempt knows that they may have arrived."""
        with self._database.write() as connection:
            for table in (feed, entry):
                connection.execute(
                    update(table).where(table.c.claim_until.is_not(None)).values(claim_id="", claim_until=None)
                )
            connection.execute(
                update(delivery).where(delivery.c.state == DeliveryState.SENDING).values(claim_id="", claim_until=now)
            )

    def shift(self, jump: timedelta) -> None:
        """Moves everything that is due by ``jump``: after the wall clock was set, waits last as long as they were meant
        to. Runs for a jump back; after one forward everything due is done once, which is right after a sleep too."""
        with self._database.write() as connection:
            for table, wanted in (
                (feed, feed.c.state.in_(DUE_STATES)),
                (entry, entry.c.state.in_((EntryState.LISTED, EntryState.READ))),
                (delivery, delivery.c.state.in_((*WAITING, DeliveryState.SENDING))),
            ):
                keys = table.primary_key.columns.values()[0]
                rows = connection.execute(select(keys, table.c.due_at, table.c.claim_until).where(wanted)).all()
                _set_times(connection, table, keys, [(row[0], row[1] + jump, _moved(row[2], jump)) for row in rows])

    def spread(self, now: datetime, over_s: float, chance: Callable[[], float]) -> int:
        """Spreads the feeds that are overdue over the next ``over_s`` seconds, so that a long sleep does not end in a
        stampede. Returns how many they are."""
        with self._database.write() as connection:
            rows = connection.execute(
                select(feed.c.id, feed.c.claim_until).where(feed.c.state.in_(DUE_STATES), feed.c.due_at <= now)
            ).all()
            times = [(row[0], now + timedelta(seconds=over_s * chance()), row[1]) for row in rows]
            _set_times(connection, feed, feed.c.id, times)
        return len(rows)


def _moved(moment: datetime | None, jump: timedelta) -> datetime | None:
    return None if moment is None else moment + jump


def _set_times(connection: Connection, table: Table, key: Any, times: Sequence[tuple[Any, datetime, Any]]) -> None:
    if times:
        connection.execute(
            update(table)
            .where(key == bindparam("key"))
            .values(due_at=bindparam("due"), claim_until=bindparam("until")),
            [{"key": name, "due": due_at, "until": until} for name, due_at, until in times],
        )
