"""The service on one machine: APScheduler only ticks; what is due stands in the store. Signals drain, hasten, reload.

SIGTERM and SIGINT end the claims and wait for what is under way; a second one cancels it (its claims end, it is done
again later). SIGHUP loads everything that people wrote and swaps it only when all of it is good.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.errors import StoreError
from monitor.run.clock import ClockWatch
from monitor.run.driver import Driver
from monitor.run.failpoints import failpoint
from monitor.run.guard import guarded
from monitor.run.notify import Notifier

logger = logging.getLogger(__name__)

TICK_S = 1.0
# APScheduler waits by the wall clock: set back by an hour it would be silent for an hour. Then its job is set anew.
SILENT_S = 5.0
# How long a stop waits for running requests; systemd kills after 45 s.
DRAIN_S = 35.0
# Waits while the store cannot be used and a restart would not help either (disk full, database away).
STORE_WAITS_S = (1.0, 2.0, 5.0, 10.0, 30.0)
# A process that did not look for this long was stopped, or its machine slept.
SLEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class Chores:
    """What the service needs besides the driver. ``reload`` and ``upkeep`` run in a task of their own; ``jumped`` is told
    how far the clock jumped, ``slept`` that time passed without work; ``status`` is one line for people."""

    reload: Callable[[], Awaitable[None]]
    upkeep: Callable[[], Awaitable[None]]
    jumped: Callable[[timedelta], Awaitable[None]]
    slept: Callable[[], Awaitable[None]]
    status: Callable[[], str]
    background: Sequence[Callable[[], Awaitable[None]]] = ()


@dataclass(slots=True)
class _Signals:
    stops: int = 0
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    hastened: asyncio.Event = field(default_factory=asyncio.Event)


class Service:
    """One run of the service, from ready to drained."""

    def __init__(
        self,
        driver: Driver,
        chores: Chores,
        notifier: Notifier,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        upkeep_every_s: float = 10.0,
        drain_s: float = DRAIN_S,
    ) -> None:
        self._driver, self._chores, self._notifier = driver, chores, notifier
        self._clock_watch = ClockWatch(clock, monotonic)
        self._monotonic, self._upkeep_every_s, self._drain_s = monotonic, upkeep_every_s, drain_s
        self._signals = _Signals()
        self._tasks: set[asyncio.Task[None]] = set()
        self._upkeep_at = 0.0
        self._ticked_at = monotonic()
        self._pinged_for = 0.0
        self._reloading = asyncio.Lock()

    async def run(self, announce: Callable[[str], None]) -> None:
        """Works until a signal ends it. ``announce`` prints lines that people wait for (ready, stopping)."""
        loop = asyncio.get_running_loop()
        handlers: Mapping[signal.Signals, Callable[[], None]] = {
            signal.SIGTERM: self.stop,
            signal.SIGINT: self.stop,
            signal.SIGHUP: self.request_reload,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        scheduler = _scheduler(self._tick)
        scheduler.start()
        background = [asyncio.ensure_future(start()) for start in self._chores.background]
        background.append(asyncio.ensure_future(self._keep_ticking(scheduler)))
        try:
            status = self._chores.status()
            self._notifier.ready(status)
            announce(f"coopwatch is ready: {status}")
            await self._work(announce)
        finally:
            # shutdown(wait=True) would cancel running coroutine jobs (measured, 3.11.3): nothing of ours runs in it
            scheduler.shutdown(wait=False)
            for number in handlers:
                loop.remove_signal_handler(number)
            for task in (*background, *self._tasks):
                task.cancel()
            await asyncio.gather(*background, *self._tasks, return_exceptions=True)
        failpoint("stop.drained")

    def stop(self) -> None:
        """Ends the claims; called again, cancels what is under way."""
        self._signals.stops += 1
        self._driver.stop()
        self._signals.stopped.set()
        if self._signals.stops > 1:
            self._signals.hastened.set()

    def request_reload(self) -> None:
        """Begins a reload."""
        self._start(self._reload())

    async def _work(self, announce: Callable[[str], None]) -> None:
        working = asyncio.ensure_future(self._drive())
        stopped = asyncio.ensure_future(self._signals.stopped.wait())
        hastened = asyncio.ensure_future(self._signals.hastened.wait())
        try:
            await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
            if self._signals.stops:  # said also where nothing was under way and the work has ended already
                busy = self._driver.busy
                doing = f"finishing what is under way ({busy})" if busy else "nothing is under way"
                self._notifier.stopping(doing)
                announce(f"coopwatch is stopping: {doing}")
                done, _ = await asyncio.wait(
                    [working, hastened], timeout=self._drain_s, return_when=asyncio.FIRST_COMPLETED
                )
                if working not in done:
                    logger.warning("stop hastened busy=%s", self._driver.busy)
                    self._driver.abandon()
            await working
        finally:
            stopped.cancel()
            hastened.cancel()

    async def _drive(self) -> None:
        """Runs the driver; while the store cannot be used for a reason that passes, waits and goes on."""
        failures = 0
        while True:
            began = self._monotonic()
            try:
                await self._driver.run(until_idle=False)
                return
            except StoreError as exc:
                if not exc.restart_helps or self._signals.stops:
                    raise
                failures = 0 if self._monotonic() - began > 60.0 else failures
                wait_s = STORE_WAITS_S[min(failures, len(STORE_WAITS_S) - 1)]
                failures += 1
                logger.error("store cannot be used, work pauses wait_s=%s error=%s", wait_s, exc)
                try:
                    await asyncio.wait_for(self._signals.stopped.wait(), wait_s)
                except TimeoutError:
                    continue

    async def _keep_ticking(self, scheduler: Any) -> None:
        while True:
            await asyncio.sleep(SILENT_S)
            if self._monotonic() - self._ticked_at > SILENT_S:
                logger.warning("scheduler was silent, set anew")
                scheduler.modify_job("tick", next_run_time=datetime.now(UTC))

    async def _tick(self) -> None:
        self._ticked_at = self._monotonic()
        jump, passed_s = self._clock_watch.look()
        if jump:
            logger.warning("clock jumped seconds=%.0f", jump.total_seconds())
            self._start(self._chores.jumped(jump))
        elif passed_s > SLEPT_S:
            logger.warning("nothing ran for seconds=%.0f", passed_s)
            self._start(self._chores.slept())
        self._driver.wake()
        now = self._monotonic()
        if now - self._upkeep_at >= self._upkeep_every_s and not self._signals.stops:
            self._upkeep_at = now
            self._start(self._chores.upkeep())
        # fed by work that moved since the last ping, never by the timer alone
        if self._notifier.watchdog_s and self._driver.progress_at > self._pinged_for:
            self._pinged_for = self._driver.progress_at
            self._notifier.alive()

    async def _reload(self) -> None:
        async with self._reloading:
            self._notifier.reloading()
            await self._chores.reload()
            self._notifier.ready(self._chores.status())
            self._driver.wake()

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(work: Awaitable[None]) -> None:
    """A chore whose store is away now is done at its next time; the driver says what is wrong."""

    async def done() -> None:
        await work

    try:
        await guarded(done, "chore", lambda fault: None)
    except StoreError as exc:
        logger.warning("chore left for later error=%s", exc)


def _scheduler(tick: Callable[[], Awaitable[None]]) -> Any:
    """A clock that never drops a tick because the loop was busy, and never runs two at once (both are defaults of
    APScheduler that lose work; measured)."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick, "interval", seconds=TICK_S, id="tick", misfire_grace_time=None, coalesce=True, max_instances=1
    )
    return scheduler
