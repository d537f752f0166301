"""Opens a database and hands out connections for short transactions; turns the drivers' errors into StoreError.

SQLite: write-ahead log, ``BEGIN IMMEDIATE`` for whoever will write (the driver's default, a transaction that begins by
reading and then upgrades, lost 254 of 360 concurrent updates in our measurement), 30 s of patience for locks, foreign
keys, synchronous FULL (no dearer than NORMAL in our measurement, and a power cut loses nothing). PostgreSQL: psycopg.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError, OperationalError

from monitor.errors import ConfigError, StoreError

BUSY_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_S = 10
_READ = "coopwatch_read"
OWNER_CHARS = 12

# SQLite names its result in the message only; what a restart cannot mend stands first.
_SQLITE_PERMANENT = ("readonly database", "malformed", "not a database", "no such table")
# "unable to open": no file descriptors left, once the start has seen that the folder can be written
_SQLITE_TRANSIENT = (
    "disk is full",
    "disk i/o error",
    "database is locked",
    "database table is locked",
    "unable to open database",
)


class Database:
    """One database. ``write()`` and ``read()`` give a connection in one transaction, committed at the end of the block
    and rolled back when it raises."""

    def __init__(self, engine: Engine, shown: str) -> None:
        self._engine = engine
        self.shown = shown  # without password
        self.dialect = engine.dialect.name
        self.owner = uuid4().hex[
            :OWNER_CHARS
        ]  # of every claim made through this object: a fleet frees those of a dead worker

    def new_claim(self) -> str:
        """An id for a claim that nobody else uses; it begins with the owner."""
        return f"{self.owner}:{uuid4().hex[:20]}"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; on SQLite it holds the writer's lock from its first moment."""
        with _translated(self.shown), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; it sees one state of the database and never waits for a writer."""
        with _translated(self.shown), self._engine.connect() as connection:
            connection.execution_options(**{_READ: True})
            with connection.begin():
                yield connection

    def exclusive(self, connection: Connection, name: str) -> None:
        """Makes the transactions that call this with the same name follow one another. On SQLite every writer already
        does; PostgreSQL holds an advisory lock until the transaction ends."""
        if self.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()


def conninfo(url: str) -> str:
    """The address of a PostgreSQL database as its own tools write it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite address, None for memory and for other databases."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def open_database(url: str) -> Database:
    """The database at ``url``; nothing is read or created yet. Raises ConfigError for an address that is none."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise ConfigError(
                f"database_url: {backend} is not supported; use sqlite:///FILE or postgresql+psycopg://..."
            )
        if backend == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = _sqlite(parsed) if backend == "sqlite" else _postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as exc:
        raise ConfigError(f"database_url is not an address of a database: {exc}") from exc
    return Database(engine, parsed.render_as_string(hide_password=True))


def _sqlite(url: Any) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own kind
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(_READ)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: Any) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=10,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": "-c timezone=UTC -c lock_timeout=30000"},
    )


@contextmanager
def _translated(shown: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as exc:
        error = store_error(exc, shown)
        if error is None:
            raise
        raise error from exc


def store_error(exc: DBAPIError, shown: str) -> StoreError | None:
    """The StoreError that a driver's error stands for; None where the fault is ours (a constraint, a wrong statement)."""
    message = str(exc.orig).strip().splitlines()[0] if exc.orig else str(exc)
    lowered = message.lower()
    if any(word in lowered for word in _SQLITE_TRANSIENT):
        return StoreError(
            f"{shown}: {message}; nothing was lost: free space, files or the other writer", restart_helps=True
        )
    if any(word in lowered for word in _SQLITE_PERMANENT):
        return StoreError(f"{shown}: {message}")
    if exc.connection_invalidated or (isinstance(exc, OperationalError) and "sqlite" not in shown):
        return StoreError(f"{shown}: {message}", restart_helps=True)
    if isinstance(exc, DatabaseError) and "read-only" in lowered:
        return StoreError(f"{shown}: {message}")
    return None
