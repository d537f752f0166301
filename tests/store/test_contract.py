"""What the steps rely on, the same on SQLite and PostgreSQL: claims, commits that check their claim, order, uniqueness."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, event, select, update

from monitor.model import (
    ActType,
    Announcement,
    Decision,
    Delivery,
    DeliveryState,
    Disposition,
    Entry,
    EventType,
    FeedSpec,
    FeedState,
    Judgement,
    Owed,
    Party,
    PollOutcome,
    ReadMethod,
    Report,
    Silence,
    Stage,
    Story,
    TargetState,
    Told,
    Verdict,
    Why,
)
from monitor.store import Store, desk, open_store, tables
from monitor.store.articles import Committed, MatchResult, MatchWork, StorySave
from monitor.store.entries import ArticleText, ReadResult
from monitor.store.listed import ListedEntry
from monitor.store.outbox import SendEnd, SendWork
from monitor.store.people import add_silence
from monitor.store.polls import FeedWork, PollRecord, PollResult

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = FeedSpec(url="https://example.org/feed", title="Example", language="it", publisher_party="IT")


def listed(key: str, published_at: datetime | None = None) -> ListedEntry:
    entry = Entry(guid=key, url=f"https://example.org/{key}", title=f"Title {key}", published_at=published_at)
    return ListedEntry(entry, (f"g:{key}", f"l:{key}"), f"hash-{key}", published_at or NOW, NOW + HOUR)


def polled(work: FeedWork, *new: ListedEntry, **more: object) -> PollResult:
    record = PollRecord(NOW, PollOutcome.NEW, "read", listed=len(new), new=len(new))
    made = PollResult(work, record, work.url, FeedState.OK, "fine", "{}", 900.0, NOW + HOUR, 0, new=new)
    return replace(made, **more)  # type: ignore[arg-type]


def poll_once(store: Store, *new: ListedEntry) -> None:
    store.feeds.sync([SPEC], NOW, 900.0)
    (work,) = store.feeds.claim(NOW, 10, 60.0)
    assert store.feeds.commit([polled(work, *new)], NOW) == 1


def read_all(store: Store, now: datetime = NOW) -> None:
    works = store.reads.claim(now, 100, 60.0)
    results = [
        ReadResult(work, ArticleText(work.entry.title, f"Text of {work.entry.guid}", ReadMethod.PAGE)) for work in works
    ]
    assert store.reads.commit(results, now) == len(works)


def one_match(store: Store) -> MatchWork:
    poll_once(store, listed("a"))
    read_all(store)
    (work,) = store.matches.claim(NOW, 10, 60.0)
    return work


def judged(ruleset: str = "r1") -> Judgement:
    return Judgement("it", Verdict.ANNOUNCEMENT, 0.9, True, (), (), (), ruleset)


def report(article_id: str) -> Report:
    said = Announcement(ActType.AGREEMENT, Stage.SIGNED, (Party("IT", "state", "IT", "Italia"),), "Quote.", "r", 0.9)
    return Report(article_id, "Title", "https://example.org/a", "f", "Example", "it", NOW, NOW, said)


def story(key: str = "s1", **more: object) -> Story:
    made = Story(
        key, NOW, ActType.AGREEMENT, Stage.SIGNED, report("1").announcement.parties, "obj", (), ("t",), 0.9, ()
    )
    return replace(made, **more)  # type: ignore[arg-type]


def delivery(key: str, route: str = "desk", target: str = "a@example.org", due_at: datetime = NOW) -> Delivery:
    return Delivery(
        key, route, "email", target, EventType.STORY_NEW, ("s1",), b"bytes \x00\xff", DeliveryState.QUEUED, NOW, due_at
    )


def owed(decision: Decision = Decision.IMMEDIATE) -> Owed:
    return Owed("desk", "s1", Stage.SIGNED, "", decision, Why.NEW, "1")


def match_result(work: MatchWork, store: Store, **more: object) -> MatchResult:
    versions = store.stories.find({"k1"}).versions
    made = MatchResult(
        work,
        Disposition.ANNOUNCEMENT,
        judged(),
        lookup=frozenset({"k1"}),
        versions=versions,
        stories=(StorySave(story(), frozenset({"k1"}), (report("1"),), known=False),),
        told=(Told(owed(), NOW, "d1"),),
        verdicts=(owed(),),
        deliveries=(delivery("d1"),),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def filled_outbox(store: Store, *deliveries: Delivery) -> None:
    work = one_match(store)
    result = match_result(work, store, deliveries=deliveries)
    assert store.matches.commit([result], NOW) == [Committed.DONE]


def aim(work: SendWork, **more: object) -> TargetState:
    return replace(TargetState(work.delivery.route, work.delivery.target), **more)  # type: ignore[arg-type]


def ended(work: SendWork, state: DeliveryState, **more: object) -> SendEnd:
    made = SendEnd(work, state, NOW + HOUR, "250 ok", aim(work))
    return replace(made, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- feeds


def test_a_listed_feed_is_due_at_once_and_claimed_by_one_only(store: Store) -> None:
    store.feeds.sync([SPEC], NOW, 900.0)
    (work,) = store.feeds.claim(NOW, 10, 60.0)
    assert (work.url, work.spec, work.state) == (SPEC.url, SPEC, FeedState.OK)
    assert store.feeds.claim(NOW, 10, 60.0) == []


def test_the_next_due_time_is_stored_before_the_request(store: Store) -> None:
    store.feeds.sync([SPEC], NOW, 900.0)
    store.feeds.claim(NOW, 10, 60.0)
    after_the_kill = NOW + timedelta(seconds=61)
    assert store.feeds.claim(after_the_kill, 10, 60.0) == []
    assert len(store.feeds.claim(NOW + timedelta(seconds=900), 10, 60.0)) == 1


def test_a_poll_whose_claim_was_lost_changes_nothing(store: Store) -> None:
    store.feeds.sync([SPEC], NOW, 900.0)
    (late,) = store.feeds.claim(NOW, 10, 60.0)
    (other,) = store.feeds.claim(NOW + timedelta(seconds=900), 10, 60.0)
    assert store.feeds.commit([polled(late, listed("a"))], NOW) == 0
    assert store.feeds.commit([polled(other, listed("b"))], NOW) == 1
    assert set(store.feeds.known({other.feed_id: ["g:a", "g:b"]})[other.feed_id]) == {"g:b"}


def test_a_poll_committed_twice_is_stored_once(store: Store) -> None:
    store.feeds.sync([SPEC], NOW, 900.0)
    (work,) = store.feeds.claim(NOW, 10, 60.0)
    assert [store.feeds.commit([polled(work, listed("a"))], NOW) for _ in range(2)] == [1, 0]
    assert store.views.overview().entries == {"listed": 1}


def test_a_feed_that_leaves_the_list_is_kept_as_removed_and_may_return(store: Store) -> None:
    poll_once(store, listed("a"))
    store.feeds.sync([], NOW, 900.0)
    assert [feed.state for feed in store.views.feeds()] == ["removed"]
    assert store.feeds.claim(NOW + HOUR, 10, 60.0) == []
    store.feeds.sync([replace(SPEC, title="New name")], NOW, 900.0)
    (feed,) = store.views.feeds()
    assert (feed.state, feed.title, feed.entries) == ("ok", "New name", 1)


def test_once_asks_each_feed_once(store: Store) -> None:
    poll_once(store)
    later = NOW + 2 * HOUR
    assert store.feeds.claim(later, 10, 60.0, not_since=NOW) == []
    assert len(store.feeds.claim(later, 10, 60.0, not_since=NOW + HOUR)) == 1


def test_thirty_polls_are_kept(store: Store) -> None:
    store.feeds.sync([SPEC], NOW, 1.0)
    for number in range(52):
        now = NOW + number * HOUR
        (work,) = store.feeds.claim(now, 10, 60.0)
        store.feeds.commit([polled(work, due_at=now)], now)
    kept = store.views.polls(work.feed_id, limit=100)
    assert 30 <= len(kept) <= 40


def test_a_weeks_news_and_gaps_of_a_feed_are_counted_however_often_it_was_polled_since(store: Store) -> None:
    store.feeds.sync([SPEC], NOW, 1.0)
    for number in range(72):
        now = NOW + number * HOUR / 4
        (work,) = store.feeds.claim(now, 10, 60.0)
        new = (listed("a"), listed("b")) if number == 0 else ()
        record = PollRecord(now, PollOutcome.NEW, "read", listed=2, new=len(new), gap=number == 1)
        store.feeds.commit([polled(work, *new, due_at=now, record=record)], now)

    def week(now: datetime) -> tuple[int, int]:
        with store.database.read() as connection:
            ((line,), _) = desk.feed_lines(connection, now)
        return line.new_week, line.gaps_week

    assert week(now) == (2, 1)
    assert week(now + 8 * 24 * HOUR) == (0, 0)
    for _ in range(52):  # what is older than anybody counts goes
        (work,) = store.feeds.claim(now + 9 * 24 * HOUR, 10, 60.0)
        later = PollRecord(now + 9 * 24 * HOUR, PollOutcome.NOT_MODIFIED, "")
        store.feeds.commit([polled(work, due_at=now, record=later)], now)
    assert not any(poll.gap for poll in store.views.polls(work.feed_id, limit=1000))


def test_an_edited_entry_is_read_again_under_its_old_id(store: Store) -> None:
    poll_once(store, listed("a"))
    read_all(store)
    (feed,) = store.views.feeds()
    known = store.feeds.known({feed.feed_id: ["g:a"]})[feed.feed_id]["g:a"]
    (work,) = store.feeds.claim(NOW + HOUR, 10, 60.0)
    edited = replace(listed("a"), entry_id=known.entry_id, text_hash="other")
    store.feeds.commit([polled(work, edited=(edited,))], NOW + HOUR)
    again = store.feeds.known({feed.feed_id: ["g:a"]})[feed.feed_id]["g:a"]
    assert (again.entry_id, again.text_hash, again.edits) == (known.entry_id, "other", 1)
    assert [read.entry_id for read in store.reads.claim(NOW + HOUR, 10, 60.0)] == [known.entry_id]


def test_keys_of_known_entries_are_learnt(store: Store) -> None:
    poll_once(store, listed("a"))
    (feed,) = store.views.feeds()
    known = store.feeds.known({feed.feed_id: ["g:a"]})[feed.feed_id]["g:a"]
    (work,) = store.feeds.claim(NOW + HOUR, 10, 60.0)
    store.feeds.commit([polled(work, seen=(("g:a", known.entry_id), ("g:new", known.entry_id)))], NOW + HOUR)
    assert store.feeds.known({feed.feed_id: ["g:new"]})[feed.feed_id]["g:new"].entry_id == known.entry_id


# ---------------------------------------------------------------------------------------------- reading and matching


def test_an_entry_is_read_by_one_only_and_again_when_its_reader_died(store: Store) -> None:
    poll_once(store, listed("a"))
    assert len(store.reads.claim(NOW, 10, 60.0)) == 1
    assert store.reads.claim(NOW, 10, 60.0) == []
    assert len(store.reads.claim(NOW + timedelta(seconds=61), 10, 60.0)) == 1


def test_a_failed_reading_is_tried_again_at_its_time(store: Store) -> None:
    poll_once(store, listed("a"))
    (work,) = store.reads.claim(NOW, 10, 60.0)
    store.reads.commit([ReadResult(work, None, retry_at=NOW + HOUR, reason="503")], NOW)
    assert store.reads.claim(NOW, 10, 60.0) == []
    (again,) = store.reads.claim(NOW + HOUR, 10, 60.0)
    assert again.attempts == 1


def test_articles_of_one_poll_are_judged_in_order_whichever_was_read_first(store: Store) -> None:
    times = {"c": NOW - HOUR, "a": NOW - 3 * HOUR, "b": NOW - 2 * HOUR}
    poll_once(store, *(listed(key, at) for key, at in times.items()))
    works = {work.entry.guid: work for work in store.reads.claim(NOW, 10, 60.0)}

    def read(key: str) -> None:
        store.reads.commit([ReadResult(works[key], ArticleText(key, key, ReadMethod.PAGE))], NOW)

    read("c")
    assert store.matches.claim(NOW, 10, 60.0) == []
    read("a")
    assert [work.article.title for work in store.matches.claim(NOW, 10, 60.0)] == ["a"]
    read("b")
    assert store.matches.claim(NOW, 10, 60.0) == [], "b waits for a, which is being judged"
    later = NOW + timedelta(seconds=61)
    assert [work.article.title for work in store.matches.claim(later, 10, 60.0)] == ["a", "b", "c"]


def test_an_article_carries_what_its_feed_says_of_it(store: Store) -> None:
    work = one_match(store)
    article = work.article
    assert (article.feed_title, article.publisher_party, article.language) == ("Example", "IT", "it")
    assert (article.url, article.text, article.first_seen_at) == ("https://example.org/a", "Text of a", NOW)


def test_judgement_story_and_deliveries_are_stored_together(store: Store) -> None:
    work = one_match(store)
    assert store.matches.commit([match_result(work, store)], NOW) == [Committed.DONE]
    assert store.stories.load(["s1", "absent"]) == {"s1": story(reports=(report("1"),))}
    assert store.stories.find({"k1", "k2"}).stories == (story(),)
    (sent,) = store.views.deliveries()
    assert (sent.id, sent.body, sent.state) == ("d1", b"bytes \x00\xff", DeliveryState.QUEUED)
    assert store.views.overview().dispositions == {"announcement": 1}


def test_a_result_committed_twice_changes_nothing(store: Store) -> None:
    work = one_match(store)
    result = match_result(work, store)
    assert store.matches.commit([result], NOW) == [Committed.DONE]
    assert store.matches.commit([replace(result, versions=None)], NOW) == [Committed.LOST]
    assert len(store.views.deliveries()) == 1


def test_a_decision_on_stories_that_moved_on_is_refused(store: Store) -> None:
    poll_once(store, listed("a"), listed("b"))
    read_all(store)
    first, second = store.matches.claim(NOW, 10, 60.0)
    decided = match_result(second, store)
    assert store.matches.commit([match_result(first, store)], NOW) == [Committed.DONE]
    assert store.matches.commit([decided], NOW) == [Committed.STALE]
    grown = StorySave(story(score=0.95), frozenset({"k1", "k2"}), (report("2"),), known=True)
    again = match_result(second, store, stories=(grown,), deliveries=(), told=())
    assert store.matches.commit([again], NOW) == [Committed.DONE]
    assert store.stories.load(["s1"])["s1"] == story(score=0.95, reports=(report("1"), report("2")))
    assert store.stories.find({"k2"}).versions == {"s1": 2}


def test_a_stage_is_told_once_per_route_whatever_happens_twice(store: Store) -> None:
    poll_once(store, listed("a"), listed("b"))
    read_all(store)
    first, second = store.matches.claim(NOW, 10, 60.0)
    store.matches.commit([match_result(first, store)], NOW)
    grown = StorySave(story(), frozenset({"k1"}), (), known=True)
    twice = Told(owed(), NOW, "d2")
    again = match_result(second, store, stories=(grown,), told=(twice,), deliveries=())
    assert store.matches.commit([again], NOW) == [Committed.DONE]
    with store.database.read() as connection:
        rows = connection.execute(select(tables.told.c.delivery_id)).scalars().all()
    assert rows == ["d1"]


def test_a_parked_article_is_not_tried_again(store: Store) -> None:
    work = one_match(store)
    store.matches.commit([MatchResult(work, Disposition.PARKED, reason="a bug")], NOW)
    assert store.matches.claim(NOW + HOUR, 10, 60.0) == []
    assert store.views.overview().dispositions == {"parked": 1}


# ---------------------------------------------------------------------------------------------- outbox


def test_one_delivery_at_a_time_for_each_target(store: Store) -> None:
    filled_outbox(store, delivery("d1"), delivery("d2"), delivery("d3", target="b@example.org"))
    works = store.outbox.claim(NOW, 10, 60.0)
    assert [work.delivery.id for work in works] == ["d1", "d3"]
    assert store.outbox.claim(NOW, 10, 60.0) == []
    assert store.outbox.commit([ended(works[0], DeliveryState.SENT)], NOW) == 1
    assert [work.delivery.id for work in store.outbox.claim(NOW, 10, 60.0)] == ["d2"]


def test_a_delivery_whose_sender_died_is_sent_again_with_the_same_bytes_and_marked(store: Store) -> None:
    filled_outbox(store, delivery("d1"))
    (first,) = store.outbox.claim(NOW, 10, 60.0)
    (second,) = store.outbox.claim(NOW + timedelta(seconds=61), 10, 60.0)
    assert (first.again, second.again) == (False, True)
    assert (second.delivery.id, second.delivery.body) == ("d1", b"bytes \x00\xff")
    assert (second.delivery.story_ids, second.delivery.attempts) == (("s1",), 2)
    assert store.outbox.commit([ended(first, DeliveryState.SENT)], NOW) == 0, "the first claim no longer stands"


def test_a_retry_waits_for_its_time_and_keeps_every_answer(store: Store) -> None:
    filled_outbox(store, delivery("d1"))
    (work,) = store.outbox.claim(NOW, 10, 60.0)
    store.outbox.commit([ended(work, DeliveryState.RETRY, answer="451 later", target=aim(work, failures=1))], NOW)
    assert store.outbox.claim(NOW, 10, 60.0) == []
    (again,) = store.outbox.claim(NOW + HOUR, 10, 60.0)
    assert store.outbox.targets([again]) == {("desk", "a@example.org"): aim(again, failures=1)}
    store.outbox.commit([ended(again, DeliveryState.SENT)], NOW + HOUR)
    assert [(number, result, answer) for number, _, result, answer in store.views.attempts("d1")] == [
        (1, "retry", "451 later"),
        (2, "sent", "250 ok"),
    ]


def test_a_target_that_rests_or_is_switched_off_is_left_alone(store: Store) -> None:
    filled_outbox(store, delivery("d1"), delivery("d2", target="b@example.org"))
    works = store.outbox.claim(NOW, 10, 60.0)
    store.outbox.commit(
        [
            ended(works[0], DeliveryState.RETRY, due_at=NOW, target=aim(works[0], open_until=NOW + HOUR)),
            ended(works[1], DeliveryState.RETRY, due_at=NOW, target=aim(works[1], disabled=True)),
        ],
        NOW,
    )
    assert store.outbox.claim(NOW, 10, 60.0) == []
    assert [work.delivery.id for work in store.outbox.claim(NOW + HOUR, 10, 60.0)] == ["d1"]


# ---------------------------------------------------------------------------------------------- people


def test_silences_hold_until_their_end(store: Store) -> None:
    wanted = Silence("", '{"principals":["IT"]}', "anna", "noise", NOW, NOW + HOUR, routes=("desk",))
    key = add_silence(store.database, wanted)
    assert store.people.silences(NOW) == (replace(wanted, id=key),)
    assert store.people.silences(NOW + HOUR) == ()


def test_a_rule_set_is_kept_once(store: Store) -> None:
    for _ in range(2):
        store.people.keep_ruleset("abc", "rules", b"whole text", NOW)
    with store.database.read() as connection:
        assert len(connection.execute(select(tables.ruleset)).all()) == 1


# ---------------------------------------------------------------------------------------------- transactions


def test_sto_02_no_update_is_lost_between_threads(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(tables.meta.insert().values(key="n", value="0"))

    def add() -> None:
        for _ in range(60):
            with store.database.write() as connection:
                query = select(tables.meta.c.value).where(tables.meta.c.key == "n").with_for_update()
                value = int(connection.execute(query).scalar_one())
                connection.execute(update(tables.meta).where(tables.meta.c.key == "n").values(value=str(value + 1)))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.database.read() as connection:
        assert connection.execute(select(tables.meta.c.value)).scalar_one() == "360"


def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.database.write() as connection:
            connection.execute(tables.meta.insert().values(key="n", value="0"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with store.database.read() as connection:
        assert connection.execute(select(tables.meta)).all() == []


def test_times_without_a_zone_are_refused(store: Store) -> None:
    with pytest.raises(Exception, match="without zone"):
        store.feeds.sync([SPEC], NOW.replace(tzinfo=None), 900.0)


@pytest.mark.parametrize("feeds", [1, 8])
def test_what_polls_brought_is_stored_in_a_fixed_number_of_statements(store: Store, feeds: int) -> None:
    specs = [replace(SPEC, url=f"https://example.org/{number}") for number in range(feeds)]
    store.feeds.sync(specs, NOW, 900.0)
    works = store.feeds.claim(NOW, 100, 60.0)
    results = [polled(work, *(listed(f"{work.feed_id}-{number}") for number in range(30))) for work in works]
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert store.feeds.commit(results, NOW) == feeds
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    written = [one for one in statements if one.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert len(written) == 4, "feeds, polls, entries, keys"
    read = store.reads.claim(NOW, 1000, 60.0)
    assert len({work.entry_id for work in read}) == 30 * feeds


def test_ids_go_on_where_they_stopped_also_after_the_newest_rows_went(store: Store) -> None:
    poll_once(store, listed("a"), listed("b"))
    (first, second) = store.reads.claim(NOW, 10, 60.0)
    with store.database.write() as connection:
        connection.execute(delete(tables.entry_key))
        connection.execute(delete(tables.entry))
    (work,) = store.feeds.claim(NOW + HOUR, 10, 60.0)
    assert store.feeds.commit([polled(work, listed("c"))], NOW + HOUR) == 1
    (third,) = store.reads.claim(NOW + HOUR, 10, 60.0)
    assert third.entry_id > second.entry_id > first.entry_id


@contextmanager
def plans_of(store: Store) -> Iterator[list[tuple[str, str]]]:
    """How SQLite carries out each SELECT of the block, and the statement; filled at its end."""
    seen: list[tuple[str, object]] = []
    plans: list[tuple[str, str]] = []

    def note(*arguments: object) -> None:
        seen.append((str(arguments[2]), arguments[3]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with store.database.read() as connection:
        for statement, values in seen:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
                plans += [(row[3], statement) for row in rows]


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/state/coopwatch.db")
    yield store
    store.close()


def test_no_claim_reads_through_all_entries(on_sqlite: Store) -> None:
    """SQLite takes a partial index only for its very condition; PostgreSQL sees the values."""
    store = on_sqlite
    poll_once(store, listed("a"), listed("b"))
    with plans_of(store) as plans:
        store.feeds.claim(NOW, 10, 60.0)
        read_all(store)
        assert store.matches.claim(NOW, 10, 60.0)
    assert [plan for plan in plans if plan[0].startswith(("SCAN entry", "SCAN feed", "SCAN article"))] == []
    assert any("ix_feed_due" in plan for plan, _ in plans), "nearly all feeds are in the same state"
    assert any("ix_entry_work" in plan for plan, _ in plans)
    assert any("ix_entry_batch" in plan for plan, _ in plans)


def test_a_round_of_a_hundred_polls_looks_at_no_other_feed(on_sqlite: Store) -> None:
    """Nearly all feeds are in one state: its index is no shorter way than the table, though SQLite takes it for one as soon as
    many ids are asked for."""
    store = on_sqlite
    store.feeds.sync([replace(SPEC, url=f"{SPEC.url}/{number}") for number in range(100)], NOW, 900.0)
    with plans_of(store) as plans:
        works = store.feeds.claim(NOW, 100, 60.0)
        assert store.feeds.commit([polled(work, listed(str(n))) for n, work in enumerate(works)], NOW) == 100
    assert [plan for plan in plans if "ix_feed_state" in plan[0] or plan[0].startswith("SCAN feed")] == []
