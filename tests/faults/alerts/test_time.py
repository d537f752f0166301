"""Fault cases of clocks where delivering is concerned (TIM-01, TIM-02, TIM-03)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.faults.alerts.bench import News, Street, digest_route, hook_route, parsed
from tests.faults.alerts.test_delivery import DAY_S, operators

fault = pytest.mark.fault
ROME = ZoneInfo("Europe/Rome")


def set_clock(subject: Any, jump: timedelta) -> None:
    """What the service does when it sees that its wall clock was set: a jump back moves what is due."""
    subject.now += jump
    if jump < timedelta(0):
        subject.store.manners.shift(jump)


@fault("TIM-01")
def test_after_a_jump_back_a_retry_waits_as_long_as_it_was_meant_to(subject: Any, street: Street) -> None:
    hook = street.hook(lambda number: 500 if number <= 2 else 200)
    subject.use(hook_route(hook), operators(street))
    subject.arrive(News())
    subject.work()
    subject.wait(6)
    assert len(hook.requests) == 2
    set_clock(subject, -timedelta(hours=2))
    subject.wait(200)
    assert len(hook.requests) == 2
    subject.wait(110)
    assert len(hook.requests) == 3
    subject.wait(2 * DAY_S)
    assert len(hook.requests) == 3
    assert len(set(hook.ids)) == 1


@fault("TIM-02")
def test_a_jump_forward_and_back_costs_one_attempt(subject: Any, street: Street) -> None:
    hook = street.hook(lambda number: 500)
    subject.use(hook_route(hook), operators(street))
    subject.arrive(News())
    subject.work()
    set_clock(subject, timedelta(days=1))
    subject.work()
    set_clock(subject, -timedelta(days=1))
    subject.work()
    assert len(hook.requests) == 2  # of ten; the schedule goes on
    assert [each.state for each in subject.outbox() if each.route == "hook"] == ["retry"]


@fault("TIM-03")
@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_each_day_around_a_dst_night_has_its_digest(subject: Any, street: Street, night: str) -> None:
    begin = datetime.fromisoformat(f"{night}T00:00").replace(tzinfo=UTC) - timedelta(hours=30)
    host = street.mail()
    subject.now = begin
    subject.use(digest_route(host, "02:30"))
    while subject.now < begin + timedelta(days=3):
        subject.wait(1800)
    days = [parsed(raw)["Date"].datetime.astimezone(ROME).date() for _, _, raw in host.mails]
    assert len(days) == len(set(days)) == 3
