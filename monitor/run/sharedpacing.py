"""Manners towards a host when several machines ask: the same interface as ``monitor.fetch.pacing.Pacing``, decided by the same
pure function, but on rows that all machines share.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from monitor.errors import StoreError
from monitor.fetch.pacing import SLOW_FACTOR, SLOW_MAX_S, HostPace, Pacing, host_of, reserve
from monitor.run.driver import Writer
from monitor.store.fleet import Ended, FleetStore, HostRow, Turn, Wish

FULL_WAIT_S = 0.25  # how often a full host is looked at again
TURN_S = 120.0  # longer than any request may take: a dead machine's turn ends by itself
LATE_S = 0.05  # a request that starts later than its turn by more moves the ones after it


class SharedPacing(Pacing):
    """The gate of a fleet. What this process has waiting for one host stands in line here first, so that the rows are asked by
    at most ``at_once`` of its requests; what asks while the store is busy is asked for together."""

    def __init__(
        self, store: FleetStore, writer: Writer, wall: Callable[[], datetime], delay_s: float = 1.0, at_once: int = 2
    ) -> None:
        super().__init__(delay_s, at_once)
        self._store, self._writer, self._wall = store, writer, wall
        self._telling: set[asyncio.Future[None]] = set()
        self._asking: list[tuple[Wish, asyncio.Future[Turn | None]]] = []
        self._in_hand: list[tuple[Wish, asyncio.Future[Turn | None]]] = []
        self._ended: list[Ended] = []
        self._serving: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def turn(self, url: str, delay_s: float = 0.0) -> AsyncIterator[float]:
        """Gives how long the turn was waited for, in seconds."""
        loop = asyncio.get_running_loop()
        asked_at, name = loop.time(), host_of(url)
        host = self._host(name)
        host.users += 1
        try:
            async with host.free:
                turn = await self._reserve(Wish(name, delay_s))
                ended = Ended(turn)
                try:
                    wait_s = (turn.start_at - self._wall()).total_seconds()
                    if wait_s > 0:
                        await asyncio.sleep(wait_s)
                    ended = self._started(turn, delay_s)
                    yield loop.time() - asked_at
                finally:
                    self._end(ended)
        finally:
            host.users -= 1

    def slow_down(self, url: str, seconds: float) -> None:
        """Every machine asks the host more seldom for that long, ten minutes at most (see ``Pacing.slow_down``)."""
        now = self._wall()
        until = now + timedelta(seconds=min(seconds, SLOW_MAX_S))
        task = asyncio.ensure_future(self._writer.call(self._store.slow_down, host_of(url), until, now))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def close(self) -> None:
        """Stores the ends of turns that are not stored yet."""
        if self._serving is not None:
            await self._serving

    def _started(self, turn: Turn, delay_s: float) -> Ended:
        """What to tell at the end of a turn: on a busy machine a request starts late, and the next one must not follow it
        sooner for that."""
        now = self._wall()
        if (now - turn.start_at).total_seconds() < LATE_S:
            return Ended(turn)
        return Ended(turn, now + timedelta(seconds=max(self._delay_s, delay_s)))

    async def _reserve(self, wish: Wish) -> Turn:
        while True:
            turn = await self._ask(wish)
            if turn is not None:
                return turn
            await asyncio.sleep(FULL_WAIT_S)

    def _decide(self, row: HostRow, wish: Wish, now: datetime) -> tuple[datetime, datetime]:
        slower = SLOW_FACTOR if row.slow_until is not None and now < row.slow_until else 1.0
        longest = max(self._delay_s * slower, wish.delay_s)
        start_at, after = reserve(HostPace(row.host, row.next_at, None), row.host, now, longest)
        return start_at, after.next_at

    # ------------------------------------------------------------------------------------------ batches

    async def _ask(self, wish: Wish) -> Turn | None:
        """A turn, or None while the host is full."""
        answer: asyncio.Future[Turn | None] = asyncio.get_running_loop().create_future()
        self._asking.append((wish, answer))
        self._serve()
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and not answer.exception():
                self._give_back(answer.result())
            raise

    def _end(self, ended: Ended) -> None:
        """The request of a turn has ended; nobody waits for that to be stored."""
        self._ended.append(ended)
        self._serve()

    def _give_back(self, turn: Turn | None) -> None:
        if turn is not None:
            self._end(Ended(turn))

    def _serve(self) -> None:
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve_all(), name="turns")
            self._serving.add_done_callback(self._served)

    def _served(self, serving: asyncio.Task[None]) -> None:
        """Whoever still waits is told the fault that ended the serving."""
        fault = None if serving.cancelled() else serving.exception()
        for _, answer in self._in_hand:
            if fault is not None and not answer.done():
                answer.set_exception(fault)
        self._in_hand = []

    async def _serve_all(self) -> None:
        """Batches until nothing is asked for: what comes while one is stored makes the next."""
        while self._asking or self._ended:
            asking, self._asking = self._asking, []
            self._in_hand = asking
            ended, self._ended = self._ended, []
            try:
                turns = await self._writer.call(self._take, [wish for wish, _ in asking], ended)
            except StoreError as exc:
                self._ended = ended + self._ended  # told with the next batch
                for _, answer in asking:
                    if not answer.done():
                        answer.set_exception(exc)
                if not self._asking:
                    return
                continue
            for (_, answer), turn in zip(asking, turns, strict=True):
                if answer.done():
                    self._give_back(turn)
                else:
                    answer.set_result(turn)

    def _take(self, wishes: list[Wish], ended: list[Ended]) -> list[Turn | None]:
        return self._store.turns(wishes, self._at_once, TURN_S, self._wall(), self._decide, ended=ended)
