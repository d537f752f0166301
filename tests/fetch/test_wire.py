"""A connection's bytes and its waits, against a real peer on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest

from monitor.fetch.failure import FailureKind, FetchFailed
from monitor.fetch.wire import Wire

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Use = Callable[[Wire], Awaitable[None]]


def play(peer: Peer, use: Use, deadline_s: float = 20.0) -> list[float]:
    """Connects to ``peer`` and uses the wire; gives the event loop times for which timers were set on the way."""

    async def played() -> list[float]:
        loop = asyncio.get_running_loop()
        left = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                await peer(reader, writer)
            writer.transport.abort()
            left.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        sock = socket.socket()
        sock.setblocking(False)
        await loop.sock_connect(sock, server.sockets[0].getsockname())
        timers: list[float] = []
        wire = Wire(loop.time() + deadline_s)
        call_at = loop.call_at
        loop.call_at = lambda when, *rest, **more: timers.append(when) or call_at(when, *rest, **more)  # type: ignore
        await wire.connect(sock, None, "127.0.0.1", 5.0)
        try:
            await use(wire)
        finally:
            wire.close()
            await left.wait()
            server.close()
        return timers

    return asyncio.run(played())


async def _all(wire: Wire) -> bytes:
    came = b""
    while data := await wire.read(5.0):
        came += data
    return came


def test_many_waits_need_one_timer() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(50):
            writer.write(b"%02d" % number)
            await writer.drain()
            await reader.readexactly(1)

    async def use(wire: Wire) -> None:
        for number in range(50):
            assert await wire.read(5.0) == b"%02d" % number
            await wire.write(b".", 5.0)
        assert await wire.read(5.0) == b""

    assert len(play(peer, use)) == 1


def test_what_came_before_a_reset_is_read_first() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"whole answer")
        await writer.drain()
        await reader.readexactly(1)
        linger = struct.pack("ii", 1, 0)  # with nothing left to say, a close is a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async def use(wire: Wire) -> None:
        assert await wire.read(5.0) == b"whole answer"
        await wire.write(b".", 5.0)
        with pytest.raises(ConnectionResetError):
            await _all(wire)

    play(peer, use)


def test_a_wait_ends_at_its_own_limit_or_at_the_deadline_whichever_is_first() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def use(wire: Wire) -> None:
        for limit_s, kind in ((0.05, FailureKind.STALLED), (9.0, FailureKind.DEADLINE)):
            with pytest.raises(FetchFailed) as caught:
                await wire.read(limit_s)
            assert caught.value.kind is kind

    play(peer, use, deadline_s=0.2)


def test_more_than_the_buffer_is_left_on_the_socket_until_somebody_reads() -> None:
    sent = bytes(4_000_000)
    queued: list[int] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        queued.append(writer.transport.get_write_buffer_size())
        await reader.readexactly(1)
        queued.append(writer.transport.get_write_buffer_size())
        writer.write_eof()
        await reader.read()

    async def use(wire: Wire) -> None:
        first = await wire.read(5.0)
        while not queued:
            await asyncio.sleep(0)
        await wire.write(b".", 5.0)
        assert first + await _all(wire) == sent

    play(peer, use)
    assert queued[1] > 0, "the peer could not get rid of it"
