"""TLS: certificates are checked against the name that was asked for, not against the address that was connected to."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from monitor.fetch.egress import Egress, Request, Settings
from monitor.model import HttpAnswer, HttpFailure
from tests.alert.servers import certificate
from tests.conftest import absent

SETTINGS = Settings("coopwatch/0.1 (+x)", deadline_s=5, connect_s=3, read_s=3)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()
    writer.close()


async def here(host: str, port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


def ask(host: str, server: ssl.SSLContext, client: ssl.SSLContext) -> HttpAnswer | HttpFailure:
    async def run() -> HttpAnswer | HttpFailure:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            request = Request(f"https://{host}:{port}/", allow=frozenset({f"{host}:{port}"}))
            return await Egress(SETTINGS, resolver=here, tls=client).get(request)

    return asyncio.run(run())


def contexts(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server with a certificate for ``host``, and a client that trusts it."""
    made = certificate(folder, host)
    if made is None:
        absent("openssl", "openssl is not installed")
    assert made is not None
    server, trusted = made
    return server, ssl.create_default_context(cafile=str(trusted))


def test_the_name_that_was_asked_for_is_checked_and_connected_by_its_checked_address(tmp_path: Path) -> None:
    server, client = contexts(tmp_path, "feeds.example")
    good = ask("feeds.example", server, client)
    assert isinstance(good, HttpAnswer), good
    assert good.body == b"ok"


def test_a_certificate_of_another_name_or_of_nobody_known_is_refused(tmp_path: Path) -> None:
    server, client = contexts(tmp_path, "feeds.example")
    for host, trust in (("other.example", client), ("feeds.example", ssl.create_default_context())):
        bad = ask(host, server, trust)
        assert isinstance(bad, HttpFailure)
        assert bad.kind == "tls"


def test_a_server_that_speaks_no_tls_is_a_failure_of_tls(tmp_path: Path) -> None:
    async def run() -> HttpAnswer | HttpFailure:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            writer.close()

        listening = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            request = Request(f"https://x.example:{port}/", allow=frozenset({f"x.example:{port}"}))
            return await Egress(SETTINGS, resolver=here, tls=ssl.create_default_context()).get(request)

    failed = asyncio.run(run())
    assert isinstance(failed, HttpFailure)
    assert failed.kind in ("tls", "connect")
