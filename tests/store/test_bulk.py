"""Rows bound in one pass: what is stored is what SQLAlchemy itself would have stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update

from monitor.model import PollOutcome
from monitor.store import open_store
from monitor.store.bulk import _compiled, execute_many
from monitor.store.tables import feed, poll

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
INSERT_POLL = insert(poll)


COUNTS = dict.fromkeys(("status", "listed", "new", "edited", "known", "repeated", "refused", "left_out"), 7)
WHOLE = {"words": "è nuovo", "elapsed_s": 0.25, "wire_bytes": 2**40, "flags": ""} | COUNTS


def poll_row(number: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {"id": number, "feed_id": "a", "started_at": at, "outcome": PollOutcome.NEW, "gap": number % 2 == 0} | more


@pytest.mark.parametrize("more", [{}, WHOLE], ids=["with defaults", "whole"])
def test_rows_are_stored_as_sqlalchemy_stores_them(tmp_path: Path, more: dict[str, Any]) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    local = timezone(timedelta(hours=2))
    times = [NOW, NOW.astimezone(local), NOW + timedelta(microseconds=5)]
    rows = [poll_row(number, at, **more) for number, at in enumerate(times, start=1)]
    found = []
    with store.database.write() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for way in (execute_many, lambda connection, statement, rows: connection.execute(statement, rows)):
            way(connection, INSERT_POLL, rows)
            found.append(connection.execute(select(poll).order_by(poll.c.id)).all())
            connection.execute(poll.delete())
    assert found[0] == found[1]
    assert [row.started_at for row in found[0]] == [at.astimezone(UTC) for at in times]
    assert [row.gap for row in found[0]] == [False, True, False]
    store.close()


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(ValueError, match="without zone"), store.database.write() as connection:
        execute_many(connection, INSERT_POLL, [poll_row(1, NOW.replace(tzinfo=None), **WHOLE)])
    store.close()


def test_no_rows_are_no_statement(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    with store.database.write() as connection:
        execute_many(connection, insert(feed), [])
        assert connection.execute(select(feed)).all() == []
    store.close()


CHANGE_POLL = (
    update(poll)
    .where(poll.c.id == bindparam("key"), poll.c.status < 500)
    .values(
        words=bindparam("new_words"),
        flags="",
        gap=True,
        started_at=NOW,
        known=poll.c.known + 1,
        outcome=PollOutcome.FAILED,
    )
)


def test_values_that_a_statement_has_of_its_own_are_stored_as_sqlalchemy_stores_them(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    changes = [{"key": number, "new_words": f"è {number}"} for number in (1, 3)]
    found = []
    with store.database.write() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        assert _compiled(CHANGE_POLL, connection.dialect, ("key", "new_words")) is not None, "bound in one pass"
        for way in (execute_many, lambda connection, statement, rows: connection.execute(statement, rows)):
            connection.execute(
                INSERT_POLL, [poll_row(number, NOW + timedelta(hours=1), **WHOLE) for number in (1, 2, 3)]
            )
            way(connection, CHANGE_POLL, changes)
            found.append(connection.execute(select(poll).order_by(poll.c.id)).all())
            connection.execute(poll.delete())
    assert found[0] == found[1]
    assert [(row.words, row.known, row.gap, row.started_at == NOW) for row in found[0]] == [
        ("è 1", 8, True, True),
        ("è nuovo", 7, True, False),
        ("è 3", 8, True, True),
    ]
    store.close()
