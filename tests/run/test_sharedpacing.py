"""What one machine learns of a host's manners holds for the others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from monitor.fetch.pacing import SLOW_FACTOR, Pacing
from monitor.run.driver import Writer
from monitor.run.sharedpacing import SharedPacing
from monitor.store import open_store
from tests.postgresql import Cluster

NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://x.example/feed"


@pytest.mark.postgresql
def test_a_host_that_asks_for_time_is_asked_more_seldom_by_every_machine(postgresql: Cluster) -> None:
    url = postgresql.url()
    stores = [open_store(url), open_store(url)]
    writer = Writer()

    async def learned() -> list[float]:
        one, other = (SharedPacing(store.fleet, writer, lambda: NOW, delay_s=1.0, at_once=9) for store in stores)
        before = [(await other._reserve("x.example", 0.0)).start_at for _ in range(2)]
        one.slow_down(URL, 86400.0)
        await asyncio.gather(*one._telling)
        after = [(await other._reserve("x.example", 0.0)).start_at for _ in range(2)]
        return [(at - NOW).total_seconds() for at in (*before, *after)]

    try:
        assert asyncio.run(learned()) == [0.0, 1.0, 2.0, 2.0 + SLOW_FACTOR]
    finally:
        writer.close()
        for store in stores:
            store.close()


def test_everything_that_the_steps_ask_of_a_gate_is_answered_by_the_shared_one() -> None:
    own = {name for name, value in vars(Pacing).items() if not name.startswith("_") and callable(value)}
    assert own - {"use", "waiting_s"} <= set(vars(SharedPacing))
