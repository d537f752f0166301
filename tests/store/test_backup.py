"""Backups: whole, verified, while others write; and the way back. Cases STO-04 and STO-09 of the fault list at this level."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError, StoreError
from monitor.store import backup as backups

NOW = datetime(2026, 3, 1, 3, 20, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "live.db"
    with closing(sqlite3.connect(path)) as live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("CREATE TABLE pair (a INTEGER, b INTEGER)")
        live.executemany("INSERT INTO pair VALUES (?, ?)", [(n, -n) for n in range(20_000)])
        live.commit()
    return path


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM pair").fetchone()[0])


def test_sto_09_a_copy_made_while_others_write_is_a_committed_state(database: Path, tmp_path: Path) -> None:
    stop, slowest = threading.Event(), [0.0]

    def write() -> None:
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as live:
            n = 0
            while not stop.is_set():
                begun = time.monotonic()
                live.execute("BEGIN IMMEDIATE")
                live.executemany("INSERT INTO pair VALUES (?, ?)", [(n, 0), (0, -n)])  # two halves of one fact
                live.execute("COMMIT")
                slowest[0] = max(slowest[0], time.monotonic() - begun)
                n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copy = backups.backup(database, tmp_path / "copies", NOW, keep=3)
    finally:
        stop.set()
        writer.join()
    with closing(sqlite3.connect(copy)) as check:
        assert check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert check.execute("SELECT sum(a) + sum(b) FROM pair").fetchone()[0] == 0
    assert rows(copy) >= 20_000
    assert slowest[0] < 1.0
    assert not list((tmp_path / "copies").glob("*.part"))


def test_only_the_newest_copies_are_kept(database: Path, tmp_path: Path) -> None:
    for day in range(4):
        backups.backup(database, tmp_path / "copies", NOW + timedelta(days=day), keep=2)
    assert [path.name for path in backups.copies(tmp_path / "copies")] == [
        "coopwatch-20260304T032000Z.db",
        "coopwatch-20260303T032000Z.db",
    ]


def test_sto_04_a_backup_that_cannot_be_written_fails_alone_and_leaves_nothing(database: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "copies"
    blocked.write_text("a file where the folder should be", encoding="ascii")
    with pytest.raises(StoreError, match="failed"):
        backups.backup(database, blocked, NOW, keep=2)
    assert rows(database) == 20_000
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_the_way_back_keeps_the_old_database_beside_the_new_one(database: Path, tmp_path: Path) -> None:
    copy = backups.backup(database, tmp_path / "copies", NOW, keep=2)
    with closing(sqlite3.connect(database)) as live:
        live.execute("DELETE FROM pair WHERE a > 10")
        live.commit()
    kept = backups.restore(copy, database, NOW)
    assert kept is not None
    assert (rows(database), rows(kept)) == (20_000, 11)


def test_a_damaged_copy_is_never_put_in_place(database: Path, tmp_path: Path) -> None:
    copy = backups.backup(database, tmp_path / "copies", NOW, keep=2)
    content = bytearray(copy.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    copy.write_bytes(content)
    with pytest.raises(StoreError):
        backups.restore(copy, database, NOW)
    assert rows(database) == 20_000
    with pytest.raises(ConfigError, match="not there"):
        backups.restore(tmp_path / "none.db", database, NOW)
