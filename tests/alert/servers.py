"""Real servers on loopback for the tests of channels: SMTP (aiosmtpd) that refuses, drops and hangs when told, and an
HTTP receiver. Certificates are made by openssl for the test."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP as Smtpd
from aiosmtpd.smtp import AuthResult, Envelope, Session

from monitor.model import HttpAnswer, HttpFailure


@dataclass
class Mailhost:
    """What an SMTP server does with mails: ``rcpt`` and ``data`` hold the answers to give, first one first; an empty
    list means accept. ``drop`` closes the connection instead of answering DATA; ``stall`` never answers it."""

    rcpt: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    drop: bool = False
    stall: bool = False
    port: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    tls_used: list[bool] = field(default_factory=list)
    server: Any = None

    async def handle_RCPT(
        self, server: Smtpd, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Smtpd, session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data.pop(0)
        self.tls_used.append(session.ssl is not None)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append((envelope.mail_from or "", list(envelope.rcpt_tos), content))
        if self.drop:
            assert server.transport is not None
            server.transport.abort()
        if self.stall:
            await asyncio.sleep(60)
        return "250 2.0.0 OK queued"


@asynccontextmanager
async def mailhost(
    handler: Mailhost | None = None,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    password: bytes | None = None,
) -> AsyncIterator[Mailhost]:
    """A running SMTP server; ``handler.port`` tells where."""
    handler = handler or Mailhost()

    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        handler.logins.append(given.password)
        return AuthResult(success=given.password == password, handled=False)

    def protocol() -> Smtpd:
        return Smtpd(
            handler,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=False,
            authenticator=check if password is not None else None,
            auth_require_tls=False,
            enable_SMTPUTF8=False,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    handler.server, handler.port = server, server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path] | None:
    """A server context with a self-signed certificate for ``host``, and the file to trust; None without openssl."""
    if shutil.which("openssl") is None:
        return None
    key, cert = folder / "key.pem", folder / "cert.pem"
    name = f"subjectAltName=IP:{host}" if host[0].isdigit() else f"subjectAltName=DNS:{host}"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    files = ["-keyout", str(key), "-out", str(cert), "-subj", f"/CN={host}", "-addext", name]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


@dataclass
class Receiver:
    """An HTTP endpoint: ``answers`` are raw answers to give, first one first; without any left it says 200."""

    answers: list[bytes] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    names: list[list[str]] = field(
        default_factory=list
    )  # of each request's headers, in small letters, repeated ones too
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.names.append([line.partition(":")[0].lower() for line in head[1:] if line])
        self.requests.append((headers, body))
        writer.write(self.answers.pop(0) if self.answers else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def receiver(*answers: bytes) -> AsyncIterator[Receiver]:
    """A running HTTP endpoint."""
    endpoint = Receiver(list(answers))
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class PlainEgress:
    """The smallest way out that fulfils the channels' Egress: one POST over asyncio streams, no redirects."""

    async def post(self, url: str, headers: Any, body: bytes, deadline_s: float) -> HttpAnswer | HttpFailure:
        host, _, rest = url.removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        try:
            async with asyncio.timeout(deadline_s):
                return await self._post(url, name, int(port), f"/{rest}", headers, body)
        except TimeoutError:
            return HttpFailure(url, "deadline", "no answer")
        except OSError as exc:
            return HttpFailure(url, "connect", str(exc))

    async def _post(self, url: str, host: str, port: int, path: str, headers: Any, body: bytes) -> HttpAnswer:
        reader, writer = await asyncio.open_connection(host, port)
        head = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", "Connection: close"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        raw = await reader.read(65536)
        writer.close()
        await writer.wait_closed()
        top, _, content = raw.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        got = tuple((n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines[1:]))
        return HttpAnswer(url, url, int(lines[0].split()[1]), got, content)


def run(coroutine: Callable[[], Any]) -> Any:
    """Runs one asynchronous test body."""
    return asyncio.run(coroutine())
