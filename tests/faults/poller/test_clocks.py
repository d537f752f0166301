"""Fault cases of clocks where polling is concerned (TIM-01, TIM-02, TIM-06, TIM-08); delivering is played in alerts, the service
as a process in runner."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.run.clock import ClockWatch
from tests.faults.poller.made import feed, item, rss
from tests.origin import Origin, answer

fault = pytest.mark.fault
HOUR_S = 3600.0


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


@fault("TIM-02")
def test_a_jump_forward_and_back_asks_each_feed_once(make: Callable[..., Any], origin: Origin) -> None:
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
