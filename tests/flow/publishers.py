"""Many publishers on loopback, each with an address of its own (127.1.0.1 and on) and one port for all: who was asked when,
and how many requests were open at once, is written down as it arrives. In a thread of its own, one listener an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

BACKLOG = 64


def address(number: int) -> str:
    """The loopback address of a publisher."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a publisher says, and how long it takes."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    headers: tuple[str, ...] = ()
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: when it came in, by the monotonic clock, and for what."""

    at: float
    path: str


# (publisher, path, value of If-None-Match) -> the answer
Answer = Callable[[int, str, str], Reply]


@dataclass
class Publishers:
    """What reached each of them, in order, and how many requests were open at once."""

    hosts: int
    answer: Answer
    port: int = 0
    asked: dict[int, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    open_now: Counter[int] = field(default_factory=Counter)
    most_open: Counter[int] = field(default_factory=Counter)

    def base(self, number: int) -> str:
        """Where a publisher's addresses begin."""
        return f"http://{address(number)}:{self.port}"

    def began(self, number: int, path: str) -> None:
        """A request has come in."""
        self.asked[number].append(Asked(time.monotonic(), path))
        self.open_now[number] += 1
        self.most_open[number] = max(self.most_open[number], self.open_now[number])


class _Line(asyncio.Protocol):
    """One connection, one request, one answer."""

    def __init__(self, publishers: Publishers, number: int) -> None:
        self._all, self._number = publishers, number
        self._buffer, self._is_open = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._is_open or b"\r\n\r\n" not in self._buffer:
            return
        first, *lines = self._buffer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path = first.split(" ")[1]
        self._is_open = True
        self._all.began(self._number, path)
        reply = self._all.answer(self._number, path, headers.get("if-none-match", ""))
        asyncio.get_running_loop().call_later(reply.after_s, self._say, reply)

    def _say(self, reply: Reply) -> None:
        if self._transport.is_closing():
            return
        lines = [f"HTTP/1.1 {reply.status} X", "Connection: close", *reply.headers]
        if reply.status != 304:
            lines += [f"Content-Type: {reply.kind}", f"Content-Length: {len(reply.body)}"]
        self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body)
        # the answer ends here: who reads it may be let in again before this end sees the connection close
        self._ended()
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()

    def _ended(self) -> None:
        if self._is_open:
            self._is_open = False
            self._all.open_now[self._number] -= 1


@contextmanager
def publishers(hosts: int, answer: Answer) -> Iterator[Publishers]:
    """So many publishers for the time of the block."""
    made = Publishers(hosts, answer)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2 * hosts + 1000, hard)), hard))
    listeners = [_listener(made, number) for number in range(hosts)]
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=_serve, args=(loop, made, listeners, ready, stop), daemon=True)
    thread.start()
    try:
        assert ready.wait(60), "the publishers do not listen"
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _listener(made: Publishers, number: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address(number), made.port))
    made.port = listener.getsockname()[1]
    listener.listen(BACKLOG)
    return listener


def _serve(
    loop: asyncio.AbstractEventLoop,
    made: Publishers,
    listeners: list[socket.socket],
    ready: threading.Event,
    stop: asyncio.Event,
) -> None:
    async def serve() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for number, listener in enumerate(listeners):
                server = await loop.create_server(partial(_Line, made, number), sock=listener)
                stack.callback(server.close)
            ready.set()
            await stop.wait()

    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve())
