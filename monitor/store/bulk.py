"""Many rows of one statement at the driver's own price. Internal to the store.

SQLAlchemy turns each row's dictionary into the driver's parameters in several passes: 30 microseconds for an entry, as much
as SQLite takes to store it. On SQLite the statement is compiled once and rows are bound in one pass; PostgreSQL, where a
row costs more on the wire, goes SQLAlchemy's own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect

Row = Mapping[str, Any]
_Bind = Callable[[Row], tuple[Any, ...]]


def execute_many(connection: Connection, statement: Any, rows: Sequence[Row]) -> None:
    """Executes a statement for each of the rows, which all have the same keys. ``statement`` is one that lives on (a
    constant or cached): it is compiled once for each set of keys."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        found = _compiled(statement, connection.dialect, tuple(rows[0]))
        if found is not None:
            connection.exec_driver_sql(found[0], list(map(found[1], rows)))
            return
    connection.execute(statement, list(rows))


@lru_cache(maxsize=64)
def _compiled(statement: Any, dialect: Dialect, keys: tuple[str, ...]) -> tuple[str, _Bind] | None:
    """The statement's text and what makes its parameters of a row; None where the row lacks a column whose value
    SQLAlchemy makes up."""
    compiled = statement.compile(dialect=dialect, column_keys=list(keys))
    names = compiled.positiontup
    if len(names) < 2 or not set(names) <= set(keys):
        return None
    processed = [
        (place, process)
        for place, name in enumerate(names)
        if (process := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]
    values_of = itemgetter(*names)
    if not processed:
        return str(compiled), values_of

    def bind(row: Row) -> tuple[Any, ...]:
        values = list(values_of(row))
        for place, process in processed:
            value = values[place]
            if value is not None:  # no type of ours stores an absent value as anything but NULL
                values[place] = process(value)
        return tuple(values)

    return str(compiled), bind
