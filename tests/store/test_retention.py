"""What goes and what stays, in small batches that begin where the last one ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from monitor.config import KeepSettings
from monitor.model import DeliveryState, FeedSpec
from monitor.store import Store, tables
from monitor.store.articles import Committed
from monitor.store.retention import Pruned, RetentionStore
from tests.store.test_contract import (
    HOUR,
    NOW,
    SPEC,
    delivery,
    ended,
    filled_outbox,
    listed,
    match_result,
    poll_once,
    polled,
    read_all,
)

KEEP = KeepSettings()
DAY = timedelta(days=1)


def pruned(store: Store, now: datetime, batch: int = 3) -> Pruned:
    retention, total = RetentionStore(store.database, batch), Pruned()
    while not total.is_done:
        total += retention.prune(KEEP, now)
    return total


def count(store: Store, table: object) -> int:
    with store.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[call-overload]


def all_judged(store: Store, keys: int) -> None:
    poll_once(store, *(listed(f"k{number}") for number in range(keys)))
    read_all(store)
    for work in store.matches.claim(NOW, 100, 60.0):
        result = replace(match_result(work, store), stories=(), told=(), verdicts=(), deliveries=(), versions=None)
        assert store.matches.commit([result], NOW) == [Committed.DONE]


def test_texts_go_after_their_days_and_titles_quotes_and_hashes_stay(store: Store) -> None:
    filled_outbox(store, delivery("d1"))
    assert pruned(store, NOW + 179 * DAY).texts == 0
    assert pruned(store, NOW + 181 * DAY).texts == 1
    with store.database.read() as connection:
        article = connection.execute(select(tables.article)).one()
        entry = connection.execute(select(tables.entry)).one()
    assert (article.text, entry.summary, entry.content) == ("", "", "")
    assert (article.title, entry.text_hash, entry.disposition) == ("Title a", "hash-a", "announcement")
    (story,) = store.stories.find({"k1"}).stories
    assert store.stories.reports([story.id])[story.id][0].announcement.quote == "Quote."


def test_every_text_is_reached_whatever_the_batch(store: Store) -> None:
    all_judged(store, 10)
    total = pruned(store, NOW + 181 * DAY, batch=3)
    assert total.texts == 10
    assert pruned(store, NOW + 182 * DAY).texts == 0


def test_an_article_that_waits_for_its_judgement_keeps_its_text(store: Store) -> None:
    poll_once(store, listed("a"))
    read_all(store)
    pruned(store, NOW + 181 * DAY)
    (work,) = store.matches.claim(NOW, 10, 60.0)
    assert work.article.text == "Text of a"


def test_a_pruned_entry_is_known_when_it_reappears_until_its_identity_goes_too(store: Store) -> None:
    all_judged(store, 2)
    (feed,) = store.views.feeds()
    assert pruned(store, NOW + 399 * DAY).entries == 0
    assert set(store.feeds.known({feed.feed_id: ["g:k0", "l:k1"]})[feed.feed_id]) == {"g:k0", "l:k1"}
    assert pruned(store, NOW + 401 * DAY).entries == 2
    assert store.feeds.known({feed.feed_id: ["g:k0", "l:k1"]})[feed.feed_id] == {}
    assert [count(store, table) for table in (tables.entry, tables.article, tables.judgement)] == [0, 0, 0]


def test_an_entry_that_a_feed_still_lists_is_never_forgotten(store: Store) -> None:
    all_judged(store, 2)
    later = NOW + 300 * DAY
    (work,) = store.feeds.claim(later, 10, 60.0)
    known = store.feeds.known({work.feed_id: ["g:k0"]})[work.feed_id]["g:k0"]
    store.feeds.commit([polled(work, seen=(("g:k0", known.entry_id),))], later)
    assert pruned(store, NOW + 401 * DAY).entries == 1
    assert set(store.feeds.known({work.feed_id: ["g:k0"]})[work.feed_id]) == {"g:k0"}


def test_the_entries_and_memory_of_a_story_stay_when_its_keys_and_messages_go(store: Store) -> None:
    filled_outbox(store, delivery("d1"))
    (work,) = store.outbox.claim(NOW, 10, 60.0)
    store.outbox.commit([ended(work, DeliveryState.SENT)], NOW)
    total = pruned(store, NOW + 401 * DAY)
    assert (total.entries, total.story_keys, total.deliveries, total.verdicts) == (0, 1, 1, 1)
    assert store.stories.find({"k1"}).stories == ()
    assert store.stories.load(["s1"])["s1"].reports
    assert len(store.told.of_stories({"s1"})) == 1


def test_a_message_that_has_not_left_is_never_dropped(store: Store) -> None:
    filled_outbox(store, delivery("d1"))
    assert pruned(store, NOW + 500 * DAY).deliveries == 0
    assert len(store.outbox.claim(NOW + HOUR, 10, 60.0)) == 1


def test_it_is_due_once_a_day(store: Store) -> None:
    retention = RetentionStore(store.database)
    assert retention.is_due(NOW)
    while not retention.prune(KEEP, NOW).is_done:
        assert retention.is_due(NOW)
    assert not retention.is_due(NOW + 23 * HOUR)
    assert retention.is_due(NOW + 24 * HOUR)


def test_the_texts_of_one_feed_are_deleted_and_no_others(store: Store) -> None:
    other = FeedSpec(url="https://other.example/feed", title="Other")
    all_judged(store, 4)
    store.feeds.sync([SPEC, other], NOW, 900.0)
    (work,) = store.feeds.claim(NOW, 10, 60.0)
    store.feeds.commit([polled(work, listed("o"))], NOW)
    read_all(store)
    first = next(feed.feed_id for feed in store.views.feeds() if feed.title == "Example")
    retention = RetentionStore(store.database, 3)
    done = []
    while emptied := retention.empty_feed(first):
        done.append(emptied)
    assert done == [3, 1]
    with store.database.read() as connection:
        texts = connection.execute(select(tables.article.c.text).where(tables.article.c.text != "")).scalars().all()
    assert texts == ["Text of o"]
