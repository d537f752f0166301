"""After the way back to an older copy: what the replaced database remembers beyond it is added, so that nothing that was
told since is told again. Both files are states of one database, the copy an earlier one: rows are the same where their keys are.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import StoreError

# In the order of their references. Feeds are added for the sake of their entries only; their state stays the copy's.
TABLES = (
    "feed",
    "entry",
    "entry_key",
    "article",
    "judgement",
    "story",
    "story_key",
    "story_tag",
    "report",
    "told",
    "verdict",
    "delivery",
    "delivery_story",
    "attempt",
    "action",
    "ruleset",
)
# What was under way in the copy and has ended since: the end counts, or it would be done a second time.
_ENDED = {
    "entry": ("state", "disposition", "reason", "edits", "text_hash"),
    "delivery": ("state", "reason", "ended_at", "attempts", "doubtful"),
    "told": ("delivery_id",),
    "story": (
        "version",
        "changed_at",
        "type",
        "stage",
        "state",
        "score",
        "object",
        "deadline",
        "part_of",
        "merged_into",
        "reports",
        "body",
    ),
}


@dataclass(frozen=True, slots=True)
class Carried:
    """How many rows were added."""

    entries: int
    stories: int
    deliveries: int


def carry_over(replaced: Path, database: Path) -> Carried:
    """Adds to ``database`` what ``replaced`` (the same database, later) knows beyond it; columns that only one of them has
    are left out. One transaction. Raises StoreError, and changes nothing, where ``replaced`` cannot be read."""
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("ATTACH DATABASE ? AS later", (str(replaced),))
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("BEGIN IMMEDIATE")
            try:
                counts = {table: _add(connection, table) for table in TABLES}
                for table, columns in _ENDED.items():
                    _end(connection, table, columns)
                broken = connection.execute("PRAGMA main.foreign_key_check").fetchone()
                if broken is not None:
                    raise StoreError(f"{replaced}: is not a later state of {database}")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
    except sqlite3.Error as exc:
        raise StoreError(f"{replaced}: {exc}") from exc
    return Carried(counts["entry"], counts["story"], counts["delivery"])


def _add(connection: sqlite3.Connection, table: str) -> int:
    """Adds the rows of a table whose keys are not there yet; tells how many. Names come from this module and the schema."""
    columns = ", ".join(f'"{name}"' for name in _common_columns(connection, table))
    if not columns:
        return 0  # a table that only one version knows
    done = connection.execute(f'INSERT OR IGNORE INTO main."{table}" ({columns}) SELECT {columns} FROM later."{table}"')
    return done.rowcount


def _end(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> None:
    """Takes over how rows stand that both know."""
    known = [name for name in columns if name in _common_columns(connection, table)]
    newer = f' AND other.version > main."{table}".version' if "version" in known else ""
    sets = ", ".join(f'"{name}" = other."{name}"' for name in known)
    connection.execute(
        f'UPDATE main."{table}" SET {sets} FROM later."{table}" AS other WHERE other.id = main."{table}".id{newer}'
    )


def _common_columns(connection: sqlite3.Connection, table: str) -> list[str]:
    found = [
        {row[1] for row in connection.execute(f'PRAGMA {schema}.table_info("{table}")')} for schema in ("main", "later")
    ]
    return sorted(found[0] & found[1])
