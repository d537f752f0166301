"""The way back to an older copy forgets nothing that was told since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.model import DeliveryState
from monitor.store import Store, open_store
from monitor.store.backup import backup, restore
from monitor.store.carry import carry_over
from tests.store.test_contract import (
    HOUR,
    NOW,
    delivery,
    ended,
    filled_outbox,
    listed,
    match_result,
    poll_once,
    read_all,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "coopwatch.db"


def opened(file: Path) -> Store:
    return open_store(f"sqlite:///{file}")


def back_to(copy: Path, file: Path) -> Path:
    kept = restore(copy, file, NOW)
    assert kept is not None
    return kept


def test_a_delivery_that_was_sent_after_the_copy_stays_sent(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    filled_outbox(store, delivery("d1"))
    copy = backup(file, tmp_path / "copies", NOW, keep=2)
    (work,) = store.outbox.claim(NOW, 10, 60.0)
    store.outbox.commit([ended(work, DeliveryState.SENT)], NOW)
    store.close()
    carry_over(back_to(copy, file), file)
    store = opened(file)
    assert store.outbox.claim(NOW + HOUR, 10, 60.0) == []
    store.close()


def test_entries_and_stories_first_seen_after_the_copy_are_known_again(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    poll_once(store)
    copy = backup(file, tmp_path / "copies", NOW, keep=2)
    store.feeds.commit([], NOW)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET due_at = '2026-11-21 12:00:00.000000'")
    poll_once(store, listed("a"))
    read_all(store)
    (work,) = store.matches.claim(NOW, 10, 60.0)
    store.matches.commit([match_result(work, store)], NOW)
    feed_id = work.article.feed_id
    store.close()
    carried = carry_over(back_to(copy, file), file)
    assert (carried.entries, carried.stories, carried.deliveries) == (1, 1, 1)
    store = opened(file)
    assert set(store.feeds.known({feed_id: ["g:a"]})[feed_id]) == {"g:a"}
    assert [story.id for story in store.stories.find({"k1"}).stories] == ["s1"]
    assert len(store.told.of_stories({"s1"})) == 1
    store.close()


def test_a_damaged_later_database_changes_nothing(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    filled_outbox(store, delivery("d1"))
    copy = backup(file, tmp_path / "copies", NOW, keep=2)
    store.close()
    later = tmp_path / "later.db"
    later.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)
    before = copy.read_bytes()
    with pytest.raises(StoreError):
        carry_over(later, copy)
    assert copy.read_bytes() == before


def test_another_database_is_not_a_later_state(file: Path, tmp_path: Path) -> None:
    store = opened(file)
    filled_outbox(store, delivery("d1"))
    store.close()
    other = opened(tmp_path / "other.db")
    filled_outbox(other, delivery("d9"))
    other.close()
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE delivery_story SET story_id = 'nowhere'")
        connection.commit()
    with pytest.raises(StoreError, match="not a later state"):
        carry_over(tmp_path / "other.db", file)
