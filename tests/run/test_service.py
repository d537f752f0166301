"""The service over a driver: what it says when it stops."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.run.notify import Notifier
from monitor.run.service import Chores, Service


class Idle:
    """A driver with nothing under way, whose run ends in the very moment of the stop."""

    busy = 0
    progress_at = 0.0

    def __init__(self) -> None:
        self._stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def run(self, *, until_idle: bool) -> asyncio.Future[None]:
        return self._stopped

    def wake(self) -> None:
        """Nothing to look for."""

    def stop(self) -> None:
        self._stopped.set_result(None)


async def stopped_at_once() -> list[str]:
    async def nothing(*_: timedelta) -> None:
        return None

    chores = Chores(reload=nothing, upkeep=nothing, jumped=nothing, slept=nothing, status=lambda: "0 feeds")
    driver: Any = Idle()
    service = Service(driver, chores, Notifier({}), clock=lambda: datetime.now(UTC))
    said: list[str] = []

    def announce(line: str) -> None:
        said.append(line)
        if "is ready" in line:
            asyncio.get_running_loop().call_soon(service.stop)

    await service.run(announce)
    return said


def test_a_service_with_nothing_under_way_also_says_that_it_is_stopping() -> None:
    ready, stopping = asyncio.run(stopped_at_once())
    assert ready == "coopwatch is ready: 0 feeds"
    assert stopping == "coopwatch is stopping: nothing is under way"
