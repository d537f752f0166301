"""What several machines share: when a host may be asked and by how many at once, whose claims are whose, how much is due, and
which rule set is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, delete, func, or_, select, text, update

from monitor.model import DeliveryState, EntryState
from monitor.store.engine import OWNER_CHARS, Database
from monitor.store.outbox import WAITING
from monitor.store.polls import DUE_STATES
from monitor.store.statements import insert_new, unclaimed, upsert
from monitor.store.tables import delivery, entry, feed, host, host_turn, meta, worker

IN_FORCE = "rules_in_force"


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host's pace as it is stored."""

    host: str
    next_at: datetime
    slow_until: datetime | None  # asked more seldom until then


@dataclass(frozen=True, slots=True)
class Turn:
    """A place at a host: the request may start at ``start_at`` and says when it has ended."""

    id: str
    start_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many works each step would find now; ``deliveries`` by id, each target's first."""

    polls: int
    reads: int
    matches: int
    deliveries: tuple[str, ...]


# (the stored pace, now) -> when the request may start, and when the one after it may
Reserve = Callable[[HostRow, datetime], tuple[datetime, datetime]]


class FleetStore:
    """What a fleet needs of the store besides its steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, name: str, at_once: int, lease_s: float, now: datetime, decide: Reserve) -> Turn | None:
        """A turn at a host, or None while ``at_once`` requests to it are under way anywhere. A turn whose machine died ends
        by itself after ``lease_s``."""
        with self._database.write() as connection:
            insert_new(connection, host, [{"host": name, "next_at": now}])
            row = connection.execute(select(host).where(host.c.host == name).with_for_update()).one()
            running = connection.execute(
                select(func.count()).where(host_turn.c.host == name, host_turn.c.until > now)
            ).scalar_one()
            if running >= at_once:
                return None
            start_at, next_at = decide(HostRow(row.host, row.next_at, row.not_before_at), now)
            connection.execute(update(host).where(host.c.host == name).values(next_at=next_at, asked_at=start_at))
            turn = Turn(uuid4().hex, start_at)
            connection.execute(delete(host_turn).where(host_turn.c.host == name, host_turn.c.until <= now))
            connection.execute(
                host_turn.insert().values(
                    id=turn.id, host=name, owner=self._database.owner, until=start_at + timedelta(seconds=lease_s)
                )
            )
        return turn

    def release(self, turn_id: str) -> None:
        """The request of a turn has ended."""
        with self._database.write() as connection:
            connection.execute(delete(host_turn).where(host_turn.c.id == turn_id))

    def slow_down(self, name: str, until: datetime, now: datetime) -> None:
        """Everybody asks a host more seldom until then; never for a shorter time than was said before."""
        with self._database.write() as connection:
            insert_new(connection, host, [{"host": name, "next_at": now}])
            connection.execute(
                update(host)
                .where(host.c.host == name, or_(host.c.not_before_at.is_(None), host.c.not_before_at < until))
                .values(not_before_at=until)
            )

    def beat(self, machine: str, rules: str, now: datetime) -> None:
        """This process lives, and judges by these rules. Workers that were not seen for a day are forgotten."""
        row = {"owner": self._database.owner, "machine": machine, "rules": rules, "started_at": now, "seen_at": now}
        with self._database.write() as connection:
            beaten = connection.execute(
                update(worker).where(worker.c.owner == self._database.owner).values(seen_at=now, rules=rules)
            )
            if not beaten.rowcount:
                insert_new(connection, worker, [row])
            connection.execute(delete(worker).where(worker.c.seen_at < now - timedelta(days=1)))

    def living(self, since: datetime) -> frozenset[str]:
        """The owners that gave a sign of life since a moment."""
        with self._database.read() as connection:
            return frozenset(connection.execute(select(worker.c.owner).where(worker.c.seen_at >= since)).scalars())

    def leave(self) -> None:
        """This process ends; its claims are its own to commit before."""
        with self._database.write() as connection:
            connection.execute(delete(worker).where(worker.c.owner == self._database.owner))

    def make_jobs_schema(self, name: str, statements: str) -> None:
        """Makes the schema of the jobs' tables and runs ``statements`` in it, once however many workers start together."""
        with self._database.write() as connection:
            self._database.exclusive(connection, f"coopwatch {name}")
            there = connection.execute(text("SELECT to_regnamespace(:name)"), {"name": name}).scalar()
            if there is None:
                connection.execute(text(f"CREATE SCHEMA {name}"))
                connection.execute(text(f"SET LOCAL search_path TO {name}"))
                # the driver's own cursor: the text holds many statements, and signs that are no parameters
                connection.connection.cursor().execute(statements)

    def free_claims(self, living: Collection[str]) -> int:
        """Ends the claims of every owner that is not among ``living``. Deliveries that were being sent keep their state, so
        that the next attempt knows that they may have arrived. Returns how many claims were ended."""
        freed = 0
        with self._database.write() as connection:
            for table in (feed, entry, delivery):
                owner = func.substr(table.c.claim_id, 1, OWNER_CHARS)
                dead = table.c.claim_until.is_not(None) & (table.c.claim_id != "") & owner.not_in(list(living))
                freed += connection.execute(update(table).where(dead).values(claim_id="", claim_until=None)).rowcount
            connection.execute(delete(host_turn).where(host_turn.c.owner.not_in(list(living))))
        return freed

    def backlog(self, now: datetime, most_deliveries: int) -> Backlog:
        """How much is due now."""
        with self._database.read() as connection:
            return Backlog(
                _count(connection, feed, feed.c.due_at <= now, feed.c.state.in_(DUE_STATES), now=now),
                _count(connection, entry, entry.c.state == EntryState.LISTED, entry.c.due_at <= now, now=now),
                _count(connection, entry, entry.c.state == EntryState.READ, now=now),
                _due_deliveries(connection, now, most_deliveries),
            )

    def rules_in_force(self) -> str:
        """The digest of the rule set that the fleet judges by; empty before the first worker."""
        with self._database.read() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == IN_FORCE)).scalar() or ""

    def put_in_force(self, digest: str, *, replace: bool) -> str:
        """Makes a rule set the one in force where there is none yet, or in any case with ``replace``; returns the digest that
        is in force."""
        row = {"key": IN_FORCE, "value": digest}
        with self._database.write() as connection:
            if replace:
                upsert(connection, meta, [row])
            else:
                insert_new(connection, meta, [row])
            return str(connection.execute(select(meta.c.value).where(meta.c.key == IN_FORCE)).scalar_one())


def _count(connection: Connection, table: object, *conditions: object, now: datetime) -> int:
    due = select(func.count()).select_from(table).where(*conditions, unclaimed(table, now))  # type: ignore[arg-type]
    return connection.execute(due).scalar_one()


def _due_deliveries(connection: Connection, now: datetime, most: int) -> tuple[str, ...]:
    waiting = delivery.c.state.in_(WAITING) & (delivery.c.due_at <= now)
    left = (delivery.c.state == DeliveryState.SENDING) & unclaimed(delivery, now)
    rows = connection.execute(
        select(delivery.c.id).where(or_(waiting, left)).order_by(delivery.c.due_at, delivery.c.id).limit(most)
    )
    return tuple(rows.scalars())
