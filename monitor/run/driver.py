"""Drives the steps on one machine: claims what is due, acts on many works at once, commits what is finished in batches.

All store calls run in one writing thread, one after the other: while it is busy, results gather and are then stored
together. The driver decides nothing about the work; ``once`` lets it run until nothing is due, the service until it is
told to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from monitor.errors import StoreError
from monitor.run.step import AnyStep, Counts

T = TypeVar("T")

# While so many works are under way, results and free places gather between two rounds until most of them have ended, but
# no longer than this: a transaction for each of them costs four times as much as one for all (0.3 against 2 ms a claim).
# What is alone is never kept waiting.
CROWD = 4
GATHER_S = 0.1
# How soon a work that found the store away is done again.
STORE_AGAIN_S = 1.0

logger = logging.getLogger(__name__)


class Writer:
    """The one thread in which the store is called."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Runs ``function`` in the thread and gives its result; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: function(*args))

    def close(self) -> None:
        """Waits for the running call."""
        self._executor.shutdown(wait=True)


@dataclass(slots=True)
class _Lane:
    """One step with what it has under way. ``hungry``: a claim may find something."""

    step: AnyStep
    hungry: bool = True
    acting: set[asyncio.Task[Any]] = field(default_factory=set)
    finished: list[Any] = field(default_factory=list)  # acted, not stored yet
    totals: Counter[str] = field(default_factory=Counter)

    @property
    def free(self) -> int:
        return self.step.concurrency - len(self.acting) - len(self.finished)


class Driver:
    """Steps in the order of the flow. What one step commits makes the ones that it says look for work."""

    def __init__(
        self,
        steps: Sequence[AnyStep],
        writer: Writer,
        clock: Callable[[], datetime],
        *,
        observe: Callable[[str, float], None] = lambda step, seconds: None,
    ) -> None:
        self._observe = observe
        self._lanes = [_Lane(step) for step in steps]
        self._writer, self._clock = writer, clock
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()  # as many works have ended as a round gathers
        self._awaited = 0
        self._stopping = False
        self.progress_at = time.monotonic()  # when a claim or a commit last ended: the watchdog's proof of life

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """What each step's commits counted so far."""
        return {lane.step.name: dict(lane.totals) for lane in self._lanes}

    @property
    def busy(self) -> int:
        """Works under way."""
        return sum(len(lane.acting) for lane in self._lanes)

    def wake(self) -> None:
        """Time passed, or somebody changed the store: every step looks for work again."""
        for lane in self._lanes:
            lane.hungry = True
        self._wake.set()

    def stop(self) -> None:
        """Claims nothing more; ``run`` ends when the running works are stored."""
        self._stopping = True
        self._wake.set()

    def abandon(self) -> None:
        """Cancels the running works: their claims end and they are done again later."""
        self.stop()
        for lane in self._lanes:
            for task in lane.acting:
                task.cancel()

    async def run(self, *, until_idle: bool) -> None:
        """Works until told to stop; with ``until_idle`` also until nothing is due and nothing is under way. Raises
        StoreError; called again it goes on where it stopped, with nothing lost."""
        while True:
            self._wake.clear()
            # what ended is stored first: its places are free, and what it makes due is claimed, in the same round
            stored = await self._store()
            claimed = await self._claim()
            acting = [task for lane in self._lanes for task in lane.acting]
            if claimed or stored:
                await self._gather()
                continue
            if not acting and (self._stopping or (until_idle and not any(lane.hungry for lane in self._lanes))):
                return
            await self._wait(acting)

    async def _gather(self) -> None:
        """Lets results of a crowd gather."""
        running = sum(not task.done() for lane in self._lanes for task in lane.acting)
        self._awaited = running - running // CROWD
        if running < CROWD:
            return
        self._enough.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_S):
                await self._enough.wait()

    async def _wait(self, acting: Sequence[asyncio.Task[Any]]) -> None:
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait([woken, *acting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()

    async def _claim(self) -> bool:
        """Starts what is due; True when anything was."""
        found = False
        for lane in self._lanes:
            if self._stopping or not lane.hungry or lane.free <= 0:
                continue
            room = lane.free
            works = await self._writer.call(lane.step.claim, self._clock(), room)
            self.progress_at = time.monotonic()
            lane.hungry = len(works) >= room
            for work in works:
                lane.acting.add(asyncio.create_task(self._act(lane.step, work), name=lane.step.name))
            found = found or bool(works)
        return found

    async def _act(self, step: AnyStep, work: Any) -> Any:
        began = time.monotonic()
        try:
            result = await self._acted(step, work)
        finally:
            self._awaited -= 1
            if self._awaited <= 0:
                self._enough.set()
        self._observe(step.name, time.monotonic() - began)
        return result

    async def _acted(self, step: AnyStep, work: Any) -> Any:
        """What acting gives. Where a fleet's manners are kept in the store, acting needs it, too: a connection that
        dropped costs this work a second try, never its claim, which would stand for an hour."""
        while True:
            try:
                return await step.act(work)
            except StoreError as exc:
                if not exc.restart_helps:
                    raise
                logger.warning("store cannot be used, the work waits step=%s error=%s", step.name, exc)
                await asyncio.sleep(STORE_AGAIN_S)

    async def _store(self) -> bool:
        """Commits what is finished; True when anything was."""
        stored = False
        for lane in self._lanes:
            done = {task for task in lane.acting if task.done()}
            lane.acting -= done
            lane.finished += [task.result() for task in done if not task.cancelled()]
            if not lane.finished:
                continue
            # results stay until they are stored: a full disk today must not cost what was fetched
            counts: Counts = await self._writer.call(lane.step.commit, tuple(lane.finished), self._clock())
            lane.finished.clear()
            self.progress_at = time.monotonic()
            lane.totals.update(counts)
            lane.hungry = True
            woken = lane.step.wakes(counts)
            for other in self._lanes:
                other.hungry = other.hungry or other.step.name in woken
            stored = True
        return stored
