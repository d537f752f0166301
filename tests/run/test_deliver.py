"""Delivering over a real store with senders that answer as told: the schedule, the parking, and who hears of trouble."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.alert.office import Office
from monitor.config import Channel, DeliverySettings, Route
from monitor.model import Delivery, DeliveryState, EventType, SendFault, SendResult
from monitor.run.deliver import DeliverStep
from monitor.run.match import Desk
from monitor.store import Store
from monitor.store.outbox import insert_deliveries
from tests.alert.make import NOW
from tests.databases import new_store

DESK = Route(name="desk", channel=Channel.EMAIL, to=("a@example.org",), language="en")
HOOK = Route(name="hook", channel=Channel.WEBHOOK, url="https://example.org/h", secrets=(SecretStr("whsec_x"),))
OK = SendResult(ok=True, answer="250 ok")
BUSY = SendResult(ok=False, fault=SendFault.BUSY, answer="503")
WAITS_S = DeliverySettings().retry_s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = new_store(f"sqlite:///{tmp_path / 'c.db'}")
    yield opened
    opened.close()


class Bench:
    """The step with a clock that is set and senders that say what they are told."""

    def __init__(self, store: Store, **answers: SendResult) -> None:
        self.store, self.now, self.answers = store, NOW, dict(answers)
        self.sent: list[tuple[str, str, bytes]] = []
        senders = {name: self._sender(name) for name in ("desk", "hook")}
        desk = Desk((DESK, HOOK), Office.open("example.org"))
        self.step = DeliverStep(
            store.outbox, senders, desk, DeliverySettings(), clock=lambda: self.now, chance=lambda: 0.5
        )

    def _sender(self, name: str):  # type: ignore[no-untyped-def]
        async def send(delivery: Delivery, now: datetime) -> SendResult:
            self.sent.append((name, delivery.id, delivery.body))
            return self.answers.get(name, OK)

        return send

    def add(self, key: str, route: Route, target: str) -> None:
        made = Delivery(
            key, route.name, route.channel, target, EventType.STORY_NEW, (), b"body", DeliveryState.QUEUED, NOW, NOW
        )
        with self.store.database.write() as connection:
            insert_deliveries(connection, [made])

    def round(self) -> int:
        """One claim, act, commit; gives how many were tried."""
        works = self.step.claim(self.now, 8)
        results = [asyncio.run(self.step.act(work)) for work in works]
        if results:
            self.step.commit(results, self.now)
        return len(works)

    def found(self, key: str) -> Delivery:
        return next(each for each in self.store.views.deliveries() if each.id == key)


def test_dlv_05_the_schedule_is_followed_to_the_dead_letter_and_delays_no_other(store: Store) -> None:
    bench = Bench(store, hook=BUSY)
    bench.add("h1", HOOK, "https://example.org/h")
    bench.add("m1", DESK, "a@example.org")
    tried_at = []
    while bench.found("h1").state is not DeliveryState.DEAD:
        bench.now = max(bench.now, bench.found("h1").due_at)
        tried_at.append(bench.now)
        assert bench.round()
        bench.now += timedelta(seconds=1)
    waits = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(tried_at)]
    assert len(tried_at) == len(WAITS_S) + 1
    assert all(wait >= planned for wait, planned in zip(waits, WAITS_S, strict=True))
    assert bench.found("m1").state is DeliveryState.SENT
    assert "given up after 10 attempts" in bench.found("h1").reason


def test_dlv_07_a_refused_message_is_parked_at_once(store: Store) -> None:
    bench = Bench(store, hook=SendResult(ok=False, permanent=True, fault=SendFault.REFUSED, answer="400"))
    bench.add("h1", HOOK, "https://example.org/h")
    bench.round()
    assert bench.found("h1").state is DeliveryState.DEAD
    bench.now += timedelta(days=10)
    assert [one for one in bench.sent if one[1] == "h1"] == [("hook", "h1", b"body")]


def test_dlv_07_an_endpoint_that_is_gone_is_switched_off_and_operators_hear_it_by_mail(store: Store) -> None:
    gone = SendResult(ok=False, permanent=True, disable=True, fault=SendFault.GONE, answer="410 Gone")
    bench = Bench(store, hook=gone)
    bench.add("h1", HOOK, "https://example.org/h")
    bench.add("h2", HOOK, "https://example.org/h")
    bench.round()
    bench.now += timedelta(days=30)
    while bench.round():
        pass
    assert [one[1] for one in bench.sent if one[0] == "hook"] == ["h1"], "the endpoint is left alone"
    notices = [each for each in store.views.deliveries() if each.event is EventType.HEALTH]
    assert [(each.route, each.state) for each in notices] == [("desk", DeliveryState.SENT)]
    assert b"example.org/h" in notices[0].body


def test_dlv_13_a_refused_login_is_told_by_the_other_channel_once(store: Store) -> None:
    bench = Bench(store, desk=SendResult(ok=False, fault=SendFault.AUTH, answer="535 no"))
    bench.add("m1", DESK, "a@example.org")
    for _ in range(4):
        bench.round()
        bench.now += timedelta(hours=12)
    notices = [each for each in store.views.deliveries() if each.event is EventType.HEALTH]
    assert [each.route for each in notices] == ["hook"]


def test_a_delivery_of_a_route_that_is_gone_from_the_configuration_is_parked(store: Store) -> None:
    bench = Bench(store)
    bench.add("x1", replace(DESK, name="other"), "b@example.org")
    bench.round()
    assert (bench.found("x1").state, bench.found("x1").reason) == (
        DeliveryState.DEAD,
        "its route is not configured",
    )


def test_a_sender_that_raises_parks_nothing_and_stops_nobody(store: Store) -> None:
    bench = Bench(store)

    async def broken(delivery: Delivery, now: datetime) -> SendResult:
        raise KeyError("bug")

    bench.step.use(
        {"hook": broken, "desk": bench._sender("desk")}, Desk((DESK, HOOK), Office.open("h")), DeliverySettings()
    )
    bench.add("h1", HOOK, "https://example.org/h")
    bench.add("m1", DESK, "a@example.org")
    bench.round()
    assert bench.found("h1").state is DeliveryState.RETRY
    assert bench.found("m1").state is DeliveryState.SENT
