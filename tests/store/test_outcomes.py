"""What became of entries, by their address, the same on both databases."""

from __future__ import annotations

from sqlalchemy import insert, update

from monitor.model import Decision, Disposition, Stage, Why
from monitor.store import Store, tables
from monitor.store.desk import outcomes
from tests.console import fill
from tests.console.fill import NOW

URL = "https://feed3.example/a/7"


def test_an_outcome_holds_judgement_stories_and_each_route_s_decision(store: Store) -> None:
    fill.everything(store)
    with store.database.write() as connection:
        done = update(tables.entry).where(tables.entry.c.id == 7)
        connection.execute(done.values(disposition=Disposition.ANNOUNCEMENT, reason="old"))
        for route, decision, why in (("a", Decision.NOT, Why.THRESHOLD), ("b", Decision.IMMEDIATE, Why.NEW)):
            row = {"story_id": "st-7", "article_id": "7", "route": route, "stage": Stage.SIGNED, "change": ""}
            connection.execute(
                insert(tables.verdict).values(**row, decision=decision, why=why, detail="", decided_at=NOW)
            )
    with store.database.read() as connection:
        found = outcomes(connection, [URL, "https://feed2.example/a/2", "https://nowhere.example/"])
    assert set(found) == {URL, "https://feed2.example/a/2"}
    told, other = found[URL], found["https://feed2.example/a/2"]
    assert (told.entry_id, told.disposition, told.reason) == (7, Disposition.ANNOUNCEMENT, "old")
    assert told.judgement is not None
    assert told.story_ids == ("st-7",)
    assert told.decisions == (("a", Decision.NOT, Why.THRESHOLD), ("b", Decision.IMMEDIATE, Why.NEW))
    assert told.is_told
    assert not other.is_told
    assert other.disposition is None


def test_of_an_address_listed_twice_the_newest_entry_counts(store: Store) -> None:
    fill.everything(store)
    with store.database.write() as connection:
        connection.execute(update(tables.entry).where(tables.entry.c.id == 1001).values(url=URL))
    with store.database.read() as connection:
        assert outcomes(connection, [URL])[URL].entry_id == 1001
