"""Fault cases TIM-01 to TIM-08: clocks that jump, nights with 23 and 25 hours, a busy loop, a long sleep, odd dates. Polling
is played with the poller's bench, delivering with this folder's; both by a clock that the case moves."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.run.clock import ClockWatch
from monitor.run.service import TICK_S, _scheduler
from tests.faults.alerts.bench import News, Product, Street, digest_route, hook_route, parsed, plain
from tests.faults.alerts.test_delivery import DAY_S, HOUR_S, many, operators
from tests.faults.poller.conftest import bench, make, origin
from tests.faults.poller.made import feed, item, rss
from tests.origin import Origin, answer

fault = pytest.mark.fault
ROME = ZoneInfo("Europe/Rome")
__all__ = ["bench", "make", "origin"]  # the poller's fixtures, used by name


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Product]:
    folder = tmp_path / "sender"
    folder.mkdir()
    made = Product(folder)
    yield made
    made.close()


def set_clock(subject: Any, jump: timedelta) -> None:
    """What the service does when its wall clock was set: the watch sees the jump, a jump back moves what is due."""
    wall = [subject.now]
    watch = ClockWatch(lambda: wall[0], lambda: 100.0)
    subject.now += jump
    wall[0] = subject.now
    seen, _ = watch.look()
    assert seen == jump
    if seen < timedelta(0):
        subject.store.manners.shift(seen)


@fault("TIM-01")
def test_after_a_jump_back_polling_goes_on_within_one_interval_and_nothing_is_told_twice(
    make: Callable[..., Any], origin: Origin
) -> None:
    subject = make()
    url = origin.on("/f/feed", answer(200, feed(3)))
    subject.follow(url)
    subject.poll()
    told, first = subject.alerts(), [row["id"] for row in subject._rows("select id from entry order by id")]
    set_clock(subject, -timedelta(hours=2))
    origin.on("/f/feed", answer(200, feed(4)))
    interval_s = subject.view(url).interval_s
    subject.wait(interval_s * 1.2)
    assert len(origin.seen("/f/feed")) == 2
    ids = [row["id"] for row in subject._rows("select id from entry order by id")]
    assert ids[:3] == first
    assert len(ids) == 4
    assert ids[3] > max(first)  # ordered by sequence, though the clock says earlier
    assert set(told) <= set(subject.alerts())
    events = [json.loads(body) for body in subject.alerts() if body.startswith("{")]
    stories = [event["data"]["story"]["id"] for event in events]
    assert len(set(stories)) == len(stories) > 0


@fault("TIM-01")
def test_after_a_jump_back_a_retry_waits_as_long_as_it_was_meant_to(sender: Product, street: Street) -> None:
    hook = street.hook(lambda number: 500 if number <= 2 else 200)
    sender.use(hook_route(hook), operators(street))
    sender.arrive(News())
    sender.work()
    sender.wait(6)
    assert len(hook.requests) == 2
    set_clock(sender, -timedelta(hours=2))
    sender.wait(200)
    assert len(hook.requests) == 2
    sender.wait(110)
    assert len(hook.requests) == 3
    sender.wait(2 * DAY_S)
    assert len(hook.requests) == 3
    assert len(set(hook.ids)) == 1


@fault("TIM-02")
def test_a_jump_forward_and_back_asks_each_feed_once_and_costs_one_attempt(
    make: Callable[..., Any], origin: Origin, sender: Product, street: Street
) -> None:
    subject = make()
    urls = [origin.on(f"/f/{number}", answer(200, feed(2))) for number in range(6)]
    subject.follow(*urls)
    subject.wait(0)
    set_clock(subject, timedelta(days=1))
    subject.wait(0)
    subject.wait(0)
    asked = Counter(seen.path for seen in origin.asked if seen.path.startswith("/f/"))
    assert set(asked.values()) == {2}
    set_clock(subject, -timedelta(days=1))
    subject.wait(60)
    assert Counter(seen.path for seen in origin.asked if seen.path.startswith("/f/")) == asked
    subject.wait(HOUR_S)
    assert min(Counter(seen.path for seen in origin.asked if seen.path.startswith("/f/")).values()) == 3

    hook = street.hook(lambda number: 500)
    sender.use(hook_route(hook), operators(street))
    sender.arrive(News())
    sender.work()
    set_clock(sender, timedelta(days=1))
    sender.work()
    set_clock(sender, -timedelta(days=1))
    sender.work()
    assert len(hook.requests) == 2  # of ten; the schedule goes on
    assert [each.state for each in sender.outbox() if each.route == "hook"] == ["retry"]


@fault("TIM-03")
@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_a_dst_night_changes_no_interval_and_each_day_has_its_digest(
    make: Callable[..., Any], origin: Origin, sender: Product, street: Street, night: str
) -> None:
    begin = datetime.fromisoformat(f"{night}T00:00").replace(tzinfo=UTC) - timedelta(hours=6)
    subject = make(now=begin)
    url = origin.on("/f/feed", answer(200, feed(2)))
    subject.follow(url)
    waits = []
    for _ in range(24):
        subject.poll()
        waits.append(subject.view(url).due_in_s)
    assert subject.now > begin + timedelta(hours=5)
    assert max(later / earlier for earlier, later in itertools.pairwise(waits)) < 2.2  # grows, never jumps

    host = street.mail()
    sender.now = begin - timedelta(days=1)
    sender.use(digest_route(host, "02:30"))
    while sender.now < begin + timedelta(days=2):
        sender.wait(1800)
    days = [parsed(raw)["Date"].datetime.astimezone(ROME).date() for _, _, raw in host.mails]
    assert len(days) == len(set(days)) == 3


@fault("TIM-04")
def test_a_tick_that_fell_into_a_busy_loop_runs_all_the_same() -> None:
    ticks: list[float] = []

    async def tick() -> None:
        ticks.append(time.monotonic())

    async def body() -> None:
        scheduler = _scheduler(tick)
        scheduler.start()
        await asyncio.sleep(TICK_S / 4)
        time.sleep(2.2)
        free_at = time.monotonic()
        await asyncio.sleep(0.3)
        scheduler.shutdown(wait=False)
        assert ticks
        assert ticks[0] - free_at < 0.3

    asyncio.run(body())


@fault("TIM-05")
def test_a_tick_longer_than_its_interval_never_overlaps_and_what_is_left_out_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    running, most, ended = 0, 0, []

    async def tick() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(2.5)
        running -= 1
        ended.append(time.monotonic())

    async def body() -> None:
        scheduler = _scheduler(tick)
        scheduler.start()
        await asyncio.sleep(7.2)
        scheduler.shutdown(wait=False)

    with caplog.at_level(logging.WARNING, logger="apscheduler"):
        asyncio.run(body())
    assert most == 1
    assert len(ended) >= 2
    assert ended[1] - ended[0] < 2.5 + 1.2  # the next begins at the next second
    assert "maximum number of running instances reached" in caplog.text


@fault("TIM-06")
def test_after_eight_hours_asleep_each_feed_is_asked_once_and_spread_out(
    make: Callable[..., Any], origin: Origin
) -> None:
    subject = make()
    urls = [origin.on(f"/f/{number}", answer(200, feed(2))) for number in range(30)]
    subject.follow(*urls)
    subject.wait(0)
    before = len(origin.asked)
    watch_s = [100.0]
    watch = ClockWatch(lambda: subject.now, lambda: watch_s[0])
    subject.now += timedelta(hours=8)
    watch_s[0] += 8 * HOUR_S
    jump, slept_s = watch.look()
    assert (jump, slept_s) == (timedelta(0), 8 * HOUR_S)  # a sleep, not a clock that was set
    chances = iter([number / 30 for number in range(30)])
    assert subject.store.manners.spread(subject.now, 300.0, lambda: next(chances)) == 30
    most_at_once = 0
    for _ in range(30):
        had = len(origin.asked)
        subject.wait(10)
        most_at_once = max(most_at_once, len([s for s in origin.asked[had:] if s.path.startswith("/f/")]))
    asked = Counter(seen.path for seen in origin.asked[before:] if seen.path.startswith("/f/"))
    assert set(asked.values()) == {1}
    assert len(asked) == 30
    assert most_at_once <= 3


@fault("TIM-07")
def test_twenty_restarts_in_ten_minutes_ask_no_feed_more_often(make: Callable[..., Any], origin: Origin) -> None:
    subject = make()
    url = origin.on("/f/feed", answer(200, feed(2)))
    subject.follow(url)
    subject.wait(0)
    for _ in range(20):
        subject.wait(30)
        subject.restart()
        subject.follow(url)
        subject.run()
    assert len(origin.seen("/f/feed")) == 1


@fault("TIM-08")
def test_odd_dates_are_stored_in_utc(make: Callable[..., Any], origin: Origin) -> None:
    subject = make()
    dates = (
        "2038-01-20T04:00:00+01:00",
        "2028-02-29T12:00:00Z",
        "2026-11-20T08:30:00",
        "Fri, 20 Nov 2026 23:30:00 -0500",
    )
    items = [item(number, pubDate=text) for number, text in enumerate(dates)]
    url = origin.on("/f/odd", answer(200, rss(items).encode()))
    subject.follow(url)
    subject.poll()
    found = {each.url: each for each in subject.items(url)}
    assert len(found) == 4
    assert subject.view(url).state == "ok"
    for each in found.values():
        assert each.order_at.tzinfo is UTC
        assert each.order_at <= subject.now + timedelta(hours=1)  # a date ahead never stands before today's news
    published = sorted(each.published_at for each in found.values() if each.published_at)
    assert datetime(2026, 11, 21, 4, 30, tzinfo=UTC) in published
    assert all(at.tzinfo is UTC for at in published)


def test_mails_carry_the_time_in_utc(sender: Product, street: Street) -> None:
    host = street.mail()
    sender.use(digest_route(host, "08:00"))
    sender.work()
    sender.arrive(*many(1))
    sender.wait(DAY_S)
    assert parsed(host.mails[0][2])["Date"].datetime == sender.now
    assert many(1)[0].url in plain(host.mails[0][2])
