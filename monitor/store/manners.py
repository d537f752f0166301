"""Manners that outlive a restart and hold for all machines: robots.txt, the pace of hosts, and claims that a dead runner
left behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from monitor.model import DeliveryState
from monitor.store.engine import Database
from monitor.store.statements import upsert
from monitor.store.tables import delivery, entry, feed, robots


@dataclass(frozen=True, slots=True)
class StoredRobots:
    """robots.txt of one origin as it was fetched."""

    origin: str
    fetched_at: datetime
    expires_at: datetime
    verdict: str
    body: str


class MannersStore:
    """robots.txt, and what a start cleans up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def robots(self, origin: str) -> StoredRobots | None:
        """What is known of an origin's robots.txt, fresh or not."""
        with self._database.read() as connection:
            row = connection.execute(select(robots).where(robots.c.origin == origin)).one_or_none()
        return None if row is None else StoredRobots(**row._mapping)

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
