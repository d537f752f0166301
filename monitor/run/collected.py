"""What one piece of the collecting step's work is, and how a route's memory is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.alert.collect import Collapse, RouteMemory
from monitor.alert.drafts import Draft
from monitor.config import Route
from monitor.store.collecting import Collected, RouteWaits
from monitor.store.people import DigestState


@dataclass(frozen=True, slots=True)
class CollectWork:
    """One message to make, or with no drafts a memory to keep (a new digest's first due time)."""

    value: Collected
    drafts: tuple[Draft, ...] = ()
    kind: str = ""
    collapse: Collapse | None = None


def plan(route: Route, waits: RouteWaits, after: RouteMemory) -> Collected:
    """What storing a message on a route changes: what the route remembers ``after`` it."""
    body = json.dumps({"overflow_at": after.overflow_at.isoformat()}) if after.overflow_at else ""
    state = DigestState(route.name, after.digest_due_at, after.digest_from_at, body)
    return Collected(route.name, waits.memory, state)


def memory_of(state: DigestState) -> RouteMemory:
    """What a route remembers between its collecting messages."""
    kept = json.loads(state.body) if state.body else {}
    at = kept.get("overflow_at")
    return RouteMemory(state.due_at, state.told_until, datetime.fromisoformat(at).astimezone(UTC) if at else None)
