"""What several machines share: when a host may be asked and by how many at once, whose claims are whose, how much is due, and
which rule set is in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, text, update

from monitor.model import DeliveryState, EntryState
from monitor.store.engine import OWNER_CHARS, Database
from monitor.store.outbox import WAITING
from monitor.store.statements import insert_new, is_polled, unclaimed, upsert
from monitor.store.tables import delivery, entry, feed, host, host_turn, meta, worker
from monitor.store.types import UtcDateTime

IN_FORCE = "rules_in_force"


@dataclass(frozen=True, slots=True)
class HostRow:
    """A host's pace as it is stored."""

    host: str
    next_at: datetime
    slow_until: datetime | None  # asked more seldom until then


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that wants a turn at a host; ``delay_s`` is the distance that it keeps itself."""

    host: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A place at a host: the request may start at ``start_at`` and says when it has ended."""

    id: str
    host: str
    start_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A turn that is over. ``next_at`` is set where the request started late: the host is let alone until then."""

    turn: Turn
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many works each step would find now; ``deliveries`` by id, each target's first."""

    polls: int
    reads: int
    matches: int
    deliveries: tuple[str, ...]


# (the stored pace, the request, now) -> when it may start, and when the one after it may
Reserve = Callable[[HostRow, Wish, datetime], tuple[datetime, datetime]]


class FleetStore:
    """What a fleet needs of the store besides its steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turns(
        self,
        wishes: Sequence[Wish],
        at_once: int,
        lease_s: float,
        now: datetime,
        decide: Reserve,
        *,
        ended: Sequence[Ended] = (),
    ) -> list[Turn | None]:
        """Turns for these requests, in their order; None where ``at_once`` requests to the host are under way anywhere. Those
        that have ended make room first. A turn whose machine died ends by itself after ``lease_s``. However many they are,
        it is one transaction of a few statements."""
        late = {one.turn.host for one in ended if one.next_at}
        names = sorted({wish.host for wish in wishes} | late)
        with self._database.write() as connection:
            if ended:
                connection.execute(delete(host_turn).where(host_turn.c.id.in_([one.turn.id for one in ended])))
            if not names:
                return []
            paces = _paces(connection, names, now)
            for one in ended:
                if one.next_at:
                    pace = paces[one.turn.host]
                    paces[pace.host] = replace(pace, next_at=max(pace.next_at, one.next_at))
            running = _running(connection, names, now)
            turns: list[Turn | None] = []
            for wish in wishes:
                if running[wish.host] >= at_once:
                    turns.append(None)
                    continue
                start_at, next_at = decide(paces[wish.host], wish, now)
                paces[wish.host] = replace(paces[wish.host], next_at=next_at)
                running[wish.host] += 1
                turns.append(Turn(uuid4().hex, wish.host, start_at))
            self._keep(connection, paces, [turn for turn in turns if turn], late, lease_s)
        return turns

    def _keep(
        self,
        connection: Connection,
        paces: Mapping[str, HostRow],
        turns: Sequence[Turn],
        late: set[str],
        lease_s: float,
    ) -> None:
        asked = {turn.host: turn.start_at for turn in turns}
        changed = sorted(late | asked.keys())
        if changed:
            connection.execute(
                _PACE, [{"key": name, "next": paces[name].next_at, "asked": asked.get(name)} for name in changed]
            )
        if turns:
            owner, lease = self._database.owner, timedelta(seconds=lease_s)
            connection.execute(
                insert(host_turn),
                [{"id": t.id, "host": t.host, "owner": owner, "until": t.start_at + lease} for t in turns],
            )

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

    def free_claims(self, living: Collection[str], now: datetime) -> int:
        """Ends the claims and turns of every owner that is not among ``living``, and turns that outlasted their lease.
        Deliveries that were being sent keep their state, so that the next attempt knows that they may have arrived. Returns
        how many claims were ended."""
        freed = 0
        with self._database.write() as connection:
            for table in (feed, entry, delivery):
                owner = func.substr(table.c.claim_id, 1, OWNER_CHARS)
                dead = table.c.claim_until.is_not(None) & (table.c.claim_id != "") & owner.not_in(list(living))
                freed += connection.execute(update(table).where(dead).values(claim_id="", claim_until=None)).rowcount
            connection.execute(
                delete(host_turn).where(or_(host_turn.c.owner.not_in(list(living)), host_turn.c.until <= now))
            )
        return freed

    def backlog(self, now: datetime, most_deliveries: int) -> Backlog:
        """How much is due now."""
        with self._database.read() as connection:
            return Backlog(
                _count(connection, feed, feed.c.due_at <= now, is_polled(connection.dialect.name), now=now),
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


# asked_at stays where nobody asked
_PACE = (
    update(host)
    .where(host.c.host == bindparam("key"))
    .values(
        next_at=bindparam("next"),
        asked_at=func.coalesce(bindparam("asked", type_=UtcDateTime), host.c.asked_at),
    )
)


def _paces(connection: Connection, names: Sequence[str], now: datetime) -> dict[str, HostRow]:
    """The hosts' rows, locked in their order until the transaction ends; made where they are new."""
    wanted = select(host).where(host.c.host.in_(names)).order_by(host.c.host).with_for_update()
    rows = connection.execute(wanted).all()
    if len(rows) < len(names):
        known = {row.host for row in rows}
        insert_new(connection, host, [{"host": name, "next_at": now} for name in names if name not in known])
        rows = connection.execute(wanted).all()
    return {row.host: HostRow(row.host, row.next_at, row.not_before_at) for row in rows}


def _running(connection: Connection, names: Sequence[str], now: datetime) -> Counter[str]:
    counted = (
        select(host_turn.c.host, func.count())
        .where(host_turn.c.host.in_(names), host_turn.c.until > now)
        .group_by(host_turn.c.host)
    )
    return Counter({row[0]: row[1] for row in connection.execute(counted)})


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
