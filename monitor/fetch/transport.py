"""The transport below httpx: one guarded connection for one request, closed afterwards.

httpx's own transport pools connections (cancelled requests leak its slots), has time-outs per read only, and lets a
redirect reach any address. Here the address that was checked is the address connected to, every wait ends at the
fetch's deadline, and nothing is shared between fetches but the TLS context. h11 speaks HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import TypeVar

import h11
import httpx

from monitor.fetch import address
from monitor.fetch.failure import FailureKind, FetchFailed
from monitor.fetch.guard import Guard, is_ip
from monitor.fetch.wire import Wire

T = TypeVar("T")

_SEGMENT_BYTES = 1460  # Ethernet's; on loopback the kernel would queue a megabyte behind segments of 64 KiB
# The window is narrow until a body has shown that it is no bomb: what a server has pushed cannot be left unread.
_NARROW_BYTES, _WIDE_BYTES = 32 * 1024, 512 * 1024
_HEADER_BYTES = 100 * 1024  # of all headers of an answer together
_MAX_INTERIM = 100  # 1xx answers before the real one
_CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Timing:
    """When one fetch must end (event loop time) and how long a single wait may take."""

    deadline_at: float
    connect_s: float
    read_s: float


async def _dial(wire: Wire, answer: str, port: int, host: str, tls: ssl.SSLContext | None, handshake_s: float) -> None:
    """Connects to one address, with a receive window that keeps a server from pushing what nobody will read."""
    sock = socket.socket(socket.AF_INET6 if ":" in answer else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_BYTES)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
        await asyncio.get_running_loop().sock_connect(sock, (answer, port))
        await wire.connect(sock, tls, host, handshake_s)
    except BaseException:
        sock.close()
        raise


class _Connection:
    """One TCP or TLS connection that carries one request."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._wire = Wire(timing.deadline_at)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADER_BYTES)
        self.wire_bytes = 0

    async def _within(self, wait: Awaitable[T], limit_s: float, doing: str, kind: FailureKind) -> T:
        """Awaits no longer than ``limit_s`` and the deadline. Raises FetchFailed(kind) or FetchFailed(DEADLINE)."""
        now = asyncio.get_running_loop().time()
        until = min(self._timing.deadline_at, now + limit_s)
        try:
            async with asyncio.timeout_at(until):
                return await wait
        except TimeoutError as exc:
            if until < self._timing.deadline_at:
                raise FetchFailed(kind, f"{doing}: nothing for {limit_s:g} s") from exc
            raise FetchFailed(FailureKind.DEADLINE, f"{doing}: not done at the deadline") from exc

    async def open(self, guard: Guard, url: httpx.URL, tls: ssl.SSLContext, proxy: httpx.URL | None) -> None:
        """Resolves, checks and connects, through a tunnel of the proxy where one is set."""
        host, port = url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
        connect_s = self._timing.connect_s
        if is_ip(host):  # nothing to wait for
            answers = guard.checked(host, port, (host,))
        else:
            resolving = guard.addresses(host, port)
            answers = await self._within(resolving, connect_s, f"resolving {host}", FailureKind.DNS_TEMPORARY)
        secure = tls if url.scheme == "https" else None
        if proxy is None:
            await self._connect(answers, port, host, secure)
        else:
            await self._connect((proxy.host,), proxy.port or 8080, proxy.host, None)
            await self._tunnel(answers[0], port, proxy)
            if secure is not None:
                await self._tls(self._wire.start_tls(secure, host), host)

    async def _connect(self, answers: tuple[str, ...], port: int, host: str, tls: ssl.SSLContext | None) -> None:
        error: FetchFailed | None = None
        for answer in answers:
            wire = Wire(self._timing.deadline_at)
            try:
                await self._tls(_dial(wire, answer, port, host, tls, self._timing.connect_s), host)
                self._wire = wire
                return
            except FetchFailed as exc:
                error = exc
                if exc.kind != FailureKind.CONNECT:
                    raise
        assert error is not None
        raise error

    async def _tls(self, opening: Awaitable[T], host: str) -> T:
        """Awaits a connect or handshake and names its failure."""
        try:
            return await self._within(opening, self._timing.connect_s, f"connecting to {host}", FailureKind.CONNECT)
        except ssl.SSLError as exc:
            reason = getattr(exc, "verify_message", "") or exc.reason or str(exc)
            raise FetchFailed(FailureKind.TLS, f"TLS with {host} failed: {reason}") from exc
        except (OSError, ValueError) as exc:
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            raise FetchFailed(FailureKind.CONNECT, f"cannot connect to {host}: {reason}") from exc

    async def _tunnel(self, answer: str, port: int, proxy: httpx.URL) -> None:
        """Asks the proxy for a tunnel to the address that was checked here: its own resolver decides nothing."""
        target = address.host_port(answer, port)
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if proxy.userinfo:
            secret = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode("ascii")
            lines.append(f"Proxy-Authorization: Basic {secret}")
        head, connect_s = b"", self._timing.connect_s
        try:
            await self._wire.write("\r\n".join([*lines, "", ""]).encode("ascii"), connect_s)
            while b"\r\n\r\n" not in head:
                came = await self._wire.read(connect_s, "the proxy", FailureKind.PROXY)
                head += came
                if not came or len(head) > _HEADER_BYTES:
                    raise FetchFailed(FailureKind.PROXY, f"the proxy gave no answer but {len(head)} bytes")
        except OSError as exc:
            raise FetchFailed(FailureKind.PROXY, f"the proxy gave no answer: {exc}") from exc
        status = head.split(_CRLF, 1)[0].decode("latin-1")
        if status.split(" ")[1:2] != ["200"]:
            raise FetchFailed(FailureKind.PROXY, f"the proxy refused the tunnel: {status[:80]}")

    async def ask(self, request: httpx.Request) -> h11.Response:
        """Sends the request and waits for the head of its answer."""
        try:
            head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            parts = [self._http.send(head)]
            assert isinstance(request.stream, httpx.ByteStream)  # bodies are whole here, and small
            for chunk in request.stream:
                if chunk:
                    parts.append(self._http.send(h11.Data(data=chunk)))
            parts.append(self._http.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as exc:
            raise FetchFailed(FailureKind.URL, f"the request cannot be written: {exc}") from exc
        # A server may answer and close before it has read all of a body: what it said is read below.
        await self._wire.write(b"".join(part for part in parts if part), self._timing.read_s)
        for _ in range(_MAX_INTERIM):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                break
        raise FetchFailed(FailureKind.PROTOCOL, "no final answer after many interim ones")

    async def more(self) -> bytes | None:
        """A piece of the body as it comes over the wire, freed of chunking; None at its end. Raises FetchFailed(CUT ...)."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Data):
                before, self.wire_bytes = self.wire_bytes, self.wire_bytes + len(event.data)
                if before <= _NARROW_BYTES < self.wire_bytes and before:
                    with contextlib.suppress(OSError):
                        self._wire.widen(_WIDE_BYTES)
                return bytes(event.data)
            if not isinstance(event, h11.InformationalResponse):
                return None

    async def _event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as exc:
                kind = FailureKind.CUT if "without sending complete" in str(exc) else FailureKind.PROTOCOL
                raise FetchFailed(kind, f"broken HTTP: {exc}") from exc
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(await self._read())

    async def _read(self) -> bytes:
        waiting = self._http.their_state is h11.SEND_RESPONSE
        try:
            data = await self._wire.read(self._timing.read_s)
        except ssl.SSLError as exc:
            raise FetchFailed(FailureKind.TLS, f"TLS broke off: {exc.reason}") from exc
        except OSError as exc:
            raise FetchFailed(FailureKind.RESET, f"the connection was reset: {exc.strerror or exc}") from exc
        if not data and waiting:
            raise FetchFailed(FailureKind.RESET, "the server closed the connection without an answer")
        return data

    def close(self) -> None:
        """Drops the connection at once."""
        self._wire.close()


class _Body(httpx.AsyncByteStream):
    """Its own iterator: a generator is entered in the event loop's books, which costs as much as what it does here."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.more()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._connection.close()


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's transport for one fetch: each request gets its own checked connection. Raises FetchFailed only."""

    def __init__(self, guard: Guard, timing: Timing, tls: ssl.SSLContext, proxy: httpx.URL | None = None) -> None:
        self._guard, self._timing, self._tls, self._proxy = guard, timing, tls, proxy

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Connects, asks, and returns the head of the answer; its stream yields the raw body."""
        connection = _Connection(self._timing)
        try:
            await connection.open(self._guard, request.url, self._tls, self._proxy)
            head = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(
            status_code=head.status_code,
            headers=list(head.headers),
            stream=_Body(connection),
            extensions={"reason_phrase": head.reason, "connection": connection},
        )
