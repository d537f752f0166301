"""Four workers on one PostgreSQL watch two thousand publishers while one of them is killed every ten seconds and the database is
restarted once: every feed that is due is polled, no publisher is asked faster than its limit, whoever asks; every act is told
once, and no job stands still.

``COOPWATCH_TEST_FLEET_FEEDS`` and ``COOPWATCH_TEST_FLEET_KILLS`` make it larger or smaller.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
import yaml

from tests import postgresql
from tests.conftest import absent
from tests.flow.kills import MORE, acts, assert_told_once, told_by_hook, undelivered
from tests.flow.publishers import Asked, Publishers, Reply, address, publishers
from tests.flow.test_once import WEATHER
from tests.flow.world import Running, Story, World, eventually, rss, running

pytestmark = [pytest.mark.long, pytest.mark.postgresql]

FEEDS = int(os.environ.get("COOPWATCH_TEST_FLEET_FEEDS", "2000"))
KILLS = int(os.environ.get("COOPWATCH_TEST_FLEET_KILLS", "8"))
WORKERS = 4
KILL_EVERY_S = 10.0
# who reports acts lists several of them at once, so that workers meet at the same publisher
REPORTERS, ACTS_EACH, QUIET_EACH = 10, 6, 4
ONE_IN = 20  # of the others lists an article of no interest; the rest list nothing

DELAY_S = 2.0  # between two requests to one publisher
# a request may be late by the time that a busy machine takes to send and to take it; the next one then follows sooner
LATE_S = 1.0
FRESH_S = 60  # the others say that nothing changes for so long
STUCK_S = 60.0  # what no job may stand in one state
END_S = 300.0


def stories_of(number: int, base: str) -> tuple[Story, ...]:
    """What a publisher reports in the end."""
    if number < REPORTERS:
        mine = acts(REPORTERS * ACTS_EACH)[number::REPORTERS]
        quiet = [Story(f"quiet{n}", f"{WEATHER.title} ({n})", WEATHER.text) for n in range(QUIET_EACH)]
        return tuple(itertools.chain(*itertools.zip_longest(mine, quiet, fillvalue=quiet[0])))
    return (WEATHER,) if number % ONE_IN == 0 else ()


@dataclass
class Press:
    """The publishers' answers. Reporters below ``reporting`` list their acts; half of them are slow to serve a page."""

    reporting: int = 0
    made: Publishers | None = None
    feeds: dict[tuple[int, bool], bytes] = field(default_factory=dict)

    def answer(self, number: int, path: str, known: str) -> Reply:
        if path == "/feed.xml":
            return self.feed(number, known)
        assert self.made is not None
        stories = stories_of(number, self.made.base(number)) if path.startswith("/a/") else ()
        story = next((story for story in stories if path == f"/a/{story.key}"), None)
        if story is None:
            return Reply(404)
        return Reply(body=story.page(), after_s=3.0 if number % 2 else 0.0)

    def feed(self, number: int, known: str) -> Reply:
        assert self.made is not None
        reports = number >= REPORTERS or number < self.reporting
        headers = (f'ETag: "{reports}"', *([f"Cache-Control: max-age={FRESH_S}"] if number >= REPORTERS else []))
        if known == f'"{reports}"':
            return Reply(304, headers=headers)
        key = number, reports
        if key not in self.feeds:
            base = self.made.base(number)
            self.feeds[key] = rss(base, stories_of(number, base) if reports else ())
        return Reply(body=self.feeds[key], kind="application/rss+xml", headers=headers)

    def acts(self) -> set[str]:
        """The addresses of all acts that are reported in the end."""
        assert self.made is not None
        return {
            f"{self.made.base(number)}/a/{story.key}"
            for number in range(REPORTERS)
            for story in stories_of(number, self.made.base(number))
            if story.key.startswith("act")
        }


@dataclass
class JobWatch:
    """Looks at the jobs once a second: how long each stood in one state."""

    database: str
    stop: threading.Event = field(default_factory=threading.Event)
    since: dict[tuple[int, str, int], float] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    looks: int = 0

    def run(self) -> None:
        while not self.stop.wait(1.0):
            try:
                with psycopg.connect(self.database, autocommit=True, connect_timeout=5) as connection:
                    rows = connection.execute(
                        "SELECT id, status::text, attempts, task_name FROM coopwatch_jobs.procrastinate_jobs "
                        "WHERE status IN ('todo', 'doing') AND coalesce(scheduled_at, now()) <= now()"
                    ).fetchall()
            except psycopg.Error:  # not made yet, or being restarted: nothing can move meanwhile
                self.since.clear()
                continue
            now = time.monotonic()
            self.looks += 1
            self.since = {(row[0], row[1], row[2]): self.since.get((row[0], row[1], row[2]), now) for row in rows}
            for row in rows:
                name = f"{row[3]} {row[1]}"
                self.longest[name] = max(self.longest.get(name, 0.0), now - self.since[row[0], row[1], row[2]])


@contextmanager
def watched(url: str) -> Iterator[JobWatch]:
    """The jobs, looked at for the time of the block."""
    watch = JobWatch(url.replace("postgresql+psycopg", "postgresql"))
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop.set()
        thread.join(30)


@pytest.fixture
def server() -> Iterator[postgresql.Cluster]:
    """A cluster that nobody else uses: it is restarted."""
    bin_dir = postgresql.binaries()
    if bin_dir is None:
        absent("postgresql", "PostgreSQL's binaries are not installed")
    assert bin_dir is not None
    with postgresql.cluster(bin_dir) as made:
        yield made


def prepare(place: World, press: Publishers, url: str) -> None:
    """Routes to a receiver that refuses now and then; every publisher's feed."""
    place.hook = lambda number: (503, "text/plain", b"later") if number % 5 == 0 else (200, "text/plain", b"ok")
    place.configure(
        more=MORE,
        database=url,
        routes=f'[[routes]]\nname = "hook"\nchannel = "webhook"\nurl = "{place.base}/hook"\nsecret_file = "hook.secret"\n',
    )
    allowed = ", ".join(f'"{address(number)}:{press.port}"' for number in range(press.hosts))
    config = place.folder / "coopwatch.toml"
    changed = {
        "allow_private = [": f"allow_private = [{allowed}, ",
        'min_interval = "1s"': f'min_interval = "5s"\nmax_interval = "{FRESH_S}s"\nconcurrency = 16\nhost_concurrency = 1',
        'host_delay = "0s"': f'host_delay = "{DELAY_S:g}s"',
    }
    text = config.read_text()
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    config.write_text(text)
    listed = [{"url": f"{press.base(number)}/feed.xml", "title": f"Prova {number}"} for number in range(press.hosts)]
    (place.folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": listed}), encoding="utf-8")


class Crew:
    """The workers: one is killed and another one takes its place."""

    def __init__(self, place: World, stack: ExitStack) -> None:
        self._place, self._stack = place, stack
        self.workers = [self._new() for _ in range(WORKERS)]

    def _new(self) -> Running:
        return self._stack.enter_context(running(self._place, "worker"))

    def kill_one(self, number: int) -> None:
        place = number % WORKERS
        self.assert_alive()
        self.workers[place].kill_group()
        self.workers[place] = self._new()

    def assert_alive(self) -> None:
        for worker in self.workers:
            assert worker.process.poll() is None, f"a worker ended by itself: {worker.lines[-20:]}"

    def ready(self) -> None:
        for worker in self.workers:
            worker.says("is ready", 120)

    def end(self) -> None:
        self.assert_alive()
        for worker in self.workers:
            worker.process.send_signal(signal.SIGTERM)
        assert [worker.end(60) for worker in self.workers] == [0] * WORKERS


def kill_and_restart(crew: Crew, press: Press, server: postgresql.Cluster) -> None:
    """The kills, one every ten seconds, and the restart in the middle; more acts are reported before each."""
    crew.ready()
    next_at = time.monotonic()
    for number in range(KILLS):
        press.reporting = REPORTERS * (number + 1) // KILLS
        next_at += KILL_EVERY_S
        if number == KILLS // 2:
            crew.ready()  # who starts without a database says so and ends
            server.stop("immediate")  # like a crash: nobody is waited for
            server.start()
        next_at = max(next_at, time.monotonic())  # a restart may take longer than ten seconds
        time.sleep(max(0.0, next_at - time.monotonic()))
        crew.kill_one(number)
    press.reporting = REPORTERS


def assert_manners(made: Publishers) -> None:
    """Any number of requests to one publisher took the time that its limit asks for, and none overlapped."""
    hasty = [
        f"publisher {number}: {more + 1} requests in {other.at - one.at:.2f} s, {one.path} to {other.path}"
        for number, requests in made.asked.items()
        for first, one in enumerate(requests)
        for more, other in enumerate(requests[first + 1 :], 1)
        if other.at - one.at < more * DELAY_S - LATE_S
    ]
    assert not hasty, hasty
    assert set(made.most_open.values()) == {1}, made.most_open.most_common(3)


@pytest.mark.timeout(900)
def test_a_fleet_that_is_killed_piece_by_piece_polls_everything_and_tells_everything_once(
    tmp_path: Path, place: World, server: postgresql.Cluster
) -> None:
    press, url = Press(), server.url()
    with ExitStack() as stack:
        press.made = made = stack.enter_context(publishers(FEEDS, press.answer))
        prepare(place, made, url)
        watch = stack.enter_context(watched(url))
        crew = Crew(place, stack)
        kill_and_restart(crew, press, server)
        quiet_at = time.monotonic()

        def is_poll(one: Asked) -> bool:
            return one.path == "/feed.xml" and one.at > quiet_at

        def unpolled() -> list[int]:
            polled = {n for n, requests in list(made.asked.items()) if any(is_poll(one) for one in requests)}
            return [number for number in range(FEEDS) if number not in polled]

        eventually(lambda: told_by_hook(place).keys() >= press.acts(), "every act reached the receiver", END_S)
        eventually(lambda: not undelivered(place), "nothing waits in the outbox", END_S)
        eventually(lambda: not unpolled(), "every feed was polled after the last kill", END_S)
        crew.end()
        assert_told_once(place, told_by_hook(place), press.acts())
    assert_manners(made)
    assert watch.looks > KILLS, "the jobs were looked at"
    stuck = {name: round(stood_s) for name, stood_s in watch.longest.items() if stood_s > STUCK_S}
    assert not stuck, f"jobs that stood still: {stuck}"
