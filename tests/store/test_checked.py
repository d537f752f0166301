"""A file that a clean end left behind is not looked through again; any other is."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.store import open_store
from monitor.store.checked import is_checked, note_check, note_end

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "coopwatch.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    return path


def test_a_file_is_known_after_a_check_for_a_day(file: Path) -> None:
    assert not is_checked(file, NOW)
    note_check(file, NOW)
    assert is_checked(file, NOW)
    assert is_checked(file, NOW + timedelta(hours=23))
    assert not is_checked(file, NOW + timedelta(hours=25))
    assert not is_checked(file, NOW - timedelta(seconds=1)), "a clock that was set back proves nothing"


def test_what_changed_since_is_looked_through_unless_a_clean_end_noted_it(file: Path) -> None:
    note_check(file, NOW)
    file.write_bytes(file.read_bytes() + bytes(4096))
    assert not is_checked(file, NOW)
    note_end(file)
    assert is_checked(file, NOW + timedelta(hours=23))
    assert not is_checked(file, NOW + timedelta(hours=25)), "an end is no check"


def test_an_end_without_a_check_is_none(file: Path) -> None:
    note_end(file)
    assert not is_checked(file, NOW)


def test_changes_that_wait_in_the_log_are_no_clean_end(file: Path) -> None:
    log = file.with_name("coopwatch.db-wal")
    log.write_bytes(b"frames")
    note_check(file, NOW)
    note_end(file)
    assert not is_checked(file, NOW)
    log.unlink()
    assert not is_checked(file, NOW)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"file": 3, "checked_at": "x"}', '{"file": [1, 2, 3]}'])
def test_a_note_that_nobody_can_read_says_nothing(file: Path, text: str) -> None:
    file.with_name("coopwatch.db.checked").write_text(text, encoding="ascii")
    note_end(file)
    assert not is_checked(file, NOW)


def test_a_damaged_page_is_found_although_the_file_was_known(tmp_path: Path) -> None:
    path, now = tmp_path / "coopwatch.db", datetime.now(UTC)
    for _ in range(2):
        open_store(f"sqlite:///{path}").close()
        note_end(path)
    assert is_checked(path, now + timedelta(seconds=5))
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + b"\xff" * 4096 + raw[8192:])
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        open_store(f"sqlite:///{path}")
