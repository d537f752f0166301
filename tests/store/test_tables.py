"""The tables that statements use are those that SQLModel defines, and those are what the migrations make."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from monitor.store import Store, rows, tables

DIALECTS: Any = (sqlite.dialect(), postgresql.dialect())  # type: ignore[no-untyped-call]


def defaults(table: Table) -> dict[str, object]:
    """What an insert fills in where a column is left out."""

    def default(column: Column[Any]) -> object:
        return None if column.default is None else column.default.arg  # type: ignore[attr-defined]

    return {column.name: default(column) for column in table.columns}


def defined(table: Table, dialect: Any) -> set[str]:
    """The lines of the statement that would make the table, but for what a table for statements leaves to migrations."""
    lines = str(CreateTable(table).compile(dialect=dialect)).splitlines()
    return {line.strip().rstrip(",") for line in lines if " UNIQUE (" not in f" {line.strip()}"}


def test_both_know_the_same_tables_and_each_has_its_own_name() -> None:
    assert list(tables.metadata.tables) == list(rows.metadata.tables)
    for name, table in tables.metadata.tables.items():
        assert getattr(tables, name) is table


@pytest.mark.parametrize("name", list(rows.metadata.tables))
def test_a_table_for_statements_is_the_one_that_is_defined(name: str) -> None:
    ours, written = rows.metadata.tables[name], tables.metadata.tables[name]
    assert written.columns.keys() == ours.columns.keys(), "run make tables"
    assert defaults(written) == defaults(ours), "run make tables"
    for dialect in DIALECTS:
        assert defined(written, dialect) == defined(ours, dialect), "run make tables"


def test_the_migrations_make_what_is_defined(store: Store) -> None:
    known = set(rows.metadata.tables)

    def is_ours(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        # search tables of SQLite and the two indexes of migration 0002 over expressions have no model
        return name in known if kind == "table" else name not in ("ix_article_words",)

    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": False})
        assert compare_metadata(context, rows.metadata) == []
