"""Fault cases of time: clocks that jump, nights with a clock change, a busy loop, sleep, restarts, odd dates."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alert import calendar
from monitor.model import DeliveryState, Entry, FeedSpec, FeedState, PollOutcome
from monitor.run.clock import ClockWatch
from monitor.run.driver import Driver, Writer
from monitor.run.notify import Notifier
from monitor.run.service import Chores, Service
from monitor.store import Store
from monitor.store.listed import ListedEntry
from monitor.store.polls import FeedWork, PollRecord, PollResult
from tests.databases import new_store
from tests.flow.kills import acts
from tests.flow.world import World, eventually, running
from tests.store import test_contract as contract

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPECS = [FeedSpec(f"https://example.org/{n}") for n in range(5)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = new_store(f"sqlite:///{tmp_path}/c.db")
    yield made
    made.close()


def poll_due(store: Store, now: datetime, *new: ListedEntry) -> list[FeedWork]:
    """Polls everything that is due, with a quarter of an hour to the next time."""
    works = store.feeds.claim(now, 100, 60.0)
    record = PollRecord(now, PollOutcome.NOTHING_NEW)
    due_at = now + timedelta(seconds=900)
    store.feeds.commit(
        [PollResult(work, record, work.url, FeedState.OK, "", "", 900.0, due_at, 0, new=new) for work in works], now
    )
    return works


def test_tim_01_a_clock_set_back_two_hours_stops_no_poll_for_longer_than_its_interval(store: Store) -> None:
    store.feeds.sync(SPECS, NOW, 900.0)
    assert len(poll_due(store, NOW)) == 5
    back = NOW - 2 * HOUR
    assert store.feeds.claim(back + timedelta(seconds=901), 100, 60.0) == [], "without the shift nothing would be due"
    store.manners.shift(back - NOW)
    assert len(poll_due(store, back + timedelta(seconds=901))) == 5
    assert poll_due(store, back + timedelta(seconds=902)) == []


def test_tim_01_deliveries_keep_their_waits_and_ids_go_on_rising(store: Store) -> None:
    contract.filled_outbox(store, contract.delivery("d1", due_at=NOW + HOUR))
    back = NOW - 2 * HOUR
    store.manners.shift(-2 * HOUR)
    assert store.outbox.claim(back + timedelta(minutes=59), 10, 60.0) == []
    assert len(store.outbox.claim(back + timedelta(minutes=61), 10, 60.0)) == 1
    store.feeds.sync([contract.SPEC, *SPECS], back, 900.0)
    poll_due(store, back + HOUR, contract.listed("later"))
    ids = [work.entry_id for work in store.reads.claim(back + HOUR, 100, 60.0)]
    assert min(ids) > 1, "an id is a sequence, not a time"


def test_tim_02_a_day_forward_and_back_polls_each_feed_once_and_spends_one_retry(store: Store) -> None:
    contract.filled_outbox(store, contract.delivery("d1"))
    store.feeds.sync([contract.SPEC, *SPECS], NOW, 900.0)
    poll_due(store, NOW)
    (work,) = store.outbox.claim(NOW, 10, 60.0)
    retry = replace(contract.ended(work, DeliveryState.RETRY), due_at=NOW + 2 * HOUR)
    store.outbox.commit([retry], NOW)
    forward = NOW + timedelta(days=1)
    store.manners.spread(forward, 300.0, lambda: 0.5)
    assert poll_due(store, forward) == [], "overdue feeds are spread, not stormed"
    later = forward + timedelta(seconds=151)
    assert len({one.feed_id for one in poll_due(store, later)}) == 6
    (again,) = store.outbox.claim(later, 10, 60.0)
    assert again.delivery.attempts == 2
    store.manners.shift(timedelta(days=-1))
    assert poll_due(store, later - timedelta(days=1)) == []


@pytest.mark.parametrize("night", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)])
@pytest.mark.parametrize("at", ["02:30", "08:00"])
def test_tim_03_over_clock_changes_a_digest_comes_once_each_day(night: datetime, at: str) -> None:
    rome = ZoneInfo("Europe/Rome")
    due, days = night, []
    for _ in range(4):
        due = calendar.next_due([at], (), rome, due)
        days.append(due.astimezone(rome).date())
    assert len(set(days)) == 4
    assert [(later - earlier).days for earlier, later in itertools.pairwise(days)] == [1, 1, 1]


class Blocking:
    """A step that blocks the loop when it acts for the first time, then counts."""

    name = "blocking"
    concurrency = 1

    def __init__(self, first_s: float, then_s: float = 0.0) -> None:
        self.first_s, self.then_s = first_s, then_s
        self.claims = self.acting = self.most = self.acts = 0

    def claim(self, now: datetime, limit: int) -> Sequence[int]:
        self.claims += 1
        return (self.claims,)

    async def act(self, work: int) -> int:
        self.acting += 1
        self.most = max(self.most, self.acting)
        if work == 1 and self.first_s:
            time.sleep(self.first_s)  # the fault: something blocks the loop
        await asyncio.sleep(self.then_s)
        self.acting -= 1
        self.acts += 1
        return work

    def commit(self, results: Sequence[int], now: datetime) -> dict[str, int]:
        return {"done": len(results)}

    def wakes(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        return ()


async def serve(step: Any, until: Any, jumped: list[timedelta] | None = None, clock: Any = None) -> Service:
    """Runs the service over one step until something holds."""
    writer = Writer()
    driver = Driver((step,), writer, lambda: NOW)

    async def nothing() -> None:
        return None

    async def note(jump: timedelta) -> None:
        if jumped is not None:
            jumped.append(jump)

    chores = Chores(reload=nothing, upkeep=nothing, jumped=note, slept=nothing, status=lambda: "")
    service = Service(driver, chores, Notifier({}), clock=clock or (lambda: datetime.now(UTC)))
    running_service = asyncio.create_task(service.run(lambda line: None))
    async with asyncio.timeout(30):
        while not until():
            await asyncio.sleep(0.05)
    service.stop()
    await running_service
    writer.close()
    return service


def test_tim_04_a_loop_that_was_busy_when_a_tick_was_due_ticks_afterwards() -> None:
    step = Blocking(2.5, 0.01)
    asyncio.run(serve(step, lambda: step.acts >= 20))
    assert step.acts >= 20


def test_tim_05_work_longer_than_its_interval_never_overlaps_and_goes_on_at_once() -> None:
    step = Blocking(0.0, 1.3)
    began = time.monotonic()
    asyncio.run(serve(step, lambda: step.acts >= 3))
    assert step.most == 1
    assert time.monotonic() - began < 3 * 1.3 + 3


def test_a_jump_of_the_clock_is_noticed_while_the_service_runs() -> None:
    offset = [timedelta(0)]
    jumped: list[timedelta] = []
    step = Blocking(0.0, 0.2)

    def until() -> bool:
        if step.acts >= 5:
            offset[0] = -2 * HOUR
        return bool(jumped)

    asyncio.run(serve(step, until, jumped, lambda: datetime.now(UTC) + offset[0]))
    assert abs(jumped[0] + 2 * HOUR) < timedelta(seconds=5)


def test_small_corrections_of_the_clock_are_no_jump_and_a_sleep_is_none_either() -> None:
    wall, steady = [NOW], [0.0]
    watch = ClockWatch(lambda: wall[0], lambda: steady[0])
    wall[0] += timedelta(seconds=31)
    steady[0] += 1.0
    assert watch.look() == (timedelta(0), 1.0)
    wall[0] += 8 * HOUR
    steady[0] += 8 * 3600.0
    assert watch.look() == (timedelta(0), 8 * 3600.0)
    wall[0] -= 2 * HOUR
    steady[0] += 1.0
    jump, _ = watch.look()
    assert jump == -2 * HOUR - timedelta(seconds=1)


def test_tim_06_after_a_stop_each_feed_is_caught_up_once(place: World) -> None:
    config = place.folder / "coopwatch.toml"
    config.write_text(config.read_text().replace('min_interval = "1s"', 'min_interval = "3s"'))
    with running(place) as service:
        eventually(lambda: "/feed.xml" in place.asked, "the feed is asked")
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(9)  # three intervals
        asked = place.asked.count("/feed.xml")
        service.process.send_signal(signal.SIGCONT)
        eventually(lambda: place.asked.count("/feed.xml") > asked, "it is caught up", 15)
        time.sleep(1.5)
        assert place.asked.count("/feed.xml") == asked + 1


@pytest.mark.long
def test_tim_07_restarts_ask_no_feed_more_often_than_its_interval(place: World) -> None:
    config = place.folder / "coopwatch.toml"
    config.write_text(config.read_text().replace('min_interval = "1s"', 'min_interval = "10m"'))
    place.stories = acts(1)
    for number in range(5):
        with running(place) as service:
            service.says("is ready")
            if number == 0:
                eventually(lambda: "/feed.xml" in place.asked, "the feed is asked")
            service.kill_group()
    assert place.asked.count("/feed.xml") == 1


@pytest.mark.parametrize(
    "text", ["2038-01-20T03:14:08+00:00", "2028-02-29T12:00:00+01:00", "1969-12-31T23:59:59+00:00"]
)
def test_tim_08_far_and_leap_dates_are_kept_in_utc(store: Store, text: str) -> None:
    moment = datetime.fromisoformat(text)
    store.feeds.sync([SPECS[0]], NOW, 900.0)
    entry = Entry("g", "https://example.org/g", "t", published_at=moment)
    poll_due(store, NOW, ListedEntry(entry, ("g:1",), "h", moment, NOW))
    (work,) = store.reads.claim(NOW, 10, 60.0)
    assert work.entry.published_at == moment
    assert work.entry.published_at.tzinfo is UTC
