"""Fault cases of the process: stops during a storm, faults in one feed's handling, no file descriptors left."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.config import FetchSettings
from monitor.fetch.egress import Request
from monitor.fetch.pacing import Pacing
from monitor.model import FeedSpec, HttpAnswer
from monitor.run.poll import PollStep
from monitor.run.polled import PollSettings
from monitor.run.workers import WorkerPool
from monitor.store import Store
from tests.databases import new_store
from tests.flow.kills import acts, told_by_hook
from tests.flow.world import World, eventually, rss, running

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def list_feeds(place: World, number: int) -> None:
    """Lists so many feeds on the world's server."""
    feeds = "".join(f"  - url: {place.base}/many/{n}.xml\n    title: F{n}\n" for n in range(number))
    (place.folder / "feeds.yaml").write_text("feeds:\n" + feeds)


@pytest.mark.long
def test_prc_03_sigterm_during_a_storm_begins_nothing_new_and_ends_in_time(place: World) -> None:
    list_feeds(place, 50)
    config = place.folder / "coopwatch.toml"
    config.write_text(config.read_text().replace("[fetch]", "[fetch]\nhost_concurrency = 20"))
    body = rss(place.base, acts(1))

    stopping = threading.Event()

    def slow() -> tuple[int, str, bytes]:
        stopping.wait(40)  # no feed is answered before the service has heard that it must stop
        return 200, "application/rss+xml", body

    place.pages |= {f"/many/{n}.xml": slow for n in range(50)}
    with running(place) as service:
        eventually(lambda: len(place.asked) >= 10, "the storm has begun")
        service.process.send_signal(signal.SIGTERM)
        service.says("is stopping")
        asked = len(place.asked)
        stopping.set()
        began = time.monotonic()
        assert service.end(45) == 0
        assert time.monotonic() - began < 45
    feeds = {path for path in place.asked[asked:] if path.startswith("/many/")}
    assert len(place.asked) <= 50 + 2
    assert len(feeds) <= 32 - asked + 20, "what was not claimed is not begun"
    place.pages = {f"/many/{n}.xml": lambda: (200, "application/rss+xml", body) for n in range(50)}
    assert place.run("once").returncode == 0
    assert {path for path in place.asked if path.startswith("/many/")} == {f"/many/{n}.xml" for n in range(50)}
    assert len(told_by_hook(place)) == 1


class Plugged:
    """A way out in which some addresses raise what a bug would raise."""

    def __init__(self, faults: dict[str, BaseException]) -> None:
        self.faults = faults

    async def get(self, request: Request) -> HttpAnswer:
        if request.url in self.faults:
            raise self.faults[request.url]
        headers = (("content-type", "application/rss+xml"),)
        return HttpAnswer(request.url, request.url, 200, headers, rss("https://example.org", acts(2)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(f"sqlite:///{tmp_path}/c.db")
    yield made
    made.close()


def test_prc_07_a_fault_in_one_feeds_handling_fails_that_feed_alone(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    faults: dict[str, BaseException] = {
        "https://a.example/f": KeyError("x"),
        "https://b.example/f": RecursionError("deep"),
        "https://c.example/f": MemoryError(),
    }
    urls = [*faults, "https://d.example/f", "https://e.example/f"]
    store.feeds.sync([FeedSpec(url) for url in urls], NOW, 900.0)

    async def poll_all() -> Any:
        pool = WorkerPool(1)
        egress: Any = Plugged(faults)
        settings = PollSettings(FetchSettings(), 0.0, frozenset())
        step = PollStep(store.feeds, egress, Pacing(0.0), pool, settings, clock=lambda: NOW, chance=lambda: 0.5)
        works = step.claim(NOW, 10)
        results = await asyncio.gather(*(step.act(work) for work in works))
        await pool.close()
        return step.commit(results, NOW)

    with caplog.at_level(logging.ERROR):
        counts = asyncio.run(poll_all())
    assert (counts["new"], counts["failed"]) == (2, 3)
    states = {view.url: (view.state, view.entries) for view in store.views.feeds()}
    assert states == {
        **dict.fromkeys(faults, ("failing", 0)),
        "https://d.example/f": ("ok", 2),
        "https://e.example/f": ("ok", 2),
    }
    caught = [record for record in caplog.records if record.exc_info]
    assert len(caught) == 3, "each traceback is logged once"


@pytest.mark.long
def test_prc_09_without_file_descriptors_it_degrades_and_recovers(place: World) -> None:
    list_feeds(place, 100)
    config = place.folder / "coopwatch.toml"
    config.write_text(
        config.read_text().replace("[fetch]", "[fetch]\nhost_concurrency = 100\nconcurrency = 100\nmax_interval = '3s'")
    )
    body = rss(place.base, acts(1))
    gate = threading.Event()

    def held() -> tuple[int, str, bytes]:
        gate.wait(3)
        return 200, "application/rss+xml", body

    place.pages |= {f"/many/{n}.xml": held for n in range(100)}
    few = subprocess.Popen(
        place.command("run"),
        env=place.environment(),
        cwd=place.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )
    try:
        eventually(lambda: len({path for path in place.asked if "/many/" in path}) == 100, "every feed is asked", 120)
        gate.set()
        eventually(lambda: len(told_by_hook(place)) == 1, "the work goes on", 60)
        assert few.poll() is None
        few.send_signal(signal.SIGTERM)
        assert few.wait(45) == 0
    finally:
        if few.poll() is None:
            few.kill()
