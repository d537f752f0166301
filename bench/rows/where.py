"""Where the time of a poll, a new entry, a first fetch and a new article goes: each stage alone, inside one process, by the
product's own functions. Runs as ``python -m bench.rows.where FOLDER ROUNDS PORT`` (the origin's) and prints JSON."""

from __future__ import annotations

import asyncio
import hashlib
import json
import pickle
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bench import corpus
from bench.measure import median_of
from bench.origin import address
from bench.product import CHECKOUT
from monitor import rulebook
from monitor.extract import extract
from monitor.fetch.egress import Egress, Request, Settings, tls_context
from monitor.match import Matcher
from monitor.model import Article, Disposition, FeedSpec, FeedState, HttpAnswer, PollOutcome
from monitor.rulebook.pages import load_page_phrases
from monitor.run.polled import as_listed
from monitor.sources import rss
from monitor.sources.age import Age, FeedTime
from monitor.sources.identity import Taken, take_in
from monitor.sources.keys import keyed, keys_of
from monitor.sources.parse import parse
from monitor.sources.prescan import prescan
from monitor.store import open_store
from monitor.store.articles import MatchResult, MatchWork
from monitor.store.polls import FeedWork, PollRecord, PollResult

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "http://x.example/feed.xml"
_FEEDS = 40
_AT_ONCE = 10  # results that a commit stores together, as in a busy round
_TLS = tls_context()
_FIRST = Age(86400.0, FeedTime.FIRST)
_KNOWN = Age(86400.0, FeedTime.KNOWN, NOW)


def _ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began) / _FEEDS


def poll(rounds: int, port: int) -> dict[str, float]:
    """Milliseconds of CPU a poll with nothing new, by stage; the origin answers 304 where it is asked with its tag."""
    hosts = [f"{address(number)}:{port}" for number in range(_FEEDS)]
    plain = [Request(f"http://{host}/feed.xml", allow=frozenset(hosts)) for host in hosts]
    whole = _asked(plain)
    tagged = [
        replace(one, headers=(("If-None-Match", got.header("etag")),)) for one, got in zip(plain, whole, strict=True)
    ]
    known = [frozenset(prescan(one.body, "", frozenset(), 300).prints) for one in whole]
    stages: dict[str, Callable[[], float]] = {
        "a request that is answered 304": lambda: _ms(lambda: _asked(tagged)),
        "a request that is answered 200": lambda: _ms(lambda: _asked(plain)),
        "hash of the bytes": lambda: _ms(
            lambda: [hashlib.blake2b(one.body, digest_size=16).hexdigest() for one in whole]
        ),
        "scan of 30 known entries": lambda: _ms(
            lambda: [prescan(one.body, "", seen, 300) for one, seen in zip(whole, known, strict=True)]
        ),
    }
    return dict(zip(stages, median_of(rounds, *stages.values()), strict=True))


def _asked(requests: list[Request]) -> list[HttpAnswer]:
    """The answers, ten at once, each over a connection of its own."""

    async def asked() -> list[HttpAnswer]:
        egress, places = Egress(Settings(user_agent="bench"), tls=_TLS), asyncio.Semaphore(10)

        async def one(request: Request) -> HttpAnswer:
            async with places:
                answer = await egress.get(request)
            if not isinstance(answer, HttpAnswer):
                raise RuntimeError(answer.detail)
            return answer

        return await asyncio.gather(*map(one, requests))

    return asyncio.run(asked())


def first_fetch(rounds: int, folder: Path) -> dict[str, float]:
    """Milliseconds of CPU a feed of 30 new entries, by stage."""
    base = "http://x.example"
    items = [[corpus.item(base, feed, entry, 1_795_000_000, False) for entry in range(30)] for feed in range(_FEEDS)]
    bodies = [corpus.feed(base, feed, listed, 0) for feed, listed in enumerate(items)]
    texts = [body.decode().partition("?>")[2].lstrip() for body in bodies]
    feeds = [parse(body, feed_url=URL) for body in bodies]
    listed = [keyed(feed.entries) for feed in feeds]
    intakes = [take_in(one, {}, now=NOW, age=_FIRST).new for one in listed]
    store = open_store(f"sqlite:///{folder}/where.db")
    names = count()

    def put() -> float:
        specs = [FeedSpec(url=f"{base}/{next(names)}", title="x") for _ in range(_FEEDS)]
        store.feeds.sync(specs, NOW, 60.0)
        works = store.feeds.claim(NOW, _FEEDS, 3600.0)
        results = [_result(work, taken) for work, taken in zip(works, intakes, strict=True)]
        return _ms(lambda: [store.feeds.commit(results[at : at + _AT_ONCE], NOW) for at in range(0, _FEEDS, _AT_ONCE)])

    stages: dict[str, Callable[[], float]] = {
        "scan for known entries": lambda: _ms(lambda: [prescan(one, "", frozenset(), 300) for one in bodies]),
        "feedparser itself": lambda: _ms(lambda: [rss._feedparser(one, URL) for one in texts]),
        "parse as a whole (feedparser, checks, cleaning, links, dates)": lambda: _ms(
            lambda: [parse(one, feed_url=URL) for one in bodies]
        ),
        "to the worker and back (pickles)": lambda: _ms(
            lambda: [pickle.loads(pickle.dumps(one, protocol=5)) for one in feeds]
        ),
        "keys, and what is new": lambda: _ms(
            lambda: [take_in(keyed(feed.entries), {}, now=NOW, age=_FIRST) for feed in feeds]
        ),
        "look up the keys": lambda: _ms(lambda: [store.feeds.known({"nobody": keys_of(one)}) for one in listed]),
        f"store, {_AT_ONCE} feeds a transaction": put,
    }
    found = dict(zip(stages, median_of(rounds, *stages.values()), strict=True))
    store.close()
    return found


def _result(work: FeedWork, taken: tuple[Taken, ...], *, with_text: bool = False) -> PollResult:
    record = PollRecord(NOW, PollOutcome.NEW, f"30 listed: {len(taken)} new", listed=30, new=len(taken))
    listed = tuple(as_listed(one, NOW + timedelta(minutes=15), with_text=with_text) for one in taken)
    made = PollResult(work, record, work.url, FeedState.OK, "fine", "", 60.0, NOW, 0)
    return replace(made, new=listed)


def article(rounds: int, matcher: Matcher) -> dict[str, float]:
    """Milliseconds of CPU an article with a page of 60 kB, by stage."""
    phrases = load_page_phrases([CHECKOUT / "rules"])
    pages = [corpus.page(number, 1) for number in range(_FEEDS)]
    read = [extract(page, "text/html", URL, NOW, phrases, search_date=False) for page in pages]
    articles = [
        Article(str(number), page.title, page.text, published_at=NOW, language="it") for number, page in enumerate(read)
    ]
    stages: dict[str, Callable[[], float]] = {
        "extract, the date known from the feed": lambda: _ms(
            lambda: [extract(page, "text/html", URL, NOW, phrases, search_date=False) for page in pages]
        ),
        "to the worker and back (pickles)": lambda: _ms(
            lambda: [
                (pickle.loads(pickle.dumps(page, protocol=5)), pickle.loads(pickle.dumps(one, protocol=5)))
                for page, one in zip(pages, read, strict=True)
            ]
        ),
        "match": lambda: _ms(lambda: [matcher.judge(one, now=NOW) for one in articles]),
    }
    return dict(zip(stages, median_of(rounds, *stages.values()), strict=True))


def new_entry(rounds: int, folder: Path, matcher: Matcher) -> dict[str, float]:
    """Milliseconds of CPU a feed whose document lists one new entry with its text beside 29 known ones, by stage."""
    base = "http://x.example"
    known = [_prints(feed, range(30)) for feed in range(_FEEDS)]
    bodies = [_document(base, feed, range(1, 31)) for feed in range(_FEEDS)]
    cuts = [prescan(body, "", seen, 300).body for body, seen in zip(bodies, known, strict=True)]
    feeds = [parse(cut, feed_url=URL) for cut in cuts]
    intakes = [take_in(keyed(feed.entries), {}, now=NOW, age=_KNOWN).new for feed in feeds]
    store = open_store(f"sqlite:///{folder}/new.db")
    names = count()
    claimed: list[MatchWork] = []
    judged: list[MatchResult] = []

    def put() -> float:
        specs = [FeedSpec(url=f"{base}/{next(names)}", title="x") for _ in range(_FEEDS)]
        store.feeds.sync(specs, NOW, 60.0)
        works = store.feeds.claim(NOW, _FEEDS, 3600.0)
        results = [_result(work, taken, with_text=True) for work, taken in zip(works, intakes, strict=True)]
        return _ms(lambda: store.feeds.commit(results, NOW))

    def claim() -> None:
        claimed[:] = store.matches.claim(NOW, _FEEDS, 3600.0)
        if len(claimed) != _FEEDS:
            raise RuntimeError(f"{len(claimed)} of {_FEEDS} new entries were stored as read")

    def judge() -> None:
        found = [(one, matcher.judge(one.article, now=NOW)) for one in claimed]
        judged[:] = [MatchResult(one, Disposition(said.verdict), said) for one, said in found]

    stages: dict[str, Callable[[], float]] = {
        "scan of 29 known entries and a new one": lambda: _ms(
            lambda: [prescan(body, "", seen, 300) for body, seen in zip(bodies, known, strict=True)]
        ),
        "parse of what the scan left": lambda: _ms(lambda: [parse(cut, feed_url=URL) for cut in cuts]),
        "to the worker and back (pickles)": lambda: _ms(
            lambda: [pickle.loads(pickle.dumps(one, protocol=5)) for one in (*cuts, *feeds)]
        ),
        "keys, and what is new": lambda: _ms(
            lambda: [take_in(keyed(feed.entries), {}, now=NOW, age=_KNOWN) for feed in feeds]
        ),
        f"store poll, entry, article and its words, {_FEEDS} feeds a transaction": put,
        f"claim for judging, {_FEEDS} at once": lambda: _ms(claim),
        "match, article of 3 kB": lambda: _ms(judge),
        f"store judgements, {_FEEDS} a transaction": lambda: _ms(lambda: store.matches.commit(judged, NOW)),
    }
    found = dict(zip(stages, median_of(rounds, *stages.values()), strict=True))
    store.close()
    return found


def _document(base: str, feed: int, listed: Iterable[int]) -> bytes:
    return corpus.feed(base, feed, [corpus.item(base, feed, entry, 1_795_000_000, entry >= 30) for entry in listed], 0)


def _prints(feed: int, listed: Iterable[int]) -> frozenset[bytes]:
    return frozenset(prescan(_document("http://x.example", feed, listed), "", frozenset(), 300).prints)


def main(folder: Path, rounds: int, port: int) -> None:
    matcher = Matcher(rulebook.load([CHECKOUT / "rules"], cache_dir=folder / "cache"))
    found = {
        "poll": poll(rounds, port),
        "new": new_entry(rounds, folder, matcher),
        "first": first_fetch(rounds, folder),
        "article": article(rounds, matcher),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
