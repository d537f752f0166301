"""An entry that carries its text is an article with the poll's own commit: the same rows as when a step of its own reads it, and
nothing asked, claimed or committed for it in between."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from monitor.config import FetchSettings
from monitor.fetch.egress import Request
from monitor.fetch.pacing import Pacing
from monitor.model import Entry, FeedSpec, FeedState, HttpAnswer, PollOutcome
from monitor.run.poll import PollStep
from monitor.run.polled import CARRIED_MOST, PollSettings, as_listed
from monitor.run.reading import FULL_TEXT_CHARS, Reading, carried, needs_page, settle
from monitor.run.workers import WorkerPool
from monitor.sources.age import Age, FeedTime
from monitor.sources.identity import Taken, take_in
from monitor.sources.keys import keyed
from monitor.sources.notafeed import NotAFeed
from monitor.sources.parse import parse
from monitor.store import Store, open_store, tables
from monitor.store.polls import PollRecord, PollResult
from tests.databases import new_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = FeedSpec("https://agenzia.example/feed.xml", title="Agenzia", language="it")
PASSING = frozenset({"claim_id", "claim_until"})  # a claim's name is drawn


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """Two empty ones."""
    if request.param == "sqlite":
        made = [new_store(f"sqlite:///{tmp_path}/{name}/coopwatch.db") for name in "ab"]
    else:
        made = [open_store(request.getfixturevalue("postgresql").url(is_empty=False)) for _ in "ab"]
    yield (made[0], made[1])
    for store in made:
        store.close()


# ------------------------------------------------------------------------------------- the same rows by either way


def poll(store: Store, now: datetime, new: Sequence[Taken], edited: Sequence[Taken], *, with_text: bool) -> None:
    """One poll that brought these."""
    (work,) = store.feeds.claim(now, 1, 60.0)
    record = PollRecord(now, PollOutcome.NEW, "read", listed=len(new) + len(edited), new=len(new), edited=len(edited))
    result = PollResult(work, record, work.url, FeedState.OK, "fine", "", 900.0, now + HOUR, 0)
    listed = [[as_listed(one, now + HOUR, with_text=with_text) for one in some] for some in (new, edited)]
    store.feeds.commit([replace(result, new=tuple(listed[0]), edited=tuple(listed[1]))], now)


def read(store: Store, now: datetime) -> None:
    """What the reading step does with entries that need no page; the others stay claimed."""
    works = store.reads.claim(now, 1000, 60.0)
    store.reads.commit([settle(Reading(work, None), now) for work in works if not needs_page(work.entry)], now)


def rows(store: Store) -> list[list[dict[str, Any]]]:
    with store.database.read() as connection:
        return [
            [
                {name: value for name, value in row.items() if name not in PASSING}
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in (tables.entry, tables.entry_key, tables.article)
        ]


def same_by_either_way(stores: tuple[Store, Store], entries: Sequence[Entry], edit: Callable[[Entry], Entry]) -> int:
    """Polls and reads in both stores, once with the texts and once without, then both edits; gives how many are articles."""
    new = take_in(keyed(entries), {}, now=NOW, age=Age(0.0, FeedTime.KNOWN)).new
    edited = [
        replace(one, entry=edit(one.entry), text_hash="new", entry_id=number) for number, one in enumerate(new, 1)
    ]
    for store, with_text in zip(stores, (True, False), strict=True):
        store.feeds.sync([SPEC], NOW, 900.0)
        poll(store, NOW, new, (), with_text=with_text)
        read(store, NOW)
        poll(store, NOW + HOUR, (), edited, with_text=with_text)
        read(store, NOW + HOUR)
    ours, theirs = map(rows, stores)
    assert ours == theirs
    return len(ours[-1])


LONG = "Italia e Cina hanno firmato un accordo. " * 60


def test_rows_are_the_same_whether_the_poll_or_a_step_of_its_own_reads_the_text(stores: tuple[Store, Store]) -> None:
    page = Entry("p", "https://agenzia.example/p", "Una pagina", summary="Breve.")
    full = Entry("f", "https://agenzia.example/f", "Un testo intero", summary="Breve.", content=LONG, published_at=NOW)
    bare = Entry("b", "", "Un titolo senza indirizzo")
    script = Entry("s", "https://news.google.com/s", "Un rimando", summary="Di altri.")

    def edit(entry: Entry) -> Entry:
        # an edit may bring the text that was missing, or lose it
        return replace(entry, title=f"{entry.title}, corretto", content="" if entry is full else LONG)

    assert same_by_either_way(stores, [page, full, bare, script], edit) == 4


@pytest.mark.shared
@pytest.mark.parametrize("part", range(4))
def test_rows_of_real_feeds_are_the_same_by_either_way(tmp_path: Path, shared: Path, part: int) -> None:
    dice, entries = random.Random(part), list[Entry]()
    for path in sorted((shared / "data" / "feeds").iterdir())[part::4]:
        try:
            listed = parse(path.read_bytes(), feed_url=SPEC.url).entries
        except NotAFeed:
            continue
        entries += dice.sample(listed, min(len(listed), CARRIED_MOST))
    assert len(entries) > 50

    def edit(entry: Entry) -> Entry:
        return replace(entry, title=f"{entry.title} +", content=dice.choice((entry.content, "", LONG)))

    made = (new_store(f"sqlite:///{tmp_path}/a.db"), new_store(f"sqlite:///{tmp_path}/b.db"))
    articles = same_by_either_way(made, entries, edit)
    assert 0 < articles < len(entries), "some carry their text, others need their page"
    for store in made:
        store.close()


def test_only_entries_that_need_no_page_bring_their_article() -> None:
    entry = Entry("1", "https://agenzia.example/1", "Titolo", content="x" * FULL_TEXT_CHARS)
    assert carried(entry) is not None
    assert carried(replace(entry, content=entry.content[1:])) is None


# ------------------------------------------------------------------------------------------- what one entry costs

ITEM = "<item><title>Notizia {n}</title><link>https://agenzia.example/a/{n}</link><guid>{n}</guid>{text}</item>"


class Publisher:
    """A way out to feeds that list entries up to ``last``, each with its text."""

    last = 3

    async def get(self, request: Request) -> HttpAnswer:
        text = f"<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>{LONG}</content:encoded>"
        items = "".join(ITEM.format(n=f"{request.url}/{n}", text=text) for n in range(self.last, 0, -1))
        body = f"<rss version='2.0'><channel><title>Agenzia</title>{items}</channel></rss>".encode()
        return HttpAnswer(request.url, request.url, 200, (("content-type", "application/rss+xml"),), body)


@pytest.fixture
def counted() -> Iterator[Counter[str]]:
    """Statements and transactions of everything that happens in the block's stores."""
    found: Counter[str] = Counter()

    def statement(*args: Any) -> None:
        found["statements"] += 1

    def commit(*args: Any) -> None:
        found["transactions"] += 1

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    yield found
    event.remove(Engine, "before_cursor_execute", statement)
    event.remove(Engine, "commit", commit)


def test_one_new_entry_with_its_text_is_an_article_after_one_claim_and_one_commit(
    tmp_path: Path, counted: Counter[str]
) -> None:
    feeds, publisher, store = 20, Publisher(), new_store(f"sqlite:///{tmp_path}/c.db")
    store.feeds.sync([FeedSpec(f"https://{n}.example/feed.xml") for n in range(feeds)], NOW, 60.0)
    now = NOW

    async def round_of_polls() -> tuple[Counter[str], int]:
        pool, egress, settings = WorkerPool(1), publisher, PollSettings(FetchSettings(), 0.0, frozenset())
        step = PollStep(
            *(store.feeds, egress, Pacing(0.0), pool, settings),  # type: ignore[arg-type]
            clock=lambda: now,
            chance=lambda: 0.0,
        )
        before = counted.copy()
        works = step.claim(now, 100)
        counts = step.commit(await asyncio.gather(*map(step.act, works)), now)
        spent = counted - before
        assert set(step.wakes(counts)) == ({"match"} if counts["entries"] else set())
        calls = pool.stats().calls
        await pool.close()
        return Counter(counts) + spent, calls

    first, _ = asyncio.run(round_of_polls())
    assert (first["entries"], first["read_feed"]) == (3 * feeds, 3 * feeds)
    now, publisher.last = NOW + timedelta(days=2), 4
    found, calls = asyncio.run(round_of_polls())
    assert (found["entries"], found["read_feed"]) == (feeds, feeds)
    assert calls <= feeds / 4, "documents that come together go to the worker together"
    assert found["transactions"] == 3, "a claim, a look at what is known, a commit"
    assert found["statements"] <= 20, "however many the feeds"
    assert store.reads.claim(now, 100, 60.0) == []
    assert len(store.matches.claim(now, 1000, 60.0)) == 4 * feeds
    store.close()


def test_a_document_of_many_new_entries_leaves_their_texts_to_the_reading_step(tmp_path: Path) -> None:
    publisher, store = Publisher(), new_store(f"sqlite:///{tmp_path}/c.db")
    publisher.last = CARRIED_MOST + 1
    store.feeds.sync([SPEC], NOW, 60.0)

    async def poll_it() -> None:
        pool, settings = WorkerPool(1), PollSettings(FetchSettings(), 0.0, frozenset())
        step = PollStep(
            *(store.feeds, publisher, Pacing(0.0), pool, settings),  # type: ignore[arg-type]
            clock=lambda: NOW,
            chance=lambda: 0.0,
        )
        counts = step.commit([await step.act(work) for work in step.claim(NOW, 1)], NOW)
        assert set(step.wakes(counts)) == {"read"}
        await pool.close()

    asyncio.run(poll_it())
    assert len(store.reads.claim(NOW, 100, 60.0)) == CARRIED_MOST + 1
    store.close()
