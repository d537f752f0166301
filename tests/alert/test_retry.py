from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alert import retry
from monitor.alert.retry import Event
from monitor.config import DeliverySettings
from monitor.model import DeliveryState, SendFault, SendResult, TargetState
from tests.alert.make import NOW

WAITS_S = DeliverySettings().retry_s
BUSY = SendResult(ok=False, fault=SendFault.BUSY, answer="500 boom")


def test_the_schedule_is_kept_and_then_the_delivery_is_dead() -> None:
    waits = []
    for attempt in range(1, 12):
        fate = retry.after(BUSY, attempt, WAITS_S, NOW, 0.5)
        if fate.due_at is None:
            break
        waits.append((fate.due_at - NOW).total_seconds())
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert (attempt, fate.state) == (10, DeliveryState.DEAD)
    assert fate.reason == "given up after 10 attempts: 500 boom"


@pytest.mark.parametrize(("chance", "wait_s"), [(0.0, 270), (0.5, 300), (0.999999, 330)])
def test_waits_are_spread_by_a_tenth(chance: float, wait_s: float) -> None:
    fate = retry.after(BUSY, 2, WAITS_S, NOW, chance)
    assert fate.due_at is not None
    assert (fate.due_at - NOW).total_seconds() == pytest.approx(wait_s, abs=0.01)


def test_a_longer_retry_after_is_honoured_and_a_shorter_one_does_not_hurry() -> None:
    asked = SendResult(ok=False, retry_after_s=3600, fault=SendFault.BUSY)
    assert retry.after(asked, 1, WAITS_S, NOW, 0.5).due_at == NOW + timedelta(hours=1)
    asked = SendResult(ok=False, retry_after_s=1, fault=SendFault.BUSY)
    assert retry.after(asked, 2, WAITS_S, NOW, 0.5).due_at == NOW + timedelta(seconds=300)


def test_success_ends_and_a_refusal_is_dead_at_once() -> None:
    assert retry.after(SendResult(ok=True, answer="250 OK"), 1, WAITS_S, NOW, 0.5).state is DeliveryState.SENT
    dead = SendResult(ok=False, permanent=True, fault=SendFault.REFUSED, answer="550")
    assert retry.after(dead, 1, WAITS_S, NOW, 0.5).state is DeliveryState.DEAD


def state(**changes: object) -> TargetState:
    return TargetState(**({"route": "hook", "target": "http://x/"} | changes))  # type: ignore[arg-type]


def test_the_circuit_opens_after_failures_in_a_row_and_is_told_once() -> None:
    current, told = state(), []
    for _ in range(8):
        current, events = retry.target_after(current, BUSY, False, 5, NOW)
        told += list(events)
    assert told == [Event.CIRCUIT]
    assert retry.is_open(current, NOW + timedelta(minutes=30))
    assert not retry.is_open(current, NOW + timedelta(hours=1, seconds=1))
    closed, events = retry.target_after(current, SendResult(ok=True), False, 5, NOW)
    assert (closed.failures, closed.open_until, events) == (0, None, (Event.RECOVERED,))


def test_a_refused_recipient_says_that_the_server_is_well() -> None:
    refused = SendResult(ok=False, permanent=True, fault=SendFault.REFUSED)
    after, events = retry.target_after(state(failures=4), refused, True, 5, NOW)
    assert (after.failures, events) == (0, (Event.DEAD,))


def test_retry_after_holds_the_whole_target() -> None:
    asked = SendResult(ok=False, retry_after_s=120, fault=SendFault.BUSY)
    after, events = retry.target_after(state(), asked, False, 5, NOW)
    assert retry.is_open(after, NOW + timedelta(seconds=119))
    assert not retry.is_open(after, NOW + timedelta(seconds=121))
    assert events == ()


def test_410_disables_and_a_refused_login_is_told_at_once() -> None:
    gone = SendResult(ok=False, permanent=True, disable=True, fault=SendFault.GONE, answer="410")
    after, events = retry.target_after(state(), gone, True, 5, NOW)
    assert (after.disabled, events) == (True, (Event.DISABLED,))
    assert retry.is_open(after, NOW + timedelta(days=400))
    login = SendResult(ok=False, fault=SendFault.AUTH, answer="535")
    after, events = retry.target_after(state(), login, False, 5, NOW)
    assert events == (Event.AUTH,)
    assert retry.target_after(after, login, False, 5, NOW)[1] == ()
