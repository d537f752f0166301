"""Every row of every table, for the export. One transaction: all rows are of one moment."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select

from monitor.store.engine import Database
from monitor.store.tables import metadata

BATCH_ROWS = 500
# Who has claimed what, and until when, means nothing outside.
_INTERNAL = frozenset({"claim_id", "claim_until"})
TABLES = tuple(table.name for table in metadata.sorted_tables)


def rows_of(database: Database, names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, its columns by name) of every row, table after table, parents before those that refer to them. Rule sets
    are unpacked."""
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name not in names:
                continue
            columns = [column for column in table.columns if column.name not in _INTERNAL]
            found = connection.execution_options(yield_per=BATCH_ROWS).execute(
                select(*columns).order_by(*table.primary_key.columns)
            )
            for row in found:
                values = dict(row._mapping)
                if table.name == "ruleset":
                    values["body"] = zlib.decompress(values["body"])
                yield table.name, values
