"""robots.txt of each origin: asked for once a day at most, also over restarts, and by one request at a time."""

from __future__ import annotations

import asyncio
from datetime import datetime

from monitor.fetch import robots as rules
from monitor.fetch.egress import Egress
from monitor.fetch.pacing import Pacing
from monitor.fetch.robots import Robots, RobotsVerdict
from monitor.run.driver import Writer
from monitor.store.manners import MannersStore, StoredRobots

REMEMBERED = 2000


class RobotsBook:
    """Gives the robots.txt that holds for an address: from memory, from the store, or from its origin."""

    def __init__(
        self, egress: Egress, pacing: Pacing, allow: frozenset[str], store: MannersStore, writer: Writer
    ) -> None:
        self._egress, self._pacing, self._allow = egress, pacing, allow
        self._store, self._writer = store, writer
        self._known: dict[str, Robots] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._wanted: set[str] = set()  # origins that the next look into the store is for
        self._looking: asyncio.Task[dict[str, StoredRobots]] | None = None

    async def of(self, url: str, now: datetime) -> Robots:
        """The robots.txt that holds for ``url`` at ``now``."""
        origin = rules.origin_of(url)
        async with self._asking.setdefault(origin, asyncio.Lock()):
            known = self._known.get(origin)
            if known is None:
                known = await self._stored(origin)
            if known is None or known.expires_at <= now or known.fetched_at > now:
                known = await self._fetch(origin, url, now)
            self._remember(known)
        return known

    async def _stored(self, origin: str) -> Robots | None:
        """What the store knows. Works that begin together, as those of one claim do, share a look: a transaction for each
        cost as much as storing its article."""
        self._wanted.add(origin)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        # one of them that is cancelled must not take the look from the others
        return _read((await asyncio.shield(self._looking)).get(origin))

    async def _look(self) -> dict[str, StoredRobots]:
        wanted, self._wanted, self._looking = self._wanted, set(), None
        return await self._writer.call(self._store.robots, wanted)

    async def _fetch(self, origin: str, url: str, now: datetime) -> Robots:
        async with self._pacing.turn(url):
            found = await rules.fetch(self._egress, url, self._allow, now)
        stored = StoredRobots(origin, found.fetched_at, found.expires_at, found.verdict, found.body)
        await self._writer.call(self._store.keep_robots, stored)
        return found

    def _remember(self, found: Robots) -> None:
        self._known[found.origin] = found
        if len(self._known) > REMEMBERED:
            oldest = next(iter(self._known))
            del self._known[oldest]
            if not self._asking[oldest].locked():
                del self._asking[oldest]


def _read(stored: StoredRobots | None) -> Robots | None:
    if stored is None:
        return None
    return Robots(stored.origin, RobotsVerdict(stored.verdict), stored.body, stored.fetched_at, stored.expires_at)
