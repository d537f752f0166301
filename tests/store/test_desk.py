"""What the page reads, the same on both databases: filters, search, counts, and few statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select

from monitor.store import Store, desk, tables
from monitor.store.desk import StoryFilter
from tests.console import fill
from tests.console.fill import NOW


@pytest.fixture
def reading(store: Store) -> Iterator[Connection]:
    fill.everything(store)
    with store.database.read() as connection:
        yield connection


def found(connection: Connection, **wanted: object) -> list[str]:
    lines, _ = desk.find_stories(connection, StoryFilter(**wanted), size=100)  # type: ignore[arg-type]
    return [line.story.id for line in lines]


def test_stories_come_newest_first_and_in_pages(reading: Connection) -> None:
    first, more = desk.find_stories(reading, StoryFilter(), size=25)
    last, no_more = desk.find_stories(reading, StoryFilter(), page=3, size=25)
    assert (more, no_more) == (True, False)
    assert [line.story.id for line in first[:2]] == ["st-1", "st-2"]
    assert len(first) + len(last) == 35


def test_every_filter_narrows_and_two_principals_mean_both(reading: Connection) -> None:
    both = found(reading, principals=("IT", "CN"))
    assert set(both) < set(found(reading, principals=("IT",)))
    assert len(both) == 24
    for wanted in (
        {"type": "call"},
        {"stage": "signed"},
        {"sector": "space"},
        {"topic": "italy-china"},
        {"feed": "f1"},
    ):
        assert 0 < len(found(reading, **wanted)) < 60
    assert found(reading, lang="ru") == []
    assert len(found(reading, since=NOW - timedelta(hours=10), until=NOW)) == 10


def test_words_are_found_without_accents_and_as_beginnings_and_operators_are_words(reading: Connection) -> None:
    assert found(reading, words="intesa numero 17") == ["st-17"]
    assert len(found(reading, words="RICERC")) == 60
    assert found(reading, words="nothing like that") == []
    for query in ('"', "a OR b", "NEAR(", "*", "a:b", "'; DROP TABLE story", "中俄", "%"):
        found(reading, words=query)


def test_a_story_file_holds_text_deliveries_and_what_people_did(reading: Connection) -> None:
    file = desk.story_file(reading, "st-4")
    assert file is not None
    assert file.articles[0].text.startswith("Roma.")
    assert [(who, kind, detail) for _, who, kind, detail in file.actions] == [("anna", "judge", "right")]
    sent = desk.story_file(reading, "st-1")
    assert sent is not None
    assert [row[:4] for row in sent.deliveries] == [("desk", "desk@example.org", "story.new", "sent")]
    assert desk.story_file(reading, "none") is None


def test_what_a_route_still_holds_stands_in_the_story_and_in_the_figures(store: Store) -> None:
    fill.everything(store)
    row = {"story_id": "st-7", "stage": "signed", "told_at": NOW, "delivery_id": "", "why": "cap"}
    with store.database.write() as connection:
        held = [{**row, "route": "desk", "decision": "held"}, {**row, "route": "morning", "decision": "digest"}]
        connection.execute(tables.told.insert(), held)
        file = desk.story_file(connection, "st-7")
        assert file is not None
        waiting = [each for each in file.deliveries if each[1] == ""]
        assert waiting == [("desk", "", "", "held", "", NOW), ("morning", "", "", "digest", "", NOW)]
        assert desk.outbox(connection, sent_since=NOW).held == 1


def test_pairs_are_counted_by_type_once_each(reading: Connection) -> None:
    counts = desk.pair_counts(reading)
    assert all(count.left < count.right for count in counts)
    assert sum(count.acts for count in counts if (count.left, count.right) == ("CN", "IT")) == 24
    assert desk.pair_counts(reading, since=NOW + timedelta(days=1)) == ()


def test_feeds_that_fail_stand_first_and_coverage_adds_up(reading: Connection) -> None:
    lines, more = desk.feed_lines(reading, NOW)
    assert (lines[0].id, lines[0].state, more) == ("f1", "failing", False)
    assert {line.id: line.new_week for line in lines} == dict.fromkeys(("f0", "f1", "f2", "f3"), 15)
    assert [line.id for line in desk.feed_lines(reading, NOW, words="gazzetta 2")[0]] == ["f2"]
    assert desk.polls(reading, "f2")[0].gap is True
    covered = desk.coverage(reading, NOW - timedelta(days=1))
    assert (covered.feeds, covered.polled, covered.reached, covered.failing) == (4, 4, 3, 1)
    assert covered.in_full == 24
    assert covered.latencies_s == (13 * 60.0,)


def test_the_outbox_and_its_silences(reading: Connection) -> None:
    lines, _ = desk.deliveries(reading, state="dead")
    assert [(line.id, line.story_id, line.reason) for line in lines] == [("d2-desk", "st-2", "550 no such user")]
    box = desk.outbox(reading, sent_since=NOW - timedelta(days=1))
    assert (box.counts, box.sent_since) == ({"sent": 1, "dead": 1, "queued": 1}, 1)
    assert [(quiet.author, quiet.muted) for quiet in desk.silences(reading, NOW)] == [("anna", 2)]
    assert desk.silences(reading, NOW + timedelta(days=4)) == ()


def test_quality_counts_last_judgements_and_knows_rules(reading: Connection) -> None:
    figures = desk.quality(reading, NOW - timedelta(days=30))
    assert (figures.right, figures.wrong, figures.by_rule) == (2, 1, {"any-two": (2, 1)})
    assert (figures.alerts, figures.quiet_articles) == (60, 0)
    assert [each.title for each in desk.sample(reading, (1001, 1002))] == ["Colloqui 1001", "Colloqui 1002"]
    assert desk.rule_hits(reading, NOW - timedelta(days=30)) == {"any-two": 60}


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


def test_no_list_asks_more_the_longer_it_is(reading: Connection) -> None:
    for size in (5, 50):
        with counted(reading) as statements:
            desk.find_stories(reading, StoryFilter(words="ricerca", principals=("IT",)), size=size)
        assert len(statements) == 3, "the stories, what was said of them, their sources"
    with counted(reading) as statements:
        desk.story_file(reading, "st-7")
        desk.coverage(reading, NOW)
        desk.feed_lines(reading, NOW)
    assert len(statements) <= 7 + 5 + 1


def test_what_a_higher_threshold_or_no_rule_would_have_kept_back(store: Store) -> None:
    fill.everything(store)
    with store.database.write() as connection:
        second = tables.report.update().where(tables.report.c.story_id == "st-2")
        connection.execute(second.values(rule="instrument-signed"))
        state = {row.id: row.state for row in connection.execute(select(tables.story.c.id, tables.story.c.state))}
    others = {story for story, said in state.items() if said == "open"} - {"st-8"}
    with store.database.read() as connection:
        quiet = desk.with_threshold(connection, "st-8", 0.58, NOW)
        without = desk.without_rule(connection, "st-8", "any-two", NOW)
        nothing = desk.without_rule(connection, "st-8", "no-such-rule", NOW)
    low = {story for story in others if 0.5 + (int(story[3:]) % 50) / 100 <= 0.58}
    assert quiet.count == len(low)
    assert {story.id for story in quiet.newest} <= low
    assert len(quiet.newest) == min(5, len(low))
    assert without.count == len(others - {"st-2"})
    assert "st-8" not in {story.id for story in without.newest}
    assert (nothing.count, nothing.newest) == (0, ())
