"""Carries everything from one database to another, empty one: SQLite to PostgreSQL when one machine is no longer enough, or back.

Rows go table by table in the order that their references ask for, in batches; the target is filled in one transaction, so that
a move that fails leaves it empty.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Table, func, select, text

from monitor.errors import ConfigError, StoreError
from monitor.store.engine import Database
from monitor.store.tables import host_turn, metadata, worker

BATCH_ROWS = 2_000
LEFT_BEHIND = frozenset({host_turn.name, worker.name})  # what only the moment means


def move(source: Database, target: Database, report: Callable[[str, int], None]) -> dict[str, int]:
    """Copies every row; ``report`` is told each table with its rows. Returns the rows of each table. Raises ConfigError where
    the target holds rows already, StoreError where a count differs afterwards."""
    counts: dict[str, int] = {}
    tables = [table for table in metadata.sorted_tables if table.name not in LEFT_BEHIND]
    with source.read() as old, target.write() as new:
        for table in tables:
            if _count(new, table):
                raise ConfigError(f"{target.shown} holds rows in {table.name} already: move into an empty database")
        for table in tables:
            counts[table.name] = _copy(old, new, table)
            report(table.name, counts[table.name])
            if _count(new, table) != counts[table.name]:
                raise StoreError(
                    f"{table.name}: {counts[table.name]} rows were read and others written; nothing was kept"
                )
        if target.dialect == "postgresql":
            for table in tables:
                _continue_numbers(new, table)
    return counts


def _copy(old: Connection, new: Connection, table: Table) -> int:
    rows = old.execution_options(yield_per=BATCH_ROWS).execute(select(table).order_by(*table.primary_key.columns))
    copied = 0
    for batch in rows.partitions(BATCH_ROWS):
        new.execute(table.insert(), [dict(row._mapping) for row in batch])
        copied += len(batch)
    return copied


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _continue_numbers(new: Connection, table: Table) -> None:
    """Numbers that PostgreSQL gives by itself go on after those that came along."""
    for column in table.primary_key.columns:
        sequence = new.execute(
            text("SELECT pg_get_serial_sequence(:name, :column)"), {"name": f'"{table.name}"', "column": column.name}
        ).scalar()
        if sequence:
            highest = new.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
            new.execute(text("SELECT setval(:sequence, :next, false)"), {"sequence": sequence, "next": highest + 1})
