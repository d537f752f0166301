"""One step of a worker, looked at whenever a job asks for it. What is under way outlives the job: a job that ends, or whose
connection dropped, leaves no claim behind that nobody will store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from monitor.errors import StoreError
from monitor.run.driver import STORE_AGAIN_S, Driver, Writer
from monitor.run.step import AnyStep

logger = logging.getLogger(__name__)


class Lane:
    """A step with the driver that works at it."""

    def __init__(self, step: AnyStep, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._step, self._writer, self._clock = step, writer, clock
        self._driver: Driver | None = None
        self._working: asyncio.Task[None] | None = None
        self._stored_before = 0  # by drivers that ended

    @property
    def stored(self) -> int:
        """How many works were stored so far."""
        return self._stored_before + (_stored(self._driver) if self._driver else 0)

    async def look(self, at_most_s: float) -> bool:
        """Works until nothing is due and returns then, or after ``at_most_s`` while the work goes on. True when anything was
        stored meanwhile. Raises StoreError where waiting does not help."""
        before = self.stored
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work(), name=f"lane {self._step.name}")
        elif self._driver:
            self._driver.wake()
        await asyncio.wait([self._working], timeout=at_most_s)
        if self._working.done():
            self._working.result()
        return self.stored > before

    def stop(self) -> None:
        """Claims nothing more; what is under way is stored."""
        if self._driver:
            self._driver.stop()

    async def ended(self, within_s: float) -> None:
        """Waits for the end after ``stop``; what is not stored by then is left to others."""
        if self._working is not None and not self._working.done():
            await asyncio.wait([self._working], timeout=within_s)
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def _work(self) -> None:
        driver = self._driver = self._driver or Driver((self._step,), self._writer, self._clock)
        while True:
            try:
                await driver.run(until_idle=True)
                break
            except StoreError as exc:
                if not exc.restart_helps:
                    raise  # the results stay with the driver: the next look stores them
                logger.warning("store cannot be used, the step waits step=%s error=%s", self._step.name, exc)
                await asyncio.sleep(STORE_AGAIN_S)
        self._stored_before += _stored(driver)
        self._driver = None


def _stored(driver: Driver) -> int:
    return sum(sum(counts.values()) for counts in driver.totals.values())
