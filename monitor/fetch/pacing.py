"""Manners towards one host: at most so many requests at once, at least so long between two of them.

``Pacing`` holds for one process. Several machines share ``HostPace`` values through the store: ``reserve`` is the same
decision as a pure function.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

SLOW_FACTOR, SLOW_MAX_S = 5.0, 600.0
_MOST_HOSTS = 20_000  # remembered at once; idle ones are forgotten first


@dataclass(frozen=True, slots=True)
class HostPace:
    """When a host may be asked next, and until when it asked to be left alone."""

    host: str
    next_at: datetime
    not_before_at: datetime | None = None


@lru_cache(maxsize=8192)
def host_of(url: str) -> str:
    """What is paced together: host and port, without ``www.`` (most sites serve both names from one machine)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return host if port in (None, 80, 443) else f"{host}:{port}"


def reserve(pace: HostPace | None, host: str, now: datetime, delay_s: float) -> tuple[datetime, HostPace]:
    """When a request may start, and the host's pace after it. Each call is one request's turn."""
    if pace is None:
        return now, HostPace(host, now + timedelta(seconds=delay_s))
    start = max(now, pace.next_at, pace.not_before_at or now)
    return start, replace(pace, next_at=start + timedelta(seconds=delay_s))


def postponed(pace: HostPace | None, host: str, until: datetime) -> HostPace:
    """The pace after a host asked to be left alone until then (Retry-After of one feed slows its neighbours)."""
    pace = pace or HostPace(host, until)
    return replace(pace, not_before_at=max(until, pace.not_before_at or until))


class _Host:
    __slots__ = ("free", "next_at", "slow_until", "users")

    def __init__(self, at_once: int) -> None:
        self.free = asyncio.Semaphore(at_once)
        self.next_at = 0.0
        self.slow_until = 0.0
        self.users = 0


class Pacing:
    """The gate of one process. ``async with pacing.turn(url):`` waits until the host may be asked."""

    def __init__(self, delay_s: float = 1.0, at_once: int = 2, clock: Callable[[], float] | None = None) -> None:
        self._delay_s, self._at_once = delay_s, at_once
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    def use(self, delay_s: float, at_once: int) -> None:
        """From now on keeps this distance; hosts seen from now on get this many requests at once."""
        self._delay_s, self._at_once = delay_s, at_once

    @asynccontextmanager
    async def turn(self, url: str, delay_s: float = 0.0) -> AsyncIterator[float]:
        """Gives how long the turn was waited for, in seconds. ``delay_s`` lengthens the host's own distance."""
        clock = self._clock or asyncio.get_running_loop().time
        host = self._host(host_of(url))
        asked_at = clock()
        host.users += 1
        try:
            async with host.free:
                start = max(clock(), host.next_at)
                slower = SLOW_FACTOR if start < host.slow_until else 1.0
                host.next_at = start + max(self._delay_s * slower, delay_s)
                if start > clock():
                    await asyncio.sleep(start - clock())
                yield clock() - asked_at
        finally:
            host.users -= 1

    def slow_down(self, url: str, seconds: float) -> None:
        """Asks a host more seldom for that long, ten minutes at most: one of its addresses wants to be left alone
        (Retry-After), and its neighbours shall not make up for it. The address itself waits by its own due time."""
        clock = self._clock or asyncio.get_running_loop().time
        host = self._host(host_of(url))
        host.slow_until = max(host.slow_until, clock() + min(seconds, SLOW_MAX_S))

    async def close(self) -> None:
        """Ends the gate; this one has nothing to tell anybody."""

    def waiting_s(self, url: str) -> float:
        """How long a request to this host would wait for its distance from now on."""
        clock = self._clock or asyncio.get_running_loop().time
        host = self._hosts.get(host_of(url))
        return max(0.0, host.next_at - clock()) if host is not None else 0.0

    def _host(self, name: str) -> _Host:
        found = self._hosts.get(name)
        if found is None:
            if len(self._hosts) >= _MOST_HOSTS:
                self._forget_idle()
            found = self._hosts[name] = _Host(self._at_once)
        return found

    def _forget_idle(self) -> None:
        now = (self._clock or asyncio.get_running_loop().time)()
        for name in [name for name, host in self._hosts.items() if not host.users and host.next_at <= now]:
            del self._hosts[name]
