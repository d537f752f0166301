"""One TCP or TLS connection as bytes that come and go; every wait ends, at its own limit or at the fetch's deadline.

asyncio's streams make a reader, a writer and a timer for each wait, which is a fifth of what an answer 304 costs. This is
one object with one timer, which is moved only when it fires too early.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast

from monitor.fetch.failure import FailureKind, FetchFailed

_BUFFERED_BYTES = 128 * 1024  # more than this is not taken off the socket before somebody reads
_EARLY_S = 0.001  # a timer that fires this close to its time is on time


class Wire(asyncio.Protocol):
    """``deadline_at``: event loop time at which every wait ends. One caller at a time waits."""

    def __init__(self, deadline_at: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline_at = deadline_at
        self._transport: asyncio.Transport | None = None
        self._sock: socket.socket | None = None
        self._came: list[bytes] = []
        self._came_bytes = 0
        self._ended = self._held = self._full = False
        self._broken: Exception | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def connect(self, sock: socket.socket, tls: ssl.SSLContext | None, host: str, handshake_s: float) -> None:
        """Takes over a connected socket, after a handshake where TLS is wanted. Raises OSError, ssl.SSLError."""
        self._sock = sock
        name, limit_s = (None, None) if tls is None else (host, handshake_s)
        await self._loop.create_connection(
            lambda: self, sock=sock, ssl=tls, server_hostname=name, ssl_handshake_timeout=limit_s
        )

    async def start_tls(self, tls: ssl.SSLContext, host: str) -> None:
        """Goes on inside TLS (a proxy's tunnel stands). Raises OSError, ssl.SSLError."""
        assert self._transport is not None
        self._transport = await self._loop.start_tls(self._transport, self, tls, server_hostname=host)

    async def read(self, limit_s: float, doing: str = "reading", kind: FailureKind = FailureKind.STALLED) -> bytes:
        """What came since the last read, without a wait where there is something; nothing at the end. Raises OSError and
        ssl.SSLError when the connection broke, FetchFailed(``kind``) after ``limit_s`` without a byte, FetchFailed(DEADLINE)."""
        while not self._came:
            if self._broken is not None:
                broken, self._broken = self._broken, None  # told once: kept, it would keep its frames and this alive
                raise broken
            if self._ended:
                return b""
            await self._wait(limit_s, doing, kind)
        data = self._came[0] if len(self._came) == 1 else b"".join(self._came)
        self._came.clear()
        self._came_bytes = 0
        if self._held and self._transport is not None:
            self._held = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes, limit_s: float) -> None:
        """Sends, and waits while the other side takes nothing more. A connection that is gone is told by the next read."""
        assert self._transport is not None
        self._transport.write(data)
        while self._full and not self._ended:
            await self._wait(limit_s, "sending", FailureKind.STALLED)

    def widen(self, window_bytes: int) -> None:
        """Lets the other side have this much on its way."""
        if self._sock is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window_bytes)

    def close(self) -> None:
        """Drops the connection at once: nothing on it is of use any more, and a polite TLS good-bye could hang."""
        self._came.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------------------------------ what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a stream's, whatever the loop's class is

    def data_received(self, data: bytes) -> None:
        self._came.append(data)
        self._came_bytes += len(data)
        if self._came_bytes > _BUFFERED_BYTES and not self._held and self._transport is not None:
            self._held = True
            self._transport.pause_reading()
        self._wake(True)

    def eof_received(self) -> bool:
        self._ended = True
        self._wake(True)
        # a plain connection may still be written to; TLS knows no half-closed one
        return self._transport is not None and self._transport.get_extra_info("sslcontext") is None

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._broken = True, exc
        self._wake(True)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake(True)

    # ------------------------------------------------------------------------------------------ waiting

    async def _wait(self, limit_s: float, doing: str, kind: FailureKind) -> None:
        self._until = min(self._deadline_at, self._loop.time() + limit_s)
        if self._timer is None or self._timer.when() > self._until:
            self._set_timer()
        self._waiter = self._loop.create_future()
        try:
            in_time = await self._waiter
        finally:
            self._waiter = None
        if not in_time:
            if self._until < self._deadline_at:
                raise FetchFailed(kind, f"{doing}: nothing for {limit_s:g} s")
            raise FetchFailed(FailureKind.DEADLINE, f"{doing}: not done at the deadline")

    def _wake(self, in_time: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(in_time)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._until, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._waiter is None:
            return  # nobody waits: the next who does sets it anew
        if self._until - self._loop.time() > _EARLY_S:
            self._set_timer()
        else:
            self._wake(False)
