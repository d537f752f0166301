"""A report by mail on its weekday, from the real service: planned for the next Monday, then due, sent, and planned again."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, eventually, running

ROME = ZoneInfo("Europe/Rome")


@contextmanager
def database(place: World) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(place.folder / "state" / "coopwatch.db", timeout=30)) as connection:
        yield connection
        connection.commit()


def planned(place: World) -> datetime:
    """When the report is due next, in Rome."""
    with database(place) as connection:
        (text,) = connection.execute("SELECT digest_due_at FROM route_state WHERE route = 'monday'").fetchone()
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ROME)


@pytest.mark.long
def test_a_report_is_sent_on_its_weekday_with_the_document_and_planned_again(place: World) -> None:
    place.configure(
        routes=f"""
[[routes]]
name = "monday"
channel = "email"
mode = "report"
at = ["07:30"]
days = ["mon"]
language = "it"
match = {{ pairs = [["IT", "JP"]] }}
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {place.mail_port}, starttls = "none" }}
"""
    )
    place.stories = [SIGNED, WEATHER]
    assert place.run("once").returncode == 0
    assert place.mails == [], "a report is not sent because there is news"
    due = planned(place)
    assert (due.weekday(), f"{due:%H:%M}") == (0, "07:30")
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(days=7)
    with database(place) as connection:
        now = datetime.now(UTC)
        stamps = [f"{at:%Y-%m-%d %H:%M:%S}.000000" for at in (now - timedelta(minutes=1), now - timedelta(days=7))]
        connection.execute("UPDATE route_state SET digest_due_at = ?, digest_from_at = ?", stamps)
    with running(place) as service:
        eventually(lambda: place.mails, "the report comes")
        service.process.send_signal(signal.SIGTERM)
        assert service.end(45) == 0
    (mail,) = place.mails
    body = mail.get_body(("plain",))
    assert body is not None
    (document,) = list(mail.iter_attachments())
    assert "Giappone" in body.get_content()
    assert document.get_filename()
    assert planned(place).weekday() == 0
    assert planned(place) > datetime.now(UTC)
