"""The chore that lets old data go, once a day, in small steps between the work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from monitor.config import KeepSettings
from monitor.run.driver import Writer
from monitor.run.failpoints import failpoint
from monitor.store.retention import Pruned, RetentionStore

logger = logging.getLogger(__name__)

# Other processes look every 100 ms whether SQLite's lock is free; batch after batch without a pause would starve them.
PAUSE_S = 0.05


class Keeping:
    """Prunes when a day has passed since the last time; killed at any point it goes on where it was."""

    def __init__(self, store: RetentionStore, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._store, self._writer, self._clock = store, writer, clock
        self._is_pruning = False

    async def look(self, keep: KeepSettings) -> Pruned:
        """Everything that is due now; nothing while it is pruning already. Raises StoreError."""
        total = Pruned()
        if self._is_pruning or not await self._writer.call(self._store.is_due, self._clock()):
            return total
        self._is_pruning = True
        try:
            while not total.is_done:
                failpoint("upkeep.begin")
                total += await self._writer.call(self._store.prune, keep, self._clock())
                failpoint("upkeep.end")
                await asyncio.sleep(PAUSE_S)
        finally:
            self._is_pruning = False
        logger.info(
            "pruned texts=%s entries=%s story_keys=%s deliveries=%s verdicts=%s",
            total.texts,
            total.entries,
            total.story_keys,
            total.deliveries,
            total.verdicts,
        )
        return total
