"""What people did and decided: the append-only list of their actions, silences, and the absence of routes; and every rule
set and configuration of routes that was ever in force.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from monitor.model import Pause, Silence
from monitor.store.engine import Database
from monitor.store.statements import NOW, insert_new, upsert
from monitor.store.tables import action, meta, route_state, ruleset, silence

# written once for all: to build a statement costs more than to execute it
_SILENCES = (
    select(silence)
    .where(silence.c.created_at <= NOW, silence.c.until > NOW, silence.c.ended_at.is_(None))
    .order_by(silence.c.id)
)
_PAUSED = select(route_state).where(route_state.c.paused_until > NOW)


@dataclass(frozen=True, slots=True)
class DigestState:
    """When a route's digest is next due, and up to when the last one told everything. ``body`` is what monitor.alert
    remembers besides, opaque here."""

    route: str
    due_at: datetime | None = None
    told_until: datetime | None = None
    body: str = ""


class PeopleStore:
    """Actions, silences, routes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, actor: str, kind: str, subject: str, subject_id: str, detail: str, now: datetime) -> None:
        """Appends what a person did. ``detail`` is JSON or plain words."""
        with self._database.write() as connection:
            connection.execute(
                action.insert().values(
                    done_at=now, actor=actor, kind=kind, subject=subject, subject_id=subject_id, detail=detail
                )
            )

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """The silences in force at ``now``."""
        with self._database.read() as connection:
            rows = connection.execute(_SILENCES, {NOW.key: now}).all()
        return tuple(to_silence(row) for row in rows)

    def pauses(self, now: datetime) -> tuple[Pause, ...]:
        """The routes that are absent at ``now``."""
        with self._database.read() as connection:
            rows = connection.execute(_PAUSED, {NOW.key: now}).all()
        return tuple(
            Pause(row.route, row.paused_since_at, row.paused_until, row.paused_to, row.paused_by) for row in rows
        )

    def digests(self) -> dict[str, DigestState]:
        """What is remembered of each route's digest."""
        with self._database.read() as connection:
            rows = connection.execute(select(route_state)).all()
        return {row.route: DigestState(row.route, row.digest_due_at, row.digest_from_at, row.body) for row in rows}

    def has_ruleset(self, digest: str, kind: str) -> bool:
        """Whether this rule set or configuration is kept, and noted as the one in force."""
        with self._database.read() as connection:
            kept = select(ruleset.c.digest).where(ruleset.c.digest == digest, ruleset.c.kind == kind)
            in_force = select(meta.c.value).where(meta.c.key == f"{kind}_digest")
            return connection.execute(kept).first() is not None and connection.execute(in_force).scalar() == digest

    def digest_in_force(self, kind: str) -> str:
        """The digest of what is in force; empty before the first."""
        with self._database.read() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == f"{kind}_digest")).scalar() or ""

    def keep_ruleset(self, digest: str, kind: str, body: bytes, now: datetime) -> None:
        """Keeps a whole rule set (``kind`` rules) or configuration of routes (routes) under its digest, once, and notes
        that it is the one in force."""
        with self._database.write() as connection:
            row = {"digest": digest, "kind": kind, "loaded_at": now, "body": zlib.compress(body)}
            insert_new(connection, ruleset, [row])
            upsert(connection, meta, [{"key": f"{kind}_digest", "value": digest}])


def add_silence(database: Database, value: Silence) -> str:
    """Stores a silence (its id is given here) and returns its id."""
    with database.write() as connection:
        done = connection.execute(
            silence.insert().values(
                author=value.author,
                reason=value.reason,
                clause=value.clause,
                routes=json.dumps(value.routes),
                created_at=value.created_at,
                until=value.until,
                muted=0,
            )
        )
        key = done.inserted_primary_key
        assert key is not None
        return str(key[0])


def pause_route(database: Database, value: Pause) -> None:
    """Stores a route's absence; one that ended already means its return."""
    with database.write() as connection:
        row = {
            "route": value.route,
            "paused_since_at": value.since,
            "paused_until": value.until,
            "paused_to": value.to,
            "paused_by": value.author,
        }
        insert_new(connection, route_state, [{"route": value.route, "body": "", "paused_to": "", "paused_by": ""}])
        connection.execute(update(route_state).where(route_state.c.route == value.route).values(row))


def to_silence(row: Any) -> Silence:
    return Silence(
        id=str(row.id),
        clause=row.clause,
        author=row.author,
        reason=row.reason,
        created_at=row.created_at,
        until=row.until,
        routes=tuple(json.loads(row.routes or "[]")),
        ended_at=row.ended_at,
    )
