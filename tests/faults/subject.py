"""What the fault cases are played against: the product (its steps over a real store, with a clock that the case moves),
or a naive client (plain httpx, feedparser and trafilatura) that shows what each case is worth.

``COOPWATCH_SUBJECT=naive`` chooses the latter; tests/faults/test_naive.py does so and expects failure.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from monitor.app import Knowledge, fetch_limits
from monitor.config import FetchSettings, Settings
from monitor.fetch.egress import Egress, tls_context
from monitor.fetch.guard import Resolver, resolve
from monitor.fetch.pacing import Pacing
from monitor.fetch.schedule import silence
from monitor.fetch.state import unpack
from monitor.model import FeedSpec, PagePhrases
from monitor.run.driver import Driver, Writer
from monitor.run.match import MatchStep
from monitor.run.pages import PageReader
from monitor.run.poll import PollStep
from monitor.run.polled import PollSettings
from monitor.run.read import ReadStep
from monitor.run.robots_book import RobotsBook
from monitor.run.workers import WorkerPool
from monitor.store import Store
from monitor.store.feeds import feed_id_of
from tests.databases import new_store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TLS = tls_context()
# the naive client's only limit; and what one case may spend on it, since it waits for each server in turn
NAIVE_TIMEOUT_S = 2.0
NAIVE_CASE_S = 12.0
LIMITS = FetchSettings(deadline_s=3.0, connect_timeout_s=2.0, read_timeout_s=1.5, host_delay_s=0.0, host_concurrency=64)


@dataclass(frozen=True)
class Item:
    """An entry as it was taken in and read."""

    title: str
    url: str
    summary: str
    published_at: datetime | None
    order_at: datetime
    text: str
    method: str
    reason: str
    edits: int
    state: str
    disposition: str
    late: bool
    held: bool
    language: str = ""


@dataclass(frozen=True)
class View:
    """A feed as operators see it, with its last poll."""

    url: str
    state: str
    reason: str
    failures: int
    interval_s: float
    due_in_s: float
    silent: str
    outcome: str = ""
    words: str = ""
    status: int = 0
    listed: int = 0
    new: int = 0
    edited: int = 0
    known: int = 0
    repeated: int = 0
    refused: int = 0
    left_out: int = 0
    gap: bool = False
    flags: str = ""

    @property
    def adds_up(self) -> bool:
        return self.listed == self.new + self.edited + self.known + self.repeated + self.refused + self.left_out


class Subject(Protocol):
    """What a case may ask of a poller."""

    now: datetime

    def follow(self, *urls: str, **spec: Any) -> None: ...
    def poll(self, times: int = 1) -> None: ...
    def wait(self, seconds: float) -> None: ...
    def items(self, url: str) -> list[Item]: ...
    def view(self, url: str) -> View: ...
    def alerts(self) -> list[str]: ...
    def restart(self) -> None: ...
    def stored_text(self) -> str: ...
    def use(self, **limits: Any) -> None: ...


@dataclass
class Bench:
    """What all cases share, because it is dear to make: the loop, the workers, the rules."""

    runner: asyncio.Runner
    pool: WorkerPool
    knowledge: Knowledge
    phrases: PagePhrases

    def close(self) -> None:
        self.runner.run(self.pool.close())
        self.runner.close()


@dataclass
class Product:
    """The steps that poll, read and judge, wired as in the app, over a store of their own."""

    bench: Bench
    folder: Path
    allow: frozenset[str]
    now: datetime = NOW
    limits: FetchSettings = LIMITS
    resolver: Resolver = resolve
    parse_deadline_s: float | None = None
    feeds: dict[str, FeedSpec] = field(default_factory=dict)
    alert_max_age_s: float = 0.0
    chance: Callable[[], float] = lambda: 0.0

    def __post_init__(self) -> None:
        self._open()

    def _open(self) -> None:
        self.store: Store = new_store(f"sqlite:///{self.folder}/coopwatch.db")
        self.store.manners.release_claims(self.now)
        self.writer = Writer()
        fetch = replace(self.limits, allow_private=tuple(self.allow))
        settings = replace(self.bench.knowledge.settings, fetch=fetch, contact="https://example.org/bot")
        self.egress = Egress(fetch_limits(settings), resolver=self.resolver, tls=TLS)
        pacing = Pacing(fetch.host_delay_s, fetch.host_concurrency)
        robots = RobotsBook(self.egress, pacing, self.allow, self.store.manners, self.writer)
        reader = PageReader(self.bench.pool, self.bench.phrases, 10.0)
        clock = self._clock
        self.steps = (
            PollStep(
                self.store.feeds,
                self.egress,
                pacing,
                self.bench.pool,
                PollSettings(fetch, self.alert_max_age_s, self.allow),
                clock=clock,
                chance=self.chance,
            ),
            ReadStep(self.store.reads, self.egress, pacing, reader, robots.of, fetch, clock=clock),
            MatchStep(self.store, self.bench.knowledge.matcher, self.bench.knowledge.desk, clock=clock),
        )

    def _clock(self) -> datetime:
        return self.now

    def close(self) -> None:
        self.writer.close()
        self.store.close()

    def use(self, **limits: Any) -> None:
        """Other settings than LIMITS."""
        self.limits = replace(self.limits, **limits)
        self.restart()

    def restart(self) -> None:
        self.close()
        self._open()

    def follow(self, *urls: str, **spec: Any) -> None:
        self.feeds |= {url: FeedSpec(url, title="Agenzia", language="it", **spec) for url in urls}
        self.store.feeds.sync(tuple(self.feeds.values()), self.now, self.limits.min_interval_s)

    def run(self) -> None:
        """Works until nothing is due at the clock's time."""
        driver = Driver(self.steps, self.writer, self._clock)
        self.bench.runner.run(driver.run(until_idle=True))

    def poll(self, times: int = 1) -> None:
        """Moves the clock to the next due time and works, so many times."""
        for _ in range(times):
            due = min(feed.due_at for feed in self.store.views.feeds() if feed.state != "removed")
            self.now = max(self.now, due)
            self.run()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.run()

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(f"{self.folder}/coopwatch.db")) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def items(self, url: str) -> list[Item]:
        rows = self._rows(
            "select e.*, a.text, a.method, a.wall from entry e join feed f on f.id = e.feed_id"
            " left join article a on a.entry_id = e.id where f.listed_url = ? order by e.id",
            url,
        )
        return [
            Item(
                row["title"],
                row["url"],
                row["summary"],
                _time(row["published_at"]),
                _time(row["order_at"]) or NOW,
                row["text"] or "",
                row["method"] or "",
                row["wall"] or row["reason"],
                row["edits"],
                row["state"],
                row["disposition"],
                bool(row["late"]),
                bool(row["held"]),
            )
            for row in rows
        ]

    def view(self, url: str) -> View:
        feed = next(feed for feed in self.store.views.feeds() if feed.feed_id == feed_id_of(url))
        (row,) = self._rows("select schedule, added_at from feed where id = ?", feed.feed_id)
        polls = self._rows("select * from poll where feed_id = ? order by id desc limit 1", feed.feed_id)
        last = polls[0] if polls else {}
        names = set(View.__dataclass_fields__) & set(last.keys() if polls else ())
        added_at = _time(row["added_at"])
        assert added_at is not None
        return View(
            feed.url,
            feed.state,
            feed.reason,
            feed.failures,
            feed.interval_s,
            (feed.due_at - self.now).total_seconds(),
            silence(unpack(row["schedule"]), added_at, self.now),
            **{name: bool(last[name]) if name == "gap" else last[name] for name in names},
        )

    def alerts(self) -> list[str]:
        rows = self._rows("select body from delivery order by created_at")
        # each alert to files is a mail and an event: the events are counted
        return [row["body"].decode("utf-8", "replace") for row in rows if row["body"].startswith(b"{")]

    def stored_text(self) -> str:
        """All text in the database, as one text."""
        tables = [row[0] for row in self._rows("select name from sqlite_master where type = 'table'")]
        rows = [tuple(row) for table in tables for row in self._rows(f'select * from "{table}"')]
        return "\n".join(value for row in rows for value in row if isinstance(value, str))


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


@dataclass
class Naive:
    """What a first draft of a poller does: fetch, parse, remember ids, fetch each new article. No rule of the cases."""

    now: datetime = NOW
    feeds: dict[str, list[Item]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        import httpx

        self.client = httpx.Client(timeout=NAIVE_TIMEOUT_S, follow_redirects=True)
        self.made_at = time.monotonic()

    def close(self) -> None:
        self.client.close()

    def use(self, **limits: Any) -> None:
        """Has no limits to set."""

    def restart(self) -> None:
        """Has nothing to lose."""

    def follow(self, *urls: str, **spec: Any) -> None:
        for url in urls:
            self.feeds.setdefault(url, [])
            self.ids.setdefault(url, set())
            self.views[url] = View(url, "ok", "", 0, 900, 0, "")

    def poll(self, times: int = 1) -> None:
        for _ in range(times):
            self.wait(900)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for url in self.feeds:
            self._in_time(url)

    def _in_time(self, url: str) -> None:
        """It knows no deadline; the examiner does, or a drip would hold up the whole run."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                self._one(url)
            except BaseException as exc:  # noqa: BLE001 - whatever kills the naive client is its result
                failed.append(exc)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(2 * NAIVE_TIMEOUT_S)
        if thread.is_alive():
            _end(thread)
            raise AssertionError("the naive client hangs")
        assert time.monotonic() - self.made_at < NAIVE_CASE_S, "the naive client spends its time on hanging servers"
        if failed:
            raise AssertionError(f"the naive client died of {failed[0]!r}") from failed[0]

    def _one(self, url: str) -> None:
        import feedparser
        import httpx

        before = len(self.feeds[url])
        try:
            found = feedparser.parse(self.client.get(url).content)
        except httpx.HTTPError as exc:
            self.views[url] = View(url, "failing", str(exc), 1, 900, 900, "", outcome="failed", words=str(exc))
            return
        for entry in found.entries:
            key = entry.get("id") or entry.get("link") or entry.get("title", "")
            if key not in self.ids[url]:
                self.ids[url].add(key)
                self._take(url, entry)
        new = len(self.feeds[url]) - before
        self.views[url] = View(url, "ok", "", 0, 900, 900, "", outcome="new", listed=len(found.entries), new=new)

    def _take(self, url: str, entry: Any) -> None:
        import httpx
        import trafilatura

        text, method = "", "page"
        try:
            text = trafilatura.extract(self.client.get(entry.get("link", "")).text) or ""
        except (httpx.HTTPError, httpx.InvalidURL):
            method = "title"
        at = entry.get("published_parsed")
        date = datetime(*at[:6], tzinfo=UTC) if at else None
        title = entry.get("title", "")
        summary = entry.get("summary", "")
        self.feeds[url].append(
            Item(
                title, entry.get("link", ""), summary, date, date or self.now, text, method, "", 0, "", "", False, False
            )
        )
        if "firma" in f"{title} {text}":
            self.sent.append(json.dumps({"title": title, "url": entry.get("link", "")}, ensure_ascii=False))

    def items(self, url: str) -> list[Item]:
        return self.feeds[url]

    def view(self, url: str) -> View:
        return self.views[url]

    def alerts(self) -> list[str]:
        return self.sent

    def stored_text(self) -> str:
        return "\n".join(str(item) for items in self.feeds.values() for item in items)


def _end(thread: threading.Thread) -> None:
    """Ends a thread at its next step in Python: one that parses a bomb would take its half of every later case."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bench_of(settings: Settings, phrases: PagePhrases, learn: Callable[[Settings, Egress], Knowledge]) -> Bench:
    """The shared parts. ``learn`` loads the rules once."""
    runner = asyncio.Runner()
    pool = WorkerPool(1, preload=("monitor.extract", "monitor.sources.parse"))
    return Bench(runner, pool, learn(settings, Egress(fetch_limits(settings), tls=TLS)), phrases)


def rss_of(pids: Sequence[int]) -> int:
    """Resident bytes of these processes together."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
        total += int(fields[1]) * 4096
    return total
