"""Signs of life of a runner on PostgreSQL, where several may work: its claims are its own while it beats, and the claims of
one that died are ended by those who live. (On SQLite the only runner ends its predecessor's claims at the start.)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from socket import gethostname

from monitor.errors import StoreError
from monitor.run.driver import Writer
from monitor.store.fleet import FleetStore

logger = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
DEAD_AFTER_S = 20.0  # four heartbeats


@asynccontextmanager
async def signs_of_life(
    store: FleetStore, owner: str, writer: Writer, rules: Callable[[], str], clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Beats for the time of the block, and ends the claims of the dead at every beat. Raises StoreError at the first."""

    async def beat() -> None:
        await writer.call(store.beat, gethostname(), rules(), clock())
        living = await writer.call(store.living, clock() - timedelta(seconds=DEAD_AFTER_S))
        freed = await writer.call(store.free_claims, {*living, owner}, clock())
        if freed:
            logger.warning("claims of dead runners ended claims=%s", freed)

    async def keep_beating() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await beat()
            except StoreError as exc:
                logger.warning("no sign of life could be given error=%s", exc)

    await beat()
    beating = asyncio.create_task(keep_beating())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await writer.call(store.leave)
