"""Whose turn it is to be judged: articles of one poll follow each other, those of different polls do not wait. Internal to the
store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from monitor.model import EntryState
from monitor.store.statements import AT_WORK, IDS
from monitor.store.tables import entry

BATCHES_LOOKED_AT = 50

# Written once: to build a statement costs more than to execute it.
_BATCHES = (
    select(entry.c.batch)
    .where(AT_WORK, entry.c.state == EntryState.READ)
    .group_by(entry.c.batch)
    .order_by(entry.c.batch)
    # a batch whose first page is slow holds none of the others up
    .limit(BATCHES_LOOKED_AT * 20)
)
_MEMBERS = (
    select(entry.c.id, entry.c.batch, entry.c.state, entry.c.claim_until)
    .where(AT_WORK, entry.c.batch.in_(IDS))
    .order_by(entry.c.batch, entry.c.order_at, entry.c.first_seen_at, entry.c.id)
)


def whose_turn(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Ids of articles whose turn it is: of each batch the first ones, up to one that is not read or is taken."""
    batches = connection.execute(_BATCHES).scalars()
    found: list[int] = []
    for chunk in _pieces(list(batches)):
        rows = connection.execute(_MEMBERS, {IDS.key: chunk})
        for _, members in groupby(rows, key=lambda row: row.batch):
            found += _turn(members, now)
        if len(found) >= limit:
            break
    return found[:limit]


def _turn(members: Iterable[Any], now: datetime) -> list[int]:
    ids: list[int] = []
    for row in members:
        taken = row.claim_until is not None and row.claim_until > now
        if row.state != EntryState.READ or taken:
            break
        ids.append(row.id)
    return ids


def _pieces(values: list[int]) -> Iterable[list[int]]:
    return (values[start : start + BATCHES_LOOKED_AT] for start in range(0, len(values), BATCHES_LOOKED_AT))
