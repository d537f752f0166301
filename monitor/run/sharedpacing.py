"""Manners towards a host when several machines ask: the same interface as ``monitor.fetch.pacing.Pacing``, decided by the same
pure function, but on rows that all machines share.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from monitor.fetch.pacing import SLOW_FACTOR, SLOW_MAX_S, HostPace, Pacing, host_of, reserve
from monitor.run.driver import Writer
from monitor.store.fleet import FleetStore, HostRow, Turn

FULL_WAIT_S = 0.25  # how often a full host is looked at again
TURN_S = 120.0  # longer than any request may take: a dead machine's turn ends by itself


class SharedPacing(Pacing):
    """The gate of a fleet. What this process has waiting for one host stands in line here first, so that the rows are asked by
    at most ``at_once`` of its requests."""

    def __init__(
        self, store: FleetStore, writer: Writer, wall: Callable[[], datetime], delay_s: float = 1.0, at_once: int = 2
    ) -> None:
        super().__init__(delay_s, at_once)
        self._store, self._writer, self._wall = store, writer, wall
        self._telling: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def turn(self, url: str, delay_s: float = 0.0) -> AsyncIterator[float]:
        """Gives how long the turn was waited for, in seconds."""
        loop = asyncio.get_running_loop()
        asked_at, name = loop.time(), host_of(url)
        host = self._host(name)
        host.users += 1
        try:
            async with host.free:
                turn = await self._reserve(name, delay_s)
                try:
                    wait_s = (turn.start_at - self._wall()).total_seconds()
                    if wait_s > 0:
                        await asyncio.sleep(wait_s)
                    yield loop.time() - asked_at
                finally:
                    await self._writer.call(self._store.release, turn.id)
        finally:
            host.users -= 1

    def slow_down(self, url: str, seconds: float) -> None:
        """Every machine asks the host more seldom for that long, ten minutes at most (see ``Pacing.slow_down``)."""
        now = self._wall()
        until = now + timedelta(seconds=min(seconds, SLOW_MAX_S))
        task = asyncio.ensure_future(self._writer.call(self._store.slow_down, host_of(url), until, now))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _reserve(self, name: str, delay_s: float) -> Turn:
        def decide(row: HostRow, now: datetime) -> tuple[datetime, datetime]:
            slower = SLOW_FACTOR if row.slow_until is not None and now < row.slow_until else 1.0
            longest = max(self._delay_s * slower, delay_s)
            start_at, after = reserve(HostPace(row.host, row.next_at, None), name, now, longest)
            return start_at, after.next_at

        while True:
            turn = await self._writer.call(self._store.reserve, name, self._at_once, TURN_S, self._wall(), decide)
            if turn is not None:
                return turn
            await asyncio.sleep(FULL_WAIT_S)
