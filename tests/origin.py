"""A real HTTP origin on a loopback port for tests: answers are scripted per path, down to single bytes, and every
request is kept. It runs in a thread of its own, so that both coroutines and whole processes can be tested against it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float  # wall clock
    nth: int  # how many times this path and query key ``k`` had been asked, this request included

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Gone(Exception):
    """The client hung up."""


@dataclass
class Line:
    """The connection that a script writes to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = 0

    async def raw(self, data: bytes) -> None:
        if self.writer.transport.is_closing():
            raise Gone
        self.writer.write(data)
        self.sent += len(data)
        try:
            await self.writer.drain()
        except OSError as exc:
            raise Gone from exc

    async def nap(self, seconds: float) -> None:
        """Waits, but notices at once when the client hangs up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                try:
                    if not await self.reader.read(1):
                        raise Gone
                except OSError as exc:
                    raise Gone from exc

    def reset(self) -> None:
        """Ends the connection with an RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Asked, Line], Awaitable[None]]
Headers = tuple[tuple[str, str], ...]


def head(status: int, headers: Headers = (), version: str = "HTTP/1.1") -> bytes:
    lines = [f"{version} {status} X", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(status: int, body: bytes = b"", *headers: tuple[str, str], kind: str = "application/rss+xml") -> Script:
    """A plain, well-behaved answer."""

    async def script(asked: Asked, line: Line) -> None:
        extra: Headers = () if status in (204, 304) else (("Content-Type", kind), ("Content-Length", str(len(body))))
        await line.raw(head(status, (*headers, *extra)) + (b"" if status in (204, 304) else body))

    return script


def raw(data: bytes) -> Script:
    """These bytes and nothing else, then the connection closes."""

    async def script(asked: Asked, line: Line) -> None:
        await line.raw(data)

    return script


def in_turn(*scripts: Script) -> Script:
    """The n-th request gets the n-th script; the last one stays."""

    async def script(asked: Asked, line: Line) -> None:
        await scripts[min(asked.nth, len(scripts)) - 1](asked, line)

    return script


@dataclass
class Origin:
    """``with Origin() as origin``: ``origin.on("/feed", answer(200, body))``; ``origin.url("/feed")``."""

    host: str = "127.0.0.1"
    scripts: dict[str, Script] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)  # a soak empties it: it is the test's memory, not the product's
    times: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    connections: int = 0
    open_now: int = 0
    most_open: int = 0
    port: int = 0

    def on(self, path: str, script: Script) -> str:
        """Scripts a path; returns its address."""
        self.scripts[path] = script
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    @property
    def place(self) -> str:
        """host:port, as the guard's exceptions are written."""
        return f"{self.host}:{self.port}"

    def seen(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, self.host, self.port, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._connection(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        line = Line(reader, writer)
        path = ""
        try:
            asked = await self._request(reader)
            if asked is not None:
                path = asked.path
                self.asked.append(asked)
                script = self.scripts.get(path) or self.scripts.get("*") or answer(404, b"no such path")
                await script(asked, line)
        except (Gone, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.sent[path] += line.sent
            self.open_now -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> Asked | None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        method, target, _ = lines[0].split(" ", 2)
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line))
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        body = await reader.readexactly(length) if length else b""
        parts = urlsplit(target)
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        key = (parts.path, query.get("k"))
        self.times[key] += 1
        return Asked(method, parts.path, query, headers, body, time.time(), self.times[key])
