"""Many rows of one statement at the driver's own price. Internal to the store.

SQLAlchemy turns each row's dictionary into the driver's parameters in several passes: 30 microseconds for an entry, as much
as SQLite takes to store it. On SQLite the statement is compiled once and rows are bound in one pass; PostgreSQL, where a
row costs more on the wire, goes SQLAlchemy's own way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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
    fixed = _fixed(compiled, set(names) - set(keys))
    if len(names) < 2 or fixed is None:
        return None
    # a parameter that stands in several places may be typed by one of them only
    processors = {
        name: process
        for bound, name in compiled.bind_names.items()
        if (process := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    processed = [(place, processors[name]) for place, name in enumerate(names) if name in processors]
    values_of = itemgetter(*names)
    if not processed and not fixed:
        return str(compiled), values_of

    def bind(row: Row) -> tuple[Any, ...]:
        values = list(values_of({**fixed, **row} if fixed else row))
        for place, process in processed:
            value = values[place]
            if value is not None:  # no type of ours stores an absent value as anything but NULL
                values[place] = process(value)
        return tuple(values)

    return str(compiled), bind


def _fixed(compiled: Any, names: Collection[str]) -> dict[str, Any] | None:
    """The values that a statement has of its own for these parameters (``claim_id=""``); None where one has none, or where
    SQLAlchemy makes it up for each row."""
    binds = [compiled.binds[name] for name in names]
    if compiled.insert_prefetch or compiled.update_prefetch:
        return None
    if any(one.required or one.expanding or one.callable is not None for one in binds):
        return None
    return {name: compiled.binds[name].value for name in names}
